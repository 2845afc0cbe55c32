//! Test problems with several objectives, and a driver that runs an engine on them as the optimizer does.

mod cases;
mod dtlz;
mod other;
mod uf;
mod wfg;
mod zdt;

pub(crate) use cases::{few_cases, main_cases, many_cases, other_cases};

use super::{Engine, Points, Problem};
use crate::axis::Axis;
use crate::front::{Archive, Sorter, Volume};
use crate::rng::Rng;
use crate::space::Parameter;

/// What is minimised: genes in, costs out; returns the violation.
type Function = fn(&[f64], &mut [f64]) -> f64;

#[derive(Clone)]
pub(crate) struct Case {
    pub(crate) name: &'static str,
    parameters: Vec<Parameter>,
    pub(crate) objectives: usize,
    function: Function,
    is_constrained: bool,
    /// Rows of costs, a fine sample of the true front, and where there is a formula its exact volume.
    front: Vec<f64>,
    low: Vec<f64>,
    high: Vec<f64>,
    volume: f64,
}

fn real(low: f64, high: f64) -> Parameter {
    Parameter::Real {
        low,
        high,
        log: false,
    }
}

impl Case {
    fn new(
        name: &'static str,
        parameters: Vec<Parameter>,
        objectives: usize,
        function: Function,
        front: Vec<f64>,
    ) -> Self {
        let mut case = Self {
            name,
            parameters,
            objectives,
            function,
            is_constrained: false,
            front,
            low: Vec::new(),
            high: Vec::new(),
            volume: 1.0,
        };
        let mut ranks = Vec::new();
        if objectives == 2 && case.front.len() > 4 {
            Sorter::default().sort(&case.front, objectives, &mut ranks);
            let rows = case.front.chunks(objectives).zip(&ranks);
            case.front = rows
                .filter(|(_, rank)| **rank == 0)
                .flat_map(|(row, _)| row.to_vec())
                .collect();
        }
        for objective in 0..objectives {
            let column = || {
                case.front
                    .iter()
                    .skip(objective)
                    .step_by(objectives)
                    .copied()
            };
            let low = column().fold(f64::INFINITY, f64::min);
            let high = column().fold(f64::NEG_INFINITY, f64::max);
            case.low.push(low);
            case.high.push(high);
        }
        case.volume = case.volume_of(&case.front);
        case
    }

    pub(crate) fn problem(&self, budget: u64) -> Problem {
        Problem {
            axes: self.parameters.iter().map(Axis::new).collect(),
            objectives: self.objectives,
            constraints: usize::from(self.is_constrained),
            budget: Some(budget),
            is_noisy: false,
            initial: Vec::new(),
        }
    }

    fn volume_of(&self, costs: &[f64]) -> f64 {
        let scaled: Vec<f64> = costs
            .chunks(self.objectives)
            .flat_map(|row| {
                row.iter()
                    .enumerate()
                    .map(|(i, cost)| (cost - self.low[i]) / (self.high[i] - self.low[i]))
                    .collect::<Vec<_>>()
            })
            .collect();
        Volume::default().of(&scaled, &vec![1.1; self.objectives])
    }

    /// The volume of some costs over that of the true front.
    pub(crate) fn ratio(&self, costs: &[f64]) -> f64 {
        self.volume_of(costs) / self.volume
    }
}

/// The volumes over the true one, of the population and of 100 rows of the archive; and nanoseconds per evaluation besides
/// the function's own.
pub(crate) struct Trial {
    pub(crate) population: f64,
    pub(crate) archive: f64,
    pub(crate) cost: f64,
}

pub(crate) fn run(
    case: &Case,
    budget: u64,
    make: &dyn Fn(&Problem, Rng) -> Box<dyn Engine>,
    seed: u64,
) -> Trial {
    let problem = case.problem(budget);
    let mut engine = make(&problem, Rng::new(seed));
    let mut archive = Archive::new(problem.axes.len(), case.objectives, 100);
    let mut batch = Points::new(problem.axes.len(), case.objectives, 100);
    let mut costs = vec![0.0; case.objectives];
    let (mut left, mut own) = (budget, 0);
    let start = std::time::Instant::now();
    while left > 0 {
        batch.clear();
        engine.ask(&mut batch);
        batch.truncate(batch.len().min(left as usize));
        let begin = std::time::Instant::now();
        for row in 0..batch.len() {
            let violation = (case.function)(batch.row(row), &mut costs);
            batch.set(row, &costs, violation);
        }
        own += begin.elapsed().as_nanos();
        left -= batch.len() as u64;
        engine.tell(&batch);
        archive.insert(&batch);
    }
    let chosen = archive.select(100);
    let cost = (start.elapsed().as_nanos() - own) as f64 / budget as f64;
    let feasible = |points: &Points| -> Vec<f64> {
        (0..points.len())
            .filter(|&row| points.violation(row) == 0.0)
            .flat_map(|row| points.costs(row).to_vec())
            .collect()
    };
    Trial {
        population: engine
            .members()
            .map_or(0.0, |members| case.ratio(&feasible(members))),
        archive: case.ratio(&feasible(&chosen)),
        cost,
    }
}
