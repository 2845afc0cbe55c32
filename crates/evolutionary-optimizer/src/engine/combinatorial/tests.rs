use super::*;
use crate::space::Parameter;

fn problem(parameters: &[Parameter], budget: Option<u64>) -> Problem {
    Problem {
        axes: parameters.iter().map(Axis::new).collect(),
        objectives: 1,
        constraints: 0,
        budget,
        is_noisy: false,
        initial: Vec::new(),
    }
}

fn switches(count: usize) -> Vec<Parameter> {
    vec![Parameter::Boolean; count]
}

/// Costs and violations by genes.
type Function<'a> = &'a dyn Fn(&[f64]) -> (f64, f64);

/// The best feasible cost of so many rows, and all that was asked.
fn run(problem: &Problem, rows: usize, seed: u64, f: Function<'_>) -> (f64, Vec<f64>) {
    let mut engine = Combinatorial::new(problem, Rng::new(seed));
    let mut batch = Points::new(problem.axes.len(), 1, 0);
    let (mut best, mut asked, mut left) = (f64::INFINITY, Vec::new(), rows);
    while left > 0 {
        batch.clear();
        engine.ask(&mut batch);
        assert!(!batch.is_empty(), "a generation has a row");
        batch.truncate(batch.len().min(left));
        left -= batch.len();
        for row in 0..batch.len() {
            for (axis, &gene) in problem.axes.iter().zip(batch.row(row)) {
                assert!(gene.fract() == 0.0 && axis.at_unit(0.0) <= gene);
                assert!(gene <= axis.at_unit(1.0), "{gene} of {axis:?}");
            }
            asked.extend_from_slice(batch.row(row));
            let (cost, violation) = f(batch.row(row));
            if violation == 0.0 {
                best = best.min(cost);
            }
            batch.set(row, &[cost], violation);
        }
        engine.tell(&batch);
    }
    (best, asked)
}

/// How many of 20 seeds find a cost of 0.
fn successes(parameters: &[Parameter], rows: usize, f: Function<'_>) -> usize {
    let problem = problem(parameters, Some(rows as u64));
    let solves = |&seed: &u64| run(&problem, rows, seed, f).0 == 0.0;
    (0..20).filter(solves).count()
}

fn zeros(genes: &[f64]) -> (f64, f64) {
    (
        genes.iter().filter(|gene| **gene == 0.0).count() as f64,
        0.0,
    )
}

#[test]
fn sums_take_one_sweep() {
    assert_eq!(successes(&switches(100), 250, &zeros), 20);
    let wrong = |genes: &[f64]| {
        let pairs = genes.iter().enumerate();
        let wrong = pairs.filter(|(at, gene)| **gene != (at * 5 % 8) as f64);
        (wrong.count() as f64, 0.0)
    };
    let choices = vec![Parameter::Categorical { choices: 8 }; 12];
    assert_eq!(successes(&choices, 150, &wrong), 20);
}

/// Climbs alone end in nearly every trap: groups must be found.
#[test]
fn traps_are_passed() {
    let traps = |genes: &[f64]| {
        let trap = |at: usize| match (0..4).map(|bit| genes[at + 6 * bit]).sum::<f64>() {
            4.0 => 0.0,
            ones => 1.0 + ones,
        };
        ((0..6).map(trap).sum(), 0.0)
    };
    let solved = successes(&switches(24), 4000, &traps);
    assert!(solved >= 18, "{solved}");
}

#[test]
fn one_of_two_must_leave_for_the_other() {
    // Exactly half of the switches may be on, and only this half costs nothing.
    let half = |genes: &[f64]| {
        let on: f64 = genes.iter().sum();
        let wrong: f64 = genes[..8].iter().map(|gene| 1.0 - gene).sum();
        (wrong, (on - 8.0).abs())
    };
    let mut problem = problem(&switches(16), Some(2000));
    problem.constraints = 1;
    let solved = (0..20).filter(|&seed| run(&problem, 2000, seed, &half).0 == 0.0);
    let solved = solved.count();
    assert!(solved >= 18, "{solved}");
}

fn all_kinds() -> Vec<Parameter> {
    vec![
        Parameter::Boolean,
        Parameter::Categorical { choices: 1 },
        Parameter::Categorical { choices: 100_000 },
        Parameter::Ordinal { levels: 7 },
        Parameter::Integer {
            low: -1_000_000,
            high: 5,
            log: false,
        },
        Parameter::Integer {
            low: 1,
            high: 4096,
            log: true,
        },
    ]
}

#[test]
fn rows_are_in_the_space_and_the_same_for_a_seed() {
    for character in 0..5 {
        let f = move |genes: &[f64]| match character {
            0 => (f64::INFINITY, 0.0),
            1 => (7.0, 0.0),
            2 if genes[0] == 0.0 => (f64::INFINITY, f64::INFINITY),
            3 => (genes[3], genes[4].abs()),
            _ => (genes.iter().map(|gene| gene.abs()).sum(), 0.0),
        };
        for budget in (1..=20).map(Some).chain([Some(900), None]) {
            let problem = problem(&all_kinds(), budget);
            let rows = budget.unwrap_or(2000) as usize;
            let once = run(&problem, rows, 1, &f).1;
            assert!(once == run(&problem, rows, 1, &f).1, "{character}");
            assert_eq!(once.len(), rows * problem.axes.len());
        }
    }
}

#[test]
fn given_points_come_first() {
    let mut problem = problem(&all_kinds(), None);
    problem.initial = vec![vec![1.0, 0.0, 7.0, 2.0, -3.0, 5.0]];
    let asked = run(&problem, 100, 1, &zeros).1;
    assert_eq!(asked[..6], problem.initial[0]);
}

#[test]
fn a_space_of_one_point_is_asked_for_it() {
    let problem = problem(&[Parameter::Categorical { choices: 1 }], None);
    assert_eq!(run(&problem, 3, 1, &zeros).1, [0.0; 3]);
}
