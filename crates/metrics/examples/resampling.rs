//! What resampling costs: the time of each statistic on samples as a gate has them.
#![allow(clippy::print_stdout, reason = "printing is what this program is for")]

use std::hint::black_box;
use std::time::{Duration, Instant};

use autoexec_metrics::stats;

fn main() {
    let groups: Vec<Vec<f64>> = (0..6u32).map(|g| samples(g, 30)).collect();
    let all = groups.concat();
    let (a, b) = all.split_at(all.len() / 2);
    let points: Vec<(f64, f64)> = all
        .iter()
        .zip(0u32..)
        .map(|(y, x)| (x.into(), *y))
        .collect();
    report("bootstrap_groups, 6 x 30, 2,000 resamples", || {
        stats::bootstrap_groups(black_box(&groups), 0.99, 2_000, 1).is_some()
    });
    report(
        "bootstrap of a median, 180 samples, 2,000 resamples",
        || stats::bootstrap(black_box(&all), 0.99, 2_000, 1, stats::median).is_some(),
    );
    report("mann_whitney, 90 and 90 samples", || {
        stats::mann_whitney(black_box(a), b).is_some()
    });
    report("permutation_test, 180 differences, 2,000 rounds", || {
        stats::permutation_test(black_box(&all), 2_000, 1).is_some()
    });
    report("slope, 180 points", || {
        stats::slope(black_box(&points), 0.99).is_some()
    });
}

/// Numbers around zero that are the same in every run.
fn samples(seed: u32, count: u32) -> Vec<f64> {
    (0..count)
        .map(|n| f64::from((seed * 977 + n * 7_919) % 1_009) / 1_009.0 - 0.5)
        .collect()
}

/// Prints the median time of 21 calls.
fn report(what: &str, call: impl Fn() -> bool) {
    let time = || {
        let start = Instant::now();
        assert!(call(), "because there are samples");
        start.elapsed().as_secs_f64()
    };
    let mut times: Vec<f64> = (0..21).map(|_| time()).collect();
    if let Some(median) = stats::median(&mut times) {
        println!("{:>12.2?}  {what}", Duration::from_secs_f64(median));
    }
}
