//! Several objectives: the hypervolume of at most a hundred solutions, over that of the true front.

use std::f64::consts::{FRAC_PI_2, PI};
use std::time::Instant;

use autoexec_evolutionary_optimizer::{
    Candidate, Goal, Options, Space, Value, hypervolume, optimize,
};

use crate::spread::Spread;

const BUDGETS: [u64; 2] = [10_000, 25_000];
/// Solutions that are reported.
const FRONT: usize = 100;
/// Where the reference point is, between the ideal point and the nadir of the true front.
const REFERENCE: f64 = 1.1;
/// Points on a curve, and on a side of a surface, that stand for a true front.
const CURVE: usize = 200_000;
const SURFACE: usize = 700;

/// A problem of Zitzler, Deb & Thiele (2000) or of Deb, Thiele, Laumanns & Zitzler (2002).
struct Problem {
    name: &'static str,
    variables: usize,
    objectives: usize,
    /// The best public figures at the two budgets.
    public: [f64; 2],
    value: fn(&[f64], &mut [f64]),
    /// A dense sample of the true front.
    front: fn() -> Vec<f64>,
}

const PROBLEMS: [Problem; 9] = [
    Problem {
        name: "zdt1",
        variables: 30,
        objectives: 2,
        public: [0.9919, 0.9925],
        value: zdt1,
        front: || curve(0.0, 1.0, |x| 1.0 - x.sqrt()),
    },
    Problem {
        name: "zdt2",
        variables: 30,
        objectives: 2,
        public: [0.9873, 0.9886],
        value: zdt2,
        front: || curve(0.0, 1.0, |x| 1.0 - x * x),
    },
    Problem {
        name: "zdt3",
        variables: 30,
        objectives: 2,
        public: [0.9827, 0.9968],
        value: zdt3,
        front: || curve(0.0, 1.0, |x| 1.0 - x.sqrt() - x * (10.0 * PI * x).sin()),
    },
    Problem {
        name: "zdt4",
        variables: 10,
        objectives: 2,
        public: [0.5618, 0.9886],
        value: zdt4,
        front: || curve(0.0, 1.0, |x| 1.0 - x.sqrt()),
    },
    Problem {
        name: "zdt6",
        variables: 10,
        objectives: 2,
        public: [0.9897, 0.9897],
        value: zdt6,
        front: || curve(0.280_775_318_815, 1.0, |x| 1.0 - x * x),
    },
    Problem {
        name: "dtlz2 (2)",
        variables: 11,
        objectives: 2,
        public: [0.9883, 0.9887],
        value: dtlz2,
        front: || curve(0.0, 1.0, |x| (1.0 - x * x).sqrt()),
    },
    Problem {
        name: "dtlz2 (3)",
        variables: 12,
        objectives: 3,
        public: [0.9121, 0.9259],
        value: dtlz2,
        front: || {
            surface(|a, b| {
                let (a, b) = (a * FRAC_PI_2, b * FRAC_PI_2);
                [a.cos() * b.cos(), a.cos() * b.sin(), a.sin()]
            })
        },
    },
    Problem {
        name: "dtlz7 (2)",
        variables: 21,
        objectives: 2,
        public: [0.983, 0.994],
        value: dtlz7,
        front: || curve(0.0, 1.0, |x| 4.0 - wave(x)),
    },
    Problem {
        name: "dtlz7 (3)",
        variables: 22,
        objectives: 3,
        public: [0.848, 0.890],
        value: dtlz7,
        front: || surface(|a, b| [a, b, 6.0 - wave(a) - wave(b)]),
    },
];

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

fn zdt1(x: &[f64], f: &mut [f64]) {
    let g = 1.0 + 9.0 * mean(&x[1..]);
    (f[0], f[1]) = (x[0], g * (1.0 - (x[0] / g).sqrt()));
}

fn zdt2(x: &[f64], f: &mut [f64]) {
    let g = 1.0 + 9.0 * mean(&x[1..]);
    (f[0], f[1]) = (x[0], g * (1.0 - (x[0] / g).powi(2)));
}

fn zdt3(x: &[f64], f: &mut [f64]) {
    let g = 1.0 + 9.0 * mean(&x[1..]);
    let share = x[0] / g;
    f[0] = x[0];
    f[1] = g * (1.0 - share.sqrt() - share * (10.0 * PI * x[0]).sin());
}

/// The others than the first reach from -5 to 5.
fn zdt4(x: &[f64], f: &mut [f64]) {
    let terms = x[1..].iter().map(|x| 10.0 * x - 5.0);
    let sum: f64 = terms.map(|y| y * y - 10.0 * (4.0 * PI * y).cos()).sum();
    let g = 1.0 + 10.0 * (x.len() - 1) as f64 + sum;
    (f[0], f[1]) = (x[0], g * (1.0 - (x[0] / g).sqrt()));
}

fn zdt6(x: &[f64], f: &mut [f64]) {
    f[0] = 1.0 - (-4.0 * x[0]).exp() * (6.0 * PI * x[0]).sin().powi(6);
    let g = 1.0 + 9.0 * mean(&x[1..]).powf(0.25);
    f[1] = g * (1.0 - (f[0] / g).powi(2));
}

fn dtlz2(x: &[f64], f: &mut [f64]) {
    let positions = f.len() - 1;
    let g: f64 = x[positions..].iter().map(|x| (x - 0.5).powi(2)).sum();
    for (objective, f) in f.iter_mut().enumerate() {
        let cosines = x[..positions - objective.min(positions)].iter();
        *f = (1.0 + g) * cosines.map(|x| (x * FRAC_PI_2).cos()).product::<f64>();
        if objective > 0 {
            *f *= (x[positions - objective] * FRAC_PI_2).sin();
        }
    }
}

fn wave(x: f64) -> f64 {
    x * (1.0 + (3.0 * PI * x).sin())
}

fn dtlz7(x: &[f64], f: &mut [f64]) {
    let positions = f.len() - 1;
    let g = 1.0 + 9.0 * mean(&x[positions..]);
    f[..positions].copy_from_slice(&x[..positions]);
    let waves: f64 = x[..positions].iter().map(|x| wave(*x)).sum();
    // (1 + g) (m - sum of f / (1 + g) (1 + sin 3 pi f)).
    f[positions] = (1.0 + g) * (positions + 1) as f64 - waves;
}

fn curve(from: f64, to: f64, height: impl Fn(f64) -> f64) -> Vec<f64> {
    let points = (0..=CURVE).map(|n| from + (to - from) * n as f64 / CURVE as f64);
    points.flat_map(|x| [x, height(x)]).collect()
}

fn surface(point: impl Fn(f64, f64) -> [f64; 3]) -> Vec<f64> {
    let side = |n: usize| n as f64 / SURFACE as f64;
    let pairs = (0..=SURFACE).flat_map(|a| (0..=SURFACE).map(move |b| (side(a), side(b))));
    pairs.flat_map(|(a, b)| point(a, b)).collect()
}

/// The true front, as far as measuring needs it.
struct Truth {
    ideal: Vec<f64>,
    nadir: Vec<f64>,
    volume: f64,
}

impl Truth {
    fn new(problem: &Problem) -> Self {
        let objectives = problem.objectives;
        let sample = (problem.front)();
        let ranks = autoexec_evolutionary_optimizer::non_dominated_sort(&sample, objectives);
        let rows = sample.chunks(objectives).zip(ranks);
        let front: Vec<&[f64]> = rows
            .filter(|(_, rank)| *rank == 0)
            .map(|(row, _)| row)
            .collect();
        let extreme = |objective: usize, pick: fn(f64, f64) -> f64| {
            let values = front.iter().map(|row| row[objective]);
            values.reduce(pick).expect("because the front has points")
        };
        let mut truth = Self {
            ideal: (0..objectives).map(|it| extreme(it, f64::min)).collect(),
            nadir: (0..objectives).map(|it| extreme(it, f64::max)).collect(),
            volume: 1.0,
        };
        truth.volume = truth.share(front.into_iter());
        truth
    }

    /// The hypervolume of these rows over that of the true front.
    fn share<'a>(&self, rows: impl Iterator<Item = &'a [f64]>) -> f64 {
        let scaled: Vec<f64> = rows
            .flat_map(|row| {
                let all = row.iter().zip(&self.ideal).zip(&self.nadir);
                all.map(|((f, ideal), nadir)| (f - ideal) / (nadir - ideal))
            })
            .collect();
        hypervolume(&scaled, &vec![REFERENCE; self.ideal.len()]) / self.volume
    }
}

/// Hypervolumes by seed, and microseconds an evaluation, the problem included.
fn search(
    problem: &Problem,
    truth: &Truth,
    algorithm: &str,
    budget: u64,
    seeds: u64,
) -> Option<(Vec<f64>, f64)> {
    let space = (0..problem.variables).fold(Space::new(), |space, n| {
        space.real(format!("x{n}"), 0.0..=1.0)
    });
    let space = space.build().expect("because the bounds are in order");
    let mut time = 0.0;
    let mut shares = Vec::new();
    for seed in 0..seeds {
        let options = Options {
            algorithm: algorithm.parse().expect("because the name is known"),
            goals: vec![Goal::Minimize; problem.objectives],
            seed,
            evaluations: Some(budget),
            front: FRONT,
            resumable: false,
            ..Options::default()
        };
        let started = Instant::now();
        let outcome = match problem.objectives {
            2 => optimize(&space, &options, |it| measured::<2>(problem, it)),
            _ => optimize(&space, &options, |it| measured::<3>(problem, it)),
        };
        let outcome = outcome.ok()?;
        time += started.elapsed().as_secs_f64();
        assert!(outcome.front.len() <= FRONT && outcome.evaluations == budget);
        shares.push(truth.share(outcome.front.iter().map(|it| it.objectives.as_slice())));
    }
    Some((shares, time * 1e6 / (seeds * budget) as f64))
}

fn measured<const M: usize>(problem: &Problem, candidate: &Candidate) -> [f64; M] {
    let mut x = [0.0; 32];
    for (x, value) in x.iter_mut().zip(candidate.values()) {
        if let Value::Real(value) = *value {
            *x = value;
        }
    }
    let mut f = [0.0; M];
    (problem.value)(&x[..problem.variables], &mut f);
    f
}

pub(crate) fn table(algorithm: &str, seeds: u64) {
    println!(
        "Hypervolume over that of the true front, {FRONT} solutions, {seeds} seeds, {algorithm}\n"
    );
    println!(
        "| problem | evaluations | least | median | greatest | best public | us an evaluation |"
    );
    println!("|---|---|---|---|---|---|---|");
    for problem in &PROBLEMS {
        let truth = Truth::new(problem);
        for (budget, public) in BUDGETS.into_iter().zip(problem.public) {
            let Some((shares, micros)) = search(problem, &truth, algorithm, budget, seeds) else {
                println!(
                    "| {} | {budget} | unsuitable | | | {public} | |",
                    problem.name
                );
                continue;
            };
            let spread = Spread::of(shares);
            let verdict = if spread.median >= public {
                ""
            } else {
                " (below)"
            };
            println!(
                "| {} | {budget} | {:.4} | {:.4}{verdict} | {:.4} | {public} | {micros:.2} |",
                problem.name, spread.least, spread.median, spread.greatest
            );
        }
    }
    println!();
}
