//! What two texts are compared by.

use std::hash::Hasher as _;

use xxhash_rust::xxh3::{Xxh3, xxh3_64};

use super::stop_words::is_stop_word;
use super::words::each_word;

/// Up to this many words, texts are compared as bags of stems and letters alone.
const SHORT: f32 = 32.0;
/// From this many words on, they are compared as sets of words and pairs of words alone.
const LONG: f32 = 96.0;
/// Weight of the pairs of words against the words but stop words.
const PAIRS: f32 = 0.25;
/// What numbers that contradict each other take from the score of short texts.
const NUMBERS: f32 = 0.2;
/// Longest sample kept of each kind of feature.
const SAMPLE: usize = 1024;
/// Most numbers of a text that are looked at.
const MOST_NUMBERS: usize = 32;

/// The features of one text, at most 17 KB however long it is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Profile {
    words: u32,
    stems: Sample,
    grams: Sample,
    singles: Sample,
    pairs: Sample,
    numbers: Box<[u32]>,
}

/// The lowest hashes of a bag or set, sorted. All of them, if they are few; otherwise those below `cut`, so that two
/// samples compare exactly what both hold below the lower of their cuts.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Sample {
    hashes: Box<[u32]>,
    cut: u32,
}

impl Default for Sample {
    fn default() -> Self {
        Sample::of(Vec::new())
    }
}

impl Profile {
    /// O(bytes).
    pub(crate) fn new(text: &str) -> Self {
        Profile::with_stems(text, |_| ())
    }

    /// The profile, and on the way a look at all the different stems, sorted.
    pub(crate) fn with_stems(text: &str, look: impl FnOnce(&[u32])) -> Self {
        let mut features = Features::default();
        each_word(text, |word, _| features.add(word));
        if features.words == 0 && !text.trim().is_empty() {
            features.add(text.trim());
        }
        if features.singles.is_empty() {
            features.singles = features.stop_words;
        }
        features.numbers.sort_unstable();
        features.numbers.dedup();
        features.numbers.truncate(MOST_NUMBERS);
        features.stems.sort_unstable();
        let mut different = features.stems.clone();
        different.dedup();
        look(&different);
        Profile {
            words: features.words,
            stems: Sample::of(features.stems),
            grams: Sample::of(features.grams),
            singles: Sample::of(set(features.singles)),
            pairs: Sample::of(set(features.pairs)),
            numbers: features.numbers.into(),
        }
    }

    /// Bytes held.
    pub(crate) fn bytes(&self) -> usize {
        let samples = [&self.stems, &self.grams, &self.singles, &self.pairs];
        size_of::<Self>()
            + samples.iter().map(|s| s.hashes.len() * 4).sum::<usize>()
            + self.numbers.len() * 4
    }

    /// See [`super::similarity`].
    pub(crate) fn similarity(&self, other: &Profile) -> f32 {
        if self.words == 0 || other.words == 0 {
            return f32::from(u8::from(self.words == other.words));
        }
        let shorter = self.words.min(other.words) as f32;
        let long = ((shorter - SHORT) / (LONG - SHORT)).clamp(0.0, 1.0);
        let mut score = 0.0;
        if long < 1.0 {
            let bags = self.stems.over_longer(&other.stems) + self.grams.over_longer(&other.grams);
            let numbers = f32::from(u8::from(contradict(&self.numbers, &other.numbers)));
            score += (1.0 - long) * bags / 2.0 * (1.0 - NUMBERS * numbers);
        }
        if long > 0.0 {
            let singles = self.singles.cosine(&other.singles);
            let pairs = self.pairs.cosine(&other.pairs);
            score += long * (singles + PAIRS * (pairs - singles));
        }
        score
    }
}

#[derive(Default)]
struct Features {
    words: u32,
    last: u32,
    stems: Vec<u32>,
    grams: Vec<u32>,
    singles: Vec<u32>,
    stop_words: Vec<u32>,
    pairs: Vec<u32>,
    numbers: Vec<u32>,
    letters: Vec<u8>,
}

impl Features {
    fn add(&mut self, word: &str) {
        let hash = short(xxh3_64(word.as_bytes()));
        if self.words > 0 {
            let mut pair = Xxh3::new();
            pair.write_u32(self.last);
            pair.write_u32(hash);
            self.pairs.push(short(pair.finish()));
        }
        self.words += 1;
        self.last = hash;
        match is_stop_word(word) {
            true => self.stop_words.push(hash),
            false => self.singles.push(hash),
        }
        self.stems.push(short(xxh3_64(stem(word).as_bytes())));
        if word.as_bytes()[0].is_ascii_digit() {
            self.numbers.push(hash);
        }
        self.letters.clear();
        self.letters.push(b' ');
        self.letters.extend_from_slice(word.as_bytes());
        self.letters.push(b' ');
        self.add_grams();
    }

    /// Three neighbouring characters of a word; spaces stand for its borders.
    fn add_grams(&mut self) {
        let bytes = &self.letters;
        let is_start = |at: &usize| *at >= bytes.len() || bytes[*at] & 0xc0 != 0x80;
        let mut starts = (0..=bytes.len()).filter(is_start);
        let mut ends = starts.clone().skip(3);
        let Some(first) = ends.next() else {
            return self.grams.push(short(xxh3_64(bytes)));
        };
        for end in std::iter::once(first).chain(ends) {
            let start = starts.next().unwrap_or_default();
            self.grams.push(short(xxh3_64(&bytes[start..end])));
        }
    }
}

fn short(hash: u64) -> u32 {
    (hash >> 32) as u32
}

fn set(mut hashes: Vec<u32>) -> Vec<u32> {
    hashes.sort_unstable();
    hashes.dedup();
    hashes
}

/// A word without the endings that English adds most often.
pub(crate) fn stem(word: &str) -> &str {
    if word.len() < 4 || !word.is_ascii() {
        return word;
    }
    let mut rest = word;
    if rest.ends_with("ies") && rest.len() > 4 {
        rest = &rest[..rest.len() - 2];
    } else if rest.ends_with('s') && !rest.ends_with("ss") && !rest.ends_with("us") {
        rest = &rest[..rest.len() - 1];
    }
    let ending = ["ing", "ed"]
        .iter()
        .find(|e| rest.ends_with(**e) && rest.len() >= e.len() + 4);
    rest = &rest[..rest.len() - ending.map_or(0, |e| e.len())];
    if rest.len() > 4 && rest.ends_with(['e', 'y', 'i']) {
        rest = &rest[..rest.len() - 1];
    }
    if rest.len() > 5 && rest.ends_with('l') && word.ends_with("ly") {
        rest = &rest[..rest.len() - 1];
    }
    rest
}

/// Whether each text has a number that the other has not.
fn contradict(a: &[u32], b: &[u32]) -> bool {
    overlap(a, b) < a.len().min(b.len())
}

impl Sample {
    fn of(mut hashes: Vec<u32>) -> Self {
        hashes.sort_unstable();
        let mut cut = u32::MAX;
        if hashes.len() > SAMPLE {
            cut = hashes[SAMPLE];
            let kept = hashes.partition_point(|h| *h < cut);
            // A bag of one feature, again and again, has nothing below the cut; then its first ones stand for it.
            hashes.truncate(if kept == 0 { SAMPLE } else { kept });
            if kept == 0 {
                cut = cut.saturating_add(1);
            }
        }
        Sample {
            hashes: hashes.into(),
            cut,
        }
    }

    fn below(&self, cut: u32) -> &[u32] {
        match cut {
            u32::MAX => &self.hashes,
            _ => &self.hashes[..self.hashes.partition_point(|h| *h < cut)],
        }
    }

    /// Shared, both, below the lower cut.
    fn counts(&self, other: &Sample) -> (f32, f32, f32) {
        let cut = self.cut.min(other.cut);
        let (a, b) = (self.below(cut), other.below(cut));
        (overlap(a, b) as f32, a.len() as f32, b.len() as f32)
    }

    fn over_longer(&self, other: &Sample) -> f32 {
        let (shared, a, b) = self.counts(other);
        if a.max(b) == 0.0 {
            return f32::from(u8::from(self.hashes.is_empty() == other.hashes.is_empty()));
        }
        shared / a.max(b)
    }

    fn cosine(&self, other: &Sample) -> f32 {
        let (shared, a, b) = self.counts(other);
        match a * b > 0.0 {
            true => shared / (a * b).sqrt(),
            false => f32::from(u8::from(a == b)),
        }
    }
}

/// How many elements two sorted bags share.
fn overlap(a: &[u32], b: &[u32]) -> usize {
    let (mut i, mut j, mut shared) = (0, 0, 0);
    while i < a.len() && j < b.len() {
        let (x, y) = (a[i], b[j]);
        shared += usize::from(x == y);
        i += usize::from(x <= y);
        j += usize::from(y <= x);
    }
    shared
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stems_join_the_forms_of_a_word() {
        for forms in [
            &["replace", "replaces", "replaced", "replacing"][..],
            &["company", "companies"],
            &["quick", "quickly"],
            &["bug", "bugs"],
        ] {
            let stems: Vec<&str> = forms.iter().map(|w| stem(w)).collect();
            assert!(stems.iter().all(|s| *s == stems[0]), "{forms:?} {stems:?}");
        }
        assert_eq!(
            ["bus", "class", "red", "école", "漢字"].map(stem),
            ["bus", "class", "red", "école", "漢字"]
        );
    }

    #[test]
    fn a_sample_is_cut_where_there_is_more() {
        let all: Vec<u32> = (0..SAMPLE as u32).collect();
        let sample = Sample::of(all.clone());
        assert_eq!((&*sample.hashes, sample.cut), (&*all, u32::MAX));
        let sample = Sample::of((0..=SAMPLE as u32).collect());
        assert_eq!((&*sample.hashes, sample.cut), (&*all, SAMPLE as u32));
    }

    #[test]
    fn profiles_are_bounded_and_samples_agree_with_the_whole() {
        let text = |from: usize| -> String {
            (from..from + 20_000).map(|n| format!("word{n} ")).collect()
        };
        let (a, b) = (Profile::new(&text(0)), Profile::new(&text(5_000)));
        assert!(a.bytes() < 17_000, "{}", a.bytes());
        // Three in four words are shared.
        assert!(
            (a.similarity(&b) - 0.75).abs() < 0.05,
            "{}",
            a.similarity(&b)
        );
        assert_eq!(a.similarity(&a), 1.0);
        let same = Profile::new(&"again ".repeat(100_000));
        assert_eq!(same.similarity(&same), 1.0);
        assert!(same.similarity(&a) < 0.1);
    }
}
