//! A small bounded cache from names to what they stand for.

use crate::bounded::{Bounded, hit_rate};

/// Remembers what names stand for: a model behind its alias, a tool behind its short name.
///
/// It is bounded and has a hit rate of its own. A name that is not kept is loaded by whoever asks for it; while he
/// loads, others who ask for the same name wait for his answer. Errors are not kept. What changes behind a name is
/// not noticed: say so with [`invalidate`](Self::invalidate), which also keeps a load that has begun before from
/// being remembered.
///
/// ```
/// use autoexec_path_cache::NameCache;
///
/// let models = NameCache::<u32>::default();
/// let id = models.resolve("small", |name| name.len().try_into())?;
/// assert_eq!(id, 5);
/// assert_eq!(models.resolve("small", |_| -> Result<_, std::num::TryFromIntError> { unreachable!() })?, 5);
/// assert_eq!(models.stats().hit_rate(), Some(0.5));
/// # Ok::<(), std::num::TryFromIntError>(())
/// ```
///
/// # Cost
///
/// A hit is a hash of the name, a lookup and a clone of the value. An entry is the name's bytes, the value and a
/// slot in one `quick_cache` shard.
///
/// # Limitation
///
/// `load` may ask this cache for other names, but not for the one it loads: it would wait for itself.
pub struct NameCache<V> {
    names: Bounded<String, V>,
}

/// What a [`NameCache`] did so far. `hits + misses` is the number of calls to [`NameCache::resolve`].
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct NameStats {
    /// Calls answered without a load of their own.
    pub hits: u64,
    /// Calls that had to load, with or without success.
    pub misses: u64,
    /// Entries dropped because [`NameCache::invalidate`] named them.
    pub invalidations: u64,
    /// Entries dropped to make room for others.
    pub evictions: u64,
    /// Entries held now.
    pub entries: u64,
    /// Most entries that can be held.
    pub capacity: u64,
}

impl NameStats {
    /// Hits per call, 0 to 1; `None` when nothing was asked yet.
    #[must_use]
    pub fn hit_rate(&self) -> Option<f64> {
        hit_rate(self.hits, self.misses)
    }
}

impl<V: Clone> NameCache<V> {
    /// Most names kept by [`NameCache::default`].
    pub const CAPACITY: usize = 64;

    /// An empty cache of at most `capacity` names. 0 keeps none: every call loads.
    #[must_use]
    pub fn new(capacity: usize) -> Self {
        Self {
            names: Bounded::new(capacity),
        }
    }

    /// What `name` stands for, from the cache or from `load`. Names are compared byte by byte.
    ///
    /// # Errors
    ///
    /// What `load` said. It is not kept: the next call loads again.
    pub fn resolve<E>(&self, name: &str, load: impl FnOnce(&str) -> Result<V, E>) -> Result<V, E> {
        self.names.get_or_load(name, || load(name))
    }

    /// Keeps what `name` stands for, instead of what was kept for it. Counts as no call.
    pub fn insert(&self, name: impl Into<String>, value: V) {
        self.names.insert(name.into(), value);
    }

    /// Forgets `name`; says whether it was known.
    pub fn invalidate(&self, name: &str) -> bool {
        self.names.invalidate(name).is_some()
    }

    /// Forgets every name. The counters stay.
    pub fn clear(&self) {
        self.names.clear();
    }

    /// The counters now. Each is exact; together they are one moment only when no other thread asks.
    #[must_use]
    pub fn stats(&self) -> NameStats {
        let counts = self.names.counts();
        NameStats {
            hits: counts.hits,
            misses: counts.misses,
            invalidations: counts.invalidations,
            evictions: counts.evictions,
            entries: counts.entries,
            capacity: counts.capacity,
        }
    }
}

impl<V: Clone> Default for NameCache<V> {
    fn default() -> Self {
        Self::new(Self::CAPACITY)
    }
}

impl<V: Clone> std::fmt::Debug for NameCache<V> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("NameCache")
            .field("stats", &self.stats())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_are_not_kept() {
        let cache = NameCache::new(4);
        assert_eq!(cache.resolve("a", |_| Err("no")), Err("no"));
        assert_eq!(
            cache.resolve("a", |name| Ok::<_, ()>(name.to_owned())),
            Ok("a".to_owned())
        );
        assert_eq!(cache.resolve("a", |_| Err("no")), Ok("a".to_owned()));
        let stats = cache.stats();
        assert_eq!((stats.hits, stats.misses, stats.entries), (1, 2, 1));
    }

    #[test]
    fn a_load_that_panics_leaves_no_trace() {
        let cache = NameCache::<u32>::new(4);
        let load = || cache.resolve("a", |_| -> Result<u32, ()> { panic!("as asked") });
        std::panic::catch_unwind(std::panic::AssertUnwindSafe(load)).unwrap_err();
        assert_eq!(cache.resolve("a", |_| Ok::<_, ()>(1)), Ok(1));
    }

    #[test]
    fn an_alias_may_ask_for_its_name() {
        let cache = NameCache::new(4);
        let name = |_: &str| Ok::<_, ()>(7);
        assert_eq!(
            cache.resolve("alias", |_| cache.resolve("name", name)),
            Ok(7)
        );
        assert_eq!(cache.stats().entries, 2);
    }
}
