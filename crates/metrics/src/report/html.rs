//! A page for people with a browser.

use crate::distribution::Distribution;
use crate::key::Key;
use crate::plot::{self, Bin};
use crate::snapshot::Snapshot;
use crate::unit::Unit;

use super::cells;

/// How many distributions are plotted, those with the greatest sums among those that hold
/// different values; tables show all.
const PLOTTED_MAX: usize = 40;
const BINS: usize = 40;

/// Something sampled over time, such as resident memory.
#[derive(Clone, Copy, Debug)]
pub struct Chart<'a> {
    /// What it shows.
    pub title: &'a str,
    /// Quantity and unit of the horizontal axis, as in `"time (s)"`.
    pub x_label: &'a str,
    /// Quantity and unit of the vertical axis.
    pub y_label: &'a str,
    /// The lines.
    pub series: &'a [plot::Series<'a>],
}

impl Snapshot {
    /// A self-contained HTML page: the tables of [`Snapshot::text`], the sampled charts, and for each timer
    /// and histogram (the 40 of the greatest sums of each kind that hold more than one value) its histogram and quantiles. See
    /// [`plot::page`] for what it needs of a browser: very little.
    pub fn html(&self, title: &str, charts: &[Chart<'_>]) -> String {
        let mut body = self.tables();
        if !charts.is_empty() {
            let plots = charts
                .iter()
                .map(|c| plot::lines(c.title, c.x_label, c.y_label, c.series));
            let plots: String = plots.collect();
            body += &format!("<h2>Over time</h2>\n<div class=\"plots\">\n{plots}</div>\n");
        }
        body += &plots("Timers", self.timers.iter().collect());
        body += &plots("Histograms", self.histograms.iter().collect());
        if body.is_empty() {
            body += "<p class=\"note\">Nothing was recorded.</p>\n";
        }
        plot::page(title, &body)
    }

    fn tables(&self) -> String {
        let distributions = |series: &std::collections::BTreeMap<Key, Distribution>| {
            let rows = series.iter().filter_map(|(key, values)| {
                let name = key.as_str().to_owned();
                Some(
                    std::iter::once(name)
                        .chain(cells::distribution(values)?)
                        .collect(),
                )
            });
            rows.collect::<Vec<Vec<String>>>()
        };
        let pair = |key: &Key, value| vec![key.as_str().to_owned(), value];
        let counters = self.counters.iter();
        let counters = counters.map(|(key, &n)| pair(key, cells::counter(self, key, n)));
        let gauges = self.gauges.iter();
        let gauges = gauges.map(|(key, &n)| pair(key, cells::gauge(self, key, n)));
        let mut out = table("timer", &cells::HEADS, &distributions(&self.timers));
        out += &table("histogram", &cells::HEADS, &distributions(&self.histograms));
        out += &table("counter", &["value"], &counters.collect::<Vec<_>>());
        out += &table("gauge", &["value"], &gauges.collect::<Vec<_>>());
        for (key, values) in self.timers.iter().chain(&self.histograms) {
            if let Some(note) = cells::coarse(values) {
                let name = plot::escape(key.as_str());
                out += &format!("<p class=\"note\">{name}: {note}</p>\n");
            }
        }
        if self.folded_lookups > 0 {
            let n = self.folded_lookups;
            out += &format!("<p class=\"note\">{n} look-ups beyond the limit of names</p>\n");
        }
        out
    }
}

fn table(kind: &str, heads: &[&str], rows: &[Vec<String>]) -> String {
    if rows.is_empty() {
        return String::new();
    }
    let heads: Vec<&str> = std::iter::once(kind).chain(heads.iter().copied()).collect();
    plot::table(&heads, rows)
}

fn plots(title: &str, mut series: Vec<(&Key, &Distribution)>) -> String {
    series.retain(|(_, values)| !values.is_empty());
    if series.is_empty() {
        return String::new();
    }
    let all = series.len();
    // One value, however often, is no distribution.
    series.retain(|(_, values)| values.min() < values.max());
    // Equal sums stay in the order of their names.
    series.sort_by_key(|(_, values)| std::cmp::Reverse(values.sum()));
    series.truncate(PLOTTED_MAX);
    let drawn: String = series
        .iter()
        .map(|(key, values)| pair(key, values))
        .collect();
    let mut out = format!("<h2>{title}</h2>\n{drawn}");
    if all > series.len() {
        out += &format!(
            "<p class=\"note\">In the table only: {}.</p>\n",
            all - series.len()
        );
    }
    out
}

/// Under the name, which may be too long for a title: a histogram, and quantiles up to the last nine that
/// a value stands for.
fn pair(key: &Key, values: &Distribution) -> String {
    let (scale, unit) = axis_unit(values);
    let quantiles: Vec<(f64, f64)> = fractions(values.count())
        .filter_map(|fraction| Some((fraction, values.quantile(fraction)? as f64 / scale)))
        .collect();
    let name = plot::escape(key.as_str());
    let values = plot::histogram("Distribution", unit, &bins(values, scale));
    let quantiles = plot::quantiles("Quantiles", unit, &quantiles);
    format!("<h3>{name}</h3>\n<div class=\"plots\">\n{values}{quantiles}</div>\n")
}

/// What recorded numbers are divided by on an axis, and what they are then.
fn axis_unit(values: &Distribution) -> (f64, &'static str) {
    let max = values.max().unwrap_or(0);
    match values.unit() {
        Unit::Seconds => match max {
            0..2_000 => (1.0, "ns"),
            2_000..2_000_000 => (1e3, "µs"),
            2_000_000..2_000_000_000 => (1e6, "ms"),
            _ => (1e9, "s"),
        },
        Unit::Bytes => match max {
            0..2_000 => (1.0, "bytes"),
            2_000..2_000_000 => (1e3, "kB"),
            2_000_000..2_000_000_000 => (1e6, "MB"),
            _ => (1e9, "GB"),
        },
        Unit::Tokens => (1.0, "tokens"),
        Unit::Ratio => (1.0, "ratio"),
        Unit::Count => (1.0, "count"),
    }
}

/// Fractions whose rank is one of `count` values, and not the last one for all of them.
fn fractions(count: u64) -> impl Iterator<Item = f64> {
    const ALL: [f64; 16] = [
        0.0, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.98, 0.99, 0.995, 0.998, 0.999, 0.9995, 0.9999,
        0.99999, 0.999999,
    ];
    let known =
        move |fraction: &f64| *fraction <= 0.5 || count as f64 * (1.0 - fraction) >= 1.0 - 1e-9;
    ALL.into_iter().filter(known)
}

/// Bins of equal width, on a logarithmic axis if the values span a factor of 10. A bucket enters as a
/// whole where its lowest value lies.
fn bins(values: &Distribution, scale: f64) -> Vec<Bin> {
    let (Some(min), Some(max)) = (values.min(), values.max()) else {
        return Vec::new();
    };
    let (low, high) = (min as f64, max as f64);
    let log = min > 0 && high / low >= 10.0;
    // Whole numbers close together get a bin each.
    let n = ((high - low) as u64).saturating_add(1).min(BINS as u64) as usize;
    let high = if high - low < BINS as f64 {
        low + n as f64
    } else {
        high
    };
    let share = |value: f64| match log {
        true => (value / low).ln() / (high / low).ln(),
        false => (value - low) / (high - low),
    };
    let edge = |at: usize| {
        let share = at as f64 / n as f64;
        let value = if log {
            low * (high / low).powf(share)
        } else {
            low + (high - low) * share
        };
        value / scale
    };
    let mut counts = vec![0u64; n];
    for bucket in values.buckets() {
        let value = (bucket.lowest as f64).clamp(low, high);
        let at = ((share(value) * n as f64) as usize).min(n - 1);
        counts[at] = counts[at].saturating_add(bucket.count);
    }
    let bin = |(at, count)| Bin {
        low: edge(at),
        high: edge(at + 1),
        count,
    };
    counts.into_iter().enumerate().map(bin).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bins_hold_every_value() {
        for values in [
            vec![0],
            vec![5, 5, 5],
            vec![0, 1, 2, 3],
            vec![1, 1_000_000],
            (0..5_000).collect(),
            vec![u64::MAX, 0],
            vec![u64::MAX],
        ] {
            let values = Distribution::of(Unit::Count, &values);
            let bins = bins(&values, 1.0);
            let total: u64 = bins.iter().map(|bin| bin.count).sum();
            assert_eq!(total, values.count(), "{values:?}");
            assert!(bins.iter().all(|bin| bin.low <= bin.high), "{bins:?}");
        }
    }

    #[test]
    fn bins_lie_evenly_or_by_factors() {
        let check = |values: &[u64], scale, n: usize, edges: [f64; 3]| {
            let bins = bins(&Distribution::of(Unit::Count, values), scale);
            assert_eq!(bins.len(), n, "{values:?}");
            let found = [bins[0].low, bins[n / 2].low, bins[n - 1].high];
            let near = |(found, edge): (&f64, &f64)| (found - edge).abs() < 1e-9;
            assert!(found.iter().zip(&edges).all(near), "{values:?}: {found:?}");
            assert!(bins.windows(2).all(|two| two[0].high == two[1].low));
        };
        // Whole numbers close together: the last one's bin ends at the next.
        check(&[7, 10], 1.0, 4, [7.0, 9.0, 11.0]);
        check(&[100, 139], 1.0, 40, [100.0, 120.0, 140.0]);
        check(&[0, 100], 1.0, 40, [0.0, 50.0, 100.0]);
        check(&[10, 99], 1.0, 40, [10.0, 54.5, 99.0]);
        // From a factor of ten on, the middle is the geometric mean.
        check(&[10, 100], 1.0, 40, [10.0, 1e3f64.sqrt(), 100.0]);
        check(&[10, 1_000], 10.0, 40, [1.0, 10.0, 100.0]);
    }

    #[test]
    fn bins_count_what_lies_between_their_edges() {
        for values in [
            vec![7, 7, 8, 10],
            vec![0, 1, 3, 99, 100],
            vec![11, 12, 50, 51, 51, 98],
            vec![1, 2, 3, 51, 99, 990, 1_900],
        ] {
            let bins = bins(&Distribution::of(Unit::Count, &values), 1.0);
            for (n, bin) in bins.iter().enumerate() {
                let is_in = |value: f64| {
                    let last = n == bins.len() - 1;
                    value >= bin.low && (value < bin.high || last)
                };
                let expect = values.iter().filter(|&&value| is_in(value as f64));
                assert_eq!(bin.count, expect.count() as u64, "{bin:?} of {values:?}");
            }
        }
    }

    #[test]
    fn an_axis_is_in_the_unit_that_gives_short_numbers() {
        let check = |unit, max: u64, expect: (f64, &str)| {
            let found = axis_unit(&Distribution::of(unit, &[1, max]));
            assert_eq!(found, expect, "{max}");
        };
        let time = [(1.0, "ns"), (1e3, "µs"), (1e6, "ms"), (1e9, "s")];
        let bytes = [(1.0, "bytes"), (1e3, "kB"), (1e6, "MB"), (1e9, "GB")];
        for (unit, units) in [(Unit::Seconds, time), (Unit::Bytes, bytes)] {
            for (n, bound) in [2_000, 2_000_000, 2_000_000_000].into_iter().enumerate() {
                check(unit, bound - 1, units[n]);
                check(unit, bound, units[n + 1]);
            }
        }
        check(Unit::Tokens, 5_000, (1.0, "tokens"));
        check(Unit::Ratio, 5_000, (1.0, "ratio"));
        check(Unit::Count, 5_000, (1.0, "count"));
    }

    #[test]
    fn what_is_drawn_is_not_said_to_be_in_the_table_only() {
        let mut snapshot = Snapshot::default();
        let two = Distribution::of(Unit::Seconds, &[1, 2]);
        snapshot.timers.insert(Key::from("t"), two);
        let html = snapshot.html("", &[]);
        assert!(html.contains("<h2>Timers</h2>") && !html.contains("In the table only"));
        assert!(!html.contains("<h2>Histograms</h2>") && !html.contains("<h2>Over time</h2>"));
    }

    #[test]
    fn quantiles_end_where_values_do() {
        assert_eq!(fractions(1).collect::<Vec<_>>(), [0.0, 0.1, 0.25, 0.5]);
        assert_eq!(fractions(100).last(), Some(0.99));
        assert_eq!(fractions(10_000).last(), Some(0.9999));
    }
}
