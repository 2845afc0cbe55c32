//! What a run did, in numbers that were measured. Absent is what was not.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};

pub use crate::run::output::Problem;

/// The report of a run; `--json` prints it.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[non_exhaustive]
pub struct RunReport {
    /// Version of this format.
    pub format: u32,
    /// The workflow's name.
    pub workflow: String,
    /// Its file.
    pub file: String,
    /// The folder that was read.
    pub root: String,
    /// How it ended.
    pub outcome: RunOutcome,
    /// From its start to its end.
    #[serde(rename = "duration_ms", with = "millis")]
    pub duration: Duration,
    /// Its steps, in the order of the file.
    pub steps: Vec<StepReport>,
    /// Durations by action.
    pub actions: BTreeMap<String, ActionReport>,
    /// What the file cache did.
    pub files: FilesReport,
    /// What the path cache did.
    pub paths: CacheReport,
    /// What the cache of answers did, when it was asked.
    #[serde(default)]
    pub prompts: Option<PromptsReport>,
    /// What the figures of the file cache suggest to change in the settings, in sentences without a full stop.
    #[serde(default)]
    pub advice: Vec<String>,
    /// Alerts that the figures of this run raised or cleared, and those still raised: the worst first.
    #[serde(default)]
    pub alerts: Vec<AlertReport>,
    /// Tokens, when somebody was asked; answers from the cache cost none.
    pub tokens: Option<TokensReport>,
    /// Memory of the process, where the platform tells.
    pub memory: Option<MemoryReport>,
    /// The workflow's outputs.
    pub outputs: BTreeMap<String, String>,
    /// What went wrong outside of steps: outputs that cannot be evaluated. Any makes the run fail.
    pub errors: Vec<String>,
}

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RunOutcome {
    /// Every step succeeded or was skipped by its condition.
    Succeeded,
    /// A step failed.
    Failed,
    /// It was told to stop.
    Interrupted,
}

/// What one step did.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[non_exhaustive]
pub struct StepReport {
    /// Its id.
    pub id: String,
    /// Its title.
    pub name: String,
    /// Its action.
    pub action: String,
    /// The line of the workflow file that it begins in.
    pub line: usize,
    /// How it ended.
    pub outcome: StepOutcome,
    /// From the start of its first task to the end of its last; absent if it never ran.
    #[serde(rename = "duration_ms", with = "some_millis")]
    pub duration: Option<Duration>,
    /// Tasks: 1, or the elements of its `foreach`.
    pub tasks: u32,
    /// Attempts of all tasks.
    pub attempts: u32,
    /// Tokens in and out, if it asked somebody and the answer did not come from the cache.
    pub tokens: Option<TokensReport>,
    /// Reads served by the file cache and from disk, if it read files.
    pub cache: Option<StepCache>,
    /// What it yielded, in a line.
    pub summary: String,
    /// Why it failed, was skipped or was cancelled.
    pub error: Option<String>,
    /// Parts of its work that were left out.
    pub problems: Vec<Problem>,
    /// The exit code of the command that made it fail.
    pub exit_code: Option<i32>,
    /// The last lines of what that command said.
    pub said: Option<String>,
}

/// How a step ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum StepOutcome {
    /// As it should.
    Succeeded,
    /// With an error.
    Failed,
    /// Not run: its condition did not hold, or a step that it needs did not succeed.
    Skipped,
    /// Not run or not finished: the run was stopped.
    Cancelled,
}

/// Reads of one step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[non_exhaustive]
pub struct StepCache {
    /// Served without reading the file.
    pub hits: u64,
    /// Read from disk.
    pub loads: u64,
}

impl StepCache {
    /// The sum of several; absent if there are none.
    pub(crate) fn sum(counts: impl Iterator<Item = Self>) -> Option<Self> {
        counts.reduce(|a, b| Self {
            hits: a.hits + b.hits,
            loads: a.loads + b.loads,
        })
    }
}

/// Tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct TokensReport {
    /// Given.
    pub input: u64,
    /// Got back.
    pub output: u64,
    /// Whether they are estimates.
    pub estimated: bool,
}

impl TokensReport {
    /// The sum of several; absent if there are none.
    pub(crate) fn sum(counts: impl Iterator<Item = Self>) -> Option<Self> {
        counts.reduce(|a, b| Self {
            input: a.input + b.input,
            output: a.output + b.output,
            estimated: a.estimated || b.estimated,
        })
    }
}

/// Durations of the tasks of one action.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ActionReport {
    /// Tasks.
    pub count: u64,
    /// Half took at most this.
    #[serde(rename = "p50_ms", with = "millis")]
    pub p50: Duration,
    /// 95 % took at most this.
    #[serde(rename = "p95_ms", with = "millis")]
    pub p95: Duration,
    /// 99 % took at most this.
    #[serde(rename = "p99_ms", with = "millis")]
    pub p99: Duration,
}

/// What the file cache did during the run.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[non_exhaustive]
pub struct FilesReport {
    /// Reads asked for.
    pub requests: u64,
    /// Served without reading the file.
    pub hits: u64,
    /// Of these, proven by notifications, without a look at the file.
    #[serde(default)]
    pub hits_proven: u64,
    /// Hits in all requests; absent without requests.
    pub hit_rate: Option<f64>,
    /// Files read from disk.
    pub loads: u64,
    /// Bytes read from disk.
    pub bytes_read: u64,
    /// Bytes handed out.
    pub bytes_served: u64,
    /// Reads of a file that had been asked for in this run already, served from the cache.
    pub redundant_reads_avoided: u64,
    /// Reads from disk of a file that had been read in this run already.
    pub redundant_reads: u64,
    /// Entries found out of date.
    pub stale: u64,
    /// Entries pushed out by the bounds.
    pub evictions: u64,
    /// Files held at the end.
    pub resident_entries: u64,
    /// Bytes held at the end.
    pub resident_bytes: u64,
}

/// A rule of the settings that the figures of a run, or of one before, went beyond.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct AlertReport {
    /// The rule's name.
    pub rule: String,
    /// How bad it is.
    pub severity: AlertSeverity,
    /// Whether it is raised; else it was cleared.
    pub is_raised: bool,
    /// Whether this run raised or cleared it.
    pub is_new: bool,
    /// The number that did, in seconds, bytes or shares of 1.
    pub value: Option<f64>,
    /// The limit of the rule, in the same unit.
    pub limit: f64,
    /// What happened, in a sentence without a full stop.
    pub message: String,
}

/// How bad an alert is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AlertSeverity {
    /// Worth tuning.
    Info,
    /// Worth a look.
    Warning,
    /// A limit that must hold does not.
    Critical,
}

/// What a cache did during the run.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[non_exhaustive]
pub struct CacheReport {
    /// Look-ups.
    pub requests: u64,
    /// Found and still true.
    pub hits: u64,
    /// Hits in all requests; absent without requests.
    pub hit_rate: Option<f64>,
}

/// What the cache of answers did during the run.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[non_exhaustive]
pub struct PromptsReport {
    /// Questions that could be in it; those too large, and those of steps with `cache: false`, are not counted.
    pub requests: u64,
    /// Answered by an earlier answer.
    pub hits: u64,
    /// Not held.
    pub misses: u64,
    /// Of these, answered by somebody who was asking the same at that time.
    pub coalesced: u64,
    /// Hits in all requests.
    pub hit_rate: f64,
    /// Answers held at the end.
    pub resident_entries: u64,
    /// Bytes held at the end.
    pub resident_bytes: u64,
}

/// Resident memory of the process, in bytes.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[non_exhaustive]
pub struct MemoryReport {
    /// At the start of the run.
    pub start_bytes: u64,
    /// At its end.
    pub end_bytes: u64,
    /// End less start.
    pub delta_bytes: i64,
    /// The most since the start, where the kernel tells.
    pub peak_bytes: Option<u64>,
}

impl RunReport {
    /// The report as pretty JSON.
    pub fn to_json(&self) -> String {
        serde_json::to_string_pretty(self).expect("because the report has only string keys")
    }
}

/// `part` in `whole`, absent when there is no whole.
pub(crate) fn rate(part: u64, whole: u64) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}

/// Durations as milliseconds with their microseconds.
mod millis {
    use std::time::Duration;

    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub(super) fn serialize<S: Serializer>(d: &Duration, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_f64((d.as_secs_f64() * 1e6).round() / 1e3)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(d: D) -> Result<Duration, D::Error> {
        Duration::try_from_secs_f64(f64::deserialize(d)? / 1e3).map_err(D::Error::custom)
    }
}

mod some_millis {
    use std::time::Duration;

    use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};

    pub(super) fn serialize<S: Serializer>(d: &Option<Duration>, s: S) -> Result<S::Ok, S::Error> {
        d.map(|d| (d.as_secs_f64() * 1e6).round() / 1e3)
            .serialize(s)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        d: D,
    ) -> Result<Option<Duration>, D::Error> {
        let ms = Option::<f64>::deserialize(d)?;
        ms.map(|ms| Duration::try_from_secs_f64(ms / 1e3))
            .transpose()
            .map_err(D::Error::custom)
    }
}
