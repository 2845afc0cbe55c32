//! Numbers at one moment, as a table and as JSON.

use std::collections::BTreeMap;
use std::fmt::Write;

use crate::distribution::Distribution;
use crate::json::Object;
use crate::key::Key;
use crate::timer::TimerSummary;
use crate::unit::{Description, Unit};

/// What a [`Recorder`](crate::Recorder) had recorded at one moment, sorted by name.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Snapshot {
    /// Timers that recorded something; the others are absent. Their values are nanoseconds.
    pub timers: BTreeMap<Key, Distribution>,
    /// Histograms that recorded something.
    pub histograms: BTreeMap<Key, Distribution>,
    /// Counters; zero means that nothing was counted.
    pub counters: BTreeMap<Key, u64>,
    /// Gauges that were set to a number; the others are absent.
    pub gauges: BTreeMap<Key, f64>,
    /// What was said of a name (of all its series).
    pub descriptions: BTreeMap<Box<str>, Description>,
    /// How many look-ups gave [`OTHER`](crate::OTHER) because there were too many names.
    pub folded_lookups: u64,
}

impl Snapshot {
    /// The numbers of one timer: `name`, or the whole text of a [`Key`] with labels.
    pub fn timer(&self, key: &str) -> Option<TimerSummary> {
        self.timers.get(key)?.durations()
    }

    /// The unit of a name: what its description says, or what it is by its kind.
    pub fn unit(&self, name: &str) -> Unit {
        let timed = || self.timers.keys().any(|key| key.name() == name);
        match self.descriptions.get(name) {
            Some(description) => description.unit,
            None if timed() => Unit::Seconds,
            None => Unit::Count,
        }
    }

    /// Aligned tables for people: timers, counters, gauges; empty when there is nothing to tell.
    pub fn text(&self) -> String {
        let mut sections = Vec::new();
        let timers: Vec<(&Key, TimerSummary)> = summaries(&self.timers).collect();
        if !timers.is_empty() {
            sections.push(table(timer_rows(&timers)) + &saturation_notes(&timers));
        }
        if !self.counters.is_empty() {
            let rows = self
                .counters
                .iter()
                .map(|(n, v)| pair(n.as_str(), v.to_string()));
            sections.push(table(headed("counter", rows)));
        }
        if !self.gauges.is_empty() {
            let rows = self
                .gauges
                .iter()
                .map(|(n, v)| pair(n.as_str(), v.to_string()));
            sections.push(table(headed("gauge", rows)));
        }
        if self.folded_lookups > 0 {
            sections.push(format!(
                "{} look-ups beyond the limit of names\n",
                self.folded_lookups
            ));
        }
        sections.join("\n")
    }

    /// One JSON document: `timers`, `counters`, `gauges`, each an object by name. Durations are
    /// whole nanoseconds under keys that end in `_ns`.
    pub fn json(&self) -> String {
        let timers = summaries(&self.timers);
        let timers = timers.fold(Object::new(), |o, (n, t)| o.raw(n.as_str(), timer_json(&t)));
        let counters = self.counters.iter();
        let counters = counters.fold(Object::new(), |o, (n, v)| o.raw(n.as_str(), v));
        let gauges = self.gauges.iter();
        let gauges = gauges.fold(Object::new(), |o, (n, v)| o.float(n.as_str(), *v));
        Object::new()
            .raw("timers", timers.end())
            .raw("counters", counters.end())
            .raw("gauges", gauges.end())
            .raw("folded_lookups", self.folded_lookups)
            .end()
    }
}

fn summaries(timers: &BTreeMap<Key, Distribution>) -> impl Iterator<Item = (&Key, TimerSummary)> {
    timers
        .iter()
        .filter_map(|(key, it)| Some((key, it.durations()?)))
}

fn timer_json(timer: &TimerSummary) -> String {
    Object::new()
        .raw("count", timer.count)
        .raw("sum_ns", timer.sum.as_nanos())
        .raw("min_ns", timer.min.as_nanos())
        .raw("max_ns", timer.max.as_nanos())
        .raw("mean_ns", timer.mean.as_nanos())
        .raw("p50_ns", timer.p50.as_nanos())
        .raw("p95_ns", timer.p95.as_nanos())
        .raw("p99_ns", timer.p99.as_nanos())
        .raw("p999_ns", timer.p999.as_nanos())
        .raw("saturated", timer.saturated)
        .end()
}

fn timer_rows(timers: &[(&Key, TimerSummary)]) -> Vec<Vec<String>> {
    const HEAD: [&str; 10] = [
        "timer", "count", "min", "mean", "p50", "p95", "p99", "p99.9", "max", "total",
    ];
    let mut rows = vec![HEAD.map(str::to_owned).to_vec()];
    for (name, t) in timers {
        let durations = [t.min, t.mean, t.p50, t.p95, t.p99, t.p999, t.max, t.sum];
        let mut row = pair(name.as_str(), t.count.to_string());
        row.extend(durations.map(|d| format!("{d:.2?}")));
        rows.push(row);
    }
    rows
}

fn saturation_notes(timers: &[(&Key, TimerSummary)]) -> String {
    let mut notes = String::new();
    for (name, t) in timers.iter().filter(|(_, t)| t.saturated > 0) {
        let (name, n) = (printable(name.as_str()), t.saturated);
        writeln!(
            notes,
            "{name}: {n} longer than 1 h, in the percentiles as 1 h"
        )
        .expect("because writing to a string cannot fail");
    }
    notes
}

fn headed(kind: &str, rows: impl Iterator<Item = Vec<String>>) -> Vec<Vec<String>> {
    std::iter::once(pair(kind, "value".to_owned()))
        .chain(rows)
        .collect()
}

fn pair(name: &str, value: String) -> Vec<String> {
    vec![printable(name), value]
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
fn table(rows: Vec<Vec<String>>) -> String {
    let columns = rows.first().map_or(0, Vec::len);
    let width = |column: usize| {
        let cells = rows.iter().map(|row| row[column].chars().count());
        cells.max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..columns).map(width).collect();
    let mut out = String::new();
    for row in &rows {
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
    use std::time::Duration;

    use crate::Recorder;

    #[test]
    fn tables_are_aligned_and_names_printable() {
        let recorder = Recorder::new();
        let read = recorder.timer("read\n\u{1b}[31m");
        read.record(Duration::from_micros(1500));
        recorder.counter("files").add(12);
        recorder.gauge("fill").set(0.5);
        let expect = "\
timer             count     min    mean     p50     p95     p99   p99.9     max   total
read\\n\\u{1b}[31m      1  1.50ms  1.50ms  1.50ms  1.50ms  1.50ms  1.50ms  1.50ms  1.50ms

counter  value
files       12

gauge  value
fill     0.5
";
        assert_eq!(recorder.snapshot().text(), expect);
    }

    #[test]
    fn nothing_recorded_gives_no_text_and_valid_json() {
        let snapshot = Recorder::new().snapshot();
        assert_eq!(snapshot.text(), "");
        let expect = r#"{"timers":{},"counters":{},"gauges":{},"folded_lookups":0}"#;
        assert_eq!(snapshot.json(), expect);
    }
}
