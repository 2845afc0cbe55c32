//! The method for one objective where distances mean little: choices and booleans, with or without integers.
//!
//! 1. A few random rows, of which the best climbs, several axes at once, to a point that no change of one axis makes
//!    better. Where the function is a sum over its axes this is the optimum.
//! 2. Eight workers climb beside each other. Four of them begin at random points; what they find goes to the lowest level
//!    of a pyramid of populations. In each level a worker tries the values that others have in groups of axes which depend
//!    on each other, and keeps what is not worse; when a level has made it better, it joins the next one (Goldman & Punch,
//!    "Parameter-less population pyramid", 2014). The other four try small changes of the
//!    best point, and climb where one is better.

mod climb;
mod level;
mod linkage;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use climb::{Climber, Key};
use level::Level;

use crate::axis::Axis;
use crate::engine::{Engine, Points, Problem};
use crate::operators::{Index, mutate_gene};
use crate::rng::Rng;

/// The rows that the first climb asks at once, at least, and the evaluations that each of them wants in the budget.
const WIDTH: u64 = 16;
const PER_WIDTH: u64 = 8;
/// How many points climb beside each other after that, and how many of them begin near the best.
const WORKERS: usize = 8;
const BESIDE: usize = 4;
/// The most random rows to begin with, and the evaluations that each of them wants in the budget.
const DRAWN: u64 = 8;
const PER_DRAWN: u64 = 50;
/// How many axes are drawn to exchange a value with.
const PARTNERS: usize = 8;
/// How many of the best rows are shown as members.
const ELITE: usize = 8;

/// Who asked the last batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Turn {
    /// The rows that were given, and random ones.
    Begin,
    /// The first climb.
    Climb,
    Workers,
}

/// Climbs and mixes. In d free axes a row costs O(d) amortised, up to 1000 of them; memory is O(d²) while groups are
/// learnt.
pub(crate) struct Combinatorial {
    axes: Arc<[Axis]>,
    free: Vec<usize>,
    rng: Rng,
    initial: Vec<Vec<f64>>,
    drawn: usize,
    turn: Turn,
    best: Vec<f64>,
    best_key: Key,
    elite: Points,
    first: Climber,
    workers: Vec<Worker>,
    levels: Vec<Level>,
}

/// A point on its way up the pyramid.
#[derive(Clone, Debug)]
struct Worker {
    climber: Climber,
    step: Step,
    origin: Origin,
    /// Whether the level has made it better.
    is_better: bool,
}

/// Where a worker begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Origin {
    Random,
    /// At the best with two values exchanged, or two or three changed, and climbs only if that is better: in a knapsack
    /// one thing must leave for another.
    Beside,
}

/// What a worker does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    /// Asks what its point costs.
    Enter,
    Climb,
    /// Mixes with a level; the group comes next.
    Mix {
        level: usize,
        group: usize,
    },
    /// Begins anew.
    Over,
}

impl Combinatorial {
    pub(crate) fn new(problem: &Problem, rng: Rng) -> Self {
        let axes = Arc::clone(&problem.axes);
        let free: Vec<usize> = (0..axes.len()).filter(|&i| !axes[i].is_fixed()).collect();
        let row: Vec<f64> = axes.iter().map(|axis| axis.at_unit(0.5)).collect();
        let share = |most: u64, each: u64| {
            let rows = problem.budget.map_or(most, |budget| budget / each);
            rows.clamp(1, most) as usize
        };
        let worker = |index| Worker {
            climber: Climber::new(&row, &free, 1),
            step: Step::Over,
            origin: match index {
                _ if index < BESIDE => Origin::Beside,
                _ => Origin::Random,
            },
            is_better: false,
        };
        Self {
            drawn: share(DRAWN, PER_DRAWN),
            turn: Turn::Begin,
            best_key: Key::WORST,
            elite: Points::new(axes.len(), 1, ELITE),
            first: Climber::new(&row, &free, share(WIDTH, PER_WIDTH)),
            workers: (0..WORKERS).map(worker).collect(),
            levels: Vec::new(),
            initial: problem.initial.clone(),
            best: row,
            free,
            axes,
            rng,
        }
    }

    fn ask_begin(&mut self, batch: &mut Points) {
        self.initial.iter().for_each(|genes| batch.push(genes));
        let drawn = if batch.is_empty() { self.drawn } else { 0 };
        for _ in 0..drawn {
            batch.push_with(self.axes.iter().map(|axis| axis.sample(&mut self.rng)));
        }
    }

    fn ask_worker(&mut self, index: usize, batch: &mut Points) {
        let mut worker = std::mem::replace(&mut self.workers[index], Worker::none());
        loop {
            match worker.step {
                Step::Over => self.restart(&mut worker),
                Step::Enter => {
                    batch.push(&worker.climber.row);
                    break;
                }
                Step::Climb if worker.climber.is_over() => self.arrive(&mut worker),
                Step::Climb => {
                    worker.climber.ask(&self.axes, &mut self.rng, batch);
                    break;
                }
                Step::Mix { level, group } => {
                    if self.ask_mixed(&mut worker, level, group, batch) {
                        break;
                    }
                }
            }
        }
        self.workers[index] = worker;
    }

    fn restart(&mut self, worker: &mut Worker) {
        let (rng, row) = (&mut self.rng, &mut worker.climber.row);
        if worker.origin == Origin::Random {
            let genes = self.axes.iter().map(|axis| axis.sample(rng));
            row.iter_mut()
                .zip(genes)
                .for_each(|(gene, drawn)| *gene = drawn);
        } else {
            row.copy_from_slice(&self.best);
            let is_done = rng.coin() && exchange(&self.axes, &self.free, row, rng);
            let most = if is_done { 0 } else { 2 + rng.below(2) };
            for _ in 0..most {
                let axis = self.free[rng.below(self.free.len() as u64) as usize];
                mutate_gene(Index::default(), &self.axes[axis], &mut row[axis], rng);
            }
        }
        worker.step = Step::Enter;
    }

    /// The worker has climbed: joins the lowest level, and mixes with it.
    fn arrive(&mut self, worker: &mut Worker) {
        if worker.origin != Origin::Random {
            worker.step = Step::Over;
            return;
        }
        self.join(0, &worker.climber.row);
        self.enter(worker, 0);
    }

    fn join(&mut self, level: usize, row: &[f64]) {
        if self.levels.len() == level {
            self.levels.push(Level::new(row.len()));
        }
        if self.levels.iter().all(|level| !level.contains(row)) {
            self.levels[level].push(row);
        }
    }

    fn enter(&mut self, worker: &mut Worker, level: usize) {
        worker.is_better = false;
        worker.step = if level < self.levels.len() {
            self.levels[level].learn(&self.free, &mut self.rng);
            Step::Mix { level, group: 0 }
        } else {
            Step::Over
        };
    }

    /// Asks the worker's point with the values of another one in the next group where they differ; false if there is no
    /// such group.
    fn ask_mixed(
        &mut self,
        worker: &mut Worker,
        level: usize,
        group: usize,
        batch: &mut Points,
    ) -> bool {
        let row = &worker.climber.row;
        for group in group..self.levels[level].groups() {
            if self.levels[level].mix(group, row, &mut self.rng, batch) {
                worker.step = Step::Mix {
                    level,
                    group: group + 1,
                };
                return true;
            }
        }
        if worker.is_better {
            self.join(level + 1, row);
        }
        self.enter(worker, level + 1);
        false
    }

    fn tell_workers(&mut self, batch: &Points, before: Key) {
        let mut row = 0;
        for worker in &mut self.workers {
            row += worker.tell(batch, row, before, &mut self.rng);
        }
    }

    /// Remembers the best rows.
    fn note(&mut self, batch: &Points) {
        for row in 0..batch.len() {
            let key = Key::of(batch, row);
            // What is as good takes its place, so that plateaus are crossed.
            if key <= self.best_key {
                self.best_key = key;
                self.best.copy_from_slice(batch.row(row));
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
        let key = |row| Key::of(&self.elite, row);
        let worst = (1..ELITE).fold(
            0,
            |worst, row| if key(worst) < key(row) { row } else { worst },
        );
        if Key::of(batch, row) < key(worst) {
            self.elite.replace(worst, batch, row);
        }
    }

    fn begin_climb(&mut self) {
        if self.best_key.is_failure() {
            self.turn = Turn::Workers;
            return;
        }
        self.first.row.copy_from_slice(&self.best);
        self.first.begin(self.best_key, &mut self.rng);
        self.turn = Turn::Climb;
    }
}

/// Exchanges the values of two axes that have the same bounds; false if none were found.
fn exchange(axes: &[Axis], free: &[usize], row: &mut [f64], rng: &mut Rng) -> bool {
    let mut draw = || free[rng.below(free.len() as u64) as usize];
    let first = draw();
    for _ in 0..PARTNERS {
        let second = draw();
        let is_alike = axes[first].from == axes[second].from && axes[first].to == axes[second].to;
        if is_alike && row[first] != row[second] {
            row.swap(first, second);
            return true;
        }
    }
    false
}

impl Worker {
    /// What stands in a worker's place while it is being worked on.
    fn none() -> Self {
        Self {
            climber: Climber::new(&[], &[], 1),
            step: Step::Over,
            origin: Origin::Random,
            is_better: false,
        }
    }

    /// Takes its rows; returns how many they were. The best was `best` before.
    fn tell(&mut self, batch: &Points, row: usize, best: Key, rng: &mut Rng) -> usize {
        match self.step {
            Step::Climb => self.climber.tell(batch, row),
            Step::Mix { .. } => {
                let key = Key::of(batch, row);
                if key <= self.climber.key {
                    self.is_better |= key < self.climber.key;
                    self.climber.row.copy_from_slice(batch.row(row));
                    self.climber.key = key;
                }
                1
            }
            Step::Enter | Step::Over => {
                let key = Key::of(batch, row);
                self.climber.begin(key, rng);
                // Where evaluations fail there is nothing to climb by.
                let is_vain = self.origin == Origin::Beside && key >= best;
                self.step = if key.is_failure() || is_vain {
                    Step::Over
                } else {
                    Step::Climb
                };
                1
            }
        }
    }
}

impl Engine for Combinatorial {
    fn ask(&mut self, batch: &mut Points) {
        if self.free.is_empty() {
            batch.push(&self.best);
            return;
        }
        if self.turn == Turn::Climb && self.first.is_over() {
            let row = std::mem::take(&mut self.first.row);
            self.join(0, &row);
            self.turn = Turn::Workers;
        }
        match self.turn {
            Turn::Begin => self.ask_begin(batch),
            Turn::Climb => self.first.ask(&self.axes, &mut self.rng, batch),
            Turn::Workers => (0..WORKERS).for_each(|index| self.ask_worker(index, batch)),
        }
    }

    fn tell(&mut self, batch: &Points) {
        let before = self.best_key;
        self.note(batch);
        if self.free.is_empty() {
            return;
        }
        match self.turn {
            Turn::Begin => self.begin_climb(),
            Turn::Climb if batch.len() >= self.first.asked() => {
                self.first.tell(batch, 0);
            }
            Turn::Workers if batch.len() >= self.asked() => self.tell_workers(batch, before),
            // The search ends within this batch.
            _ => {}
        }
    }

    fn immigrate(&mut self, arrivals: &Points) {
        let before = self.best_key;
        self.note(arrivals);
        if self.best_key < before && self.turn == Turn::Climb {
            self.begin_climb();
        }
    }

    fn members(&self) -> Option<&Points> {
        Some(&self.elite)
    }
}

impl Combinatorial {
    /// The rows that all workers asked.
    fn asked(&self) -> usize {
        let rows = self.workers.iter().map(|worker| match worker.step {
            Step::Climb => worker.climber.asked(),
            _ => 1,
        });
        rows.sum()
    }
}
