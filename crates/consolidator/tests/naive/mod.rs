//! The same as a `Consolidator`, by the shortest code: everything is found by looking at all.

use std::collections::{BTreeMap, BTreeSet};

use autoexec_consolidator::{Finding, FindingId, Severity, Step, Summary};

/// Exact duplicates are those of one class.
type Class = (String, String, String, u32);

/// Steps whose findings are kept beside them, and which class is folded into which.
#[derive(Debug, Default)]
pub(crate) struct Naive {
    steps: BTreeMap<u32, (Step, Vec<(FindingId, Finding)>)>,
    folds: BTreeMap<Class, Class>,
}

fn class(finding: &Finding) -> Class {
    let words = finding
        .text
        .split(|c: char| c.is_whitespace() || c.is_control() || turns(c));
    let words: Vec<&str> = words.filter(|word| !word.is_empty()).collect();
    let place = finding.places.first().cloned().unwrap_or_default();
    (
        finding.kind.clone(),
        words.join(" "),
        place.file,
        place.line,
    )
}

fn turns(c: char) -> bool {
    "\u{202A}\u{202B}\u{202C}\u{202D}\u{202E}\u{2066}\u{2067}\u{2068}\u{2069}".contains(c)
}

fn known(mut finding: Finding) -> Finding {
    finding.places.retain(|place| place.is_known());
    finding
}

impl Naive {
    pub(crate) fn numbers(&self) -> Vec<u32> {
        self.steps.keys().copied().collect()
    }

    pub(crate) fn get(&self, number: u32) -> Option<Step> {
        let (step, findings) = self.steps.get(&number)?;
        let mut step = step.clone();
        step.findings = findings
            .iter()
            .map(|(_, finding)| finding.clone())
            .collect();
        Some(step)
    }

    pub(crate) fn findings(&self) -> Vec<(FindingId, Finding)> {
        self.steps
            .values()
            .flat_map(|(_, findings)| findings.clone())
            .collect()
    }

    pub(crate) fn set(&mut self, number: u32, mut step: Step, ids: &[FindingId]) {
        let new: Vec<Finding> = std::mem::take(&mut step.findings)
            .into_iter()
            .map(known)
            .collect();
        let entry = self.steps.entry(number).or_default();
        entry.0 = step;
        let old = &mut entry.1;
        let kept = old
            .iter()
            .zip(&new)
            .take_while(|((_, old), new)| old == *new)
            .count();
        assert!(
            old[..kept].iter().map(|(id, _)| id).eq(&ids[..kept]),
            "ids are kept"
        );
        old.truncate(kept);
        self.purge();
        let more = ids.iter().copied().zip(new).skip(kept);
        self.steps.entry(number).or_default().1.extend(more);
    }

    pub(crate) fn remove(&mut self, number: u32) -> Option<Step> {
        let step = self.get(number);
        self.steps.remove(&number);
        self.purge();
        step
    }

    pub(crate) fn add(&mut self, number: u32, id: FindingId, finding: Finding) {
        self.steps
            .entry(number)
            .or_default()
            .1
            .push((id, known(finding)));
    }

    pub(crate) fn replace(&mut self, id: FindingId, finding: Finding) -> Finding {
        let old = std::mem::replace(self.slot(id), known(finding));
        self.purge();
        old
    }

    pub(crate) fn remove_finding(&mut self, id: FindingId) -> Finding {
        let old = self.slot(id).clone();
        for (_, findings) in self.steps.values_mut() {
            findings.retain(|(other, _)| *other != id);
        }
        self.purge();
        old
    }

    pub(crate) fn merge(&mut self, id: FindingId, into: FindingId) -> bool {
        let (a, b) = (class(self.slot(id)), class(self.slot(into)));
        let root = self.folds.get(&b).unwrap_or(&b).clone();
        if a == b || self.folds.get(&a) == Some(&root) {
            return false;
        }
        self.folds.remove(&a);
        if self.folds.get(&b) == Some(&a) {
            self.folds.remove(&b);
        }
        let root = self.folds.get(&b).unwrap_or(&b).clone();
        for target in self.folds.values_mut().filter(|target| **target == a) {
            *target = root.clone();
        }
        self.folds.insert(a, root);
        true
    }

    pub(crate) fn unmerge(&mut self, id: FindingId) -> bool {
        let class = class(self.slot(id));
        self.folds.remove(&class).is_some()
    }

    pub(crate) fn leader(&self, id: FindingId) -> FindingId {
        let all = self.findings();
        let finding = &all.iter().find(|(other, _)| *other == id).expect("there").1;
        let own = class(finding);
        let root = self.folds.get(&own).unwrap_or(&own);
        all.iter()
            .find(|(_, other)| class(other) == *root)
            .expect("not purged")
            .0
    }

    pub(crate) fn count(&self, leader: FindingId) -> u64 {
        let all = self.findings();
        all.iter()
            .filter(|(id, _)| self.leader(*id) == leader)
            .count() as u64
    }

    pub(crate) fn check_counts(&self, summary: Summary) {
        let distinct = |of: fn(&Step) -> &Vec<String>| {
            let files = self.steps.values().flat_map(|(step, _)| of(step));
            files.cloned().collect::<BTreeSet<String>>()
        };
        let findings = self.findings();
        let mut relevant = distinct(|step| &step.relevant_files);
        relevant.extend(findings.iter().flat_map(|(_, f)| f.relevant_files.clone()));
        assert_eq!(summary.steps, self.steps.len() as u64);
        assert_eq!(
            summary.files_checked,
            distinct(|s| &s.files_checked).len() as u64
        );
        assert_eq!(summary.relevant_files, relevant.len() as u64);
        let omitted: u64 = self.steps.values().map(|(step, _)| step.omitted).sum();
        assert_eq!(summary.omitted, omitted);
        for severity in Severity::ALL {
            let count = findings
                .iter()
                .filter(|(_, f)| f.severity == severity)
                .count();
            assert_eq!(summary.of(severity), count as u64);
        }
    }

    fn slot(&mut self, id: FindingId) -> &mut Finding {
        let mut all = self.steps.values_mut().flat_map(|(_, findings)| findings);
        &mut all.find(|(other, _)| *other == id).expect("there").1
    }

    /// Forgets folds of classes that are gone, and into them.
    fn purge(&mut self) {
        let left: BTreeSet<Class> = self.findings().iter().map(|(_, f)| class(f)).collect();
        self.folds
            .retain(|from, into| left.contains(from) && left.contains(into));
    }
}
