//! What a hit costs beside a bare `quick_cache`, and what it costs to save a hundred embeddings beside writing their bytes.

use autoexec_benches::{BatchSize, Clock, Harness, bench_main};
use autoexec_store::{Entry, Namespace, Options, Snapshot, SnapshotOptions, Store};
use std::convert::Infallible;
use std::fs::File;
use std::hint::black_box;
use std::io::Write;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

const ENTRIES: usize = 5_000;
/// An embedding of 1,024 numbers.
const BYTES: usize = 4_096;

fn key(number: usize) -> String {
    format!("model-a/what does the function number {number} do?")
}

fn store() -> Store {
    let options = Options {
        max_entries: ENTRIES,
        shards: Some(1),
        ..Options::default()
    };
    Store::new(options).expect("there are no shares")
}

type Bare = quick_cache::sync::Cache<Box<[u8]>, Arc<[u8]>>;

fn bare() -> Bare {
    let bare = Bare::new(2 * ENTRIES);
    for number in 0..1_000 {
        bare.insert(key(number).into_bytes().into(), vec![1; BYTES].into());
    }
    bare
}

fn hit(harness: &mut Harness<'_>) {
    harness.group("store/hit-1000", |group| {
        let (bare, store) = (bare(), store());
        let (plain, timed) = (store.namespace("plain"), store.namespace("timed"));
        for number in 0..1_000 {
            let ttl = Duration::from_secs(7_200);
            assert!(plain.insert(&key(number), vec![1; BYTES]));
            assert!(timed.insert(&key(number), Entry::new(vec![1; BYTES]).with_ttl(ttl)));
        }
        let keys: Vec<String> = (0..1_000).map(key).collect();
        let looked_up = |cache: &Bare| {
            keys.iter()
                .map(|key| cache.get(key.as_bytes()).expect("it is there").len())
                .sum::<usize>()
        };
        let got = |space: &Namespace| {
            keys.iter()
                .map(|key| space.get(key).expect("it is there").len())
                .sum::<usize>()
        };
        assert_eq!(
            (looked_up(&bare), got(&plain), got(&timed)),
            (1_000 * BYTES, 1_000 * BYTES, 1_000 * BYTES)
        );
        group.bench_function("floor", |b| b.iter(|| looked_up(black_box(&bare))));
        group.bench_function("get", |b| b.iter(|| got(black_box(&plain))));
        group.bench_function("get-with-ttl", |b| b.iter(|| got(black_box(&timed))));
        group.bench_function("get-or-compute", |b| {
            let ask = |key| {
                plain
                    .get_or_compute(key, || Ok::<&str, Infallible>(""))
                    .expect("it cannot fail")
                    .len()
            };
            b.iter(|| keys.iter().map(ask).sum::<usize>());
        });
        assert_eq!(store.stats().misses, 0);
    });
}

fn insert(harness: &mut Harness<'_>) {
    harness.group("store/insert-10k-of-5k", |group| {
        let keys: Vec<String> = (0..2 * ENTRIES).map(key).collect();
        let bytes = vec![1; 64];
        group.bench_function("floor", |b| {
            let fill = |bare: Bare| {
                keys.iter()
                    .for_each(|key| bare.insert(key.as_bytes().into(), bytes.as_slice().into()));
                bare
            };
            b.iter_batched(|| Bare::new(ENTRIES), fill, BatchSize::PerIteration);
        });
        group.bench_function("insert", |b| {
            let fill = |store: Store| {
                keys.iter()
                    .for_each(|key| assert!(store.insert(key, bytes.as_slice())));
                store
            };
            b.iter_batched(store, fill, BatchSize::PerIteration);
        });
    });
}

/// A full cache in a file, all of it saved.
fn saved(path: &Path, sync: bool) -> (Namespace, Snapshot) {
    let embeddings = store().namespace("embeddings");
    let options = SnapshotOptions {
        sync,
        ..SnapshotOptions::default()
    };
    let (snapshot, _) = Snapshot::open(&embeddings, path, SystemTime::now(), options, None)
        .expect("the folder is ours");
    (0..ENTRIES).for_each(|number| assert!(embeddings.insert(&key(number), vec![1; BYTES])));
    snapshot.save(SystemTime::now()).expect("there is room");
    (embeddings, snapshot)
}

/// Saves what a hundred inserts changed: as many new entries, and as many keys that made room for them.
fn save(harness: &mut Harness<'_>, group: &str, sync: bool) {
    harness.group(group, |group| {
        if sync {
            group.decided_by(Clock::Wall);
        }
        let folder = tempfile::tempdir().expect("a temporary folder");
        let (embeddings, snapshot) = saved(&folder.path().join("embeddings"), sync);
        let mut plain = File::create(folder.path().join("plain")).expect("the folder is ours");
        let block = vec![1; 100 * BYTES];
        group.bench_function("floor", |b| {
            b.iter(|| {
                plain.write_all(&block).expect("there is room");
                if sync {
                    plain.sync_data().expect("it is a file");
                }
            });
        });
        let mut next = ENTRIES;
        group.bench_function("save-100", |b| {
            let change = || {
                (next..next + 100)
                    .for_each(|number| assert!(embeddings.insert(&key(number), vec![1; BYTES])));
                next += 100;
            };
            let save = |()| {
                let report = snapshot.save(SystemTime::now()).expect("there is room");
                assert_eq!((report.entries, report.removals), (100, 100));
            };
            b.iter_batched(change, save, BatchSize::PerIteration);
        });
    });
}

fn saves(harness: &mut Harness<'_>) {
    save(harness, "store/save", false);
    save(harness, "store/save-sync", true);
}

/// Writing the whole file anew, which each save costs where there is no log.
fn whole(harness: &mut Harness<'_>) {
    harness.group("store/whole-5000", |group| {
        group.decided_by(Clock::Wall);
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("embeddings");
        let (embeddings, snapshot) = saved(&path, false);
        let block = vec![1; ENTRIES * BYTES];
        group.bench_function("floor", |b| {
            b.iter(|| {
                let mut plain =
                    File::create(folder.path().join("plain")).expect("the folder is ours");
                plain.write_all(&block).expect("there is room");
                plain.sync_data().expect("it is a file");
            });
        });
        group.bench_function("compact", |b| {
            b.iter(|| snapshot.compact(SystemTime::now()).expect("there is room"));
        });
        drop((embeddings, snapshot));
        group.bench_function("load", |b| {
            b.iter_with_large_drop(|| {
                let again = store().namespace("embeddings");
                let report =
                    Snapshot::read(&again, &path, SystemTime::now(), None).expect("it is there");
                assert_eq!(report.loaded, ENTRIES as u64);
                again
            });
        });
    });
}

bench_main!(hit, insert, saves, whole);
