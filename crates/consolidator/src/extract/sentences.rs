//! Texts → units that can be quoted: sentences, headings, code blocks, tables.

use std::ops::Range;

use super::ends::Ends;

/// What a unit of text is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum UnitKind {
    /// A sentence, or a list item or line that stands for one.
    Sentence,
    /// A heading, or a title without a full stop at the very beginning.
    Heading,
    /// A fenced block of code, with its fences.
    Code,
    /// A row of a table, a rule, a line of markup or badges.
    Markup,
}

/// A unit of a text: never empty, never with white space at its ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unit {
    /// What it is.
    pub kind: UnitKind,
    /// Where it stands, in bytes.
    pub range: Range<usize>,
}

/// The units of a text in order, found lazily. O(bytes).
///
/// A sentence ends at `.`, `!`, `?` or `…` before white space, at 。！？ anywhere, and at the end of a paragraph, list item or
/// line of a quotation. It does not end after abbreviations (`e.g.`, `Dr.`, `Fig.`), initials and acronyms (`J.`, `U.S.`), or
/// inside numbers, URLs and file names; an ellipsis ends it only before a capital. A line break inside a paragraph ends it
/// where the line is short and the next one begins like a sentence of its own.
///
/// ```
/// use autoexec_consolidator::units;
///
/// let text = "See e.g. `a.b.rs`, version 1.2. Dr. Who says \"Stop!\" and goes. 終わり。次";
/// let found: Vec<&str> = units(text).map(|unit| &text[unit.range]).collect();
/// assert_eq!(found, ["See e.g. `a.b.rs`, version 1.2.", "Dr. Who says \"Stop!\" and goes.", "終わり。", "次"]);
/// ```
pub fn units(text: &str) -> impl Iterator<Item = Unit> + '_ {
    let blocks = Blocks { text, at: 0 };
    blocks.flat_map(move |(kind, block)| {
        let sentences = (kind == UnitKind::Sentence).then(|| Ends::new(text, block.clone()));
        let whole = (kind != UnitKind::Sentence).then_some(block);
        sentences
            .into_iter()
            .flatten()
            .chain(whole)
            .filter_map(move |range| {
                let range = trim(text, range);
                (!range.is_empty()).then_some(Unit { kind, range })
            })
    })
}

fn trim(text: &str, range: Range<usize>) -> Range<usize> {
    let part = &text[range.clone()];
    let start = range.start + (part.len() - part.trim_start().len());
    start..start + part.trim().len()
}

/// Runs of lines that belong together, by kind. Those of sentences are split further.
struct Blocks<'a> {
    text: &'a str,
    at: usize,
}

impl Iterator for Blocks<'_> {
    type Item = (UnitKind, Range<usize>);

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let line = self.line()?;
            let body = self.text[line.clone()].trim();
            if body.is_empty() {
                self.at = line.end;
                continue;
            }
            return Some(match kind(body) {
                Line::Fence => (UnitKind::Code, self.fenced(line)),
                Line::Heading => (UnitKind::Heading, self.take(line)),
                Line::Markup => (UnitKind::Markup, self.take(line)),
                Line::Item(marker) => {
                    let start = line.end - self.text[line.clone()].trim_start().len() + marker;
                    self.paragraph(start, line)
                }
                Line::Quoted(marker) => {
                    let start = line.end - self.text[line.clone()].trim_start().len() + marker;
                    self.at = line.end;
                    (UnitKind::Sentence, start..line.end)
                }
                Line::Prose => self.paragraph(line.start, line),
            });
        }
    }
}

impl Blocks<'_> {
    /// The line that begins here, with its line break.
    fn line(&self) -> Option<Range<usize>> {
        let rest = &self.text[self.at..];
        let length = rest.find('\n').map_or(rest.len(), |at| at + 1);
        (length > 0).then_some(self.at..self.at + length)
    }

    fn take(&mut self, line: Range<usize>) -> Range<usize> {
        self.at = line.end;
        line
    }

    /// A block of code up to the fence that closes it, or the end.
    fn fenced(&mut self, open: Range<usize>) -> Range<usize> {
        let fence = &self.text[open.clone()].trim()[..3];
        self.at = open.end;
        while let Some(line) = self.line() {
            self.at = line.end;
            if self.text[line].trim_start().starts_with(fence) {
                break;
            }
        }
        open.start..self.at
    }

    /// Lines of prose up to one that begins something else.
    fn paragraph(&mut self, start: usize, first: Range<usize>) -> (UnitKind, Range<usize>) {
        let is_title = first.start == 0 && start == 0;
        self.at = first.end;
        let mut last = first;
        while let Some(line) = self.line() {
            let body = self.text[line.clone()].trim();
            if is_underline(body) && start == last.start {
                self.at = line.end;
                return (UnitKind::Heading, start..last.end);
            }
            let before = self.text[last.clone()].trim();
            if body.is_empty() || !matches!(kind(body), Line::Prose) || stands_alone(before, body) {
                break;
            }
            self.at = line.end;
            last = line;
        }
        let text = self.text[start..self.at].trim();
        let blank = self.text[self.at..].starts_with(['\n', '\r']);
        match is_title && blank && !text.contains('\n') && is_title_like(text) {
            true => (UnitKind::Heading, start..self.at),
            false => (UnitKind::Sentence, start..self.at),
        }
    }
}

enum Line {
    Fence,
    Heading,
    Markup,
    /// A list item, and the length of its marker.
    Item(usize),
    /// A line of a quotation, and the length of its marks.
    Quoted(usize),
    Prose,
}

fn kind(body: &str) -> Line {
    let hashes = body.bytes().take_while(|b| *b == b'#').count();
    if body.starts_with("```") || body.starts_with("~~~") {
        Line::Fence
    } else if (1..=6).contains(&hashes) && body[hashes..].starts_with([' ', '\t']) {
        Line::Heading
    } else if body.starts_with(['|', '<']) || body.starts_with("[![") || is_rule(body) {
        Line::Markup
    } else if body.starts_with('>') {
        let marks = body.len() - body.trim_start_matches(['>', ' ']).len();
        Line::Quoted(marks)
    } else {
        item(body).map_or(Line::Prose, Line::Item)
    }
}

/// The length of a list item's marker with the space after it.
fn item(body: &str) -> Option<usize> {
    let bullet = ["- ", "* ", "+ ", "• "]
        .iter()
        .find(|mark| body.starts_with(**mark));
    if let Some(mark) = bullet {
        return Some(mark.len());
    }
    let digits = body.bytes().take_while(u8::is_ascii_digit).count();
    let rest = &body[digits..];
    let is_numbered =
        (1..=4).contains(&digits) && (rest.starts_with(". ") || rest.starts_with(") "));
    is_numbered.then_some(digits + 2)
}

/// Nothing but the signs of rules and underlines.
fn is_rule(body: &str) -> bool {
    body.bytes().all(|b| b"-=*_ \t".contains(&b))
}

fn is_underline(body: &str) -> bool {
    body.len() >= 3 && (body.bytes().all(|b| b == b'=') || body.bytes().all(|b| b == b'-'))
}

/// Whether a line was not broken for want of room, and the next begins anew: two lines of a list or log.
fn stands_alone(line: &str, next: &str) -> bool {
    line.len() < 40 && next.starts_with(|c: char| c.is_uppercase() || c.is_ascii_digit())
}

/// Short and without an end.
fn is_title_like(text: &str) -> bool {
    text.len() <= 100
        && !text
            .ends_with(|c: char| super::ends::is_end(c) || matches!(c, ':' | ',' | ';' | '"' | ')'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expect: &[(UnitKind, &str)]) {
        let found: Vec<(UnitKind, &str)> = units(text).map(|u| (u.kind, &text[u.range])).collect();
        assert_eq!(found, expect, "{text:?}");
    }

    #[test]
    fn blocks_of_markdown() {
        use UnitKind::{Code, Heading, Markup, Sentence};
        check("", &[]);
        check("\n \r\n", &[]);
        check(
            "# The title\nOne two three. Four five\nsix seven!\n\n- item one\n  goes on\n- item two. More.\n\n```rust\nlet x = 1. ;\n\n```\nAfter.\n",
            &[
                (Heading, "# The title"),
                (Sentence, "One two three."),
                (Sentence, "Four five\nsix seven!"),
                (Sentence, "item one\n  goes on"),
                (Sentence, "item two."),
                (Sentence, "More."),
                (Code, "```rust\nlet x = 1. ;\n\n```"),
                (Sentence, "After."),
            ],
        );
        check(
            "Underlined\n====\n1. first\n2) second\n> said. Twice\n> he\n| a | b |\n---\n<br>\n#tag is no heading",
            &[
                (Heading, "Underlined"),
                (Sentence, "first"),
                (Sentence, "second"),
                (Sentence, "said."),
                (Sentence, "Twice"),
                (Sentence, "he"),
                (Markup, "| a | b |"),
                (Markup, "---"),
                (Markup, "<br>"),
                (Sentence, "#tag is no heading"),
            ],
        );
        check("```\nopen to the end", &[(Code, "```\nopen to the end")]);
    }

    #[test]
    fn titles_lines_and_wrapped_lines() {
        use UnitKind::{Heading, Sentence};
        check(
            "A plain title\n\nThe text begins here",
            &[
                (Heading, "A plain title"),
                (Sentence, "The text begins here"),
            ],
        );
        for ended in ["It was said.", "As follows:", "(in short)"] {
            let text = format!("{ended}\n\nThe text begins here");
            check(
                &text,
                &[(Sentence, ended), (Sentence, "The text begins here")],
            );
        }
        check("Only line", &[(Sentence, "Only line")]);
        check(
            "Lock is held\nQueue is full\r\n17 retries\nand one that goes on",
            &[
                (Sentence, "Lock is held"),
                (Sentence, "Queue is full"),
                (Sentence, "17 retries\nand one that goes on"),
            ],
        );
        check(
            "A line that is long enough to have been broken where\nRust begins with a capital.",
            &[(
                Sentence,
                "A line that is long enough to have been broken where\nRust begins with a capital.",
            )],
        );
    }
}
