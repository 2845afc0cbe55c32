//! What the counters suggest to change.

mod capacity;
mod hits;
mod means;
mod rules;
#[cfg(test)]
mod tests;
mod words;

use crate::{FileCache, Options, Stats};
use rules::Rules;
use std::fmt;

/// What a cache cannot know of the machine and the process; whoever asks for advice says it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Surroundings {
    /// How many threads the machine runs at once.
    pub processors: usize,
    /// Memory that the process could still take, in bytes. `None` gives no advice about it.
    pub free_bytes: Option<u64>,
    /// By how much the process has grown since its start, in bytes. `None` gives no advice about it.
    pub process_growth_bytes: Option<u64>,
}

/// One thing to change, or to know.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Advice {
    /// What it is about. At most one piece of advice is given on a topic.
    pub topic: Topic,
    /// How much it matters.
    pub severity: Severity,
    /// One sentence, without a full stop: what was measured, what is wanted, and what to do.
    pub message: String,
    /// What was measured, in the unit of the [`Topic`].
    pub measured: f64,
    /// Where advice begins, in the same unit.
    pub target: f64,
    /// The settings to change; empty where none helps.
    pub changes: Vec<Change>,
}

/// A setting, as it is and as it should be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Change {
    /// The name of a field of [`Options`]. The bounds can be changed by [`FileCache::resize`], the others only in a new
    /// cache.
    pub setting: &'static str,
    /// Its value.
    pub from: u64,
    /// A better one.
    pub to: u64,
}

/// How much a piece of advice matters. Warnings come first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// To be changed now.
    Warning,
    /// A target is missed, or memory or threads are wasted.
    Hint,
}

/// What advice is about. Shares are of the requests that were not streamed from disk, 0 to 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Topic {
    /// Share of hits below 0.7; a warning below 0.5 where a setting helps.
    HitRate,
    /// Share of hits below 0.05 in 1,000 requests, and no larger cache would help: it costs memory and gives nothing.
    NoBenefit,
    /// Evictions per request above 0.1.
    Evictions,
    /// Share of loads too large to keep above 0.05.
    Skipped,
    /// Share above 0.01 of files that one run loaded again though they had not changed.
    RedundantReads,
    /// Batches that load fewer than 10 files per second; a warning below 5.
    SlowBatches,
    /// Less than 1 GiB of memory is free, or more than 2 GiB while the cache has to evict; in bytes.
    FreeMemory,
    /// The process grew by more than 500 MiB; in bytes.
    ProcessGrowth,
    /// More or fewer threads than batches repay; in files that a batch loads.
    Workers,
    /// Notifications were lost so often that the validations show; how often.
    WatchLosses,
    /// Room for more than eight times the entries that were ever needed; in entries.
    UnusedRoom,
}

impl FileCache {
    /// What the counters so far suggest to change, the most important first; empty where all is well.
    ///
    /// See [`advise`], to which this gives the present bounds. For advice on a part of the past give that the
    /// difference of two [`stats`](Self::stats).
    #[must_use]
    pub fn advise(&self, surroundings: &Surroundings) -> Vec<Advice> {
        let (max_entries, max_bytes) = self.resident.bounds();
        let options = Options {
            max_entries: usize::try_from(max_entries).unwrap_or(usize::MAX),
            max_bytes,
            ..self.options().clone()
        };
        advise(&self.stats(), &options, surroundings)
    }
}

/// What these counters of a cache with these options suggest to change, the most important first.
///
/// Nothing is said about shares before 100 requests, about batches before they loaded 10 files, and about a
/// cache that keeps nothing. How large a cache should be is told from [`Stats::run_paths`], so [`FileCache::begin_run`]
/// should be called where a run begins; what that takes in memory, from the entries held now. Both are estimates: a
/// second look after the change is worth its while. The same arguments give the same advice. Takes no time worth mention.
///
/// ```
/// use autoexec_file_cache::{FileCache, Options, Surroundings, Topic};
///
/// let dir = tempfile::tempdir()?;
/// let paths: Vec<_> = (0..300).map(|i| dir.path().join(i.to_string())).collect();
/// for path in &paths {
///     std::fs::write(path, "contents")?;
/// }
/// let cache = FileCache::new(Options { max_entries: 30, ..Options::default() });
/// (0..4).flat_map(|_| &paths).for_each(|path| drop(cache.read(path)));
///
/// let surroundings = Surroundings { processors: 8, free_bytes: None, process_growth_bytes: None };
/// let advice = &cache.advise(&surroundings)[0];
/// assert_eq!(advice.topic, Topic::HitRate);
/// assert_eq!((advice.changes[0].setting, advice.changes[0].to), ("max_entries", 300));
/// assert!(advice.message.ends_with(
///     "is below 70 %: 300 files were loaded in this run and the cache holds 30; raise max_entries from 30 to 300"
/// ));
/// # Ok::<(), std::io::Error>(())
/// ```
#[must_use]
pub fn advise(stats: &Stats, options: &Options, surroundings: &Surroundings) -> Vec<Advice> {
    let mut advice = Rules::new(stats, options, surroundings).apply();
    advice.sort_by_key(|advice| (advice.severity, advice.topic));
    advice
}

/// `warning: hit rate 31.0 % is below 70 %: …`
impl fmt::Display for Advice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.severity, self.message)
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Warning => "warning",
            Self::Hint => "hint",
        })
    }
}

/// `max_entries from 128 to 2,000`
impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let value = if self.setting.ends_with("_bytes") {
            words::bytes
        } else {
            words::count
        };
        let (from, to) = (value(self.from), value(self.to));
        write!(f, "{} from {from} to {to}", self.setting)
    }
}
