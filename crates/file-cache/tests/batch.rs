//! Batches: order, duplicates, errors, bounds on threads, and runs.
#![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]
#![cfg(unix)]

mod support;

use autoexec_file_cache::{
    ErrorKind, FileCache, Freshness, Opener, Options, ReadManyOptions, Source, Stats,
};
use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};
use std::sync::{Condvar, Mutex};
use std::thread::{self, ThreadId};
use std::time::Duration;
use std::{fs, io};
use support::{Dir, replace};

fn roomy() -> FileCache {
    FileCache::new(Options {
        max_entries: 4_096,
        ..Options::default()
    })
}

/// Row 1.11: the public system gives results in the order of completion, reads duplicates twice and mixes errors
/// into the contents.
#[test]
fn results_stand_where_they_were_asked_for() {
    let dir = Dir::new();
    let mut paths: Vec<PathBuf> = (0..500)
        .map(|i| dir.write(&i.to_string(), i.to_string().as_bytes()))
        .collect();
    for i in (0..500).step_by(7) {
        paths[i] = dir.path(&format!("missing {i}"));
    }
    for workers in [1, 2, 64] {
        let cache = roomy();
        let options = ReadManyOptions {
            workers: Some(workers),
            ..ReadManyOptions::default()
        };
        for (i, result) in cache
            .read_many_with(&paths, &options)
            .into_iter()
            .enumerate()
        {
            match result {
                Ok(read) => assert_eq!(read.file.text().unwrap(), i.to_string()),
                Err(error) => {
                    assert_eq!(
                        (i % 7, error.kind(), error.path()),
                        (0, ErrorKind::NotFound, paths[i].as_path())
                    );
                }
            }
        }
        let stats = cache.stats();
        assert_eq!((stats.requests, stats.errors, stats.loads), (500, 72, 428));
    }
}

#[test]
fn a_path_given_twice_is_read_once() {
    let dir = Dir::new();
    let paths = dir.fill(10, 100);
    let missing = dir.path("missing");
    let asked: Vec<_> = paths
        .iter()
        .chain([&missing])
        .chain(paths.iter().rev())
        .chain([&missing])
        .collect();
    let cache = roomy();
    let results = cache.read_many(&asked);
    for (i, result) in results.iter().enumerate().filter(|(i, _)| i % 11 != 10) {
        let read = result.as_ref().unwrap();
        let (source, number) = if i < 10 {
            (Source::Loaded, i)
        } else {
            (Source::Hit, 20 - i)
        };
        assert_eq!((read.source, read.file[0]), (source, number as u8));
    }
    let share = |i: usize| results[i].as_ref().unwrap().file.bytes().as_ptr();
    assert_eq!(share(0), share(20));
    let stats = cache.stats();
    assert_eq!(
        (stats.loads, stats.hits, stats.errors, stats.requests),
        (10, 10, 2, 22)
    );
    assert_eq!((stats.bytes_loaded, stats.bytes_served), (1_000, 2_000));
}

/// Also when the cache can keep none of them.
#[test]
fn a_path_given_twice_is_read_once_without_room() {
    let dir = Dir::new();
    let paths = dir.fill(10, 100);
    let cache = FileCache::new(Options {
        max_entries: 0,
        ..Options::default()
    });
    let asked: Vec<_> = paths.iter().chain(&paths).collect();
    assert!(cache.read_many(&asked).iter().all(Result::is_ok));
    assert_eq!(
        (
            cache.stats().loads,
            cache.stats().skipped,
            cache.stats().hits
        ),
        (10, 10, 10)
    );
}

#[test]
fn no_paths_no_results() {
    let cache = roomy();
    assert!(cache.read_many::<PathBuf>(&[]).is_empty());
    assert_eq!(cache.stats(), Stats::default());
    assert_eq!(cache.stats().hit_rate(), None);
}

#[test]
fn the_limit_holds_for_each_path() {
    let dir = Dir::new();
    let paths: Vec<_> = (0..8)
        .map(|i| dir.write(&i.to_string(), &vec![0; i]))
        .collect();
    let options = ReadManyOptions {
        limit: Some(3),
        ..ReadManyOptions::default()
    };
    let results = roomy().read_many_with(&paths, &options);
    let refused = |i: usize| ErrorKind::TooLarge {
        size: i as u64,
        limit: 3,
    };
    for (i, result) in results.into_iter().enumerate() {
        assert_eq!(
            result
                .map(|read| read.file.len())
                .map_err(|error| error.kind()),
            match i {
                0..=3 => Ok(i),
                _ => Err(refused(i)),
            }
        );
    }
}

/// Row 0.22: what is asked for again in one run is counted, read again or not.
#[test]
fn a_second_run_reads_no_file_twice_and_says_so() {
    let dir = Dir::new();
    let paths = dir.fill(300, 50);
    let cache = roomy();
    cache.read_many(&paths);
    let first = cache.stats();
    assert_eq!(
        (
            first.loads,
            first.redundant_reads_avoided,
            first.redundant_reads
        ),
        (300, 0, 0)
    );
    cache.begin_run();
    cache.read_many(&paths);
    let second = cache.stats().since(&first);
    assert_eq!(
        (second.loads, second.hits, second.redundant_reads_avoided),
        (0, 300, 0)
    );
    cache.read_many(&paths);
    let again = cache.stats().since(&first);
    assert_eq!(
        (
            again.hits,
            again.redundant_reads_avoided,
            again.redundant_reads
        ),
        (600, 300, 0)
    );
    assert_eq!(again.resident_entries, 300);
    assert_eq!(again.hit_rate(), Some(1.0));
}

#[test]
fn a_run_that_reads_from_disk_again_is_told() {
    let dir = Dir::new();
    let paths = dir.fill(10, 50);
    let cache = FileCache::new(Options {
        max_entries: 0,
        ..Options::default()
    });
    let redundant = || {
        let before = cache.stats();
        paths
            .iter()
            .for_each(|path| drop(cache.read(path).unwrap()));
        cache.stats().since(&before).redundant_reads
    };
    assert_eq!(redundant(), 0);
    assert_eq!(redundant(), 10);
    replace(&paths[0], b"a changed file has to be read again");
    assert_eq!(redundant(), 9);
    cache.begin_run();
    assert_eq!(redundant(), 0);
}

/// Notes which threads open files, and waits for a second one once the first has opened a few.
#[derive(Default)]
struct Meeting {
    threads: Mutex<(usize, HashSet<ThreadId>)>,
    came: Condvar,
}

impl Opener for Meeting {
    fn open_file(&self, path: &Path) -> io::Result<fs::File> {
        let mut threads = self.threads.lock().unwrap();
        threads.0 += 1;
        threads.1.insert(thread::current().id());
        self.came.notify_all();
        if threads.0 > 32 {
            let alone = |it: &mut (usize, HashSet<ThreadId>)| it.1.len() < 2;
            let long = Duration::from_secs(20);
            let waited = self.came.wait_timeout_while(threads, long, alone);
            assert!(!waited.unwrap().1.timed_out(), "no second thread came");
        } else {
            // What the first files take tells that threads pay.
            thread::sleep(Duration::from_millis(1));
        }
        fs::File::open(path)
    }

    fn open_directory(&self, _path: &Path) -> io::Result<fs::File> {
        Err(io::ErrorKind::Unsupported.into())
    }
}

#[test]
fn a_batch_that_takes_long_is_shared_with_other_threads() {
    if thread::available_parallelism().map_or(1, usize::from) < 2 {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let paths: Vec<_> = (0..64).map(|i| folder.path().join(i.to_string())).collect();
    paths
        .iter()
        .for_each(|path| fs::write(path, "text").unwrap());
    let cache = FileCache::new(Options {
        parallel_threshold: 0,
        workers: 2,
        ..Options::default()
    });
    let meeting = Meeting::default();
    let options = ReadManyOptions {
        opener: Some(&meeting),
        ..ReadManyOptions::default()
    };
    let reads = cache.read_many_with(&paths, &options);
    assert!(
        reads
            .iter()
            .all(|read| read.as_ref().unwrap().file.bytes() == b"text")
    );
}

#[test]
fn the_limit_holds_for_what_is_fresh_without_a_look() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("file");
    fs::write(&path, "ten bytes!").unwrap();
    let cache = roomy();
    cache.read(&path).unwrap();
    let under = |limit| {
        let options = ReadManyOptions {
            freshness: Some(Freshness::Pinned),
            limit: Some(limit),
            ..ReadManyOptions::default()
        };
        let read = cache.read_many_with(&[&path], &options).remove(0);
        read.map(|read| read.source).map_err(|error| error.kind())
    };
    assert_eq!(under(10), Ok(Source::Hit));
    assert_eq!(under(9), Err(ErrorKind::TooLarge { size: 10, limit: 9 }));
}

#[test]
fn what_was_cancelled_is_no_error_of_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let cancel = AtomicBool::new(true);
    let options = ReadManyOptions {
        cancel: Some(&cancel),
        ..ReadManyOptions::default()
    };
    let cache = roomy();
    let paths = ["a", "b"].map(|name| folder.path().join(name));
    for read in cache.read_many_with(&paths, &options) {
        assert_eq!(read.unwrap_err().kind(), ErrorKind::Cancelled);
    }
    assert_eq!(cache.stats().errors, 0);
}

#[test]
fn only_batches_that_load_count_as_such() {
    let folder = tempfile::tempdir().unwrap();
    let paths = ["a", "b"].map(|name| folder.path().join(name));
    let cache = roomy();
    let batches = || (cache.stats().batches, cache.stats().batch_loads);
    cache.read_many(&paths);
    assert_eq!(batches(), (0, 0), "there are no files");
    paths.iter().for_each(|path| fs::write(path, "").unwrap());
    cache.read_many(&paths);
    assert_eq!(batches(), (1, 2));
    cache.read_many(&[&paths[0]]);
    assert_eq!(cache.stats().batches, 1, "a hit");
}

/// Counts the directories that are opened, and the files that are not looked up in one.
#[derive(Default)]
struct Opened {
    directories: AtomicUsize,
    files: AtomicUsize,
}

impl Opener for Opened {
    fn open_file(&self, path: &Path) -> io::Result<fs::File> {
        self.files.fetch_add(1, Relaxed);
        fs::File::open(path)
    }

    fn open_directory(&self, path: &Path) -> io::Result<fs::File> {
        self.directories.fetch_add(1, Relaxed);
        fs::File::open(path)
    }
}

#[test]
fn a_directory_is_opened_for_many_files_and_not_for_few() {
    let folder = tempfile::tempdir().unwrap();
    let paths: Vec<_> = (0..160)
        .map(|i| folder.path().join(i.to_string()))
        .collect();
    paths
        .iter()
        .for_each(|path| fs::write(path, "text").unwrap());
    for (files, expect) in [(3, (0, 3)), (160, (8, 0))] {
        let opener = Opened::default();
        let options = ReadManyOptions {
            opener: Some(&opener),
            workers: Some(1),
            ..ReadManyOptions::default()
        };
        // One worker takes an eighth at a time, and opens the directory for each.
        let reads = roomy().read_many_with(&paths[..files], &options);
        assert!(reads.iter().all(Result::is_ok));
        let opened = (opener.directories.load(Relaxed), opener.files.load(Relaxed));
        assert_eq!(opened, expect, "{files} files");
    }
}
