//! The methods for one objective.

pub(crate) mod auto;
mod cholesky;
pub(crate) mod cma;
mod discrete;
mod frame;
mod gaussian;
mod lines;
mod local;
mod penalty;
mod probe;
pub(crate) mod shade;
mod stage;
mod sweeps;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod trials;
mod watch;

use crate::engine::{Points, Problem};

/// The methods that one objective may be given to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// [`auto::AutoSingle`].
    Portfolio,
    /// [`shade::Shade`].
    Shade,
    /// The genetic algorithm.
    Genetic,
}

/// The number of free axes above which a covariance matrix takes too long.
const MANY: usize = 300;

/// The method that suits a problem with one objective, where none was named. The portfolio, but for
/// - spaces of choices and booleans only, where it has nothing to measure distances with: the genetic algorithm;
/// - more than 300 free axes, where each row of CMA-ES would cost 10⁵ operations and more: L-SHADE.
pub(crate) fn choose(problem: &Problem) -> Kind {
    let free = || problem.axes.iter().filter(|axis| !axis.is_fixed());
    if free().all(|axis| !axis.is_numeric()) {
        Kind::Genetic
    } else if free().count() > MANY {
        Kind::Shade
    } else {
        Kind::Portfolio
    }
}

/// Sorts rows from best to worst: by violation, then by cost, then as they were asked.
fn rank(points: &Points, order: &mut Vec<usize>) {
    order.clear();
    order.extend(0..points.len());
    order.sort_unstable_by(|&a, &b| {
        points
            .violation(a)
            .total_cmp(&points.violation(b))
            .then(points.cost(a).total_cmp(&points.cost(b)))
            .then(a.cmp(&b))
    });
}
