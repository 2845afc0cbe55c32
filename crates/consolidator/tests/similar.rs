//! Near duplicates through the public API: a naive model, and input that is not kind.

use std::collections::BTreeMap;

use autoexec_consolidator::{Group, Match, SimilarIndex, SimilarOptions, similarity};
use proptest::collection::vec;
use proptest::prelude::*;

const THRESHOLD: f32 = 0.8;

#[derive(Debug, Clone)]
enum Op {
    Insert(u8, String),
    Remove(u8),
    Query(String),
}

fn text() -> impl Strategy<Value = String> {
    let word = prop::sample::select(vec![
        "lock", "the", "pool", "is", "held", "7", "8", "漢字", "été",
    ]);
    prop_oneof![
        8 => vec(word, 0..9).prop_map(|words| words.join(" ")),
        1 => "\\PC{0,12}",
    ]
}

fn op() -> impl Strategy<Value = Op> {
    prop_oneof![
        6 => (0u8..24, text()).prop_map(|(id, text)| Op::Insert(id, text)),
        2 => (0u8..24).prop_map(Op::Remove),
        1 => text().prop_map(Op::Query),
    ]
}

/// Everything returned is near, named by its least id and counted; what is identical is always returned.
fn check_matches(found: &[Match<u8>], text: &str, model: &BTreeMap<u8, String>) {
    for near in found {
        let same: Vec<u8> = model
            .iter()
            .filter(|(_, t)| **t == model[&near.id])
            .map(|(id, _)| *id)
            .collect();
        assert_eq!((near.id, near.copies), (same[0], same.len()));
        assert_eq!(near.score, similarity(&model[&near.id], text));
        assert!(near.score >= THRESHOLD);
    }
    assert!(found.is_sorted_by(|a, b| a.score > b.score || (a.score == b.score && a.id < b.id)));
    if model.values().any(|t| t == text) {
        assert_eq!(found[0].score, 1.0);
    }
}

fn check_groups(groups: &[Group<u8>], model: &BTreeMap<u8, String>) {
    let mut members: Vec<u8> = groups.iter().flat_map(|g| g.members.clone()).collect();
    members.sort_unstable();
    assert_eq!(
        members,
        model.keys().copied().collect::<Vec<_>>(),
        "each id once"
    );
    for group in groups {
        let scores = group
            .members
            .iter()
            .map(|m| similarity(&model[&group.leader], &model[m]));
        let least = scores.fold(1.0, f32::min);
        assert_eq!(group.least, least);
        assert!(least >= THRESHOLD && group.members.contains(&group.leader));
    }
}

proptest! {
    #[test]
    fn the_index_agrees_with_a_map(ops in vec(op(), 0..80)) {
        let mut index = SimilarIndex::new();
        let mut model: BTreeMap<u8, String> = BTreeMap::new();
        for op in ops {
            match op {
                Op::Insert(id, text) => {
                    model.remove(&id);
                    check_matches(&index.insert(id, &text), &text, &model);
                    model.insert(id, text);
                }
                Op::Remove(id) => assert_eq!(index.remove(&id), model.remove(&id).is_some()),
                Op::Query(text) => check_matches(&index.query(&text), &text, &model),
            }
            assert_eq!(index.len(), model.len());
            assert_eq!(index.is_empty(), model.is_empty());
        }
        check_groups(&index.groups(), &model);
    }

    #[test]
    fn groups_do_not_depend_on_the_order(texts in vec(text(), 0..30)) {
        let index = |order: &mut dyn Iterator<Item = usize>| {
            let mut index = SimilarIndex::new();
            order.for_each(|at| _ = index.insert(at, &texts[at]));
            index.groups()
        };
        let forward = index(&mut (0..texts.len()));
        prop_assert_eq!(&forward, &index(&mut (0..texts.len()).rev()));
    }

    #[test]
    fn the_score_is_symmetric_and_bounded(a in "\\PC{0,80}", b in "\\PC{0,80}") {
        let score = similarity(&a, &b);
        prop_assert_eq!(score, similarity(&b, &a));
        prop_assert!((0.0..=1.0).contains(&score));
        prop_assert_eq!(similarity(&a, &a), 1.0);
    }
}

#[test]
fn scores() {
    let check = |a: &str, b: &str, range: std::ops::RangeInclusive<f32>| {
        let score = similarity(a, b);
        assert!(range.contains(&score), "{score} for {a:?} and {b:?}");
    };
    check("", "", 1.0..=1.0);
    check("", "x", 0.0..=0.0);
    check(" ", "", 1.0..=1.0);
    check("!?", "!?", 1.0..=1.0);
    check("!?", "...", 0.0..=0.0);
    check("error", "Error!", 1.0..=1.0);
    check("error", "warning", 0.0..=0.1);
    check("The lock is held.", "the lock is held", 1.0..=1.0);
    check("the lock is held", "the locks are held", 0.6..=0.9);
    check(
        "the lock is never released",
        "the lock is nevre released",
        0.7..=0.95,
    );
    // Numbers that contradict each other keep texts apart at the default threshold.
    check("error 17", "error 18", 0.3..=0.6);
    check(
        "request 17 to the server failed after three retries",
        "request 18 to the server failed after three retries",
        0.6..=0.79,
    );
    // A number more is no contradiction.
    check(
        "the request to the server failed",
        "the request 17 to the server failed",
        0.8..=0.95,
    );
    check("ロックは解放されない", "ロックは解放されません", 0.6..=0.95);
    check("ロックは解放されない", "天気がいいですね", 0.0..=0.1);
    check(
        "замок не освобождается",
        "замки не освобождаются",
        0.3..=0.9,
    );
    let long: String = (0..200).map(|n| format!("word{n} ")).collect();
    check(&long, &long.replace("word7 ", "other "), 0.95..=0.999);
    check(&long, "word1 word2 word3", 0.0..=0.1);
    let stop_words =
        |word: &str| format!("this is the {word} of it and that was not so, ").repeat(20);
    check(&stop_words("lock"), &stop_words("lock"), 1.0..=1.0);
    check(&stop_words("lock"), &stop_words("queue"), 0.0..=0.25);
    check(&stop_words(""), &stop_words("queue"), 0.0..=0.25);
    check(&stop_words(""), &stop_words(""), 1.0..=1.0);
}

#[test]
fn a_hundred_thousand_copies_are_one_entry() {
    let mut index = SimilarIndex::new();
    let text = "The queue is drained under the lock";
    for id in 0..100_000u32 {
        let near = index.insert(id, text);
        assert_eq!(near.len(), usize::from(id > 0));
    }
    assert_eq!(
        index.query(text)[0],
        Match {
            id: 0,
            copies: 100_000,
            score: 1.0
        }
    );
    let stats = index.stats();
    assert_eq!((stats.ids, stats.texts, stats.compared), (100_000, 1, 0));
    let groups = index.groups();
    assert_eq!((groups.len(), groups[0].members.len()), (1, 100_000));
    assert!((0..100_000).all(|id| index.remove(&id)));
    assert!(index.query(text).is_empty() && index.groups().is_empty());
}

#[test]
fn full_buckets_bound_the_work() {
    let mut index = SimilarIndex::new();
    for id in 0..3_000u32 {
        index.insert(
            id,
            &format!("worker {id} has lost its lease on the queue and starts again"),
        );
    }
    let stats = index.stats();
    assert!(stats.compared <= 64 * 3_000, "{stats:?}");
    assert_eq!(stats.near, 0, "the numbers tell them apart");
    let near = index.insert(
        9_999,
        "worker 17 has lost its lease on the queue and starts again!",
    );
    assert_eq!((near.len(), near[0].id, near[0].score), (1, 17, 1.0));
}

#[test]
fn removal_gives_the_memory_back() {
    let mut index = SimilarIndex::new();
    let text = |n: u32| format!("finding {n} about module {} and file {}", n * 7, n * 31);
    for round in 0..20 {
        for n in 0..200 {
            index.insert(n, &text(round * 200 + n));
        }
    }
    let stats = index.stats();
    assert_eq!((stats.ids, stats.texts), (200, 200));
    assert!(stats.bytes < 200 * 6_000, "{stats:?}");
    assert_eq!(index.query(&text(3_999)).len(), 1);
    assert!(index.query(&text(7)).is_empty());
}

#[test]
fn a_megabyte_of_text_is_bounded_and_found_again() {
    let text: String = (0..150_000u32)
        .map(|n| format!("w{} ", n.wrapping_mul(2_654_435_761) % 40_000))
        .collect();
    let edited = text.replacen("w1", "x1", 50);
    let mut index = SimilarIndex::new();
    index.insert("a", &text);
    assert!(index.stats().bytes < 40_000, "{:?}", index.stats());
    let near = index.insert("b", &edited);
    assert_eq!((near.len(), near[0].id), (1, "a"));
}

#[test]
fn a_threshold_of_one_leaves_what_differs_in_case_and_signs_only() {
    let mut index = SimilarIndex::with_options(SimilarOptions {
        threshold: 1.0,
        ..SimilarOptions::default()
    });
    index.insert(1, "The lock is held");
    index.insert(2, "the lock is held, too");
    assert_eq!(
        index
            .insert(3, "the LOCK is held!")
            .iter()
            .map(|m| m.id)
            .collect::<Vec<_>>(),
        [1]
    );
}
