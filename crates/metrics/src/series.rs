//! One series of values: a cell for each thread that records, and one that the others share.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use crate::cell::{Cell, Merged};
use crate::chunk::{Budget, add};
use crate::distribution::Distribution;
use crate::packed::Packer;
use crate::shard::{self, Padded, lock};
use crate::sync::Ordering::Relaxed;
use crate::sync::{AtomicU64, Mutex};
use crate::unit::Unit;

/// What a timer or a histogram points at.
pub(crate) struct Series {
    /// The cell of the thread with this number, and at the end the one that all others share.
    cells: Box<[OnceLock<Box<Cell>>]>,
    /// Whoever holds it is the one writer of the last cell.
    shared: Mutex<()>,
    budget: Arc<Budget>,
    /// What had been recorded when the series was cleared: it is subtracted from then on.
    base: Mutex<Option<Distribution>>,
}

impl Series {
    /// The threads numbered less than `shards` get cells of their own.
    pub(crate) fn new(shards: usize, budget: &Arc<Budget>) -> Self {
        Self {
            cells: (0..=shards).map(|_| OnceLock::new()).collect(),
            shared: Mutex::new(()),
            budget: Arc::clone(budget),
            base: Mutex::new(None),
        }
    }

    /// O(1).
    #[inline]
    pub(crate) fn record(&self, value: u64) {
        self.write(|cell| cell.record(value, &self.budget));
    }

    /// The same value `n` times. O(1).
    pub(crate) fn record_n(&self, value: u64, n: u64) {
        self.write(|cell| cell.record_n(value, n, &self.budget));
    }

    /// In nanoseconds; what is beyond `u64` is clamped. O(1).
    #[inline]
    pub(crate) fn record_duration(&self, duration: Duration) {
        const SECOND: u64 = 1_000_000_000;
        // A multiplication of 64 bits instead of 128, for all that lasts less than 584 years.
        if duration.as_secs() < u64::MAX / SECOND {
            self.record(duration.as_secs() * SECOND + u64::from(duration.subsec_nanos()));
        } else {
            self.record_years(duration);
        }
    }

    #[cold]
    #[inline(never)]
    fn record_years(&self, duration: Duration) {
        match u64::try_from(duration.as_nanos()) {
            Ok(nanos) => self.record(nanos),
            Err(_) => self.record_clamped(u64::MAX),
        }
    }

    /// The nearest value to one that is out of range.
    #[cold]
    #[inline(never)]
    pub(crate) fn record_clamped(&self, nearest: u64) {
        self.write(|cell| {
            cell.clamp();
            cell.record(nearest, &self.budget);
        });
    }

    /// `value`, and what those would have recorded that had to wait for it: one every `interval`.
    /// O(buckets up to the value).
    pub(crate) fn record_paced(&self, value: u64, interval: u64) {
        self.record(value);
        let Some(missing) = value.checked_sub(interval).filter(|_| interval > 0) else {
            return;
        };
        if missing >= interval {
            let least = interval + value % interval;
            self.write(|cell| cell.record_steps(missing, least, interval, &self.budget));
        }
    }

    /// Hands the one cell out that this thread may write.
    #[inline]
    fn write(&self, write: impl FnOnce(&Cell)) {
        let own = shard::current();
        if own < self.cells.len() - 1
            && let Some(cell) = self.cells[own].get()
        {
            write(cell);
        } else {
            self.write_rarely(write);
        }
    }

    #[cold]
    #[inline(never)]
    fn write_rarely(&self, write: impl FnOnce(&Cell)) {
        let (own, last) = (shard::assigned(), self.cells.len() - 1);
        if own < last {
            write(self.cells[own].get_or_init(Box::default));
        } else {
            let _only_writer = lock(&self.shared);
            write(self.cells[last].get_or_init(Box::default));
        }
    }

    /// What was recorded since the series was cleared; `None` when nothing was.
    pub(crate) fn distribution(&self, unit: Unit, packer: &mut Packer) -> Option<Distribution> {
        let base = lock(&self.base).clone();
        let all = self.all(unit, packer)?;
        let rest = match base {
            Some(base) => all.since(&base),
            None => all,
        };
        Some(rest).filter(|it| !it.is_empty())
    }

    /// What was ever recorded, whether cleared since or not; `None` when nothing was.
    /// O(buckets that are not empty × cells).
    pub(crate) fn all(&self, unit: Unit, packer: &mut Packer) -> Option<Distribution> {
        let cells: Vec<&Cell> = self
            .cells
            .iter()
            .filter_map(OnceLock::get)
            .map(|it| &**it)
            .collect();
        let all = Merged::of(&cells, packer);
        let ends = (all.min, all.max);
        (all.counts.len() > 0).then(|| {
            Distribution::from_counts(unit, all.counts, all.sum, ends, all.clamped)
                .with_coarse(all.coarse)
        })
    }

    /// Forgets what was recorded so far.
    pub(crate) fn clear(&self) {
        let mut base = lock(&self.base);
        *base = self.all(Unit::Count, &mut Packer::default());
    }
}

/// What a counter points at: the count of the thread with this number, and at the end the one that all
/// others share.
pub(crate) struct Counts(Box<[Padded<AtomicU64>]>);

impl Counts {
    pub(crate) fn new(shards: usize) -> Self {
        Self((0..=shards).map(|_| Padded(AtomicU64::new(0))).collect())
    }

    /// O(1).
    #[inline]
    pub(crate) fn add(&self, amount: u64) {
        let own = shard::current();
        if own < self.0.len() - 1 {
            add(&self.0[own].0, amount);
        } else {
            self.add_rarely(amount);
        }
    }

    #[cold]
    #[inline(never)]
    fn add_rarely(&self, amount: u64) {
        let (own, last) = (shard::assigned(), self.0.len() - 1);
        if own < last {
            add(&self.0[own].0, amount);
        } else {
            let more = |count: u64| Some(count.saturating_add(amount));
            // The closure never answers `None`, so the update cannot fail.
            let _ = self.0[last].0.fetch_update(Relaxed, Relaxed, more);
        }
    }

    /// O(cells).
    pub(crate) fn get(&self) -> u64 {
        let cells = self.0.iter();
        let counts = cells.map(|it| it.0.load(Relaxed));
        counts.fold(0, u64::saturating_add)
    }
}

#[cfg(all(test, not(shuttle)))]
mod tests {
    use std::thread;

    use super::*;

    /// Calls with the numbers of two threads that live at a time, so that one of them is not 0, and with as
    /// many cells as bring the thread on either side of the border.
    fn with_numbers(test: impl Fn(usize, usize) + Sync) {
        let test = || {
            let own = shard::assigned();
            (own.saturating_sub(1)..=own + 1).for_each(|shards| test(own, shards));
        };
        test();
        thread::scope(|scope| {
            scope.spawn(test);
        });
    }

    #[test]
    fn a_cell_that_threads_share_is_written_by_whoever_holds_the_lock() {
        with_numbers(|own, shards| {
            let series = Series::new(shards, &Arc::new(Budget::new(usize::MAX)));
            // The second time the cell is there.
            for _ in 0..2 {
                series.write(|_| {
                    let is_locked = series.shared.try_lock().is_err();
                    assert_eq!(is_locked, own >= shards, "{own} of {shards}");
                });
            }
            let made = (0..=shards).filter(|&at| series.cells[at].get().is_some());
            assert_eq!(made.collect::<Vec<_>>(), [own.min(shards)]);
        });
    }

    #[test]
    fn a_thread_counts_where_its_number_says() {
        with_numbers(|own, shards| {
            let counts = Counts::new(shards);
            counts.add(2);
            counts.add(3);
            let found = (0..=shards).map(|at| counts.0[at].0.load(Relaxed));
            let expect = (0..=shards).map(|at| if at == own.min(shards) { 5 } else { 0 });
            assert!(found.eq(expect), "{own} of {shards}");
        });
    }
}
