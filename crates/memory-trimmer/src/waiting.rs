//! Calls that wait for their results.

use std::collections::{HashMap, VecDeque};

use crate::block::Block;

/// A call: which message of the group makes it, and as which block.
pub(crate) type Place = (u32, u32);

/// Up to so many calls are looked through in order; more are found by their ids.
const FEW: usize = 16;

/// The calls of a group that have no result so far, in order. Empty it owns no memory.
#[derive(Debug, Clone, Default)]
pub(crate) struct Waiting {
    /// The calls, as long as they are few; then none.
    few: Vec<Place>,
    /// The calls by their ids, since they are many. No list is empty.
    many: HashMap<Box<str>, VecDeque<Place>>,
}

impl Waiting {
    /// Waits for the calls among these blocks of a member, too; `id_of` tells the id of a call before.
    /// O(calls).
    pub(crate) fn open<'a>(
        &mut self,
        member: usize,
        blocks: &[Block],
        id_of: impl Fn(Place) -> &'a str,
    ) {
        let calls = blocks.iter().enumerate().filter_map(|(at, block)| {
            let call = matches!(block, Block::ToolCall(_));
            call.then(|| ((member as u32, at as u32), id_of_block(block)))
        });
        if self.many.is_empty() && self.few.len() + calls.clone().count() <= FEW {
            self.few.extend(calls.map(|(place, _)| place));
            return;
        }
        let few = std::mem::take(&mut self.few).into_iter();
        for (place, id) in few.map(|place| (place, id_of(place))).chain(calls) {
            match self.many.get_mut(id) {
                Some(places) => places.push_back(place),
                None => drop(self.many.insert(id.into(), VecDeque::from([place]))),
            }
        }
    }

    /// Takes out the first call that waits with this id; `id_of` tells the id of a call. Each call is
    /// answered once. O(1).
    pub(crate) fn answer<'a>(&mut self, id: &str, id_of: impl Fn(Place) -> &'a str) -> bool {
        if let Some(places) = self.many.get_mut(id) {
            places.pop_front();
            if places.is_empty() {
                self.many.remove(id);
            }
            return true;
        }
        let open = self.few.iter().position(|&place| id_of(place) == id);
        open.is_some_and(|at| {
            self.few.remove(at);
            true
        })
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.few.is_empty() && self.many.is_empty()
    }

    pub(crate) fn clear(&mut self) {
        self.few.clear();
        if self.many.capacity() > 0 {
            self.many = HashMap::new(); // Room for many would be cleared again for each few.
        }
    }

    /// The calls, in order.
    pub(crate) fn places(&self) -> Vec<Place> {
        let many = self.many.values().flatten();
        let mut places: Vec<Place> = self.few.iter().chain(many).copied().collect();
        places.sort_unstable();
        places
    }
}

/// The id of a call block; empty for any other.
pub(crate) fn id_of_block(block: &Block) -> &str {
    match block {
        Block::ToolCall(call) => &call.id,
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ToolCall;

    /// Few calls or many, each is answered once, and the first of an id before the next.
    #[test]
    fn each_call_is_answered_once() {
        for count in [1, FEW, FEW + 1, 100] {
            let id = |at: usize| (at % 7).to_string();
            let block = |at| Block::ToolCall(ToolCall::new(id(at), "t", ""));
            let blocks: Vec<Vec<Block>> = (0..count).map(|at| vec![block(at)]).collect();
            let id_of = |(member, at): Place| id_of_block(&blocks[member as usize][at as usize]);
            let mut waiting = Waiting::default();
            for (member, blocks) in blocks.iter().enumerate() {
                waiting.open(member, blocks, id_of);
            }
            let mut model: Vec<Place> = (0..count).map(|at| (at as u32, 0)).collect();
            for at in (0..count).rev().chain([0, 1]) {
                assert_eq!(waiting.places(), model);
                let found = model.iter().position(|&place| id_of(place) == id(at));
                assert_eq!(waiting.answer(&id(at), id_of), found.is_some());
                found.map(|at| model.remove(at));
            }
            assert!(waiting.is_empty());
        }
    }
}
