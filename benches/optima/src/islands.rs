//! Islands beside one population of the same size, at equal evaluations; and what threads gain.

use std::time::{Duration, Instant};

use autoexec_evolutionary_optimizer::{
    Algorithm, Candidate, GeneticOptions, Islands, Options, Space, Topology, optimize,
};

use crate::single::{FUNCTIONS, Function, Instance};
use crate::spread::Spread;

const DIMENSIONS: usize = 10;
const EVALUATIONS: u64 = 10_000;
const TOPOLOGIES: [(&str, Topology); 5] = [
    ("ring", Topology::Ring),
    ("full", Topology::Full),
    ("star", Topology::Star),
    ("random", Topology::Random),
    ("none", Topology::None),
];

pub(crate) fn table(seeds: u64) {
    println!(
        "The genetic algorithm, four islands of 25 beside one population of 100, {EVALUATIONS} evaluations, {seeds} seeds: \
         median of the best value, and the two-sided p of the signed ranks (Wilcoxon) of log values by seed\n"
    );
    println!("| function | one population | ring | full | star | random | no migration |");
    println!("|---|---|---|---|---|---|---|");
    for function in &FUNCTIONS {
        let panmictic = bests(function, None, seeds);
        let mut line = format!("| {} | {:.3e} |", function.name, median(&panmictic));
        for (_, topology) in TOPOLOGIES {
            let islands = Islands {
                topology,
                ..Islands::default()
            };
            let of_islands = bests(function, Some(islands), seeds);
            let p = signed_ranks(&panmictic, &of_islands);
            line += &format!(" {:.3e} (p {p:.3}) |", median(&of_islands));
        }
        println!("{line}");
    }
    println!("\nAn objective that takes 1 ms, 400 evaluations on four islands of 25:\n");
    println!("| threads | seconds, it computes | speed-up | seconds, it waits | speed-up |");
    println!("|---|---|---|---|---|");
    let (computing, waiting) = (dear(1, compute), dear(1, wait));
    for threads in [1, 2, 4] {
        let seconds = [(computing, compute as fn()), (waiting, wait)].map(|(alone, what)| {
            let took = if threads == 1 {
                alone
            } else {
                dear(threads, what)
            };
            format!(
                "{:.3} | {:.2}",
                took.as_secs_f64(),
                alone.as_secs_f64() / took.as_secs_f64()
            )
        });
        println!("| {threads} | {} |", seconds.join(" | "));
    }
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    println!("\n({cores} processors)\n");
}

/// A chain of operations that neither a compiler nor a core can shorten: about a millisecond.
fn compute() {
    let mut state = std::hint::black_box(1_u64);
    for _ in 0..600_000 {
        state = (state ^ state >> 31).wrapping_mul(6_364_136_223_846_793_005);
    }
    std::hint::black_box(state);
}

fn wait() {
    std::thread::sleep(Duration::from_millis(1));
}

fn options(islands: Option<Islands>, seed: u64) -> Options {
    Options {
        algorithm: Algorithm::Genetic(GeneticOptions::default()),
        evaluations: Some(EVALUATIONS),
        seed,
        islands,
        ..Options::default()
    }
}

fn space(half: f64) -> Space {
    let builder = (0..DIMENSIONS).fold(Space::new(), |space, n| {
        space.real(format!("x{n}"), -half..=half)
    });
    builder.build().expect("because the bounds are in order")
}

fn bests(function: &Function, islands: Option<Islands>, seeds: u64) -> Vec<f64> {
    let space = space(function.half);
    let best = |seed| {
        let instance = Instance::new(function, seed);
        let outcome = optimize(&space, &options(islands.clone(), seed), |it| {
            instance.value(it)
        });
        outcome.expect("because the options are in range").value
    };
    (0..seeds).map(best).collect()
}

fn median(values: &[f64]) -> f64 {
    Spread::of(values.to_vec()).median
}

/// The p of Wilcoxon's signed-rank test, by the normal approximation with ties counted (good from some 20 pairs on).
fn signed_ranks(a: &[f64], b: &[f64]) -> f64 {
    let log = |x: &f64| x.max(1e-300).ln();
    let differences = a.iter().zip(b).map(|(a, b)| log(a) - log(b));
    let mut differences: Vec<f64> = differences.filter(|d| *d != 0.0).collect();
    differences.sort_by(|a, b| a.abs().total_cmp(&b.abs()));
    let count = differences.len();
    if count == 0 {
        return 1.0;
    }
    let (mut positive, mut ties, mut first) = (0.0, 0.0, 0);
    while first < count {
        let size = differences[first].abs();
        let last = first + differences[first..].partition_point(|d| d.abs() <= size);
        let rank = (first + last + 1) as f64 / 2.0;
        let above = differences[first..last]
            .iter()
            .filter(|d| **d > 0.0)
            .count();
        positive += rank * above as f64;
        let tied = (last - first) as f64;
        ties += tied * tied * tied - tied;
        first = last;
    }
    let n = count as f64;
    let variance = n * (n + 1.0) * (2.0 * n + 1.0) / 24.0 - ties / 48.0;
    let z = (positive - n * (n + 1.0) / 4.0).abs() / variance.sqrt();
    2.0 * upper_tail(z)
}

/// The share of a normal distribution above z, by Abramowitz & Stegun 26.2.17 (error below 7.5e-8).
fn upper_tail(z: f64) -> f64 {
    let t = 1.0 / (1.0 + 0.231_641_9 * z);
    let weights = [
        0.319_381_530,
        -0.356_563_782,
        1.781_477_937,
        -1.821_255_978,
        1.330_274_429,
    ];
    let sum = weights
        .iter()
        .rev()
        .fold(0.0, |sum, weight| (sum + weight) * t);
    (-z * z / 2.0).exp() / (2.0 * std::f64::consts::PI).sqrt() * sum
}

fn dear(threads: usize, what: fn()) -> Duration {
    let options = Options {
        evaluations: Some(400),
        threads,
        ..options(Some(Islands::default()), 1)
    };
    let started = Instant::now();
    let outcome = optimize(&space(5.0), &options, |candidate: &Candidate| {
        what();
        candidate.real("x0")
    });
    outcome.expect("because the options are in range");
    started.elapsed()
}
