//! Words as numbers.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, DefaultHasher, Hasher};

use super::english;

/// What a word is to the index.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Word {
    /// Carries no weight.
    Stop,
    /// Carries none either, but is about the one who writes.
    FirstPerson,
    /// Is indexed under this number.
    Term(u32),
}

/// The words seen so far. Each distinct one is stemmed once.
///
/// Words are known by 64 bits of their hash, which takes half the memory of their texts. Among
/// 100,000 distinct words two are taken for one with a probability of 3·10⁻¹⁰; who crafts such a pair
/// gains that a query for one word finds the other.
#[derive(Debug, Clone, Default)]
pub(super) struct Vocabulary {
    words: ByHash<Word>,
    stems: ByHash<u32>,
}

type ByHash<V> = HashMap<u64, V, BuildHasherDefault<Identity>>;

impl Vocabulary {
    /// The meaning of a lower-case word, which becomes the next term if its stem is new.
    pub(super) fn intern(&mut self, word: &str) -> Word {
        let Vocabulary { words, stems } = self;
        *words.entry(hash(word)).or_insert_with(|| {
            meaning(word, |stem| {
                let next = u32::try_from(stems.len()).expect("because so many words fit no memory");
                *stems.entry(hash(stem)).or_insert(next)
            })
        })
    }

    /// The term of a stem, if any message had it.
    pub(super) fn find(&self, stem: &str) -> Option<u32> {
        self.stems.get(&hash(stem)).copied()
    }

    /// Forgets the terms for which `renumber` has no new number, and all stop words.
    pub(super) fn retain(&mut self, renumber: &[Option<u32>]) {
        let stays = |term: &mut u32| match renumber.get(*term as usize).copied().flatten() {
            Some(number) => {
                *term = number;
                true
            }
            None => false,
        };
        self.stems.retain(|_, term| stays(term));
        self.words.retain(|_, word| match word {
            Word::Term(term) => stays(term),
            Word::Stop | Word::FirstPerson => false,
        });
        self.words.shrink_to_fit();
        self.stems.shrink_to_fit();
    }
}

fn meaning(word: &str, term: impl FnOnce(&str) -> u32) -> Word {
    if english::FIRST_PERSON.contains(&word) {
        Word::FirstPerson
    } else if english::is_stop_word(word) {
        Word::Stop
    } else {
        Word::Term(term(&english::stem(word)))
    }
}

fn hash(word: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    hasher.write(word.as_bytes());
    hasher.finish()
}

/// Passes on what is a hash already.
#[derive(Debug, Clone, Default)]
struct Identity(u64);

impl Hasher for Identity {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        debug_assert!(bytes.is_empty(), "only numbers are hashed");
    }

    fn write_u64(&mut self, hash: u64) {
        self.0 = hash;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_share_a_term_until_it_is_forgotten() {
        let mut vocabulary = Vocabulary::default();
        let words = ["tents", "the", "my", "tent", "kayak", "tenting"];
        let meanings = words.map(|word| vocabulary.intern(word));
        let term = Word::Term;
        let expect = [
            term(0),
            Word::Stop,
            Word::FirstPerson,
            term(0),
            term(1),
            term(0),
        ];
        assert_eq!(meanings, expect);

        vocabulary.retain(&[None, Some(0)]);
        assert_eq!(vocabulary.find("tent"), None);
        assert_eq!(vocabulary.find("kayak"), Some(0));
        let meanings = words.map(|word| vocabulary.intern(word));
        let expect = [
            term(1),
            Word::Stop,
            Word::FirstPerson,
            term(1),
            term(0),
            term(1),
        ];
        assert_eq!(meanings, expect);
    }
}
