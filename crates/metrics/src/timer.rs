//! Handles that record durations.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::shard::TimerCell;

/// A handle to one named timer. Clones record into the same histogram.
#[derive(Clone)]
pub struct Timer(Arc<TimerCell>);

impl Timer {
    pub(crate) fn new(shards: usize) -> Self {
        Self(Arc::new(TimerCell::new(shards)))
    }

    /// Records one duration, whatever its length. O(1).
    #[inline]
    pub fn record(&self, duration: Duration) {
        self.0.record(duration);
    }

    /// Starts the clock (the monotonic one). The guard owns its handle, so it may outlive this one
    /// and move into a task.
    #[inline]
    pub fn start(&self) -> TimerGuard {
        TimerGuard {
            timer: self.clone(),
            started: Instant::now(),
            armed: true,
        }
    }

    /// Runs `work` and records how long it took, also when it panics.
    #[inline]
    pub fn time_fn<T>(&self, work: impl FnOnce() -> T) -> T {
        let _scope = Scope::start(self);
        work()
    }

    /// Awaits `work` and records how long it took, from the first poll on.
    ///
    /// A future dropped before it finished (a timeout, a cancellation) is recorded as well: that
    /// time was spent, and leaving out what was given up would flatter the high percentiles. A
    /// future never polled records nothing.
    pub async fn time<F: Future>(&self, work: F) -> F::Output {
        let _scope = Scope::start(self);
        work.await
    }

    /// The numbers of this timer alone; `None` when nothing was recorded.
    pub fn summary(&self) -> Option<TimerSummary> {
        self.0.summary()
    }

    /// All that was recorded; `None` when nothing was.
    pub(crate) fn distribution(&self) -> Option<crate::Distribution> {
        self.0.distribution()
    }

    /// Forgets what was recorded. Values recorded by other threads meanwhile may stay.
    pub fn clear(&self) {
        self.0.clear();
    }
}

impl fmt::Debug for Timer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Timer").finish_non_exhaustive()
    }
}

/// Records the time since [`Timer::start`] when dropped: at the end of a scope, on an early
/// return, while panicking, or when the future that holds it is dropped.
#[must_use = "a guard dropped at once records almost nothing"]
#[derive(Debug)]
pub struct TimerGuard {
    timer: Timer,
    started: Instant,
    armed: bool,
}

impl TimerGuard {
    /// Records now, and tells what was recorded.
    pub fn stop(mut self) -> Duration {
        self.armed = false;
        let elapsed = self.elapsed();
        self.timer.record(elapsed);
        elapsed
    }

    /// Records nothing.
    pub fn discard(mut self) {
        self.armed = false;
    }

    /// The time since the start, so far.
    pub fn elapsed(&self) -> Duration {
        self.started.elapsed()
    }
}

impl Drop for TimerGuard {
    #[inline]
    fn drop(&mut self) {
        if self.armed {
            self.timer.record(self.started.elapsed());
        }
    }
}

/// A guard that borrows: it spares two changes of the handle's shared reference count.
struct Scope<'a> {
    timer: &'a Timer,
    started: Instant,
}

impl<'a> Scope<'a> {
    #[inline]
    fn start(timer: &'a Timer) -> Self {
        let started = Instant::now();
        Self { timer, started }
    }
}

impl Drop for Scope<'_> {
    #[inline]
    fn drop(&mut self) {
        self.timer.record(self.started.elapsed());
    }
}

/// What one timer recorded; exists only if it recorded something.
///
/// Count, sum, mean, min and max are exact. A percentile is the value of rank ⌈p·n⌉ (the 19th of 20
/// for p95), at most 0.1 % above it, and never outside `min..=max`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct TimerSummary {
    /// How many durations.
    pub count: u64,
    /// All of them together.
    pub sum: Duration,
    /// The shortest.
    pub min: Duration,
    /// The longest.
    pub max: Duration,
    /// Sum by count, rounded down to a nanosecond.
    pub mean: Duration,
    /// The median.
    pub p50: Duration,
    /// 95 of 100 took at most this.
    pub p95: Duration,
    /// 99 of 100 took at most this.
    pub p99: Duration,
    /// 999 of 1,000 took at most this.
    pub p999: Duration,
    /// How many were longer than [`LONGEST`](crate::LONGEST). They count as that in the
    /// percentiles, or as `min` where that is longer still.
    pub saturated: u64,
}
