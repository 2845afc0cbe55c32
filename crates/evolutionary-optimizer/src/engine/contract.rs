//! What every method for several objectives must bear, whatever it finds.

use super::experiment::engines;
use super::{Engine, Points, Problem};
use crate::axis::{Axis, Kind};
use crate::rng::Rng;
use crate::space::Parameter;

/// Genes in, costs out; returns the violation.
type Function = dyn Fn(&[f64], &mut [f64]) -> f64;

fn problem(parameters: &[Parameter], objectives: usize) -> Problem {
    Problem {
        axes: parameters.iter().map(Axis::new).collect(),
        objectives,
        constraints: 0,
        budget: None,
        is_noisy: false,
        initial: Vec::new(),
    }
}

fn all_kinds() -> Vec<Parameter> {
    let real = |low, high, log| Parameter::Real { low, high, log };
    let integer = |low, high, log| Parameter::Integer { low, high, log };
    vec![
        real(-2.0, 3.0, false),
        real(1e-3, 10.0, true),
        integer(-5, 5, false),
        integer(1, 64, true),
        Parameter::Categorical { choices: 4 },
        Parameter::Boolean,
        real(2.0, 2.0, false),
        integer(7, 7, true),
        Parameter::Categorical { choices: 1 },
    ]
}

fn check_genes(axes: &[Axis], genes: &[f64]) {
    for (axis, &gene) in axes.iter().zip(genes) {
        let is_real = matches!(axis.kind, Kind::Real | Kind::LogReal);
        let is_within = match axis.kind {
            Kind::LogInteger => (axis.from..=axis.to).contains(&axis.coordinate(gene)),
            _ => (axis.from..=axis.to).contains(&gene),
        };
        assert!(
            is_within && (is_real || gene.fract() == 0.0),
            "{gene} of {axis:?}"
        );
    }
}

/// Runs an engine, and returns all it asked.
fn drive(engine: &mut dyn Engine, problem: &Problem, budget: usize, costs: &Function) -> Vec<f64> {
    let mut batch = Points::new(problem.axes.len(), problem.objectives, 0)
        .with_constraints(problem.constraints);
    let mut row_costs = vec![0.0; problem.objectives];
    let (mut asked, mut left) = (Vec::new(), budget);
    while left > 0 {
        batch.clear();
        engine.ask(&mut batch);
        assert!(!batch.is_empty(), "a generation has a row");
        batch.truncate(batch.len().min(left));
        left -= batch.len();
        for row in 0..batch.len() {
            check_genes(&problem.axes, batch.row(row));
            asked.extend_from_slice(batch.row(row));
            let violation = costs(batch.row(row), &mut row_costs);
            batch.set(row, &row_costs, violation);
            batch.set_constraints(row, &vec![violation; problem.constraints]);
        }
        engine.tell(&batch);
    }
    asked
}

/// Distances to as many corners as there are objectives.
fn corners(genes: &[f64], costs: &mut [f64]) -> f64 {
    for (objective, cost) in costs.iter_mut().enumerate() {
        let gaps = genes.iter().enumerate().map(|(i, gene)| {
            let gap = gene - f64::from(u8::from(i % (objective + 2) == 0));
            gap * gap
        });
        *cost = gaps.sum();
    }
    0.0
}

#[test]
fn all_kinds_of_parameters_and_numbers_of_objectives() {
    for (name, make) in engines() {
        for objectives in 1..=10 {
            let problem = problem(&all_kinds(), objectives);
            let mut engine = make(&problem, Rng::new(1));
            let asked = drive(engine.as_mut(), &problem, 700, &corners);
            assert_eq!(asked.len(), 700 * 9, "{name}");
        }
    }
}

#[test]
fn small_budgets_and_small_spaces() {
    let spaces = [
        vec![Parameter::Boolean],
        vec![Parameter::Real {
            low: 0.0,
            high: 1.0,
            log: false,
        }],
        vec![Parameter::Categorical { choices: 1 }],
    ];
    for (_, make) in engines() {
        for space in &spaces {
            for budget in (1..=20).chain([300]) {
                let mut problem = problem(space, 2);
                problem.budget = Some(budget);
                let mut engine = make(&problem, Rng::new(budget));
                drive(engine.as_mut(), &problem, budget as usize, &corners);
            }
        }
    }
}

#[test]
fn evaluations_that_fail_or_violate() {
    let fails = |_: &[f64], costs: &mut [f64]| {
        costs.fill(f64::INFINITY);
        0.0
    };
    let fails_often = |genes: &[f64], costs: &mut [f64]| {
        corners(genes, costs);
        if genes[0] < 1.0 {
            costs.fill(f64::INFINITY);
        }
        0.0
    };
    let violates = |genes: &[f64], costs: &mut [f64]| {
        corners(genes, costs);
        (genes[0] - 2.0).abs()
    };
    let equal = |_: &[f64], costs: &mut [f64]| {
        costs.fill(1.0);
        0.0
    };
    let functions: [&Function; 4] = [&fails, &fails_often, &violates, &equal];
    for (_, make) in engines() {
        for objectives in [1, 2, 3, 5] {
            for function in functions {
                let mut problem = problem(&all_kinds(), objectives);
                problem.constraints = 1;
                let mut engine = make(&problem, Rng::new(1));
                drive(engine.as_mut(), &problem, 600, function);
            }
        }
    }
}

#[test]
fn the_same_stream_asks_the_same() {
    for (name, make) in engines() {
        let problem = problem(&all_kinds(), 2);
        let run = |seed| {
            drive(
                make(&problem, Rng::new(seed)).as_mut(),
                &problem,
                1000,
                &corners,
            )
        };
        assert!(run(5) == run(5), "{name}");
        assert!(run(5) != run(6), "{name}");
    }
}

#[test]
fn what_the_user_wants_first_comes_first_and_migrants_are_taken_in() {
    for (name, make) in engines() {
        let mut problem = problem(&all_kinds(), 2);
        let wish = vec![1.0, 0.0, 2.0, 9.0, 3.0, 1.0, 2.0, 7.0, 0.0];
        problem.initial = vec![wish.clone(); 2];
        let mut engine = make(&problem, Rng::new(1));
        // Before anything was told, and after.
        let mut migrants = Points::new(9, 2, 1);
        migrants.push(&wish);
        migrants.set(0, &[-1.0, -1.0], 0.0);
        for _ in 0..2 {
            engine.immigrate(&migrants);
            let asked = drive(engine.as_mut(), &problem, 300, &corners);
            assert!(!asked.is_empty(), "{name}");
        }
        let members = engine.members().expect("they have populations");
        assert!(
            (0..members.len()).any(|row| members.costs(row) == [-1.0, -1.0]),
            "{name}"
        );
        let mut engine = make(&problem, Rng::new(1));
        let asked = drive(engine.as_mut(), &problem, 300, &corners);
        assert_eq!(asked[..9], wish, "{name}");
        let mut engine = make(&problem, Rng::new(1));
        engine.immigrate(&migrants);
        let asked = drive(engine.as_mut(), &problem, 300, &corners);
        assert_eq!(asked[..9], wish, "{name} with migrants before");
    }
}
