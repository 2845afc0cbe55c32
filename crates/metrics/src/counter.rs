//! Counts that only go up, and values that are set.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::shard::{Padded, thread_slot};

/// A handle to a named count. Clones add to the same count; threads add to cells of their own.
#[derive(Clone)]
pub struct Counter(Arc<[Padded<AtomicU64>]>);

impl Counter {
    /// `shards` is a power of two.
    pub(crate) fn new(shards: usize) -> Self {
        Self((0..shards).map(|_| Padded::default()).collect())
    }

    /// Adds `amount`. The count stops at `u64::MAX` rather than begin anew.
    #[inline]
    pub fn add(&self, amount: u64) {
        let cell = &self.0[thread_slot() & (self.0.len() - 1)].0;
        let before = cell.fetch_add(amount, Ordering::Relaxed);
        if before.checked_add(amount).is_none() {
            cell.store(u64::MAX, Ordering::Relaxed);
        }
    }

    /// Adds one.
    #[inline]
    pub fn increment(&self) {
        self.add(1);
    }

    /// The count so far. O(shards).
    pub fn get(&self) -> u64 {
        let cells = self.0.iter().map(|cell| cell.0.load(Ordering::Relaxed));
        cells.fold(0, u64::saturating_add)
    }
}

impl fmt::Debug for Counter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Counter").field(&self.get()).finish()
    }
}

/// A handle to a named value which is whatever was set last. Clones set the same value.
///
/// A gauge never set, or set to something that is no finite number, is absent from a snapshot.
#[derive(Clone)]
pub struct Gauge(Arc<AtomicU64>);

impl Gauge {
    pub(crate) fn new() -> Self {
        Self(Arc::new(AtomicU64::new(f64::NAN.to_bits())))
    }

    /// Sets the value.
    #[inline]
    pub fn set(&self, value: f64) {
        self.0.store(value.to_bits(), Ordering::Relaxed);
    }

    /// Adds to the value; an absent one counts as zero.
    pub fn add(&self, amount: f64) {
        let add = |bits| Some((finite(bits).unwrap_or(0.0) + amount).to_bits());
        // The closure never answers `None`, so the update cannot fail.
        let _ = self
            .0
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, add);
    }

    /// The value, when one was set.
    pub fn get(&self) -> Option<f64> {
        finite(self.0.load(Ordering::Relaxed))
    }
}

fn finite(bits: u64) -> Option<f64> {
    Some(f64::from_bits(bits)).filter(|value| value.is_finite())
}

impl fmt::Debug for Gauge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Gauge").field(&self.get()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_counter_stops_at_the_top() {
        let counter = Counter::new(2);
        counter.add(u64::MAX);
        counter.add(5);
        counter.increment();
        assert_eq!(counter.get(), u64::MAX);
    }

    #[test]
    fn a_gauge_is_absent_until_set() {
        let gauge = Gauge::new();
        assert_eq!(gauge.get(), None);
        gauge.add(1.5);
        gauge.add(-0.5);
        assert_eq!(gauge.get(), Some(1.0));
        for no_number in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
            gauge.set(no_number);
            assert_eq!(gauge.get(), None);
        }
    }
}
