//! What a trace says, as plain values.

use serde::{Deserialize, Serialize};

use crate::report::{RunOutcome, StepOutcome};
use crate::workflow::model::Class;

/// What a run did, as its trace has it. All times are nanoseconds of the monotonic clock since the run began.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Trace {
    /// Which run it was, and by which settings.
    pub header: Header,
    /// Its steps, in the order of the workflow.
    pub steps: Vec<Step>,
    /// The files that were asked for, in the order of first access; accesses name them by their index.
    pub files: Vec<Entry>,
    /// The paths that were resolved through the path cache, likewise.
    pub paths: Vec<Entry>,
    /// The questions that could stand in the cache of answers, likewise.
    pub prompts: Vec<Entry>,
    /// What was asked, in the order of its beginning.
    pub accesses: Vec<Access>,
    /// Bytes of the file behind what is sound; 0 if it is whole.
    pub lost_bytes: u64,
}

/// Which run it was, and by which settings.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Header {
    /// Version of the program that wrote it.
    pub program: String,
    /// The workflow's name.
    pub workflow: String,
    /// A hash of its canonical form: equal for workflows that mean the same.
    pub workflow_hash: u64,
    /// When the run began, in milliseconds since 1970, as the caller says.
    pub started_unix_ms: u64,
    /// The process, or whatever else shares caches: equal for runs that do.
    pub session: u64,
    /// Which run of its session it was, from 1.
    pub round: u32,
    /// From its start to its end.
    pub duration_ns: u64,
    /// How it ended.
    pub outcome: RunOutcome,
    /// Whether independent steps went on after a failure.
    pub keep_going: bool,
    /// The settings that matter for a replay.
    pub setup: Setup,
    /// The limits of `cpu`, `io` and `memory` that the workflow sets itself, whatever the settings say.
    pub workflow_limits: [Option<u32>; 3],
    /// What the caches held at the start.
    pub held: Held,
    /// Accesses that were not recorded any more, because there were too many.
    pub left_out: u64,
}

/// The settings that matter for a replay. Their meanings stand in [`DEFAULTS`](crate::settings::DEFAULTS).
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Setup {
    /// Processors of the machine.
    pub processors: u32,
    /// `files.entries`.
    pub files_entries: u64,
    /// `files.bytes`.
    pub files_bytes: u64,
    /// `files.max_file_size`.
    pub files_max_file_size: u64,
    /// `files.workers`.
    pub files_workers: u32,
    /// `files.freshness`: for how long nobody asks for a file's state, in nanoseconds; 0 for `validate`, the most for `pinned`.
    pub files_ttl_ns: u64,
    /// `files.freshness`: whether it is `watch`.
    pub files_watch: bool,
    /// `paths.entries`.
    pub paths_entries: u64,
    /// `caches.prompts`.
    pub prompts: u64,
    /// `caches.prompt_bytes`.
    pub prompt_bytes: u64,
    /// `caches.prompt_ttl`, in nanoseconds.
    pub prompt_ttl_ns: u64,
    /// `limits.cpu`, the processors for 0; where the workflow sets none.
    pub limit_cpu: u32,
    /// `limits.io`, likewise.
    pub limit_io: u32,
    /// `limits.memory`, likewise.
    pub limit_memory: u32,
    /// `history.max_pairs`.
    pub history_max_pairs: u64,
    /// `history.trim_threshold`.
    pub history_trim_threshold: f64,
    /// `history.safe_trim_level`.
    pub history_safe_trim_level: f64,
    /// `history.emergency`.
    pub history_emergency: f64,
    /// `history.max_tokens`.
    pub history_max_tokens: u64,
    /// Whether `history.keep` is `relevant`.
    pub history_keeps_relevant: bool,
}

/// What the caches held at some moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Held {
    /// Files.
    pub files: u64,
    /// Bytes of files, what is charged for each included.
    pub file_bytes: u64,
    /// Resolved paths.
    pub paths: u64,
    /// Answers.
    pub prompts: u64,
}

/// A file, path or question.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Entry {
    /// A hash of its name, keyed by the salt of the trace folder: equal in all traces of one folder.
    pub identity: u64,
    /// Of a file: its bytes when it was first had, 0 if it never was. Of a question: bytes of its key, all that the answer
    /// depends on.
    pub bytes: u64,
    /// Bytes of the name that its cache has it under.
    pub name_bytes: u32,
    /// Its name, where that was asked for.
    pub name: Option<String>,
}

/// A step.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Step {
    /// Its id.
    pub id: String,
    /// What it does: the key of its action.
    pub action: String,
    /// The limit that it counts against.
    pub class: Class,
    /// Lower starts first.
    pub priority: i32,
    /// Whether it runs however those end that it needs.
    pub after_failure: bool,
    /// The steps that must be done first, by index.
    pub needs: Vec<u32>,
    /// How many tasks it was to have; 1 unless it is a `foreach`.
    pub width: u32,
    /// Attempts of all tasks.
    pub attempts: u32,
    /// How it ended.
    pub outcome: StepOutcome,
    /// Tokens that it cost, in and out, if it asked somebody.
    pub tokens: Option<(u64, u64)>,
    /// Its tasks that were started, in that order.
    pub tasks: Vec<Task>,
}

/// One task of a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Task {
    /// Which.
    pub index: u32,
    /// When it started.
    pub at_ns: u64,
    /// How long it took, with all its attempts and the pauses between them.
    pub ns: u64,
    /// Whether it succeeded.
    pub succeeded: bool,
}

/// Something that a task asked for.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Access {
    /// When it began.
    pub at_ns: u64,
    /// How long it took.
    pub ns: u64,
    /// The step, by index. What a called workflow asks for belongs to the step that called it.
    pub step: u32,
    /// Which of its tasks.
    pub task: u32,
    /// What it was.
    pub what: What,
}

/// What was asked for.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum What {
    /// Files, in one batch: its time is that of all.
    Files(Vec<FileRead>),
    /// Where folders lead, one after the other.
    Paths(Vec<PathLookup>),
    /// An answer.
    Question(Question),
    /// A command.
    Command {
        /// Bytes that it wrote to both streams.
        bytes: u64,
        /// Whether it succeeded.
        succeeded: bool,
    },
    /// A document of findings.
    Consolidation {
        /// Findings in it.
        findings: u64,
        /// Its bytes.
        bytes: u64,
    },
}

/// A file that was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct FileRead {
    /// Which, by its index in [`Trace::files`].
    pub file: u32,
    /// How it was answered.
    pub answer: FileAnswer,
    /// Its bytes at that time; of a refused one what it has.
    pub bytes: u64,
}

/// How the file cache answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum FileAnswer {
    /// From memory.
    Hit,
    /// From disk, and kept.
    Loaded,
    /// From a load of another task that was under way.
    Coalesced,
    /// From disk, and not kept.
    Uncached,
    /// Not read: too large.
    Refused,
    /// With an error.
    Failed,
}

/// A path that was resolved through the path cache.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct PathLookup {
    /// Which, by its index in [`Trace::paths`].
    pub path: u32,
    /// Whether the cache had it.
    pub is_hit: bool,
}

/// A question, its conversation, and its answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Question {
    /// Which, by its index in [`Trace::prompts`]; none if the cache of answers was not asked.
    pub prompt: Option<u32>,
    /// Whether the answer was held, or somebody was asking the same.
    pub is_hit: bool,
    /// Whether there was an answer.
    pub answered: bool,
    /// Bytes of the answer as the cache holds it; 0 where it was not asked.
    pub answer_bytes: u64,
    /// Tokens in, as who answered counts them; of a hit those that the answer did cost.
    pub input_tokens: u64,
    /// Tokens out, likewise.
    pub output_tokens: u64,
    /// The conversation before and after.
    pub conversation: Conversation,
}

/// What a question did to its conversation. Tokens are those of the messages, by estimate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Conversation {
    /// Which, numbered in the order of their first questions.
    pub number: u32,
    /// Tokens of the question.
    pub question_tokens: u32,
    /// Tokens of the answer.
    pub answer_tokens: u32,
    /// Messages with the question, before any were dropped.
    pub messages: u32,
    /// Their tokens.
    pub tokens: u64,
    /// Messages that were left for the question to be asked with.
    pub kept_messages: u32,
    /// Their tokens.
    pub kept_tokens: u64,
}

impl Header {
    /// How many steps of `cpu`, `io` and `memory` run at once by these settings: the workflow's own limits come first.
    #[must_use]
    pub fn limits(&self, setup: &Setup) -> [u32; 3] {
        let own = self.workflow_limits;
        [
            own[0].unwrap_or(setup.limit_cpu),
            own[1].unwrap_or(setup.limit_io),
            own[2].unwrap_or(setup.limit_memory),
        ]
    }
}

impl Trace {
    /// The trace as pretty JSON.
    #[must_use]
    pub fn to_json(&self) -> String {
        serde_json::to_string_pretty(self).expect("because a trace has only string keys")
    }
}

impl FileAnswer {
    /// All, in the order in which a trace numbers them.
    pub(super) const ALL: [Self; 6] = [
        Self::Hit,
        Self::Loaded,
        Self::Coalesced,
        Self::Uncached,
        Self::Refused,
        Self::Failed,
    ];

    /// Whether the file was had.
    #[must_use]
    pub fn is_had(self) -> bool {
        !matches!(self, Self::Refused | Self::Failed)
    }

    /// Whether the task that asked read it from disk.
    #[must_use]
    pub fn is_load(self) -> bool {
        matches!(self, Self::Loaded | Self::Uncached)
    }
}

impl Step {
    /// From the start of its first task to the end of its last; none if it never ran.
    #[must_use]
    pub fn span_ns(&self) -> Option<(u64, u64)> {
        let start = self.tasks.iter().map(|t| t.at_ns).min()?;
        let end = self
            .tasks
            .iter()
            .map(|t| t.at_ns.saturating_add(t.ns))
            .max()?;
        Some((start, end))
    }
}
