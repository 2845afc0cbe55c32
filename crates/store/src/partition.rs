//! A table of entries within both bounds, and what is known about them.

use crate::Value;
use crate::entry::nanoseconds;
use crate::key::{Key, KeyBytes, KeyRef};
use crate::ledger::{Cause, Holding, Ledger};
use quick_cache::sync::Cache;
use quick_cache::{DefaultHashBuilder, Lifecycle, OptionsBuilder, Weighter};
use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// The bounds beyond which a larger bound makes no difference: their product must fit the weights.
const MOST_ENTRIES: u64 = 1 << 24;
const MOST_BYTES: u64 = 1 << 38;

/// What a shard holds at least, where the caller does not say how many there are.
const ENTRIES_OF_A_SHARD: u64 = 1 << 10;
const BYTES_OF_A_SHARD: u64 = 16 << 20;

/// The namespace of what weighs without being there: it makes the table evict as much as it weighs.
const BALLAST: u32 = u32::MAX;

/// The table remembers half as many evicted keys as it is told that it will hold: as many as there are of so many bytes.
const BYTES_OF_A_MEMORY: u64 = 4_096;
/// What it takes to remember them, for each that it is told to hold, in a table that has just grown.
const MEMORY: u64 = 96;

/// How many expired entries an insert drops at most, before anything that is not expired.
const EXPIRED_AT_ONCE: usize = 16;

/// Entries of one or more namespaces. Lookups take a shard's shared lock; every change also takes that of the shard's
/// ledger, so that ledger and table change together.
pub(crate) struct Partition {
    table: Cache<Key, Value, Shares, DefaultHashBuilder, Collect>,
    ledgers: Box<[Mutex<Ledger>]>,
    shares: Shares,
    /// What an entry may weigh at most.
    heaviest: u64,
}

/// Weighs an entry by the larger of its shares of the two bounds, in units in which both are whole numbers. The sum of
/// the weights is held to 1; so neither sum of shares can exceed it.
#[derive(Debug, Clone)]
struct Shares {
    entries: u64,
    bytes: u64,
}

impl Weighter<Key, Value> for Shares {
    #[inline]
    fn weight(&self, key: &Key, value: &Value) -> u64 {
        if key.space == BALLAST {
            return value.head().charge;
        }
        self.of(value)
    }
}

impl Shares {
    #[inline]
    fn of(&self, value: &Value) -> u64 {
        let charge = value.head().charge;
        charge.saturating_mul(self.entries).max(self.bytes)
    }
}

/// Collects what leaves the table, so that it is accounted for once and freed after the lock is released.
#[derive(Debug, Clone)]
struct Collect;

impl Lifecycle<Key, Value> for Collect {
    type RequestState = Vec<(Key, Value)>;

    fn is_pinned(&self, key: &Key, value: &Value) -> bool {
        key.space == BALLAST || value.head().is_entering.load(Relaxed)
    }

    fn on_evict(&self, left: &mut Self::RequestState, key: Key, value: Value) {
        left.push((key, value));
    }
}

impl Partition {
    pub(crate) fn new(max_entries: u64, max_bytes: u64, shards: Option<usize>) -> Self {
        let (entries, bytes) = (max_entries.min(MOST_ENTRIES), max_bytes.min(MOST_BYTES));
        let remembered = entries.min(bytes / BYTES_OF_A_MEMORY);
        let bytes = bytes - remembered * MEMORY;
        // One entry weighs more than the usual hot share of a table of one.
        let hot = if entries < 2 { 1.0 } else { 0.97 };
        let layout = OptionsBuilder::new()
            .shards(shards.unwrap_or_else(|| default_shards(entries, bytes)))
            .estimated_items_capacity(remembered as usize)
            .weight_capacity(entries * bytes)
            .hot_allocation(hot)
            .build()
            .expect("because both capacities are set");
        // A bound of 0 holds nothing: no entry weighs less than 1.
        let shares = Shares {
            entries: entries.max(1),
            bytes: bytes.max(1),
        };
        let hasher = DefaultHashBuilder::default();
        let table = Cache::with_options(layout, shares.clone(), hasher, Collect);
        Self {
            ledgers: (0..table.num_shards()).map(|_| Mutex::default()).collect(),
            // As the table itself has it.
            heaviest: (table.shard_capacity() as f64 * hot) as u64,
            table,
            shares,
        }
    }

    #[inline]
    pub(crate) fn get(&self, key: KeyRef<'_>) -> Option<Value> {
        self.table.get(&key)
    }

    /// As `get`, without making the entry more valuable.
    pub(crate) fn peek(&self, key: KeyRef<'_>) -> Option<Value> {
        self.table.peek(&key)
    }

    /// Holds `value` in place of what was there; says whether it is held.
    pub(crate) fn put(&self, key: Key, value: &Value, now: impl Fn() -> Duration) -> bool {
        let mut ledger = self.ledger(key.as_ref());
        let expired = self.drop_expired(&mut ledger, EXPIRED_AT_ONCE, now);
        let mut left = Vec::new();
        let fits = self.shares.of(value) <= self.heaviest;
        value.head().is_entering.store(fits, Relaxed);
        self.table
            .insert_with_lifecycle(key.clone(), value.clone(), &mut left);
        value.head().is_entering.store(false, Relaxed);
        for (gone, old) in left.iter().filter(|(_, old)| !old.is(value)) {
            let is_replaced = *gone == key;
            let cause = if is_replaced {
                Cause::Replaced
            } else {
                Cause::Evicted
            };
            self.forget(&mut ledger, gone, old, cause);
        }
        let holding = ledger.of(key.space);
        holding.inserts += 1;
        let is_held = !left.iter().any(|(_, old)| old.is(value));
        if is_held {
            holding.remember(&key.bytes, value);
            ledger.weight += self.shares.of(value);
        } else {
            holding.refused += 1;
        }
        // What has left is freed without the lock.
        drop(ledger);
        drop((expired, left));
        is_held
    }

    /// Drops what is under `key` if `is_it`.
    pub(crate) fn remove_if(
        &self,
        key: KeyRef<'_>,
        cause: Cause,
        is_it: impl FnOnce(&Value) -> bool,
    ) -> Option<Value> {
        let mut ledger = self.ledger(key);
        self.remove_locked(&mut ledger, key, cause, is_it)
    }

    fn remove_locked(
        &self,
        ledger: &mut Ledger,
        key: KeyRef<'_>,
        cause: Cause,
        is_it: impl FnOnce(&Value) -> bool,
    ) -> Option<Value> {
        let (key, value) = self.table.remove_if(&key, is_it)?;
        self.forget(ledger, &key, &value, cause);
        Some(value)
    }

    /// Accounts for what has left the table.
    fn forget(&self, ledger: &mut Ledger, key: &Key, value: &Value, cause: Cause) {
        ledger.of(key.space).forget(&key.bytes, value, cause);
        ledger.weight -= self.shares.of(value);
    }

    /// Drops what `choose` finds; says how many.
    pub(crate) fn remove_all(
        &self,
        space: u32,
        cause: Cause,
        choose: impl Fn(&Holding) -> Vec<KeyBytes>,
    ) -> u64 {
        let mut count = 0;
        for ledger in &self.ledgers {
            let mut ledger = lock(ledger);
            let chosen = choose(ledger.of(space));
            let remove = |bytes: &KeyBytes| {
                let key = KeyRef { space, bytes };
                self.remove_locked(&mut ledger, key, cause, |_| true)
            };
            let gone: Vec<Value> = chosen.iter().filter_map(remove).collect();
            drop(ledger);
            count += gone.len() as u64;
        }
        count
    }

    fn drop_expired(
        &self,
        ledger: &mut Ledger,
        most: usize,
        now: impl Fn() -> Duration,
    ) -> Vec<Value> {
        let mut gone = Vec::new();
        for space in 0..ledger.spaces.len() {
            if !ledger.spaces[space].index.can_expire() {
                continue;
            }
            for bytes in ledger.spaces[space].index.expired(nanoseconds(now()), most) {
                let (space, bytes) = (space as u32, &*bytes);
                let key = KeyRef { space, bytes };
                gone.extend(self.remove_locked(ledger, key, Cause::Expired, |_| true));
            }
        }
        gone
    }

    /// Evicts, least valuable first, until at most `share` of the bytes are held; says how many entries went.
    pub(crate) fn shrink_to(&self, share: f64) -> u64 {
        let shards = 0..self.ledgers.len();
        shards.map(|shard| self.shrink_shard(shard, share)).sum()
    }

    fn shrink_shard(&self, shard: usize, share: f64) -> u64 {
        let mut ledger = lock(&self.ledgers[shard]);
        let target = (ledger.bytes() as f64 * share) as u64;
        let (mut room, mut gone) = (ledger.weight, Vec::new());
        while ledger.bytes() > target {
            // By weight, which is not quite by bytes: hence the loop.
            let share = target as f64 / ledger.bytes() as f64;
            let wanted = (ledger.weight as f64 * share) as u64;
            room = wanted.min(room - room.div_ceil(16));
            let left = self.load_ballast(shard, self.table.shard_capacity() - room);
            for (key, value) in &left {
                self.forget(&mut ledger, key, value, Cause::Evicted);
            }
            gone.extend(left);
        }
        drop(ledger);
        gone.len() as u64
    }

    /// Has the shard evict until it has room for `weight`; gives what was evicted.
    fn load_ballast(&self, shard: usize, weight: u64) -> Vec<(Key, Value)> {
        let key = |number: u64| Key {
            space: BALLAST,
            bytes: number.to_le_bytes().into(),
        };
        let mut keys = (0..).map(key);
        let key = keys
            .find(|key| self.shard_of(key.as_ref()) == shard)
            .expect("because keys spread over all shards");
        let mut left = Vec::new();
        self.table
            .insert_with_lifecycle(key.clone(), Value::ballast(weight), &mut left);
        self.table.remove(&key.as_ref());
        left
    }

    /// Sums over the shards of what is held for `space`.
    pub(crate) fn sum(&self, space: u32, each: impl Fn(&Holding) -> u64) -> u64 {
        let of = |ledger: &Mutex<Ledger>| each(lock(ledger).of(space));
        self.ledgers.iter().map(of).sum()
    }

    /// What `each` says of `space` in each shard.
    pub(crate) fn visit<T>(&self, space: u32, each: impl FnMut(&mut Holding) -> T) -> Vec<T> {
        let mut each = each;
        let of = |ledger: &Mutex<Ledger>| each(lock(ledger).of(space));
        self.ledgers.iter().map(of).collect()
    }

    /// As `visit`, in the shard of one key.
    pub(crate) fn visit_one<T>(
        &self,
        space: u32,
        bytes: &[u8],
        each: impl FnOnce(&mut Holding) -> T,
    ) -> T {
        each(self.ledger(KeyRef { space, bytes }).of(space))
    }

    fn shard_of(&self, key: KeyRef<'_>) -> usize {
        match self.ledgers.len() {
            1 => 0,
            _ => self.table.shard_index(&key),
        }
    }

    fn ledger(&self, key: KeyRef<'_>) -> MutexGuard<'_, Ledger> {
        lock(&self.ledgers[self.shard_of(key)])
    }
}

impl Key {
    fn as_ref(&self) -> KeyRef<'_> {
        KeyRef {
            space: self.space,
            bytes: &self.bytes,
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Shards keep threads from waiting for each other, and cost hit rate where they hold little.
fn default_shards(entries: u64, bytes: u64) -> usize {
    let processors = std::thread::available_parallelism().map_or(1, usize::from);
    let most = (entries / ENTRIES_OF_A_SHARD).min(bytes / BYTES_OF_A_SHARD);
    1 << most.min(4 * processors as u64).max(1).ilog2()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{ENTRY_OVERHEAD, Entry};

    fn key(i: usize) -> Key {
        Key {
            space: 0,
            bytes: i.to_string().into_bytes().into(),
        }
    }

    fn value(len: usize) -> Value {
        Value::new(vec![0; len].into(), 0, None, || Duration::ZERO)
    }

    fn put(partition: &Partition, i: usize, len: usize) -> bool {
        partition.put(key(i), &value(len), || Duration::ZERO)
    }

    fn held(partition: &Partition) -> (u64, u64) {
        (
            partition.sum(0, |it| it.entries),
            partition.sum(0, |it| it.bytes),
        )
    }

    #[test]
    fn small_entries_fill_the_bound_on_entries_exactly() {
        for most in [1, 2, 3, 7, 128, 1_000] {
            let partition = Partition::new(most, (ENTRY_OVERHEAD + 120) * most, Some(1));
            (0..3 * most as usize).for_each(|i| assert!(put(&partition, i, i % 100)));
            assert_eq!(held(&partition).0, most);
            assert_eq!(partition.sum(0, |it| it.evictions), 2 * most);
        }
    }

    #[test]
    fn a_bound_of_nothing_holds_nothing_and_bounds_without_end_do_not_overflow() {
        for (entries, bytes) in [(0, 1 << 20), (16, 0), (0, 0), (16, ENTRY_OVERHEAD - 1)] {
            let partition = Partition::new(entries, bytes, None);
            assert!(!put(&partition, 0, 0));
            assert_eq!(held(&partition), (0, 0));
        }
        let partition = Partition::new(u64::MAX, u64::MAX, Some(1));
        (0..100).for_each(|i| assert!(put(&partition, i, 1 << 16)));
        assert_eq!(held(&partition).0, 100);
    }

    #[test]
    fn shrinking_keeps_what_is_used_and_room_for_as_much_as_before() {
        let partition = Partition::new(1_000, 1 << 30, Some(1));
        (0..1_000).for_each(|i| assert!(put(&partition, i, 100)));
        for i in 0..300 {
            (0..2).for_each(|_| assert!(partition.get(key(i).as_ref()).is_some()));
        }
        let bytes = held(&partition).1;
        assert_eq!(partition.shrink_to(0.5), 500);
        assert!(held(&partition).1 <= bytes / 2);
        let used = (0..300).filter(|i| partition.peek(key(*i).as_ref()).is_some());
        assert_eq!(used.count(), 300, "the least valuable go first");
        (2_000..3_000).for_each(|i| assert!(put(&partition, i, 100)));
        assert_eq!(held(&partition).0, 1_000);
        assert_eq!(partition.shrink_to(0.0), 1_000);
        assert_eq!(held(&partition), (0, 0));
        (0..1_000).for_each(|i| assert!(put(&partition, i, 100)));
        assert_eq!(held(&partition).0, 1_000);
    }

    #[test]
    fn shrinking_goes_by_bytes_where_entries_differ_in_size() {
        let partition = Partition::new(1_000, 1 << 24, Some(4));
        (0..1_000).for_each(|i| _ = put(&partition, i, if i % 10 == 0 { 50_000 } else { 10 }));
        let bytes = held(&partition).1;
        let went = partition.shrink_to(0.25);
        assert!(went > 0 && held(&partition).1 <= bytes / 4);
        assert_eq!(
            partition.sum(0, |it| it.index.sizes()[0] as u64),
            held(&partition).0
        );
    }

    #[test]
    fn many_shards_stay_within_both_bounds() {
        let bound = 4_096 * (ENTRY_OVERHEAD + 500);
        let partition = Partition::new(4_096, bound, Some(4));
        assert_eq!(partition.ledgers.len(), 4);
        for i in 0..10_000 {
            put(&partition, i, i * 7 % 1_000);
            let (entries, bytes) = held(&partition);
            assert!(entries <= 4_096 && bytes <= bound);
            assert_eq!(entries, partition.table.len() as u64);
        }
    }

    #[test]
    fn indexes_forget_what_leaves() {
        let partition = Partition::new(64, 1 << 20, Some(1));
        for i in 0..1_000 {
            let mut entry = Entry::new(vec![0; i % 50]);
            if i % 3 > 0 {
                entry = entry.with_tag(&(i % 5).to_string());
            }
            if i % 4 > 0 {
                entry = entry.with_file((i % 7).to_string(), crate::Fingerprint(1));
            }
            if i % 5 > 0 {
                entry = entry.with_ttl(Duration::from_nanos(i as u64));
            }
            let value = Value::new(entry, 3, None, || Duration::ZERO);
            partition.put(key(i % 150), &value, || Duration::from_nanos(i as u64 / 2));
        }
        assert!(partition.sum(0, |it| it.expirations) > 0);
        let sizes = partition.visit(0, |it| it.index.sizes());
        assert!(sizes[0].iter().all(|size| *size <= 64), "{sizes:?}");
        partition.remove_all(0, Cause::Invalidated, |it| it.index.all());
        assert_eq!(partition.visit(0, |it| it.index.sizes()), [[0; 4]]);
        assert_eq!(held(&partition), (0, 0));
    }
}
