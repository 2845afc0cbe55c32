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
pub(crate) mod shade;
mod stage;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod trials;
mod watch;

use crate::engine::Points;

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
