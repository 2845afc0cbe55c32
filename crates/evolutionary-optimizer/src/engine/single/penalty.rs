//! How constraints enter the rank of a row.

use crate::engine::Points;

/// Ranks by cost plus a multiple of the violation. The multiple rises while few rows are feasible and falls while most are,
/// so that a search can walk along the border of what is allowed instead of being stopped by it: the optimum often lies
/// there. An exact penalty with a multiple that is large enough has the same optimum as the constrained problem.
#[derive(Clone, Debug)]
pub(crate) struct Penalty {
    is_constrained: bool,
    /// Cost per violation; 0 until costs and violations have been seen.
    factor: f64,
    scratch: Vec<f64>,
}

/// By how much the factor changes in a generation.
const CHANGE: f64 = 1.2;

impl Penalty {
    pub(crate) fn new(is_constrained: bool) -> Self {
        Self {
            is_constrained,
            factor: 0.0,
            scratch: Vec::new(),
        }
    }

    /// Learns from a generation.
    pub(crate) fn adapt(&mut self, batch: &Points) {
        if !self.is_constrained {
            return;
        }
        let feasible = (0..batch.len())
            .filter(|&row| batch.violation(row) <= 0.0)
            .count();
        if feasible == batch.len() {
            return;
        }
        if self.factor == 0.0 {
            self.factor = self.ratio(batch);
        }
        let share = feasible as f64 / batch.len() as f64;
        if share < 0.3 {
            self.factor = (self.factor * CHANGE).min(1e100);
        } else if share > 0.6 {
            self.factor /= CHANGE;
        }
    }

    /// The spread of costs over that of violations.
    fn ratio(&mut self, batch: &Points) -> f64 {
        let mut middle = |value: &dyn Fn(usize) -> f64| {
            self.scratch.clear();
            self.scratch
                .extend((0..batch.len()).map(value).filter(|x| x.is_finite()));
            self.scratch.sort_unstable_by(f64::total_cmp);
            let len = self.scratch.len();
            if len == 0 {
                0.0
            } else {
                self.scratch[len * 3 / 4] - self.scratch[len / 4]
            }
        };
        let costs = middle(&|row| batch.cost(row));
        let violations = middle(&|row| batch.violation(row));
        let ratio = costs / violations;
        if ratio.is_normal() { ratio } else { 1.0 }
    }

    /// What a row is ranked by.
    pub(crate) fn cost(&self, batch: &Points, row: usize) -> f64 {
        let violation = batch.violation(row);
        if !self.is_constrained || violation <= 0.0 {
            return batch.cost(row);
        }
        batch.cost(row) + self.factor * violation
    }

    /// Sorts rows from best to worst. Those that failed come last, the least violation first.
    pub(crate) fn rank(&self, batch: &Points, order: &mut Vec<usize>) {
        order.clear();
        order.extend(0..batch.len());
        order.sort_unstable_by(|&a, &b| {
            self.cost(batch, a)
                .total_cmp(&self.cost(batch, b))
                .then(batch.violation(a).total_cmp(&batch.violation(b)))
                .then(a.cmp(&b))
        });
    }
}
