//! Finding a finding by what makes exact duplicates.

use hashbrown::HashTable;

/// Findings by a hash of 32 bits, of which several may be the same. Each hash is kept: a table that
/// grows would have to read all texts again.
#[derive(Debug, Clone, Default)]
pub(crate) struct Same {
    table: HashTable<(u32, u32)>,
}

impl Same {
    /// A finding of this hash that `is_same` accepts.
    pub(crate) fn find(&self, hash: u32, is_same: impl Fn(u32) -> bool) -> Option<u32> {
        let entry = (self.table).find(spread(hash), |(other, at)| *other == hash && is_same(*at));
        entry.map(|(_, index)| *index)
    }

    /// Whether this very finding is there.
    pub(crate) fn has(&self, hash: u32, index: u32) -> bool {
        self.find(hash, |other| other == index).is_some()
    }

    pub(crate) fn insert(&mut self, hash: u32, index: u32) {
        let rehash = |(hash, _): &(u32, u32)| spread(*hash);
        (self.table).insert_unique(spread(hash), (hash, index), rehash);
    }

    /// Puts another finding of the same hash in the place of one that is there.
    pub(crate) fn rename(&mut self, hash: u32, old: u32, new: u32) {
        let entry = (self.table).find_mut(spread(hash), |entry| *entry == (hash, old));
        let entry = entry.expect("because every class is in the table");
        entry.1 = new;
    }

    pub(crate) fn remove(&mut self, hash: u32, index: u32) {
        let entry = (self.table).find_entry(spread(hash), |entry| *entry == (hash, index));
        let entry = entry.expect("because every class is in the table");
        entry.remove();
    }
}

/// The table takes its slots from the low bits and its tags from the high ones.
fn spread(hash: u32) -> u64 {
    u64::from(hash) << 32 | u64::from(hash)
}
