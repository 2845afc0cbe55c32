//! Random spaces, options and objectives against a naive record of all calls.

use std::sync::Mutex;

use autoexec_evolutionary_optimizer::{
    Algorithm, Candidate, Emigrants, GeneticOptions, Goal, Islands, Options, Replace, Space,
    Topology, Value, optimize,
};
use proptest::prelude::*;

#[derive(Clone, Debug)]
enum Shape {
    Real(f64, f64),
    LogReal(f64, f64),
    Integer(i64, i64),
    LogInteger(i64, i64),
    Choices(usize),
    Levels(usize),
    Switch,
}

fn shape() -> impl Strategy<Value = Shape> {
    prop_oneof![
        (-1e6..1e6, 0.0..1e6).prop_map(|(low, width)| Shape::Real(low, low + width)),
        (1e-300..1e3, 1.0..1e6).prop_map(|(low, ratio)| Shape::LogReal(low, low * ratio)),
        (-1_000_000_i64..1_000_000, 0_i64..2_000_000)
            .prop_map(|(low, width)| Shape::Integer(low, low + width)),
        (1_i64..100, 0_i64..1 << 50).prop_map(|(low, width)| Shape::LogInteger(low, low + width)),
        (1_usize..6).prop_map(Shape::Choices),
        (1_usize..6).prop_map(Shape::Levels),
        Just(Shape::Switch),
    ]
}

fn build(shapes: &[Shape]) -> Space {
    let builder = shapes
        .iter()
        .enumerate()
        .fold(Space::new(), |space, (n, shape)| {
            let name = format!("p{n}");
            match *shape {
                Shape::Real(low, high) => space.real(name, low..=high),
                Shape::LogReal(low, high) => space.log_real(name, low..=high),
                Shape::Integer(low, high) => space.integer(name, low..=high),
                Shape::LogInteger(low, high) => space.log_integer(name, low..=high),
                Shape::Choices(count) => space.categorical(name, (0..count).map(|n| n.to_string())),
                Shape::Levels(count) => space.ordinal(name, (0..count).map(|n| n.to_string())),
                Shape::Switch => space.boolean(name),
            }
        });
    builder
        .build()
        .expect("because the strategy makes valid shapes")
}

prop_compose! {
    fn options()(
        population in 1_usize..20,
        generations in 0_u32..12,
        (mutation, crossover, elitism) in (0.0..=1.0, 0.0..=1.0, 0.0..=1.0),
        tournament in 1_usize..6,
        diversity_floor in 0.0..=1.0,
        evaluations in proptest::option::of(5_u64..150),
        target in proptest::option::of(-3.0..3.0),
        seed: u64,
        maximize: bool,
        islands in proptest::option::of((1_usize..5, 1_usize..12, 1_u32..5, 0.0..=1.0, 0_usize..5)),
        (random_emigrants, random_replace) in (any::<bool>(), any::<bool>()),
    ) -> Options {
        let topologies =
            [Topology::Ring, Topology::Full, Topology::Star, Topology::Random, Topology::None];
        let islands = islands.map(|(count, population, interval, rate, topology)| Islands {
            count, population, interval, rate, topology: topologies[topology],
            emigrants: if random_emigrants { Emigrants::Random } else { Emigrants::Best },
            replace: if random_replace { Replace::Random } else { Replace::Worst },
            algorithms: Vec::new(),
        });
        let goal = if maximize { Goal::Maximize } else { Goal::Minimize };
        let genetic = GeneticOptions {
            population, mutation, crossover, elitism, tournament, diversity_floor,
        };
        Options {
            algorithm: Algorithm::Genetic(genetic), generations: Some(generations), evaluations,
            target, seed, goals: vec![goal], islands, ..Options::genetic()
        }
    }
}

fn bits(value: &Value) -> u64 {
    match *value {
        Value::Real(x) => x.to_bits(),
        Value::Integer(n) => n as u64,
        Value::Choice(index) => index as u64,
        Value::Boolean(b) => u64::from(b),
        Value::Level(index) => index as u64,
        Value::Absent => u64::MAX,
    }
}

/// Rough on purpose: a hash of the values, sometimes not finite.
fn objective(candidate: &Candidate) -> f64 {
    let hash = candidate.values().iter().fold(17_u64, |hash, value| {
        (hash ^ bits(value))
            .wrapping_mul(0x9e37_79b9_7f4a_7c15)
            .rotate_left(29)
    });
    match hash % 16 {
        0 => f64::NAN,
        1 => f64::INFINITY,
        2 => f64::NEG_INFINITY,
        _ => (hash >> 11) as f64 / (1_u64 << 50) as f64 - 4.0,
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 192, ..ProptestConfig::default() })]

    #[test]
    fn agrees_with_a_record_of_all_calls(
        shapes in proptest::collection::vec(shape(), 1..7),
        options in options(),
        threads in 1_usize..5,
    ) {
        let space = build(&shapes);
        let calls = Mutex::new(Vec::new());
        let recorded = |candidate: &Candidate| {
            let value = objective(candidate);
            calls.lock().expect("because no call panics").push((candidate.clone(), value));
            value
        };
        let one = Options { threads: 1, ..options };
        let outcome = optimize(&space, &one, recorded).expect("because the options are valid");
        let calls = calls.into_inner().expect("because no call panics");

        prop_assert_eq!(outcome.evaluations, calls.len() as u64);
        prop_assert!(one.evaluations.is_none_or(|limit| outcome.evaluations <= limit));
        for (candidate, _) in &calls {
            prop_assert!(space.contains(candidate.values()), "{:?} is outside {:?}", candidate, shapes);
        }

        let sign = if one.goals == [Goal::Maximize] { -1.0 } else { 1.0 };
        let finite = calls.iter().filter(|call| call.1.is_finite());
        match finite.map(|call| call.1 * sign).min_by(f64::total_cmp) {
            Some(best) => prop_assert_eq!(best, outcome.value * sign),
            None => prop_assert!(!outcome.value.is_finite()),
        }
        let same_best = calls.iter().any(|(candidate, value)| {
            *candidate == outcome.best && (*value == outcome.value || !value.is_finite())
        });
        prop_assert!(same_best, "the best was evaluated, with this value");

        let arrived: u64 = outcome.islands.iter().map(|island| island.migrants_in).sum();
        let left: u64 = outcome.islands.iter().map(|island| island.migrants_out).sum();
        prop_assert_eq!(arrived, left);
        prop_assert_eq!(outcome.history.len(), outcome.generations as usize + 1);

        // Debug text compares NaN with itself.
        for threads in [1, threads] {
            let again = Options { threads, ..one.clone() };
            let again = optimize(&space, &again, objective).expect("because the options are valid");
            prop_assert_eq!(format!("{:?}", again), format!("{:?}", outcome));
        }
    }
}
