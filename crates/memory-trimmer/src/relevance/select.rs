//! What to keep within a budget of tokens.

use std::collections::HashMap;

use super::Weights;

/// Something to keep or not.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct Item {
    /// How much it is wanted. What is negative or no number counts as 0.
    pub score: f32,
    /// What it costs.
    pub tokens: u32,
    /// Items of the same group are kept together or not at all.
    pub group: Option<u32>,
    /// Whether it, and its group with it, stays whatever the budget.
    pub required: bool,
}

impl Item {
    /// An item that stands by itself.
    pub fn new(score: f32, tokens: u32) -> Self {
        Item {
            score,
            tokens,
            group: None,
            required: false,
        }
    }

    /// Ties it to the other items of this group.
    #[must_use]
    pub fn in_group(self, group: u32) -> Self {
        Item {
            group: Some(group),
            ..self
        }
    }

    /// Makes it stay.
    #[must_use]
    pub fn required(self) -> Self {
        Item {
            required: true,
            ..self
        }
    }
}

/// What [`select`] keeps.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Selection {
    /// Positions of the items kept, ascending.
    pub keep: Vec<usize>,
    /// Their tokens.
    pub tokens: u64,
    /// By how many tokens the items that are required exceed the budget; nothing else is kept then.
    pub over_budget: Option<u64>,
}

/// Chooses the items that are worth the most within `budget` tokens, given oldest first.
///
/// What is required comes first. The others are taken by score / (tokens +
/// [`length_floor`](Weights::length_floor))^[`length_power`](Weights::length_power), and those that
/// do not fit are passed over; the later of two equals first, so that without scores the latest are
/// kept. A group counts as one item with the highest of its scores. Two things are mended behind:
/// one item left out that is worth more than all that was chosen is taken instead, and while less
/// than 95 % of the budget are used, a chosen one is exchanged for a longer one of at least its
/// score. Of what is left out, nothing fits what is left of the budget.
///
/// With a `length_power` of 1 and no floor, the scores kept sum up to at least half of the best
/// that any choice could reach (the bound of the greedy knapsack). O(n log n).
///
/// ```
/// use autoexec_memory_trimmer::relevance::{Item, Weights, select};
///
/// let items = [
///     Item::new(0.0, 10).required(), // the system message
///     Item::new(0.2, 50),
///     Item::new(3.0, 40).in_group(1), // a tool call
///     Item::new(0.0, 30).in_group(1), // and its result
///     Item::new(0.1, 20),
/// ];
/// let selection = select(&items, 100, &Weights::default());
/// assert_eq!((selection.keep, selection.tokens), (vec![0, 2, 3, 4], 100));
/// ```
pub fn select(items: &[Item], budget: u64, weights: &Weights) -> Selection {
    let (units, unit_of) = units(items);
    let ranked = ranked(&units, weights);
    let mut choice = Choice::of_required(&units, budget);
    choice.fill(&ranked);
    choice.prefer_best_single(&ranked);
    choice.exchange_for_longer(&ranked);
    let keep = (0..items.len()).filter(|&at| choice.kept[unit_of[at] as usize]);
    Selection {
        keep: keep.collect(),
        tokens: choice.tokens,
        over_budget: choice.tokens.checked_sub(budget).filter(|&over| over > 0),
    }
}

/// An item, or the items of a group.
#[derive(Debug, Clone, Copy)]
struct Unit {
    score: f32,
    tokens: u64,
    required: bool,
}

/// The units, and the unit of each item.
fn units(items: &[Item]) -> (Vec<Unit>, Vec<u32>) {
    let mut units: Vec<Unit> = Vec::with_capacity(items.len());
    let mut groups: HashMap<u32, u32> = HashMap::new();
    let unit_of = items.iter().map(|item| {
        let next = u32::try_from(units.len()).expect("because so many items fit no memory");
        let unit = (item.group).map_or(next, |group| *groups.entry(group).or_insert(next));
        if unit == next {
            units.push(Unit {
                score: 0.0,
                tokens: 0,
                required: false,
            });
        }
        // `max` takes the number where one of the two is none.
        let known = &mut units[unit as usize];
        known.score = known.score.max(item.score);
        known.tokens += u64::from(item.tokens);
        known.required |= item.required;
        unit
    });
    let unit_of = unit_of.collect();
    (units, unit_of)
}

/// The units by what a token of theirs brings, the best and of equals the latest first.
fn ranked(units: &[Unit], weights: &Weights) -> Vec<u32> {
    let key = |(at, unit): (usize, &Unit)| {
        let length = (unit.tokens as f32 + weights.length_floor).max(1.0);
        let density = unit.score / length.powf(weights.length_power);
        let density = if density >= 0.0 { density } else { 0.0 };
        // The bits of numbers that are not negative are in the order of the numbers.
        u64::from(density.to_bits()) << 32 | at as u64
    };
    let mut keys: Vec<u64> = units.iter().enumerate().map(key).collect();
    keys.sort_unstable_by(|a, b| b.cmp(a));
    keys.into_iter().map(|key| key as u32).collect()
}

/// From this share of the budget on, nothing is exchanged only to use more of it.
const FILL_MIN: f64 = 0.95;
/// So many exchanges are made at most, each of one of so many of the least that were chosen.
const EXCHANGES_MAX: usize = 4;
const EXCHANGED_MAX: usize = 8;

struct Choice<'a> {
    units: &'a [Unit],
    budget: u64,
    kept: Vec<bool>,
    tokens: u64,
}

impl<'a> Choice<'a> {
    fn of_required(units: &'a [Unit], budget: u64) -> Self {
        let required = units.iter().filter(|unit| unit.required);
        Choice {
            units,
            budget,
            kept: units.iter().map(|unit| unit.required).collect(),
            tokens: required.map(|unit| unit.tokens).sum(),
        }
    }

    fn left(&self) -> u64 {
        self.budget.saturating_sub(self.tokens)
    }

    fn unit(&self, at: u32) -> Unit {
        self.units[at as usize]
    }

    fn set(&mut self, at: u32, kept: bool) {
        self.kept[at as usize] = kept;
        match kept {
            true => self.tokens += self.unit(at).tokens,
            false => self.tokens -= self.unit(at).tokens,
        }
    }

    /// Takes what fits, in order.
    fn fill(&mut self, ranked: &[u32]) {
        if self.tokens > self.budget {
            return;
        }
        let least = self.units.iter().map(|unit| unit.tokens).min();
        for &at in ranked {
            if self.left() < least.unwrap_or(0) {
                return;
            }
            if !self.kept[at as usize] && self.unit(at).tokens <= self.left() {
                self.set(at, true);
            }
        }
    }

    /// Takes one unit instead of all others that were chosen, if it is worth more than they are.
    fn prefer_best_single(&mut self, ranked: &[u32]) {
        let required = Choice::of_required(self.units, self.budget);
        if required.tokens > required.budget {
            return;
        }
        let single = (ranked.iter().copied())
            .filter(|&at| !self.kept[at as usize] && self.unit(at).tokens <= required.left())
            .max_by(|&a, &b| self.unit(a).score.total_cmp(&self.unit(b).score));
        let chosen = (self.units.iter().zip(&self.kept))
            .filter(|(unit, kept)| **kept && !unit.required)
            .map(|(unit, _)| f64::from(unit.score));
        let chosen: f64 = chosen.sum();
        if let Some(single) = single.filter(|&at| f64::from(self.unit(at).score) > chosen) {
            *self = required;
            self.set(single, true);
            self.fill(ranked);
        }
    }

    /// Exchanges units that were chosen last for longer ones worth no less, to use the budget.
    fn exchange_for_longer(&mut self, ranked: &[u32]) {
        for _ in 0..EXCHANGES_MAX {
            let Some((out, into)) = self.exchange(ranked) else {
                return;
            };
            self.set(out, false);
            self.set(into, true);
            self.fill(ranked);
        }
    }

    fn exchange(&self, ranked: &[u32]) -> Option<(u32, u32)> {
        if self.tokens as f64 >= FILL_MIN * self.budget as f64 {
            return None;
        }
        let chosen = |at: &u32| self.kept[*at as usize] && !self.unit(*at).required;
        let last = ranked.iter().rev().copied().filter(chosen);
        last.take(EXCHANGED_MAX).find_map(|out| {
            let fits = |into: &u32| {
                let (short, long) = (self.unit(out), self.unit(*into));
                !self.kept[*into as usize]
                    && long.score >= short.score
                    && long.tokens > short.tokens
                    && long.tokens - short.tokens <= self.left()
            };
            let longer = ranked.iter().copied().filter(fits);
            let longest = longer.max_by_key(|&into| self.unit(into).tokens)?;
            Some((out, longest))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(items: &[Item], budget: u64, keep: &[usize]) {
        let selection = select(items, budget, &Weights::default());
        assert_eq!(selection.keep, keep, "{items:?} in {budget}");
        let tokens: u64 = keep.iter().map(|&at| u64::from(items[at].tokens)).sum();
        assert_eq!(selection.tokens, tokens);
        assert_eq!(
            selection.over_budget.unwrap_or(0),
            tokens.saturating_sub(budget)
        );
    }

    #[test]
    fn budgets_at_the_edge() {
        let items = [Item::new(1.0, 1), Item::new(2.0, 2)];
        check(&[], 0, &[]);
        check(&[], 10, &[]);
        check(&items, 0, &[]);
        check(&items, 1, &[0]);
        check(&items, 3, &[0, 1]);
        check(&items, u64::MAX, &[0, 1]);
        check(&[Item::new(9.0, 100)], 99, &[]);
        check(&[Item::new(9.0, 0)], 0, &[0]);
        check(
            &[Item::new(9.0, u32::MAX), Item::new(9.0, u32::MAX)],
            u64::MAX,
            &[0, 1],
        );
    }

    #[test]
    fn without_scores_the_latest_stay() {
        check(&[Item::new(0.0, 10); 5], 35, &[2, 3, 4]);
        check(&[Item::new(1.0, 10); 5], 35, &[2, 3, 4]);
        check(&[Item::new(f32::NAN, 10); 3], 10, &[2]);
        check(&[Item::new(-3.0, 10); 3], 10, &[2]);
    }

    #[test]
    fn scores_that_are_no_numbers_decide_nothing() {
        let items = [f32::NAN, 1.0, f32::NEG_INFINITY, f32::INFINITY].map(|s| Item::new(s, 10));
        check(&items, 10, &[3]);
        check(&items, 20, &[1, 3]);
    }

    #[test]
    fn groups_and_required_items_are_whole() {
        let call = Item::new(5.0, 10).in_group(7);
        let result = Item::new(0.0, 60).in_group(7);
        let items = [
            Item::new(0.0, 10).required(),
            call,
            Item::new(1.0, 10),
            result,
        ];
        check(&items, 80, &[0, 1, 3]);
        check(&items, 79, &[0, 2]);
        check(&items, 9, &[0]);
        check(&[call, result.required(), Item::new(9.0, 1)], 60, &[0, 1]);
    }

    #[test]
    fn the_budget_is_used() {
        // The shorter ones rank first; the longer ones are worth as much and use what is left.
        let items = [90, 30, 45].map(|tokens| Item::new(1.0, tokens));
        check(&items, 135, &[0, 2]);
        // One that is worth more than all that ranks before it.
        check(&[Item::new(9.0, 1000), Item::new(1.0, 1)], 1000, &[0]);
    }
}
