//! The blocks of a message: mostly one, which then needs no allocation of its own.

use std::hash::{Hash, Hasher};

use crate::block::Block;

/// Blocks in order.
#[derive(Debug, Clone)]
pub(crate) enum Blocks {
    One(Block),
    Many(Vec<Block>),
}

impl Blocks {
    pub(crate) fn new(mut blocks: Vec<Block>) -> Self {
        match blocks.pop() {
            Some(only) if blocks.is_empty() => Blocks::One(only),
            last => {
                blocks.extend(last);
                Blocks::Many(blocks)
            }
        }
    }

    pub(crate) fn as_slice(&self) -> &[Block] {
        match self {
            Blocks::One(block) => std::slice::from_ref(block),
            Blocks::Many(blocks) => blocks,
        }
    }

    /// The blocks to change: one that stands alone moves into a list.
    pub(crate) fn as_mut_vec(&mut self) -> &mut Vec<Block> {
        if let Blocks::One(_) = self {
            let one = std::mem::replace(self, Blocks::Many(Vec::with_capacity(1)));
            if let (Blocks::One(block), Blocks::Many(blocks)) = (one, &mut *self) {
                blocks.push(block);
            }
        }
        match self {
            Blocks::Many(blocks) => blocks,
            Blocks::One(_) => unreachable!("because it was moved into a list"),
        }
    }
}

impl PartialEq for Blocks {
    fn eq(&self, other: &Self) -> bool {
        self.as_slice() == other.as_slice()
    }
}

impl Eq for Blocks {}

impl Hash for Blocks {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.as_slice().hash(state);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_block_equals_a_list_of_it() {
        let block = || Block::text("a");
        let mut changed = Blocks::new(vec![block()]);
        changed.as_mut_vec().push(block());
        assert_eq!(changed, Blocks::new(vec![block(), block()]));
        changed.as_mut_vec().pop();
        assert_eq!(changed, Blocks::new(vec![block()]));
        changed.as_mut_vec().clear();
        assert_eq!(changed, Blocks::new(Vec::new()));
        assert_eq!(changed.as_slice(), []);
    }
}
