//! Values of one timer: small buffers per group of threads, drained into one histogram.
//!
//! A recorder only appends to the buffer of its shard; every [`BATCH`] values it carries them into
//! the histogram. So the memory of many threads is one histogram, and threads meet only rarely.
//! Locks are always taken in the order shard, then totals, which is why nothing can deadlock.

use std::cell::Cell;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use hdrhistogram::Histogram;

use crate::distribution::Distribution;
use crate::layout;
use crate::timer::TimerSummary;
use crate::unit::Unit;

/// The longest duration that percentiles can tell apart: one hour. Longer ones are recorded in
/// full, but enter the percentiles as this, and are counted as saturated.
pub const LONGEST: Duration = Duration::from_secs(3_600);

const LONGEST_NANOS: u64 = 3_600 * 1_000_000_000;
/// Values that a shard holds back; a kibibyte of them.
const BATCH: usize = 128;
const SIGNIFICANT_DIGITS: u8 = 3;

/// Keeps neighbours off one cache line (and off the pair that the prefetcher fetches).
#[repr(align(128))]
#[derive(Default)]
pub(crate) struct Padded<T>(pub(crate) T);

/// A number that differs between the threads alive, as far as it goes: picks the shard.
pub(crate) fn thread_slot() -> usize {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    thread_local! {
        static SLOT: Cell<usize> = const { Cell::new(usize::MAX) };
    }
    SLOT.with(|slot| {
        if slot.get() == usize::MAX {
            slot.set(NEXT.fetch_add(1, Ordering::Relaxed) & (usize::MAX >> 1));
        }
        slot.get()
    })
}

/// Locks even after a panic elsewhere: what is guarded here is valid after every single step.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What a [`Timer`](crate::Timer) points at.
pub(crate) struct TimerCell {
    /// A power of two of them.
    shards: Box<[Padded<Mutex<Vec<u64>>>]>,
    totals: Mutex<Option<Box<Totals>>>,
}

impl TimerCell {
    /// `shards` is a power of two.
    pub(crate) fn new(shards: usize) -> Self {
        assert!(
            shards.is_power_of_two(),
            "shards are picked by masking the thread's slot"
        );
        Self {
            shards: (0..shards).map(|_| Padded::default()).collect(),
            totals: Mutex::new(None),
        }
    }

    #[inline]
    pub(crate) fn record(&self, duration: Duration) {
        let nanos = u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX);
        let shard = &self.shards[thread_slot() & (self.shards.len() - 1)];
        let mut pending = lock(&shard.0);
        pending.push(nanos);
        if pending.len() >= BATCH {
            self.drain(&mut pending);
        }
    }

    #[cold]
    fn drain(&self, pending: &mut Vec<u64>) {
        let mut totals = lock(&self.totals);
        let totals = totals.get_or_insert_with(Box::default);
        for nanos in pending.drain(..) {
            totals.add(nanos);
        }
    }

    /// `None` when nothing was recorded.
    pub(crate) fn summary(&self) -> Option<TimerSummary> {
        self.distribution()?.durations()
    }

    /// `None` when nothing was recorded.
    pub(crate) fn distribution(&self) -> Option<Distribution> {
        for shard in &self.shards {
            let mut pending = lock(&shard.0);
            if !pending.is_empty() {
                self.drain(&mut pending);
            }
        }
        lock(&self.totals)
            .as_ref()
            .map(|totals| totals.distribution())
    }

    /// Forgets all values, and gives their memory back.
    pub(crate) fn clear(&self) {
        for shard in &self.shards {
            lock(&shard.0).clear();
        }
        *lock(&self.totals) = None;
    }
}

/// All values drained so far. At least one, as it is made by draining.
struct Totals {
    histogram: Histogram<u64>,
    sum: u128,
    min: u64,
    max: u64,
    saturated: u64,
}

impl Default for Totals {
    fn default() -> Self {
        Self {
            histogram: Histogram::new_with_bounds(1, LONGEST_NANOS, SIGNIFICANT_DIGITS)
                .expect("because the bounds and digits are constants the histogram accepts"),
            sum: 0,
            min: u64::MAX,
            max: 0,
            saturated: 0,
        }
    }
}

impl Totals {
    fn add(&mut self, nanos: u64) {
        self.saturated += u64::from(nanos > LONGEST_NANOS);
        self.histogram.saturating_record(nanos.min(LONGEST_NANOS));
        self.sum += u128::from(nanos);
        self.min = self.min.min(nanos);
        self.max = self.max.max(nanos);
    }

    fn distribution(&self) -> Distribution {
        let counts = self.histogram.iter_recorded();
        let counts = counts.map(|it| {
            (
                layout::index(it.value_iterated_to()) as u32,
                it.count_at_value(),
            )
        });
        Distribution::from_counts(
            Unit::Seconds,
            counts.collect(),
            self.sum,
            (self.min, self.max),
            self.saturated,
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_snapshot_drains_what_is_held_back() {
        let cell = TimerCell::new(2);
        cell.record(Duration::from_nanos(7));
        assert_eq!(cell.summary().unwrap().count, 1);
        assert_eq!(cell.summary().unwrap().count, 1, "drained once only");
    }

    #[test]
    fn buffers_stay_within_a_batch() {
        let cell = TimerCell::new(1);
        for nanos in 0..10_000 {
            cell.record(Duration::from_nanos(nanos));
        }
        let pending = lock(&cell.shards[0].0);
        assert!(pending.len() < BATCH && pending.capacity() <= BATCH);
    }

    #[test]
    fn the_histogram_does_not_grow_with_what_is_recorded() {
        let mut totals = Totals::default();
        let buckets = totals.histogram.distinct_values();
        for nanos in [0, 1, LONGEST_NANOS, LONGEST_NANOS + 1, u64::MAX] {
            totals.add(nanos);
        }
        assert_eq!(totals.histogram.distinct_values(), buckets);
        assert_eq!(totals.histogram.len(), 5);
        assert!(
            buckets * size_of::<u64>() <= 270 * 1024,
            "as the crate docs say"
        );
    }

    #[test]
    fn a_panic_under_the_lock_does_not_lose_the_timer() {
        let cell = TimerCell::new(1);
        let caught = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            let _held = lock(&cell.shards[0].0);
            panic!("while a shard is locked");
        }));
        assert!(caught.is_err());
        cell.record(Duration::from_nanos(1));
        assert_eq!(cell.summary().unwrap().count, 1);
    }
}
