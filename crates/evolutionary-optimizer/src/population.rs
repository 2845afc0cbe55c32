//! A ranked population: rows from best to worst, and how much they vary.

use crate::axis::{Axis, Kind};
use crate::elementary::ln;
use crate::engine::Points;
use crate::rng::Rng;

/// Rows with the order of their ranks.
#[derive(Debug)]
pub(crate) struct Population {
    pub(crate) points: Points,
    /// Rows from best to worst, the first among equals first; valid after `rank`.
    order: Vec<usize>,
    /// How often each choice occurs, while the diversity is computed.
    counts: Vec<u32>,
}

impl Population {
    pub(crate) fn new(points: Points) -> Self {
        Self {
            points,
            order: Vec::new(),
            counts: Vec::new(),
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.points.len()
    }

    /// Sorts the ranks after costs have changed: by violation of constraints, then by cost.
    pub(crate) fn rank(&mut self) {
        self.order.clear();
        self.order.extend(0..self.points.len());
        let points = &self.points;
        self.order.sort_unstable_by(|&a, &b| {
            let violations = points.violation(a).total_cmp(&points.violation(b));
            let costs = points.cost(a).total_cmp(&points.cost(b));
            violations.then(costs).then(a.cmp(&b))
        });
    }

    /// The row of a rank; 0 is the best.
    pub(crate) fn ranked(&self, rank: usize) -> usize {
        self.order[rank]
    }

    /// The best of `size` rows drawn with replacement: the smallest of as many ranks.
    pub(crate) fn tournament(&self, size: usize, rng: &mut Rng) -> usize {
        let count = self.len() as u64;
        let best = (0..size)
            .map(|_| rng.below(count))
            .min()
            .expect("because a tournament has at least one entrant");
        self.order[best as usize]
    }

    /// How much the rows vary, from 0 to 1; [`Generation::diversity`](crate::Generation::diversity) defines it.
    pub(crate) fn diversity(&mut self, axes: &[Axis]) -> f64 {
        let (mut sum, mut count) = (0.0, 0_u32);
        for (column, axis) in axes.iter().enumerate().filter(|(_, axis)| !axis.is_fixed()) {
            let spread = if axis.is_numeric() {
                self.deviation(axis, column)
            } else {
                self.mixture(axis, column)
            };
            sum += spread.clamp(0.0, 1.0);
            count += 1;
        }
        if count == 0 {
            0.0
        } else {
            sum / f64::from(count)
        }
    }

    /// The standard deviation over that of a uniform distribution, which is 1/√12 of the range.
    fn deviation(&self, axis: &Axis, column: usize) -> f64 {
        let scale = 1.0 / (axis.to - axis.from);
        let logarithm = axis.kind == Kind::LogInteger;
        let (mut sum, mut squares) = (0.0, 0.0);
        for row in 0..self.len() {
            let gene = self.points.row(row)[column];
            let x = (if logarithm { ln(gene) } else { gene } - axis.from) * scale;
            sum += x;
            squares += x * x;
        }
        let count = self.len() as f64;
        let variance = squares / count - (sum / count) * (sum / count);
        (12.0 * variance.max(0.0)).sqrt()
    }

    /// The Gini–Simpson index over its greatest value, by counting pairs: 1 − Σ pᵢ² needs Σ nᵢ².
    fn mixture(&mut self, axis: &Axis, column: usize) -> f64 {
        self.counts.clear();
        self.counts.resize(axis.choices(), 0);
        for row in 0..self.points.len() {
            self.counts[self.points.row(row)[column] as usize] += 1;
        }
        let squares: f64 = self
            .counts
            .iter()
            .map(|&n| f64::from(n) * f64::from(n))
            .sum();
        let count = self.points.len() as f64;
        let greatest = 1.0 - 1.0 / axis.choices() as f64;
        (1.0 - squares / (count * count)) / greatest
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::space::Parameter;

    fn population(rows: &[(f64, f64)]) -> Population {
        let mut points = Points::new(1, 1, rows.len());
        for (row, &(gene, cost)) in rows.iter().enumerate() {
            points.push(&[gene]);
            points.set(row, &[cost], 0.0);
        }
        let mut population = Population::new(points);
        population.rank();
        population
    }

    #[test]
    fn ranks_by_cost_then_by_row_with_infinity_last() {
        let ranked = population(&[(0.0, f64::INFINITY), (1.0, 2.0), (2.0, -1.0), (3.0, 2.0)]);
        assert_eq!([0, 1, 2, 3].map(|rank| ranked.ranked(rank)), [2, 1, 3, 0]);
    }

    #[test]
    fn whoever_violates_less_comes_first() {
        let mut ranked = population(&[(0.0, 5.0), (1.0, 1.0), (2.0, 0.0)]);
        ranked.points.set(1, &[1.0], 0.5);
        ranked.points.set(2, &[0.0], 0.5);
        ranked.rank();
        assert_eq!([0, 1, 2].map(|rank| ranked.ranked(rank)), [0, 2, 1]);
    }

    #[test]
    fn larger_tournaments_prefer_better_rows() {
        let rows: Vec<_> = (0..10).map(|n| (0.0, f64::from(n))).collect();
        let ranked = population(&rows);
        let mean_winner = |size| {
            let mut rng = Rng::new(1);
            (0..4000)
                .map(|_| ranked.tournament(size, &mut rng))
                .sum::<usize>() as f64
                / 4000.0
        };
        // Of 10 rows, the expected best of one is 4.5 and of five is about 1.2.
        assert!((4.2..4.8).contains(&mean_winner(1)));
        assert!((1.0..1.5).contains(&mean_winner(5)));
    }

    #[test]
    fn diversity_is_zero_when_alike_and_one_when_uniform() {
        let axis = [Axis::new(&Parameter::Real {
            low: 0.0,
            high: 2.0,
            log: false,
        })];
        let alike: Vec<_> = (0..100).map(|_| (1.5, 0.0)).collect();
        assert!(population(&alike).diversity(&axis) < 1e-6);
        let uniform: Vec<_> = (0..100)
            .map(|n| (f64::from(n) / 50.0 + 0.01, 0.0))
            .collect();
        assert!((population(&uniform).diversity(&axis) - 1.0).abs() < 1e-3);

        let axis = [Axis::new(&Parameter::Categorical { choices: 4 })];
        let mixed: Vec<_> = (0..100).map(|n| (f64::from(n % 4), 0.0)).collect();
        assert!((population(&mixed).diversity(&axis) - 1.0).abs() < 1e-12);
        assert_eq!(population(&[(2.0, 0.0), (2.0, 0.0)]).diversity(&axis), 0.0);
    }
}
