//! What a watched item carries: the epoch in which it was last proven.

use std::sync::atomic::{
    AtomicI32, AtomicU64, Ordering::AcqRel, Ordering::Acquire, Ordering::Relaxed, Ordering::Release,
};

/// The bit that tells a ticket from an epoch.
const TICKET: u64 = 1 << 63;

/// Nothing is known: something happened to the item, or it was never armed.
pub(crate) const DOUBTFUL: u64 = 0;

/// The part of an item that a [`Watcher`](crate::Watcher) writes to: 16 bytes, to be embedded in the item.
///
/// A new mark proves nothing.
#[derive(Debug)]
pub struct Mark {
    /// `DOUBTFUL`, a ticket while the item is being armed, or the epoch in which it was proven.
    state: AtomicU64,
    watch: AtomicI32,
}

/// An arming under way; see [`Watcher::arm`](crate::Watcher::arm).
#[derive(Debug)]
#[must_use = "an armed item proves nothing until it is confirmed"]
pub struct Ticket {
    pub(crate) number: u64,
    pub(crate) epoch: u64,
}

/// That nothing that [`refresh`](crate::Watcher::refresh) was told of has touched the items it covers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Proof {
    pub(crate) epoch: u64,
}

/// That nothing has touched an item itself since it was armed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seen {
    pub(crate) epoch: u64,
}

/// Something that can be watched: a cheap handle, most often an `Arc`, with a [`Mark`] inside.
pub trait Watched: Clone + Send {
    /// The mark of the item behind the handle.
    fn mark(&self) -> &Mark;

    /// Whether both handles lead to the same item.
    fn is_same(&self, other: &Self) -> bool {
        std::ptr::eq(self.mark(), other.mark())
    }
}

impl Default for Mark {
    fn default() -> Self {
        Self::new()
    }
}

impl Mark {
    /// A mark that proves nothing.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            state: AtomicU64::new(DOUBTFUL),
            watch: AtomicI32::new(-1),
        }
    }

    /// What is known of the item itself; `None` when an event has touched it since it was armed, or it is not armed at
    /// all. An item that something is known of and that no proof covers needs only to be
    /// [renewed](crate::Watcher::renew).
    #[must_use]
    pub fn seen(&self) -> Option<Seen> {
        let state = self.state();
        (state != DOUBTFUL && state & TICKET == 0).then_some(Seen { epoch: state })
    }

    pub(crate) fn state(&self) -> u64 {
        self.state.load(Acquire)
    }

    pub(crate) fn doubt(&self) {
        self.state.store(DOUBTFUL, Release);
    }

    pub(crate) fn take_ticket(&self, number: u64, epoch: u64) -> Ticket {
        let number = number | TICKET;
        self.state.store(number, Release);
        Ticket { number, epoch }
    }

    /// Proves the item unless an event came in between.
    pub(crate) fn advance(&self, from: u64, epoch: u64) -> bool {
        self.state
            .compare_exchange(from, epoch, AcqRel, Relaxed)
            .is_ok()
    }

    pub(crate) fn watch(&self) -> i32 {
        self.watch.load(Relaxed)
    }

    pub(crate) fn set_watch(&self, watch: i32) {
        self.watch.store(watch, Relaxed);
    }
}

impl Proof {
    /// Whether the item of this mark was as it had been found, at the moment of the proof.
    #[must_use]
    #[inline]
    pub fn covers(self, mark: &Mark) -> bool {
        mark.state() == self.epoch
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_between_arming_and_confirming_wins() {
        let mark = Mark::new();
        let first = mark.take_ticket(7, 3);
        mark.doubt();
        assert!(!mark.advance(first.number, first.epoch));
        let second = mark.take_ticket(8, 3);
        assert!(
            !mark.advance(first.number, first.epoch),
            "an old ticket is worth nothing"
        );
        assert_eq!(mark.seen(), None);
        assert!(mark.advance(second.number, second.epoch));
        assert!(Proof { epoch: 3 }.covers(&mark) && mark.seen().is_some());
        assert!(!Proof { epoch: 4 }.covers(&mark));
    }
}
