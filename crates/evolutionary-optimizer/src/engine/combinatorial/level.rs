//! One population of the pyramid, with the groups of axes that depend on each other in it.

use crate::engine::Points;
use crate::engine::combinatorial::linkage::Tree;
use crate::rng::Rng;

/// The most rows; then new ones replace the oldest.
const MOST: usize = 256;
/// How many rows are asked for values that differ.
const DONORS: usize = 24;

#[derive(Clone, Debug)]
pub(crate) struct Level {
    width: usize,
    rows: Vec<f64>,
    /// The row that is replaced next, when there are as many as may be.
    oldest: usize,
    tree: Tree,
    /// How many rows have come since the groups were learnt.
    news: usize,
}

impl Level {
    pub(crate) fn new(width: usize) -> Self {
        Self {
            width,
            rows: Vec::new(),
            oldest: 0,
            tree: Tree::default(),
            news: 0,
        }
    }

    fn len(&self) -> usize {
        self.rows.len() / self.width
    }

    fn row(&self, index: usize) -> &[f64] {
        &self.rows[index * self.width..][..self.width]
    }

    pub(crate) fn contains(&self, row: &[f64]) -> bool {
        self.rows.chunks_exact(self.width).any(|known| known == row)
    }

    pub(crate) fn push(&mut self, row: &[f64]) {
        self.news += 1;
        if self.len() < MOST {
            self.rows.extend_from_slice(row);
        } else {
            self.rows[self.oldest * self.width..][..self.width].copy_from_slice(row);
            self.oldest = (self.oldest + 1) % MOST;
        }
    }

    /// Learns the groups again, if enough rows are new: an eighth of them, for that costs as much as the climbs of as
    /// many.
    pub(crate) fn learn(&mut self, free: &[usize], rng: &mut Rng) {
        if self.news > self.len() / 8 {
            self.tree = Tree::learn(&self.rows, self.width, free, rng);
            self.news = 0;
        }
    }

    pub(crate) fn groups(&self) -> usize {
        self.tree.len()
    }

    /// Appends the row with the values that another one has in a group, if one is found that has others.
    pub(crate) fn mix(&self, group: usize, row: &[f64], rng: &mut Rng, batch: &mut Points) -> bool {
        let group = self.tree.group(group);
        let count = self.len();
        let first = rng.below(count as u64) as usize;
        let mut donors = (0..count.min(DONORS)).map(|index| self.row((first + index) % count));
        let Some(donor) = donors.find(|donor| group.iter().any(|&i| donor[i] != row[i])) else {
            return false;
        };
        let index = batch.len();
        batch.push(row);
        let genes = batch.row_mut(index);
        group.iter().for_each(|&i| genes[i] = donor[i]);
        true
    }
}
