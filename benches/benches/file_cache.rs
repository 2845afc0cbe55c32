//! What a validated hit costs beside one `stat`, and reading many files through the cache beside a plain loop.
//!
//! The loops keep the bytes of every file, as the cache does: a caller who wants ten thousand files has to put
//! them somewhere. All readings are warm (the files are in the page cache).
#![allow(
    missing_docs,
    reason = "criterion's macros generate undocumented items"
)]

use autoexec_file_cache::{FileCache, Options, ReadManyOptions};
use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use std::fs;
use std::hint::black_box;
use std::io::Read;
use std::path::{Path, PathBuf};

const FILES: usize = 10_000;

/// A path of about ten components.
fn deep_file(dir: &Path) -> PathBuf {
    let parent = dir.join("one/two/three/four/five/six/seven");
    fs::create_dir_all(&parent).expect("the directory is ours");
    let path = parent.join("file.rs");
    fs::write(&path, vec![b'x'; 4096]).expect("the directory is ours");
    path
}

fn hit(c: &mut Criterion) {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let path = deep_file(dir.path());
    let cache = FileCache::new(Options::default());
    assert_eq!(cache.read(&path).expect("it is there").file.len(), 4096);
    let mut group = c.benchmark_group("file-cache/hit");
    group.bench_function("floor", |b| {
        b.iter(|| fs::metadata(black_box(&path)).expect("it is there"))
    });
    group.bench_function("read", |b| {
        b.iter(|| cache.read(black_box(&path)).expect("it is there"))
    });
    group.bench_function("std-read", |b| {
        b.iter(|| fs::read(black_box(&path)).expect("it is there"))
    });
    group.finish();
    assert_eq!(cache.stats().loads, 1, "every timed read was a hit");
}

/// 10,000 files in 100 directories. Lengths go from 0 to 18,000 bytes, 9,000 on average.
fn tree(dir: &Path) -> Vec<PathBuf> {
    let bytes = vec![b'x'; 18_000];
    let make = |i: usize| {
        let parent = dir.join(format!("package-{:02}/src", i / 100));
        fs::create_dir_all(&parent).expect("the directory is ours");
        let path = parent.join(format!("module-{i}.rs"));
        fs::write(&path, &bytes[..i * 7_919 % 18_000]).expect("the directory is ours");
        path
    };
    (0..FILES).map(make).collect()
}

/// open, fstat, read, close: what reading one file takes at least.
fn read_plainly(path: &Path) -> Vec<u8> {
    let mut file = fs::File::open(path).expect("it is there");
    let len = file.metadata().expect("it is open").len() as usize;
    let mut bytes = vec![0; len];
    file.read_exact(&mut bytes).expect("nobody writes");
    bytes
}

fn plain_loop(paths: &[PathBuf]) -> Vec<Vec<u8>> {
    paths.iter().map(|path| read_plainly(path)).collect()
}

fn roomy() -> FileCache {
    FileCache::new(Options {
        max_entries: 65_536,
        max_bytes: 512 << 20,
        ..Options::default()
    })
}

fn check(cache: &FileCache, paths: &[PathBuf], loads: u64) {
    let total: usize = cache
        .read_many(paths)
        .iter()
        .map(|it| it.as_ref().expect("it is there").file.len())
        .sum();
    assert_eq!(
        total,
        paths
            .iter()
            .map(|path| read_plainly(path).len())
            .sum::<usize>()
    );
    assert_eq!(cache.stats().loads, loads);
}

fn many(c: &mut Criterion) {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let paths = tree(dir.path());
    first_read(c, &paths);
    reread(c, &paths);
}

fn first_read(c: &mut Criterion, paths: &[PathBuf]) {
    check(&roomy(), paths, FILES as u64);
    let alone = ReadManyOptions {
        workers: Some(1),
        ..ReadManyOptions::default()
    };
    let mut group = c.benchmark_group("file-cache/first-read-10k");
    group.sample_size(10);
    group.bench_function("floor", |b| b.iter_with_large_drop(|| plain_loop(paths)));
    // The cache is returned with its answers, so that freeing either is not timed, as it is not for the floor.
    group.bench_function("read-many", |b| {
        b.iter_batched(
            roomy,
            |cache| (cache.read_many(paths), cache),
            BatchSize::PerIteration,
        );
    });
    group.bench_function("read-many-one-worker", |b| {
        b.iter_batched(
            roomy,
            |cache| (cache.read_many_with(paths, &alone), cache),
            BatchSize::PerIteration,
        );
    });
    group.finish();
}

fn reread(c: &mut Criterion, paths: &[PathBuf]) {
    let cache = roomy();
    check(&cache, paths, FILES as u64);
    let mut group = c.benchmark_group("file-cache/reread-10k");
    group.sample_size(10);
    group.bench_function("floor", |b| b.iter_with_large_drop(|| plain_loop(paths)));
    group.bench_function("read-many", |b| {
        b.iter_with_large_drop(|| cache.read_many(paths))
    });
    group.finish();
    check(&cache, paths, FILES as u64);
}

criterion_group! {
    name = benches;
    config = autoexec_benches::pass();
    targets = hit, many
}
criterion_main!(benches);
