//! 128-bit digests: of a document, and of a finding wherever its lines have moved to.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use xxhash_rust::xxh3::{xxh3_128, xxh3_128_with_seed};

use crate::names::Names;
use crate::record::{Packed, Record};
use crate::render::one_line;
use crate::steps::Meta;
use crate::{Confidence, Error};

/// Separates values that are mixed; any odd number does.
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

/// What tells a finding from others across runs: its kind, its text with white space collapsed, and
/// the file of its first place. Not the line: code above it may have moved it.
///
/// `Display` prints 32 hexadecimal digits, and `FromStr` reads them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Fingerprint(u128);

impl Fingerprint {
    pub(crate) fn of(record: &Record, names: &Names) -> Self {
        let text = xxh3_128(one_line(&record.text).as_bytes());
        let digest = mix(text, names.digest(record.kind));
        Fingerprint(mix(digest, names.digest(record.place.file)))
    }

    /// The fingerprint as a number, to be stored.
    pub fn as_u128(self) -> u128 {
        self.0
    }

    /// A fingerprint from the number that was stored.
    pub fn from_u128(value: u128) -> Self {
        Fingerprint(value)
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

impl FromStr for Fingerprint {
    type Err = Error;

    fn from_str(word: &str) -> Result<Self, Error> {
        let digits = word.len() == 32 && word.bytes().all(|b| b.is_ascii_hexdigit());
        (u128::from_str_radix(word, 16).ok().filter(|_| digits))
            .map(Fingerprint)
            .ok_or_else(|| Error::NoFingerprint(word.to_owned()))
    }
}

/// The digest of a title, kept apart from others by a seed.
pub(crate) fn of_title(title: &str) -> u128 {
    xxh3_128_with_seed(title.as_bytes(), 1)
}

/// The digest of a text as it stands.
pub(crate) fn of_text(text: &str) -> u128 {
    xxh3_128(text.as_bytes())
}

/// What makes two findings exact duplicates: kind, text with white space collapsed, file and line.
pub(crate) fn identity(record: &Record) -> u32 {
    identity_with(record, None)
}

/// [`identity`], if the digest of the text as it stands is known.
pub(crate) fn identity_with(record: &Record, text: Option<u128>) -> u32 {
    let whole = || text.unwrap_or_else(|| of_text(&record.text));
    let text = match record.is_plain() {
        true => whole(),
        false => match one_line(&record.text) {
            Cow::Borrowed(_) => whole(),
            Cow::Owned(line) => of_text(&line),
        },
    };
    let text = text as u64;
    let place = u128::from(record.place.file) << 32 | u128::from(record.place.line);
    let digest = mix(u128::from(text), u128::from(record.kind) << 64 | place);
    // Mixed once more: findings of one text would differ in few bits, and a table's slots by none.
    let digest = mix(digest, 5);
    (digest >> 96) as u32 ^ (digest >> 64) as u32 ^ (digest >> 32) as u32 ^ digest as u32
}

/// The digest of all that a finding says, and of its step. O(length of the finding).
pub(crate) fn of_record(record: &Record, names: &Names) -> u128 {
    of_record_with(record, of_text(&record.text), names)
}

/// [`of_record`] by the digest of the text. O(length of names and what few findings have).
pub(crate) fn of_record_with(record: &Record, text: u128, names: &Names) -> u128 {
    let mut digest = mix(text, u128::from(record.step));
    let confidence = Confidence::pack(record.confidence());
    let numbers = u128::from(confidence) << 8 | record.severity as u128;
    digest = mix(digest, numbers);
    digest = mix(digest, names.digest(record.kind));
    digest = mix_place(digest, &record.place, names);
    if let Some(rare) = &record.rare {
        digest = mix(digest, rare.places.len() as u128);
        for place in &rare.places {
            digest = mix_place(digest, place, names);
        }
        digest = mix_names(digest, &rare.relevant, names);
        digest = mix_text(digest, rare.hypothesis.as_deref());
        for (text, place) in &rare.evidence {
            digest = mix_place(mix_text(digest, Some(text)), place, names);
        }
    }
    // Digests are added up: without a last round, two findings could exchange what was mixed in last.
    mix(digest, 3)
}

/// The digest of what a step says beside its findings.
pub(crate) fn of_meta(step: u32, meta: &Meta, names: &Names) -> u128 {
    let mut digest = mix(u128::from(step) << 64, meta.omitted().into());
    digest = mix(digest, meta.confidence().into());
    digest = mix_text(digest, Some(&meta.title));
    digest = mix_text(digest, Some(meta.text()));
    digest = mix_text(digest, meta.hypothesis());
    digest = mix_names(digest, meta.checked(), names);
    digest = mix_names(digest, meta.relevant(), names);
    mix(digest, 4)
}

/// The digest of the order of a step's findings.
pub(crate) fn of_order(step: u32, chain: u64) -> u128 {
    mix(mix(u128::from(chain), u128::from(step)), 2)
}

/// Adds one finding's digest to the chain of those before it.
pub(crate) fn chained(chain: u64, record: u128) -> u64 {
    let digest = mix(u128::from(chain), record);
    (digest >> 64) as u64 ^ digest as u64
}

fn mix_place(digest: u128, place: &Packed, names: &Names) -> u128 {
    let lines = u128::from(place.line) << 64 | u128::from(place.end_line) << 32;
    let digest = mix(digest, lines | u128::from(place.column));
    mix(digest, names.digest(place.file))
}

fn mix_names(digest: u128, ids: &[u32], names: &Names) -> u128 {
    let counted = mix(digest, ids.len() as u128);
    (ids.iter()).fold(counted, |digest, id| mix(digest, names.digest(*id)))
}

fn mix_text(digest: u128, text: Option<&str>) -> u128 {
    mix(digest, text.map_or(1, |text| xxh3_128(text.as_bytes())))
}

/// Depends on the order of what is mixed in.
fn mix(digest: u128, value: u128) -> u128 {
    let mixed = (digest ^ digest >> 61).wrapping_mul(MULTIPLIER);
    (mixed ^ mixed >> 67).wrapping_add(value)
}
