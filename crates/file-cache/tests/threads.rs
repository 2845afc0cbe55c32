//! Many threads, one cache.
#![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]
#![cfg(unix)]

mod support;

use autoexec_file_cache::{ErrorKind, FileCache, Options, Source};
use std::path::PathBuf;
use std::sync::Barrier;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::SeqCst};
use std::thread;
use support::{Dir, replace};

#[test]
fn thirty_two_threads_that_ask_at_once_cause_one_load() {
    const THREADS: usize = 32;
    let dir = Dir::new();
    let paths = dir.fill(12, 1 << 20);
    let cache = FileCache::new(Options::default());
    for (round, path) in paths.iter().enumerate() {
        let start = Barrier::new(THREADS);
        thread::scope(|scope| {
            for _ in 0..THREADS {
                scope.spawn(|| {
                    start.wait();
                    let read = cache.read(path).unwrap();
                    assert!(read.file.iter().all(|&byte| byte == round as u8));
                });
            }
        });
        let stats = cache.stats();
        let rounds = round as u64 + 1;
        assert_eq!(stats.loads, rounds);
        assert_eq!(stats.hits + stats.coalesced, rounds * (THREADS as u64 - 1));
        assert_eq!(stats.bytes_loaded, rounds << 20);
    }
}

#[test]
fn all_who_ask_for_a_missing_file_get_the_error() {
    let dir = Dir::new();
    let cache = FileCache::new(Options::default());
    let start = Barrier::new(16);
    thread::scope(|scope| {
        for _ in 0..16 {
            scope.spawn(|| {
                start.wait();
                for _ in 0..200 {
                    assert_eq!(
                        cache.read(&dir.path("missing")).unwrap_err().kind(),
                        ErrorKind::NotFound
                    );
                }
            });
        }
    });
    assert_eq!(cache.stats().errors, 16 * 200);
}

/// A file whose contents tell its name and version, long enough that a mixture would show.
fn contents(file: usize, version: u64) -> Vec<u8> {
    format!("{file} {version}\n").repeat(200).into_bytes()
}

/// Checks that the text is one that `contents` made for `file`, and returns its version.
fn version(file: usize, text: &str) -> u64 {
    let line = text.lines().next().unwrap();
    let version: u64 = line.split_once(' ').unwrap().1.parse().unwrap();
    assert_eq!(
        text.as_bytes(),
        contents(file, version),
        "torn contents of file {file}"
    );
    version
}

/// Row 1.10: the public system throws hundreds of exceptions here and loses track of its entries.
#[test]
fn readers_see_what_writers_have_finished_and_nothing_torn() {
    const FILES: usize = 200;
    let dir = Dir::new();
    let paths: Vec<PathBuf> = (0..FILES)
        .map(|i| dir.write(&format!("f{i}"), &contents(i, 0)))
        .collect();
    let finished: Vec<AtomicU64> = (0..FILES).map(|_| AtomicU64::new(0)).collect();
    let cache = FileCache::new(Options {
        max_entries: 64,
        ..Options::default()
    });
    let done = AtomicBool::new(false);
    let write = |mut file: usize| {
        while !done.load(SeqCst) {
            file = (file + 26) % FILES; // Even numbers stay with one writer, odd numbers with the other.
            let next = finished[file].load(SeqCst) + 1;
            replace(&paths[file], &contents(file, next));
            finished[file].store(next, SeqCst);
        }
    };
    let read = |seed: usize| {
        let mut state = seed as u64;
        for turn in 0..3_000 {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            // Squaring makes low numbers frequent, so that there are hits.
            let unit = (state >> 40) as f64 / (1_u64 << 24) as f64;
            let file = (unit * unit * FILES as f64) as usize;
            let oldest = finished[file].load(SeqCst);
            let seen = cache.read(&paths[file]).unwrap();
            assert!(
                version(file, seen.file.text().unwrap()) >= oldest,
                "stale contents of file {file}"
            );
            if turn % 64 == 0 {
                let stats = cache.stats();
                assert!(stats.resident_entries <= 64 && stats.resident_bytes <= 64 << 20);
            }
        }
    };
    thread::scope(|scope| {
        let (read, write) = (&read, &write);
        let readers: Vec<_> = (1..=8)
            .map(|seed| scope.spawn(move || read(seed)))
            .collect();
        scope.spawn(move || write(0));
        scope.spawn(move || write(1));
        let outcomes: Vec<_> = readers.into_iter().map(|reader| reader.join()).collect();
        done.store(true, SeqCst);
        assert!(outcomes.iter().all(Result::is_ok));
    });
    let stats = cache.stats();
    assert_eq!(stats.requests, 8 * 3_000);
    assert_eq!(stats.requests, stats.hits + stats.misses);
    assert_eq!(stats.misses, stats.loads + stats.coalesced + stats.errors);
    assert_eq!(stats.errors, 0);
    assert!(
        stats.hits > 0 && stats.stale > 0 && stats.evictions > 0,
        "{stats:?}"
    );
    assert_eq!(stats.resident_entries, cache.len() as u64);
}

#[test]
fn batches_of_several_threads_share_loads() {
    let dir = Dir::new();
    let paths = dir.fill(400, 2_000);
    let cache = FileCache::new(Options {
        max_entries: 400,
        ..Options::default()
    });
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for (i, result) in cache.read_many(&paths).into_iter().enumerate() {
                    let read = result.unwrap();
                    assert_ne!(read.source, Source::Uncached);
                    assert_eq!((read.file.len(), read.file[0]), (2_000, i as u8));
                }
            });
        }
    });
    assert_eq!((cache.stats().loads, cache.stats().requests), (400, 1_600));
}

/// What an opener hands over is for those who ask through it: a confined reader never gets what an unconfined one opened.
#[test]
fn loads_are_shared_only_by_those_with_the_same_opener() {
    struct Other(PathBuf, Barrier);
    impl autoexec_file_cache::Opener for Other {
        fn open_file(&self, _: &std::path::Path) -> std::io::Result<std::fs::File> {
            self.1.wait();
            self.1.wait();
            std::fs::File::open(&self.0)
        }
        fn open_directory(&self, _: &std::path::Path) -> std::io::Result<std::fs::File> {
            Err(std::io::ErrorKind::Unsupported.into())
        }
    }
    let dir = Dir::new();
    let (path, other) = (dir.write("file", b"mine"), dir.write("other", b"yours"));
    let cache = FileCache::new(Options::default());
    let opener = Other(other, Barrier::new(2));
    thread::scope(|scope| {
        let confined = scope.spawn(|| {
            let options = autoexec_file_cache::ReadOptions {
                opener: Some(&opener),
                ..Default::default()
            };
            cache.read_with(&path, &options).unwrap().file
        });
        opener.1.wait();
        // The load of the other is under way.
        assert_eq!(cache.read(&path).unwrap().file.bytes(), b"mine");
        opener.1.wait();
        assert_eq!(confined.join().unwrap().bytes(), b"yours");
    });
}

/// What is forgotten while it is loaded is not kept.
#[test]
fn a_load_under_way_is_forgotten_too() {
    struct Slow<'a>(&'a FileCache, PathBuf, bool);
    impl autoexec_file_cache::Opener for Slow<'_> {
        fn open_file(&self, path: &std::path::Path) -> std::io::Result<std::fs::File> {
            let file = std::fs::File::open(path)?;
            match self.2 {
                true => assert!(!self.0.invalidate(&self.1)),
                false => self.0.clear(),
            }
            Ok(file)
        }
        fn open_directory(&self, _: &std::path::Path) -> std::io::Result<std::fs::File> {
            Err(std::io::ErrorKind::Unsupported.into())
        }
    }
    let dir = Dir::new();
    let path = dir.write("file", b"old");
    for one in [true, false] {
        let cache = FileCache::new(Options::default());
        let opener = Slow(&cache, path.clone(), one);
        let options = autoexec_file_cache::ReadOptions {
            opener: Some(&opener),
            ..Default::default()
        };
        assert_eq!(
            cache.read_with(&path, &options).unwrap().file.bytes(),
            b"old"
        );
        assert!(cache.is_empty());
        let stats = cache.stats();
        assert_eq!(
            (stats.resident_bytes, stats.invalidated, stats.loads),
            (0, 1, 1)
        );
    }
}
