//! Where a text can be cut: at the ends of lines and of sentences.

use std::ops::Range;

/// Characters that end a sentence by themselves, in scripts that set no space behind it.
const FULL_STOPS: [char; 4] = ['。', '！', '？', '।'];

/// The lines and sentences of a text, in order; together they are all of it, white space included.
/// O(bytes).
pub(crate) fn pieces(text: &str) -> Vec<Range<usize>> {
    let mut pieces = Vec::new();
    let mut start = 0;
    let mut chars = text.char_indices().peekable();
    let mut stop = false;
    while let Some((at, c)) = chars.next() {
        let end = at + c.len_utf8();
        let next = chars.peek().map(|&(_, c)| c);
        let closes = matches!(c, '"' | '\'' | ')' | ']' | '”' | '’');
        stop = matches!(c, '.' | '!' | '?') || (stop && closes);
        let sentence = stop && next.is_some_and(char::is_whitespace);
        if c == '\n' || FULL_STOPS.contains(&c) || sentence {
            // The space behind a sentence belongs to it, the line's end to the line.
            let end = match (sentence, next) {
                (true, Some(space)) if space != '\n' => {
                    chars.next();
                    end + space.len_utf8()
                }
                _ => end,
            };
            if !(sentence && next == Some('\n')) {
                pieces.push(start..end);
                start = end;
            }
        }
    }
    if start < text.len() {
        pieces.push(start..text.len());
    }
    pieces
}

/// The longest head of a text that ends at a border and has at most `max` tokens; a text without
/// borders in reach is cut between words, and one without words between characters.
/// O(n · log n) for the n bytes that so many tokens stand for, wherever the text ends.
pub(crate) fn head<'a>(text: &'a str, max: u32, count: &dyn Fn(&str) -> u32) -> &'a str {
    let reach = reach(text.len(), max, |bytes| count(&text[..floor(text, bytes)]));
    let reached = &text[..floor(text, reach)];
    let fits = |end: usize| count(&text[..end]) <= max;
    let longest = |ends: Vec<usize>| {
        ends[..ends.partition_point(|&end| fits(end))]
            .last()
            .copied()
    };
    let ends = |is_border: fn(char) -> bool| -> Vec<usize> {
        let chars = reached
            .char_indices()
            .filter(|&(at, c)| at > 0 && is_border(c));
        chars.map(|(at, _)| at).collect()
    };
    longest(pieces(reached).iter().map(|piece| piece.end).collect())
        .or_else(|| longest(ends(char::is_whitespace)))
        .or_else(|| longest(ends(|_| true)))
        .map_or("", |end| &text[..end])
}

/// The longest tail of a text that begins at a border and has at most `max` tokens. As [`head`].
pub(crate) fn tail<'a>(text: &'a str, max: u32, count: &dyn Fn(&str) -> u32) -> &'a str {
    let start = |bytes: usize| floor(text, text.len() - bytes);
    let reach = reach(text.len(), max, |bytes| count(&text[start(bytes)..]));
    let from = start(reach);
    // A tail that begins in the middle of a piece is none, but for that of the whole text.
    let starts = pieces(&text[from..])
        .into_iter()
        .map(|piece| from + piece.start);
    let starts: Vec<usize> = starts.skip(usize::from(from > 0)).collect();
    let at = starts.partition_point(|&start| count(&text[start..]) > max);
    starts.get(at).map_or("", |&start| &text[start..])
}

/// As many bytes as have more than `max` tokens, or all; at most about twice as many as needed.
fn reach(len: usize, max: u32, count: impl Fn(usize) -> u32) -> usize {
    let mut bytes = (max as usize).saturating_mul(4).max(64);
    while bytes < len && count(bytes) <= max {
        bytes = bytes.saturating_mul(2);
    }
    bytes.min(len)
}

/// The largest character border up to a byte.
fn floor(text: &str, mut at: usize) -> usize {
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::estimate_tokens;

    fn check(text: &str, expect: &[&str]) {
        let found: Vec<&str> = pieces(text).into_iter().map(|piece| &text[piece]).collect();
        assert_eq!(found, expect);
        assert_eq!(found.concat(), text);
    }

    #[test]
    fn lines_and_sentences() {
        check("", &[]);
        check("one", &["one"]);
        check(
            "One. Two! \"Three?\" Four",
            &["One. ", "Two! ", "\"Three?\" ", "Four"],
        );
        check(
            "a.b.rs is 3.5 KB\nnext.\n\nlast",
            &["a.b.rs is 3.5 KB\n", "next.\n", "\n", "last"],
        );
        check("你好。再见！", &["你好。", "再见！"]);
    }

    #[test]
    fn heads_and_tails_end_at_borders() {
        let text = "First sentence here. Second one there. Third at the end.";
        let count = |text: &str| estimate_tokens(text);
        let half = count("First sentence here. Second one there. ");
        assert_eq!(
            head(text, half, &count),
            "First sentence here. Second one there. "
        );
        assert_eq!(
            tail(text, half, &count),
            "Second one there. Third at the end."
        );
        assert_eq!(head(text, 0, &count), "");
        assert_eq!(tail(text, 0, &count), "");
        assert_eq!(head(text, 1_000, &count), text);
        assert_eq!(
            head("a text without any border", 3, &count),
            "a text without"
        );
        let letters = "x".repeat(1000);
        let cut = head(&letters, 10, &count);
        assert!(!cut.is_empty() && count(cut) <= 10, "{}", cut.len());
    }

    #[test]
    fn where_tokens_are_long_the_border_is_looked_for_further_on() {
        let text = "A line of words.\n".repeat(100);
        let count = |text: &str| text.len() as u32 / 100;
        assert_eq!(head(&text, 3, &count).len(), 17 * 23);
        assert_eq!(tail(&text, 3, &count).len(), 17 * 23);
        assert_eq!(head(&text, 20, &count), text);
    }
}
