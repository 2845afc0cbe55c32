//! Advice that is followed is not given again.
#![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]
#![cfg(unix)]

mod support;

use autoexec_file_cache::{FileCache, Options, Severity, Surroundings, Topic};
use std::path::PathBuf;
use support::Dir;

const FILES: usize = 2_000;
const REQUESTS: usize = 30_000;

const SURROUNDINGS: Surroundings = Surroundings {
    processors: 4,
    free_bytes: None,
    process_growth_bytes: None,
};

/// Files as Zipf's law asks for them: the one of rank r in proportion to 1/r.
fn zipf(requests: usize) -> impl Iterator<Item = usize> {
    let sums: Vec<f64> = (1..=FILES)
        .scan(0.0, |sum, rank| {
            *sum += 1.0 / rank as f64;
            Some(*sum)
        })
        .collect();
    let mut state = 1_u64;
    (0..requests).map(move |_| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        let unit = (state >> 11) as f64 / (1_u64 << 53) as f64;
        sums.partition_point(|sum| *sum < unit * sums[FILES - 1])
    })
}

fn run(cache: &FileCache, paths: &[PathBuf]) {
    cache.begin_run();
    for file in zipf(REQUESTS) {
        cache.read(&paths[file]).unwrap();
    }
}

/// Row 1.9: the target of 70 % is missed with the default bounds, and met by what is advised.
#[test]
fn the_default_bounds_are_found_too_small_and_the_advised_ones_are_not() {
    let dir = Dir::new();
    let paths = dir.fill(FILES, 700);
    let cache = FileCache::new(Options::default());
    run(&cache, &paths);
    let before = cache.stats();
    let advice = cache.advise(&SURROUNDINGS);
    advice.iter().for_each(|advice| println!("{advice}"));
    let topics: Vec<Topic> = advice.iter().map(|advice| advice.topic).collect();
    assert_eq!(
        topics,
        [Topic::HitRate, Topic::Evictions, Topic::RedundantReads]
    );
    assert_eq!(advice[0].measured, before.hit_rate().unwrap());
    let change = advice[0].changes[0];
    assert_eq!(
        (change.setting, change.from, change.to),
        ("max_entries", 128, before.run_paths)
    );
    assert!(advice.iter().all(|advice| advice.changes == [change]));

    cache.resize(change.to as usize, cache.options().max_bytes);
    run(&cache, &paths);
    let after = cache.stats().since(&before);
    assert!(after.hit_rate().unwrap() >= 0.7, "{after:?}");
    let options = Options {
        max_entries: change.to as usize,
        ..Options::default()
    };
    assert_eq!(
        autoexec_file_cache::advise(&after, &options, &SURROUNDINGS),
        []
    );

    // A new cache of this size is split into shards, and good as well.
    let cache = FileCache::new(options);
    run(&cache, &paths);
    assert_eq!(cache.advise(&SURROUNDINGS), []);
    assert!(cache.stats().hit_rate().unwrap() >= 0.7);
}

#[test]
fn advice_goes_by_the_present_bounds_and_streams_are_no_misses() {
    let dir = Dir::new();
    let paths = dir.fill(200, 10);
    let cache = FileCache::new(Options::default());
    cache.resize(0, 0);
    (0..3).for_each(|_| drop(cache.read_many(&paths)));
    let topics = |cache: &FileCache| -> Vec<_> {
        let advice = cache.advise(&SURROUNDINGS);
        advice.iter().map(|it| (it.severity, it.topic)).collect()
    };
    assert_eq!(topics(&cache), [], "it was switched off on purpose");
    let cache = FileCache::new(Options::default());
    for path in paths.iter().chain(&paths) {
        let mut chunks = cache.stream(path, &Default::default()).unwrap();
        while chunks.next_chunk().unwrap().is_some() {}
    }
    assert_eq!(topics(&cache), []);
    // The same files through a cache that is too small for one pass.
    let cache = FileCache::new(Options {
        max_entries: 20,
        ..Options::default()
    });
    (0..10).for_each(|_| paths.iter().for_each(|path| drop(cache.read(path))));
    assert!(topics(&cache).contains(&(Severity::Warning, Topic::HitRate)));
}
