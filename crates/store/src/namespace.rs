//! A view of a store: keys of its own, a time to live of its own, counts of its own.

use crate::entry::{NEVER, Value, nanoseconds};
use crate::flight::{Flights, Leader, Role};
use crate::key::{Key, KeyBytes, KeyRef};
use crate::ledger::{Cause, Holding, Tracked};
use crate::partition::Partition;
use crate::stripes::Counter;
use crate::{Clock, Dependencies, Entry, Fingerprint, Stats};
use std::fmt;
use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed, Ordering::SeqCst};
use std::thread;
use std::time::Duration;

/// Entries of a [`Store`](crate::Store) under a name: equal keys in two namespaces are two entries. A clone is another
/// handle to the same.
///
/// Every operation on one key takes time O(log entries) for the indexes, a hit O(1); none waits for a computation but
/// those that ask for its value.
#[derive(Clone)]
pub struct Namespace(Arc<Space>);

struct Space {
    name: Box<str>,
    id: u32,
    ttl: Option<Duration>,
    partition: Arc<Partition>,
    clock: Arc<dyn Clock>,
    flights: Flights,
    counters: Counters,
    /// Whether a snapshot saves it.
    is_tracked: AtomicBool,
}

#[derive(Default)]
struct Counters {
    hits: Counter,
    misses: AtomicU64,
    coalesced: AtomicU64,
    loads: AtomicU64,
    load_failures: AtomicU64,
}

impl Namespace {
    pub(crate) fn new(
        name: &str,
        id: u32,
        ttl: Option<Duration>,
        partition: Arc<Partition>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self(Arc::new(Space {
            name: name.into(),
            id,
            ttl,
            partition,
            clock,
            flights: Flights::default(),
            counters: Counters::default(),
            is_tracked: AtomicBool::new(false),
        }))
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.0.name
    }

    /// The value under `key`. An empty value is a hit.
    #[inline]
    pub fn get<K: AsRef<[u8]> + ?Sized>(&self, key: &K) -> Option<Value> {
        self.counted(self.0.find(key.as_ref()))
    }

    /// The value under `key`, if every file that it was computed from is still in the same state. Otherwise it is dropped.
    pub fn get_current<K: AsRef<[u8]> + ?Sized>(
        &self,
        key: &K,
        dependencies: &dyn Dependencies,
    ) -> Option<Value> {
        let key = self.0.key(key.as_ref());
        let found = self.0.find(key.bytes);
        let stale = found.as_ref().filter(|it| !it.is_current(dependencies));
        if let Some(stale) = stale {
            let cause = Cause::Invalidated;
            self.0.partition.remove_if(key, cause, |it| it.is(stale));
            return self.counted(None);
        }
        self.counted(found)
    }

    /// The value under `key`, without counting the request or making the entry more valuable.
    pub fn peek<K: AsRef<[u8]> + ?Sized>(&self, key: &K) -> Option<Value> {
        let value = self.0.partition.peek(self.0.key(key.as_ref()))?;
        (!value.is_expired(|| self.0.clock.now())).then_some(value)
    }

    /// Holds a value under `key` in place of what was there; says whether it is held, which it is unless it alone is too
    /// large. Others are evicted only where there is no room for it, the room of what it replaces included.
    ///
    /// What is being computed for `key` meanwhile will not replace it.
    pub fn insert<'e, K: AsRef<[u8]> + ?Sized>(
        &self,
        key: &K,
        entry: impl Into<Entry<'e>>,
    ) -> bool {
        let key = key.as_ref();
        self.0.flights.detach_one(key);
        self.0.put(key.into(), &self.0.value(key, entry.into()))
    }

    /// Removes the entry under `key`, and gives it back unless it is expired.
    pub fn remove<K: AsRef<[u8]> + ?Sized>(&self, key: &K) -> Option<Value> {
        let key = self.0.key(key.as_ref());
        self.0.flights.detach_one(key.bytes);
        let cause = Cause::Invalidated;
        let removed = self.0.partition.remove_if(key, cause, |_| true);
        removed.filter(|value| !value.is_expired(|| self.0.clock.now()))
    }

    /// Removes all entries whose key begins with `prefix`; says how many. O(log entries + removed) in each shard.
    pub fn remove_prefix<K: AsRef<[u8]> + ?Sized>(&self, prefix: &K) -> u64 {
        let prefix = prefix.as_ref();
        self.0.flights.detach(|key| key.starts_with(prefix));
        self.0
            .remove_all(Cause::Invalidated, |it| it.index.with_prefix(prefix))
    }

    /// Removes all entries with this tag; says how many. O(log tags + removed) in each shard.
    pub fn remove_tag(&self, tag: &str) -> u64 {
        self.0.flights.tag_removed(tag);
        self.0
            .remove_all(Cause::Invalidated, |it| it.index.with_tag(tag))
    }

    /// Removes all entries that were computed from `file` in another state than `now`, `None` when it is gone; says how
    /// many. O(log files + entries that depend on it) in each shard.
    pub fn file_changed(&self, file: impl AsRef<[u8]>, now: Option<Fingerprint>) -> u64 {
        let file = file.as_ref();
        self.0.flights.file_changed(file, now);
        self.0
            .remove_all(Cause::Invalidated, |it| it.index.outdated(file, now))
    }

    /// Removes all entries; says how many.
    pub fn clear(&self) -> u64 {
        self.0.flights.detach(|_| true);
        self.0.remove_all(Cause::Invalidated, |it| it.index.all())
    }

    /// Drops what is expired; says how many. Expired entries are never handed out, and are dropped when they are asked for
    /// and, some at a time, when something is inserted; this is for who wants the memory at once.
    pub fn purge_expired(&self) -> u64 {
        let now = nanoseconds(self.0.clock.now());
        self.0
            .remove_all(Cause::Expired, |it| it.index.expired(now, usize::MAX))
    }

    /// The value under `key`, computed if there is none. However many threads and tasks ask at once, one computes; the
    /// others wait for its value.
    ///
    /// A computation that fails or panics gives its error or panic to its own caller only. The others are woken, and one of
    /// them takes over with its own computation. So while a source is down, those who wait fail one after the
    /// other: where each try takes long, yield a short-lived entry that says so.
    ///
    /// The value is handed out, and not kept, if its key is invalidated or inserted while it is computed, or a tag or file
    /// that it names.
    ///
    /// # Errors
    ///
    /// That of `compute`.
    ///
    /// # Panics
    ///
    /// If `compute` asks for its own key. Two computations that ask for each other's key wait for ever; so does a task's
    /// thread that waits here for a computation which that very thread would have to go on with.
    pub fn get_or_compute<'e, K, T, E>(
        &self,
        key: &K,
        compute: impl FnOnce() -> Result<T, E>,
    ) -> Result<Value, E>
    where
        K: AsRef<[u8]> + ?Sized,
        T: Into<Entry<'e>>,
    {
        let (space, key) = (&*self.0, key.as_ref());
        loop {
            if let Some(value) = space.find(key) {
                space.counters.hits.add_one();
                return Ok(value);
            }
            match space.flights.join(key, Some(thread::current().id())) {
                Role::Follower(flight) => {
                    if let Some(value) = flight.wait() {
                        return Ok(space.coalesced(value));
                    }
                }
                Role::Leader(leader) => {
                    if let Some(value) = space.found_after_all(key) {
                        return Ok(value);
                    }
                    let load = Load::begin(space, leader);
                    return compute().map(|entry| load.end(entry.into()));
                }
            }
        }
    }

    /// As [`get_or_compute`](Self::get_or_compute), for tasks of any runtime: those who wait do not block their thread. It
    /// shares computations with the other. `compute` is polled only if it is needed. A task that is dropped
    /// while it computes wakes the others, one of which takes over.
    ///
    /// # Errors
    ///
    /// That of `compute`.
    pub async fn get_or_compute_async<'e, K, T, E>(
        &self,
        key: &K,
        compute: impl Future<Output = Result<T, E>>,
    ) -> Result<Value, E>
    where
        K: AsRef<[u8]> + ?Sized,
        T: Into<Entry<'e>>,
    {
        let (space, key) = (&*self.0, key.as_ref());
        loop {
            if let Some(value) = space.find(key) {
                space.counters.hits.add_one();
                return Ok(value);
            }
            match space.flights.join(key, None) {
                Role::Follower(flight) => {
                    if let Some(value) = flight.landing().await {
                        return Ok(space.coalesced(value));
                    }
                }
                Role::Leader(leader) => {
                    if let Some(value) = space.found_after_all(key) {
                        return Ok(value);
                    }
                    let load = Load::begin(space, leader);
                    return compute.await.map(|entry| load.end(entry.into()));
                }
            }
        }
    }

    /// Holds the entries whose keys are not held yet, but for those too large; says how many. Counts no requests. Where more
    /// are given than there is room for, the later evict the earlier as inserts do.
    pub fn preload<'e, K: AsRef<[u8]>, T: Into<Entry<'e>>>(
        &self,
        entries: impl IntoIterator<Item = (K, T)>,
    ) -> u64 {
        let mut count = 0;
        for (key, entry) in entries {
            if self.peek(&key).is_none() {
                count += u64::from(self.insert(&key, entry));
            }
        }
        count
    }

    /// Has `load` make the entries of those keys that are not held yet; it may know none for a key. Says how many were held.
    /// Counts no requests.
    pub fn preload_with<'e, K: AsRef<[u8]>, T: Into<Entry<'e>>>(
        &self,
        keys: impl IntoIterator<Item = K>,
        mut load: impl FnMut(&[u8]) -> Option<T>,
    ) -> u64 {
        let missing = keys.into_iter().filter(|key| self.peek(key).is_none());
        self.preload(missing.filter_map(|key| {
            let entry = load(key.as_ref())?;
            Some((key, entry))
        }))
    }

    /// What happened so far, and what is held now. O(shards).
    #[must_use]
    pub fn stats(&self) -> Stats {
        let (space, counters) = (&self.0, &self.0.counters);
        let mut stats = Stats {
            hits: counters.hits.sum(),
            misses: counters.misses.load(Relaxed),
            coalesced: counters.coalesced.load(Relaxed),
            loads: counters.loads.load(Relaxed),
            load_failures: counters.load_failures.load(Relaxed),
            ..Stats::default()
        };
        space.partition.visit(space.id, |it| {
            stats.inserts += it.inserts;
            stats.refused += it.refused;
            stats.expirations += it.expirations;
            stats.evictions += it.evictions;
            stats.invalidations += it.invalidations;
            stats.entries += it.entries;
            stats.bytes += it.bytes;
        });
        stats
    }

    fn counted(&self, found: Option<Value>) -> Option<Value> {
        match &found {
            Some(_) => self.0.counters.hits.add_one(),
            None => _ = self.0.counters.misses.fetch_add(1, Relaxed),
        }
        found
    }
}

/// For snapshots.
impl Namespace {
    /// Remembers from now on which keys change; all that are held count as changed. False if that is done already.
    pub(crate) fn track_changes(&self) -> bool {
        if self.0.is_tracked.swap(true, SeqCst) {
            return false;
        }
        self.0.partition.visit(self.0.id, |it| {
            it.tracked = Some(Tracked::new(it.index.all()));
        });
        true
    }

    pub(crate) fn forget_changes(&self) {
        self.0.partition.visit(self.0.id, |it| it.tracked = None);
        self.0.is_tracked.store(false, SeqCst);
    }

    /// The keys that changed since they were last taken, in order.
    pub(crate) fn take_changes(&self) -> Vec<KeyBytes> {
        let take = |it: &mut Holding| it.tracked.as_mut().map(Tracked::take);
        let taken = self.0.partition.visit(self.0.id, take);
        sorted(taken.into_iter().flatten().flatten().collect())
    }

    /// Holds an entry that is in the file; says whether it is held.
    pub(crate) fn load(&self, key: &KeyBytes, entry: Entry<'_>) -> bool {
        let value = self.0.value(key, entry);
        let is_held = self.0.put(key.clone(), &value);
        self.visit_one(key, |it| {
            let held = self.0.partition.peek(self.0.key(key));
            if held.is_some_and(|held| held.is(&value))
                && let Some(tracked) = &mut it.tracked
            {
                tracked.loaded(key);
            }
        });
        is_held
    }

    /// Has `each` note something of one key.
    pub(crate) fn note(&self, key: &[u8], each: impl FnOnce(&mut Tracked)) {
        self.visit_one(key, |it| it.tracked.as_mut().map(each));
    }

    pub(crate) fn visit_one<T>(&self, key: &[u8], each: impl FnOnce(&mut Holding) -> T) -> T {
        self.0.partition.visit_one(self.0.id, key, each)
    }

    pub(crate) fn keys(&self) -> Vec<KeyBytes> {
        let all = self.0.partition.visit(self.0.id, |it| it.index.all());
        sorted(all.into_iter().flatten().collect())
    }

    pub(crate) fn inserts(&self) -> u64 {
        self.0.partition.sum(self.0.id, |it| it.inserts)
    }

    /// For how long `value` has yet to live; none if without end.
    pub(crate) fn remaining(&self, value: &Value) -> Option<Duration> {
        let expires = Duration::from_nanos(value.head().expires);
        (value.head().expires != NEVER).then(|| expires.saturating_sub(self.0.clock.now()))
    }
}

fn sorted(mut keys: Vec<KeyBytes>) -> Vec<KeyBytes> {
    keys.sort_unstable();
    keys
}

impl Space {
    #[inline]
    fn key<'a>(&self, bytes: &'a [u8]) -> KeyRef<'a> {
        KeyRef {
            space: self.id,
            bytes,
        }
    }

    /// What is held under `key` and not expired.
    #[inline]
    fn find(&self, key: &[u8]) -> Option<Value> {
        let value = self.partition.get(self.key(key))?;
        if value.is_expired(|| self.clock.now()) {
            return self.drop_expired(key, &value);
        }
        Some(value)
    }

    #[cold]
    fn drop_expired(&self, key: &[u8], value: &Value) -> Option<Value> {
        let key = self.key(key);
        self.partition
            .remove_if(key, Cause::Expired, |it| it.is(value));
        None
    }

    /// Somebody else may have landed between a miss and becoming the leader.
    fn found_after_all(&self, key: &[u8]) -> Option<Value> {
        let found = self.find(key);
        if found.is_some() {
            self.counters.hits.add_one();
        }
        found
    }

    fn coalesced(&self, value: Value) -> Value {
        self.counters.misses.fetch_add(1, Relaxed);
        self.counters.coalesced.fetch_add(1, Relaxed);
        value
    }

    fn value(&self, key: &[u8], entry: Entry<'_>) -> Value {
        Value::new(entry, key.len(), self.ttl, || self.clock.now())
    }

    fn put(&self, bytes: KeyBytes, value: &Value) -> bool {
        let key = Key {
            space: self.id,
            bytes,
        };
        self.partition.put(key, value, || self.clock.now())
    }

    fn remove_all(&self, cause: Cause, choose: impl Fn(&Holding) -> Vec<KeyBytes>) -> u64 {
        self.partition.remove_all(self.id, cause, choose)
    }
}

/// A computation under way. Dropped before its end, it counts as failed.
struct Load<'a> {
    space: &'a Space,
    leader: Option<Leader<'a>>,
}

impl<'a> Load<'a> {
    fn begin(space: &'a Space, leader: Leader<'a>) -> Self {
        space.counters.misses.fetch_add(1, Relaxed);
        Self {
            space,
            leader: Some(leader),
        }
    }

    fn end(mut self, entry: Entry<'_>) -> Value {
        let leader = self.leader.take().expect("because it ends once");
        let value = self.space.value(leader.key(), entry);
        self.space.counters.loads.fetch_add(1, Relaxed);
        leader.land(&value, |key| _ = self.space.put(key, &value));
        value
    }
}

impl Drop for Load<'_> {
    fn drop(&mut self) {
        if self.leader.is_some() {
            self.space.counters.load_failures.fetch_add(1, Relaxed);
        }
    }
}

impl fmt::Debug for Namespace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Namespace")
            .field("name", &self.0.name)
            .field("stats", &self.stats())
            .finish()
    }
}
