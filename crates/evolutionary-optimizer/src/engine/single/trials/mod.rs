//! Functions to try methods on, and the tables of what they need.

pub(crate) mod functions;
mod mixed;
mod tables;

use std::sync::Arc;

use crate::axis::Axis;
use crate::engine::single::auto::AutoSingle;
use crate::engine::single::cma::{Cma, CmaOptions};
use crate::engine::single::frame::{Frame, draw};
use crate::engine::single::local::Local;
use crate::engine::single::shade::{Shade, ShadeOptions};
use crate::engine::single::stage::{Rows, Stage};
use crate::engine::{Engine, Points, Problem};
use crate::rng::Rng;
use crate::space::Parameter;

pub(crate) fn problem(parameters: &[Parameter], budget: Option<u64>) -> Problem {
    let axes: Arc<[Axis]> = parameters.iter().map(Axis::new).collect();
    Problem {
        axes,
        objectives: 1,
        constraints: 0,
        budget,
        is_noisy: false,
        initial: Vec::new(),
    }
}

pub(crate) fn cube(half: f64, n: usize, budget: Option<u64>) -> Problem {
    problem(
        &vec![
            Parameter::Real {
                low: -half,
                high: half,
                log: false
            };
            n
        ],
        budget,
    )
}

/// Runs until the budget or the target; the evaluations, the best cost and the number of batches.
pub(crate) fn run(
    engine: &mut dyn Engine,
    problem: &Problem,
    budget: u64,
    target: f64,
    f: &mut dyn FnMut(&[f64]) -> (f64, f64),
) -> (u64, f64, u64) {
    let mut batch = Points::new(problem.axes.len(), 1, 100).with_constraints(problem.constraints);
    let (mut spent, mut best, mut batches) = (0, f64::INFINITY, 0);
    while spent < budget {
        batch.clear();
        engine.ask(&mut batch);
        assert!(!batch.is_empty());
        batch.truncate(batch.len().min((budget - spent) as usize));
        batches += 1;
        for row in 0..batch.len() {
            let (cost, violation) = f(batch.row(row));
            batch.set(row, &[cost], violation);
            batch.set_constraints(row, &vec![violation; problem.constraints]);
            spent += 1;
            if violation <= 0.0 {
                best = best.min(cost);
            }
            if best <= target {
                return (spent, best, batches);
            }
        }
        engine.tell(&batch);
    }
    (spent, best, batches)
}

pub(crate) fn make(method: &str, problem: &Problem, seed: u64) -> Box<dyn Engine> {
    let rng = Rng::new(seed);
    match method {
        "cma" => Box::new(Cma::new(problem, &CmaOptions::default(), rng)),
        "shade" => Box::new(Shade::new(problem, &ShadeOptions::default(), rng)),
        "random" => Box::new(Draws {
            axes: Arc::clone(&problem.axes),
            rng,
        }),
        "local" => {
            let frame = Frame::new(problem);
            let n = frame.len();
            Box::new(Descents {
                frame,
                local: Local::new(n),
                rows: Rows::new(n),
                rng,
                spent: 0,
            })
        }
        "auto" => Box::new(AutoSingle::new(problem, rng)),
        other => panic!("{other}"),
    }
}

/// Descents from random points.
struct Descents {
    frame: Frame,
    local: Local,
    rows: Rows,
    rng: Rng,
    spent: u64,
}

impl Engine for Descents {
    fn ask(&mut self, batch: &mut Points) {
        if self.local.is_over() {
            self.spent = 0;
            let mut x = vec![0.0; self.frame.len()];
            draw(0.7, &mut self.rng, &mut x);
            self.local.begin(&x, f64::INFINITY, 0.05);
        }
        self.rows.clear();
        self.local.ask(&mut self.rows);
        for row in 0..self.rows.len() {
            self.frame.push(self.rows.row(row), batch);
        }
    }

    fn tell(&mut self, batch: &Points) {
        self.spent += batch.len() as u64;
        if batch.len() < self.rows.len() {
            return;
        }
        let costs: Vec<f64> = (0..batch.len()).map(|row| batch.cost(row)).collect();
        self.local.tell(&costs);
    }

    fn immigrate(&mut self, _: &Points) {}

    fn members(&self) -> Option<&Points> {
        None
    }
}

/// Points drawn uniformly.
struct Draws {
    axes: Arc<[Axis]>,
    rng: Rng,
}

impl Engine for Draws {
    fn ask(&mut self, batch: &mut Points) {
        for _ in 0..10 {
            let Self { axes, rng } = self;
            batch.push_with(axes.iter().map(|axis| axis.sample(rng)));
        }
    }

    fn tell(&mut self, _: &Points) {}

    fn immigrate(&mut self, _: &Points) {}

    fn members(&self) -> Option<&Points> {
        None
    }
}
