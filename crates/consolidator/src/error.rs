//! The one error of this crate.

use std::fmt;

/// What can go wrong: only reading what should be a severity, a confidence or a fingerprint.
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
    /// The number is not from 0 to 1.
    ConfidenceOutOfRange(
        /// The number as it prints.
        String,
    ),
    /// The word is not 32 hexadecimal digits, as a [`Fingerprint`](crate::Fingerprint) prints.
    NoFingerprint(
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
                "parse confidence {word:?}: expected a number from 0 to 1 or one of exploring, low, \
                 medium, high, certain"
            ),
            Error::ConfidenceOutOfRange(value) => {
                write!(
                    f,
                    "accept confidence {value}: expected a number from 0 to 1"
                )
            }
            Error::NoFingerprint(word) => {
                write!(
                    f,
                    "parse fingerprint {word:?}: expected 32 hexadecimal digits"
                )
            }
        }
    }
}

impl std::error::Error for Error {}
