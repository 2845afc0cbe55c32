//! Why pairs of prefixes make no map.

use super::Prefix;
use std::fmt;

/// Which member of a pair.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// The system outside: the host.
    Outer,
    /// The system inside: the container, or WSL.
    Inner,
}

impl fmt::Display for Side {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Outer => "outer",
            Self::Inner => "inner",
        })
    }
}

/// Why a [`PrefixMap`](crate::PrefixMap) could not be made. It reads after "failed to".
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum PrefixError {
    /// A prefix without a single byte.
    Empty {
        /// Where it stands in its pair.
        side: Side,
    },
    /// A prefix that does not say where it begins: `work`, and on Windows also `C:work`, `C:` and `\work`.
    Relative {
        /// Where it stands in its pair.
        side: Side,
        /// The prefix.
        prefix: Prefix,
    },
    /// A prefix that two pairs share, so that one direction has two answers.
    Duplicate {
        /// Where it stands in its pairs.
        side: Side,
        /// The prefix.
        prefix: Prefix,
    },
}

impl fmt::Display for PrefixError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty { side } => write!(f, "map an {side} prefix: it is empty"),
            Self::Relative { side, prefix } => {
                write!(f, "map the {side} prefix {prefix}: it is not absolute")
            }
            Self::Duplicate { side, prefix } => {
                write!(f, "map the {side} prefix {prefix}: two pairs have it")
            }
        }
    }
}

impl std::error::Error for PrefixError {}
