//! Names of files and kinds, each kept once: a finding holds four bytes for its file.

use std::ops::Range;

use hashbrown::HashTable;
use xxhash_rust::xxh3::{xxh3_64, xxh3_128};

use crate::pages::Pages;
use crate::render::is_plain;

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

/// The digest of an empty name.
const EMPTY: u128 = 0x99aa_06d3_0147_98d8_6001_c324_468d_497f;

/// Names with the number of their uses. A name that nothing uses any more is dropped.
#[derive(Debug, Clone, Default)]
pub(crate) struct Names {
    /// All names, one after the other, and what is left of those that were dropped.
    text: String,
    slots: Pages<Slot>,
    /// Bytes of dropped names.
    dropped: usize,
    /// Of each name, whether it is shown as it stands.
    plain: Pages<bool>,
    /// Uses of each name by reason, up to the last name that has one: most documents hold many names
    /// for one reason only.
    uses: [Pages<u32>; 3],
    free: Vec<NameId>,
    table: HashTable<NameId>,
    /// Distinct names by use.
    distinct: [u64; 3],
}

/// Where a name is in the text.
#[derive(Debug, Clone, Copy, Default)]
struct Slot {
    start: u32,
    length: u32,
}

impl Slot {
    fn of(self, text: &str) -> &str {
        &text[self.range()]
    }

    fn bytes_of(self, text: &str) -> &[u8] {
        &text.as_bytes()[self.range()]
    }

    fn range(self) -> Range<usize> {
        let start = self.start as usize;
        start..start + self.length as usize
    }
}

/// Bytes of dropped names that are kept however few names there are.
const DROPPED_MIN: usize = 4096;

impl Names {
    /// The number of a name, with one use more. O(length).
    pub(crate) fn take(&mut self, name: &str, reason: Use) -> NameId {
        if name.is_empty() && reason == Use::Named {
            return 0;
        }
        let hash = xxh3_64(name.as_bytes());
        let known = (self.table).find(hash, |id| self.bytes(*id) == name.as_bytes());
        let id = known.copied().unwrap_or_else(|| self.insert(name, hash));
        let uses = &mut self.uses[reason as usize];
        uses.grow(id as usize, &0);
        let count = &mut uses[at(id)];
        *count += 1;
        self.distinct[reason as usize] += u64::from(*count == 1);
        id
    }

    /// Takes back one use.
    pub(crate) fn give_back(&mut self, id: NameId, reason: Use) {
        if id == 0 {
            return;
        }
        let count = &mut self.uses[reason as usize][at(id)];
        *count -= 1;
        if *count > 0 {
            return;
        }
        self.distinct[reason as usize] -= 1;
        let used = |uses: &Pages<u32>| uses.get(at(id)).is_some_and(|count| *count > 0);
        if !self.uses.iter().any(used) {
            let hash = xxh3_64(self.bytes(id));
            let entry = (self.table).find_entry(hash, |other| *other == id);
            let entry = entry.expect("because every name in use is in the table");
            entry.remove();
            self.dropped += std::mem::take(&mut self.slots[at(id)]).length as usize;
            self.free.push(id);
            if self.dropped > self.text.len() / 2 + DROPPED_MIN {
                self.compact();
            }
        }
    }

    pub(crate) fn get(&self, id: NameId) -> &str {
        match id {
            0 => "",
            id => self.slots[at(id)].of(&self.text),
        }
    }

    /// Whether a name is shown as it stands, in every format.
    pub(crate) fn is_plain(&self, id: NameId) -> bool {
        id == 0 || self.plain[at(id)]
    }

    /// The digest of a name, the same in every document.
    pub(crate) fn digest(&self, id: NameId) -> u128 {
        match self.bytes(id) {
            b"" => EMPTY,
            name => xxh3_128(name),
        }
    }

    /// The bytes of a name: they are cut out of the text without a look at the border of characters.
    fn bytes(&self, id: NameId) -> &[u8] {
        match id {
            0 => b"",
            id => self.slots[at(id)].bytes_of(&self.text),
        }
    }

    /// How many distinct names have this use.
    pub(crate) fn distinct(&self, reason: Use) -> u64 {
        self.distinct[reason as usize]
    }

    fn insert(&mut self, name: &str, hash: u64) -> NameId {
        let id = self.free.pop().unwrap_or_else(|| {
            self.slots.push(Slot::default());
            self.plain.push(true);
            u32::try_from(self.slots.len()).expect("because memory holds fewer than 2^32 names")
        });
        self.slots[at(id)] = push_name(&mut self.text, name);
        self.plain[at(id)] = is_plain(name);
        let (slots, text) = (&self.slots, &self.text);
        let rehash = |id: &NameId| xxh3_64(slots[at(*id)].bytes_of(text));
        self.table.insert_unique(hash, id, rehash);
        id
    }

    /// Closes the gaps that dropped names left. O(names), once in so many bytes dropped.
    fn compact(&mut self) {
        let old = std::mem::take(&mut self.text);
        let length = old.len() - self.dropped;
        self.text.reserve_exact(length + length / 8);
        for slot in self.slots.iter_mut() {
            *slot = push_name(&mut self.text, slot.of(&old));
        }
        self.dropped = 0;
    }
}

/// Appends a name, growing by an eighth.
fn push_name(text: &mut String, name: &str) -> Slot {
    if name.len() > text.capacity() - text.len() {
        text.reserve_exact(name.len().max(text.len() / 8).max(1024));
    }
    let number = |length| u32::try_from(length).expect("because names take less than 4 GiB");
    let (start, length) = (number(text.len()), number(name.len()));
    text.push_str(name);
    Slot { start, length }
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
        assert_eq!([names.digest(0), names.digest(empty)], [xxh3_128(b""); 2]);
    }

    #[test]
    fn names_take_little_more_than_their_letters() {
        let mut names = Names::default();
        for number in 0..10_000 {
            names.take(&format!("src/module-{number}.rs"), Use::Named);
            let (length, room) = (names.text.len(), names.text.capacity());
            assert!(room <= length + length / 8 + 1024, "{room} for {length}");
        }
    }

    #[test]
    fn what_was_dropped_does_not_pile_up() {
        let mut names = Names::default();
        let name = |number: u32| format!("name-{number}-{}", "x".repeat(100));
        let kept = names.take("kept", Use::Named);
        for number in 0..10_000 {
            let id = names.take(&name(number), Use::Named);
            let last = (number > 0).then(|| names.take(&name(number - 1), Use::Named));
            assert_eq!(names.get(id), name(number));
            for id in last.into_iter().chain(last) {
                assert_eq!(names.get(id), name(number - 1));
                names.give_back(id, Use::Named);
            }
        }
        assert_eq!((names.get(kept), names.distinct(Use::Named)), ("kept", 2));
        assert!(names.text.capacity() < 10_000 && names.slots.len() <= 3);
    }
}
