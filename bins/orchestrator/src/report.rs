//! The report for people: a table of steps, a footer of figures, errors below.

use std::fmt::Write as _;
use std::time::Duration;

use anstyle::{AnsiColor, Style};
use autoexec_engine::Diagnostics;
use autoexec_engine::document::units::{grouped, short_duration, short_size};
use autoexec_engine::journal::Recorded;
use autoexec_engine::report::{
    AlertReport, AlertSeverity, FilesReport, MemoryReport, PromptsReport, RunOutcome, RunReport,
    StepOutcome, StepReport,
};

use crate::terminal::tell;

/// Rows of the table; of longer workflows the rows that matter most are shown.
const MOST_ROWS: usize = 60;
/// Characters of a result; errors are told in full below the table.
const MOST_RESULT: usize = 72;
/// Problems told per step; all are in the JSON report.
const MOST_PROBLEMS: usize = 3;

pub(crate) const GREEN: Style = AnsiColor::Green.on_default();
pub(crate) const RED: Style = AnsiColor::Red.on_default().bold();
pub(crate) const YELLOW: Style = AnsiColor::Yellow.on_default();
pub(crate) const DIM: Style = Style::new().dimmed();
pub(crate) const BOLD: Style = Style::new().bold();

/// Errors of one document that are printed; nobody reads thousands.
const MOST_ERRORS: usize = 100;

/// Prints an error on standard error.
pub(crate) fn error(message: &str) {
    tell(&format!("{RED}error{RED:#}: {message}\n"));
}

/// Prints a warning on standard error.
pub(crate) fn warn(message: &str) {
    tell(&format!("{YELLOW}warning{YELLOW:#}: {message}\n"));
}

/// Prints the errors of a document on standard error.
pub(crate) fn print_diagnostics(errors: &Diagnostics) {
    let mut shown = errors.clone();
    shown.errors.truncate(MOST_ERRORS);
    for line in shown.to_string().split_inclusive('\n') {
        match line.strip_prefix("error: ") {
            Some(message) => tell(&format!("{RED}error{RED:#}: {message}")),
            None => tell(line),
        }
    }
    match errors.errors.len() {
        0 | 1 => {}
        n if n > MOST_ERRORS => tell(&format!(
            "\n{n} errors in {}; the first {MOST_ERRORS} are shown\n",
            errors.file
        )),
        n => tell(&format!("\n{n} errors in {}\n", errors.file)),
    }
}

/// One document: the report, or of several runs the list of their reports.
pub(crate) fn json(reports: &[RunReport]) -> String {
    match reports {
        [one] => format!("{}\n", one.to_json()),
        all => list(all),
    }
}

/// A list of reports, however many there are.
pub(crate) fn list(reports: &[RunReport]) -> String {
    let all: Vec<String> = reports.iter().map(RunReport::to_json).collect();
    format!("[{}]\n", all.join(",\n"))
}

/// Table and footer.
pub(crate) fn text(report: &RunReport) -> String {
    let mut out = rows(&report.steps);
    out.push('\n');
    headline(&mut out, report);
    for (action, a) in &report.actions {
        let tasks = if a.count == 1 { "task" } else { "tasks" };
        let (p50, p95, p99) = (
            short_duration(a.p50),
            short_duration(a.p95),
            short_duration(a.p99),
        );
        row(
            &mut out,
            action,
            &format!("{} {tasks}, p50 {p50}, p95 {p95}, p99 {p99}", a.count),
        );
    }
    files(&mut out, &report.files);
    if let Some(rate) = report.paths.hit_rate {
        let p = &report.paths;
        row(
            &mut out,
            "path cache",
            &format!(
                "{} hits ({} of {} look-ups)",
                percent(rate),
                grouped(p.hits),
                grouped(p.requests)
            ),
        );
    }
    if let Some(prompts) = &report.prompts {
        row(&mut out, "prompt cache", &prompts_text(prompts));
    }
    if let Some(t) = &report.tokens {
        let estimated = if t.estimated { " (estimated)" } else { "" };
        row(
            &mut out,
            "tokens",
            &format!(
                "{} in, {} out{estimated}",
                grouped(t.input),
                grouped(t.output)
            ),
        );
    }
    if let Some(memory) = &report.memory {
        row(&mut out, "memory", &memory_text(memory));
    }
    for (index, alert) in report.alerts.iter().enumerate() {
        row(
            &mut out,
            if index == 0 { "alerts" } else { "" },
            &alert_text(alert),
        );
    }
    for (index, advice) in report.advice.iter().enumerate() {
        row(&mut out, if index == 0 { "advice" } else { "" }, advice);
    }
    for (name, value) in &report.outputs {
        for (index, line) in value.lines().enumerate() {
            row(&mut out, if index == 0 { name } else { "" }, line);
        }
    }
    out
}

/// The steps that ended of a run that did not.
pub(crate) fn unfinished(run: &Recorded) -> String {
    let mut out = rows(&run.ended);
    let (ended, all) = (run.ended.len(), run.steps.len());
    let title = format!(
        "{BOLD}{}{BOLD:#} {YELLOW}never ended{YELLOW:#}",
        run.workflow
    );
    _ = writeln!(out, "\n{title}: {ended} of {all} steps had");
    if run.lost_bytes > 0 {
        _ = writeln!(
            out,
            "  journal      {} bytes behind the last whole record",
            run.lost_bytes
        );
    }
    out
}

fn headline(out: &mut String, report: &RunReport) {
    let (style, word) = match report.outcome {
        RunOutcome::Succeeded => (GREEN, "succeeded"),
        RunOutcome::Failed => (RED, "failed"),
        RunOutcome::Interrupted => (YELLOW, "interrupted"),
    };
    let of = |outcome| report.steps.iter().filter(|s| s.outcome == outcome).count();
    let mut parts = vec![format!("{} succeeded", of(StepOutcome::Succeeded))];
    for (outcome, word) in [
        (StepOutcome::Failed, "failed"),
        (StepOutcome::Skipped, "skipped"),
        (StepOutcome::Cancelled, "cancelled"),
    ] {
        if of(outcome) > 0 {
            parts.push(format!("{} {word}", of(outcome)));
        }
    }
    let duration = short_duration(report.duration);
    let parts = parts.join(", ");
    _ = writeln!(
        out,
        "{BOLD}{}{BOLD:#} {style}{word}{style:#} in {duration}: {parts}",
        report.workflow
    );
}

fn row(out: &mut String, name: &str, text: &str) {
    _ = writeln!(out, "  {name:<12} {text}");
}

fn files(out: &mut String, f: &FilesReport) {
    let Some(rate) = f.hit_rate else { return };
    row(
        out,
        "file cache",
        &format!(
            "{} hits ({} of {} reads{})",
            percent(rate),
            grouped(f.hits),
            grouped(f.requests),
            match f.hits_proven {
                0 => String::new(),
                n => format!(", {} without a look at the file", grouped(n)),
            }
        ),
    );
    let read = format!(
        "{} files, {} from disk",
        grouped(f.loads),
        short_size(f.bytes_read)
    );
    let again = match f.redundant_reads {
        0 => "no file was read twice".to_owned(),
        n => format!("{} files were read again", grouped(n)),
    };
    row(
        out,
        "read",
        &format!(
            "{read}; {} redundant reads avoided; {again}",
            grouped(f.redundant_reads_avoided)
        ),
    );
    if f.stale + f.evictions > 0 {
        row(
            out,
            "",
            &format!(
                "{} changed on disk, {} evicted",
                grouped(f.stale),
                grouped(f.evictions)
            ),
        );
    }
}

fn memory_text(m: &MemoryReport) -> String {
    let sign = if m.delta_bytes < 0 { '−' } else { '+' };
    let delta = short_size(m.delta_bytes.unsigned_abs());
    let peak = m
        .peak_bytes
        .map(|p| format!(", peak {}", short_size(p)))
        .unwrap_or_default();
    format!(
        "start {}, end {}, delta {sign}{delta}{peak}",
        short_size(m.start_bytes),
        short_size(m.end_bytes)
    )
}

fn alert_text(alert: &AlertReport) -> String {
    let (style, word) = match (alert.is_raised, alert.severity) {
        (false, _) => (GREEN, "cleared"),
        (true, AlertSeverity::Info) => (DIM, "info"),
        (true, AlertSeverity::Warning) => (YELLOW, "warning"),
        (true, AlertSeverity::Critical) => (RED, "critical"),
    };
    format!("{style}{word}{style:#} {}: {}", alert.rule, alert.message)
}

fn prompts_text(p: &PromptsReport) -> String {
    let shared = match p.coalesced {
        0 => String::new(),
        n => format!(", {} asked together with others", grouped(n)),
    };
    format!(
        "{} hits ({} of {} questions{shared})",
        percent(p.hit_rate),
        grouped(p.hits),
        grouped(p.requests)
    )
}

pub(crate) fn percent(rate: f64) -> String {
    // Rounded down, so that 100 % means all.
    format!("{:.1} %", (rate * 1000.0).floor() / 10.0)
}

/// A cell and its style; the style takes no room.
type Cell = (String, Style);

fn rows(steps: &[StepReport]) -> String {
    let header = [
        "step",
        "outcome",
        "duration",
        "tokens",
        "cache hits",
        "result",
    ];
    let header = header.map(|text| (text.to_owned(), BOLD));
    let (shown, hidden) = chosen(steps);
    let cells = shown.iter().map(|s| cells(s));
    let mut rows: Vec<[Cell; 6]> = std::iter::once(header).chain(cells).collect();
    let width = |column: usize| {
        rows.iter()
            .map(|r| r[column].0.chars().count())
            .max()
            .unwrap_or(0)
    };
    let widths: Vec<usize> = (0..5).map(width).collect();
    if let Some(room) = terminal_columns() {
        let left = room.saturating_sub(widths.iter().map(|w| w + 2).sum());
        rows.iter_mut()
            .for_each(|row| shorten(&mut row[5].0, left.max(12)));
    }
    let mut out: String = rows.iter().map(|row| line(row, &widths)).collect();
    if hidden > 0 {
        _ = writeln!(
            out,
            "{DIM}… and {} more, the fastest; --json lists all{DIM:#}",
            grouped(hidden as u64)
        );
    }
    out
}

fn line(row: &[Cell; 6], widths: &[usize]) -> String {
    let mut out = String::new();
    for (column, (text, style)) in row.iter().enumerate() {
        let pad = widths.get(column).map_or(0, |w| w - text.chars().count());
        let (left, right) = if (2..5).contains(&column) {
            (pad, 0)
        } else {
            (0, pad)
        };
        let gap = if column < 5 { "  " } else { "" };
        _ = write!(out, "{:left$}{style}{text}{style:#}{:right$}{gap}", "", "");
    }
    out.truncate(out.trim_end().len());
    out.push('\n');
    out
}

/// Columns of the terminal that standard output is, if it is one.
fn terminal_columns() -> Option<usize> {
    terminal_size::terminal_size_of(std::io::stdout()).map(|(width, _)| usize::from(width.0))
}

/// Cuts a text to so many characters, and shows that it did.
fn shorten(text: &mut String, room: usize) {
    if let Some((end, _)) = text.char_indices().nth(room.saturating_sub(1))
        && text.chars().count() > room
    {
        text.truncate(end);
        text.push('…');
    }
}

/// All steps, or of many those that did not succeed and the slowest, in the order of the file.
fn chosen(steps: &[StepReport]) -> (Vec<&StepReport>, usize) {
    if steps.len() <= MOST_ROWS {
        return (steps.iter().collect(), 0);
    }
    let mut order: Vec<usize> = (0..steps.len()).collect();
    let rank = |s: &StepReport| match s.outcome {
        StepOutcome::Failed => 0,
        StepOutcome::Cancelled => 2,
        StepOutcome::Skipped => 3,
        StepOutcome::Succeeded => 1,
    };
    order.sort_by_key(|i| {
        (
            rank(&steps[*i]),
            std::cmp::Reverse(steps[*i].duration.unwrap_or(Duration::ZERO)),
        )
    });
    order.truncate(MOST_ROWS);
    order.sort_unstable();
    (
        order.iter().map(|i| &steps[*i]).collect(),
        steps.len() - MOST_ROWS,
    )
}

fn cells(step: &StepReport) -> [Cell; 6] {
    let plain = |text: String| (text, Style::new());
    let (style, word) = match step.outcome {
        StepOutcome::Succeeded => (GREEN, "ok"),
        StepOutcome::Failed => (RED, "failed"),
        StepOutcome::Skipped => (DIM, "skipped"),
        StepOutcome::Cancelled => (YELLOW, "cancelled"),
    };
    let tokens = step
        .tokens
        .map(|t| format!("{} → {}", grouped(t.input), grouped(t.output)));
    let cache = step
        .cache
        .map(|c| format!("{} of {}", grouped(c.hits), grouped(c.hits + c.loads)));
    let mut result = match step.outcome {
        StepOutcome::Succeeded => step.summary.clone(),
        _ => step
            .error
            .clone()
            .unwrap_or_default()
            .lines()
            .next()
            .unwrap_or_default()
            .to_owned(),
    };
    shorten(&mut result, MOST_RESULT);
    if step.attempts > step.tasks {
        _ = write!(result, " ({} attempts)", step.attempts);
    }
    [
        plain(step.id.clone()),
        (word.to_owned(), style),
        plain(step.duration.map(short_duration).unwrap_or_default()),
        plain(tokens.unwrap_or_default()),
        plain(cache.unwrap_or_default()),
        (result, DIM),
    ]
}

/// Failures and problems, on standard error: what, where, in which step.
pub(crate) fn print_failures(report: &RunReport) {
    for error in &report.errors {
        self::error(&format!("{}: {error}", report.file));
    }
    for step in &report.steps {
        let at = format!("{}:{}, step `{}`", report.file, step.line, step.id);
        if step.outcome == StepOutcome::Failed {
            error(&format!(
                "{at}: {}",
                step.error.as_deref().unwrap_or_default()
            ));
            for line in step.said.iter().flat_map(|said| said.lines()) {
                tell(&format!("  {DIM}│{DIM:#} {line}\n"));
            }
        }
        if !step.problems.is_empty() {
            let shown = step
                .problems
                .iter()
                .take(MOST_PROBLEMS)
                .map(|p| format!("`{}` {}", p.subject, p.message));
            let shown = shown.collect::<Vec<_>>().join(", ");
            let n = step.problems.len();
            let more = if n > MOST_PROBLEMS {
                format!(" … and {} more", grouped((n - MOST_PROBLEMS) as u64))
            } else {
                String::new()
            };
            warn(&format!("{at}: left out: {shown}{more}"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_are_never_rounded_up_to_all() {
        assert_eq!(percent(0.99999), "99.9 %");
        assert_eq!(percent(1.0), "100.0 %");
    }
}
