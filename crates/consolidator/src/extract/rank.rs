//! How well each sentence stands for all of them.

use std::collections::HashMap;
use std::hash::BuildHasherDefault;
use std::ops::Range;

use xxhash_rust::xxh3::xxh3_64;

use crate::similar::{Mixed, each_word, is_stop_word, stem};

/// A sentence with fewer words than this is too short to say much, in a digest that has room for more.
const SHORT: usize = 15;
/// Weight of standing first in a source; halves with every twentieth of it.
const LEAD: f64 = 0.05;
/// How much a rare word weighs more than a frequent one: 0 would be nothing, 1 the plain inverse frequency.
const RARITY: f64 = 0.5;
/// What a stop word weighs against another word that is as frequent.
const STOP_WORD: f64 = 0.3;
/// Weight of the words of the query against the centroid.
const QUERY: f64 = 1.0;

/// A sentence that may be quoted.
#[derive(Debug, Clone)]
pub(super) struct Candidate {
    pub(super) source: usize,
    pub(super) range: Range<usize>,
    /// How many sentences of the source stand before it, and how many the source has.
    pub(super) place: (usize, usize),
    pub(super) words: usize,
    /// Its different words, by number, sorted, and how often it has them.
    pub(super) content: Vec<(u32, u32)>,
    pub(super) score: f64,
}

/// Numbers words and counts the sentences that they stand in.
#[derive(Debug, Default)]
pub(super) struct Vocabulary {
    numbers: HashMap<u64, u32, BuildHasherDefault<Mixed>>,
    pub(super) sentences: Vec<u32>,
    /// The stem of each word, hashed; none for stop words.
    stems: Vec<Option<u64>>,
}

impl Vocabulary {
    /// The content of a sentence.
    pub(super) fn read(&mut self, text: &str) -> Vec<(u32, u32)> {
        let mut all = Vec::new();
        each_word(text, |word, _| {
            let next = self.sentences.len() as u32;
            let hash = xxh3_64(word.as_bytes());
            let number = *self.numbers.entry(hash).or_insert(next);
            if number == next {
                let stem = (!is_stop_word(word)).then(|| xxh3_64(stem(word).as_bytes()));
                self.sentences.push(0);
                self.stems.push(stem);
            }
            all.push(number);
        });
        all.sort_unstable();
        let content: Vec<(u32, u32)> = all
            .chunk_by(|a, b| a == b)
            .map(|same| (same[0], same.len() as u32))
            .collect();
        for (word, _) in &content {
            self.sentences[*word as usize] += 1;
        }
        content
    }

    pub(super) fn is_stop_word(&self, word: u32) -> bool {
        self.stems[word as usize].is_none()
    }

    /// The words but stop words that share their stem with one of the query, by number, sorted; and what such a word of each stem of the
    /// query weighs together.
    fn asked(&self, query: &str, weights: &[f64]) -> (Vec<u32>, f64) {
        let mut stems = Vec::new();
        each_word(query, |word, _| stems.push(xxh3_64(stem(word).as_bytes())));
        stems.sort_unstable();
        stems.dedup();
        let mut heaviest = vec![0.0f64; stems.len()];
        let mut words = Vec::new();
        for (number, found) in self.stems.iter().enumerate() {
            if let Some(Ok(at)) = found.map(|found| stems.binary_search(&found)) {
                heaviest[at] = heaviest[at].max(weights[number]);
                words.push(number as u32);
            }
        }
        (words, heaviest.iter().sum())
    }

    /// √(ln((1 + N) / (1 + n)) + 1) for each word, and a part of it for a stop word.
    pub(super) fn weights(&self, sentences: usize) -> Vec<f64> {
        let all = (1 + sentences) as f64;
        let weight = |(n, stem): (&u32, &Option<u64>)| {
            let part = if stem.is_some() { 1.0 } else { STOP_WORD };
            part * ((all / f64::from(1 + n)).ln() + 1.0).powf(RARITY)
        };
        self.sentences.iter().zip(&self.stems).map(weight).collect()
    }
}

/// Scores every candidate. O(words).
pub(super) fn rank(
    candidates: &mut [Candidate],
    vocabulary: &Vocabulary,
    weights: &[f64],
    query: &str,
    words: usize,
) {
    let vectors: Vec<Vec<(u32, f64)>> = candidates.iter().map(|c| vector(c, weights)).collect();
    let mut centroid = vec![0.0; weights.len()];
    for (word, value) in vectors.iter().flatten() {
        centroid[*word as usize] += value;
    }
    // Stop words alone make no sentence central: they count for at most as much as its other words.
    let along = |vector: &Vec<(u32, f64)>| -> f64 {
        let (mut content, mut stop) = (0.0, 0.0);
        for (word, value) in vector {
            let part = if vocabulary.is_stop_word(*word) {
                &mut stop
            } else {
                &mut content
            };
            *part += value * centroid[*word as usize];
        }
        content + stop.min(content)
    };
    let central: Vec<f64> = vectors.iter().map(along).collect();
    let best = central.iter().copied().fold(f64::MIN_POSITIVE, f64::max);
    let (asked, asked_weight) = vocabulary.asked(query, weights);
    let short = (words / 8).clamp(1, SHORT) as f64;
    for (candidate, central) in candidates.iter_mut().zip(central) {
        let length = (candidate.words as f64 / short).min(1.0).sqrt();
        let (before, of) = candidate.place;
        let lead = LEAD * 0.5f64.powf(before as f64 * 20.0 / (of as f64).max(20.0));
        let hits = candidate
            .content
            .iter()
            .filter(|(w, _)| asked.binary_search(w).is_ok());
        let hit: f64 = hits.map(|(w, _)| weights[*w as usize]).sum();
        candidate.score =
            central / best * length + lead + QUERY * hit / asked_weight.max(f64::MIN_POSITIVE);
    }
}

/// The sentence as a direction: square roots of counts by weights, of length 1, by number of the word.
pub(super) fn vector(candidate: &Candidate, weights: &[f64]) -> Vec<(u32, f64)> {
    let value =
        |(word, count): &(u32, u32)| (*word, f64::from(*count).sqrt() * weights[*word as usize]);
    let mut vector: Vec<(u32, f64)> = candidate.content.iter().map(value).collect();
    let length = vector.iter().map(|(_, v)| v * v).sum::<f64>().sqrt();
    vector.iter_mut().for_each(|(_, v)| *v /= length);
    vector
}
