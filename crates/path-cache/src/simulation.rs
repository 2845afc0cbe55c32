//! The map without paths: what a cache of another capacity would have hit.

use crate::bounded::Bounded;
use crate::cache::Options;

/// What a [`PathCache`](crate::PathCache) would hold and hit, by numbers in place of paths: the same map with the same bound
/// and evictions, and no file system. For whoever kept a record of what was resolved, and wants to know how it had gone
/// with another capacity. Every path leads somewhere, and to the same place each time.
///
/// ```
/// use autoexec_path_cache::{Options, Simulation};
///
/// let mut cache = Simulation::new(&Options::default());
/// assert_eq!([cache.resolve(7), cache.resolve(7)], [false, true]);
/// ```
pub struct Simulation(Bounded<u64, ()>);

impl Simulation {
    /// An empty one, as a cache of these options is.
    #[must_use]
    pub fn new(options: &Options) -> Self {
        Self(Bounded::new(options.capacity))
    }

    /// Resolves a path; says whether it was held. O(1), amortised over evictions.
    pub fn resolve(&mut self, path: u64) -> bool {
        let is_hit = self.0.get(&path).is_some();
        if !is_hit {
            drop(self.0.exchange(path, ()));
        }
        is_hit
    }
}

impl std::fmt::Debug for Simulation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let entries = self.0.counts().entries;
        f.debug_tuple("Simulation").field(&entries).finish()
    }
}
