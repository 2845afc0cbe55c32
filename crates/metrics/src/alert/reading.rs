//! The number of a snapshot that a rule asks for.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::time::Instant;

use super::rule::{Direction, Rule, Statistic};
use crate::distribution::Distribution;
use crate::key::Key;
use crate::report::described;
use crate::snapshot::Snapshot;
use crate::stats;
use crate::unit::Unit;

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

    fn rate(&mut self, (count, unit): Counted, now: Instant) -> Option<f64> {
        let (before, then) = self.before.unwrap_or((count, now));
        let passed = now.saturating_duration_since(then);
        if self.before.is_none() || count < before || !passed.is_zero() {
            self.before = Some((count, now));
        }
        let growth = count.checked_sub(before)?;
        stats::rate_per_second(unit.exported(growth as f64), passed)
    }
}

/// What was counted, as recorded, and in what.
type Counted = (u64, Unit);

fn ratio(rule: &Rule, snapshot: &Snapshot) -> Option<f64> {
    let (whole, unit) = count(snapshot, rule.of.as_deref()?)?;
    let whole = unit.exported(whole as f64);
    if whole < rule.at_least as f64 {
        return None;
    }
    stats::ratio(part(snapshot, &rule.series)?, whole)
}

/// What was counted, or the sum of values. What never happened has no series yet, and is none of the whole;
/// a gauge is no part of anything.
fn part(snapshot: &Snapshot, series: &str) -> Option<f64> {
    if let Some((counted, unit)) = counter(snapshot, series) {
        return Some(unit.exported(counted as f64));
    }
    if let Some(values) = distribution(snapshot, series) {
        return Some(values.unit().exported(values.sum() as f64));
    }
    let is_gauge = of_series(&snapshot.gauges, series).next().is_some();
    (!is_gauge).then_some(0.0)
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
    Some(values.unit().exported(recorded))
}

/// What gauges are set to, or counters have counted.
fn level(snapshot: &Snapshot, series: &str, direction: Direction) -> Option<f64> {
    let gauges = of_series(&snapshot.gauges, series).map(|(_, value)| *value);
    let known = gauges.filter(|value| !value.is_nan());
    let worst = known.reduce(|a, b| direction.worse(a, b));
    worst.or_else(|| {
        let (counted, unit) = counter(snapshot, series)?;
        Some(unit.exported(counted as f64))
    })
}

/// What was counted, or how many values were recorded.
fn count(snapshot: &Snapshot, series: &str) -> Option<Counted> {
    let values = || Some((distribution(snapshot, series)?.count(), Unit::Count));
    counter(snapshot, series).or_else(values)
}

fn counter(snapshot: &Snapshot, series: &str) -> Option<Counted> {
    of_series(&snapshot.counters, series)
        .map(|(key, &counted)| (counted, described(snapshot, key)))
        .reduce(|(a, unit), (b, _)| (a.saturating_add(b), unit))
}

fn distribution(snapshot: &Snapshot, series: &str) -> Option<Distribution> {
    let timers = of_series(&snapshot.timers, series);
    let all = timers.chain(of_series(&snapshot.histograms, series));
    all.map(|(_, values)| values.clone())
        .reduce(|a, b| a.merged(&b))
}

/// The series with this text, and all with this name, or with this name and these labels among theirs.
/// O(log n + series of the name): labels begin with a brace, so those of one name lie between `name{` and
/// `name|`, the character after it.
fn of_series<'a, T>(
    all: &'a BTreeMap<Key, T>,
    series: &'a str,
) -> impl Iterator<Item = (&'a Key, &'a T)> {
    let bare = series.split('{').next().unwrap_or_default();
    let wanted = Key::parse(series).filter(|key| key.name() != series);
    let is_meant = move |key: &Key| match &wanted {
        _ if key.as_str() == series || key.name() == series => true,
        Some(wanted) if key.name() == bare => {
            let mut labels = wanted.labels();
            labels.all(|(label, value)| key.label(label) == Some(value))
        }
        _ => false,
    };
    let (first, end) = (format!("{bare}{{"), format!("{bare}|"));
    let bounds = (
        Bound::Included(first.as_str()),
        Bound::Excluded(end.as_str()),
    );
    let labelled = all.range::<str, _>(bounds);
    let plain = all.get_key_value(series).filter(|_| bare == series);
    plain
        .into_iter()
        .chain(labelled.filter(move |(key, _)| is_meant(key)))
}
