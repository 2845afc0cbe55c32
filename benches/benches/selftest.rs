//! Two benchmarks by which `cargo xtask regress --self-test` tests itself: one computes, one reads files.
//!
//! `AUTOEXEC_SELFTEST_PERCENT` makes each iteration do so many percent of its work: more bytes are
//! hashed, more files are read. Nobody else sets it.

use autoexec_benches::{Harness, bench_main, made_once};
use std::cell::LazyCell;
use std::fs;
use std::hint::black_box;
use std::path::{Path, PathBuf};
use xxhash_rust::xxh3::xxh3_64;

bench_main!(hash, read);

/// Bytes hashed in one iteration at 100 percent.
const BYTES: usize = 16 << 10;
/// Files read in one iteration at 100 percent.
const FILES: usize = 1_000;
/// No more than so many percent can be asked for.
const PERCENT_MAX: usize = 120;

/// So much of the work, as the self-test asks.
fn share_of(work: usize) -> usize {
    let text = std::env::var("AUTOEXEC_SELFTEST_PERCENT").unwrap_or_default();
    let percent = text.parse().unwrap_or(100).min(PERCENT_MAX);
    work * percent / 100
}

fn hash(harness: &mut Harness<'_>) {
    harness.group("selftest", |group| {
        let bytes: Vec<u8> = (0..BYTES * PERCENT_MAX / 100)
            .map(|n| (n * 7) as u8)
            .collect();
        let bytes = &bytes[..share_of(BYTES)];
        assert_ne!(xxh3_64(bytes), xxh3_64(&bytes[1..]), "every byte counts");
        group.bench_function("hash", |b| b.iter(|| xxh3_64(black_box(bytes))));
    });
}

/// Files of one KB in one folder, all in the page cache.
fn files(own: &Path) -> Vec<PathBuf> {
    let make = |folder: &Path| {
        let mut numbers = 0..FILES * PERCENT_MAX / 100;
        numbers.try_for_each(|n| fs::write(folder.join(n.to_string()), [b'x'; 1_024]))
    };
    let folder = made_once("selftest", own, make).expect("because there is room");
    (0..share_of(FILES))
        .map(|n| folder.join(n.to_string()))
        .collect()
}

fn read(harness: &mut Harness<'_>) {
    harness.group("selftest", |group| {
        let folder = tempfile::tempdir().expect("because there is room");
        // Nobody who wants the other one waits for the files.
        let paths = LazyCell::new(|| files(folder.path()));
        let all = || -> usize {
            let read = |path| fs::read(path).expect("because it is there").len();
            paths.iter().map(read).sum()
        };
        group.bench_function("read-1000-files", |b| {
            assert_eq!(all(), 1_024 * paths.len());
            b.iter(all);
        });
    });
}
