//! The clock behind every time to live.

use std::fmt::Debug;
use std::time::Duration;

/// Tells the time to a store, as a duration since some fixed moment.
///
/// It must not go back, and steps of the wall clock must not move it: then they neither end an entry early nor keep
/// one for ever. It is asked only where an entry has a time to live.
pub trait Clock: Debug + Send + Sync {
    /// The time since the moment that this clock counts from.
    fn now(&self) -> Duration;
}

/// The monotonic clock of the system. On Linux it is the coarse one, which costs a fifth and lags by at most
/// a tick (1 to 10 ms).
#[derive(Debug, Clone, Copy)]
pub struct SystemClock {
    #[cfg(not(target_os = "linux"))]
    start: std::time::Instant,
}

#[allow(clippy::derivable_impls, reason = "elsewhere there is a field")]
impl Default for SystemClock {
    fn default() -> Self {
        Self {
            #[cfg(not(target_os = "linux"))]
            start: std::time::Instant::now(),
        }
    }
}

impl Clock for SystemClock {
    #[cfg(target_os = "linux")]
    #[inline]
    fn now(&self) -> Duration {
        let now = rustix::time::clock_gettime(rustix::time::ClockId::MonotonicCoarse);
        Duration::new(now.tv_sec as u64, now.tv_nsec as u32)
    }

    #[cfg(not(target_os = "linux"))]
    fn now(&self) -> Duration {
        self.start.elapsed()
    }
}
