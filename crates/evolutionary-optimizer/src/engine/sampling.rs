//! Points that learn nothing: what every search has to beat.

use std::sync::Arc;

use crate::axis::Axis;
use crate::engine::{Engine, Points, Problem};
use crate::rng::Rng;

/// The number of points in a generation.
const GENERATION: usize = 100;
/// The largest Latin hypercube: beyond it several follow each other.
const LARGEST: usize = 10_000;

/// Independent points, or Latin hypercubes (McKay, Beckman & Conover, "A comparison of three methods for selecting values
/// of input variables in the analysis of output from a computer code", Technometrics 21, 1979).
#[derive(Debug)]
pub(crate) struct Sampling {
    axes: Arc<[Axis]>,
    initial: Vec<Vec<f64>>,
    rng: Rng,
    /// For each axis the order of its strata in the current hypercube; empty for independent points.
    strata: Vec<Vec<u32>>,
    /// The points of one hypercube; 0 for independent points.
    size: usize,
    /// The points of the current hypercube that were asked.
    asked: usize,
}

impl Sampling {
    pub(crate) fn random(problem: &Problem, rng: Rng) -> Self {
        Self::new(problem, 0, rng)
    }

    pub(crate) fn latin_hypercube(problem: &Problem, rng: Rng) -> Self {
        let budget = problem.budget.map_or(GENERATION, |budget| {
            usize::try_from(budget).unwrap_or(usize::MAX)
        });
        let left = budget.saturating_sub(problem.initial.len());
        Self::new(problem, left.clamp(1, LARGEST), rng)
    }

    fn new(problem: &Problem, size: usize, rng: Rng) -> Self {
        let strata = match size {
            0 => Vec::new(),
            _ => vec![(0..size as u32).collect(); problem.axes.len()],
        };
        Self {
            axes: Arc::clone(&problem.axes),
            initial: problem.initial.clone(),
            rng,
            strata,
            size,
            asked: 0,
        }
    }

    fn shuffle(&mut self) {
        for order in &mut self.strata {
            for last in (1..order.len()).rev() {
                order.swap(last, self.rng.below(last as u64 + 1) as usize);
            }
        }
    }

    fn push_stratified(&mut self, batch: &mut Points) {
        if self.asked == 0 {
            self.shuffle();
        }
        let (index, size, rng) = (self.asked, self.size as f64, &mut self.rng);
        let pairs = self.axes.iter().zip(&self.strata);
        batch.push_with(
            pairs.map(|(axis, order)| axis.at_unit((f64::from(order[index]) + rng.unit()) / size)),
        );
        self.asked = (self.asked + 1) % self.size;
    }
}

impl Engine for Sampling {
    fn ask(&mut self, batch: &mut Points) {
        for genes in std::mem::take(&mut self.initial) {
            batch.push(&genes);
        }
        while batch.len() < GENERATION {
            if self.size > 0 {
                self.push_stratified(batch);
            } else {
                let (axes, rng) = (&self.axes, &mut self.rng);
                batch.push_with(axes.iter().map(|axis| axis.sample(rng)));
            }
        }
    }

    fn tell(&mut self, _: &Points) {}

    fn immigrate(&mut self, _: &Points) {}

    fn members(&self) -> Option<&Points> {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::space::Parameter;

    #[test]
    fn a_hypercube_takes_every_stratum_once() {
        let real = Axis::new(&Parameter::Real {
            low: 0.0,
            high: 1.0,
            log: false,
        });
        let problem = Problem {
            axes: Arc::new([real, real, real]),
            objectives: 1,
            constraints: 0,
            budget: Some(250),
            is_noisy: false,
            initial: Vec::new(),
        };
        let mut engine = Sampling::latin_hypercube(&problem, Rng::new(1));
        let (mut rows, mut batch) = (Vec::new(), Points::new(3, 1, 100));
        while rows.len() < 250 {
            batch.clear();
            engine.ask(&mut batch);
            rows.extend((0..batch.len()).map(|row| batch.row(row).to_vec()));
        }
        for axis in 0..3 {
            let mut strata: Vec<usize> = rows[..250]
                .iter()
                .map(|row| (row[axis] * 250.0) as usize)
                .collect();
            strata.sort_unstable();
            assert_eq!(strata, (0..250).collect::<Vec<_>>());
        }
    }
}
