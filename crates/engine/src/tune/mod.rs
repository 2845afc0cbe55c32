//! Searching for good parameters: of any command, for whoever asks and tells in lines, or of our own settings on recorded traces.

mod answer;
mod command;
mod document;
mod lines;
mod outcome;
mod search;
mod table;
pub mod traces;
mod values;

pub use answer::Failure;
pub use command::{Command, Evaluated, Tuning, TuningOptions, Watcher};
pub use document::{Objective, SPACE, SpaceDocument};
pub use lines::Session;
pub use outcome::Row;

pub use autoexec_evolutionary_optimizer::Optimizer;
