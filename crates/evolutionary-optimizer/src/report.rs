//! What an optimization tells, at the end and on the way.

use crate::candidate::Candidate;

/// Why an optimization ended. When several reasons hold at once, the one listed first is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Stop {
    /// The best value reached [`Options::target`](crate::Options::target).
    Target,
    /// [`Options::max_evaluations`](crate::Options::max_evaluations) were made.
    Evaluations,
    /// [`Options::generations`](crate::Options::generations) were bred.
    Generations,
    /// The best value stood still, as [`Convergence`](crate::Convergence) defines it.
    Stagnation,
}

/// The result of an optimization.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Outcome {
    /// The best candidate that was evaluated; the earliest of the lowest-numbered island among equals.
    pub best: Candidate,
    /// What the objective returned for `best`. Not finite only when no evaluation was finite.
    pub value: f64,
    /// The number of generations after the initial population, of the island that bred most.
    pub generations: u32,
    /// The number of calls of the objective.
    pub evaluations: u64,
    /// Why the search ended.
    pub stop: Stop,
    /// The best value so far over all islands, after the initial population and after each generation; infinite, in
    /// the bad direction, until an evaluation is finite.
    pub history: Vec<f64>,
    /// One report for each island; a single population is one island.
    pub islands: Vec<IslandReport>,
}

/// What one island did.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct IslandReport {
    /// The number of generations bred after the initial population.
    pub generations: u32,
    /// The number of calls of the objective.
    pub evaluations: u64,
    /// The best value that this island evaluated itself.
    pub best: f64,
    /// The number of members that arrived from other islands.
    pub migrants_in: u64,
    /// The number of members that other islands took in.
    pub migrants_out: u64,
}

/// The state of one island after one generation.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Generation {
    /// The number of the generation; the initial population is 0.
    pub number: u32,
    /// The number of the island; 0 for a single population.
    pub island: usize,
    /// The best value that this island has evaluated so far; infinite, in the bad direction, until one is finite.
    pub best: f64,
    /// The mean of the finite values of the population; NaN when there is none.
    pub mean: f64,
    /// How much the population varies: the mean over all parameters that can vary, each between 0 (all alike) and 1.
    /// For numbers: the standard deviation of the search coordinate over that of a uniform distribution. For choices
    /// and switches: the Gini–Simpson index 1 − Σ pᵢ² over its greatest value, 1 − 1/k for k choices.
    pub diversity: f64,
    /// The number of members drawn at random because the generation before was below the diversity floor.
    pub immigrants: usize,
    /// The number of calls of the objective made by this island so far.
    pub evaluations: u64,
}

/// Watches an optimization from the calling thread.
///
/// A single population reports each generation when it is done. Islands report at each synchronisation all generations
/// since the last one, by generation and then by island.
pub trait Observer {
    /// A generation has been evaluated. Does nothing unless overridden.
    fn generation(&mut self, generation: &Generation) {
        let _ = generation;
    }
}

/// Watches nothing.
impl Observer for () {}
