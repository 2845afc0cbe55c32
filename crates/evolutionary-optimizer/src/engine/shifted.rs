//! Survival by distance where there are many objectives, and volumes take long.
//!
//! How far a row is from being replaced by another is what it is better by, and nothing else: the distance after the other
//! was shifted to where it is not better itself (Li, Yang & Liu, "Shift-based density estimation for Pareto-based
//! algorithms in many-objective optimization", IEEE TEC 18, 2014). The row nearest to another is taken out, again and
//! again. O(m n²) for n rows, and O(n) for most rows taken out.

use super::Points;
use super::generational::{Standing, Survival};
use crate::front::{Scale, Sorter};

/// Keeps the first fronts, and takes rows out of the one that does not fit.
#[derive(Debug, Default)]
pub(crate) struct ByShift {
    sorter: Sorter,
    scale: Scale,
    ranks: Vec<u32>,
    rows: Vec<u32>,
    scaled: Vec<f64>,
    /// For each row of the front the distance from the nearest, and which that is.
    near: Vec<(f64, u32)>,
    /// Rows of the front that are left.
    left: Vec<u32>,
}

impl ByShift {
    fn nearest(&self, row: u32, objectives: usize) -> (f64, u32) {
        let own = &self.scaled[row as usize * objectives..][..objectives];
        let mut nearest = (f64::INFINITY, row);
        for &other in self.left.iter().filter(|&&other| other != row) {
            let costs = &self.scaled[other as usize * objectives..][..objectives];
            let gaps = own.iter().zip(costs).map(|(own, cost)| {
                let gap = (cost - own).max(0.0);
                gap * gap
            });
            let distance = gaps.sum();
            if distance < nearest.0 {
                nearest = (distance, other);
            }
        }
        nearest
    }

    /// Leaves `keep` of a front's rows, given by their places in the list.
    fn prune(&mut self, pool: &Points, start: usize, end: usize, keep: usize) {
        let (objectives, front) = (pool.objectives(), &self.rows[start..end]);
        self.scale.fit(pool, front);
        self.scaled.clear();
        for &row in front {
            // What failed is as far as it gets.
            let scaled = self.scale.apply(pool.costs(row as usize));
            self.scaled
                .extend(scaled.map(|share| if share.is_finite() { share } else { 1e9 }));
        }
        self.left.clear();
        self.left.extend(0..front.len() as u32);
        self.near.clear();
        for row in 0..front.len() as u32 {
            self.near.push(self.nearest(row, objectives));
        }
        while self.left.len() > keep {
            let mut least = 0;
            for (place, &row) in self.left.iter().enumerate() {
                if self.near[row as usize].0 < self.near[self.left[least] as usize].0 {
                    least = place;
                }
            }
            let gone = self.left.swap_remove(least);
            for place in 0..self.left.len() {
                let row = self.left[place];
                if self.near[row as usize].1 == gone {
                    self.near[row as usize] = self.nearest(row, objectives);
                }
            }
        }
    }
}

impl Survival for ByShift {
    fn judge(&mut self, pool: &Points, keep: usize, standings: &mut Vec<Standing>) {
        self.sorter.sort_points(pool, &mut self.ranks);
        self.sorter.group(&self.ranks, &mut self.rows);
        let last = self.ranks[self.rows[keep - 1] as usize];
        let rank = |row: &u32| self.ranks[*row as usize];
        let start = self.rows.partition_point(|row| rank(row) < last);
        let end = self.rows.partition_point(|row| rank(row) <= last);
        self.prune(pool, start, end, keep - start);
        let standing = |&rank: &u32| Standing {
            is_kept: rank < last,
            rank,
            spread: 0.0,
        };
        standings.clear();
        standings.extend(self.ranks.iter().map(standing));
        for &place in &self.left {
            standings[self.rows[start + place as usize] as usize].is_kept = true;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_that_others_nearly_replace_are_taken_out() {
        let mut pool = Points::new(1, 3, 5);
        for costs in [
            [0.0, 1.0, 1.0],
            [1.0, 0.0, 1.0],
            [1.0, 1.0, 0.0],
            // A little better in one objective and far worse in another.
            [0.99, 0.02, 1.0],
            [0.3, 0.3, 0.3],
        ] {
            pool.push(&[0.0]);
            pool.set(pool.len() - 1, &costs, 0.0);
        }
        let mut standings = Vec::new();
        ByShift::default().judge(&pool, 4, &mut standings);
        let kept: Vec<bool> = standings.iter().map(|standing| standing.is_kept).collect();
        assert_eq!(kept, [true, true, true, false, true]);
    }
}
