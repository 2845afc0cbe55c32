//! What each row of a front with three objectives dominates alone: all rows in one sweep.
//!
//! The sweep goes over the third cost, above a staircase in the other two. What a step alone covers is a row of boxes
//! between it and what later steps took away; a row that comes in cuts the boxes of its two neighbours, and gets boxes of
//! its own along the steps that it covers. Where no row dominates another, boxes are made once and only cut afterwards, so
//! that there are at most two for each row; rows that others dominate may copy all boxes of a step. Source: Emmerich & Fonseca, "Computing hypervolume contributions in low dimensions: asymptotically optimal
//! algorithm and complexity results", EMO 2011; there with balanced trees, here with arrays, because staircases are short.

use super::hypervolume::replace;

/// A step of the staircase, and the row that makes it.
#[derive(Clone, Copy, Debug)]
struct Step {
    x: f64,
    y: f64,
    row: u32,
}

/// What a row alone covers at the depth of the sweep: boxes from its second cost up, side by side from its first cost to
/// `right`, the higher ones first.
#[derive(Clone, Copy, Debug, Default)]
struct Share {
    first: u32,
    end: u32,
    right: f64,
    area: f64,
    /// The volume up to a depth.
    volume: f64,
    depth: f64,
}

impl Share {
    /// Counts the volume up to a greater depth.
    fn sink(&mut self, depth: f64) {
        self.volume += self.area * (depth - self.depth);
        self.depth = depth;
    }
}

/// The left side of a box, and its top.
#[derive(Clone, Copy, Debug)]
struct Piece {
    left: f64,
    top: f64,
}

/// What the sweep needs besides its result.
#[derive(Clone, Debug, Default)]
pub(crate) struct Contributions {
    stairs: Vec<Step>,
    shares: Vec<Share>,
    pieces: Vec<Piece>,
}

impl Contributions {
    /// Writes for each row of `costs`, of three costs each and the last ascending, the volume below `reference` that it
    /// alone dominates. Rows that others cover have none, and neither have equal ones.
    ///
    /// Takes O(n log n) comparisons, and moves up to O(n) bytes for each row. Rows that others dominate may cost O(n) boxes.
    pub(crate) fn measure(&mut self, costs: &[f64], reference: [f64; 3], alone: &mut Vec<f64>) {
        let [right, top, end] = reference;
        alone.clear();
        alone.resize(costs.len() / 3, 0.0);
        self.shares.clear();
        self.shares.resize(alone.len(), Share::default());
        // Room for what the usual front needs, so that no later one has to make it.
        self.pieces.clear();
        self.pieces.reserve(3 * alone.len());
        self.stairs.clear();
        self.stairs.reserve(alone.len() + 2);
        // Before the first step and after the last one: the borders.
        for (x, y) in [(f64::NEG_INFINITY, top), (right, f64::NEG_INFINITY)] {
            let row = u32::MAX;
            self.stairs.push(Step { x, y, row });
        }
        for (row, costs) in costs.chunks_exact(3).enumerate() {
            let &[x, y, z] = costs else {
                unreachable!("because rows have three costs")
            };
            if x < right && y < top && z < end {
                let row = row as u32;
                self.add(Step { x, y, row }, z);
            }
        }
        for place in 1..self.stairs.len() - 1 {
            self.share(self.stairs[place]).sink(end);
        }
        for (alone, share) in alone.iter_mut().zip(&self.shares) {
            *alone = share.volume.max(0.0);
        }
    }

    fn add(&mut self, step: Step, z: f64) {
        let start = self.place(step.x);
        let (before, at) = (self.stairs[start - 1], self.stairs[start]);
        if at.x == step.x && at.y <= step.y {
            return self.dent(start, step, z);
        }
        if before.y <= step.y {
            return self.dent(start - 1, step, z);
        }
        let mut share = Share {
            first: self.pieces.len() as u32,
            depth: z,
            ..Share::default()
        };
        let (mut end, mut left, mut top) = (start, step.x, before.y);
        while self.stairs[end].y >= step.y {
            let covered = self.stairs[end];
            self.share(covered).sink(z);
            share.area += (covered.x - left) * (top - step.y);
            self.pieces.push(Piece { left, top });
            (left, top) = (covered.x, covered.y);
            end += 1;
        }
        let after = self.stairs[end];
        share.area += (after.x - left) * (top - step.y);
        self.pieces.push(Piece { left, top });
        share.right = after.x;
        share.end = self.pieces.len() as u32;
        self.shares[step.row as usize] = share;
        if start > 1 {
            self.narrow(before, step.x, z);
        }
        if end + 1 < self.stairs.len() {
            self.lower(after, step.y, z);
        }
        replace(&mut self.stairs, start..end, step);
    }

    /// The number of steps that begin before `x`.
    fn place(&self, x: f64) -> usize {
        // Among few steps looking at each is faster than a search.
        if self.stairs.len() <= 32 {
            let before = |step: &Step| usize::from(step.x < x);
            self.stairs.iter().map(before).sum()
        } else {
            self.stairs.partition_point(|step| step.x < x)
        }
    }

    fn share(&mut self, step: Step) -> &mut Share {
        &mut self.shares[step.row as usize]
    }

    /// Cuts off what a step covers from `x` on.
    fn narrow(&mut self, step: Step, x: f64, z: f64) {
        let share = &mut self.shares[step.row as usize];
        share.sink(z);
        while share.right > x {
            let piece = self.pieces[share.end as usize - 1];
            let left = if piece.left > x { piece.left } else { x };
            share.area -= (share.right - left) * (piece.top - step.y);
            share.right = left;
            if left == x {
                break;
            }
            share.end -= 1;
        }
    }

    /// Cuts off what a step covers from `y` up.
    fn lower(&mut self, step: Step, y: f64, z: f64) {
        let share = &mut self.shares[step.row as usize];
        share.sink(z);
        let first = share.first;
        while share.first < share.end {
            let piece = self.pieces[share.first as usize];
            if piece.top <= y {
                break;
            }
            share.first += 1;
            let right = match share.first < share.end {
                true => self.pieces[share.first as usize].left,
                false => share.right,
            };
            share.area -= (right - piece.left) * (piece.top - y);
        }
        if first < share.first {
            share.first -= 1;
            let left = step.x;
            self.pieces[share.first as usize] = Piece { left, top: y };
        }
    }

    /// A row that steps cover up to this place: it dominates nothing alone, and what only one step covers is not that
    /// one's alone any more.
    fn dent(&mut self, place: usize, by: Step, z: f64) {
        let step = self.stairs[place];
        if self.stairs[place - 1].y <= by.y {
            return;
        }
        let share = &mut self.shares[step.row as usize];
        share.sink(z);
        let pieces = share.first..share.end;
        share.first = self.pieces.len() as u32;
        share.area = 0.0;
        for index in pieces.clone() {
            let Piece { left, top } = self.pieces[index as usize];
            let right = match index + 1 < pieces.end {
                true => self.pieces[index as usize + 1].left,
                false => share.right,
            };
            let middle = by.x.clamp(left, right);
            for (left, right, top) in [(left, middle, top), (middle, right, top.min(by.y))] {
                if left < right {
                    share.area += (right - left) * (top - step.y);
                    self.pieces.push(Piece { left, top });
                }
            }
        }
        share.end = self.pieces.len() as u32;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::front::Volume;
    use crate::front::dominance::order;
    use crate::rng::Rng;

    /// The volume of all rows less that of all but one.
    fn slow(costs: &[f64], reference: &[f64; 3]) -> Vec<f64> {
        let mut volume = Volume::default();
        let all = volume.of(costs, reference);
        let without = |row: usize| {
            let mut others = costs.to_vec();
            others.drain(3 * row..3 * row + 3);
            others
        };
        (0..costs.len() / 3)
            .map(|row| all - volume.of(&without(row), reference))
            .collect()
    }

    fn check(costs: &[f64], reference: [f64; 3]) {
        let mut rows: Vec<&[f64]> = costs.chunks(3).collect();
        rows.sort_by(|a, b| order(a[2], b[2]));
        let costs = rows.concat();
        let mut ours = Vec::new();
        Contributions::default().measure(&costs, reference, &mut ours);
        let expect = slow(&costs, &reference);
        assert_eq!(ours.len(), expect.len());
        for (row, (ours, expect)) in ours.iter().zip(&expect).enumerate() {
            let gap = (ours - expect).abs();
            assert!(gap < 1e-12, "{ours} not {expect}: row {row} of {costs:?}");
        }
    }

    /// Any rows: some dominate others, many tie or are equal, some lie on the reference or beyond it.
    #[test]
    fn agrees_with_the_volumes_of_all_rows_but_one() {
        let mut rng = Rng::new(1);
        for round in 0..3000 {
            let levels = 2 + round % 9;
            let count = rng.below(24) as usize;
            let draw = |_| match round % 4 {
                0 => rng.unit(),
                _ => rng.below(levels) as f64 / levels as f64,
            };
            let costs: Vec<f64> = (0..3 * count).map(draw).collect();
            for reference in [[1.0; 3], [0.5, 0.75, 1.1]] {
                check(&costs, reference);
            }
        }
    }

    /// Rows none of which dominates another, and many that have a cost in common.
    #[test]
    fn agrees_on_fronts() {
        let mut rng = Rng::new(2);
        for round in 0..400 {
            let levels = 4 + round % 20;
            let mut costs = Vec::new();
            for _ in 0..60 {
                let [x, y] = [(); 2].map(|()| rng.below(levels) as f64 / levels as f64);
                costs.extend([x, y, (2.0 - x - y) / 2.0]);
            }
            for reference in [[1.1; 3], [1.0; 3], [0.5, 0.75, 1.1]] {
                check(&costs, reference);
            }
        }
    }

    #[test]
    fn equal_rows_have_nothing_alone_to_the_last_bit() {
        let mut ours = Vec::new();
        let row = [0.1, 0.7, 0.3];
        let others = [0.3, 0.2, 0.25, 0.05, 0.9, 0.1];
        let costs = [&others[3..], &others[..3], &row, &row, &row].concat();
        Contributions::default().measure(&costs, [1.1; 3], &mut ours);
        assert_eq!(ours[2..], [0.0; 3]);
        assert!(ours[0] > 0.0 && ours[1] > 0.0);
        Contributions::default().measure(&[], [1.1; 3], &mut ours);
        assert_eq!(ours, []);
    }
}
