//! 128-bit digests of content.

use std::fmt;

use xxhash_rust::xxh3::{xxh3_128, xxh3_128_with_seed};

use crate::Step;

/// Separates the two lists of files; any odd number does.
const MULTIPLIER: u128 = 0x9E37_79B9_7F4A_7C15_F39C_C060_5CED_C835;

/// A 128-bit digest of a document; not cryptographic.
///
/// `Display` prints 32 hexadecimal digits.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Digest(u128);

impl Digest {
    pub(crate) fn new(value: u128) -> Self {
        Digest(value)
    }

    /// The digest as a number.
    pub fn as_u128(self) -> u128 {
        self.0
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

/// The digest of a header, kept apart from those of segments by a seed.
pub(crate) fn of_header(header: &str) -> u128 {
    xxh3_128_with_seed(header.as_bytes(), 1)
}

pub(crate) fn of_path(path: &str) -> u128 {
    xxh3_128(path.as_bytes())
}

/// The digest of one step: its rendered segment, and every file it names, as the segment names only
/// the first few. O(length of the step).
pub(crate) fn of_step(segment: &str, step: &Step) -> u128 {
    let mut digest = xxh3_128(segment.as_bytes());
    for list in [&step.files_checked, &step.relevant_files] {
        digest = mix(digest, list.len() as u128);
        for path in list {
            digest = mix(digest, of_path(path));
        }
    }
    digest
}

/// Depends on the order of what is mixed in.
fn mix(digest: u128, value: u128) -> u128 {
    (digest ^ digest >> 61)
        .wrapping_mul(MULTIPLIER)
        .wrapping_add(value)
}
