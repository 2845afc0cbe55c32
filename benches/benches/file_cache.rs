//! What a hit costs in each freshness beside the least that it needs, and reading many files through the cache beside
//! a plain loop.
//!
//! The loops keep the bytes of every file, as the cache does: a caller who wants a thousand files has to put
//! them somewhere. All readings are warm (the files are in the page cache).

use autoexec_benches::{BatchSize, Clock, Harness, bench_main, made_once};
use autoexec_file_cache::{FileCache, Freshness, Options, ReadManyOptions};
use std::fs;
use std::hint::black_box;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;
use std::time::Duration;
use tempfile::TempDir;

const FILES: usize = 1_000;

/// A path of about ten components.
fn deep_file(dir: &Path) -> PathBuf {
    let parent = dir.join("one/two/three/four/five/six/seven");
    fs::create_dir_all(&parent).expect("the directory is ours");
    let path = parent.join("file.rs");
    fs::write(&path, vec![b'x'; 4096]).expect("the directory is ours");
    settle();
    path
}

/// Waits until files that were just written are older than a tick of the clock: younger ones are not kept.
fn settle() {
    thread::sleep(Duration::from_millis(30));
}

fn hit(harness: &mut Harness<'_>) {
    harness.group("file-cache/hit", |group| {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let path = deep_file(dir.path());
        let cache = FileCache::new(Options::default());
        assert_eq!(cache.read(&path).expect("it is there").file.len(), 4096);
        group.bench_function("floor", |b| {
            b.iter(|| fs::metadata(black_box(&path)).expect("it is there"))
        });
        group.bench_function("read", |b| {
            b.iter(|| cache.read(black_box(&path)).expect("it is there"))
        });
        group.bench_function("std-read", |b| {
            b.iter(|| fs::read(black_box(&path)).expect("it is there"))
        });
        assert_eq!(cache.stats().loads, 1, "every timed read was a hit");
    });
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

/// Small files, and what hands them out.
struct Small {
    _folder: TempDir,
    paths: Vec<PathBuf>,
    /// Files for the others: whoever opens a watched file makes it doubtful.
    others: Vec<PathBuf>,
    /// The floor of a batch looks up its keys here; that of one hit looks into a queue of inotify first.
    bare: Bare,
    cache: FileCache,
}

impl Small {
    /// So many files, all of which the cache has and proves.
    fn new(count: usize) -> Self {
        let folder = tempfile::tempdir().expect("a temporary directory");
        Self::make(folder.path(), count).expect("the directory is ours");
        Self::of(folder.path().to_owned(), folder, count)
    }

    /// The same in a folder of this name that other processes have used. Only one at a time may: who opens
    /// a file that is watched makes it doubtful.
    fn made_once(name: &str, count: usize) -> Self {
        let folder = tempfile::tempdir().expect("a temporary directory");
        let made = made_once(name, folder.path(), |folder| Self::make(folder, count));
        Self::of(made.expect("there is room"), folder, count)
    }

    fn names(kind: &str, count: usize) -> impl Iterator<Item = String> {
        (0..count).map(move |i| format!("one/two/three/four/{kind}-{i}.rs"))
    }

    fn make(folder: &Path, count: usize) -> io::Result<()> {
        fs::create_dir_all(folder.join("one/two/three/four"))?;
        let mut names = Self::names("module", count).chain(Self::names("another", count));
        names.try_for_each(|name| fs::write(folder.join(name), vec![b'x'; 4096]))?;
        settle();
        Ok(())
    }

    fn of(base: PathBuf, folder: TempDir, count: usize) -> Self {
        let base = fs::canonicalize(base).expect("it exists");
        let in_it = |kind| -> Vec<PathBuf> {
            Self::names(kind, count)
                .map(|name| base.join(name))
                .collect()
        };
        let (paths, others) = (in_it("module"), in_it("another"));
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
            count as u64,
            "{:?}",
            cache.stats()
        );
        Self {
            _folder: folder,
            paths,
            others,
            bare,
            cache,
        }
    }
}

fn watch(harness: &mut Harness<'_>) {
    harness.group("file-cache/watch-1000", |group| {
        group.decided_by(Clock::Process);
        let Small {
            paths,
            others,
            bare,
            cache,
            ..
        } = &Small::made_once("watch-1000", BATCH);
        group.bench_function("floor", |b| {
            b.iter(|| {
                paths
                    .iter()
                    .map(|path| look_up(bare, path))
                    .collect::<Vec<_>>()
            })
        });
        group.bench_function("read-many", |b| b.iter(|| cache.read_many(paths)));
        group.bench_function("std-read", |b| {
            b.iter(|| {
                others
                    .iter()
                    .map(|path| fs::read(path).expect("it is there"))
                    .collect::<Vec<_>>()
            })
        });
    });
}

fn pinned_hit(harness: &mut Harness<'_>) {
    harness.group("file-cache/pinned-hit", |group| {
        let Small { paths, bare, .. } = &Small::new(8);
        let pinned = watching(Freshness::Pinned);
        check(&pinned, paths, 8);
        group.bench_function("floor", |b| b.iter(|| look_up(bare, black_box(&paths[7]))));
        group.bench_function("read", |b| {
            b.iter(|| pinned.read(black_box(&paths[7])).expect("it is there"))
        });
    });
}

#[cfg(target_os = "linux")]
fn watched_hit(harness: &mut Harness<'_>) {
    use rustix::fs::inotify;
    harness.group("file-cache/watch-hit", |group| {
        let Small {
            paths, bare, cache, ..
        } = &Small::new(8);
        let queue = inotify::init(inotify::CreateFlags::NONBLOCK).expect("an instance");
        group.bench_function("floor", |b| {
            let mut buffer = [std::mem::MaybeUninit::uninit(); 4096];
            b.iter(|| {
                assert!(
                    inotify::Reader::new(&queue, &mut buffer).next().is_err(),
                    "nothing happened"
                );
                look_up(bare, black_box(&paths[7]))
            });
        });
        group.bench_function("read", |b| {
            b.iter(|| cache.read(black_box(&paths[7])).expect("it is there"))
        });
    });
}

#[cfg(not(target_os = "linux"))]
fn watched_hit(_: &mut Harness<'_>) {
    // There is no queue to look into.
}

/// 1,000 files in ten directories, made once under this name. Lengths go from 0 to 18,000 bytes, 9,000 on average.
fn tree(name: &str, own: &Path) -> Vec<PathBuf> {
    let names = || (0..FILES).map(|i| (i, format!("package-{:02}/src/module-{i}.rs", i / 100)));
    let bytes = vec![b'x'; 18_000];
    let make = |folder: &Path| {
        (0..FILES / 100)
            .try_for_each(|i| fs::create_dir_all(folder.join(format!("package-{i:02}/src"))))?;
        names()
            .try_for_each(|(i, name)| fs::write(folder.join(name), &bytes[..i * 7_919 % 18_000]))?;
        settle();
        Ok(())
    };
    let folder = made_once(name, own, make).expect("there is room");
    names().map(|(_, name)| folder.join(name)).collect()
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

fn first_read(harness: &mut Harness<'_>) {
    harness.group("file-cache/first-read-1000", |group| {
        group.decided_by(Clock::Process);
        let dir = tempfile::tempdir().expect("a temporary directory");
        let paths = &*tree("first-read", dir.path());
        check(&roomy(), paths, FILES as u64);
        let alone = ReadManyOptions {
            workers: Some(1),
            ..ReadManyOptions::default()
        };
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
    });
}

fn reread(harness: &mut Harness<'_>) {
    harness.group("file-cache/reread-1000", |group| {
        group.decided_by(Clock::Process);
        let dir = tempfile::tempdir().expect("a temporary directory");
        let paths = &*tree("reread", dir.path());
        let cache = roomy();
        check(&cache, paths, FILES as u64);
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
        let stats = watched.stats();
        assert_eq!((stats.loads, stats.hits), (FILES as u64, stats.hits_proven));
        check(&cache, paths, FILES as u64);
    });
}

bench_main!(hit, watch, pinned_hit, watched_hit, first_read, reread);
