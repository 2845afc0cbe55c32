//! Values under keys: found, made, pushed out, saved.

use std::convert::Infallible;
use std::time::{Duration, SystemTime};

use autoexec_store::{Options, Snapshot, SnapshotOptions, Store};

use crate::run::{Run, Scenario};
use crate::text;

pub(super) const SCENARIOS: &[Scenario] = &[
    Scenario {
        id: "store/hit",
        times: 1_000,
        does: "finds what is there",
        run: hit,
    },
    Scenario {
        id: "store/compute",
        times: 500,
        does: "makes what is not there, and finds it the second time",
        run: compute,
    },
    Scenario {
        id: "store/insert-full",
        times: 1_000,
        does: "inserts where something has to go",
        run: insert,
    },
    Scenario {
        id: "store/save-100",
        times: 5,
        does: "saves a hundred new values of a kilobyte",
        run: save,
    },
];

const ENTRIES: usize = 500;

fn store() -> Store {
    let options = Options {
        max_entries: ENTRIES,
        shards: Some(1),
        ..Options::default()
    };
    Store::new(options).expect("because there are no shares")
}

fn key(number: u64) -> String {
    format!("model-a/what does the function number {number:06} do?")
}

fn counted(run: &mut Run, store: &Store) {
    let stats = store.stats();
    run.count("hits", stats.hits);
    run.count("misses", stats.misses);
    run.count("loads", stats.loads);
    run.count("evictions", stats.evictions);
    run.count("bytes_held", stats.bytes);
}

fn full() -> Store {
    let store = store();
    (0..ENTRIES as u64).for_each(|n| assert!(store.insert(&key(n), vec![7; 64])));
    store
}

fn hit(run: &mut Run) {
    let store = store();
    (0..100).for_each(|n| assert!(store.insert(&key(n), vec![7; 64])));
    run.repeat(|time| assert!(store.get(&key(time % 100)).is_some()));
    counted(run, &store);
}

fn compute(run: &mut Run) {
    let store = store();
    run.repeat(|time| {
        for _ in 0..2 {
            let made = store.get_or_compute(&key(time), || Ok::<_, Infallible>(vec![7; 64]));
            assert_eq!(made.expect("because it cannot fail").len(), 64);
        }
    });
    counted(run, &store);
}

fn insert(run: &mut Run) {
    let store = full();
    run.repeat(|time| assert!(store.insert(&key(1_000 + time), vec![7; 64])));
    counted(run, &store);
}

fn save(run: &mut Run) {
    let (_folder, root) = text::folder();
    let space = store().namespace("embeddings");
    let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_000);
    let path = root.join("embeddings");
    let (snapshot, _) = Snapshot::open(&space, &path, now, SnapshotOptions::default(), None)
        .expect("because the folder is ours");
    let mut entries = 0;
    run.repeat(|time| {
        (0..100).for_each(|n| assert!(space.insert(&key(n), vec![time as u8; 1_024])));
        entries += snapshot.save(now).expect("because there is room").entries;
    });
    run.count("entries_saved", entries);
}
