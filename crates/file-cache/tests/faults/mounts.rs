//! File systems that tell less than others: in a mount namespace of its own, where that is allowed.

use crate::process::{command, complaint, is_inside};
use crate::support::Dir;
use autoexec_file_cache::{FileCache, Freshness, Options, ReadOptions, Source};
use std::fs;
use std::path::Path;
use std::process::Command;

/// Runs `test` in a mount namespace; `true` in the process that is to do what it does.
fn in_a_namespace(test: &str) -> bool {
    if is_inside(test) {
        return true;
    }
    match command(test, &["unshare", "--mount"]).output() {
        Err(error) => eprintln!("skipped: there is no `unshare` command: {error}"),
        Ok(output) => {
            if let Some(said) = complaint(&output) {
                assert!(said.contains("Operation not permitted"), "{said}");
                eprintln!("skipped: no mount namespace is to be had");
            }
            let said = String::from_utf8_lossy(&output.stderr);
            said.lines()
                .filter(|line| line.starts_with("skipped"))
                .for_each(|line| eprintln!("{line}"));
        }
    }
    false
}

/// Mounts; `false`, and a word why, where that is not allowed.
fn mount(sort: &str, options: &str, at: &Path) -> bool {
    let mut mount = Command::new("mount");
    mount.args(["-t", sort, "-o", options, sort]).arg(at);
    let done = match mount.output() {
        Ok(output) => complaint(&output),
        Err(error) => Some(error.to_string()),
    };
    if let Some(why) = &done {
        eprintln!("skipped: no {sort} is to be had: {}", why.trim());
    }
    done.is_none()
}

fn read(cache: &FileCache, path: &Path, freshness: Freshness) -> (Vec<u8>, Source) {
    let options = ReadOptions {
        freshness: Some(freshness),
        ..ReadOptions::default()
    };
    let read = cache.read_with(path, &options).unwrap();
    (read.file.to_vec(), read.source)
}

/// Writes again and again at equal length and reads in between, at once and when the contents are held.
fn check_rewrites(dir: &Path, freshness: Freshness) {
    let path = dir.join("file");
    let cache = FileCache::new(Options::default());
    for round in 0..2_000 {
        let contents = format!("{round:06}").into_bytes();
        fs::write(&path, &contents).unwrap();
        assert_eq!(read(&cache, &path, freshness).0, contents);
        assert_eq!(read(&cache, &path, freshness).0, contents);
    }
    for round in 0..3 {
        while read(&cache, &path, freshness).1 != Source::Hit {}
        let contents = format!("{round:06}").into_bytes();
        fs::write(&path, &contents).unwrap();
        assert_eq!(read(&cache, &path, freshness).0, contents);
    }
}

/// There the kernel takes time stamps from a clock that ticks: two writes within a tick have one.
#[test]
fn on_a_file_system_with_coarse_time_stamps_nothing_is_stale() {
    if !in_a_namespace("mounts::on_a_file_system_with_coarse_time_stamps_nothing_is_stale") {
        return;
    }
    let dir = Dir::new();
    let at = dir.path("ram");
    fs::create_dir(&at).unwrap();
    if !mount("ramfs", "mode=755", &at) {
        return;
    }
    check_rewrites(&at, Freshness::Validate);
    check_rewrites(&at, Freshness::Watch);
}

/// What is below an overlay can change unseen by its notifications, so that it is validated.
#[test]
fn on_an_overlay_watching_is_validating() {
    if !in_a_namespace("mounts::on_an_overlay_watching_is_validating") {
        return;
    }
    let dir = Dir::new();
    for name in ["lower", "upper", "work", "merged"] {
        fs::create_dir(dir.path(name)).unwrap();
    }
    dir.write("lower/below", b"one");
    let of = |name| dir.path(name).display().to_string();
    let options = format!(
        "lowerdir={},upperdir={},workdir={}",
        of("lower"),
        of("upper"),
        of("work")
    );
    let merged = dir.path("merged");
    if !mount("overlay", &options, &merged) {
        return;
    }
    check_rewrites(&merged, Freshness::Watch);
    let (path, cache) = (merged.join("below"), FileCache::new(Options::default()));
    while read(&cache, &path, Freshness::Watch).1 != Source::Hit {}
    // It is copied up to be written to.
    fs::write(&path, "two").unwrap();
    assert_eq!(read(&cache, &path, Freshness::Watch).0, b"two");
    // Written past the overlay.
    fs::write(dir.path("upper/below"), "six").unwrap();
    assert_eq!(read(&cache, &path, Freshness::Watch).0, b"six");
    let stats = cache.stats();
    assert!(
        stats.hits_validated > 0 && stats.hits_proven == 0,
        "{stats:?}"
    );
}
