//! The methods for one objective.

pub(crate) mod auto;
mod cholesky;
pub(crate) mod cma;
mod differences;
mod discrete;
mod frame;
mod gaussian;
mod lines;
mod local;
mod mixed;
mod penalty;
mod probe;
mod quadratic;
pub(crate) mod shade;
mod sqp;
mod stage;
mod sweeps;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod trials;
mod walk;
mod watch;

use crate::axis::Axis;
use crate::engine::{Points, Problem};

/// The methods that one objective may be given to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// [`auto::AutoSingle`].
    Portfolio,
    /// [`shade::Shade`].
    Shade,
    /// [`crate::engine::combinatorial::Combinatorial`].
    Combinatorial,
}

/// The number of free axes above which a covariance matrix takes too long.
const MANY: usize = 300;
/// Up to so many values of a number can all be tried.
const FEW: f64 = 9.0;

/// The method that suits a problem with one objective, where none was named. The portfolio, but for
/// - choices, booleans and numbers of few values, the latter half of the axes at most, where distances mean little: climbs
///   and groups of axes, or under noise, where a climb would trust a lucky evaluation, L-SHADE;
/// - more than 300 free axes, where each row of CMA-ES would cost 10⁵ operations and more: L-SHADE.
pub(crate) fn choose(problem: &Problem) -> Kind {
    let free = || problem.axes.iter().filter(|axis| !axis.is_fixed());
    let unordered = free().filter(|axis| !axis.is_numeric()).count();
    let is_short = |axis: &Axis| !axis.is_numeric() || axis.values().is_some_and(|n| n <= FEW);
    let is_unordered = free().all(is_short) && 2 * unordered >= free().count();
    if is_unordered && !problem.is_noisy {
        Kind::Combinatorial
    } else if is_unordered || free().count() > MANY {
        Kind::Shade
    } else {
        Kind::Portfolio
    }
}

/// Whether the free axes are not all real and one is real or has many values, and a lucky cost need not be feared.
fn is_mixed(problem: &Problem) -> bool {
    let free = || problem.axes.iter().filter(|axis| !axis.is_fixed());
    let is_long = |axis: &Axis| axis.is_numeric() && axis.values().is_none_or(|n| n > FEW);
    let is_plain = !problem.is_noisy && problem.constraints == 0;
    is_plain && free().any(is_long) && free().any(|axis| axis.values().is_some())
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
