//! What a rule says, and which rules make sense.

use std::error::Error;
use std::fmt;
use std::str::FromStr;

/// When to raise an alert, and when to take it back.
#[derive(Clone, Debug, PartialEq)]
pub struct Rule {
    /// What it is called; no two of one [`Alerts`](super::Alerts) alike.
    pub name: String,
    /// The series: a key (`step_duration{action="read"}`), which stands for all series of that name that
    /// have these labels among theirs, or a name, which stands for all of that name. Several are taken
    /// together: counters added, distributions merged, of gauges the worst.
    pub series: String,
    /// Which number of it.
    pub statistic: Statistic,
    /// For [`Statistic::Ratio`]: the series to divide by. Else `None`.
    pub of: Option<String>,
    /// Numbers with less behind them say nothing: values of a distribution, or the divisor of a ratio, in
    /// exported units.
    pub at_least: u64,
    /// On which side of the limits it is bad.
    pub direction: Direction,
    /// Raised once a number lies beyond this, in exported units: seconds, bytes, shares of 1.
    pub raise_at: f64,
    /// Cleared once a number is back here; not beyond `raise_at`. A distance between the two keeps an
    /// alert from fluttering.
    pub clear_at: f64,
    /// How many evaluations in a row it takes to raise it, at least 1.
    pub for_ticks: u32,
    /// How bad that is.
    pub severity: Severity,
}

/// Which number of a series.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Statistic {
    /// What a gauge is set to, or a counter has counted.
    Value,
    /// Growth of a counter, or of the number of values of a distribution, per second since the previous
    /// evaluation. Absent at the first one, when no time has passed, and after a reset.
    Rate,
    /// The median of a distribution.
    P50,
    /// The 95th percentile.
    P95,
    /// The 99th percentile.
    P99,
    /// The greatest value.
    Max,
    /// The arithmetic mean.
    Mean,
    /// How many values.
    Count,
    /// What a counter counted, or the sum of a distribution, divided by the counter (or number of
    /// values) of [`Rule::of`]. Absent while that is 0. A counter or distribution that is absent counted
    /// nothing: the ratio is 0.
    Ratio,
}

/// The bad side of a limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Direction {
    /// More is bad: raised above, cleared at or below.
    Above,
    /// Less is bad: raised below, cleared at or above.
    Below,
}

/// How bad. Ordered: `Info < Warning < Critical`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Worth tuning.
    Info,
    /// Worth a look.
    Warning,
    /// A limit that must hold does not.
    Critical,
}

impl Rule {
    /// A warning at once when the number is above `raise_at`, cleared when it is not.
    pub fn above(name: &str, series: &str, statistic: Statistic, raise_at: f64) -> Self {
        Self {
            name: name.to_owned(),
            series: series.to_owned(),
            statistic,
            of: None,
            at_least: 1,
            direction: Direction::Above,
            raise_at,
            clear_at: raise_at,
            for_ticks: 1,
            severity: Severity::Warning,
        }
    }

    /// A warning at once when the number is below `raise_at`, cleared when it is not.
    pub fn below(name: &str, series: &str, statistic: Statistic, raise_at: f64) -> Self {
        let direction = Direction::Below;
        Self {
            direction,
            ..Self::above(name, series, statistic, raise_at)
        }
    }

    pub(super) fn check(&self) -> Result<(), RuleError> {
        let fail = |reason| Err(RuleError::new(self, reason));
        if self.name.is_empty() || self.series.is_empty() {
            return fail("it needs a name and a series");
        }
        if !self.raise_at.is_finite() || !self.clear_at.is_finite() {
            return fail("its limits must be finite numbers");
        }
        if !self.direction.is_back(self.clear_at, self.raise_at) {
            return fail("it would clear beyond where it raises");
        }
        if self.for_ticks == 0 {
            return fail("it takes one evaluation at least to raise it");
        }
        match (self.statistic, &self.of) {
            (Statistic::Ratio, None) => fail("a ratio needs a series to divide by"),
            (Statistic::Ratio, Some(_)) | (_, None) => Ok(()),
            (_, Some(_)) => fail("only a ratio has a series to divide by"),
        }
    }
}

impl Direction {
    /// False for what is not a number.
    pub(super) fn is_beyond(self, value: f64, limit: f64) -> bool {
        match self {
            Self::Above => value > limit,
            Self::Below => value < limit,
        }
    }

    /// False for what is not a number.
    pub(super) fn is_back(self, value: f64, limit: f64) -> bool {
        match self {
            Self::Above => value <= limit,
            Self::Below => value >= limit,
        }
    }

    /// The one of two that is nearer to an alert.
    pub(super) fn worse(self, a: f64, b: f64) -> f64 {
        match self {
            Self::Above => a.max(b),
            Self::Below => a.min(b),
        }
    }
}

/// A rule that cannot be watched; reads after "failed to".
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleError {
    rule: String,
    reason: &'static str,
}

impl RuleError {
    pub(super) fn new(rule: &Rule, reason: &'static str) -> Self {
        Self {
            rule: rule.name.clone(),
            reason,
        }
    }

    /// The name of the rule.
    pub fn rule(&self) -> &str {
        &self.rule
    }
}

impl fmt::Display for RuleError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "watch the alert rule {:?}: {}", self.rule, self.reason)
    }
}

impl Error for RuleError {}

/// A word that names no statistic, direction or severity; reads after "failed to".
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownName {
    name: String,
    known: Vec<&'static str>,
}

impl fmt::Display for UnknownName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let known = self.known.join(", ");
        write!(f, "find {:?} among {known}", self.name)
    }
}

impl Error for UnknownName {}

/// Parses and prints an enum by a table of its names, which configuration files use.
macro_rules! named {
    ($type:ident: $($variant:ident = $name:literal),+) => {
        impl FromStr for $type {
            type Err = UnknownName;

            fn from_str(name: &str) -> Result<Self, UnknownName> {
                match name {
                    $($name => Ok(Self::$variant),)+
                    _ => Err(UnknownName { name: name.to_owned(), known: vec![$($name),+] }),
                }
            }
        }

        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(match self { $(Self::$variant => $name),+ })
            }
        }
    };
}

named!(Statistic: Value = "value", Rate = "rate", P50 = "p50", P95 = "p95", P99 = "p99", Max = "max",
    Mean = "mean", Count = "count", Ratio = "ratio");
named!(Direction: Above = "above", Below = "below");
named!(Severity: Info = "info", Warning = "warning", Critical = "critical");

#[cfg(test)]
mod tests {
    use super::*;
    use crate::alert::Alerts;

    #[test]
    fn rules_that_make_no_sense_are_refused() {
        let good = || Rule::above("r", "s", Statistic::Value, 1.0);
        let check = |rule: Rule, expect: &str| {
            let error = Alerts::new(vec![rule]).expect_err(expect).to_string();
            assert_eq!(error, format!("watch the alert rule {expect}"));
        };
        assert!(Alerts::new(vec![good()]).is_ok());
        check(
            Rule {
                series: String::new(),
                ..good()
            },
            r#""r": it needs a name and a series"#,
        );
        check(
            Rule {
                name: String::new(),
                ..good()
            },
            r#""": it needs a name and a series"#,
        );
        check(
            Rule {
                raise_at: f64::NAN,
                ..good()
            },
            r#""r": its limits must be finite numbers"#,
        );
        check(
            Rule {
                clear_at: 1.1,
                ..good()
            },
            r#""r": it would clear beyond where it raises"#,
        );
        let below = Rule::below("r", "s", Statistic::Value, 1.0);
        check(
            Rule {
                clear_at: 0.9,
                ..below
            },
            r#""r": it would clear beyond where it raises"#,
        );
        check(
            Rule {
                for_ticks: 0,
                ..good()
            },
            r#""r": it takes one evaluation at least to raise it"#,
        );
        let ratio = Rule {
            statistic: Statistic::Ratio,
            ..good()
        };
        check(ratio, r#""r": a ratio needs a series to divide by"#);
        let of = Rule {
            of: Some("t".into()),
            ..good()
        };
        check(of, r#""r": only a ratio has a series to divide by"#);
        let twice = Alerts::new(vec![good(), good()]).unwrap_err();
        assert_eq!(
            (twice.rule(), twice.reason),
            ("r", "its name is given twice")
        );
    }

    #[test]
    fn names_are_read_as_they_are_written() {
        for name in [
            "value", "rate", "p50", "p95", "p99", "max", "mean", "count", "ratio",
        ] {
            assert_eq!(name.parse::<Statistic>().unwrap().to_string(), name);
        }
        assert_eq!("below".parse(), Ok(Direction::Below));
        assert_eq!("critical".parse(), Ok(Severity::Critical));
        let error = "fatal".parse::<Severity>().unwrap_err();
        assert_eq!(
            error.to_string(),
            r#"find "fatal" among info, warning, critical"#
        );
    }
}
