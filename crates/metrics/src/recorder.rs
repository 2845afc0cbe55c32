//! Names and the handles behind them.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use crate::counter::{Counter, Gauge};
use crate::key::Key;
use crate::snapshot::Snapshot;
use crate::timer::Timer;

/// The name that all names beyond [`Options::names_max`] share.
pub const OTHER: &str = "(other)";

/// Choices that have defaults.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Options {
    /// How many names of each kind (timer, counter, gauge) are told apart; further ones share
    /// [`OTHER`]. Bounds the memory when names are made of data. Default: 256.
    pub names_max: usize,
    /// Into how many cells threads are spread, rounded up to a power of two from 1 to 64. More
    /// than the threads that record at a time serve nobody. Default: 8.
    pub shards: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            names_max: 256,
            shards: 8,
        }
    }
}

/// Hands out timers, counters and gauges by name. Clones share everything.
#[derive(Clone)]
pub struct Recorder(Arc<Inner>);

struct Inner {
    shards: usize,
    timers: Names<Timer>,
    counters: Names<Counter>,
    gauges: Names<Gauge>,
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
        Self(Arc::new(Inner {
            shards: options.shards.clamp(1, 64).next_power_of_two(),
            timers: Names::new(options.names_max),
            counters: Names::new(options.names_max),
            gauges: Names::new(options.names_max),
        }))
    }

    /// The timer of this name, made on first use. Looks the name up: keep the handle in hot loops.
    pub fn timer(&self, name: &str) -> Timer {
        let shards = self.0.shards;
        self.0.timers.get_or_make(name, || Timer::new(shards))
    }

    /// The counter of this name, made on first use.
    pub fn counter(&self, name: &str) -> Counter {
        let shards = self.0.shards;
        self.0.counters.get_or_make(name, || Counter::new(shards))
    }

    /// The gauge of this name, made on first use.
    pub fn gauge(&self, name: &str) -> Gauge {
        self.0.gauges.get_or_make(name, Gauge::new)
    }

    /// All numbers so far. Takes no lock while another is held except a timer's own two, so it may
    /// be called from anywhere, also while guards are alive and other threads record.
    pub fn snapshot(&self) -> Snapshot {
        let inner = &self.0;
        let mut snapshot = Snapshot::default();
        for (name, timer) in inner.timers.list() {
            if let Some(recorded) = timer.distribution() {
                snapshot.timers.insert(Key::from(&*name), recorded);
            }
        }
        for (name, counter) in inner.counters.list() {
            snapshot.counters.insert(Key::from(&*name), counter.get());
        }
        for (name, gauge) in inner.gauges.list() {
            if let Some(value) = gauge.get() {
                snapshot.gauges.insert(Key::from(&*name), value);
            }
        }
        snapshot.folded_lookups =
            inner.timers.folded() + inner.counters.folded() + inner.gauges.folded();
        snapshot
    }
}

impl fmt::Debug for Recorder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Recorder").finish_non_exhaustive()
    }
}

/// A bounded table of handles.
struct Names<T> {
    max: usize,
    known: RwLock<BTreeMap<String, T>>,
    folded: AtomicU64,
}

impl<T: Clone> Names<T> {
    fn new(max: usize) -> Self {
        Self {
            max,
            known: RwLock::default(),
            folded: AtomicU64::new(0),
        }
    }

    fn get_or_make(&self, name: &str, make: impl FnOnce() -> T) -> T {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(handle) = known.get(name) {
            return handle.clone();
        }
        drop(known);
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(handle) = known.get(name) {
            return handle.clone();
        }
        let has_room = known.len() - usize::from(known.contains_key(OTHER)) < self.max;
        let name = if has_room { name } else { self.fold() };
        known.entry(name.to_owned()).or_insert_with(make).clone()
    }

    fn fold(&self) -> &'static str {
        self.folded.fetch_add(1, Ordering::Relaxed);
        OTHER
    }

    fn folded(&self) -> u64 {
        self.folded.load(Ordering::Relaxed)
    }

    /// A copy, so that nobody waits for the names while the handles are read.
    fn list(&self) -> Vec<(String, T)> {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        let pairs = known.iter();
        pairs.map(|(name, t)| (name.clone(), t.clone())).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_bounded_and_the_rest_is_counted_together() {
        let options = Options {
            names_max: 2,
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
        recorder.timer("a").record(std::time::Duration::ZERO);
        recorder
            .clone()
            .timer("a")
            .record(std::time::Duration::ZERO);
        assert_eq!(recorder.timer("a").summary().unwrap().count, 2);
    }
}
