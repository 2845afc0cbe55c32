//! The genetic algorithm around an objective that costs nothing.

use autoexec_evolutionary_optimizer::{
    Algorithm, Candidate, GeneticOptions, Islands, Options, Space, Value, optimize,
};

use crate::run::{Run, Scenario};

pub(super) const SCENARIOS: &[Scenario] = &[
    Scenario {
        id: "evolutionary-optimizer/one-population",
        times: 3,
        does: "spends a thousand evaluations on one population",
        run: one,
    },
    Scenario {
        id: "evolutionary-optimizer/islands",
        times: 3,
        does: "spends a thousand evaluations on four islands in one thread",
        run: islands,
    },
];

fn sphere(candidate: &Candidate) -> f64 {
    let squares = candidate.values().iter().map(|value| match *value {
        Value::Real(x) => x * x,
        _ => f64::NAN,
    });
    squares.sum()
}

fn one(run: &mut Run) {
    search(run, None);
}

fn islands(run: &mut Run) {
    search(run, Some(Islands::default()));
}

fn search(run: &mut Run, islands: Option<Islands>) {
    let space = (0..10)
        .fold(Space::new(), |space, n| {
            space.real(format!("x{n}"), -5.0..=5.0)
        })
        .build()
        .expect("because the bounds are in order");
    let (mut evaluations, mut generations) = (0, 0);
    run.repeat(|time| {
        let options = Options {
            algorithm: Algorithm::Genetic(GeneticOptions::default()),
            seed: time,
            evaluations: Some(1_000),
            threads: 1,
            islands: islands.clone(),
            ..Options::default()
        };
        let outcome = optimize(&space, &options, sphere).expect("because the options are in range");
        assert!(outcome.value < 30.0, "worse than a guess");
        evaluations += outcome.evaluations;
        generations += u64::from(outcome.generations);
    });
    run.count("evaluations", evaluations);
    run.count("generations", generations);
}
