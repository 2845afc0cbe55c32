//! A front's costs as shares of its range.

use super::dominance::order;
use crate::engine::Points;

/// The ideal point of some rows, and the range of each objective.
#[derive(Clone, Debug, Default)]
pub(crate) struct Scale {
    low: Vec<f64>,
    range: Vec<f64>,
}

impl Scale {
    /// The scale of rows whose costs are finite.
    pub(crate) fn of(rows: &Points) -> Self {
        let column = |objective: usize| (0..rows.len()).map(move |row| rows.costs(row)[objective]);
        let least = |values: &mut dyn Iterator<Item = f64>| values.min_by(|a, b| order(*a, *b));
        let bounds = (0..rows.objectives()).map(|objective| {
            let low = least(&mut column(objective)).unwrap_or(0.0);
            let high = -least(&mut column(objective).map(|cost| -cost)).unwrap_or(0.0);
            // An objective in which all are equal tells nothing.
            (
                low,
                if high > low {
                    high - low
                } else {
                    f64::INFINITY
                },
            )
        });
        let (low, range) = bounds.unzip();
        Self { low, range }
    }

    /// A row's costs, from 0 at the ideal point to 1 at the worst of the rows that the scale was made of.
    pub(crate) fn apply<'a>(&'a self, costs: &'a [f64]) -> impl Iterator<Item = f64> + 'a {
        let bounds = self.low.iter().zip(&self.range);
        costs
            .iter()
            .zip(bounds)
            .map(|(cost, (low, range))| (cost - low) / range)
    }

    /// A number for the cell of a grid that a row lies in, and the sum of its scaled costs.
    pub(crate) fn cell(&self, costs: &[f64], width: f64) -> (u64, f64) {
        self.apply(costs).fold((0, 0.0), |(cell, sum), cost| {
            let mixed = (cell ^ (cost / width) as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
            (mixed ^ mixed >> 29, sum + cost)
        })
    }
}
