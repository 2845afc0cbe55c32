//! Free Markdown text inside a step: kept as written, but unable to break the document around it.

use super::inline::unseen;

/// Headings of a step's text sit below the step's own, which is at level 2.
const HEADINGS_DOWN: usize = 2;

/// What a line of free text stands in.
enum Within {
    Text,
    /// A fenced code block: the fence's character and length.
    Fence(u8, usize),
    /// An HTML comment.
    Comment,
}

/// Appends `text` with its headings moved below the step's heading, control characters removed, and
/// a fence or comment that is still open at the end closed. O(length).
pub(super) fn push_block(out: &mut String, text: &str) {
    let mut within = Within::Text;
    for line in text.trim_end().lines() {
        let shown = match within {
            Within::Text => deepened(out, line),
            Within::Fence(..) | Within::Comment => line,
        };
        push_clean(out, shown);
        out.push('\n');
        within = after(within, line);
    }
    match within {
        Within::Text => {}
        Within::Fence(mark, length) => {
            out.extend(std::iter::repeat_n(char::from(mark), length));
            out.push('\n');
        }
        Within::Comment => out.push_str("-->\n"),
    }
}

/// What the line after `line` stands in.
fn after(within: Within, line: &str) -> Within {
    match within {
        Within::Text => match fence(line) {
            Some((mark, length, rest)) if mark == b'~' || !rest.contains('`') => {
                Within::Fence(mark, length)
            }
            _ => comment_after(line, false),
        },
        Within::Fence(mark, length) => match fence(line) {
            Some((m, l, rest)) if m == mark && l >= length && rest.trim().is_empty() => {
                Within::Text
            }
            _ => Within::Fence(mark, length),
        },
        Within::Comment => comment_after(line, true),
    }
}

/// A line that is a code fence: its character, its length, and what follows.
fn fence(line: &str) -> Option<(u8, usize, &str)> {
    let body = unindented(line)?;
    let mark = *body.as_bytes().first()?;
    let length = body.bytes().take_while(|&b| b == mark).count();
    (matches!(mark, b'`' | b'~') && length >= 3).then(|| (mark, length, &body[length..]))
}

fn comment_after(line: &str, inside: bool) -> Within {
    if !line
        .bytes()
        .fold(false, |any, b| any | matches!(b, b'<' | b'>'))
    {
        return if inside {
            Within::Comment
        } else {
            Within::Text
        };
    }
    let open = line.rfind("<!--");
    let close = line.rfind("-->");
    match (open, close) {
        (Some(open), Some(close)) if open > close => Within::Comment,
        (Some(_), None) => Within::Comment,
        (None, None) if inside => Within::Comment,
        _ => Within::Text,
    }
}

/// Deepens a heading by writing additional marks, and returns what is to follow them. There are six
/// levels and no more.
fn deepened<'a>(out: &mut String, line: &'a str) -> &'a str {
    let Some(body) = unindented(line) else {
        return line;
    };
    let level = body.bytes().take_while(|&b| b == b'#').count();
    let ends = matches!(body.as_bytes().get(level), None | Some(b' ' | b'\t'));
    if !ends || !(1..=6).contains(&level) {
        return line;
    }
    out.push_str(&"##"[..HEADINGS_DOWN.min(6 - level)]);
    body
}

/// The line without an indentation of at most three spaces; more makes it code.
fn unindented(line: &str) -> Option<&str> {
    let body = line.trim_start_matches(' ');
    (line.len() - body.len() <= 3).then_some(body)
}

/// Appends a line without what is [`unseen`], tabs excepted.
pub(super) fn push_clean(out: &mut String, line: &str) {
    let suspect = |b: u8| b < b' ' || matches!(b, 0x7F | 0xC2 | 0xE2);
    if !line.bytes().fold(false, |any, b| any | suspect(b)) {
        out.push_str(line);
    } else {
        out.extend(line.chars().filter(|&c| c == '\t' || !unseen(c)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expect: &str) {
        let mut out = String::new();
        push_block(&mut out, text);
        assert_eq!(out, expect, "for {text:?}");
    }

    #[test]
    fn text_is_kept() {
        check(
            "one\r\n\r\n*two*  \n  - three\n\n\n",
            "one\n\n*two*  \n  - three\n",
        );
        check("", "");
        check("#hashtag\n    # code", "#hashtag\n    # code\n");
    }

    #[test]
    fn headings_move_below_the_step() {
        check("  # a\n##### b\n###### c", "### a\n###### b\n###### c\n");
        check(
            "```sh\n# comment\n```\n# d",
            "```sh\n# comment\n```\n### d\n",
        );
    }

    #[test]
    fn what_is_open_is_closed() {
        check("```rust\nfn f() {}", "```rust\nfn f() {}\n```\n");
        check("~~~~\n~~~\n```", "~~~~\n~~~\n```\n~~~~\n");
        check("a <!-- b\n# c", "a <!-- b\n# c\n-->\n");
        check("<!-- b --> c", "<!-- b --> c\n");
        check("``` not a fence `\n", "``` not a fence `\n");
    }

    #[test]
    fn escape_sequences_are_dropped() {
        check("\u{1b}[1mbold\u{1b}[0m\tx", "[1mbold[0m\tx\n");
    }
}
