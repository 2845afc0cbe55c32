//! NSGA-II: survival by front, and within the last one by crowding distance.
//!
//! Source: Deb, Pratap, Agarwal & Meyarivan, "A fast and elitist multiobjective genetic algorithm: NSGA-II", IEEE TEC 6
//! (2002).

use super::generational::{Generational, Standing, Survival};
use super::variation::Variation;
use super::{Points, Problem};
use crate::front::{Crowding, Sorter};
use crate::rng::Rng;

/// The choices of NSGA-II.
#[derive(Clone, Debug, PartialEq)]
pub struct Nsga2Options {
    /// The number of members, and of children in a generation.
    pub population: usize,
    /// How children differ from their parents.
    pub variation: Variation,
}

impl Default for Nsga2Options {
    /// 100 members, and variation as by default.
    fn default() -> Self {
        Self {
            population: 100,
            variation: Variation::default(),
        }
    }
}

/// The engine.
pub(crate) type Nsga2 = Generational<ByCrowding>;

impl Nsga2 {
    pub(crate) fn new(problem: &Problem, options: &Nsga2Options, rng: Rng) -> Self {
        let sizes = [options.population; 2];
        Self::with(
            problem,
            &options.variation,
            sizes,
            ByCrowding::default(),
            rng,
        )
    }
}

/// Keeps the first fronts, and of the one that does not fit the rows whose neighbours are farthest.
#[derive(Debug, Default)]
pub(crate) struct ByCrowding {
    sorter: Sorter,
    crowding: Crowding,
    ranks: Vec<u32>,
    rows: Vec<u32>,
    distances: Vec<f64>,
}

impl Survival for ByCrowding {
    fn judge(&mut self, pool: &Points, keep: usize, standings: &mut Vec<Standing>) {
        self.sorter.sort_points(pool, &mut self.ranks);
        self.sorter.group(&self.ranks, &mut self.rows);
        self.distances.clear();
        self.distances.resize(pool.len(), 0.0);
        standings.clear();
        standings.resize(pool.len(), Standing::default());
        let mut start = 0;
        while start < keep {
            let rank = self.ranks[self.rows[start] as usize];
            let rest = &mut self.rows[start..];
            let size = rest.partition_point(|&row| self.ranks[row as usize] == rank);
            let front = &mut rest[..size];
            self.crowding.measure(
                pool.all_costs(),
                pool.objectives(),
                front,
                &mut self.distances,
            );
            if start + size > keep {
                let distance = |row: u32| self.distances[row as usize];
                front
                    .sort_unstable_by(|&a, &b| distance(b).total_cmp(&distance(a)).then(a.cmp(&b)));
            }
            for &row in front.iter().take(keep - start) {
                standings[row as usize] = Standing {
                    is_kept: true,
                    rank,
                    spread: self.distances[row as usize],
                };
            }
            start += size;
        }
    }
}
