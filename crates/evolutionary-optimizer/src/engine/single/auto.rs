//! The method for one objective that is chosen when none was named: a portfolio.
//!
//! For real coordinates and costs without noise or constraints, as in Loshchilov, Schoenauer & Sebag, "Bi-population CMA-ES
//! algorithms with surrogate models and line searches" (2013): first what is fast where it works, each with a bounded
//! number of evaluations, then CMA-ES with restarts, with the others beside it.

use crate::engine::single::cma::{Cma, CmaOptions, Restarts};
use crate::engine::single::frame::{Frame, draw};
use crate::engine::single::lines::{Lines, Scope};
use crate::engine::single::local::Local;
use crate::engine::single::shade::{Shade, ShadeOptions};
use crate::engine::single::stage::{Rows, Stage};
use crate::engine::{Engine, Points, Problem};
use crate::rng::Rng;

/// Who asked the last batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Turn {
    Initial,
    /// Whether the function is a sum over its coordinates.
    Test,
    Descent(Origin),
    /// Whether coordinates have an order of their own.
    Order,
    Sweep,
    Cma,
    Shade,
}

/// Where a descent began.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Origin {
    Best,
    Random,
    Cma,
}

/// A sweep over everything that stops when what is left would be narrow, and one that looks there too.
const WIDE: Scope = Scope {
    reach: 1.0,
    fine: 1e-3,
    least: 0,
    limit: 40,
};
const AGAIN: Scope = Scope {
    reach: 1.0,
    fine: 1e-3,
    least: 0,
    limit: 80,
};
const EVERYWHERE: Scope = Scope {
    reach: 1.0,
    fine: 1e-4,
    least: 60,
    limit: 80,
};

/// How many random points coordinates are compared from: enough for twenty comparisons.
fn contexts(n: usize) -> usize {
    20_usize.div_ceil(n)
}

/// The portfolio.
pub(crate) struct AutoSingle {
    frame: Frame,
    rng: Rng,
    /// Whether descents and sweeps may be used.
    is_smooth: bool,
    turn: Turn,
    rows: Rows,
    costs: Vec<f64>,
    initial: Points,
    best: Vec<f64>,
    best_cost: f64,
    local: Local,
    lines: Lines,
    cma: Cma,
    shade: Shade,
    is_additive: bool,
    sweeps: usize,
    fine: f64,
    /// How many times what a descent took CMA-ES may take before the next one.
    patience: u64,
    was_settled: bool,
    /// Whether the first descent took long: then there are few valleys.
    is_long: bool,
    /// The cost of the point that coordinates are compared at.
    order_cost: f64,
    /// Descents from random points.
    others: u32,
    near_cost: f64,
    /// The points of each axis that exploration goes on to.
    least: usize,
    /// Whether no sweep has gained anything since the last descent.
    is_stale: bool,
    /// What the last two sweeps gained.
    gained: (f64, f64),
    descents: usize,
    /// Evaluations in all, of each part, and of the descent or sweep that goes on.
    spent: Spent,
    /// What the last descent from CMA-ES found, how much it took, and the evaluations of the run at that time.
    polished: (f64, u64, u64),
    units: Vec<f64>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Spent {
    all: u64,
    local: u64,
    lines: u64,
    cma: u64,
    shade: u64,
    stage: u64,
}

impl AutoSingle {
    pub(crate) fn new(problem: &Problem, mut rng: Rng) -> Self {
        let frame = Frame::new(problem);
        let n = frame.len();
        let is_smooth = frame.is_real() && n > 0 && !problem.is_noisy && !problem.is_constrained;
        let mut initial = Points::new(
            problem.axes.len(),
            problem.objectives,
            problem.initial.len(),
        );
        problem.initial.iter().for_each(|genes| initial.push(genes));
        let rest = Problem {
            initial: Vec::new(),
            ..problem.clone()
        };
        let options = CmaOptions {
            restarts: Restarts::Ipop,
            growth: 3,
            ..CmaOptions::default()
        };
        let mut best = vec![0.5; n];
        draw(0.5, &mut rng, &mut best);
        Self {
            is_smooth,
            turn: if initial.is_empty() {
                Turn::Test
            } else {
                Turn::Initial
            },
            rows: Rows::new(n),
            costs: Vec::new(),
            initial,
            best_cost: f64::INFINITY,
            local: Local::new(n),
            lines: Lines::new(n),
            cma: Cma::new(
                if is_smooth { &rest } else { problem },
                &options,
                rng.fork(),
            ),
            shade: Shade::new(&rest, &ShadeOptions::default(), rng.fork()),
            is_additive: false,
            sweeps: 0,
            fine: WIDE.fine,
            patience: 4,
            was_settled: true,
            is_long: false,
            order_cost: f64::INFINITY,
            others: 0,
            near_cost: f64::INFINITY,
            least: EVERYWHERE.least,
            is_stale: true,
            gained: (0.0, 0.0),
            descents: 0,
            spent: Spent::default(),
            polished: (f64::INFINITY, 0, 0),
            units: vec![0.0; n],
            best,
            rng,
            frame,
        }
    }

    fn ask_rows(&mut self, batch: &mut Points) {
        self.rows.clear();
        match self.turn {
            Turn::Test => self.ask_test(),
            Turn::Order => self.ask_order(),
            Turn::Descent(_) => self.local.ask(&mut self.rows),
            _ => self.lines.ask(&mut self.rows),
        }
        for row in 0..self.rows.len() {
            self.frame.push(self.rows.row(row), batch);
        }
    }

    /// A point, the point with all coordinates moved, and with two ways to move some of them and the others.
    fn ask_test(&mut self) {
        let n = self.best.len();
        let moved: Vec<f64> = self
            .best
            .iter()
            .map(|&x| {
                let by = 0.1 + 0.2 * self.rng.unit();
                if x > 0.5 { x - by } else { x + by }
            })
            .collect();
        self.rows.push(&self.best);
        self.rows.push(&moved);
        for _ in 0..2 {
            let mut some = self.best.clone();
            let mut others = moved.clone();
            let always = self.rng.below(n as u64) as usize;
            for i in 0..n {
                if i == always || (i + 1) % n != always && self.rng.coin() {
                    some[i] = moved[i];
                    others[i] = self.best[i];
                }
            }
            self.rows.push(&some);
            self.rows.push(&others);
        }
    }

    fn tell_test(&mut self) {
        let f = &self.costs;
        let scale = f.iter().fold(0.0, |a: f64, f| a.max(f.abs()));
        let is_sum = |a: f64, b: f64| (f[0] + f[1] - a - b).abs() <= 1e-12 * scale;
        self.is_additive =
            f.len() == 6 && scale.is_finite() && is_sum(f[2], f[3]) && is_sum(f[4], f[5]);
        let best = self.best.clone();
        let cost = self.best_cost;
        self.local.begin(&best, cost, 0.05);
        self.turn = Turn::Descent(Origin::Best);
    }

    /// From random points each coordinate of the best point, and from the best point each coordinate of theirs.
    fn ask_order(&mut self) {
        let n = self.best.len();
        for _ in 0..contexts(n) {
            draw(1.0, &mut self.rng, &mut self.units);
            self.rows.push(&self.units);
            for i in 0..n {
                self.rows.push_placed(&self.units, i, self.best[i]);
                self.rows.push_placed(&self.best, i, self.units[i]);
            }
        }
    }

    /// Where a coordinate is better than another whatever the other coordinates are, a sweep finds the optimum.
    fn tell_order(&mut self) {
        let n = self.best.len();
        let mut agreed = 0;
        for costs in self.costs.chunks(2 * n + 1) {
            let is_same =
                |i: &usize| (costs[1 + 2 * i] < costs[0]) == (self.order_cost < costs[2 + 2 * i]);
            agreed += (0..n).filter(is_same).count();
        }
        if 10 * agreed >= 8 * n * contexts(n) {
            self.sweep(WIDE);
        } else {
            self.choose();
        }
    }

    fn tell_rows(&mut self, batch: &Points) {
        self.costs.clear();
        self.costs
            .extend((0..batch.len()).map(|row| batch.cost(row)));
        if batch.len() < self.rows.len() {
            return;
        }
        self.spent.stage += batch.len() as u64;
        match self.turn {
            Turn::Test => self.tell_test(),
            Turn::Order => self.tell_order(),
            Turn::Descent(origin) => {
                self.spent.local += batch.len() as u64;
                self.local.tell(&self.costs);
                let n = self.best.len() as u64;
                let limit = if origin == Origin::Cma {
                    self.cma.spent().max(20 * n)
                } else {
                    600 * n
                };
                if self.local.is_over() || self.spent.stage > limit {
                    self.end_descent(origin);
                }
            }
            _ => {
                self.spent.lines += batch.len() as u64;
                self.lines.tell(&self.costs);
                if self.lines.is_over() {
                    self.end_sweep();
                }
            }
        }
    }

    fn descend_from(&mut self, origin: Origin, width: f64) {
        self.spent.stage = 0;
        self.turn = Turn::Descent(origin);
        match origin {
            Origin::Best => self.local.begin(&self.best, self.best_cost, width),
            Origin::Random => {
                self.others += 1;
                draw(0.9, &mut self.rng, &mut self.units);
                self.local.begin(&self.units, f64::INFINITY, width);
            }
            Origin::Cma => {
                let deviation = self.cma.centre(&mut self.units);
                self.local
                    .begin(&self.units, f64::INFINITY, (0.3 * deviation).min(width));
            }
        }
    }

    fn sweep(&mut self, scope: Scope) {
        self.spent.stage = 0;
        self.turn = Turn::Sweep;
        self.sweeps += 1;
        self.lines.begin(&self.best, self.best_cost, scope);
        if self.lines.is_over() {
            self.choose();
        }
    }

    fn end_descent(&mut self, origin: Origin) {
        self.descents += 1;
        self.is_long = self.spent.stage > 50 * self.best.len() as u64;
        self.was_settled = self.local.is_settled;
        self.is_stale = true;
        self.patience = if self.local.is_settled {
            4
        } else {
            (4 * self.patience).min(64)
        };
        if origin == Origin::Cma {
            self.end_polish();
        } else if self.descents == 1 && self.best_cost.is_finite() {
            self.begin_sweeps();
        } else if origin == Origin::Best && !self.local.is_settled && self.may_near() {
            self.sweep_near();
        } else if origin == Origin::Best
            && !self.is_additive
            && self.sweeps < 4
            && self.gained.1 > 0.3 * self.gained.0
        {
            self.sweep(AGAIN);
        } else {
            self.choose();
        }
    }

    fn begin_sweeps(&mut self) {
        if self.is_additive || self.best.len() == 1 {
            self.sweep(WIDE);
        } else {
            self.order_cost = self.best_cost;
            self.turn = Turn::Order;
        }
    }

    /// Whether no chain of near sweeps has failed at this cost.
    fn may_near(&self) -> bool {
        self.fine > 1e-11 && self.best_cost < 0.99 * self.near_cost
    }

    /// A sweep around the best point, for kinks that a descent cannot follow.
    fn sweep_near(&mut self) {
        self.near_cost = self.best_cost;
        let reach = 10.0 * self.fine;
        self.fine = (1e-3 * self.fine).max(1e-11);
        self.sweep(Scope {
            reach,
            fine: self.fine,
            least: 0,
            limit: 40,
        });
    }

    /// The valley that a run of CMA-ES is in is known when two descents end in the same one.
    fn end_polish(&mut self) {
        let (before, ..) = self.polished;
        let found = self.local.cost();
        self.polished = (found, self.spent.stage, self.cma.spent());
        let tolerance = 1e-6 * found.abs().min(1.0) + 1e-12;
        if (found - before).abs() <= tolerance {
            self.polished = (f64::INFINITY, self.spent.stage, 0);
            self.cma.abandon();
        }
        self.choose();
    }

    fn end_sweep(&mut self) {
        let gained = self.lines.before - self.lines.cost();
        self.gained = (self.gained.1, gained);
        self.is_stale &= gained <= 0.0;
        if self.fine < WIDE.fine {
            self.follow_near(gained > 0.0 || self.is_additive);
        } else if self.is_additive && self.sweeps < 2 {
            self.sweeps += 1;
            self.lines.again(EVERYWHERE);
            if self.lines.is_over() {
                self.descend_from(Origin::Best, 1e-4);
            }
        } else if !self.is_additive && self.sweeps < 2 && gained > 0.0 {
            self.sweep(AGAIN);
        } else if !self.is_stale {
            self.descend_from(Origin::Best, 1e-4);
        } else if self.is_additive && !self.was_settled && self.may_near() {
            self.sweep_near();
        } else {
            self.choose();
        }
    }

    /// After a sweep around the best point: another one if it paid.
    fn follow_near(&mut self, has_gained: bool) {
        if !has_gained || self.sweeps >= 12 {
            self.choose();
        } else if self.lines.moved > 10.0 * self.fine {
            let reach = 10.0 * self.lines.moved;
            self.sweep(Scope {
                reach,
                fine: self.fine,
                least: 0,
                limit: 40,
            });
        } else if self.fine > 1e-11 {
            self.sweep_near();
        } else {
            self.choose();
        }
    }

    /// Looks for narrower valleys of a sum: each coordinate has so few places that this finds more than any search in the
    /// whole space.
    fn explore(&mut self) {
        self.spent.stage = 0;
        self.turn = Turn::Sweep;
        self.sweeps += 1;
        self.least *= 2;
        self.fine = WIDE.fine;
        let scope = Scope {
            least: self.least,
            limit: self.least + 40,
            ..EVERYWHERE
        };
        if self.lines.cost() <= self.best_cost && self.lines.is_wide() {
            self.lines.again(scope);
        } else {
            self.lines.begin(&self.best, self.best_cost, scope);
        }
    }

    /// Whether to try other valleys before populations do: it costs little where descents end soon, and much is gained where
    /// there are but a few valleys.
    fn wants_another_valley(&self) -> bool {
        let limit = 300 * self.best.len() as u64;
        self.is_smooth
            && self.was_settled
            && self.others < 2
            && self.spent.local < limit
            && self.spent.cma == 0
    }

    /// Gives the next turn to whom has had the least for his share.
    fn choose(&mut self) {
        let others = self.spent.all - self.spent.lines;
        if self.is_additive && self.least < 2_000 && self.spent.lines < 2 * others {
            self.explore();
            if !self.lines.is_over() {
                return;
            }
        }
        if self.wants_another_valley() {
            self.descend_from(Origin::Random, 0.05);
            return;
        }
        let restarts = self.cma.restarts();
        let n = self.best.len() as u64;
        let (_, took, at) = self.polished;
        if self.is_smooth
            && self.turn != Turn::Descent(Origin::Cma)
            && self.cma.spent() > at + (self.patience * took).max(90 * n)
        {
            self.descend_from(Origin::Cma, 0.05);
            return;
        }
        let shade = if self.is_smooth { 0.1 } else { 1.0 };
        let wants_shade = (restarts > 1 || !self.is_smooth)
            && (self.spent.shade as f64) < shade * self.spent.cma as f64;
        let wants_descent = self.is_smooth
            && restarts > 0
            && (self.spent.local as f64) < 0.2 * self.spent.cma as f64;
        if wants_descent {
            self.descend_from(Origin::Random, 0.05);
        } else {
            self.turn = if wants_shade { Turn::Shade } else { Turn::Cma };
        }
    }

    /// Remembers the best feasible row.
    fn note(&mut self, batch: &Points) {
        for row in 0..batch.len() {
            if batch.violation(row) <= 0.0 && batch.cost(row) < self.best_cost {
                self.best_cost = batch.cost(row);
                self.frame.units(batch.row(row), &mut self.best);
            }
        }
    }
}

impl Engine for AutoSingle {
    fn ask(&mut self, batch: &mut Points) {
        match self.turn {
            Turn::Initial => {
                (0..self.initial.len()).for_each(|row| batch.push_from(&self.initial, row))
            }
            Turn::Cma => self.cma.ask(batch),
            Turn::Shade => self.shade.ask(batch),
            Turn::Test if !self.is_smooth => {
                self.turn = Turn::Cma;
                self.cma.ask(batch);
            }
            Turn::Test | Turn::Descent(_) | Turn::Order | Turn::Sweep => self.ask_rows(batch),
        }
    }

    fn tell(&mut self, batch: &Points) {
        self.spent.all += batch.len() as u64;
        self.note(batch);
        self.take(batch);
    }

    fn immigrate(&mut self, arrivals: &Points) {
        self.cma.immigrate(arrivals);
        self.shade.immigrate(arrivals);
        self.note(arrivals);
    }

    fn members(&self) -> Option<&Points> {
        if self.turn == Turn::Shade {
            self.shade.members()
        } else {
            self.cma.members()
        }
    }
}

impl AutoSingle {
    fn take(&mut self, batch: &Points) {
        match self.turn {
            Turn::Initial => self.turn = Turn::Test,
            Turn::Cma => {
                self.spent.cma += batch.len() as u64;
                let runs = self.cma.restarts();
                self.cma.tell(batch);
                if self.cma.restarts() != runs {
                    self.polished = (f64::INFINITY, self.polished.1, 0);
                }
                self.choose();
            }
            Turn::Shade => {
                self.spent.shade += batch.len() as u64;
                self.shade.tell(batch);
                self.choose();
            }
            Turn::Test | Turn::Descent(_) | Turn::Order | Turn::Sweep => self.tell_rows(batch),
        }
    }
}
