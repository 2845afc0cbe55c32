//! Carrying out a workflow: one [`runner::Runner`] per run, one file per action.

mod actions;
mod answer;
mod ask;
mod baseline;
mod collect;
mod command;
mod confined;
mod consolidate;
mod conversation;
pub(crate) mod execution;
mod lead;
pub(crate) mod output;
pub(crate) mod prepare;
pub(crate) mod process;
mod read;
pub(crate) mod runner;
pub(crate) mod scope;
mod search;
mod summary;

pub(crate) use answer::LARGEST as LARGEST_QUESTION;
pub(crate) use summary::available_memory;
