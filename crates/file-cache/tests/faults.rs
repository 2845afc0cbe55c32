//! What goes wrong in a system, brought about on purpose: the answer is a typed error or the right contents, at once,
//! and the cache works as before when it is over.
#![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]
#![allow(clippy::print_stderr, reason = "what cannot be tested here is said")]
#![cfg(target_os = "linux")]

mod support;

#[path = "faults/descriptors.rs"]
mod descriptors;
#[path = "faults/hook.rs"]
mod hook;
#[path = "faults/mounts.rs"]
mod mounts;
#[path = "faults/moving.rs"]
mod moving;
#[path = "faults/paths.rs"]
mod paths;
#[path = "faults/process.rs"]
mod process;
#[path = "faults/remembered.rs"]
mod remembered;
