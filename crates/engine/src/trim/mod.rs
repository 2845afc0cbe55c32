//! Trimming of conversations that come from outside: `orchestrator trim`.

mod document;
mod lines;

pub use document::{Count, Options, Report, Trimmed, Way, trim};
pub use lines::{Lines, MAX_CONVERSATIONS};

pub use autoexec_memory_trimmer::{Dialect, Repair};
