//! Which rules are applied, and to what.

use super::capacity::raised;
use super::{Advice, Change, Severity, Surroundings, Topic};
use crate::{Options, Stats};

/// Requests before which shares say nothing.
const EVIDENCE: u64 = 100;
/// Requests before which nothing is said against the cache as a whole.
pub(super) const MUCH_EVIDENCE: u64 = 1_000;
/// Files loaded by batches before which nothing is said about batches.
const EVIDENCE_OF_BATCHES: u64 = 10;
/// What the rules look at.
pub(super) struct Rules<'a> {
    pub(super) stats: &'a Stats,
    pub(super) options: &'a Options,
    pub(super) surroundings: &'a Surroundings,
    /// Requests that the cache could have answered: those not streamed from disk.
    pub(super) requests: u64,
    pub(super) raised: Vec<Change>,
}

impl<'a> Rules<'a> {
    pub(super) fn new(
        stats: &'a Stats,
        options: &'a Options,
        surroundings: &'a Surroundings,
    ) -> Self {
        Self {
            stats,
            options,
            surroundings,
            requests: stats.requests.saturating_sub(stats.streamed),
            raised: raised(stats, options, surroundings),
        }
    }

    pub(super) fn apply(&self) -> Vec<Advice> {
        let keeps_nothing = self.options.max_entries == 0 || self.options.max_bytes == 0;
        let mut advice = Vec::new();
        if self.requests >= EVIDENCE && !keeps_nothing {
            advice.extend(self.hit_rate());
            advice.extend(self.evictions());
            advice.extend(self.redundant_reads());
            if advice.is_empty() {
                advice.extend(self.much_free());
            }
            advice.extend(self.skipped());
            advice.extend(self.watch_losses());
            advice.extend(self.unused_room());
        }
        if self.stats.batch_loads >= EVIDENCE_OF_BATCHES {
            advice.extend(self.slow_batches());
            advice.extend(self.workers());
        }
        advice.extend(self.little_free());
        advice.extend(self.growth());
        advice
    }

    pub(super) fn share(&self, number: u64) -> f64 {
        number as f64 / self.requests as f64
    }
}

pub(super) fn advice(
    topic: Topic,
    severity: Severity,
    message: String,
    (measured, target): (f64, f64),
    changes: Vec<Change>,
) -> Advice {
    Advice {
        topic,
        severity,
        message,
        measured,
        target,
        changes,
    }
}
