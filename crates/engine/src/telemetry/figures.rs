//! Key figures of all runs, from a snapshot of the engine's metrics.

use std::fmt::Write as _;
use std::time::Duration;

use autoexec_metrics::kpi::{Kpis, Outcomes};
use autoexec_metrics::{Distribution, Key, Snapshot, Unit};

use crate::document::units::short_duration;

/// Completion times, tokens and success of runs, and how many errors were made good. Completion and success are those of runs
/// that finished: succeeded or failed. Tokens are those of all runs, also per success, and per second of all runs: what was
/// interrupted cost as well. What nothing was measured for is absent: checks of results are not counted yet, so their accuracy
/// always is.
#[must_use]
pub fn key_figures(snapshot: &Snapshot) -> Kpis {
    let runs = |outcome| {
        snapshot
            .counters
            .get(&*format!("runs{{outcome=\"{outcome}\"}}"))
            .copied()
    };
    let of_all = |name: &str| -> u64 {
        let series = snapshot
            .counters
            .iter()
            .filter(|(key, _)| key.name() == name);
        series.map(|(_, count)| count).sum()
    };
    let durations = |is_meant: fn(&Key) -> bool| {
        let series = snapshot.timers.iter();
        let meant = series.filter(|(key, _)| key.name() == "run_duration" && is_meant(key));
        let nothing = Distribution::of(Unit::Seconds, &[]);
        meant.fold(nothing, |all, (_, some)| all.merged(some))
    };
    let completion = durations(|key| key.label("outcome") != Some("interrupted"));
    let elapsed = durations(|_| true).sum();
    Kpis::of(&Outcomes {
        succeeded: runs("succeeded").unwrap_or(0),
        failed: runs("failed").unwrap_or(0),
        tokens: of_all("tokens"),
        elapsed: Duration::from_nanos(u64::try_from(elapsed).unwrap_or(u64::MAX)),
        errors: of_all("errors"),
        errors_recovered: of_all("errors_recovered"),
        checks: 0,
        checks_true_positive: 0,
        completion,
    })
}

/// A line for each figure that there is.
pub(crate) fn text(kpis: &Kpis) -> String {
    let time = |time: Option<Duration>| time.map(short_duration);
    let share = |share: Option<f64>| share.map(|share| format!("{:.1} %", share * 100.0));
    let number = |number: Option<f64>| number.map(|number| format!("{number:.1}"));
    let lines = [
        ("completion p50", time(kpis.completion_p50)),
        ("completion p95", time(kpis.completion_p95)),
        ("completion p99", time(kpis.completion_p99)),
        ("success rate", share(kpis.success_rate)),
        ("tokens per success", number(kpis.tokens_per_success)),
        ("tokens per second", number(kpis.tokens_per_second)),
        ("recovery rate", share(kpis.recovery_rate)),
    ];
    let mut out = String::from("key figures of runs\n");
    for (name, value) in lines {
        if let Some(value) = value {
            _ = writeln!(out, "{name:<18}  {value:>9}");
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use autoexec_metrics::Recorder;

    use super::*;

    /// So many runs that ended so and took so many seconds each.
    fn runs(recorder: &Recorder, all: &[(&str, u64, u64)]) {
        for &(outcome, n, seconds) in all {
            let labels = [("outcome", outcome)];
            recorder.counter_with("runs", &labels).add(n);
            let timer = recorder.timer_with("run_duration", &labels);
            (0..n).for_each(|_| timer.record(Duration::from_secs(seconds)));
        }
    }

    #[test]
    fn figures_are_of_what_was_measured_and_absent_else() {
        let recorder = Recorder::new();
        assert_eq!(key_figures(&recorder.snapshot()), Kpis::default());
        runs(&recorder, &[("succeeded", 3, 2), ("failed", 1, 10)]);
        recorder
            .counter_with("tokens", &[("type", "input")])
            .add(100);
        recorder
            .counter_with("tokens", &[("type", "output")])
            .add(20);
        let kpis = key_figures(&recorder.snapshot());
        assert_eq!(
            (kpis.success_rate, kpis.tokens_per_success),
            (Some(0.75), Some(40.0))
        );
        assert_eq!(kpis.tokens_per_second, Some(120.0 / 16.0));
        assert_eq!(
            (kpis.recovery_rate, kpis.verification_accuracy),
            (None, None)
        );
        let text = text(&kpis);
        assert!(text.contains("completion p50         2.00 s\n"), "{text}");
        assert!(!text.contains("recovery"), "{text}");
    }

    #[test]
    fn interrupted_runs_cost_and_are_not_finished() {
        let recorder = Recorder::new();
        runs(&recorder, &[("succeeded", 2, 4), ("interrupted", 8, 1)]);
        recorder
            .counter_with("tokens", &[("type", "input")])
            .add(80);
        let kpis = key_figures(&recorder.snapshot());
        let seconds = kpis.completion_p50.expect("two finished").as_secs_f64();
        assert!((seconds - 4.0).abs() < 0.01, "{seconds}");
        assert_eq!(kpis.success_rate, Some(1.0));
        assert_eq!(
            (kpis.tokens_per_success, kpis.tokens_per_second),
            (Some(40.0), Some(5.0))
        );
    }
}
