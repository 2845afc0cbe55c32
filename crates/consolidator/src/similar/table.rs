//! Buckets of texts with the same key in a band.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

use super::sketch::{BANDS, Keys};

/// Texts looked at in one bucket, the latest ones.
const DEPTH: usize = 128;
const END: u32 = u32::MAX;

/// For each band a chain of the texts with the same key, the latest first. 20 bytes for each band of a text.
#[derive(Debug, Clone, Default)]
pub(super) struct Table {
    /// The latest text with a key.
    heads: HashMap<u32, u32, BuildHasherDefault<Mixed>>,
    texts: Vec<Links>,
}

#[derive(Debug, Clone)]
struct Links {
    keys: Keys,
    /// The text before with the same key.
    before: [u32; BANDS],
}

impl Table {
    /// Adds a text; its number is how many were added before.
    pub(super) fn push(&mut self, keys: Keys) {
        let at = self.texts.len() as u32;
        let before = keys.map(|key| self.heads.insert(key, at).unwrap_or(END));
        self.texts.push(Links { keys, before });
    }

    pub(super) fn keys(&self, at: u32) -> &Keys {
        &self.texts[at as usize].keys
    }

    /// The texts that share most bands with `keys`, at most `most`; the later one where two share as many.
    pub(super) fn candidates(
        &self,
        keys: &Keys,
        most: usize,
        is_there: impl Fn(u32) -> bool,
    ) -> Vec<u32> {
        let mut found = Vec::new();
        for (band, key) in keys.iter().enumerate() {
            let mut at = self.heads.get(key).copied().unwrap_or(END);
            for _ in 0..DEPTH {
                let Some(links) = self.texts.get(at as usize) else {
                    break;
                };
                if links.keys[band] != *key {
                    break;
                }
                if is_there(at) {
                    found.push(at);
                }
                at = links.before[band];
            }
        }
        found.sort_unstable();
        found.dedup();
        // Counted anew: a full bucket may have hidden some of what an older text shares.
        let shares = |at: u32| {
            let pairs = self.keys(at).iter().zip(keys);
            pairs.filter(|(a, b)| a == b).count()
        };
        let mut shared: Vec<(usize, u32)> = found.into_iter().map(|at| (shares(at), at)).collect();
        shared.sort_unstable_by(|a, b| b.cmp(a));
        shared.truncate(most);
        shared.into_iter().map(|(_, at)| at).collect()
    }

    pub(super) fn bytes(&self) -> usize {
        self.texts.capacity() * size_of::<Links>() + self.heads.capacity() * 9
    }
}

/// For keys that are hashes already.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Mixed(u64);

impl Hasher for Mixed {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(*byte);
        }
    }

    fn write_u32(&mut self, key: u32) {
        // The table takes its buckets from the low bits and its tags from the high ones.
        self.0 = u64::from(key) << 32 | u64::from(key);
    }

    fn write_u64(&mut self, hash: u64) {
        self.0 = hash;
    }

    fn write_u128(&mut self, digest: u128) {
        self.0 = digest as u64;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_texts_that_share_most_come_first_and_full_buckets_are_not_walked() {
        let mut table = Table::default();
        let keys = |shared: usize, own: u32| -> Keys {
            std::array::from_fn(|band| match band < shared {
                true => band as u32,
                false => own * 1_000 + band as u32,
            })
        };
        for shared in [BANDS, 3, 0, 20] {
            table.push(keys(shared, 1 + shared as u32));
        }
        assert_eq!(table.candidates(&keys(BANDS, 0), 9, |_| true), [0, 3, 1]);
        assert_eq!(table.candidates(&keys(BANDS, 0), 1, |_| true), [0]);
        assert_eq!(table.candidates(&keys(BANDS, 0), 9, |at| at != 0), [3, 1]);
        for _ in 0..10_000 {
            table.push(keys(BANDS, 0));
        }
        let looked = std::cell::Cell::new(0);
        let is_there = |_| {
            looked.set(looked.get() + 1);
            true
        };
        assert_eq!(table.candidates(&keys(BANDS, 0), 64, is_there).len(), 64);
        assert_eq!(looked.get(), DEPTH * BANDS);
    }
}
