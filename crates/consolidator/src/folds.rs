//! Duplicates: exact ones join by themselves, near ones are folded by whoever finds them.

use crate::consolidator::Consolidator;
use crate::record::{FindingId, NONE};
use crate::view::Rank;

impl Consolidator {
    /// Folds a finding, with its exact duplicates and all that is folded into them, into another: it is
    /// listed there with its places, and counts towards the severity shown. Lasts until `into` and
    /// its exact duplicates are gone, [`unmerge`](Self::unmerge) is called, or the finding is replaced
    /// by one that says something else.
    ///
    /// Returns whether the finding is now listed with `into` and was not before; not if either is
    /// gone, or if both are the same or exact duplicates. O(findings folded into `id` + log findings).
    pub fn merge(&mut self, id: FindingId, into: FindingId) -> bool {
        let (Some(a), Some(b)) = (self.model.index(id), self.model.index(into)) else {
            return false;
        };
        if self.model.leader(a) == self.model.leader(b) {
            return false;
        }
        let (from, to) = (self.group_of(a), self.group_of(b));
        let parent_of = |id| self.model.groups.get(id).into;
        let under = parent_of(from);
        if under != NONE && (under == to || under == parent_of(to)) {
            return false;
        }
        let model = &self.model;
        let changed = [a, b, model.leader(a), model.leader(b), model.root(a)];
        for index in changed {
            self.unlist_root(index);
            self.touch(self.model.record(index).step, Rank::Tail);
        }
        let groups = &mut self.model.groups;
        if under != NONE {
            groups.unfold(from);
        }
        if groups.get(to).into == from {
            groups.unfold(to);
        }
        let target = match groups.get(to).into {
            NONE => to,
            root => root,
        };
        groups.fold(from, target);
        changed.into_iter().for_each(|index| self.list_root(index));
        if under != NONE {
            self.shrink(under);
        }
        true
    }

    /// Lists a finding that was folded into another by itself again, with its exact duplicates.
    /// Returns whether it was folded. O(log findings).
    pub fn unmerge(&mut self, id: FindingId) -> bool {
        let Some(index) = self.model.index(id) else {
            return false;
        };
        let group = self.model.record(index).group;
        if group == NONE || self.model.groups.get(group).into == NONE {
            return false;
        }
        let into = self.model.groups.get(group).into;
        let changed = [index, self.model.root(index)];
        changed
            .into_iter()
            .for_each(|index| self.unlist_root(index));
        self.touch(self.model.record(self.model.leader(index)).step, Rank::Tail);
        self.model.groups.unfold(group);
        changed.into_iter().for_each(|index| self.list_root(index));
        self.shrink(group);
        self.shrink(into);
        true
    }

    /// The finding that a finding is listed with: itself, unless it repeats another. O(1).
    pub fn leader(&self, id: FindingId) -> Option<FindingId> {
        let index = self.model.index(id)?;
        Some(self.model.id(self.model.root(index)))
    }

    /// How many findings the one that this is listed with stands for, itself included. O(1).
    pub fn count(&self, id: FindingId) -> u64 {
        let index = self.model.index(id);
        index.map_or(0, |index| self.model.count(self.model.root(index)))
    }

    /// The findings that are listed with this one: exact duplicates, and what is folded into it.
    pub fn followers(&self, id: FindingId) -> impl Iterator<Item = FindingId> {
        let leader = (self.model.index(id)).filter(|index| self.model.root(*index) == *index);
        let followers = leader
            .into_iter()
            .flat_map(|index| self.model.followers(index));
        followers.map(|index| self.model.id(index))
    }

    /// Adds an exact duplicate to the class of one that is there.
    pub(crate) fn join(&mut self, index: u32, leader: u32, hash: u32) {
        self.unlist_root(leader);
        let group = self.group_of(leader);
        let record = &mut self.model.records[index as usize];
        record.group = group;
        let (order, severity) = (record.order(), record.severity);
        if self.model.groups.join(group, order, index, severity) {
            self.model.same.rename(hash, leader, index);
        }
        self.list_root(index);
        self.list_root(leader);
    }

    /// Takes a finding out of its class; what was folded into a class that is gone is listed again.
    pub(crate) fn leave(&mut self, index: u32, hash: u32) {
        self.unlist_root(index);
        let record = &mut self.model.records[index as usize];
        let group = std::mem::replace(&mut record.group, NONE);
        let (order, severity) = (record.order(), record.severity);
        self.model.groups.leave(group, order, severity);
        let left = self.model.groups.get(group);
        if let Some((_, &leader)) = left.members.first_key_value() {
            // Only the leader is in the table.
            if self.model.same.has(hash, index) {
                self.model.same.rename(hash, index, leader);
            }
            self.list_root(leader);
            self.touch(self.model.record(leader).step, Rank::Tail);
            return self.shrink(group);
        }
        self.model.same.remove(hash, index);
        self.dissolve(group);
    }

    /// Drops a group without members.
    fn dissolve(&mut self, group: u32) {
        let into = self.model.groups.get(group).into;
        if into != NONE {
            self.model.groups.unfold(group);
            self.list_root(self.model.groups.get(into).leader);
            self.shrink(into);
        }
        for child in self.model.groups.get(group).children.clone() {
            self.model.groups.unfold(child);
            let leader = self.model.groups.get(child).leader;
            self.list_root(leader);
            let members: Vec<u32> = (self.model.followers(leader)).collect();
            for member in members.into_iter().chain([leader]) {
                self.touch(self.model.record(member).step, Rank::Tail);
            }
            self.shrink(child);
        }
        self.model.groups.free(group);
    }

    /// The group of a finding, made if it has none.
    fn group_of(&mut self, index: u32) -> u32 {
        let record = &mut self.model.records[index as usize];
        if record.group == NONE {
            let (order, severity) = (record.order(), record.severity);
            record.group = self.model.groups.create(index, order, severity);
        }
        record.group
    }

    /// Drops a group that is down to one finding.
    fn shrink(&mut self, id: u32) {
        let group = self.model.groups.get(id);
        if group.members.len() == 1 && group.into == NONE && group.children.is_empty() {
            let leader = group.leader;
            self.model.records[leader as usize].group = NONE;
            self.model.groups.free(id);
        }
    }
}
