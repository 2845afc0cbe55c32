//! Tables for people at a terminal.

use std::collections::BTreeMap;
use std::fmt::Write;

use crate::distribution::Distribution;
use crate::key::Key;
use crate::snapshot::Snapshot;

use super::cells;

impl Snapshot {
    /// Aligned tables for people: timers, histograms, counters, gauges, with units in the cells; empty
    /// when there is nothing to tell.
    pub fn text(&self) -> String {
        let mut sections = Vec::new();
        for (kind, series, clamped) in [
            (
                "timer",
                &self.timers,
                "out of range, recorded as the nearest in it",
            ),
            (
                "histogram",
                &self.histograms,
                "out of range, counted as the nearest in it",
            ),
        ] {
            sections.extend(distributions(kind, series, clamped));
        }
        let counters = self.counters.iter();
        let counters = counters.map(|(key, &n)| pair(key, cells::counter(self, key, n)));
        sections.extend(values("counter", counters.collect()));
        let gauges = self.gauges.iter();
        let gauges = gauges.map(|(key, &n)| pair(key, cells::gauge(self, key, n)));
        sections.extend(values("gauge", gauges.collect()));
        if self.folded_lookups > 0 {
            let n = self.folded_lookups;
            sections.push(format!("{n} look-ups beyond the limit of names\n"));
        }
        sections.join("\n")
    }
}

fn distributions(
    kind: &str,
    series: &BTreeMap<Key, Distribution>,
    clamped: &str,
) -> Option<String> {
    let mut rows = vec![head(kind, &cells::HEADS)];
    let mut notes = String::new();
    for (key, values) in series {
        let Some(cells) = cells::distribution(values) else {
            continue;
        };
        let name = printable(key.as_str());
        if values.clamped() > 0 {
            writeln!(notes, "{name}: {} {clamped}", values.clamped())
                .expect("because writing to a string cannot fail");
        }
        if let Some(note) = cells::coarse(values) {
            writeln!(notes, "{name}: {note}").expect("because writing to a string cannot fail");
        }
        rows.push(std::iter::once(name).chain(cells).collect());
    }
    (rows.len() > 1).then(|| table(&rows) + &notes)
}

fn values(kind: &str, rows: Vec<Vec<String>>) -> Option<String> {
    let head = head(kind, &["value"]);
    let some = !rows.is_empty();
    some.then(|| table(&std::iter::once(head).chain(rows).collect::<Vec<_>>()))
}

fn head(kind: &str, others: &[&str]) -> Vec<String> {
    let heads = std::iter::once(&kind).chain(others);
    heads.map(|&head| head.to_owned()).collect()
}

fn pair(key: &Key, value: String) -> Vec<String> {
    vec![printable(key.as_str()), value]
}

/// A name made of data must neither break the table nor steer a terminal.
fn printable(name: &str) -> String {
    name.chars()
        .flat_map(|c| {
            let escaped = c.is_control().then(|| c.escape_default());
            let plain = escaped.is_none().then_some(c);
            plain.into_iter().chain(escaped.into_iter().flatten())
        })
        .collect()
}

/// The first column flush left, the others flush right, two blanks between.
fn table(rows: &[Vec<String>]) -> String {
    let columns = rows.first().map_or(0, Vec::len);
    let width = |column: usize| {
        let cells = rows.iter().map(|row| row[column].chars().count());
        cells.max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..columns).map(width).collect();
    let mut out = String::new();
    for row in rows {
        for (column, (cell, &width)) in row.iter().zip(&widths).enumerate() {
            match column {
                0 => write!(out, "{cell:<width$}"),
                _ => write!(out, "  {cell:>width$}"),
            }
            .expect("because writing to a string cannot fail");
        }
        out.push('\n');
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::unit::{Description, Unit};

    #[test]
    fn tables_are_aligned_and_names_printable() {
        let mut snapshot = Snapshot::default();
        let read = Distribution::of(Unit::Seconds, &[1_500_000]);
        snapshot.timers.insert(Key::from("read\n\u{1b}[31m"), read);
        snapshot.counters.insert(Key::from("files"), 12);
        snapshot.gauges.insert(Key::from("fill"), 0.5);
        let expect = "\
timer             count     min    mean     p50     p95     p99   p99.9     max   total
read\\n\\u{1b}[31m      1  1.50ms  1.50ms  1.50ms  1.50ms  1.50ms  1.50ms  1.50ms  1.50ms

counter  value
files       12

gauge  value
fill     0.5
";
        assert_eq!(snapshot.text(), expect);
    }

    #[test]
    fn units_are_in_the_cells() {
        let mut snapshot = Snapshot::default();
        let tokens = Distribution::of(Unit::Tokens, &[3, 900]);
        snapshot
            .histograms
            .insert(Key::new("tokens", &[("type", "input")]), tokens);
        let description = Description {
            unit: Unit::Bytes,
            help: "".into(),
        };
        std::sync::Arc::make_mut(&mut snapshot.descriptions)
            .insert("bytes_read".into(), description);
        snapshot.counters.insert(Key::from("bytes_read"), 2_500_000);
        let expect = "\
histogram             count    min     mean    p50      p95      p99    p99.9      max    total
tokens{type=\"input\"}      2  3 tok  451 tok  3 tok  900 tok  900 tok  900 tok  900 tok  903 tok

counter       value
bytes_read  2.50 MB
";
        assert_eq!(snapshot.text(), expect);
    }

    #[test]
    fn nothing_recorded_gives_no_text() {
        let mut snapshot = Snapshot::default();
        snapshot
            .timers
            .insert(Key::from("empty"), Distribution::default());
        assert_eq!(snapshot.text(), "");
    }
}
