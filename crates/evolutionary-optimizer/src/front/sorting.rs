//! Non-dominated sorting: fronts of rows that no row of a later front dominates.
//!
//! Rows are taken in the order of their last cost, then of the one before it, and so on, so that none is dominated by a later one, and the front of each is found by a
//! binary search, because a row that front `k` dominates is dominated by all fronts before `k`: the efficient
//! non-dominated sort of Zhang, Tian, Cheng & Jin, "An efficient approach to nondominated sorting for evolutionary
//! multiobjective optimization", IEEE TEC 19 (2015). With two objectives a front is asked by its last row alone (Jensen,
//! "Reducing the run-time complexity of multiobjective EAs", IEEE TEC 7, 2003), with three by the staircase of its rows
//! in the first two: O(n log n) and O(n log² n) comparisons. With more it is asked row by row: O(m n²) at worst.

use std::cmp::Ordering;

use super::dominance::{colexicographic, covers, order, order_key};
use super::hypervolume::replace;
use super::newcomers::Newcomers;
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
    /// The rows with what they are sorted by first.
    keys: Vec<(u64, u32)>,
    strays: Vec<(u64, u32)>,
    /// With two objectives: the first cost of the last row of each front, the least of them.
    lasts: Vec<f64>,
    /// With three: the first two costs of the rows of each front that are not dominated in these, the first ascending.
    stairs: Vec<Vec<(f64, f64)>>,
    /// With more: the last row of each front, and for each row the one before it in its front.
    heads: Vec<u32>,
    links: Vec<u32>,
    /// Rows that violate constraints.
    violating: Vec<u32>,
    newcomers: Newcomers,
    /// How many rows there are in a front, or before it.
    counts: Vec<u32>,
}

impl Sorter {
    /// Writes the front of each row and returns the number of fronts.
    pub(crate) fn sort(&mut self, costs: &[f64], objectives: usize, ranks: &mut Vec<u32>) -> usize {
        self.order.clear();
        self.order.extend(0..(costs.len() / objectives) as u32);
        ranks.clear();
        ranks.resize(self.order.len(), 0);
        self.arrange(costs, objectives);
        self.rank(costs, objectives, ranks)
    }

    /// Like [`sort`](Self::sort), of rows with constraints: those that violate some come after the others, in the order
    /// of how much they do, equal ones together.
    pub(crate) fn sort_points(&mut self, points: &Points, ranks: &mut Vec<u32>) -> usize {
        self.list(points);
        self.arrange(points.all_costs(), points.objectives());
        self.rank_points(points, ranks)
    }

    /// Likewise, where the rows for which `is_known` holds do not dominate each other. If the first front has `keep` rows
    /// or more, all others may be in the second.
    pub(crate) fn sort_first(
        &mut self,
        points: &Points,
        keep: usize,
        is_known: impl Fn(u32) -> bool,
        ranks: &mut Vec<u32>,
    ) {
        self.list(points);
        self.arrange(points.all_costs(), points.objectives());
        let known = self.order.iter().filter(|&&row| is_known(row)).count();
        let sound = self.order.len();
        if points.objectives() == 3 && Newcomers::are_few(sound - known, sound) {
            let is_behind = self.newcomers.judge(points, &self.order, is_known);
            ranks.clear();
            ranks.resize(points.len(), 1);
            let mut first = 0;
            for (&row, &is_behind) in self.order.iter().zip(is_behind) {
                ranks[row as usize] = u32::from(is_behind);
                first += usize::from(!is_behind);
            }
            if first >= keep {
                return;
            }
        }
        self.rank_points(points, ranks);
    }

    fn rank_points(&mut self, points: &Points, ranks: &mut Vec<u32>) -> usize {
        ranks.clear();
        ranks.resize(points.len(), 0);
        let mut fronts = self.rank(points.all_costs(), points.objectives(), ranks);
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

    /// Lists the rows that violate no constraint in `order`, and the others.
    fn list(&mut self, points: &Points) {
        let Self {
            order, violating, ..
        } = self;
        // Rows of a population are mostly where they were the last time: sorting takes less from the order they had.
        if !violating.is_empty() {
            order.clear();
            violating.clear();
        }
        let count = points.len() as u32;
        order.retain(|&row| row < count);
        order.extend(order.len() as u32..count);
        order.retain(|&row| {
            let is_sound = points.violation(row as usize) <= 0.0;
            if !is_sound {
                violating.push(row);
            }
            is_sound
        });
    }

    /// The rows in the order in which they were sorted: by their last cost first, and those that violate constraints at
    /// the end.
    pub(crate) fn listed(&self) -> impl Iterator<Item = u32> {
        self.order.iter().chain(&self.violating).copied()
    }

    /// The front with which there are `keep` rows or more, and the number of rows before it.
    pub(crate) fn cut(&mut self, ranks: &[u32], keep: usize) -> (u32, usize) {
        self.count(ranks);
        let (mut front, mut before) = (0, 0);
        while before + (self.counts[front] as usize) < keep {
            before += self.counts[front] as usize;
            front += 1;
        }
        (front as u32, before)
    }

    /// Lists all rows, front after front.
    pub(crate) fn group(&mut self, ranks: &[u32], rows: &mut Vec<u32>) {
        self.count(ranks);
        let mut before = 0;
        for count in &mut self.counts {
            before += std::mem::replace(count, before);
        }
        rows.clear();
        rows.resize(ranks.len(), 0);
        for (row, &rank) in ranks.iter().enumerate() {
            let place = &mut self.counts[rank as usize];
            rows[*place as usize] = row as u32;
            *place += 1;
        }
    }

    /// Counts the rows of each front.
    fn count(&mut self, ranks: &[u32]) {
        self.counts.clear();
        self.counts.reserve(ranks.len());
        for &rank in ranks {
            let rank = rank as usize;
            if rank >= self.counts.len() {
                self.counts.resize(rank + 1, 0);
            }
            self.counts[rank] += 1;
        }
    }

    /// Ranks the rows in their order.
    fn rank(&mut self, costs: &[f64], objectives: usize, ranks: &mut [u32]) -> usize {
        let row = |index: u32| &costs[index as usize * objectives..][..objectives];
        self.lasts.clear();
        self.heads.clear();
        self.links.resize(ranks.len(), 0);
        let mut fronts = 0;
        let mut last: Option<u32> = None;
        for position in 0..self.order.len() {
            let index = self.order[position];
            let is_equal = |last| colexicographic(row(last), row(index)).is_eq();
            let rank = match last.filter(|&last| is_equal(last)) {
                Some(last) => ranks[last as usize] as usize,
                None => match objectives {
                    1 => fronts,
                    2 => self.place_2(row(index)[0]),
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

    /// Sorts the rows listed in `order`.
    fn arrange(&mut self, costs: &[f64], objectives: usize) {
        let row = |index: u32| &costs[index as usize * objectives..][..objectives];
        let compare = |a: &(u64, u32), b: &(u64, u32)| {
            let others = || colexicographic(row(a.1), row(b.1)).then(a.1.cmp(&b.1));
            a.0.cmp(&b.0).then_with(others)
        };
        self.keys.clear();
        self.strays.clear();
        self.strays.reserve(self.order.len());
        for &index in &self.order {
            let key = (order_key(row(index)[objectives - 1]), index);
            match self.keys.last() {
                // One of the two is out of order.
                Some(last) if compare(&key, last).is_lt() => {
                    self.strays.push(key);
                    self.strays.extend(self.keys.pop());
                }
                _ => self.keys.push(key),
            }
        }
        self.strays.sort_unstable_by(compare);
        merge(&mut self.keys, &self.strays, compare);
        for (index, key) in self.order.iter_mut().zip(&self.keys) {
            *index = key.1;
        }
    }

    fn place_2(&mut self, first: f64) -> usize {
        let front = self.lasts.partition_point(|&last| last <= first);
        match self.lasts.get_mut(front) {
            Some(last) => *last = first,
            None => self.lasts.push(first),
        }
        front
    }

    fn place_3(&mut self, row: &[f64], fronts: usize) -> usize {
        let (x, y) = (row[0], row[1]);
        let is_behind = |stairs: &Vec<(f64, f64)>, next: usize| next > 0 && stairs[next - 1].1 <= y;
        let mut front = 0;
        // Most rows belong to the first front.
        if fronts > 0 {
            let next = after(&self.stairs[0], x);
            if !is_behind(&self.stairs[0], next) {
                climb_at(&mut self.stairs[0], next, x, y);
                return 0;
            }
            let others = &self.stairs[1..fronts];
            front = 1 + others.partition_point(|stairs| is_behind(stairs, after(stairs, x)));
        }
        if front == fronts {
            if front == self.stairs.len() {
                // Room enough that later generations of a usual size need none.
                self.stairs
                    .push(Vec::with_capacity(self.order.len().min(256)));
            }
            self.stairs[front].clear();
        }
        climb(&mut self.stairs[front], x, y);
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

/// Merges ascending items into others.
fn merge<T: Copy>(into: &mut Vec<T>, from: &[T], compare: impl Fn(&T, &T) -> Ordering) {
    let (mut a, mut b) = (into.len(), from.len());
    into.extend_from_slice(from);
    // From the end, so that nothing is overwritten that is not moved yet.
    while b > 0 {
        let is_later = a > 0 && compare(&into[a - 1], &from[b - 1]).is_gt();
        into[a + b - 1] = if is_later { into[a - 1] } else { from[b - 1] };
        if is_later { a -= 1 } else { b -= 1 }
    }
}

/// Adds a step that no step covers to a staircase (first ascending, second descending), and removes those it covers.
fn climb(stairs: &mut Vec<(f64, f64)>, x: f64, y: f64) {
    let next = after(stairs, x);
    climb_at(stairs, next, x, y);
}

/// Likewise, where `next` steps begin at `x` or before.
pub(crate) fn climb_at(stairs: &mut Vec<(f64, f64)>, next: usize, x: f64, y: f64) {
    let start = next - usize::from(next > 0 && stairs[next - 1].0 == x);
    let mut end = next;
    while end < stairs.len() && stairs[end].1 >= y {
        end += 1;
    }
    replace(stairs, start..end, (x, y));
}

/// The number of steps that begin at `x` or before.
pub(crate) fn after(stairs: &[(f64, f64)], x: f64) -> usize {
    // Among few steps looking at each is faster than a search.
    if stairs.len() <= 24 {
        stairs.iter().map(|step| usize::from(step.0 <= x)).sum()
    } else {
        stairs.partition_point(|step| step.0 <= x)
    }
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

    /// Rows come and go, and move, as in a population: the order that a sorter remembers is a hint and nothing else.
    #[test]
    fn what_was_sorted_before_does_not_matter() {
        let mut rng = Rng::new(2);
        for objectives in 1..=4 {
            let mut sorter = Sorter::default();
            let mut points = Points::new(1, objectives, 200);
            let (mut ours, mut expect) = (Vec::new(), Vec::new());
            for round in 0..200 {
                for _ in 0..rng.below(12) {
                    points.push(&[0.0]);
                    let costs = tied(objectives, 5 + round % 60, &mut rng);
                    let violation = if rng.chance(0.02) { 1.0 } else { 0.0 };
                    points.set(points.len() - 1, &costs, violation);
                }
                while points.len() > 60 || (rng.coin() && !points.is_empty()) {
                    points.swap_remove(rng.below(points.len() as u64) as usize);
                }
                let mut fresh = Sorter::default();
                let fronts = sorter.sort_points(&points, &mut ours);
                assert_eq!(fronts, fresh.sort_points(&points, &mut expect));
                assert_eq!(ours, expect);
                let listed = |sorter: &Sorter| sorter.listed().collect::<Vec<_>>();
                assert_eq!(listed(&sorter), listed(&fresh));
            }
        }
    }

    #[test]
    fn rows_are_grouped_by_front_and_cut_where_enough_are_kept() {
        let ranks = [2, 0, 1, 0, 2, 2, 0];
        let mut sorter = Sorter::default();
        let mut rows = Vec::new();
        sorter.group(&ranks, &mut rows);
        assert_eq!(rows, [1, 3, 6, 2, 0, 4, 5]);
        let cuts = [1, 3, 4, 5, 7].map(|keep| sorter.cut(&ranks, keep));
        assert_eq!(cuts, [(0, 0), (0, 0), (1, 3), (2, 4), (2, 4)]);
    }

    #[test]
    fn keys_are_ordered_as_costs_are() {
        let costs = [
            f64::NEG_INFINITY,
            -1e300,
            -1.0,
            -1e-310,
            0.0,
            1e-310,
            1.0,
            f64::INFINITY,
        ];
        assert!(costs.map(order_key).is_sorted_by(|a, b| a < b));
        assert_eq!(order_key(-0.0), order_key(0.0));
    }
}
