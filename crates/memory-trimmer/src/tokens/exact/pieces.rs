//! Cutting a text into the pieces that an encoding merges, each for itself.
//!
//! What a piece is depends on the text from its start on alone, never on what came before. The
//! patterns are those of the reference, `tiktoken`'s `openai_public.py`, without a regex engine.

use super::Encoding;
use super::classes::{self, LETTER, LOWER, NUMBER, SPACE, UPPER};

impl Encoding {
    /// The end of the piece that begins at `start`, which is before the end of the text.
    #[inline]
    pub(super) fn piece(self, text: &[u8], start: usize) -> usize {
        match self {
            Encoding::O200k => o200k(text, start),
            Encoding::Cl100k => cl100k(text, start),
        }
    }
}

/// ```text
/// [^\r\n\p{L}\p{N}]?[UPPER]*[LOWER]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?
/// [^\r\n\p{L}\p{N}]?[UPPER]+[LOWER]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?
/// \p{N}{1,3}
///  ?[^\s\p{L}\p{N}]+[\r\n/]*
/// \s*[\r\n]+|\s+(?!\S)|\s+
/// ```
#[inline]
fn o200k(text: &[u8], start: usize) -> usize {
    let (first, length) = classes::at(text, start);
    if first & NUMBER != 0 {
        return digits(text, start + length);
    }
    let alone = first & LETTER != 0 || matches!(text[start], b'\r' | b'\n');
    let word = if alone { start } else { start + length };
    let word = match classes::ascii_word(text, word) {
        Some(end) if first & (UPPER | LOWER) == 0 || alone => Some(end).filter(|&end| end > word),
        _ => o200k_word(text, start, word, first),
    };
    if let Some(end) = word {
        return contraction(text, end).unwrap_or(end);
    }
    if let Some(end) = punctuation(text, start) {
        return trailing(text, end, b"\r\n/");
    }
    white_space(text, start, false)
}

/// The end of a word that begins at `word`, or at `start` if a mark there is its first letter.
#[inline]
fn o200k_word(text: &[u8], start: usize, word: usize, first: u8) -> Option<usize> {
    let (capitalised, capitals) = cased(text, word);
    let (own_capitalised, own_capitals) = match first & (UPPER | LOWER) {
        _ if word == start => (None, None),
        0 => (None, None),
        _ => cased(text, start),
    };
    capitalised
        .or(own_capitalised)
        .or(capitals)
        .or(own_capitals)
}

/// Where `UPPER* LOWER+` and `UPPER+ LOWER*` end, the latter only looked at without the former.
#[inline]
fn cased(text: &[u8], start: usize) -> (Option<usize>, Option<usize>) {
    let upper = classes::run_of(text, start, UPPER, 0, b'A');
    let lower = classes::run_of(text, upper, LOWER, 0, b'a');
    if lower > upper {
        return (Some(lower), None);
    }
    if upper == start {
        return (None, None);
    }
    // The run of UPPER gives back what it must: down to its last character that is LOWER as well.
    (last_of_both(text, start, upper), Some(upper))
}

fn last_of_both(text: &[u8], start: usize, mut end: usize) -> Option<usize> {
    while end > start {
        let starts = |&at: &usize| text[at] & 0xC0 != 0x80;
        let at = (start..end).rev().find(starts)?;
        if classes::at(text, at).0 & LOWER != 0 {
            return Some(end);
        }
        end = at;
    }
    None
}

/// ```text
/// '(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}++|\p{N}{1,3}+
///  ?[^\s\p{L}\p{N}]++[\r\n]*+|\s++$|\s*[\r\n]|\s+(?!\S)|\s
/// ```
#[inline]
fn cl100k(text: &[u8], start: usize) -> usize {
    if let Some(end) = contraction(text, start) {
        return end;
    }
    let (first, length) = classes::at(text, start);
    if first & NUMBER != 0 {
        return digits(text, start + length);
    }
    let alone = first & LETTER != 0 || matches!(text[start], b'\r' | b'\n');
    let word = if alone { start } else { start + length };
    let end = classes::run_of(text, word, LETTER, 0x20, b'a');
    if end > word {
        return end;
    }
    if let Some(end) = punctuation(text, start) {
        return trailing(text, end, b"\r\n");
    }
    white_space(text, start, true)
}

/// The end of `'s` and its like. Without regard to case, `ſ` is an `s`.
#[inline]
fn contraction(text: &[u8], at: usize) -> Option<usize> {
    if text.get(at) != Some(&b'\'') {
        return None;
    }
    let lower = |offset: usize| text.get(at + offset).map(u8::to_ascii_lowercase);
    match (lower(1)?, lower(2)) {
        (b's' | b't' | b'm' | b'd', _) => Some(at + 2),
        (b'r' | b'v', Some(b'e')) | (b'l', Some(b'l')) | (0xC5, Some(0xBF)) => Some(at + 3),
        _ => None,
    }
}

/// The end of up to two more digits.
#[inline]
fn digits(text: &[u8], mut end: usize) -> usize {
    for _ in 0..2 {
        let (classes, length) = classes::at(text, end);
        if classes & NUMBER == 0 {
            break;
        }
        end += length;
    }
    end
}

/// ` ?[^\s\p{L}\p{N}]+`
fn punctuation(text: &[u8], start: usize) -> Option<usize> {
    let from = start + usize::from(text[start] == b' ');
    let mut end = from;
    loop {
        let (classes, length) = classes::at(text, end);
        if length == 0 || classes & (SPACE | LETTER | NUMBER) != 0 {
            return (end > from).then_some(end);
        }
        end += length;
    }
}

fn trailing(text: &[u8], from: usize, set: &[u8]) -> usize {
    from + text[from..]
        .iter()
        .take_while(|byte| set.contains(byte))
        .count()
}

/// White space up to its last line break; else all of it but the last character, which belongs to
/// what follows. `whole_at_end` takes all that ends the text, whatever it holds.
fn white_space(text: &[u8], start: usize, whole_at_end: bool) -> usize {
    let (mut end, mut last, mut line) = (start, start, None);
    loop {
        let (classes, length) = classes::at(text, end);
        if classes & SPACE == 0 {
            break;
        }
        last = end;
        end += length;
        if text[last] == b' ' {
            end += text[end..].iter().take_while(|&&byte| byte == b' ').count();
            last = end - 1;
        } else if matches!(text[last], b'\r' | b'\n') {
            line = Some(end);
        }
    }
    let at_end = end == text.len();
    match line {
        _ if at_end && whole_at_end => end,
        Some(line) => line,
        None if at_end || last == start => end,
        None => last,
    }
}

/// A position such that no piece that ends there or before can change when the text grows.
///
/// A piece is cut by what follows it: the rest of a run of letters or of white space, and up to
/// four bytes, of a contraction, besides. Thus whatever lies before such a run at the end of the
/// text, and before the character that a word may begin with, is settled.
pub(super) fn settled(text: &str) -> usize {
    let border = text.floor_char_boundary(text.len().saturating_sub(4));
    let before = |set: u8| {
        text[..border]
            .trim_end_matches(|c: char| classes::of(c) & set != 0)
            .len()
    };
    let run = before(LETTER | UPPER | LOWER).min(before(SPACE));
    text[..run]
        .char_indices()
        .next_back()
        .map_or(0, |(at, _)| at)
}

/// What a run of characters may be, such that more of the same belong to the same piece.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Letter,
    Capital,
    Line,
    Space,
    Sign,
}

impl Encoding {
    fn kind(self, character: char) -> Option<Kind> {
        let classes = classes::of(character);
        let (letter, capital) = match self {
            Encoding::O200k => (LOWER, UPPER),
            Encoding::Cl100k => (LETTER, 0),
        };
        match character {
            _ if classes & letter != 0 => Some(Kind::Letter),
            _ if classes & capital != 0 => Some(Kind::Capital),
            '\r' | '\n' => Some(Kind::Line),
            _ if classes & SPACE != 0 => Some(Kind::Space),
            _ if classes & NUMBER != 0 => None,
            _ => Some(Kind::Sign),
        }
    }

    /// Whether a text certainly lengthens the last piece of another, and changes nothing else.
    ///
    /// It does if that piece ends with so many characters of one kind that no contraction can be among
    /// them, and all of the text is of that kind. (What is cut of marks alone may be signs: at least one
    /// shall be a letter.)
    pub(super) fn lengthens(self, last_piece: &str, text: &str) -> bool {
        const CHARACTERS: usize = 8;
        let Some(kind) = last_piece.chars().next_back().and_then(|c| self.kind(c)) else {
            return false;
        };
        let tail = || last_piece.chars().rev().take(CHARACTERS);
        let letter = |c: char| classes::of(c) & LETTER != 0;
        tail().count() == CHARACTERS
            && tail()
                .chain(text.chars())
                .all(|c| self.kind(c) == Some(kind))
            && (kind != Kind::Letter || tail().any(letter))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(encoding: Encoding, text: &str, expect: &[&str]) {
        let (mut at, mut found) = (0, Vec::new());
        while at < text.len() {
            let end = encoding.piece(text.as_bytes(), at);
            found.push(&text[at..end]);
            at = end;
        }
        assert_eq!(found, expect, "{text:?} in {encoding:?}");
    }

    /// Marks, and letters without case, are capitals and small letters at once, but for `cl100k_base`.
    #[test]
    fn what_is_of_both_cases_ends_a_word_as_a_small_letter_does() {
        check(Encoding::O200k, "\u{301}.", &["\u{301}", "."]);
        check(Encoding::Cl100k, "\u{301}.", &["\u{301}."]);
        check(Encoding::O200k, "ABʰC漢D", &["ABʰC漢", "D"]);
        check(Encoding::Cl100k, "ABʰC漢D", &["ABʰC漢D"]);
    }
}
