//! How many tokens a piece becomes.
//!
//! Byte-pair encoding merges the pair of the lowest rank again and again. The same tokens come of
//! taking the longest token that fits, left to right, and going back where two neighbours would not
//! have been left unmerged: a sequence is the encoding of its text exactly if each neighbouring pair
//! is that of its own. (The algorithm of the `bpe` crate, explained in GitHub's "So many tokens, so
//! little time", 2024.) It takes linear time, however long the piece.

use super::hash;
use super::memo::Pairs;
use super::tables::Tables;

/// What the merge of a piece needs to remember; kept for the next.
#[derive(Debug, Default)]
pub(super) struct Work {
    tokens: Vec<u32>,
    /// One bit for every position in the piece: tokens end there in vain.
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

/// Pieces up to this length are merged pair by pair, which is quicker while they are short.
pub(super) const SHORT: usize = 15;

/// The tokens of a piece of 2 to [`SHORT`] bytes: merges the pair of the lowest rank while there is one.
pub(super) fn count_short(tables: &Tables, piece: &[u8]) -> u32 {
    let mut count = piece.len();
    let mut starts: [u8; SHORT + 1] = std::array::from_fn(|at| at as u8);
    // Of each part with the next.
    let mut ranks = [hash::EMPTY; SHORT];
    for (rank, pair) in ranks.iter_mut().zip(piece.windows(2)) {
        *rank = tables.pair(pair[0], pair[1]);
    }
    loop {
        let lowest = ranks[..count]
            .iter()
            .enumerate()
            .min_by_key(|&(_, &rank)| rank);
        let Some((at, _)) = lowest.filter(|&(_, &rank)| rank != hash::EMPTY) else {
            return count as u32;
        };
        starts.copy_within(at + 2..=count, at + 1);
        ranks.copy_within(at + 2..count, at + 1);
        count -= 1;
        let rank = |at: usize| {
            let pair = usize::from(starts[at])..usize::from(starts[at + 2]);
            tables.find(&piece[pair]).unwrap_or(hash::EMPTY)
        };
        ranks[at] = if at + 1 < count {
            rank(at)
        } else {
            hash::EMPTY
        };
        if at > 0 {
            ranks[at - 1] = rank(at - 1);
        }
    }
}

/// The tokens of a longer piece.
pub(super) fn count(tables: &Tables, piece: &[u8], work: &mut Work, pairs: &mut Pairs) -> u32 {
    let Work { tokens, vain } = work;
    tokens.clear();
    vain.clear();
    vain.resize(piece.len() / 64 + 1, 0);
    let mut at = 0;
    let mut next = longest(tables, piece);
    while at < piece.len() {
        let end = at + tables.length(next);
        let follows = |&last: &u32| pairs.valid(tables, &piece[..end], at, last, next);
        if vain[end / 64] >> (end % 64) & 1 == 0 && tokens.last().is_none_or(follows) {
            tokens.push(next);
            at = end;
            if at < piece.len() {
                next = longest(tables, &piece[at..]);
            }
        } else if let Some(shorter) = tables.prefix(&piece[at..], end - at - 1) {
            next = shorter;
        } else {
            vain[at / 64] |= 1 << (at % 64);
            next = tokens
                .pop()
                .expect("some sequence of tokens encodes any bytes");
            at -= tables.length(next);
        }
    }
    u32::try_from(tokens.len()).unwrap_or(u32::MAX)
}

fn longest(tables: &Tables, text: &[u8]) -> u32 {
    tables
        .prefix(text, usize::MAX)
        .expect("every byte is a token")
}

/// Whether merging the bytes of two neighbouring tokens leaves these two.
///
/// `text` ends with the second, which begins at `border`.
pub(super) fn are_neighbours(tables: &Tables, text: &[u8], border: usize, pair: [u32; 2]) -> bool {
    let [mut left, mut right] = pair;
    let mut limit = u32::MAX;
    loop {
        // Would the two have become one, before what has been taken apart so far?
        let (from, to) = (border - tables.length(left), border + tables.length(right));
        if tables
            .find(&text[from..to])
            .is_some_and(|merged| merged < limit)
        {
            return false;
        }
        // Take apart what was merged last.
        let parts = (tables.split(left), tables.split(right));
        let of_left = |(_, inner): (u32, u32)| (left, inner, right);
        let of_right = |(inner, _): (u32, u32)| (right + 1, left, inner);
        let apart = if left > right {
            parts.0.map(of_left).or(parts.1.map(of_right))
        } else {
            parts.1.map(of_right).or(parts.0.map(of_left))
        };
        match apart {
            Some(step) => (limit, left, right) = step,
            None => return true,
        }
    }
}
