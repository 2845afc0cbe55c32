//! What accesses cost, in nanoseconds of a processor.

use serde::{Deserialize, Serialize};

use crate::trace::{FileAnswer, Setup};

/// What accesses cost, in nanoseconds of one thread. Only the proportions matter where the recorded run did the same.
///
/// The defaults were fitted to 72 traces of a workflow that reads and searches 3,336 files of 200 bytes to 1 MB one step at a
/// time, and asks about texts of 20 to 20,000 words; a third each with `validate`, `pinned` and `watch` (two cores, ext4, files in
/// the page cache). [`CostModel::fit`] measures those of other machines.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct CostModel {
    /// A batch of files, whatever is in it.
    pub batch_ns: f64,
    /// A hit that is validated.
    pub hit_ns: f64,
    /// A hit that nobody is asked about, or that is proven with its batch.
    pub hit_unasked_ns: f64,
    /// A load, without its bytes.
    pub load_ns: f64,
    /// A byte that is loaded.
    pub load_byte_ns: f64,
    /// What a load costs more whose file is watched from then on, its folders included. The default is that of a warm file
    /// system; where there are many folders it is more.
    pub watch_ns: f64,
    /// A folder that the path cache has.
    pub path_hit_ns: f64,
    /// One that it has not.
    pub path_miss_ns: f64,
    /// An answer that is held.
    pub answer_hit_ns: f64,
    /// A question that is asked, without its tokens.
    pub ask_ns: f64,
    /// A token of a question, in or out.
    pub ask_token_ns: f64,
}

impl Default for CostModel {
    fn default() -> Self {
        Self {
            batch_ns: 500.0,
            hit_ns: 1_900.0,
            hit_unasked_ns: 140.0,
            load_ns: 10_000.0,
            load_byte_ns: 0.6,
            watch_ns: 2_000.0,
            path_hit_ns: 1_600.0,
            path_miss_ns: 7_700.0,
            answer_hit_ns: 6_400.0,
            ask_ns: 40_000.0,
            ask_token_ns: 130.0,
        }
    }
}

/// What a batch of files asked for.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Batch {
    pub(super) validated: u64,
    pub(super) unasked: u64,
    pub(super) loads: u64,
    pub(super) bytes_loaded: u64,
    /// Of the loads, those that began a watch.
    pub(super) watched: u64,
}

/// Distinct files of a batch from which on several threads may read it, as the file cache has it.
const PARALLEL_FROM: u64 = 4;
/// What a batch has to cost for a thread to be started, likewise.
const WORTH_A_THREAD_NS: f64 = 400_000.0;

impl Batch {
    /// Adds a read as it was recorded.
    pub(super) fn add_recorded(&mut self, answer: FileAnswer, bytes: u64, setup: &Setup) {
        if answer.is_load() {
            self.loads += 1;
            self.bytes_loaded = self.bytes_loaded.saturating_add(bytes);
            self.watched += u64::from(setup.files_watch);
        } else if setup.files_watch || setup.files_ttl_ns > 0 {
            self.unasked += 1;
        } else {
            self.validated += 1;
        }
    }
}

impl CostModel {
    pub(super) fn batch(&self, batch: &Batch) -> f64 {
        self.batch_ns
            + self.hit_ns * batch.validated as f64
            + self.hit_unasked_ns * batch.unasked as f64
            + self.load_ns * batch.loads as f64
            + self.load_byte_ns * batch.bytes_loaded as f64
            + self.watch_ns * batch.watched as f64
    }

    /// How many threads read such a batch.
    pub(super) fn threads(&self, batch: &Batch, setup: &Setup) -> u32 {
        let left = batch.validated + batch.loads;
        let is_worth = self.batch(batch) >= WORTH_A_THREAD_NS;
        match left >= PARALLEL_FROM && is_worth {
            true => setup.files_workers.min(setup.processors).max(1),
            false => 1,
        }
    }

    pub(super) fn paths(&self, hits: u64, misses: u64) -> f64 {
        self.path_hit_ns * hits as f64 + self.path_miss_ns * misses as f64
    }

    pub(super) fn question(&self, is_hit: bool, tokens: u64) -> f64 {
        match is_hit {
            true => self.answer_hit_ns,
            false => self.ask_ns + self.ask_token_ns * tokens as f64,
        }
    }
}
