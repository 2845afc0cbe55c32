//! `tune`: our settings on recorded traces, parameters of any command, and searches that others drive in lines.

mod traces;

use std::fmt::Write as _;
use std::io::{self, IsTerminal};
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result};
use autoexec_engine::Settings;
use autoexec_engine::document::units::{grouped, many};
use autoexec_engine::tune::{
    Command, Evaluated, Optimizer, Session, SpaceDocument, Tuning, TuningOptions, Watcher,
};
use indicatif::{ProgressBar, ProgressStyle};
use tokio_util::sync::CancellationToken;

use crate::arguments::{Tune, When};
use crate::exit::Exit;
use crate::report::{self, BOLD, DIM};
use crate::run::{watch_signals, writable};
use crate::terminal::{Answer, answer_lines, print, tell};

/// Failed evaluations that are told one by one.
const MOST_TOLD: u64 = 3;
/// Solutions of a front that are printed.
const MOST_ROWS: usize = 20;

/// `settings` are asked for where they are what is tuned.
pub(crate) fn tune(
    wanted: &Tune,
    config: Option<&Path>,
    settings: impl FnOnce() -> Result<Settings>,
) -> Result<Exit> {
    if wanted.stdio {
        let mut session = Session::new();
        return answer_lines(io::stdin().lock(), io::stdout().lock(), |line| Answer {
            reply: session.answer(line),
            is_last: session.is_over(),
        });
    }
    if let Some(path) = &wanted.plot {
        writable(path).map_err(|why| anyhow::anyhow!("--plot {}: {why}", path.display()))?;
    }
    let (Some(space), Some(command)) = (&wanted.space, &wanted.command) else {
        return traces::run(wanted, &settings()?, config);
    };
    let mut document = match SpaceDocument::load(space) {
        Ok(document) => document,
        Err(errors) => {
            report::print_diagnostics(&errors);
            return Ok(Exit::BadInput);
        }
    };
    if let Some(budget) = wanted.budget {
        document.options.evaluations = Some(budget);
    }
    if let Some(seed) = wanted.seed {
        document.options.seed = seed;
    }
    run(wanted, &document, command)
}

fn run(wanted: &Tune, document: &SpaceDocument, command: &str) -> Result<Exit> {
    let command = Command {
        argv: vec!["/bin/sh".into(), "-c".into(), command.into()],
        folder: std::env::current_dir().context("there is no current folder")?,
    };
    let options = TuningOptions {
        workers: wanted.workers.unwrap_or(1).into(),
        table: wanted.table.clone(),
        state: wanted.state.clone(),
        resume: wanted.resume,
    };
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .context("cannot start the runtime")?;
    let cancel = CancellationToken::new();
    let mut live = Live::new(wanted, document);
    let result = runtime.block_on(async {
        tokio::select! {
            biased;
            () = watch_signals(cancel.clone()) => None,
            result = command.tune(document, &options, &mut live, &cancel) => Some(result),
        }
    });
    runtime.shutdown_timeout(Duration::from_millis(200));
    live.finish();
    match result {
        None => Ok(Exit::Interrupted),
        Some(Err(why)) => anyhow::bail!("failed to {why}"),
        Some(Ok(tuning)) => show(wanted, document, &tuning),
    }
}

fn show(wanted: &Tune, document: &SpaceDocument, tuning: &Tuning) -> Result<Exit> {
    if wanted.json {
        print(&format!("{}\n", tuning.to_json(document)))?;
    } else if !wanted.quiet {
        print(&text(document, tuning))?;
    }
    let drawn = wanted.plot.as_ref().map_or(Ok(()), |path| {
        write_plot(path, plot(path, document, tuning))
    });
    let trouble = tuning
        .trouble
        .as_ref()
        .map(|why| format!("failed to {why}"));
    let trouble = trouble.or(drawn.err().map(|error| format!("{error:#}")));
    if let Some(trouble) = &trouble {
        report::error(trouble);
    }
    Ok(match tuning.stop {
        _ if trouble.is_some() => Exit::StepFailed,
        None => Exit::Interrupted,
        Some(_) if tuning.front.is_empty() => {
            report::error("no evaluation succeeded");
            Exit::StepFailed
        }
        Some(_) => Exit::Success,
    })
}

fn plot(path: &Path, document: &SpaceDocument, tuning: &Tuning) -> String {
    match is_page(path) {
        true => tuning.page(document),
        false => tuning.plot(document),
    }
}

fn write_plot(path: &Path, drawn: String) -> Result<()> {
    std::fs::write(path, drawn).with_context(|| format!("cannot write {}", path.display()))
}

fn is_page(path: &Path) -> bool {
    let ending = path.extension();
    ending.is_some_and(|it| it == "html" || it == "htm")
}

fn text(document: &SpaceDocument, tuning: &Tuning) -> String {
    let mut out = format!(
        "{BOLD}{}{BOLD:#}, {} failed",
        many(tuning.evaluations, "evaluation", "evaluations"),
        grouped(tuning.failures)
    );
    if tuning.stop.is_none() && tuning.trouble.is_none() {
        out.push_str(", interrupted");
    }
    out.push('\n');
    let rows = tuning.rows(document);
    for row in rows.iter().take(MOST_ROWS) {
        _ = writeln!(
            out,
            "  {}  {DIM}at{DIM:#}  {}",
            pairs(&row.measured),
            pairs(&row.parameters)
        );
        if row.violation > 0.0 {
            _ = writeln!(
                out,
                "    constraints are exceeded by {} in all",
                row.violation
            );
        }
    }
    if rows.len() > MOST_ROWS {
        _ = writeln!(
            out,
            "  and {} more; --json prints all",
            rows.len() - MOST_ROWS
        );
    }
    out
}

fn pairs(pairs: &[(String, String)]) -> String {
    let texts = pairs
        .iter()
        .map(|(name, value)| format!("{name} = {value}"));
    texts.collect::<Vec<_>>().join(", ")
}

/// Of any size with some six digits.
fn short(value: f64) -> String {
    match value.abs() {
        0.0 | 1e-3..1e9 => format!("{value:.6}"),
        _ => format!("{value:.5e}"),
    }
}

/// The bar on a terminal, and the first failures.
struct Live<'a> {
    bar: Option<ProgressBar>,
    document: &'a SpaceDocument,
    is_quiet: bool,
    failures: u64,
}

impl<'a> Live<'a> {
    fn new(wanted: &Tune, document: &'a SpaceDocument) -> Self {
        let is_shown = match wanted.progress {
            When::Always => true,
            When::Never => false,
            When::Auto => io::stderr().is_terminal() && !wanted.quiet,
        };
        let bar = is_shown.then(|| {
            let bar = ProgressBar::new(document.options.evaluations.unwrap_or(0));
            let style = "{elapsed:>6} {bar:30} {pos}/{len} {msg} {eta:>5} left";
            let style = ProgressStyle::with_template(style);
            bar.set_style(style.expect("because the template is sound"));
            bar.enable_steady_tick(Duration::from_millis(250));
            bar
        });
        Self {
            bar,
            document,
            is_quiet: wanted.quiet,
            failures: 0,
        }
    }

    fn finish(&self) {
        self.bar.iter().for_each(ProgressBar::finish_and_clear);
    }

    fn say(&self, line: &str) {
        match &self.bar {
            Some(bar) => bar.suspend(|| tell(line)),
            None => tell(line),
        }
    }
}

impl Watcher for Live<'_> {
    fn evaluated(&mut self, evaluated: &Evaluated, optimizer: &Optimizer) {
        if let Err(failure) = &evaluated.result {
            self.failures += 1;
            if self.failures <= MOST_TOLD && !self.is_quiet {
                // What a command says may colour more than its line.
                let failure = failure.to_string();
                let failure = anstream::adapter::strip_str(&failure);
                self.say(&format!("evaluation {} {failure}\n", evaluated.trial));
            }
            if self.failures == MOST_TOLD && !self.is_quiet {
                self.say("further failures are counted only; --table keeps them\n");
            }
        }
        let Some(bar) = &self.bar else { return };
        bar.set_position(optimizer.evaluations());
        if let Some(best) = optimizer
            .best()
            .filter(|best| best.objectives[0].is_finite())
        {
            let name = &self.document.objectives[0].name;
            bar.set_message(format!("best {name} {}", short(best.objectives[0])));
        }
    }
}
