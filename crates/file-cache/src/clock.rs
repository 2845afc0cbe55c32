//! The clock behind everything that has a time to live.

use std::fmt::Debug;
use std::time::{Duration, Instant};

/// Tells the time to a cache, as a duration since some fixed moment. It must not go back.
///
/// The answers of a cache depend on it only where a time to live was asked for.
pub trait Clock: Debug + Send + Sync {
    /// The time since the moment that this clock counts from.
    fn now(&self) -> Duration;
}

/// The monotonic clock of the system, since it was made.
#[derive(Debug, Clone, Copy)]
pub struct SystemClock(Instant);

impl Default for SystemClock {
    fn default() -> Self {
        Self(Instant::now())
    }
}

impl Clock for SystemClock {
    fn now(&self) -> Duration {
        self.0.elapsed()
    }
}
