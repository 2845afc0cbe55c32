//! Errors that are given out again for a while, where that was asked for.

use crate::Error;
use crate::flight::Key;
use quick_cache::sync::Cache;
use std::time::Duration;

/// Most paths whose errors are remembered.
const MOST: usize = 1_024;

/// Errors by path, each until a moment of the cache's clock.
pub(crate) struct Remembered {
    ttl: Duration,
    errors: Cache<Key, (Error, Duration)>,
}

impl Remembered {
    pub(crate) fn new(ttl: Duration) -> Self {
        Self {
            ttl,
            errors: Cache::new(MOST),
        }
    }

    pub(crate) fn get(&self, key: &[u8], now: Duration) -> Option<Error> {
        let (error, until) = self.errors.get(key)?;
        (now < until).then_some(error)
    }

    pub(crate) fn put(&self, key: Key, error: &Error, now: Duration) {
        self.errors
            .insert(key, (error.clone(), now.saturating_add(self.ttl)));
    }

    pub(crate) fn forget(&self, key: &[u8]) {
        self.errors.remove(key);
    }

    pub(crate) fn clear(&self) {
        self.errors.clear();
    }
}
