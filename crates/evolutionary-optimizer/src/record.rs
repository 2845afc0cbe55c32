//! What is known of a search so far, whichever engine asked: the best, the front, the history.

use crate::engine::Points;

/// The candidates that are evaluated again at the end of a noisy search come from so many of the best.
pub(crate) const LEADERS: usize = 8;

/// The best rows seen, best first: by violation, then by the first cost; the earlier id among equals.
#[derive(Debug)]
pub(crate) struct Leaders {
    pub(crate) points: Points,
    ids: Vec<u64>,
    capacity: usize,
}

impl Leaders {
    pub(crate) fn new(dimensions: usize, objectives: usize, capacity: usize) -> Self {
        Self {
            points: Points::new(dimensions, objectives, capacity + 1),
            ids: Vec::with_capacity(capacity + 1),
            capacity,
        }
    }

    /// Takes a row if it is among the best. O(capacity · dimensions), and O(1) for most rows of a search.
    pub(crate) fn offer(&mut self, points: &Points, row: usize, id: u64) {
        let key = |points: &Points, row: usize, id| (points.violation(row), points.cost(row), id);
        let new = key(points, row, id);
        let len = self.points.len();
        if len == self.capacity && key(&self.points, len - 1, self.ids[len - 1]) <= new {
            return;
        }
        let before = (0..len).take_while(|&rank| key(&self.points, rank, self.ids[rank]) < new);
        let rank = before.count();
        self.points.insert_from(rank, points, row);
        self.ids.insert(rank, id);
        self.points.truncate(self.capacity);
        self.ids.truncate(self.capacity);
    }

    pub(crate) fn clear(&mut self) {
        self.points.clear();
        self.ids.clear();
    }

    /// The violation and the first cost of the best; infinite when there is none.
    pub(crate) fn best(&self) -> (f64, f64) {
        if self.points.is_empty() {
            (f64::INFINITY, f64::INFINITY)
        } else {
            (self.points.violation(0), self.points.cost(0))
        }
    }
}

/// A hash of numbers in order: Fibonacci multiplication with rotation. Not for keys that somebody chooses.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Fingerprint(pub(crate) u64);

impl Fingerprint {
    #[inline]
    pub(crate) fn word(&mut self, word: u64) {
        self.0 = (self.0.rotate_left(23) ^ word).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    }

    pub(crate) fn numbers(&mut self, numbers: &[f64]) {
        for number in numbers {
            self.word(number.to_bits());
        }
    }

    pub(crate) fn bytes(&mut self, bytes: &[u8]) {
        self.word(bytes.len() as u64);
        for chunk in bytes.chunks(8) {
            let mut word = [0; 8];
            word[..chunk.len()].copy_from_slice(chunk);
            self.word(u64::from_le_bytes(word));
        }
    }
}
