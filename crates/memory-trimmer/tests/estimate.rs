//! The estimate's error on texts whose exact count is known; prints the table of the documentation.
#![allow(
    clippy::print_stdout,
    reason = "the table is what the documentation quotes"
)]

use autoexec_memory_trimmer::estimate_tokens;

/// A text, and its tokens as counted with `o200k_base`.
struct Sample(&'static str, &'static str, u32);

const SAMPLES: [Sample; 11] = [
    Sample("prose", include_str!("texts/prose.txt"), 322),
    Sample("code", include_str!("texts/code.txt"), 369),
    Sample("log", include_str!("texts/log.txt"), 923),
    Sample("JSON", include_str!("texts/json.txt"), 954),
    Sample("base64", include_str!("texts/base64.txt"), 1261),
    Sample("hashes", include_str!("texts/hashes.txt"), 710),
    Sample("Chinese", include_str!("texts/chinese.txt"), 242),
    Sample("Japanese", include_str!("texts/japanese.txt"), 178),
    Sample("Korean", include_str!("texts/korean.txt"), 128),
    Sample("Russian", include_str!("texts/russian.txt"), 134),
    Sample("German", include_str!("texts/german.txt"), 118),
];

fn error_percent(estimate: f64, exact: u32) -> f64 {
    (estimate / f64::from(exact) - 1.0) * 100.0
}

#[test]
fn the_error_is_small_where_a_quarter_of_the_characters_is_far_off() {
    println!(
        "{:10} {:>7} {:>7} {:>7} {:>8}",
        "text", "exact", "ours", "error", "chars/4"
    );
    for Sample(name, text, exact) in SAMPLES {
        let ours = error_percent(f64::from(estimate_tokens(text)), exact);
        let quarter = error_percent(text.chars().count() as f64 / 4.0, exact);
        let estimate = estimate_tokens(text);
        println!("{name:10} {exact:7} {estimate:7} {ours:+6.1}% {quarter:+7.1}%");
        assert!(ours.abs() < 13.0, "{name}: {ours:+.1} %");
        if quarter.abs() > 13.0 {
            assert!(ours.abs() < quarter.abs() / 3.0, "{name}: {ours:+.1} %");
        }
    }
}

#[test]
fn the_corners() {
    assert_eq!(estimate_tokens(""), 0);
    for text in ["a", " ", "\n", "7", ".", "é", "中", "🎉", "\u{0}"] {
        assert!((1..=3).contains(&estimate_tokens(text)), "{text:?}");
    }
    assert_eq!(estimate_tokens("Hello, world!"), 4);
    assert_eq!(estimate_tokens("12345678"), 3, "three digits a token");
}

#[test]
fn longer_texts_have_more_tokens_and_none_is_free() {
    for Sample(name, text, _) in SAMPLES {
        let mut last = 0;
        for (at, _) in text.char_indices().step_by(40) {
            let tokens = estimate_tokens(&text[..at]);
            // A cut within a word may count as one token more than the whole word does.
            assert!(tokens + 2 >= last, "{name} at {at}: {tokens} after {last}");
            assert!(
                tokens as usize * 20 >= at,
                "{name} at {at}: {tokens} tokens"
            );
            last = tokens;
        }
    }
}

/// Row 4.7: counted as one message, a result of 1 MB weighed as much as a word.
#[test]
fn a_megabyte_counts_as_a_megabyte() {
    let line = "2026-03-01 error: connection reset by peer (os error 104)\n";
    let tokens = estimate_tokens(&line.repeat(20_000));
    assert!((200_000..600_000).contains(&tokens), "{tokens}");
}
