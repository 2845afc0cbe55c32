//! An index of texts that finds near duplicates without comparing all pairs.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::hash::BuildHasherDefault;

use xxhash_rust::xxh3::xxh3_128;

use super::profile::Profile;
use super::sketch;
use super::table::{Mixed, Table};

/// What a [`SimilarIndex`] calls near, and how long it looks.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SimilarOptions {
    /// Least [`similarity`](crate::similarity) of near duplicates. Default 0.8; below 0.6 the index finds fewer and fewer
    /// of the pairs that there are.
    pub threshold: f32,
    /// Most candidates compared in full for one text, those that agree in most bands first. Default 64.
    pub candidates: usize,
}

impl Default for SimilarOptions {
    fn default() -> Self {
        SimilarOptions {
            threshold: 0.8,
            candidates: 64,
        }
    }
}

/// A text in the index that is near to the one asked for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Match<K> {
    /// The least of the ids that were given this text.
    pub id: K,
    /// How many ids were given this very text.
    pub copies: usize,
    /// The [`similarity`](crate::similarity): at least the threshold, 1 for identical texts.
    pub score: f32,
}

/// What a [`SimilarIndex`] holds and did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct SimilarStats {
    /// Ids in the index.
    pub ids: usize,
    /// Different texts among them.
    pub texts: usize,
    /// Bytes held, but for the ids themselves.
    pub bytes: usize,
    /// Candidates compared in full so far.
    pub compared: u64,
    /// Those of them that were near.
    pub near: u64,
}

/// Finds the near duplicates among many texts, one text after the other.
///
/// Candidates come from MinHash signatures of the texts' stems in 24 bands of 4 rows: of pairs with a Jaccard index of 0.6
/// they miss one in 30, of pairs with 0.15 they take one in 80 for nothing. Each candidate is then compared in full, so that
/// everything returned is near indeed. Measured on 400 generated texts of 5 to 160 words, half of them edits of the others,
/// at the default threshold: all 157 near pairs found, 218 candidates compared; at 0.5, 199 of 200.
///
/// Identical texts share one entry; they are told by a 128-bit hash that an adversary could collide. Deterministic: the same
/// calls give the same answers on every machine.
///
/// # Cost
/// `insert` and `query` are O(bytes of the text + candidates × their features), bounded by
/// [`SimilarOptions::candidates`] and by 128 texts looked at in each of the 24 bands (the latest ones). `remove` is O(1)
/// amortised. Memory: 600 bytes and about 26 bytes a word for each different text, at most 18 KB however long it is; the
/// texts themselves are not kept.
///
/// ```
/// use autoexec_consolidator::SimilarIndex;
///
/// let mut index = SimilarIndex::new();
/// assert!(index.insert(1, "The pool lock is held while the queue is drained").is_empty());
/// assert!(index.insert(2, "An unrelated remark about the README").is_empty());
/// let near = index.insert(3, "the pool lock is held while the queues are drained.");
/// assert_eq!(near[0].id, 1);
/// assert_eq!(index.groups()[0].members, [1, 3]);
/// ```
#[derive(Debug, Clone)]
pub struct SimilarIndex<K> {
    options: SimilarOptions,
    /// Texts by place; `None` where one was removed.
    entries: Vec<Option<Entry<K>>>,
    removed: usize,
    by_text: HashMap<u128, u32, BuildHasherDefault<Mixed>>,
    by_id: BTreeMap<K, u32>,
    table: Table,
    compared: u64,
    near: u64,
}

#[derive(Debug, Clone)]
pub(super) struct Entry<K> {
    digest: u128,
    pub(super) ids: BTreeSet<K>,
    pub(super) profile: Profile,
}

impl<K: Ord + Clone> Default for SimilarIndex<K> {
    fn default() -> Self {
        SimilarIndex::new()
    }
}

impl<K: Ord + Clone> SimilarIndex<K> {
    /// An empty index with the default options.
    pub fn new() -> Self {
        SimilarIndex::with_options(SimilarOptions::default())
    }

    /// An empty index.
    pub fn with_options(options: SimilarOptions) -> Self {
        SimilarIndex {
            options,
            entries: Vec::new(),
            removed: 0,
            by_text: HashMap::default(),
            by_id: BTreeMap::new(),
            table: Table::default(),
            compared: 0,
            near: 0,
        }
    }

    /// Adds a text and returns those that are near to it, the nearest first. An id that is there already gets the new text.
    pub fn insert(&mut self, id: K, text: &str) -> Vec<Match<K>> {
        self.remove(&id);
        let digest = xxh3_128(text.as_bytes());
        if let Some(at) = self.by_text.get(&digest) {
            let at = *at;
            let near = self.near_entry(at);
            self.entry_mut(at).ids.insert(id.clone());
            self.by_id.insert(id, at);
            return near;
        }
        let mut keys = sketch::NONE;
        let profile = Profile::with_stems(text, |stems| keys = sketch::keys(stems));
        let near = self.near(&profile, &keys, None);
        let at = self.entries.len() as u32;
        self.entries.push(Some(Entry {
            digest,
            ids: BTreeSet::from([id.clone()]),
            profile,
        }));
        self.table.push(keys);
        self.by_text.insert(digest, at);
        self.by_id.insert(id, at);
        near
    }

    /// The texts that are near to this one, the nearest first.
    pub fn query(&mut self, text: &str) -> Vec<Match<K>> {
        if let Some(at) = self.by_text.get(&xxh3_128(text.as_bytes())) {
            return self.near_entry(*at);
        }
        let mut keys = sketch::NONE;
        let profile = Profile::with_stems(text, |stems| keys = sketch::keys(stems));
        self.near(&profile, &keys, None)
    }

    /// Forgets the text of an id; whether there was one.
    pub fn remove(&mut self, id: &K) -> bool {
        let Some(at) = self.by_id.remove(id) else {
            return false;
        };
        let entry = self.entry_mut(at);
        entry.ids.remove(id);
        if entry.ids.is_empty() {
            let digest = entry.digest;
            self.by_text.remove(&digest);
            self.entries[at as usize] = None;
            self.removed += 1;
            if self.removed > self.entries.len() / 2 + 64 {
                self.compact();
            }
        }
        true
    }

    /// How many ids are there.
    pub fn len(&self) -> usize {
        self.by_id.len()
    }

    /// Whether nothing is there.
    pub fn is_empty(&self) -> bool {
        self.by_id.is_empty()
    }

    /// What the index holds and did. O(texts).
    pub fn stats(&self) -> SimilarStats {
        let entries = self.entries.capacity() * size_of::<Option<Entry<K>>>();
        let features: usize = self
            .entries
            .iter()
            .flatten()
            .map(|e| e.profile.bytes() - size_of::<Profile>())
            .sum();
        let maps = self.by_text.capacity() * (size_of::<(u128, u32)>() + 1) + self.by_id.len() * 4;
        SimilarStats {
            ids: self.by_id.len(),
            texts: self.by_text.len(),
            bytes: entries + features + maps + self.table.bytes(),
            compared: self.compared,
            near: self.near,
        }
    }

    pub(super) fn entries(&self) -> impl Iterator<Item = (u32, &Entry<K>)> {
        let places = self.entries.iter().enumerate();
        places.filter_map(|(at, entry)| entry.as_ref().map(|entry| (at as u32, entry)))
    }

    /// The places near to the text at `at`, with their scores.
    pub(super) fn neighbours(&self, at: u32) -> (Vec<(u32, f32)>, u64) {
        let entry = self.entries[at as usize].as_ref();
        let profile = &entry
            .expect("because `by_text` and `by_id` name entries that are there")
            .profile;
        self.scores(profile, self.table.keys(at), Some(at))
    }

    /// The ids of the text at `at`.
    pub(super) fn ids(&self, at: u32) -> &BTreeSet<K> {
        let entry = self.entries[at as usize].as_ref();
        &entry
            .expect("because neighbours are entries that are there")
            .ids
    }

    fn entry_mut(&mut self, at: u32) -> &mut Entry<K> {
        let entry = self.entries[at as usize].as_mut();
        entry.expect("because `by_text` and `by_id` name entries that are there")
    }

    /// What is near to an entry, the entry itself first.
    fn near_entry(&mut self, at: u32) -> Vec<Match<K>> {
        let (scores, compared) = self.neighbours(at);
        self.matches(std::iter::once((at, 1.0)).chain(scores).collect(), compared)
    }

    fn near(&mut self, profile: &Profile, keys: &sketch::Keys, but: Option<u32>) -> Vec<Match<K>> {
        let (scores, compared) = self.scores(profile, keys, but);
        self.matches(scores, compared)
    }

    fn scores(
        &self,
        profile: &Profile,
        keys: &sketch::Keys,
        but: Option<u32>,
    ) -> (Vec<(u32, f32)>, u64) {
        let is_there = |at: u32| Some(at) != but && self.entries[at as usize].is_some();
        let candidates = self
            .table
            .candidates(keys, self.options.candidates, is_there);
        let compared = candidates.len() as u64;
        let scores = candidates.into_iter().filter_map(|at| {
            let score = self.entries[at as usize]
                .as_ref()?
                .profile
                .similarity(profile);
            (score >= self.options.threshold).then_some((at, score))
        });
        (scores.collect(), compared)
    }

    fn matches(&mut self, scores: Vec<(u32, f32)>, compared: u64) -> Vec<Match<K>> {
        let mut matches: Vec<Match<K>> = scores
            .into_iter()
            .filter_map(|(at, score)| {
                let ids = &self.entries[at as usize].as_ref()?.ids;
                Some(Match {
                    id: ids.first()?.clone(),
                    copies: ids.len(),
                    score,
                })
            })
            .collect();
        matches.sort_by(|a, b| b.score.total_cmp(&a.score).then_with(|| a.id.cmp(&b.id)));
        self.compared += compared;
        self.near += matches.len() as u64;
        matches
    }

    /// Closes the gaps that removed texts left. O(texts × bands), once in so many removals.
    fn compact(&mut self) {
        let old = std::mem::take(&mut self.entries);
        let table = std::mem::take(&mut self.table);
        self.removed = 0;
        for (at, entry) in old.into_iter().enumerate() {
            let Some(entry) = entry else { continue };
            let new = self.entries.len() as u32;
            self.by_text.insert(entry.digest, new);
            for id in &entry.ids {
                self.by_id.insert(id.clone(), new);
            }
            self.table.push(*table.keys(at as u32));
            self.entries.push(Some(entry));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A linear congruential generator (Knuth's MMIX constants).
    struct Dice(u64);

    impl Dice {
        fn below(&mut self, sides: usize) -> usize {
            self.0 = self
                .0
                .wrapping_mul(6364136223846793005)
                .wrapping_add(1442695040888963407);
            (self.0 >> 33) as usize % sides
        }

        /// A word of 900; low numbers are as much more frequent as in English.
        fn word(&mut self) -> String {
            let bound = 1 + self.below(900);
            let number = self.below(bound);
            let syllables = [
                "ba", "ce", "di", "fo", "gu", "lan", "mer", "nis", "pol", "rut",
            ];
            (0..3)
                .map(|place| syllables[number / 10usize.pow(place) % 10])
                .collect()
        }

        fn text(&mut self, words: usize) -> Vec<String> {
            (0..words).map(|_| self.word()).collect()
        }

        /// The text with a few words replaced, left out or exchanged.
        fn edited(&mut self, text: &[String]) -> Vec<String> {
            let mut out = text.to_vec();
            for _ in 0..1 + self.below(1 + text.len() / 3) {
                let at = self.below(out.len());
                match self.below(3) {
                    0 => out[at] = self.word(),
                    1 if out.len() > 2 => _ = out.remove(at),
                    _ => out.swap(at, 0),
                }
            }
            out
        }
    }

    /// 400 texts of 5 to 160 words, half of them edits of another.
    fn texts() -> Vec<String> {
        let mut dice = Dice(1);
        let mut out = Vec::new();
        for _ in 0..200 {
            let most = if dice.below(4) == 0 { 156 } else { 26 };
            let words = 5 + dice.below(most);
            let text = dice.text(words);
            out.push(dice.edited(&text).join(" "));
            out.push(text.join(" "));
        }
        out
    }

    /// (near pairs there are, near pairs the index found, candidates compared) at a threshold.
    fn recall(threshold: f32) -> (usize, usize, u64) {
        let texts = texts();
        let profiles: Vec<Profile> = texts.iter().map(|t| Profile::new(t)).collect();
        let mut index = SimilarIndex::with_options(SimilarOptions {
            threshold,
            ..SimilarOptions::default()
        });
        let (mut there, mut found) = (0, 0);
        for (at, text) in texts.iter().enumerate() {
            let scores = profiles[..at].iter().map(|p| p.similarity(&profiles[at]));
            there += scores.filter(|s| *s >= threshold).count();
            found += index.insert(at, text).len();
        }
        (there, found, index.stats().compared)
    }

    /// The figures that the documentation of [`SimilarIndex`] gives.
    #[test]
    fn recall_and_precision_of_the_candidates() {
        assert_eq!(recall(0.8), (157, 157, 218));
        assert_eq!(recall(0.6), (199, 199, 218));
        assert_eq!(recall(0.5), (200, 199, 218));
    }
}
