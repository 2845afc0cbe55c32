//! What was evaluated in a discrete space: nothing is evaluated twice there.

use std::collections::HashMap;

use crate::batch::Batch;
use crate::candidate::Candidate;
use crate::engine::Points;
use crate::space::{Space, Value};

/// The most rows that are remembered.
const CAPACITY: usize = 1 << 18;

/// Rows by what they stand for: genes of parameters that play no part do not count.
#[derive(Debug)]
pub(crate) struct Memo {
    rows: HashMap<Vec<u64>, Known>,
    costs: Points,
    scratch: Candidate,
    key: Vec<u64>,
    /// The number of different rows of the space, where that is known.
    size: Option<f64>,
}

#[derive(Clone, Copy, Debug)]
enum Known {
    /// In this row of the batch, which is being evaluated.
    Now(usize),
    /// In this row of `costs`.
    Before(usize),
}

impl Memo {
    /// None for a space that is not discrete.
    pub(crate) fn new(space: &Space, objectives: usize) -> Option<Self> {
        let counts: Option<Vec<f64>> = space.axes().iter().map(|axis| axis.values()).collect();
        let size: f64 = counts?.iter().product();
        Some(Self {
            rows: HashMap::new(),
            costs: Points::new(0, objectives, 0),
            scratch: Candidate::of(space, &vec![0.0; space.len()]),
            key: Vec::new(),
            size: (!space.is_conditional()).then_some(size),
        })
    }

    /// Whether all rows of the space are known.
    pub(crate) fn is_exhausted(&self) -> bool {
        self.size.is_some_and(|size| self.rows.len() as f64 >= size)
    }

    /// Finds among the rows of a batch those that need no evaluation.
    pub(crate) fn look_up(&mut self, batch: &mut Batch) {
        for row in 0..batch.points.len() {
            self.make_key(batch.points.row(row));
            match self.rows.get(&self.key) {
                Some(&Known::Before(index)) => {
                    batch.know(row, self.costs.costs(index), self.costs.violation(index));
                }
                Some(&Known::Now(earlier)) => batch.follow(row, earlier),
                None if self.rows.len() < CAPACITY => {
                    self.rows.insert(self.key.clone(), Known::Now(row));
                }
                None => {}
            }
        }
    }

    /// Remembers the rows of a batch that is finished.
    pub(crate) fn remember(&mut self, points: &Points) {
        for row in 0..points.len() {
            self.make_key(points.row(row));
            if let Some(known @ Known::Now(_)) = self.rows.get_mut(&self.key) {
                *known = Known::Before(self.costs.len());
                self.costs.push(&[]);
                let last = self.costs.len() - 1;
                self.costs
                    .set(last, points.costs(row), points.violation(row));
            }
        }
    }

    /// Whether a row was evaluated, or is being evaluated.
    pub(crate) fn knows(&mut self, genes: &[f64]) -> bool {
        self.make_key(genes);
        self.rows.contains_key(&self.key)
    }

    fn make_key(&mut self, genes: &[f64]) {
        self.scratch.decode(genes);
        self.key.clear();
        let pairs = genes.iter().zip(self.scratch.values());
        self.key.extend(pairs.map(|(gene, value)| match value {
            Value::Absent => u64::MAX,
            _ => gene.to_bits(),
        }));
    }
}
