//! Words as numbers.

use std::collections::HashMap;

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
#[derive(Debug, Clone, Default)]
pub(super) struct Vocabulary {
    words: HashMap<Box<str>, Word>,
    stems: HashMap<Box<str>, u32>,
}

impl Vocabulary {
    /// The meaning of a lower-case word, which becomes the next term if its stem is new.
    pub(super) fn intern(&mut self, word: &str) -> Word {
        if let Some(&known) = self.words.get(word) {
            return known;
        }
        let meaning = meaning(word, |stem| {
            let next =
                u32::try_from(self.stems.len()).expect("because so many words fit no memory");
            *self.stems.entry(stem.into()).or_insert(next)
        });
        self.words.insert(word.into(), meaning);
        meaning
    }

    /// The term of a stem, if any message had it.
    pub(super) fn find(&self, stem: &str) -> Option<u32> {
        self.stems.get(stem).copied()
    }

    /// Forgets the terms for which `renumber` has no new number, and all stop words.
    pub(super) fn retain(&mut self, renumber: &[Option<u32>]) {
        let new = |term: u32| renumber.get(term as usize).copied().flatten();
        self.stems.retain(|_, term| match new(*term) {
            Some(number) => {
                *term = number;
                true
            }
            None => false,
        });
        self.words.retain(|_, word| match word {
            Word::Term(term) => match new(*term) {
                Some(number) => {
                    *term = number;
                    true
                }
                None => false,
            },
            _ => false,
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
