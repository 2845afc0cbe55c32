//! Runs, and files that a run reads from disk more than once.

use crate::sys::Fingerprint;
use dashmap::{DashMap, Entry};
use quick_cache::DefaultHashBuilder;
use std::hash::BuildHasher;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed};

/// Paths remembered per run. Reads of further paths are not looked at.
const MOST_PATHS: usize = 1 << 18;

/// The current run and the hashes of what it has read from disk. Only loads come here, never hits.
#[derive(Default)]
pub(crate) struct Runs {
    current: AtomicU64,
    paths: AtomicUsize,
    /// Hash of the path to hash of its fingerprint: a collision could only miscount.
    read: DashMap<u64, u64, DefaultHashBuilder>,
}

impl Runs {
    pub(crate) fn begin(&self) {
        self.current.fetch_add(1, Relaxed);
        self.read.clear();
        self.paths.store(0, Relaxed);
    }

    pub(crate) fn current(&self) -> u64 {
        self.current.load(Relaxed)
    }

    /// How many paths the run has read from disk, as far as they are remembered.
    pub(crate) fn paths(&self) -> u64 {
        self.paths.load(Relaxed).min(MOST_PATHS) as u64
    }

    /// Notes a read from disk; says whether this run had read the same state of the file before.
    pub(crate) fn is_redundant(&self, key: &[u8], fingerprint: &Fingerprint) -> bool {
        let hasher = self.read.hasher();
        let state = hasher.hash_one(fingerprint);
        match self.read.entry(hasher.hash_one(key)) {
            Entry::Occupied(mut before) => before.insert(state) == state,
            Entry::Vacant(vacant) => {
                if self.paths.fetch_add(1, Relaxed) < MOST_PATHS {
                    vacant.insert(state);
                }
                false
            }
        }
    }
}
