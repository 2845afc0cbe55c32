//! The clock of the guards.

use std::time::Duration;

/// When something began, by the monotonic clock.
///
/// On Linux it is a count of nanoseconds: `Instant` keeps seconds and the rest apart and checks both at each
/// reading and each subtraction, which together is some 2 % of what two readings take.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Started(Reading);

#[cfg(target_os = "linux")]
type Reading = u64;
#[cfg(not(target_os = "linux"))]
type Reading = std::time::Instant;

#[cfg(target_os = "linux")]
impl Started {
    #[inline]
    pub(crate) fn now() -> Self {
        let now = rustix::time::clock_gettime(rustix::time::ClockId::Monotonic);
        // Counts from when the system started, so neither is negative, and `u64` lasts for 584 years.
        Self(now.tv_sec as u64 * 1_000_000_000 + now.tv_nsec as u64)
    }

    /// How many nanoseconds ago; 0 should the clock go backwards.
    #[inline]
    pub(crate) fn nanos(self) -> u64 {
        Self::now().0.saturating_sub(self.0)
    }
}

#[cfg(not(target_os = "linux"))]
impl Started {
    #[inline]
    pub(crate) fn now() -> Self {
        Self(std::time::Instant::now())
    }

    /// How many nanoseconds ago; 0 should the clock go backwards.
    #[inline]
    pub(crate) fn nanos(self) -> u64 {
        u64::try_from(self.0.elapsed().as_nanos()).unwrap_or(u64::MAX)
    }
}

impl Started {
    pub(crate) fn elapsed(self) -> Duration {
        Duration::from_nanos(self.nanos())
    }
}
