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
    /// A parameter offers more choices or levels than 2²⁰.
    TooManyChoices {
        /// The parameter.
        name: String,
        /// How many it offers.
        count: usize,
    },
    /// A condition cannot hold.
    Condition {
        /// The parameter that has the condition.
        name: String,
        /// The parameter that it depends on.
        parent: String,
        /// What is wrong with the parent.
        what: &'static str,
    },
    /// A parameter of a document lacks something, or has something that its type does not have.
    Document {
        /// The parameter.
        name: String,
        /// What is wrong with it.
        what: &'static str,
    },
    /// A point is not in the space.
    Point {
        /// The parameter that is wrong.
        name: String,
        /// What is wrong with it.
        what: &'static str,
    },
    /// An evaluation has another number of objectives or constraints than the options say.
    Arity {
        /// What there is a wrong number of: objectives or constraints.
        what: &'static str,
        /// How many there should be.
        expected: usize,
        /// How many there are.
        found: usize,
    },
    /// A result was told for an id that no trial has.
    UnknownTrial {
        /// The id.
        id: u64,
    },
    /// A result was told for a trial that has one already.
    ToldTwice {
        /// The id of the trial.
        id: u64,
    },
    /// A checkpoint cannot be continued.
    Checkpoint {
        /// Why not.
        what: &'static str,
    },
    /// An algorithm cannot solve such a problem.
    Unsuitable {
        /// The name of the algorithm.
        algorithm: &'static str,
        /// What it cannot do.
        what: &'static str,
    },
    /// No algorithm has this name.
    UnknownAlgorithm {
        /// The name.
        name: String,
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
            Self::TooManyChoices { name, count } => write!(
                f,
                "build a space: parameter `{name}` offers {count} choices, and 1048576 are the most"
            ),
            Self::Condition { name, parent, what } => write!(
                f,
                "build a space: `{name}` depends on `{parent}`, which {what}"
            ),
            Self::Document { name, what } => {
                write!(f, "build a space: parameter `{name}` {what}")
            }
            Self::Point { name, what } => {
                write!(f, "read a point: parameter `{name}` {what}")
            }
            Self::Arity {
                what,
                expected,
                found,
            } => write!(
                f,
                "take an evaluation: it has {found} {what}, and the options say {expected}"
            ),
            Self::UnknownTrial { id } => write!(f, "take an evaluation: no trial has the id {id}"),
            Self::ToldTwice { id } => {
                write!(f, "take an evaluation: trial {id} has been told already")
            }
            Self::Checkpoint { what } => write!(f, "continue from a checkpoint: {what}"),
            Self::Unsuitable { algorithm, what } => {
                write!(f, "start an optimization: {algorithm} cannot take {what}")
            }
            Self::UnknownAlgorithm { name } => write!(
                f,
                "start an optimization: no algorithm is named `{name}`; there are {}",
                crate::algorithm::NAMES.join(", ")
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
