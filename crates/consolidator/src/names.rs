//! Names of files and kinds, each kept once: a finding holds four bytes for its file.

use hashbrown::HashTable;
use xxhash_rust::xxh3::{xxh3_64, xxh3_128};

/// A name's number; 0 is the empty name.
pub(crate) type NameId = u32;

/// Why a name is held: each is counted by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Use {
    /// A finding, or its evidence, names it.
    Named = 0,
    /// A step has checked the file.
    Checked = 1,
    /// A step holds the file to be relevant.
    Relevant = 2,
}

/// Names with the number of their uses. A name that nothing uses any more is dropped.
#[derive(Debug, Clone, Default)]
pub(crate) struct Names {
    slots: Vec<Slot>,
    free: Vec<NameId>,
    table: HashTable<NameId>,
    /// Distinct names by use.
    distinct: [u64; 3],
}

#[derive(Debug, Clone)]
struct Slot {
    name: Box<str>,
    uses: [u32; 3],
}

impl Names {
    /// The number of a name, with one use more. O(length).
    pub(crate) fn take(&mut self, name: &str, reason: Use) -> NameId {
        if name.is_empty() && reason == Use::Named {
            return 0;
        }
        let hash = xxh3_64(name.as_bytes());
        let known = self
            .table
            .find(hash, |id| &*self.slots[at(*id)].name == name);
        let id = known.copied().unwrap_or_else(|| self.insert(name, hash));
        let count = &mut self.slots[at(id)].uses[reason as usize];
        *count += 1;
        self.distinct[reason as usize] += u64::from(*count == 1);
        id
    }

    /// Takes back one use.
    pub(crate) fn give_back(&mut self, id: NameId, reason: Use) {
        if id == 0 {
            return;
        }
        let slot = &mut self.slots[at(id)];
        let count = &mut slot.uses[reason as usize];
        *count -= 1;
        self.distinct[reason as usize] -= u64::from(*count == 0);
        if slot.uses == [0; 3] {
            let name = std::mem::take(&mut slot.name);
            let entry = (self.table).find_entry(xxh3_64(name.as_bytes()), |other| *other == id);
            entry
                .expect("because every name in use is in the table")
                .remove();
            self.free.push(id);
        }
    }

    pub(crate) fn get(&self, id: NameId) -> &str {
        if id == 0 {
            ""
        } else {
            &self.slots[at(id)].name
        }
    }

    /// The digest of a name, the same in every document.
    pub(crate) fn digest(&self, id: NameId) -> u128 {
        xxh3_128(self.get(id).as_bytes())
    }

    /// How many distinct names have this use.
    pub(crate) fn distinct(&self, reason: Use) -> u64 {
        self.distinct[reason as usize]
    }

    fn insert(&mut self, name: &str, hash: u64) -> NameId {
        let slot = Slot {
            name: Box::from(name),
            uses: [0; 3],
        };
        let id = match self.free.pop() {
            Some(id) => {
                self.slots[at(id)] = slot;
                id
            }
            None => {
                crate::record::push_tight(&mut self.slots, slot);
                u32::try_from(self.slots.len()).expect("because memory holds fewer than 2^32 names")
            }
        };
        let slots = &self.slots;
        let rehash = |id: &NameId| xxh3_64(slots[at(*id)].name.as_bytes());
        self.table.insert_unique(hash, id, rehash);
        id
    }
}

fn at(id: NameId) -> usize {
    id as usize - 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_kept_once_and_dropped_with_their_last_use() {
        let mut names = Names::default();
        let a = names.take("a", Use::Checked);
        assert_eq!(names.take("a", Use::Relevant), a);
        let b = names.take("b", Use::Checked);
        assert_ne!(a, b);
        assert_eq!((names.get(a), names.get(b), names.get(0)), ("a", "b", ""));
        assert_eq!(names.distinct(Use::Checked), 2);
        names.give_back(a, Use::Checked);
        assert_eq!((names.distinct(Use::Checked), names.get(a)), (1, "a"));
        names.give_back(a, Use::Relevant);
        assert_eq!(names.take("c", Use::Named), a, "the slot is used again");
        assert_eq!(names.take("", Use::Named), 0);
        // An empty file that was checked counts, as any other.
        let empty = names.take("", Use::Checked);
        assert_eq!((names.get(empty), names.distinct(Use::Checked)), ("", 2));
    }
}
