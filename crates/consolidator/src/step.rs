//! What a step reports: findings with a severity and a place, files, a hypothesis.

use std::fmt;
use std::str::FromStr;

use crate::Error;

/// How much a finding matters, mildest first, so that `max()` is the worst.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Worth knowing; nothing to do.
    #[default]
    Info,
    /// Do it when passing by.
    Low,
    /// Plan it.
    Medium,
    /// Do it next.
    High,
    /// Stop and do it now.
    Critical,
}

impl Severity {
    /// Every severity, mildest first: the order of [`Summary::by_severity`](crate::Summary).
    pub const ALL: [Severity; 5] = [
        Severity::Info,
        Severity::Low,
        Severity::Medium,
        Severity::High,
        Severity::Critical,
    ];

    /// The lower-case name, as `Display` prints it.
    pub fn as_str(self) -> &'static str {
        match self {
            Severity::Info => "info",
            Severity::Low => "low",
            Severity::Medium => "medium",
            Severity::High => "high",
            Severity::Critical => "critical",
        }
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for Severity {
    type Err = Error;

    /// Accepts the lower-case name in any ASCII case.
    fn from_str(word: &str) -> Result<Self, Error> {
        (Self::ALL.into_iter())
            .find(|severity| word.eq_ignore_ascii_case(severity.as_str()))
            .ok_or_else(|| Error::UnknownSeverity(word.to_owned()))
    }
}

/// How sure a step is of its hypothesis, least sure first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Confidence {
    /// Still looking around.
    Exploring,
    /// A guess.
    Low,
    /// Some evidence.
    Medium,
    /// Strong evidence.
    High,
    /// Proven.
    Certain,
}

impl Confidence {
    /// Every confidence, least sure first.
    pub const ALL: [Confidence; 5] = [
        Confidence::Exploring,
        Confidence::Low,
        Confidence::Medium,
        Confidence::High,
        Confidence::Certain,
    ];

    /// The lower-case name, as `Display` prints it.
    pub fn as_str(self) -> &'static str {
        match self {
            Confidence::Exploring => "exploring",
            Confidence::Low => "low",
            Confidence::Medium => "medium",
            Confidence::High => "high",
            Confidence::Certain => "certain",
        }
    }
}

impl fmt::Display for Confidence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for Confidence {
    type Err = Error;

    /// Accepts the lower-case name in any ASCII case.
    fn from_str(word: &str) -> Result<Self, Error> {
        (Self::ALL.into_iter())
            .find(|confidence| word.eq_ignore_ascii_case(confidence.as_str()))
            .ok_or_else(|| Error::UnknownConfidence(word.to_owned()))
    }
}

/// One thing found, with the place where it was found.
///
/// ```
/// use autoexec_consolidator::{Finding, Severity};
///
/// let finding = Finding::new("`unwrap` on a lock").at("src/pool.rs", 42).severity(Severity::High);
/// assert_eq!(finding.line, Some(42));
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Finding {
    /// How much it matters.
    pub severity: Severity,
    /// What was found. Shown on one line, whatever it contains.
    pub text: String,
    /// The file it was found in.
    pub file: Option<String>,
    /// The line in that file, from 1.
    pub line: Option<u64>,
    /// The column in that line, from 1.
    pub column: Option<u64>,
}

impl Finding {
    /// A finding of severity `Info` without a place.
    pub fn new(text: impl Into<String>) -> Self {
        Finding {
            text: text.into(),
            ..Finding::default()
        }
    }

    /// Places it at a line of a file.
    #[must_use]
    pub fn at(mut self, file: impl Into<String>, line: u64) -> Self {
        self.file = Some(file.into());
        self.line = Some(line);
        self
    }

    /// Places it in a file as a whole.
    #[must_use]
    pub fn in_file(mut self, file: impl Into<String>) -> Self {
        self.file = Some(file.into());
        self
    }

    /// Sets the column.
    #[must_use]
    pub fn column(mut self, column: u64) -> Self {
        self.column = Some(column);
        self
    }

    /// Sets the severity.
    #[must_use]
    pub fn severity(mut self, severity: Severity) -> Self {
        self.severity = severity;
        self
    }
}

/// What one step of an investigation reports.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Step {
    /// The heading, shown on one line.
    pub title: String,
    /// Free Markdown, may be empty.
    pub text: String,
    /// What was found, in the order in which it should be read.
    pub findings: Vec<Finding>,
    /// Findings that were counted but not kept.
    pub omitted: u64,
    /// Files that were looked at.
    pub files_checked: Vec<String>,
    /// Files that turned out to matter.
    pub relevant_files: Vec<String>,
    /// What the step believes.
    pub hypothesis: Option<String>,
    /// How sure it is of that.
    pub confidence: Option<Confidence>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_back() {
        for severity in Severity::ALL {
            assert_eq!(severity.to_string().parse(), Ok(severity));
        }
        for confidence in Confidence::ALL {
            assert_eq!(
                confidence.as_str().to_uppercase().parse(),
                Ok(confidence),
                "any case is read"
            );
        }
        assert!(Severity::Info < Severity::Critical);
    }

    #[test]
    fn an_unknown_name_is_named_in_the_error() {
        let severity = "hgih".parse::<Severity>().unwrap_err();
        assert_eq!(
            severity.to_string(),
            "parse severity \"hgih\": expected one of info, low, medium, high, critical"
        );
        let confidence = "sure".parse::<Confidence>().unwrap_err();
        assert!(confidence.to_string().contains("certain"));
    }
}
