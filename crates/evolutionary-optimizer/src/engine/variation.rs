//! How the methods for several objectives make children, and how they keep from evaluating a point twice.

use std::sync::Arc;

use super::{Points, Problem};
use crate::axis::Axis;
use crate::operators::{Index, cross_with, mutate_gene};
use crate::rng::Rng;

/// How often a child that was seen before is varied again, before it is evaluated nevertheless: a small space has no more
/// points.
const ATTEMPTS: usize = 8;

/// How children differ from their parents.
#[derive(Clone, Debug, PartialEq)]
pub struct Variation {
    /// The probability that two children are crossed.
    pub crossover: f64,
    /// The distribution index of simulated binary crossover: the greater, the nearer children are to parents. One less
    /// than a power of two is cheapest.
    pub crossover_index: f64,
    /// The probability that a gene mutates; none stands for one over the number of parameters.
    pub mutation: Option<f64>,
    /// The distribution index of polynomial mutation.
    pub mutation_index: f64,
}

impl Default for Variation {
    /// 0.9 and 31, 1/n and 7. Publications mostly have indices of 15 to 20 for both; children nearer to their parents and
    /// mutants farther from them did better on average over 31 test problems, most of all where there are many local fronts.
    fn default() -> Self {
        Self {
            crossover: 0.9,
            crossover_index: 31.0,
            mutation: None,
            mutation_index: 7.0,
        }
    }
}

/// Makes rows of genes; owns the random stream of an engine.
#[derive(Clone, Debug)]
pub(crate) struct Breeder {
    pub(crate) axes: Arc<[Axis]>,
    pub(crate) rng: Rng,
    crossover: f64,
    crossover_index: Index,
    rate: f64,
    mutation_index: Index,
    seen: Seen,
    pair: Points,
    strata: Vec<u32>,
}

impl Breeder {
    pub(crate) fn new(problem: &Problem, variation: &Variation, rng: Rng) -> Self {
        let free = problem.axes.iter().filter(|axis| !axis.is_fixed()).count();
        Self {
            axes: problem.axes.clone(),
            rng,
            crossover: variation.crossover,
            crossover_index: Index::new(variation.crossover_index),
            rate: variation.mutation.unwrap_or(1.0 / free.max(1) as f64),
            mutation_index: Index::new(variation.mutation_index),
            seen: Seen::new(problem.budget),
            pair: Points::new(problem.axes.len(), problem.objectives, 2),
            strata: Vec::new(),
        }
    }

    /// Appends all points that the user wants evaluated first, and then others, that there are `count`: a Latin
    /// hypercube, so that each parameter takes values from its whole range.
    pub(crate) fn begin(&mut self, problem: &Problem, count: usize, batch: &mut Points) {
        for genes in &problem.initial {
            self.seen.insert(genes);
            batch.push(genes);
        }
        let first = batch.len();
        let rest = count.saturating_sub(first);
        for _ in 0..rest {
            batch.push_with(self.axes.iter().map(|axis| axis.from));
        }
        let strata = &mut self.strata;
        strata.clear();
        strata.extend(0..rest as u32);
        for (column, axis) in self.axes.iter().enumerate() {
            for end in (1..strata.len()).rev() {
                strata.swap(end, self.rng.below(end as u64 + 1) as usize);
            }
            for (row, &stratum) in strata.iter().enumerate() {
                let unit = (f64::from(stratum) + self.rng.unit()) / rest as f64;
                batch.row_mut(first + row)[column] = axis.at_unit(unit);
            }
        }
        for row in first..batch.len() {
            self.seen.insert(batch.row(row));
        }
    }

    /// Appends the children of two rows of `parents`, at most `room` of them.
    pub(crate) fn breed(
        &mut self,
        parents: &Points,
        rows: [usize; 2],
        room: usize,
        batch: &mut Points,
    ) {
        self.pair.clear();
        for row in rows {
            self.pair.push_from(parents, row);
        }
        let (first, second) = self.pair.pair_mut(0);
        if self.rng.chance(self.crossover) {
            cross_with(
                self.crossover_index,
                &self.axes,
                first,
                second,
                &mut self.rng,
            );
        }
        for child in 0..room.min(2) {
            let genes = self.pair.row_mut(child);
            mutate(
                &self.axes,
                self.mutation_index,
                self.rate,
                genes,
                &mut self.rng,
            );
            self.seen.renew(&self.axes, genes, &mut self.rng);
            batch.push(genes);
        }
    }

    /// Changes one more gene of a child until it is new.
    pub(crate) fn renew(&mut self, genes: &mut [f64]) {
        self.seen.renew(&self.axes, genes, &mut self.rng);
    }
}

/// Mutates each gene with probability `rate`.
pub(crate) fn mutate(axes: &[Axis], index: Index, rate: f64, genes: &mut [f64], rng: &mut Rng) {
    for (axis, gene) in axes.iter().zip(genes) {
        if rng.chance(rate) && !axis.is_fixed() {
            mutate_gene(index, axis, gene, rng);
        }
    }
}

/// Mutates one gene that can change; none if there is none.
fn force(axes: &[Axis], index: Index, genes: &mut [f64], rng: &mut Rng) {
    let start = rng.below(axes.len() as u64) as usize;
    let free = (start..axes.len())
        .chain(0..start)
        .find(|&column| !axes[column].is_fixed());
    if let Some(column) = free {
        mutate_gene(index, &axes[column], &mut genes[column], rng);
    }
}

/// The points that were asked for, by a hash of 64 bits: a table in which a later point takes the place of an earlier one,
/// so that its size stays what it is.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    hashes: Vec<u64>,
}

impl Seen {
    /// Room for a budget of evaluations, within 2¹⁰ and 2¹⁶ entries of 8 bytes.
    pub(crate) fn new(budget: Option<u64>) -> Self {
        let room = budget.unwrap_or(u64::MAX).clamp(1 << 9, 1 << 15) as usize;
        Self {
            hashes: vec![0; 2 * room.next_power_of_two()],
        }
    }

    /// Changes one more gene of a point until it is new, and notes it.
    fn renew(&mut self, axes: &[Axis], genes: &mut [f64], rng: &mut Rng) {
        let mut attempts = 0;
        while !self.insert(genes) && attempts < ATTEMPTS {
            force(axes, Index::default(), genes, rng);
            attempts += 1;
        }
    }

    /// Notes a point; false if it is known already.
    pub(crate) fn insert(&mut self, genes: &[f64]) -> bool {
        let hash = hash(genes);
        let slot = (hash >> 32) as usize & (self.hashes.len() - 1);
        std::mem::replace(&mut self.hashes[slot], hash) != hash
    }
}

/// A hash of the values, −0.0 and 0.0 alike; never 0.
fn hash(genes: &[f64]) -> u64 {
    let step = |hash: u64, gene: &f64| {
        let mixed = (hash ^ (gene + 0.0).to_bits()).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        mixed ^ mixed >> 29
    };
    genes.iter().fold(0x243f_6a88_85a3_08d3, step) | 1
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::space::Parameter;

    fn problem(parameters: &[Parameter]) -> Problem {
        Problem {
            axes: parameters.iter().map(Axis::new).collect(),
            objectives: 2,
            constraints: 0,
            budget: None,
            is_noisy: false,
            initial: Vec::new(),
        }
    }

    #[test]
    fn the_first_points_cover_the_range_of_each_parameter() {
        let real = Parameter::Real {
            low: 0.0,
            high: 10.0,
            log: false,
        };
        let mut problem = problem(&[real.clone(), Parameter::Boolean, real]);
        problem.initial = vec![vec![3.0, 1.0, 4.0]];
        let mut batch = Points::new(3, 2, 11);
        Breeder::new(&problem, &Variation::default(), Rng::new(1)).begin(&problem, 11, &mut batch);
        assert_eq!(batch.row(0), [3.0, 1.0, 4.0]);
        let column = |column: usize| {
            let mut genes: Vec<u32> = (1..11).map(|row| batch.row(row)[column] as u32).collect();
            genes.sort_unstable();
            genes
        };
        assert_eq!(column(0), (0..10).collect::<Vec<_>>());
        assert_eq!(column(1), [0, 0, 0, 0, 0, 1, 1, 1, 1, 1]);
        assert_eq!(column(2), (0..10).collect::<Vec<_>>());
    }

    #[test]
    fn a_child_is_new_while_there_are_new_points() {
        let choice = Parameter::Categorical { choices: 6 };
        let problem = problem(&[choice.clone(), choice]);
        let mut breeder = Breeder::new(&problem, &Variation::default(), Rng::new(1));
        let mut parents = Points::new(2, 2, 2);
        breeder.begin(&problem, 2, &mut parents);
        let mut batch = Points::new(2, 2, 100);
        for _ in 0..5 {
            breeder.breed(&parents, [0, 1], 2, &mut batch);
        }
        let mut rows: Vec<_> = (0..10)
            .map(|row| {
                batch
                    .row(row)
                    .to_vec()
                    .into_iter()
                    .map(|gene| gene as u32)
                    .collect::<Vec<_>>()
            })
            .collect();
        rows.sort_unstable();
        rows.dedup();
        assert_eq!(rows.len(), 10);
        // Beyond the 36 points children come nevertheless.
        for _ in 0..40 {
            breeder.breed(&parents, [0, 1], 1, &mut batch);
        }
        assert_eq!(batch.len(), 50);
    }
}
