//! What a document holds, and the order of its parts in a view.

use std::collections::{BTreeMap, BTreeSet};

use crate::digest::{self, of_order, of_record, of_title};
use crate::groups::Groups;
use crate::names::{Names, Use};
use crate::pages::Pages;
use crate::record::{FindingId, NONE, Record, State, order};
use crate::same::Same;
use crate::sorted::Sorted;
use crate::steps::Entry;
use crate::view::{By, Key, Part, Rank, Section, View};
use crate::{Severity, Step, Summary};

/// Steps and findings with their indexes. Every change goes through [`crate::Consolidator`], which
/// notes what it makes stale.
#[derive(Debug, Clone, Default)]
pub(crate) struct Model {
    pub(crate) title: String,
    pub(crate) view: View,
    pub(crate) steps: Sorted<u32, Entry>,
    /// Findings by step and position.
    pub(crate) items: Sorted<u64, u32>,
    pub(crate) records: Pages<Record>,
    pub(crate) free: Vec<u32>,
    pub(crate) names: Names,
    pub(crate) groups: Groups,
    /// The first of each class of exact duplicates, by identity.
    pub(crate) same: Same,
    /// Unless the view is by step: listed findings by group (file, or rank of severity) and order.
    pub(crate) listed: BTreeMap<(u32, u64), u32>,
    /// Unless the view is by step: each section's group, and how many findings it lists.
    pub(crate) sections: BTreeMap<Section, (u32, u32)>,
    /// Sum of the digests of steps, findings and orders.
    pub(crate) digest: u128,
    /// Steps whose order is not in the digest.
    pub(crate) unchained: BTreeSet<u32>,
    /// Wide enough that steps which each omit `u64::MAX` can be added and taken away again.
    pub(crate) omitted: u128,
    pub(crate) by_severity: [u64; 5],
    pub(crate) shown: u64,
}

impl Model {
    pub(crate) fn summary(&self) -> Summary {
        let findings = self.by_severity.iter().sum();
        Summary {
            steps: self.steps.len() as u64,
            files_checked: self.names.distinct(Use::Checked),
            relevant_files: self.names.distinct(Use::Relevant),
            findings,
            duplicates: findings - self.shown,
            omitted: u64::try_from(self.omitted).unwrap_or(u64::MAX),
            by_severity: self.by_severity,
        }
    }

    /// The digest with the order of every step in it. O(findings of the steps whose order changed).
    pub(crate) fn digest(&mut self) -> u128 {
        for step in std::mem::take(&mut self.unchained) {
            let chain = self.indexes_of(step).fold(0, |chain, index| {
                digest::chained(chain, of_record(&self.records[index as usize], &self.names))
            });
            if let Some(entry) = self.steps.get_mut(&step) {
                (entry.chain, entry.chained) = (chain, true);
                self.digest = self.digest.wrapping_add(of_order(step, chain));
            }
        }
        self.digest.wrapping_add(of_title(&self.title))
    }

    /// Takes a step's order out of the digest until it is asked for.
    pub(crate) fn unchain(&mut self, step: u32) {
        if let Some(entry) = self.steps.get_mut(&step).filter(|entry| entry.chained) {
            entry.chained = false;
            self.digest = self.digest.wrapping_sub(of_order(step, entry.chain));
            self.unchained.insert(step);
        }
    }

    pub(crate) fn record(&self, index: u32) -> &Record {
        &self.records[index as usize]
    }

    /// The index of a finding that is there.
    pub(crate) fn index(&self, id: FindingId) -> Option<u32> {
        let record = self.records.get(id.index as usize)?;
        let live = record.state != State::Free && record.generation == id.generation;
        live.then_some(id.index)
    }

    pub(crate) fn id(&self, index: u32) -> FindingId {
        let generation = self.record(index).generation;
        FindingId { index, generation }
    }

    /// A step's findings in order.
    pub(crate) fn indexes_of(&self, step: u32) -> impl DoubleEndedIterator<Item = u32> {
        let all = (self.items).range(&order(step, 0), &order(step, u32::MAX));
        all.map(|(_, index)| *index)
    }

    pub(crate) fn unpack(&self, number: u32, entry: &Entry) -> Step {
        let findings = self.indexes_of(number);
        Step {
            findings: findings
                .map(|index| self.record(index).unpack(&self.names))
                .collect(),
            ..entry.meta.unpack(&self.names)
        }
    }

    /// Whether the step is what is there. No allocation.
    pub(crate) fn is(&self, number: u32, step: &Step) -> bool {
        let Some(entry) = self.steps.get(&number) else {
            return false;
        };
        entry.count as usize == step.findings.len()
            && entry.meta.is(step, &self.names)
            && (self.indexes_of(number).zip(&step.findings))
                .all(|(index, finding)| self.record(index).is(finding, &self.names))
    }

    /// The finding that a finding is listed with; itself, if it repeats none.
    pub(crate) fn root(&self, index: u32) -> u32 {
        let group = self.record(index).group;
        if group == NONE {
            return index;
        }
        let group = self.groups.get(group);
        if group.into == NONE {
            group.leader
        } else {
            self.groups.get(group.into).leader
        }
    }

    /// The first of the exact duplicates of a finding.
    pub(crate) fn leader(&self, index: u32) -> u32 {
        let group = self.record(index).group;
        if group == NONE {
            index
        } else {
            self.groups.get(group).leader
        }
    }

    /// The severity that a listed finding shows: the worst of all that it stands for.
    pub(crate) fn severity(&self, index: u32) -> Severity {
        let record = self.record(index);
        if record.group == NONE {
            record.severity
        } else {
            self.groups.get(record.group).severity()
        }
    }

    /// How many findings a listed one stands for.
    pub(crate) fn count(&self, index: u32) -> u64 {
        let group = self.record(index).group;
        if group == NONE {
            1
        } else {
            self.groups.get(group).count()
        }
    }

    /// The findings that are listed with this one: its exact duplicates, then what is folded into it.
    pub(crate) fn followers(&self, index: u32) -> impl Iterator<Item = u32> {
        let group = self.record(index).group;
        let group = (group != NONE).then(|| self.groups.get(group));
        let children = group.into_iter().flat_map(|group| &group.children);
        let folded = children.flat_map(|child| self.groups.get(*child).members.values());
        let own = group.into_iter().flat_map(|group| group.members.values());
        own.chain(folded)
            .copied()
            .filter(move |&other| other != index)
    }

    /// The section that lists a finding, and its group in [`Self::listed`].
    pub(crate) fn section(&self, index: u32) -> (Section, u32) {
        let record = self.record(index);
        match self.view.by {
            By::Step => (Section::Step(record.step), record.step),
            By::Severity => {
                let section = Section::of_severity(self.severity(index));
                let group = u32::from(match section {
                    Section::Severity(rank) => rank,
                    _ => 0,
                });
                (section, group)
            }
            By::File => {
                let file = record.place.file;
                let section = match self.names.get(file) {
                    "" => Section::Elsewhere,
                    name => Section::File(name.into()),
                };
                (section, file)
            }
        }
    }

    /// The part that stands at a key, if there is one now.
    pub(crate) fn part_at(&self, key: &Key) -> Option<Part> {
        let section = &key.section;
        match (section, key.rank) {
            (Section::Step(step), Rank::Head | Rank::Tail) => {
                self.steps.contains_key(step).then_some(match key.rank {
                    Rank::Head => Part::Prelude(*step),
                    _ => Part::Tail(*step),
                })
            }
            (Section::Step(_), Rank::Item(order)) => {
                let index = *self.items.get(&order)?;
                (self.record(index).state == State::Shown).then_some(Part::Item(index))
            }
            (_, rank) => {
                let (group, count) = *self.sections.get(section)?;
                Some(match rank {
                    Rank::Item(order) => Part::Item(*self.listed.get(&(group, order))?),
                    _ => Part::Heading(group, count),
                })
            }
        }
    }

    /// The parts of the document from a key on.
    pub(crate) fn walk(&self, from: &Key) -> impl Iterator<Item = Part> {
        let rank = from.rank;
        let first = from.section.clone();
        let sections = self.sections.range(from.section.clone()..);
        let sections = sections.flat_map(move |(section, (group, count))| {
            let rank = if *section == first { rank } else { Rank::Head };
            let head = (rank == Rank::Head).then_some(Part::Heading(*group, *count));
            let start = match rank {
                Rank::Item(order) => order,
                _ => 0,
            };
            let items = self.listed.range((*group, start)..=(*group, u64::MAX));
            head.into_iter()
                .chain(items.map(|(_, index)| Part::Item(*index)))
        });
        let (number, rank) = match from.section {
            Section::Step(number) => (number, rank),
            _ => (0, Rank::Head),
        };
        let steps = self.steps.from(&number);
        sections.chain(steps.flat_map(move |(step, entry)| {
            let rank = if step == number { rank } else { Rank::Head };
            self.parts_of(step, entry, rank)
        }))
    }

    /// A step's parts from a rank on.
    fn parts_of(&self, step: u32, entry: &Entry, from: Rank) -> impl Iterator<Item = Part> {
        let prelude = (from == Rank::Head).then_some(Part::Prelude(step));
        let start = match from {
            Rank::Item(order) => order,
            _ => order(step, 0),
        };
        let any = self.view.by == By::Step && entry.shown > 0 && from != Rank::Tail;
        let items = any.then(|| self.items.range(&start, &order(step, u32::MAX)));
        let shown = |index: &&u32| self.record(**index).state == State::Shown;
        let items = items
            .into_iter()
            .flatten()
            .map(|(_, index)| index)
            .filter(shown);
        (prelude.into_iter())
            .chain(items.map(|index| Part::Item(*index)))
            .chain([Part::Tail(step)])
    }
}
