//! Ten thousand evaluations of the sphere by a genetic algorithm: ours beside pymoo's, where Python has it.

use autoexec_benches::{Clock, Harness, bench_main};
use autoexec_evolutionary_optimizer::{
    Algorithm, Candidate, GeneticOptions, Options, Outcome, Space, Stop, Value, optimize,
};
use autoexec_peers::Python;

bench_main!(search);

const EVALUATIONS: u64 = 10_000;
/// As many as the script has.
const POPULATION: usize = 100;
/// Searches with pymoo, and times itself.
const SCRIPT: &str = "pymoo_search.py";

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
        let Some(python) = Python::with("pymoo") else {
            eprintln!(
                "peers/search-{EVALUATIONS}/pymoo is absent: {} has no pymoo",
                Python::program()
            );
            return;
        };
        let mut peer = None;
        group.bench_function("pymoo", |b| {
            let start = || python.start(SCRIPT, &[&EVALUATIONS.to_string()]);
            let peer = peer.get_or_insert_with(start);
            b.iter_custom(|rounds| peer.turn(rounds));
        });
    });
}
