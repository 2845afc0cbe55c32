//! Whether it finds optima: counts over 30 seeds, which are exact because every run is seeded.

use std::f64::consts::TAU;

use autoexec_evolutionary_optimizer::{
    Candidate, Goal, Islands, Options, Space, Stagnation, Stop, Value, optimize,
};

const SEEDS: u64 = 30;

fn reals(dimensions: usize) -> Space {
    let builder = (0..dimensions).fold(Space::new(), |space, n| {
        space.real(format!("x{n}"), -5.12..=5.12)
    });
    builder.build().expect("because the bounds are in order")
}

fn numbers(candidate: &Candidate) -> impl Iterator<Item = f64> {
    candidate.values().iter().map(|value| match *value {
        Value::Real(x) => x,
        ref other => panic!("{other:?} in a space of reals"),
    })
}

fn sphere(candidate: &Candidate) -> f64 {
    numbers(candidate).map(|x| x * x).sum()
}

fn rastrigin(candidate: &Candidate) -> f64 {
    numbers(candidate)
        .map(|x| 10.0 + x * x - 10.0 * (TAU * x).cos())
        .sum()
}

/// The number of seeds for which `succeeds`.
fn successes(succeeds: impl Fn(u64) -> bool) -> u64 {
    (0..SEEDS).map(|seed| u64::from(succeeds(seed))).sum()
}

#[test]
fn sphere_in_five_dimensions_with_the_defaults() {
    let space = reals(5);
    let succeeded = successes(|seed| {
        let options = Options {
            seed,
            evaluations: Some(10_000),
            ..Options::genetic()
        };
        let outcome = optimize(&space, &options, sphere).unwrap();
        outcome.value < 1e-2 && outcome.stop == Stop::Stagnation
    });
    assert_eq!(succeeded, SEEDS);
}

#[test]
fn sphere_in_five_dimensions_on_islands() {
    let space = reals(5);
    let succeeded = successes(|seed| {
        let islands = Some(Islands::default());
        let options = Options {
            seed,
            islands,
            evaluations: Some(10_000),
            ..Options::genetic()
        };
        optimize(&space, &options, sphere).unwrap().value < 1e-2
    });
    assert_eq!(succeeded, SEEDS);
}

#[test]
fn rastrigin_beats_random_search_at_equal_evaluations() {
    let space = reals(5);
    let better = successes(|seed| {
        let options = Options {
            seed,
            evaluations: Some(3000),
            ..Options::genetic()
        };
        let outcome = optimize(&space, &options, rastrigin).unwrap();
        let random = space.sample(seed, outcome.evaluations as usize);
        let random = random.iter().map(rastrigin).fold(f64::INFINITY, f64::min);
        outcome.value < random
    });
    assert_eq!(better, SEEDS);
}

#[test]
fn rastrigin_reaches_its_optimum() {
    let space = reals(5);
    let succeeded = successes(|seed| {
        let options = Options {
            seed,
            stagnation: None,
            evaluations: Some(40_000),
            ..Options::genetic()
        };
        optimize(&space, &options, rastrigin).unwrap().value < 0.1
    });
    assert!(succeeded >= 25, "{succeeded} of {SEEDS}");
}

#[test]
fn integers_find_the_optimum() {
    let space = Space::new()
        .integer("a", -50..=50)
        .integer("b", 0..=1000)
        .log_integer("c", 1..=1 << 20)
        .build()
        .unwrap();
    let stagnation = Some(Stagnation {
        tolerance: 0.0,
        generations: 50,
    });
    let succeeded = successes(|seed| {
        let options = Options {
            seed,
            stagnation,
            ..Options::genetic()
        };
        let outcome = optimize(&space, &options, |candidate| {
            let (a, b, c) = (
                candidate.integer("a"),
                candidate.integer("b"),
                candidate.integer("c"),
            );
            ((a - 17).abs() + (b - 640).abs()) as f64 + ((c as f64).log2() - 7.0).abs()
        });
        let best = outcome.unwrap().best;
        [best.integer("a"), best.integer("b"), best.integer("c")] == [17, 640, 128]
    });
    assert!(succeeded >= 25, "{succeeded} of {SEEDS}");
}

#[test]
fn choices_find_the_optimum() {
    let letters = || ('a'..='h').map(String::from);
    let space = (0..6)
        .fold(Space::new(), |space, n| {
            space.categorical(format!("c{n}"), letters())
        })
        .build()
        .unwrap();
    let succeeded = successes(|seed| {
        let options = Options {
            seed,
            goals: vec![Goal::Maximize],
            target: Some(6.0),
            ..Options::genetic()
        };
        let outcome = optimize(&space, &options, |candidate| {
            let hits = "badged".chars().enumerate();
            hits.filter(|(n, c)| candidate.choice_name(&format!("c{n}")).starts_with(*c))
                .count() as f64
        });
        outcome.unwrap().stop == Stop::Target
    });
    assert_eq!(succeeded, SEEDS);
}

#[test]
fn switches_find_the_optimum() {
    let space = (0..30)
        .fold(Space::new(), |space, n| space.boolean(format!("b{n}")))
        .build()
        .unwrap();
    let succeeded = successes(|seed| {
        let options = Options {
            seed,
            goals: vec![Goal::Maximize],
            target: Some(30.0),
            ..Options::genetic()
        };
        let ones = |candidate: &Candidate| {
            candidate
                .values()
                .iter()
                .filter(|&value| *value == Value::Boolean(true))
                .count() as f64
        };
        optimize(&space, &options, ones).unwrap().value == 30.0
    });
    // 94 % over many seeds: some stagnate first.
    assert!(succeeded >= 25, "{succeeded} of {SEEDS}");
}

#[test]
fn mixed_types_find_the_optimum() {
    let space = Space::new()
        .log_real("rate", 1e-6..=1.0)
        .integer("layers", 1..=12)
        .categorical("kind", ["x", "y", "z"])
        .boolean("bias")
        .build()
        .unwrap();
    let stagnation = Some(Stagnation {
        generations: 30,
        ..Stagnation::default()
    });
    let succeeded = successes(|seed| {
        let options = Options {
            seed,
            stagnation,
            ..Options::genetic()
        };
        let outcome = optimize(&space, &options, |candidate| {
            (candidate.real("rate").ln() - 1e-3_f64.ln()).abs()
                + (candidate.integer("layers") - 5).abs() as f64
                + if candidate.choice("kind") == 2 {
                    0.0
                } else {
                    1.0
                }
                + if candidate.boolean("bias") { 0.0 } else { 1.0 }
        })
        .unwrap();
        outcome.value < 0.05
    });
    assert!(succeeded >= 27, "{succeeded} of {SEEDS}");
}

#[test]
fn the_target_may_be_reached_by_the_initial_population() {
    for islands in [None, Some(Islands::default())] {
        let options = Options {
            target: Some(1000.0),
            islands,
            ..Options::genetic()
        };
        let outcome = optimize(&reals(2), &options, sphere).unwrap();
        assert_eq!(
            (outcome.stop, outcome.generations, outcome.evaluations),
            (Stop::Target, 0, 100)
        );
        assert_eq!(outcome.history.len(), 1);
    }
}

#[test]
fn every_reason_to_stop_is_reached() {
    let check = |options: Options, expect: Stop| {
        let outcome = optimize(&reals(3), &options, sphere).unwrap();
        assert_eq!(outcome.stop, expect);
        assert_eq!(outcome.history.len(), outcome.generations as usize + 1);
        assert!(
            outcome.history.windows(2).all(|pair| pair[1] <= pair[0]),
            "the best so far never gets worse"
        );
        assert_eq!(outcome.history.last(), Some(&outcome.value));
        outcome
    };
    check(
        Options {
            target: Some(1e-3),
            ..Options::genetic()
        },
        Stop::Target,
    );
    check(
        Options {
            evaluations: Some(250),
            ..Options::genetic()
        },
        Stop::Evaluations,
    );
    check(Options::genetic(), Stop::Stagnation);
    let outcome = check(
        Options {
            generations: Some(4),
            ..Options::genetic()
        },
        Stop::Generations,
    );
    assert_eq!(outcome.generations, 4);
    let outcome = check(
        Options {
            generations: Some(0),
            ..Options::genetic()
        },
        Stop::Generations,
    );
    assert_eq!(outcome.evaluations, 100);
}

/// The search uses no function whose last bit depends on the platform, so that these bits hold everywhere.
#[test]
fn one_seed_has_one_outcome_on_every_platform() {
    let space = Space::new()
        .real("x", -5.0..=5.0)
        .log_real("y", 1e-3..=1e3)
        .log_integer("n", 1..=4096)
        .build()
        .unwrap();
    let options = Options {
        seed: 2024,
        generations: Some(20),
        islands: Some(Islands::default()),
        ..Options::genetic()
    };
    let outcome = optimize(&space, &options, |candidate| {
        let (x, y, n) = (
            candidate.real("x"),
            candidate.real("y"),
            candidate.integer("n") as f64,
        );
        (x - 1.0) * (x - 1.0) + (y - 7.0) * (y - 7.0) + (n - 100.0).abs()
    })
    .unwrap();
    assert_eq!(
        (outcome.value.to_bits(), outcome.evaluations),
        (4_571_375_539_694_925_677, 1143)
    );
}
