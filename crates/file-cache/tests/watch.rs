//! Hits proven by notifications: as fresh as validated ones, and fallen back from where nothing is known.
#![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]
#![cfg(target_os = "linux")]

mod support;

use autoexec_file_cache::{FileCache, Freshness, Options, ReadOptions, Source};
use std::fs::{self, OpenOptions};
use std::os::unix::fs::{FileExt, symlink};
use std::path::PathBuf;
use support::{Dir, replace, rewrite};

fn watching() -> FileCache {
    FileCache::new(Options {
        max_entries: 4_096,
        freshness: Freshness::Watch,
        ..Options::default()
    })
}

/// Proven and validated hits since the last call.
fn hits(cache: &FileCache, before: &mut (u64, u64)) -> (u64, u64) {
    let stats = cache.stats();
    let now = (stats.hits_proven, stats.hits_validated);
    let since = (now.0 - before.0, now.1 - before.1);
    *before = now;
    since
}

#[test]
fn hits_are_proven_one_by_one_and_in_batches() {
    let dir = Dir::new();
    let paths = dir.fill(1000, 4096);
    let (cache, mut before) = (watching(), (0, 0));
    cache.read(&paths[0]).unwrap();
    cache.read(&paths[0]).unwrap();
    assert_eq!(hits(&cache, &mut before), (1, 0));
    cache.read_many(&paths);
    assert_eq!(hits(&cache, &mut before), (1, 0));
    cache.read_many(&paths);
    assert_eq!(hits(&cache, &mut before), (1000, 0));
    assert_eq!(cache.stats().loads, 1000);
}

/// What happens to a file between two reads, and whether its contents are other ones then.
#[test]
fn what_happens_to_a_file_is_seen_and_then_it_is_watched_again() {
    type Happening = fn(&Dir, &PathBuf);
    let happenings: [(&str, Happening, &[u8]); 7] = [
        ("rewritten", |_, path| rewrite(path, b"two"), b"two"),
        ("replaced", |_, path| replace(path, b"two"), b"two"),
        (
            "written through a link made later elsewhere",
            |dir, path| {
                let other = dir.path("other");
                fs::create_dir(&other).unwrap();
                fs::hard_link(path, other.join("link")).unwrap();
                fs::write(other.join("link"), b"two").unwrap();
            },
            b"two",
        ),
        (
            "its time restored",
            |_, path| {
                let modified = fs::metadata(path).unwrap().modified().unwrap();
                rewrite(path, b"two");
                let file = OpenOptions::new().write(true).open(path).unwrap();
                file.set_times(fs::FileTimes::new().set_modified(modified))
                    .unwrap();
            },
            b"two",
        ),
        (
            "opened and left alone",
            |_, path| _ = fs::read(path).unwrap(),
            b"one",
        ),
        (
            "removed and made anew",
            |_, path| {
                fs::remove_file(path).unwrap();
                fs::write(path, b"two").unwrap();
            },
            b"two",
        ),
        (
            "made a link",
            |dir, path| {
                let target = dir.write("target", b"two");
                fs::remove_file(path).unwrap();
                symlink(target, path).unwrap();
            },
            b"two",
        ),
    ];
    for (name, happen, expect) in happenings {
        let dir = Dir::new();
        let path = dir.write("file", b"one");
        let (cache, mut before) = (watching(), (0, 0));
        cache.read(&path).unwrap();
        cache.read(&path).unwrap();
        assert_eq!(hits(&cache, &mut before), (1, 0), "{name}");
        happen(&dir, &path);
        assert_eq!(cache.read(&path).unwrap().file.bytes(), expect, "{name}");
        // A link is known for one at the second read.
        (0..3).for_each(|_| _ = cache.read(&path).unwrap());
        hits(&cache, &mut before);
        assert_eq!(cache.read(&path).unwrap().file.bytes(), expect, "{name}");
        assert_eq!(
            hits(&cache, &mut before),
            (1, 0),
            "{name}: it is proven again"
        );
    }
}

#[test]
fn a_file_that_somebody_has_open_for_writing_is_validated() {
    let dir = Dir::new();
    let path = dir.write("file", b"one");
    let (cache, mut before) = (watching(), (0, 0));
    let writer = OpenOptions::new().write(true).open(&path).unwrap();
    (0..10).for_each(|_| _ = cache.read(&path).unwrap());
    assert_eq!(hits(&cache, &mut before), (0, 9));
    writer.write_all_at(b"two", 0).unwrap();
    assert_eq!(cache.read(&path).unwrap().file.bytes(), b"two");
    drop(writer);
    (0..10).for_each(|_| _ = cache.read(&path).unwrap());
    assert!(hits(&cache, &mut before).0 > 0, "{:?}", cache.stats());
}

#[test]
fn a_parent_that_was_moved_is_seen_and_its_neighbours_stay_held() {
    let dir = Dir::new();
    for name in ["a", "b"] {
        fs::create_dir(dir.path(name)).unwrap();
    }
    let (path, other) = (dir.write("a/file", b"one"), dir.write("b/file", b"other"));
    let (cache, mut before) = (watching(), (0, 0));
    let both = |expect: &[u8]| {
        assert_eq!(cache.read(&path).unwrap().file.bytes(), expect);
        assert_eq!(cache.read(&other).unwrap().file.bytes(), b"other");
    };
    both(b"one");
    both(b"one");
    assert_eq!(hits(&cache, &mut before), (2, 0));
    fs::rename(dir.path("a"), dir.path("c")).unwrap();
    fs::create_dir(dir.path("a")).unwrap();
    dir.write("a/file", b"two");
    both(b"two");
    assert_eq!(
        hits(&cache, &mut before),
        (0, 1),
        "the neighbour is looked at once"
    );
    both(b"two");
    assert_eq!(hits(&cache, &mut before), (2, 0));
    assert_eq!(cache.stats().loads, 3);
}

#[test]
fn relative_paths_and_made_up_files_are_not_watched() {
    let (cache, mut before) = (watching(), (0, 0));
    (0..3).for_each(|_| _ = cache.read("Cargo.toml".as_ref()).unwrap());
    assert_eq!(hits(&cache, &mut before), (0, 2));
    let made_up = cache.read("/proc/self/status".as_ref()).unwrap();
    assert_eq!(made_up.source, Source::Uncached);
}

#[test]
fn evicted_files_are_let_go_of() {
    let dir = Dir::new();
    let paths = dir.fill(300, 10);
    let cache = FileCache::new(Options {
        max_entries: 10,
        freshness: Freshness::Watch,
        ..Options::default()
    });
    for _ in 0..3 {
        cache.read_many(&paths);
        let stats = cache.stats();
        // Ten files, and the directories down to them.
        assert!(stats.watches <= 10 + 6, "{stats:?}");
    }
    cache.clear();
    assert!(cache.stats().watches <= 6);
}

#[test]
fn validated_and_watched_reads_can_be_mixed() {
    let dir = Dir::new();
    let path = dir.write("file", b"one");
    let cache = FileCache::new(Options::default());
    let watched = ReadOptions {
        freshness: Some(Freshness::Watch),
        ..ReadOptions::default()
    };
    cache.read(&path).unwrap();
    // Nobody asked whether somebody has it open for writing: it is read once more before it is watched.
    cache.read_with(&path, &watched).unwrap();
    cache.read_with(&path, &watched).unwrap();
    let stats = cache.stats();
    assert_eq!(
        (stats.loads, stats.hits_validated, stats.hits_proven),
        (2, 0, 1),
        "{stats:?}"
    );
    rewrite(&path, b"two");
    assert_eq!(cache.read(&path).unwrap().file.bytes(), b"two");
    rewrite(&path, b"six");
    assert_eq!(
        cache.read_with(&path, &watched).unwrap().file.bytes(),
        b"six"
    );
}
