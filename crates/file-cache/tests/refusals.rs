//! What is not a readable regular file is refused with a typed error, at once, and is never kept.
#![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]
#![cfg(unix)]

mod support;

use autoexec_file_cache::{
    Error, ErrorKind, FileCache, Options, ReadManyOptions, ReadOptions, Source,
};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::atomic::AtomicBool;
use support::{Dir, replace, rewrite};

fn cache() -> FileCache {
    FileCache::new(Options::default())
}

fn kind(cache: &FileCache, path: &Path) -> ErrorKind {
    cache.read(path).unwrap_err().kind()
}

#[test]
fn directories_fifos_sockets_and_devices_are_refused_and_nothing_hangs() {
    let dir = Dir::new();
    let cache = cache();
    let fifo = dir.path("fifo");
    rustix::fs::mkfifoat(
        rustix::fs::CWD,
        &fifo,
        rustix::fs::Mode::RUSR | rustix::fs::Mode::WUSR,
    )
    .unwrap();
    let socket = dir.path("socket");
    let _listener = std::os::unix::net::UnixListener::bind(&socket).unwrap();
    assert_eq!(kind(&cache, &dir.path("")), ErrorKind::IsADirectory);
    assert_eq!(kind(&cache, &fifo), ErrorKind::NotRegular);
    assert_eq!(kind(&cache, &socket), ErrorKind::NotRegular);
    assert_eq!(kind(&cache, Path::new("/dev/zero")), ErrorKind::NotRegular);
    assert_eq!(kind(&cache, &dir.path("missing")), ErrorKind::NotFound);
    let stats = cache.stats();
    assert_eq!(
        (stats.errors, stats.misses, stats.resident_entries),
        (5, 5, 0)
    );
    assert!(std::error::Error::source(&cache.read(&dir.path("missing")).unwrap_err()).is_some());
}

#[test]
fn errors_are_not_kept() {
    let dir = Dir::new();
    let cache = cache();
    assert_eq!(kind(&cache, &dir.path("late")), ErrorKind::NotFound);
    let path = dir.write("late", b"here");
    assert_eq!(cache.read(&path).unwrap().source, Source::Loaded);
}

#[test]
fn a_forbidden_file_is_refused_also_when_it_was_read_before() {
    let dir = Dir::new();
    let path = dir.write("file", b"x");
    let cache = cache();
    cache.read(&path).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o000)).unwrap();
    // Whoever may read everything reads this too.
    match fs::read(&path) {
        Ok(_) => assert_eq!(cache.read(&path).unwrap().source, Source::Loaded),
        Err(_) => assert_eq!(kind(&cache, &path), ErrorKind::PermissionDenied),
    }
    assert_eq!(cache.stats().stale, 1, "the change of mode was seen");
}

#[test]
fn files_over_the_limit_of_a_call_are_refused_unread() {
    let dir = Dir::new();
    let path = dir.write("file", &[7; 100]);
    let cache = cache();
    let read = |limit| {
        cache.read_with(
            &path,
            &ReadOptions {
                limit: Some(limit),
                ..ReadOptions::default()
            },
        )
    };
    let too_large = |result: Result<_, Error>| {
        result
            .map(|_: autoexec_file_cache::Read| ())
            .unwrap_err()
            .kind()
    };
    assert_eq!(
        too_large(read(99)),
        ErrorKind::TooLarge {
            size: 100,
            limit: 99
        }
    );
    assert_eq!(cache.stats().bytes_loaded, 0);
    assert_eq!(read(100).unwrap().source, Source::Loaded);
    // What is in the cache is no way around the limit.
    assert_eq!(
        too_large(read(99)),
        ErrorKind::TooLarge {
            size: 100,
            limit: 99
        }
    );
    assert_eq!(read(100).unwrap().source, Source::Hit);
    // A stale entry over the limit goes.
    replace(&path, &[8; 200]);
    assert_eq!(
        too_large(read(100)),
        ErrorKind::TooLarge {
            size: 200,
            limit: 100
        }
    );
    assert!(cache.is_empty());
    let stats = cache.stats();
    assert_eq!(
        (
            stats.errors,
            stats.stale,
            stats.bytes_loaded,
            stats.bytes_served
        ),
        (3, 1, 100, 200)
    );
}

/// Row 1.5: files over the limit are read, counted, and not kept; the public system leaves them out of its totals.
#[test]
fn large_files_are_read_and_not_kept() {
    let dir = Dir::new();
    let path = dir.write("large", &[1; 1_001]);
    let cache = FileCache::new(Options {
        max_file_bytes: 1_000,
        ..Options::default()
    });
    for _ in 0..3 {
        assert_eq!(cache.read(&path).unwrap().source, Source::Uncached);
    }
    let stats = cache.stats();
    assert_eq!(
        (
            stats.requests,
            stats.skipped,
            stats.loads,
            stats.resident_entries
        ),
        (3, 3, 3, 0)
    );
    // It shrinks below the limit and is kept, grows and goes.
    rewrite(&path, &[1; 1_000]);
    assert_eq!(cache.read(&path).unwrap().source, Source::Loaded);
    rewrite(&path, &[1; 1_001]);
    assert_eq!(cache.read(&path).unwrap().source, Source::Uncached);
    assert!(cache.is_empty());
    assert_eq!(cache.stats().stale, 1);
}

#[test]
fn a_cancelled_batch_says_so_for_each_path() {
    let dir = Dir::new();
    let paths = dir.fill(20, 10);
    let cache = cache();
    let cancel = AtomicBool::new(true);
    let options = ReadManyOptions {
        cancel: Some(&cancel),
        ..ReadManyOptions::default()
    };
    let twice: Vec<_> = paths.iter().chain(&paths).collect();
    for result in cache.read_many_with(&twice, &options) {
        assert_eq!(result.unwrap_err().kind(), ErrorKind::Cancelled);
    }
    assert_eq!(
        cache.stats().requests,
        0,
        "what was not begun is not counted"
    );
}

/// Row 1.11: the public system gives errors back as if they were contents.
#[test]
fn errors_say_what_failed_where() {
    let dir = Dir::new();
    let cache = cache();
    let missing = dir.path("missing");
    let error = cache.read(&missing).unwrap_err();
    assert_eq!(error.path(), missing);
    assert_eq!(
        error.to_string(),
        format!("read {}: no such file or directory", missing.display())
    );
    let large = dir.write("large", &[0; 9]);
    let error = cache
        .read_with(
            &large,
            &ReadOptions {
                limit: Some(8),
                ..ReadOptions::default()
            },
        )
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        format!(
            "read {}: 9 bytes are more than the limit of 8",
            large.display()
        )
    );
}
