//! Numbers of a unit, as people read them in a cell.

use std::time::Duration;

use crate::distribution::Distribution;
use crate::key::Key;
use crate::snapshot::Snapshot;
use crate::unit::Unit;

use super::family::described;

/// Heads of a table of distributions, but for the first column.
pub(super) const HEADS: [&str; 9] = [
    "count", "min", "mean", "p50", "p95", "p99", "p99.9", "max", "total",
];

/// The cells under [`HEADS`]; `None` without values.
pub(super) fn distribution(values: &Distribution) -> Option<Vec<String>> {
    let cell = |value: u64| recorded(u128::from(value), values.unit());
    let rank = |fraction| values.quantile(fraction).map(cell);
    Some(vec![
        values.count().to_string(),
        cell(values.min()?),
        mean(values)?,
        rank(0.5)?,
        rank(0.95)?,
        rank(0.99)?,
        rank(0.999)?,
        cell(values.max()?),
        recorded(values.sum(), values.unit()),
    ])
}

/// What there is to say of percentiles that are not within 0.1 %.
pub(super) fn coarse(values: &Distribution) -> Option<String> {
    let n = values.coarse();
    let note =
        "with no memory left for their buckets: percentiles may be told up to twice as great";
    (n > 0).then(|| format!("{n} {note}"))
}

/// Rounded down to a whole nanosecond, byte or token, as the timers' is; of counts with a decimal.
fn mean(values: &Distribution) -> Option<String> {
    match values.unit() {
        Unit::Count => values.mean().map(|mean| format!("{mean:.1}")),
        unit => {
            let mean = values.sum().checked_div(u128::from(values.count()))?;
            Some(recorded(mean, unit))
        }
    }
}

/// A recorded whole number: nanoseconds if it is time.
pub(super) fn recorded(value: u128, unit: Unit) -> String {
    match unit {
        Unit::Seconds => format!("{:.2?}", crate::distribution::from_nanos(value)),
        Unit::Bytes => bytes(value as f64),
        Unit::Tokens => format!("{value} tok"),
        Unit::Count | Unit::Ratio => value.to_string(),
    }
}

/// The value of a counter.
pub(super) fn counter(snapshot: &Snapshot, key: &Key, value: u64) -> String {
    recorded(u128::from(value), described(snapshot, key))
}

/// The value of a gauge, which is in its unit: seconds if it is time.
pub(super) fn gauge(snapshot: &Snapshot, key: &Key, value: f64) -> String {
    match described(snapshot, key) {
        Unit::Seconds => match Duration::try_from_secs_f64(value) {
            Ok(duration) => format!("{duration:.2?}"),
            Err(_) => format!("{value}s"),
        },
        Unit::Bytes => bytes(value),
        Unit::Tokens => format!("{value} tok"),
        Unit::Ratio => format!("{:.1}%", value * 100.0),
        Unit::Count => value.to_string(),
    }
}

/// Whole bytes, or two decimals of a power of a thousand.
fn bytes(value: f64) -> String {
    const PREFIXES: [(f64, &str); 5] = [
        (1e15, "PB"),
        (1e12, "TB"),
        (1e9, "GB"),
        (1e6, "MB"),
        (1e3, "kB"),
    ];
    match PREFIXES.into_iter().find(|(size, _)| value.abs() >= *size) {
        Some((size, prefix)) => format!("{:.2} {prefix}", value / size),
        None => format!("{value} B"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::unit::Description;

    #[test]
    fn cells_carry_their_units() {
        let cells = [
            (1_500_000, Unit::Seconds),
            (999, Unit::Bytes),
            (1_234_567, Unit::Bytes),
            (12, Unit::Tokens),
            (7, Unit::Count),
        ];
        let cells = cells.map(|(value, unit)| recorded(value, unit));
        assert_eq!(cells, ["1.50ms", "999 B", "1.23 MB", "12 tok", "7"]);
    }

    #[test]
    fn gauges_are_in_their_unit() {
        let cases = [
            (Unit::Seconds, 1.5, "1.50s"),
            (Unit::Seconds, -1.5, "-1.5s"),
            (Unit::Bytes, 2e6, "2.00 MB"),
            (Unit::Ratio, 0.256, "25.6%"),
            (Unit::Count, 0.5, "0.5"),
        ];
        for (unit, value, expect) in cases {
            let mut snapshot = Snapshot::default();
            let help = "".into();
            std::sync::Arc::make_mut(&mut snapshot.descriptions)
                .insert("g".into(), Description { unit, help });
            assert_eq!(gauge(&snapshot, &Key::from("g"), value), expect);
        }
    }
}
