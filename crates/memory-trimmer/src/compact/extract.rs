//! Large texts are reduced to the sentences that say most.

use std::ops::Range;

use super::{Work, recall};
use crate::History;
use crate::borders::{head, pieces};
use crate::relevance::{Document, Index, Item, Weights, select};

/// What stands for left-out sentences.
const GAP: &str = "[…]";
/// Sentences with less than this share of the best score are left out.
const LEAST: f32 = 0.1;
/// Bytes of a text that stand for it where there is no question.
const OWN_WORDS: usize = 16 * 1024;

impl Work<'_> {
    pub(super) fn extract(&mut self, history: &mut History, query: &str, max_tokens: u32) {
        let count = self.count;
        self.shorten_texts(history, &|text, key| {
            let note = recall(key);
            let note = note.strip_prefix("; ").map(|key| format!("\n[{key}]"));
            let note = note.unwrap_or_default();
            let room = max_tokens.saturating_sub(count(&note));
            extracted(text, query, room, count).map(|short| short + &note)
        });
    }
}

/// The lines and sentences of a text that have most to do with a question, in order, within so many
/// tokens; for an empty question, with the text as a whole. None if the text fits as it is, or if
/// nothing of it does.
///
/// O(words), and as often again as gaps push it over.
pub(crate) fn extracted(
    text: &str,
    query: &str,
    max_tokens: u32,
    count: &dyn Fn(&str) -> u32,
) -> Option<String> {
    if count(text) <= max_tokens {
        return None;
    }
    let pieces: Vec<Range<usize>> = pieces(text)
        .into_iter()
        .filter(|piece| !text[piece.clone()].trim().is_empty())
        .collect();
    let (items, weights) = rated(text, &pieces, query, max_tokens, count);
    // Gaps cost tokens, too: less is chosen until all of it fits.
    let mut room = u64::from(max_tokens);
    for _ in 0..8 {
        let chosen = select(&items, room, &weights).keep;
        let short = joined(text, &pieces, &chosen);
        let over = u64::from(count(&short).saturating_sub(max_tokens));
        if over == 0 && !chosen.is_empty() {
            return Some(short);
        }
        room = room.saturating_sub(over.max(1));
    }
    let short = head(text, max_tokens, count);
    (!short.trim().is_empty()).then(|| short.to_owned())
}

fn rated(
    text: &str,
    pieces: &[Range<usize>],
    query: &str,
    max_tokens: u32,
    count: &dyn Fn(&str) -> u32,
) -> (Vec<Item>, Weights) {
    let mut weights = Weights::default();
    weights.neighbour /= 4.0; // Sentences stand closer to their neighbours than answers to questions.
    let mut index = Index::new();
    let tokens: Vec<u32> = pieces
        .iter()
        .map(|piece| {
            let piece = &text[piece.clone()];
            let tokens = count(piece);
            index.push(Document::new(piece, tokens));
            tokens
        })
        .collect();
    let mut own = OWN_WORDS.min(text.len());
    while !text.is_char_boundary(own) {
        own -= 1;
    }
    let query = match query.trim().is_empty() {
        true => &text[..own],
        false => query,
    };
    let mut scores = Vec::new();
    index.scores(query, u64::from(max_tokens), &weights, &mut scores);
    // Each may stand alone, with a mark before it; what has nothing to do with the question is no filler.
    let gap = count(GAP);
    let least = LEAST * scores.iter().copied().fold(0.0, f32::max);
    let items = scores.into_iter().zip(tokens).map(|(score, tokens)| {
        let tokens = if score < least {
            u32::MAX
        } else {
            tokens.saturating_add(gap)
        };
        Item::new(score, tokens)
    });
    (items.collect(), weights)
}

/// The chosen pieces with their own white space, and a mark where something is left out.
fn joined(text: &str, pieces: &[Range<usize>], chosen: &[usize]) -> String {
    let mut out = String::new();
    let mut next = 0;
    for &at in chosen {
        if at != next {
            let space = if out.is_empty() || out.ends_with(char::is_whitespace) {
                ""
            } else {
                " "
            };
            out.push_str(space);
            out.push_str(GAP);
            out.push(if out.contains('\n') { '\n' } else { ' ' });
        }
        out.push_str(&text[pieces[at].clone()]);
        next = at + 1;
    }
    out.truncate(out.trim_end().len());
    if next < pieces.len() && !out.is_empty() {
        out.push(' ');
        out.push_str(GAP);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::estimate_tokens;

    fn check(query: &str, max_tokens: u32, expect: &str) {
        let text = "Rain fell all day. The cache holds 400 files. Nobody spoke. The cache is never \
            stale. Evening came.";
        let short = extracted(text, query, max_tokens, &estimate_tokens);
        assert_eq!(short.as_deref().unwrap_or(""), expect);
    }

    #[test]
    fn sentences_of_the_question_stay_in_order() {
        check(
            "How many files are in the cache?",
            14,
            "[…] The cache holds 400 files. […]",
        );
        check(
            "the cache",
            24,
            "[…] The cache holds 400 files. […] The cache is never stale. […]",
        );
        check("the cache", 1_000, "");
        check("the cache", 0, "");
    }

    #[test]
    fn it_never_exceeds_its_room() {
        let text = "A first sentence of some words. And then another one! ".repeat(30);
        for max in 0..100 {
            if let Some(short) = extracted(&text, "another", max, &estimate_tokens) {
                assert!(estimate_tokens(&short) <= max, "{max}: {short}");
            }
        }
    }
}
