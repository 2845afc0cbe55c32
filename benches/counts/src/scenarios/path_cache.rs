//! Cleaning and resolving paths.

use std::borrow::Cow;
use std::hint::black_box;
use std::path::{Path, PathBuf};

use autoexec_path_cache::{Freshness, Options, PathCache, Root, normalize};
use tempfile::TempDir;

use crate::run::{Run, Scenario};
use crate::text;

pub(super) const SCENARIOS: &[Scenario] = &[
    Scenario {
        id: "path-cache/normalize",
        times: 1_000,
        does: "cleans a path that is clean and one that is not",
        run: clean,
    },
    Scenario {
        id: "path-cache/resolve-cold",
        times: 100,
        does: "resolves a path of eight parts and a link with an empty cache",
        run: cold,
    },
    Scenario {
        id: "path-cache/resolve-validated",
        times: 1_000,
        does: "resolves it again, asking whether it still leads there",
        run: validated,
    },
    Scenario {
        id: "path-cache/resolve-watched",
        times: 1_000,
        does: "resolves it again, having been told that nothing changed",
        run: watched,
    },
    Scenario {
        id: "path-cache/root-open",
        times: 100,
        does: "opens a file of eight parts below a root",
        run: open,
    },
];

fn clean(run: &mut Run) {
    let tidy = Path::new("/srv/projects/autoexec/crates/path-cache/src/lib.rs");
    let messy = Path::new("/srv//projects/./autoexec/crates/../crates/path-cache/src/lib.rs");
    run.repeat(|_| {
        assert!(matches!(normalize(black_box(tidy)), Cow::Borrowed(_)));
        assert_eq!(normalize(black_box(messy)).as_os_str(), tidy.as_os_str());
    });
}

/// A file, and a path to it through a link.
struct Linked {
    _folder: TempDir,
    root: PathBuf,
    path: PathBuf,
    real: PathBuf,
}

fn linked() -> Linked {
    let (folder, root) = text::folder();
    let real = root.join("a/b/target/c/d/file.rs");
    text::file(&real, 100);
    let link = root.join("a/b/link");
    #[cfg(unix)]
    std::os::unix::fs::symlink("target", &link).expect("because the folder is ours");
    #[cfg(not(unix))]
    let link = root.join("a/b/target");
    text::settle();
    Linked {
        _folder: folder,
        root,
        path: link.join("c/d/file.rs"),
        real,
    }
}

fn cold(run: &mut Run) {
    let it = linked();
    let mut misses = 0;
    run.repeat(|_| {
        let cache = PathCache::new(Options::default());
        assert_eq!(
            *cache.resolve(&it.path).expect("because it exists"),
            *it.real
        );
        misses += cache.stats().misses;
    });
    run.count("misses", misses);
}

fn validated(run: &mut Run) {
    warm(run, Freshness::Validate);
}

fn watched(run: &mut Run) {
    warm(run, Freshness::Watch);
}

fn warm(run: &mut Run, freshness: Freshness) {
    let it = linked();
    let cache = PathCache::new(Options {
        freshness,
        ..Options::default()
    });
    // Two, as what is watched is proven from the second time on.
    (0..2).for_each(|_| assert!(cache.resolve(&it.path).is_ok()));
    run.repeat(|_| {
        assert_eq!(
            *cache.resolve(&it.path).expect("because it exists"),
            *it.real
        );
    });
    let stats = cache.stats();
    run.count("hits", stats.hits);
    run.count("misses", stats.misses);
}

fn open(run: &mut Run) {
    let it = linked();
    let root = Root::new(&it.root).expect("because it exists");
    run.repeat(|_| assert!(root.open(Path::new("a/b/target/c/d/file.rs")).is_ok()));
}
