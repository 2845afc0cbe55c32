//! How many reads each cache answers, at each capacity. Nothing is timed: the same figures on every machine.
//!
//! Shards and sketches go by hashes, so hashes are the same everywhere too: of the file's name alone, as the folder
//! is another one each time, by a hasher without a seed.

use crate::readers::{Contents, InFront, Key, Make, Ours, Reader, Store, exact_lru, sharded};
use crate::{CAPACITIES, FILES, Files, READS, SEED, expected_sum, replay, zipf};
use std::fmt::Write;
use std::hash::{BuildHasherDefault, DefaultHasher};

type Fixed = BuildHasherDefault<DefaultHasher>;

/// `quick_cache` asks the machine how many shards to make; this is its answer to two cores.
const SHARDS: usize = 8;

/// Who is compared, in order of the columns.
pub const MEMBERS: [(&str, Make); 4] = [
    ("exact LRU", |capacity| by_name(exact_lru(capacity))),
    ("moka", |capacity| by_name(SettledMoka::new(capacity))),
    ("quick_cache", |capacity| {
        by_name(sharded(capacity, SHARDS, Fixed::default()))
    }),
    ("ours", |capacity| Box::new(Ours::new(capacity))),
];

fn by_name<S: Store + 'static>(store: S) -> Box<dyn Reader> {
    Box::new(InFront(ByName(store)))
}

/// Keeps files by their names, without their folders.
struct ByName<S>(S);

impl<S: Store> Store for ByName<S> {
    fn get(&self, key: &[u8]) -> Option<Contents> {
        self.0.get(name(key))
    }

    fn insert(&self, key: Key, contents: Contents) {
        self.0.insert(name(&key).into(), contents);
    }
}

fn name(key: &[u8]) -> &[u8] {
    let is_separator = |byte: &u8| matches!(byte, b'/' | b'\\');
    let start = key.iter().rposition(is_separator).map_or(0, |at| at + 1);
    &key[start..]
}

/// A moka that does its housekeeping after every insertion.
///
/// Left to itself it keeps more than its capacity until its next turn, which may be timed, and so would answer
/// reads that the policy alone would not.
struct SettledMoka(moka::sync::Cache<Key, Contents, Fixed>);

impl SettledMoka {
    fn new(capacity: usize) -> Self {
        let builder = moka::sync::Cache::builder().max_capacity(capacity as u64);
        Self(builder.build_with_hasher(Fixed::default()))
    }
}

impl Store for SettledMoka {
    fn get(&self, key: &[u8]) -> Option<Contents> {
        self.0.get(key)
    }

    fn insert(&self, key: Key, contents: Contents) {
        self.0.insert(key, contents);
        self.0.run_pending_tasks();
    }
}

/// The share of reads that each member answered at one capacity.
#[derive(Debug, Clone, PartialEq)]
pub struct HitRates {
    /// How many files each could hold.
    pub capacity: usize,
    /// In order of [`MEMBERS`].
    pub shares: Vec<f64>,
}

impl HitRates {
    /// The share of the member of this name.
    pub fn of(&self, name: &str) -> Option<f64> {
        let at = MEMBERS.iter().position(|(member, _)| *member == name)?;
        self.shares.get(at).copied()
    }
}

/// The hit rates of all members at all [`CAPACITIES`], from empty caches, on one stream over real files.
pub fn hit_rates() -> Vec<HitRates> {
    let files = Files::new(FILES);
    let stream = zipf(SEED, FILES, READS);
    let at = |capacity| HitRates {
        capacity,
        shares: shares(capacity, &files, &stream),
    };
    CAPACITIES.into_iter().map(at).collect()
}

fn shares(capacity: usize, files: &Files, stream: &[usize]) -> Vec<f64> {
    let share = |(name, make): &(&str, Make)| {
        let replay = replay(&*make(capacity), files, stream);
        assert_eq!(replay.sum, expected_sum(stream), "{name} answered wrongly");
        replay.hits as f64 / stream.len() as f64
    };
    MEMBERS.iter().map(share).collect()
}

/// The rates as people read them, in percent.
pub fn table(rates: &[HitRates]) -> String {
    let mut text = format!("{:>8}", "capacity");
    for (name, _) in MEMBERS {
        let _ = write!(text, "  {name:>11}");
    }
    for row in rates {
        let _ = write!(text, "\n{:>8}", row.capacity);
        for share in &row.shares {
            let _ = write!(text, "  {:>9.2} %", share * 100.0);
        }
    }
    text + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ours_hits_at_least_as_often_as_an_exact_lru() {
        for row in hit_rates() {
            assert!(row.of("ours") >= row.of("exact LRU"), "{row:?}");
        }
    }

    #[test]
    fn rates_are_the_same_wherever_the_files_are() {
        let stream = zipf(2, 200, 10_000);
        let (here, there) = (Files::new(200), Files::new(200));
        assert_ne!(here.paths()[0], there.paths()[0]);
        assert_eq!(shares(64, &here, &stream), shares(64, &there, &stream));
    }

    #[test]
    fn a_cache_with_room_for_all_misses_each_file_once() {
        let files = Files::new(50);
        let stream = zipf(2, 50, 1_000);
        let distinct = stream
            .iter()
            .collect::<std::collections::HashSet<_>>()
            .len();
        // Shards fill unevenly: twice the room would not be enough for a certainty, ten times is.
        let expect = (stream.len() - distinct) as f64 / stream.len() as f64;
        assert_eq!(shares(500, &files, &stream), [expect; MEMBERS.len()]);
    }

    #[test]
    fn the_table_has_a_line_for_each_capacity() {
        let row = HitRates {
            capacity: 64,
            shares: vec![0.5, 0.25, 1.0, 0.123_456],
        };
        let expect = "capacity    exact LRU         moka  quick_cache         ours\n      64      50.00 %      25.00 %     100.00 %      12.35 %\n";
        assert_eq!(table(&[row]), expect);
    }
}
