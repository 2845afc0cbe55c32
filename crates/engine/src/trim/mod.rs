//! Trimming of conversations that come from outside: `orchestrator trim`.

mod lines;

pub use lines::{Lines, MAX_CONVERSATIONS};
