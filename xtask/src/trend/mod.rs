//! `cargo xtask trend`: how the benchmarks went from run to run.

mod history;
mod show;

use anyhow::{Context, Result, bail};

use crate::cli::TrendOptions;
use crate::workspace::Workspace;
use crate::{Outcome, files, out};
use history::History;

pub(crate) fn run(options: &TrendOptions) -> Result<Outcome> {
    let workspace = Workspace::load()?;
    let path = workspace.bench_dir().join("history.jsonl");
    let bytes = std::fs::read(&path).with_context(|| {
        format!(
            "cannot read {}; a full run of `cargo xtask bench` begins it",
            path.display()
        )
    })?;
    let history = History::parse(&String::from_utf8_lossy(&bytes));
    let courses = history.courses(options.filter.as_deref());
    if let Some(complaint) = history.complaint() {
        out::error(&complaint);
    }
    if courses.is_empty() {
        bail!(
            "no benchmark of the history has an id that contains `{}`",
            options.filter.as_deref().unwrap_or_default()
        );
    }
    out::line(show::table(&courses).trim_end());
    let page = workspace.bench_dir().join("trend.html");
    files::write(&page, &show::page(&courses, history.runs()))?;
    out::line(&format!(
        "\n{} runs; plots: {}",
        history.runs(),
        page.display()
    ));
    Ok(Outcome::Good)
}
