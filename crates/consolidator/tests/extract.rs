//! Digests through the public API: what holds for any input, and input that is not kind.

use std::cell::Cell;

use autoexec_consolidator::{Budget, Extract, Source, Summariser, UnitKind, count_words, units};
use proptest::collection::vec;
use proptest::prelude::*;

fn prose() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(vec![
        "The lock is held",
        "while the queue drains",
        "e.g. by `pool.rs`",
        "終わり。次は",
        "Dr. Who",
        "3.14",
        "\"Stop!\"",
        "...",
        ". ",
        "! ",
        "? ",
        "\n",
        "\n\n",
        "- ",
        "# ",
        "```\n",
        "> ",
        "| a |\n",
        "été",
        "nobody waits for it",
    ]);
    prop_oneof![
        6 => vec(piece, 0..40).prop_map(|pieces| pieces.join(" ")),
        1 => "\\PC{0,60}",
        1 => any::<String>(),
    ]
}

fn sources(texts: &[String]) -> Vec<Source<'_>> {
    texts.iter().map(|text| Source { name: "", text }).collect()
}

/// Quotes are pieces of their sources, in order, apart from each other, and not over budget.
fn check_extract(extract: &Extract, sources: &[Source<'_>], budget: Budget<'_>) {
    let mut spent = 0;
    for quote in &extract.quotes {
        let text = &sources[quote.source].text[quote.range.clone()];
        assert!(!text.is_empty() && text.trim() == text, "{text:?}");
        assert!(quote.score.is_finite());
        spent += match budget {
            Budget::Words(_) => count_words(text),
            Budget::Tokens(_, count) => count(text),
            _ => 1,
        };
    }
    let most = match budget {
        Budget::Words(most) | Budget::Sentences(most) | Budget::Tokens(most, _) => most,
        _ => unreachable!("there are three"),
    };
    assert_eq!(extract.spent, spent);
    assert!(spent <= most, "{spent} of {most}");
    assert!(extract.quotes.is_sorted_by(|a, b| {
        a.source < b.source || (a.source == b.source && a.range.end <= b.range.start)
    }));
    assert!(extract.quotes.iter().filter(|quote| quote.is_cut).count() <= 1);
}

proptest! {
    #[test]
    fn units_cover_all_but_white_space_and_marks(text in prose()) {
        let mut at = 0;
        for unit in units(&text) {
            prop_assert!(unit.range.start >= at && !unit.range.is_empty());
            prop_assert!(!text[at..unit.range.start].contains(char::is_alphabetic), "{:?}", &text[at..unit.range.start]);
            prop_assert_eq!(text[unit.range.clone()].trim(), &text[unit.range.clone()]);
            at = unit.range.end;
        }
        prop_assert!(text[at..].trim().chars().all(|c| !c.is_alphabetic()), "{:?}", &text[at..]);
    }

    #[test]
    fn a_digest_is_made_of_its_sources_and_fits(
        texts in vec(prose(), 0..5),
        query in "(lock|queue|nobody| ){0,4}",
        most in 0usize..60,
        kind in 0u8..3,
        cuts: bool,
    ) {
        let sources = sources(&texts);
        let bytes = |text: &str| text.len().div_ceil(4);
        let budget = match kind {
            0 => Budget::Words(most),
            1 => Budget::Sentences(most),
            _ => Budget::Tokens(most, &bytes),
        };
        let summariser = Summariser::new().query(&query).cut_last(cuts);
        let extract = summariser.summarise(&sources, budget);
        check_extract(&extract, &sources, budget);
        prop_assert!(!extract.is_partial);
        prop_assert_eq!(&extract, &summariser.summarise(&sources, budget));
        prop_assert!(cuts || extract.quotes.iter().all(|quote| !quote.is_cut));
    }

    #[test]
    fn bounds_hold(texts in vec(prose(), 0..6), most in 0usize..20) {
        let sources = sources(&texts);
        let extract = Summariser::new().most_sentences(most).summarise(&sources, Budget::Words(1_000));
        prop_assert!(extract.ranked <= most);
        let whole = Summariser::new().summarise(&sources, Budget::Words(1_000));
        prop_assert!(extract.is_partial || extract.ranked == whole.ranked);
        prop_assert!(extract.is_partial || whole.ranked <= most);
    }
}

fn check(texts: &[&str], query: &str, budget: Budget<'_>, expect: &[&str]) {
    let sources: Vec<Source<'_>> = texts.iter().map(|text| Source { name: "", text }).collect();
    let extract = Summariser::new().query(query).summarise(&sources, budget);
    assert_eq!(extract.texts(&sources).collect::<Vec<_>>(), expect);
}

const NOTES: &str = "# Notes\n\nThe weather was mild. The pool lock is held while the queue is drained.\n\
    Every reader waits for the pool lock. Nobody said much about it.\n\n```rust\nlet pool = lock.pool.queue.drain();\n```\n";

#[test]
fn the_central_sentence_comes_first_and_a_query_changes_it() {
    check(
        &[NOTES],
        "",
        Budget::Sentences(1),
        &["The pool lock is held while the queue is drained."],
    );
    check(
        &[NOTES],
        "How was the weather?",
        Budget::Sentences(1),
        &["The weather was mild."],
    );
    check(
        &[NOTES],
        "drains queues",
        Budget::Sentences(1),
        &["The pool lock is held while the queue is drained."],
    );
    check(&[NOTES], "", Budget::Words(0), &[]);
    check(&[NOTES], "", Budget::Words(5), &["The weather was mild."]);
}

#[test]
fn repeats_are_passed_over_and_kept_when_asked_for() {
    let text =
        "The pool lock is held. The pool lock is held! The pool locks. Another thing is said here.";
    let expect = [
        "The pool lock is held.",
        "The pool locks.",
        "Another thing is said here.",
    ];
    check(&[text], "", Budget::Words(100), &expect);
    let sources = [Source { name: "", text }];
    let all = Summariser::new()
        .repeats(1.1)
        .summarise(&sources, Budget::Words(100));
    assert_eq!(all.quotes.len(), 4);
}

#[test]
fn a_short_digest_prefers_what_is_new() {
    let text = "The pool lock is held by a reader. The pool lock is held by every reader for long. \
                The queue waits for the pool. A timer wakes a thread.";
    let expect = [
        "The pool lock is held by a reader.",
        "The queue waits for the pool.",
    ];
    check(&[text], "", Budget::Words(14), &expect);
}

#[test]
fn stop_words_alone_are_not_central() {
    let text = "It is what it is, and that is that. The cache of the server is full. \
                So it is, as it was before. The disk of the server is slow.";
    let expect = [
        "The cache of the server is full.",
        "The disk of the server is slow.",
    ];
    check(&[text], "", Budget::Sentences(2), &expect);
}

#[test]
fn a_last_sentence_is_cut_when_asked_for() {
    let sources = [Source {
        name: "",
        text: NOTES,
    }];
    let extract = Summariser::new()
        .cut_last(true)
        .summarise(&sources, Budget::Words(6));
    assert_eq!(
        extract.texts(&sources).collect::<Vec<_>>(),
        ["The pool lock is held while"]
    );
    assert!(extract.quotes[0].is_cut);
    assert_eq!(extract.spent, 6);
}

#[test]
fn what_is_no_prose_is_quoted_when_there_is_nothing_else() {
    check(
        &["# Only a title\n"],
        "",
        Budget::Words(9),
        &["# Only a title"],
    );
    check(&["unwrap used", ""], "", Budget::Words(9), &["unwrap used"]);
    check(&["", " \n"], "", Budget::Words(9), &[]);
    check(&[], "x", Budget::Words(9), &[]);
}

#[test]
fn scripts_without_spaces() {
    let text = "ロックは解放されない。天気がいい。プールのロックは誰も解放しない。";
    check(&[text], "天気", Budget::Sentences(1), &["天気がいい。"]);
    check(
        &[text],
        "",
        Budget::Words(27),
        &["ロックは解放されない。", "プールのロックは誰も解放しない。"],
    );
}

#[test]
fn large_input_is_bounded_and_short_sources_are_not_crowded_out() {
    let long = "The queue is drained under the pool lock again and again. ".repeat(200_000);
    let line = "x".repeat(4_000_000);
    let short = "A short source says one thing.";
    let sources = [&long, &line, short].map(|text| Source { name: "", text });
    let extract = Summariser::new()
        .most_sentences(1_000)
        .summarise(&sources, Budget::Words(40));
    assert_eq!((extract.ranked, extract.is_partial), (1_000, true));
    assert_eq!(
        extract.texts(&sources).count(),
        2,
        "the sentence that is repeated, and the short source"
    );
}

#[test]
fn reading_stops_when_nobody_waits() {
    let text = "One sentence follows the other here. ".repeat(50_000);
    let sources = [Source {
        name: "",
        text: &text,
    }];
    let asked = Cell::new(0);
    let is_stopped = || {
        asked.set(asked.get() + 1);
        asked.get() > 2
    };
    let extract = Summariser::new()
        .stop_when(&is_stopped)
        .summarise(&sources, Budget::Words(10));
    assert!(
        extract.is_partial && extract.ranked < 600 && extract.quotes.is_empty(),
        "{extract:?}"
    );
}

#[test]
fn units_are_found_lazily() {
    let text = "One. ".repeat(1_000_000);
    let first = units(&text).next().map(|unit| (unit.kind, unit.range));
    assert_eq!(first, Some((UnitKind::Sentence, 0..4)));
}
