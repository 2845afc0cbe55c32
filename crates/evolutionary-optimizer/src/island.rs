//! One population that evolves by itself.

use std::sync::atomic::{AtomicBool, Ordering};

use crate::candidate::Candidate;
use crate::operators::{cross, mutate};
use crate::options::{Options, share_of};
use crate::parallel;
use crate::population::Population;
use crate::report::{Generation, IslandReport};
use crate::rng::Rng;
use crate::space::Space;

/// The share of a generation that is drawn at random when the one before was too uniform.
const IMMIGRATION: f64 = 0.1;

/// What all islands of an optimization share.
pub(crate) struct Run<'a, F> {
    pub(crate) space: &'a Space,
    pub(crate) options: &'a Options,
    pub(crate) objective: &'a F,
    /// The number of threads that evaluate one generation of one island.
    pub(crate) threads: usize,
    /// Set when the objective panicked on some thread: the others need not go on.
    pub(crate) abort: AtomicBool,
}

/// The best candidate that an island has evaluated.
#[derive(Debug)]
pub(crate) struct Best {
    pub(crate) cost: f64,
    /// What the objective returned, finite or not.
    pub(crate) value: f64,
    pub(crate) genes: Vec<f64>,
}

/// A population with its random stream and its share of the budget.
#[derive(Debug)]
pub(crate) struct Island {
    index: usize,
    size: usize,
    budget: u64,
    rng: Rng,
    pub(crate) members: Population,
    /// The generation being bred; swapped with `members` when it is evaluated.
    children: Population,
    /// Rows of `children` whose cost is not known yet, in order.
    pending: Vec<usize>,
    /// What the objective returned for each pending row.
    values: Vec<f64>,
    scratch: Candidate,
    diversity: f64,
    immigrants: usize,
    pub(crate) best: Option<Best>,
    pub(crate) generation: u32,
    pub(crate) evaluations: u64,
    pub(crate) migrants_in: u64,
    pub(crate) migrants_out: u64,
    /// Generations since the last synchronisation.
    pub(crate) records: Vec<Generation>,
}

impl Island {
    pub(crate) fn new(space: &Space, options: &Options, index: usize, rng: Rng) -> Self {
        let size = options.island_population();
        let scratch = space.axes().iter().map(|axis| axis.value(axis.from));
        Self {
            index,
            size,
            budget: options.budget(index),
            rng,
            members: Population::new(space.len(), size + 1),
            children: Population::new(space.len(), size + 1),
            pending: Vec::with_capacity(size),
            values: Vec::with_capacity(size),
            scratch: Candidate::new(space.clone(), scratch.collect()),
            diversity: 0.0,
            immigrants: 0,
            best: None,
            generation: 0,
            evaluations: 0,
            migrants_in: 0,
            migrants_out: 0,
            records: Vec::new(),
        }
    }

    pub(crate) fn is_exhausted(&self) -> bool {
        self.evaluations >= self.budget
    }

    pub(crate) fn best_cost(&self) -> f64 {
        self.best.as_ref().map_or(f64::INFINITY, |best| best.cost)
    }

    pub(crate) fn report(&self, options: &Options) -> IslandReport {
        IslandReport {
            generations: self.generation,
            evaluations: self.evaluations,
            best: options.goal.value(self.best_cost()),
            migrants_in: self.migrants_in,
            migrants_out: self.migrants_out,
        }
    }

    /// Evolves in place up to this generation, or until the budget or the target is reached.
    pub(crate) fn advance<F: Fn(&Candidate) -> f64 + Sync>(
        &mut self,
        run: &Run<'_, F>,
        until: u32,
    ) {
        if self.members.len() == 0 {
            self.begin(run);
            self.complete(run);
        }
        while self.generation < until
            && !self.is_exhausted()
            && !run.options.reaches_target(self.best_cost())
            && !run.abort.load(Ordering::Relaxed)
        {
            self.breed(run);
            self.generation += 1;
            self.complete(run);
        }
    }

    /// Draws the initial population.
    fn begin<F>(&mut self, run: &Run<'_, F>) {
        for row in 0..self.size {
            self.children.push_random(run.space.axes(), &mut self.rng);
            self.pending.push(row);
        }
    }

    /// Fills `children`: elites, then random immigrants if the members are too alike, then crossed and mutated pairs.
    fn breed<F>(&mut self, run: &Run<'_, F>) {
        let options = run.options;
        self.pending.clear();
        self.children.truncate(0);
        for rank in 0..share_of(self.size, options.elitism).min(self.members.len()) {
            let elite = self.members.ranked(rank);
            self.children
                .push(self.members.row(elite), self.members.costs[elite]);
        }
        let room = self.size - self.children.len();
        let too_alike = self.diversity < options.diversity_floor;
        self.immigrants = if too_alike {
            share_of(self.size, IMMIGRATION).min(room)
        } else {
            0
        };
        for _ in 0..self.immigrants {
            self.pending.push(self.children.len());
            self.children.push_random(run.space.axes(), &mut self.rng);
        }
        while self.children.len() < self.size {
            self.breed_pair(run);
        }
        // Pairs come by two: the last one may be one too many.
        self.children.truncate(self.size);
        if self.pending.last() == Some(&self.size) {
            self.pending.pop();
        }
    }

    fn breed_pair<F>(&mut self, run: &Run<'_, F>) {
        let (options, axes) = (run.options, run.space.axes());
        let parents = [(); 2].map(|()| self.members.tournament(options.tournament, &mut self.rng));
        let row = self.children.len();
        for parent in parents {
            self.children.push(self.members.row(parent), f64::INFINITY);
        }
        let (first, second) = self.children.pair_mut(row);
        if self.rng.chance(options.crossover) {
            cross(axes, first, second, &mut self.rng);
        }
        mutate(axes, first, options.mutation, &mut self.rng);
        mutate(axes, second, options.mutation, &mut self.rng);
        for child in [row, row + 1] {
            let twin = parents
                .into_iter()
                .find(|&parent| same(self.children.row(child), self.members.row(parent)));
            match twin {
                Some(parent) => self.children.costs[child] = self.members.costs[parent],
                None => self.pending.push(child),
            }
        }
    }

    /// Evaluates what is pending, makes the children the members, and records the generation.
    fn complete<F: Fn(&Candidate) -> f64 + Sync>(&mut self, run: &Run<'_, F>) {
        let affordable = usize::try_from(self.budget - self.evaluations).unwrap_or(usize::MAX);
        if affordable < self.pending.len() {
            self.children.truncate(self.pending[affordable]);
            self.pending.truncate(affordable);
        }
        self.evaluate(run);
        self.evaluations += self.pending.len() as u64;
        for (&row, &value) in self.pending.iter().zip(&self.values) {
            let cost = run.options.goal.cost(value);
            self.children.costs[row] = cost;
            if self.best.as_ref().is_none_or(|best| cost < best.cost) {
                self.best = Some(Best {
                    cost,
                    value,
                    genes: self.children.row(row).to_vec(),
                });
            }
        }
        std::mem::swap(&mut self.members, &mut self.children);
        self.members.rank();
        self.diversity = self.members.diversity(run.space.axes());
        self.record(run.options);
    }

    /// Calls the objective once for each pending row. The values do not depend on the number of threads, because each
    /// is written at the position of its row.
    fn evaluate<F: Fn(&Candidate) -> f64 + Sync>(&mut self, run: &Run<'_, F>) {
        self.values.clear();
        if run.threads == 1 {
            for &row in &self.pending {
                if run.abort.load(Ordering::Relaxed) {
                    // The panic of another thread ends the optimization: nobody will read the missing values.
                    return;
                }
                self.scratch.decode(self.children.row(row));
                self.values.push((run.objective)(&self.scratch));
            }
            return;
        }
        self.values.resize(self.pending.len(), f64::NAN);
        let (children, scratch) = (&self.children, &self.scratch);
        let jobs = self.pending.iter().zip(&mut self.values);
        parallel::for_each(run.threads, jobs, &run.abort, |(&row, value)| {
            let mut candidate = scratch.clone();
            candidate.decode(children.row(row));
            *value = (run.objective)(&candidate);
        });
    }

    fn record(&mut self, options: &Options) {
        self.records.push(Generation {
            number: self.generation,
            island: self.index,
            best: options.goal.value(self.best_cost()),
            mean: options.goal.value(self.members.mean_cost()),
            diversity: self.diversity,
            immigrants: self.immigrants,
            evaluations: self.evaluations,
        });
    }
}

/// Whether two rows decode to the same values: by bits, because the objective may tell −0.0 from 0.0.
fn same(a: &[f64], b: &[f64]) -> bool {
    a.iter().zip(b).all(|(a, b)| a.to_bits() == b.to_bits())
}
