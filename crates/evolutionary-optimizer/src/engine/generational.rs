//! What the methods have in common that keep a population, breed from it, and choose who survives.

use super::variation::{Breeder, Variation};
use super::{Engine, Points, Problem};
use crate::rng::Rng;

/// How a row of the population stands among the others.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Standing {
    /// Whether the row survives.
    pub(crate) is_kept: bool,
    /// The front it is in: less is better.
    pub(crate) rank: u32,
    /// Among rows of a front more is better.
    pub(crate) spread: f64,
}

/// Chooses who survives.
pub(crate) trait Survival: Send {
    /// Says how each row of the pool stands, and which `keep` of them are kept; the pool has more than that. Of rows that
    /// were kept before the standings say how they stood then.
    fn judge(&mut self, pool: &Points, keep: usize, standings: &mut Vec<Standing>);
}

/// A population of constant size that breeds batches of children and takes those in that survive.
#[derive(Debug)]
pub(crate) struct Generational<S> {
    problem: Problem,
    breeder: Breeder,
    survival: S,
    size: usize,
    offspring: usize,
    /// Whether the first points were asked; migrants may come before.
    has_begun: bool,
    members: Points,
    standings: Vec<Standing>,
    order: Vec<u32>,
}

impl<S: Survival> Generational<S> {
    pub(crate) fn with(
        problem: &Problem,
        variation: &Variation,
        [size, offspring]: [usize; 2],
        survival: S,
        rng: Rng,
    ) -> Self {
        let (size, offspring) = (size.max(2), offspring.max(1));
        let room = size + offspring.max(size);
        Self {
            problem: problem.clone(),
            breeder: Breeder::new(problem, variation, rng),
            survival,
            size,
            offspring,
            has_begun: false,
            members: Points::new(problem.axes.len(), problem.objectives, room),
            standings: Vec::with_capacity(room),
            order: Vec::with_capacity(room),
        }
    }

    /// Takes rows in, and lets as many survive as the population has.
    fn absorb(&mut self, arrivals: &Points) {
        for row in 0..arrivals.len() {
            self.members.push_from(arrivals, row);
        }
        if self.members.len() <= self.size {
            self.standings
                .resize(self.members.len(), Standing::default());
            return;
        }
        self.survival
            .judge(&self.members, self.size, &mut self.standings);
        for row in (0..self.members.len()).rev() {
            if !self.standings[row].is_kept {
                self.members.swap_remove(row);
                self.standings.swap_remove(row);
            }
        }
        debug_assert_eq!(self.members.len(), self.size, "as many survive as were to");
    }

    /// The better of two rows drawn one after the other from a permutation: in each round every row competes once.
    fn tournament(&mut self) -> usize {
        if self.order.len() < 2 {
            self.order.clear();
            self.order.extend(0..self.members.len() as u32);
            for end in (1..self.order.len()).rev() {
                let other = self.breeder.rng.below(end as u64 + 1) as usize;
                self.order.swap(end, other);
            }
        }
        let mut draw = || self.order.pop().map(|row| row as usize);
        let Some(first) = draw() else { return 0 };
        let second = draw().unwrap_or(first);
        let (a, b) = (self.standings[first], self.standings[second]);
        if (b.rank, -b.spread) < (a.rank, -a.spread) {
            second
        } else {
            first
        }
    }
}

impl<S: Survival> Engine for Generational<S> {
    fn ask(&mut self, batch: &mut Points) {
        if !std::mem::replace(&mut self.has_begun, true) {
            self.breeder.begin(&self.problem, self.size, batch);
            return;
        }
        self.order.clear();
        while batch.len() < self.offspring {
            let rows = [self.tournament(), self.tournament()];
            let room = self.offspring - batch.len();
            self.breeder.breed(&self.members, rows, room, batch);
        }
    }

    fn tell(&mut self, batch: &Points) {
        self.absorb(batch);
    }

    fn immigrate(&mut self, arrivals: &Points) {
        self.absorb(arrivals);
    }

    fn members(&self) -> Option<&Points> {
        Some(&self.members)
    }
}
