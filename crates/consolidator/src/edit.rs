//! Changes: each keeps the indexes, the digest and the counts, and marks what it makes stale.

use crate::consolidator::Consolidator;
use crate::digest::{self, of_order, of_record};
use crate::record::{NONE, Record, State, order};
use crate::render::one_line;
use crate::steps::{Entry, Meta};
use crate::view::{By, Key, Part, Rank};
use crate::{Finding, Step};

impl Consolidator {
    /// Adds a step without findings, or replaces what a step says beside its findings.
    pub(crate) fn put_meta(&mut self, number: u32, step: &mut Step) {
        let meta = Meta::new(step, &mut self.model.names);
        self.touch(number, Rank::Head);
        self.touch(number, Rank::Tail);
        self.drop_meta(number);
        let model = &mut self.model;
        model.omitted += u128::from(meta.omitted());
        let mut digest = digest::of_meta(number, &meta, &model.names);
        let entry = model.steps.get_or_insert_with(number, || {
            digest = digest.wrapping_add(of_order(number, 0));
            Entry {
                chained: true,
                ..Entry::default()
            }
        });
        entry.meta = meta;
        model.digest = model.digest.wrapping_add(digest);
    }

    /// Removes a step with everything in it.
    pub(crate) fn drop_step(&mut self, number: u32) {
        self.touch(number, Rank::Head);
        self.touch(number, Rank::Tail);
        let held: Vec<u32> = self.model.indexes_of(number).collect();
        held.into_iter().for_each(|index| self.drop_finding(index));
        // Touched again: the findings have, as they went.
        self.touch(number, Rank::Head);
        self.touch(number, Rank::Tail);
        self.drop_meta(number);
        let model = &mut self.model;
        if !model.unchained.remove(&number)
            && let Some(entry) = model.steps.get(&number)
        {
            model.digest = model.digest.wrapping_sub(of_order(number, entry.chain));
        }
        model.steps.remove(&number);
    }

    /// Takes what a step says out of the counts; it stays until it is replaced.
    fn drop_meta(&mut self, number: u32) {
        let model = &mut self.model;
        let Some(entry) = model.steps.get_mut(&number) else {
            return;
        };
        let meta = std::mem::take(&mut entry.meta);
        let digest = digest::of_meta(number, &meta, &model.names);
        model.digest = model.digest.wrapping_sub(digest);
        model.omitted -= u128::from(meta.omitted());
        meta.release(&mut model.names);
    }

    /// Adds findings at the end of a step that is there, and returns the index of the last.
    pub(crate) fn push_findings(
        &mut self,
        step: u32,
        findings: impl IntoIterator<Item = Finding>,
    ) -> Option<u32> {
        self.model.add_order(step, u128::wrapping_sub);
        let indexes = (findings.into_iter()).map(|finding| self.push_finding(step, finding));
        let last = indexes.last();
        self.model.add_order(step, u128::wrapping_add);
        last
    }

    /// Adds a finding, without the new order of the step in the digest.
    fn push_finding(&mut self, step: u32, finding: Finding) -> u32 {
        let model = &mut self.model;
        let entry = model
            .steps
            .get_mut(&step)
            .expect("because the caller made the step");
        let position = entry.next;
        entry.next = (position.checked_add(1)).expect("because no step sees 2^32 findings");
        let first = entry.count == 0;
        entry.count += 1;
        let record = Record::new(finding, step, position, &mut model.names);
        model.by_severity[record.severity as usize] += 1;
        let text = digest::of_text(&record.text);
        let digest = digest::of_record_with(&record, text, &model.names);
        model.digest = model.digest.wrapping_add(digest);
        entry.chain = digest::chained(entry.chain, digest);
        let hash = digest::identity_with(&record, Some(text));
        let index = model.store(record);
        model.items.insert(order(step, position), index);
        if first && model.view.by == By::Step {
            self.touch(step, Rank::Head);
        }
        self.link(index, hash);
        index
    }

    /// Removes a finding that is there.
    pub(crate) fn drop_finding(&mut self, index: u32) {
        self.unlink(index);
        self.model.discount(index);
        let model = &mut self.model;
        let record = &mut model.records[index as usize];
        let (step, order) = (record.step, record.order());
        record.release(&mut model.names);
        (record.text, record.rare, record.state) = (Box::default(), None, State::Free);
        record.generation = record.generation.wrapping_add(1);
        if record.generation != 0 {
            model.free.push(index);
        }
        model.items.remove(&order);
        let entry = model
            .steps
            .get_mut(&step)
            .expect("because a finding has its step");
        entry.count -= 1;
        if entry.count == 0 && model.view.by == By::Step {
            self.touch(step, Rank::Head);
        }
    }

    /// Puts another finding in the place of one that is there.
    pub(crate) fn exchange(&mut self, index: u32, finding: Finding) {
        let old = self.model.record(index).clone();
        let mut new = Record::new(finding, old.step, old.position, &mut self.model.names);
        (new.generation, new.state) = (old.generation, State::Folded);
        let twin = is_twin(&old, &new);
        if !twin {
            self.unlink(index);
        } else {
            self.unlist_root(index);
            new.group = old.group;
            if new.group != NONE {
                self.model.groups.count(new.group, old.severity, u32::MAX);
                self.model.groups.count(new.group, new.severity, 1);
            }
        }
        self.model.discount(index);
        let severity = new.severity;
        self.model.records[index as usize] = new;
        old.release(&mut self.model.names);
        let model = &mut self.model;
        let digest = of_record(model.record(index), &model.names);
        model.digest = model.digest.wrapping_add(digest);
        model.by_severity[severity as usize] += 1;
        if twin {
            self.list_root(index);
        } else {
            self.link(index, digest::identity(self.model.record(index)));
        }
    }

    /// Lists a finding that is in no list, by its identity: by itself, or with the one that it repeats.
    fn link(&mut self, index: u32, hash: u32) {
        let model = &mut self.model;
        if let Some(leader) = model.same.find(hash, |other| model.is_twin(other, index)) {
            self.stats.duplicates += 1;
            return self.join(index, leader, hash);
        }
        model.same.insert(hash, index);
        self.list(index);
    }

    /// Takes a finding out of the lists.
    fn unlink(&mut self, index: u32) {
        let hash = digest::identity(self.model.record(index));
        if self.model.record(index).group != NONE {
            return self.leave(index, hash);
        }
        self.unlist(index);
        self.model.same.remove(hash, index);
    }

    /// Lists the finding that stands for this one, unless it is.
    pub(crate) fn list_root(&mut self, index: u32) {
        let root = self.model.root(index);
        if self.model.record(root).state == State::Folded {
            self.list(root);
        }
        if root != index {
            self.touch(self.model.record(index).step, Rank::Tail);
        }
    }

    /// Takes the finding that stands for this one out of its section, if it is in one.
    pub(crate) fn unlist_root(&mut self, index: u32) {
        let root = self.model.root(index);
        if self.model.record(root).state == State::Shown {
            self.unlist(root);
        }
        if root != index {
            self.touch(self.model.record(index).step, Rank::Tail);
        }
    }

    fn list(&mut self, index: u32) {
        self.touch_item(index);
        let model = &mut self.model;
        if model.view.by != By::Step {
            let (section, group) = model.section(index);
            model.sections.entry(section).or_insert((group, 0)).1 += 1;
            let order = model.record(index).order();
            model.listed.insert((group, order), index);
        }
        let record = &mut model.records[index as usize];
        record.state = State::Shown;
        model.shown += 1;
        if let Some(entry) = model.steps.get_mut(&record.step) {
            entry.shown += 1;
        }
    }

    fn unlist(&mut self, index: u32) {
        self.touch_item(index);
        let model = &mut self.model;
        if model.view.by != By::Step {
            let (section, group) = model.section(index);
            let order = model.record(index).order();
            model.listed.remove(&(group, order));
            if let Some((_, count)) = model.sections.get_mut(&section) {
                *count -= 1;
                if *count == 0 {
                    model.sections.remove(&section);
                }
            }
        }
        let record = &mut model.records[index as usize];
        record.state = State::Folded;
        model.shown -= 1;
        if let Some(entry) = model.steps.get_mut(&record.step) {
            entry.shown -= 1;
        }
    }

    /// Marks a part of a step as stale.
    pub(crate) fn touch(&mut self, step: u32, rank: Rank) {
        let part = match rank {
            Rank::Tail => Part::Tail(step),
            _ => Part::Prelude(step),
        };
        (self.rendered).mark(&self.model, &Key::step(step, rank), part);
    }

    /// Marks a finding that comes, goes or changes as stale, and the heading above it if that counts.
    fn touch_item(&mut self, index: u32) {
        if !self.rendered.is_active() {
            return;
        }
        let (section, group) = self.model.section(index);
        let rank = Rank::Item(self.model.record(index).order());
        let mut key = Key::head(section);
        if self.model.view.by != By::Step {
            (self.rendered).mark(&self.model, &key, Part::Heading(group, 0));
        }
        key.rank = rank;
        (self.rendered).mark(&self.model, &key, Part::Item(index));
    }
}

/// Whether two findings are exact duplicates.
pub(crate) fn is_twin(a: &Record, b: &Record) -> bool {
    let place = |record: &Record| (record.kind, record.place.file, record.place.line);
    place(a) == place(b) && (a.text == b.text || one_line(&a.text) == one_line(&b.text))
}

impl crate::model::Model {
    fn is_twin(&self, a: u32, b: u32) -> bool {
        is_twin(self.record(a), self.record(b))
    }

    fn store(&mut self, mut record: Record) -> u32 {
        record.state = State::Folded;
        match self.free.pop() {
            Some(index) => {
                let slot = &mut self.records[index as usize];
                record.generation = slot.generation;
                *slot = record;
                index
            }
            None => {
                self.records.push(record);
                u32::try_from(self.records.len() - 1).expect("because ids have 32 bits")
            }
        }
    }

    /// Adds the order of a step to the digest, or takes it away, unless it is in `unchained`.
    fn add_order(&mut self, step: u32, add: fn(u128, u128) -> u128) {
        if let Some(entry) = self.steps.get(&step).filter(|entry| entry.chained) {
            self.digest = add(self.digest, of_order(step, entry.chain));
        }
    }

    /// Takes a finding out of digest and counts.
    fn discount(&mut self, index: u32) {
        let record = &self.records[index as usize];
        let (step, severity) = (record.step, record.severity);
        self.digest = (self.digest).wrapping_sub(of_record(record, &self.names));
        self.by_severity[severity as usize] -= 1;
        self.unchain(step);
    }
}
