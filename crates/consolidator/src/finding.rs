//! What is found: a text with a severity, places, and what speaks for it.

use crate::{Confidence, Severity};

/// Where something is: a file, lines of it, a column. Empty and 0 stand for "not known".
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// The file, or nothing.
    pub file: String,
    /// The first line, from 1; 0 if it is not known.
    pub line: u32,
    /// The last line, if there are several; otherwise 0 or the first.
    pub end_line: u32,
    /// The column in the first line, from 1; 0 if it is not known.
    pub column: u32,
}

impl Place {
    /// A line of a file.
    pub fn new(file: impl Into<String>, line: u32) -> Self {
        Place {
            file: file.into(),
            line,
            ..Place::default()
        }
    }

    /// A file as a whole.
    pub fn file(file: impl Into<String>) -> Self {
        Place::new(file, 0)
    }

    /// Ends the place at a later line.
    #[must_use]
    pub fn to(mut self, end_line: u32) -> Self {
        self.end_line = end_line;
        self
    }

    /// Sets the column.
    #[must_use]
    pub fn column(mut self, column: u32) -> Self {
        self.column = column;
        self
    }

    /// Whether it says anything.
    pub fn is_known(&self) -> bool {
        *self != Place::default()
    }
}

/// What speaks for a finding: a quotation, and where it stands.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Evidence {
    /// The quotation.
    pub text: String,
    /// Where it stands; may say nothing.
    pub place: Place,
}

/// One thing found, with the places where it was found.
///
/// ```
/// use autoexec_consolidator::{Finding, Place, Severity};
///
/// let finding = Finding::new("`unwrap` on a lock")
///     .kind("unwrap")
///     .at("src/pool.rs", 42)
///     .also_at(Place::new("src/main.rs", 7).to(9))
///     .severity(Severity::High);
/// assert_eq!(finding.places.len(), 2);
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Finding {
    /// How much it matters.
    pub severity: Severity,
    /// What sort of finding it is, as `todo` or a rule's id; may be empty.
    pub kind: String,
    /// What was found. Shown on one line, whatever it contains.
    pub text: String,
    /// Where it was found; the first place is the one it is listed under. Places that say nothing are
    /// dropped when the finding is stored.
    pub places: Vec<Place>,
    /// Files that matter to it.
    pub relevant_files: Vec<String>,
    /// What it leads one to believe.
    pub hypothesis: Option<String>,
    /// How sure it is.
    pub confidence: Option<Confidence>,
    /// What speaks for it.
    pub evidence: Vec<Evidence>,
}

impl Finding {
    /// A finding of severity `Info` without a place.
    pub fn new(text: impl Into<String>) -> Self {
        Finding {
            text: text.into(),
            ..Finding::default()
        }
    }

    /// Places it at a line of a file; further calls add places.
    #[must_use]
    pub fn at(self, file: impl Into<String>, line: u32) -> Self {
        self.also_at(Place::new(file, line))
    }

    /// Places it in a file as a whole.
    #[must_use]
    pub fn in_file(self, file: impl Into<String>) -> Self {
        self.also_at(Place::file(file))
    }

    /// Adds a place.
    #[must_use]
    pub fn also_at(mut self, place: Place) -> Self {
        self.places.push(place);
        self
    }

    /// Sets the column of the place added last.
    #[must_use]
    pub fn column(mut self, column: u32) -> Self {
        if let Some(place) = self.places.last_mut() {
            place.column = column;
        }
        self
    }

    /// Sets the severity.
    #[must_use]
    pub fn severity(mut self, severity: Severity) -> Self {
        self.severity = severity;
        self
    }

    /// Sets the kind.
    #[must_use]
    pub fn kind(mut self, kind: impl Into<String>) -> Self {
        self.kind = kind.into();
        self
    }

    /// Sets how sure it is.
    #[must_use]
    pub fn confidence(mut self, confidence: Confidence) -> Self {
        self.confidence = Some(confidence);
        self
    }

    /// Sets what it leads one to believe.
    #[must_use]
    pub fn hypothesis(mut self, hypothesis: impl Into<String>) -> Self {
        self.hypothesis = Some(hypothesis.into());
        self
    }

    /// Adds a quotation and where it stands.
    #[must_use]
    pub fn evidence(mut self, text: impl Into<String>, place: Place) -> Self {
        let text = text.into();
        self.evidence.push(Evidence { text, place });
        self
    }

    /// The places that say something.
    pub(crate) fn known_places(&self) -> impl Iterator<Item = &Place> {
        self.places.iter().filter(|place| place.is_known())
    }
}
