//! L-SHADE: differential evolution that learns its parameters, with a population that shrinks.
//!
//! Sources: Tanabe & Fukunaga, "Improving the search performance of SHADE using linear population size reduction" (2014);
//! Takahama & Sakai, "Constrained optimization by the ε constrained differential evolution" (2006), for constraints.

use crate::engine::single::frame::{Frame, draw};
use crate::engine::{Engine, Points, Problem};
use crate::rng::Rng;

/// How to search with L-SHADE.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ShadeOptions {
    /// The rows of the first generation. Default: 6 for each free axis, half as many more in each run that follows up to
    /// 18, and at most a tenth of a run's evaluations. The paper has 18, which takes twice the evaluations where one run
    /// is enough.
    pub population: Option<usize>,
    /// The evaluations over which the population shrinks; afterwards a run of twice as many begins. Default: 700 for each
    /// free axis or the budget, whichever is less.
    pub horizon: Option<u64>,
}

const MEMORY: usize = 6;
const SMALLEST: usize = 4;

/// Differential evolution with success-history adaptation. A row costs O(d) for d axes, a generation of n rows
/// O(n log n) besides.
pub(crate) struct Shade {
    frame: Frame,
    rng: Rng,
    is_constrained: bool,
    population: Option<usize>,
    budget: u64,
    horizon: u64,
    spent: u64,
    initial: Vec<Vec<f64>>,
    /// The members with their costs, and their coordinates.
    members: Points,
    units: Vec<f64>,
    largest: usize,
    trials: Vec<f64>,
    factors: Vec<(f64, f64)>,
    /// Coordinates of members that were replaced.
    archive: Vec<f64>,
    order: Vec<usize>,
    /// Means of the factors that succeeded: of the difference, and of the crossover, where a negative one stands for none.
    memory: [(f64, f64); MEMORY],
    next: usize,
    /// The violation that counts as none, and what it was at first.
    epsilon: f64,
    epsilon_first: f64,
    pub(crate) restarts: usize,
}

impl Shade {
    pub(crate) fn new(problem: &Problem, options: &ShadeOptions, rng: Rng) -> Self {
        let frame = Frame::new(problem);
        let d = frame.len().max(1) as u64;
        let budget = problem.budget.unwrap_or(u64::MAX);
        let mut shade = Self {
            members: Points::new(problem.axes.len(), problem.objectives, 0),
            is_constrained: problem.constraints > 0,
            population: options.population,
            budget,
            horizon: options.horizon.unwrap_or(700 * d).min(budget).max(1),
            spent: 0,
            initial: Vec::new(),
            units: Vec::new(),
            largest: 0,
            trials: Vec::new(),
            factors: Vec::new(),
            archive: Vec::new(),
            order: Vec::new(),
            memory: [(0.5, 0.5); MEMORY],
            next: 0,
            epsilon: 0.0,
            epsilon_first: 0.0,
            restarts: 0,
            frame,
            rng,
        };
        for genes in &problem.initial {
            let mut units = vec![0.0; shade.frame.len()];
            shade.frame.units(genes, &mut units);
            shade.initial.push(units);
        }
        shade.begin();
        shade
    }

    /// Makes room for a run.
    fn begin(&mut self) {
        let d = self.frame.len();
        let rows = (0..self.restarts.min(3)).fold(6 * d, |rows, _| rows + rows / 2);
        let greatest = usize::try_from(self.horizon / 10).unwrap_or(usize::MAX);
        let usual = rows.min(18 * d).min(greatest);
        self.largest = self
            .population
            .unwrap_or(usual)
            .max(SMALLEST + 2)
            .max(self.initial.len());
        self.members.clear();
        self.units.clear();
        self.archive.clear();
        self.archive.reserve(2 * self.largest * d);
        self.trials.resize(self.largest * d, 0.0);
        self.factors.resize(self.largest, (0.0, 0.0));
        self.memory = [(0.5, 0.5); MEMORY];
        self.spent = 0;
        (self.epsilon, self.epsilon_first) = (0.0, 0.0);
    }

    /// The rows of the first generation, if it is still to come.
    pub(crate) fn first_rows(&self) -> usize {
        if self.is_new() { self.largest } else { 0 }
    }

    /// Whether the first generation is still to come.
    fn is_new(&self) -> bool {
        self.members.is_empty()
    }

    fn ask_first(&mut self, batch: &mut Points) {
        let d = self.frame.len();
        for row in 0..self.largest {
            let trial = &mut self.trials[row * d..(row + 1) * d];
            match self.initial.get(row) {
                Some(units) => trial.copy_from_slice(units),
                None => draw(1.0, &mut self.rng, trial),
            }
            self.frame.push(trial, batch);
        }
        self.initial.clear();
    }

    fn rank_members(&mut self) {
        super::rank(&self.members, &mut self.order);
    }

    /// Makes the trial of a member: towards one of the best, plus a difference of two others.
    fn make_trial(&mut self, row: usize) {
        let (d, count) = (self.frame.len(), self.members.len());
        let (factor, rate) = self.draw_factors();
        self.factors[row] = (factor, rate);
        let elite = (count as f64 * 0.11).ceil().max(2.0) as u64;
        let best = self.order[self.rng.below(elite.min(count as u64)) as usize];
        let first = self.other(count, &[row]);
        let archived = self.archive.len() / d.max(1);
        let second = self.other(count + archived, &[row, first]);
        let forced = self.rng.below(d.max(1) as u64) as usize;
        for i in 0..d {
            let own = self.units[row * d + i];
            let elsewhere = i == forced || self.rng.chance(rate);
            self.trials[row * d + i] = if !elsewhere {
                own
            } else if self.frame.axis(i).is_numeric() {
                let subtracted = if second < count {
                    self.units[second * d + i]
                } else {
                    self.archive[(second - count) * d + i]
                };
                let difference =
                    self.units[best * d + i] - own + self.units[first * d + i] - subtracted;
                let moved = own + factor * difference;
                // A trial beyond a bound is put halfway to it.
                if moved < 0.0 {
                    0.5 * own
                } else if moved > 1.0 {
                    0.5 * (own + 1.0)
                } else {
                    moved
                }
            } else {
                let draw = self.rng.unit();
                if draw < 0.4 {
                    self.units[best * d + i]
                } else if draw < 0.8 {
                    self.units[first * d + i]
                } else {
                    self.rng.unit()
                }
            };
        }
    }

    /// An index below `count` that is none of `taken`.
    fn other(&mut self, count: usize, taken: &[usize]) -> usize {
        loop {
            let index = self.rng.below(count as u64) as usize;
            if !taken.contains(&index) {
                return index;
            }
        }
    }

    fn draw_factors(&mut self) -> (f64, f64) {
        let (factor, rate) = self.memory[self.rng.below(MEMORY as u64) as usize];
        let rate = if rate < 0.0 {
            0.0
        } else {
            (rate + 0.1 * self.rng.gaussian()).clamp(0.0, 1.0)
        };
        loop {
            // The ratio of two normal draws has the Cauchy distribution.
            let draw = factor + 0.1 * self.rng.gaussian() / self.rng.gaussian();
            if draw > 0.0 {
                return (draw.min(1.0), rate);
            }
        }
    }

    /// Whether a trial is at least as good as the member whose place it would take; and whether it is better.
    fn compare(&self, batch: &Points, row: usize) -> (bool, bool) {
        let violation = |points: &Points| {
            let violation = points.violation(row);
            if violation <= self.epsilon {
                0.0
            } else {
                violation
            }
        };
        let trial = (violation(batch), batch.cost(row));
        let member = (violation(&self.members), self.members.cost(row));
        (trial <= member, trial < member)
    }

    fn select(&mut self, batch: &Points) {
        let d = self.frame.len();
        let mut lesson = Lesson::default();
        for row in 0..batch.len() {
            let (is_equal, is_better) = self.compare(batch, row);
            if !is_equal {
                continue;
            }
            let own = row * d..(row + 1) * d;
            if is_better {
                let gain = self.members.cost(row) - batch.cost(row);
                lesson.add(
                    self.factors[row],
                    if gain > 0.0 && gain.is_finite() {
                        gain
                    } else {
                        1.0
                    },
                );
                self.keep(row);
            }
            self.units[own.clone()].copy_from_slice(&self.trials[own]);
            self.members.replace(row, batch, row);
        }
        if let Some(learnt) = lesson.mean(self.memory[self.next].1) {
            self.memory[self.next] = learnt;
            self.next = (self.next + 1) % MEMORY;
        }
    }

    /// Puts a member into the archive, in the place of a random one when it is full.
    fn keep(&mut self, row: usize) {
        let d = self.frame.len();
        let (units, len) = (
            &self.units[row * d..(row + 1) * d],
            self.archive.len() / d.max(1),
        );
        if len < 2 * self.members.len() {
            self.archive.extend_from_slice(units);
        } else {
            let place = self.rng.below(len as u64) as usize;
            self.archive[place * d..(place + 1) * d].copy_from_slice(units);
        }
    }

    /// Removes the worst members, as the evaluations of the run come to their end.
    fn shrink(&mut self) {
        let d = self.frame.len();
        let done = (self.spent as f64 / self.horizon as f64).min(1.0);
        let size = self.largest as f64 + (SMALLEST as f64 - self.largest as f64) * done;
        let size = (size.round() as usize).max(SMALLEST);
        self.rank_members();
        while self.members.len() > size {
            let (worst, last) = (
                self.order.pop().expect("because members have ranks"),
                self.members.len() - 1,
            );
            self.members.swap_remove(worst);
            self.units.copy_within(last * d..(last + 1) * d, worst * d);
            self.units.truncate(last * d);
            self.order
                .iter_mut()
                .for_each(|row| *row = if *row == last { worst } else { *row });
        }
        self.archive.truncate(2 * size * d);
    }

    fn relax(&mut self) {
        if !self.is_constrained {
            return;
        }
        if self.epsilon_first == 0.0 && self.spent <= self.members.len() as u64 {
            let at = self.order[self.order.len() / 5];
            let violation = self.members.violation(at);
            self.epsilon_first = if violation.is_finite() {
                violation
            } else {
                0.0
            };
        }
        let left = (1.0 - 2.0 * self.spent as f64 / self.horizon as f64).max(0.0);
        self.epsilon = self.epsilon_first * left * left * left * left * left;
    }

    /// Whether the members no longer differ.
    fn is_alike(&self) -> bool {
        let costs = |rank: usize| self.members.cost(self.order[rank]);
        let (best, worst) = (costs(0), costs(self.order.len() - 1));
        let violated = self.members.violation(self.order[self.order.len() - 1]) > 0.0;
        !violated && worst - best <= 1e-14 * best.abs()
    }

    fn restart_if_over(&mut self) {
        if self.spent < self.horizon && !self.is_alike() {
            return;
        }
        self.budget = self.budget.saturating_sub(self.spent);
        self.horizon = (2 * self.horizon).min(self.budget.max(1_000));
        self.restarts += 1;
        self.begin();
    }
}

impl Engine for Shade {
    fn ask(&mut self, batch: &mut Points) {
        if self.is_new() {
            self.ask_first(batch);
            return;
        }
        let d = self.frame.len();
        for row in 0..self.members.len() {
            self.make_trial(row);
            self.frame.push(&self.trials[row * d..(row + 1) * d], batch);
        }
    }

    fn tell(&mut self, batch: &Points) {
        self.spent += batch.len() as u64;
        if self.is_new() {
            (0..batch.len()).for_each(|row| self.members.push_from(batch, row));
            self.units
                .extend_from_slice(&self.trials[..batch.len() * self.frame.len()]);
        } else {
            self.select(batch);
        }
        self.shrink();
        self.relax();
        self.restart_if_over();
    }

    fn immigrate(&mut self, arrivals: &Points) {
        let d = self.frame.len();
        for row in 0..arrivals.len() {
            let Some(&worst) = self.order.last().filter(|_| !self.is_new()) else {
                return;
            };
            let key = |points: &Points, row| (points.violation(row), points.cost(row));
            if key(arrivals, row) < key(&self.members, worst) {
                self.members.replace(worst, arrivals, row);
                self.frame.units(
                    arrivals.row(row),
                    &mut self.units[worst * d..(worst + 1) * d],
                );
                self.rank_members();
            }
        }
    }

    fn members(&self) -> Option<&Points> {
        Some(&self.members)
    }
}

/// Sums over the trials of a generation that succeeded, weighted by what they gained.
#[derive(Default)]
struct Lesson {
    factor: (f64, f64),
    rate: (f64, f64),
    weight: f64,
    greatest_rate: f64,
}

impl Lesson {
    fn add(&mut self, (factor, rate): (f64, f64), weight: f64) {
        self.factor.0 += weight * factor * factor;
        self.factor.1 += weight * factor;
        self.rate.0 += weight * rate * rate;
        self.rate.1 += weight * rate;
        self.weight += weight;
        self.greatest_rate = self.greatest_rate.max(rate);
    }

    /// The Lehmer means, if there was a success. Once no success came of a crossover, there is none any more.
    fn mean(&self, before: f64) -> Option<(f64, f64)> {
        if !(self.weight > 0.0 && self.factor.1 > 0.0) {
            return None;
        }
        let factor = self.factor.0 / self.factor.1;
        let rate = if before < 0.0 || self.greatest_rate == 0.0 {
            -1.0
        } else {
            self.rate.0 / self.rate.1.max(1e-300)
        };
        (factor.is_finite() && rate.is_finite()).then_some((factor, rate))
    }
}
