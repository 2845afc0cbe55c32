//! Counts that only go up, and values that are set.

use std::fmt;
use std::sync::Arc;

use crate::ENABLED;
use crate::series::Counts;
use crate::sync::{AtomicU64, Ordering};

/// A handle to a named count. Clones add to the same count; threads add to cells of their own.
#[derive(Clone)]
pub struct Counter(Option<Arc<Counts>>);

impl Counter {
    pub(crate) fn new(shards: usize) -> Self {
        Self(Some(Arc::new(Counts::new(shards))))
    }

    /// Of a recorder that is disabled.
    pub(crate) const DISABLED: Self = Self(None);

    #[inline]
    fn counts(&self) -> Option<&Counts> {
        if ENABLED { self.0.as_deref() } else { None }
    }

    /// Adds `amount`. The count stops at `u64::MAX` rather than begin anew.
    #[inline]
    pub fn add(&self, amount: u64) {
        if let Some(counts) = self.counts() {
            counts.add(amount);
        }
    }

    /// Adds one.
    #[inline]
    pub fn increment(&self) {
        self.add(1);
    }

    /// The count so far; 0 of a disabled recorder. O(shards).
    pub fn get(&self) -> u64 {
        self.counts().map_or(0, Counts::get)
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
pub struct Gauge(Option<Arc<AtomicU64>>);

impl Gauge {
    pub(crate) fn new() -> Self {
        Self(Some(Arc::new(AtomicU64::new(f64::NAN.to_bits()))))
    }

    /// Of a recorder that is disabled.
    pub(crate) const DISABLED: Self = Self(None);

    #[inline]
    fn bits(&self) -> Option<&AtomicU64> {
        if ENABLED { self.0.as_deref() } else { None }
    }

    /// Sets the value.
    #[inline]
    pub fn set(&self, value: f64) {
        if let Some(bits) = self.bits() {
            bits.store(value.to_bits(), Ordering::Relaxed);
        }
    }

    /// Adds to the value; an absent one counts as zero.
    #[inline]
    pub fn add(&self, amount: f64) {
        if let Some(bits) = self.bits() {
            let add = |bits| Some((finite(bits).unwrap_or(0.0) + amount).to_bits());
            // The closure never answers `None`, so the update cannot fail.
            let _ = bits.fetch_update(Ordering::Relaxed, Ordering::Relaxed, add);
        }
    }

    /// The value, when one was set.
    pub fn get(&self) -> Option<f64> {
        finite(self.bits()?.load(Ordering::Relaxed))
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

#[cfg(all(test, not(feature = "off")))]
mod tests {
    use super::*;

    #[test]
    fn a_counter_stops_at_the_top() {
        for shards in [0, 64] {
            let counter = Counter::new(shards);
            counter.add(u64::MAX);
            counter.add(5);
            counter.increment();
            assert_eq!(counter.get(), u64::MAX);
        }
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
