//! The digest of many sources.

use std::ops::Range;

use super::budget::{Budget, count_words};
use super::choose::Choice;
use super::queue::Queue;
use super::rank::{Candidate, Vocabulary, rank};
use super::sentences::{Unit, UnitKind, units};

/// Longer sentences are data, not prose, in bytes.
const LONGEST: usize = 600;
/// Sentences with fewer words say nothing, unless there is nothing else.
const FEWEST_WORDS: usize = 3;
/// Sentences ranked at most, unless [`Summariser::most_sentences`] says otherwise.
const MOST_SENTENCES: usize = 20_000;
/// Two sentences that share this much of their words say the same, unless [`Summariser::repeats`] says otherwise.
const REPEATS: f64 = 0.8;

/// A text to take sentences from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Source<'a> {
    /// What the caller calls it; the digest does not depend on it.
    pub name: &'a str,
    /// The text.
    pub text: &'a str,
}

/// A sentence quoted in a digest.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Quote {
    /// The index of its source.
    pub source: usize,
    /// Where it stands in the source's text, in bytes.
    pub range: Range<usize>,
    /// How well it stands for the whole, whatever else is quoted: about 1 for the best one without a query, and up to about
    /// 1 more with one.
    pub score: f32,
    /// Whether its end was cut off to fit.
    pub is_cut: bool,
}

/// A digest: quotes in the order of the sources.
#[derive(Debug, Clone, Default, PartialEq)]
#[non_exhaustive]
pub struct Extract {
    /// The quotes.
    pub quotes: Vec<Quote>,
    /// Sentences that were ranked.
    pub ranked: usize,
    /// How much of the budget was spent, in its own unit.
    pub spent: usize,
    /// Whether sentences were left unread: there were too many, or the caller said stop.
    pub is_partial: bool,
}

impl Extract {
    /// The quotes as text. `sources` are those that the digest was made from.
    pub fn texts<'a>(&self, sources: &[Source<'a>]) -> impl Iterator<Item = &'a str> {
        let quotes = self.quotes.iter();
        quotes.map(|quote| &sources[quote.source].text[quote.range.clone()])
    }
}

/// Picks the sentences that stand for the whole, and quotes them: an extractive summary, not a language model.
///
/// The score of a sentence is the cosine of its TF-IDF vector with the sum of all sentences' vectors (Radev et al.,
/// "Centroid-based summarization of multiple documents", 2004), with counts and rarity dampened; the stop words of English
/// weigh less. It is less for a sentence too short for the budget, a little more for standing early in its source, and more
/// for the words of a query. The best ones are taken while they fit; those that repeat a quote are passed over, and in a
/// digest of few words those that resemble one come later (Carbonell and Goldstein, "The use of MMR", 1998). Nothing is
/// altered: every quote is a piece of its source.
///
/// Headings, code, tables, lines of markup, sentences of fewer than 3 words or more than 600 bytes are not quoted, unless
/// there is nothing else.
///
/// # Cost
/// O(bytes read + words × log words + quotes × words). At most [`Summariser::most_sentences`] sentences are read and ranked,
/// about 800 bytes each, shared evenly among the sources; what lies behind them is not looked at.
///
/// ```
/// use autoexec_consolidator::{Budget, Source, Summariser};
///
/// let text = "The weather was mild. The pool lock is held while the queue is drained. \
///             So every reader waits for the pool lock. Nobody said much.";
/// let sources = [Source { name: "notes.md", text }];
/// let digest = Summariser::new().summarise(&sources, Budget::Sentences(1));
/// assert_eq!(digest.texts(&sources).collect::<Vec<_>>(), ["The pool lock is held while the queue is drained."]);
/// assert_eq!(digest.quotes[0].range, 22..71);
/// ```
#[derive(Clone)]
pub struct Summariser<'a> {
    query: &'a str,
    most_sentences: usize,
    repeats: f64,
    cuts: bool,
    is_stopped: &'a dyn Fn() -> bool,
}

impl Default for Summariser<'_> {
    fn default() -> Self {
        Summariser::new()
    }
}

impl<'a> Summariser<'a> {
    /// No query, whole sentences.
    pub fn new() -> Self {
        Summariser {
            query: "",
            most_sentences: MOST_SENTENCES,
            repeats: REPEATS,
            cuts: false,
            is_stopped: &|| false,
        }
    }

    /// Prefers sentences with the words of `query` or other forms of them, the rarer ones more.
    #[must_use]
    pub fn query(mut self, query: &'a str) -> Self {
        self.query = query;
        self
    }

    /// Fills the budget with the beginning of the first sentence that does not fit whole, cut before white space.
    /// By default such a sentence is passed over for shorter ones.
    #[must_use]
    pub fn cut_last(mut self, cuts: bool) -> Self {
        self.cuts = cuts;
        self
    }

    /// Passes over a sentence that has this much in common with a quote: the Dice coefficient of their words but stop
    /// words. Default 0.8; above 1 repeats are kept.
    #[must_use]
    pub fn repeats(mut self, share: f64) -> Self {
        self.repeats = if share.is_nan() {
            REPEATS
        } else {
            share.clamp(0.0, 1.5)
        };
        self
    }

    /// Reads at most this many sentences. Default 20,000.
    #[must_use]
    pub fn most_sentences(mut self, most: usize) -> Self {
        self.most_sentences = most;
        self
    }

    /// Asked for every source and every few hundred sentences: whether nobody waits for the digest any more.
    #[must_use]
    pub fn stop_when(mut self, is_stopped: &'a dyn Fn() -> bool) -> Self {
        self.is_stopped = is_stopped;
        self
    }

    /// The digest of `sources`, never over `budget`.
    pub fn summarise(&self, sources: &[Source<'_>], budget: Budget<'_>) -> Extract {
        let mut reading = Reading::default();
        self.read(sources, &mut reading, is_prose);
        if reading.candidates.is_empty() {
            self.read(sources, &mut reading, |_, _| true);
        }
        let Reading {
            mut candidates,
            vocabulary,
            mut is_partial,
        } = reading;
        let weights = vocabulary.weights(candidates.len());
        rank(
            &mut candidates,
            &vocabulary,
            &weights,
            self.query,
            budget.words(),
        );
        let ranked = candidates.len();
        candidates.sort_by(|a, b| {
            let places = (a.source, a.range.start).cmp(&(b.source, b.range.start));
            b.score.total_cmp(&a.score).then(places)
        });
        let mut choice = Choice::new(budget, self.repeats, self.cuts);
        let mut queue = Queue::new(&candidates, &weights, budget.words());
        for at in 0.. {
            let is_stopped = at % 256 == 0 && (self.is_stopped)();
            is_partial |= is_stopped;
            if is_stopped || choice.is_full() {
                break;
            }
            let Some(candidate) = queue.pop() else { break };
            if choice.offer(candidate, sources[candidate.source].text, &vocabulary) {
                queue.chosen(candidate);
            }
        }
        let spent = choice.spent();
        let mut quotes = choice.quotes;
        quotes.sort_by_key(|quote| (quote.source, quote.range.start));
        Extract {
            quotes,
            ranked,
            spent,
            is_partial,
        }
    }

    /// Reads the sources, the short ones first, so that what they do not need of their share is the others'.
    fn read(
        &self,
        sources: &[Source<'_>],
        reading: &mut Reading,
        is_wanted: fn(&Unit, usize) -> bool,
    ) {
        let mut order: Vec<usize> = (0..sources.len()).collect();
        order.sort_by_key(|at| sources[*at].text.len());
        let mut left = self.most_sentences;
        for (done, at) in order.into_iter().enumerate() {
            if (self.is_stopped)() {
                reading.is_partial = true;
                return;
            }
            let share = left.div_ceil(sources.len() - done);
            left -= self.read_one(at, sources[at].text, share, reading, is_wanted);
        }
    }

    /// Reads up to `share` sentences of one source, and says how many.
    fn read_one(
        &self,
        source: usize,
        text: &str,
        share: usize,
        reading: &mut Reading,
        is_wanted: fn(&Unit, usize) -> bool,
    ) -> usize {
        let first = reading.candidates.len();
        for (at, unit) in units(text).enumerate() {
            let is_stopped = at % 256 == 255 && (self.is_stopped)();
            let sentence = &text[unit.range.clone()];
            let is_long = sentence.len() > LONGEST;
            let words = if is_long { 0 } else { count_words(sentence) };
            let is_candidate = !is_long && is_wanted(&unit, words);
            let before = reading.candidates.len() - first;
            if is_stopped || (is_candidate && before == share) {
                reading.is_partial = true;
                break;
            }
            if !is_candidate {
                continue;
            }
            let content = reading.vocabulary.read(sentence);
            reading.candidates.push(Candidate {
                source,
                range: unit.range,
                place: (before, 0),
                words,
                content,
                score: 0.0,
            });
        }
        let count = reading.candidates.len() - first;
        reading.candidates[first..]
            .iter_mut()
            .for_each(|c| c.place.1 = count);
        count
    }
}

/// What was read.
#[derive(Default)]
struct Reading {
    candidates: Vec<Candidate>,
    vocabulary: Vocabulary,
    is_partial: bool,
}

fn is_prose(unit: &Unit, words: usize) -> bool {
    unit.kind == UnitKind::Sentence && words >= FEWEST_WORDS
}
