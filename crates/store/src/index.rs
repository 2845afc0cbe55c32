//! Where the entries of a namespace are found by prefix, age, tag and file.

use crate::entry::NEVER;
use crate::key::KeyBytes;
use crate::{Fingerprint, Value};
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;
use std::sync::Arc;

/// Says of every entry that is held, and of no other, where it belongs. Each operation costs O(log entries) for each
/// place; lookups, O(log entries + found).
#[derive(Debug, Default)]
pub(crate) struct Index {
    keys: BTreeSet<KeyBytes>,
    expiries: BTreeSet<(u64, KeyBytes)>,
    tags: BTreeMap<Arc<str>, BTreeSet<KeyBytes>>,
    files: BTreeMap<Arc<[u8]>, BTreeMap<KeyBytes, Fingerprint>>,
}

impl Index {
    pub(crate) fn add(&mut self, key: &KeyBytes, value: &Value) {
        self.keys.insert(key.clone());
        if value.head().expires != NEVER {
            self.expiries.insert((value.head().expires, key.clone()));
        }
        for tag in value.shared_tags() {
            let keys = self.tags.entry(tag.clone()).or_default();
            keys.insert(key.clone());
        }
        for (file, fingerprint) in value.shared_files() {
            let keys = self.files.entry(file.clone()).or_default();
            keys.insert(key.clone(), *fingerprint);
        }
    }

    pub(crate) fn remove(&mut self, key: &KeyBytes, value: &Value) {
        self.keys.remove(key);
        if value.head().expires != NEVER {
            self.expiries.remove(&(value.head().expires, key.clone()));
        }
        for tag in value.shared_tags() {
            if let Some(keys) = self.tags.get_mut(tag)
                && keys.remove(key)
                && keys.is_empty()
            {
                self.tags.remove(tag);
            }
        }
        for (file, _) in value.shared_files() {
            if let Some(keys) = self.files.get_mut(file)
                && keys.remove(key).is_some()
                && keys.is_empty()
            {
                self.files.remove(file);
            }
        }
    }

    pub(crate) fn has(&self, key: &KeyBytes) -> bool {
        self.keys.contains(key)
    }

    pub(crate) fn all(&self) -> Vec<KeyBytes> {
        self.keys.iter().cloned().collect()
    }

    pub(crate) fn with_prefix(&self, prefix: &[u8]) -> Vec<KeyBytes> {
        let from = (Bound::Included(prefix), Bound::Unbounded);
        let keys = self.keys.range::<[u8], _>(from);
        keys.take_while(|key| key.starts_with(prefix))
            .cloned()
            .collect()
    }

    pub(crate) fn with_tag(&self, tag: &str) -> Vec<KeyBytes> {
        let keys = self.tags.get(tag).into_iter().flatten();
        keys.cloned().collect()
    }

    /// What was computed from `file` in another state than `now`.
    pub(crate) fn outdated(&self, file: &[u8], now: Option<Fingerprint>) -> Vec<KeyBytes> {
        let keys = self.files.get(file).into_iter().flatten();
        keys.filter(|(_, then)| Some(**then) != now)
            .map(|(key, _)| key.clone())
            .collect()
    }

    /// The first `most` that are expired at `now`, in nanoseconds.
    pub(crate) fn expired(&self, now: u64, most: usize) -> Vec<KeyBytes> {
        let keys = self.expiries.iter().take_while(|(then, _)| *then <= now);
        keys.take(most).map(|(_, key)| key.clone()).collect()
    }

    /// Whether anything in it could expire.
    pub(crate) fn can_expire(&self) -> bool {
        !self.expiries.is_empty()
    }

    /// Keys, expiries, pairs of tag and key, pairs of file and key.
    #[cfg(test)]
    pub(crate) fn sizes(&self) -> [usize; 4] {
        let tags = self.tags.values().map(|keys| keys.len().max(1)).sum();
        let files = self.files.values().map(|keys| keys.len().max(1)).sum();
        [self.keys.len(), self.expiries.len(), tags, files]
    }
}
