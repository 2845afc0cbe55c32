//! Cleaning a path beside the crates that do so, and beside the loop that many write by hand.
//!
//! All agree on these two paths, to the byte. On others they do not: `path-dedot` anchors relative paths that
//! begin with dots at the working directory, and the loop loses their leading `..`.

use autoexec_benches::{Harness, bench_main};
use autoexec_path_cache::normalize;
use path_dedot::ParseDot;
use std::borrow::Cow;
use std::ffi::OsStr;
use std::hint::black_box;
use std::path::{Component, Path, PathBuf};

// The paths of our own benchmark of the same names.
const CLEAN: &str = "/srv/ci/projects/autoexec/crates/path-cache/src/normalization.rs";
const MESSY: &str =
    "/srv/ci//projects/./autoexec/crates/../crates/path-cache/src//./normalization.rs";

/// The usual loop over components.
fn by_components(path: &Path) -> PathBuf {
    let mut clean = PathBuf::new();
    for component in path.components() {
        match component {
            Component::CurDir => {}
            Component::ParentDir => {
                clean.pop();
            }
            other => clean.push(other),
        }
    }
    clean
}

fn dedot(path: &Path) -> Cow<'_, Path> {
    path.parse_dot().expect("the path is absolute")
}

/// Whether the answer is right to the byte: paths that differ in `//` alone count as equal otherwise.
fn is_clean(answer: &OsStr) -> bool {
    answer == CLEAN
}

/// Times `$clean` under `$name` once its answer is seen to be right.
macro_rules! member {
    ($group:ident, $path:ident, $name:literal, $clean:expr) => {
        assert!(is_clean($clean(Path::new($path)).as_os_str()), $name);
        $group.bench_function($name, |b| b.iter(|| $clean(black_box(Path::new($path)))));
    };
}

fn normalise(harness: &mut Harness<'_>, name: &str, path: &str) {
    harness.group(name, |group| {
        group.bench_function("floor", |b| b.iter(|| PathBuf::from(black_box(path))));
        member!(group, path, "ours", normalize);
        member!(group, path, "path-clean", path_clean::clean);
        member!(group, path, "path-dedot", dedot);
        member!(group, path, "std-components", by_components);
    });
}

fn paths(harness: &mut Harness<'_>) {
    normalise(harness, "peers/normalize-clean", CLEAN);
    normalise(harness, "peers/normalize-messy", MESSY);
}

bench_main!(paths);
