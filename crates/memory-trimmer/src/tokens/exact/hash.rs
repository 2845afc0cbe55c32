//! How the tables are laid out; the build script writes them by the same functions.

/// Bits of an id.
pub(super) const ID_BITS: u32 = 18;
/// Bits of two ids.
pub(super) const PAIR_BITS: u32 = 2 * ID_BITS;
/// No token.
pub(super) const EMPTY: u32 = u32::MAX;

/// The two ids as one number.
#[inline]
pub(super) fn pair(left: u32, right: u32) -> u64 {
    u64::from(left) << ID_BITS | u64::from(right)
}

/// Mixes the bits of a pair. No two pairs become the same: each step can be undone.
#[inline]
pub(super) fn mixed(pair: u64) -> u64 {
    const MASK: u64 = (1 << PAIR_BITS) - 1;
    let mixed = pair ^ (pair >> 17);
    let mixed = mixed.wrapping_mul(0x9E37_79B9_7F4A_7C15) & MASK;
    mixed ^ (mixed >> 19)
}

/// In the table of merges, where to look first for a mixed pair, in a table of `1 << bits` slots.
#[inline]
pub(super) fn home(mixed: u64, bits: u32) -> usize {
    (mixed >> (PAIR_BITS - bits)) as usize
}

/// What its slots hold above the id. No token has the highest id, thus it is never [`EMPTY`].
#[inline]
pub(super) fn tag(mixed: u64) -> u32 {
    (mixed as u32) << ID_BITS
}

/// A cell of the trie holds a label, that it is in use, whether a token ends there, and its base.
#[inline]
pub(super) fn labelled(label: u8) -> u32 {
    u32::from(label) | 1 << 8
}

/// Set where a token ends.
pub(super) const TOKEN: u32 = 1 << 9;
/// Above this, a cell says where its children are, but for their labels.
pub(super) const BASE_SHIFT: u32 = 10;
