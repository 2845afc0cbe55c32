//! The archive: what was found and is not dominated, whatever the population keeps.
//!
//! Selecting from all that was evaluated beats the last population, which forgets (Ishibuchi, Pang & Shang, "A new
//! framework of evolutionary multi-objective algorithms with an unbounded external archive", ECAI 2020). Rows wait in a
//! buffer that is merged into the front when it is full, so that a row costs a share of one sweep. When the front outgrows
//! its room it is thinned on a grid: each cell keeps its best row (after Laumanns, Thiele, Deb & Zitzler, "Combining
//! convergence and diversity in evolutionary multiobjective optimization", 2002).

use super::dominance::{covers, lexicographic, order, order_key};
use super::scale::Scale;
use super::select::Selector;
use super::sorting::{after, climb_at};
use crate::engine::Points;

/// The rows kept for each one that will be asked for, and the least number.
const ROOM: usize = 20;
const ROOM_MIN: usize = 1_000;
/// Rows that wait for the next merge.
const WAITING: usize = 1_024;

/// Non-dominated rows: of those that violate no constraint, or else of those that violate least.
///
/// Memory is bounded: 20 rows for each one wanted and at least 1,000, and 1,024 more that wait. Inserting a row costs
/// O(log n) amortised comparisons with 2 objectives, O(log² n) with 3, and O(m n) with m.
#[derive(Clone, Debug)]
pub(crate) struct Archive {
    rows: Points,
    /// How many of the rows are merged.
    merged: usize,
    /// The merged rows in lexicographic order of their costs.
    order: Vec<u32>,
    capacity: usize,
    /// What all rows here violate; infinite for those that failed.
    violation: f64,
    scratch: Scratch,
    scale: Scale,
    selector: Selector,
    /// The width of a cell when the front was thinned last, as a share of its range.
    cell: f64,
}

#[derive(Clone, Debug, Default)]
struct Scratch {
    arrived: Vec<u32>,
    /// The rows that arrived with their first costs.
    keys: Vec<(u64, u32)>,
    kept: Vec<u32>,
    dropped: Vec<u32>,
    places: Vec<u32>,
    stairs: Vec<(f64, f64)>,
    cells: Vec<(u64, f64, u32)>,
}

impl Scratch {
    fn with_room(room: usize) -> Self {
        Self {
            arrived: Vec::with_capacity(room),
            keys: Vec::with_capacity(room.min(WAITING)),
            kept: Vec::with_capacity(room),
            dropped: Vec::with_capacity(room),
            places: Vec::with_capacity(room),
            stairs: Vec::with_capacity(room),
            cells: Vec::with_capacity(room),
        }
    }
}

impl Archive {
    /// An archive from which up to `wanted` rows will be selected.
    pub(crate) fn new(dimensions: usize, objectives: usize, wanted: usize) -> Self {
        let capacity = ROOM_MIN.max(wanted.saturating_mul(ROOM));
        // All of it at once unless rows are long, so that no later generation has to make room.
        let room = (capacity + WAITING).min((1 << 18) / dimensions.max(1));
        Self {
            rows: Points::new(dimensions, objectives, room),
            merged: 0,
            order: Vec::with_capacity(room),
            capacity,
            violation: f64::INFINITY,
            scratch: Scratch::with_room(room),
            scale: Scale::default(),
            selector: Selector::default(),
            // Less than what leaves half of the room on a smooth front.
            cell: 1.0 / f64::from(1_u32 << (22 / objectives.max(2)).max(4)),
        }
    }

    /// Takes in evaluated rows.
    pub(crate) fn insert(&mut self, rows: &Points) {
        for row in 0..rows.len() {
            self.insert_row(rows, row);
        }
    }

    /// Takes in one evaluated row.
    pub(crate) fn insert_row(&mut self, rows: &Points, row: usize) {
        let costs = rows.costs(row);
        let is_failed = !costs.iter().all(|cost| cost.is_finite());
        let violation = if is_failed {
            f64::INFINITY
        } else {
            rows.violation(row)
        };
        if violation > self.violation || (is_failed && !self.rows.is_empty()) {
            return;
        }
        if violation < self.violation {
            self.rows.clear();
            self.order.clear();
            self.merged = 0;
            self.violation = violation;
        }
        if !self.is_behind(costs) {
            self.rows.push_from(rows, row);
            if self.rows.len() - self.merged >= WAITING {
                self.merge();
            }
        }
    }

    /// Whether a merged row is known to cover these costs; asked only where that is quick.
    fn is_behind(&self, costs: &[f64]) -> bool {
        if costs.len() != 2 {
            return false;
        }
        let next = self
            .order
            .partition_point(|&row| self.rows.cost(row as usize) <= costs[0]);
        next > 0 && self.rows.costs(self.order[next - 1] as usize)[1] <= costs[1]
    }

    #[cfg(test)]
    /// The non-dominated rows, in no particular order.
    pub(crate) fn front(&mut self) -> &Points {
        self.merge();
        &self.rows
    }

    /// Up to `count` rows that stand for the front: those that together have the greatest hypervolume, exactly with 2
    /// objectives and greedily with 3 and 4; with more, those that are far from each other.
    pub(crate) fn select(&mut self, count: usize) -> Points {
        self.merge();
        let mut chosen = Points::new(self.rows.dimensions(), self.rows.objectives(), count);
        for &row in self.selector.select(&self.rows, &self.order, count) {
            chosen.push_from(&self.rows, row as usize);
        }
        chosen
    }

    fn merge(&mut self) {
        if self.merged < self.rows.len() {
            self.list();
            match self.rows.objectives() {
                1 | 2 => self.sweep_2(),
                3 => self.sweep_3(),
                _ => self.sweep(),
            }
            self.compact();
            if self.rows.len() > self.capacity {
                self.thin();
                self.compact();
            }
        }
    }

    /// Lists all rows in lexicographic order in `arrived`.
    fn list(&mut self) {
        let costs = |row: u32| self.rows.costs(row as usize);
        let arrived = &mut self.scratch.arrived;
        arrived.clear();
        arrived.extend(self.merged as u32..self.rows.len() as u32);
        let lexicographic = |a: u32, b: u32| lexicographic(costs(a), costs(b)).then(a.cmp(&b));
        let keys = &mut self.scratch.keys;
        keys.clear();
        keys.extend(arrived.iter().map(|&row| (order_key(costs(row)[0]), row)));
        keys.sort_unstable_by(|a, b| a.0.cmp(&b.0).then_with(|| lexicographic(a.1, b.1)));
        for (row, key) in arrived.iter_mut().zip(keys) {
            *row = key.1;
        }
        // From the end, so that the merged list grows in place.
        let (mut a, mut b) = (self.order.len(), arrived.len());
        self.order.resize(a + b, 0);
        while b > 0 {
            let is_later = a > 0 && lexicographic(self.order[a - 1], arrived[b - 1]).is_gt();
            self.order[a + b - 1] = if is_later {
                self.order[a - 1]
            } else {
                arrived[b - 1]
            };
            if is_later { a -= 1 } else { b -= 1 }
        }
    }

    fn sweep_2(&mut self) {
        let last = self.rows.objectives() - 1;
        let mut least = f64::INFINITY;
        self.scratch.begin();
        for &row in &self.order {
            let cost = self.rows.costs(row as usize)[last];
            let is_kept = cost < least || self.scratch.kept.is_empty();
            least = least.min(cost);
            self.scratch
                .sort(row, is_kept && (last > 0 || self.scratch.kept.is_empty()));
        }
    }

    fn sweep_3(&mut self) {
        self.scratch.begin();
        for &row in &self.order {
            let &[_, y, z] = self.rows.costs(row as usize) else {
                unreachable!("because there are three objectives")
            };
            let stairs = &mut self.scratch.stairs;
            let next = after(stairs, y);
            let is_kept = next == 0 || stairs[next - 1].1 > z;
            if is_kept {
                climb_at(stairs, next, y, z);
            }
            self.scratch.sort(row, is_kept);
        }
    }

    fn sweep(&mut self) {
        self.scratch.begin();
        for &row in &self.order {
            let costs = self.rows.costs(row as usize);
            let is_merged = (row as usize) < self.merged;
            // Merged rows do not cover each other.
            let is_kept = !self.scratch.kept.iter().any(|&other| {
                (!is_merged || other as usize >= self.merged)
                    && covers(self.rows.costs(other as usize), costs)
            });
            self.scratch.sort(row, is_kept);
        }
    }

    /// Removes the rows in `dropped` and makes `kept` the order.
    fn compact(&mut self) {
        let Scratch {
            kept,
            dropped,
            places,
            ..
        } = &mut self.scratch;
        std::mem::swap(&mut self.order, kept);
        places.resize(self.rows.len(), 0);
        for (place, &row) in self.order.iter().enumerate() {
            places[row as usize] = place as u32;
        }
        dropped.sort_unstable();
        for &row in dropped.iter().rev() {
            let last = self.rows.len() - 1;
            self.rows.swap_remove(row as usize);
            if last != row as usize {
                places[row as usize] = places[last];
                self.order[places[row as usize] as usize] = row;
            }
        }
        self.merged = self.rows.len();
    }

    /// Sorts the rows into those kept and dropped, that at most half of the capacity is left: the best row of
    /// each cell of a grid, and the best in each objective.
    fn thin(&mut self) {
        self.scale.fit_all(&self.rows, self.rows.len());
        let room = self.capacity / 2;
        self.cell *= 0.8;
        loop {
            let cells = &mut self.scratch.cells;
            cells.clear();
            for row in 0..self.rows.len() {
                let (cell, sum) = self.scale.cell(self.rows.costs(row), self.cell);
                cells.push((cell, sum, row as u32));
            }
            cells.sort_unstable_by(|a, b| a.0.cmp(&b.0).then(order(a.1, b.1)).then(a.2.cmp(&b.2)));
            cells.dedup_by_key(|cell| cell.0);
            if cells.len() <= room {
                break;
            }
            self.cell *= 1.4;
        }
        let is_kept = &mut self.scratch.places;
        is_kept.clear();
        is_kept.resize(self.rows.len(), 0);
        for cell in &self.scratch.cells {
            is_kept[cell.2 as usize] = 1;
        }
        for objective in 0..self.rows.objectives() {
            let cost = |row: &usize| self.rows.costs(*row)[objective];
            let best = (0..self.rows.len()).min_by(|a, b| order(cost(a), cost(b)));
            is_kept[best.expect("because there are more rows than room")] = 1;
        }
        self.scratch.begin();
        for &row in &self.order {
            let is_kept = self.scratch.places[row as usize] == 1;
            self.scratch.sort(row, is_kept);
        }
    }
}

impl Scratch {
    fn begin(&mut self) {
        self.kept.clear();
        self.dropped.clear();
        self.stairs.clear();
    }

    fn sort(&mut self, row: u32, is_kept: bool) {
        if is_kept {
            self.kept.push(row);
        } else {
            self.dropped.push(row);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::dominance::dominates;
    use super::*;
    use crate::rng::Rng;

    fn points(rows: &[(&[f64], f64)]) -> Points {
        let mut points = Points::new(1, rows[0].0.len(), rows.len());
        for (index, &(costs, violation)) in rows.iter().enumerate() {
            points.push(&[index as f64]);
            points.set(index, costs, violation);
        }
        points
    }

    fn sorted(points: &Points) -> Vec<Vec<f64>> {
        let mut rows: Vec<_> = (0..points.len())
            .map(|row| points.costs(row).to_vec())
            .collect();
        rows.sort_by(|a, b| lexicographic(a, b));
        rows
    }

    #[test]
    fn keeps_what_nothing_dominates() {
        let mut rng = Rng::new(1);
        for objectives in 1..=5 {
            for levels in [5, 1 << 40] {
                let rows: Vec<Vec<f64>> = (0..1500)
                    .map(|_| (0..objectives).map(|_| rng.below(levels) as f64).collect())
                    .collect();
                let mut expect: Vec<_> = rows
                    .iter()
                    .filter(|row| !rows.iter().any(|other| dominates(other, row)))
                    .cloned()
                    .collect();
                expect.sort_by(|a, b| lexicographic(a, b));
                expect.dedup();
                let mut archive = Archive::new(1, objectives, 100);
                for row in &rows {
                    archive.insert(&points(&[(row, 0.0)]));
                }
                assert_eq!(sorted(archive.front()), expect, "{objectives} objectives");
                let front = archive.front();
                for row in 0..front.len() {
                    assert_eq!(rows[0].len(), front.costs(row).len());
                }
            }
        }
    }

    #[test]
    fn genes_stay_with_their_costs() {
        let mut rng = Rng::new(2);
        let mut archive = Archive::new(1, 2, 100);
        for _ in 0..20_000 {
            let x = rng.unit();
            let mut row = Points::new(1, 2, 1);
            row.push(&[x]);
            row.set(0, &[x, 1.0 - x], 0.0);
            archive.insert(&row);
        }
        let front = archive.front();
        assert!((1_000..=3_024).contains(&front.len()), "{}", front.len());
        assert!((0..front.len()).all(|row| front.cost(row) == front.row(row)[0]));
        let ends = sorted(front);
        assert!(ends[0][0] < 1e-3 && ends[ends.len() - 1][1] < 1e-3);
    }

    #[test]
    fn feasible_rows_come_before_all_others() {
        let far = f64::INFINITY;
        let mut archive = Archive::new(1, 2, 10);
        archive.insert(&points(&[(&[far, far], 0.0), (&[far, far], far)]));
        assert_eq!(archive.front().len(), 1);
        archive.insert(&points(&[
            (&[0.0, 0.0], 2.0),
            (&[1.0, 2.0], 1.0),
            (&[2.0, 1.0], 1.0),
        ]));
        assert_eq!(sorted(archive.front()), [[1.0, 2.0], [2.0, 1.0]]);
        archive.insert(&points(&[(&[9.0, 9.0], 0.0), (&[far, far], 0.0)]));
        assert_eq!(sorted(archive.front()), [[9.0, 9.0]]);
    }
}
