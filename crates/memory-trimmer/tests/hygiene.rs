//! Sanitising and validating against a model that looks at one character after the other.

use std::borrow::Cow;

use autoexec_memory_trimmer::{
    Limits, Problem, Removed, Sanitised, Unwanted, sanitise, sanitise_bytes, validate_input,
};
use proptest::prelude::*;

const ALL: Limits = Limits {
    chars_max: usize::MAX,
};

fn check(input: &str, text: &str) {
    let clean = sanitise(input, &ALL);
    assert_eq!(clean.text, text, "{input:?}");
    assert_eq!(clean.changed(), input != text, "{input:?}");
    assert_eq!(matches!(clean.text, Cow::Borrowed(_)), input == text);
}

fn kind(character: char) -> Option<Unwanted> {
    let code = u32::from(character);
    match code {
        9 | 10 | 13 => None,
        0..0x20 | 0x7F..0xA0 => Some(Unwanted::Control),
        0x202A..=0x202E | 0x2066..=0x2069 => Some(Unwanted::Bidi),
        0x200B | 0x2060..=0x206F | 0xFEFF => Some(Unwanted::Invisible),
        0xFFF9..=0xFFFB => Some(Unwanted::Annotation),
        0xE0000..=0xE007F => Some(Unwanted::Tag),
        _ => None,
    }
}

/// The model, for texts without flags: what is unwanted, with its place.
fn problems(text: &str) -> Vec<Problem> {
    let problem = |(at, c)| kind(c).map(|what| Problem { at, what });
    text.char_indices().filter_map(problem).collect()
}

#[test]
fn what_is_unwanted_goes() {
    check("", "");
    check("a\tb\nc\r\nd", "a\tb\nc\r\nd");
    check("a\0b\u{1b}[31mc\u{7f}\u{85}", "ab[31mc");
    check("user\u{202e}txt.exe\u{2066}", "usertxt.exe");
    check("\u{feff}in\u{200b}vis\u{2060}ible", "invisible");
    check("hi\u{e0001}\u{e0068}\u{e0069}", "hi");
    check("\u{fff9}漢\u{fffa}かん\u{fffb}", "漢かん");
}

#[test]
fn what_shapes_a_text_stays() {
    for text in [
        "می\u{200c}خواهم",
        "क्\u{200d}ष",
        "👩🏽\u{200d}🚀 ❤\u{fe0f}",
        "\u{200f}שלום\u{200e} \u{61c}",
        "Donau\u{ad}dampf",
        "🇩🇪🇫🇷",
        "e\u{301}",
        "\u{fffd}\u{2028}",
    ] {
        check(text, text);
    }
}

#[test]
fn tags_stay_only_in_flags() {
    let scotland = "🏴\u{e0067}\u{e0062}\u{e0073}\u{e0063}\u{e0074}\u{e007f}";
    check(scotland, scotland);
    let padded = format!("{}{scotland}", "x".repeat(61));
    check(&padded, &padded);
    check(&format!("{scotland}\u{e0061}"), scotland);
    check(&scotland[..scotland.len() - 4], "🏴");
    check(&scotland.replace('\u{e0063}', "\u{e0064}"), "🏴");
    check(&scotland["🏴".len()..], "");
}

/// Row 4.17 and "nothing printable in any script lost": only the characters named go.
#[test]
fn every_other_character_of_unicode_survives() {
    let all: String = ('\0'..=char::MAX).collect();
    let model: String = all.chars().filter(|&c| kind(c).is_none()).collect();
    let clean = sanitise(&all, &ALL);
    assert!(clean.text == model);
    let removed = &clean.removed;
    assert_eq!(
        (
            removed.controls,
            removed.bidi,
            removed.invisible,
            removed.tags,
            removed.annotations
        ),
        (62, 9, 1 + 6 + 6 + 1, 128, 3)
    );
    for character in '\0'..=char::MAX {
        let text = character.to_string();
        assert_eq!(sanitise(&text, &ALL).changed(), kind(character).is_some());
    }
}

fn cut(input: &str, chars_max: usize, text: &str) {
    let clean = sanitise(input, &Limits { chars_max });
    assert_eq!(clean.text, text, "{input:?} to {chars_max}");
    assert_eq!(
        clean.removed.cut_bytes > 0,
        !input.is_empty() && input != text
    );
}

#[test]
fn long_texts_are_cut_between_characters() {
    cut("abcdef", 6, "abcdef");
    cut("abcdef", 3, "abc");
    cut("abcdef", 0, "");
    cut("", 0, "");
    cut("äöü", 2, "äö");
    cut("xe\u{301}y", 2, "x");
    cut("x👩🏽\u{200d}🚀y", 4, "x");
    cut("x👩🏽\u{200d}🚀y", 5, "x👩🏽\u{200d}🚀");
    cut("🇩🇪🇫🇷🇪🇸", 3, "🇩🇪");
    cut("🇩🇪🇫🇷🇪🇸", 4, "🇩🇪🇫🇷");
    cut("a\r\nb", 2, "a");
    // An accent upon an accent without end is no character to be spared.
    let accents = "\u{301}".repeat(100);
    cut(&accents, 50, &accents[..100]);
}

#[test]
fn the_limit_is_ten_thousand_characters_of_what_is_kept() {
    let limits = Limits::default();
    let long = "中".repeat(10_001);
    let clean = sanitise(&long, &limits);
    assert_eq!(
        (clean.text.chars().count(), clean.removed.cut_bytes),
        (10_000, 3)
    );
    let noise = "a\u{200b}".repeat(10_000);
    let clean = sanitise(&noise, &limits);
    assert_eq!((clean.text.len(), clean.removed.cut_bytes), (10_000, 0));
    assert_eq!(clean.removed.invisible, 10_000);
}

#[test]
fn bytes_that_are_not_utf8_are_replaced_or_reported() {
    let clean = sanitise_bytes(b"a\xFFb\xE4\xB8c\0", &ALL);
    assert_eq!(clean.text, "a\u{fffd}b\u{fffd}c");
    assert_eq!((clean.removed.invalid, clean.removed.controls), (2, 1));
    let problem = |at, what| Problem { at, what };
    assert_eq!(
        validate_input(b"a\xFFb\xE4\xB8c\0", &ALL, 9),
        [
            problem(1, Unwanted::InvalidUtf8),
            problem(3, Unwanted::InvalidUtf8),
            problem(6, Unwanted::Control),
        ]
    );
    assert_eq!(
        validate_input(b"a\0bc", &Limits { chars_max: 2 }, 9),
        [problem(1, Unwanted::Control), problem(3, Unwanted::TooLong)]
    );
    assert_eq!(
        validate_input(b"\0\0", &ALL, 1),
        [problem(0, Unwanted::Control)]
    );
    assert_eq!(validate_input(b"\0\0", &ALL, 0), []);
    assert_eq!(
        problem(6, Unwanted::Control).to_string(),
        "a control character at byte 6"
    );
}

#[test]
fn a_hundred_megabytes_are_cut_without_a_copy() {
    let text = "x".repeat(100_000_000);
    let clean = sanitise(&text, &Limits::default());
    assert!(matches!(clean.text, Cow::Borrowed(text) if text.len() == 10_000));
    assert!(matches!(
        sanitise(&text[..5_000_000], &ALL).text,
        Cow::Borrowed(_)
    ));
}

/// Texts mostly of what is wanted, with every border case in them.
fn texts() -> impl Strategy<Value = String> {
    let odd = prop::sample::select(vec![
        '\0',
        '\t',
        '\u{1f}',
        '\u{7e}',
        '\u{7f}',
        '\u{80}',
        '\u{9f}',
        '\u{a0}',
        '\u{200a}',
        '\u{200b}',
        '\u{200d}',
        '\u{2029}',
        '\u{202a}',
        '\u{202e}',
        '\u{202f}',
        '\u{205f}',
        '\u{2060}',
        '\u{206f}',
        '\u{2070}',
        '\u{fefe}',
        '\u{feff}',
        '\u{ff00}',
        '\u{fff8}',
        '\u{fff9}',
        '\u{fffc}',
        '\u{e0000}',
        '\u{e007f}',
        '\u{e0080}',
        '漢',
        'é',
    ]);
    let wanted = prop::sample::select("the quick 中文 עברית 😀\n".chars().collect::<Vec<_>>());
    let one = prop_oneof![30 => wanted, 1 => odd, 1 => any::<char>()];
    prop::collection::vec(one, 0..400).prop_map(String::from_iter)
}

proptest! {
    #[test]
    fn it_does_what_the_model_does(text in texts()) {
        let model: String = text.chars().filter(|&c| kind(c).is_none()).collect();
        let clean = sanitise(&text, &ALL);
        prop_assert_eq!(&clean.text, &model);
        prop_assert_eq!(validate_input(text.as_bytes(), &ALL, usize::MAX), problems(&text));
        let again = sanitise(&clean.text, &ALL);
        prop_assert_eq!(again.removed, Removed::default());
    }

    #[test]
    fn a_cut_text_is_a_beginning_and_stays_as_it_is(text in texts(), chars_max in 0_usize..400) {
        let limits = Limits { chars_max };
        let whole = sanitise(&text, &ALL).text;
        let Sanitised { text: cut, .. } = sanitise(&text, &limits);
        prop_assert!(whole.starts_with(&*cut));
        let (kept, all) = (cut.chars().count(), whole.chars().count());
        prop_assert!(kept <= chars_max && kept + 32 >= chars_max.min(all));
        prop_assert!(!sanitise(&cut, &limits).changed());
    }

    #[test]
    fn bytes_are_read_as_the_standard_library_reads_them(bytes: Vec<u8>) {
        let lossy = String::from_utf8_lossy(&bytes);
        let clean = sanitise_bytes(&bytes, &ALL);
        prop_assert_eq!(clean.text, sanitise(&lossy, &ALL).text);
    }
}
