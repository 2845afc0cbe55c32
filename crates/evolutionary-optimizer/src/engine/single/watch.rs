//! When a run of an evolution strategy has nothing more to find.

/// The course of a run: the best and the median cost of its generations.
#[derive(Clone, Debug)]
pub(crate) struct Watch {
    /// The last generations, of which `next` is the place of the next one.
    bests: Vec<f64>,
    medians: Vec<f64>,
    next: usize,
    pub(crate) generations: usize,
    limit: usize,
    /// The number of generations over which the best cost must change.
    window: usize,
    /// The least difference of costs that is a difference.
    tolerance: f64,
    /// Generations in a row in which every evaluation failed.
    failures: usize,
}

impl Watch {
    pub(crate) fn new(dimensions: usize, lambda: usize) -> Self {
        let (n, samples) = (dimensions as f64, lambda as f64);
        let window = 10 + (30.0 * n / samples).ceil() as usize;
        let long = 120 + (30.0 * n / samples).ceil() as usize;
        Self {
            bests: vec![f64::INFINITY; long],
            medians: vec![f64::INFINITY; long],
            next: 0,
            generations: 0,
            limit: 100 + (150.0 * (n + 3.0) * (n + 3.0) / samples.sqrt()) as usize,
            window,
            tolerance: f64::INFINITY,
            failures: 0,
        }
    }

    /// Takes the costs of a generation by rank; `true` when the run should end.
    pub(crate) fn is_over(&mut self, best: f64, median: f64, worst: f64) -> bool {
        let long = self.bests.len();
        self.bests[self.next] = best;
        self.medians[self.next] = median;
        self.next = (self.next + 1) % long;
        self.generations += 1;
        if !best.is_finite() {
            self.failures += 1;
            return self.failures > 4;
        }
        self.failures = 0;
        if self.tolerance.is_infinite() && worst.is_finite() {
            self.tolerance = 1e-12 * (worst - best).min(1.0);
        }
        self.generations > self.limit || self.is_flat(median) || self.is_stagnant()
    }

    /// The generation `age` before the last one, as a place in the rings.
    fn place(&self, age: usize) -> usize {
        (self.next + 2 * self.bests.len() - 1 - age) % self.bests.len()
    }

    fn is_flat(&self, median: f64) -> bool {
        if self.generations < self.window {
            return false;
        }
        let window = (0..self.window).map(|age| self.bests[self.place(age)]);
        let (low, high) = window.fold((median, median), |(low, high), best| {
            (best.min(low), best.max(high))
        });
        // Rounding alone makes costs differ by some units in the last place.
        high - low <= self.tolerance + 4.0 * f64::EPSILON * low.abs()
    }

    fn is_stagnant(&self) -> bool {
        let long = self.bests.len();
        if self.generations < long || !self.generations.is_multiple_of(8) {
            return false;
        }
        let part = long * 3 / 10;
        let sum = |costs: &[f64], from: usize| {
            (from..from + part)
                .map(|age| costs[self.place(age)])
                .sum::<f64>()
        };
        let is_worse = |costs: &[f64]| sum(costs, 0) >= sum(costs, long - part);
        is_worse(&self.bests) && is_worse(&self.medians)
    }
}
