//! Those who are compared: files read plainly, through our cache, or through a cache that somebody puts in front.

use crate::Lru;
use crate::files::number;
use autoexec_file_cache::{FileCache, Freshness, Options, Source};
use quick_cache::{OptionsBuilder, UnitWeighter};
use std::fs;
use std::hash::BuildHasher;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

/// Peers keep files under the bytes of their paths, as ours does.
pub type Key = Box<[u8]>;
/// What peers keep of a file.
pub type Contents = Arc<[u8]>;
/// Makes a reader whose cache holds so many files.
pub type Make = fn(usize) -> Box<dyn Reader>;

/// Whoever can be asked for a file.
pub trait Reader {
    /// Reads the file at `path`.
    fn read(&self, path: &Path) -> Answer;
}

/// What came of one read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Answer {
    /// The number that the contents begin with.
    pub number: u64,
    /// Whether a cache had them.
    pub hit: bool,
}

/// The bytes of a path.
pub fn key(path: &Path) -> &[u8] {
    path.as_os_str().as_encoded_bytes()
}

/// Reads from the file system each time.
pub struct Plain;

impl Reader for Plain {
    fn read(&self, path: &Path) -> Answer {
        Answer {
            number: number(&fs::read(path).expect("it is there")),
            hit: false,
        }
    }
}

/// Our cache.
pub struct Ours(pub FileCache);

impl Ours {
    /// One that holds so many files.
    pub fn new(capacity: usize) -> Self {
        Self::with(capacity, Freshness::Validate)
    }

    /// One that holds so many files and makes sure of them in this way.
    pub fn with(capacity: usize, freshness: Freshness) -> Self {
        Self(FileCache::new(Options {
            max_entries: capacity,
            max_bytes: 512 << 20,
            freshness,
            ..Options::default()
        }))
    }
}

impl Reader for Ours {
    fn read(&self, path: &Path) -> Answer {
        let read = self.0.read(path).expect("it is there");
        Answer {
            number: number(read.file.bytes()),
            hit: read.source == Source::Hit,
        }
    }
}

/// A cache that knows nothing of files.
pub trait Store {
    /// What it has under `key`.
    fn get(&self, key: &[u8]) -> Option<Contents>;
    /// Keeps `contents` under `key`, if it sees fit.
    fn insert(&self, key: Key, contents: Contents);
}

/// A cache in front of `fs::read`. Nothing is validated: a file that changes is handed out as it was.
pub struct InFront<S>(pub S);

impl<S: Store> Reader for InFront<S> {
    fn read(&self, path: &Path) -> Answer {
        let key = key(path);
        if let Some(contents) = self.0.get(key) {
            return Answer {
                number: number(&contents),
                hit: true,
            };
        }
        let contents: Contents = fs::read(path).expect("it is there").into();
        self.0.insert(key.into(), contents.clone());
        Answer {
            number: number(&contents),
            hit: false,
        }
    }
}

impl<H: BuildHasher + Clone + Send + Sync + 'static> Store for moka::sync::Cache<Key, Contents, H> {
    fn get(&self, key: &[u8]) -> Option<Contents> {
        self.get(key)
    }

    fn insert(&self, key: Key, contents: Contents) {
        self.insert(key, contents);
    }
}

impl<H: BuildHasher + Clone> Store for quick_cache::sync::Cache<Key, Contents, UnitWeighter, H> {
    fn get(&self, key: &[u8]) -> Option<Contents> {
        self.get(key)
    }

    fn insert(&self, key: Key, contents: Contents) {
        self.insert(key, contents);
    }
}

impl Store for Mutex<Lru<Key, Contents>> {
    fn get(&self, key: &[u8]) -> Option<Contents> {
        self.lock().unwrap_or_else(PoisonError::into_inner).get(key)
    }

    fn insert(&self, key: Key, contents: Contents) {
        self.lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(key, contents);
    }
}

/// An exact LRU behind a lock.
pub fn exact_lru(capacity: usize) -> Mutex<Lru<Key, Contents>> {
    Mutex::new(Lru::new(capacity))
}

/// A `quick_cache` in one shard, as ours is.
pub fn one_shard(capacity: usize) -> quick_cache::sync::Cache<Key, Contents> {
    sharded(capacity, 1, quick_cache::DefaultHashBuilder::default())
}

/// A `quick_cache` in at most so many shards: each holds 32 entries at least.
pub(crate) fn sharded<H: BuildHasher + Clone>(
    capacity: usize,
    shards: usize,
    hasher: H,
) -> quick_cache::sync::Cache<Key, Contents, UnitWeighter, H> {
    let options = OptionsBuilder::new()
        .shards(shards)
        .estimated_items_capacity(capacity)
        .weight_capacity(capacity as u64)
        .build()
        .expect("because both capacities are set");
    quick_cache::sync::Cache::with_options(options, UnitWeighter, hasher, Default::default())
}
