//! In which order sentences are offered to a digest.

use std::cmp::Ordering;
use std::collections::BinaryHeap;

use super::rank::{Candidate, vector};

/// What likeness to a quote takes from the score of a sentence, in a digest of [`SMALL`] words or less. In a longer one, less:
/// it has room for what is said twice.
const NOVELTY: f64 = 0.5;
/// See [`NOVELTY`], in words.
const SMALL: f64 = 25.0;
/// In a digest of more words likeness takes nothing any more.
const LARGE: usize = 500;

/// The candidates by falling score, less what likeness to the quotes takes: the maximal marginal relevance of Carbonell and
/// Goldstein, "The use of MMR, diversity-based reranking" (1998).
///
/// Likeness only ever grows, so that a sentence is compared with new quotes when it comes up, and not before (the lazy greedy
/// algorithm of Minoux, 1978).
pub(super) struct Queue<'a> {
    candidates: &'a [Candidate],
    weights: &'a [f64],
    novelty: f64,
    waiting: BinaryHeap<Waiting>,
    quotes: Vec<Vec<(u32, f64)>>,
}

impl<'a> Queue<'a> {
    /// Of candidates sorted by falling score.
    pub(super) fn new(candidates: &'a [Candidate], weights: &'a [f64], words: usize) -> Self {
        let waiting = candidates
            .iter()
            .enumerate()
            .map(|(at, candidate)| Waiting {
                score: candidate.score,
                at,
                compared: 0,
                likeness: 0.0,
            });
        Queue {
            candidates,
            weights,
            novelty: match words > LARGE {
                true => 0.0,
                false => NOVELTY * (SMALL / words as f64).min(1.0),
            },
            waiting: waiting.collect(),
            quotes: Vec::new(),
        }
    }

    /// The next best one.
    pub(super) fn pop(&mut self) -> Option<&'a Candidate> {
        loop {
            let mut first = self.waiting.pop()?;
            let candidate = &self.candidates[first.at];
            if first.compared == self.quotes.len() {
                return Some(candidate);
            }
            let vector = vector(candidate, self.weights);
            for quote in &self.quotes[first.compared..] {
                first.likeness = first.likeness.max(cosine(&vector, quote));
            }
            first.compared = self.quotes.len();
            first.score = candidate.score - self.novelty * first.likeness;
            self.waiting.push(first);
        }
    }

    /// Says that a candidate became a quote.
    pub(super) fn chosen(&mut self, candidate: &Candidate) {
        if self.novelty > 0.0 {
            self.quotes.push(vector(candidate, self.weights));
        }
    }
}

/// A candidate in the queue; the greatest has the highest score, and among equals the lowest place.
struct Waiting {
    score: f64,
    at: usize,
    /// With how many quotes it was compared.
    compared: usize,
    likeness: f64,
}

impl Ord for Waiting {
    fn cmp(&self, other: &Self) -> Ordering {
        let scores = self.score.total_cmp(&other.score);
        scores.then(other.at.cmp(&self.at))
    }
}

impl PartialOrd for Waiting {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Waiting {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Waiting {}

/// Of two vectors of length 1, sorted by number.
fn cosine(a: &[(u32, f64)], b: &[(u32, f64)]) -> f64 {
    let (mut i, mut j, mut sum) = (0, 0, 0.0);
    while i < a.len() && j < b.len() {
        let (x, y) = (a[i], b[j]);
        if x.0 == y.0 {
            sum += x.1 * y.1;
        }
        i += usize::from(x.0 <= y.0);
        j += usize::from(y.0 <= x.0);
    }
    sum
}

#[cfg(test)]
mod tests {
    use proptest::collection::{btree_map, vec};
    use proptest::prelude::*;

    use super::*;

    fn candidates() -> impl Strategy<Value = Vec<Candidate>> {
        let candidate = (btree_map(0u32..12, 1u32..4, 0..6), 0u8..8);
        let candidates = vec(candidate, 0..20);
        candidates.prop_map(|all| {
            let mut all: Vec<Candidate> = all
                .into_iter()
                .map(|(content, score)| Candidate {
                    source: 0,
                    range: 0..1,
                    place: (0, 1),
                    words: content.len(),
                    content: content.into_iter().collect(),
                    score: f64::from(score) / 8.0,
                })
                .collect();
            all.sort_by(|a, b| b.score.total_cmp(&a.score));
            all
        })
    }

    /// The order of a queue that looks at all that wait, each time.
    fn naive(
        candidates: &[Candidate],
        weights: &[f64],
        novelty: f64,
        taken: &[bool],
    ) -> Vec<usize> {
        let vectors: Vec<_> = candidates.iter().map(|c| vector(c, weights)).collect();
        let mut left: Vec<usize> = (0..candidates.len()).collect();
        let (mut order, mut quotes) = (Vec::new(), Vec::<usize>::new());
        while !left.is_empty() {
            let score = |at: usize| {
                let alike = quotes
                    .iter()
                    .map(|quote| cosine(&vectors[at], &vectors[*quote]));
                candidates[at].score - novelty * alike.fold(0.0, f64::max)
            };
            let mut best = 0;
            for at in 1..left.len() {
                if score(left[at]) > score(left[best]) {
                    best = at;
                }
            }
            let at = left.remove(best);
            if taken[order.len()] {
                quotes.push(at);
            }
            order.push(at);
        }
        order
    }

    proptest! {
        #[test]
        fn the_order_is_that_of_looking_at_all(
            candidates in candidates(),
            words in prop::sample::select(vec![0usize, 10, 25, 60, 500, 501]),
            taken in vec(any::<bool>(), 20),
        ) {
            let weights: Vec<f64> = (1..=12).map(f64::from).collect();
            let mut queue = Queue::new(&candidates, &weights, words);
            let novelty = queue.novelty;
            let mut order = Vec::new();
            while let Some(candidate) = queue.pop() {
                if taken[order.len()] {
                    queue.chosen(candidate);
                }
                let at = candidates.iter().position(|c| std::ptr::eq(c, candidate));
                order.extend(at);
            }
            prop_assert_eq!(order, naive(&candidates, &weights, novelty, &taken));
            prop_assert_eq!(novelty == 0.0, words > LARGE);
        }
    }
}
