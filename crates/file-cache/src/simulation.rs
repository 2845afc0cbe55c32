//! The table without files: what a cache of other options would have hit.

use crate::resident::{Charged, Collect, ENTRY_OVERHEAD, Shares, table};
use crate::{Options, Source};
use quick_cache::sync::Cache;
use std::collections::hash_map::DefaultHasher;
use std::hash::BuildHasherDefault;

/// What a [`FileCache`](crate::FileCache) would hold and hit, by names and sizes alone: its table with the same bounds, shards,
/// weights and evictions, and no disk. For whoever kept a record of what was asked for, and wants to know how it had
/// gone with other [`Options`].
///
/// Freshness is not looked at: a file that is asked for with another size than it was held with has changed, any other has
/// not. Where there are several shards, which of them a file falls into depends on its number here, and on chance in
/// a cache: the fullest shard evicts first, so counts differ a little when a cache is nearly full. With one shard they are
/// the same.
///
/// ```
/// use autoexec_file_cache::{Options, Simulation, Source};
///
/// let mut options = Options::default();
/// options.max_entries = 2;
/// let mut cache = Simulation::new(&options, 1);
/// assert_eq!(cache.read(7, 20, 1_000), Source::Loaded);
/// assert_eq!(cache.read(7, 20, 1_000), Source::Hit);
/// assert_eq!(cache.read(7, 20, 1_001), Source::Loaded); // It has changed.
/// ```
pub struct Simulation {
    table: Cache<u64, Held, Shares, BuildHasherDefault<DefaultHasher>, Collect>,
    max_file_bytes: u64,
    entries: u64,
    bytes: u64,
    peak_bytes: u64,
    evictions: u64,
}

/// A file without its contents.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Held {
    len: u64,
    charge: u64,
}

impl Charged for Held {
    fn charge(&self) -> u64 {
        self.charge
    }
}

impl Simulation {
    /// An empty one, as a cache of these options is on a machine that runs so many threads at once.
    #[must_use]
    pub fn new(options: &Options, parallelism: usize) -> Self {
        let (entries, bytes) = (options.max_entries, options.max_bytes);
        let hasher = BuildHasherDefault::default();
        let (table, _) = table(entries, bytes, options.max_file_bytes, parallelism, hasher);
        Self {
            table,
            max_file_bytes: options.max_file_bytes,
            entries: 0,
            bytes: 0,
            peak_bytes: 0,
            evictions: 0,
        }
    }

    /// Asks for the file of this number, whose path has `name_bytes` and which has `len` bytes now. O(1), amortised over
    /// evictions.
    pub fn read(&mut self, file: u64, name_bytes: u64, len: u64) -> Source {
        let held = self.table.get(&file);
        if held.is_some_and(|held| held.len == len) {
            return Source::Hit;
        }
        if held.is_some() {
            // Whoever takes the lead of a load looks once more, which counts as use.
            _ = self.table.get(&file);
        }
        if len > self.max_file_bytes {
            self.forget(file);
            return Source::Uncached;
        }
        let charge = ENTRY_OVERHEAD
            .saturating_add(name_bytes)
            .saturating_add(len);
        let mut left = Vec::new();
        (self.table).insert_with_lifecycle(file, Held { len, charge }, &mut left);
        (self.entries, self.bytes) = (self.entries + 1, self.bytes.saturating_add(charge));
        let mut kept = true;
        for (number, gone) in left {
            (self.entries, self.bytes) = (self.entries - 1, self.bytes.saturating_sub(gone.charge));
            if number != file {
                self.evictions += 1;
            } else if gone.len == len {
                kept = false;
            }
        }
        self.peak_bytes = self.peak_bytes.max(self.bytes);
        match kept {
            true => Source::Loaded,
            false => Source::Uncached,
        }
    }

    /// Drops a file, if it is held, as a load does that is not kept: that it was there is remembered all the same.
    pub fn forget(&mut self, file: u64) {
        if let Some((_, gone)) = self.table.remove_if(&file, |_| true) {
            (self.entries, self.bytes) = (self.entries - 1, self.bytes.saturating_sub(gone.charge));
        }
    }

    /// Files held.
    #[must_use]
    pub fn entries(&self) -> u64 {
        self.entries
    }

    /// Bytes held, overhead included.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// The most bytes that were held.
    #[must_use]
    pub fn peak_bytes(&self) -> u64 {
        self.peak_bytes
    }

    /// Files dropped to stay within the bounds.
    #[must_use]
    pub fn evictions(&self) -> u64 {
        self.evictions
    }
}

impl std::fmt::Debug for Simulation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Simulation")
            .field("entries", &self.entries)
            .field("bytes", &self.bytes)
            .field("evictions", &self.evictions)
            .finish_non_exhaustive()
    }
}
