//! MOEA/D: each member solves a problem of its own, a weighting of the objectives, and children compete with the members
//! whose weights are near.
//!
//! Sources: Zhang & Li, "MOEA/D: a multiobjective evolutionary algorithm based on decomposition", IEEE TEC 11 (2007); Li &
//! Zhang, "Multiobjective optimization problems with complicated Pareto sets, MOEA/D and NSGA-II", IEEE TEC 13 (2009), for
//! parents from the whole population now and then, and for how many members a child may replace. Objectives are scaled by
//! the members' range.

use super::variation::{Breeder, Variation};
use super::{Engine, Points, Problem};
use crate::front::directions;
use crate::rng::Rng;

/// The least weight of an objective.
const WEIGHT: f64 = 1e-6;

/// The choices of MOEA/D.
#[derive(Clone, Debug, PartialEq)]
pub struct MoeadOptions {
    /// The most members, each with a weighting; as many of a regular grid are used as fit.
    pub population: usize,
    /// The number of children evaluated side by side.
    pub offspring: usize,
    /// The number of members, a member itself among them, whose weights count as near.
    pub neighbours: usize,
    /// The probability that parents are neighbours, rather than any members.
    pub near: f64,
    /// The most members that a child replaces.
    pub replaced: usize,
    /// How children differ from their parents.
    pub variation: Variation,
}

impl Default for MoeadOptions {
    /// 100 members with 20 neighbours, 20 children, 0.9, 2 replaced, and variation as by default.
    fn default() -> Self {
        Self {
            population: 100,
            offspring: 20,
            neighbours: 20,
            near: 0.9,
            replaced: 2,
            variation: Variation::default(),
        }
    }
}

/// The engine.
#[derive(Debug)]
pub(crate) struct Moead {
    problem: Problem,
    options: MoeadOptions,
    breeder: Breeder,
    /// Without any weight an objective would not count at all, and what is worst in it would be kept: there is a least.
    weights: Vec<f64>,
    /// The rows of each member's neighbours, the nearest first.
    near: Vec<u32>,
    neighbours: usize,
    /// Whether the first points were asked; migrants may come before.
    has_begun: bool,
    members: Points,
    ideal: Vec<f64>,
    ranges: Vec<f64>,
    /// Members in the order in which they breed, the next one last.
    turns: Vec<u32>,
    /// For each row of the batch the member it was bred for, and whether from its neighbours.
    bred: Vec<(u32, bool)>,
    scratch: Vec<u32>,
    /// A row's costs as shares of the members' range.
    shares: Vec<f64>,
    /// What each member is worth to itself.
    values: Vec<f64>,
}

impl Moead {
    pub(crate) fn new(problem: &Problem, options: &MoeadOptions, rng: Rng) -> Self {
        let m = problem.objectives;
        let weights = directions(m, options.population.max(2));
        let count = weights.len() / m;
        let neighbours = options.neighbours.clamp(1, count);
        let gap = |a: usize, b: u32| {
            let (a, b) = (&weights[a * m..][..m], &weights[b as usize * m..][..m]);
            a.iter().zip(b).map(|(a, b)| (a - b) * (a - b)).sum::<f64>()
        };
        let mut near = Vec::with_capacity(count * neighbours);
        for member in 0..count {
            let mut rows: Vec<u32> = (0..count as u32).collect();
            rows.sort_by(|&a, &b| gap(member, a).total_cmp(&gap(member, b)).then(a.cmp(&b)));
            near.extend_from_slice(&rows[..neighbours]);
        }
        Self {
            problem: problem.clone(),
            options: options.clone(),
            breeder: Breeder::new(problem, &options.variation, rng),
            weights: weights.iter().map(|weight| weight.max(WEIGHT)).collect(),
            near,
            neighbours,
            has_begun: false,
            members: Points::new(problem.axes.len(), m, count),
            ideal: vec![f64::INFINITY; m],
            ranges: vec![1.0; m],
            turns: Vec::with_capacity(count),
            bred: Vec::with_capacity(count),
            scratch: Vec::with_capacity(count),
            shares: Vec::with_capacity(m),
            values: Vec::with_capacity(count),
        }
    }

    fn count(&self) -> usize {
        self.weights.len() / self.problem.objectives
    }

    /// The member that breeds next: in each round every one does once.
    fn turn(&mut self) -> u32 {
        if self.turns.is_empty() {
            self.turns.extend(0..self.members.len() as u32);
            shuffle(&mut self.turns, &mut self.breeder.rng);
        }
        self.turns.pop().unwrap_or(0)
    }

    /// Takes the shares of a row's costs.
    fn share(&mut self, costs: &[f64]) {
        let scaled = costs.iter().zip(&self.ideal).zip(&self.ranges);
        self.shares.clear();
        self.shares.extend(scaled.map(|((cost, ideal), range)| {
            let share = (cost - ideal) / range;
            if share.is_nan() { f64::INFINITY } else { share }
        }));
    }

    /// The weighted Chebyshev distance from the ideal point of the row whose shares were taken, as a member sees it.
    fn value(&self, member: usize) -> f64 {
        let weights = self.weights[member * self.shares.len()..].iter();
        let weighted = weights
            .zip(&self.shares)
            .map(|(weight, share)| weight * share);
        weighted.fold(f64::NEG_INFINITY, |most, x| if x > most { x } else { most })
    }

    /// Replaces members that see a row as better, at most as many as may be.
    fn compete(&mut self, points: &Points, row: usize, of: Option<u32>) {
        self.scratch.clear();
        match of {
            Some(member) => {
                let start = member as usize * self.neighbours;
                self.scratch
                    .extend_from_slice(&self.near[start..start + self.neighbours]);
                self.scratch
                    .retain(|&near| (near as usize) < self.members.len());
            }
            None => self.scratch.extend(0..self.members.len() as u32),
        }
        shuffle(&mut self.scratch, &mut self.breeder.rng);
        self.share(points.costs(row));
        let mut left = self.options.replaced.max(1);
        for index in 0..self.scratch.len() {
            let member = self.scratch[index] as usize;
            let value = self.value(member);
            let own = (self.members.violation(member), self.values[member]);
            if (points.violation(row), value) < own {
                self.members.replace(member, points, row);
                self.values[member] = value;
                left -= 1;
                if left == 0 {
                    break;
                }
            }
        }
    }

    fn scale(&mut self, points: &Points) {
        for row in 0..points.len() {
            for (ideal, &cost) in self.ideal.iter_mut().zip(points.costs(row)) {
                *ideal = ideal.min(cost);
            }
        }
        for (axis, range) in self.ranges.iter_mut().enumerate() {
            let costs = (0..self.members.len()).map(|row| self.members.costs(row)[axis]);
            let worst = costs
                .filter(|cost| cost.is_finite())
                .fold(f64::NEG_INFINITY, f64::max);
            let spread = worst - self.ideal[axis];
            *range = if spread > 0.0 && spread.is_finite() {
                spread
            } else {
                1.0
            };
        }
        self.appraise();
    }

    /// Says what each member is worth to itself.
    fn appraise(&mut self) {
        let members = std::mem::take(&mut self.members);
        self.values.clear();
        for member in 0..members.len() {
            self.share(members.costs(member));
            self.values.push(self.value(member));
        }
        self.members = members;
    }

    /// Gives each weighting the row that suits it best, of rows that were not bred for any.
    fn assign(&mut self, batch: &Points) {
        let first = batch.len().min(self.count() - self.members.len());
        for row in 0..first {
            self.members.push_from(batch, row);
        }
        self.scale(batch);
        for row in 0..batch.len() {
            self.compete(batch, row, None);
        }
    }
}

fn shuffle(rows: &mut [u32], rng: &mut Rng) {
    for end in (1..rows.len()).rev() {
        rows.swap(end, rng.below(end as u64 + 1) as usize);
    }
}

impl Engine for Moead {
    fn ask(&mut self, batch: &mut Points) {
        self.bred.clear();
        if !std::mem::replace(&mut self.has_begun, true) {
            self.breeder.begin(&self.problem, self.count(), batch);
            return;
        }
        while batch.len() < self.options.offspring.max(1) {
            let member = self.turn();
            let is_near = self.breeder.rng.chance(self.options.near);
            let near = &self.near[member as usize * self.neighbours..][..self.neighbours];
            let count = self.members.len() as u64;
            let mut draw = || {
                let drawn = self
                    .breeder
                    .rng
                    .below(if is_near { near.len() as u64 } else { count });
                let row = if is_near {
                    near[drawn as usize] as usize
                } else {
                    drawn as usize
                };
                row.min(self.members.len() - 1)
            };
            let rows = [draw(), draw()];
            self.breeder.breed(&self.members, rows, 1, batch);
            self.bred.push((member, is_near));
        }
    }

    fn tell(&mut self, batch: &Points) {
        if self.bred.is_empty() {
            self.assign(batch);
            return;
        }
        self.scale(batch);
        for row in 0..batch.len() {
            let (member, is_near) = self.bred[row];
            self.compete(batch, row, is_near.then_some(member));
        }
    }

    fn immigrate(&mut self, arrivals: &Points) {
        self.assign(arrivals);
    }

    fn members(&self) -> Option<&Points> {
        Some(&self.members)
    }
}
