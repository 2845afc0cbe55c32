//! `tune` on recorded traces: our own settings.

use std::fmt::Write as _;
use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result};
use autoexec_engine::Settings;
use autoexec_engine::document::units::{many, short_size};
use autoexec_engine::trace::{Folder, Setup, Trace};
use autoexec_engine::tune::traces::{
    Figures, METRICS, Ratio, TraceOptions, TraceWatcher, Tuned, Verdict, apply, load, tune,
};
use indicatif::{ProgressBar, ProgressStyle};

use crate::arguments::{Tune, When};
use crate::exit::Exit;
use crate::report::{BOLD, DIM, GREEN, YELLOW, error, warn};
use crate::terminal::{print, tell};

use super::write_plot;

/// Rows of a front that are printed.
const MOST_ROWS: usize = 20;

pub(super) fn run(wanted: &Tune, settings: &Settings, config: Option<&Path>) -> Result<Exit> {
    let traces = traces(wanted, settings)?;
    let current = Setup::new(settings);
    let mut options = TraceOptions::new(current);
    options.budget = wanted.budget.unwrap_or(options.budget);
    options.seed = wanted.seed.unwrap_or(options.seed);
    options.held_out = wanted.held_out;
    options.threads = wanted
        .workers
        .map_or(current.processors as usize, usize::from);
    if let Some(newest) = traces.last()
        && !is_recorded_by(newest, &current)
    {
        warn(
            "the newest trace was recorded by other settings than those that are to be improved; see --config",
        );
    }
    let mut live = Live::new(wanted, options.budget);
    let tuned = tune(traces, &options, &mut live);
    live.finish();
    let tuned = tuned.map_err(|why| anyhow::anyhow!("failed to {why}"))?;
    if wanted.json {
        print(&format!("{}\n", tuned.to_json()))?;
    } else if !wanted.quiet {
        print(&text(&tuned, wanted.front))?;
    }
    let mut exit = Exit::Success;
    if wanted.apply {
        exit = write_settings(wanted, &tuned, config)?;
    }
    if let Some(path) = &wanted.plot
        && let Err(why) = write_plots(path, &tuned)
    {
        error(&format!("{why:#}"));
        exit = Exit::StepFailed;
    }
    Ok(exit)
}

/// Whether a trace is of runs with these settings, the machine aside.
fn is_recorded_by(trace: &Trace, current: &Setup) -> bool {
    let mut recorded = trace.header.setup;
    recorded.processors = current.processors;
    recorded.limit_cpu = current.limit_cpu;
    recorded == *current
}

/// What was given, or the folder of the settings. What is of no use is told and left out.
fn traces(wanted: &Tune, settings: &Settings) -> Result<Vec<Trace>> {
    let here = std::env::current_dir().context("there is no current folder")?;
    let mut folders = vec![settings.trace.folder_below(&here)];
    let mut paths: Vec<PathBuf> = Vec::new();
    if !wanted.from.is_empty() {
        let (given, files): (Vec<_>, Vec<_>) = wanted.from.iter().partition(|it| it.is_dir());
        folders = given.into_iter().map(Folder::new).collect();
        paths.extend(files.into_iter().cloned());
    }
    for folder in &folders {
        let found = folder.traces();
        paths.extend(found.with_context(|| format!("cannot list {}", folder.path.display()))?);
    }
    let loaded = load(&paths);
    for (path, why) in &loaded.skipped {
        warn(&format!("{} {why}; it is left out", path.display()));
    }
    anyhow::ensure!(
        !loaded.traces.is_empty(),
        "there is no trace to tune on in {}: run workflows first, each leaves one there (`orchestrator run`), or name traces",
        match wanted.from.is_empty() {
            true => folders[0].path.display().to_string(),
            false => "what was given".to_owned(),
        }
    );
    Ok(loaded.traces)
}

/// A page with both plots, or the front in the file and the convergence in one beside it.
fn write_plots(path: &Path, tuned: &Tuned) -> Result<()> {
    if super::is_page(path) {
        return write_plot(path, tuned.page());
    }
    write_plot(path, tuned.front_plot())?;
    let name = path.file_stem().unwrap_or_default().to_string_lossy();
    let beside = path.with_file_name(format!("{name}-convergence.svg"));
    write_plot(&beside, tuned.convergence_plot())
}

fn write_settings(wanted: &Tune, tuned: &Tuned, config: Option<&Path>) -> Result<Exit> {
    let path = config.unwrap_or(Path::new("autoexec.toml"));
    let why = match tuned.verdict {
        Verdict::Unchanged => {
            tell("nothing to apply\n");
            return Ok(Exit::Success);
        }
        Verdict::Gain => None,
        _ if wanted.force => None,
        Verdict::NotHeldOut => Some("no trace is held out"),
        Verdict::TooFew => Some("fewer than three traces are held out"),
        _ => Some("the held-out traces show no gain"),
    };
    if let Some(why) = why {
        warn(&format!(
            "not applied: {why}; --force applies it all the same"
        ));
        return Ok(Exit::StepFailed);
    }
    apply(path, &tuned.changes).map_err(|why| anyhow::anyhow!("failed to {why}"))?;
    tell(&format!("written to {}\n", path.display()));
    Ok(Exit::Success)
}

fn text(tuned: &Tuned, with_front: bool) -> String {
    let mut out = format!(
        "{BOLD}{}{BOLD:#} of {}, {} more held out; {} searched\n",
        many(tuned.replays, "replay", "replays"),
        many(tuned.training_traces as u64, "trace", "traces"),
        tuned.held_out_traces,
        many(tuned.searched.len() as u64, "setting", "settings"),
    );
    for (keys, why) in tuned.left_out_by_reason() {
        _ = writeln!(out, "  {DIM}not searched: {keys}: {why}{DIM:#}");
    }
    out.push('\n');
    if with_front {
        front(&mut out, tuned);
    }
    match tuned.changes.is_empty() {
        true => out.push_str("no change: nothing that was tried is better by a thousandth\n\n"),
        false => _ = writeln!(out, "{}", tuned.patch()),
    }
    metrics(&mut out, tuned);
    verdict(&mut out, tuned);
    out
}

fn front(out: &mut String, tuned: &Tuned) {
    let rows = &tuned.front;
    _ = writeln!(
        out,
        "{BOLD}front{BOLD:#}, by memory: time, memory, tokens, score"
    );
    for row in rows.iter().take(MOST_ROWS) {
        let changes = row.changes.iter().map(|(key, to)| format!("{key} = {to}"));
        let changes: Vec<String> = changes.collect();
        _ = writeln!(
            out,
            "  {:>6.1} %  {:>8}  {:>6}  {}  {}",
            100.0 * row.time,
            short_size(row.peak_bytes),
            row.tokens,
            number(row.autonomy),
            changes.join(", "),
        );
    }
    if rows.len() > MOST_ROWS {
        _ = writeln!(
            out,
            "  and {} more; --json prints all",
            rows.len() - MOST_ROWS
        );
    }
    out.push('\n');
}

fn metrics(out: &mut String, tuned: &Tuned) {
    let (name, [before, after]) = match &tuned.held_out {
        Some(both) => ("held-out traces", both),
        None => ("searched traces", &tuned.training),
    };
    _ = writeln!(out, "{name:<18}{DIM}weight  before  after{DIM:#}");
    for (at, metric) in METRICS.iter().enumerate() {
        let values = [before, after].map(|it| it.scores.0[at]);
        _ = match values {
            [None, None] => writeln!(
                out,
                "{:<18}{:>6.2}  {DIM}left out: {}{DIM:#}",
                metric.name, metric.weight, metric.absence
            ),
            [then, now] => writeln!(
                out,
                "{:<18}{:>6.2}  {:>6}  {:>5}",
                metric.name,
                metric.weight,
                number(then),
                number(now)
            ),
        };
    }
    let weight = |it: &Figures| it.scores.weight();
    _ = writeln!(
        out,
        "{BOLD}{:<18}{BOLD:#}{:>6.2}  {:>6}  {BOLD}{:>5}{BOLD:#}",
        "autonomy score",
        weight(after),
        number(before.autonomy),
        number(after.autonomy)
    );
}

fn number(value: Option<f64>) -> String {
    value.map_or_else(|| "-".to_owned(), |it| format!("{it:.3}"))
}

fn verdict(out: &mut String, tuned: &Tuned) {
    if !tuned.time.each.is_empty() && !tuned.changes.is_empty() {
        _ = writeln!(out, "{:<18}{}", "time", ratio(&tuned.time));
        if tuned.tokens.each.iter().any(|it| *it != 1.0) {
            _ = writeln!(out, "{:<18}{}", "tokens", ratio(&tuned.tokens));
        }
    }
    let (style, said) = match tuned.verdict {
        Verdict::Gain => (GREEN, "a gain on traces that the search never saw"),
        Verdict::Unchanged => (DIM, "the settings are as good as any that were tried"),
        Verdict::TooFew => (
            YELLOW,
            "too few held-out traces for an interval: record more runs before you believe it",
        ),
        Verdict::NotHeldOut => (
            YELLOW,
            "not held out: what fits these traces may fit no others; record more runs",
        ),
        _ => (YELLOW, "no gain is shown on the held-out traces"),
    };
    _ = writeln!(out, "{style}{said}{style:#}");
}

/// A ratio for people.
fn ratio(ratio: &Ratio) -> String {
    let change = |it: f64| format!("{:+.1} %", 100.0 * (it - 1.0));
    let Some(mean) = ratio.mean else {
        return "fell to nothing in some".into();
    };
    match ratio.interval {
        Some((low, high)) => format!(
            "{}, 95 % interval {} to {} ({})",
            change(mean),
            change(low),
            change(high),
            many(ratio.each.len() as u64, "trace", "traces"),
        ),
        None => {
            let each: Vec<String> = ratio.each.iter().map(|it| change(*it)).collect();
            each.join(", ")
        }
    }
}

/// The bar on a terminal.
struct Live(Option<ProgressBar>);

impl Live {
    fn new(wanted: &Tune, budget: u64) -> Self {
        let is_shown = match wanted.progress {
            When::Always => true,
            When::Never => false,
            When::Auto => std::io::stderr().is_terminal() && !wanted.quiet,
        };
        Self(is_shown.then(|| {
            let bar = ProgressBar::new(budget);
            let style = "{elapsed:>6} {bar:30} {pos}/{len} replays, {msg} {eta:>5} left";
            let style = ProgressStyle::with_template(style);
            bar.set_style(style.expect("because the template is sound"));
            bar.enable_steady_tick(Duration::from_millis(250));
            bar
        }))
    }

    fn finish(&self) {
        self.0.iter().for_each(ProgressBar::finish_and_clear);
    }
}

impl TraceWatcher for Live {
    fn searched(&mut self, replays: u64, best: f64) {
        if let Some(bar) = &self.0 {
            bar.set_position(replays);
            bar.set_message(format!("best time {:.1} % of before,", 100.0 * best));
        }
    }
}
