//! Just enough Markdown to find code, links and headings.

/// What the checks need of one document. Line numbers count from 1.
#[derive(Debug, Default)]
pub(crate) struct Document {
    pub(crate) blocks: Vec<Block>,
    /// Inline code: line and text.
    pub(crate) spans: Vec<(usize, String)>,
    /// Link targets: line and target.
    pub(crate) links: Vec<(usize, String)>,
    /// The anchors that the headings make, as GitHub names them.
    pub(crate) anchors: Vec<String>,
}

/// A fenced block of code.
#[derive(Debug)]
pub(crate) struct Block {
    /// The first word after the fence: `sh`, `rust`, or nothing.
    pub(crate) language: String,
    /// Line and text of each line inside.
    pub(crate) lines: Vec<(usize, String)>,
}

impl Document {
    pub(crate) fn parse(text: &str) -> Self {
        let mut document = Self::default();
        let mut fence: Option<(String, Block)> = None;
        let mut prose: Vec<(usize, &str)> = Vec::new();
        for (index, line) in text.lines().enumerate() {
            let opener = fence_of(line);
            match (&mut fence, opener) {
                (Some((open, _)), Some(mark))
                    if mark.starts_with(open.as_str()) && line.trim() == mark =>
                {
                    document.blocks.extend(fence.take().map(|(_, block)| block));
                }
                (Some((_, block)), _) => block.lines.push((index + 1, line.to_owned())),
                (None, Some(mark)) => {
                    document.add_prose(&std::mem::take(&mut prose));
                    let info = line.trim().trim_start_matches(['`', '~']);
                    let language = info.split([' ', ',']).next().unwrap_or_default().to_owned();
                    fence = Some((
                        mark,
                        Block {
                            language,
                            lines: Vec::new(),
                        },
                    ));
                }
                (None, None) if line.trim().is_empty() => {
                    document.add_prose(&std::mem::take(&mut prose))
                }
                (None, None) => prose.push((index + 1, line)),
            }
        }
        document.add_prose(&prose);
        document.blocks.extend(fence.map(|(_, block)| block));
        document
    }

    /// A paragraph, a list or a table: lines with no empty one between them.
    fn add_prose(&mut self, lines: &[(usize, &str)]) {
        let Some(&(first, _)) = lines.first() else {
            return;
        };
        for (_, line) in lines {
            self.add_heading(line);
        }
        let text = lines
            .iter()
            .map(|(_, line)| *line)
            .collect::<Vec<_>>()
            .join("\n");
        let line_at = |at: usize| first + text[..at].matches('\n').count();
        let (spans, rest) = split_spans(&text);
        for (at, span) in spans {
            self.spans.push((
                line_at(at),
                span.split_whitespace().collect::<Vec<_>>().join(" "),
            ));
        }
        for (at, target) in link_targets(&rest) {
            self.links.push((line_at(at), target));
        }
    }

    fn add_heading(&mut self, line: &str) {
        let title = line.trim_start_matches('#');
        if title.len() == line.len() || !title.starts_with(' ') {
            return;
        }
        let slug = slug(title.trim());
        let again = self.anchors.iter().filter(|known| **known == slug).count();
        self.anchors.push(if again == 0 {
            slug
        } else {
            format!("{slug}-{again}")
        });
    }
}

/// The run of backticks or tildes that opens or closes a block.
fn fence_of(line: &str) -> Option<String> {
    let trimmed = line.trim_start();
    let mark = trimmed.chars().next().filter(|c| matches!(c, '`' | '~'))?;
    let run: String = trimmed.chars().take_while(|&c| c == mark).collect();
    // A backtick later in the line makes it inline code, not a fence.
    let inline = mark == '`' && trimmed[run.len()..].contains('`');
    (run.len() >= 3 && !inline).then_some(run)
}

/// Inline code with its place, and the text with that code turned into spaces.
fn split_spans(text: &str) -> (Vec<(usize, String)>, String) {
    let (mut spans, mut rest) = (Vec::new(), String::with_capacity(text.len()));
    let mut at = 0;
    while at < text.len() {
        let ticks = text[at..].bytes().take_while(|&byte| byte == b'`').count();
        let close = if ticks == 0 {
            None
        } else {
            closing_run(&text[at + ticks..], ticks)
        };
        if let Some(length) = close {
            spans.push((at, text[at + ticks..at + ticks + length].to_owned()));
            let end = at + length + 2 * ticks;
            rest.extend(
                text[at..end]
                    .bytes()
                    .map(|byte| if byte == b'\n' { '\n' } else { ' ' }),
            );
            at = end;
        } else {
            let step = text[at..]
                .chars()
                .next()
                .map_or(1, char::len_utf8)
                .max(ticks);
            rest.push_str(&text[at..at + step]);
            at += step;
        }
    }
    (spans, rest)
}

/// Bytes before the next run of exactly `ticks` backticks.
fn closing_run(text: &str, ticks: usize) -> Option<usize> {
    let mut at = 0;
    while let Some(offset) = text[at..].find('`') {
        let start = at + offset;
        let run = text[start..]
            .bytes()
            .take_while(|&byte| byte == b'`')
            .count();
        if run == ticks {
            return Some(start);
        }
        at = start + run;
    }
    None
}

/// Targets of `[text](target)`, `![alt](target)` and `[name]: target`.
fn link_targets(text: &str) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    for mark in ["](", "]: "] {
        for (at, _) in text.match_indices(mark) {
            let definition = mark == "]: ";
            if definition && !begins_with_bracket(text, at) {
                continue;
            }
            let rest = text[at + mark.len()..].trim_start_matches('<');
            let end =
                rest.find(|c: char| c.is_whitespace() || c == '>' || (c == ')' && !definition));
            found.push((at, rest[..end.unwrap_or(rest.len())].to_owned()));
        }
    }
    found
}

fn begins_with_bracket(text: &str, at: usize) -> bool {
    let line_start = text[..at].rfind('\n').map_or(0, |newline| newline + 1);
    text[line_start..at].trim_start().starts_with('[')
}

/// GitHub's anchor of a heading: lower case, spaces to hyphens, punctuation dropped.
fn slug(title: &str) -> String {
    let kept = title
        .chars()
        .filter(|&c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
    kept.flat_map(char::to_lowercase)
        .map(|c| if c == ' ' { '-' } else { c })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_keep_language_lines_and_inner_fences() {
        let document = Document::parse("a\n````sh title\n```\ncargo x\n````\nb `c`\n~~~\nopen");
        assert_eq!(document.blocks[0].language, "sh");
        assert_eq!(
            document.blocks[0].lines,
            [(3, "```".to_owned()), (4, "cargo x".to_owned())]
        );
        assert_eq!(document.blocks[1].lines, [(8, "open".to_owned())]);
        assert_eq!(document.spans, [(6, "c".to_owned())]);
    }

    #[test]
    fn spans_may_wrap_and_hold_backticks() {
        let document =
            Document::parse("\nsee `cargo xtask\ntest` and ``a ` b`` but ` not\n\nthis `");
        let expect = [(2, "cargo xtask test".to_owned()), (3, "a ` b".to_owned())];
        assert_eq!(document.spans, expect);
    }

    #[test]
    fn links_are_found_outside_code_only() {
        let text =
            "[a](x.md) ![b](<y.png> \"title\")\n`[c](no.md)`\n\n[d]: z.md#part\nnot a [x]: no";
        let targets: Vec<String> = Document::parse(text)
            .links
            .into_iter()
            .map(|(_, target)| target)
            .collect();
        assert_eq!(targets, ["x.md", "y.png", "z.md#part"]);
        assert!(Document::parse("```\n[a](no.md)\n```").links.is_empty());
    }

    #[test]
    fn anchors_are_those_github_makes() {
        let document = Document::parse("# What it is, and `why`\n\n## Use\n## Use\n#hash\n");
        assert_eq!(document.anchors, ["what-it-is-and-why", "use", "use-1"]);
    }
}
