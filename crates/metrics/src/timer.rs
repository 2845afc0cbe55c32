//! Handles that record durations.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::ENABLED;
use crate::clock::Started;
use crate::distribution::Distribution;
use crate::packed::Packer;
use crate::series::Series;
use crate::unit::Unit;

/// The longest duration that is recorded as it is: `u64::MAX` nanoseconds, 584 years. Longer ones are
/// recorded as this and counted as clamped.
pub const LONGEST: Duration = Duration::from_nanos(u64::MAX);

/// A handle to one named timer. Clones record into the same histogram.
#[derive(Clone)]
pub struct Timer(Option<Arc<Series>>);

impl Timer {
    pub(crate) fn new(series: Series) -> Self {
        Self(Some(Arc::new(series)))
    }

    /// Of a recorder that is disabled.
    pub(crate) const DISABLED: Self = Self(None);

    #[inline]
    pub(crate) fn series(&self) -> Option<&Series> {
        if ENABLED { self.0.as_deref() } else { None }
    }

    /// Records one duration, whatever its length. O(1).
    #[inline]
    pub fn record(&self, duration: Duration) {
        if let Some(series) = self.series() {
            series.record_duration(duration);
        }
    }

    /// Records the time from `start` to `end`. An end before its start is recorded as zero and counted
    /// as clamped.
    #[inline]
    pub fn record_between(&self, start: Instant, end: Instant) {
        if let Some(series) = self.series() {
            match end.checked_duration_since(start) {
                Some(duration) => series.record_duration(duration),
                None => series.record_clamped(0),
            }
        }
    }

    /// Records a duration of something that was to happen every `interval`, and what those that had to
    /// wait for it would have measured: `duration - interval`, `duration - 2·interval` and so on down to
    /// one interval. Without them a stall counts once, however many requests it held up (coordinated
    /// omission).
    ///
    /// The values are those of HdrHistogram's `recordValueWithExpectedInterval`, in O(buckets up to the
    /// duration) instead of O(duration / interval). An interval of zero is the same as
    /// [`Self::record`].
    pub fn record_paced(&self, duration: Duration, interval: Duration) {
        let Some(series) = self.series() else { return };
        let Ok(nanos) = u64::try_from(duration.as_nanos()) else {
            return series.record_clamped(u64::MAX);
        };
        let interval = u64::try_from(interval.as_nanos()).unwrap_or(u64::MAX);
        series.record_paced(nanos, interval);
    }

    /// Starts the clock (the monotonic one). The guard owns its handle, so it may outlive this one
    /// and move into a task; in a hot loop, [`Self::scope`] is cheaper.
    #[inline]
    pub fn start(&self) -> TimerGuard {
        let timer = if ENABLED {
            self.clone()
        } else {
            Self::DISABLED
        };
        let started = timer.series().map(|_| Started::now());
        TimerGuard { timer, started }
    }

    /// Starts the clock. The guard borrows this handle: it spares two changes of a reference count that
    /// all threads share.
    #[inline]
    pub fn scope(&self) -> TimerScope<'_> {
        TimerScope {
            running: self.series().map(|series| (series, Started::now())),
        }
    }

    /// Runs `work` and records how long it took, also when it panics.
    #[inline]
    pub fn time_fn<T>(&self, work: impl FnOnce() -> T) -> T {
        let _scope = self.scope();
        work()
    }

    /// Awaits `work` and records how long it took, from the first poll on.
    ///
    /// A future dropped before it finished (a timeout, a cancellation) is recorded as well: that
    /// time was spent, and leaving out what was given up would flatter the high percentiles. A
    /// future never polled records nothing.
    pub async fn time<F: Future>(&self, work: F) -> F::Output {
        let _scope = self.scope();
        work.await
    }

    /// The numbers of this timer alone; `None` when nothing was recorded.
    pub fn summary(&self) -> Option<TimerSummary> {
        self.distribution()?.durations()
    }

    /// All that was recorded; `None` when nothing was.
    pub fn distribution(&self) -> Option<Distribution> {
        self.series()?
            .distribution(Unit::Seconds, &mut Packer::default())
    }

    /// Forgets what was recorded. Values recorded by other threads meanwhile may stay; from then on min
    /// and max are known within 0.1 %, and no memory is given back.
    pub fn clear(&self) {
        if let Some(series) = self.series() {
            series.clear();
        }
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
    /// `None` once it has ended, and with a disabled recorder.
    started: Option<Started>,
}

impl TimerGuard {
    /// Records now, and tells what was recorded; `None` with a disabled recorder, which reads no
    /// clock.
    pub fn stop(mut self) -> Option<Duration> {
        let elapsed = self.elapsed()?;
        self.started = None;
        self.timer.record(elapsed);
        Some(elapsed)
    }

    /// Records nothing.
    pub fn discard(mut self) {
        self.started = None;
    }

    /// The time since the start, so far.
    pub fn elapsed(&self) -> Option<Duration> {
        Some(self.started?.elapsed())
    }
}

impl Drop for TimerGuard {
    #[inline]
    fn drop(&mut self) {
        if let (Some(series), Some(started)) = (self.timer.series(), self.started) {
            series.record(started.nanos());
        }
    }
}

/// Records the time since [`Timer::scope`] when dropped, as a [`TimerGuard`] does.
#[must_use = "a guard dropped at once records almost nothing"]
pub struct TimerScope<'a> {
    /// `None` once it has ended, and with a disabled recorder.
    running: Option<(&'a Series, Started)>,
}

impl TimerScope<'_> {
    /// Records now, and tells what was recorded; `None` with a disabled recorder, which reads no
    /// clock.
    #[inline]
    pub fn stop(mut self) -> Option<Duration> {
        let (series, started) = self.running.take()?;
        let elapsed = started.elapsed();
        series.record_duration(elapsed);
        Some(elapsed)
    }

    /// Records nothing.
    #[inline]
    pub fn discard(mut self) {
        self.running = None;
    }

    /// The time since the start, so far.
    pub fn elapsed(&self) -> Option<Duration> {
        Some(self.running?.1.elapsed())
    }
}

impl Drop for TimerScope<'_> {
    #[inline]
    fn drop(&mut self) {
        if ENABLED && let Some((series, started)) = self.running {
            series.record(started.nanos());
        }
    }
}

impl fmt::Debug for TimerScope<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let started = self.running.map(|(_, started)| started);
        f.debug_struct("TimerScope")
            .field("started", &started)
            .finish_non_exhaustive()
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
    /// How many were out of range and recorded as the nearest duration in it: longer than
    /// [`LONGEST`], or ended before they started.
    pub saturated: u64,
}
