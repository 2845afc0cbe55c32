//! Handles that record whole numbers.

use std::fmt;
use std::sync::Arc;

use crate::ENABLED;
use crate::series::Series;

/// A handle to one named histogram of whole numbers, such as bytes or tokens; what they count is said by
/// [`Recorder::describe`](crate::Recorder::describe). Clones record into the same one.
#[derive(Clone)]
pub struct Histogram(Option<Arc<Series>>);

impl Histogram {
    pub(crate) fn new(series: Series) -> Self {
        Self(Some(Arc::new(series)))
    }

    /// Of a recorder that is disabled.
    pub(crate) const DISABLED: Self = Self(None);

    #[inline]
    pub(crate) fn series(&self) -> Option<&Series> {
        if ENABLED { self.0.as_deref() } else { None }
    }

    /// Records one value, of the whole range. O(1).
    #[inline]
    pub fn record(&self, value: u64) {
        if let Some(series) = self.series() {
            series.record(value);
        }
    }

    /// Records the same value `n` times. O(1).
    #[inline]
    pub fn record_n(&self, value: u64, n: u64) {
        if let Some(series) = self.series() {
            series.record_n(value, n);
        }
    }

    /// Forgets what was recorded. Values recorded by other threads meanwhile may stay.
    pub fn clear(&self) {
        if let Some(series) = self.series() {
            series.clear();
        }
    }
}

impl fmt::Debug for Histogram {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Histogram").finish_non_exhaustive()
    }
}
