//! Limits of alert rules: as they are written, and whether their unit is that of the number they are for.

use std::time::Duration;

use autoexec_metrics::Unit;
use autoexec_metrics::alert::Statistic;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};

use crate::catalogue::{Kind, Metric};
use crate::document::units;

/// A limit of a rule.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct Limit {
    /// In exported units: seconds, bytes, shares of 1.
    pub value: f64,
    /// In what it is written; absent for a bare number, which suits any metric.
    pub unit: Option<Unit>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Written {
    Number(f64),
    Text(String),
}

impl<'de> Deserialize<'de> for Limit {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let bare = |value| Self { value, unit: None };
        match Written::deserialize(d)? {
            Written::Number(value) => Ok(bare(value)),
            Written::Text(text) => {
                let text = text.trim();
                let number = text.parse().ok().map(bare);
                number.or_else(|| with_unit(text)).ok_or_else(|| {
                    D::Error::custom(
                        "expected a number, a share such as `5 %`, a size such as `500 MB` or a duration such as `5s`",
                    )
                })
            }
        }
    }
}

/// A share, a size, or a duration. Sizes may be negative, as what a run adds to memory may.
fn with_unit(text: &str) -> Option<Limit> {
    let limit = |unit| {
        move |value| Limit {
            value,
            unit: Some(unit),
        }
    };
    let share = || {
        let number = text.strip_suffix('%')?.trim().parse::<f64>().ok()?;
        Some(number / 100.0)
    };
    let bytes = || {
        let (sign, size) = match text.strip_prefix(['-', '−']) {
            Some(size) => (-1.0, size),
            None => (1.0, text),
        };
        units::parse_size(size).ok().map(|n| sign * n as f64)
    };
    let seconds = || units::parse_duration(text).ok().map(|d| d.as_secs_f64());
    let found = share().map(limit(Unit::Ratio));
    let found = found.or_else(|| bytes().map(limit(Unit::Bytes)));
    found.or_else(|| seconds().map(limit(Unit::Seconds)))
}

/// In what a number of a metric is; `of` is what a ratio is divided by.
pub(super) fn unit_of(metric: &Metric, statistic: Statistic, of: Option<&Metric>) -> Unit {
    // A timer or histogram divides by how many values it has, and things by others are shares, whatever they are.
    let by = of
        .filter(|of| of.kind == Kind::Counter)
        .map_or(Unit::Count, |of| of.unit);
    match statistic {
        Statistic::Count => Unit::Count,
        Statistic::Ratio if metric.unit == Unit::Count || metric.unit == by => Unit::Ratio,
        _ => metric.unit,
    }
}

impl Limit {
    /// What it is and what the numbers are, if they are in another unit.
    pub(super) fn check(self, unit: Unit) -> Result<(), (&'static str, &'static str)> {
        let given = match self.unit {
            Some(given) if given != unit => given,
            _ => return Ok(()),
        };
        let given = match given {
            Unit::Ratio => "a share",
            Unit::Bytes => "a size",
            Unit::Seconds => "a duration",
            _ => return Ok(()),
        };
        let numbers = match unit {
            Unit::Seconds => "in seconds (`5s`, or 5)",
            Unit::Bytes => "in bytes (`500 MB`, or a bare number)",
            Unit::Ratio => "a share (`5 %`, or 0.05)",
            Unit::Tokens => "a number of tokens",
            _ => "a bare number",
        };
        Err((given, numbers))
    }
}

/// A number in this unit, for people.
pub(super) fn quantity_text(unit: Unit, value: f64) -> String {
    match unit {
        Unit::Ratio => format!("{:.1} %", value * 100.0),
        Unit::Seconds => units::short_duration(Duration::from_secs_f64(value.clamp(0.0, 1e12))),
        Unit::Bytes if value < 0.0 => format!("−{}", units::short_size(-value as u64)),
        Unit::Bytes => units::short_size(value as u64),
        _ => format!("{value}"),
    }
}
