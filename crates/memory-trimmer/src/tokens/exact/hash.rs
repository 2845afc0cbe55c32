//! How the tables are addressed; the build script lays them out by the same functions.

/// Slots hold an id in their low bits and a tag from the hash above it.
pub(super) const ID_BITS: u32 = 18;
/// A slot that holds no token.
pub(super) const EMPTY: u32 = u32::MAX;
/// Entries of the tables of lengths, for prefixes of three and of six bytes, as powers of two.
pub(super) const BRIEF_BITS: u32 = 16;
pub(super) const LENGTH_BITS: u32 = 18;
/// Lengths from this on share a bit in the table of lengths.
pub(super) const VERY_LONG: usize = 37;

const MULTIPLIERS: [u64; 3] = [
    0x9E37_79B9_7F4A_7C15,
    0xC2B2_AE3D_27D4_EB4F,
    0xD6E8_FEB8_6659_FD93,
];

/// Tokens of up to this length are their own keys.
pub(super) const SHORT: usize = 8;
/// Bytes of a slot for short tokens: the key, then id and length.
pub(super) const SHORT_SLOT: usize = 12;

/// Up to 16 bytes as a number, zeros above them.
pub(super) fn key(bytes: &[u8]) -> u128 {
    let mut lanes = [0; 16];
    lanes[..bytes.len()].copy_from_slice(bytes);
    u128::from_le_bytes(lanes)
}

/// The hash of a short token; `key` is its bytes, zeros above them.
pub(super) fn hash_short(key: u64, length: usize) -> u64 {
    let mixed = (key ^ (length as u64) << 61).wrapping_mul(MULTIPLIERS[0]);
    (mixed ^ (mixed >> 32)).wrapping_mul(MULTIPLIERS[2])
}

/// The hash of a token that is not short.
pub(super) fn hash_long(token: &[u8]) -> u64 {
    let mix = |sum: u64, chunk: &[u8]| {
        let key = key(chunk);
        let low = (sum ^ key as u64).wrapping_mul(MULTIPLIERS[0]);
        let high = ((key >> 64) as u64).wrapping_mul(MULTIPLIERS[1]);
        let mixed = low ^ high.rotate_left(29);
        (mixed ^ (mixed >> 32)).wrapping_mul(MULTIPLIERS[2])
    };
    token.chunks(16).fold(token.len() as u64, mix)
}

/// Where to look first, in a table of `1 << bits` slots.
pub(super) fn home(hash: u64, bits: u32) -> usize {
    (hash >> (64 - bits)) as usize
}

/// What a slot for long tokens holds above the id. Never all ones with the highest id, thus never
/// [`EMPTY`].
pub(super) fn tag(hash: u64) -> u32 {
    ((hash as u32) >> ID_BITS) << ID_BITS
}

/// Where the lengths from three to five bytes are of the tokens that begin like this.
pub(super) fn brief_at(first: [u8; 3]) -> usize {
    let [a, b, c] = first.map(u64::from);
    home(
        (a | b << 8 | c << 16).wrapping_mul(MULTIPLIERS[0]),
        BRIEF_BITS,
    )
}

/// Where the lengths from six bytes on are of the tokens that begin with these six, zeros above them.
pub(super) fn lengths_at(first: u64) -> usize {
    home(hash_short(first, 6), LENGTH_BITS)
}
