//! What is remembered of pieces and pairs: texts repeat their words.

use super::hash;
use super::merge::{self, Work};
use super::tables::Tables;

/// Pieces up to this length are remembered: their bytes, their length and their tokens in 16 bytes.
const PIECE_BYTES_MAX: usize = 15;
/// Above the bytes of a remembered piece: four bits of its length, four of its tokens.
const LENGTH_SHIFT: u32 = 120;
const TOKENS_SHIFT: u32 = 124;
const TOKENS: u128 = u128::MAX << TOKENS_SHIFT;
const PIECE_BITS: u32 = 16;
const PAIR_BITS: u32 = 15;

/// Counts pieces; allocated by its first use.
#[derive(Debug, Default)]
pub(super) struct Memo {
    /// Sets of two, the one used last first.
    pieces: Vec<[u128; 2]>,
    pairs: Pairs,
    work: Work,
}

impl Memo {
    pub(super) const fn new() -> Self {
        Self {
            pieces: Vec::new(),
            pairs: Pairs(Vec::new()),
            work: Work::new(),
        }
    }

    /// The tokens of a piece of a text.
    #[inline]
    pub(super) fn count(&mut self, tables: &Tables, text: &[u8], start: usize, end: usize) -> u32 {
        let length = end - start;
        if length > PIECE_BYTES_MAX {
            return merge::count(tables, &text[start..end], &mut self.work, &mut self.pairs);
        }
        let key = match text[start..].first_chunk() {
            Some(&bytes) => u128::from_le_bytes(bytes) & (u128::MAX >> (128 - 8 * length)),
            None => hash::key(&text[start..end]),
        };
        let entry = key | (length as u128) << LENGTH_SHIFT;
        let set_at = hash::home(hash_piece(entry), PIECE_BITS);
        if let Some([first, second]) = self.pieces.get(set_at) {
            if first & !TOKENS == entry {
                return (first >> TOKENS_SHIFT) as u32;
            }
            if second & !TOKENS == entry {
                return (second >> TOKENS_SHIFT) as u32;
            }
        }
        self.count_new(tables, &text[start..end], set_at, entry)
    }

    #[inline(never)]
    fn count_new(&mut self, tables: &Tables, piece: &[u8], set_at: usize, entry: u128) -> u32 {
        let tokens = match tables.find(piece) {
            Some(_) => 1,
            None => merge::count_short(tables, piece),
        };
        if self.pieces.is_empty() {
            self.pieces = vec![[0; 2]; 1 << PIECE_BITS];
        }
        // At most 15 bytes, thus at most 15 tokens.
        let set = &mut self.pieces[set_at];
        *set = [entry | u128::from(tokens) << TOKENS_SHIFT, set[0]];
        tokens
    }
}

/// The hash of an entry that has no tokens yet. Its high bits serve.
#[inline]
fn hash_piece(entry: u128) -> u64 {
    let low = (entry as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    low ^ ((entry >> 64) as u64).wrapping_mul(0xC2B2_AE3D_27D4_EB4F)
}

/// Which tokens may follow each other. An entry is two ids and, as its lowest bit, the answer.
#[derive(Debug, Default)]
pub(super) struct Pairs(Vec<u64>);

impl Pairs {
    /// Whether `left`, which ends at `border`, may be followed by `right`, which ends the text.
    pub(super) fn valid(
        &mut self,
        tables: &Tables,
        text: &[u8],
        border: usize,
        left: u32,
        right: u32,
    ) -> bool {
        if self.0.is_empty() {
            // No pair is twice the highest number of all.
            self.0 = vec![u64::MAX; 1 << PAIR_BITS];
        }
        let key = u64::from(left) << hash::ID_BITS | u64::from(right);
        let entry = &mut self.0[hash::home(key.wrapping_mul(0x9E37_79B9_7F4A_7C15), PAIR_BITS)];
        if *entry >> 1 != key {
            let valid = merge::are_neighbours(tables, text, border, [left, right]);
            *entry = key << 1 | u64::from(valid);
        }
        *entry & 1 != 0
    }
}
