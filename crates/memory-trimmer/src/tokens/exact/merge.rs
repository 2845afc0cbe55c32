//! How many tokens a piece becomes.
//!
//! Byte-pair encoding merges the pair of the lowest rank again and again. The same tokens come of
//! taking the longest token that fits, left to right, and going back where two neighbours would not
//! have been left unmerged: a sequence is the encoding of its text exactly if each neighbouring pair
//! is that of its own. (The algorithm of the `bpe` crate, explained in GitHub's "So many tokens, so
//! little time", 2024.) It takes linear time, however long the piece.

use super::memo::Pairs;
use super::tables::Tables;

/// What the merge of a piece needs to remember; kept for the next.
#[derive(Debug, Default)]
pub(super) struct Work {
    tokens: Vec<u32>,
    /// One bit for every position in the piece: tokens end there in vain. Empty while there is none.
    vain: Vec<u64>,
}

impl Work {
    pub(super) const fn new() -> Self {
        Self {
            tokens: Vec::new(),
            vain: Vec::new(),
        }
    }
}

/// The tokens of a piece.
pub(super) fn count(tables: &Tables, piece: &[u8], work: &mut Work, pairs: &mut Pairs) -> u32 {
    let (mut next, mut length) = tables.longest(piece);
    if length == piece.len() {
        return 1;
    }
    let Work { tokens, vain } = work;
    tokens.clear();
    vain.clear();
    let mut at = 0;
    loop {
        let end = at + length;
        let in_vain = vain
            .get(end / 64)
            .is_some_and(|word| word >> (end % 64) & 1 != 0);
        let follows = |&last: &u32| pairs.valid(tables, [last, next]);
        if !in_vain && tokens.last().is_none_or(follows) {
            tokens.push(next);
            at = end;
            if at == piece.len() {
                return u32::try_from(tokens.len()).unwrap_or(u32::MAX);
            }
            (next, length) = tables.longest(&piece[at..]);
        } else if let Some(shorter) = tables.shorter(next) {
            (next, length) = (shorter, tables.length(shorter));
        } else {
            vain.resize(piece.len() / 64 + 1, 0);
            vain[at / 64] |= 1 << (at % 64);
            next = tokens
                .pop()
                .expect("some sequence of tokens encodes any bytes");
            length = tables.length(next);
            at -= length;
        }
    }
}

/// Whether merging the bytes of two neighbouring tokens leaves these two.
pub(super) fn are_neighbours(tables: &Tables, [mut left, mut right]: [u32; 2]) -> bool {
    let mut limit = u32::MAX;
    loop {
        // Would the two have become one, before what has been taken apart so far?
        let merged = tables.merged([left, right]);
        if merged.is_some_and(|merged| merged < limit) {
            return false;
        }
        // Take apart what was merged last.
        let of_left = |[_, inner]: [u32; 2]| (left, inner, right);
        let of_right = |[inner, _]: [u32; 2]| (right + 1, left, inner);
        let apart = if left > right {
            let parts = tables.split(left).map(of_left);
            parts.or_else(|| tables.split(right).map(of_right))
        } else {
            let parts = tables.split(right).map(of_right);
            parts.or_else(|| tables.split(left).map(of_left))
        };
        match apart {
            Some(step) => (limit, left, right) = step,
            None => return true,
        }
    }
}
