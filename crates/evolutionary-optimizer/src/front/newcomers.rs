//! The first front of three objectives where most rows are known not to dominate each other: only newcomers are compared.
//!
//! Rows come in the order of their last cost, then of the one before it, and so on, so that none dominates an earlier one,
//! and two costs tell. For k newcomers among n rows this takes O(k n) comparisons, which do not depend on each other; a
//! staircase takes O(n log n), each after the other.

use std::ops::Range;

use crate::engine::Points;

/// Newcomers are at most this share of all rows: with more, ranking them all is quicker.
const SHARE: usize = 4;

/// What the comparison needs besides its result.
#[derive(Clone, Debug, Default)]
pub(crate) struct Newcomers {
    /// The first two costs of the rows in their order.
    xs: Vec<f64>,
    ys: Vec<f64>,
    /// The places of newcomers.
    places: Vec<u32>,
    is_behind: Vec<bool>,
}

impl Newcomers {
    /// Whether there are few enough.
    pub(crate) fn are_few(count: usize, among: usize) -> bool {
        count * SHARE <= among
    }

    /// Says of each row in `order` whether others dominate it; the rows for which `is_known` holds do not dominate each
    /// other.
    pub(crate) fn judge(
        &mut self,
        points: &Points,
        order: &[u32],
        is_known: impl Fn(u32) -> bool,
    ) -> &[bool] {
        self.list(points, order, is_known);
        self.is_behind.clear();
        self.is_behind.resize(order.len(), false);
        let costs = |place: usize| points.costs(order[place] as usize);
        for index in 0..self.places.len() {
            let place = self.places[index] as usize;
            // Equal rows are side by side, and do not dominate each other.
            let (mut start, mut end) = (place, place + 1);
            while start > 0 && costs(start - 1) == costs(place) {
                start -= 1;
            }
            while end < order.len() && costs(end) == costs(place) {
                end += 1;
            }
            self.compare(place, 0..start, end..order.len());
        }
        &self.is_behind
    }

    /// Compares a row with those before it and those after it.
    fn compare(&mut self, place: usize, before: Range<usize>, after: Range<usize>) {
        let (x, y) = (self.xs[place], self.ys[place]);
        let covers = |other_x: f64, other_y: f64| (other_x >= x) & (other_y >= y);
        if self.any(before, |other_x, other_y| (other_x <= x) & (other_y <= y)) {
            self.is_behind[place] = true;
        } else if self.any(after.clone(), covers) {
            for other in after {
                self.is_behind[other] |= covers(self.xs[other], self.ys[other]);
            }
        }
    }

    fn list(&mut self, points: &Points, order: &[u32], is_known: impl Fn(u32) -> bool) {
        self.xs.clear();
        self.ys.clear();
        self.places.clear();
        for (place, &row) in order.iter().enumerate() {
            let costs = points.costs(row as usize);
            self.xs.push(costs[0]);
            self.ys.push(costs[1]);
            if !is_known(row) {
                self.places.push(place as u32);
            }
        }
    }

    /// Whether a condition holds for the first two costs of any row in a range.
    fn any(&self, places: Range<usize>, condition: impl Fn(f64, f64) -> bool) -> bool {
        let pairs = self.xs[places.clone()].iter().zip(&self.ys[places]);
        // All of them are asked, because where it holds first is hard to foresee.
        pairs.fold(false, |any, (x, y)| any | condition(*x, *y))
    }
}

#[cfg(test)]
mod tests {
    use crate::engine::Points;
    use crate::front::{Sorter, dominates};
    use crate::rng::Rng;

    /// Rows on a coarse grid, so that many tie and some are equal; some violate a constraint.
    fn grow(points: &mut Points, count: u64, levels: u64, rng: &mut Rng) {
        for _ in 0..count {
            let mut costs = [(); 3].map(|()| rng.below(levels) as f64);
            if !points.is_empty() && rng.chance(0.3) {
                let twin = rng.below(points.len() as u64) as usize;
                costs.copy_from_slice(points.costs(twin));
            }
            points.push(&[0.0]);
            let violation = if rng.chance(0.1) { 1.0 } else { 0.0 };
            points.set(points.len() - 1, &costs, violation);
        }
    }

    /// Keeps rows that do not dominate each other, and violate nothing.
    fn keep_front(points: &mut Points) {
        let is_behind = |points: &Points, row: usize| {
            points.violation(row) > 0.0
                || (0..points.len()).any(|other| {
                    points.violation(other) <= 0.0
                        && dominates(points.costs(other), points.costs(row))
                })
        };
        let mut row = 0;
        while row < points.len() {
            if is_behind(points, row) {
                points.swap_remove(row);
            } else {
                row += 1;
            }
        }
    }

    #[test]
    fn the_first_front_is_what_sorting_all_finds() {
        let mut rng = Rng::new(1);
        // One sorter for all, as a search has it: what it remembers must not matter.
        let mut sorter = Sorter::default();
        let (mut ours, mut expect) = (Vec::new(), Vec::new());
        let mut quick = 0;
        for round in 0..600 {
            let levels = 4 + round % 40;
            let mut points = Points::new(1, 3, 200);
            grow(&mut points, 90, levels, &mut rng);
            keep_front(&mut points);
            let known = points.len() as u64;
            let newcomers = rng.below(known / 3 + 2);
            grow(&mut points, newcomers, levels, &mut rng);
            Sorter::default().sort_points(&points, &mut expect);
            let first = expect.iter().filter(|rank| **rank == 0).count();
            for keep in [1, first, first + 1] {
                sorter.sort_first(&points, keep, |row| u64::from(row) < known, &mut ours);
                let is_first = |ranks: &[u32]| ranks.iter().map(|it| *it == 0).collect::<Vec<_>>();
                assert_eq!(is_first(&ours), is_first(&expect), "{points:?}");
                quick += usize::from(ours != expect);
                if keep > first {
                    assert_eq!(ours, expect);
                }
                let listed: Vec<u32> = sorter.listed().collect();
                let costs = |row: u32| points.costs(row as usize);
                assert_eq!(listed.len(), points.len());
                let sound = listed
                    .iter()
                    .filter(|row| points.violation(**row as usize) <= 0.0);
                let lasts = sound.map(|row| costs(*row)[2]);
                assert!(lasts.is_sorted(), "{listed:?}");
            }
        }
        assert!(quick > 50, "ranked all rows nearly always: {quick}");
    }
}
