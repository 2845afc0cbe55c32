//! Resolving with a cache agrees with resolving without one, whatever happens to the tree.
#![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]
#![cfg(unix)]

use autoexec_path_cache::{ErrorKind, Freshness, Options, PathCache, Stats};
use proptest::prelude::*;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::time::Duration;

fn tree() -> (tempfile::TempDir, PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    let base = dir.path().canonicalize().unwrap();
    (dir, base)
}

fn with_capacity(capacity: usize) -> PathCache {
    PathCache::new(Options {
        capacity,
        ..Options::default()
    })
}

fn relink(link: &Path, target: &Path) {
    let _ = fs::remove_file(link);
    symlink(target, link).unwrap();
}

#[test]
fn a_link_that_is_pointed_elsewhere_is_followed_anew() {
    let (_dir, base) = tree();
    for name in ["one", "two"] {
        fs::create_dir(base.join(name)).unwrap();
        fs::write(base.join(name).join("file"), name).unwrap();
    }
    let cache = PathCache::new(Options::default());
    let path = base.join("link/file");
    for turn in 0..6 {
        let name = ["one", "two"][turn % 2];
        relink(&base.join("link"), &base.join(name));
        for _ in 0..3 {
            assert_eq!(
                *cache.resolve(&path).unwrap(),
                *base.join(name).join("file")
            );
        }
    }
    let stats = cache.stats();
    assert_eq!(
        (stats.hits, stats.misses, stats.invalidations, stats.entries),
        (12, 6, 5, 1)
    );
    assert_eq!(stats.hit_rate(), Some(12.0 / 18.0));
}

/// Every component counts, and the spelling of the answer as much as the file: what `canonicalize` says is right.
#[test]
fn a_change_of_any_component_is_noticed() {
    type Change = fn(&Path);
    let changes: [(&str, Change); 7] = [
        (
            "the first directory moved, and a link put in its place",
            |base| {
                fs::rename(base.join("a"), base.join("z")).unwrap();
                symlink("z", base.join("a")).unwrap();
            },
        ),
        (
            "the second directory moved, and a link put in its place",
            |base| {
                fs::rename(base.join("a/b"), base.join("a/z")).unwrap();
                symlink("z", base.join("a/b")).unwrap();
            },
        ),
        ("a directory replaced by another of the same look", |base| {
            fs::rename(base.join("a"), base.join("z")).unwrap();
            fs::create_dir_all(base.join("a/b")).unwrap();
            fs::write(base.join("a/b/file"), "").unwrap();
        }),
        (
            "the link pointed at another hard link of the file",
            |base| {
                fs::hard_link(base.join("a/b/file"), base.join("a/twin")).unwrap();
                relink(&base.join("link"), Path::new("a/twin"));
            },
        ),
        ("the file moved, and a link put in its place", |base| {
            fs::rename(base.join("a/b/file"), base.join("a/b/moved")).unwrap();
            symlink("moved", base.join("a/b/file")).unwrap();
        }),
        ("the file replaced", |base| {
            fs::write(base.join("new"), "").unwrap();
            fs::rename(base.join("new"), base.join("a/b/file")).unwrap();
        }),
        ("the link replaced by the file", |base| {
            fs::remove_file(base.join("link")).unwrap();
            fs::rename(base.join("a/b/file"), base.join("link")).unwrap();
        }),
    ];
    for freshness in [Freshness::Watch, Freshness::Validate] {
        for (name, change) in changes {
            let (_dir, base) = tree();
            fs::create_dir_all(base.join("a/b")).unwrap();
            fs::write(base.join("a/b/file"), "").unwrap();
            symlink("a/b/file", base.join("link")).unwrap();
            let cache = PathCache::new(Options {
                freshness,
                ..Options::default()
            });
            let check = || {
                for path in ["link", "a/b/file", "a/b", "a"].map(|name| base.join(name)) {
                    let real = fs::canonicalize(&path).ok();
                    for _ in 0..3 {
                        assert_eq!(
                            cache.resolve(&path).ok().as_deref(),
                            real.as_deref(),
                            "{name}"
                        );
                    }
                }
            };
            check();
            assert_eq!(cache.stats().hits, 8);
            change(&base);
            check();
            assert!(cache.stats().invalidations > 0, "{name}");
        }
    }
}

#[test]
fn that_there_is_nothing_is_remembered_and_confirmed() {
    let (_dir, base) = tree();
    let path = base.join("late");
    let cache = PathCache::new(Options {
        negative_ttl: Duration::MAX,
        ..Options::default()
    });
    for _ in 0..4 {
        assert_eq!(
            cache.resolve(&path).unwrap_err().kind(),
            ErrorKind::NotFound
        );
    }
    let stats = cache.stats();
    assert_eq!(
        (
            stats.hits,
            stats.negative_hits,
            stats.misses,
            stats.errors,
            stats.entries
        ),
        (3, 3, 1, 1, 0)
    );
    fs::write(&path, "").unwrap();
    assert_eq!(
        *cache.resolve(&path).unwrap(),
        *path,
        "what appears is seen at once"
    );
    let cache = PathCache::new(Options {
        negative_ttl: Duration::ZERO,
        ..Options::default()
    });
    (0..3).for_each(|_| drop(cache.resolve(&base.join("none"))));
    assert_eq!(cache.stats().misses, 3);
}

#[cfg(target_os = "linux")]
#[test]
fn evicted_answers_are_let_go_of() {
    let (_dir, base) = tree();
    let cache = with_capacity(8);
    for i in 0..100 {
        let path = base.join(format!("f{i}"));
        fs::write(&path, "").unwrap();
        cache.resolve(&path).unwrap();
        cache.resolve(&path).unwrap();
    }
    assert!(cache.stats().watches <= 8 + 6, "{:?}", cache.stats());
    cache.clear();
    assert!(cache.stats().watches <= 6);
}

#[test]
fn nothing_asked_is_no_hit_rate() {
    assert_eq!(Stats::default().hit_rate(), None);
}

#[test]
fn errors_are_typed_and_never_remembered() {
    let (_dir, base) = tree();
    let cache = PathCache::new(Options::default());
    let kind = |path: &Path| cache.resolve(path).unwrap_err().kind();
    let file = base.join("file");
    assert_eq!(kind(&file), ErrorKind::NotFound);
    fs::write(&file, "").unwrap();
    assert_eq!(*cache.resolve(&file).unwrap(), *file);
    assert_eq!(kind(&file.join("below")), ErrorKind::NotADirectory);
    assert_eq!(kind(Path::new("relative/path")), ErrorKind::NotAbsolute);
    assert_eq!(kind(Path::new("")), ErrorKind::NotAbsolute);
    symlink("loop", base.join("loop")).unwrap();
    assert_eq!(kind(&base.join("loop")), ErrorKind::Loop);
    assert_eq!(kind(&base.join("n".repeat(300))), ErrorKind::TooLong);
    fs::remove_file(&file).unwrap();
    assert_eq!(kind(&file), ErrorKind::NotFound);
    let stats = cache.stats();
    assert_eq!(
        (stats.errors, stats.entries, stats.invalidations),
        (7, 0, 1)
    );
}

/// Row 1.15: the public system kept 2,000 entries after 2,000 paths in a cache of 256.
#[test]
fn the_bound_holds() {
    let (_dir, base) = tree();
    for capacity in [0, 1, 2, 16, 256] {
        let cache = with_capacity(capacity);
        for i in 0..400 {
            let path = base.join(format!("f{i}"));
            fs::write(&path, "").unwrap();
            cache.resolve(&path).unwrap();
            assert!(cache.stats().entries <= capacity as u64);
        }
        assert_eq!(cache.stats().entries, capacity as u64);
    }
}

/// Row 1.14: a least-recently-used cache of 256 never hits on a cycle of 257 paths.
#[test]
fn a_cycle_one_longer_than_the_cache_still_hits() {
    let (_dir, base) = tree();
    let paths: Vec<_> = (0..257).map(|i| base.join(format!("f{i}"))).collect();
    paths.iter().for_each(|path| fs::write(path, "").unwrap());
    let cache = PathCache::new(Options::default());
    for path in paths.iter().cycle().take(257 * 10) {
        cache.resolve(path).unwrap();
    }
    assert!(
        cache.stats().hit_rate().unwrap() > 0.5,
        "{:?}",
        cache.stats()
    );
}

#[test]
fn forgetting() {
    let (_dir, base) = tree();
    let cache = PathCache::new(Options::default());
    assert!(!cache.invalidate(&base));
    cache.resolve(&base).unwrap();
    assert!(cache.invalidate(&base));
    cache.resolve(&base).unwrap();
    cache.clear();
    assert_eq!(cache.stats().entries, 0);
    assert_eq!(cache.stats().misses, 2);
}

#[test]
fn threads_share_a_cache() {
    let (_dir, base) = tree();
    let paths: Vec<_> = (0..40).map(|i| base.join(format!("f{i}"))).collect();
    paths.iter().for_each(|path| fs::write(path, "").unwrap());
    let cache = with_capacity(16);
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                for path in paths.iter().cycle().take(1_000) {
                    assert_eq!(*cache.resolve(path).unwrap(), **path);
                }
            });
        }
    });
    let stats = cache.stats();
    assert_eq!(stats.hits + stats.misses, 8_000);
    assert!(stats.entries <= 16);
}

#[derive(Debug, Clone)]
enum Act {
    Point { link: usize, at: usize },
    Rewrite { file: usize },
    Remove { file: usize },
    Ask { through: usize, file: usize },
    Forget { through: usize, file: usize },
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        2 => (0..2usize, 0..4usize).prop_map(|(link, at)| Act::Point { link, at }),
        1 => (0..6usize).prop_map(|file| Act::Rewrite { file }),
        1 => (0..6usize).prop_map(|file| Act::Remove { file }),
        8 => (0..4usize, 0..3usize).prop_map(|(through, file)| Act::Ask { through, file }),
        1 => (0..4usize, 0..3usize).prop_map(|(through, file)| Act::Forget { through, file }),
    ]
}

const PLACES: [&str; 4] = ["d0", "d1", "l0", "l1"];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    /// Directories d0 and d1, links l0 and l1 that point at any of the four (also in circles), three files each.
    #[test]
    fn agrees_with_the_file_system(
        acts in prop::collection::vec(act(), 1..60),
        freshness in prop_oneof![Just(Freshness::Watch), Just(Freshness::Validate)],
    ) {
        let (_dir, base) = tree();
        for place in ["d0", "d1"] {
            fs::create_dir(base.join(place)).unwrap();
        }
        let cache = PathCache::new(Options { capacity: 4, freshness, ..Options::default() });
        let mut asked = 0;
        for act in acts {
            match act {
                Act::Point { link, at } => relink(&base.join(PLACES[2 + link]), Path::new(PLACES[at])),
                Act::Rewrite { file } => fs::write(base.join(PLACES[file % 2]).join(format!("f{}", file / 2)), "x").unwrap(),
                Act::Remove { file } => drop(fs::remove_file(base.join(PLACES[file % 2]).join(format!("f{}", file / 2)))),
                Act::Ask { through, file } => {
                    let path = base.join(PLACES[through]).join(format!("f{file}"));
                    asked += 1;
                    match (cache.resolve(&path), fs::canonicalize(&path)) {
                        (Ok(ours), Ok(theirs)) => prop_assert_eq!(&*ours, &*theirs),
                        (Err(_), Err(_)) => {}
                        (ours, theirs) => prop_assert!(false, "{:?}: {:?} but {:?}", path, ours, theirs),
                    }
                }
                Act::Forget { through, file } => {
                    let path = base.join(PLACES[through]).join(format!("f{file}"));
                    let before = cache.stats().entries;
                    let known = cache.invalidate(&path);
                    prop_assert_eq!(cache.stats().entries, before - u64::from(known));
                }
            }
            let stats = cache.stats();
            prop_assert_eq!(stats.hits + stats.misses, asked);
            prop_assert!(stats.entries <= stats.capacity && stats.errors <= stats.misses);
        }
    }
}
