//! Sizes a service: how many workers, how large batches, which queue, so that cost and waiting together are least.
//!
//! The latency comes from executing a small queue simulation, not from a formula. Run with
//! `cargo run --release -p autoexec-evolutionary-optimizer --example size_a_service [SEED]`.
#![allow(clippy::print_stdout, reason = "an example prints its result")]

use std::error::Error;

use autoexec_evolutionary_optimizer::{
    Candidate, Generation, Islands, Observer, Optimizer, Options, Space, Stagnation, optimize_with,
};

const REQUESTS: u32 = 2000;

struct Progress;

impl Observer for Progress {
    fn generation(&mut self, generation: &Generation, _: &Optimizer) {
        if generation.number.is_multiple_of(10)
            && let Some(diversity) = generation.diversity
        {
            let (number, best) = (generation.number, generation.best);
            println!("generation {number:3}  best {best:8.3}  diversity {diversity:.3}");
        }
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let seed = std::env::args().nth(1).map_or(Ok(1), |text| text.parse())?;
    let space = Space::new()
        .log_integer("workers", 1..=64)
        .integer("batch", 1..=32)
        .real("linger_ms", 0.0..=20.0)
        .categorical("queue", ["shared", "round-robin"])
        .boolean("cache")
        .build()?;
    let options = Options {
        seed,
        islands: Some(Islands::default()),
        stagnation: Some(Stagnation {
            tolerance: 0.01,
            generations: 30,
        }),
        ..Options::genetic()
    };
    let outcome = optimize_with(&space, &options, price, &mut Progress)?;

    println!("{:#?}", outcome.best);
    println!(
        "price {:.3} after {} evaluations in {} generations ({:?})",
        outcome.value, outcome.evaluations, outcome.generations, outcome.stop
    );
    for (n, island) in outcome.islands.iter().enumerate() {
        println!(
            "island {n}: best {:.3}, {} migrants arrived",
            island.best, island.migrants_in
        );
    }
    Ok(())
}

/// What a millisecond of mean waiting, a worker and the cache cost together.
fn price(candidate: &Candidate) -> f64 {
    let cache = if candidate.boolean("cache") { 3.0 } else { 0.0 };
    mean_latency_ms(candidate) + 0.8 * candidate.integer("workers") as f64 + cache
}

/// Serves a request each millisecond, in batches that close when full or when they have lingered.
fn mean_latency_ms(candidate: &Candidate) -> f64 {
    let workers = candidate.integer("workers") as usize;
    let batch = candidate.integer("batch") as u32;
    let linger_ms = candidate.real("linger_ms");
    let shared = candidate.choice_name("queue") == "shared";
    let item_ms = if candidate.boolean("cache") { 0.6 } else { 2.0 };

    let mut free_at = vec![0.0_f64; workers];
    let (mut waited, mut arrived, mut batches) = (0.0, 0, 0);
    while arrived < REQUESTS {
        // The last to enter decides when the batch may start.
        let size = batch.min(1 + linger_ms as u32).min(REQUESTS - arrived);
        let first = f64::from(arrived);
        let ready = if size < batch {
            first + linger_ms
        } else {
            first + f64::from(size - 1)
        };
        let worker = if shared {
            earliest(&free_at)
        } else {
            batches % workers
        };
        let start = ready.max(free_at[worker]);
        // Five milliseconds for a batch, and less than before for each item in it. Every seventh batch is slow.
        let slow = if batches % 7 == 6 { 3.0 } else { 1.0 };
        free_at[worker] = start + slow * (5.0 + item_ms * f64::from(size));
        waited += f64::from(size) * (free_at[worker] - first) - f64::from(size * (size - 1)) / 2.0;
        arrived += size;
        batches += 1;
    }
    waited / f64::from(REQUESTS)
}

fn earliest(free_at: &[f64]) -> usize {
    let indices = 0..free_at.len();
    indices
        .min_by(|&a, &b| free_at[a].total_cmp(&free_at[b]))
        .expect("because there is at least one worker")
}
