//! What a shard knows of its entries, namespace by namespace.

use crate::Value;
use crate::index::Index;
use crate::key::KeyBytes;
use std::collections::BTreeSet;

/// Changes only together with its shard of the table.
#[derive(Debug, Default)]
pub(crate) struct Ledger {
    pub(crate) spaces: Vec<Holding>,
    /// Sum of the weights that the table gives to what is held.
    pub(crate) weight: u64,
}

/// The entries of a namespace in a shard.
#[derive(Debug, Default)]
pub(crate) struct Holding {
    pub(crate) entries: u64,
    pub(crate) bytes: u64,
    pub(crate) inserts: u64,
    pub(crate) refused: u64,
    pub(crate) expirations: u64,
    pub(crate) evictions: u64,
    pub(crate) invalidations: u64,
    pub(crate) index: Index,
    /// Absent where nothing is saved.
    pub(crate) tracked: Option<Tracked>,
}

/// What a snapshot has to know of changes. It is bounded: a key that comes and goes between two saves leaves no trace.
#[derive(Debug, Default)]
pub(crate) struct Tracked {
    /// Keys whose entry has come or changed, or gone after it was saved, since changes were last taken.
    changed: BTreeSet<KeyBytes>,
    /// Keys that may be in the file.
    saved: BTreeSet<KeyBytes>,
}

/// Why an entry leaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cause {
    Replaced,
    Evicted,
    Expired,
    Invalidated,
}

impl Ledger {
    pub(crate) fn of(&mut self, space: u32) -> &mut Holding {
        let space = space as usize;
        if self.spaces.len() <= space {
            self.spaces.resize_with(space + 1, Holding::default);
        }
        &mut self.spaces[space]
    }

    pub(crate) fn bytes(&self) -> u64 {
        self.spaces.iter().map(|holding| holding.bytes).sum()
    }
}

impl Holding {
    pub(crate) fn remember(&mut self, key: &KeyBytes, value: &Value) {
        self.entries += 1;
        self.bytes += value.head().charge;
        self.index.add(key, value);
        if let Some(tracked) = &mut self.tracked {
            tracked.changed.insert(key.clone());
        }
    }

    pub(crate) fn forget(&mut self, key: &KeyBytes, value: &Value, cause: Cause) {
        self.entries -= 1;
        self.bytes -= value.head().charge;
        self.index.remove(key, value);
        if let Some(tracked) = &mut self.tracked {
            tracked.gone(key);
        }
        match cause {
            Cause::Replaced => {}
            Cause::Evicted => self.evictions += 1,
            Cause::Expired => self.expirations += 1,
            Cause::Invalidated => self.invalidations += 1,
        }
    }
}

impl Holding {
    /// What changed under `key` was not written after all; `is_live` if the file says something of it.
    pub(crate) fn not_saved(&mut self, key: &KeyBytes, is_live: bool) {
        let is_held = self.index.has(key);
        if let Some(tracked) = &mut self.tracked {
            if !is_live {
                tracked.saved.remove(key);
            }
            if is_held || is_live {
                tracked.changed.insert(key.clone());
            }
        }
    }
}

impl Tracked {
    /// Of a namespace that holds `keys`, of which none is in the file yet.
    pub(crate) fn new(keys: Vec<KeyBytes>) -> Self {
        Self {
            changed: keys.into_iter().collect(),
            saved: BTreeSet::new(),
        }
    }

    fn gone(&mut self, key: &KeyBytes) {
        if self.saved.contains(key) {
            self.changed.insert(key.clone());
        } else {
            self.changed.remove(key);
        }
    }

    /// What changed. From now on it counts as being in the file: an entry that goes while it is written must be known to
    /// have gone.
    pub(crate) fn take(&mut self) -> Vec<KeyBytes> {
        let changed = std::mem::take(&mut self.changed);
        self.saved.extend(changed.iter().cloned());
        changed.into_iter().collect()
    }

    /// `key` is about to be written.
    pub(crate) fn may_be_saved(&mut self, key: &KeyBytes) {
        self.saved.insert(key.clone());
    }

    /// `key` is in the file as it is held.
    pub(crate) fn loaded(&mut self, key: &KeyBytes) {
        self.changed.remove(key);
        self.saved.insert(key.clone());
    }

    /// `key` is in the file, and perhaps otherwise than it is held.
    pub(crate) fn in_file(&mut self, key: &KeyBytes) {
        if self.saved.insert(key.clone()) {
            self.changed.insert(key.clone());
        }
    }

    /// `key` is in the file no longer.
    pub(crate) fn removed(&mut self, key: &KeyBytes) {
        self.saved.remove(key);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_comes_and_goes_between_two_saves_leaves_no_trace() {
        let value = Value::new("v".into(), 1, None, || std::time::Duration::ZERO);
        let mut holding = Holding {
            tracked: Some(Tracked::default()),
            ..Holding::default()
        };
        let keys: Vec<KeyBytes> = (0..100_u8).map(|i| [i].into()).collect();
        for key in &keys {
            holding.remember(key, &value);
            holding.forget(key, &value, Cause::Evicted);
        }
        let tracked = holding.tracked.as_ref().expect("set above");
        assert!(tracked.changed.is_empty() && tracked.saved.is_empty());
        let take = |it: &mut Holding| it.tracked.as_mut().expect("set above").take();
        holding.remember(&keys[0], &value);
        assert_eq!(take(&mut holding), [keys[0].clone()]);
        assert!(take(&mut holding).is_empty());
        holding.forget(&keys[0], &value, Cause::Expired);
        assert_eq!(take(&mut holding), [keys[0].clone()]);
    }
}
