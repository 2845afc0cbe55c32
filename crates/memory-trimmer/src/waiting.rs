//! Calls that wait for their results.

use crate::block::Block;

/// A call: which message of the group makes it, and as which block.
pub(crate) type Place = (u32, u32);

/// The calls of a group that have no result so far, in order. Empty it owns no memory.
#[derive(Debug, Clone, Default)]
pub(crate) struct Waiting(Vec<Place>);

impl Waiting {
    /// Waits for the calls among these blocks of a member, too.
    pub(crate) fn open(&mut self, member: usize, blocks: &[Block]) {
        let calls = blocks.iter().enumerate();
        let calls = calls.filter(|(_, block)| matches!(block, Block::ToolCall(_)));
        self.0
            .extend(calls.map(|(at, _)| (member as u32, at as u32)));
    }

    /// Takes out the first call that waits with this id; `id_of` tells the id of a call. Each call is
    /// answered once. O(calls that wait).
    pub(crate) fn answer<'a>(&mut self, id: &str, id_of: impl Fn(Place) -> &'a str) -> bool {
        let open = self.0.iter().position(|&place| id_of(place) == id);
        open.is_some_and(|at| {
            self.0.remove(at); // Results mostly come in order, and lists of calls are short.
            true
        })
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }

    pub(crate) fn places(&self) -> impl Iterator<Item = Place> {
        self.0.iter().copied()
    }
}

/// The id of a call block; empty for any other.
pub(crate) fn id_of(block: &Block) -> &str {
    match block {
        Block::ToolCall(call) => &call.id,
        _ => "",
    }
}
