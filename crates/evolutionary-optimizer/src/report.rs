//! What an optimization tells, at the end and on the way.

use std::ops::ControlFlow;

use crate::candidate::Candidate;
use crate::optimizer::Optimizer;

/// Why an optimization ended. When several reasons hold at once, the one listed first is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Stop {
    /// The best value reached [`Options::target`](crate::Options::target).
    Target,
    /// [`Options::evaluations`](crate::Options::evaluations) were made.
    Evaluations,
    /// [`Options::generations`](crate::Options::generations) followed the first.
    Generations,
    /// The best value stood still, as [`Stagnation`](crate::Stagnation) defines it.
    Stagnation,
    /// Every candidate of a discrete space was evaluated, as far as a thousand draws anywhere can tell.
    Exhausted,
    /// The observer wanted no more.
    Observer,
    /// [`Options::time`](crate::Options::time) was over.
    Time,
}

/// A candidate with what was measured at it.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Solution {
    /// The candidate.
    pub candidate: Candidate,
    /// The objectives. Infinite, in the bad direction, where an evaluation failed or was not finite; means where the
    /// candidate was evaluated several times.
    pub objectives: Vec<f64>,
    /// The sum of what exceeds a constraint: 0 where all hold, infinite where there are constraints and the evaluation failed.
    pub violation: f64,
}

/// The result of an optimization.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Outcome {
    /// The best candidate that was evaluated, by violation and then by the first objective; the earliest among equals.
    pub best: Candidate,
    /// The first objective of `best`. Not finite only when no evaluation was finite.
    pub value: f64,
    /// With several objectives: solutions that none dominates, at most [`Options::front`](crate::Options::front),
    /// spread to cover as much as they can. With one objective: the best.
    pub front: Vec<Solution>,
    /// The number of generations after the first.
    pub generations: u32,
    /// The number of calls of the objective.
    pub evaluations: u64,
    /// Why the search ended.
    pub stop: Stop,
    /// The best value so far of the first objective among those that violate least, after each generation; infinite, in
    /// the bad direction, until an evaluation is finite.
    pub history: Vec<f64>,
    /// One report for each island; none without islands.
    pub islands: Vec<IslandReport>,
    /// A hash of all genes and costs in the order they were asked: equal for equal searches.
    pub fingerprint: u64,
}

/// What one island did.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct IslandReport {
    /// The number of generations after its first.
    pub generations: u32,
    /// The number of candidates that it evaluated.
    pub evaluations: u64,
    /// The best value of the first objective that this island evaluated itself.
    pub best: f64,
    /// The number of members that arrived from other islands.
    pub migrants_in: u64,
    /// The number of members that it sent, counted once for each island that took them.
    pub migrants_out: u64,
}

/// The state of a search after one generation.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Generation {
    /// The number of the generation; the first is 0.
    pub number: u32,
    /// The best value so far of the first objective among those that violate least; infinite, in the bad direction,
    /// until one is finite.
    pub best: f64,
    /// The mean of the finite values of the first objective in this generation, if there is one.
    pub mean: Option<f64>,
    /// How much the population varies, where the algorithm knows: the mean over all parameters that can vary, each
    /// between 0 (all alike) and 1. For numbers: the standard deviation of the search coordinate over that of a uniform
    /// distribution. For choices and switches: the Gini–Simpson index 1 − Σ pᵢ² over its greatest value, 1 − 1/k for k
    /// choices. With islands: the mean of theirs.
    pub diversity: Option<f64>,
    /// The number of members drawn at random because the generation before was below the diversity floor.
    pub immigrants: usize,
    /// The number of calls of the objective so far.
    pub evaluations: u64,
}

/// Watches an optimization from the calling thread. What it does not override does nothing.
pub trait Observer {
    /// A generation has been evaluated. The optimizer can be asked for its best, and saved.
    fn generation(&mut self, generation: &Generation, optimizer: &Optimizer) {
        let _ = (generation, optimizer);
    }

    /// Whether to go on after a generation.
    fn proceed(&mut self) -> ControlFlow<()> {
        ControlFlow::Continue(())
    }
}

/// Watches nothing.
impl Observer for () {}
