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
    /// What the rows of the last generation were ranked by.
    keys: Vec<f64>,
    scratch: Vec<f64>,
}

/// By how much the factor changes in a generation.
const CHANGE: f64 = 1.2;

impl Penalty {
    pub(crate) fn new(is_constrained: bool) -> Self {
        Self {
            is_constrained,
            factor: 0.0,
            keys: Vec::new(),
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
        let costs = self.spread(batch.all_costs());
        let violations: Vec<f64> = (0..batch.len()).map(|row| batch.violation(row)).collect();
        let ratio = costs / self.spread(&violations);
        if ratio.is_normal() { ratio } else { 1.0 }
    }

    /// Cost and what constraints add to it.
    fn cost(&self, batch: &Points, row: usize) -> f64 {
        let violation = batch.violation(row);
        if !self.is_constrained || violation <= 0.0 {
            return batch.cost(row);
        }
        batch.cost(row) + self.factor * violation
    }

    /// What a row of the last generation was ranked by.
    pub(crate) fn key(&self, row: usize) -> f64 {
        self.keys[row]
    }

    /// Sorts rows from best to worst. Those that failed come last, the least violation first. What is `outside` of the
    /// bounds weighs as much as costs differ in this generation, so that the mean stays near them.
    pub(crate) fn rank(&mut self, batch: &Points, outside: &[f64], order: &mut Vec<usize>) {
        let mut keys = std::mem::take(&mut self.keys);
        keys.clear();
        keys.extend((0..batch.len()).map(|row| self.cost(batch, row)));
        if outside.iter().any(|&outside| outside > 0.0) {
            let weight = self.spread(&keys);
            keys.iter_mut()
                .zip(outside)
                .for_each(|(key, outside)| *key += weight * outside);
        }
        order.clear();
        order.extend(0..batch.len());
        order.sort_unstable_by(|&a, &b| {
            keys[a]
                .total_cmp(&keys[b])
                .then(batch.violation(a).total_cmp(&batch.violation(b)))
                .then(a.cmp(&b))
        });
        self.keys = keys;
    }

    /// The distance of the quartiles of what is finite.
    fn spread(&mut self, values: &[f64]) -> f64 {
        self.scratch.clear();
        self.scratch.extend(values.iter().filter(|x| x.is_finite()));
        self.scratch.sort_unstable_by(f64::total_cmp);
        let len = self.scratch.len();
        if len == 0 {
            0.0
        } else {
            (self.scratch[len * 3 / 4] - self.scratch[len / 4]).min(f64::MAX)
        }
    }
}
