//! Keeping out of a prompt what its reader cannot see: validation and sanitising of user text.

mod scan;

use std::borrow::Cow;
use std::fmt;

/// How much is let through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// The most characters that a text may have, after what is removed.
    pub chars_max: usize,
}

impl Default for Limits {
    /// 10,000 characters.
    fn default() -> Self {
        Self { chars_max: 10_000 }
    }
}

/// What does not belong in a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Unwanted {
    /// C0 but tab, line feed and carriage return; DEL; C1.
    Control,
    /// Bidirectional embeddings, overrides and isolates, U+202A–202E and U+2066–2069: they show a
    /// text in another order than the model reads it. The marks U+200E, 200F and 061C stay.
    Bidi,
    /// Zero-width space, word joiner, invisible operators, deprecated formats, byte-order mark:
    /// U+200B, U+2060–2065, U+206A–206F, U+FEFF.
    Invisible,
    /// Tags, U+E0000–E007F, which spell text that nobody sees; but for the flags of England,
    /// Scotland and Wales, which are spelt by them.
    Tag,
    /// Interlinear annotation, U+FFF9–FFFB.
    Annotation,
    /// Bytes that are no UTF-8.
    InvalidUtf8,
    /// All that is beyond [`Limits::chars_max`].
    TooLong,
}

/// How many characters were removed, by what they were.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Removed {
    /// [`Unwanted::Control`].
    pub controls: usize,
    /// [`Unwanted::Bidi`].
    pub bidi: usize,
    /// [`Unwanted::Invisible`].
    pub invisible: usize,
    /// [`Unwanted::Tag`].
    pub tags: usize,
    /// [`Unwanted::Annotation`].
    pub annotations: usize,
    /// Sequences of [`Unwanted::InvalidUtf8`] in all of the input, each one U+FFFD.
    pub invalid: usize,
    /// The bytes from the cut to the end, if the text was too long.
    pub cut_bytes: usize,
}

impl Removed {
    fn count(&mut self, what: Unwanted) {
        let counter = match what {
            Unwanted::Control => &mut self.controls,
            Unwanted::Bidi => &mut self.bidi,
            Unwanted::Invisible => &mut self.invisible,
            Unwanted::Tag => &mut self.tags,
            Unwanted::Annotation => &mut self.annotations,
            Unwanted::InvalidUtf8 => &mut self.invalid,
            Unwanted::TooLong => &mut self.cut_bytes,
        };
        *counter += 1;
    }
}

/// A text fit for a prompt.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Sanitised<'a> {
    /// The text: borrowed if it was only cut, or not changed at all.
    pub text: Cow<'a, str>,
    /// What it no longer has.
    pub removed: Removed,
}

impl Sanitised<'_> {
    /// Whether anything was removed or cut.
    #[must_use]
    pub fn changed(&self) -> bool {
        self.removed != Removed::default()
    }
}

/// Something unwanted, and where.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Problem {
    /// The byte at which it begins.
    pub at: usize,
    /// What it is.
    pub what: Unwanted,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = match self.what {
            Unwanted::Control => "a control character",
            Unwanted::Bidi => "a bidirectional control",
            Unwanted::Invisible => "an invisible character",
            Unwanted::Tag => "a tag character",
            Unwanted::Annotation => "an annotation character",
            Unwanted::InvalidUtf8 => "bytes that are not UTF-8",
            Unwanted::TooLong => "the length limit",
        };
        write!(f, "{what} at byte {}", self.at)
    }
}

/// Removes what is unwanted and cuts what is too long, in one pass. O(bytes up to the cut).
///
/// Whatever can be seen stays, in every script, and with it what shapes it: joiners (U+200C, U+200D),
/// variation selectors, direction marks, soft hyphens, which show where a line breaks. The cut
/// leaves accents, joined emoji and flags whole, as far as they span 32 characters. Sanitising
/// twice changes nothing more.
///
/// ```
/// use autoexec_memory_trimmer::{Limits, sanitise};
///
/// let clean = sanitise("user\u{202e}txt.exe", &Limits::default());
/// assert_eq!((&*clean.text, clean.removed.bidi), ("usertxt.exe", 1));
/// ```
#[must_use]
pub fn sanitise<'a>(text: &'a str, limits: &Limits) -> Sanitised<'a> {
    let mut removed = Removed::default();
    let mut clean = String::new();
    let mut kept_from = 0;
    let mut chars = limits.chars_max;
    let cut = scan::unwanted(text, &mut chars, |at, end, what| {
        clean.push_str(&text[kept_from..at]);
        kept_from = end;
        removed.count(what);
        true
    });
    let end = cut.unwrap_or(text.len());
    let next = text[end..].chars().next();
    let kept = &text[kept_from.min(end)..end];
    removed.cut_bytes = text.len() - end;
    let text = if kept_from == 0 {
        let whole = scan::border(kept, next);
        removed.cut_bytes += kept.len() - whole;
        Cow::Borrowed(&kept[..whole])
    } else {
        clean.push_str(kept);
        let whole = scan::border(&clean, next);
        removed.cut_bytes += clean.len() - whole;
        clean.truncate(whole);
        Cow::Owned(clean)
    };
    Sanitised { text, removed }
}

/// [`sanitise`] for bytes: each maximal sequence that is no UTF-8 becomes one U+FFFD.
///
/// To refuse such bytes instead, look at [`validate_input`], or at [`Removed::invalid`].
#[must_use]
pub fn sanitise_bytes<'a>(bytes: &'a [u8], limits: &Limits) -> Sanitised<'a> {
    match std::str::from_utf8(bytes) {
        Ok(text) => sanitise(text, limits),
        Err(_) => {
            let invalid = bytes
                .utf8_chunks()
                .filter(|chunk| !chunk.invalid().is_empty())
                .count();
            let text = String::from_utf8_lossy(bytes);
            let mut clean = sanitise(&text, limits);
            clean.removed.invalid = invalid;
            Sanitised {
                text: Cow::Owned(clean.text.into_owned()),
                removed: clean.removed,
            }
        }
    }
}

/// The first problems of a text, at most `most`, in the order of their places. O(bytes looked at).
///
/// What is too long comes last, once, at the first character too many.
#[must_use]
pub fn validate_input(bytes: &[u8], limits: &Limits, most: usize) -> Vec<Problem> {
    let mut problems = Vec::new();
    let (mut start, mut chars) = (0, limits.chars_max);
    for chunk in bytes.utf8_chunks() {
        if problems.len() == most {
            break;
        }
        let cut = scan::unwanted(chunk.valid(), &mut chars, |at, _, what| {
            problems.push(Problem {
                at: start + at,
                what,
            });
            problems.len() < most
        });
        if let Some(at) = cut {
            problems.push(Problem {
                at: start + at,
                what: Unwanted::TooLong,
            });
            problems.truncate(most);
            break;
        }
        start += chunk.valid().len();
        if !chunk.invalid().is_empty() && problems.len() < most {
            let what = Unwanted::InvalidUtf8;
            problems.push(Problem { at: start, what });
            chars = chars.saturating_sub(1);
        }
        start += chunk.invalid().len();
    }
    problems
}
