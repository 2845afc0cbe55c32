//! What is new since an earlier run, what was known, and what is gone.

use std::collections::HashMap;

use crate::consolidator::Consolidator;
use crate::digest::Fingerprint;
use crate::record::FindingId;

/// The findings of this run beside the fingerprints of an earlier one.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Comparison {
    /// Findings that the earlier run did not have.
    pub new: Vec<FindingId>,
    /// Findings that both have.
    pub known: Vec<FindingId>,
    /// Fingerprints of the earlier run that no finding has now, in their order there.
    pub gone: Vec<Fingerprint>,
}

impl Consolidator {
    /// What tells a finding from others across runs. O(length of the finding).
    pub fn fingerprint(&self, id: FindingId) -> Option<Fingerprint> {
        let record = self.model.record(self.model.index(id)?);
        Some(Fingerprint::of(record, &self.model.names))
    }

    /// The fingerprints of all findings in the order of steps, exact duplicates once: what to store
    /// for the next run's [`compare`](Self::compare). Two findings of one text in one file have the same.
    pub fn fingerprints(&self) -> impl Iterator<Item = Fingerprint> {
        self.distinct().map(|(_, fingerprint)| fingerprint)
    }

    /// Compares with the fingerprints of an earlier run. As many findings of one fingerprint are
    /// known as the earlier run had; those that come first in the order of steps. O(all findings).
    pub fn compare(&self, previous: impl IntoIterator<Item = Fingerprint>) -> Comparison {
        let previous: Vec<Fingerprint> = previous.into_iter().collect();
        let mut left: HashMap<Fingerprint, u64> = HashMap::new();
        for fingerprint in &previous {
            *left.entry(*fingerprint).or_default() += 1;
        }
        let mut comparison = Comparison::default();
        for (id, fingerprint) in self.distinct() {
            match left.get_mut(&fingerprint).filter(|count| **count > 0) {
                Some(count) => {
                    *count -= 1;
                    comparison.known.push(id);
                }
                None => comparison.new.push(id),
            }
        }
        // Of those that are left, the last ones of the earlier run are gone.
        for fingerprint in previous.into_iter().rev() {
            if let Some(count) = left.get_mut(&fingerprint).filter(|count| **count > 0) {
                *count -= 1;
                comparison.gone.push(fingerprint);
            }
        }
        comparison.gone.reverse();
        comparison
    }

    /// Findings without their exact duplicates.
    fn distinct(&self) -> impl Iterator<Item = (FindingId, Fingerprint)> {
        let model = &self.model;
        let first = |index: &u32| model.leader(*index) == *index;
        (model.items.values().copied().filter(first)).map(|index| {
            let fingerprint = Fingerprint::of(model.record(index), &model.names);
            (model.id(index), fingerprint)
        })
    }
}
