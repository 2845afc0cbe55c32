//! What lies far above its average of the last runs: a hint where to look, and no verdict.

use std::collections::BTreeMap;

use autoexec_metrics::stats::mean;
use serde::Deserialize;

use super::report::Report;
use super::show::{percent, times};

/// How many runs make the average.
const RUNS: usize = 5;
/// Fewer say nothing.
const RUNS_MIN: usize = 3;
/// Above the average by more than this share is an alert.
const ALERT: f64 = 0.20;

#[derive(Deserialize)]
struct Line {
    format: u32,
    host: String,
    entries: BTreeMap<String, Figures>,
}

#[derive(Deserialize)]
struct Figures {
    ratio: Option<f64>,
}

/// One line for each benchmark whose ratio to its floor is more than 20 % above the average of the
/// last five runs on this machine. Times are not looked at, and lines of other forms are left out.
pub(super) fn alerts(report: &Report, history: &str) -> Vec<String> {
    let host = report.host.to_string();
    let known = |line: &str| {
        let line: Line = serde_json::from_str(line).ok()?;
        (line.format == 1 && line.host == host).then_some(line)
    };
    let lines: Vec<Line> = history.lines().rev().filter_map(known).take(RUNS).collect();
    let alert = |entry: &super::report::Entry| {
        let now = entry.floor.as_ref()?.ratio;
        let ratios = lines
            .iter()
            .filter_map(|line| line.entries.get(&entry.id)?.ratio);
        let ratios: Vec<f64> = ratios.collect();
        let before = mean(&ratios).filter(|_| ratios.len() >= RUNS_MIN)?;
        let above = now / before - 1.0;
        (above > ALERT).then(|| {
            let (now, before) = (times(now), times(before));
            format!(
                "ALERT: {} is {now} its floor, {} above its average of {before}",
                entry.id,
                percent(above)
            )
        })
    };
    report.entries.iter().filter_map(alert).collect()
}

#[cfg(test)]
mod tests {
    use super::super::history;
    use super::super::report::tests::report;
    use super::*;

    fn run(ours: f64) -> Report {
        report(&[("g", "floor", &[10.0]), ("g", "ours", &[ours])])
    }

    fn history_of(runs: &[Report]) -> String {
        let lines: Vec<String> = runs.iter().map(|run| history::line(run).unwrap()).collect();
        lines.join("\n")
    }

    #[test]
    fn a_fifth_above_the_average_is_an_alert() {
        let history = history_of(&[
            run(90.0),
            run(20.0),
            run(20.0),
            run(21.0),
            run(19.0),
            run(20.0),
        ]);
        assert!(alerts(&run(23.9), &history).is_empty());
        let told = alerts(&run(25.0), &history);
        assert_eq!(
            told,
            ["ALERT: g/ours is 2.50× its floor, 25.0 % above its average of 2.00×"]
        );
    }

    #[test]
    fn few_runs_and_other_machines_say_nothing() {
        assert!(alerts(&run(90.0), &history_of(&[run(20.0), run(20.0)])).is_empty());
        let mut other = run(20.0);
        other.host.cores = 64;
        let others = [other.clone(), other.clone(), other];
        assert!(alerts(&run(90.0), &history_of(&others)).is_empty());
        assert!(alerts(&run(90.0), "nonsense\n{}\n").is_empty());
    }
}
