//! Non-dominated sorting: fronts of rows that no row of a later front dominates.
//!
//! Rows are taken in lexicographic order, so that none is dominated by a later one, and the front of each is found by a
//! binary search, because a row that front `k` dominates is dominated by all fronts before `k`: the efficient
//! non-dominated sort of Zhang, Tian, Cheng & Jin, "An efficient approach to nondominated sorting for evolutionary
//! multiobjective optimization", IEEE TEC 19 (2015). With two objectives a front is asked by its last row alone (Jensen,
//! "Reducing the run-time complexity of multiobjective EAs", IEEE TEC 7, 2003), with three by the staircase of its rows
//! in the last two: O(n log n) and O(n log² n) comparisons. With more it is asked row by row: O(m n²) at worst.

use std::cmp::Ordering;

use super::dominance::{covers, lexicographic, order};
use super::hypervolume::replace;
use crate::engine::Points;

/// The front of each row of `costs`, which has `objectives` columns and is minimised: 0 for rows that none dominates, and
/// one more than the last front that dominates it for any other. Equal rows share a front. NaN counts as infinite.
///
/// Takes O(n log n) comparisons for 1 or 2 objectives, O(n log² n) for 3, and O(m n²) at worst for m; the source is
/// Zhang, Tian, Cheng & Jin (2015).
///
/// ```
/// use autoexec_evolutionary_optimizer::non_dominated_sort;
///
/// let costs = [1.0, 4.0, 2.0, 2.0, 3.0, 3.0];
/// assert_eq!(non_dominated_sort(&costs, 2), [0, 0, 1]);
/// ```
///
/// # Panics
///
/// When `objectives` is 0 or does not divide the number of costs.
#[must_use]
pub fn non_dominated_sort(costs: &[f64], objectives: usize) -> Vec<usize> {
    let costs = super::checked(costs, objectives);
    let mut ranks = Vec::new();
    Sorter::default().sort(&costs, objectives, &mut ranks);
    ranks.into_iter().map(|rank| rank as usize).collect()
}

/// What sorting needs besides its result, kept from one generation to the next.
#[derive(Clone, Debug, Default)]
pub(crate) struct Sorter {
    order: Vec<u32>,
    /// With two objectives: the second cost of the last row of each front, the least of them.
    lasts: Vec<f64>,
    /// With three: the last two costs of the rows of each front that are not dominated in these, the second ascending.
    stairs: Vec<Vec<(f64, f64)>>,
    /// With more: the last row of each front, and for each row the one before it in its front.
    heads: Vec<u32>,
    links: Vec<u32>,
    /// Rows that violate constraints.
    violating: Vec<u32>,
}

impl Sorter {
    /// Writes the front of each row and returns the number of fronts.
    pub(crate) fn sort(&mut self, costs: &[f64], objectives: usize, ranks: &mut Vec<u32>) -> usize {
        self.order.clear();
        self.order.extend(0..(costs.len() / objectives) as u32);
        ranks.clear();
        ranks.resize(self.order.len(), 0);
        self.sort_listed(costs, objectives, ranks)
    }

    /// Like [`sort`](Self::sort), of rows with constraints: those that violate some come after the others, in the order
    /// of how much they do, equal ones together.
    pub(crate) fn sort_points(&mut self, points: &Points, ranks: &mut Vec<u32>) -> usize {
        self.order.clear();
        self.violating.clear();
        for row in 0..points.len() {
            if points.violation(row) > 0.0 {
                self.violating.push(row as u32);
            } else {
                self.order.push(row as u32);
            }
        }
        ranks.clear();
        ranks.resize(points.len(), 0);
        let mut fronts = self.sort_listed(points.all_costs(), points.objectives(), ranks);
        let violation = |row: u32| points.violation(row as usize);
        self.violating
            .sort_unstable_by(|&a, &b| order(violation(a), violation(b)).then(a.cmp(&b)));
        let mut last = None;
        for &row in &self.violating {
            if last != Some(violation(row)) {
                fronts += 1;
                last = Some(violation(row));
            }
            ranks[row as usize] = fronts as u32 - 1;
        }
        fronts
    }

    /// Ranks the rows listed in `order`.
    fn sort_listed(&mut self, costs: &[f64], objectives: usize, ranks: &mut [u32]) -> usize {
        let row = |index: u32| &costs[index as usize * objectives..][..objectives];
        self.order
            .sort_unstable_by(|&a, &b| lexicographic(row(a), row(b)).then(a.cmp(&b)));
        self.lasts.clear();
        self.heads.clear();
        self.links.resize(ranks.len(), 0);
        let mut fronts = 0;
        let mut last: Option<u32> = None;
        for position in 0..self.order.len() {
            let index = self.order[position];
            let is_equal = |last| lexicographic(row(last), row(index)) == Ordering::Equal;
            let rank = match last.filter(|&last| is_equal(last)) {
                Some(last) => ranks[last as usize] as usize,
                None => match objectives {
                    1 => fronts,
                    2 => self.place_2(row(index)[1]),
                    3 => self.place_3(row(index), fronts),
                    _ => self.place(costs, objectives, index),
                },
            };
            fronts = fronts.max(rank + 1);
            ranks[index as usize] = rank as u32;
            last = Some(index);
        }
        fronts
    }

    fn place_2(&mut self, second: f64) -> usize {
        let front = self.lasts.partition_point(|&last| last <= second);
        match self.lasts.get_mut(front) {
            Some(last) => *last = second,
            None => self.lasts.push(second),
        }
        front
    }

    fn place_3(&mut self, row: &[f64], fronts: usize) -> usize {
        let (y, z) = (row[1], row[2]);
        let front = self.stairs[..fronts].partition_point(|stairs| {
            let next = stairs.partition_point(|&(other, _)| other <= y);
            next > 0 && stairs[next - 1].1 <= z
        });
        if front == fronts {
            if front == self.stairs.len() {
                // Room enough that later generations of a usual size need none.
                self.stairs
                    .push(Vec::with_capacity(self.order.len().min(256)));
            }
            self.stairs[front].clear();
        }
        climb(&mut self.stairs[front], y, z);
        front
    }

    fn place(&mut self, costs: &[f64], objectives: usize, index: u32) -> usize {
        let row = |index: u32| &costs[index as usize * objectives..][..objectives];
        let (heads, links) = (&self.heads, &self.links);
        let front = heads.partition_point(|&head| {
            let mut member = head;
            loop {
                if covers(row(member), row(index)) {
                    return true;
                }
                if links[member as usize] == member {
                    return false;
                }
                member = links[member as usize];
            }
        });
        if let Some(head) = self.heads.get_mut(front) {
            self.links[index as usize] = *head;
            *head = index;
        } else {
            self.links[index as usize] = index;
            self.heads.push(index);
        }
        front
    }
}

/// Lists all rows, front after front.
pub(crate) fn group(ranks: &[u32], rows: &mut Vec<u32>) {
    rows.clear();
    rows.extend(0..ranks.len() as u32);
    rows.sort_unstable_by_key(|&row| (ranks[row as usize], row));
}

/// Adds a step that no step covers to a staircase (first ascending, second descending), and removes those it covers.
pub(crate) fn climb(stairs: &mut Vec<(f64, f64)>, y: f64, z: f64) {
    let start = stairs.partition_point(|&(other, _)| other < y);
    let covered = stairs[start..].partition_point(|&(_, other)| other >= z);
    replace(stairs, start..start + covered, (y, z));
}

#[cfg(test)]
mod tests {
    use super::super::dominance::dominates;
    use super::*;
    use crate::rng::Rng;

    /// The definition: a row's front is one more than the last front of those that dominate it.
    fn slow(costs: &[f64], objectives: usize) -> Vec<usize> {
        let rows: Vec<&[f64]> = costs.chunks(objectives).collect();
        let mut ranks = vec![usize::MAX; rows.len()];
        let mut front = 0;
        while ranks.contains(&usize::MAX) {
            let open: Vec<usize> = (0..rows.len())
                .filter(|&row| ranks[row] == usize::MAX)
                .collect();
            for &row in &open {
                if !open.iter().any(|&other| dominates(rows[other], rows[row])) {
                    ranks[row] = front;
                }
            }
            front += 1;
        }
        ranks
    }

    /// Costs on a coarse grid, so that many are equal; some are infinite, some are −0.0.
    fn tied(count: usize, levels: u64, rng: &mut Rng) -> Vec<f64> {
        let draw = |_| match rng.below(levels + 1) {
            0 => f64::INFINITY,
            1 => -0.0,
            level => (level - 2) as f64,
        };
        (0..count).map(draw).collect()
    }

    #[test]
    fn agrees_with_the_definition() {
        let mut rng = Rng::new(1);
        for round in 0..400 {
            for objectives in 1..=6 {
                let count = rng.below(40) as usize * objectives;
                let costs: Vec<f64> = if round % 2 == 0 {
                    (0..count).map(|_| rng.unit()).collect()
                } else {
                    tied(count, 2 + round % 7, &mut rng)
                };
                assert_eq!(
                    non_dominated_sort(&costs, objectives),
                    slow(&costs, objectives),
                    "{objectives} objectives: {costs:?}"
                );
            }
        }
    }

    #[test]
    fn nan_is_the_worst() {
        assert_eq!(non_dominated_sort(&[f64::NAN, 1.0, 2.0, 1.0], 2), [1, 0]);
    }

    #[test]
    fn rows_that_violate_come_last_by_how_much_they_do() {
        let mut points = Points::new(1, 2, 5);
        for (costs, violation) in [
            ([0.0, 0.0], 2.0),
            ([5.0, 5.0], 0.0),
            ([0.0, 0.0], 1.0),
            ([6.0, 6.0], 0.0),
            ([9.0, 9.0], 1.0),
        ] {
            points.push(&[0.0]);
            points.set(points.len() - 1, &costs, violation);
        }
        let mut ranks = Vec::new();
        assert_eq!(Sorter::default().sort_points(&points, &mut ranks), 4);
        assert_eq!(ranks, [3, 0, 2, 1, 2]);
    }
}
