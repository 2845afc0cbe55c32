//! The simulation against the cache: the same requests get the same answers.
#![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]

use autoexec_file_cache::{FileCache, Freshness, Options, ReadManyOptions, Simulation, Source};
use proptest::prelude::*;
use std::path::PathBuf;
use std::sync::Mutex;

/// Files of these lengths in a folder of their own.
struct Files {
    _folder: tempfile::TempDir,
    paths: Vec<PathBuf>,
}

fn files(lengths: &[usize]) -> Files {
    let folder = tempfile::tempdir().unwrap();
    let write = |(at, len): (usize, &usize)| {
        let path = folder.path().join(format!("{at:03}"));
        std::fs::write(&path, vec![b'x'; *len]).unwrap();
        path
    };
    let paths = lengths.iter().enumerate().map(write).collect();
    Files {
        _folder: folder,
        paths,
    }
}

fn options(max_entries: usize, max_bytes: u64) -> Options {
    let mut options = Options::default();
    (options.max_entries, options.max_bytes) = (max_entries, max_bytes);
    options.max_file_bytes = 3_000;
    options
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn as_the_cache_answers(
        lengths in proptest::collection::vec(0usize..4_000, 1..24),
        reads in proptest::collection::vec((any::<prop::sample::Index>(), 0usize..20), 0..300),
        max_entries in 0usize..12,
        max_bytes in 0u64..30_000,
    ) {
        let mut lengths = lengths;
        let files = files(&lengths);
        let options = options(max_entries, max_bytes);
        let (cache, mut simulation) = (FileCache::new(options.clone()), Simulation::new(&options, 2));
        for (read, change) in reads {
            let at = read.index(files.paths.len());
            let path = &files.paths[at];
            if change == 0 {
                lengths[at] = (lengths[at] + 100) % 4_000;
                std::fs::write(path, vec![b'y'; lengths[at]]).unwrap();
            }
            let real = cache.read(path).unwrap().source;
            // Where time stamps are coarse, a file that was just written is not kept.
            prop_assume!(cache.stats().racy == 0);
            let name = path.as_os_str().len() as u64;
            prop_assert_eq!(simulation.read(at as u64, name, lengths[at] as u64), real);
            let stats = cache.stats();
            prop_assert_eq!(simulation.entries(), stats.resident_entries);
            prop_assert_eq!(simulation.bytes(), stats.resident_bytes);
            prop_assert_eq!(simulation.evictions(), stats.evictions);
        }
        prop_assert!(simulation.peak_bytes() <= max_bytes);
    }
}

/// Batches are read in an order of their own, which they tell; with one worker the simulation follows it hit by hit.
#[test]
fn in_the_order_that_a_batch_tells() {
    let files = files(&[700; 60]);
    let apart: Vec<&PathBuf> = files.paths.iter().rev().collect();
    let options = options(16, 1 << 20);
    let (cache, mut simulation) = (
        FileCache::new(options.clone()),
        Simulation::new(&options, 2),
    );
    for freshness in [Freshness::Validate, Freshness::Pinned] {
        for _ in 0..5 {
            let order = Mutex::new(Vec::new());
            let tell = |place| order.lock().unwrap().push(place);
            let choices = ReadManyOptions {
                workers: Some(1),
                freshness: Some(freshness),
                told: Some(&tell),
                ..ReadManyOptions::default()
            };
            let answers = cache.read_many_with(&apart, &choices);
            let order = order.into_inner().unwrap();
            let mut sorted = order.clone();
            sorted.sort_unstable();
            assert_eq!(sorted, Vec::from_iter(0..60), "each place is told once");
            let hits = |it: &Source| *it == Source::Hit;
            let simulated: Vec<Source> = (order.iter())
                .map(|&at| simulation.read(at as u64, apart[at].as_os_str().len() as u64, 700))
                .collect();
            let real: Vec<Source> = (order.iter())
                .map(|&at| answers[at].as_ref().unwrap().source)
                .collect();
            let count = |it: &[Source]| it.iter().filter(|it| hits(it)).count();
            assert_eq!(count(&simulated), count(&real));
            if freshness == Freshness::Validate {
                assert_eq!(simulated, real);
            }
        }
    }
}
