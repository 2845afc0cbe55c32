//! Takes the best sentences that fit and do not repeat each other.

use std::collections::HashMap;
use std::hash::BuildHasherDefault;

use super::budget::Budget;
use super::rank::{Candidate, Vocabulary};
use super::summariser::Quote;
use crate::similar::Mixed;

/// The sentences chosen so far.
pub(super) struct Choice<'a> {
    budget: Budget<'a>,
    left: usize,
    /// Two sentences with at least this Dice coefficient of their words say the same.
    repeats: f64,
    cuts: bool,
    /// Nothing comes after a sentence that was cut.
    closed: bool,
    pub(super) quotes: Vec<Quote>,
    /// What the quotes say: their words in how few sentences they stand, the rarest first.
    contents: Vec<Vec<(u32, u32)>>,
    /// The quotes by their rarest words.
    by_word: HashMap<u32, Vec<usize>, BuildHasherDefault<Mixed>>,
}

impl<'a> Choice<'a> {
    pub(super) fn new(budget: Budget<'a>, repeats: f64, cuts: bool) -> Self {
        Choice {
            budget,
            left: budget.most(),
            repeats,
            cuts,
            closed: false,
            quotes: Vec::new(),
            contents: Vec::new(),
            by_word: HashMap::default(),
        }
    }

    pub(super) fn is_full(&self) -> bool {
        self.left == 0 || self.closed
    }

    /// How much of the budget was spent.
    pub(super) fn spent(&self) -> usize {
        self.budget.most() - self.left
    }

    /// Takes a sentence of `text`, if it fits and is new, and says whether it did.
    pub(super) fn offer(
        &mut self,
        candidate: &Candidate,
        text: &str,
        vocabulary: &Vocabulary,
    ) -> bool {
        let quote = &text[candidate.range.clone()];
        let cost = self.budget.cost(quote);
        let fits = cost <= self.left;
        if self.is_full() || !(fits || self.cuts) || self.is_repeated(candidate, vocabulary) {
            return false;
        }
        let part = match fits {
            true => quote,
            false => self.budget.cut(quote, self.left),
        };
        self.closed = !fits;
        let is_taken = !part.is_empty();
        if is_taken {
            self.left -= self.budget.cost(part);
            self.quotes.push(Quote {
                source: candidate.source,
                range: candidate.range.start..candidate.range.start + part.len(),
                score: candidate.score as f32,
                is_cut: !fits,
            });
        }
        is_taken
    }

    /// Whether a quote says the same; if none does, this sentence is remembered as one.
    ///
    /// Sentences that say the same share so many words that they share one of their rarest ones: the prefix filter of
    /// Chaudhuri, Ganti and Kaushik, "A primitive operator for similarity joins in data cleaning" (2006).
    fn is_repeated(&mut self, candidate: &Candidate, vocabulary: &Vocabulary) -> bool {
        let words = candidate.content.iter().map(|(word, _)| *word);
        let words = words.filter(|word| !vocabulary.is_stop_word(*word));
        let mut content: Vec<(u32, u32)> = words
            .map(|word| (vocabulary.sentences[word as usize], word))
            .collect();
        content.sort_unstable();
        let needed = (self.repeats / (2.0 - self.repeats) * content.len() as f64).ceil() as usize;
        let rarest = (content.len() + 1 - needed).min(content.len());
        let met = content[..rarest]
            .iter()
            .filter_map(|(_, word)| self.by_word.get(word));
        if met
            .flatten()
            .any(|at| dice(&self.contents[*at], &content) >= self.repeats)
        {
            return true;
        }
        for (_, word) in &content[..rarest] {
            self.by_word
                .entry(*word)
                .or_default()
                .push(self.contents.len());
        }
        self.contents.push(content);
        false
    }
}

/// Twice the shared elements by all elements of two sorted sets.
fn dice(a: &[(u32, u32)], b: &[(u32, u32)]) -> f64 {
    let (mut i, mut j, mut shared) = (0, 0, 0);
    while i < a.len() && j < b.len() {
        shared += usize::from(a[i] == b[j]);
        let (x, y) = (a[i], b[j]);
        i += usize::from(x <= y);
        j += usize::from(y <= x);
    }
    2.0 * shared as f64 / (a.len() + b.len()) as f64
}
