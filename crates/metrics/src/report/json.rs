//! One JSON document for programs.

use std::collections::BTreeMap;

use crate::distribution::Distribution;
use crate::json::Object;
use crate::key::Key;
use crate::snapshot::Snapshot;
use crate::unit::Unit;

use super::family::described;

impl Snapshot {
    /// One JSON document: `timers`, `histograms`, `counters`, `gauges`, each an object by series, and
    /// `folded_lookups`.
    ///
    /// Units stand at the end of keys. Within a timer or histogram: `sum_ns`, `p95_tokens`. Counters and
    /// gauges: after the name and before the labels, unless the name ends so already, as in
    /// `memory_resident_bytes`; counters of time are in `_ns`, gauges of time in `_seconds`.
    ///
    /// A timer or histogram with values that are known no better than by their power of two
    /// ([`Distribution::coarse`]) says `"coarse":true`.
    pub fn json(&self) -> String {
        let counters = self.counters.iter();
        let counters = counters.fold(Object::new(), |o, (key, n)| {
            let unit = whole_suffix(described(self, key));
            o.raw(&named(key, unit, |k| self.counters.contains_key(k)), n)
        });
        let gauges = self.gauges.iter();
        let gauges = gauges.fold(Object::new(), |o, (key, n)| {
            let unit = described(self, key).suffix();
            o.float(&named(key, unit, |k| self.gauges.contains_key(k)), *n)
        });
        Object::new()
            .raw("timers", distributions(&self.timers, "saturated"))
            .raw("histograms", distributions(&self.histograms, "clamped"))
            .raw("counters", counters.end())
            .raw("gauges", gauges.end())
            .raw("folded_lookups", self.folded_lookups)
            .end()
    }
}

/// What whole numbers of a unit are.
fn whole_suffix(unit: Unit) -> Option<&'static str> {
    match unit {
        Unit::Seconds => Some("ns"),
        unit => unit.suffix(),
    }
}

/// The series with its unit in the name; as it is when another series has that name.
fn named(key: &Key, unit: Option<&str>, taken: impl Fn(&str) -> bool) -> String {
    let (name, labels) = key.as_str().split_at(key.name().len());
    let says = |unit: &&str| match name.strip_suffix(*unit) {
        Some(rest) => rest.is_empty() || rest.ends_with('_'),
        None => false,
    };
    let Some(unit) = unit.filter(|unit| !says(unit)) else {
        return key.as_str().to_owned();
    };
    let text = format!("{name}_{unit}{labels}");
    if taken(&text) {
        return key.as_str().to_owned();
    }
    text
}

fn distributions(series: &BTreeMap<Key, Distribution>, clamped: &str) -> String {
    let some = series.iter().filter(|(_, values)| !values.is_empty());
    let object = some.fold(Object::new(), |o, (key, values)| {
        o.raw(key.as_str(), distribution(values, clamped))
    });
    object.end()
}

fn distribution(values: &Distribution, clamped: &str) -> String {
    let unit = whole_suffix(values.unit());
    let key = |name: &str| match unit {
        Some(unit) => format!("{name}_{unit}"),
        None => name.to_owned(),
    };
    let rank = |fraction| values.quantile(fraction);
    let object = Object::new()
        .raw("count", values.count())
        .raw(&key("sum"), values.sum())
        .maybe(&key("min"), values.min())
        .maybe(&key("max"), values.max());
    let object = match values.unit() {
        // Whole nanoseconds, as everywhere for time.
        Unit::Seconds => {
            let mean = values.sum().checked_div(u128::from(values.count()));
            object.maybe(&key("mean"), mean)
        }
        _ => values
            .mean()
            .into_iter()
            .fold(object, |o, mean| o.float(&key("mean"), mean)),
    };
    object
        .maybe(&key("p50"), rank(0.5))
        .maybe(&key("p95"), rank(0.95))
        .maybe(&key("p99"), rank(0.99))
        .maybe(&key("p999"), rank(0.999))
        .raw(clamped, values.clamped())
        .maybe("coarse", (values.coarse() > 0).then_some(true))
        .end()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::unit::Description;

    #[test]
    fn nothing_recorded_is_a_valid_document() {
        let expect =
            r#"{"timers":{},"histograms":{},"counters":{},"gauges":{},"folded_lookups":0}"#;
        assert_eq!(Snapshot::default().json(), expect);
    }

    #[test]
    fn units_stand_in_the_names_unless_that_name_is_taken() {
        let mut snapshot = Snapshot::default();
        let names = ["read", "sent_bytes", "kept", "kept_bytes", "busy"];
        for (n, name) in names.into_iter().enumerate() {
            let unit = if name == "busy" {
                Unit::Seconds
            } else {
                Unit::Bytes
            };
            let help = "".into();
            std::sync::Arc::make_mut(&mut snapshot.descriptions)
                .insert(name.into(), Description { unit, help });
            snapshot
                .counters
                .insert(Key::new(name, &[("a", "b")]), n as u64);
        }
        let json: serde_json::Value = serde_json::from_str(&snapshot.json()).unwrap();
        let expect = serde_json::json!({
            "read_bytes{a=\"b\"}": 0, "sent_bytes{a=\"b\"}": 1, "kept{a=\"b\"}": 2,
            "kept_bytes{a=\"b\"}": 3, "busy_ns{a=\"b\"}": 4,
        });
        assert_eq!(json["counters"], expect);
    }
}
