//! Findings that repeat one another: classes of exact duplicates, and classes folded into others.

use std::collections::{BTreeMap, BTreeSet};

use crate::Severity;
use crate::record::NONE;

/// A class of exact duplicates, or a single finding that takes part in a fold.
#[derive(Debug, Clone)]
pub(crate) struct Group {
    /// The first of the members, in the order of steps.
    pub(crate) leader: u32,
    /// Findings by their order.
    pub(crate) members: BTreeMap<u64, u32>,
    /// The group that this one is folded into, or [`NONE`]. That one is folded into none.
    pub(crate) into: u32,
    /// Groups folded into this one.
    pub(crate) children: BTreeSet<u32>,
    /// Members by severity.
    pub(crate) own: [u32; 5],
    /// Members by severity, with those of the groups folded into this one.
    pub(crate) all: [u32; 5],
}

impl Group {
    /// The worst severity of all that it stands for.
    pub(crate) fn severity(&self) -> Severity {
        let worst = self.all.iter().rposition(|count| *count > 0);
        Severity::ALL[worst.unwrap_or(0)]
    }

    /// How many findings it stands for.
    pub(crate) fn count(&self) -> u64 {
        self.all.iter().map(|count| u64::from(*count)).sum()
    }
}

/// All groups; most findings are in none.
#[derive(Debug, Clone, Default)]
pub(crate) struct Groups {
    slots: Vec<Option<Box<Group>>>,
    free: Vec<u32>,
}

impl Groups {
    pub(crate) fn get(&self, id: u32) -> &Group {
        (self.slots[id as usize].as_deref()).expect("because records name live groups only")
    }

    pub(crate) fn get_mut(&mut self, id: u32) -> &mut Group {
        (self.slots[id as usize].as_deref_mut()).expect("because records name live groups only")
    }

    /// A group of one finding.
    pub(crate) fn create(&mut self, leader: u32, order: u64, severity: Severity) -> u32 {
        let mut own = [0; 5];
        own[severity as usize] = 1;
        let group = Some(Box::new(Group {
            leader,
            members: BTreeMap::from([(order, leader)]),
            into: NONE,
            children: BTreeSet::new(),
            own,
            all: own,
        }));
        match self.free.pop() {
            Some(id) => {
                self.slots[id as usize] = group;
                id
            }
            None => {
                self.slots.push(group);
                self.slots.len() as u32 - 1
            }
        }
    }

    /// Drops a group that has no fold left.
    pub(crate) fn free(&mut self, id: u32) {
        self.slots[id as usize] = None;
        self.free.push(id);
    }

    /// Adds a member, and says whether it leads now.
    pub(crate) fn join(&mut self, id: u32, order: u64, index: u32, severity: Severity) -> bool {
        let group = self.get_mut(id);
        group.members.insert(order, index);
        let leads = group.members.first_key_value().map(|(_, first)| *first) == Some(index);
        if leads {
            group.leader = index;
        }
        self.count(id, severity, 1);
        leads
    }

    /// Takes a member out; another leads if it led.
    pub(crate) fn leave(&mut self, id: u32, order: u64, severity: Severity) {
        self.count(id, severity, u32::MAX);
        let group = self.get_mut(id);
        group.members.remove(&order);
        if let Some((_, first)) = group.members.first_key_value() {
            group.leader = *first;
        }
    }

    /// Adds to the count of a severity, here and where this is folded into; wraps for -1.
    pub(crate) fn count(&mut self, id: u32, severity: Severity, by: u32) {
        let group = self.get_mut(id);
        let at = severity as usize;
        group.own[at] = group.own[at].wrapping_add(by);
        group.all[at] = group.all[at].wrapping_add(by);
        let into = group.into;
        if into != NONE {
            let count = &mut self.get_mut(into).all[at];
            *count = count.wrapping_add(by);
        }
    }

    /// Folds a group, and those that are folded into it, into another that is folded into none.
    pub(crate) fn fold(&mut self, id: u32, into: u32) {
        for child in std::mem::take(&mut self.get_mut(id).children) {
            self.get_mut(child).into = NONE;
            self.attach(child, into);
        }
        let group = self.get_mut(id);
        group.all = group.own;
        self.attach(id, into);
    }

    /// Takes a group out of the one that it is folded into.
    pub(crate) fn unfold(&mut self, id: u32) {
        let group = self.get_mut(id);
        let (into, own) = (std::mem::replace(&mut group.into, NONE), group.own);
        let parent = self.get_mut(into);
        parent.children.remove(&id);
        for (all, count) in parent.all.iter_mut().zip(own) {
            *all -= count;
        }
    }

    fn attach(&mut self, id: u32, into: u32) {
        let group = self.get_mut(id);
        group.into = into;
        let own = group.own;
        let parent = self.get_mut(into);
        parent.children.insert(id);
        for (all, count) in parent.all.iter_mut().zip(own) {
            *all += count;
        }
    }
}
