//! A front's costs as shares of its range.

use crate::engine::Points;

/// The ideal point of some rows, and the range of each objective.
#[derive(Clone, Debug, Default)]
pub(crate) struct Scale {
    low: Vec<f64>,
    range: Vec<f64>,
}

impl Scale {
    /// The scale of all rows.
    pub(crate) fn of(rows: &Points) -> Self {
        let mut scale = Self::default();
        scale.fit_all(rows, rows.len());
        scale
    }

    /// Takes the scale of the first `count` rows.
    pub(crate) fn fit_all(&mut self, rows: &Points, count: usize) {
        self.fit_to(rows.objectives(), (0..count).map(|row| rows.costs(row)));
    }

    /// Takes the scale of the listed rows.
    pub(crate) fn fit(&mut self, rows: &Points, list: &[u32]) {
        let listed = list.iter().map(|&row| rows.costs(row as usize));
        self.fit_to(rows.objectives(), listed);
    }

    /// Only finite costs count. An objective in which all are equal tells nothing: its range is infinite, and the share of
    /// every cost 0.
    fn fit_to<'a>(&mut self, objectives: usize, rows: impl Iterator<Item = &'a [f64]>) {
        self.low.clear();
        self.low.resize(objectives, f64::INFINITY);
        // The worst costs until the end.
        self.range.clear();
        self.range.resize(objectives, f64::NEG_INFINITY);
        for row in rows {
            for ((low, high), &cost) in self.low.iter_mut().zip(&mut self.range).zip(row) {
                if cost.is_finite() {
                    *low = low.min(cost);
                    *high = high.max(cost);
                }
            }
        }
        for (low, range) in self.low.iter_mut().zip(&mut self.range) {
            let difference = *range - *low;
            if difference > 0.0 && difference.is_finite() {
                *range = difference;
            } else {
                (*low, *range) = (0.0, f64::INFINITY);
            }
        }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn objectives_without_a_range_do_not_count() {
        let mut rows = Points::new(1, 3, 3);
        for costs in [[2.0, 5.0, 1.0], [4.0, 5.0, f64::INFINITY]] {
            rows.push(&[0.0]);
            rows.set(rows.len() - 1, &costs, 0.0);
        }
        let scale = Scale::of(&rows);
        let shares: Vec<f64> = scale.apply(&[3.0, 7.0, 9.0]).collect();
        assert_eq!(shares, [0.5, 0.0, 0.0]);
    }
}
