//! The vocabulary of an encoding, as the build script laid it out.

use super::hash;

/// The tables of one encoding, all of them read-only data of the binary.
#[derive(Debug)]
pub(super) struct Tables {
    bytes: &'static [u8],
    starts: &'static [u8],
    short: &'static [u8],
    long: &'static [u8],
    pairs: &'static [u8],
    splits: &'static [u8],
    brief: &'static [u8],
    lengths: &'static [u8],
    /// Slots for short and for long tokens, as powers of two.
    short_bits: u32,
    long_bits: u32,
}

macro_rules! table {
    ($name:literal, $table:literal) => {
        include_bytes!(concat!(env!("OUT_DIR"), "/", $name, ".", $table))
    };
}

macro_rules! tables {
    ($name:literal) => {{
        const SHORT: &[u8] = table!($name, "short");
        const LONG: &[u8] = table!($name, "long");
        Tables {
            bytes: table!($name, "bytes"),
            starts: table!($name, "starts"),
            short: SHORT,
            long: LONG,
            pairs: table!($name, "pairs"),
            splits: table!($name, "splits"),
            brief: table!($name, "brief"),
            lengths: table!($name, "lengths"),
            short_bits: (SHORT.len() / hash::SHORT_SLOT).ilog2(),
            long_bits: (LONG.len() / 4).ilog2(),
        }
    }};
}

pub(super) static O200K: Tables = tables!("o200k_base");
pub(super) static CL100K: Tables = tables!("cl100k_base");

/// The longest token of both encodings, in bytes.
pub(super) const TOKEN_BYTES_MAX: usize = 128;

impl Tables {
    /// The token with exactly these bytes.
    #[inline]
    pub(super) fn find(&self, token: &[u8]) -> Option<u32> {
        if token.len() > hash::SHORT {
            return self.find_long(token);
        }
        self.find_short(low_bytes(eight(token), token.len()), token.len())
    }

    /// The token of two bytes, or [`hash::EMPTY`].
    #[inline]
    pub(super) fn pair(&self, first: u8, second: u8) -> u32 {
        number(self.pairs, usize::from(first) << 8 | usize::from(second))
    }

    /// The token of up to [`hash::SHORT`] bytes, which are `key` with zeros above them.
    #[inline]
    pub(super) fn find_short(&self, key: u64, length: usize) -> Option<u32> {
        let mut at = hash::home(hash::hash_short(key, length), self.short_bits);
        loop {
            let slot: &[u8; hash::SHORT_SLOT] = self.short[at * hash::SHORT_SLOT..]
                .first_chunk()
                .expect("the table holds whole slots");
            let [a, b, c, d, e, f, g, h, tail @ ..] = *slot;
            let tail = u32::from_le_bytes(tail);
            if tail == 0 {
                return None;
            }
            let same = u64::from_le_bytes([a, b, c, d, e, f, g, h]) == key;
            if same && (tail >> hash::ID_BITS) as usize == length {
                return Some(tail & ((1 << hash::ID_BITS) - 1));
            }
            at = (at + 1) & ((1 << self.short_bits) - 1);
        }
    }

    fn find_long(&self, token: &[u8]) -> Option<u32> {
        let hash = hash::hash_long(token);
        let tag = hash::tag(hash);
        let mut at = hash::home(hash, self.long_bits);
        loop {
            let slot = number(self.long, at);
            let id = slot & ((1 << hash::ID_BITS) - 1);
            if slot == hash::EMPTY {
                return None;
            }
            if slot - id == tag && self.token(id) == token {
                return Some(id);
            }
            at = (at + 1) & ((1 << self.long_bits) - 1);
        }
    }

    fn token(&self, id: u32) -> &'static [u8] {
        let id = id as usize;
        let (start, end) = (number(self.starts, id), number(self.starts, id + 1));
        &self.bytes[start as usize..end as usize]
    }

    /// The bytes of a token.
    pub(super) fn length(&self, id: u32) -> usize {
        self.token(id).len()
    }

    /// The two tokens that this one was merged from, if it was.
    pub(super) fn split(&self, id: u32) -> Option<(u32, u32)> {
        let at = id as usize * 2;
        let (left, right) = (number(self.splits, at), number(self.splits, at + 1));
        (left != id).then_some((left, right))
    }

    /// The longest token that the text begins with, among those of at most `longest` bytes.
    pub(super) fn prefix(&self, text: &[u8], longest: usize) -> Option<u32> {
        let longest = longest.min(text.len()).min(TOKEN_BYTES_MAX);
        let first = eight(text);
        if longest >= 6
            && let Some(id) = self.long_prefix(text, first, longest)
        {
            return Some(id);
        }
        let lengths = match text.first_chunk() {
            Some(&first) => self.brief[hash::brief_at(first)],
            None => 0,
        };
        let short = |length: usize| self.find_short(low_bytes(first, length), length);
        let brief = |&length: &usize| length < 3 || lengths >> (length - 3) & 1 != 0;
        (1..=longest.min(5)).rev().filter(brief).find_map(short)
    }

    /// The same for those of at least six bytes; `first` are the first eight.
    fn long_prefix(&self, text: &[u8], first: u64, longest: usize) -> Option<u32> {
        let at = hash::lengths_at(low_bytes(first, 6));
        let mut lengths = number(self.lengths, at);
        if lengths >> (hash::VERY_LONG - 6) != 0 {
            let very_long = (hash::VERY_LONG..=longest).rev();
            if let Some(id) = very_long
                .map(|length| &text[..length])
                .find_map(|t| self.find_long(t))
            {
                return Some(id);
            }
        }
        lengths &= (1 << (longest.min(hash::VERY_LONG - 1) - 5)) - 1;
        while lengths != 0 {
            let bit = lengths.ilog2();
            let length = bit as usize + 6;
            let found = if length > hash::SHORT {
                self.find_long(&text[..length])
            } else {
                self.find_short(low_bytes(first, length), length)
            };
            if found.is_some() {
                return found;
            }
            lengths ^= 1 << bit;
        }
        None
    }
}

/// The first eight bytes, or as many as there are with zeros above them.
#[inline]
fn eight(text: &[u8]) -> u64 {
    match text.first_chunk() {
        Some(&bytes) => u64::from_le_bytes(bytes),
        None => text
            .iter()
            .rev()
            .fold(0, |sum, &byte| sum << 8 | u64::from(byte)),
    }
}

/// The first `length` of eight bytes, zeros above them.
#[inline]
fn low_bytes(eight: u64, length: usize) -> u64 {
    eight & (u64::MAX >> (64 - 8 * length))
}

fn number(table: &[u8], at: usize) -> u32 {
    let bytes = table[at * 4..].first_chunk();
    u32::from_le_bytes(*bytes.expect("tables hold whole numbers"))
}
