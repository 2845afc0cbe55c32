//! Our crates beside what others wrote: what the benches of this package and its table of hit rates share.
//!
//! The conventions are those of the benches of our own crates: groups with a `floor`, answers that are checked,
//! inputs from fixed seeds. `BIAS.md` says where the comparisons favour us or a peer. Nothing here is part of the
//! gate, nor of `cargo xtask regress`: `cargo xtask bench --peers` measures it.

mod files;
mod lru;
mod python;
mod rates;
mod readers;
mod zipf;

pub use files::Files;
pub use lru::Lru;
pub use python::{Python, Script};
pub use rates::{HitRates, MEMBERS, hit_rates, table};
pub use readers::{
    Answer, Contents, InFront, Key, Make, Ours, Plain, Reader, Store, exact_lru, key, one_shard,
};
pub use zipf::zipf;

/// The capacities, in files, at which caches in front of the files are compared.
pub const CAPACITIES: [usize; 5] = [64, 128, 256, 512, 1024];
/// How many files there are.
pub const FILES: usize = 2_000;
/// How many reads one comparison makes.
pub const READS: usize = 100_000;
/// The seed of the stream that all comparisons of caches replay.
pub const SEED: u64 = 1;

/// What came of replaying a stream of reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Replay {
    /// The sum of the numbers in the files: whoever hands out the wrong file is found out.
    pub sum: u64,
    /// How many reads the cache answered.
    pub hits: u64,
}

/// Reads the files that `stream` names, one after the other.
pub fn replay(reader: &dyn Reader, files: &Files, stream: &[usize]) -> Replay {
    let mut replay = Replay { sum: 0, hits: 0 };
    for &number in stream {
        let answer = reader.read(&files.paths()[number]);
        replay.sum += answer.number;
        replay.hits += u64::from(answer.hit);
    }
    replay
}

/// The sum that a replay of `stream` has to come to.
pub fn expected_sum(stream: &[usize]) -> u64 {
    stream.iter().map(|&number| number as u64).sum()
}
