//! The one error of this crate.

use std::fmt;

/// What can go wrong: only reading a word that should name a severity or a confidence.
///
/// Reads after "failed to": `failed to parse severity "hgih": expected one of info, low, …`.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Error {
    /// The word names no [`Severity`](crate::Severity).
    UnknownSeverity(
        /// The word as it was given.
        String,
    ),
    /// The word names no [`Confidence`](crate::Confidence).
    UnknownConfidence(
        /// The word as it was given.
        String,
    ),
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::UnknownSeverity(word) => write!(
                f,
                "parse severity {word:?}: expected one of info, low, medium, high, critical"
            ),
            Error::UnknownConfidence(word) => write!(
                f,
                "parse confidence {word:?}: expected one of exploring, low, medium, high, certain"
            ),
        }
    }
}

impl std::error::Error for Error {}
