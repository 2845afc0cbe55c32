//! Token counts: exact ones against those of the reference, `tiktoken` 0.14, and what comes on top.

use std::sync::Arc;

use autoexec_memory_trimmer::{
    Estimate, ImageRule, Parameter, TokenCounter, ToolSchema, estimate_tokens, image_tokens,
    tool_schema_tokens,
};

#[test]
fn an_estimate_is_a_counter() {
    let counter: Arc<dyn TokenCounter> = Arc::new(Estimate);
    let text = "A few words, to be counted.";
    let tokens = estimate_tokens(text);
    assert_eq!(counter.count(text), tokens);
    assert_eq!(counter.count_up_to(text, tokens), Some(tokens));
    assert_eq!(counter.as_ref().count_up_to(text, tokens - 1), None);
}

/// The examples of the providers' documentation, and the corners.
#[test]
fn images_cost_what_the_providers_say() {
    let mini = ImageRule::Patches {
        percent: 100,
        most: 1536,
    };
    for (width, height, rule, tokens) in [
        (1024, 1024, ImageRule::GPT_4O, 765),
        (2048, 4096, ImageRule::GPT_4O, 1105),
        (512, 512, ImageRule::GPT_4O, 255),
        (1, 1, ImageRule::O1, 225),
        (1024, 1024, ImageRule::GPT_5, 70 + 4 * 140),
        (1024, 1024, mini, 1024),
        (1800, 2400, mini, 1452),
        (512, 512, ImageRule::GPT_5_MINI, 308),
        (2048, 768, ImageRule::GPT_5_MINI, 1844),
        (1600, 1600, ImageRule::GPT_5_4, 3000),
        (200, 200, ImageRule::CLAUDE, 64),
        (1000, 1000, ImageRule::CLAUDE, 1296),
        (951, 1268, ImageRule::CLAUDE, 34 * 46),
        (1456, 819, ImageRule::CLAUDE, 52 * 30),
        (784, 1568, ImageRule::CLAUDE, 28 * 56),
        (8000, 8000, ImageRule::CLAUDE, 39 * 39),
        (8000, 4000, ImageRule::CLAUDE, 56 * 28),
        (8000, 8000, ImageRule::CLAUDE_OPUS_4_7, 69 * 69),
        (2000, 1000, ImageRule::CLAUDE_OPUS_4_7, 72 * 36),
        (0, 100, ImageRule::GPT_4O, 0),
        (u32::MAX, 1, ImageRule::CLAUDE, 56),
        (u32::MAX, u32::MAX, ImageRule::CLAUDE, 39 * 39),
        (u32::MAX, u32::MAX, mini, 1521),
        (u32::MAX, 1, mini, 1536),
    ] {
        assert_eq!(
            image_tokens(width, height, rule),
            tokens,
            "{width} x {height}, {rule:?}"
        );
    }
}

#[test]
fn no_tools_cost_nothing() {
    assert_eq!(tool_schema_tokens(&Estimate, &[]), 0);
    let bare = ToolSchema {
        name: "now",
        description: "",
        parameters: &[],
    };
    assert_eq!(
        tool_schema_tokens(&Estimate, &[bare]),
        7 + estimate_tokens("now:") + 12
    );
}

/// The tool of OpenAI's cookbook.
const WEATHER: ToolSchema<'static> = ToolSchema {
    name: "get_current_weather",
    description: "Get the current weather in a given location.",
    parameters: &[
        Parameter {
            name: "location",
            kind: "string",
            description: "The city and state, e.g. San Francisco, CA",
            choices: &[],
        },
        Parameter {
            name: "unit",
            kind: "string",
            description: "The unit of temperature to return",
            choices: &["celsius", "fahrenheit"],
        },
    ],
};

#[test]
fn a_tool_costs_its_words_and_its_keys() {
    let tokens = tool_schema_tokens(&Estimate, &[WEATHER]);
    assert!((60..100).contains(&tokens), "{tokens}");
}

#[cfg(feature = "exact")]
mod exact {
    use std::thread;

    use autoexec_memory_trimmer::{Encoding, ExactCounter, TokenCounter, tool_schema_tokens};
    use proptest::prelude::*;

    const ENCODINGS: [Encoding; 2] = [Encoding::O200k, Encoding::Cl100k];

    fn check(text: &str, tokens: [u32; 2]) {
        for (encoding, tokens) in ENCODINGS.into_iter().zip(tokens) {
            let counter = ExactCounter::new(encoding);
            let shown: String = text.chars().take(40).collect();
            assert_eq!(counter.count(text), tokens, "{shown:?} in {encoding:?}");
            assert_eq!(counter.count(text), tokens, "again, from memory");
            assert_eq!(counter.count_up_to(text, tokens), Some(tokens));
            if tokens > 0 {
                assert_eq!(counter.count_up_to(text, tokens - 1), None);
                assert_eq!(counter.count_up_to(text, 0), None);
            }
        }
    }

    #[test]
    fn texts_count_as_the_reference_counts_them() {
        check(include_str!("texts/base64.txt"), [1261, 1318]);
        check(include_str!("texts/chinese.txt"), [242, 387]);
        check(include_str!("texts/code.txt"), [369, 361]);
        check(include_str!("texts/german.txt"), [118, 143]);
        check(include_str!("texts/hashes.txt"), [710, 709]);
        check(include_str!("texts/japanese.txt"), [178, 246]);
        check(include_str!("texts/json.txt"), [954, 954]);
        check(include_str!("texts/korean.txt"), [128, 222]);
        check(include_str!("texts/log.txt"), [923, 897]);
        check(include_str!("texts/prose.txt"), [322, 322]);
        check(include_str!("texts/russian.txt"), [134, 224]);
    }

    #[test]
    fn so_do_the_corners() {
        check("", [0, 0]);
        check("a", [1, 1]);
        check("\n", [1, 1]);
        check("Hello, world!", [4, 4]);
        check("<|endoftext|>", [7, 7]);
        check("I'll we've IT'S it'\u{17f}", [7, 10]);
        check("  \n\n  x", [3, 3]);
        check("x  \n  ", [3, 3]);
        check("   ", [1, 1]);
        check("\t\t if", [2, 2]);
        check("HTTPServer2Go", [4, 4]);
        check("12345678", [3, 3]);
        check("²Ⅷ٣٤", [5, 7]);
        check("naïve café e\u{301}\u{301}t", [8, 8]);
        check("!\u{301}a", [3, 3]);
        check("ǅʰªB", [6, 6]);
        check("/*\r\n*/////\n\n", [4, 4]);
        check("हिन्दी में", [4, 9]);
        check("\u{130}stanbul", [2, 2]);
        check("\0\u{7}\u{2028}\u{85}\u{a0}x", [7, 8]);
        check("'''", [1, 1]);
        check("a'b'c", [4, 4]);
        check("don''t", [3, 3]);
        check("\u{fffd}\u{e0001}", [4, 4]);
    }

    /// Runs without a border in them, where merging pair by pair takes quadratic time.
    #[test]
    fn long_runs_take_linear_time() {
        check(&"a".repeat(10_000), [1250, 1250]);
        check(&" ".repeat(10_000), [79, 79]);
        check(&"\n".repeat(10_000), [625, 313]);
        check(&"=".repeat(10_000), [156, 156]);
        check(&"ab".repeat(10_000), [5000, 10_000]);
        check(&"😀".repeat(10_000), [10_000, 20_000]);
        check(&"A".repeat(10_000), [1250, 1250]);
        check(&"漢".repeat(10_000), [10_000, 20_000]);
        check(&"\u{301}".repeat(10_000), [10_000, 10_000]);
        let counter = ExactCounter::new(Encoding::O200k);
        assert_eq!(counter.count(&"a".repeat(1_000_000)), 125_000);
    }

    #[test]
    fn a_limit_spares_the_rest() {
        let counter = ExactCounter::new(Encoding::O200k);
        let text = "x".repeat(100_000_000);
        assert_eq!(counter.count_up_to(&text, 1000), None);
        let words = "word ".repeat(20_000_000);
        assert_eq!(counter.count_up_to(&words, 1000), None);
        assert_eq!(counter.count_up_to(&words[..400], u32::MAX), Some(81));
    }

    #[test]
    fn a_shared_counter_counts_the_same_on_every_thread() {
        let counter = ExactCounter::new(Encoding::Cl100k);
        let text = include_str!("texts/json.txt");
        thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| (0..20).for_each(|_| assert_eq!(counter.count(text), 954)));
            }
        });
        assert_eq!(counter.clone().encoding(), Encoding::Cl100k);
    }

    /// As the formula's own program counts it.
    #[test]
    fn the_tool_of_the_cookbook() {
        let counter = ExactCounter::new(Encoding::O200k);
        assert_eq!(tool_schema_tokens(&counter, &[super::WEATHER]), 68);
    }

    /// Words, marks and spaces that stick together in every way the patterns know.
    fn texts() -> impl Strategy<Value = String> {
        let parts = "the|ing|Pre|HTTP|a|B| |  |\n|\r\n|\t|'|'s|'LL|ſ|.|/|--|7|123|²|é|\u{301}|ǅ|ʰ|Жизнь|漢|字|한국|हि|न्|\u{200d}|😀|🇩|\u{a0}|\u{2028}|\0";
        let parts: Vec<String> = parts.split('|').map(str::to_owned).collect();
        let one = prop_oneof![
            8 => prop::sample::select(parts),
            1 => any::<char>().prop_map(String::from),
        ];
        prop::collection::vec(one, 0..60).prop_map(|parts| parts.concat())
    }

    /// Runs of one character, or of two in turn, and what may end them.
    fn runs() -> impl Strategy<Value = String> {
        let units =
            "a|A|ab|s|é|Ж|漢|漢字|हि|न्|\u{301}|ʰ| |\t|\n|\r\n| \n|\u{a0}|-|/|=-|😀|'|1|!\u{301}";
        let units: Vec<String> = units.split('|').map(str::to_owned).collect();
        let run = (prop::sample::select(units), 1_usize..40);
        let run = run.prop_map(|(unit, times)| unit.repeat(times));
        prop::collection::vec(run, 1..8).prop_map(|runs| runs.concat())
    }

    proptest! {
        #[test]
        fn an_appended_text_counts_as_the_whole(
            parts in prop::collection::vec(prop_oneof![texts(), runs()], 0..6),
            step in 1_usize..9,
        ) {
            for encoding in ENCODINGS {
                let counter = ExactCounter::new(encoding);
                let (mut whole, mut appending) = (String::new(), counter.appending());
                let chars: Vec<char> = parts.concat().chars().collect();
                for part in chars.chunks(step) {
                    let part = String::from_iter(part);
                    whole.push_str(&part);
                    prop_assert_eq!(appending.push(&part), counter.count(&whole), "{:?}", whole);
                }
                prop_assert_eq!(appending.tokens(), counter.count(&whole));
            }
        }
    }

    /// If each append counted the run anew, this would look at hundreds of millions of bytes.
    #[test]
    fn an_append_to_an_endless_run_looks_at_what_is_appended() {
        for (encoding, unit) in ENCODINGS
            .iter()
            .flat_map(|e| ["ab", "漢字", "  ", "=-"].map(|u| (*e, u)))
        {
            let counter = ExactCounter::new(encoding);
            let mut appending = counter.appending();
            for _ in 0..20_000 {
                appending.push(unit);
            }
            let run = unit.repeat(20_000);
            assert_eq!(appending.tokens(), counter.count(&run), "{unit:?}");
            assert_eq!(
                appending.push("s.\n Now words follow."),
                counter.count(&(run + "s.\n Now words follow.")),
                "{unit:?}"
            );
            assert!(appending.open_bytes() < 80);
        }
    }

    /// What an append costs is what it may count again; sums of the parts say too much.
    #[test]
    fn an_append_looks_back_a_few_words_only() {
        let counter = ExactCounter::new(Encoding::O200k);
        let mut appending = counter.appending();
        let text = include_str!("texts/prose.txt").repeat(10);
        let mut sum = 0;
        for part in text.as_bytes().chunks(20) {
            let part = str::from_utf8(part).unwrap();
            appending.push(part);
            sum += counter.count(part);
            assert!(appending.open_bytes() < 80, "{}", appending.open_bytes());
        }
        assert_eq!(appending.tokens(), counter.count(&text));
        assert!(sum * 10 > appending.tokens() * 11, "{sum}");
    }
}
