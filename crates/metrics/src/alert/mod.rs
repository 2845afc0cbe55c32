//! Rules over metrics, with hysteresis: what to tell when a number leaves its bounds.
//!
//! ```
//! use std::time::Instant;
//! use autoexec_metrics::Recorder;
//! use autoexec_metrics::alert::{Alerts, Change, Rule, Statistic};
//!
//! let rule = Rule { clear_at: 0.7, ..Rule::above("memory-full", "memory_utilization", Statistic::Value, 0.8) };
//! let mut alerts = Alerts::new(vec![rule]).expect("because the rule clears below where it raises");
//!
//! # #[cfg(not(feature = "off"))] {
//! let recorder = Recorder::new();
//! let mut changes = Vec::new();
//! for utilization in [0.5, 0.81, 0.75, 0.9, 0.7] {
//!     recorder.gauge("memory_utilization").set(utilization);
//!     let found = alerts.evaluate(&recorder.snapshot(), Instant::now());
//!     changes.extend(found.into_iter().map(|it| (it.change, it.value)));
//! }
//! assert_eq!(changes, [(Change::Raised, 0.81), (Change::Cleared, 0.7)]);
//! # }
//! ```
//!
//! Whoever owns a clock calls [`Alerts::evaluate`] now and then and acts on the transitions: writes a
//! log line, sends an event, or ends with the exit code that [`Alerts::worst`] deserves. Memory is a
//! few words for each rule.

mod reading;
mod rule;

use std::fmt;
use std::time::Instant;

pub use rule::{Direction, Rule, RuleError, Severity, Statistic, UnknownName};

use crate::snapshot::Snapshot;
use reading::Meter;

/// Rules, and which of them are raised.
#[derive(Debug)]
pub struct Alerts(Vec<Watched>);

#[derive(Debug)]
struct Watched {
    rule: Rule,
    meter: Meter,
    is_raised: bool,
    /// Evaluations in a row, up to now, that were beyond the limit; not counted while raised.
    beyond: u32,
}

/// A rule that has just been raised or cleared.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Transition {
    /// [`Rule::name`].
    pub rule: String,
    /// [`Rule::severity`].
    pub severity: Severity,
    /// Which of the two it was.
    pub change: Change,
    /// The number that did it, in exported units (seconds for time).
    pub value: f64,
}

/// What happened to a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Change {
    /// The number went beyond `raise_at`, and stayed there for so many evaluations.
    Raised,
    /// The number came back to `clear_at`.
    Cleared,
}

impl Alerts {
    /// Nothing is raised at first. Fails for a rule that could never be evaluated or would flutter, and
    /// for two of one name.
    pub fn new(rules: Vec<Rule>) -> Result<Self, RuleError> {
        for (n, rule) in rules.iter().enumerate() {
            rule.check()?;
            if rules[..n].iter().any(|other| other.name == rule.name) {
                return Err(RuleError::new(rule, "its name is given twice"));
            }
        }
        Ok(Self(rules.into_iter().map(Watched::new).collect()))
    }

    /// What the numbers of this moment change. `now` tells how much time has passed for
    /// [`Statistic::Rate`].
    ///
    /// A number that is absent, or is not one, neither raises nor clears, and does not interrupt a row
    /// of numbers beyond the limit. O(rules × (log series + buckets of the series)).
    pub fn evaluate(&mut self, snapshot: &Snapshot, now: Instant) -> Vec<Transition> {
        let watched = self.0.iter_mut();
        watched
            .filter_map(|it| it.evaluate(snapshot, now))
            .collect()
    }

    /// All rules, in the order given.
    pub fn rules(&self) -> impl Iterator<Item = &Rule> {
        self.0.iter().map(|it| &it.rule)
    }

    /// The rules that are raised, in the order given.
    pub fn active(&self) -> impl Iterator<Item = &Rule> {
        self.0.iter().filter(|it| it.is_raised).map(|it| &it.rule)
    }

    /// The greatest severity that is raised; `None` when nothing is.
    pub fn worst(&self) -> Option<Severity> {
        self.active().map(|rule| rule.severity).max()
    }
}

impl Watched {
    fn new(rule: Rule) -> Self {
        Self {
            rule,
            meter: Meter::default(),
            is_raised: false,
            beyond: 0,
        }
    }

    fn evaluate(&mut self, snapshot: &Snapshot, now: Instant) -> Option<Transition> {
        let value = self.meter.read(&self.rule, snapshot, now)?;
        let change = self.judge(value)?;
        Some(Transition {
            rule: self.rule.name.clone(),
            severity: self.rule.severity,
            change,
            value,
        })
    }

    fn judge(&mut self, value: f64) -> Option<Change> {
        if self.is_raised {
            let clears = self.rule.direction.is_back(value, self.rule.clear_at);
            self.is_raised = !clears;
            return clears.then_some(Change::Cleared);
        }
        if !self.rule.direction.is_beyond(value, self.rule.raise_at) {
            self.beyond = 0;
            return None;
        }
        self.beyond += 1;
        if self.beyond < self.rule.for_ticks {
            return None;
        }
        self.beyond = 0;
        self.is_raised = true;
        Some(Change::Raised)
    }
}

impl fmt::Display for Transition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let change = match self.change {
            Change::Raised => "raised",
            Change::Cleared => "cleared",
        };
        write!(
            f,
            "{} {} {change} at {}",
            self.severity, self.rule, self.value
        )
    }
}
