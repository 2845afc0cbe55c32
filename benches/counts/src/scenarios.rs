//! The scenarios, a file per crate.

mod consolidator;
mod engine;
mod file_cache;
mod memory_trimmer;
mod metrics;
mod optimizer;
mod path_cache;
mod scheduler;
mod store;
mod watch;

use crate::run::Scenario;

/// All of them, crate by crate.
pub(crate) fn all() -> impl Iterator<Item = &'static Scenario> {
    let crates: [&'static [Scenario]; 10] = [
        watch::SCENARIOS,
        path_cache::SCENARIOS,
        file_cache::SCENARIOS,
        consolidator::SCENARIOS,
        memory_trimmer::SCENARIOS,
        optimizer::SCENARIOS,
        metrics::SCENARIOS,
        store::SCENARIOS,
        scheduler::SCENARIOS,
        engine::SCENARIOS,
    ];
    crates.into_iter().flatten()
}
