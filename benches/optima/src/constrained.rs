//! One objective under constraints: evaluations until the least cost that is allowed is known to 1e-6 of itself.

use std::sync::Mutex;

use autoexec_evolutionary_optimizer::{Candidate, Options, Space, Value, optimize};

use crate::spread::Spread;

/// The problems of Koziel & Michalewicz, "Evolutionary algorithms, homomorphous mappings, and constrained parameter
/// optimization" (1999), that have real parameters and no equations, and one more: name, bounds, least cost, cost and
/// constraints.
type Constrained = (
    &'static str,
    Vec<(f64, f64)>,
    f64,
    fn(&[f64]) -> (f64, Vec<f64>),
);

const TARGET: f64 = 1e-6;
const BUDGET: u64 = 20_000;

fn constrained() -> Vec<Constrained> {
    vec![
        (
            "g01",
            [vec![(0.0, 1.0); 9], vec![(0.0, 100.0); 3], vec![(0.0, 1.0)]].concat(),
            -15.0,
            |x| {
                let f = 5.0 * x[..4].iter().sum::<f64>()
                    - 5.0 * x[..4].iter().map(|x| x * x).sum::<f64>()
                    - x[4..].iter().sum::<f64>();
                let g = [
                    2.0 * x[0] + 2.0 * x[1] + x[9] + x[10] - 10.0,
                    2.0 * x[0] + 2.0 * x[2] + x[9] + x[11] - 10.0,
                    2.0 * x[1] + 2.0 * x[2] + x[10] + x[11] - 10.0,
                    -8.0 * x[0] + x[9],
                    -8.0 * x[1] + x[10],
                    -8.0 * x[2] + x[11],
                    -2.0 * x[3] - x[4] + x[9],
                    -2.0 * x[5] - x[6] + x[10],
                    -2.0 * x[7] - x[8] + x[11],
                ];
                (f, g.to_vec())
            },
        ),
        (
            "g04",
            vec![
                (78.0, 102.0),
                (33.0, 45.0),
                (27.0, 45.0),
                (27.0, 45.0),
                (27.0, 45.0),
            ],
            -30_665.538_671_783,
            |x| {
                let f = 5.357_854_7 * x[2] * x[2] + 0.835_689_1 * x[0] * x[4] + 37.293_239 * x[0]
                    - 40_792.141;
                let a = 85.334_407 + 0.005_685_8 * x[1] * x[4] + 0.000_626_2 * x[0] * x[3]
                    - 0.002_205_3 * x[2] * x[4];
                let b = 80.512_49
                    + 0.007_131_7 * x[1] * x[4]
                    + 0.002_995_5 * x[0] * x[1]
                    + 0.002_181_3 * x[2] * x[2];
                let c = 9.300_961
                    + 0.004_702_6 * x[2] * x[4]
                    + 0.001_254_7 * x[0] * x[2]
                    + 0.001_908_5 * x[2] * x[3];
                (
                    f,
                    vec![a - 92.0, -a, b - 110.0, 90.0 - b, c - 25.0, 20.0 - c],
                )
            },
        ),
        (
            "g06",
            vec![(13.0, 100.0), (0.0, 100.0)],
            -6_961.813_875_58,
            |x| {
                let f = (x[0] - 10.0).powi(3) + (x[1] - 20.0).powi(3);
                let g = [
                    100.0 - (x[0] - 5.0).powi(2) - (x[1] - 5.0).powi(2),
                    (x[0] - 6.0).powi(2) + (x[1] - 5.0).powi(2) - 82.81,
                ];
                (f, g.to_vec())
            },
        ),
        ("g07", vec![(-10.0, 10.0); 10], 24.306_209_068, |x| {
            let f = x[0] * x[0] + x[1] * x[1] + x[0] * x[1] - 14.0 * x[0] - 16.0 * x[1]
                + (x[2] - 10.0).powi(2)
                + 4.0 * (x[3] - 5.0).powi(2)
                + (x[4] - 3.0).powi(2)
                + 2.0 * (x[5] - 1.0).powi(2)
                + 5.0 * x[6] * x[6]
                + 7.0 * (x[7] - 11.0).powi(2)
                + 2.0 * (x[8] - 10.0).powi(2)
                + (x[9] - 7.0).powi(2)
                + 45.0;
            let g = [
                -105.0 + 4.0 * x[0] + 5.0 * x[1] - 3.0 * x[6] + 9.0 * x[7],
                10.0 * x[0] - 8.0 * x[1] - 17.0 * x[6] + 2.0 * x[7],
                -8.0 * x[0] + 2.0 * x[1] + 5.0 * x[8] - 2.0 * x[9] - 12.0,
                3.0 * (x[0] - 2.0).powi(2) + 4.0 * (x[1] - 3.0).powi(2) + 2.0 * x[2] * x[2]
                    - 7.0 * x[3]
                    - 120.0,
                5.0 * x[0] * x[0] + 8.0 * x[1] + (x[2] - 6.0).powi(2) - 2.0 * x[3] - 40.0,
                x[0] * x[0] + 2.0 * (x[1] - 2.0).powi(2) - 2.0 * x[0] * x[1] + 14.0 * x[4]
                    - 6.0 * x[5],
                0.5 * (x[0] - 8.0).powi(2) + 2.0 * (x[1] - 4.0).powi(2) + 3.0 * x[4] * x[4]
                    - x[5]
                    - 30.0,
                -3.0 * x[0] + 6.0 * x[1] + 12.0 * (x[8] - 8.0).powi(2) - 7.0 * x[9],
            ];
            (f, g.to_vec())
        }),
        ("g09", vec![(-10.0, 10.0); 7], 680.630_057_374, |x| {
            let f = (x[0] - 10.0).powi(2)
                + 5.0 * (x[1] - 12.0).powi(2)
                + x[2].powi(4)
                + 3.0 * (x[3] - 11.0).powi(2)
                + 10.0 * x[4].powi(6)
                + 7.0 * x[5] * x[5]
                + x[6].powi(4)
                - 4.0 * x[5] * x[6]
                - 10.0 * x[5]
                - 8.0 * x[6];
            let g = [
                -127.0
                    + 2.0 * x[0] * x[0]
                    + 3.0 * x[1].powi(4)
                    + x[2]
                    + 4.0 * x[3] * x[3]
                    + 5.0 * x[4],
                -282.0 + 7.0 * x[0] + 3.0 * x[1] + 10.0 * x[2] * x[2] + x[3] - x[4],
                -196.0 + 23.0 * x[0] + x[1] * x[1] + 6.0 * x[5] * x[5] - 8.0 * x[6],
                4.0 * x[0] * x[0] + x[1] * x[1] - 3.0 * x[0] * x[1]
                    + 2.0 * x[2] * x[2]
                    + 5.0 * x[5]
                    - 11.0 * x[6],
            ];
            (f, g.to_vec())
        }),
        (
            "g10",
            [
                vec![(100.0, 10_000.0)],
                vec![(1_000.0, 10_000.0); 2],
                vec![(10.0, 1_000.0); 5],
            ]
            .concat(),
            7_049.248_020_53,
            |x| {
                let g = [
                    -1.0 + 0.0025 * (x[3] + x[5]),
                    -1.0 + 0.0025 * (x[4] + x[6] - x[3]),
                    -1.0 + 0.01 * (x[7] - x[4]),
                    (-x[0] * x[5] + 833.332_52 * x[3] + 100.0 * x[0] - 83_333.333) * 1e-6,
                    (-x[1] * x[6] + 1_250.0 * x[4] + x[1] * x[3] - 1_250.0 * x[3]) * 1e-6,
                    (-x[2] * x[7] + 1_250_000.0 + x[2] * x[4] - 2_500.0 * x[4]) * 1e-6,
                ];
                (x[0] + x[1] + x[2], g.to_vec())
            },
        ),
        ("sphere, a plane", vec![(-5.0, 5.0); 10], 10.0, |x| {
            (
                x.iter().map(|x| x * x).sum(),
                vec![10.0 - x.iter().sum::<f64>()],
            )
        }),
    ]
}

/// The evaluations until the target, if it was reached.
fn search(problem: &Constrained, algorithm: &str, seed: u64) -> Option<f64> {
    let (_, bounds, least, f) = problem;
    let space = bounds
        .iter()
        .enumerate()
        .fold(Space::new(), |space, (n, &(low, high))| {
            space.real(format!("x{n}"), low..=high)
        });
    let space = space.build().expect("because the bounds are in order");
    let middle: Vec<f64> = bounds.iter().map(|(a, b)| 0.5 * (a + b)).collect();
    let options = Options {
        algorithm: algorithm.parse().expect("because it is a method"),
        constraints: f(&middle).1.len(),
        seed,
        evaluations: Some(BUDGET),
        threads: 1,
        ..Options::default()
    };
    let seen = Mutex::new((0_u32, None));
    let outcome = optimize(&space, &options, |candidate: &Candidate| {
        let x: Vec<f64> = candidate
            .values()
            .iter()
            .map(|value| match *value {
                Value::Real(x) => x,
                _ => f64::NAN,
            })
            .collect();
        let (cost, constraints) = f(&x);
        let mut seen = seen.lock().expect("because nothing panics here");
        seen.0 += 1;
        let is_allowed = constraints.iter().all(|&g| g <= 0.0);
        if seen.1.is_none() && is_allowed && cost <= least + TARGET * least.abs() {
            seen.1 = Some(seen.0);
        }
        (cost, constraints)
    });
    outcome.expect("because the method suits the problem");
    let seen = seen.into_inner().expect("because nothing panics here");
    seen.1.map(f64::from)
}

pub(crate) fn table(algorithm: &str, seeds: u64) {
    let mut algorithms = vec![algorithm, "cma-es", "l-shade", "ga"];
    if seeds == 1 {
        algorithms.truncate(1);
    }
    println!(
        "Evaluations until the least cost that is allowed is known to 1e-6 of it: median (least, greatest) of those of \
         {seeds} seeds that knew it within {BUDGET}\n"
    );
    println!("| problem | {} |", algorithms.join(" | "));
    println!("|---|{}", "---|".repeat(algorithms.len()));
    for problem in constrained() {
        let mut line = format!("| {} |", problem.0);
        for algorithm in &algorithms {
            let reached: Vec<f64> = (0..seeds)
                .filter_map(|seed| search(&problem, algorithm, seed))
                .collect();
            let (count, all) = (reached.len() as u64, seeds);
            line += &if reached.is_empty() {
                format!(" none of {all} |")
            } else {
                let spread = Spread::of(reached);
                let missed = if count < all {
                    format!(", {count} of {all}")
                } else {
                    String::new()
                };
                format!(
                    " {:.0} ({:.0}, {:.0}){missed} |",
                    spread.median, spread.least, spread.greatest
                )
            };
        }
        println!("{line}");
    }
    println!();
}
