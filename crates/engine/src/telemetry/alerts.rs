//! Rules over the figures of runs: read from the settings, evaluated at the end of each run.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use autoexec_metrics::alert::{Alerts, Direction, Rule, Severity, Statistic, Transition};
use autoexec_metrics::{Key, Snapshot, Unit};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};

use crate::catalogue::{self, Kind, Metric};
use crate::document::units;
use crate::report::{AlertReport, AlertSeverity};

/// One rule of the settings. What each key means stands in [`DEFAULTS`](crate::settings::DEFAULTS).
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct AlertSettings {
    /// Whether it is watched.
    #[serde(default = "yes")]
    pub enabled: bool,
    /// A name of the catalogue, or one with labels, which stands for all series that have these.
    pub metric: String,
    /// Which number of it.
    #[serde(default = "value", deserialize_with = "parsed")]
    pub statistic: Statistic,
    /// What a ratio is divided by.
    #[serde(default)]
    pub of: Option<String>,
    /// With less behind it a number says nothing.
    #[serde(default = "one")]
    pub at_least: u64,
    /// Raised above this.
    #[serde(default, deserialize_with = "quantity")]
    pub above: Option<f64>,
    /// Raised below this.
    #[serde(default, deserialize_with = "quantity")]
    pub below: Option<f64>,
    /// Cleared once back here; the limit itself when absent.
    #[serde(default, deserialize_with = "quantity")]
    pub clear: Option<f64>,
    /// After so many runs in a row beyond the limit.
    #[serde(default = "one_run")]
    pub for_runs: u32,
    /// How bad it is.
    #[serde(default = "warning", deserialize_with = "parsed")]
    pub severity: Severity,
}

fn yes() -> bool {
    true
}

fn one() -> u64 {
    1
}

fn one_run() -> u32 {
    1
}

fn value() -> Statistic {
    Statistic::Value
}

fn warning() -> Severity {
    Severity::Warning
}

fn parsed<'de, D: Deserializer<'de>, T>(d: D) -> Result<T, D::Error>
where
    T: std::str::FromStr<Err: std::fmt::Display>,
{
    let name = String::deserialize(d)?;
    name.parse()
        .map_err(|e| D::Error::custom(format!("failed to {e}")))
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Quantity {
    Number(f64),
    Text(String),
}

/// A number, a share such as `5 %`, a size, or a duration in seconds.
fn quantity<'de, D: Deserializer<'de>>(d: D) -> Result<Option<f64>, D::Error> {
    let text = match Quantity::deserialize(d)? {
        Quantity::Number(number) => return Ok(Some(number)),
        Quantity::Text(text) => text,
    };
    let percent = || {
        text.trim()
            .strip_suffix('%')?
            .trim()
            .parse::<f64>()
            .ok()
            .map(|n| n / 100.0)
    };
    let bytes = || units::parse_size(&text).ok().map(|n| n as f64);
    let seconds = || units::parse_duration(&text).ok().map(|d| d.as_secs_f64());
    let found = percent().or_else(bytes).or_else(seconds);
    let expected = "expected a number, a share such as `5 %`, a size such as `500 MB` or a duration such as `5s`";
    found.map(Some).ok_or_else(|| D::Error::custom(expected))
}

/// Metrics that rules cannot be about: what the process did since the engine was made, and what is counted only once the
/// rules were evaluated.
const NOT_OF_A_RUN: [&str; 6] = [
    "alerts",
    "cpu_time",
    "context_switches",
    "disk_io",
    "open_descriptors",
    "threads",
];

/// What a kind is called, and the numbers that it has in one run. A rate is none of them: evaluations are runs, and the time
/// between them says nothing.
fn numbers(kind: Kind) -> (&'static str, &'static [Statistic]) {
    use Statistic::{Count, Max, Mean, P50, P95, P99, Ratio, Value};
    const VALUES: &[Statistic] = &[P50, P95, P99, Max, Mean, Count, Ratio];
    match kind {
        Kind::Timer => ("timer", VALUES),
        Kind::Histogram => ("histogram", VALUES),
        Kind::Counter => ("counter", &[Value, Ratio]),
        Kind::Gauge => ("gauge", &[Value]),
    }
}

fn listed(words: impl Iterator<Item = impl std::fmt::Display>) -> String {
    let words: Vec<String> = words.map(|word| format!("`{word}`")).collect();
    words.join(", ")
}

/// The metric of a name or key that a run measures, with labels that it has; else what is wrong.
fn metric_of(series: &str) -> Result<&'static Metric, String> {
    let Some(key) = Key::parse(series) else {
        return Err(format!(
            "`{series}` is neither a name nor one with labels, such as `steps{{outcome=\"failed\"}}`"
        ));
    };
    let name = key.name();
    let of_runs = || {
        let all = catalogue::METRICS.iter().map(|metric| metric.name);
        listed(all.filter(|name| !NOT_OF_A_RUN.contains(name)))
    };
    let Some(metric) = catalogue::find(name) else {
        let all = of_runs();
        return Err(format!("there is no metric `{name}`; there are {all}"));
    };
    if NOT_OF_A_RUN.contains(&name) {
        let all = of_runs();
        return Err(format!("`{name}` is no figure of a run; there are {all}"));
    }
    let unknown = key
        .labels()
        .find(|(label, _)| !metric.labels.contains(label));
    match (unknown, metric.labels) {
        (None, _) => Ok(metric),
        (Some((label, _)), []) => Err(format!("`{name}` has no label `{label}`, nor any other")),
        (Some((label, _)), labels) => Err(format!(
            "`{name}` has no label `{label}`; it has {}",
            listed(labels.iter())
        )),
    }
}

impl AlertSettings {
    /// What makes the number one that no run ever has.
    fn check_number(&self) -> Result<(), String> {
        let metric = metric_of(&self.metric)?;
        let (kind, numbers) = numbers(metric.kind);
        if !numbers.contains(&self.statistic) {
            return Err(format!(
                "`{}` is a {kind}, which has no `{}` in a run; it has {}",
                metric.name,
                self.statistic,
                listed(numbers.iter())
            ));
        }
        let Some(of) = &self.of else { return Ok(()) };
        match metric_of(of)? {
            whole if whole.kind == Kind::Gauge => Err(format!(
                "`of` takes a timer, histogram or counter, and `{}` is a gauge",
                whole.name
            )),
            _ => Ok(()),
        }
    }

    fn rule(&self, name: &str) -> Result<Rule, String> {
        self.check_number()
            .map_err(|why| format!("`alerts.{name}`: {why}"))?;
        let (direction, raise_at) = match (self.above, self.below) {
            (Some(limit), None) => (Direction::Above, limit),
            (None, Some(limit)) => (Direction::Below, limit),
            _ => {
                return Err(format!(
                    "`alerts.{name}` needs `above` or `below`, and not both"
                ));
            }
        };
        Ok(Rule {
            name: name.to_owned(),
            series: self.metric.clone(),
            statistic: self.statistic,
            of: self.of.clone(),
            at_least: self.at_least,
            direction,
            raise_at,
            clear_at: self.clear.unwrap_or(raise_at),
            for_ticks: self.for_runs,
            severity: self.severity,
        })
    }
}

/// The rules of the settings.
///
/// # Errors
/// A sentence that names the rule and what is wrong with it.
pub(crate) fn watched(settings: &BTreeMap<String, AlertSettings>) -> Result<Alerts, String> {
    let enabled = settings.iter().filter(|(_, alert)| alert.enabled);
    let rules: Result<Vec<Rule>, String> = enabled.map(|(name, alert)| alert.rule(name)).collect();
    Alerts::new(rules?).map_err(|e| format!("`alerts.{}`: failed to {e}", e.rule()))
}

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
    let limit = quantity_text(rule, rule.raise_at);
    let side = rule.direction;
    match (value, is_raised) {
        (Some(value), true) => format!("{what} is {}, {side} {limit}", quantity_text(rule, value)),
        (Some(value), false) => format!("{what} is {} again", quantity_text(rule, value)),
        (None, _) => format!("{what} is still not back from {side} {limit}"),
    }
}

fn quantity_text(rule: &Rule, value: f64) -> String {
    let bare = rule.series.split('{').next().unwrap_or_default();
    let unit = catalogue::find(bare).map_or(Unit::Count, |metric| metric.unit);
    let is_share =
        unit == Unit::Ratio || (rule.statistic == Statistic::Ratio && unit == Unit::Count);
    let is_number = rule.statistic == Statistic::Count;
    match unit {
        _ if is_number => format!("{value}"),
        _ if is_share => format!("{:.1} %", value * 100.0),
        Unit::Seconds => units::short_duration(Duration::from_secs_f64(value.clamp(0.0, 1e12))),
        Unit::Bytes if value >= 0.0 => units::short_size(value as u64),
        _ => format!("{value}"),
    }
}

#[cfg(test)]
mod tests {
    use autoexec_metrics::Distribution;

    use super::*;
    use crate::settings::Settings;
    use crate::telemetry::state::{Probes, add_process};

    fn alerts(text: &str) -> Result<Alerts, String> {
        // Only what the text names: the defaults are switched off.
        let settings = Settings::from_toml(text).map_err(|e| e.to_string())?;
        let own = settings
            .alerts
            .into_iter()
            .filter(|(name, _)| text.contains(&format!("[alerts.{name}]")));
        watched(&own.collect())
    }

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

    #[test]
    fn rules_that_cannot_be_watched_are_refused_by_name() {
        let check = |keys: &str, expect: &str| {
            let text = format!("[alerts.mine]\n{keys}\n");
            let error = Settings::from_toml(&text).expect_err(keys);
            assert!(error.contains(expect), "{keys}: {error}");
        };
        check(
            "metric = \"memory_peek\"\nabove = 1",
            "`alerts.mine`: there is no metric `memory_peek`",
        );
        check(
            "metric = \"memory_peak\"",
            "`alerts.mine` needs `above` or `below`",
        );
        check(
            "metric = \"memory_peak\"\nabove = 1\nbelow = 2",
            "and not both",
        );
        check(
            "metric = \"memory_peak\"\nabove = 1\nclear = 2",
            "clear beyond",
        );
        check(
            "metric = \"memory_peak\"\nabove = \"much\"",
            "a share such as",
        );
        check(
            "metric = \"steps\"\nstatistic = \"ratio\"\nabove = 1",
            "divide by",
        );
        check("metric = \"steps\"\nstatistic = \"p42\"\nabove = 1", "p42");
        check("metric = \"steps\"\nabove = 1\nseverity = \"loud\"", "loud");
        check("metric = \"steps\"\nabvoe = 1", "abvoe");
    }

    #[test]
    fn numbers_that_no_run_has_are_refused_with_those_it_has() {
        let check = |metric: &str, keys: &str, expect: &str| {
            let text = format!("[alerts.mine]\nmetric = '{metric}'\nabove = 1\n{keys}\n");
            let error = Settings::from_toml(&text).expect_err(metric);
            let expect = format!("`alerts.mine`: {expect}");
            assert!(error.contains(&expect), "{metric} {keys}: {error}");
        };
        let times = "it has `p50`, `p95`, `p99`, `max`, `mean`, `count`, `ratio`";
        let timer = "`step_duration` is a timer, which has no";
        check(
            "step_duration",
            "",
            &format!("{timer} `value` in a run; {times}"),
        );
        check(
            "memory_peak",
            "statistic = 'p95'",
            "`memory_peak` is a gauge, which has no `p95` in a run; it has `value`",
        );
        check(
            "errors",
            "statistic = 'rate'",
            "`errors` is a counter, which has no `rate` in a run; it has `value`, `ratio`",
        );
        check(
            "errors",
            "statistic = 'ratio'\nof = 'memory_peak'",
            "`of` takes a timer, histogram or counter, and `memory_peak` is a gauge",
        );
        for name in NOT_OF_A_RUN {
            let expect = format!("`{name}` is no figure of a run; there are `run_duration`, ");
            check(name, "", &expect);
        }
        check(
            "steps{action=\"read\"}",
            "",
            "`steps` has no label `action`; it has `outcome`",
        );
        check(
            "errors{type=\"x\"}",
            "",
            "`errors` has no label `type`, nor any other",
        );
        check(
            "steps{outcome}",
            "",
            "`steps{outcome}` is neither a name nor one with labels",
        );
        check(
            "errors",
            "statistic = 'ratio'\nof = 'steps{result=\"x\"}'",
            "`steps` has no label `result`",
        );
    }

    #[test]
    fn what_only_the_process_has_is_no_figure_of_a_run() {
        let mut of_process = Snapshot::default();
        add_process(&Probes::start(), &mut of_process);
        let counters = of_process.counters.keys().chain(of_process.gauges.keys());
        let names = counters.map(Key::name);
        for name in names.filter(|name| !name.starts_with("memory_")) {
            assert!(NOT_OF_A_RUN.contains(&name), "{name}");
        }
        for name in NOT_OF_A_RUN {
            assert!(catalogue::find(name).is_some(), "{name}");
        }
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

    #[test]
    fn the_default_rules_are_watched_and_can_be_switched_off_one_by_one() {
        let settings =
            Settings::from_toml("[alerts.memory-peak]\nenabled = false\n").expect("valid");
        let rules = watched(&settings.alerts).expect("valid");
        let names: Vec<&str> = rules.rules().map(|rule| rule.name.as_str()).collect();
        assert!(
            names.contains(&"error-rate") && !names.contains(&"memory-peak"),
            "{names:?}"
        );
    }
}
