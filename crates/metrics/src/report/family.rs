//! The series of a snapshot, grouped by what they are called.

use std::collections::BTreeMap;

use crate::distribution::Distribution;
use crate::key::Key;
use crate::snapshot::Snapshot;
use crate::unit::Unit;

/// What a family's values are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    Histogram,
    Counter,
    Gauge,
}

/// One value.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Value<'a> {
    Distribution(&'a Distribution),
    Count(u64),
    Number(f64),
}

/// A series with its labels, which the recorder's own has none of.
pub(crate) type Series<'a> = (Option<&'a Key>, Value<'a>);

/// All series of one name, kind and unit, sorted.
#[derive(Debug)]
pub(crate) struct Family<'a> {
    pub(crate) name: &'a str,
    pub(crate) kind: Kind,
    pub(crate) unit: Unit,
    pub(crate) help: &'a str,
    pub(crate) series: Vec<Series<'a>>,
}

/// The families of a snapshot, sorted by kind and name; before them, what the recorder folded. Gauges
/// that are not finite are left out.
pub(crate) fn families(snapshot: &Snapshot) -> Vec<Family<'_>> {
    let mut grouped: BTreeMap<_, Family<'_>> = BTreeMap::new();
    for (key, kind, unit, value) in all(snapshot) {
        let place = (kind, key.name(), unit.suffix());
        let family = grouped.entry(place).or_insert_with(|| Family {
            name: key.name(),
            kind,
            unit,
            help: help(snapshot, key.name()),
            series: Vec::new(),
        });
        family.series.push((Some(key), value));
    }
    std::iter::once(folded(snapshot))
        .chain(grouped.into_values())
        .collect()
}

fn all(snapshot: &Snapshot) -> impl Iterator<Item = (&Key, Kind, Unit, Value<'_>)> {
    let timers = snapshot
        .timers
        .iter()
        .map(|(key, it)| (key, Kind::Histogram, Unit::Seconds, Value::Distribution(it)));
    let histograms = snapshot
        .histograms
        .iter()
        .map(|(key, it)| (key, Kind::Histogram, it.unit(), Value::Distribution(it)));
    let counters = snapshot.counters.iter().map(|(key, &it)| {
        (
            key,
            Kind::Counter,
            described(snapshot, key),
            Value::Count(it),
        )
    });
    let gauges = snapshot
        .gauges
        .iter()
        .filter(|(_, it)| it.is_finite())
        .map(|(key, &it)| {
            (
                key,
                Kind::Gauge,
                described(snapshot, key),
                Value::Number(it),
            )
        });
    timers.chain(histograms).chain(counters).chain(gauges)
}

/// The unit of a counter or gauge.
pub(crate) fn described(snapshot: &Snapshot, key: &Key) -> Unit {
    let description = snapshot.descriptions.get(key.name());
    description.map_or(Unit::Count, |it| it.unit)
}

fn help<'a>(snapshot: &'a Snapshot, name: &str) -> &'a str {
    snapshot.descriptions.get(name).map_or("", |it| &it.help)
}

fn folded(snapshot: &Snapshot) -> Family<'_> {
    Family {
        name: "folded_lookups",
        kind: Kind::Counter,
        unit: Unit::Count,
        help: "Look-ups of series beyond the limit, which were recorded together.",
        series: vec![(None, Value::Count(snapshot.folded_lookups))],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_one_family_wherever_its_series_are_sorted() {
        let mut snapshot = Snapshot::default();
        // `a.b` sorts between `a` and `a{…}`.
        for key in [
            Key::from("a"),
            Key::from("a.b"),
            Key::new("a", &[("x", "1")]),
        ] {
            snapshot.counters.insert(key, 1);
        }
        snapshot.gauges.insert(Key::from("nan"), f64::NAN);
        let families = families(&snapshot);
        let names: Vec<_> = families.iter().map(|f| (f.name, f.series.len())).collect();
        assert_eq!(names, [("folded_lookups", 1), ("a", 2), ("a.b", 1)]);
    }
}
