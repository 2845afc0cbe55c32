//! What descends asks a row at a time, and under constraints: searches stay what they are elsewhere.

use autoexec_evolutionary_optimizer::{
    Candidate, Optimizer, Options, Space, Stagnation, Trial, optimize,
};

fn plane() -> Space {
    Space::new()
        .real("x", -5.0..=5.0)
        .real("y", -5.0..=5.0)
        .build()
        .expect("because the bounds are in order")
}

/// Costs, and a constraint that a line meets; a fifth of all points fails.
fn failing(candidate: &Candidate) -> Option<(f64, f64)> {
    let (x, y) = (candidate.real("x"), candidate.real("y"));
    let bits = (x.to_bits() ^ y.to_bits().rotate_left(17)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let succeeds = !(bits >> 32).is_multiple_of(5);
    succeeds.then_some((x * x + (y - x) * (y - x), 2.0 - x - 0.1 * y * y))
}

fn fingerprint(order: impl Fn(&mut Vec<Trial>)) -> u64 {
    let options = Options {
        constraints: 1,
        evaluations: Some(2_000),
        seed: 3,
        ..Options::default()
    };
    let mut optimizer = Optimizer::new(&plane(), &options).expect("because they suit");
    while !optimizer.is_done() {
        let mut trials = optimizer.ask_of_generation(usize::MAX);
        order(&mut trials);
        for trial in trials {
            let told = optimizer.tell(trial.id, failing(&trial.candidate));
            told.expect("because it was asked");
        }
    }
    optimizer.fingerprint()
}

/// What failed has no constraints, and not those of whoever was told before.
#[test]
fn failures_under_constraints_depend_on_no_order() {
    let forwards = fingerprint(|_| {});
    assert_eq!(forwards, fingerprint(|trials| trials.reverse()));
    assert_eq!(forwards, fingerprint(|trials| trials.rotate_left(1)));
}

#[test]
fn integers_of_a_wide_range_are_found_to_the_last_one() {
    let space = Space::new()
        .integer("n", 0..=1 << 40)
        .real("x", -1.0..=1.0)
        .build()
        .expect("because the bounds are in order");
    for seed in 0..5 {
        let options = Options {
            seed,
            evaluations: Some(1_500),
            ..Options::default()
        };
        let outcome = optimize(&space, &options, |candidate| {
            let n = candidate.integer("n") as f64 - 123_456_789_012.0;
            n.abs() + candidate.real("x").powi(2)
        });
        let best = outcome.expect("because it suits").best;
        assert_eq!(best.integer("n"), 123_456_789_012, "seed {seed}");
    }
}

/// Ten rows that a descent asks one by one are not ten generations in which nothing is gained.
#[test]
fn a_descent_is_not_taken_for_stagnation() {
    let space = (0..12)
        .fold(Space::new().real("x", -5.0..=5.0), |space, n| {
            space.categorical(format!("c{n}"), ["a", "b", "c", "d", "e"])
        })
        .integer("n", -500..=500)
        .integer("m", -500..=500);
    let space = space.build().expect("because the bounds are in order");
    for seed in 0..10 {
        let options = Options {
            seed,
            evaluations: Some(2_000),
            stagnation: Some(Stagnation::default()),
            ..Options::default()
        };
        let outcome = optimize(&space, &options, |candidate| {
            let wrong = (0..12).filter(|n| candidate.choice(&format!("c{n}")) != n % 5);
            let numbers = candidate.real("x").abs()
                + (candidate.integer("n") as f64 - 77.0).abs()
                + (candidate.integer("m") as f64 + 77.0).abs();
            numbers + wrong.count() as f64
        });
        let outcome = outcome.expect("because it suits");
        assert!(outcome.evaluations >= 100, "{}", outcome.evaluations);
        assert!(outcome.value < 3.0, "seed {seed}: {}", outcome.value);
    }
}
