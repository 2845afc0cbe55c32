//! Counters.

use crate::resident::Ledger;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

/// What a [`FileCache`](crate::FileCache) did so far.
///
/// Each path asked for ends in exactly one of four ways, so that always `requests == hits + misses` and
/// `misses == loads + coalesced + errors`. Further, `hits` is the sum of the four kinds of hits, `stale` that of the
/// three reasons, and of `loads` those are not kept that are `skipped`, `unsettled` or `racy`. Paths of a batch that was
/// cancelled before they were begun are not counted at all.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Stats {
    /// Paths asked for.
    pub requests: u64,
    /// Requests served from memory.
    pub hits: u64,
    /// Hits that one `stat` each has validated.
    pub hits_validated: u64,
    /// Hits that were proven by a look into the queue of notifications.
    pub hits_proven: u64,
    /// Hits about which nobody was asked: pinned, or within their time to live.
    pub hits_unasked: u64,
    /// Further places of a path within one batch, and further tasks that shared one look at it.
    pub hits_repeated: u64,
    /// Requests that were not hits.
    pub misses: u64,
    /// Misses whose thread read the file from disk, whether it was kept or not.
    pub loads: u64,
    /// Misses served by a load of another thread that was under way.
    pub coalesced: u64,
    /// Misses that ended in an error.
    pub errors: u64,
    /// Errors given out again without asking the file system.
    pub errors_remembered: u64,
    /// Loads that were not kept because the file is too large for the cache, or was streamed.
    pub skipped: u64,
    /// Of those skipped, the files that were [streamed](crate::FileCache::stream) from disk.
    pub streamed: u64,
    /// Loads that were not kept because the file changed while it was read, or does not tell its true size.
    pub unsettled: u64,
    /// Loads that were not kept because the file had changed so shortly before that a further change might have left no
    /// trace.
    pub racy: u64,
    /// Entries found to be out of date, and replaced or dropped.
    pub stale: u64,
    /// Stale entries whose file was written to, or whose metadata were changed.
    pub stale_changed: u64,
    /// Stale entries whose path led to another file.
    pub stale_replaced: u64,
    /// Stale entries whose path led to no file that can be read.
    pub stale_vanished: u64,
    /// Entries dropped by [`invalidate`](crate::FileCache::invalidate) or [`clear`](crate::FileCache::clear).
    pub invalidated: u64,
    /// Entries dropped to stay within the bounds.
    pub evictions: u64,
    /// Bytes read from disk, including those that were read anew because the file was changing.
    pub bytes_loaded: u64,
    /// Bytes handed out.
    pub bytes_served: u64,
    /// Hits on files which the same run had asked for before (see
    /// [`begin_run`](crate::FileCache::begin_run)).
    pub redundant_reads_avoided: u64,
    /// Loads of files which the same run had loaded before in the same state: they were evicted, skipped or
    /// dropped in between. Counted for the first 262,144 paths of a run.
    pub redundant_reads: u64,
    /// Distinct paths that the current run has loaded, up to 262,144: what a cache would have to hold to load nothing
    /// twice.
    pub run_paths: u64,
    /// Times that a read had to wait for a file descriptor.
    pub descriptor_waits: u64,
    /// Batches that read at least one file from disk, and how many files.
    pub batches: u64,
    /// Files that those batches read from disk.
    pub batch_loads: u64,
    /// Time that those batches took, hits included.
    pub batch_time: Duration,
    /// Files, directories and links watched now; 0 where nothing was ever to be watched.
    pub watches: u64,
    /// Times that notifications were lost, so that every watched file had to be validated.
    pub watch_losses: u64,
    /// Entries held now.
    pub resident_entries: u64,
    /// Bytes held now, overhead included.
    pub resident_bytes: u64,
}

impl Stats {
    /// Hits per request, 0 to 1; `None` when nothing was asked.
    #[must_use]
    pub fn hit_rate(&self) -> Option<f64> {
        self.per_request(self.hits)
    }

    /// `count` per request; `None` when nothing was asked.
    pub(crate) fn per_request(&self, count: u64) -> Option<f64> {
        (self.requests > 0).then(|| count as f64 / self.requests as f64)
    }

    /// What happened since `earlier`, a snapshot of the same cache. What is held now stays as it is.
    #[must_use]
    pub fn since(&self, earlier: &Self) -> Self {
        let mut since = self.clone();
        let counters = since
            .counters_mut()
            .into_iter()
            .zip(earlier.clone().counters_mut().map(|it| *it));
        counters.for_each(|(now, before)| *now = now.saturating_sub(before));
        since.batch_time = self.batch_time.saturating_sub(earlier.batch_time);
        since
    }

    /// All that only grows.
    fn counters_mut(&mut self) -> [&mut u64; 29] {
        [
            &mut self.requests,
            &mut self.hits,
            &mut self.hits_validated,
            &mut self.hits_proven,
            &mut self.hits_unasked,
            &mut self.hits_repeated,
            &mut self.misses,
            &mut self.loads,
            &mut self.coalesced,
            &mut self.errors,
            &mut self.errors_remembered,
            &mut self.skipped,
            &mut self.streamed,
            &mut self.unsettled,
            &mut self.racy,
            &mut self.stale,
            &mut self.stale_changed,
            &mut self.stale_replaced,
            &mut self.stale_vanished,
            &mut self.invalidated,
            &mut self.evictions,
            &mut self.bytes_loaded,
            &mut self.bytes_served,
            &mut self.redundant_reads_avoided,
            &mut self.redundant_reads,
            &mut self.descriptor_waits,
            &mut self.batches,
            &mut self.batch_loads,
            &mut self.watch_losses,
        ]
    }
}

/// Why a hit counts as fresh.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum How {
    Validated,
    Proven,
    Unasked,
    Repeated,
}

/// Hits of one call, or of one stripe.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    hits: [u64; 4],
    bytes_served: u64,
    redundant_reads_avoided: u64,
}

/// What reads add to. A thread has one of its own, as long as there are enough, on cache lines of its own: a hit then
/// writes to no line that another processor reads, and needs no locked instruction.
#[derive(Debug, Default)]
#[repr(align(128))]
pub(crate) struct Stripe {
    hits: [AtomicU64; 4],
    redundant_reads_avoided: AtomicU64,
    bytes_served: AtomicU64,
    loads: AtomicU64,
    bytes_loaded: AtomicU64,
}

const STRIPES: usize = 32;

/// The counters behind [`Stats`] that no lock protects. Sums are not counted, so that a hit pays for none.
#[derive(Debug, Default)]
pub(crate) struct Counters {
    stripes: [Stripe; STRIPES],
    /// For threads without a stripe of their own.
    shared: Stripe,
    pub(crate) coalesced: AtomicU64,
    pub(crate) errors: AtomicU64,
    pub(crate) errors_remembered: AtomicU64,
    pub(crate) skipped: AtomicU64,
    pub(crate) streamed: AtomicU64,
    pub(crate) unsettled: AtomicU64,
    pub(crate) racy: AtomicU64,
    pub(crate) redundant_reads: AtomicU64,
    pub(crate) descriptor_waits: AtomicU64,
    pub(crate) batches: AtomicU64,
    pub(crate) batch_loads: AtomicU64,
    pub(crate) batch_nanoseconds: AtomicU64,
}

/// Adds to a counter that orders nothing.
#[inline]
pub(crate) fn add(counter: &AtomicU64, amount: u64) {
    counter.fetch_add(amount, Relaxed);
}

impl Tally {
    #[inline]
    pub(crate) fn hit(&mut self, how: How, bytes: usize, is_redundant: bool) {
        self.hits[how as usize] += 1;
        self.bytes_served += bytes as u64;
        self.redundant_reads_avoided += u64::from(is_redundant);
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.hits == [0; 4]
    }
}

impl Counters {
    #[inline]
    pub(crate) fn hit(&self, how: How, bytes: usize, is_redundant: bool) {
        self.count(|stripe, add| {
            add(&stripe.hits[how as usize], 1);
            add(&stripe.bytes_served, bytes as u64);
            if is_redundant {
                add(&stripe.redundant_reads_avoided, 1);
            }
        });
    }

    pub(crate) fn hits(&self, tally: &Tally) {
        if tally.is_empty() {
            return;
        }
        self.count(|stripe, add| {
            stripe
                .hits
                .iter()
                .zip(tally.hits)
                .for_each(|(counter, amount)| add(counter, amount));
            add(&stripe.bytes_served, tally.bytes_served);
            add(
                &stripe.redundant_reads_avoided,
                tally.redundant_reads_avoided,
            );
        });
    }

    pub(crate) fn load(&self) {
        self.count(|stripe, add| add(&stripe.loads, 1));
    }

    pub(crate) fn served(&self, bytes: usize) {
        self.count(|stripe, add| add(&stripe.bytes_served, bytes as u64));
    }

    pub(crate) fn loaded(&self, bytes: u64) {
        self.count(|stripe, add| add(&stripe.bytes_loaded, bytes));
    }

    /// Proven hits of all threads.
    pub(crate) fn proven(&self) -> u64 {
        let of = |stripe: &Stripe| stripe.hits[How::Proven as usize].load(Relaxed);
        self.all().map(of).sum()
    }

    /// Loads of all threads.
    pub(crate) fn loads(&self) -> u64 {
        self.all().map(|stripe| stripe.loads.load(Relaxed)).sum()
    }

    #[inline]
    fn count(&self, each: impl FnOnce(&Stripe, fn(&AtomicU64, u64))) {
        match seat::of_this_thread() {
            Some(seat) => each(&self.stripes[seat], add_alone),
            None => each(&self.shared, add),
        }
    }

    fn all(&self) -> impl Iterator<Item = &Stripe> {
        self.stripes.iter().chain([&self.shared])
    }

    pub(crate) fn snapshot(&self, ledger: Ledger) -> Stats {
        let get = |counter: &AtomicU64| counter.load(Relaxed);
        let of_stripes = |counter: fn(&Stripe) -> &AtomicU64| -> u64 {
            self.all().map(|stripe| get(counter(stripe))).sum()
        };
        let hits_validated = of_stripes(|stripe| &stripe.hits[How::Validated as usize]);
        let hits_proven = of_stripes(|stripe| &stripe.hits[How::Proven as usize]);
        let hits_unasked = of_stripes(|stripe| &stripe.hits[How::Unasked as usize]);
        let hits_repeated = of_stripes(|stripe| &stripe.hits[How::Repeated as usize]);
        let hits = hits_validated + hits_proven + hits_unasked + hits_repeated;
        let (loads, coalesced, errors) = (self.loads(), get(&self.coalesced), get(&self.errors));
        let misses = loads + coalesced + errors;
        Stats {
            requests: hits + misses,
            hits,
            hits_validated,
            hits_proven,
            hits_unasked,
            hits_repeated,
            misses,
            loads,
            coalesced,
            errors,
            errors_remembered: get(&self.errors_remembered),
            skipped: get(&self.skipped),
            streamed: get(&self.streamed),
            unsettled: get(&self.unsettled),
            racy: get(&self.racy),
            stale: ledger.changed + ledger.replaced + ledger.vanished,
            stale_changed: ledger.changed,
            stale_replaced: ledger.replaced,
            stale_vanished: ledger.vanished,
            invalidated: ledger.invalidated,
            evictions: ledger.evictions,
            bytes_loaded: of_stripes(|stripe| &stripe.bytes_loaded),
            bytes_served: of_stripes(|stripe| &stripe.bytes_served),
            redundant_reads_avoided: of_stripes(|stripe| &stripe.redundant_reads_avoided),
            redundant_reads: get(&self.redundant_reads),
            descriptor_waits: get(&self.descriptor_waits),
            batches: get(&self.batches),
            batch_loads: get(&self.batch_loads),
            batch_time: Duration::from_nanos(get(&self.batch_nanoseconds)),
            resident_entries: ledger.entries,
            resident_bytes: ledger.bytes,
            ..Stats::default()
        }
    }
}

/// Adds to a counter that only this thread writes to.
#[inline]
fn add_alone(counter: &AtomicU64, amount: u64) {
    counter.store(counter.load(Relaxed) + amount, Relaxed);
}

/// Numbers that tell living threads apart. Which one a thread has is of no account to anybody.
mod seat {
    use super::STRIPES;
    use std::sync::{Mutex, PoisonError};

    static TAKEN: Mutex<u32> = Mutex::new(0);

    /// A number that no other living thread has, given back when the thread ends.
    struct Seat(Option<usize>);

    thread_local! {
        static SEAT: Seat = Seat::take();
    }

    impl Seat {
        fn take() -> Self {
            const { assert!(STRIPES == u32::BITS as usize) };
            let mut taken = TAKEN.lock().unwrap_or_else(PoisonError::into_inner);
            let free = taken.trailing_ones() as usize;
            let seat = (free < STRIPES).then_some(free);
            if let Some(seat) = seat {
                *taken |= 1 << seat;
            }
            Self(seat)
        }
    }

    impl Drop for Seat {
        fn drop(&mut self) {
            if let Some(seat) = self.0 {
                *TAKEN.lock().unwrap_or_else(PoisonError::into_inner) &= !(1 << seat);
            }
        }
    }

    /// `None` when there are more threads than numbers, and while the thread ends.
    #[inline]
    pub(super) fn of_this_thread() -> Option<usize> {
        SEAT.try_with(|seat| seat.0).ok().flatten()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::thread;

    #[test]
    fn no_count_is_lost_however_many_threads_come_and_go() {
        let counters = Counters::default();
        for _ in 0..4 {
            thread::scope(|scope| {
                for _ in 0..2 * STRIPES {
                    scope.spawn(|| (0..1_000).for_each(|_| counters.hit(How::Proven, 3, true)));
                }
            });
        }
        let stats = counters.snapshot(Ledger::default());
        let hits = 4 * 2 * STRIPES as u64 * 1_000;
        assert_eq!(
            (
                stats.hits_proven,
                stats.bytes_served,
                stats.redundant_reads_avoided
            ),
            (hits, 3 * hits, hits)
        );
    }
}
