//! A cache of names against a plain map, and under several threads.
#![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]

use autoexec_path_cache::{NameCache, NameStats};
use proptest::prelude::*;
use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

#[derive(Debug, Clone)]
enum Act {
    Resolve(u8),
    Fail(u8),
    Insert(u8, u32),
    Invalidate(u8),
    Clear,
}

fn act() -> impl Strategy<Value = Act> {
    let name = || 0..6u8;
    prop_oneof![
        8 => name().prop_map(Act::Resolve),
        2 => name().prop_map(Act::Fail),
        2 => (name(), any::<u32>()).prop_map(|(name, value)| Act::Insert(name, value)),
        2 => name().prop_map(Act::Invalidate),
        1 => Just(Act::Clear),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    /// What a name stands for changes with each act; the cache may forget, but never invents, and never keeps
    /// what was invalidated.
    #[test]
    fn agrees_with_a_map(capacity in 0..5usize, acts in prop::collection::vec(act(), 1..80)) {
        let cache = NameCache::new(capacity);
        let mut model: HashMap<u8, u32> = HashMap::new();
        let mut calls = 0;
        for (now, act) in acts.into_iter().enumerate() {
            let text = |name: u8| format!("model-{name}");
            match act {
                Act::Resolve(name) => {
                    calls += 1;
                    let mut loaded = false;
                    let got = cache.resolve(&text(name), |asked| {
                        assert_eq!(asked, text(name));
                        loaded = true;
                        Ok::<_, ()>(now as u32)
                    });
                    let expect = if loaded { now as u32 } else { model[&name] };
                    prop_assert_eq!(got, Ok(expect));
                    model.insert(name, expect);
                }
                Act::Fail(name) => {
                    calls += 1;
                    let got = cache.resolve(&text(name), |_| Err("no"));
                    prop_assert!(got == Err("no") || got == Ok(model[&name]));
                }
                Act::Insert(name, value) => {
                    cache.insert(text(name), value);
                    model.insert(name, value);
                }
                Act::Invalidate(name) => {
                    let known = cache.invalidate(&text(name));
                    prop_assert!(!known || model.contains_key(&name));
                    model.remove(&name);
                }
                Act::Clear => {
                    cache.clear();
                    model.clear();
                }
            }
            let stats = cache.stats();
            prop_assert_eq!(stats.hits + stats.misses, calls);
            prop_assert!(stats.entries <= capacity as u64 && stats.entries <= model.len() as u64);
        }
    }
}

#[test]
fn it_is_bounded_by_default() {
    let cache = NameCache::default();
    for i in 0..1_000_u32 {
        cache.resolve(&i.to_string(), |_| Ok::<_, ()>(i)).unwrap();
    }
    let stats = cache.stats();
    assert_eq!(
        (stats.entries, stats.capacity, stats.evictions),
        (64, 64, 936)
    );
    assert_eq!(stats.hit_rate(), Some(0.0));
    assert_eq!(NameStats::default().hit_rate(), None);
}

#[test]
fn a_cycle_one_longer_than_the_cache_still_hits() {
    let cache = NameCache::default();
    for i in (0..65_u32).cycle().take(65 * 20) {
        cache.resolve(&i.to_string(), |_| Ok::<_, ()>(i)).unwrap();
    }
    assert!(
        cache.stats().hit_rate().unwrap() > 0.5,
        "{:?}",
        cache.stats()
    );
}

#[test]
fn a_name_is_loaded_once_however_many_ask() {
    let cache = NameCache::<u32>::default();
    let loads = AtomicU64::new(0);
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                for i in 0..32_u32 {
                    let load = |_: &str| {
                        loads.fetch_add(1, Relaxed);
                        std::thread::yield_now();
                        Ok::<_, ()>(i)
                    };
                    assert_eq!(cache.resolve(&i.to_string(), load), Ok(i));
                }
            });
        }
    });
    let stats = cache.stats();
    assert_eq!(
        (loads.into_inner(), stats.misses, stats.hits),
        (32, 32, 8 * 32 - 32)
    );
}
