//! What a hit costs in each freshness beside the least that it needs, and reading many files through the cache beside
//! a plain loop.
//!
//! The loops keep the bytes of every file, as the cache does: a caller who wants ten thousand files has to put
//! them somewhere. All readings are warm (the files are in the page cache).
#![allow(
    missing_docs,
    reason = "criterion's macros generate undocumented items"
)]

use autoexec_file_cache::{FileCache, Freshness, Options, ReadManyOptions};
use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use std::fs;
use std::hint::black_box;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

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

/// As many small files as a batch of hits asks for.
const BATCH: usize = 1_000;

type Bare = quick_cache::sync::Cache<Box<[u8]>, Arc<[u8]>>;

/// A cache of the same keys without anything around it.
fn bare(paths: &[PathBuf]) -> Bare {
    let cache = Bare::new(4 * paths.len());
    for path in paths {
        let bytes: Arc<[u8]> = fs::read(path).expect("it is there").into();
        cache.insert(path.as_os_str().as_encoded_bytes().into(), bytes);
    }
    cache
}

fn look_up(cache: &Bare, path: &Path) -> Arc<[u8]> {
    cache
        .get(path.as_os_str().as_encoded_bytes())
        .expect("it was put there")
}

fn watching(freshness: Freshness) -> FileCache {
    FileCache::new(Options {
        freshness,
        ..roomy_options()
    })
}

/// The floor of the batch looks up its keys in a bare `quick_cache`; that of one hit looks into a queue of inotify
/// first.
fn watch(c: &mut Criterion) {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let parent = fs::canonicalize(dir.path())
        .expect("it exists")
        .join("one/two/three/four");
    fs::create_dir_all(&parent).expect("the directory is ours");
    let paths: Vec<PathBuf> = (0..BATCH)
        .map(|i| parent.join(format!("module-{i}.rs")))
        .collect();
    paths
        .iter()
        .for_each(|path| fs::write(path, vec![b'x'; 4096]).expect("the directory is ours"));
    // Files for the others: whoever opens a watched file makes it doubtful.
    let others: Vec<PathBuf> = (0..BATCH)
        .map(|i| parent.join(format!("another-{i}.rs")))
        .collect();
    others
        .iter()
        .for_each(|path| fs::write(path, vec![b'x'; 4096]).expect("the directory is ours"));
    let (bare, cache) = (bare(&paths), watching(Freshness::Watch));
    for _ in 0..2 {
        let all = cache.read_many(&paths);
        assert!(
            all.iter()
                .all(|it| it.as_ref().is_ok_and(|read| read.file.len() == 4096))
        );
    }
    assert_eq!(
        cache.stats().hits_proven,
        BATCH as u64,
        "{:?}",
        cache.stats()
    );
    let mut group = c.benchmark_group("file-cache/watch-1000");
    group.bench_function("floor", |b| {
        b.iter(|| {
            paths
                .iter()
                .map(|path| look_up(&bare, path))
                .collect::<Vec<_>>()
        })
    });
    group.bench_function("read-many", |b| b.iter(|| cache.read_many(&paths)));
    group.bench_function("std-read", |b| {
        b.iter(|| {
            others
                .iter()
                .map(|path| fs::read(path).expect("it is there"))
                .collect::<Vec<_>>()
        })
    });
    group.finish();
    #[cfg(target_os = "linux")]
    one_watched_hit(c, &bare, &cache, &paths[7]);
    let pinned = watching(Freshness::Pinned);
    check(&pinned, &paths, BATCH as u64);
    let mut group = c.benchmark_group("file-cache/pinned-hit");
    group.bench_function("floor", |b| b.iter(|| look_up(&bare, black_box(&paths[7]))));
    group.bench_function("read", |b| {
        b.iter(|| pinned.read(black_box(&paths[7])).expect("it is there"))
    });
    group.finish();
}

#[cfg(target_os = "linux")]
fn one_watched_hit(c: &mut Criterion, bare: &Bare, cache: &FileCache, path: &Path) {
    use rustix::fs::inotify;
    let queue = inotify::init(inotify::CreateFlags::NONBLOCK).expect("an instance");
    let mut group = c.benchmark_group("file-cache/watch-hit");
    group.bench_function("floor", |b| {
        let mut buffer = [std::mem::MaybeUninit::uninit(); 4096];
        b.iter(|| {
            assert!(
                inotify::Reader::new(&queue, &mut buffer).next().is_err(),
                "nothing happened"
            );
            look_up(bare, black_box(path))
        });
    });
    group.bench_function("read", |b| {
        b.iter(|| cache.read(black_box(path)).expect("it is there"))
    });
    group.finish();
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

fn roomy_options() -> Options {
    Options {
        max_entries: 65_536,
        max_bytes: 512 << 20,
        ..Options::default()
    }
}

fn roomy() -> FileCache {
    FileCache::new(roomy_options())
}

/// The plain loop, by two threads of half the paths each.
fn plain_loop_by_two(paths: &[PathBuf]) -> (Vec<Vec<u8>>, Vec<Vec<u8>>) {
    let (front, back) = paths.split_at(paths.len() / 2);
    std::thread::scope(|scope| {
        let helper = scope.spawn(|| plain_loop(back));
        (plain_loop(front), helper.join().expect("it does not panic"))
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
    group.bench_function("floor-by-two-threads", |b| {
        b.iter_with_large_drop(|| plain_loop_by_two(paths))
    });
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
    group.bench_function("read-many-watched", |b| {
        b.iter_batched(
            || watching(Freshness::Watch),
            |cache| (cache.read_many(paths), cache),
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
    // Watched files that anybody opens are doubtful, so that the floor must be done with by now.
    let watched = watching(Freshness::Watch);
    (0..2).for_each(|_| assert!(watched.read_many(paths).iter().all(Result::is_ok)));
    assert_eq!(watched.stats().hits_proven, FILES as u64);
    group.bench_function("read-many-watched", |b| {
        b.iter_with_large_drop(|| watched.read_many(paths))
    });
    group.finish();
    let stats = watched.stats();
    assert_eq!((stats.loads, stats.hits), (FILES as u64, stats.hits_proven));
    check(&cache, paths, FILES as u64);
}

criterion_group! {
    name = benches;
    config = autoexec_benches::pass();
    targets = hit, watch, many
}
criterion_main!(benches);
