//! The one error of this crate.

use std::fmt;

/// Thresholds that cannot work.
///
/// Reads after "failed to": `failed to use trim_threshold NaN: …`.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Error {
    /// A factor is not a finite number in its range.
    Factor {
        /// The name of the field.
        name: &'static str,
        /// Its value.
        value: f64,
        /// The smallest value that works.
        min: f64,
    },
    /// The level is not below the trigger, so that every message would cause a trim.
    LevelAboveTrigger {
        /// Messages kept by a trim.
        level: usize,
        /// Messages at which a trim is due.
        trigger: usize,
    },
    /// The emergency comes before the trigger.
    EmergencyBelowTrigger {
        /// The factor of the emergency.
        emergency: f64,
        /// The factor of the trigger.
        trigger: f64,
    },
    /// The token limit is 0: no message fits.
    NoTokens,
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Factor { name, value, min } => {
                write!(f, "use {name} {value}: expected a finite number from {min}")
            }
            Error::LevelAboveTrigger { level, trigger } => write!(
                f,
                "use a level of {level} messages: expected less than the trigger, {trigger}"
            ),
            Error::EmergencyBelowTrigger { emergency, trigger } => write!(
                f,
                "use emergency {emergency}: expected at least trim_threshold, {trigger}"
            ),
            Error::NoTokens => f.write_str("use max_tokens 0: no message fits"),
        }
    }
}

impl std::error::Error for Error {}
