//! NSGA-III: survival by front, and within the last one by reference directions that have few rows.
//!
//! Source: Deb & Jain, "An evolutionary many-objective optimization algorithm using reference-point-based nondominated
//! sorting approach, part I", IEEE TEC 18 (2014). Where the extreme points do not span a hyperplane with positive
//! intercepts, objectives are scaled by the worst costs of the first front instead (Blank, Deb & Roy, "Investigating the
//! normalization procedure of NSGA-III", EMO 2019).

use super::generational::{Generational, Standing, Survival};
use super::variation::Variation;
use super::{Points, Problem};
use crate::front::{Sorter, directions};
use crate::rng::Rng;

/// The choices of NSGA-III.
#[derive(Clone, Debug, PartialEq)]
pub struct Nsga3Options {
    /// The number of members, and of children in a generation.
    pub population: usize,
    /// The most reference directions; as many of a regular grid are used as fit.
    pub directions: usize,
    /// How children differ from their parents.
    pub variation: Variation,
}

impl Default for Nsga3Options {
    /// 100 members, up to 100 directions, and the variation of the publication, 31 and 20: where there are many
    /// objectives, small mutations did better.
    fn default() -> Self {
        Self {
            population: 100,
            directions: 100,
            variation: Variation {
                crossover: 1.0,
                mutation_index: 20.0,
                ..Variation::default()
            },
        }
    }
}

/// The engine.
pub(crate) type Nsga3 = Generational<ByDirection>;

impl Nsga3 {
    pub(crate) fn new(problem: &Problem, options: &Nsga3Options, mut rng: Rng) -> Self {
        let survival = ByDirection::new(problem.objectives, options.directions, rng.clone());
        rng.jump();
        let sizes = [options.population; 2];
        Self::with(problem, &options.variation, sizes, survival, rng)
    }
}

/// A row as the directions see it.
#[derive(Clone, Copy, Debug, Default)]
struct Niche {
    direction: u32,
    /// The distance from the line along the direction.
    distance: f64,
}

/// Keeps the first fronts, and of the one that does not fit the rows near directions that have fewest.
#[derive(Debug)]
pub(crate) struct ByDirection {
    rng: Rng,
    objectives: usize,
    /// Of length 1 each.
    directions: Vec<f64>,
    scaling: Scaling,
    sorter: Sorter,
    ranks: Vec<u32>,
    rows: Vec<u32>,
    niches: Vec<Niche>,
    counts: Vec<u32>,
    scaled: Vec<f64>,
}

impl ByDirection {
    pub(crate) fn new(objectives: usize, count: usize, rng: Rng) -> Self {
        let mut directions = directions(objectives, count.max(1));
        for row in directions.chunks_exact_mut(objectives) {
            let length = row.iter().map(|x| x * x).sum::<f64>().sqrt();
            row.iter_mut().for_each(|x| *x /= length);
        }
        Self {
            rng,
            objectives,
            counts: vec![0; directions.len() / objectives],
            directions,
            scaling: Scaling::new(objectives),
            sorter: Sorter::default(),
            ranks: Vec::new(),
            rows: Vec::new(),
            niches: Vec::new(),
            scaled: Vec::new(),
        }
    }

    /// Finds for each of the first `count` listed rows the direction whose line is nearest.
    fn associate(&mut self, pool: &Points, count: usize) {
        self.niches.clear();
        self.niches.resize(pool.len(), Niche::default());
        for &row in &self.rows[..count] {
            self.scaling
                .apply(pool.costs(row as usize), &mut self.scaled);
            let length: f64 = self.scaled.iter().map(|x| x * x).sum();
            let mut nearest = (0, f64::NEG_INFINITY);
            for (index, direction) in self.directions.chunks_exact(self.objectives).enumerate() {
                let along = direction
                    .iter()
                    .zip(&self.scaled)
                    .map(|(a, b)| a * b)
                    .sum::<f64>();
                if along > nearest.1 {
                    nearest = (index as u32, along);
                }
            }
            self.niches[row as usize] = Niche {
                direction: nearest.0,
                distance: (length - nearest.1 * nearest.1).max(0.0).sqrt(),
            };
        }
    }

    /// Moves rows of the front `start..end` that shall be kept to its beginning, until `keep` are.
    fn fill(&mut self, start: usize, end: usize, keep: usize) {
        self.counts.fill(0);
        for &row in &self.rows[..start] {
            self.counts[self.niches[row as usize].direction as usize] += 1;
        }
        for place in start..keep {
            let niche = |row: u32| self.niches[row as usize];
            // The rows of the direction with fewest members; of several such directions one drawn.
            let mut best = (u32::MAX, 0.0, place);
            let mut drawn = (u32::MAX, 0);
            for candidate in place..end {
                let Niche {
                    direction,
                    distance,
                } = niche(self.rows[candidate]);
                let count = self.counts[direction as usize];
                if count < best.0 {
                    drawn = (direction, self.rng.next());
                    best = (count, distance, candidate);
                } else if count == best.0 && direction == drawn.0 {
                    // A direction that has none takes the nearest, others any.
                    let is_better = if count == 0 {
                        distance < best.1
                    } else {
                        self.rng.coin()
                    };
                    if is_better {
                        best = (count, distance, candidate);
                    }
                } else if count == best.0 {
                    let draw = self.rng.next();
                    if draw < drawn.1 {
                        drawn = (direction, draw);
                        best = (count, distance, candidate);
                    }
                }
            }
            self.rows.swap(place, best.2);
            self.counts[niche_of(&self.niches, self.rows[place])] += 1;
        }
    }
}

fn niche_of(niches: &[Niche], row: u32) -> usize {
    niches[row as usize].direction as usize
}

impl Survival for ByDirection {
    fn judge(&mut self, pool: &Points, keep: usize, standings: &mut Vec<Standing>) {
        self.sorter.sort_points(pool, &mut self.ranks);
        self.sorter.group(&self.ranks, &mut self.rows);
        let last = self.ranks[self.rows[keep - 1] as usize];
        let rank = |row: &u32| self.ranks[*row as usize];
        let start = self.rows.partition_point(|row| rank(row) < last);
        let end = self.rows.partition_point(|row| rank(row) <= last);
        let first = self.rows.partition_point(|row| rank(row) == 0);
        if end > keep {
            self.scaling
                .update(pool, &self.rows[..first], &self.rows[..end]);
            self.associate(pool, end);
            self.fill(start, end, keep);
        }
        standings.clear();
        standings.extend(self.ranks.iter().map(|&rank| Standing {
            is_kept: false,
            rank,
            spread: 0.0,
        }));
        for &row in &self.rows[..keep] {
            standings[row as usize].is_kept = true;
        }
    }
}

/// The ideal point and the intercepts of the hyperplane through the extreme points.
#[derive(Debug)]
struct Scaling {
    ideal: Vec<f64>,
    /// For each objective the costs of the most extreme row so far.
    extremes: Vec<f64>,
    ranges: Vec<f64>,
    matrix: Vec<f64>,
}

impl Scaling {
    fn new(objectives: usize) -> Self {
        Self {
            ideal: vec![f64::INFINITY; objectives],
            extremes: vec![f64::INFINITY; objectives * objectives],
            ranges: vec![1.0; objectives],
            matrix: Vec::new(),
        }
    }

    fn apply(&self, costs: &[f64], scaled: &mut Vec<f64>) {
        scaled.clear();
        for ((cost, ideal), range) in costs.iter().zip(&self.ideal).zip(&self.ranges) {
            let share = (cost - ideal) / range;
            // What failed is farther than all others.
            scaled.push(if share.is_finite() { share } else { 1e9 });
        }
    }

    fn update(&mut self, pool: &Points, first: &[u32], considered: &[u32]) {
        let m = self.ideal.len();
        for &row in considered {
            for (ideal, &cost) in self.ideal.iter_mut().zip(pool.costs(row as usize)) {
                *ideal = ideal.min(cost);
            }
        }
        for axis in 0..m {
            let mut least = self.stretch(&self.extremes[axis * m..][..m], axis);
            for &row in first {
                let stretch = self.stretch(pool.costs(row as usize), axis);
                if stretch < least {
                    least = stretch;
                    self.extremes[axis * m..][..m].copy_from_slice(pool.costs(row as usize));
                }
            }
        }
        if !self.intercept() {
            for axis in 0..m {
                let costs = first.iter().map(|&row| pool.costs(row as usize)[axis]);
                let worst = costs
                    .filter(|cost| cost.is_finite())
                    .fold(f64::NEG_INFINITY, f64::max);
                self.ranges[axis] = worst - self.ideal[axis];
            }
        }
        for range in &mut self.ranges {
            if !(*range > 1e-12 && range.is_finite()) {
                *range = 1.0;
            }
        }
    }

    /// The achievement scalarising function: how far a row is from the axis.
    fn stretch(&self, costs: &[f64], axis: usize) -> f64 {
        let scaled = costs
            .iter()
            .zip(&self.ideal)
            .enumerate()
            .map(|(index, (cost, ideal))| (cost - ideal) * if index == axis { 1.0 } else { 1e6 });
        scaled.fold(0.0, |most, x| if x > most { x } else { most })
    }

    /// Solves for the plane through the extreme points by elimination with pivots; false if it has no positive intercepts.
    fn intercept(&mut self) -> bool {
        let m = self.ideal.len();
        self.matrix.clear();
        for extreme in self.extremes.chunks_exact(m) {
            self.matrix.extend(
                extreme
                    .iter()
                    .zip(&self.ideal)
                    .map(|(cost, ideal)| cost - ideal),
            );
            self.matrix.push(1.0);
        }
        if !self.matrix.iter().all(|x| x.is_finite()) || !eliminate(&mut self.matrix, m) {
            return false;
        }
        for axis in 0..m {
            let solution = self.matrix[axis * (m + 1) + m];
            self.ranges[axis] = 1.0 / solution;
        }
        self.ranges
            .iter()
            .all(|range| *range > 1e-9 && *range < 1e9)
    }
}

/// Makes the left part of `m` rows of `m + 1` numbers the identity; false if it is singular.
fn eliminate(matrix: &mut [f64], m: usize) -> bool {
    let width = m + 1;
    for column in 0..m {
        let size = |row: &usize| matrix[row * width + column].abs();
        let pivot = (column..m)
            .max_by(|a, b| size(a).total_cmp(&size(b)))
            .unwrap_or(column);
        if size(&pivot) < 1e-12 {
            return false;
        }
        for k in 0..width {
            matrix.swap(pivot * width + k, column * width + k);
        }
        let scale = matrix[column * width + column];
        for k in 0..width {
            matrix[column * width + k] /= scale;
        }
        for row in (0..m).filter(|&row| row != column) {
            let factor = matrix[row * width + column];
            for k in 0..width {
                matrix[row * width + k] -= factor * matrix[column * width + k];
            }
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scaling(rows: &[[f64; 3]]) -> Scaling {
        let mut points = Points::new(1, 3, rows.len());
        for row in rows {
            points.push(&[0.0]);
            points.set(points.len() - 1, row, 0.0);
        }
        let all: Vec<u32> = (0..rows.len() as u32).collect();
        let mut scaling = Scaling::new(3);
        scaling.update(&points, &all, &all);
        scaling
    }

    #[test]
    fn the_plane_through_the_extremes_scales() {
        let scaling = scaling(&[
            [2.0, 0.0, 1.0],
            [0.0, 4.0, 1.0],
            [0.0, 0.0, 9.0],
            [1.0, 1.0, 4.0],
        ]);
        assert_eq!(scaling.ideal, [0.0, 0.0, 1.0]);
        for (range, expect) in scaling.ranges.iter().zip([2.0, 4.0, 8.0]) {
            assert!((range - expect).abs() < 1e-9, "{range} instead of {expect}");
        }
    }

    #[test]
    fn without_a_plane_the_worst_costs_scale() {
        // One row is extreme in all; an objective is the same everywhere; rows lie on a line; all failed.
        assert_eq!(scaling(&[[1.0, 2.0, 3.0]]).ranges, [1.0; 3]);
        assert_eq!(
            scaling(&[[0.0, 5.0, 1.0], [3.0, 5.0, 0.0]]).ranges,
            [3.0, 1.0, 1.0]
        );
        let line = scaling(&[[0.0, 2.0, 2.0], [1.0, 1.0, 1.0], [2.0, 0.0, 0.0]]);
        assert!(
            line.ranges
                .iter()
                .all(|range| *range > 0.0 && range.is_finite())
        );
        let failed = scaling(&[[f64::INFINITY; 3]]);
        assert_eq!(failed.ranges, [1.0; 3]);
        let mut scaled = Vec::new();
        failed.apply(&[f64::INFINITY; 3], &mut scaled);
        assert_eq!(scaled, [1e9; 3]);
    }
}
