//! What the figures of a run raise and clear, and how it is said.

use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use autoexec_metrics::alert::{Alerts, Rule, Severity, Statistic, Transition};
use autoexec_metrics::{Snapshot, Unit};

use crate::catalogue;
use crate::report::{AlertReport, AlertSeverity};

use super::limit::{quantity_text, unit_of};

/// What the figures of a run raise and clear, and what stays raised: the worst first.
pub(crate) fn evaluate(alerts: &Mutex<Alerts>, snapshot: &Snapshot) -> Vec<AlertReport> {
    let mut alerts = alerts.lock().unwrap_or_else(PoisonError::into_inner);
    let changes = alerts.evaluate(snapshot, Instant::now());
    let active: Vec<&Rule> = alerts.active().collect();
    let rules = alerts.rules().filter_map(|rule| {
        let change = changes.iter().find(|change| change.rule == rule.name);
        let is_raised = active.iter().any(|it| it.name == rule.name);
        (change.is_some() || is_raised).then(|| told(rule, change, is_raised))
    });
    let mut all: Vec<AlertReport> = rules.collect();
    all.sort_by_key(|alert| std::cmp::Reverse(alert.severity));
    all
}

fn told(rule: &Rule, change: Option<&Transition>, is_raised: bool) -> AlertReport {
    AlertReport {
        rule: rule.name.clone(),
        severity: match rule.severity {
            Severity::Info => AlertSeverity::Info,
            Severity::Warning => AlertSeverity::Warning,
            Severity::Critical => AlertSeverity::Critical,
        },
        is_raised,
        is_new: change.is_some(),
        value: change.map(|it| it.value),
        limit: rule.raise_at,
        message: message(rule, change.map(|it| it.value), is_raised),
    }
}

/// Such as `p95 of step_duration is 6.10 s, above 5.00 s`.
fn message(rule: &Rule, value: Option<f64>, is_raised: bool) -> String {
    let what = match (rule.statistic, &rule.of) {
        (Statistic::Value, _) => rule.series.clone(),
        (Statistic::Ratio, Some(of)) => format!("{} by {of}", rule.series),
        (statistic, _) => format!("{statistic} of {}", rule.series),
    };
    let unit = unit_of_rule(rule);
    let limit = quantity_text(unit, rule.raise_at);
    let side = rule.direction;
    match (value, is_raised) {
        (Some(value), true) => format!("{what} is {}, {side} {limit}", quantity_text(unit, value)),
        (Some(value), false) => format!("{what} is {} again", quantity_text(unit, value)),
        (None, _) => format!("{what} is still not back from {side} {limit}"),
    }
}

fn unit_of_rule(rule: &Rule) -> Unit {
    let metric = |series: &str| catalogue::find(series.split('{').next().unwrap_or_default());
    let of = rule.of.as_deref().and_then(metric);
    metric(&rule.series).map_or(Unit::Count, |it| unit_of(it, rule.statistic, of))
}

#[cfg(test)]
mod tests {
    use autoexec_metrics::{Distribution, Key};

    use super::super::settings::tests::alerts;
    use super::*;
    use crate::settings::Settings;
    use crate::telemetry::watched;

    fn gauge(name: &str, value: f64) -> Snapshot {
        let mut snapshot = Snapshot::default();
        snapshot.gauges.insert(Key::from(name), value);
        snapshot
    }

    #[test]
    fn an_alert_is_raised_stays_and_is_cleared() {
        let text = "[alerts.full]\nmetric = \"memory_peak\"\nabove = \"1 MiB\"\nclear = \"512 KiB\"\nseverity = \"critical\"\n";
        let alerts = Mutex::new(alerts(text).expect("valid"));
        let check = |bytes: f64, expect: &[&str]| {
            let told = evaluate(&alerts, &gauge("memory_peak", bytes));
            let told: Vec<String> = told.into_iter().map(|alert| alert.message).collect();
            assert_eq!(told, expect);
        };
        check(1e5, &[]);
        check(2e6, &["memory_peak is 1.91 MiB, above 1.00 MiB"]);
        check(9e5, &["memory_peak is still not back from above 1.00 MiB"]);
        check(5e5, &["memory_peak is 488 KiB again"]);
        check(5e5, &[]);
    }

    /// Of each run of twenty steps and twenty reads, all but these.
    fn run_with(failed: u64, hits: u64, seconds: u64, gauges: [f64; 3]) -> Snapshot {
        let mut snapshot = Snapshot::default();
        let steps = |outcome| Key::new("steps", &[("outcome", outcome)]);
        snapshot.counters.extend([
            (steps("failed"), failed),
            (steps("succeeded"), 20 - failed),
            (Key::from("file_reads"), 20),
            (Key::from("file_hits"), hits),
        ]);
        let labels = [("action", "run"), ("outcome", "succeeded")];
        let took = Distribution::of(Unit::Seconds, &[seconds * 1_000_000_000; 20]);
        snapshot
            .timers
            .insert(Key::new("step_duration", &labels), took);
        let names = ["memory_peak", "memory_delta", "run_time_use"];
        let gauges = names.map(Key::from).into_iter().zip(gauges);
        snapshot.gauges.extend(gauges);
        snapshot
    }

    #[test]
    fn the_default_rules_are_raised_beyond_their_limits_and_not_at_them() {
        let settings = Settings::default();
        let alerts = Mutex::new(watched(&settings.alerts).expect("valid"));
        let at = run_with(1, 10, 5, [500e6, 100e6, 1.5]);
        for _ in 0..2 {
            let told = evaluate(&alerts, &at);
            assert!(told.is_empty(), "{told:?}");
        }
        let beyond = run_with(2, 9, 6, [501e6, 101e6, 1.51]);
        _ = evaluate(&alerts, &beyond);
        let raised: Vec<String> = evaluate(&alerts, &beyond)
            .into_iter()
            .filter(|alert| alert.is_raised)
            .map(|alert| alert.rule)
            .collect();
        let all = settings.alerts.keys().filter(|name| !raised.contains(name));
        assert_eq!(all.collect::<Vec<_>>(), [""; 0]);
    }
}
