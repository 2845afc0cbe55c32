//! Islands beside one population.

pub(crate) fn table(_seeds: u64) {}
