//! SMS-EMOA: survival by front, and within the last one by the hypervolume that a row alone dominates.
//!
//! Source: Beume, Naujoks & Emmerich, "SMS-EMOA: multiobjective selection based on dominated hypervolume", EJOR 181
//! (2007). There one child is made at a time. Here a batch is, and rows are taken out one by one as they are there: after
//! each, what has grown of the contributions of those that stay is measured again.

use super::generational::{Generational, Standing, Survival};
use super::variation::Variation;
use super::{Points, Problem};
use crate::front::{Pruner, Sorter};
use crate::rng::Rng;

/// The choices of SMS-EMOA.
#[derive(Clone, Debug, PartialEq)]
pub struct SmsEmoaOptions {
    /// The number of members.
    pub population: usize,
    /// The number of children between two selections. Fewer converge faster; as many are evaluated side by side.
    pub offspring: usize,
    /// How children differ from their parents.
    pub variation: Variation,
}

impl Default for SmsEmoaOptions {
    /// 100 members, 10 children, and variation as by default.
    fn default() -> Self {
        Self {
            population: 100,
            offspring: 10,
            variation: Variation::default(),
        }
    }
}

/// The engine.
pub(crate) type SmsEmoa = Generational<ByVolume>;

impl SmsEmoa {
    pub(crate) fn new(problem: &Problem, options: &SmsEmoaOptions, rng: Rng) -> Self {
        let sizes = [options.population, options.offspring];
        Self::with(problem, &options.variation, sizes, ByVolume::default(), rng)
    }
}

/// Keeps the first fronts, and takes rows out of the one that does not fit, always the one that dominates least alone.
#[derive(Debug, Default)]
pub(crate) struct ByVolume {
    sorter: Sorter,
    pruner: Pruner,
    ranks: Vec<u32>,
    /// The rows of the last front of which any are kept.
    rows: Vec<u32>,
}

impl Survival for ByVolume {
    fn judge(&mut self, pool: &Points, keep: usize, standings: &mut Vec<Standing>) {
        // Of those that were in the first front before none dominates another.
        let is_known = |row: u32| {
            let before = standings.get(row as usize);
            before.is_some_and(|standing| standing.is_kept && standing.rank == 0)
        };
        self.sorter
            .sort_first(pool, keep, is_known, &mut self.ranks);
        let (last, before) = self.sorter.cut(&self.ranks, keep);
        let is_last = |row: &u32| self.ranks[*row as usize] == last;
        self.rows.clear();
        self.rows.extend(self.sorter.listed().filter(is_last));
        let kept = keep - before;
        self.pruner
            .prune(pool.all_costs(), pool.objectives(), &mut self.rows, kept);
        standings.clear();
        standings.extend(self.ranks.iter().map(|&rank| Standing {
            is_kept: rank < last,
            rank,
            spread: 0.0,
        }));
        for &row in &self.rows[..kept] {
            standings[row as usize].is_kept = true;
        }
    }
}
