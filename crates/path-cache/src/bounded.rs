//! The bounded, counting map that the caches of this crate stand on.

use quick_cache::sync::{Cache, GuardResult};
use quick_cache::{DefaultHashBuilder, Equivalent, Lifecycle, OptionsBuilder, UnitWeighter};
use std::hash::Hash;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// At most `capacity` entries, evicted by S3-FIFO as `quick_cache` does it: an entry asked for again outlives
/// those asked for once, so a cycle a little longer than the capacity still hits.
///
/// Whoever asks says by [`hit`](Self::hit) and [`miss`](Self::miss) what came of it, as only he can validate.
/// All calls take constant time, amortised over evictions. No lock is held while something is loaded.
pub(crate) struct Bounded<K, V> {
    entries: Cache<K, V, UnitWeighter, DefaultHashBuilder, CountEvictions>,
    capacity: u64,
    hits: AtomicU64,
    misses: AtomicU64,
    invalidations: AtomicU64,
    evictions: Arc<AtomicU64>,
}

/// What happened so far.
pub(crate) struct Counts {
    pub(crate) hits: u64,
    pub(crate) misses: u64,
    pub(crate) invalidations: u64,
    pub(crate) evictions: u64,
    pub(crate) entries: u64,
    pub(crate) capacity: u64,
}

/// Hits per call, 0 to 1; `None` when nothing was asked yet.
pub(crate) fn hit_rate(hits: u64, misses: u64) -> Option<f64> {
    let calls = hits + misses;
    (calls > 0).then(|| hits as f64 / calls as f64)
}

/// Sees what goes to make room. An entry that was refused because nothing may be kept made no room.
#[derive(Clone)]
struct CountEvictions {
    evictions: Arc<AtomicU64>,
    keeps_some: bool,
}

impl<K, V> Lifecycle<K, V> for CountEvictions {
    /// What was evicted, so that it is dropped once the lock is released.
    type RequestState = Vec<(K, V)>;

    fn on_evict(&self, state: &mut Self::RequestState, key: K, value: V) {
        self.evictions
            .fetch_add(u64::from(self.keeps_some), Relaxed);
        state.push((key, value));
    }
}

impl<K: Eq + Hash, V: Clone> Bounded<K, V> {
    /// An empty map. A capacity of 0 keeps nothing.
    pub(crate) fn new(capacity: usize) -> Self {
        let layout = OptionsBuilder::new()
            .shards(1) // Several shards cost hit rate at hundreds of entries.
            .estimated_items_capacity(capacity)
            .weight_capacity(capacity as u64)
            // One entry weighs more than the usual hot share of a cache of one.
            .hot_allocation(if capacity < 2 { 1.0 } else { 0.97 })
            .build()
            .expect("because both capacities are set");
        let evictions = Arc::new(AtomicU64::new(0));
        let lifecycle = CountEvictions {
            evictions: evictions.clone(),
            keeps_some: capacity > 0,
        };
        let hasher = DefaultHashBuilder::default();
        Self {
            entries: Cache::with_options(layout, UnitWeighter, hasher, lifecycle),
            capacity: capacity as u64,
            hits: AtomicU64::new(0),
            misses: AtomicU64::new(0),
            invalidations: AtomicU64::new(0),
            evictions,
        }
    }

    pub(crate) fn get<Q: Hash + Equivalent<K> + ?Sized>(&self, key: &Q) -> Option<V> {
        self.entries.get(key)
    }

    pub(crate) fn insert(&self, key: K, value: V) {
        drop(self.exchange(key, value));
    }

    /// Keeps an entry, and gives back those that had to go for it: the one under the same key, those evicted, or the
    /// new one itself where nothing is kept.
    pub(crate) fn exchange(&self, key: K, value: V) -> Vec<(K, V)> {
        let mut gone = Vec::new();
        self.entries.insert_with_lifecycle(key, value, &mut gone);
        gone
    }

    /// Whether what is under `key` is this.
    pub(crate) fn holds<Q>(&self, key: &Q, is_it: impl FnOnce(&V) -> bool) -> bool
    where
        Q: Hash + Equivalent<K> + ?Sized,
    {
        self.entries.peek(key).is_some_and(|held| is_it(&held))
    }

    /// Counts a call answered by an entry.
    pub(crate) fn hit(&self) {
        self.hits.fetch_add(1, Relaxed);
    }

    /// Counts a call that no entry answered.
    pub(crate) fn miss(&self) {
        self.misses.fetch_add(1, Relaxed);
    }

    /// The entry, or what `load` makes of its absence, and counts which. Of several callers one loads and the
    /// others wait for him. What was forgotten while it was loaded is not kept, and neither is an error.
    pub(crate) fn get_or_load<Q, E>(
        &self,
        key: &Q,
        load: impl FnOnce() -> Result<V, E>,
    ) -> Result<V, E>
    where
        Q: Hash + Equivalent<K> + ToOwned<Owned = K> + ?Sized,
    {
        match self.entries.get_value_or_guard(key, None) {
            GuardResult::Value(value) => {
                self.hit();
                Ok(value)
            }
            GuardResult::Guard(place) => {
                self.miss();
                let value = load()?;
                // Refused where the name was forgotten meanwhile: the caller still gets what he asked for.
                let _ = place.insert(value.clone());
                Ok(value)
            }
            GuardResult::Timeout => unreachable!("because no timeout was given"),
        }
    }

    /// Drops an entry that `refuted` speaks against. Another thread may have refreshed it meanwhile; that one stays.
    #[cold]
    pub(crate) fn refute<Q>(&self, key: &Q, refuted: impl FnOnce(&V) -> bool) -> Option<V>
    where
        Q: Hash + Equivalent<K> + ?Sized,
    {
        let removed = self.entries.remove_if(key, refuted);
        self.invalidations
            .fetch_add(u64::from(removed.is_some()), Relaxed);
        removed.map(|(_, value)| value)
    }

    /// Drops an entry, and gives it back.
    pub(crate) fn invalidate<Q: Hash + Equivalent<K> + ?Sized>(&self, key: &Q) -> Option<V> {
        let removed = self.entries.remove(key);
        self.invalidations
            .fetch_add(u64::from(removed.is_some()), Relaxed);
        removed.map(|(_, value)| value)
    }

    /// Drops every entry, and keeps what is being loaded from being kept. The counters stay.
    pub(crate) fn clear(&self) {
        self.entries.clear();
    }

    /// Gives every entry back. What is being loaded is kept all the same. The counters stay.
    pub(crate) fn drain(&self) -> Vec<V> {
        self.entries.drain().map(|(_, value)| value).collect()
    }

    /// Each count is exact; together they are one moment only when no other thread asks.
    pub(crate) fn counts(&self) -> Counts {
        Counts {
            hits: self.hits.load(Relaxed),
            misses: self.misses.load(Relaxed),
            invalidations: self.invalidations.load(Relaxed),
            evictions: self.evictions.load(Relaxed),
            entries: self.entries.len() as u64,
            capacity: self.capacity,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rate_of_a_cycle(capacity: usize, length: u32) -> (Counts, u32) {
        let map = Bounded::<u32, u32>::new(capacity);
        let mut loads = 0;
        for key in (0..length).cycle().take(length as usize * 20) {
            let _: Result<_, ()> = map.get_or_load(&key, || {
                loads += 1;
                Ok(key)
            });
        }
        (map.counts(), loads)
    }

    #[test]
    fn the_bound_holds_and_every_call_is_counted() {
        for capacity in [0, 1, 2, 3, 64, 256] {
            let (counts, loads) = rate_of_a_cycle(capacity, 500);
            assert_eq!(counts.entries, capacity as u64);
            assert_eq!(counts.capacity, capacity as u64);
            assert_eq!(counts.hits + counts.misses, 10_000);
            assert_eq!(counts.misses, u64::from(loads));
            let made_room = if capacity == 0 {
                0
            } else {
                counts.misses - counts.entries
            };
            assert_eq!(counts.evictions, made_room, "capacity {capacity}");
        }
    }

    /// A least-recently-used map of 256 never hits on a cycle of 257.
    #[test]
    fn a_cycle_one_longer_than_the_map_still_hits() {
        let (counts, _) = rate_of_a_cycle(256, 257);
        let rate = hit_rate(counts.hits, counts.misses).unwrap();
        assert!(rate > 0.5, "{rate}");
    }

    #[test]
    fn what_was_forgotten_while_it_was_loaded_is_not_kept() {
        let map = Bounded::<u32, &str>::new(8);
        let loaded: Result<_, ()> = map.get_or_load(&1, || {
            _ = map.invalidate(&1);
            Ok("stale")
        });
        assert_eq!((loaded, map.get(&1)), (Ok("stale"), None));
        let loaded: Result<_, ()> = map.get_or_load(&1, || {
            map.clear();
            Ok("stale")
        });
        assert_eq!((loaded, map.get(&1)), (Ok("stale"), None));
    }

    #[test]
    fn only_what_is_refuted_goes() {
        let map = Bounded::<u32, u32>::new(8);
        map.insert(1, 10);
        map.refute(&1, |&value| value == 11);
        assert_eq!(map.get(&1), Some(10));
        map.refute(&1, |&value| value == 10);
        assert_eq!((map.get(&1), map.counts().invalidations), (None, 1));
    }
}
