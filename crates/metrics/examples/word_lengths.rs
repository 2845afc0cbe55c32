//! Times the sorting of its own source in several threads, and prints the table, JSON and memory.
#![allow(clippy::print_stdout, reason = "printing is what this program is for")]

use std::thread;

use autoexec_metrics::{MemoryProbe, Recorder};

const SOURCE: &str = include_str!("word_lengths.rs");

fn main() {
    let memory = MemoryProbe::start();
    let recorder = Recorder::new();
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| work(&recorder));
        }
    });

    let snapshot = recorder.snapshot();
    println!("{}", snapshot.text());
    println!("{}", snapshot.json());
    match memory.finish() {
        Some(used) => println!(
            "\nmemory: start {} B, delta {} B, peak {:?} B",
            used.start_bytes, used.delta_bytes, used.peak_bytes
        ),
        None => println!("\nmemory: cannot be measured here"),
    }
}

fn work(recorder: &Recorder) {
    let sort = recorder.timer("sort words");
    let words = recorder.counter("words");
    for _ in 0..1_000 {
        let mut list: Vec<&str> = SOURCE.split_whitespace().collect();
        sort.time_fn(|| list.sort_by_key(|word| word.len()));
        words.add(list.len() as u64);
    }
}
