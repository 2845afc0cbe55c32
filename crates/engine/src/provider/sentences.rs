//! Texts → sentences that can be quoted, and their words.

/// Longest sentence quoted, in bytes; longer ones are data, not prose.
const LONGEST: usize = 600;
/// A sentence has at least this many words.
const FEWEST_WORDS: usize = 3;

/// The sentences of a text, in order, without Markdown's signs. Code fences, headings and tables are left out.
///
/// A sentence ends at `.`, `!`, `?` or `…` before white space, and at the end of a paragraph or list item.
pub(super) fn sentences(text: &str) -> Vec<String> {
    let mut out = Vec::new();
    let mut paragraph = String::new();
    let mut fenced = false;
    for line in text.lines() {
        let trimmed = line.trim();
        if trimmed.starts_with("```") || trimmed.starts_with("~~~") {
            fenced = !fenced;
            flush(&mut paragraph, &mut out);
        } else if fenced || trimmed.is_empty() || is_no_prose(trimmed) {
            flush(&mut paragraph, &mut out);
        } else {
            let (body, begins) = strip_marker(trimmed);
            if begins {
                flush(&mut paragraph, &mut out);
            }
            if !paragraph.is_empty() {
                paragraph.push(' ');
            }
            paragraph.push_str(body);
        }
    }
    flush(&mut paragraph, &mut out);
    out
}

/// Headings, tables, rules, markup and badges.
fn is_no_prose(line: &str) -> bool {
    line.starts_with("# ")
        || line.starts_with("##")
        || line.starts_with('|')
        || line.starts_with('<')
        || line.chars().all(|c| "-=*_ ".contains(c))
        || line.starts_with("[![")
}

/// The line without its heading, list or quote mark, and whether it begins something new.
fn strip_marker(line: &str) -> (&str, bool) {
    let bare = line.trim_start_matches(['#', '>']).trim_start();
    for mark in ["- ", "* ", "+ "] {
        if let Some(rest) = bare.strip_prefix(mark) {
            return (rest.trim_start(), true);
        }
    }
    let digits = bare.bytes().take_while(u8::is_ascii_digit).count();
    match bare[digits..].strip_prefix(". ").filter(|_| digits > 0) {
        Some(rest) => (rest.trim_start(), true),
        None => (bare, bare.len() != line.len()),
    }
}

fn flush(paragraph: &mut String, out: &mut Vec<String>) {
    let mut start = 0;
    let bytes = paragraph.as_bytes();
    for (at, c) in paragraph.char_indices() {
        let end = at + c.len_utf8();
        let stops = matches!(c, '.' | '!' | '?' | '…')
            && bytes.get(end).is_none_or(u8::is_ascii_whitespace);
        if stops || "。！？".contains(c) {
            push(&paragraph[start..end], out);
            start = end;
        }
    }
    push(&paragraph[start..], out);
    paragraph.clear();
}

fn push(sentence: &str, out: &mut Vec<String>) {
    let sentence = sentence.trim();
    let has_words = words(sentence).take(FEWEST_WORDS).count() == FEWEST_WORDS
        || sentence.chars().any(is_ideograph);
    if has_words && sentence.len() <= LONGEST {
        out.push(sentence.to_owned());
    }
}

fn is_ideograph(c: char) -> bool {
    matches!(c, '\u{3040}'..='\u{30ff}' | '\u{3400}'..='\u{9fff}' | '\u{ac00}'..='\u{d7af}')
}

/// The words of a text in lower case; every ideograph is a word.
pub(super) fn words(text: &str) -> impl Iterator<Item = String> + '_ {
    text.split(|c: char| !c.is_alphanumeric() && c != '_')
        .flat_map(|w| {
            let parts: Vec<String> = match w.chars().any(is_ideograph) {
                true => w.chars().map(|c| c.to_string()).collect(),
                false if w.is_empty() => Vec::new(),
                false => vec![w.to_lowercase()],
            };
            parts
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markdown_becomes_sentences() {
        let text = "# The big title\nOne two three. Four five\nsix seven! e.g. this one\n\n- item one two\n- item three four\n\n```\nlet code = 1;\n```\n| a | b | c |\n";
        let expect = [
            "One two three.",
            "Four five six seven!",
            "item one two",
            "item three four",
        ];
        let found = sentences(text);
        for sentence in expect {
            assert!(
                found.iter().any(|s| s == sentence),
                "{sentence} in {found:?}"
            );
        }
        assert!(
            !found
                .iter()
                .any(|s| s.contains("code") || s.contains('|') || s.contains("title")),
            "{found:?}"
        );
    }

    #[test]
    fn words_are_lower_case_and_ideographs_stand_alone() {
        assert_eq!(
            words("Hello, foo_bar 漢字!").collect::<Vec<_>>(),
            ["hello", "foo_bar", "漢", "字"]
        );
    }
}
