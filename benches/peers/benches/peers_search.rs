//! Ten thousand evaluations by a genetic algorithm, of the sphere and of ZDT1: ours beside pymoo's, where Python has it.

use autoexec_benches::{Clock, Group, Harness, bench_main};
use autoexec_evolutionary_optimizer::{
    Algorithm, Candidate, GeneticOptions, Goal, Options, Outcome, Space, Stop, Value, optimize,
};
use autoexec_peers::Python;

bench_main!(search);

const EVALUATIONS: u64 = 10_000;
/// As many as the script has.
const POPULATION: usize = 100;
/// Searches with pymoo, and times itself.
const SCRIPT: &str = "pymoo_search.py";
/// Likewise, for two objectives.
const FRONTS_SCRIPT: &str = "pymoo_fronts.py";

fn sphere(candidate: &Candidate) -> f64 {
    let squares = candidate.values().iter().map(|value| match *value {
        Value::Real(x) => x * x,
        _ => f64::NAN,
    });
    squares.sum()
}

fn space() -> Space {
    let reals = (0..10).fold(Space::new(), |space, n| {
        space.real(format!("x{n}"), -5.0..=5.0)
    });
    reals.build().expect("because the bounds are in order")
}

fn options() -> Options {
    Options {
        seed: 1,
        algorithm: Algorithm::Genetic(GeneticOptions {
            population: POPULATION,
            ..GeneticOptions::default()
        }),
        evaluations: Some(EVALUATIONS),
        ..Options::default()
    }
}

/// What the script asserts too: all was spent, and to some effect.
fn check(outcome: &Outcome) {
    assert_eq!(outcome.stop, Stop::Evaluations);
    assert_eq!(outcome.evaluations, EVALUATIONS);
    assert!(outcome.value < 0.1, "the best is {}", outcome.value);
}

fn search(harness: &mut Harness<'_>) {
    harness.group(format!("peers/search-{EVALUATIONS}"), |group| {
        // numpy may use threads of its own.
        group.decided_by(Clock::Process);
        let (space, options) = (space(), options());
        let run = || optimize(&space, &options, sphere).expect("because the options are in range");
        check(&run());
        let candidates = space.sample(1, EVALUATIONS as usize);
        group.bench_function("floor", |b| {
            b.iter(|| candidates.iter().map(sphere).fold(f64::INFINITY, f64::min));
        });
        group.bench_function("ours", |b| b.iter(run));
        beside(group, SCRIPT);
    });
    harness.group(format!("peers/fronts-{EVALUATIONS}"), |group| {
        group.decided_by(Clock::Process);
        let reals = (0..30).fold(Space::new(), |space, n| {
            space.real(format!("x{n}"), 0.0..=1.0)
        });
        let space = reals.build().expect("because the bounds are in order");
        let candidates = space.sample(1, EVALUATIONS as usize);
        group.bench_function("floor", |b| {
            b.iter(|| {
                candidates
                    .iter()
                    .map(|it| zdt1(it)[1])
                    .fold(f64::INFINITY, f64::min)
            });
        });
        for (name, algorithm) in [("ours, nsga2", "nsga2"), ("ours, auto", "auto")] {
            let options = Options {
                algorithm: algorithm.parse().expect("because the name is known"),
                goals: vec![Goal::Minimize; 2],
                ..options()
            };
            let run =
                || optimize(&space, &options, zdt1).expect("because the options are in range");
            let outcome = run();
            let worst = outcome
                .front
                .iter()
                .map(|it| it.objectives[1])
                .fold(0.0, f64::max);
            assert!(worst < 2.0 && outcome.evaluations == EVALUATIONS, "{worst}");
            group.bench_function(name, |b| b.iter(run));
        }
        beside(group, FRONTS_SCRIPT);
    });
}

/// A script of pymoo's, where Python has it.
fn beside(group: &mut Group<'_, '_>, script: &str) {
    let Some(python) = Python::with("pymoo") else {
        eprintln!("pymoo is absent: {} has no pymoo", Python::program());
        return;
    };
    let mut peer = None;
    group.bench_function("pymoo", |b| {
        let start = || python.start(script, &[&EVALUATIONS.to_string()]);
        let peer = peer.get_or_insert_with(start);
        b.iter_custom(|rounds| peer.turn(rounds));
    });
}

/// Two objectives that pull apart.
fn zdt1(candidate: &Candidate) -> [f64; 2] {
    let x = |value: &Value| match *value {
        Value::Real(x) => x,
        _ => f64::NAN,
    };
    let values = candidate.values();
    let rest: f64 = values[1..].iter().map(x).sum();
    let g = 1.0 + 9.0 * rest / (values.len() - 1) as f64;
    let first = x(&values[0]);
    [first, g * (1.0 - (first / g).sqrt())]
}
