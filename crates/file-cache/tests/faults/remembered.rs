//! Errors that are given out again: only where that was asked for, and no longer than that.

use crate::hook::{Hook, Manual};
use crate::support::Dir;
use autoexec_file_cache::{ErrorKind, FileCache, Options, ReadOptions};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

/// A cache and its clock.
struct Bench {
    dir: Dir,
    clock: Arc<Manual>,
    cache: FileCache,
}

impl Bench {
    fn new(error_ttl: Option<Duration>) -> Self {
        let clock = Arc::new(Manual::default());
        let options = Options {
            error_ttl,
            ..Options::default()
        };
        Self {
            dir: Dir::new(),
            cache: FileCache::with_clock(options, clock.clone()),
            clock,
        }
    }

    /// The length or the error, and how often the file system was asked so far.
    fn read(&self, path: &Path) -> (Result<usize, ErrorKind>, u64) {
        let options = ReadOptions {
            limit: Some(100),
            ..ReadOptions::default()
        };
        let read = self.cache.read_with(path, &options);
        let result = read
            .map(|read| read.file.len())
            .map_err(|error| error.kind());
        let stats = self.cache.stats();
        (result, stats.loads + stats.errors - stats.errors_remembered)
    }
}

const MISSING: Result<usize, ErrorKind> = Err(ErrorKind::NotFound);

#[test]
fn errors_are_not_kept_unless_that_is_asked_for() {
    let bench = Bench::new(None);
    let path = bench.dir.path("late");
    assert_eq!(bench.read(&path), (MISSING, 1));
    assert_eq!(bench.read(&path), (MISSING, 2));
    bench.dir.write("late", b"here");
    assert_eq!(bench.read(&path), (Ok(4), 3));
    assert_eq!(bench.cache.stats().errors_remembered, 0);
}

#[test]
fn errors_are_given_again_without_a_look_until_their_time_is_over() {
    let bench = Bench::new(Some(Duration::from_secs(10)));
    let path = bench.dir.path("late");
    assert_eq!(bench.read(&path), (MISSING, 1));
    bench.dir.write("late", b"here");
    bench.clock.advance(Duration::from_secs(9));
    assert_eq!(bench.read(&path), (MISSING, 1));
    assert_eq!(bench.read(&path), (MISSING, 1));
    let stats = bench.cache.stats();
    assert_eq!((stats.errors, stats.errors_remembered), (3, 2));
    bench.clock.advance(Duration::from_secs(1));
    assert_eq!(bench.read(&path), (Ok(4), 2));
}

#[test]
fn invalidating_and_clearing_forget_errors() {
    let bench = Bench::new(Some(Duration::from_secs(10)));
    let forget: [fn(&FileCache, &Path); 2] = [
        |cache, path| assert!(!cache.invalidate(path)),
        |cache, _| cache.clear(),
    ];
    for (number, forget) in forget.into_iter().enumerate() {
        let path = bench.dir.path(&number.to_string());
        assert_eq!(bench.read(&path).0, MISSING);
        bench.dir.write(&number.to_string(), b"here");
        assert_eq!(bench.read(&path).0, MISSING);
        forget(&bench.cache, &path);
        assert_eq!(bench.read(&path).0, Ok(4));
    }
}

/// An error that depends on the call is none of the path.
#[test]
fn what_was_too_large_for_one_call_is_not_too_large_for_the_next() {
    let bench = Bench::new(Some(Duration::from_secs(10)));
    let path = bench.dir.write("large", &[0; 101]);
    let too_large = ErrorKind::TooLarge {
        size: 101,
        limit: 100,
    };
    assert_eq!(bench.read(&path).0, Err(too_large));
    assert_eq!(bench.cache.read(&path).unwrap().file.len(), 101);
}

/// A file that is held and then gone is missing at once, and what is given again is not the old contents.
#[test]
fn what_was_held_and_went_is_missing() {
    let bench = Bench::new(Some(Duration::from_secs(10)));
    let path = bench.dir.write("file", b"here");
    assert_eq!(bench.read(&path).0, Ok(4));
    std::fs::remove_file(&path).unwrap();
    assert_eq!(bench.read(&path).0, MISSING);
    assert_eq!(bench.read(&path).0, MISSING);
    let stats = bench.cache.stats();
    assert_eq!((stats.errors_remembered, stats.resident_entries), (1, 0));
}

/// What one opener refuses another may open: errors of openers are no errors of the path.
#[test]
fn errors_of_openers_are_not_given_again() {
    let bench = Bench::new(Some(Duration::from_secs(10)));
    let path = bench.dir.path("late");
    let hook = Hook::default();
    let options = ReadOptions {
        opener: Some(&hook),
        ..ReadOptions::default()
    };
    assert!(bench.cache.read_with(&path, &options).is_err());
    bench.dir.write("late", b"here");
    assert_eq!(bench.read(&path).0, Ok(4));
    assert_eq!(bench.cache.stats().errors_remembered, 0);
}
