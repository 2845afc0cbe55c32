//! What can be wrong with a space or with options.

use std::fmt;

/// Why a space could not be built, or an optimization not be started. Reads after "failed to".
///
/// The objective cannot fail through this type: a value that is not finite counts as the worst, and a panic is passed
/// on to the caller.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Error {
    /// The space has no parameter.
    EmptySpace,
    /// Two parameters have this name.
    DuplicateParameter {
        /// The name that occurs twice.
        name: String,
    },
    /// Bounds of a parameter are not finite, lie the wrong way round, or are too far apart to subtract.
    Bounds {
        /// The parameter.
        name: String,
        /// Its lower bound.
        low: f64,
        /// Its upper bound.
        high: f64,
    },
    /// A parameter on a logarithmic scale starts at zero or below.
    LogBounds {
        /// The parameter.
        name: String,
        /// Its lower bound.
        low: f64,
    },
    /// An integer parameter reaches beyond ±2⁵³, where doubles skip integers.
    IntegerBounds {
        /// The parameter.
        name: String,
        /// Its lower bound.
        low: i64,
        /// Its upper bound.
        high: i64,
    },
    /// A categorical parameter offers nothing to choose.
    NoChoices {
        /// The parameter.
        name: String,
    },
    /// A categorical parameter offers the same choice twice.
    DuplicateChoice {
        /// The parameter.
        name: String,
        /// The choice that occurs twice.
        choice: String,
    },
    /// An option is outside its range.
    Option {
        /// The field of [`Options`](crate::Options), as in `islands.rate`.
        option: &'static str,
        /// What was given, as text.
        value: String,
        /// What is accepted.
        accepted: &'static str,
    },
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::EmptySpace => write!(f, "build a space: it has no parameter"),
            Self::DuplicateParameter { name } => {
                write!(f, "build a space: two parameters are named `{name}`")
            }
            Self::Bounds { name, low, high } => write!(
                f,
                "build a space: parameter `{name}` has bounds {low:?}..={high:?}, which must be finite, in order, \
                 and a finite distance apart"
            ),
            Self::LogBounds { name, low } => write!(
                f,
                "build a space: parameter `{name}` starts at {low:?}, and a logarithmic scale only starts above zero"
            ),
            Self::IntegerBounds { name, low, high } => write!(
                f,
                "build a space: integer parameter `{name}` has bounds {low}..={high}, which must lie within ±2^53"
            ),
            Self::NoChoices { name } => {
                write!(
                    f,
                    "build a space: categorical parameter `{name}` has no choices"
                )
            }
            Self::DuplicateChoice { name, choice } => write!(
                f,
                "build a space: categorical parameter `{name}` offers `{choice}` twice"
            ),
            Self::Option {
                option,
                value,
                accepted,
            } => {
                write!(
                    f,
                    "start an optimization: `{option}` is {value}, and must be {accepted}"
                )
            }
        }
    }
}

impl std::error::Error for Error {}
