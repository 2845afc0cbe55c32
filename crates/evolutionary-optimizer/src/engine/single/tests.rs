//! What holds for every method for one objective, over seeds and random spaces.

use crate::engine::single::trials::functions::Function;
use crate::engine::single::trials::{cube, make, problem, run};
use crate::engine::{Points, Problem};
use crate::rng::Rng;
use crate::space::Parameter;

const METHODS: [&str; 3] = ["cma", "shade", "auto"];

fn successes(method: &str, name: &'static str, half: f64, rotated: bool, budget: u64) -> u64 {
    let solves = |&seed: &u64| {
        let function = Function::new(name, half, rotated, 10, seed);
        let problem = cube(half, 10, Some(budget));
        let mut engine = make(method, &problem, seed);
        let (_, best, _) = run(&mut *engine, &problem, budget, 1e-8, &mut |x| {
            (function.value(x), 0.0)
        });
        best <= 1e-8
    };
    (0..11).filter(solves).count() as u64
}

#[test]
fn cma_solves_what_has_one_valley() {
    assert_eq!(successes("cma", "sphere", 5.0, false, 1_900), 11);
    assert_eq!(successes("cma", "ellipsoid", 5.0, true, 5_800), 11);
    assert_eq!(successes("cma", "rosenbrock", 5.0, true, 14_000), 11);
    assert_eq!(successes("cma", "ackley", 32.768, true, 3_700), 11);
}

#[test]
fn shade_solves_what_has_many_valleys() {
    assert_eq!(successes("shade", "rastrigin", 5.12, false, 48_000), 11);
    assert_eq!(successes("shade", "schwefel", 500.0, false, 48_000), 11);
}

/// A portfolio must be far better than any of its parts where it knows how to be.
#[test]
fn auto_solves_all_and_sums_and_smooth_functions_at_once() {
    assert_eq!(successes("auto", "sphere", 5.0, false, 80), 11);
    assert_eq!(successes("auto", "ellipsoid", 5.0, true, 900), 11);
    assert_eq!(successes("auto", "rosenbrock", 5.0, true, 4_000), 11);
    assert_eq!(successes("auto", "ackley", 32.768, false, 3_500), 11);
    assert_eq!(successes("auto", "rastrigin", 5.12, false, 1_100), 11);
    assert_eq!(successes("auto", "schwefel", 500.0, false, 1_100), 11);
    assert_eq!(successes("auto", "rastrigin", 5.12, true, 89_000), 11);
}

fn random_space(rng: &mut Rng) -> Vec<Parameter> {
    let axis = |rng: &mut Rng| match rng.below(8) {
        0 => Parameter::Boolean,
        1 => Parameter::Categorical {
            choices: 1 + rng.below(6) as usize,
        },
        2 => Parameter::Integer {
            low: -3,
            high: -3 + rng.below(40) as i64,
            log: false,
        },
        3 => Parameter::Integer {
            low: 1,
            high: 1 + rng.below(5000) as i64,
            log: true,
        },
        4 => Parameter::Real {
            low: 1e-5,
            high: 1e-5 + rng.unit(),
            log: true,
        },
        5 => Parameter::Real {
            low: 2.5,
            high: 2.5,
            log: false,
        },
        _ => Parameter::Real {
            low: -3.0,
            high: 5.0,
            log: false,
        },
    };
    (0..1 + rng.below(7)).map(|_| axis(rng)).collect()
}

/// A cost from the genes, of one of several characters.
fn cost(character: u64, genes: &[f64], draw: f64) -> (f64, f64) {
    let sum: f64 = genes.iter().map(|g| (g - 0.3) * (g - 0.3)).sum();
    match character {
        0 => (sum, 0.0),
        1 => (f64::INFINITY, f64::INFINITY),
        2 => (7.0, 0.0),
        3 if draw < 0.5 => (f64::INFINITY, 0.0),
        4 => (sum, (genes[0] - 0.5).max(0.0)),
        5 => (sum.floor(), 1.0 + draw),
        6 => (-1e300 * draw, 0.0),
        _ => (sum * (1.0 + draw), 0.0),
    }
}

fn check_rows(problem: &Problem, batch: &Points) {
    for row in 0..batch.len() {
        for (axis, &gene) in problem.axes.iter().zip(batch.row(row)) {
            assert!(
                (axis.from..=axis.to).contains(&axis.coordinate(gene)),
                "{gene} on {axis:?}"
            );
            let is_real = matches!(
                axis.kind,
                crate::axis::Kind::Real | crate::axis::Kind::LogReal
            );
            assert!(is_real || gene == gene.floor(), "{gene} on {axis:?}");
        }
    }
}

/// The rows that were asked, all in one.
fn rows(method: &str, problem: &Problem, character: u64, seed: u64, budget: usize) -> Vec<f64> {
    let mut engine = make(method, problem, seed);
    let mut draws = Rng::new(seed);
    let (mut all, mut batch) = (Vec::new(), Points::new(problem.axes.len(), 1, 10));
    batch = batch.with_constraints(problem.constraints);
    while all.len() < budget * problem.axes.len() {
        batch.clear();
        engine.ask(&mut batch);
        assert!(!batch.is_empty());
        check_rows(problem, &batch);
        for row in 0..batch.len() {
            all.extend_from_slice(batch.row(row));
            let (cost, violation) = cost(character, batch.row(row), draws.unit());
            let violation = if problem.constraints > 0 {
                violation
            } else {
                0.0
            };
            batch.set(row, &[cost], violation);
            batch.set_constraints(row, &vec![violation; problem.constraints]);
        }
        engine.tell(&batch);
        if draws.chance(0.05) {
            engine.immigrate(&batch);
        }
        if let Some(members) = engine.members() {
            check_rows(problem, members);
        }
    }
    all
}

#[test]
fn rows_are_within_bounds_and_the_same_seed_asks_the_same() {
    let mut rng = Rng::new(5);
    for case in 0..160 {
        let mut problem = problem(&random_space(&mut rng), None);
        let character = case % 8;
        problem.constraints = usize::from(character == 4 || character == 5);
        problem.is_noisy = rng.coin();
        problem.budget = rng.coin().then(|| 1 + rng.below(3000));
        for _ in 0..rng.below(3) {
            let genes = problem
                .axes
                .iter()
                .map(|axis| axis.sample(&mut rng))
                .collect();
            problem.initial.push(genes);
        }
        for method in METHODS {
            let once = rows(method, &problem, character, case, 600);
            assert!(
                once == rows(method, &problem, character, case, 600),
                "{method} {case}"
            );
            assert!(once.iter().all(|gene| gene.is_finite()));
        }
    }
}

#[test]
fn initial_points_are_asked_first() {
    let mut problem = cube(5.0, 3, None);
    problem.initial = vec![vec![1.0, 2.0, 3.0], vec![-1.0, 0.5, 4.0]];
    for method in METHODS {
        let mut batch = Points::new(3, 1, 10);
        make(method, &problem, 1).ask(&mut batch);
        for (row, genes) in problem.initial.iter().enumerate() {
            let near = batch
                .row(row)
                .iter()
                .zip(genes)
                .all(|(a, b)| (a - b).abs() < 1e-12);
            assert!(near, "{method}: {:?}", batch.row(row));
        }
    }
}

/// How many of 20 seeds find a feasible cost of at most `target`.
fn reach(method: &str, problem: &Problem, target: f64, f: &dyn Fn(&[f64]) -> (f64, f64)) -> usize {
    let budget = problem.budget.expect("a budget");
    let reaches = |&seed: &u64| {
        let mut engine = make(method, problem, seed);
        run(&mut *engine, problem, budget, target, &mut |x| f(x)).1 <= target
    };
    (0..20).filter(reaches).count()
}

#[test]
fn integers_and_choices_are_solved_together_with_reals() {
    let real = Parameter::Real {
        low: -5.0,
        high: 5.0,
        log: false,
    };
    let integer = Parameter::Integer {
        low: -10,
        high: 10,
        log: false,
    };
    let choice = Parameter::Categorical { choices: 5 };
    let space = [
        real.clone(),
        real,
        integer.clone(),
        integer,
        choice,
        Parameter::Boolean,
    ];
    let problem = problem(&space, Some(4_000));
    let target = [1.7, -2.2, 3.0, -7.0, 4.0, 1.0];
    let f = |x: &[f64]| {
        let numbers: f64 = (0..4)
            .map(|i| (x[i] - target[i]) * (x[i] - target[i]))
            .sum();
        let coupled = (x[0] - target[0] + x[2] - target[2]).abs();
        let wrong = f64::from(u8::from(x[4] != target[4])) + f64::from(u8::from(x[5] != target[5]));
        (numbers + coupled + wrong, 0.0)
    };
    for method in METHODS {
        let reached = reach(method, &problem, 1e-6, &f);
        assert!(reached >= 19, "{method}: {reached}");
    }
}

#[test]
fn an_optimum_on_a_constraint_is_reached() {
    let mut problem = cube(5.0, 5, Some(10_000));
    problem.constraints = 1;
    // The least sum of squares with a sum of at least 5 is at 1, 1, …
    let f = |x: &[f64]| {
        let (sum, squares) = (x.iter().sum::<f64>(), x.iter().map(|x| x * x).sum::<f64>());
        (squares, (5.0 - sum).max(0.0))
    };
    for method in METHODS {
        assert_eq!(reach(method, &problem, 5.0 + 1e-4, &f), 20, "{method}");
    }
}

#[test]
fn an_optimum_on_a_bound_is_reached() {
    let problem = cube(5.0, 4, Some(6_000));
    let f = |x: &[f64]| {
        (
            x.iter().map(|x| (x - 7.0) * (x - 7.0)).sum::<f64>() - 16.0,
            0.0,
        )
    };
    for method in METHODS {
        assert_eq!(reach(method, &problem, 1e-8, &f), 20, "{method}");
    }
}

/// Numbers of 2, 4, 8 and 16 values, and real ones: two of each.
fn mixed_numbers() -> Vec<Parameter> {
    let integer = |values: i64| Parameter::Integer {
        low: 0,
        high: values - 1,
        log: false,
    };
    let real = Parameter::Real {
        low: -5.0,
        high: 5.0,
        log: false,
    };
    let axes = [integer(2), integer(4), integer(8), integer(16), real];
    axes.iter()
        .flat_map(|axis| [axis.clone(), axis.clone()])
        .collect()
}

/// The most evaluations that a seed needs for sums of squares with these weights, from the first axis to the last.
fn most_evaluations(weights: f64) -> u64 {
    let problem = problem(&mixed_numbers(), Some(500));
    let spent = (0..20).map(|seed| {
        let mut rng = Rng::new(1000 + seed);
        let optimum: Vec<f64> = problem
            .axes
            .iter()
            .map(|axis| axis.sample(&mut rng))
            .collect();
        let mut engine = make("auto", &problem, seed);
        let f = &mut |x: &[f64]| {
            let terms = x.iter().zip(&optimum).enumerate();
            let sum = terms.map(|(i, (x, at))| weights.powf(i as f64 / 9.0) * (x - at) * (x - at));
            (sum.sum(), 0.0)
        };
        run(&mut *engine, &problem, 500, 1e-8, f).0
    });
    spent.max().expect("because there are seeds")
}

#[test]
fn smooth_functions_of_mixed_numbers_take_few_evaluations() {
    let (sphere, ellipsoid) = (most_evaluations(1.0), most_evaluations(1e6));
    assert!(sphere <= 65 && ellipsoid <= 65, "{sphere} {ellipsoid}");
}

/// A large first generation of L-SHADE waits until it is a small part of what was spent.
#[test]
fn small_budgets_of_mixed_spaces_have_no_large_generations() {
    let mut problem = problem(&mixed_numbers(), None);
    problem.constraints = 1;
    let mut engine = make("auto", &problem, 3);
    let (mut batch, mut spent) = (Points::new(10, 1, 10), 0);
    while spent < 500 {
        batch.clear();
        engine.ask(&mut batch);
        assert!(batch.len() <= 20, "{} after {spent}", batch.len());
        for row in 0..batch.len() {
            let sum = batch.row(row).iter().sum();
            batch.set(row, &[sum], 0.0);
        }
        spent += batch.len();
        engine.tell(&batch);
    }
}
