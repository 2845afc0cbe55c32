//! What the genetic algorithm adds to the evaluations themselves, and what islands in threads take off.

use std::hint::black_box;

use autoexec_benches::{Clock, Harness, bench_main};
use autoexec_evolutionary_optimizer::{
    Algorithm, Candidate, GeneticOptions, Islands, Options, Outcome, Space, Stop, Value, optimize,
};

/// Evaluations per run of the cheap objective.
const CHEAP: u64 = 10_000;
/// Evaluations per run of the objective that costs about 20 µs: enough for one migration.
const DEAR: u64 = 1200;
/// Rounds of a shift, an exclusive or and a multiplication that depend on each other: about 20 µs.
const ROUNDS: u32 = 12_000;

fn space() -> Space {
    let reals = (0..10).fold(Space::new(), |space, n| {
        space.real(format!("x{n}"), -5.0..=5.0)
    });
    reals.build().expect("because the bounds are in order")
}

fn sphere(candidate: &Candidate) -> f64 {
    let squares = candidate.values().iter().map(|value| match *value {
        Value::Real(x) => x * x,
        _ => f64::NAN,
    });
    squares.sum()
}

/// The sphere, after a chain of operations that neither a compiler nor a core can shorten.
fn dear_sphere(candidate: &Candidate) -> f64 {
    let mut state = black_box(1_u64);
    for _ in 0..ROUNDS {
        state = (state ^ state >> 31).wrapping_mul(6_364_136_223_846_793_005);
    }
    black_box(state);
    sphere(candidate)
}

/// Options that spend exactly this many evaluations.
fn spend(evaluations: u64, islands: Option<Islands>) -> Options {
    Options {
        algorithm: Algorithm::Genetic(GeneticOptions::default()),
        seed: 1,
        evaluations: Some(evaluations),
        islands,
        ..Options::default()
    }
}

fn search(space: &Space, options: &Options, objective: fn(&Candidate) -> f64) -> Outcome {
    optimize(space, options, objective).expect("because the options are in range")
}

fn check(outcome: &Outcome, evaluations: u64) {
    assert_eq!(
        (outcome.stop, outcome.evaluations),
        (Stop::Evaluations, evaluations)
    );
    assert_eq!(sphere(&outcome.best), outcome.value);
}

fn best_of(candidates: &[Candidate], objective: fn(&Candidate) -> f64) -> f64 {
    candidates
        .iter()
        .map(objective)
        .fold(f64::INFINITY, f64::min)
}

fn overhead(harness: &mut Harness<'_>) {
    harness.group("evolutionary-optimizer/overhead", |group| {
        let space = space();
        let candidates = space.sample(1, CHEAP as usize);
        let single = spend(CHEAP, None);
        let islands = spend(CHEAP, Some(Islands::default()));
        let random = best_of(&candidates, sphere);
        for options in [&single, &islands] {
            let outcome = search(&space, options, sphere);
            check(&outcome, CHEAP);
            assert!(outcome.value < random, "worse than random search");
        }

        group.bench_function("floor", |b| {
            b.iter(|| best_of(black_box(&candidates), sphere))
        });
        group.bench_function("one-population", |b| {
            b.iter(|| search(&space, black_box(&single), sphere))
        });
        group.bench_function("four-islands-one-thread", |b| {
            b.iter(|| search(&space, black_box(&islands), sphere))
        });
    });
}

fn islands(harness: &mut Harness<'_>) {
    harness.group("evolutionary-optimizer/islands", |group| {
        group.decided_by(Clock::Process);
        let space = space();
        let candidates = space.sample(1, DEAR as usize);
        let one_thread = spend(DEAR, Some(Islands::default()));
        let four = Options {
            threads: 4,
            ..one_thread.clone()
        };
        let outcome = search(&space, &four, dear_sphere);
        check(&outcome, DEAR);
        assert!(outcome.islands.iter().all(|island| island.migrants_in > 0));
        assert_eq!(outcome, search(&space, &one_thread, dear_sphere));

        group.bench_function("floor", |b| {
            b.iter(|| best_of(black_box(&candidates), dear_sphere))
        });
        group.bench_function("one-thread", |b| {
            b.iter(|| search(&space, black_box(&one_thread), dear_sphere))
        });
        group.bench_function("four-threads", |b| {
            b.iter(|| search(&space, black_box(&four), dear_sphere))
        });
    });
}

bench_main!(overhead, islands);
