//! What proposes points: the search methods, behind one trait.
//!
//! An engine knows axes, genes and costs. It knows nothing of candidates, ids, budgets, threads or the order in which
//! evaluations ended: the optimizer gives it whole generations.

mod points;

use std::sync::Arc;

pub(crate) use points::Points;

use crate::axis::Axis;

/// What an engine is to solve.
#[derive(Clone, Debug)]
pub(crate) struct Problem {
    pub(crate) axes: Arc<[Axis]>,
    /// The number of objectives; at least 1. All are minimised.
    pub(crate) objectives: usize,
    /// Whether rows may violate constraints.
    pub(crate) is_constrained: bool,
    /// The evaluations that will be made in all, where that is known.
    pub(crate) budget: Option<u64>,
    /// Whether evaluating a point again gives another cost.
    pub(crate) is_noisy: bool,
    /// Genes of points that the user wants evaluated first; may be empty.
    pub(crate) initial: Vec<Vec<f64>>,
}

/// A search method. It owns its random stream: what it asks depends on its constructor's arguments and on what it was
/// told, and on nothing else.
pub(crate) trait Engine: Send {
    /// Appends the next generation to `batch`, which is empty: at least one row. Called only after all rows of the
    /// batch before were told.
    fn ask(&mut self, batch: &mut Points);

    /// Takes the rows of the last batch with their costs, in the order they were asked. Only the last batch of a search
    /// may be shorter than what was asked.
    fn tell(&mut self, batch: &Points);

    /// Takes rows that were evaluated elsewhere: migrants, and points that the user told unasked. It may ignore them.
    fn immigrate(&mut self, arrivals: &Points);

    /// The members that a generation stands on, with their costs: what emigrants are chosen from. `None` for a method
    /// that has no population.
    fn members(&self) -> Option<&Points>;
}
