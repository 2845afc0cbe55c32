//! The way to a local optimum: axis by axis, every value or, of numbers and many choices, some.

use crate::axis::Axis;
use crate::engine::Points;
use crate::engine::combinatorial::linkage::shuffle;
use crate::rng::Rng;

/// Of more values than these only some are tried.
const ALL: f64 = 33.0;
const SOME: usize = 16;
/// Numbers with more values than these are stepped through: by 1, 2, 4, and so on.
const STEPPED: f64 = 9.0;

/// What rows are compared by: violation before cost.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
pub(crate) struct Key {
    violation: f64,
    cost: f64,
}

impl Key {
    /// Whether the evaluation failed.
    pub(crate) fn is_failure(self) -> bool {
        self.cost == f64::INFINITY
    }

    /// Worse than all, or as bad.
    pub(crate) const WORST: Self = Self {
        violation: f64::INFINITY,
        cost: f64::INFINITY,
    };

    pub(crate) fn of(points: &Points, row: usize) -> Self {
        Self {
            violation: points.violation(row),
            cost: points.cost(row),
        }
    }
}

/// A point that moves to better neighbours until it has none.
///
/// Several axes are tried at once from the same point. Where more than one of them is better, all of these moves at once
/// are tried, and the better half of them: in sums they add up.
#[derive(Clone, Debug)]
pub(crate) struct Climber {
    pub(crate) row: Vec<f64>,
    pub(crate) key: Key,
    /// Free axes in the order of this climb, and which comes next.
    order: Vec<usize>,
    next: usize,
    /// How many axes were tried since the last move.
    idle: usize,
    /// The rows of a batch, at least.
    width: usize,
    /// What was asked: an axis and a value each.
    moves: Vec<(usize, f64)>,
    /// Better moves, the best first; not empty while they are tried together.
    gains: Vec<(Key, usize, f64)>,
    tried: usize,
}

impl Climber {
    pub(crate) fn new(row: &[f64], free: &[usize], width: usize) -> Self {
        Self {
            row: row.to_vec(),
            key: Key::WORST,
            order: free.to_vec(),
            next: 0,
            idle: 0,
            width,
            moves: Vec::new(),
            gains: Vec::with_capacity(free.len()),
            tried: 0,
        }
    }

    /// Begins anew from `row`, which the caller has written.
    pub(crate) fn begin(&mut self, key: Key, rng: &mut Rng) {
        self.key = key;
        shuffle(&mut self.order, rng);
        (self.next, self.idle) = (0, 0);
        self.gains.clear();
    }

    /// Whether no neighbour is better.
    pub(crate) fn is_over(&self) -> bool {
        self.idle >= self.order.len() && self.gains.is_empty()
    }

    pub(crate) fn ask(&mut self, axes: &[Axis], rng: &mut Rng, batch: &mut Points) {
        if self.gains.len() > 1 {
            self.ask_together(batch);
            return;
        }
        self.moves.clear();
        self.tried = 0;
        while self.moves.len() < self.width && self.idle + self.tried < self.order.len() {
            let axis = self.order[self.next];
            self.next = (self.next + 1) % self.order.len();
            self.tried += 1;
            neighbours(&axes[axis], self.row[axis], rng, |gene| {
                self.moves.push((axis, gene));
            });
        }
        for &(axis, gene) in &self.moves {
            let row = batch.len();
            batch.push(&self.row);
            batch.row_mut(row)[axis] = gene;
        }
    }

    fn ask_together(&self, batch: &mut Points) {
        let all = self.gains.len();
        for count in [all, all / 2] {
            if count > 1 {
                let row = batch.len();
                batch.push(&self.row);
                let genes = batch.row_mut(row);
                for &(_, axis, gene) in &self.gains[..count] {
                    genes[axis] = gene;
                }
            }
        }
    }

    /// The number of rows that were asked.
    pub(crate) fn asked(&self) -> usize {
        match self.gains.len() {
            0 | 1 => self.moves.len(),
            2 | 3 => 1,
            _ => 2,
        }
    }

    /// Takes the rows from `first` on that were asked; returns how many they were.
    pub(crate) fn tell(&mut self, batch: &Points, first: usize) -> usize {
        if self.gains.len() > 1 {
            let count = self.asked();
            self.gains.clear();
            for row in first..first + count {
                self.move_if_better(batch, row);
            }
            return count;
        }
        self.idle += self.tried;
        self.gains.clear();
        for (index, &(axis, gene)) in self.moves.iter().enumerate() {
            let key = Key::of(batch, first + index);
            if key < self.key {
                gain(&mut self.gains, key, axis, gene);
            }
        }
        self.gains.sort_by(|a, b| {
            let order = a.0.partial_cmp(&b.0);
            order.expect("because costs are numbers")
        });
        if let Some(&(key, axis, gene)) = self.gains.first() {
            self.row[axis] = gene;
            (self.key, self.idle) = (key, 0);
        }
        if self.gains.len() == 1 {
            self.gains.clear();
        }
        self.moves.len()
    }

    fn move_if_better(&mut self, batch: &Points, row: usize) {
        let key = Key::of(batch, row);
        if key < self.key {
            self.row.copy_from_slice(batch.row(row));
            (self.key, self.idle) = (key, 0);
        }
    }
}

/// Keeps the best value of each axis.
fn gain(gains: &mut Vec<(Key, usize, f64)>, key: Key, axis: usize, gene: f64) {
    match gains.last_mut() {
        Some(last) if last.1 == axis => {
            if key < last.0 {
                *last = (key, axis, gene);
            }
        }
        _ => gains.push((key, axis, gene)),
    }
}

/// Other values of an axis than its gene: all, or some.
fn neighbours(axis: &Axis, gene: f64, rng: &mut Rng, mut push: impl FnMut(f64)) {
    let count = axis.values().expect("because the axis is discrete");
    let (low, high) = (axis.at_unit(0.0), axis.at_unit(1.0));
    if axis.is_numeric() && count > STEPPED {
        let mut step = 1.0;
        while step < count {
            if gene - step >= low {
                push(gene - step);
            }
            if gene + step <= high {
                push(gene + step);
            }
            step *= 2.0;
        }
    } else if count <= ALL {
        let mut value = low;
        while value <= high {
            if value != gene {
                push(value);
            }
            value += 1.0;
        }
    } else {
        for _ in 0..SOME {
            // Skipping its own value leaves the others equally likely.
            let other = low + rng.below(count as u64 - 1) as f64;
            push(if other < gene { other } else { other + 1.0 });
        }
    }
}
