//! The benchmarks of this workspace, one file per crate below `benches/`.
//!
//! What they have in common is a convention, and how long one pass takes:
//!
//! - A file asks one question per group. Inside a group, `floor` is what physics or a bare
//!   primitive costs, measured in the same run; the others are named after what they do.
//!   `cargo xtask bench` reports each as a multiple of its group's floor (for a group with
//!   parameters, of the floor with the same parameter, else of the one without).
//! - A benchmark checks its own answer once before it is timed. One that is wrong panics, is
//!   reported by name, and does not keep the other files from being measured.
//! - Inputs come from fixed seeds and literals, never from the machine.
//! - One pass of a benchmark takes about half a second, so that all of them together can be
//!   measured several times over: `cargo xtask bench` interleaves the passes.

use std::time::Duration;

use criterion::Criterion;

/// One pass of a benchmark: 20 samples in about half a second.
pub fn pass() -> Criterion {
    Criterion::default()
        .sample_size(20)
        .warm_up_time(Duration::from_millis(100))
        .measurement_time(Duration::from_millis(400))
}
