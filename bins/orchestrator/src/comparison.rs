//! A comparison of runs for people: a table, the worst first.

use std::fmt::Write as _;
use std::time::Duration;

use anstyle::Style;
use autoexec_engine::compare::{Comparison, RUNS_TO_JUDGE, Row, Unit, Verdict};
use autoexec_engine::document::units::{grouped, short_duration, short_size};

use crate::report::{BOLD, DIM, GREEN, RED, YELLOW};

const HEADER: [&str; 6] = [
    "measure",
    "before",
    "now",
    "change",
    "99 % interval",
    "verdict",
];

/// Table, and what can be made of it.
pub(crate) fn text(comparison: &Comparison) -> String {
    let rows: Vec<[String; 6]> = comparison.rows.iter().map(cells).collect();
    let width = |column: usize| {
        let cells = rows.iter().map(|row| row[column].chars().count());
        cells
            .chain([HEADER[column].chars().count()])
            .max()
            .unwrap_or(0)
    };
    let widths: Vec<usize> = (0..6).map(width).collect();
    let mut out = line(&HEADER.map(str::to_owned), &widths, BOLD);
    for (row, cells) in comparison.rows.iter().zip(&rows) {
        out += &line(cells, &widths, style(row.verdict));
    }
    out.push('\n');
    closing(&mut out, comparison);
    out
}

fn closing(out: &mut String, comparison: &Comparison) {
    let (then, now) = (comparison.baseline_runs, comparison.runs);
    let workflow = &comparison.workflow;
    let threshold = comparison.threshold * 100.0;
    _ = writeln!(
        out,
        "{BOLD}{workflow}{BOLD:#}: {} now, {} before; a change counts above {threshold} %",
        runs(now),
        runs(then)
    );
    let counted = match comparison.counted_runs {
        1 if then == now => "as they are".to_owned(),
        1 => "of the first run of each side".to_owned(),
        n if then == now => format!("means of all {n} of each side"),
        n => format!("means of the first {n} of each side"),
    };
    _ = writeln!(
        out,
        "times and memory are medians; tokens, bytes and failed steps are {counted}"
    );
    if let Some(other) = &comparison.baseline_workflow {
        _ = writeln!(
            out,
            "{YELLOW}another workflow{YELLOW:#}: the earlier runs are of {other}"
        );
    }
    if then.min(now) < RUNS_TO_JUDGE {
        _ = writeln!(
            out,
            "times and memory are not judged: that takes {RUNS_TO_JUDGE} runs on both sides (run --repeat {RUNS_TO_JUDGE} --json)"
        );
    }
    let worse: Vec<&str> = comparison.worse().map(|row| row.measure.as_str()).collect();
    match worse.as_slice() {
        [] => _ = writeln!(out, "{GREEN}nothing became worse{GREEN:#}"),
        all => _ = writeln!(out, "{RED}became worse{RED:#}: {}", all.join(", ")),
    }
}

fn runs(n: usize) -> String {
    format!("{n} {}", if n == 1 { "run" } else { "runs" })
}

fn style(verdict: Verdict) -> Style {
    match verdict {
        Verdict::Alert | Verdict::Worse => RED,
        Verdict::Better => GREEN,
        Verdict::Unclear => YELLOW,
        Verdict::Same | Verdict::New | Verdict::Gone => DIM,
    }
}

fn cells(row: &Row) -> [String; 6] {
    let value = |value: Option<f64>| value.map(|v| quantity(row.unit, v)).unwrap_or_default();
    let share = |share: f64| format!("{:+.1} %", share * 100.0);
    let interval = row
        .interval
        .map(|(low, high)| format!("{} … {}", share(low), share(high)));
    [
        row.measure.clone(),
        value(row.baseline),
        value(row.current),
        row.change.map(share).unwrap_or_default(),
        interval.unwrap_or_default(),
        word(row.verdict).to_owned(),
    ]
}

fn word(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Alert => "ALERT",
        Verdict::Worse => "worse",
        Verdict::Unclear => "unclear",
        Verdict::Better => "better",
        Verdict::Same => "same",
        Verdict::New => "new",
        Verdict::Gone => "gone",
    }
}

fn quantity(unit: Unit, value: f64) -> String {
    match unit {
        Unit::Seconds => short_duration(Duration::from_secs_f64(value.max(0.0))),
        Unit::Memory | Unit::Bytes => short_size(value.round() as u64),
        // A mean of few, such as one failed step in five runs.
        Unit::Tokens | Unit::Count if value < 10.0 && value.fract() != 0.0 => format!("{value:.1}"),
        Unit::Tokens | Unit::Count => grouped(value.round() as u64),
    }
}

/// The first column and the verdict flush left, the numbers flush right; the verdict in its colour.
fn line(cells: &[String; 6], widths: &[usize], style: Style) -> String {
    let mut out = String::new();
    for (column, (cell, &width)) in cells.iter().zip(widths).enumerate() {
        let pad = width - cell.chars().count();
        match column {
            0 => _ = write!(out, "{cell}{:pad$}", ""),
            5 => _ = write!(out, "  {style}{cell}{style:#}"),
            _ => _ = write!(out, "  {:pad$}{cell}", ""),
        }
    }
    out.push('\n');
    out
}
