//! Counters.

use crate::resident::Ledger;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// What a [`FileCache`](crate::FileCache) did so far.
///
/// Each path asked for ends in exactly one of four ways, so that always
/// `requests == hits + misses` and `misses == loads + coalesced + errors`. Paths of a batch that was cancelled
/// before they were begun are not counted at all.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Stats {
    /// Paths asked for.
    pub requests: u64,
    /// Requests served from memory: validated entries, and repetitions of a path within one batch.
    pub hits: u64,
    /// Requests that were not hits.
    pub misses: u64,
    /// Misses whose thread read the file from disk, whether it was kept or not.
    pub loads: u64,
    /// Misses served by a load of another thread that was under way.
    pub coalesced: u64,
    /// Misses that ended in an error.
    pub errors: u64,
    /// Loads that were not kept because the file is too large for the cache.
    pub skipped: u64,
    /// Loads that were not kept because the file changed while it was read, or does not tell its true size.
    pub unsettled: u64,
    /// Entries found to be out of date, and replaced or dropped.
    pub stale: u64,
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
    /// Entries held now.
    pub resident_entries: u64,
    /// Bytes held now, overhead included.
    pub resident_bytes: u64,
}

impl Stats {
    /// Hits per request, 0 to 1; `None` when nothing was asked.
    #[must_use]
    pub fn hit_rate(&self) -> Option<f64> {
        (self.requests > 0).then(|| self.hits as f64 / self.requests as f64)
    }

    /// What happened since `earlier`, a snapshot of the same cache. What is held now stays as it is.
    #[must_use]
    pub fn since(&self, earlier: &Self) -> Self {
        Self {
            requests: self.requests.saturating_sub(earlier.requests),
            hits: self.hits.saturating_sub(earlier.hits),
            misses: self.misses.saturating_sub(earlier.misses),
            loads: self.loads.saturating_sub(earlier.loads),
            coalesced: self.coalesced.saturating_sub(earlier.coalesced),
            errors: self.errors.saturating_sub(earlier.errors),
            skipped: self.skipped.saturating_sub(earlier.skipped),
            unsettled: self.unsettled.saturating_sub(earlier.unsettled),
            stale: self.stale.saturating_sub(earlier.stale),
            evictions: self.evictions.saturating_sub(earlier.evictions),
            bytes_loaded: self.bytes_loaded.saturating_sub(earlier.bytes_loaded),
            bytes_served: self.bytes_served.saturating_sub(earlier.bytes_served),
            redundant_reads_avoided: self
                .redundant_reads_avoided
                .saturating_sub(earlier.redundant_reads_avoided),
            redundant_reads: self.redundant_reads.saturating_sub(earlier.redundant_reads),
            resident_entries: self.resident_entries,
            resident_bytes: self.resident_bytes,
        }
    }
}

/// The counters behind [`Stats`] that no lock protects. `requests` and `misses` are sums, so a hit pays for
/// neither.
#[derive(Debug, Default)]
pub(crate) struct Counters {
    pub(crate) hits: AtomicU64,
    pub(crate) loads: AtomicU64,
    pub(crate) coalesced: AtomicU64,
    pub(crate) errors: AtomicU64,
    pub(crate) skipped: AtomicU64,
    pub(crate) unsettled: AtomicU64,
    pub(crate) bytes_loaded: AtomicU64,
    pub(crate) bytes_served: AtomicU64,
    pub(crate) redundant_reads_avoided: AtomicU64,
    pub(crate) redundant_reads: AtomicU64,
}

/// Adds to a counter that orders nothing.
pub(crate) fn add(counter: &AtomicU64, amount: u64) {
    counter.fetch_add(amount, Relaxed);
}

impl Counters {
    pub(crate) fn snapshot(&self, ledger: Ledger) -> Stats {
        let get = |counter: &AtomicU64| counter.load(Relaxed);
        let (hits, loads) = (get(&self.hits), get(&self.loads));
        let (coalesced, errors) = (get(&self.coalesced), get(&self.errors));
        let misses = loads + coalesced + errors;
        Stats {
            requests: hits + misses,
            hits,
            misses,
            loads,
            coalesced,
            errors,
            skipped: get(&self.skipped),
            unsettled: get(&self.unsettled),
            stale: ledger.stale,
            evictions: ledger.evictions,
            bytes_loaded: get(&self.bytes_loaded),
            bytes_served: get(&self.bytes_served),
            redundant_reads_avoided: get(&self.redundant_reads_avoided),
            redundant_reads: get(&self.redundant_reads),
            resident_entries: ledger.entries,
            resident_bytes: ledger.bytes,
        }
    }
}
