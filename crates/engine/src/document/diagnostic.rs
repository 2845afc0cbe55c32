//! What is wrong with a document, where, and how to mend it.

use std::fmt;

/// Where something stands in a text. Lines and columns count from 1, columns in characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Place {
    /// Line, from 1.
    pub line: usize,
    /// Column, from 1.
    pub column: usize,
    /// Characters that the thing takes on its first line, at least 1.
    pub width: usize,
}

/// One error in a document.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Diagnostic {
    /// What is wrong, in one sentence without its place.
    pub message: String,
    /// Where; absent when the error has no place in the text (an unreadable file).
    pub place: Option<Place>,
    /// The step that it stands in, when it stands in one.
    pub step: Option<String>,
    /// How to mend it, or the nearest valid name.
    pub help: Option<String>,
}

impl Diagnostic {
    /// An error at a place.
    pub fn new(message: impl Into<String>, place: Place) -> Self {
        Self {
            message: message.into(),
            place: Some(place),
            step: None,
            help: None,
        }
    }

    /// An error of the whole file.
    pub fn whole(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            place: None,
            step: None,
            help: None,
        }
    }

    /// Adds how to mend it.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// Adds how to mend it, if there is a hint.
    #[must_use]
    pub fn maybe_help(mut self, help: Option<String>) -> Self {
        self.help = help.or(self.help);
        self
    }

    /// Names the step that the error stands in.
    #[must_use]
    pub fn in_step(mut self, step: impl Into<String>) -> Self {
        self.step = Some(step.into());
        self
    }
}

/// All errors of one document, in the order of their places.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostics {
    /// The name of the file, as it was given.
    pub file: String,
    /// The document's text, for excerpts; empty when it could not be read.
    pub source: String,
    /// The errors; never empty.
    pub errors: Vec<Diagnostic>,
}

impl Diagnostics {
    /// One error of a file that could not even be parsed.
    pub fn single(file: &str, source: &str, error: Diagnostic) -> Self {
        Self::many(file, source, vec![error])
    }

    /// Sorts errors by place.
    pub fn many(file: &str, source: &str, mut errors: Vec<Diagnostic>) -> Self {
        errors.sort_by_key(|e| e.place);
        Self {
            file: file.to_owned(),
            source: source.to_owned(),
            errors,
        }
    }
}

impl std::error::Error for Diagnostics {}

impl fmt::Display for Diagnostics {
    /// Each error as a compiler shows it: message, place, the line it stands on, help.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lines: Vec<&str> = self.source.lines().collect();
        for (index, error) in self.errors.iter().enumerate() {
            if index > 0 {
                writeln!(f)?;
            }
            write_one(f, &self.file, &lines, error)?;
        }
        Ok(())
    }
}

fn write_one(
    f: &mut fmt::Formatter<'_>,
    file: &str,
    lines: &[&str],
    e: &Diagnostic,
) -> fmt::Result {
    let step = e
        .step
        .as_ref()
        .map(|s| format!(" (step `{s}`)"))
        .unwrap_or_default();
    writeln!(f, "error: {}{step}", e.message)?;
    match e.place {
        Some(place) => {
            writeln!(f, "  --> {file}:{}:{}", place.line, place.column)?;
            if let Some(line) = lines.get(place.line.saturating_sub(1)) {
                write_excerpt(f, line, place)?;
            }
        }
        None => writeln!(f, "  --> {file}")?,
    }
    match &e.help {
        Some(help) => writeln!(f, "  help: {help}"),
        None => Ok(()),
    }
}

/// Columns of an excerpt; a longer line is cut around the place.
const EXCERPT_COLUMNS: usize = 120;

fn write_excerpt(f: &mut fmt::Formatter<'_>, line: &str, place: Place) -> fmt::Result {
    let first = place.column.saturating_sub(EXCERPT_COLUMNS / 2 + 1);
    let shown: String = line.chars().skip(first).take(EXCERPT_COLUMNS).collect();
    let indent = place.column - 1 - first;
    let room = shown.chars().count().saturating_sub(indent).max(1);
    let carets = "^".repeat(place.width.clamp(1, room));
    let gutter = place.line.to_string().len();
    writeln!(f, "{:gutter$} |", "")?;
    writeln!(f, "{} | {}", place.line, shown.replace('\t', " "))?;
    writeln!(f, "{:gutter$} | {:indent$}{carets}", "", "")
}

/// The candidate nearest to `word` by Damerau–Levenshtein distance, when it is near enough to be a slip.
pub fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let limit = (word.chars().count() / 3).max(1) + 1;
    candidates
        .into_iter()
        .filter(|c| c.len().abs_diff(word.len()) <= limit * 4)
        .map(|c| {
            (
                strsim::damerau_levenshtein(&word.to_lowercase(), &c.to_lowercase()),
                c,
            )
        })
        .filter(|(distance, c)| *distance <= limit && *distance < c.chars().count())
        .min()
        .map(|(_, c)| c)
}

/// "did you mean …", or the list of what is valid.
pub fn suggestion<'a>(
    word: &str,
    candidates: impl IntoIterator<Item = &'a str> + Clone,
) -> Option<String> {
    if let Some(near) = nearest(word, candidates.clone()) {
        return Some(format!("did you mean `{near}`?"));
    }
    let all: Vec<String> = candidates.into_iter().map(|c| format!("`{c}`")).collect();
    (!all.is_empty() && all.len() <= 24).then(|| format!("valid here: {}", all.join(", ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nearest_finds_slips_and_refuses_strangers() {
        assert_eq!(nearest("stpes", ["steps", "inputs"]), Some("steps"));
        assert_eq!(nearest("Timeout", ["timeout"]), Some("timeout"));
        assert_eq!(nearest("zebra", ["steps", "inputs"]), None);
        assert_eq!(nearest("x", ["id"]), None);
    }

    #[test]
    fn an_error_shows_its_line_and_a_caret_under_the_offending_text() {
        let place = Place {
            line: 2,
            column: 3,
            width: 4,
        };
        let error = Diagnostic::new("unknown key `nmae`", place)
            .help("did you mean `name`?")
            .in_step("a");
        let shown = Diagnostics::single("w.yaml", "a:\n  nmae: x\n", error).to_string();
        assert_eq!(
            shown,
            "error: unknown key `nmae` (step `a`)\n  --> w.yaml:2:3\n  |\n2 |   nmae: x\n  |   ^^^^\n  help: did you mean `name`?\n"
        );
    }

    #[test]
    fn a_very_long_line_is_cut_around_the_place() {
        let source = format!("{}bad{}", "a".repeat(5000), "b".repeat(5000));
        let place = Place {
            line: 1,
            column: 5001,
            width: 3,
        };
        let shown = Diagnostics::single("w", &source, Diagnostic::new("m", place)).to_string();
        assert!(shown.len() < 600, "{}", shown.len());
        let caret = shown.lines().last().expect("a caret line").trim_end();
        let line = shown.lines().nth(3).expect("an excerpt");
        assert_eq!(&line[caret.find('^').expect("a caret")..][..3], "bad");
    }
}
