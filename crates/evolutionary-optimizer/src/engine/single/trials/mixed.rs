//! Spaces of numbers and choices, and noise.

use std::f64::consts::PI;

use crate::engine::single::trials::functions::Function;
use crate::engine::single::trials::{cube, make, problem, run};
use crate::rng::Rng;
use crate::space::Parameter;

/// A function of numbers and choices: the first half of the axes are real.
fn mixed_cost(kind: &str, x: &[f64], shift: &[f64]) -> f64 {
    let n = x.len();
    let z: Vec<f64> = (0..n).map(|i| x[i] - shift[i]).collect();
    match kind {
        "spheres" | "integers" => z.iter().map(|z| z * z).sum(),
        "ellipsoid" => z
            .iter()
            .enumerate()
            .map(|(i, z)| 1e3_f64.powf(i as f64 / (n as f64 - 1.0)) * z * z)
            .sum(),
        "rotated" => {
            let sum: f64 = z.iter().sum();
            z.iter().map(|z| z * z).sum::<f64>() + sum * sum
        }
        "rosenbrock" => z
            .windows(2)
            .map(|w| 10.0 * ((w[1] + 1.0) - (w[0] + 1.0).powi(2)).powi(2) + w[0] * w[0])
            .sum(),
        "rastrigin" => z
            .iter()
            .enumerate()
            .map(|(i, z)| {
                z * z
                    + if i < n / 2 {
                        10.0 - 10.0 * (2.0 * PI * z).cos()
                    } else {
                        0.0
                    }
            })
            .sum(),
        "leading" => n as f64 - x.iter().take_while(|x| **x > 0.5).count() as f64,
        "choices" => {
            let wrong = |i: usize| f64::from(u8::from(z[i] != 0.0));
            (0..n)
                .map(|i| {
                    if i < n / 3 {
                        z[i] * z[i] * (1.0 + wrong(n - 1 - i))
                    } else {
                        wrong(i)
                    }
                })
                .sum()
        }
        "coupled" => {
            // Each choice needs its own place of a number.
            (0..n / 2)
                .map(|i| {
                    (x[i] - 0.8 * (x[n / 2 + i] - 2.0)).powi(2)
                        + 0.2 * (x[n / 2 + i] - shift[n / 2 + i]).abs().min(1.0)
                })
                .sum()
        }
        other => panic!("{other}"),
    }
}

/// How many seeds find the optimum of mixed problems, and their mean evaluations.
#[test]
#[ignore = "prints a table"]
fn mixed() {
    let methods = "shade,cma,auto";
    let kinds = [
        "spheres",
        "ellipsoid",
        "rotated",
        "rosenbrock",
        "rastrigin",
        "integers",
        "leading",
        "choices",
        "coupled",
    ];
    for kind in kinds {
        for n in [6, 12] {
            print!("{kind:10} {n:2}");
            for method in methods.split(',') {
                let budget = 30_000;
                let (mut total, mut found) = (0, 0);
                for seed in 0..15 {
                    let mut rng = Rng::new(99 + seed);
                    let space: Vec<Parameter> = (0..n)
                        .map(|i| match kind {
                            "integers" => Parameter::Integer {
                                low: -50,
                                high: 50,
                                log: false,
                            },
                            "leading" => Parameter::Boolean,
                            "choices" if i >= n / 3 => Parameter::Categorical { choices: 6 },
                            "coupled" if i >= n / 2 => Parameter::Categorical { choices: 5 },
                            _ if i < n / 2 => Parameter::Real {
                                low: -5.0,
                                high: 5.0,
                                log: false,
                            },
                            _ => Parameter::Integer {
                                low: -10,
                                high: 10,
                                log: false,
                            },
                        })
                        .collect();
                    let problem = problem(&space, Some(budget));
                    let shift: Vec<f64> = problem
                        .axes
                        .iter()
                        .map(|axis| axis.at_unit(0.15 + 0.7 * rng.unit()))
                        .collect();
                    let mut engine = make(method, &problem, seed);
                    let (spent, best, _) = run(&mut *engine, &problem, budget, 1e-6, &mut |x| {
                        (mixed_cost(kind, x, &shift), 0.0)
                    });
                    total += spent;
                    found += u64::from(best <= 1e-6);
                }
                print!(
                    " | {method} {:7} ({found:2}/15)",
                    total.checked_div(found).unwrap_or(0)
                );
            }
            println!();
        }
    }
}

/// What is asked for functions with noise: the median of true costs, of the best tenth of a run.
#[test]
#[ignore = "prints a table"]
fn noise() {
    let methods = "shade,cma,auto";
    for (name, half, rotated, level) in [
        ("sphere", 5.0, false, 0.1),
        ("sphere", 5.0, false, 10.0),
        ("ellipsoid", 5.0, true, 10.0),
        ("rosenbrock", 5.0, false, 1.0),
        ("rastrigin", 5.12, true, 1.0),
    ] {
        print!("{name:12} {level:5}");
        for budget in [1_000, 10_000, 50_000] {
            for method in methods.split(',') {
                let last = |seed| {
                    let function = Function::new(name, half, rotated, 10, seed);
                    let mut problem = cube(half, 10, Some(budget));
                    problem.is_noisy = true;
                    let mut engine = make(method, &problem, seed);
                    let (mut rng, mut all) = (Rng::new(seed), Vec::new());
                    run(
                        &mut *engine,
                        &problem,
                        budget,
                        f64::NEG_INFINITY,
                        &mut |x| {
                            all.push(function.value(x));
                            (all[all.len() - 1] + level * rng.gaussian(), 0.0)
                        },
                    );
                    let tenth = all.len() / 10;
                    let median = |part: &mut [f64]| {
                        part.sort_unstable_by(f64::total_cmp);
                        part[part.len() / 2]
                    };
                    all.chunks_mut(tenth)
                        .map(median)
                        .fold(f64::INFINITY, f64::min)
                };
                let mut lasts: Vec<f64> = (0..11).map(last).collect();
                lasts.sort_unstable_by(f64::total_cmp);
                print!(" {method} {:8.1e}", lasts[5]);
            }
            print!(" |");
        }
        println!();
    }
}
