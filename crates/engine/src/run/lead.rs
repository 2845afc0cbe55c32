//! What stands at the head of a consolidated document: what changed since a baseline, and the sentences that stand for
//! the whole.

use std::fmt::Write as _;

use autoexec_consolidator::{Budget, Consolidator, Place, Summariser};
use autoexec_memory_trimmer::estimate_tokens;
use serde::Serialize;

use super::output::Since;

/// A sentence that stands for the document, and where it comes from.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Sentence {
    pub(super) text: String,
    /// The number of the step in the document.
    step: u32,
    /// Its title.
    title: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    file: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    line: Option<u32>,
}

/// The head of a document.
#[derive(Debug, Clone, Default, Serialize)]
pub(super) struct Lead {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) baseline: Option<Since>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) brief: Vec<Sentence>,
}

/// The sentences that stand for a document, together of at most so many estimated tokens.
pub(super) fn brief(
    document: &Consolidator,
    max_tokens: u32,
    is_stopped: &dyn Fn() -> bool,
) -> Vec<Sentence> {
    let cost = |quote: &str| estimate_tokens(quote) as usize;
    let summariser = Summariser::new().stop_when(is_stopped);
    let cited = document.brief(&summariser, Budget::Tokens(max_tokens as usize, &cost));
    let sentences = cited.into_iter().map(|cited| {
        let finding = cited.finding.and_then(|id| document.finding(id));
        let place: Option<Place> = finding.and_then(|it| it.places.into_iter().next());
        Sentence {
            text: cited.text.split_whitespace().collect::<Vec<_>>().join(" "),
            step: cited.step,
            title: document.get(cited.step).unwrap_or_default().title,
            line: place.as_ref().map(|it| it.line).filter(|line| *line > 0),
            file: place.map(|it| it.file).filter(|file| !file.is_empty()),
        }
    });
    sentences.collect()
}

impl Lead {
    fn is_empty(&self) -> bool {
        self.baseline.is_none() && self.brief.is_empty()
    }

    /// Puts it behind the first line, the title.
    pub(super) fn put_in_text(&self, text: Vec<u8>, is_markdown: bool) -> Vec<u8> {
        let title = text.iter().position(|b| *b == b'\n').map_or(0, |at| at + 1);
        let mut out = String::new();
        let (strong, heading, indent) = match is_markdown {
            true => ("**", "## ", ""),
            false => ("", "", "  "),
        };
        if let Some(since) = self.baseline {
            _ = writeln!(out, "\n{strong}Since the baseline: {since}{strong}");
        }
        if !self.brief.is_empty() {
            _ = writeln!(out, "\n{heading}In brief\n");
        }
        for sentence in &self.brief {
            let shown = |text: &str| match is_markdown {
                true => escaped(text),
                false => visible(text).collect(),
            };
            let number = |line| format!(":{line}");
            let line = sentence.line.map(number).unwrap_or_default();
            let place = match &sentence.file {
                Some(file) => format!(", {}{line}", shown(file)),
                None => String::new(),
            };
            let (text, title) = (shown(&sentence.text), shown(&sentence.title));
            _ = writeln!(out, "{indent}- {text} ({}. {title}{place})", sentence.step);
        }
        [&text[..title], out.as_bytes(), &text[title..]].concat()
    }

    /// Puts it first into the object that `json` is: its keys, or the object of them under `key`.
    pub(super) fn put_in_json(&self, json: Vec<u8>, key: Option<&str>) -> Vec<u8> {
        if self.is_empty() {
            return json;
        }
        let own = serde_json::to_string(self).expect("because it has only string keys");
        let head = match key {
            Some(key) => format!("{{\"{key}\":{own},"),
            None => format!("{},", &own[..own.len() - 1]),
        };
        assert_eq!(json.first(), Some(&b'{'), "because a document is an object");
        [head.as_bytes(), &json[1..]].concat()
    }
}

/// Without control characters and those that turn the direction of text.
fn visible(text: &str) -> impl Iterator<Item = char> {
    let unseen =
        |c: &char| c.is_control() || matches!(c, '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}');
    text.chars().filter(move |c| !unseen(c))
}

/// As text in Markdown: nothing in it is markup.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 8);
    for c in visible(text) {
        if matches!(c, '\\' | '`' | '<' | '*' | '_' | '[' | ']' | '&' | '~') {
            out.push('\\');
        }
        out.push(c);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use autoexec_consolidator::{Finding, Step};

    fn document() -> Consolidator {
        let mut document = Consolidator::with_title("T");
        let step = Step {
            title: "Search".into(),
            text: "The pool is <b>drained</b> while the `lock` is held.".into(),
            ..Step::default()
        };
        document.set(3, step);
        let held = Finding::new("Readers of the pool wait for the lock.");
        document.add(3, held.at("src/a_b.rs", 7));
        document
    }

    fn lead() -> Lead {
        let since = Since {
            new: 1,
            known: 0,
            gone: 2,
        };
        Lead {
            baseline: Some(since),
            brief: brief(&document(), 100, &|| false),
        }
    }

    #[test]
    fn sentences_stand_behind_the_title_with_their_places() {
        let text = lead().put_in_text(b"# T\n\n## 3. Search\n".to_vec(), true);
        let expect = "# T\n\n**Since the baseline: 1 new, 0 known, 2 gone**\n\n## In brief\n\n\
            - The pool is \\<b>drained\\</b> while the \\`lock\\` is held. (3. Search)\n\
            - Readers of the pool wait for the lock. (3. Search, src/a\\_b.rs:7)\n\n## 3. Search\n";
        assert_eq!(String::from_utf8_lossy(&text), expect);
        let text = lead().put_in_text(b"T\n".to_vec(), false);
        let text = String::from_utf8_lossy(&text);
        assert!(
            text.contains(
                "\n  - Readers of the pool wait for the lock. (3. Search, src/a_b.rs:7)\n"
            )
        );
    }

    #[test]
    fn keys_come_first_and_the_rest_stays() {
        let read = |json: &[u8]| serde_json::from_slice::<serde_json::Value>(json).expect("JSON");
        let own = read(&lead().put_in_json(br#"{"format":1}"#.to_vec(), None));
        assert_eq!(own["format"], 1);
        assert_eq!(
            own["baseline"],
            serde_json::json!({"new": 1, "known": 0, "gone": 2})
        );
        let sentence = serde_json::json!({
            "text": "Readers of the pool wait for the lock.", "step": 3, "title": "Search",
            "file": "src/a_b.rs", "line": 7,
        });
        assert_eq!(own["brief"][1], sentence);
        let under =
            read(&lead().put_in_json(br#"{"version":"2.1.0"}"#.to_vec(), Some("properties")));
        assert_eq!(under["properties"]["brief"][1], sentence);
        let nothing = Lead::default();
        assert_eq!(nothing.put_in_json(b"{}".to_vec(), None), b"{}");
        assert_eq!(nothing.put_in_text(b"T\nx".to_vec(), true), b"T\nx");
    }

    #[test]
    fn a_brief_keeps_to_its_tokens() {
        for most in [1, 8, 12, 30] {
            let sentences = brief(&document(), most, &|| false);
            let tokens: u32 = sentences.iter().map(|it| estimate_tokens(&it.text)).sum();
            assert!(tokens <= most, "{tokens} of {most}");
        }
        assert_eq!(brief(&document(), 30, &|| false).len(), 2);
    }
}
