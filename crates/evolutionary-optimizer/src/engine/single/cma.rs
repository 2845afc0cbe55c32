//! CMA-ES with restarts, for any mixture of axes.

use crate::engine::single::discrete::{Choices, Numbers};
use crate::engine::single::frame::{Frame, draw};
use crate::engine::single::gaussian::{Gaussian, samples};
use crate::engine::single::penalty::Penalty;
use crate::engine::single::watch::Watch;
use crate::engine::{Engine, Points, Problem};
use crate::rng::Rng;

/// What follows when a run has ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Restarts {
    /// Runs with populations that double, and in the evaluations saved runs with small ones and short steps (Hansen,
    /// "Benchmarking a BI-population CMA-ES on the BBOB-2009 function testbed", 2009).
    #[default]
    Bipop,
    /// Runs with populations that double (Auger & Hansen, "A restart CMA evolution strategy with increasing population
    /// size", 2005).
    Ipop,
    /// Runs like the first.
    None,
}

/// How to search with CMA-ES.
#[derive(Clone, Debug, PartialEq)]
pub struct CmaOptions {
    /// The samples of a generation of the first run. Default: 4 + 3 ln n for n free axes, three times as many for a noisy
    /// problem.
    pub population: Option<usize>,
    /// The first standard deviation, as a share of the range of each axis. Default: 0.3.
    pub step: f64,
    /// Default: [`Restarts::Bipop`].
    pub restarts: Restarts,
    /// By how much large populations grow from run to run. Default: 2.
    pub growth: usize,
}

impl Default for CmaOptions {
    fn default() -> Self {
        Self {
            population: None,
            step: 0.3,
            restarts: Restarts::default(),
            growth: 2,
        }
    }
}

/// The covariance matrix adaptation evolution strategy. In d free axes a row costs O(d²), a generation O(d³) besides.
pub(crate) struct Cma {
    frame: Frame,
    numbers: Numbers,
    choices: Choices,
    gaussian: Gaussian,
    penalty: Penalty,
    watch: Watch,
    plan: Plan,
    rng: Rng,
    /// Rows that were given, to be evaluated first.
    initial: Points,
    is_first: bool,
    /// The last generation, best first.
    members: Points,
    order: Vec<usize>,
    units: Vec<f64>,
    /// How far beyond the bounds each sample was.
    outside: Vec<f64>,
    /// Coordinates of a row from elsewhere that the next generation is to contain.
    arrival: Option<Vec<f64>>,
}

impl Cma {
    pub(crate) fn new(problem: &Problem, options: &CmaOptions, mut rng: Rng) -> Self {
        let frame = Frame::new(problem);
        let (numbers, choices) = (Numbers::new(&frame), Choices::new(&frame));
        let noise = if problem.is_noisy { 3 } else { 1 };
        let lambda = options
            .population
            .unwrap_or(samples(frame.len()) * noise)
            .max(4);
        let plan = Plan::new(options, lambda, problem.budget, rng.next());
        let mut initial = Points::new(
            problem.axes.len(),
            problem.objectives,
            problem.initial.len(),
        );
        problem.initial.iter().for_each(|genes| initial.push(genes));
        Self {
            gaussian: Gaussian::new(&vec![0.5; numbers.len()], options.step, lambda),
            watch: Watch::new(frame.len(), lambda),
            penalty: Penalty::new(problem.constraints > 0),
            is_first: !initial.is_empty(),
            initial,
            members: Points::new(problem.axes.len(), problem.objectives, lambda),
            order: Vec::with_capacity(lambda),
            units: vec![0.0; frame.len()],
            outside: Vec::with_capacity(lambda),
            arrival: None,
            frame,
            numbers,
            choices,
            plan,
            rng,
        }
    }

    /// Begins at coordinates, whose cost does not matter; only before the first generation.
    pub(crate) fn begin_at(&mut self, units: &[f64]) {
        for (mean, &i) in self.gaussian.mean.iter_mut().zip(&self.numbers.coordinates) {
            *mean = units[i];
        }
    }

    /// Likewise, with a step of its own.
    pub(crate) fn begin_near(&mut self, units: &[f64], step: f64) {
        self.begin_at(units);
        let lambda = self.gaussian.lambda();
        self.gaussian = Gaussian::new(&self.gaussian.mean, step, lambda);
    }

    /// Writes the mean of the distribution as coordinates; returns its mean deviation. For real axes only.
    pub(crate) fn centre(&self, units: &mut [f64]) -> f64 {
        let mean = self.gaussian.mean.iter();
        units
            .iter_mut()
            .zip(mean)
            .for_each(|(unit, mean)| *unit = mean.clamp(0.0, 1.0));
        let n = self.numbers.len();
        (0..n).map(|i| self.gaussian.deviation(i)).sum::<f64>() / n.max(1) as f64
    }

    /// Ends the run, for what it would find is known.
    pub(crate) fn abandon(&mut self) {
        self.restart();
    }

    /// The evaluations of this run.
    pub(crate) fn spent(&self) -> u64 {
        self.plan.spent
    }

    /// The number of runs that have ended.
    pub(crate) fn restarts(&self) -> usize {
        self.plan.runs
    }

    /// The least probability of another value, for each discrete coordinate.
    fn alpha(&self) -> f64 {
        1.0 / (self.gaussian.lambda() * self.frame.len().max(1)) as f64
    }

    fn restart(&mut self) {
        let (lambda, step) = self.plan.next();
        draw(1.0, &mut self.rng, &mut self.units);
        let mean: Vec<f64> = self
            .numbers
            .coordinates
            .iter()
            .map(|&i| self.units[i])
            .collect();
        self.gaussian = Gaussian::new(&mean, step, lambda);
        self.watch = Watch::new(self.frame.len(), lambda);
        self.numbers.reset();
        self.choices.reset();
    }

    fn learn(&mut self, batch: &Points) {
        self.penalty.adapt(batch);
        self.penalty.rank(batch, &self.outside, &mut self.order);
        let is_sound = self.gaussian.update(&self.order);
        let alpha = self.alpha();
        if is_sound {
            self.numbers
                .keep_alive(&self.frame, &mut self.gaussian, alpha);
            let mu_eff = self.gaussian.mu_eff();
            let rate = mu_eff / (mu_eff + 2.0 * self.choices.freedom() as f64);
            self.choices
                .update(&self.order, self.gaussian.weights(), rate, alpha);
        }
        let cost = |rank: usize| self.penalty.key(self.order[rank]);
        let last = batch.len() - 1;
        let (best, median, worst) = (cost(0), cost(last / 2), cost(last));
        if self.watch.is_over(best, median, worst) || !is_sound || self.is_narrow(alpha) {
            self.restart();
        }
    }

    /// Whether samples no longer differ.
    fn is_narrow(&self, alpha: f64) -> bool {
        let mut real = (0..self.numbers.len())
            .filter(|&i| !self.numbers.is_discrete(i))
            .peekable();
        if real.peek().is_none() {
            return self.watch.generations > 50
                && self.choices.is_settled(alpha)
                && self.numbers.len() == 0;
        }
        self.gaussian.condition() > 1e16 || real.all(|i| self.gaussian.deviation(i) < 1e-14)
    }
}

impl Engine for Cma {
    fn ask(&mut self, batch: &mut Points) {
        if self.is_first {
            (0..self.initial.len()).for_each(|row| batch.push_from(&self.initial, row));
            return;
        }
        let lambda = self.gaussian.lambda();
        self.gaussian.sample(&mut self.rng);
        self.choices.sample(lambda, &mut self.rng);
        if let Some(units) = self.arrival.take() {
            let point: Vec<f64> = self.numbers.coordinates.iter().map(|&i| units[i]).collect();
            self.gaussian.inject(0, &point);
            self.choices.inject(0, &units);
        }
        self.outside.clear();
        for sample in 0..lambda {
            let outside = self.numbers.decode(&self.gaussian, sample, &mut self.units);
            self.outside.push(outside);
            self.choices.decode(sample, &mut self.units);
            self.frame.push(&self.units, batch);
        }
    }

    fn tell(&mut self, batch: &Points) {
        super::rank(batch, &mut self.order);
        self.members.clear();
        self.order
            .iter()
            .for_each(|&row| self.members.push_from(batch, row));
        if self.is_first {
            self.is_first = false;
            if batch.cost(self.order[0]).is_finite() {
                let mut units = std::mem::take(&mut self.units);
                self.frame.units(batch.row(self.order[0]), &mut units);
                self.begin_at(&units);
                self.units = units;
            }
        } else if batch.len() == self.gaussian.lambda() {
            self.plan.spent += batch.len() as u64;
            self.learn(batch);
        }
    }

    fn immigrate(&mut self, arrivals: &Points) {
        if arrivals.is_empty() {
            return;
        }
        super::rank(arrivals, &mut self.order);
        let best = self.order[0];
        let key = |points: &Points, row| (points.violation(row), points.cost(row));
        if self.members.is_empty() || key(arrivals, best) < key(&self.members, 0) {
            let mut units = vec![0.0; self.frame.len()];
            self.frame.units(arrivals.row(best), &mut units);
            self.arrival = Some(units);
        }
    }

    fn members(&self) -> Option<&Points> {
        Some(&self.members)
    }
}

/// The sizes and steps of runs.
#[derive(Clone, Debug)]
struct Plan {
    restarts: Restarts,
    rng: Rng,
    /// The population and step of the first run.
    first: (usize, f64),
    /// The largest population so far, and the greatest that a run may have.
    lambda: usize,
    greatest: usize,
    /// Evaluations of the run that goes on, and of all runs of each kind after the first.
    spent: u64,
    large: u64,
    small: u64,
    /// The evaluations of the last run with a large population.
    last_large: u64,
    is_small: bool,
    runs: usize,
    growth: usize,
}

impl Plan {
    fn new(options: &CmaOptions, lambda: usize, budget: Option<u64>, seed: u64) -> Self {
        // Larger populations would not live for the generations that they need.
        let budget = budget.map_or(usize::MAX, |budget| {
            usize::try_from(budget / 40).unwrap_or(usize::MAX)
        });
        Self {
            restarts: options.restarts,
            rng: Rng::new(seed),
            first: (lambda, options.step),
            lambda,
            greatest: budget.clamp(lambda, 256 * lambda),
            spent: 0,
            large: 0,
            small: 0,
            last_large: 0,
            is_small: false,
            runs: 0,
            growth: options.growth,
        }
    }

    /// The population and step of the run that follows.
    fn next(&mut self) -> (usize, f64) {
        self.runs += 1;
        if self.is_small {
            self.small += self.spent;
        } else {
            self.last_large = self.spent;
            self.large += if self.runs > 1 { self.spent } else { 0 };
        }
        self.spent = 0;
        let (first, step) = self.first;
        self.is_small =
            self.restarts == Restarts::Bipop && self.runs > 1 && self.small < self.large;
        if self.restarts == Restarts::None {
            return self.first;
        }
        if self.is_small {
            let draw = self.rng.unit();
            let ratio = 0.5 * self.lambda as f64 / first as f64;
            let size = first as f64 * crate::elementary::power(ratio, draw * draw);
            let shorter = crate::elementary::power(10.0, -2.0 * self.rng.unit());
            return ((size as usize).max(first), step * shorter);
        }
        self.lambda = (self.growth * self.lambda).min(self.greatest);
        (self.lambda, step)
    }
}
