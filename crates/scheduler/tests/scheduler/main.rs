//! The scheduler through its public functions: against a naive model, and case by case.
#![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]

mod cancelling;
mod failing;
mod model;
mod ordering;
mod recorder;
mod simulating;
mod workers;
