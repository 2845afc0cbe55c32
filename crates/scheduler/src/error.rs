//! What can be wrong with a graph.

use std::fmt;

use crate::graph::{ClassId, StepId};

/// Why a [`Graph`](crate::Graph) could not be built; reads after "failed to".
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Error {
    /// The steps depend on each other: each depends on the one before it, and the first on
    /// the last. The first is the lowest id of the cycle and is not repeated at the end.
    Cycle(Vec<StepId>),
    /// An edge names a step that was never added.
    UnknownStep(StepId),
    /// A step names a class that was never added.
    UnknownClass(ClassId),
    /// A class with a limit of zero would never run its steps.
    ZeroLimit(ClassId),
    /// More steps than a [`StepId`] can number; carries the most there can be.
    TooManySteps(usize),
    /// More classes than a [`ClassId`] can number; carries the most there can be.
    TooManyClasses(usize),
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Cycle(steps) => write_cycle(f, steps),
            Self::UnknownStep(step) => {
                write!(f, "find step {}, which an edge names", step.0)
            }
            Self::UnknownClass(class) => {
                write!(f, "find class {}, which a step names", class.0)
            }
            Self::ZeroLimit(class) => {
                write!(f, "run anything in class {}, whose limit is 0", class.0)
            }
            Self::TooManySteps(most) => write!(f, "number more than {most} steps"),
            Self::TooManyClasses(most) => write!(f, "number more than {most} classes"),
        }
    }
}

/// Writes the steps with arrows, and the first once more to close the circle.
fn write_cycle(f: &mut fmt::Formatter<'_>, steps: &[StepId]) -> fmt::Result {
    f.write_str("order steps that wait for each other: ")?;
    for step in steps {
        write!(f, "{} -> ", step.0)?;
    }
    let first = steps.first().map_or(0, |step| step.0);
    write!(f, "{first}")
}

impl std::error::Error for Error {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cycle_is_written_as_a_circle() {
        let error = Error::Cycle(vec![StepId(1), StepId(4), StepId(2)]);
        assert_eq!(
            error.to_string(),
            "order steps that wait for each other: 1 -> 4 -> 2 -> 1"
        );
    }
}
