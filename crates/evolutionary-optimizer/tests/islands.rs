//! Islands evolve, keep what they evolve, exchange members, and do not depend on threads.

use std::collections::HashSet;
use std::sync::{Condvar, Mutex};
use std::thread;
use std::time::Duration;

use autoexec_evolutionary_optimizer::{
    Algorithm, Candidate, GeneticOptions, Islands, Literal, Options, Outcome, Space, Topology,
    Value, optimize,
};

fn space() -> Space {
    Space::new()
        .real("x", -5.0..=5.0)
        .log_real("y", 1e-3..=1e3)
        .integer("n", -100..=100)
        .categorical("c", ["a", "b", "c"])
        .boolean("b")
        .build()
        .expect("because the bounds are in order")
}

fn objective(candidate: &Candidate) -> f64 {
    let (x, y, n) = (
        candidate.real("x"),
        candidate.real("y"),
        candidate.integer("n") as f64,
    );
    let penalty = f64::from(u8::from(candidate.boolean("b"))) + candidate.choice("c") as f64;
    (x - 1.5).powi(2) + (y - 20.0).abs() / 10.0 + (n - 33.0).abs() / 20.0 + penalty
}

fn options(topology: Topology) -> Options {
    let islands = Some(Islands {
        topology,
        ..Islands::default()
    });
    Options {
        seed: 11,
        generations: Some(100),
        islands,
        ..Options::genetic()
    }
}

fn bits(outcome: &Outcome) -> Vec<u64> {
    let reals = outcome.best.values().iter().map(|value| match *value {
        Value::Real(x) => x.to_bits(),
        Value::Integer(n) => n as u64,
        Value::Choice(index) => index as u64,
        Value::Boolean(b) => u64::from(b),
        Value::Level(index) => index as u64,
        Value::Absent => u64::MAX,
    });
    reals
        .chain(outcome.history.iter().map(|best| best.to_bits()))
        .collect()
}

/// The public system evolved copies in other processes and dropped them: its generation counters stayed 0, 0, 0, 0.
#[test]
fn what_an_island_evolves_is_kept() {
    let calls = Mutex::new(Vec::new());
    let outcome = optimize(&space(), &options(Topology::Ring), |candidate| {
        let value = objective(candidate);
        calls.lock().unwrap().push((candidate.clone(), value));
        value
    })
    .unwrap();
    let first = outcome.history[0];
    for island in &outcome.islands {
        assert!(island.generations >= 10, "{island:?}");
        assert!(island.evaluations > 25, "{island:?}");
        assert!(
            island.best < first,
            "every island has improved on the best of all initial ones: {island:?}"
        );
    }
    // The best is a candidate that was evaluated, with the value that it had then.
    let calls = calls.into_inner().unwrap();
    assert!(calls.contains(&(outcome.best.clone(), outcome.value)));
    assert_eq!(objective(&outcome.best), outcome.value);
    assert_eq!(
        calls
            .iter()
            .map(|call| call.1)
            .fold(f64::INFINITY, f64::min),
        outcome.value
    );
}

/// What is sent after generations 10, 20 and 30 arrives after 20, 30 and 40.
#[test]
fn migrants_leave_and_arrive() {
    let check = |topology, each_epoch: [(u64, u64); 4]| {
        let run = |generations| {
            let options = Options {
                generations: Some(generations),
                stagnation: None,
                ..options(topology)
            };
            let outcome = optimize(&space(), &options, objective).unwrap();
            let travelled = outcome.islands.iter();
            let travelled = travelled.map(|island| (island.migrants_in, island.migrants_out));
            travelled.collect::<Vec<_>>()
        };
        assert_eq!(run(18), [(0, 0); 4], "nobody has arrived yet");
        assert_eq!(run(19), each_epoch, "{topology:?}");
        let twice = each_epoch.map(|(arrive, leave)| (2 * arrive, 2 * leave));
        assert_eq!(run(29), twice, "{topology:?}");
    };
    check(Topology::Ring, [(1, 1); 4]);
    check(Topology::Full, [(3, 3); 4]);
    check(Topology::Star, [(3, 3), (1, 1), (1, 1), (1, 1)]);
    check(Topology::None, [(0, 0); 4]);
}

/// With a rate of 1.0 every neighbour sends everything, and still half of each island survives.
#[test]
fn migrants_replace_at_most_half_of_an_island() {
    let islands = Some(Islands {
        rate: 1.0,
        topology: Topology::Full,
        interval: 1,
        ..Islands::default()
    });
    let options = Options {
        generations: Some(1),
        islands,
        ..Options::genetic()
    };
    let outcome = optimize(&space(), &options, objective).unwrap();
    assert!(
        outcome
            .islands
            .iter()
            .all(|island| island.migrants_in == 12),
        "{:?}",
        outcome.islands
    );
}

/// Only island 0 starts from the optimum: what the others learn of it comes around the ring.
#[test]
fn migrants_carry_their_genes() {
    let space = space();
    let known = space.point([
        ("x", Literal::from(1.5)),
        ("y", Literal::from(20.0)),
        ("n", Literal::from(33)),
        ("c", Literal::from("a")),
        ("b", Literal::from(false)),
    ]);
    let known = known.unwrap();
    let bests = |topology| {
        let options = Options {
            generations: Some(60),
            stagnation: None,
            initial: vec![known.clone()],
            ..options(topology)
        };
        let outcome = optimize(&space, &options, objective).unwrap();
        assert!(outcome.value < 1e-9, "{}", outcome.value);
        let others = outcome.islands.iter().skip(1);
        others.map(|island| island.best).collect::<Vec<_>>()
    };
    let (alone, connected) = (bests(Topology::None), bests(Topology::Ring));
    for (connected, alone) in connected.iter().zip(&alone) {
        assert!(
            *alone > 1e-4 && *connected < 0.1 * alone,
            "{connected} after {alone}"
        );
    }
}

#[test]
fn the_number_of_threads_changes_no_bit() {
    for topology in [
        Topology::Ring,
        Topology::Full,
        Topology::Star,
        Topology::None,
    ] {
        let run = |threads| {
            let options = Options {
                threads,
                evaluations: Some(2500),
                ..options(topology)
            };
            optimize(&space(), &options, objective).unwrap()
        };
        let one = run(1);
        for threads in [2, 4, 9] {
            let other = run(threads);
            assert_eq!(
                bits(&other),
                bits(&one),
                "{topology:?} on {threads} threads"
            );
            assert_eq!(other, one);
        }
    }
    let run = |threads| {
        optimize(
            &space(),
            &Options {
                threads,
                islands: None,
                ..options(Topology::Ring)
            },
            objective,
        )
    };
    assert_eq!(bits(&run(4).unwrap()), bits(&run(1).unwrap()));
}

#[test]
fn islands_draw_from_streams_of_their_own() {
    let options = Options {
        generations: Some(0),
        threads: 1,
        ..options(Topology::Ring)
    };
    let seen = Mutex::new(HashSet::new());
    optimize(&space(), &options, |candidate| {
        assert!(
            seen.lock().unwrap().insert(candidate.real("x").to_bits()),
            "two islands drew the same candidate"
        );
        0.0
    })
    .unwrap();
    assert_eq!(seen.into_inner().unwrap().len(), 100);
}

#[test]
fn different_seeds_differ() {
    let run = |seed| {
        optimize(
            &space(),
            &Options {
                seed,
                ..options(Topology::Ring)
            },
            objective,
        )
        .unwrap()
    };
    assert_eq!(bits(&run(1)), bits(&run(1)));
    assert_ne!(bits(&run(1)), bits(&run(2)));
}

/// Each searches by a method of its own; what one finds reaches the others.
#[test]
fn islands_may_differ() {
    let methods = ["ga", "cma-es", "l-shade"].map(|name| name.parse::<Algorithm>().unwrap());
    let run = |threads| {
        let options = Options {
            evaluations: Some(3000),
            stagnation: None,
            threads,
            islands: Some(Islands {
                count: 3,
                algorithms: methods.to_vec(),
                ..Islands::default()
            }),
            ..options(Topology::Ring)
        };
        optimize(&space(), &options, objective).unwrap()
    };
    let outcome = run(1);
    assert_eq!(outcome, run(4));
    assert_eq!(outcome.evaluations, 3000);
    for island in &outcome.islands {
        assert!(island.evaluations >= 900, "{island:?}");
        assert!(
            island.migrants_in > 0 && island.migrants_out > 0,
            "{island:?}"
        );
    }
}

#[test]
fn islands_of_one_member_work() {
    let islands = Some(Islands {
        count: 3,
        population: 1,
        interval: 1,
        ..Islands::default()
    });
    let outcome = optimize(
        &space(),
        &Options {
            islands,
            ..Options::genetic()
        },
        objective,
    )
    .unwrap();
    assert_eq!(objective(&outcome.best), outcome.value);
}

/// Few values leave few children to evaluate, so that islands run out of calls at different times and with generations
/// of all sizes, from which others still take their best.
#[test]
fn a_budget_may_end_anywhere() {
    let space = Space::new().boolean("a").boolean("b").integer("n", 0..=3);
    let space = space.build().expect("because the bounds are in order");
    for limit in 3..100 {
        let options = Options {
            seed: limit,
            evaluations: Some(limit),
            generations: Some(40),
            islands: Some(Islands {
                count: 3,
                population: 8,
                interval: 1,
                rate: 0.5,
                topology: Topology::Full,
                ..Islands::default()
            }),
            ..Options::genetic()
        };
        let outcome = optimize(&space, &options, |it| it.integer("n") as f64)
            .expect("because the options are in range");
        assert!((3..=limit).contains(&outcome.evaluations), "of {limit}");
    }
}

/// The best leave no room for a tenth of newcomers.
#[test]
fn newcomers_take_no_more_room_than_the_best_leave() {
    let options = Options {
        algorithm: Algorithm::Genetic(GeneticOptions {
            population: 40,
            elitism: 0.975,
            diversity_floor: 1.0,
            ..GeneticOptions::default()
        }),
        generations: Some(8),
        ..Options::genetic()
    };
    let outcome =
        optimize(&space(), &options, objective).expect("because the options are in range");
    assert_eq!((outcome.generations, outcome.evaluations), (8, 40 + 8));
}

/// Each call waits until a second thread has come.
#[test]
fn the_calls_of_a_generation_are_shared_by_threads() {
    let (threads, came) = (Mutex::new(HashSet::new()), Condvar::new());
    let options = Options {
        algorithm: Algorithm::Genetic(GeneticOptions {
            population: 8,
            ..GeneticOptions::default()
        }),
        generations: Some(2),
        threads: 2,
        ..Options::genetic()
    };
    let outcome = optimize(&space(), &options, |candidate| {
        let mut met = threads.lock().expect("because nobody panics with it");
        met.insert(thread::current().id());
        came.notify_all();
        let long = Duration::from_secs(20);
        let waited = came.wait_timeout_while(met, long, |met| met.len() < 2);
        let waited = waited.expect("because nobody panics with it").1;
        assert!(!waited.timed_out(), "no second thread came");
        objective(candidate)
    });
    assert_eq!(
        outcome
            .expect("because the options are in range")
            .generations,
        2
    );
}
