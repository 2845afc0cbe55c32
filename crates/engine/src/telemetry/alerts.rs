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

use super::limit::{Limit, unit_of};
use super::{OUTCOMES, RUN_OUTCOMES};

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
    #[serde(default)]
    pub above: Option<Limit>,
    /// Raised below this.
    #[serde(default)]
    pub below: Option<Limit>,
    /// Cleared once back here; the limit itself when absent.
    #[serde(default)]
    pub clear: Option<Limit>,
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
        (None, _) => key
            .labels()
            .try_for_each(|it| known(metric, it))
            .map(|()| metric),
        (Some((label, _)), []) => Err(format!("`{name}` has no label `{label}`, nor any other")),
        (Some((label, _)), labels) => Err(format!(
            "`{name}` has no label `{label}`; it has {}",
            listed(labels.iter())
        )),
    }
}

/// Whether a label whose values are a fixed set has one of these.
fn known(metric: &Metric, (label, value): (&str, &str)) -> Result<(), String> {
    let values = match (label, metric.name) {
        ("outcome", "runs" | "run_duration") => RUN_OUTCOMES.map(|(_, it)| it).to_vec(),
        ("outcome", _) => OUTCOMES.map(|(_, it)| it).to_vec(),
        ("type", _) => vec!["input", "output"],
        _ => return Ok(()),
    };
    if values.contains(&value) {
        return Ok(());
    }
    let name = metric.name;
    let all = listed(values.iter());
    Err(format!("`{name}` has no {label} `{value}`; it has {all}"))
}

impl AlertSettings {
    /// What makes the number one that no run ever has.
    fn check_number(&self) -> Result<Unit, String> {
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
        let of = self.of.as_deref().map(metric_of).transpose()?;
        match of {
            Some(whole) if whole.kind == Kind::Gauge => Err(format!(
                "`of` takes a timer, histogram or counter, and `{}` is a gauge",
                whole.name
            )),
            _ => Ok(unit_of(metric, self.statistic, of)),
        }
    }

    /// What is wrong with the limits, beside numbers in this unit.
    fn check_limits(&self, unit: Unit) -> Result<(), String> {
        let limits = [
            ("above", self.above),
            ("below", self.below),
            ("clear", self.clear),
        ];
        for (key, limit) in limits {
            let checked = limit.map_or(Ok(()), |limit| limit.check(unit));
            checked.map_err(|(given, numbers)| {
                let (statistic, metric) = (self.statistic, &self.metric);
                format!("`{key}` is {given}, and the {statistic} of `{metric}` is {numbers}")
            })?;
        }
        let Some(clear) = self.clear else {
            return Ok(());
        };
        let beyond = match (self.above, self.below) {
            (Some(above), None) if clear.value > above.value => ("above", above),
            (None, Some(below)) if clear.value < below.value => ("below", below),
            _ => return Ok(()),
        };
        Err(format!(
            "it would clear beyond where it raises: `{}` is {} and `clear` {}",
            beyond.0,
            quantity_text(unit, beyond.1.value),
            quantity_text(unit, clear.value)
        ))
    }

    fn rule(&self, name: &str) -> Result<Rule, String> {
        let checked = self.check_number();
        checked
            .and_then(|unit| self.check_limits(unit))
            .map_err(|why| format!("`alerts.{name}`: {why}"))?;
        let (direction, raise_at) = match (self.above, self.below) {
            (Some(limit), None) => (Direction::Above, limit.value),
            (None, Some(limit)) => (Direction::Below, limit.value),
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
            clear_at: self.clear.map_or(raise_at, |limit| limit.value),
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

fn quantity_text(unit: Unit, value: f64) -> String {
    match unit {
        Unit::Ratio => format!("{:.1} %", value * 100.0),
        Unit::Seconds => units::short_duration(Duration::from_secs_f64(value.clamp(0.0, 1e12))),
        Unit::Bytes if value < 0.0 => format!("−{}", units::short_size(-value as u64)),
        Unit::Bytes => units::short_size(value as u64),
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
    fn limits_in_a_unit_that_the_number_has_not_are_refused_with_the_one_it_has() {
        let check = |keys: &str, expect: &str| {
            let text = format!("[alerts.mine]\n{keys}\n");
            match Settings::from_toml(&text) {
                Ok(_) => assert_eq!(expect, "", "{keys} is valid"),
                Err(error) => assert!(
                    !expect.is_empty() && error.contains(expect),
                    "{keys}: {error}"
                ),
            }
        };
        check(
            "metric = 'steps'\nabove = '5s'",
            "`alerts.mine`: `above` is a duration, and the value of `steps` is a bare number",
        );
        let p95 = "metric = 'step_duration'\nstatistic = 'p95'\n";
        check(
            &format!("{p95}above = '5 MB'"),
            "`above` is a size, and the p95 of `step_duration` is in seconds (`5s`, or 5)",
        );
        check(&format!("{p95}above = '5 %'"), "is a share");
        check(
            &format!("{p95}below = '5s'\nclear = '9 MB'"),
            "`clear` is a size",
        );
        check(&format!("{p95}above = '5s'\nclear = 4"), "");
        check(&format!("{p95}above = '5'"), "");
        let count = "metric = 'step_duration'\nstatistic = 'count'\n";
        check(&format!("{count}above = '5s'"), "is a duration");
        check(&format!("{count}above = 5"), "");
        let ratio = |metric: &str, of: &str| {
            format!("metric = '{metric}'\nstatistic = 'ratio'\nof = '{of}'\n")
        };
        check(&(ratio("errors", "tokens") + "above = '5 %'"), "");
        check(
            &(ratio("errors", "steps") + "above = '5s'"),
            "`5 %`, or 0.05",
        );
        let out_by_in = ratio("tokens{type=\"output\"}", "tokens{type=\"input\"}");
        check(&(out_by_in + "above = '50 %'"), "");
        check(&(ratio("tokens", "steps") + "above = '50 %'"), "of tokens");
        check(&(ratio("tokens", "steps") + "above = 5000"), "");
        check(&(ratio("disk_read", "file_loads") + "above = '1 MB'"), "");
        let by_values = ratio("run_duration", "step_duration");
        check(&(by_values + "above = '1s'"), "");
        check(
            "metric = 'memory_delta'\nbelow = '-5 MB'\nclear = '-1 MB'",
            "",
        );
        check("metric = 'memory_delta'\nbelow = '-5s'", "a share such as");
        check(
            "metric = 'memory_delta'\nbelow = '-5 MiB'\nclear = '-6 MiB'",
            "it would clear beyond where it raises: `below` is −5.00 MiB and `clear` −6.00 MiB",
        );
    }

    #[test]
    fn values_that_a_label_never_has_are_refused() {
        let check = |metric: &str, expect: &str| {
            let text = format!(
                "[alerts.mine]\nmetric = '{metric}'\nstatistic = 'ratio'\nof = 'steps'\nabove = 1\n"
            );
            match Settings::from_toml(&text) {
                Ok(_) => assert_eq!(expect, "", "{metric} is valid"),
                Err(error) => assert!(
                    !expect.is_empty() && error.contains(expect),
                    "{metric}: {error}"
                ),
            }
        };
        check(
            "steps{outcome=\"fail\"}",
            "`alerts.mine`: `steps` has no outcome `fail`; it has `succeeded`, `failed`, `skipped`, `cancelled`",
        );
        check("steps{outcome=\"cancelled\"}", "");
        check(
            "runs{outcome=\"cancelled\"}",
            "it has `succeeded`, `failed`, `interrupted`",
        );
        check("run_duration{outcome=\"interrupted\"}", "");
        check("tokens{type=\"in\"}", "it has `input`, `output`");
        check("step_duration{action=\"mine\",outcome=\"failed\"}", "");
    }

    #[test]
    fn a_default_rule_with_another_limit_clears_at_it_unless_told() {
        let limits = |keys: &str| {
            let text = format!("[alerts.slow-steps]\n{keys}\n");
            let alerts = alerts(&text)?;
            let rule = alerts.rules().next().expect("named");
            Ok::<_, String>((rule.raise_at, rule.clear_at))
        };
        assert_eq!(limits(""), Ok((5.0, 4.0)));
        assert_eq!(limits("above = '2s'"), Ok((2.0, 2.0)));
        assert_eq!(limits("above = '9s'"), Ok((9.0, 9.0)));
        assert_eq!(limits("above = '9s'\nclear = '8s'"), Ok((9.0, 8.0)));
        assert_eq!(limits("clear = '1s'"), Ok((5.0, 1.0)));
        let error = limits("clear = '6s'").expect_err("beyond the limit");
        assert!(
            error.contains("`above` is 5.00 s and `clear` 6.00 s"),
            "{error}"
        );
    }

    #[test]
    fn a_rule_that_is_not_there_cannot_be_changed() {
        let check = |name: &str, expect: &str| {
            let text = format!("[alerts.{name}]\nenabled = false\n");
            let error = Settings::from_toml(&text).expect_err(name);
            assert_eq!(error, format!("`alerts.{name}`: {expect}"));
        };
        let none = "there is no such rule to change, and a new one needs a `metric`";
        check("slow-stepz", &format!("{none}; did you mean `slow-steps`?"));
        let all = "`error-rate`, `low-hit-rate`, `memory-growth`, `memory-peak`, `slow-run`, `slow-steps`";
        check("zebra", &format!("{none}; valid here: {all}"));
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
