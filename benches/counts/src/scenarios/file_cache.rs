//! Reading a hundred files: for the first time, again, and after one has changed.

use std::fs;

use autoexec_file_cache::{FileCache, Freshness, Options, ReadManyOptions, Stats};

use crate::run::{Run, Scenario};
use crate::text;

const FILES: usize = 100;

pub(super) const SCENARIOS: &[Scenario] = &[
    Scenario {
        id: "file-cache/cold-100",
        times: 5,
        does: "reads a hundred files with an empty cache, in one thread",
        run: cold,
    },
    Scenario {
        id: "file-cache/validated-100",
        times: 10,
        does: "reads them again, asking for the state of each",
        run: validated,
    },
    Scenario {
        id: "file-cache/watched-100",
        times: 10,
        does: "reads them again, having been told that nothing changed",
        run: watched,
    },
    Scenario {
        id: "file-cache/pinned-hit",
        times: 1_000,
        does: "reads one file again without asking",
        run: pinned,
    },
    Scenario {
        id: "file-cache/one-changed-of-100",
        times: 10,
        does: "changes one of the files, and reads all",
        run: changed,
    },
];

fn cache(freshness: Freshness) -> FileCache {
    FileCache::new(Options {
        max_entries: 1_024,
        freshness,
        ..Options::default()
    })
}

/// One thread, as several would share the work in a way that differs from time to time.
fn alone() -> ReadManyOptions<'static> {
    ReadManyOptions {
        workers: Some(1),
        ..ReadManyOptions::default()
    }
}

fn read_all(cache: &FileCache, paths: &[std::path::PathBuf]) {
    let all = cache.read_many_with(paths, &alone());
    assert!(all.iter().all(Result::is_ok));
}

fn counted(run: &mut Run, stats: &Stats) {
    run.count("requests", stats.requests);
    run.count("hits", stats.hits);
    run.count("hits_proven", stats.hits_proven);
    run.count("loads", stats.loads);
    run.count("bytes_loaded", stats.bytes_loaded);
    run.count("stale", stats.stale);
}

fn cold(run: &mut Run) {
    let (_folder, root) = text::folder();
    let paths = text::tree(&root, FILES);
    let mut all = Vec::new();
    run.repeat(|_| {
        let cache = cache(Freshness::Validate);
        read_all(&cache, &paths);
        all.push(cache.stats());
    });
    all.iter().for_each(|stats| counted(run, stats));
}

fn validated(run: &mut Run) {
    again(run, Freshness::Validate);
}

fn watched(run: &mut Run) {
    again(run, Freshness::Watch);
}

fn again(run: &mut Run, freshness: Freshness) {
    let (_folder, root) = text::folder();
    let paths = text::tree(&root, FILES);
    let cache = cache(freshness);
    (0..2).for_each(|_| read_all(&cache, &paths));
    run.repeat(|_| read_all(&cache, &paths));
    counted(run, &cache.stats());
}

fn pinned(run: &mut Run) {
    let (_folder, root) = text::folder();
    let paths = text::tree(&root, 10);
    let cache = cache(Freshness::Pinned);
    read_all(&cache, &paths);
    run.repeat(|_| assert!(cache.read(&paths[7]).is_ok()));
    counted(run, &cache.stats());
}

fn changed(run: &mut Run) {
    let (_folder, root) = text::folder();
    let paths = text::tree(&root, FILES);
    let cache = cache(Freshness::Validate);
    read_all(&cache, &paths);
    run.repeat(|time| {
        fs::write(&paths[3], vec![b'x'; 1_000 + time as usize]).expect("because it is ours");
        text::settle();
        read_all(&cache, &paths);
    });
    counted(run, &cache.stats());
}
