//! The vocabulary of an encoding, as the build script laid it out.

use super::hash;

/// The tables of one encoding, all of them read-only data of the binary.
#[derive(Debug)]
pub(super) struct Tables {
    /// The tokens as a trie, and the ids that end in its cells.
    cells: Numbers,
    ids: Numbers,
    lengths: &'static [u8],
    shorter: Numbers,
    splits: &'static [[u8; 8]],
    merges: Numbers,
    /// Slots for merges, as a power of two.
    merge_bits: u32,
}

type Numbers = &'static [[u8; 4]];

macro_rules! table {
    ($name:literal, $table:literal) => {
        include_bytes!(concat!(env!("OUT_DIR"), "/", $name, ".", $table))
    };
}

macro_rules! tables {
    ($name:literal) => {{
        const MERGES: Numbers = table!($name, "merges").as_chunks().0;
        Tables {
            cells: table!($name, "cells").as_chunks().0,
            ids: table!($name, "ids").as_chunks().0,
            lengths: table!($name, "lengths"),
            shorter: table!($name, "shorter").as_chunks().0,
            splits: table!($name, "splits").as_chunks().0,
            merges: MERGES,
            merge_bits: MERGES.len().ilog2(),
        }
    }};
}

pub(super) static O200K: Tables = tables!("o200k_base");
pub(super) static CL100K: Tables = tables!("cl100k_base");

/// The longest token of both encodings, in bytes.
pub(super) const TOKEN_BYTES_MAX: usize = 128;

/// The bits of a cell that are its label, and that it is in use.
const LABEL: u32 = (1 << 9) - 1;

impl Tables {
    /// The longest token that the text begins with, and its length. The text is not empty.
    #[inline]
    pub(super) fn longest(&self, text: &[u8]) -> (u32, usize) {
        // The first cells are the tokens of one byte.
        let mut best = usize::from(text[0]);
        let mut cell = number(self.cells, best);
        let mut length = 1;
        for (&byte, at) in text[1..].iter().zip(2..) {
            let Some((child, child_at)) = self.child_at(cell, byte) else {
                break;
            };
            cell = child;
            if cell & hash::TOKEN != 0 {
                (best, length) = (child_at, at);
            }
        }
        (number(self.ids, best), length)
    }

    /// The cell of a byte, and the token that it is.
    pub(super) fn first(&self, byte: u8) -> (u32, u32) {
        let at = usize::from(byte);
        (number(self.cells, at), number(self.ids, at))
    }

    /// The cell for what a cell stands for and another byte, and the token that this is.
    pub(super) fn child(&self, cell: u32, byte: u8) -> Option<(u32, Option<u32>)> {
        let (cell, at) = self.child_at(cell, byte)?;
        let token = (cell & hash::TOKEN != 0).then(|| number(self.ids, at));
        Some((cell, token))
    }

    #[inline(always)]
    fn child_at(&self, cell: u32, byte: u8) -> Option<(u32, usize)> {
        let at = (cell >> hash::BASE_SHIFT) as usize ^ usize::from(byte);
        let child = u32::from_le_bytes(*self.cells.get(at)?);
        (child & LABEL == hash::labelled(byte)).then_some((child, at))
    }

    /// The longest other token that this one begins with.
    pub(super) fn shorter(&self, id: u32) -> Option<u32> {
        Some(number(self.shorter, id as usize)).filter(|&id| id != hash::EMPTY)
    }

    /// The bytes of a token.
    #[inline]
    pub(super) fn length(&self, id: u32) -> usize {
        usize::from(self.lengths[id as usize])
    }

    /// The two tokens that this one was merged from, if it was.
    #[inline]
    pub(super) fn split(&self, id: u32) -> Option<[u32; 2]> {
        Some(self.parts(id)).filter(|&[left, _]| left != id)
    }

    #[inline]
    fn parts(&self, id: u32) -> [u32; 2] {
        let [a, b, c, d, right @ ..] = self.splits[id as usize];
        [[a, b, c, d], right].map(u32::from_le_bytes)
    }

    /// What two tokens are merged to.
    #[inline]
    pub(super) fn merged(&self, pair: [u32; 2]) -> Option<u32> {
        let mixed = hash::mixed(hash::pair(pair[0], pair[1]));
        let tag = hash::tag(mixed);
        let mut at = hash::home(mixed, self.merge_bits);
        loop {
            let slot = number(self.merges, at);
            if slot == hash::EMPTY {
                return None;
            }
            let id = slot & ((1 << hash::ID_BITS) - 1);
            if slot - id == tag && self.parts(id) == pair {
                return Some(id);
            }
            at = (at + 1) & ((1 << self.merge_bits) - 1);
        }
    }
}

#[inline]
fn number(table: Numbers, at: usize) -> u32 {
    u32::from_le_bytes(table[at])
}
