//! What the objective is asked, and what its answers do.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, Ordering};

use autoexec_evolutionary_optimizer::{
    Algorithm, Candidate, Generation, GeneticOptions, Goal, Islands, Observer, Optimizer, Options,
    Space, Stop, optimize, optimize_with,
};

fn plane() -> Space {
    Space::new()
        .real("x", -5.0..=5.0)
        .real("y", -5.0..=5.0)
        .build()
        .expect("because the bounds are in order")
}

fn sphere(candidate: &Candidate) -> f64 {
    candidate.real("x").powi(2) + candidate.real("y").powi(2)
}

/// One population, the same in threads, islands, and islands on two threads.
fn layouts() -> [Options; 4] {
    let plain = Options {
        generations: Some(30),
        ..Options::genetic()
    };
    let islands = Options {
        islands: Some(Islands::default()),
        ..plain.clone()
    };
    [
        plain.clone(),
        Options {
            threads: 3,
            ..plain
        },
        islands.clone(),
        Options {
            threads: 2,
            ..islands
        },
    ]
}

/// The public system scored candidates by statistics of their genes and executed nothing.
#[test]
fn every_evaluation_is_a_call_of_the_objective() {
    for options in layouts() {
        let calls = AtomicU64::new(0);
        let outcome = optimize(&plane(), &options, |candidate| {
            calls.fetch_add(1, Ordering::Relaxed);
            sphere(candidate)
        });
        let outcome = outcome.unwrap();
        assert_eq!(outcome.evaluations, calls.into_inner());
        if !outcome.islands.is_empty() {
            let of_islands = outcome.islands.iter().map(|island| island.evaluations);
            assert_eq!(outcome.evaluations, of_islands.sum::<u64>());
        }
    }
}

#[test]
fn the_budget_is_never_exceeded_and_always_used() {
    for limit in [4, 5, 60, 99, 100, 101, 777] {
        for options in layouts() {
            let options = Options {
                evaluations: Some(limit),
                generations: Some(1000),
                stagnation: None,
                ..options
            };
            let calls = AtomicU64::new(0);
            let outcome = optimize(&plane(), &options, |candidate| {
                calls.fetch_add(1, Ordering::Relaxed);
                sphere(candidate)
            });
            assert_eq!(calls.into_inner(), limit);
            assert_eq!(outcome.unwrap().stop, Stop::Evaluations);
        }
    }
}

#[test]
fn elites_and_unchanged_children_are_not_evaluated_again() {
    let still = GeneticOptions {
        mutation: 0.0,
        crossover: 0.0,
        diversity_floor: 0.0,
        ..GeneticOptions::default()
    };
    // Where every child is a copy, one candidate is drawn at random, that a search always has something to ask.
    for genetic in [
        still.clone(),
        GeneticOptions {
            elitism: 1.0,
            ..still.clone()
        },
    ] {
        let options = Options {
            algorithm: Algorithm::Genetic(genetic),
            generations: Some(10),
            stagnation: None,
            ..Options::genetic()
        };
        let outcome = optimize(&plane(), &options, sphere).unwrap();
        assert_eq!((outcome.evaluations, outcome.generations), (110, 10));
    }

    let options = Options {
        algorithm: Algorithm::Genetic(GeneticOptions {
            mutation: 1.0,
            ..still
        }),
        generations: Some(1),
        ..Options::genetic()
    };
    assert_eq!(
        optimize(&plane(), &options, sphere).unwrap().evaluations,
        190,
        "all but the 10 elites"
    );
}

#[test]
fn values_that_are_not_finite_are_worst_and_do_not_poison() {
    for bad in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        for goal in [Goal::Minimize, Goal::Maximize] {
            let options = Options {
                goals: vec![goal],
                seed: 3,
                ..Options::genetic()
            };
            let outcome = optimize(&plane(), &options, |candidate| {
                let value = if candidate.real("x") < 0.0 {
                    bad
                } else {
                    sphere(candidate)
                };
                if goal == Goal::Maximize {
                    -value
                } else {
                    value
                }
            });
            let outcome = outcome.unwrap();
            assert!(
                outcome.value.abs() < 0.01,
                "{bad} {goal:?}: {}",
                outcome.value
            );
            assert!(outcome.best.real("x") >= 0.0);
        }
    }
}

#[test]
fn an_objective_that_is_never_finite_ends_in_stagnation() {
    for options in layouts() {
        let outcome = optimize(&plane(), &options, |_| f64::NAN).unwrap();
        assert_eq!(outcome.stop, Stop::Stagnation);
        assert_eq!(outcome.value, f64::INFINITY);
        assert!(outcome.history.iter().all(|&best| best == f64::INFINITY));
    }
}

#[test]
fn a_panic_is_passed_on_with_its_payload() {
    for options in layouts() {
        let calls = AtomicU64::new(0);
        let caught = catch_unwind(AssertUnwindSafe(|| {
            optimize(&plane(), &options, |candidate| {
                if calls.fetch_add(1, Ordering::Relaxed) == 150 {
                    std::panic::panic_any("call 150");
                }
                sphere(candidate)
            })
        }));
        let payload = caught.expect_err("because call 150 panics");
        assert_eq!(payload.downcast_ref(), Some(&"call 150"));
    }
}

#[derive(Default)]
struct Recorder(Vec<Generation>);

impl Observer for Recorder {
    fn generation(&mut self, generation: &Generation, _: &Optimizer) {
        self.0.push(generation.clone());
    }
}

#[test]
fn observers_see_every_generation_in_order_and_change_nothing() {
    for options in layouts() {
        let mut recorder = Recorder::default();
        let outcome = optimize_with(&plane(), &options, sphere, &mut recorder).unwrap();
        assert_eq!(outcome, optimize(&plane(), &options, sphere).unwrap());
        let seen: Vec<_> = recorder.0.iter().map(|seen| seen.number).collect();
        assert_eq!(seen, (0..=outcome.generations).collect::<Vec<_>>());
        let best: Vec<_> = recorder.0.iter().map(|seen| seen.best).collect();
        assert_eq!(best, outcome.history);
        for seen in &recorder.0 {
            let diversity = seen.diversity.unwrap();
            assert!((0.0..=1.0).contains(&diversity), "{seen:?}");
            assert!(seen.best <= seen.mean.unwrap(), "{seen:?}");
        }
    }
}

#[test]
fn immigrants_arrive_only_below_the_diversity_floor() {
    let immigrants = |diversity_floor| {
        let options = Options {
            algorithm: Algorithm::Genetic(GeneticOptions {
                diversity_floor,
                ..GeneticOptions::default()
            }),
            generations: Some(60),
            stagnation: None,
            ..Options::genetic()
        };
        let mut recorder = Recorder::default();
        optimize_with(&plane(), &options, sphere, &mut recorder).unwrap();
        let pairs = recorder.0.windows(2);
        for pair in pairs {
            assert_eq!(
                pair[1].immigrants > 0,
                pair[0].diversity.unwrap() < diversity_floor
            );
        }
        recorder.0.iter().map(|seen| seen.immigrants).sum::<usize>()
    };
    assert_eq!(immigrants(0.0), 0);
    assert!(immigrants(0.05) > 0);
    assert!(immigrants(1.0) > immigrants(0.05));
}

#[test]
fn accessors_know_types_and_names() {
    let space = Space::new()
        .real("x", 0.0..=1.0)
        .categorical("c", ["only"])
        .boolean("b")
        .build()
        .unwrap();
    let candidate = &space.sample(1, 1)[0];
    assert!(space.contains(candidate.values()));
    assert_eq!(candidate.choice_name("c"), "only");
    assert_eq!(candidate.get("nothing"), None);
    let text = format!("{candidate:?}");
    assert!(text.contains("\"c\": \"only\""), "{text}");
    for misuse in [
        |c: &Candidate| c.real("b") as i64,
        |c: &Candidate| c.integer("nothing"),
    ] {
        assert!(catch_unwind(AssertUnwindSafe(|| misuse(candidate))).is_err());
    }
}
