//! Counts over all steps, kept current by every change.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

use crate::digest::of_path;
use crate::{Severity, Step};

/// Counts over a document.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Summary {
    /// Steps.
    pub steps: u64,
    /// Distinct files checked.
    pub files_checked: u64,
    /// Distinct relevant files.
    pub relevant_files: u64,
    /// Findings that are listed.
    pub findings: u64,
    /// Findings that were counted but not kept.
    pub omitted: u64,
    /// Listed findings by severity, in the order of [`Severity::ALL`].
    pub by_severity: [u64; 5],
}

impl Summary {
    /// Listed findings of one severity.
    pub fn of(&self, severity: Severity) -> u64 {
        self.by_severity[severity as usize]
    }

    /// All findings, listed or not.
    pub fn findings_total(&self) -> u64 {
        self.findings.saturating_add(self.omitted)
    }
}

/// The counters behind a [`Summary`].
#[derive(Debug, Clone, Default)]
pub(crate) struct Tally {
    steps: u64,
    checked: Files,
    relevant: Files,
    /// Wide enough that steps which each omit `u64::MAX` can be added and taken away again.
    omitted: u128,
    by_severity: [u64; 5],
}

impl Tally {
    pub(crate) fn add(&mut self, step: &Step) {
        self.steps += 1;
        self.omitted += u128::from(step.omitted);
        step.files_checked.iter().for_each(|f| self.checked.add(f));
        (step.relevant_files.iter()).for_each(|f| self.relevant.add(f));
        for finding in &step.findings {
            self.by_severity[finding.severity as usize] += 1;
        }
    }

    pub(crate) fn remove(&mut self, step: &Step) {
        self.steps -= 1;
        self.omitted -= u128::from(step.omitted);
        (step.files_checked.iter()).for_each(|f| self.checked.remove(f));
        (step.relevant_files.iter()).for_each(|f| self.relevant.remove(f));
        for finding in &step.findings {
            self.by_severity[finding.severity as usize] -= 1;
        }
    }

    pub(crate) fn summary(&self) -> Summary {
        Summary {
            steps: self.steps,
            files_checked: self.checked.distinct(),
            relevant_files: self.relevant.distinct(),
            findings: self.by_severity.iter().sum(),
            omitted: u64::try_from(self.omitted).unwrap_or(u64::MAX),
            by_severity: self.by_severity,
        }
    }
}

/// How often each path is named. Keyed by its 128-bit digest: no path is stored twice.
#[derive(Debug, Clone, Default)]
struct Files(HashMap<u128, u32, BuildHasherDefault<Already>>);

impl Files {
    fn add(&mut self, path: &str) {
        *self.0.entry(of_path(path)).or_insert(0) += 1;
    }

    fn remove(&mut self, path: &str) {
        let key = of_path(path);
        let count = (self.0.get_mut(&key)).expect("because only what was added is removed");
        *count -= 1;
        if *count == 0 {
            self.0.remove(&key);
        }
    }

    fn distinct(&self) -> u64 {
        self.0.len() as u64
    }
}

/// A hasher for keys that are hashes already.
#[derive(Default)]
struct Already(u64);

impl Hasher for Already {
    fn write(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(byte);
        }
    }

    fn write_u128(&mut self, key: u128) {
        self.0 = key as u64;
    }

    fn finish(&self) -> u64 {
        self.0
    }
}
