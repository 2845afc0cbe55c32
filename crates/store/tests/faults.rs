//! What public caches do wrong, done right.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod support;

use autoexec_store::{
    ENTRY_OVERHEAD, Entry, ErrorKind, Fingerprint, KeyParts, NamespaceOptions, Options, Pressure,
    Store,
};
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;
use support::ManualClock;

fn store(max_entries: usize, max_bytes: u64) -> Store {
    let options = Options {
        max_entries,
        max_bytes,
        ..Options::default()
    };
    Store::new(options).unwrap()
}

#[test]
fn an_overwrite_at_capacity_evicts_nobody() {
    let store = store(3, 1 << 20);
    for key in ["a", "b", "c"] {
        assert!(store.insert(key, key));
    }
    for turn in 0..10 {
        assert!(store.insert("b", vec![turn; 100 * turn as usize]));
    }
    assert_eq!(store.get("a").unwrap(), "a");
    assert_eq!(store.get("b").unwrap(), [9; 900]);
    assert_eq!(store.get("c").unwrap(), "c");
    assert_eq!(store.stats().evictions, 0);
}

#[test]
fn a_key_put_ten_times_is_counted_once() {
    let store = store(100, 1 << 20);
    for _ in 0..10 {
        assert!(store.insert("key", vec![1; 1_000]));
    }
    let stats = store.stats();
    assert_eq!((stats.entries, stats.bytes), (1, ENTRY_OVERHEAD + 1_003));
}

#[test]
fn what_is_larger_than_the_bound_is_not_kept_and_takes_nothing_with_it_but_its_predecessor() {
    let store = store(100, 10_000);
    assert!(store.insert("a", "a") && store.insert("b", "b"));
    assert!(!store.insert("a", vec![0; 20_000]));
    assert!(store.get("a").is_none(), "the old value is outdated");
    assert_eq!(store.get("b").unwrap(), "b");
    let stats = store.stats();
    assert_eq!((stats.refused, stats.evictions), (1, 0));
}

#[test]
fn an_empty_value_is_a_hit() {
    let store = store(10, 1 << 20);
    assert!(store.insert("no such agent", ""));
    assert_eq!(store.get("no such agent").unwrap(), "");
    let stats = store.stats();
    assert_eq!(
        (stats.hits, stats.misses, stats.hit_rate()),
        (1, 0, Some(1.0))
    );
    assert_eq!(
        Store::new(Options::default()).unwrap().stats().hit_rate(),
        None
    );
}

#[test]
fn what_was_handed_out_does_not_change() {
    let store = store(10, 1 << 20);
    store.insert("key", "before");
    let value = store.get("key").unwrap();
    store.insert("key", "after");
    store.remove("key");
    assert_eq!(value, "before");
}

#[test]
fn every_key_has_its_own_value_however_many_there_are() {
    let store = store(100_000, 1 << 30);
    (0..50_000_u32).for_each(|i| assert!(store.insert(&i.to_le_bytes(), i.to_le_bytes().to_vec())));
    for i in 0..50_000_u32 {
        assert_eq!(store.get(&i.to_le_bytes()).unwrap(), i.to_le_bytes());
    }
    let (one, two) = (
        KeyParts::new().text("a").text("b,c"),
        KeyParts::new().text("a,b").text("c"),
    );
    store.insert(&one, "one");
    assert!(store.get(&two).is_none());
}

/// The hit rate of a cache that forgets what was used longest ago.
fn lru_hits(trace: &[u32], capacity: usize) -> u64 {
    let (mut order, mut hits) = (VecDeque::new(), 0);
    for key in trace {
        if let Some(at) = order.iter().position(|it| it == key) {
            order.remove(at);
            hits += 1;
        } else if order.len() == capacity {
            order.pop_front();
        }
        order.push_back(*key);
    }
    hits
}

/// Zipf's law over 2,000 keys, from a fixed seed.
fn zipf(length: usize) -> Vec<u32> {
    let mut sums = vec![0.0];
    (1..=2_000).for_each(|rank| sums.push(sums[rank - 1] + 1.0 / rank as f64));
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let draw = |_| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        let at = (state >> 11) as f64 / (1_u64 << 53) as f64 * sums[2_000];
        sums.partition_point(|sum| *sum <= at) as u32
    };
    (0..length).map(draw).collect()
}

#[test]
fn under_zipfs_law_it_hits_more_often_than_lru() {
    let trace = zipf(50_000);
    for capacity in [128, 500] {
        let store = store(capacity, 1 << 30);
        for key in &trace {
            let found = store.get_or_compute(&key.to_le_bytes(), || Ok::<_, ()>("v"));
            assert!(found.is_ok());
            assert!(store.stats().entries <= capacity as u64);
        }
        let (ours, lru) = (store.stats().hits, lru_hits(&trace, capacity));
        println!("{capacity} of 2,000 keys: {ours} hits of 50,000; LRU {lru}");
        assert!(ours > lru, "{ours} {lru}");
    }
}

#[test]
fn entries_die_with_the_files_they_came_from() {
    let (store, other) = (store(100, 1 << 20), Fingerprint(2));
    let outlines = store.namespace("outlines");
    let state = Fingerprint(1);
    for (key, files) in [
        ("one", &["a.rs"][..]),
        ("two", &["a.rs", "b.rs"]),
        ("none", &[]),
    ] {
        let entry = files
            .iter()
            .fold(Entry::new(key), |entry, file| entry.with_file(file, state));
        assert!(outlines.insert(key, entry));
    }
    assert_eq!(
        store.file_changed("a.rs", Some(state)),
        0,
        "it is as it was"
    );
    assert_eq!(store.file_changed("c.rs", None), 0);
    assert_eq!(store.file_changed("b.rs", Some(other)), 1);
    assert!(outlines.get("two").is_none() && outlines.get("one").is_some());
    assert_eq!(store.file_changed("a.rs", None), 1, "it is gone");
    assert_eq!(outlines.get("none").unwrap(), "none");
    assert_eq!(outlines.stats().invalidations, 2);
}

#[test]
fn a_get_can_ask_for_the_state_of_files() {
    let store = store(100, 1 << 20);
    let space = store.namespace("s");
    space.insert("key", Entry::new("value").with_file("a.rs", Fingerprint(1)));
    assert_eq!(
        space
            .get_current("key", &|_: &[u8]| Some(Fingerprint(1)))
            .unwrap(),
        "value"
    );
    assert!(
        space
            .get_current("key", &|_: &[u8]| Some(Fingerprint(2)))
            .is_none()
    );
    assert!(space.get("key").is_none(), "it is dropped");
    let stats = space.stats();
    assert_eq!((stats.hits, stats.misses, stats.invalidations), (1, 2, 1));
}

#[test]
fn tags_and_prefixes_take_what_they_name_and_no_more() {
    let store = store(100, 1 << 20);
    let (space, other) = (store.namespace("s"), store.namespace("other"));
    for model in ["m", "m2"] {
        for question in ["x", "y"] {
            let key = KeyParts::new().text(model).text(question);
            assert!(space.insert(&key, Entry::new("answer").with_tag(question)));
            assert!(other.insert(&key, Entry::new("answer").with_tag(question)));
        }
    }
    assert_eq!(space.remove_prefix(&KeyParts::new().text("m")), 2);
    assert_eq!(space.remove_tag("x"), 1);
    assert_eq!(space.remove_tag("x"), 0);
    assert_eq!((space.stats().entries, other.stats().entries), (1, 4));
    assert_eq!(space.clear(), 1);
    assert_eq!(store.clear(), 4);
}

#[test]
fn an_entry_goes_with_any_of_its_tags() {
    let space = store(100, 1 << 20).namespace("s");
    for gone in ["a", "b", "c"] {
        let entry = Entry::new("value").with_tag("a").with_tag("b");
        assert!(space.insert("key", entry.with_tag("a").with_tag("c")));
        let value = space.get("key").unwrap();
        assert_eq!(value.tags().collect::<Vec<_>>(), ["a", "b", "c"]);
        assert_eq!(space.remove_tag(gone), 1);
        assert!(space.get("key").is_none());
    }
}

#[test]
fn entries_live_as_long_as_said_and_no_longer() {
    let clock = ManualClock::default();
    let mut options = Options {
        ttl: Some(Duration::from_secs(10)),
        clock: Arc::new(clock.clone()),
        ..Options::default()
    };
    let prompts = NamespaceOptions {
        ttl: Some(Duration::from_secs(7_200)),
        share: None,
    };
    options.namespaces.insert("prompts".into(), prompts);
    let store = Store::new(options).unwrap();
    let prompts = store.namespace("prompts");
    store.insert("short", "10 s");
    store.insert("own", Entry::new("60 s").with_ttl(Duration::from_secs(60)));
    store.insert("endless", Entry::new("always").without_ttl());
    store.insert("none", Entry::new("0 s").with_ttl(Duration::ZERO));
    store.insert("far", Entry::new("eternity").with_ttl(Duration::MAX));
    prompts.insert("long", "7,200 s");
    let there = |at: u64, expect: [bool; 5]| {
        clock.advance(at);
        let keys = ["short", "own", "endless", "none", "far"];
        assert_eq!(
            keys.map(|key| store.get(key).is_some()),
            expect,
            "after {at} ms more"
        );
    };
    there(0, [true, true, true, false, true]);
    there(9_999, [true, true, true, false, true]);
    there(1, [false, true, true, false, true]);
    there(50_000, [false, false, true, false, true]);
    assert!(prompts.get("long").is_some());
    there(7_140_000, [false, false, true, false, true]);
    assert!(prompts.get("long").is_none());
    assert_eq!(store.stats().expirations, 4);
}

#[test]
fn what_is_expired_makes_room_before_anything_else_goes() {
    let clock = ManualClock::default();
    let options = Options {
        max_entries: 10,
        clock: Arc::new(clock.clone()),
        ..Options::default()
    };
    let store = Store::new(options).unwrap();
    let second = Duration::from_secs(1);
    (0..5_u8).for_each(|i| assert!(store.insert(&[i], Entry::new("short").with_ttl(second))));
    (5..10_u8).for_each(|i| assert!(store.insert(&[i], "long")));
    clock.advance(1_000);
    (10..15_u8).for_each(|i| assert!(store.insert(&[i], "long")));
    let stats = store.stats();
    assert_eq!(
        (stats.entries, stats.expirations, stats.evictions),
        (10, 5, 0)
    );
}

#[test]
fn a_namespace_with_a_share_is_left_alone_and_leaves_others_alone() {
    let mut options = Options {
        max_entries: 100,
        ..Options::default()
    };
    let quarter = NamespaceOptions {
        share: Some(0.25),
        ..NamespaceOptions::default()
    };
    options.namespaces.insert("own".into(), quarter);
    let store = Store::new(options).unwrap();
    let (own, one, two) = (
        store.namespace("own"),
        store.namespace("one"),
        store.namespace("two"),
    );
    let fill = |space: &autoexec_store::Namespace, count: u32| {
        (0..count).for_each(|i| assert!(space.insert(&i.to_le_bytes(), "v")));
    };
    fill(&own, 25);
    fill(&one, 500);
    fill(&two, 500);
    assert_eq!(own.stats().entries, 25);
    assert_eq!(own.stats().evictions, 0);
    let (one, two) = (one.stats(), two.stats());
    assert_eq!(one.entries + two.entries, 75);
    assert_eq!(one.evictions + two.evictions, 925, "each counts its own");
    fill(&own, 500);
    assert_eq!((own.stats().entries, store.stats().entries), (25, 100));
}

#[test]
fn shares_that_cannot_be_are_refused() {
    for shares in [
        &[0.0][..],
        &[-0.1],
        &[f64::NAN],
        &[1.1],
        &[0.6, 0.5],
        &[f64::INFINITY],
    ] {
        let named = |(i, share): (usize, &f64)| {
            let share = Some(*share);
            (i.to_string(), NamespaceOptions { share, ttl: None })
        };
        let options = Options {
            namespaces: shares.iter().enumerate().map(named).collect(),
            ..Options::default()
        };
        let error = Store::new(options).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Shares, "{shares:?}");
    }
    let tenths = (0..10).map(|i| {
        let share = Some(0.1);
        (i.to_string(), NamespaceOptions { share, ttl: None })
    });
    let options = Options {
        max_entries: 100,
        namespaces: tenths.collect(),
        ..Options::default()
    };
    let store = Store::new(options).unwrap();
    for name in 0..10 {
        let space = store.namespace(&name.to_string());
        (0..50_u8).for_each(|i| assert!(space.insert(&[i], "v")));
        assert_eq!(space.stats().entries, 10);
    }
    assert!(!store.insert("left over", "nothing"), "all is given away");
}

#[test]
fn pressure_takes_the_least_valuable_first() {
    for (pressure, kept) in [(Pressure::Warning, 500), (Pressure::Critical, 250)] {
        let store = store(1_000, 1 << 30);
        (0..1_000_u32).for_each(|i| assert!(store.insert(&i.to_le_bytes(), "value")));
        let used = || {
            (0..200_u32)
                .filter(|i| store.get(&i.to_le_bytes()).is_some())
                .count()
        };
        assert_eq!((used(), used()), (200, 200));
        assert_eq!(store.relieve(pressure), 1_000 - kept);
        assert_eq!((store.stats().entries, used()), (kept, 200));
    }
    let store = store(10, 1 << 20);
    store.insert("a", "a");
    for share in [1.0, 2.0, f64::INFINITY] {
        assert_eq!(store.shrink_to(share), 0);
    }
    assert_eq!(store.shrink_to(f64::NAN), 1);
}

#[test]
fn preloading_replaces_nothing_and_counts_no_requests() {
    let store = store(4, 1 << 20);
    let agents = store.namespace("agents");
    agents.insert("qa", "own");
    let pairs = [
        ("documentation", "d"),
        ("qa", "preloaded"),
        ("engineer", "e"),
    ];
    assert_eq!(agents.preload(pairs), 2);
    let known: BTreeMap<_, _> = [(&b"ops"[..], "o")].into();
    let mut asked = Vec::new();
    let loaded = agents.preload_with(["qa", "ops", "nobody"], |key| {
        asked.push(String::from_utf8(key.to_vec()).unwrap());
        known.get(key).copied()
    });
    assert_eq!(
        (loaded, asked),
        (1, vec!["ops".to_owned(), "nobody".to_owned()])
    );
    assert_eq!(agents.get("qa").unwrap(), "own");
    let stats = agents.stats();
    assert_eq!((stats.hits, stats.misses, stats.entries), (1, 0, 4));
}
