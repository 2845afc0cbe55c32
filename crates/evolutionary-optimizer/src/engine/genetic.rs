//! The genetic algorithm for one objective.

use std::sync::Arc;

use crate::algorithm::GeneticOptions;
use crate::axis::Axis;
use crate::engine::{Engine, Points, Problem, Replace};
use crate::operators::{cross, mutate};
use crate::options::share_of;
use crate::population::Population;
use crate::rng::Rng;

/// The share of a generation that is drawn at random when the one before was too uniform.
const IMMIGRATION: f64 = 0.1;
/// How many generations of nothing but copies are bred before something new is drawn.
const PATIENCE: u32 = 8;

/// One population with its random stream.
#[derive(Debug)]
pub(crate) struct GeneticEngine {
    axes: Arc<[Axis]>,
    options: GeneticOptions,
    initial: Vec<Vec<f64>>,
    size: usize,
    rng: Rng,
    members: Population,
    /// The generation being bred; swapped with `members` when it is told.
    children: Population,
    /// Rows of `children` that were asked, in order. The others are copies, with costs that are known.
    pending: Vec<usize>,
    diversity: f64,
    immigrants: usize,
}

impl GeneticEngine {
    pub(crate) fn new(problem: &Problem, options: &GeneticOptions, rng: Rng) -> Self {
        let budget = problem.budget.map_or(usize::MAX, |budget| {
            usize::try_from(budget).unwrap_or(usize::MAX)
        });
        let size = options.population.min(budget).max(1);
        let room = || Population::new(Points::new(problem.axes.len(), 1, size + 1));
        Self {
            axes: Arc::clone(&problem.axes),
            options: options.clone(),
            initial: problem.initial.clone(),
            size,
            rng,
            members: room(),
            children: room(),
            pending: Vec::with_capacity(size),
            diversity: 0.0,
            immigrants: 0,
        }
    }

    /// Fills `children` with the initial points and random ones.
    fn begin(&mut self) {
        let given = self.initial.len().min(self.size);
        for row in 0..self.size {
            match self.initial.get(row) {
                Some(genes) if row < given => self.children.points.push(genes),
                _ => self.push_random(),
            }
            self.pending.push(row);
        }
    }

    fn push_random(&mut self) {
        let (axes, rng) = (&self.axes, &mut self.rng);
        self.children
            .points
            .push_with(axes.iter().map(|axis| axis.sample(rng)));
    }

    /// Fills `children`: elites, then random immigrants if the members are too alike, then crossed and mutated pairs.
    fn breed(&mut self) {
        self.pending.clear();
        self.children.points.clear();
        for rank in 0..share_of(self.size, self.options.elitism).min(self.members.len()) {
            let elite = self.members.ranked(rank);
            self.children.points.push_from(&self.members.points, elite);
        }
        let room = self.size - self.children.len();
        let too_alike = self.diversity < self.options.diversity_floor;
        self.immigrants = if too_alike {
            share_of(self.size, IMMIGRATION).min(room)
        } else {
            0
        };
        for _ in 0..self.immigrants {
            self.pending.push(self.children.len());
            self.push_random();
        }
        while self.children.len() < self.size {
            self.breed_pair();
        }
        // Pairs come by two: the last one may be one too many.
        self.children.points.truncate(self.size);
        if self.pending.last() == Some(&self.size) {
            self.pending.pop();
        }
    }

    fn breed_pair(&mut self) {
        let (options, axes) = (&self.options, &*self.axes);
        let parents = [(); 2].map(|()| self.members.tournament(options.tournament, &mut self.rng));
        let points = &mut self.children.points;
        let row = points.len();
        for parent in parents {
            points.push(self.members.points.row(parent));
        }
        let (first, second) = points.pair_mut(row);
        if self.rng.chance(options.crossover) {
            cross(axes, first, second, &mut self.rng);
        }
        mutate(axes, first, options.mutation, &mut self.rng);
        mutate(axes, second, options.mutation, &mut self.rng);
        for child in [row, row + 1] {
            let members = &self.members.points;
            let mut twins = parents.into_iter();
            let twin = twins.find(|&parent| same(points.row(child), members.row(parent)));
            match twin {
                Some(parent) => points.set(child, members.costs(parent), members.violation(parent)),
                None => self.pending.push(child),
            }
        }
    }

    /// Makes the children the members.
    fn complete(&mut self) {
        std::mem::swap(&mut self.members, &mut self.children);
        self.members.rank();
        self.diversity = self.members.diversity(&self.axes);
    }
}

impl Engine for GeneticEngine {
    fn ask(&mut self, batch: &mut Points) {
        if self.members.len() == 0 {
            self.begin();
        } else {
            self.breed();
            let mut tries = 1;
            while self.pending.is_empty() {
                if tries == PATIENCE {
                    // In a space of few values everything may be a copy: one row is drawn anew.
                    self.children.points.truncate(self.size - 1);
                    self.pending.push(self.children.len());
                    self.push_random();
                    break;
                }
                self.complete();
                self.breed();
                tries += 1;
            }
        }
        for &row in &self.pending {
            batch.push(self.children.points.row(row));
        }
    }

    fn tell(&mut self, batch: &Points) {
        if let Some(&first_missing) = self.pending.get(batch.len()) {
            self.children.points.truncate(first_missing);
            self.pending.truncate(batch.len());
        }
        for (index, &row) in self.pending.iter().enumerate() {
            let points = &mut self.children.points;
            points.set(row, batch.costs(index), batch.violation(index));
        }
        self.complete();
    }

    fn immigrate(&mut self, arrivals: &Points) {
        self.immigrate_by(arrivals, Replace::Worst);
    }

    fn immigrate_by(&mut self, arrivals: &Points, replace: Replace) {
        let residents = self.members.len();
        for arrival in 0..arrivals.len().min(residents / 2) {
            let row = match replace {
                Replace::Worst => self.members.ranked(residents - 1 - arrival),
                // The best stays.
                Replace::Random => {
                    let rank = 1 + self.rng.below(residents as u64 - 1);
                    self.members.ranked(rank as usize)
                }
            };
            self.members.points.replace(row, arrivals, arrival);
        }
        self.members.rank();
    }

    fn members(&self) -> Option<&Points> {
        Some(&self.members.points)
    }

    fn diversity(&self) -> Option<f64> {
        Some(self.diversity)
    }

    fn immigrants(&self) -> usize {
        self.immigrants
    }
}

/// Whether two rows decode to the same values: by bits, because the objective may tell −0.0 from 0.0.
fn same(a: &[f64], b: &[f64]) -> bool {
    a.iter().zip(b).all(|(a, b)| a.to_bits() == b.to_bits())
}
