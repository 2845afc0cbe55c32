//! The number of a snapshot that a rule asks for.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::time::Instant;

use super::rule::{Direction, Rule, Statistic};
use crate::distribution::Distribution;
use crate::key::Key;
use crate::snapshot::Snapshot;
use crate::stats;

/// Reads one rule's number; remembers the count before, for rates.
#[derive(Debug, Default)]
pub(super) struct Meter {
    before: Option<(u64, Instant)>,
}

impl Meter {
    /// `None` when there is no such series, when too little is behind the number, and for NaN.
    pub(super) fn read(&mut self, rule: &Rule, snapshot: &Snapshot, now: Instant) -> Option<f64> {
        let series = rule.series.as_str();
        let value = match rule.statistic {
            Statistic::Value => level(snapshot, series, rule.direction)?,
            Statistic::Rate => self.rate(count(snapshot, series)?, now)?,
            Statistic::Ratio => ratio(rule, snapshot)?,
            Statistic::Count => distribution(snapshot, series)?.count() as f64,
            _ => of_distribution(rule, &distribution(snapshot, series)?)?,
        };
        (!value.is_nan()).then_some(value)
    }

    fn rate(&mut self, count: u64, now: Instant) -> Option<f64> {
        let (before, then) = self.before.unwrap_or((count, now));
        let passed = now.saturating_duration_since(then);
        if self.before.is_none() || count < before || !passed.is_zero() {
            self.before = Some((count, now));
        }
        stats::rate_per_second(count.checked_sub(before)? as f64, passed)
    }
}

fn ratio(rule: &Rule, snapshot: &Snapshot) -> Option<f64> {
    let whole = count(snapshot, rule.of.as_deref()?)?;
    if whole < rule.at_least {
        return None;
    }
    let part = match counter(snapshot, &rule.series) {
        Some(counted) => counted as f64,
        None => {
            let values = distribution(snapshot, &rule.series)?;
            values.sum() as f64 * values.unit().scale()
        }
    };
    stats::ratio(part, whole as f64)
}

fn of_distribution(rule: &Rule, values: &Distribution) -> Option<f64> {
    if values.count() < rule.at_least {
        return None;
    }
    let quantile = |fraction| Some(values.quantile(fraction)? as f64);
    let recorded = match rule.statistic {
        Statistic::P50 => quantile(0.5)?,
        Statistic::P95 => quantile(0.95)?,
        Statistic::P99 => quantile(0.99)?,
        Statistic::Max => values.max()? as f64,
        _ => values.mean()?,
    };
    Some(recorded * values.unit().scale())
}

/// What gauges are set to, or counters have counted.
fn level(snapshot: &Snapshot, series: &str, direction: Direction) -> Option<f64> {
    let gauges = of_series(&snapshot.gauges, series).copied();
    let known = gauges.filter(|value| !value.is_nan());
    let worst = known.reduce(|a, b| direction.worse(a, b));
    worst.or_else(|| Some(counter(snapshot, series)? as f64))
}

/// What was counted, or how many values were recorded.
fn count(snapshot: &Snapshot, series: &str) -> Option<u64> {
    let values = || Some(distribution(snapshot, series)?.count());
    counter(snapshot, series).or_else(values)
}

fn counter(snapshot: &Snapshot, series: &str) -> Option<u64> {
    of_series(&snapshot.counters, series)
        .copied()
        .reduce(u64::saturating_add)
}

fn distribution(snapshot: &Snapshot, series: &str) -> Option<Distribution> {
    let timers = of_series(&snapshot.timers, series);
    let all = timers
        .chain(of_series(&snapshot.histograms, series))
        .cloned();
    all.reduce(|a, b| a.merged(&b))
}

/// The series with this text, and all with this name. O(log n + found): labels begin with a brace, so
/// those of one name lie between `name{` and `name|`, the character after it.
fn of_series<'a, T>(all: &'a BTreeMap<Key, T>, series: &'a str) -> impl Iterator<Item = &'a T> {
    let (first, end) = (format!("{series}{{"), format!("{series}|"));
    let bounds = (
        Bound::Included(first.as_str()),
        Bound::Excluded(end.as_str()),
    );
    let labelled = all
        .range::<str, _>(bounds)
        .filter(move |(key, _)| key.name() == series);
    all.get(series)
        .into_iter()
        .chain(labelled.map(|(_, value)| value))
}
