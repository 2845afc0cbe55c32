//! Candidates as rows of genes, with their costs and ranks.

use crate::axis::Axis;
use crate::elementary::ln;
use crate::rng::Rng;

/// Rows of genes side by side, each with a cost. Infinite is the worst cost; there is no NaN.
#[derive(Clone, Debug, Default)]
pub(crate) struct Population {
    dimensions: usize,
    genes: Vec<f64>,
    pub(crate) costs: Vec<f64>,
    /// Rows from best to worst, the first among equals first; valid after `rank`.
    order: Vec<usize>,
}

impl Population {
    pub(crate) fn new(dimensions: usize, capacity: usize) -> Self {
        Self {
            dimensions,
            genes: Vec::with_capacity(dimensions * capacity),
            costs: Vec::with_capacity(capacity),
            order: Vec::with_capacity(capacity),
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.costs.len()
    }

    pub(crate) fn row(&self, index: usize) -> &[f64] {
        &self.genes[index * self.dimensions..][..self.dimensions]
    }

    /// Two neighbouring rows to be changed together.
    pub(crate) fn pair_mut(&mut self, index: usize) -> (&mut [f64], &mut [f64]) {
        self.genes[index * self.dimensions..][..2 * self.dimensions].split_at_mut(self.dimensions)
    }

    pub(crate) fn push(&mut self, genes: &[f64], cost: f64) {
        debug_assert_eq!(
            genes.len(),
            self.dimensions,
            "a row holds one gene for each parameter"
        );
        self.genes.extend_from_slice(genes);
        self.costs.push(cost);
    }

    pub(crate) fn push_random(&mut self, axes: &[Axis], rng: &mut Rng) {
        self.genes.extend(axes.iter().map(|axis| axis.sample(rng)));
        self.costs.push(f64::INFINITY);
    }

    pub(crate) fn replace(&mut self, index: usize, genes: &[f64], cost: f64) {
        self.genes[index * self.dimensions..][..self.dimensions].copy_from_slice(genes);
        self.costs[index] = cost;
    }

    pub(crate) fn truncate(&mut self, len: usize) {
        self.genes.truncate(len * self.dimensions);
        self.costs.truncate(len);
    }

    /// Sorts the ranks after costs have changed.
    pub(crate) fn rank(&mut self) {
        debug_assert!(
            self.costs.iter().all(|cost| !cost.is_nan()),
            "NaN was made the worst cost"
        );
        self.order.clear();
        self.order.extend(0..self.costs.len());
        let costs = &self.costs;
        self.order
            .sort_unstable_by(|&a, &b| costs[a].total_cmp(&costs[b]).then(a.cmp(&b)));
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

    /// The mean of the finite costs; NaN when there is none.
    pub(crate) fn mean_cost(&self) -> f64 {
        let finite = self.costs.iter().filter(|cost| cost.is_finite());
        let (sum, count) = finite.fold((0.0, 0_u32), |(sum, count), cost| (sum + cost, count + 1));
        sum / f64::from(count)
    }

    /// How much the rows vary, from 0 to 1; [`Generation::diversity`](crate::Generation::diversity) defines it.
    pub(crate) fn diversity(&self, axes: &[Axis]) -> f64 {
        let free = axes.iter().enumerate().filter(|(_, axis)| !axis.is_fixed());
        let (sum, count) = free.fold((0.0, 0_u32), |(sum, count), (column, axis)| {
            let genes = self
                .genes
                .iter()
                .skip(column)
                .step_by(self.dimensions)
                .copied();
            let spread = if axis.is_numeric() {
                self.deviation(axis, genes)
            } else {
                self.mixture(axis, genes)
            };
            (sum + spread.clamp(0.0, 1.0), count + 1)
        });
        if count == 0 {
            0.0
        } else {
            sum / f64::from(count)
        }
    }

    /// The standard deviation over that of a uniform distribution, which is 1/√12 of the range.
    fn deviation(&self, axis: &Axis, genes: impl Iterator<Item = f64>) -> f64 {
        let scale = 1.0 / (axis.to - axis.from);
        let logarithm = axis.kind == crate::axis::Kind::LogInteger;
        let (mut sum, mut squares) = (0.0, 0.0);
        for gene in genes {
            let x = (if logarithm { ln(gene) } else { gene } - axis.from) * scale;
            sum += x;
            squares += x * x;
        }
        let count = self.len() as f64;
        let variance = squares / count - (sum / count) * (sum / count);
        (12.0 * variance.max(0.0)).sqrt()
    }

    /// The Gini–Simpson index over its greatest value, by counting pairs: 1 − Σ pᵢ² needs Σ nᵢ².
    fn mixture(&self, axis: &Axis, genes: impl Iterator<Item = f64>) -> f64 {
        let mut counts = vec![0_u32; axis.choices()];
        for gene in genes {
            counts[gene as usize] += 1;
        }
        let squares: f64 = counts.iter().map(|&n| f64::from(n) * f64::from(n)).sum();
        let count = self.len() as f64;
        let greatest = 1.0 - 1.0 / axis.choices() as f64;
        (1.0 - squares / (count * count)) / greatest
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::space::Parameter;

    fn population(rows: &[(f64, f64)]) -> Population {
        let mut population = Population::new(1, rows.len());
        for &(gene, cost) in rows {
            population.push(&[gene], cost);
        }
        population.rank();
        population
    }

    #[test]
    fn ranks_by_cost_then_by_row_with_infinity_last() {
        let ranked = population(&[(0.0, f64::INFINITY), (1.0, 2.0), (2.0, -1.0), (3.0, 2.0)]);
        assert_eq!([0, 1, 2, 3].map(|rank| ranked.ranked(rank)), [2, 1, 3, 0]);
        assert_eq!(ranked.mean_cost(), 1.0);
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
