//! Parameters that are no reals, constraints and noise.

pub(crate) fn table(_algorithm: &str, _seeds: u64) {}
