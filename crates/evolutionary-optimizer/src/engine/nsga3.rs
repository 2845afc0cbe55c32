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

/// A row of the front that does not fit.
#[derive(Clone, Copy, Debug)]
struct Candidate {
    /// How many rows its direction has when it comes.
    turn: u32,
    draw: u64,
    row: u32,
}

/// Keeps the first fronts, and of the one that does not fit the rows near directions that have fewest.
#[derive(Debug)]
pub(crate) struct ByDirection {
    rng: Rng,
    /// Of length 1 each: their first components, then their second ones, and so on.
    directions: Vec<f64>,
    /// How far a row goes along each direction.
    along: Vec<f64>,
    scaling: Scaling,
    sorter: Sorter,
    ranks: Vec<u32>,
    rows: Vec<u32>,
    niches: Vec<Niche>,
    candidates: Vec<Candidate>,
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
        let count = directions.len() / objectives;
        let columns = (0..objectives).flat_map(|component| {
            let rows = directions.chunks_exact(objectives);
            rows.map(move |row| row[component])
        });
        Self {
            rng,
            counts: vec![0; count],
            directions: columns.collect(),
            along: vec![0.0; count],
            scaling: Scaling::new(objectives),
            sorter: Sorter::default(),
            ranks: Vec::new(),
            rows: Vec::new(),
            niches: Vec::new(),
            candidates: Vec::new(),
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
            self.along.fill(0.0);
            let columns = self.directions.chunks_exact(self.along.len());
            for (column, &x) in columns.zip(&self.scaled) {
                for (along, component) in self.along.iter_mut().zip(column) {
                    *along += component * x;
                }
            }
            let nearest = first_greatest(&self.along);
            let along = self.along[nearest];
            self.niches[row as usize] = Niche {
                direction: nearest as u32,
                distance: (length - along * along).max(0.0).sqrt(),
            };
        }
    }

    /// Moves rows of the front `start..end` that shall be kept to its beginning, until `keep` are.
    ///
    /// The publication takes one row after the other, each from a direction that has fewest rows then, of several such
    /// directions from any. So a row's turn comes when its direction has as many as it has with those before it in its own
    /// order; rows with the same turn come from different directions, in any order.
    fn fill(&mut self, start: usize, end: usize, keep: usize) {
        self.counts.fill(0);
        for &row in &self.rows[..start] {
            self.counts[self.niches[row as usize].direction as usize] += 1;
        }
        self.candidates.clear();
        for &row in &self.rows[start..end] {
            let (turn, draw) = (0, self.rng.next());
            self.candidates.push(Candidate { turn, draw, row });
        }
        let niche = |candidate: &Candidate| self.niches[candidate.row as usize];
        self.candidates
            .sort_unstable_by_key(|it| (niche(it).direction, it.draw, it.row));
        let is_same = |a: &Candidate, b: &Candidate| niche(a).direction == niche(b).direction;
        for group in self.candidates.chunk_by_mut(is_same) {
            let count = self.counts[niche(&group[0]).direction as usize];
            // A direction that has none takes the nearest, others any.
            if count == 0 {
                let distance = |place: &usize| niche(&group[*place]).distance;
                let nearest = (0..group.len()).min_by(|a, b| distance(a).total_cmp(&distance(b)));
                group.swap(0, nearest.unwrap_or(0));
            }
            for (turn, candidate) in (count..).zip(group) {
                candidate.turn = turn;
                candidate.draw = self.rng.next();
            }
        }
        self.candidates
            .select_nth_unstable_by_key(keep - start - 1, |it| (it.turn, it.draw, it.row));
        for (row, candidate) in self.rows[start..end].iter_mut().zip(&self.candidates) {
            *row = candidate.row;
        }
    }
}

/// The place of the greatest of some numbers, none of them NaN; the first among equals.
fn first_greatest(numbers: &[f64]) -> usize {
    // Four at a time, because none of them waits for the others then.
    let greater = |a: f64, b: f64| if b > a { b } else { a };
    let (fours, rest) = numbers.as_chunks::<4>();
    let mut greatest = [f64::NEG_INFINITY; 4];
    for four in fours {
        greatest = std::array::from_fn(|lane| greater(greatest[lane], four[lane]));
    }
    let all = rest.iter().chain(&greatest).copied();
    let greatest = all.fold(f64::NEG_INFINITY, greater);
    let place = numbers.iter().position(|&number| number == greatest);
    place.expect("because one of them is the greatest")
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

    /// Rows with niches drawn at random, the first `start` of which are kept anyway.
    #[test]
    fn rows_come_from_directions_that_have_fewest() {
        let mut survival = ByDirection::new(3, 10, Rng::new(1));
        let mut rng = Rng::new(2);
        for _ in 0..500 {
            let [start, room] = [(); 2].map(|()| rng.below(15) as usize);
            let (count, keep) = (
                start + room + 2,
                start + 1 + rng.below(room as u64 + 1) as usize,
            );
            survival.rows = (0..count as u32).collect();
            survival.niches = (0..count)
                .map(|_| Niche {
                    direction: rng.below(10) as u32,
                    distance: rng.unit(),
                })
                .collect();
            survival.fill(start, count, keep);
            let mut all = survival.rows.clone();
            all.sort_unstable();
            assert!(all.into_iter().eq(0..count as u32));
            let niche = |row: &u32| survival.niches[*row as usize];
            let (kept, left) = survival.rows.split_at(keep);
            let of = |rows: &[u32], direction: u32| {
                rows.iter()
                    .filter(|row| niche(row).direction == direction)
                    .count()
            };
            for row in left {
                let Niche {
                    direction,
                    distance,
                } = niche(row);
                // No other direction took one when it had more already.
                for other in &kept[start..] {
                    assert!(of(kept, niche(other).direction) <= of(kept, direction) + 1);
                }
                // The only one of a direction is the nearest.
                if of(&kept[..start], direction) == 0 && of(kept, direction) == 1 {
                    let only = kept.iter().find(|row| niche(row).direction == direction);
                    assert!(only.is_some_and(|only| niche(only).distance <= distance));
                }
            }
        }
    }

    #[test]
    fn the_first_of_the_greatest_is_found() {
        for count in 1..40 {
            for place in 0..count {
                let mut numbers = vec![1.0; count];
                numbers[count - 1 - (count - 1 - place) / 2] = 2.0;
                numbers[place] = 2.0;
                assert_eq!(first_greatest(&numbers), place);
            }
        }
    }

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
