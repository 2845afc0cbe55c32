//! One objective: evaluations until the optimum is known to 1e-8, in ten dimensions.

use std::f64::consts::{E, TAU};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use autoexec_evolutionary_optimizer::{Candidate, Options, Space, Value, optimize};

use crate::spread::Spread;

const DIMENSIONS: usize = 10;
const TARGET: f64 = 1e-8;

/// A function with its optimum, 0, at a place that the seed chooses, and turned if it is said to be.
pub(crate) struct Function {
    pub(crate) name: &'static str,
    pub(crate) half: f64,
    is_turned: bool,
    /// Evaluations that may be made.
    budget: u64,
    /// The best expected running time of a public library.
    public: f64,
    value: fn(&[f64]) -> f64,
}

pub(crate) const FUNCTIONS: [Function; 8] = [
    Function {
        name: "sphere",
        half: 5.0,
        is_turned: false,
        budget: 20_000,
        public: 1_415.0,
        value: sphere,
    },
    Function {
        name: "ellipsoid, rotated",
        half: 5.0,
        is_turned: true,
        budget: 50_000,
        public: 4_244.0,
        value: ellipsoid,
    },
    Function {
        name: "Rosenbrock",
        half: 5.0,
        is_turned: false,
        budget: 100_000,
        public: 6_428.0,
        value: rosenbrock,
    },
    Function {
        name: "Rosenbrock, rotated",
        half: 5.0,
        is_turned: true,
        budget: 100_000,
        public: 6_122.0,
        value: rosenbrock,
    },
    Function {
        name: "Ackley",
        half: 32.768,
        is_turned: false,
        budget: 100_000,
        public: 3_049.0,
        value: ackley,
    },
    Function {
        name: "Rastrigin",
        half: 5.12,
        is_turned: false,
        budget: 200_000,
        public: 9_644.0,
        value: rastrigin,
    },
    Function {
        name: "Rastrigin, rotated",
        half: 5.12,
        is_turned: true,
        budget: 400_000,
        public: 89_000.0,
        value: rastrigin,
    },
    Function {
        name: "Schwefel",
        half: 500.0,
        is_turned: false,
        budget: 200_000,
        public: 8_230.0,
        value: schwefel,
    },
];

fn sphere(z: &[f64]) -> f64 {
    z.iter().map(|z| z * z).sum()
}

fn ellipsoid(z: &[f64]) -> f64 {
    let last = (z.len() - 1) as f64;
    let terms = z.iter().enumerate();
    terms
        .map(|(i, z)| 1e6_f64.powf(i as f64 / last) * z * z)
        .sum()
}

fn rosenbrock(z: &[f64]) -> f64 {
    let pairs = z.windows(2).map(|pair| (pair[0] + 1.0, pair[1] + 1.0));
    pairs
        .map(|(a, b)| 100.0 * (a * a - b).powi(2) + (a - 1.0).powi(2))
        .sum()
}

fn ackley(z: &[f64]) -> f64 {
    let count = z.len() as f64;
    let squares = (sphere(z) / count).sqrt();
    let waves = z.iter().map(|z| (TAU * z).cos()).sum::<f64>() / count;
    20.0 - 20.0 * (-0.2 * squares).exp() + E - waves.exp()
}

fn rastrigin(z: &[f64]) -> f64 {
    z.iter()
        .map(|z| z * z + 10.0 - 10.0 * (TAU * z).cos())
        .sum()
}

/// Its optimum stays where it is: it makes the function.
fn schwefel(x: &[f64]) -> f64 {
    // The least value of one term, to the last bit that doubles have.
    const LEAST: f64 = 418.982_887_272_433_8;
    x.iter().map(|x| LEAST - x * x.abs().sqrt().sin()).sum()
}

/// Numbers that have nothing to do with the optimizer's.
struct Numbers(u64);

impl Numbers {
    fn unit(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ z >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ z >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z >> 11) as f64 / (1_u64 << 53) as f64
    }

    fn normal(&mut self) -> f64 {
        (0..12).map(|_| self.unit()).sum::<f64>() - 6.0
    }

    /// An orthogonal matrix, by Gram and Schmidt.
    fn rotation(&mut self, n: usize) -> Vec<Vec<f64>> {
        let mut rows: Vec<Vec<f64>> = Vec::new();
        while rows.len() < n {
            let mut row: Vec<f64> = (0..n).map(|_| self.normal()).collect();
            for other in &rows {
                let along: f64 = row.iter().zip(other).map(|(a, b)| a * b).sum();
                row.iter_mut().zip(other).for_each(|(a, b)| *a -= along * b);
            }
            let length = sphere(&row).sqrt();
            rows.push(row.into_iter().map(|a| a / length).collect());
        }
        rows
    }
}

/// A function at the place and turned as a seed wants.
pub(crate) struct Instance<'a> {
    function: &'a Function,
    shift: Vec<f64>,
    rotation: Option<Vec<Vec<f64>>>,
}

impl<'a> Instance<'a> {
    pub(crate) fn new(function: &'a Function, seed: u64) -> Self {
        let mut numbers = Numbers(seed.wrapping_mul(0x5851_f42d_4c95_7f2d) ^ 77);
        let share = if function.name == "Schwefel" {
            0.0
        } else {
            0.7
        };
        let shift = (0..DIMENSIONS)
            .map(|_| share * function.half * (2.0 * numbers.unit() - 1.0))
            .collect();
        Self {
            function,
            shift,
            rotation: function.is_turned.then(|| numbers.rotation(DIMENSIONS)),
        }
    }

    pub(crate) fn value(&self, candidate: &Candidate) -> f64 {
        let mut z = [0.0; DIMENSIONS];
        for (at, value) in candidate.values().iter().enumerate() {
            let Value::Real(x) = *value else {
                return f64::NAN;
            };
            z[at] = x - self.shift[at];
        }
        let Some(rotation) = &self.rotation else {
            return (self.function.value)(&z);
        };
        let turned: [f64; DIMENSIONS] =
            std::array::from_fn(|row| rotation[row].iter().zip(&z).map(|(a, b)| a * b).sum());
        (self.function.value)(&turned)
    }
}

/// What the seeds needed.
struct Found {
    /// Evaluations of those that succeeded.
    evaluations: Vec<f64>,
    /// Evaluations of all.
    spent: u64,
    /// Microseconds an evaluation, the function included.
    micros: f64,
}

fn search(function: &Function, algorithm: &str, seeds: u64) -> Found {
    let space = (0..DIMENSIONS).fold(Space::new(), |space, n| {
        space.real(format!("x{n}"), -function.half..=function.half)
    });
    let space = space.build().expect("because the bounds are in order");
    let mut found = Found {
        evaluations: Vec::new(),
        spent: 0,
        micros: 0.0,
    };
    let started = Instant::now();
    for seed in 0..seeds {
        let instance = Instance::new(function, seed);
        let options = Options {
            algorithm: algorithm.parse().expect("because the name is known"),
            seed,
            evaluations: Some(function.budget),
            target: Some(TARGET),
            resumable: false,
            ..Options::default()
        };
        // The evaluation at which the target is reached, not the end of its generation.
        let watched = Watched::default();
        let outcome = optimize(&space, &options, |candidate| {
            watched.see(instance.value(candidate))
        });
        outcome.expect("because the options are in range");
        let (count, reached) = (watched.count.into_inner(), watched.reached.into_inner());
        found.spent += if reached > 0 { reached } else { count };
        found
            .evaluations
            .extend((reached > 0).then_some(reached as f64));
    }
    found.micros = started.elapsed().as_secs_f64() * 1e6 / found.spent as f64;
    found
}

/// Counts evaluations, and remembers at which the target was reached; 0 for none.
#[derive(Default)]
struct Watched {
    count: AtomicU64,
    reached: AtomicU64,
}

impl Watched {
    fn see(&self, value: f64) -> f64 {
        let count = self.count.fetch_add(1, Ordering::Relaxed) + 1;
        if value <= TARGET && self.reached.load(Ordering::Relaxed) == 0 {
            self.reached.store(count, Ordering::Relaxed);
        }
        value
    }
}

pub(crate) fn table(algorithm: &str, seeds: u64) {
    println!("Evaluations to {TARGET:e} in {DIMENSIONS} dimensions, {seeds} seeds, {algorithm}\n");
    println!(
        "| function | expected | succeeded | least | median | greatest | best public | ratio | us an evaluation |"
    );
    println!("|---|---|---|---|---|---|---|---|---|");
    let mut logarithms = 0.0;
    for function in &FUNCTIONS {
        let found = search(function, algorithm, seeds);
        let succeeded = found.evaluations.len();
        if succeeded == 0 {
            println!(
                "| {} | - | 0 of {seeds} | | | | {} | | {:.2} |",
                function.name, function.public, found.micros
            );
            logarithms += f64::INFINITY;
            continue;
        }
        // Hansen et al., "COCO: performance assessment", 2016: all evaluations over the number of successes.
        let expected = found.spent as f64 / succeeded as f64;
        let ratio = expected / function.public;
        logarithms += ratio.ln();
        let spread = Spread::of(found.evaluations);
        println!(
            "| {} | {expected:.0} | {succeeded} of {seeds} | {:.0} | {:.0} | {:.0} | {:.0} | {ratio:.2} | {:.2} |",
            function.name,
            spread.least,
            spread.median,
            spread.greatest,
            function.public,
            found.micros
        );
    }
    let mean = (logarithms / FUNCTIONS.len() as f64).exp();
    println!("\nGeometric mean of the ratios to the best public figure of each: {mean:.3}\n");
}
