//! Replays: what recorded runs would have cost with other settings.
//!
//! The real parts run, without what they stand on: the tables of file cache and path cache without a disk, the store of answers
//! with bytes of the recorded sizes, histories with messages of the recorded tokens, the scheduler's queues and limits on a
//! virtual clock. Times are the recorded ones, changed by what a [`CostModel`] says of the difference; so a replay by the
//! settings of the run comes out as the run did. Nothing is random, and nothing is asked of the machine: the same traces,
//! settings and costs give the same [`Outcome`].
//!
//! # What a replay cannot know
//!
//! - Accesses of a step come in the order recorded, one batch after the other; batches of steps that run at once are put in
//!   the order of the virtual clock. A run in which no two steps run at once, with one worker, is reproduced hit by hit; with
//!   several, a load that two shared is a load and a hit here, and where the cache is nearly full the order of evictions
//!   may differ.
//! - With `files.freshness = "watch"`, files that are held and not proven count as used twice by a batch; which those are, no
//!   trace tells. Where such a cache evicts, counts differ by a few.
//! - A cache of several shards spreads its files by chance; here by their identities.
//! - What a file too large kept from being read is not known: settings that let it be read make that one load, and no search in it.
//! - `history.keep = "relevant"` needs the words; it is replayed as `recent`.
//! - Other questions might have got other answers. Here they get those recorded, with the tokens of what is left of the
//!   conversation.
//! - Commands take the time that they took, however busy the machine is. What computes shares the processors evenly.
//! - There is no prefetcher yet, so none is replayed.

mod caches;
mod cost;
mod fit;
mod plan;
mod play;
mod service;
#[cfg(test)]
mod tests;

pub use cost::CostModel;
pub use plan::Player;

pub(crate) use caches::thresholds;
pub(crate) use play::Played;

use serde::Serialize;

use crate::error::Error;
use crate::trace::{Setup, Trace};

/// What a replay comes to. Sums are over all traces.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize)]
#[non_exhaustive]
pub struct Outcome {
    /// From start to end of the runs by the virtual clock, in nanoseconds.
    pub makespan_ns: u64,
    /// Files asked for.
    pub reads: u64,
    /// Served from memory.
    pub hits: u64,
    /// Read from disk.
    pub loads: u64,
    /// Of these, read before by the same session.
    pub redundant_loads: u64,
    /// Not read, because too large.
    pub refused: u64,
    /// Not had for another reason.
    pub failed: u64,
    /// Files dropped to make room.
    pub evictions: u64,
    /// Bytes read from disk.
    pub bytes_loaded: u64,
    /// Folders resolved.
    pub path_lookups: u64,
    /// Of these, from the path cache.
    pub path_hits: u64,
    /// Questions that the cache of answers was asked for.
    pub cacheable: u64,
    /// Of these, answered from it.
    pub prompt_hits: u64,
    /// Tokens in that were spent.
    pub input_tokens: u64,
    /// Tokens out that were spent.
    pub output_tokens: u64,
    /// Trims of conversations.
    pub trims: u64,
    /// Messages that they dropped.
    pub dropped_messages: u64,
    /// Tokens of conversations that questions were asked with, all added up: what was kept for them.
    pub kept_tokens: u64,
    /// The most bytes held by the caches of files and answers together, of any session.
    pub peak_bytes: u64,
    /// Steps that succeeded.
    pub steps_succeeded: u64,
    /// Steps that ran, whether they succeeded or not.
    pub steps_run: u64,
    /// Time that steps were ready and had to wait for a place in their class, in nanoseconds.
    pub queued_ns: u64,
}

impl Outcome {
    /// The outcome as pretty JSON.
    #[must_use]
    pub fn to_json(&self) -> String {
        serde_json::to_string_pretty(self).expect("because an outcome has only string keys")
    }
}

/// Replays traces, in their order, by other settings: those of a run stand in its [`Header`](crate::trace::Header). Traces of
/// one session share their caches.
///
/// To replay the same traces again and again, make a [`Player`] once.
///
/// # Errors
/// The steps of a trace need each other in a circle, which no run records.
pub fn replay(traces: &[Trace], setup: &Setup, cost: &CostModel) -> Result<Outcome, Error> {
    Ok(Player::new(traces)?.replay(setup, cost))
}
