//! The benchmarks of this workspace, one file per crate below `benches/`.
//!
//! What they have in common is a convention rather than code, so this library is empty:
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
