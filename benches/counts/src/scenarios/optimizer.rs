//! The genetic algorithm around an objective that costs nothing.

use autoexec_evolutionary_optimizer::{
    Algorithm, Candidate, GeneticOptions, Goal, Islands, Optimizer, Options, Space, Value, optimize,
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
    Scenario {
        id: "evolutionary-optimizer/two-objectives",
        times: 3,
        does: "spends a thousand evaluations on two objectives",
        run: two,
    },
    Scenario {
        id: "evolutionary-optimizer/ask-and-tell",
        times: 3,
        does: "asks and tells a thousand trials, and saves the search",
        run: by_hand,
    },
];

fn sphere(candidate: &Candidate) -> f64 {
    let squares = candidate.values().iter().map(|value| match *value {
        Value::Real(x) => x * x,
        _ => f64::NAN,
    });
    squares.sum()
}

fn reals() -> Space {
    let reals = (0..10).fold(Space::new(), |space, n| {
        space.real(format!("x{n}"), -5.0..=5.0)
    });
    reals.build().expect("because the bounds are in order")
}

fn one(run: &mut Run) {
    search(run, None);
}

fn islands(run: &mut Run) {
    search(run, Some(Islands::default()));
}

fn search(run: &mut Run, islands: Option<Islands>) {
    let space = reals();
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

fn two(run: &mut Run) {
    let space = reals();
    let mut solutions = 0;
    run.repeat(|time| {
        let options = Options {
            goals: vec![Goal::Minimize; 2],
            seed: time,
            evaluations: Some(1_000),
            ..Options::default()
        };
        let outcome = optimize(&space, &options, |it| {
            [sphere(it), (it.real("x0") - 2.0).abs()]
        });
        let outcome = outcome.expect("because the options are in range");
        assert!(outcome.front.len() > 10, "hardly a front");
        solutions += outcome.front.len() as u64;
    });
    run.count("solutions", solutions);
}

fn by_hand(run: &mut Run) {
    let space = reals();
    let mut bytes = 0;
    run.repeat(|time| {
        let options = Options {
            algorithm: Algorithm::Genetic(GeneticOptions::default()),
            seed: time,
            evaluations: Some(1_000),
            ..Options::default()
        };
        let mut optimizer =
            Optimizer::new(&space, &options).expect("because the options are in range");
        while !optimizer.is_done() {
            for trial in optimizer.ask(10) {
                let told = optimizer.tell(trial.id, sphere(&trial.candidate));
                told.expect("because it was asked");
            }
        }
        bytes += optimizer.save().expect("because it is kept").len() as u64;
    });
    run.count("bytes", bytes);
}
