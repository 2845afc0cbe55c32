//! What the genetic algorithm adds to the evaluations themselves, and what islands in threads take off.

use std::hint::black_box;

use autoexec_benches::{Clock, Harness, bench_main};
use autoexec_evolutionary_optimizer::{
    Algorithm, Candidate, GeneticOptions, Goal, Islands, Options, Outcome, Space, Stop, Value,
    hypervolume, non_dominated_sort, optimize,
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
        let often = Islands {
            interval: 5,
            ..Islands::default()
        };
        let one_thread = spend(DEAR, Some(often));
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

/// Two that pull apart, in thirty dimensions (ZDT1).
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

/// What each method adds, beside the bare evaluations of as many candidates.
fn methods(harness: &mut Harness<'_>) {
    harness.group("evolutionary-optimizer/one-objective", |group| {
        let space = space();
        let candidates = space.sample(1, CHEAP as usize);
        group.bench_function("floor", |b| {
            b.iter(|| best_of(black_box(&candidates), sphere))
        });
        for name in ["cma-es", "l-shade", "auto"] {
            let options = Options {
                algorithm: name.parse().expect("because the name is known"),
                ..spend(CHEAP, None)
            };
            check(&search(&space, &options, sphere), CHEAP);
            group.bench_function(name, |b| {
                b.iter(|| search(&space, black_box(&options), sphere))
            });
        }
    });
    harness.group("evolutionary-optimizer/two-objectives", |group| {
        let reals = (0..30).fold(Space::new(), |space, n| {
            space.real(format!("x{n}"), 0.0..=1.0)
        });
        let space = reals.build().expect("because the bounds are in order");
        let candidates = space.sample(1, CHEAP as usize);
        let sums = || {
            candidates
                .iter()
                .map(|it| zdt1(it)[1])
                .fold(0.0, |sum, f| sum + f)
        };
        group.bench_function("floor", |b| b.iter(|| black_box(sums())));
        for name in ["nsga2", "sms-emoa", "moead", "auto"] {
            let options = Options {
                algorithm: name.parse().expect("because the name is known"),
                goals: vec![Goal::Minimize; 2],
                ..spend(CHEAP, None)
            };
            let run = || optimize(&space, black_box(&options), zdt1);
            let outcome = run().expect("because the options are in range");
            assert_eq!((outcome.front.len(), outcome.evaluations), (100, CHEAP));
            let worst = outcome
                .front
                .iter()
                .map(|it| it.objectives[1])
                .fold(0.0, f64::max);
            assert!(worst < 2.0, "far from the front, which ends at 1: {worst}");
            group.bench_function(name, |b| b.iter(run));
        }
    });
}

/// The parts that are taken alone.
fn parts(harness: &mut Harness<'_>) {
    harness.group("evolutionary-optimizer/fronts", |group| {
        let space = (0..3).fold(Space::new(), |space, n| {
            space.real(format!("f{n}"), 0.0..=1.0)
        });
        let space = space.build().expect("because the bounds are in order");
        let costs: Vec<f64> = space
            .sample(3, 1000)
            .iter()
            .flat_map(|it| ["f0", "f1", "f2"].map(|name| it.real(name)))
            .collect();
        group.bench_function("floor", |b| {
            b.iter(|| {
                let mut order: Vec<usize> = (0..1000).collect();
                order.sort_by(|a, b| costs[3 * a].total_cmp(&costs[3 * b]));
                order
            });
        });
        group.bench_function("sort-1000-by-3", |b| {
            b.iter(|| non_dominated_sort(black_box(&costs), 3));
        });
        group.bench_function("hypervolume-1000-by-3", |b| {
            b.iter(|| hypervolume(black_box(&costs), &[1.0; 3]));
        });
    });
}

bench_main!(overhead, methods, parts, islands);
