//! The cache against a naive model: a map from path to contents that is always right.
#![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]
#![cfg(unix)]

mod support;

use autoexec_file_cache::{
    ENTRY_OVERHEAD, Error, ErrorKind, FileCache, Freshness, Options, Read, ReadManyOptions,
    ReadOptions, Source, Stats,
};
use proptest::prelude::*;
use std::collections::{HashMap, HashSet};
use std::fs;
use std::path::PathBuf;
use support::{Dir, replace, rewrite};

const FILES: usize = 6;
const MAX_FILE: u64 = 1_500;

#[derive(Debug, Clone)]
enum Act {
    Write {
        file: usize,
        len: usize,
        in_place: bool,
    },
    Remove {
        file: usize,
    },
    Read {
        file: usize,
        limit: Option<u64>,
    },
    ReadMany {
        files: Vec<usize>,
        workers: usize,
    },
    Invalidate {
        file: usize,
    },
    Clear,
    BeginRun,
    Resize {
        max_entries: usize,
        max_bytes: u64,
    },
}

fn max_bytes() -> impl Strategy<Value = u64> {
    prop_oneof![Just(0_u64), 400..9_000_u64, Just(1 << 20)]
}

fn act() -> impl Strategy<Value = Act> {
    let file = || 0..FILES;
    let len = prop_oneof![Just(0_usize), 1..200_usize, 1_000..2_000_usize];
    prop_oneof![
        4 => (file(), len, any::<bool>()).prop_map(|(file, len, in_place)| Act::Write { file, len, in_place }),
        1 => file().prop_map(|file| Act::Remove { file }),
        8 => (file(), prop::option::weighted(0.2, 0..1_800_u64)).prop_map(|(file, limit)| Act::Read { file, limit }),
        4 => (prop::collection::vec(file(), 0..9), 1..4_usize)
            .prop_map(|(files, workers)| Act::ReadMany { files, workers }),
        1 => file().prop_map(|file| Act::Invalidate { file }),
        1 => Just(Act::Clear),
        1 => Just(Act::BeginRun),
        1 => (0..6_usize, max_bytes()).prop_map(|(max_entries, max_bytes)| Act::Resize { max_entries, max_bytes }),
    ]
}

/// What must be true, kept with the simplest means.
#[derive(Default)]
struct Model {
    contents: HashMap<usize, Vec<u8>>,
    /// Counts up whenever a file changes.
    version: HashMap<usize, u64>,
    /// The versions that the cache may hold: those it said it kept.
    kept: HashMap<usize, u64>,
    asked_in_run: HashSet<usize>,
    loaded_in_run: HashMap<usize, u64>,
    expected: Stats,
}

impl Model {
    fn change(&mut self, file: usize, contents: Option<Vec<u8>>) {
        *self.version.entry(file).or_default() += 1;
        match contents {
            Some(contents) => self.contents.insert(file, contents),
            None => self.contents.remove(&file),
        };
    }

    fn expect(
        &mut self,
        file: usize,
        limit: Option<u64>,
        got: &Result<Read, Error>,
        repeated: bool,
    ) {
        self.expected.requests += 1;
        let read = match (self.contents.get(&file), got) {
            (Some(contents), Ok(read)) => {
                assert_eq!(read.file.bytes(), contents);
                assert!(limit.is_none_or(|limit| contents.len() as u64 <= limit));
                read
            }
            (contents, Err(error)) => {
                let over = contents
                    .map(|contents| contents.len() as u64)
                    .filter(|&len| limit.is_some_and(|limit| len > limit));
                let expected = match (contents, over) {
                    (None, _) => ErrorKind::NotFound,
                    (_, Some(size)) => ErrorKind::TooLarge {
                        size,
                        limit: limit.unwrap(),
                    },
                    _ => panic!("file {file} is there and within the limit: {error}"),
                };
                assert_eq!(error.kind(), expected);
                self.expected.errors += 1;
                self.expected.misses += 1;
                return;
            }
            (None, Ok(_)) => panic!("file {file} does not exist"),
        };
        self.expected.bytes_served += read.file.len() as u64;
        match read.source {
            Source::Hit => {
                let version = self.version[&file];
                assert!(
                    repeated || self.kept.get(&file) == Some(&version),
                    "a hit on what was never kept"
                );
                self.expected.hits += 1;
                self.expected.redundant_reads_avoided +=
                    u64::from(self.asked_in_run.contains(&file));
            }
            Source::Loaded | Source::Uncached => {
                assert!(!repeated, "read twice in one batch");
                self.expect_load(file, read);
            }
            Source::Coalesced => panic!("nobody else asks for this file"),
        }
        self.asked_in_run.insert(file);
    }

    fn expect_load(&mut self, file: usize, read: &Read) {
        let version = self.version[&file];
        self.expected.misses += 1;
        self.expected.loads += 1;
        self.expected.bytes_loaded += read.file.len() as u64;
        self.expected.redundant_reads +=
            u64::from(self.loaded_in_run.insert(file, version) == Some(version));
        if read.source == Source::Loaded {
            assert!(read.file.len() as u64 <= MAX_FILE);
            self.kept.insert(file, version);
        } else {
            self.kept.remove(&file);
            self.expected.skipped += 1;
        }
    }

    fn begin_run(&mut self) {
        self.asked_in_run.clear();
        self.loaded_in_run.clear();
    }
}

fn check_bounds(cache: &FileCache, options: &Options, model: &Model) {
    let stats = cache.stats();
    assert!(stats.resident_entries <= options.max_entries as u64);
    assert!(stats.resident_bytes <= options.max_bytes);
    assert!(stats.resident_bytes >= stats.resident_entries * ENTRY_OVERHEAD);
    assert_eq!(stats.requests, stats.hits + stats.misses);
    assert_eq!(stats.misses, stats.loads + stats.coalesced + stats.errors);
    let hits = [
        stats.hits_validated,
        stats.hits_proven,
        stats.hits_unasked,
        stats.hits_repeated,
    ];
    assert_eq!(stats.hits, hits.iter().sum::<u64>());
    assert_eq!(
        stats.stale,
        stats.stale_changed + stats.stale_replaced + stats.stale_vanished
    );
    assert!(stats.loads >= stats.skipped + stats.unsettled + stats.racy);
    assert!(stats.batch_loads <= stats.loads && (stats.batches == 0) == (stats.batch_loads == 0));
    assert_eq!(stats.run_paths, model.loaded_in_run.len() as u64);
    if options.freshness == Freshness::Validate {
        assert_eq!(
            (stats.hits_proven, stats.hits_unasked, stats.watches),
            (0, 0, 0)
        );
    }
    let mut expected = model.expected.clone();
    // How much is kept is the choice of the policy, within what was checked above.
    expected.resident_entries = stats.resident_entries;
    expected.resident_bytes = stats.resident_bytes;
    expected.evictions = stats.evictions;
    expected.stale = stats.stale;
    expected.stale_changed = stats.stale_changed;
    expected.stale_replaced = stats.stale_replaced;
    expected.stale_vanished = stats.stale_vanished;
    [
        expected.hits_validated,
        expected.hits_proven,
        expected.hits_unasked,
        expected.hits_repeated,
    ] = hits;
    (expected.batches, expected.batch_loads, expected.batch_time) =
        (stats.batches, stats.batch_loads, stats.batch_time);
    (expected.run_paths, expected.watches) = (stats.run_paths, stats.watches);
    assert_eq!(stats, expected);
}

fn perform(
    act: Act,
    cache: &FileCache,
    options: &mut Options,
    dir: &Dir,
    model: &mut Model,
    byte: u8,
) {
    let path = |file: usize| dir.path(&format!("f{file}"));
    match act {
        Act::Write {
            file,
            len,
            in_place,
        } => {
            let contents = vec![byte; len];
            match in_place && model.contents.contains_key(&file) {
                true => rewrite(&path(file), &contents),
                false => replace(&path(file), &contents),
            }
            model.change(file, Some(contents));
        }
        Act::Remove { file } => {
            let _ = fs::remove_file(path(file));
            model.change(file, None);
        }
        Act::Read { file, limit } => {
            let got = cache.read_with(
                &path(file),
                &ReadOptions {
                    limit,
                    ..ReadOptions::default()
                },
            );
            model.expect(file, limit, &got, false);
            if got.is_ok_and(|read| read.source != Source::Uncached) {
                let again = cache.read(&path(file));
                assert_eq!(
                    again.as_ref().unwrap().source,
                    Source::Hit,
                    "just kept and gone"
                );
                model.expect(file, None, &again, false);
            }
        }
        Act::ReadMany { files, workers } => {
            let paths: Vec<PathBuf> = files.iter().map(|&file| path(file)).collect();
            let options = ReadManyOptions {
                workers: Some(workers),
                ..ReadManyOptions::default()
            };
            let mut seen = HashSet::new();
            for (&file, got) in files.iter().zip(cache.read_many_with(&paths, &options)) {
                model.expect(file, None, &got, !seen.insert(file));
            }
        }
        Act::Invalidate { file } => {
            let held = cache.len();
            let known = cache.invalidate(&path(file));
            assert_eq!(cache.len(), held - usize::from(known));
            assert!(!known || model.kept.contains_key(&file));
            model.kept.remove(&file);
            model.expected.invalidated += u64::from(known);
        }
        Act::Resize {
            max_entries,
            max_bytes,
        } => {
            (options.max_entries, options.max_bytes) = (max_entries, max_bytes);
            cache.resize(max_entries, max_bytes);
        }
        Act::Clear => {
            model.expected.invalidated += cache.len() as u64;
            cache.clear();
            model.kept.clear();
            assert!(cache.is_empty());
        }
        Act::BeginRun => {
            cache.begin_run();
            model.begin_run();
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn agrees_with_the_model(
        acts in prop::collection::vec(act(), 1..60),
        max_entries in 0..6_usize,
        max_bytes in max_bytes(),
        freshness in prop_oneof![Just(Freshness::Validate), Just(Freshness::Watch)],
    ) {
        let dir = Dir::new();
        let mut options =
            Options { max_entries, max_bytes, max_file_bytes: MAX_FILE, freshness, ..Options::default() };
        let cache = FileCache::new(options.clone());
        let mut model = Model::default();
        for (turn, act) in acts.into_iter().enumerate() {
            perform(act, &cache, &mut options, &dir, &mut model, turn as u8);
            check_bounds(&cache, &options, &model);
        }
    }
}
