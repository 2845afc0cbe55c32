//! Tables of what methods need and reach.

use crate::engine::single::trials::functions::{Function, NAMES};
use crate::engine::single::trials::{cube, make, run};

/// The median of the best costs after few evaluations.
#[test]
#[ignore = "prints a table"]
fn short_budgets() {
    let methods = "random,shade,cma,auto";
    let n = 10;
    for budget in [100, 300, 1000, 3000] {
        println!("{budget} evaluations in {n} dimensions");
        let mut wins = vec![(0, 0.0); methods.split(',').count()];
        for (name, half, rotated) in NAMES {
            print!(
                "{:16}",
                format!("{name}{}", if rotated { "-rot" } else { "" })
            );
            let mut medians = Vec::new();
            for method in methods.split(',') {
                let best = |seed| {
                    let function = Function::new(name, half, rotated, n, seed);
                    let problem = cube(half, n, Some(budget));
                    let mut engine = make(method, &problem, seed);
                    run(&mut *engine, &problem, budget, 1e-8, &mut |x| {
                        (function.value(x), 0.0)
                    })
                    .1
                };
                let mut bests: Vec<f64> = (0..15).map(best).collect();
                bests.sort_unstable_by(f64::total_cmp);
                medians.push(bests[7].max(1e-8));
                print!(" {method} {:9.2e}", bests[7]);
            }
            println!();
            let least = medians.iter().copied().fold(f64::INFINITY, f64::min);
            for (win, median) in wins.iter_mut().zip(&medians) {
                win.0 += u32::from(*median <= least);
                win.1 += (median / least).log10() / NAMES.len() as f64;
            }
        }
        for (method, (count, lost)) in methods.split(',').zip(wins) {
            println!(
                "  {method}: best {count} times, on average {lost:.2} decades behind the best"
            );
        }
    }
}

#[test]
#[ignore = "prints a table"]
fn table() {
    let methods = "cma,auto";
    let (n, budget, seeds) = (10, 200_000, 11);
    let mut logs = vec![0.0; methods.split(',').count()];
    let mut functions = 0;
    for (name, half, rotated) in NAMES {
        let label = format!("{name}{}", if rotated { "-rot" } else { "" });
        print!("{label:16}");
        functions += 1;
        for (index, method) in methods.split(',').enumerate() {
            let mut counts = Vec::new();
            let (mut total, mut rounds, mut bests) = (0, 0, Vec::new());
            let start = std::time::Instant::now();
            for seed in 0..seeds {
                let function = Function::new(name, half, rotated, n, seed);
                let problem = cube(half, n, Some(budget));
                let mut engine = make(method, &problem, seed);
                let (spent, best, batches) = run(&mut *engine, &problem, budget, 1e-8, &mut |x| {
                    (function.value(x), 0.0)
                });
                total += spent;
                rounds += batches;
                bests.push(best);
                if best <= 1e-8 {
                    counts.push(spent);
                }
            }
            counts.sort_unstable();
            bests.sort_unstable_by(f64::total_cmp);
            let ert = if counts.is_empty() {
                f64::INFINITY
            } else {
                total as f64 / counts.len() as f64
            };
            // Where no run succeeds, ten times what all spent.
            logs[index] += if ert.is_finite() {
                ert
            } else {
                10.0 * total as f64
            }
            .ln();
            print!(
                " | {method:6} ert {ert:8.0} ({:2}/{seeds}) min {:6} max {:6} f {:8.1e} rounds {:5} {:5.2}s",
                counts.len(),
                counts.first().copied().unwrap_or(0),
                counts.last().copied().unwrap_or(0),
                bests[bests.len() / 2],
                rounds / seeds,
                start.elapsed().as_secs_f64()
            );
        }
        println!();
    }
    for (method, log) in methods.split(',').zip(logs) {
        println!(
            "geometric mean of {method}: {:.0}",
            (log / f64::from(functions)).exp()
        );
    }
}

/// What a row costs besides its evaluation.
#[test]
#[ignore = "prints a table"]
fn overhead() {
    for n in [10, 30] {
        for method in ["cma", "shade", "auto"] {
            let function = Function::new("rastrigin", 5.12, true, n, 1);
            let problem = cube(5.12, n, Some(400_000));
            let measure = |f: &mut dyn FnMut(&[f64]) -> (f64, f64)| {
                let mut engine = make(method, &problem, 1);
                let start = std::time::Instant::now();
                run(&mut *engine, &problem, 400_000, f64::NEG_INFINITY, f);
                start.elapsed().as_secs_f64() * 1e6 / 4e5
            };
            let mut rows = Vec::new();
            let with = measure(&mut |x| {
                rows.extend_from_slice(x);
                (function.value(x), 0.0)
            });
            let start = std::time::Instant::now();
            let sum: f64 = rows.chunks(n).map(|x| function.value(x)).sum();
            let bare = start.elapsed().as_secs_f64() * 1e6 / 4e5;
            println!(
                "{method:6} {n:2} dimensions: {:.2} µs a row, the function {bare:.2} ({sum:.1})",
                with - bare
            );
        }
    }
}
