//! Counts over all steps, kept current by every change.

use crate::Severity;

/// Counts over a document.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Summary {
    /// Steps.
    pub steps: u64,
    /// Distinct files checked.
    pub files_checked: u64,
    /// Distinct relevant files, of steps and of findings.
    pub relevant_files: u64,
    /// Findings that are held, each duplicate included.
    pub findings: u64,
    /// Findings that are listed with another, which they repeat.
    pub duplicates: u64,
    /// Findings that were counted but not kept.
    pub omitted: u64,
    /// Findings held by their own severity, in the order of [`Severity::ALL`].
    pub by_severity: [u64; 5],
}

impl Summary {
    /// Findings of one severity.
    pub fn of(&self, severity: Severity) -> u64 {
        self.by_severity[severity as usize]
    }

    /// All findings, held or not.
    pub fn findings_total(&self) -> u64 {
        self.findings.saturating_add(self.omitted)
    }
}
