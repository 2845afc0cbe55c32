//! A read never returns what the file no longer holds, and never changes a byte of it.
#![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]
#![cfg(unix)]

mod support;

use autoexec_file_cache::{FileCache, Options, Source};
use std::fs::{self, File as StdFile, FileTimes};
use support::{Dir, replace, rewrite};

/// Row 1.3: the public system keeps the stale entry under its old key, and counts no invalidation.
#[test]
fn one_file_rewritten_five_times_is_one_entry_and_five_invalidations() {
    let dir = Dir::new();
    let path = dir.write("file", b"version 0");
    let cache = FileCache::new(Options::default());
    cache.read(&path).unwrap();
    for version in 1..=5 {
        let contents = format!("version {version}");
        rewrite(&path, contents.as_bytes());
        let read = cache.read(&path).unwrap();
        assert_eq!(
            (read.source, read.file.text().unwrap()),
            (Source::Loaded, contents.as_str())
        );
        assert_eq!(cache.read(&path).unwrap().source, Source::Hit);
        assert_eq!(cache.len(), 1);
    }
    let stats = cache.stats();
    assert_eq!(
        (stats.stale, stats.evictions, stats.loads, stats.hits),
        (5, 0, 6, 5)
    );
}

/// Row 1.3: the public system returns the old text here.
#[test]
fn a_rewrite_of_equal_size_with_the_old_time_restored_is_seen() {
    let dir = Dir::new();
    let path = dir.write("file", b"old text");
    let cache = FileCache::new(Options::default());
    cache.read(&path).unwrap();
    let modified = fs::metadata(&path).unwrap().modified().unwrap();
    rewrite(&path, b"new text");
    StdFile::options()
        .write(true)
        .open(&path)
        .unwrap()
        .set_times(FileTimes::new().set_modified(modified))
        .unwrap();
    assert_eq!(fs::metadata(&path).unwrap().modified().unwrap(), modified);
    assert_eq!(cache.read(&path).unwrap().file.bytes(), b"new text");
}

#[test]
fn replaced_removed_recreated_and_relinked_files_are_seen() {
    let dir = Dir::new();
    let path = dir.write("file", b"first");
    let cache = FileCache::new(Options::default());
    let read = || cache.read(&path).unwrap().file.bytes().to_vec();
    assert_eq!(read(), b"first");
    replace(&path, b"other");
    assert_eq!(read(), b"other");
    fs::remove_file(&path).unwrap();
    assert!(cache.read(&path).is_err());
    assert!(cache.is_empty());
    dir.write("file", b"again");
    assert_eq!(read(), b"again");
    let target = dir.write("target", b"there");
    fs::remove_file(&path).unwrap();
    std::os::unix::fs::symlink(&target, &path).unwrap();
    assert_eq!(read(), b"there");
    rewrite(&target, b"moved");
    assert_eq!(read(), b"moved");
    assert_eq!(cache.stats().stale, 4);
}

/// Row 1.8: the public system looks up the new key here and removes nothing.
#[test]
fn a_changed_file_can_be_invalidated() {
    let dir = Dir::new();
    let path = dir.write("file", b"one");
    let cache = FileCache::new(Options::default());
    cache.read(&path).unwrap();
    replace(&path, b"two");
    assert!(cache.invalidate(&path));
    assert!(!cache.invalidate(&path));
    let stats = cache.stats();
    assert_eq!((stats.resident_entries, stats.resident_bytes), (0, 0));
    cache.read(&path).unwrap();
    cache.clear();
    let stats = cache.stats();
    assert_eq!((stats.resident_entries, stats.resident_bytes), (0, 0));
    assert_eq!(cache.read(&path).unwrap().source, Source::Loaded);
}

/// Row 1.6: the public system turns `\r\n` into `\n`.
#[test]
fn every_byte_survives() {
    let dir = Dir::new();
    let cache = FileCache::new(Options::default());
    let all: Vec<u8> = (0..=255).cycle().take(100_000).collect();
    let contents: [&[u8]; 6] = [
        b"",
        b"a\r\nb\r\n",
        b"\xef\xbb\xbfbom",
        b"caf\xe9",
        b"a\0b",
        &all,
    ];
    for (index, contents) in contents.into_iter().enumerate() {
        let path = dir.write(&index.to_string(), contents);
        for source in [Source::Loaded, Source::Hit] {
            let read = cache.read(&path).unwrap();
            assert_eq!(read.source, source);
            assert_eq!(read.file.bytes(), contents);
            assert_eq!(read.file.len(), contents.len());
            assert_eq!(read.file.is_binary(), contents.contains(&0));
            assert_eq!(read.file.text().ok(), std::str::from_utf8(contents).ok());
            assert_eq!(read.file.text_lossy(), String::from_utf8_lossy(contents));
        }
    }
}

#[test]
fn what_was_handed_out_does_not_change() {
    let dir = Dir::new();
    let path = dir.write("file", b"old");
    let cache = FileCache::new(Options::default());
    let old = cache.read(&path).unwrap().file;
    let copy = cache.read(&path).unwrap().file;
    assert_eq!(
        old.bytes().as_ptr(),
        copy.bytes().as_ptr(),
        "clones share their bytes"
    );
    rewrite(&path, b"new");
    assert_eq!(cache.read(&path).unwrap().file.bytes(), b"new");
    cache.clear();
    assert_eq!(old.bytes(), b"old");
}

/// Files of `/proc` claim to be empty and are not; nothing vouches for them, so they are never kept.
#[cfg(target_os = "linux")]
#[test]
fn a_file_that_hides_its_size_is_read_and_not_kept() {
    let cache = FileCache::new(Options::default());
    let path = std::path::Path::new("/proc/self/status");
    for _ in 0..2 {
        let read = cache.read(path).unwrap();
        assert_eq!(read.source, Source::Uncached);
        assert!(read.file.text().unwrap().contains("Pid:"));
    }
    let stats = cache.stats();
    assert_eq!(
        (stats.loads, stats.unsettled, stats.resident_entries),
        (2, 2, 0)
    );
}

/// A file of `/proc` that is empty today is not kept either: nothing would tell when it is no longer.
#[test]
#[cfg(target_os = "linux")]
fn an_empty_file_of_proc_is_not_kept_and_an_empty_file_of_a_disk_is() {
    let cache = autoexec_file_cache::FileCache::new(autoexec_file_cache::Options::default());
    let task = format!("/proc/self/task/{}/children", std::process::id());
    let children = std::path::Path::new(&task);
    if !children.exists() {
        return;
    }
    // The main thread of a test runner starts no process, so the file is empty, and will be.
    assert_eq!(cache.read(children).unwrap().file.len(), 0);
    assert_eq!(cache.len(), 0);
    let folder = tempfile::tempdir().unwrap();
    let empty = folder.path().join("empty");
    std::fs::write(&empty, "").unwrap();
    cache.read(&empty).unwrap();
    assert!(matches!(
        cache.read(&empty).unwrap().source,
        autoexec_file_cache::Source::Hit
    ));
}
