//! Parts of a context made to fit a budget: files, notes, results, whatever is to be sent along.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

use crate::borders::pieces;
use crate::compact::extracted;
use crate::estimate_tokens;
use crate::relevance::{Document, Index, Item, Weights, select};

/// The share of parts that relevance alone never drops: the 20 % that matter most.
const VITAL_SHARE: f64 = 0.2;
/// A part is not compressed to less than this; the least relevant one goes instead.
const LEAST_TOKENS: u64 = 24;
/// Sentences of fewer bytes are not looked for in other parts.
const TRIVIAL: usize = 24;

/// A part of a context.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Part<'a> {
    /// What it says.
    pub text: &'a str,
    /// Whether it stays as it is, whatever the budget.
    pub required: bool,
}

impl<'a> Part<'a> {
    /// A part that may be shortened or left out.
    pub fn new(text: &'a str) -> Self {
        Part {
            text,
            required: false,
        }
    }

    /// A part that stays as it is.
    pub fn required(text: &'a str) -> Self {
        Part {
            text,
            required: true,
        }
    }
}

/// What [`fit`] does, in this order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Stage {
    /// Parts left out, the least relevant first, down to the vital fifth.
    Pareto,
    /// Sentences that stand in a more relevant part left out.
    Redundancy,
    /// Parts reduced to the sentences that say most.
    Compression,
}

/// A part that is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Kept<'a> {
    /// Its position among the parts given.
    pub index: usize,
    /// Its text; borrowed if nothing was left out.
    pub text: Cow<'a, str>,
    /// The tokens of that.
    pub tokens: u32,
}

/// A context that fits.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Fitted<'a> {
    /// What is kept, in the order given.
    pub parts: Vec<Kept<'a>>,
    /// The sum of their tokens.
    pub tokens: u64,
    /// The last stage that was needed; none if all fitted as it was.
    pub stage: Option<Stage>,
    /// By how many tokens the required parts exceed the budget.
    pub over_budget: Option<u64>,
}

/// Makes parts fit a budget of tokens, counted by [`estimate_tokens`]. As [`fit_by`].
pub fn fit<'a>(parts: &[Part<'a>], query: &str, budget: u64) -> Fitted<'a> {
    fit_by(parts, query, budget, &estimate_tokens)
}

/// Makes parts fit a budget, going no further than needed.
///
/// What fits is not touched. Otherwise parts that have least to do with the query go, while others
/// would still fit in their place they do not; the most relevant fifth stays. If that fifth is too
/// large, sentences that stand in a more relevant part of it go; then its largest parts are reduced to
/// the sentences that say most; at last its least relevant parts go. Room that is left is filled with
/// parts that were dropped. For an empty query, and among equals, earlier parts matter more.
///
/// The budget is never exceeded but by required parts. O(words of all parts).
///
/// ```
/// use autoexec_memory_trimmer::{Part, Stage, fit};
///
/// let log = "Nothing happened at all in this minute of the night.\n".repeat(40);
/// let parts = [Part::new(&log), Part::new("The pump was repaired on Friday.")];
/// let fitted = fit(&parts, "When was the pump repaired?", 30);
/// assert_eq!(fitted.parts[0].text, "The pump was repaired on Friday.");
/// assert_eq!((fitted.parts.len(), fitted.stage), (1, Some(Stage::Pareto)));
/// ```
pub fn fit_by<'a>(
    parts: &[Part<'a>],
    query: &str,
    budget: u64,
    count: &dyn Fn(&str) -> u32,
) -> Fitted<'a> {
    let mut kept: Vec<Kept<'a>> = (parts.iter().enumerate())
        .map(|(index, part)| Kept {
            index,
            text: Cow::Borrowed(part.text),
            tokens: count(part.text),
        })
        .collect();
    if sum(&kept) <= budget {
        return finished(kept, None, budget);
    }
    let scores = scores(parts, &kept, query, budget);
    let vital = vital(parts, &scores);
    let all = kept.clone();
    kept.retain(|part| vital.contains(&part.index));
    let mut stage = Stage::Pareto;
    if sum(&kept) > budget {
        stage = Stage::Redundancy;
        remove_redundant(&mut kept, parts, &scores, budget, count);
    }
    if sum(&kept) > budget {
        stage = Stage::Compression;
        compress(&mut kept, parts, &scores, query, budget, count);
    }
    refill(&mut kept, all, &scores, budget);
    finished(kept, Some(stage), budget)
}

fn sum(kept: &[Kept<'_>]) -> u64 {
    kept.iter().map(|part| u64::from(part.tokens)).sum()
}

fn finished(mut parts: Vec<Kept<'_>>, stage: Option<Stage>, budget: u64) -> Fitted<'_> {
    parts.sort_by_key(|part| part.index);
    let tokens = sum(&parts);
    Fitted {
        over_budget: tokens.checked_sub(budget).filter(|&over| over > 0),
        parts,
        tokens,
        stage,
    }
}

/// How much each part has to do with the query.
fn scores(parts: &[Part<'_>], kept: &[Kept<'_>], query: &str, budget: u64) -> Vec<f32> {
    let mut index = Index::new();
    for part in kept {
        index.push(Document::new(parts[part.index].text, part.tokens));
    }
    let weights = Weights {
        neighbour: 0.0, // Parts are no conversation: the next one is not its answer.
        ..Weights::default()
    };
    let mut scores = Vec::new();
    index.scores(query, budget, &weights, &mut scores);
    scores
}

/// Positions of parts, most relevant first.
fn ranked(scores: &[f32], positions: impl Iterator<Item = usize>) -> Vec<usize> {
    let mut ranked: Vec<usize> = positions.collect();
    ranked.sort_by(|&a, &b| scores[b].total_cmp(&scores[a]).then(a.cmp(&b)));
    ranked
}

/// The required parts, and the most relevant fifth of the others.
fn vital(parts: &[Part<'_>], scores: &[f32]) -> HashSet<usize> {
    let others = ranked(scores, (0..parts.len()).filter(|&at| !parts[at].required));
    let most = (others.len() as f64 * VITAL_SHARE).ceil() as usize;
    let required = (0..parts.len()).filter(|&at| parts[at].required);
    others.into_iter().take(most).chain(required).collect()
}

/// Takes sentences out of the less relevant parts that stand in a more relevant one, until it fits.
fn remove_redundant(
    kept: &mut [Kept<'_>],
    parts: &[Part<'_>],
    scores: &[f32],
    budget: u64,
    count: &dyn Fn(&str) -> u32,
) {
    let mut order: Vec<usize> = (0..kept.len()).collect();
    order.sort_by(|&a, &b| {
        let (a, b) = (kept[a].index, kept[b].index);
        let required = parts[b].required.cmp(&parts[a].required);
        required
            .then(scores[b].total_cmp(&scores[a]))
            .then(a.cmp(&b))
    });
    let mut seen: HashSet<String> = HashSet::new();
    let mut shorter: Vec<(usize, String)> = Vec::new();
    for &at in &order {
        let text = without_known(&kept[at].text, &mut seen);
        if let Some(text) = text.filter(|_| !parts[kept[at].index].required) {
            shorter.push((at, text));
        }
    }
    let mut left = sum(kept);
    for (at, text) in shorter.into_iter().rev() {
        if left <= budget {
            return;
        }
        let tokens = count(&text);
        if tokens < kept[at].tokens {
            left -= u64::from(kept[at].tokens - tokens);
            (kept[at].text, kept[at].tokens) = (Cow::Owned(text), tokens);
        }
    }
}

/// A text without the sentences that are known, if there are any; its own become known.
fn without_known(text: &str, seen: &mut HashSet<String>) -> Option<String> {
    let mut left = String::with_capacity(text.len());
    for piece in pieces(text) {
        let piece = &text[piece];
        let words: Vec<&str> = piece.split_whitespace().collect();
        if piece.len() < TRIVIAL || seen.insert(words.join(" ").to_lowercase()) {
            left.push_str(piece);
        }
    }
    (left.len() < text.len()).then_some(left)
}

/// Reduces the largest parts to one size, such that all fit; parts go, the least relevant first, where
/// that size would be too small to say anything.
fn compress(
    kept: &mut Vec<Kept<'_>>,
    parts: &[Part<'_>],
    scores: &[f32],
    query: &str,
    budget: u64,
    count: &dyn Fn(&str) -> u32,
) {
    let required = |part: &Kept<'_>| parts[part.index].required;
    let fixed: u64 = kept
        .iter()
        .filter(|p| required(p))
        .map(|p| u64::from(p.tokens))
        .sum();
    let room = budget.saturating_sub(fixed);
    let mut order = ranked(
        scores,
        kept.iter().filter(|p| !required(p)).map(|p| p.index),
    );
    let tokens: HashMap<usize, u64> = (kept.iter())
        .map(|part| (part.index, u64::from(part.tokens)))
        .collect();
    // As many of the most relevant as have room for the least that a part may be.
    let mut least = 0;
    let fit = order.iter().take_while(|index| {
        least += tokens[*index].min(LEAST_TOKENS);
        least <= room
    });
    order.truncate(fit.count().max(1));
    let cap = level(order.iter().map(|index| tokens[index]).collect(), room);
    let order: HashSet<usize> = order.into_iter().collect();
    let cap = u32::try_from(cap).unwrap_or(u32::MAX);
    kept.retain_mut(|part| {
        if required(part) || part.tokens <= cap && order.contains(&part.index) {
            return true;
        }
        let short = extracted(&part.text, query, cap, count);
        let short = short.filter(|_| order.contains(&part.index));
        short.is_some_and(|short| {
            part.tokens = count(&short);
            part.text = Cow::Owned(short);
            part.tokens <= cap
        })
    });
}

/// The size to which the largest must be cut for the sum to be at most `room`.
pub(crate) fn level(mut sizes: Vec<u64>, room: u64) -> u64 {
    sizes.sort_unstable();
    let mut left = room;
    let count = sizes.len() as u64;
    for (at, &size) in (0u64..).zip(&sizes) {
        let share = left / (count - at);
        if size > share {
            return share;
        }
        left -= size;
    }
    u64::MAX
}

/// Fills what room is left with parts that were dropped.
fn refill<'a>(kept: &mut Vec<Kept<'a>>, all: Vec<Kept<'a>>, scores: &[f32], budget: u64) {
    let Some(room) = budget.checked_sub(sum(kept)).filter(|&room| room > 0) else {
        return;
    };
    let known: HashSet<usize> = kept.iter().map(|part| part.index).collect();
    let mut dropped: Vec<Kept<'a>> = all
        .into_iter()
        .filter(|p| !known.contains(&p.index) && p.tokens > 0)
        .collect();
    dropped.reverse(); // Of equals, `select` takes the later one: that is now the earlier.
    let items = dropped
        .iter()
        .map(|part| Item::new(scores[part.index], part.tokens));
    let items: Vec<Item> = items.collect();
    let chosen = select(&items, room, &Weights::default()).keep;
    kept.extend(chosen.into_iter().map(|at| dropped[at].clone()));
}
