//! What a store counts.

/// What happened in a store or in a namespace since it was made, and what it holds now.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Stats {
    /// Requests answered by an entry, be it empty.
    pub hits: u64,
    /// Requests for which there was no entry.
    pub misses: u64,
    /// Of the misses, those answered by a computation that somebody else had begun.
    pub coalesced: u64,
    /// Computations that yielded a value.
    pub loads: u64,
    /// Computations that failed, panicked or were dropped.
    pub load_failures: u64,
    /// Values put in, computed and preloaded ones included.
    pub inserts: u64,
    /// Of those, the ones not kept as they do not fit.
    pub refused: u64,
    /// Entries dropped at the end of their time to live.
    pub expirations: u64,
    /// Entries dropped to make room.
    pub evictions: u64,
    /// Entries removed by key, prefix, tag or file.
    pub invalidations: u64,
    /// Entries held now.
    pub entries: u64,
    /// Bytes held now, overhead included.
    pub bytes: u64,
}

impl Stats {
    /// Hits per request, 0 to 1; `None` when nothing was asked.
    #[must_use]
    pub fn hit_rate(&self) -> Option<f64> {
        let requests = self.hits + self.misses;
        (requests > 0).then(|| self.hits as f64 / requests as f64)
    }

    pub(crate) fn plus(self, other: Self) -> Self {
        Self {
            hits: self.hits + other.hits,
            misses: self.misses + other.misses,
            coalesced: self.coalesced + other.coalesced,
            loads: self.loads + other.loads,
            load_failures: self.load_failures + other.load_failures,
            inserts: self.inserts + other.inserts,
            refused: self.refused + other.refused,
            expirations: self.expirations + other.expirations,
            evictions: self.evictions + other.evictions,
            invalidations: self.invalidations + other.invalidations,
            entries: self.entries + other.entries,
            bytes: self.bytes + other.bytes,
        }
    }
}
