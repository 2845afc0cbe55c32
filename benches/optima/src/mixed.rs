//! Parameters that are no reals, constraints and noise: the best value that a budget buys.

use autoexec_evolutionary_optimizer::{Candidate, Noise, Options, Space, Value, optimize};

use crate::spread::Spread;

/// Something to minimise whose least value is 0, or for noisy ones whose true value is judged.
pub(crate) struct Problem {
    pub(crate) name: &'static str,
    pub(crate) budget: u64,
    pub(crate) constraints: usize,
    pub(crate) noise: Noise,
    pub(crate) space: fn() -> Space,
    /// The value and what exceeds constraints, without noise.
    pub(crate) value: fn(&[f64]) -> (f64, [f64; 2]),
    /// The amplitude of what is added.
    pub(crate) amplitude: f64,
}

pub(crate) const PLAIN: Problem = Problem {
    name: "",
    budget: 1000,
    constraints: 0,
    noise: Noise::None,
    space: reals,
    value: |_| (0.0, [0.0; 2]),
    amplitude: 0.0,
};

pub(crate) const PROBLEMS: [Problem; 9] = [
    Problem {
        name: "OneMax, 40 switches",
        space: || {
            let builder = (0..40).fold(Space::new(), |space, n| space.boolean(format!("b{n}")));
            built(builder)
        },
        value: |x| (40.0 - x.iter().sum::<f64>(), [0.0; 2]),
        ..PLAIN
    },
    Problem {
        name: "traps of 4, 24 switches",
        budget: 4000,
        space: || {
            let builder = (0..24).fold(Space::new(), |space, n| space.boolean(format!("b{n}")));
            built(builder)
        },
        value: |x| {
            let traps = x.chunks(4).map(|four| match four.iter().sum::<f64>() {
                4.0 => 0.0,
                ones => 1.0 + ones,
            });
            (traps.sum(), [0.0; 2])
        },
        ..PLAIN
    },
    Problem {
        name: "12 choices of 8",
        space: || {
            let builder = (0..12).fold(Space::new(), |space, n| {
                space.categorical(format!("c{n}"), ["a", "b", "c", "d", "e", "f", "g", "h"])
            });
            built(builder)
        },
        value: |x| {
            let wrong = x
                .iter()
                .enumerate()
                .filter(|(at, c)| **c != ((at * 5 + 3) % 8) as f64);
            (wrong.count() as f64, [0.0; 2])
        },
        ..PLAIN
    },
    Problem {
        name: "integers, rotated ellipsoid",
        space: || {
            let builder = (0..8).fold(Space::new(), |space, n| {
                space.integer(format!("n{n}"), -100..=100)
            });
            built(builder)
        },
        value: |x| {
            let d: Vec<f64> = x
                .iter()
                .enumerate()
                .map(|(at, x)| x - 7.0 * at as f64 + 20.0)
                .collect();
            let pairs = d.windows(2).map(|pair| 100.0 * (pair[0] + pair[1]).powi(2));
            (
                pairs.sum::<f64>() + d.iter().map(|d| d * d).sum::<f64>(),
                [0.0; 2],
            )
        },
        ..PLAIN
    },
    Problem {
        name: "mixed: 4 reals, 3 integers, 3 choices, 2 switches",
        space: || {
            let builder = (0..4).fold(Space::new(), |space, n| {
                space.real(format!("x{n}"), -5.0..=5.0)
            });
            let builder = (0..3).fold(builder, |space, n| {
                space.log_integer(format!("n{n}"), 1..=1024)
            });
            let builder = (0..3).fold(builder, |space, n| {
                space.categorical(format!("c{n}"), ["a", "b", "c", "d"])
            });
            built((0..2).fold(builder, |space, n| space.boolean(format!("b{n}"))))
        },
        value: |x| {
            let reals: f64 = x[..4].iter().map(|x| (x - 1.3).powi(2)).sum();
            let integers: f64 = x[4..7].iter().map(|n| (n.log2() - 5.0).abs()).sum();
            let choices = x[7..10].iter().filter(|c| **c != 2.0).count() as f64;
            let switches = 2.0 - x[10] - x[11];
            (
                reals + integers + choices + switches * (1.0 + reals.min(1.0)),
                [0.0; 2],
            )
        },
        ..PLAIN
    },
    Problem {
        name: "g06-like: two constraints, optimum on both",
        budget: 3000,
        constraints: 2,
        space: || built(Space::new().real("x", 13.0..=100.0).real("y", 0.0..=100.0)),
        value: |x| {
            let (a, b) = (x[0], x[1]);
            let value = (a - 10.0).powi(3) + (b - 20.0).powi(3) + 6_961.813_875_580_138;
            let first = 100.0 - (a - 5.0).powi(2) - (b - 5.0).powi(2);
            let second = (a - 6.0).powi(2) + (b - 5.0).powi(2) - 82.81;
            (value, [first, second])
        },
        ..PLAIN
    },
    Problem {
        name: "sphere of 10 with a plane as bound",
        budget: 3000,
        constraints: 1,
        value: |x| {
            let squares: f64 = x.iter().map(|x| x * x).sum();
            // The nearest point of the plane is at distance 1.
            (
                squares - 1.0,
                [10.0_f64.sqrt() - x.iter().sum::<f64>(), 0.0],
            )
        },
        ..PLAIN
    },
    Problem {
        name: "noisy sphere of 10, amplitude 1",
        budget: 3000,
        noise: Noise::Present,
        amplitude: 1.0,
        value: |x| (x.iter().map(|x| (x - 1.0).powi(2)).sum(), [0.0; 2]),
        ..PLAIN
    },
    Problem {
        name: "noisy Rosenbrock of 10, amplitude 1",
        budget: 10_000,
        noise: Noise::Present,
        amplitude: 1.0,
        value: |x| {
            let pairs = x.windows(2);
            let terms = pairs.map(|p| 100.0 * (p[0] * p[0] - p[1]).powi(2) + (p[0] - 1.0).powi(2));
            (terms.sum(), [0.0; 2])
        },
        ..PLAIN
    },
];

pub(crate) fn built(builder: autoexec_evolutionary_optimizer::SpaceBuilder) -> Space {
    builder.build().expect("because the bounds are in order")
}

fn reals() -> Space {
    built((0..10).fold(Space::new(), |space, n| {
        space.real(format!("x{n}"), -5.0..=5.0)
    }))
}

fn numbers(candidate: &Candidate) -> Vec<f64> {
    let values = candidate.values().iter().map(|value| match *value {
        Value::Real(x) => x,
        Value::Integer(n) => n as f64,
        Value::Choice(index) | Value::Level(index) => index as f64,
        Value::Boolean(b) => f64::from(u8::from(b)),
        Value::Absent => f64::NAN,
    });
    values.collect()
}

/// The true value of what a search says is best; infinite if it breaks a constraint.
fn search(problem: &Problem, algorithm: &str, seed: u64) -> Option<f64> {
    let options = Options {
        algorithm: algorithm.parse().ok()?,
        constraints: problem.constraints,
        noise: problem.noise,
        seed,
        evaluations: Some(problem.budget),
        ..Options::default()
    };
    let calls = std::sync::atomic::AtomicU64::new(seed << 32);
    let outcome = optimize(&(problem.space)(), &options, |candidate| {
        let call = calls.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let (value, constraints) = (problem.value)(&numbers(candidate));
        (
            value + problem.amplitude * noise(call),
            constraints[..problem.constraints].to_vec(),
        )
    });
    let outcome = outcome.ok()?;
    let (value, constraints) = (problem.value)(&numbers(&outcome.best));
    let holds = constraints[..problem.constraints].iter().all(|g| *g <= 0.0);
    Some(if holds { value } else { f64::INFINITY })
}

/// Normal, as good as a sum of twelve is.
fn noise(call: u64) -> f64 {
    let unit = |n: u64| {
        let mut z = call
            .wrapping_mul(12)
            .wrapping_add(n)
            .wrapping_mul(0x9e37_79b9_7f4a_7c15);
        z = (z ^ z >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ z >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ z >> 31) >> 11) as f64 / (1_u64 << 53) as f64
    };
    (0..12).map(unit).sum::<f64>() - 6.0
}

pub(crate) fn table(problems: &[Problem], algorithm: &str, seeds: u64) {
    let mut algorithms = vec![algorithm, "ga", "cma-es", "l-shade", "random"];
    if seeds == 1 {
        algorithms.truncate(1);
    }
    algorithms.dedup();
    println!(
        "The best value that a budget buys (0 is the least), medians and greatest of {seeds} seeds\n"
    );
    println!("| problem | evaluations | {} |", algorithms.join(" | "));
    println!("|---|---|{}", "---|".repeat(algorithms.len()));
    for problem in problems {
        let mut line = format!("| {} | {} |", problem.name, problem.budget);
        for algorithm in &algorithms {
            let values: Option<Vec<f64>> = (0..seeds)
                .map(|seed| search(problem, algorithm, seed))
                .collect();
            line += &match values {
                Some(values) => {
                    let spread = Spread::of(values);
                    format!(" {:.3e} ({:.1e}) |", spread.median, spread.greatest)
                }
                None => " unsuitable |".into(),
            };
        }
        println!("{line}");
    }
    println!();
}
