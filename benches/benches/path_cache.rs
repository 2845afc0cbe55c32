//! What cleaning and resolving a path cost, beside a copy of its bytes and one `stat`.

use autoexec_benches::{Harness, bench_main};
use autoexec_path_cache::{Freshness, Options, PathCache, normalize};
use std::borrow::Cow;
use std::fs;
use std::hint::black_box;
use std::path::{Path, PathBuf};

const CLEAN: &str = "/srv/ci/projects/autoexec/crates/path-cache/src/normalization.rs";
const MESSY: &str =
    "/srv/ci//projects/./autoexec/crates/../crates/path-cache/src//./normalization.rs";

/// Both normalising groups share a floor: copying the bytes, which whoever changes a path must do.
fn copy(path: &str) -> PathBuf {
    PathBuf::from(black_box(path))
}

fn normalize_clean(harness: &mut Harness<'_>) {
    harness.group("path-cache/normalize-clean", |group| {
        assert!(matches!(normalize(Path::new(CLEAN)), Cow::Borrowed(_)));
        group.bench_function("floor", |b| b.iter(|| copy(CLEAN)));
        group.bench_function("normalize", |b| {
            b.iter(|| normalize(black_box(Path::new(CLEAN))))
        });
    });
}

fn normalize_messy(harness: &mut Harness<'_>) {
    harness.group("path-cache/normalize-messy", |group| {
        // As text: paths are equal also when they are written differently.
        assert_eq!(normalize(Path::new(MESSY)).as_os_str(), CLEAN);
        group.bench_function("floor", |b| b.iter(|| copy(MESSY)));
        group.bench_function("normalize", |b| {
            b.iter(|| normalize(black_box(Path::new(MESSY))))
        });
    });
}

/// A path of ten components, the sixth of which is a symbolic link.
fn linked_file(dir: &Path) -> (PathBuf, PathBuf) {
    let base = fs::canonicalize(dir).expect("the directory exists");
    let real = base.join("a/b/target/c/d/file");
    fs::create_dir_all(real.parent().expect("it has a parent")).expect("the directory is ours");
    fs::write(&real, "x").expect("the directory is ours");
    let link = base.join("a/b/link");
    #[cfg(unix)]
    std::os::unix::fs::symlink("target", &link).expect("the directory is ours");
    (link.join("c/d/file"), real)
}

/// The floor asks only whether there is something.
fn resolve(harness: &mut Harness<'_>) {
    harness.group("path-cache/resolve", |group| {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let (path, real) = linked_file(dir.path());
        let cache = PathCache::new(Options::default());
        let validated = PathCache::new(Options {
            freshness: Freshness::Validate,
            ..Options::default()
        });
        let keeps_none = PathCache::new(Options {
            capacity: 0,
            ..Options::default()
        });
        for cache in [&cache, &validated, &keeps_none] {
            assert_eq!(*cache.resolve(&path).expect("it exists"), *real);
        }
        let missing = real.with_file_name("missing");
        assert!(cache.resolve(&missing).is_err());
        group.bench_function("floor", |b| {
            b.iter(|| fs::metadata(black_box(&path)).is_ok())
        });
        group.bench_function("hit", |b| {
            b.iter(|| cache.resolve(black_box(&path)).is_ok())
        });
        group.bench_function("hit-validated", |b| {
            b.iter(|| validated.resolve(black_box(&path)).is_ok())
        });
        group.bench_function("uncached", |b| {
            b.iter(|| keeps_none.resolve(black_box(&path)).is_ok())
        });
        group.bench_function("canonicalize", |b| {
            b.iter(|| fs::canonicalize(black_box(&path)).is_ok())
        });
        assert_eq!(
            (cache.stats().misses, validated.stats().misses),
            (2, 1),
            "every timed call was a hit"
        );
    });
}

bench_main!(normalize_clean, normalize_messy, resolve);
