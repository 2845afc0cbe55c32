//! What a query asks of each message.

use super::index::{Index, Slot, Speaker};
use super::words::for_each_word;
use super::{Weights, english};

impl Index {
    /// Writes into `scores` how much each message, oldest first, has to do with the query.
    ///
    /// Scores are finite and not negative; all are 0 when no word of the query is known. `budget`
    /// is that of the [`select`](super::select) to come: with room for few messages, direct hits
    /// count more than their neighbours. Words are taken as they are written, in any script; stems,
    /// stop words and the words behind the boosts are English.
    ///
    /// O(messages, and those that have a word of the query).
    pub fn scores(&self, query: &str, budget: u64, weights: &Weights, scores: &mut Vec<f32>) {
        let query = Query::new(self, query, weights);
        let own = self.own_scores(&query, weights);
        let share = self.neighbour_share(budget, weights);
        let decayed = share * weights.neighbour_decay;
        let near = |at: usize, distance: usize| {
            let before = at.checked_sub(distance).map_or(0.0, |at| own[at]);
            before + own.get(at + distance).copied().unwrap_or(0.0)
        };
        let latest = own.len().saturating_sub(1).max(1) as f32;
        scores.clear();
        scores.extend(self.alive().enumerate().map(|(at, slot)| {
            let score = own[at] + share * near(at, 1) + decayed * near(at, 2);
            let recency = 1.0 + weights.recency * at as f32 / latest;
            let score = score * query.boost(slot, weights) * recency;
            if score.is_finite() {
                score.max(0.0)
            } else {
                0.0
            }
        }));
    }

    fn neighbour_share(&self, budget: u64, weights: &Weights) -> f32 {
        let mean_tokens = self.live.tokens as f64 / self.len().max(1) as f64;
        let room = budget as f64 / mean_tokens.max(1.0);
        weights.neighbour * (room as f32 / weights.neighbour_room).min(1.0)
    }

    /// BM25 of each message that is there.
    fn own_scores(&self, query: &Query, weights: &Weights) -> Vec<f32> {
        let mut scores = vec![0.0; self.slots.len()];
        let mean_words = self.live.words.max(1) as f32 / self.len().max(1) as f32;
        for &(term, weight) in &query.terms {
            let mentions = || {
                (self.postings[term as usize].chunk_by(|a, b| a == b))
                    .map(|mentions| (mentions[0] as usize, mentions.len() as f32))
                    .filter(|&(slot, _)| self.slots[slot].alive)
            };
            let rarity = weight * rarity(self.len(), mentions().count()).powf(weights.rarity);
            for (slot, count) in mentions() {
                let length = self.slots[slot].words as f32 / mean_words;
                let saturation = weights.k1 * (1.0 - weights.b + weights.b * length);
                scores[slot] += rarity * count * (weights.k1 + 1.0) / (count + saturation);
            }
        }
        let mut alive = self.slots.iter().map(|slot| slot.alive);
        scores.retain(|_| alive.next().unwrap_or(false));
        scores
    }
}

fn rarity(documents: usize, with_it: usize) -> f32 {
    let (all, with_it) = (documents as f32, with_it as f32);
    (1.0 + (all - with_it + 0.5) / (with_it + 0.5)).ln()
}

/// A query, read against the words of an index.
#[derive(Default)]
struct Query {
    /// The terms with their weights.
    terms: Vec<(u32, f32)>,
    names: Vec<u32>,
    /// Whether it asks "how many", "how long" and the like.
    asks_amount: bool,
    /// Whose messages it is about.
    about: Speaker,
}

/// Names that fewer messages begin with are none: "Warning: …".
const NAME_MESSAGES_MIN: u32 = 2;
/// From this share of words in the first person on, a message is all about its speaker.
const FIRST_PERSON_FULL: f32 = 0.1;

impl Query {
    fn new(index: &Index, text: &str, weights: &Weights) -> Self {
        let mut query = Query::default();
        let (mut how, mut amount, mut user, mut assistant) = (false, false, false, false);
        for_each_word(text, |word| {
            match word {
                "how" => how = true,
                "many" | "much" | "long" | "old" | "often" | "far" => amount = true,
                "i" | "me" | "my" => user = true,
                "you" | "your" => assistant = true,
                _ => {}
            }
            query.add(index, word, weights);
        });
        query.asks_amount = how && amount;
        query.about = match (assistant, user) {
            (true, _) => Speaker::Assistant,
            (false, true) => Speaker::User,
            (false, false) => Speaker::Other,
        };
        query
    }

    fn add(&mut self, index: &Index, word: &str, weights: &Weights) {
        if let Some(&name) = index.names.get(word)
            && index.name_counts[name as usize] >= NAME_MESSAGES_MIN
        {
            self.names.push(name);
        }
        if english::is_stop_word(word) {
            return;
        }
        let stem = english::stem(word);
        if let Some(term) = index.vocabulary.find(&stem)
            && self.terms.iter().all(|&(known, _)| known != term)
        {
            let filler = english::is_filler(&stem);
            self.terms
                .push((term, if filler { weights.filler } else { 1.0 }));
        }
    }

    /// What the score of a message is multiplied by for what it is, not what it mentions.
    fn boost(&self, slot: &Slot, weights: &Weights) -> f32 {
        let mut boost = 1.0 + weights.statement * (slot.first_person / FIRST_PERSON_FULL).min(1.0);
        if slot.name.is_some_and(|name| self.names.contains(&name)) {
            boost *= 1.0 + weights.name;
        }
        if self.asks_amount && slot.number {
            boost *= 1.0 + weights.number;
        }
        match self.about {
            about if about != slot.speaker => boost,
            Speaker::User => boost * (1.0 + weights.asker),
            Speaker::Assistant => boost * (1.0 + weights.answerer),
            Speaker::Other => boost,
        }
    }
}
