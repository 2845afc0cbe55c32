//! The rules of the settings, and what is wrong with those that cannot be watched.

use std::collections::BTreeMap;

use autoexec_metrics::Unit;
use autoexec_metrics::alert::{Alerts, Direction, Rule, Severity, Statistic};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};

use crate::catalogue::Kind;

use super::figure::{listed, metric_of, numbers};
use super::limit::{Limit, quantity_text, unit_of};

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

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::settings::Settings;

    pub(in crate::telemetry::alerts) fn alerts(text: &str) -> Result<Alerts, String> {
        // Only what the text names: the defaults are switched off.
        let settings = Settings::from_toml(text).map_err(|e| e.to_string())?;
        let own = settings
            .alerts
            .into_iter()
            .filter(|(name, _)| text.contains(&format!("[alerts.{name}]")));
        watched(&own.collect())
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
