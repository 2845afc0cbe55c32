//! What a step reports.

use crate::{Confidence, Finding};

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
