//! Where sentences end inside a paragraph.

use std::ops::Range;

/// Never the end of a sentence, whatever follows.
const TITLES: [&str; 33] = [
    "adj", "adm", "approx", "capt", "cf", "col", "dr", "e.g", "eg", "eq", "fig", "figs", "gen",
    "gov", "i.e", "ie", "lt", "mr", "mrs", "ms", "mt", "no", "nos", "pp", "prof", "rep", "rev",
    "sec", "sen", "sgt", "st", "vol", "vs",
];
/// The end of a sentence only before a capital.
const OTHERS: [&str; 27] = [
    "a.m", "al", "apr", "aug", "ave", "co", "corp", "dec", "dept", "ed", "est", "etc", "feb",
    "inc", "jan", "jr", "ltd", "mar", "max", "min", "nov", "oct", "p.m", "resp", "sept", "sr",
    "sep",
];

/// The sentences of a paragraph.
pub(super) struct Ends<'a> {
    text: &'a str,
    left: Range<usize>,
}

impl<'a> Ends<'a> {
    pub(super) fn new(text: &'a str, paragraph: Range<usize>) -> Self {
        Ends {
            text,
            left: paragraph,
        }
    }
}

impl Iterator for Ends<'_> {
    type Item = Range<usize>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.left.is_empty() {
            return None;
        }
        let part = &self.text[self.left.clone()];
        let length = end(part).unwrap_or(part.len());
        let sentence = self.left.start..self.left.start + length;
        self.left.start = sentence.end;
        Some(sentence)
    }
}

/// Whether `c` can end a sentence.
pub(super) fn is_end(c: char) -> bool {
    matches!(c, '.' | '!' | '?' | '…' | '।' | '॥' | '؟' | '۔' | '։') || is_wide_end(c)
}

fn is_wide_end(c: char) -> bool {
    matches!(c, '。' | '！' | '？' | '｡')
}

/// The length of the first sentence of `part`, if it ends before `part` does.
fn end(part: &str) -> Option<usize> {
    let mut chars = part.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        if !is_end(c) {
            continue;
        }
        let (mut last, mut dots) = (c, usize::from(c == '.'));
        let mut stop = at + c.len_utf8();
        while let Some((next, c)) = chars.next_if(|(_, c)| is_end(*c) || is_closing(*c)) {
            last = c;
            dots += usize::from(c == '.');
            stop = next + c.len_utf8();
        }
        let rest = &part[stop..];
        let wide = part[at..stop].chars().any(is_wide_end);
        if !wide && !rest.starts_with(char::is_whitespace) {
            continue;
        }
        let quoted = is_closing(last);
        if wide || ends_here(&part[..at], c, dots, quoted, rest.trim_start()) {
            return Some(stop);
        }
    }
    None
}

/// Closing quotes and brackets, and the marks of emphasis.
fn is_closing(c: char) -> bool {
    matches!(
        c,
        '"' | '\''
            | ')'
            | ']'
            | '}'
            | '”'
            | '’'
            | '»'
            | '」'
            | '』'
            | '）'
            | '】'
            | '*'
            | '_'
            | '`'
    )
}

fn ends_here(before: &str, c: char, dots: usize, quoted: bool, next: &str) -> bool {
    let lower = next.starts_with(char::is_lowercase);
    match c {
        '…' => !lower,
        '.' if dots > 1 => !lower,
        '!' | '?' => !(quoted && lower),
        '.' => !is_abbreviation(before, next),
        _ => true,
    }
}

/// Whether the word before a full stop is cut short by it rather than ended.
fn is_abbreviation(before: &str, next: &str) -> bool {
    let is_part = |c: char| c.is_alphanumeric() || c == '.';
    let word = &before[before.trim_end_matches(is_part).len()..];
    if word.len() > 8 || word.is_empty() {
        return false;
    }
    let capital = next.starts_with(|c: char| c.is_uppercase() || c == '"' || c == '“');
    let mut letters = word.chars();
    let initial = letters.next().is_some_and(char::is_uppercase) && letters.next().is_none();
    let dotted = word.split('.').all(|part| part.chars().count() == 1) && word.contains('.');
    if (initial || dotted) && word.chars().all(|c| c.is_alphabetic() || c == '.') {
        return word != "I"
            && (word.starts_with(char::is_uppercase) || !capital || TITLES.contains(&word));
    }
    let lower = word.to_lowercase();
    if lower == "no" || lower == "fig" || lower == "sec" {
        return next.starts_with(|c: char| c.is_ascii_digit());
    }
    TITLES.contains(&lower.as_str()) || (OTHERS.contains(&lower.as_str()) && !capital)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expect: &[&str]) {
        let found: Vec<&str> = Ends::new(text, 0..text.len())
            .map(|r| text[r].trim())
            .collect();
        assert_eq!(found, expect);
    }

    #[test]
    fn sentences_end_where_a_reader_says() {
        check(
            "One. Two! Three? Four…",
            &["One.", "Two!", "Three?", "Four…"],
        );
        check("lower case. also ends", &["lower case.", "also ends"]);
        check("No end", &["No end"]);
        check("Really?! Yes...", &["Really?!", "Yes..."]);
        check(
            "Wait... there is more. Wait... There is.",
            &["Wait... there is more.", "Wait...", "There is."],
        );
        check(
            "Pi is 3.14. It is $1.5 m. See www.a.b/c.d?e=f.g and a.b.rs now.",
            &[
                "Pi is 3.14.",
                "It is $1.5 m.",
                "See www.a.b/c.d?e=f.g and a.b.rs now.",
            ],
        );
    }

    #[test]
    fn abbreviations_do_not_end() {
        check(
            "Mr. Smith, e.g. Dr. J. R. Who, lives in the U.S. now.",
            &["Mr. Smith, e.g. Dr. J. R. Who, lives in the U.S. now."],
        );
        check(
            "At 3 p.m. on Oct. 5 it stopped. See Fig. 3 and No. 7.",
            &["At 3 p.m. on Oct. 5 it stopped.", "See Fig. 3 and No. 7."],
        );
        check("Is it? No. It is not.", &["Is it?", "No.", "It is not."]);
        check(
            "Locks, queues, etc. Then more. Smith et al. say so.",
            &["Locks, queues, etc.", "Then more.", "Smith et al. say so."],
        );
        check("So am I. He is.", &["So am I.", "He is."]);
    }

    #[test]
    fn quotes_and_brackets_stay_with_their_sentence() {
        check(
            "He said \"Stop.\" Then he left. (It was late.) So.",
            &[
                "He said \"Stop.\"",
                "Then he left.",
                "(It was late.)",
                "So.",
            ],
        );
        check(
            "\"Stop!\" he said. “Go.” She went.",
            &["\"Stop!\" he said.", "“Go.”", "She went."],
        );
        check(
            "**Bold.** Then `code.` ends",
            &["**Bold.**", "Then `code.`", "ends"],
        );
    }

    #[test]
    fn wide_signs_end_without_a_space() {
        check(
            "終わり。次は？「はい。」そう！最後",
            &["終わり。", "次は？", "「はい。」", "そう！", "最後"],
        );
        check("यह है। और भी।", &["यह है।", "और भी।"]);
    }
}
