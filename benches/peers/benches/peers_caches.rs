//! Our file cache beside caches that others wrote: one hit, a skewed stream of reads, and hits from many threads.
//!
//! Ours validates each hit with a `stat`, proves it by notifications (`watched`), or asks nobody (`pinned`); the others
//! hand out what they have. All files are in the page cache.
#![allow(
    missing_docs,
    reason = "criterion's macros generate undocumented items"
)]

use autoexec_file_cache::Freshness;
use autoexec_peers::{
    CAPACITIES, Contents, FILES, Files, InFront, Key, Make, Ours, Plain, READS, Reader, Replay,
    SEED, exact_lru, expected_sum, key, one_shard, pass, replay, zipf,
};
use criterion::{BatchSize, Criterion, SamplingMode, criterion_group, criterion_main};
use std::fs;
use std::hint::black_box;
use std::sync::Barrier;
use std::thread::{self, ScopedJoinHandle};
use std::time::{Duration, Instant};

type Moka = moka::sync::Cache<Key, Contents>;
type Quick = quick_cache::sync::Cache<Key, Contents>;

fn hit(c: &mut Criterion) {
    let files = Files::new(1);
    let path = files.paths()[0].as_path();
    let contents: Contents = fs::read(path).expect("it is there").into();
    let (quick, moka, ours) = (Quick::new(128), Moka::new(128), Ours::new(128).0);
    quick.insert(key(path).into(), contents.clone());
    moka.insert(key(path).into(), contents.clone());
    let read = ours.read(path).expect("it is there");
    assert_eq!(read.file.bytes(), &*contents);
    assert_eq!(moka.get(key(path)), quick.get(key(path)));
    assert_eq!(moka.get(key(path)), Some(contents));

    let mut group = c.benchmark_group("peers/hit");
    group.bench_function("floor", |b| b.iter(|| quick.get(key(black_box(path)))));
    group.bench_function("moka", |b| b.iter(|| moka.get(key(black_box(path)))));
    group.bench_function("std-read", |b| b.iter(|| fs::read(black_box(path))));
    group.bench_function("ours", |b| b.iter(|| ours.read(black_box(path))));
    for (name, freshness) in [
        ("ours-watched", Freshness::Watch),
        ("ours-pinned", Freshness::Pinned),
    ] {
        let ours = Ours::with(128, freshness).0;
        assert_eq!(
            ours.read(path).expect("it is there").file.bytes(),
            read.file.bytes()
        );
        group.bench_function(name, |b| b.iter(|| ours.read(black_box(path))));
    }
    group.finish();
    assert_eq!(ours.stats().loads, 1, "every timed read was a hit");
}

/// Those who read the skewed stream, each from an empty cache.
const READERS: [(&str, Make); 6] = [
    ("floor", |_| Box::new(Plain)),
    ("ours", |capacity| Box::new(Ours::new(capacity))),
    ("ours-watched", |capacity| {
        Box::new(Ours::with(capacity, Freshness::Watch))
    }),
    ("moka", |capacity| {
        Box::new(InFront(Moka::new(capacity as u64)))
    }),
    ("quick-cache", |capacity| {
        Box::new(InFront(Quick::new(capacity)))
    }),
    ("exact-lru", |capacity| {
        Box::new(InFront(exact_lru(capacity)))
    }),
];

fn skewed(c: &mut Criterion) {
    let files = Files::new(FILES);
    let stream = zipf(SEED, FILES, READS);
    let sum = expected_sum(&stream);
    for capacity in CAPACITIES {
        let mut group = c.benchmark_group(format!("peers/zipf-{capacity}"));
        group.sample_size(10).sampling_mode(SamplingMode::Flat);
        for (name, make) in READERS {
            let read_all = |reader: Box<dyn Reader>| {
                assert_eq!(replay(&*reader, &files, &stream).sum, sum, "{name}");
                reader // Dropped outside of the timed part.
            };
            group.bench_function(name, |b| {
                b.iter_batched(|| make(capacity), read_all, BatchSize::PerIteration);
            });
        }
        group.finish();
    }
}

const THREADS: u64 = 8;
/// Lookups that each thread makes in one iteration.
const LOOKUPS: usize = 1_000;
/// Files that are asked for. There is room for four times as many, so that no shard has to evict any.
const RESIDENT: usize = 256;
const ROOM: usize = 4 * RESIDENT;

fn threads(c: &mut Criterion) {
    let files = Files::new(RESIDENT);
    let stream = |seed| zipf(seed, RESIDENT, LOOKUPS);
    let streams: Vec<Vec<usize>> = (0..THREADS).map(stream).collect();
    let mut group = c.benchmark_group(format!("peers/threads-{THREADS}"));
    group.sampling_mode(SamplingMode::Flat);
    let mut member = |name, reader: &(dyn Reader + Sync)| {
        warm(reader, &files);
        group.bench_function(name, |b| {
            b.iter_custom(|times| together(reader, &files, &streams, times));
        });
    };
    member("floor", &InFront(Quick::new(ROOM)));
    member("quick-cache-one-shard", &InFront(one_shard(ROOM)));
    member("moka", &InFront(Moka::new(ROOM as u64)));
    member("ours", &Ours::new(ROOM));
    member("ours-watched", &Ours::with(ROOM, Freshness::Watch));
    member("ours-pinned", &Ours::with(ROOM, Freshness::Pinned));
    group.finish();
}

/// Reads all files once, so that all that follow are hits.
fn warm(reader: &dyn Reader, files: &Files) {
    let all: Vec<usize> = (0..RESIDENT).collect();
    replay(reader, files, &all);
    assert_eq!(replay(reader, files, &all).hits, RESIDENT as u64);
}

/// How long it takes until each thread has replayed its stream so many times.
///
/// From the moment when the first one begins, all of them having been started, to the one when the last is done.
/// The clock is read by the threads: one that waits for them may be woken late.
fn together(
    reader: &(dyn Reader + Sync),
    files: &Files,
    streams: &[Vec<usize>],
    times: u64,
) -> Duration {
    let barrier = Barrier::new(streams.len());
    let work = |stream: &Vec<usize>| {
        let expect = Replay {
            sum: expected_sum(stream),
            hits: stream.len() as u64,
        };
        barrier.wait();
        let begin = Instant::now();
        for _ in 0..times {
            assert_eq!(replay(reader, files, stream), expect);
        }
        (begin, Instant::now())
    };
    let spans: Vec<(Instant, Instant)> = thread::scope(|scope| {
        let started = streams.iter().map(|stream| scope.spawn(|| work(stream)));
        let started: Vec<_> = started.collect();
        let ends = started.into_iter().map(ScopedJoinHandle::join);
        ends.map(|span| span.expect("every lookup is a hit"))
            .collect()
    });
    let first = spans.iter().map(|span| span.0).min();
    let last = spans.iter().map(|span| span.1).max();
    last.expect("there are threads") - first.expect("there are threads")
}

criterion_group! {
    name = benches;
    config = pass();
    targets = hit, skewed, threads
}
criterion_main!(benches);
