//! Our file cache beside caches that others wrote: one hit, a skewed stream of reads, and hits from many threads.
//!
//! Ours validates each hit with a `stat`, proves it by notifications (`watched`), or asks nobody (`pinned`); the others
//! hand out what they have. All files are in the page cache.

use autoexec_benches::{BatchSize, Clock, Harness, Stopwatch, Times, bench_main};
use autoexec_file_cache::Freshness;
use autoexec_peers::{
    CAPACITIES, Contents, FILES, Files, InFront, Key, Make, Ours, Plain, READS, Reader, Replay,
    SEED, exact_lru, expected_sum, key, one_shard, replay, zipf,
};
use std::fs;
use std::hint::black_box;
use std::sync::Barrier;
use std::thread::{self, ScopedJoinHandle};
use std::time::Instant;

type Moka = moka::sync::Cache<Key, Contents>;
type Quick = quick_cache::sync::Cache<Key, Contents>;

fn hit(harness: &mut Harness<'_>) {
    harness.group("peers/hit", |group| {
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
        assert_eq!(ours.stats().loads, 1, "every timed read was a hit");
    });
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

fn skewed(harness: &mut Harness<'_>) {
    for capacity in CAPACITIES {
        harness.group(format!("peers/zipf-{capacity}"), |group| {
            let files = Files::new(FILES);
            let stream = zipf(SEED, FILES, READS);
            let sum = expected_sum(&stream);
            for (name, make) in READERS {
                let read_all = |reader: Box<dyn Reader>| {
                    assert_eq!(replay(&*reader, &files, &stream).sum, sum, "{name}");
                    reader // Dropped outside of the timed part.
                };
                group.bench_function(name, |b| {
                    b.iter_batched(|| make(capacity), read_all, BatchSize::PerIteration);
                });
            }
        });
    }
}

const THREADS: u64 = 8;
/// Lookups that each thread makes in one iteration.
const LOOKUPS: usize = 1_000;
/// Files that are asked for. There is room for four times as many, so that no shard has to evict any.
const RESIDENT: usize = 256;
const ROOM: usize = 4 * RESIDENT;

fn threads(harness: &mut Harness<'_>) {
    harness.group(format!("peers/threads-{THREADS}"), |group| {
        group.decided_by(Clock::Process);
        let files = Files::new(RESIDENT);
        let stream = |seed| zipf(seed, RESIDENT, LOOKUPS);
        let streams: Vec<Vec<usize>> = (0..THREADS).map(stream).collect();
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
    });
}

/// Reads all files once, so that all that follow are hits.
fn warm(reader: &dyn Reader, files: &Files) {
    let all: Vec<usize> = (0..RESIDENT).collect();
    replay(reader, files, &all);
    assert_eq!(replay(reader, files, &all).hits, RESIDENT as u64);
}

/// What it takes until each thread has replayed its stream so many times.
///
/// On the wall from the moment when the first one begins, all of them having been started, to the one when the last
/// is done; of the processor what the threads took together. The clocks are read by the threads: one that waits for
/// them may be woken late.
fn together(
    reader: &(dyn Reader + Sync),
    files: &Files,
    streams: &[Vec<usize>],
    times: u64,
) -> Times {
    let barrier = Barrier::new(streams.len());
    let work = |stream: &Vec<usize>| {
        let expect = Replay {
            sum: expected_sum(stream),
            hits: stream.len() as u64,
        };
        barrier.wait();
        let (begin, watch) = (Instant::now(), Stopwatch::start());
        for _ in 0..times {
            assert_eq!(replay(reader, files, stream), expect);
        }
        (begin, watch.stop().thread_ns, Instant::now())
    };
    let spans: Vec<(Instant, u64, Instant)> = thread::scope(|scope| {
        let started = streams.iter().map(|stream| scope.spawn(|| work(stream)));
        let started: Vec<_> = started.collect();
        let ends = started.into_iter().map(ScopedJoinHandle::join);
        ends.map(|span| span.expect("every lookup is a hit"))
            .collect()
    });
    let first = spans.iter().map(|span| span.0).min();
    let last = spans.iter().map(|span| span.2).max();
    let wall = last.expect("there are threads") - first.expect("there are threads");
    Times {
        thread_ns: spans.iter().map(|span| span.1).max().unwrap_or_default(),
        process_ns: spans.iter().map(|span| span.1).sum(),
        wall_ns: wall.as_nanos() as u64,
    }
}

bench_main!(hit, skewed, threads);
