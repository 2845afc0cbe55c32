//! Names and the handles behind them.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use crate::ENABLED;
use crate::chunk::Budget;
use crate::counter::{Counter, Gauge};
use crate::distribution::Distribution;
use crate::histogram::Histogram;
use crate::key::Key;
use crate::names::Names;
use crate::packed::Packer;
use crate::series::Series;
use crate::shard::lock;
use crate::snapshot::Snapshot;
use crate::sync::Mutex;
use crate::timer::Timer;
use crate::unit::{Description, Unit};

/// The name that all series beyond [`Options::series_max`] share, and the value of the label `series` of
/// what those beyond [`Options::series_per_name_max`] share.
pub const OTHER: &str = "(other)";

/// The most cells that a series may have beside the shared one.
const SHARDS_MAX: usize = 1_024;

/// Choices that have defaults. All of them bound memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Options {
    /// How many series of each kind (timer, histogram, counter, gauge) are told apart; further ones
    /// share [`OTHER`]. Default: 1,024.
    pub series_max: usize,
    /// How many series of one name are told apart by their labels; further ones share one whose label
    /// `series` is [`OTHER`]. Default: 128.
    pub series_per_name_max: usize,
    /// How many threads that live at a time record without a lock, at most 1,024; further ones share a
    /// cell. Default: 16.
    pub shards: usize,
    /// Bytes for the buckets of timers and histograms. When they are used up, values of a power of two
    /// that a thread did not record before, and those beyond 65,535 of one bucket, are told apart no
    /// further than by that power; a snapshot says how many these are. Default: 32 MiB.
    pub memory_max: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            series_max: 1_024,
            series_per_name_max: 128,
            shards: 16,
            memory_max: 32 << 20,
        }
    }
}

/// Hands out timers, histograms, counters and gauges by name. Clones share everything.
#[derive(Clone)]
pub struct Recorder(Option<Arc<Inner>>);

struct Inner {
    shards: usize,
    budget: Arc<Budget>,
    timers: Names<Timer>,
    histograms: Names<Histogram>,
    counters: Names<Counter>,
    gauges: Names<Gauge>,
    descriptions: Mutex<Arc<BTreeMap<Box<str>, Description>>>,
    descriptions_max: usize,
}

impl Default for Recorder {
    fn default() -> Self {
        Self::with_options(Options::default())
    }
}

impl Recorder {
    /// A recorder that has recorded nothing, with the default [`Options`].
    pub fn new() -> Self {
        Self::default()
    }

    /// A recorder that has recorded nothing.
    pub fn with_options(options: Options) -> Self {
        if !ENABLED {
            return Self::disabled();
        }
        let (series, per_name) = (options.series_max, options.series_per_name_max);
        Self(Some(Arc::new(Inner {
            shards: options.shards.min(SHARDS_MAX),
            budget: Arc::new(Budget::new(options.memory_max)),
            timers: Names::new(series, per_name),
            histograms: Names::new(series, per_name),
            counters: Names::new(series, per_name),
            gauges: Names::new(series, per_name),
            descriptions: Mutex::default(),
            descriptions_max: series.saturating_mul(4),
        })))
    }

    /// A recorder that never records: its handles hold nothing, recording into them is one branch, and
    /// their guards read no clock.
    pub fn disabled() -> Self {
        Self(None)
    }

    /// Whether it records.
    pub fn is_enabled(&self) -> bool {
        self.inner().is_some()
    }

    fn inner(&self) -> Option<&Inner> {
        if ENABLED { self.0.as_deref() } else { None }
    }

    /// The timer of this name, made on first use. Looks the name up: keep the handle in hot loops.
    pub fn timer(&self, name: &str) -> Timer {
        self.timer_with(name, &[])
    }

    /// The timer of this name with these labels.
    pub fn timer_with(&self, name: &str, labels: &[(&str, &str)]) -> Timer {
        self.inner().map_or(Timer::DISABLED, |inner| {
            let make = || Timer::new(inner.series());
            inner.timers.get_or_make(name, labels, make)
        })
    }

    /// The histogram of this name, made on first use.
    pub fn histogram(&self, name: &str) -> Histogram {
        self.histogram_with(name, &[])
    }

    /// The histogram of this name with these labels.
    pub fn histogram_with(&self, name: &str, labels: &[(&str, &str)]) -> Histogram {
        self.inner().map_or(Histogram::DISABLED, |inner| {
            let make = || Histogram::new(inner.series());
            inner.histograms.get_or_make(name, labels, make)
        })
    }

    /// The counter of this name, made on first use.
    pub fn counter(&self, name: &str) -> Counter {
        self.counter_with(name, &[])
    }

    /// The counter of this name with these labels.
    pub fn counter_with(&self, name: &str, labels: &[(&str, &str)]) -> Counter {
        self.inner().map_or(Counter::DISABLED, |inner| {
            let make = || Counter::new(inner.shards);
            inner.counters.get_or_make(name, labels, make)
        })
    }

    /// The gauge of this name, made on first use.
    pub fn gauge(&self, name: &str) -> Gauge {
        self.gauge_with(name, &[])
    }

    /// The gauge of this name with these labels.
    pub fn gauge_with(&self, name: &str, labels: &[(&str, &str)]) -> Gauge {
        self.inner().map_or(Gauge::DISABLED, |inner| {
            inner.gauges.get_or_make(name, labels, Gauge::new)
        })
    }

    /// Says what the series of a name count, and what they are about. The last word stands; of more
    /// names than there may be series, nothing is kept.
    pub fn describe(&self, name: &str, unit: Unit, help: &str) {
        let Some(inner) = self.inner() else { return };
        let mut descriptions = lock(&inner.descriptions);
        if descriptions.len() < inner.descriptions_max || descriptions.contains_key(name) {
            let help = help.into();
            Arc::make_mut(&mut descriptions).insert(name.into(), Description { unit, help });
        }
    }

    /// All numbers so far. Holds no lock while it reads what was recorded, so it may be called from
    /// anywhere, also while guards are alive and other threads record. O(buckets that are not empty ×
    /// threads that filled them).
    pub fn snapshot(&self) -> Snapshot {
        self.collect(Series::distribution)
    }

    /// As [`Self::snapshot`], with what timers were told to forget.
    pub(crate) fn snapshot_of_all(&self) -> Snapshot {
        self.collect(Series::all)
    }

    fn collect(&self, read: fn(&Series, Unit, &mut Packer) -> Option<Distribution>) -> Snapshot {
        let mut snapshot = Snapshot::default();
        let Some(inner) = self.inner() else {
            return snapshot;
        };
        let mut packer = Packer::default();
        snapshot.descriptions = Arc::clone(&lock(&inner.descriptions));
        let timers = inner.timers.list().into_iter();
        snapshot.timers = timers
            .filter_map(|(key, it)| Some((key, read(it.series()?, Unit::Seconds, &mut packer)?)))
            .collect();
        let histograms = inner.histograms.list().into_iter();
        let described = |key: &Key| snapshot.descriptions.get(key.name()).map(|it| it.unit);
        snapshot.histograms = histograms
            .filter_map(|(key, it)| {
                let unit = described(&key).unwrap_or_default();
                Some((key, read(it.series()?, unit, &mut packer)?))
            })
            .collect();
        let counters = inner.counters.list().into_iter();
        snapshot.counters = counters.map(|(key, it)| (key, it.get())).collect();
        let gauges = inner.gauges.list().into_iter();
        snapshot.gauges = gauges
            .filter_map(|(key, it)| Some((key, it.get()?)))
            .collect();
        snapshot.folded_lookups = inner.folded();
        snapshot
    }
}

impl Inner {
    fn series(&self) -> Series {
        Series::new(self.shards, &self.budget)
    }

    fn folded(&self) -> u64 {
        let folded = [
            self.timers.folded(),
            self.histograms.folded(),
            self.counters.folded(),
            self.gauges.folded(),
        ];
        folded.into_iter().fold(0, u64::saturating_add)
    }
}

impl fmt::Debug for Recorder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Recorder")
            .field("enabled", &self.is_enabled())
            .finish_non_exhaustive()
    }
}

#[cfg(all(test, not(feature = "off")))]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn series_whose_labels_look_alike_are_counted_and_told_apart() {
        let recorder = Recorder::new();
        let two = [("a", "1"), ("b", "2")];
        recorder.counter_with("files", &two).add(1);
        recorder.counter_with("files", &[("a=\"1\",b", "2")]).add(2);
        let snapshot = recorder.snapshot();
        let text = r#"
counter                 value
files{"a=\"1\",b"="2"}      2
files{a="1",b="2"}          1
"#;
        assert_eq!(snapshot.text(), text.trim_start());
        let json: serde_json::Value = serde_json::from_str(&snapshot.json()).unwrap();
        let expect = serde_json::json!({
            r#"files{"a=\"1\",b"="2"}"#: 2, r#"files{a="1",b="2"}"#: 1,
        });
        assert_eq!(json["counters"], expect);
    }

    #[test]
    fn names_are_bounded_and_the_rest_is_counted_together() {
        let options = Options {
            series_max: 2,
            ..Options::default()
        };
        let recorder = Recorder::with_options(options);
        for n in 0..1_000 {
            recorder.counter(&format!("user-{n}")).increment();
        }
        recorder.counter("user-1").increment();
        let snapshot = recorder.snapshot();
        let expect = [("(other)", 998), ("user-0", 1), ("user-1", 2)];
        let expect = expect.map(|(name, n)| (Key::from(name), n));
        assert_eq!(snapshot.counters, BTreeMap::from(expect));
        assert_eq!(snapshot.folded_lookups, 998);
    }

    #[test]
    fn one_name_is_one_timer_in_every_clone() {
        let recorder = Recorder::with_options(Options {
            shards: 0,
            ..Options::default()
        });
        recorder.timer("a").record(Duration::ZERO);
        recorder.clone().timer("a").record(Duration::ZERO);
        assert_eq!(recorder.timer("a").summary().unwrap().count, 2);
    }

    #[test]
    fn descriptions_are_bounded_and_say_the_unit_of_a_histogram() {
        let recorder = Recorder::with_options(Options {
            series_max: 1,
            ..Options::default()
        });
        recorder.histogram_with("read", &[("a", "b")]).record(7);
        recorder.describe("read", Unit::Bytes, "Read from files.");
        for n in 0..100 {
            recorder.describe(&n.to_string(), Unit::Count, "");
        }
        let snapshot = recorder.snapshot();
        let read = &snapshot.histograms[r#"read{a="b"}"#];
        assert_eq!((read.unit(), read.count()), (Unit::Bytes, 1));
        assert_eq!(snapshot.descriptions.len(), 4);
    }

    #[test]
    fn a_disabled_recorder_tells_of_nothing() {
        let recorder = Recorder::disabled();
        let timer = recorder.timer("a");
        timer.record(Duration::ZERO);
        timer.record_paced(Duration::MAX, Duration::ZERO);
        assert_eq!(timer.start().stop(), None);
        assert_eq!(timer.scope().stop(), None);
        assert_eq!(timer.time_fn(|| 1), 1);
        timer.clear();
        recorder.counter("a").increment();
        recorder.gauge("a").set(1.0);
        recorder.histogram("a").record(1);
        recorder.describe("a", Unit::Count, "");
        assert_eq!(recorder.snapshot(), Snapshot::default());
        assert_eq!(timer.summary(), None);
    }
}
