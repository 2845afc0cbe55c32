//! The method for one objective that is chosen when none was named: a portfolio.
//!
//! For real coordinates and costs without noise or constraints, as in Loshchilov, Schoenauer & Sebag, "Bi-population CMA-ES
//! algorithms with surrogate models and line searches" (2013): first what is fast where it works, each with a bounded
//! number of evaluations, then CMA-ES with restarts, with the others beside it. In this order:
//!
//! 1. Six rows tell whether the function is a sum over its coordinates.
//! 2. A descent, which solves what has one smooth valley.
//! 3. Sweeps along the axes, if it is a sum or its coordinates have an order of their own.
//! 4. Two descents more, if the first one took long and found a bottom: then valleys are few.
//! 5. CMA-ES with populations that grow threefold. Now and then a descent looks for the bottom of its valley; when two of
//!    them find the same one, the run ends there. Beside it a fifth of the evaluations go to descents, a tenth to L-SHADE.
//!
//! Under constraints descents by quadratic programs come first, three of them, and then have half of the evaluations: from
//! what the others found, where that is better than where the last one ended, else from anywhere.
//!
//! Where some coordinates are not real, and there are neither noise nor constraints, descents along the axes come first. When
//! one has ended in a local optimum, CMA-ES begins near it, L-SHADE beside it, and a quarter of the evaluations go to further
//! descents from beside the best point.
//!
//! Beside them, and for other problems, CMA-ES and L-SHADE take turns. Under noise CMA-ES is alone: what wins a comparison
//! once stays in a population of L-SHADE for ever.

use crate::engine::single::cma::{Cma, CmaOptions, Restarts};
use crate::engine::single::frame::{Frame, draw};
use crate::engine::single::local::Local;
use crate::engine::single::mixed::Mixed;
use crate::engine::single::probe;
use crate::engine::single::shade::{Shade, ShadeOptions};
use crate::engine::single::sqp::Sqp;
use crate::engine::single::stage::{Rows, Stage};
use crate::engine::single::sweeps::{Follow, Sweeps};
use crate::engine::{Engine, Points, Problem};
use crate::rng::Rng;

/// Who asked the last batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Turn {
    /// The rows that were given.
    Initial,
    /// Whether the function is a sum over its coordinates.
    Sum,
    Descent(Origin),
    /// Whether coordinates have an order of their own.
    Order,
    Sweep,
    /// A descent under constraints.
    Constrained,
    /// A descent in a mixed space.
    Mixed,
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

/// The width of differences at the beginning of a descent, and of one from a point that is known to be near a bottom.
const WIDE: f64 = 0.05;
const NARROW: f64 = 1e-4;
/// The same under constraints.
const CONSTRAINED: f64 = 0.01;
/// The step of CMA-ES near the end of a descent in a mixed space, and the share of the evaluations for such descents.
const NEAR: f64 = 0.1;
const MIXED: f64 = 0.25;
/// How many of the best rows are shown as members.
const ELITE: usize = 8;

/// The portfolio. A row costs what it does in the part that asked it.
pub(crate) struct AutoSingle {
    frame: Frame,
    rng: Rng,
    /// Whether descents and sweeps may be used.
    is_smooth: bool,
    /// Whether descents under constraints may be used.
    is_limited: bool,
    is_noisy: bool,
    turn: Turn,
    rows: Rows,
    costs: Vec<f64>,
    initial: Points,
    /// The best feasible row, and the best ones.
    best: Vec<f64>,
    best_cost: f64,
    elite: Points,
    /// The cost of the point that coordinates are compared at.
    compared: f64,
    units: Vec<f64>,
    local: Local,
    sweeps: Sweeps,
    sqp: Sqp,
    /// For mixed spaces, and the evaluations that one of its descents may take.
    mixed: Option<Mixed>,
    mixed_limit: u64,
    cma: Cma,
    shade: Shade,
    descents: Descents,
    spent: Spent,
}

/// What is known of descents.
#[derive(Clone, Copy, Debug)]
struct Descents {
    count: usize,
    from_random: u32,
    /// Whether the last one took long, and found a bottom.
    is_long: bool,
    is_settled: bool,
    /// How many times what a descent took CMA-ES may take before the next one.
    patience: u64,
    /// What the last one from this run of CMA-ES found, how much it took, and the evaluations of the run at that time.
    found: f64,
    took: u64,
    at: u64,
}

/// Evaluations in all, of each part, and of the descent that goes on.
#[derive(Clone, Copy, Debug, Default)]
struct Spent {
    all: u64,
    local: u64,
    lines: u64,
    cma: u64,
    shade: u64,
    descent: u64,
}

impl AutoSingle {
    pub(crate) fn new(problem: &Problem, mut rng: Rng) -> Self {
        let frame = Frame::new(problem);
        let n = frame.len();
        let may_differ = frame.is_real() && n > 0 && !problem.is_noisy;
        let is_smooth = may_differ && problem.constraints == 0;
        let is_limited = may_differ && problem.constraints > 0;
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
        let mut best = vec![0.5; n];
        draw(0.5, &mut rng, &mut best);
        let mut sqp = Sqp::new(n, problem.constraints);
        sqp.begin(&best, CONSTRAINED);
        let mut mixed = super::is_mixed(problem).then(|| Mixed::new(&frame, rng.fork()));
        if let Some(mixed) = &mut mixed {
            mixed.begin(&best, f64::INFINITY);
        }
        Self {
            is_smooth,
            is_limited,
            is_noisy: problem.is_noisy,
            turn: if !initial.is_empty() {
                Turn::Initial
            } else {
                first_turn(is_smooth, is_limited, mixed.is_some())
            },
            rows: Rows::new(n),
            costs: Vec::new(),
            initial,
            best_cost: f64::INFINITY,
            elite: Points::new(problem.axes.len(), problem.objectives, ELITE),
            compared: f64::INFINITY,
            units: vec![0.0; n],
            local: Local::new(n),
            sweeps: Sweeps::new(n),
            sqp,
            mixed,
            mixed_limit: problem
                .budget
                .map_or(u64::MAX, |budget| budget / 2)
                .min(200 * n as u64),
            cma: Cma::new(&rest, &cma_options(problem), rng.fork()),
            shade: Shade::new(&rest, &shade_options(problem, n), rng.fork()),
            descents: Descents::new(),
            spent: Spent::default(),
            best,
            rng,
            frame,
        }
    }

    fn ask_rows(&mut self, batch: &mut Points) {
        self.rows.clear();
        let (rng, rows) = (&mut self.rng, &mut self.rows);
        match self.turn {
            Turn::Sum => probe::ask_sum(&self.best, rng, rows),
            Turn::Order => probe::ask_order(&self.best, rng, rows),
            Turn::Descent(_) => self.local.ask(rows),
            Turn::Constrained => self.sqp.ask(rows),
            Turn::Mixed => self.mixed.iter_mut().for_each(|mixed| mixed.ask(rows)),
            _ => self.sweeps.ask(rows),
        }
        for row in 0..self.rows.len() {
            self.frame.push(self.rows.row(row), batch);
        }
    }

    fn tell_rows(&mut self, batch: &Points) {
        self.costs.clear();
        self.costs
            .extend((0..batch.len()).map(|row| batch.cost(row)));
        if batch.len() < self.rows.len() {
            return;
        }
        match self.turn {
            Turn::Sum => {
                self.sweeps.is_sum = probe::is_sum(&self.costs);
                self.descend(Origin::Best, WIDE);
            }
            Turn::Order => {
                if probe::has_order(self.best.len(), self.compared, &self.costs) {
                    self.begin_sweeps();
                } else {
                    self.choose();
                }
            }
            Turn::Descent(origin) => self.tell_descent(origin),
            Turn::Constrained => self.tell_constrained(batch),
            Turn::Mixed => self.tell_mixed(),
            _ => self.tell_sweep(),
        }
    }

    fn tell_descent(&mut self, origin: Origin) {
        let (n, rows) = (self.best.len() as u64, self.costs.len() as u64);
        self.spent.local += rows;
        self.spent.descent += rows;
        self.local.tell(&self.costs);
        let limit = if origin == Origin::Cma {
            self.cma.spent().max(20 * n)
        } else {
            600 * n
        };
        if self.local.is_over() || self.spent.descent > limit {
            self.end_descent(origin);
        }
    }

    fn tell_constrained(&mut self, batch: &Points) {
        let rows = batch.len() as u64;
        self.spent.local += rows;
        self.spent.descent += rows;
        self.sqp.tell(&self.costs, batch.all_constraints());
        if self.sqp.is_over() || self.spent.descent > 600 * self.best.len() as u64 {
            self.descents.note(self.sqp.is_settled, false);
            self.compared = self.best_cost;
            self.choose();
        }
    }

    fn tell_mixed(&mut self) {
        let rows = self.costs.len() as u64;
        self.spent.local += rows;
        self.spent.descent += rows;
        let Some(mixed) = &mut self.mixed else { return };
        mixed.tell(&self.costs);
        if mixed.is_over() || self.spent.descent > self.mixed_limit {
            if self.descents.count == 0 && self.best_cost.is_finite() {
                self.cma.begin_near(&self.best, NEAR);
            }
            self.descents.count += 1;
            self.choose();
        }
    }

    /// Begins a descent under constraints: at the best point, if that is not where the last one ended, else anywhere.
    fn descend_constrained(&mut self) {
        self.spent.descent = 0;
        self.turn = Turn::Constrained;
        if self.best_cost < self.compared {
            self.sqp.begin(&self.best, CONSTRAINED);
        } else {
            draw(0.9, &mut self.rng, &mut self.units);
            self.sqp.begin(&self.units, CONSTRAINED);
        }
    }

    fn tell_sweep(&mut self) {
        self.spent.lines += self.costs.len() as u64;
        match self.sweeps.tell(&self.costs, &self.best, self.best_cost) {
            Follow::Sweep => {}
            Follow::Descent => self.descend(Origin::Best, NARROW),
            Follow::Other => self.choose(),
        }
    }

    fn descend(&mut self, origin: Origin, width: f64) {
        self.spent.descent = 0;
        self.turn = Turn::Descent(origin);
        match origin {
            Origin::Best => self.local.begin(&self.best, self.best_cost, width),
            Origin::Random => {
                self.descents.from_random += 1;
                draw(0.9, &mut self.rng, &mut self.units);
                self.local.begin(&self.units, f64::INFINITY, width);
            }
            Origin::Cma => {
                let deviation = self.cma.centre(&mut self.units);
                let width = (0.3 * deviation).min(width);
                self.local.begin(&self.units, f64::INFINITY, width);
            }
        }
    }

    fn end_descent(&mut self, origin: Origin) {
        let is_settled = self.local.is_settled;
        let is_long = self.spent.descent > 50 * self.best.len() as u64;
        self.descents.note(is_settled, is_long);
        let is_from_best = origin == Origin::Best;
        let follows =
            self.sweeps
                .follow_descent(&self.best, self.best_cost, is_from_best, is_settled);
        if origin == Origin::Cma {
            self.compare_valleys();
        } else if self.descents.count == 1 && self.best_cost.is_finite() {
            if self.sweeps.is_sum || self.best.len() == 1 {
                self.begin_sweeps();
            } else {
                self.compared = self.best_cost;
                self.turn = Turn::Order;
            }
        } else if follows {
            self.turn = Turn::Sweep;
        } else {
            self.choose();
        }
    }

    fn begin_sweeps(&mut self) {
        if self.sweeps.begin(&self.best, self.best_cost) {
            self.turn = Turn::Sweep;
        } else {
            self.choose();
        }
    }

    /// The valley that a run of CMA-ES is in is known when two descents end in the same one.
    fn compare_valleys(&mut self) {
        let found = self.local.cost();
        let tolerance = 1e-6 * found.abs().min(1.0) + 1e-12;
        let is_same = (found - self.descents.found).abs() <= tolerance;
        self.descents.took = self.spent.descent;
        (self.descents.found, self.descents.at) = (found, self.cma.spent());
        if is_same {
            self.descents.forget();
            self.cma.abandon();
        }
        self.choose();
    }

    /// Gives the next turn to whom has had the least for his share.
    fn choose(&mut self) {
        let others = self.spent.all - self.spent.lines;
        if let Some(mixed) = &mut self.mixed
            && (self.spent.local as f64) < MIXED * self.spent.all as f64
        {
            mixed.begin_beside(&self.best);
            (self.spent.descent, self.turn) = (0, Turn::Mixed);
        } else if self.sweeps.may_explore()
            && self.spent.lines < 2 * others
            && self.sweeps.explore(&self.best, self.best_cost)
        {
            self.turn = Turn::Sweep;
        } else if self.wants_constrained() {
            self.descend_constrained();
        } else if self.wants_descent() {
            self.descend(Origin::Random, WIDE);
        } else if self.wants_bottom() {
            self.descend(Origin::Cma, WIDE);
        } else if self.wants_shade() {
            self.turn = Turn::Shade;
        } else {
            self.turn = Turn::Cma;
        }
    }

    /// Whether to try another valley. Before populations do that only where there are but a few, else it is in vain.
    fn wants_descent(&self) -> bool {
        let n = self.best.len() as u64;
        if !self.is_smooth {
            false
        } else if self.spent.cma == 0 {
            let may_be_few = self.descents.is_long && self.descents.is_settled;
            may_be_few && self.descents.from_random < 2 && self.spent.local < 300 * n
        } else {
            self.cma.restarts() > 0 && (self.spent.local as f64) < 0.2 * self.spent.cma as f64
        }
    }

    /// Whether to descend under constraints: thrice at first, then in half of the evaluations where descents come to an end
    /// at which nothing is to be gained, and in fewer where they do not.
    fn wants_constrained(&self) -> bool {
        let share = 4.0 / self.descents.patience as f64;
        let others = (self.spent.cma + self.spent.shade) as f64;
        let is_first = self.descents.count < 3 && self.descents.is_settled;
        self.is_limited && (is_first || (self.spent.local as f64) < share * others)
    }

    /// Whether to look for the bottom of the valley of CMA-ES.
    fn wants_bottom(&self) -> bool {
        let Descents {
            patience, took, at, ..
        } = self.descents;
        let due = at + (patience * took).max(90 * self.best.len() as u64);
        self.is_smooth && self.turn != Turn::Descent(Origin::Cma) && self.cma.spent() > due
    }

    fn wants_shade(&self) -> bool {
        let share = match self.cma.restarts() {
            0 | 1 if self.is_smooth => 0.0,
            _ if self.is_smooth => 0.1,
            _ if self.is_noisy => 0.0,
            // Its first generation alone is large, and integers and choices are what the margin of CMA-ES is for.
            0 if !self.frame.is_real() => 0.05,
            0 => 0.3,
            _ => 4.0,
        };
        let first = if self.frame.is_real() {
            0
        } else {
            self.shade.first_rows() as u64
        };
        ((self.spent.shade + first) as f64) < share * self.spent.cma as f64
    }

    /// Remembers the best feasible rows.
    fn note(&mut self, batch: &Points) {
        for row in 0..batch.len() {
            let cost = batch.cost(row);
            if batch.violation(row) > 0.0 || !cost.is_finite() {
                continue;
            }
            if cost < self.best_cost {
                self.best_cost = cost;
                self.frame.units(batch.row(row), &mut self.best);
            }
            self.keep(batch, row);
        }
    }

    /// Keeps a row among the best ones, if it is better than the worst of them.
    fn keep(&mut self, batch: &Points, row: usize) {
        if self.elite.len() < ELITE {
            self.elite.push_from(batch, row);
            return;
        }
        let costs = self.elite.all_costs().iter().enumerate();
        let worst = costs
            .max_by(|a, b| a.1.total_cmp(b.1))
            .map_or(0, |worst| worst.0);
        if batch.cost(row) < self.elite.cost(worst) {
            self.elite.replace(worst, batch, row);
        }
    }

    /// The given rows are known: begins at the best of them.
    fn begin(&mut self, batch: &Points) {
        let mut order = Vec::new();
        super::rank(batch, &mut order);
        self.frame.units(batch.row(order[0]), &mut self.units);
        if batch.cost(order[0]).is_finite() {
            self.cma.begin_at(&self.units);
        }
        if let Some(mixed) = &mut self.mixed {
            mixed.begin(&self.best, self.best_cost);
        }
        if self.is_limited {
            self.sqp.begin(&self.units, CONSTRAINED);
        }
        self.turn = first_turn(self.is_smooth, self.is_limited, self.mixed.is_some());
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
            _ => self.ask_rows(batch),
        }
    }

    fn tell(&mut self, batch: &Points) {
        let rows = batch.len() as u64;
        self.spent.all += rows;
        self.note(batch);
        match self.turn {
            Turn::Initial => self.begin(batch),
            Turn::Cma => {
                self.spent.cma += rows;
                let runs = self.cma.restarts();
                self.cma.tell(batch);
                if self.cma.restarts() != runs {
                    self.descents.forget();
                }
                self.choose();
            }
            Turn::Shade => {
                self.spent.shade += rows;
                self.shade.tell(batch);
                self.choose();
            }
            _ => self.tell_rows(batch),
        }
    }

    fn immigrate(&mut self, arrivals: &Points) {
        self.cma.immigrate(arrivals);
        self.shade.immigrate(arrivals);
        self.note(arrivals);
    }

    fn members(&self) -> Option<&Points> {
        match self.turn {
            _ if self.is_smooth || self.mixed.is_some() => Some(&self.elite),
            _ if self.is_limited && !self.elite.is_empty() => Some(&self.elite),
            Turn::Shade => self.shade.members(),
            _ => self.cma.members(),
        }
    }
}

impl Descents {
    fn new() -> Self {
        Self {
            count: 0,
            from_random: 0,
            is_long: false,
            is_settled: true,
            patience: 4,
            found: f64::INFINITY,
            took: 0,
            at: 0,
        }
    }

    fn note(&mut self, is_settled: bool, is_long: bool) {
        self.count += 1;
        (self.is_settled, self.is_long) = (is_settled, is_long);
        // Where costs are not smooth a descent does not find the bottom.
        self.patience = if is_settled {
            4
        } else {
            (4 * self.patience).min(64)
        };
    }

    /// Another run has begun.
    fn forget(&mut self) {
        (self.found, self.at) = (f64::INFINITY, 0);
    }
}

fn first_turn(is_smooth: bool, is_limited: bool, is_mixed: bool) -> Turn {
    match (is_smooth, is_limited, is_mixed) {
        (true, ..) => Turn::Sum,
        (_, true, _) => Turn::Constrained,
        (.., true) => Turn::Mixed,
        _ => Turn::Cma,
    }
}

fn cma_options(problem: &Problem) -> CmaOptions {
    CmaOptions {
        restarts: Restarts::Ipop,
        growth: if problem.is_noisy { 2 } else { 3 },
        ..CmaOptions::default()
    }
}

/// Runs that fit into half of the budget.
fn shade_options(problem: &Problem, n: usize) -> ShadeOptions {
    let half = problem.budget.map_or(u64::MAX, |budget| budget / 2);
    ShadeOptions {
        horizon: Some((700 * n.max(1) as u64).min(half)),
        ..ShadeOptions::default()
    }
}
