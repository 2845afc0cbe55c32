//! Changes: each keeps the indexes, the digest and the counts, and marks what it makes stale.

use crate::consolidator::Consolidator;
use crate::digest::{self, of_order, of_record};
use crate::record::{NONE, Record, State, order, push_tight};
use crate::steps::{Entry, Meta};
use crate::view::{By, Key, Part, Rank};
use crate::{Finding, Step};

impl Consolidator {
    /// Adds a step without findings, or replaces what a step says beside its findings.
    pub(crate) fn put_meta(&mut self, number: u32, step: &mut Step) {
        let meta = Box::new(Meta::new(step, &mut self.model.names));
        self.touch(number, Rank::Head);
        self.touch(number, Rank::Tail);
        self.drop_meta(number);
        let model = &mut self.model;
        let entry = model.steps.entry(number).or_insert_with(|| {
            model.digest = model.digest.wrapping_add(of_order(number, 0));
            Entry {
                chained: true,
                ..Entry::default()
            }
        });
        entry.meta = meta;
        model.omitted += u128::from(entry.meta.omitted);
        let entry = &model.steps[&number];
        model.digest = model.digest.wrapping_add(model.meta_digest(number, entry));
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
        model.omitted -= u128::from(meta.omitted);
        meta.release(&mut model.names);
    }

    /// Adds a finding at the end of a step that is there.
    pub(crate) fn push_finding(&mut self, step: u32, finding: Finding) -> u32 {
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
        let index = model.store(record);
        model.items.insert(order(step, position), index);
        model.append_digest(index);
        model.by_severity[model.record(index).severity as usize] += 1;
        if first && model.view.by == By::Step {
            self.touch(step, Rank::Head);
        }
        self.link(index);
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
            self.link(index);
        }
    }

    /// Lists a finding that is in no list: by itself, or with the one that it repeats.
    fn link(&mut self, index: u32) {
        let hash = digest::identity(self.model.record(index));
        let model = &mut self.model;
        let record = &model.records[index as usize];
        let twin = |other: &u32| is_twin(&model.records[*other as usize], record);
        if let Some(leader) = model.same.find(hash, twin).copied() {
            self.stats.duplicates += 1;
            return self.join(index, leader, hash);
        }
        let records = &model.records;
        let rehash = |other: &u32| digest::identity(&records[*other as usize]);
        model.same.insert_unique(hash, index, rehash);
        self.list(index);
    }

    /// Takes a finding out of the lists.
    fn unlink(&mut self, index: u32) {
        let hash = digest::identity(self.model.record(index));
        if self.model.record(index).group != NONE {
            return self.leave(index, hash);
        }
        self.unlist(index);
        self.model.rename(hash, index, None);
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
        let (section, group) = self.model.section(index);
        let head = Key::head(section);
        if self.model.view.by != By::Step {
            self.rendered.mark(&self.model, &head);
            self.rendered.forget(Part::Heading(group, 0));
            let model = &mut self.model;
            model.sections.entry(head.section).or_insert((group, 0)).1 += 1;
            let order = model.record(index).order();
            model.listed.insert((group, order), index);
        } else {
            let key = self.model.item_key(index);
            self.rendered.mark(&self.model, &key);
        }
        let record = &mut self.model.records[index as usize];
        record.state = State::Shown;
        self.model.shown += 1;
        if let Some(entry) = self.model.steps.get_mut(&record.step) {
            entry.shown += 1;
        }
    }

    fn unlist(&mut self, index: u32) {
        let (section, group) = self.model.section(index);
        let head = Key::head(section);
        if self.model.view.by != By::Step {
            self.rendered.mark(&self.model, &head);
            self.rendered.forget(Part::Heading(group, 0));
            let model = &mut self.model;
            let order = model.record(index).order();
            model.listed.remove(&(group, order));
            if let Some((_, count)) = model.sections.get_mut(&head.section) {
                *count -= 1;
                if *count == 0 {
                    model.sections.remove(&head.section);
                }
            }
        } else {
            let key = self.model.item_key(index);
            self.rendered.mark(&self.model, &key);
        }
        self.rendered.forget(Part::Item(index));
        let record = &mut self.model.records[index as usize];
        record.state = State::Folded;
        self.model.shown -= 1;
        if let Some(entry) = self.model.steps.get_mut(&record.step) {
            entry.shown -= 1;
        }
    }

    /// Marks a part of a step as stale.
    pub(crate) fn touch(&mut self, step: u32, rank: Rank) {
        self.rendered.mark(&self.model, &Key::step(step, rank));
        self.rendered.forget(match rank {
            Rank::Tail => Part::Tail(step),
            _ => Part::Prelude(step),
        });
    }
}

/// Whether two findings are exact duplicates.
pub(crate) fn is_twin(a: &Record, b: &Record) -> bool {
    use crate::render::one_line;
    let place = |record: &Record| (record.kind, record.place.file, record.place.line);
    place(a) == place(b) && (a.text == b.text || one_line(&a.text) == one_line(&b.text))
}

impl crate::model::Model {
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
                push_tight(&mut self.records, record);
                u32::try_from(self.records.len() - 1).expect("because ids have 32 bits")
            }
        }
    }

    /// Adds the digest of a finding that is the last of its step.
    fn append_digest(&mut self, index: u32) {
        let record = &self.records[index as usize];
        let (step, digest) = (record.step, of_record(record, &self.names));
        self.digest = self.digest.wrapping_add(digest);
        if let Some(entry) = self.steps.get_mut(&step).filter(|entry| entry.chained) {
            let chain = digest::chained(entry.chain, digest);
            self.digest = (self.digest.wrapping_sub(of_order(step, entry.chain)))
                .wrapping_add(of_order(step, chain));
            entry.chain = chain;
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

    /// Puts another first of a class of duplicates in the table, or none.
    pub(crate) fn rename(&mut self, hash: u64, old: u32, new: Option<u32>) {
        let entry = self.same.find_entry(hash, |other| *other == old);
        let mut entry = entry.expect("because every class is in the table");
        match new {
            Some(new) => *entry.get_mut() = new,
            None => drop(entry.remove()),
        }
    }
}
