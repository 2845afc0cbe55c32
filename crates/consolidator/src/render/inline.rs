//! Makes foreign text safe inside a Markdown document.
//!
//! Findings quote source code, compiler output and whatever a model wrote. A newline would end the
//! list item, `Vec<u8>` would vanish as an HTML tag, an odd backtick would swallow the rest of the
//! line and an open fence the rest of the document.

use std::borrow::Cow;

/// Backtick runs longer than this never open a code span; it bounds the search for the closing one.
const RUN_MAX: usize = 31;

/// Appends `text` on one line, as text: emphasis and closed code spans stay Markdown, while HTML
/// tags, unclosed backticks and backslashes show as they are written. O(length).
pub(super) fn push_line(out: &mut String, text: &str) {
    push_escaped(out, &one_line(text));
}

/// Appends `text`, and what `suffix` appends (no backticks), as a code span with a fence that the
/// text's own backticks cannot close.
pub(super) fn push_code(out: &mut String, text: &str, suffix: impl FnOnce(&mut String)) {
    let line = one_line(text);
    if !line.bytes().fold(false, |any, b| any | (b == b'`')) {
        out.push('`');
        out.push_str(&line);
        suffix(out);
        return out.push('`');
    }
    let longest = line.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest + 1);
    for part in [&fence, " ", &line] {
        out.push_str(part);
    }
    suffix(out);
    out.push(' ');
    out.push_str(&fence);
}

/// Words separated by single spaces; white space and whatever is [`unseen`] separate words.
pub(crate) fn one_line(text: &str) -> Cow<'_, str> {
    if is_one_line(text.as_bytes()) {
        return Cow::Borrowed(text);
    }
    let mut line = String::with_capacity(text.len());
    for word in text.split(|c: char| c.is_whitespace() || unseen(c)) {
        if !word.is_empty() && !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    Cow::Owned(line)
}

/// Whether a text is shown as it stands, on a line or as a name, in every format; `false` when
/// finding out takes more than a look at the bytes.
pub(crate) fn is_plain(text: &str) -> bool {
    let special = |b: u8| matches!(b, b'`' | b'<' | b'\\');
    is_one_line(text.as_bytes()) && !text.bytes().fold(false, |any, b| any | special(b))
}

/// Control characters, and those that turn the direction of text: a terminal would obey both, and
/// show something else than what stands there.
pub(super) fn unseen(c: char) -> bool {
    c.is_control() || matches!(c, '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
}

/// Whether [`one_line`] has nothing to do; `false` when that takes more than a look at the bytes.
/// Folds instead of stopping early: the compiler turns that into vector code.
fn is_one_line(bytes: &[u8]) -> bool {
    let suspect = |b: u8| b < b' ' || matches!(b, 0x7F | 0xC2 | 0xE1..=0xE3);
    let gap = (bytes.iter().zip(bytes.iter().skip(1)))
        .fold(false, |gap, (&a, &b)| gap | ((a == b' ') & (b == b' ')));
    let edge = bytes.first() == Some(&b' ') || bytes.last() == Some(&b' ');
    // 0xC2 starts U+0080–U+00BF (C1 controls), 0xE1 to 0xE3 the spaces beyond Latin.
    !gap && !edge && !bytes.iter().fold(false, |any, &b| any | suspect(b))
}

fn push_escaped(out: &mut String, mut rest: &str) {
    let special = |b: u8| matches!(b, b'`' | b'<' | b'\\');
    if !rest.bytes().fold(false, |any, b| any | special(b)) {
        return out.push_str(rest);
    }
    let mut unclosed = 0u32; // One bit per run length that has no closing run further on.
    while let Some(at) = rest.bytes().position(special) {
        out.push_str(&rest[..at]);
        let next = rest.as_bytes().get(at + 1).copied().unwrap_or(b' ');
        let taken = match rest.as_bytes()[at] {
            b'<' => push_literal(
                out,
                "<",
                next.is_ascii_alphabetic() || b"/!?".contains(&next),
            ),
            b'\\' => push_literal(out, "\\", next.is_ascii_punctuation()),
            _ => push_ticks(out, &rest[at..], &mut unclosed),
        };
        rest = &rest[at + taken..];
    }
    out.push_str(rest);
}

/// Appends one character, escaped where Markdown would read it as more than itself.
fn push_literal(out: &mut String, literal: &str, special: bool) -> usize {
    if special {
        out.push('\\');
    }
    out.push_str(literal);
    literal.len()
}

/// Appends a code span whole, or escapes a run of backticks that nothing closes.
fn push_ticks(out: &mut String, text: &str, unclosed: &mut u32) -> usize {
    let run = text.bytes().take_while(|&b| b == b'`').count();
    let known_open = run > RUN_MAX || *unclosed & (1 << run) != 0;
    if let Some(end) = closing_run(text, run).filter(|_| !known_open) {
        out.push_str(&text[..end]);
        return end;
    }
    if run <= RUN_MAX {
        *unclosed |= 1 << run;
    }
    for _ in 0..run {
        out.push_str("\\`");
    }
    run
}

/// The end of the next run of exactly `run` backticks after the one that `text` starts with.
fn closing_run(text: &str, run: usize) -> Option<usize> {
    let bytes = text.as_bytes();
    let mut at = run;
    while at < bytes.len() {
        let ticks = bytes[at..].iter().take_while(|&&b| b == b'`').count();
        if ticks == run {
            return Some(at + ticks);
        }
        at += ticks.max(1);
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expect: &str) {
        let mut out = String::new();
        push_line(&mut out, text);
        assert_eq!(out, expect, "for {text:?}");
    }

    #[test]
    fn lines_are_joined_and_controls_dropped() {
        check("a\r\n\tb\n\n  c ", "a b c");
        check("red \u{1b}[31mtext\u{7}", "red [31mtext");
        check(
            "\u{7} one \u{7} \u{2028}two\u{85}three\u{3000}four",
            "one two three four",
        );
        check("a\u{202E}b\u{2066}", "a b");
        check("Grüße — 中文", "Grüße — 中文");
        check("", "");
    }

    #[test]
    fn code_spans_stay_and_odd_backticks_do_not_swallow_the_line() {
        check("call `unwrap` here", "call `unwrap` here");
        check("an ` alone", "an \\` alone");
        check("`a` and ` and ``b`", "`a` and ` and ``b`");
        check("``x` and ``y``", "``x` and ``y\\`\\`");
        check("`` x", "\\`\\` x");
    }

    #[test]
    fn tags_and_backslashes_are_shown() {
        check("Vec<u8> < 3 and `Vec<u8>`", "Vec\\<u8> < 3 and `Vec<u8>`");
        check("</details><!-- x", "\\</details>\\<!-- x");
        check("unwrap\\( and \\n", "unwrap\\\\( and \\n");
        check("\\<b>", "\\\\\\<b>");
    }

    #[test]
    fn code_fences_outgrow_their_content() {
        let mut out = String::new();
        push_code(&mut out, "src/a b.rs", |out| out.push_str(":3"));
        push_code(&mut out, "odd`name``\n.rs", |_| {});
        assert_eq!(out, "`src/a b.rs:3```` odd`name`` .rs ```");
    }
}
