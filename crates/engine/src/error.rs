//! Why a run cannot begin, and why a step fails.

use std::fmt;

use crate::report::Problem;
use crate::run::output::RunOutput;
use crate::workflow::model::InputKind;

/// Why a run cannot begin: bad input. Reads after "failed to".
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Error {
    /// The workflow has no input of this name.
    UnknownInput {
        /// As given.
        name: String,
        /// The nearest, or all that there are.
        help: Option<String>,
    },
    /// The value of an input is of another type.
    InputType {
        /// Its name.
        name: String,
        /// As given.
        value: String,
        /// What it must be.
        kind: InputKind,
    },
    /// An input that must be given is not.
    MissingInput {
        /// Its name.
        name: String,
        /// What it is for.
        description: String,
    },
    /// The folder to read, or the one to write to, cannot be used.
    Folder {
        /// What it is for.
        role: &'static str,
        /// As given.
        path: String,
        /// Why not.
        why: String,
    },
    /// An expression outside of steps cannot be evaluated.
    Expression {
        /// The key that it stands under.
        key: String,
        /// Why not.
        why: String,
    },
    /// A trace cannot be replayed.
    Trace(String),
}

impl std::error::Error for Error {}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownInput { name, help } => {
                write!(
                    f,
                    "use the input `{name}`: the workflow has none of that name"
                )?;
                help.as_ref().map_or(Ok(()), |h| write!(f, "; {h}"))
            }
            Self::InputType { name, value, kind } => {
                let kind = match kind {
                    InputKind::Number => "a number",
                    InputKind::Boolean => "`true` or `false`",
                    InputKind::String => "a text",
                };
                write!(
                    f,
                    "use the input `{name}`: it must be {kind}, not `{value}`"
                )
            }
            Self::MissingInput { name, description } if description.is_empty() => {
                write!(
                    f,
                    "start: the input `{name}` must be given with `--input {name}=VALUE`"
                )
            }
            Self::MissingInput { name, description } => {
                write!(
                    f,
                    "start: the input `{name}` ({description}) must be given with `--input {name}=VALUE`"
                )
            }
            Self::Folder { role, path, why } => {
                write!(f, "use `{path}` as the {role} folder: {why}")
            }
            Self::Expression { key, why } => write!(f, "evaluate `{key}`: {why}"),
            Self::Trace(why) => write!(f, "replay the trace: {why}"),
        }
    }
}

/// Why a step failed.
#[derive(Debug, Clone)]
pub(crate) enum StepError {
    /// The work failed; another attempt may succeed.
    Failed(String),
    /// A command failed; what it said is kept.
    Command(String, Box<RunOutput>),
    /// Parts of the work failed and the step does not leave such parts out.
    Problems(Vec<Problem>),
    /// No attempt can succeed: the step itself is wrong.
    Invalid(String),
    /// The run was told to stop.
    Stopped,
}

impl fmt::Display for StepError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Failed(why) | Self::Invalid(why) | Self::Command(why, _) => f.write_str(why),
            Self::Problems(problems) => write_problems(f, problems),
            Self::Stopped => f.write_str("stopped"),
        }
    }
}

/// The first few problems in one message.
fn write_problems(f: &mut fmt::Formatter<'_>, problems: &[Problem]) -> fmt::Result {
    const SHOWN: usize = 5;
    for (index, problem) in problems.iter().take(SHOWN).enumerate() {
        let comma = if index > 0 { ", " } else { "" };
        write!(f, "{comma}`{}` {}", problem.subject, problem.message)?;
    }
    if problems.len() > SHOWN {
        write!(f, " (and {} more)", problems.len() - SHOWN)?;
    }
    let is_slip = |p: &Problem| p.message.contains("allow_empty");
    match problems.iter().all(is_slip) {
        true => Ok(()),
        false => f.write_str("; `on_problem: skip` would leave such files out"),
    }
}
