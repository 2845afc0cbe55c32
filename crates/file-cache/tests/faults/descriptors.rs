//! Descriptors run out, and are not used up.

use crate::process::alone;
use crate::support::Dir;
use autoexec_file_cache::{
    Error, ErrorKind, FileCache, Freshness, Options, Read, ReadManyOptions, ReadOptions,
};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::thread;
use std::time::Duration;

const MOST_DESCRIPTORS: u64 = 64;

/// Takes all descriptors there are for this process.
fn hoard() -> Vec<File> {
    let maximum = getrlimit(Resource::Nofile).maximum;
    let limit = Rlimit {
        current: Some(MOST_DESCRIPTORS),
        maximum,
    };
    setrlimit(Resource::Nofile, limit).unwrap();
    std::iter::from_fn(|| File::open("/dev/null").ok()).collect()
}

fn cache_with(descriptor_wait: Duration) -> FileCache {
    FileCache::new(Options {
        max_entries: 1_000,
        descriptor_wait,
        ..Options::default()
    })
}

fn wait_until_somebody_waits(cache: &FileCache) {
    while cache.stats().descriptor_waits == 0 {
        thread::yield_now();
    }
}

fn kinds(results: Vec<Result<Read, Error>>) -> Vec<Result<u8, ErrorKind>> {
    let kind = |result: Result<Read, Error>| {
        result
            .map(|read| read.file[0])
            .map_err(|error| error.kind())
    };
    results.into_iter().map(kind).collect()
}

fn expected(count: usize) -> Vec<Result<u8, ErrorKind>> {
    (0..count).map(|i| Ok(i as u8)).collect()
}

#[test]
fn reads_wait_until_descriptors_are_free_again() {
    if !alone("descriptors::reads_wait_until_descriptors_are_free_again") {
        return;
    }
    let dir = Dir::new();
    let paths = dir.fill(200, 100);
    for freshness in [Freshness::Validate, Freshness::Watch] {
        let cache = cache_with(Duration::from_secs(3_600));
        let options = ReadManyOptions {
            freshness: Some(freshness),
            ..ReadManyOptions::default()
        };
        let hoard = hoard();
        let results = thread::scope(|scope| {
            scope.spawn(|| {
                wait_until_somebody_waits(&cache);
                drop(hoard);
            });
            cache.read_many_with(&paths, &options)
        });
        assert_eq!(kinds(results), expected(200));
        let stats = cache.stats();
        assert_eq!((stats.errors, stats.loads), (0, 200));
        assert!(stats.descriptor_waits > 0);
    }
}

#[test]
fn who_will_not_wait_is_told_that_there_are_no_descriptors() {
    if !alone("descriptors::who_will_not_wait_is_told_that_there_are_no_descriptors") {
        return;
    }
    let dir = Dir::new();
    let paths = dir.fill(20, 100);
    let cache = cache_with(Duration::ZERO);
    let hoard = hoard();
    let error = cache.read(&paths[0]).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NoDescriptors);
    let source = std::error::Error::source(&error).unwrap().to_string();
    assert!(source.contains("Too many open files"), "{source}");
    let results = kinds(cache.read_many(&paths));
    assert_eq!(results, vec![Err(ErrorKind::NoDescriptors); 20]);
    drop(hoard);
    assert_eq!(kinds(cache.read_many(&paths)), expected(20));
}

#[test]
fn who_waits_for_descriptors_can_be_cancelled() {
    if !alone("descriptors::who_waits_for_descriptors_can_be_cancelled") {
        return;
    }
    let dir = Dir::new();
    let paths = dir.fill(20, 100);
    let cache = cache_with(Duration::from_secs(3_600));
    let cancel = AtomicBool::new(false);
    let options = ReadManyOptions {
        cancel: Some(&cancel),
        ..ReadManyOptions::default()
    };
    let hoard = hoard();
    let results = thread::scope(|scope| {
        scope.spawn(|| {
            wait_until_somebody_waits(&cache);
            cancel.store(true, SeqCst);
        });
        cache.read_many_with(&paths, &options)
    });
    assert_eq!(kinds(results), vec![Err(ErrorKind::Cancelled); 20]);
    drop(hoard);
    assert_eq!(kinds(cache.read_many(&paths)), expected(20));
}

/// What is held needs no descriptor.
#[test]
fn hits_need_no_descriptors() {
    if !alone("descriptors::hits_need_no_descriptors") {
        return;
    }
    let dir = Dir::new();
    let paths = dir.fill(20, 100);
    let cache = cache_with(Duration::ZERO);
    for freshness in [Freshness::Validate, Freshness::Watch] {
        let options = ReadManyOptions {
            freshness: Some(freshness),
            ..ReadManyOptions::default()
        };
        cache.read_many_with(&paths, &options);
        let hoard = hoard();
        let again = kinds(cache.read_many_with(&paths, &options));
        assert_eq!(again, expected(20), "{freshness:?}");
        let single = ReadOptions {
            freshness: Some(freshness),
            ..ReadOptions::default()
        };
        assert!(cache.read_with(&paths[7], &single).is_ok());
        drop(hoard);
    }
    // Once, and once more before they are watched, as nobody had asked who has them open for writing.
    assert_eq!(cache.stats().loads, 40);
}

fn open_descriptors() -> usize {
    fs::read_dir("/proc/self/fd").unwrap().count()
}

/// While `run` runs, the most descriptors that were open, less those of before.
fn most_descriptors_during(run: impl FnOnce()) -> usize {
    let before = open_descriptors();
    let (most, over) = (AtomicUsize::new(0), AtomicBool::new(false));
    thread::scope(|scope| {
        scope.spawn(|| {
            while !over.load(SeqCst) {
                most.fetch_max(open_descriptors(), SeqCst);
            }
        });
        run();
        over.store(true, SeqCst);
    });
    most.into_inner().saturating_sub(before)
}

/// In memory where that can be had, for it takes a disk a while to make them.
fn roomy_dir() -> tempfile::TempDir {
    tempfile::tempdir_in("/dev/shm").unwrap_or_else(|_| tempfile::tempdir().unwrap())
}

fn a_hundred_thousand_files(dir: &Path) -> Vec<PathBuf> {
    let of_dir = |name: usize| {
        let of_dir = dir.join(name.to_string());
        fs::create_dir(&of_dir).unwrap();
        (0..1_000).map(move |i| of_dir.join(i.to_string()))
    };
    let paths: Vec<PathBuf> = (0..100).flat_map(of_dir).collect();
    for (i, path) in paths.iter().enumerate() {
        fs::write(path, i.to_string()).unwrap();
    }
    paths
}

#[test]
fn a_batch_of_a_hundred_thousand_files_uses_two_descriptors_for_each_worker() {
    const TEST: &str =
        "descriptors::a_batch_of_a_hundred_thousand_files_uses_two_descriptors_for_each_worker";
    if !alone(TEST) {
        return;
    }
    const WORKERS: usize = 4;
    let dir = roomy_dir();
    let paths = a_hundred_thousand_files(dir.path());
    let cache = FileCache::new(Options {
        max_entries: 1 << 18,
        max_bytes: 1 << 30,
        workers: WORKERS,
        ..Options::default()
    });
    for turn in ["cold", "warm"] {
        let mut results = Vec::new();
        let most = most_descriptors_during(|| results = cache.read_many(&paths));
        assert!(most <= 2 * WORKERS + 1, "{turn}: {most}");
        for (i, result) in results.into_iter().enumerate() {
            assert_eq!(result.unwrap().file.text().unwrap(), i.to_string());
        }
    }
    assert_eq!(cache.stats().loads, 100_000);
}
