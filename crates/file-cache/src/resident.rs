//! The files held in memory, within both bounds.

use crate::File;
use crate::flight::Key;
use crate::sys::Fingerprint;
use quick_cache::sync::Cache;
use quick_cache::{DefaultHashBuilder, Lifecycle, OptionsBuilder, Weighter};
use std::hash::{BuildHasher, Hash};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// What an entry is charged, in bytes, beside the bytes of its contents and of its path: the headers of three
/// allocations, the fields kept per file, and its slot in the table with the spare slots of a growing table.
pub const ENTRY_OVERHEAD: u64 = 512;

/// The bounds beyond which a larger bound makes no difference: their product must fit the weights.
const MOST_ENTRIES: u64 = 1 << 24;
const MOST_BYTES: u64 = 1 << 38;

/// Fewest files that a shard is made for.
const ENTRIES_OF_A_SHARD: u64 = 256;

/// Files by path. Lookups take the shard's shared lock; every change also takes that of the shard's ledger.
pub(crate) struct Resident {
    files: Cache<Key, File, Shares, DefaultHashBuilder, Collect>,
    ledgers: Box<[Mutex<Ledger>]>,
    bounds: Arc<Bounds>,
}

/// A bound on entries and one on bytes, at least 1 each. They change only while the table is empty and all ledgers are
/// locked, as an entry must not weigh more when it leaves than it did when it came.
#[derive(Debug)]
pub(crate) struct Bounds {
    entries: AtomicU64,
    bytes: AtomicU64,
}

/// Sums that change only together with a shard of the table, which makes room in itself alone.
#[derive(Debug, Clone, Copy, Default)]
#[repr(align(64))]
pub(crate) struct Ledger {
    pub(crate) entries: u64,
    pub(crate) bytes: u64,
    pub(crate) evictions: u64,
    pub(crate) invalidated: u64,
    /// Stale entries, by reason.
    pub(crate) changed: u64,
    pub(crate) replaced: u64,
    pub(crate) vanished: u64,
}

/// Files that have left the table; the watcher is still to let go of them.
#[must_use]
#[derive(Debug, Default)]
pub(crate) struct Gone(pub(crate) Vec<File>);

/// Weighs a file by the larger of its shares of the two bounds, in units in which both are whole numbers.
#[derive(Debug, Clone)]
pub(crate) struct Shares(Arc<Bounds>);

/// What is charged for.
pub(crate) trait Charged {
    /// Bytes.
    fn charge(&self) -> u64;
}

impl Charged for File {
    fn charge(&self) -> u64 {
        File::charge(self)
    }
}

impl<K, V: Charged> Weighter<K, V> for Shares {
    fn weight(&self, _key: &K, file: &V) -> u64 {
        let (entries, bytes) = (self.0.entries.load(Relaxed), self.0.bytes.load(Relaxed));
        (file.charge().saturating_mul(entries)).max(bytes)
    }
}

/// Collects what leaves the table, so that it is accounted for once and freed after the lock is released.
#[derive(Debug, Clone)]
pub(crate) struct Collect;

impl<K, V> Lifecycle<K, V> for Collect {
    type RequestState = Vec<(K, V)>;

    fn on_evict(&self, left: &mut Self::RequestState, key: K, value: V) {
        left.push((key, value));
    }
}

/// An empty table with these bounds, for files of up to `max_file_bytes`, asked for by as many threads as run at once.
pub(crate) fn table<K: Eq + Hash, V: Charged + Clone, B: BuildHasher + Clone>(
    max_entries: usize,
    max_bytes: u64,
    max_file_bytes: u64,
    parallelism: usize,
    hasher: B,
) -> (Cache<K, V, Shares, B, Collect>, Arc<Bounds>) {
    let (entries, bytes) = clamp(max_entries, max_bytes);
    // A bound of 0 keeps nothing: no file weighs less than 1.
    let bounds = Arc::new(Bounds {
        entries: AtomicU64::new(entries.max(1)),
        bytes: AtomicU64::new(bytes.max(1)),
    });
    let layout = OptionsBuilder::new()
        .shards(shards(entries, bytes, max_file_bytes, parallelism))
        .estimated_items_capacity(entries as usize)
        .weight_capacity(entries * bytes)
        // One entry weighs more than the usual hot share of a cache of one.
        .hot_allocation(if entries < 2 { 1.0 } else { 0.97 })
        .build()
        .expect("because both capacities are set");
    let shares = Shares(bounds.clone());
    (Cache::with_options(layout, shares, hasher, Collect), bounds)
}

/// What an entry of `len` bytes is charged.
pub(crate) fn charge(key: &[u8], len: usize) -> u64 {
    ENTRY_OVERHEAD + (key.len() + len) as u64
}

impl Resident {
    /// For files of up to `max_file_bytes`, asked for by as many threads as run at once.
    pub(crate) fn new(
        max_entries: usize,
        max_bytes: u64,
        max_file_bytes: u64,
        parallelism: usize,
    ) -> Self {
        let hasher = DefaultHashBuilder::default();
        let (files, bounds) = table(max_entries, max_bytes, max_file_bytes, parallelism, hasher);
        let ledgers = (0..files.num_shards()).map(|_| Mutex::default()).collect();
        Self {
            files,
            ledgers,
            bounds,
        }
    }

    /// Changes both bounds. What is held is put in again as far as there is room, in no particular order.
    pub(crate) fn resize(&self, max_entries: usize, max_bytes: u64) -> Gone {
        let (entries, bytes) = clamp(max_entries, max_bytes);
        let mut ledgers = self.lock_all();
        let held: Vec<(Key, File)> = self.files.drain().collect();
        ledgers.iter_mut().for_each(|ledger| ledger.forget_all());
        self.bounds.entries.store(entries.max(1), Relaxed);
        self.bounds.bytes.store(bytes.max(1), Relaxed);
        self.files.set_capacity(entries * bytes);
        let mut gone = Gone::default();
        for (key, file) in held {
            let ledger = &mut ledgers[self.shard_of(&key)];
            gone.0.extend(self.put(ledger, key, &file).0);
        }
        gone
    }

    #[inline]
    pub(crate) fn get(&self, key: &[u8]) -> Option<File> {
        self.files.get(key)
    }

    /// Whether `file` is what is held under `key`.
    pub(crate) fn holds(&self, key: &[u8], file: &File) -> bool {
        self.files.peek(key).is_some_and(|held| held.is(file))
    }

    /// Keeps `file` under `key` in place of what was there. It is among what is gone if there was no room for it.
    pub(crate) fn insert(&self, key: Key, file: &File) -> Gone {
        self.put(&mut self.lock(&key), key, file)
    }

    fn put(&self, ledger: &mut Ledger, key: Key, file: &File) -> Gone {
        let mut left = Vec::new();
        self.files
            .insert_with_lifecycle(key.clone(), file.clone(), &mut left);
        ledger.bytes += file.charge();
        ledger.entries += 1;
        for (path, gone) in &left {
            ledger.forget(gone);
            if gone.is(file) {
                continue;
            } else if *path != key {
                ledger.evictions += 1;
            } else if gone.fingerprint() != file.fingerprint() {
                ledger.count_stale(gone.fingerprint(), Some(file.fingerprint()));
            }
        }
        Gone(left.into_iter().map(|(_, file)| file).collect())
    }

    /// Drops what is under `key` if it is still `stale`, and counts it as such: `now` is what the path leads to.
    pub(crate) fn remove_stale(&self, key: &[u8], stale: &File, now: Option<&Fingerprint>) -> Gone {
        let mut ledger = self.lock(key);
        let removed = self.files.remove_if(key, |file| file.is(stale));
        if let Some((_, file)) = &removed {
            ledger.count_stale(file.fingerprint(), now);
            ledger.forget(file);
        }
        Gone(removed.into_iter().map(|(_, file)| file).collect())
    }

    /// Drops `file` if it is what is under `key`: it was to be forgotten while it was loaded.
    pub(crate) fn remove_exactly(&self, key: &[u8], file: &File) -> Gone {
        let mut ledger = self.lock(key);
        let removed = self.files.remove_if(key, |held| held.is(file));
        if let Some((_, file)) = &removed {
            ledger.forget(file);
            ledger.invalidated += 1;
        }
        Gone(removed.into_iter().map(|(_, file)| file).collect())
    }

    /// Drops what is under `key`; nothing is gone when nothing was there.
    pub(crate) fn remove(&self, key: &[u8]) -> Gone {
        let mut ledger = self.lock(key);
        let removed = self.files.remove(key);
        if let Some((_, file)) = &removed {
            ledger.forget(file);
            ledger.invalidated += 1;
        }
        Gone(removed.into_iter().map(|(_, file)| file).collect())
    }

    pub(crate) fn clear(&self) -> Gone {
        let mut ledgers = self.lock_all();
        let gone: Vec<File> = self.files.drain().map(|(_, file)| file).collect();
        ledgers[0].invalidated += gone.len() as u64;
        ledgers.iter_mut().for_each(|ledger| ledger.forget_all());
        Gone(gone)
    }

    /// Most entries and bytes; 0 where nothing is kept.
    pub(crate) fn bounds(&self) -> (u64, u64) {
        let bounds = (
            self.bounds.entries.load(Relaxed),
            self.bounds.bytes.load(Relaxed),
        );
        if self.files.capacity() == 0 {
            return (0, 0);
        }
        bounds
    }

    /// The sums of all shards.
    pub(crate) fn ledger(&self) -> Ledger {
        let of = |ledger: &Mutex<Ledger>| *ledger.lock().unwrap_or_else(PoisonError::into_inner);
        self.ledgers
            .iter()
            .map(of)
            .fold(Ledger::default(), Ledger::plus)
    }

    fn shard_of(&self, key: &[u8]) -> usize {
        match self.ledgers.len() {
            1 => 0,
            _ => self.files.shard_index(key),
        }
    }

    fn lock(&self, key: &[u8]) -> MutexGuard<'_, Ledger> {
        self.ledgers[self.shard_of(key)]
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    fn lock_all(&self) -> Vec<MutexGuard<'_, Ledger>> {
        let ledgers = self.ledgers.iter().map(Mutex::lock);
        ledgers
            .map(|ledger| ledger.unwrap_or_else(PoisonError::into_inner))
            .collect()
    }
}

/// Shards keep threads from waiting for each other, and cost hit rate where they hold few files or few large ones.
fn shards(entries: u64, bytes: u64, max_file_bytes: u64, parallelism: usize) -> usize {
    let by_entries = entries / ENTRIES_OF_A_SHARD;
    let by_bytes = bytes / (max_file_bytes.saturating_mul(3) / 2).max(1);
    let most = by_entries.min(by_bytes).min(4 * parallelism as u64).max(1);
    1 << most.ilog2()
}

fn clamp(max_entries: usize, max_bytes: u64) -> (u64, u64) {
    let entries = u64::try_from(max_entries).unwrap_or(u64::MAX);
    (entries.min(MOST_ENTRIES), max_bytes.min(MOST_BYTES))
}

impl Ledger {
    fn plus(self, other: Self) -> Self {
        Self {
            entries: self.entries + other.entries,
            bytes: self.bytes + other.bytes,
            evictions: self.evictions + other.evictions,
            invalidated: self.invalidated + other.invalidated,
            changed: self.changed + other.changed,
            replaced: self.replaced + other.replaced,
            vanished: self.vanished + other.vanished,
        }
    }

    fn forget_all(&mut self) {
        (self.entries, self.bytes) = (0, 0);
    }

    fn forget(&mut self, file: &File) {
        self.bytes -= file.charge();
        self.entries -= 1;
    }

    fn count_stale(&mut self, was: &Fingerprint, now: Option<&Fingerprint>) {
        match now {
            None => self.vanished += 1,
            Some(now) if now.is_same_file(was) => self.changed += 1,
            Some(_) => self.replaced += 1,
        }
    }
}

impl Gone {
    /// Whether `file` is among what is gone.
    pub(crate) fn has(&self, file: &File) -> bool {
        self.0.iter().any(|gone| gone.is(file))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::file::Header;
    use crate::file::tests::file_charged;

    fn file(len: usize) -> File {
        file_charged(b"", charge(b"", len))
    }

    fn kept(resident: &Resident, key: Key, file: &File) -> bool {
        !resident.insert(key, file).has(file)
    }

    fn key(i: usize) -> Key {
        i.to_string().into_bytes().into()
    }

    #[test]
    fn the_overhead_covers_the_fields() {
        let counters = 2 * size_of::<usize>();
        // The file, its path, and its item and entry at the watcher; the allocator adds up to 16 bytes to each.
        let watched = 48 + 64 + 32;
        let allocations =
            size_of::<Header>() + 2 * size_of::<usize>() + counters + watched + 3 * 16;
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
            let resident = Resident::new(
                max_entries,
                (ENTRY_OVERHEAD + 1_001) * max_entries as u64,
                1 << 20,
                1,
            );
            for i in 0..3 * max_entries {
                assert!(kept(&resident, key(i), &file(i % 1_000)));
            }
            assert_eq!(resident.ledger().entries, max_entries as u64);
            assert_eq!(resident.ledger().evictions, 2 * max_entries as u64);
        }
    }

    #[test]
    fn large_files_fill_the_bound_on_bytes() {
        let resident = Resident::new(1_000, 64 << 20, 64 << 20, 1);
        for i in 0..500 {
            assert!(kept(&resident, key(i), &file(1 << 20)));
        }
        assert_eq!(resident.ledger().entries, 63);
    }

    #[test]
    fn a_bound_of_nothing_keeps_nothing() {
        for (max_entries, max_bytes) in [(0, 1 << 20), (16, 0), (0, 0), (16, ENTRY_OVERHEAD - 1)] {
            let resident = Resident::new(max_entries, max_bytes, 64 << 20, 1);
            assert!(!kept(&resident, key(0), &file(0)));
            assert_eq!(resident.ledger().entries, 0);
            assert_eq!(resident.ledger().bytes, 0);
        }
    }

    #[test]
    fn bounds_without_end_do_not_overflow() {
        let resident = Resident::new(usize::MAX, u64::MAX, 64 << 20, 1);
        for i in 0..1_000 {
            assert!(kept(&resident, key(i), &file(1 << 20)));
        }
        assert_eq!(resident.ledger().entries, 1_000);
    }

    #[test]
    fn a_new_size_holds_at_once_and_what_fits_stays() {
        let resident = Resident::new(100, 1 << 20, 64 << 20, 1);
        (0..100).for_each(|i| assert!(kept(&resident, key(i), &file(100))));
        assert_eq!(resident.resize(10, 1 << 20).0.len(), 90);
        assert_eq!(
            (resident.ledger().entries, resident.ledger().evictions),
            (10, 90)
        );
        assert!(resident.resize(1_000, 1 << 20).0.is_empty());
        (100..1_090).for_each(|i| assert!(kept(&resident, key(i), &file(100))));
        assert_eq!(
            (resident.ledger().entries, resident.ledger().evictions),
            (1_000, 90)
        );
        assert_eq!(
            resident.resize(1_000, 10 * (ENTRY_OVERHEAD + 100)).0.len(),
            990
        );
        assert_eq!(resident.resize(0, 0).0.len(), 10);
        assert_eq!((resident.ledger().entries, resident.ledger().bytes), (0, 0));
        assert!(!kept(&resident, key(0), &file(0)));
        assert!(resident.resize(5, 1 << 20).0.is_empty());
        (0..9).for_each(|i| assert!(kept(&resident, key(i), &file(1))));
        assert_eq!(resident.ledger().entries, 5);
    }

    #[test]
    fn only_large_caches_of_small_files_have_shards() {
        let check = |entries, bytes, file, parallelism, expect| {
            assert_eq!(
                shards(entries, bytes, file, parallelism),
                expect,
                "{entries} {bytes} {file} {parallelism}"
            );
        };
        check(128, 64 << 20, 10 << 20, 2, 1);
        check(512, 64 << 20, 10 << 20, 2, 2);
        check(1_024, 64 << 20, 10 << 20, 2, 4);
        check(65_536, 512 << 20, 10 << 20, 2, 8);
        check(65_536, 512 << 20, 10 << 20, 64, 32);
        check(65_536, 512 << 20, 512 << 20, 64, 1);
        check(0, 0, 0, 0, 1);
        check(1 << 24, 1 << 38, 0, 1, 4);
    }

    #[test]
    fn shards_together_stay_within_both_bounds() {
        let resident = Resident::new(1_025, 1_025 * (ENTRY_OVERHEAD + 500), 1_000, 2);
        assert_eq!(resident.files.num_shards(), 4);
        for i in 0..5_000 {
            _ = resident.insert(key(i), &file(i * 7 % 1_000));
            let ledger = resident.ledger();
            assert!(ledger.entries <= 1_025 && ledger.bytes <= 1_025 * (ENTRY_OVERHEAD + 500));
            assert_eq!(ledger.entries, resident.files.len() as u64);
        }
        assert!(resident.ledger().entries > 600, "{:?}", resident.ledger());
    }
}
