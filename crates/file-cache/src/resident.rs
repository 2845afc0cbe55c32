//! The files held in memory, within both bounds.

use crate::File;
use crate::flight::Key;
use quick_cache::sync::Cache;
use quick_cache::{DefaultHashBuilder, Lifecycle, OptionsBuilder, Weighter};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// What an entry is charged, in bytes, beside the bytes of its contents and of its path: the headers of three
/// allocations, the fields kept per file, and its slot in the table with the spare slots of a growing table.
pub const ENTRY_OVERHEAD: u64 = 384;

/// The bounds beyond which a larger bound makes no difference: their product must fit the weights.
const MOST_ENTRIES: u64 = 1 << 24;
const MOST_BYTES: u64 = 1 << 38;

/// Files by path. Lookups take the shard's shared lock; every change also takes the ledger's.
pub(crate) struct Resident {
    files: Cache<Key, File, Shares, DefaultHashBuilder, Collect>,
    ledger: Mutex<Ledger>,
}

/// Sums that change only together with the table.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Ledger {
    pub(crate) entries: u64,
    pub(crate) bytes: u64,
    pub(crate) evictions: u64,
    pub(crate) stale: u64,
}

/// Weighs a file by the larger of its shares of the two bounds, in units in which both are whole numbers.
#[derive(Debug, Clone)]
struct Shares {
    max_entries: u64,
    max_bytes: u64,
}

impl Weighter<Key, File> for Shares {
    fn weight(&self, _path: &Key, file: &File) -> u64 {
        (file.charge().saturating_mul(self.max_entries)).max(self.max_bytes)
    }
}

/// Collects what leaves the table, so that it is accounted for once and freed after the lock is released.
#[derive(Debug, Clone)]
struct Collect;

impl Lifecycle<Key, File> for Collect {
    type RequestState = Vec<(Key, File)>;

    fn on_evict(&self, left: &mut Self::RequestState, path: Key, file: File) {
        left.push((path, file));
    }
}

/// What an entry of `len` bytes is charged.
pub(crate) fn charge(key: &[u8], len: usize) -> u64 {
    ENTRY_OVERHEAD + (key.len() + len) as u64
}

impl Resident {
    pub(crate) fn new(max_entries: usize, max_bytes: u64) -> Self {
        let max_entries = u64::try_from(max_entries)
            .unwrap_or(u64::MAX)
            .min(MOST_ENTRIES);
        let max_bytes = max_bytes.min(MOST_BYTES);
        // A bound of 0 keeps nothing: no file weighs less than 1.
        let shares = Shares {
            max_entries: max_entries.max(1),
            max_bytes: max_bytes.max(1),
        };
        let layout = OptionsBuilder::new()
            .shards(1) // Several shards cost hit rate at hundreds of entries, and would split the bounds.
            .estimated_items_capacity(max_entries as usize)
            .weight_capacity(max_entries * max_bytes)
            // One entry weighs more than the usual hot share of a cache of one.
            .hot_allocation(if max_entries < 2 { 1.0 } else { 0.97 })
            .build()
            .expect("because both capacities are set");
        let files = Cache::with_options(layout, shares, DefaultHashBuilder::default(), Collect);
        Self {
            files,
            ledger: Mutex::default(),
        }
    }

    pub(crate) fn get(&self, key: &[u8]) -> Option<File> {
        self.files.get(key)
    }

    /// Keeps `file` under `key` in place of what was there; says whether there was room for it.
    pub(crate) fn insert(&self, key: Key, file: &File) -> bool {
        let mut left = Vec::new();
        let mut ledger = self.lock();
        self.files
            .insert_with_lifecycle(key.clone(), file.clone(), &mut left);
        ledger.bytes += file.charge();
        ledger.entries += 1;
        let mut kept = true;
        for (path, gone) in &left {
            ledger.bytes -= gone.charge();
            ledger.entries -= 1;
            if gone.is(file) {
                kept = false;
            } else if *path != key {
                ledger.evictions += 1;
            } else if gone.fingerprint() != file.fingerprint() {
                ledger.stale += 1;
            }
        }
        debug_assert_eq!(ledger.entries, self.files.len() as u64);
        drop(ledger);
        kept
    }

    /// Drops what is under `key` if it is still `stale`, and counts it as such.
    pub(crate) fn remove_stale(&self, key: &[u8], stale: &File) {
        let mut ledger = self.lock();
        if let Some((_, file)) = self.files.remove_if(key, |file| file.is(stale)) {
            ledger.stale += 1;
            ledger.forget(&file);
        }
    }

    /// Drops what is under `key`; says whether there was anything.
    pub(crate) fn remove(&self, key: &[u8]) -> bool {
        let mut ledger = self.lock();
        let removed = self.files.remove(key);
        if let Some((_, file)) = &removed {
            ledger.forget(file);
        }
        removed.is_some()
    }

    pub(crate) fn clear(&self) {
        let mut ledger = self.lock();
        self.files.clear();
        ledger.entries = 0;
        ledger.bytes = 0;
    }

    pub(crate) fn ledger(&self) -> Ledger {
        *self.lock()
    }

    fn lock(&self) -> MutexGuard<'_, Ledger> {
        self.ledger.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Ledger {
    fn forget(&mut self, file: &File) {
        self.bytes -= file.charge();
        self.entries -= 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::load::Loaded;

    fn file(len: usize) -> File {
        File::new(Loaded::for_test(b""), charge(b"", len), 0)
    }

    fn key(i: usize) -> Key {
        i.to_string().into_bytes().into()
    }

    #[test]
    fn the_overhead_covers_the_fields() {
        let counters = 2 * size_of::<usize>();
        let allocations = (counters + File::inner_size()) + counters + 3 * 16;
        // Twice the slot, as a table that has just grown is half empty; half as many ghosts as entries.
        let slot = 2 * (size_of::<Key>() + size_of::<File>() + 21) * 3 / 2;
        assert!(
            (allocations + slot) as u64 <= ENTRY_OVERHEAD,
            "{}",
            allocations + slot
        );
    }

    #[test]
    fn small_files_fill_the_bound_on_entries_exactly() {
        for max_entries in [1, 2, 3, 7, 128, 1_000] {
            let resident =
                Resident::new(max_entries, (ENTRY_OVERHEAD + 1_001) * max_entries as u64);
            for i in 0..3 * max_entries {
                assert!(resident.insert(key(i), &file(i % 1_000)));
            }
            assert_eq!(resident.ledger().entries, max_entries as u64);
            assert_eq!(resident.ledger().evictions, 2 * max_entries as u64);
        }
    }

    #[test]
    fn large_files_fill_the_bound_on_bytes() {
        let resident = Resident::new(1_000, 64 << 20);
        for i in 0..500 {
            assert!(resident.insert(key(i), &file(1 << 20)));
        }
        assert_eq!(resident.ledger().entries, 63);
    }

    #[test]
    fn a_bound_of_nothing_keeps_nothing() {
        for (max_entries, max_bytes) in [(0, 1 << 20), (16, 0), (0, 0), (16, ENTRY_OVERHEAD - 1)] {
            let resident = Resident::new(max_entries, max_bytes);
            assert!(!resident.insert(key(0), &file(0)));
            assert_eq!(resident.ledger().entries, 0);
            assert_eq!(resident.ledger().bytes, 0);
        }
    }

    #[test]
    fn bounds_without_end_do_not_overflow() {
        let resident = Resident::new(usize::MAX, u64::MAX);
        for i in 0..1_000 {
            assert!(resident.insert(key(i), &file(1 << 20)));
        }
        assert_eq!(resident.ledger().entries, 1_000);
    }
}
