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
        bail!(nothing(history.runs(), options.filter.as_deref()));
    }
    out::line(show::table(&courses).trim_end());
    let page = workspace.bench_dir().join("trend.html");
    files::write(&page, &show::page(&courses, history.runs()))?;
    out::line(&format!(
        "\n{}; plots: {}",
        show::many(history.runs()),
        page.display()
    ));
    Ok(Outcome::Good)
}

/// Why there is nothing to draw of a history of so many runs.
fn nothing(runs: usize, filter: Option<&str>) -> String {
    match (runs, filter) {
        (0, _) => {
            "the history holds no run; a full run of `cargo xtask bench` begins it".to_owned()
        }
        (_, None) => "the runs of the history hold no benchmark".to_owned(),
        (_, Some(text)) => {
            format!("no benchmark of the history has an id that contains `{text}`")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_there_is_not_is_said_as_it_is() {
        let runs = |text: &str| History::parse(text).runs();
        for empty in ["", "\n", "{\n"] {
            for filter in [None, Some("store")] {
                let said = nothing(runs(empty), filter);
                assert!(said.starts_with("the history holds no run; "), "{said}");
            }
        }
        let run = "{\"format\":1,\"entries\":{}}\n";
        assert!(nothing(runs(run), Some("store")).ends_with("contains `store`"));
        assert!(!nothing(runs(run), None).contains('`'));
    }
}
