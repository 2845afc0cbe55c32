//! What a diagnosis says, as plain values.

use std::fmt;
use std::time::Duration;

use serde::Serialize;

use crate::document::units::{grouped, short_duration, short_size};

/// What the traces of some runs say about them.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Diagnosis {
    /// Version of this form: 1.
    pub format: u32,
    /// What it rests on.
    pub looked_at: LookedAt,
    /// What was found: by [`Concern`] first, then by [`Severity`].
    pub findings: Vec<Finding>,
    /// What was not looked at, and why.
    pub not_looked_at: Vec<NotLookedAt>,
}

/// What a diagnosis rests on.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
#[non_exhaustive]
pub struct LookedAt {
    /// Traces.
    pub traces: u64,
    /// Of these, those of another version of their workflow or by other settings than the newest run of it; they count
    /// only where runs are compared with earlier ones.
    pub superseded: u64,
    /// Of these, those that are cut off, broken, or had too much to record.
    pub incomplete: u64,
    /// Workflows, by name.
    pub workflows: Vec<String>,
    /// Time of the runs that are not superseded, in nanoseconds; so are all that follow.
    pub duration_ns: u64,
    /// Steps that ran.
    pub steps: u64,
    /// Files asked for.
    pub reads: u64,
    /// Questions.
    pub questions: u64,
    /// Commands.
    pub commands: u64,
}

/// Something that was not looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct NotLookedAt {
    /// What.
    pub topic: &'static str,
    /// Why not.
    pub because: String,
}

/// What is told to somebody who may change something.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Finding {
    /// What it is about.
    pub topic: Topic,
    /// How much it matters.
    pub severity: Severity,
    /// What suffers.
    pub concern: Concern,
    /// The workflow, by name.
    pub workflow: String,
    /// It in one sentence, without a full stop.
    pub title: String,
    /// The numbers behind it.
    pub evidence: Vec<Measured>,
    /// The rule that it comes from.
    pub rule: Rule,
    /// What to do.
    pub remedy: String,
    /// Settings to change.
    pub changes: Vec<Change>,
    /// What a search for better settings would try.
    pub tune: Vec<Trial>,
    /// What the same runs would have come to with these changes, by a replay.
    pub replayed: Option<Replayed>,
}

/// What a finding is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Topic {
    /// Too many steps fail.
    ErrorRate,
    /// Files were not read because they are large.
    RefusedFiles,
    /// The same was asked again, and paid again.
    RepeatedQuestions,
    /// Questions carry more of their conversation than of themselves.
    ContextBloat,
    /// Conversations are trimmed nearly each time something is asked.
    FrequentTrims,
    /// The newest runs spend more tokens than those before.
    MoreTokens,
    /// Few files come from the cache.
    LowHitRate,
    /// Files are read from disk twice in one run.
    RedundantLoads,
    /// Folders are resolved again because the path cache is small.
    PathThrashing,
    /// Files come slowly from disk.
    SlowBatches,
    /// More threads would read faster.
    FewWorkers,
    /// Steps wait for a place in their class.
    WaitingSteps,
    /// Steps that need each other take all the time.
    LongestChain,
    /// Documents of findings take long.
    SlowConsolidation,
    /// Many short commands.
    ToolThrashing,
    /// Attempts that change nothing.
    UselessRetries,
    /// The newest runs are slower than those before.
    Slower,
    /// The file cache may take more than there is.
    CacheBesideMemory,
    /// Nothing is to gain.
    Premature,
}

/// How much a finding matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Severity {
    /// A limit of a rule is passed, and something can be done.
    Warning,
    /// Worth a try.
    Hint,
    /// Good to know; nothing needs to be done.
    Note,
}

/// What suffers, in the order in which it matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Concern {
    /// What comes out.
    Correctness,
    /// What is paid.
    Tokens,
    /// How long it takes.
    Speed,
    /// What it holds.
    Memory,
}

/// A rule: when something is said.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Rule {
    /// In words, the limit included.
    pub text: &'static str,
    /// The limit, in the unit of what it limits.
    pub limit: f64,
}

/// A number that was measured or recorded.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Measured {
    /// Of what.
    pub what: String,
    /// The number.
    pub value: f64,
    /// Its unit.
    pub unit: Unit,
}

/// Units of numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Unit {
    /// A count of whatever the number is of.
    Count,
    /// A share, of 1.
    Share,
    /// Nanoseconds.
    Nanoseconds,
    /// Bytes.
    Bytes,
    /// A mean of counts.
    Mean,
    /// So many times.
    Times,
    /// So many a second.
    PerSecond,
}

/// A setting to change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Change {
    /// The setting, as in the settings file.
    pub setting: &'static str,
    /// What it was in the newest run.
    pub from: u64,
    /// What to make it.
    pub to: u64,
    /// The unit of both.
    pub unit: Unit,
}

/// A setting that a search would vary, with its bounds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Trial {
    /// The setting, as in the settings file.
    pub setting: &'static str,
    /// The least that it would try.
    pub low: u64,
    /// The most.
    pub high: u64,
    /// The unit of both.
    pub unit: Unit,
}

/// Two replays of the same runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Replayed {
    /// With the settings that they had.
    pub before: Replay,
    /// With the changes.
    pub after: Replay,
    /// Whether the costs were measured from these runs, and are not those by default.
    pub is_measured: bool,
}

/// What a replay comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Replay {
    /// Time of all runs, in nanoseconds.
    pub makespan_ns: u64,
    /// Files asked for.
    pub reads: u64,
    /// Of these, from the cache.
    pub hits: u64,
    /// Tokens in and out.
    pub tokens: u64,
}

impl Diagnosis {
    /// Whether something needs to be done.
    #[must_use]
    pub fn has_warnings(&self) -> bool {
        let is_warning = |it: &Finding| it.severity == Severity::Warning;
        self.findings.iter().any(is_warning)
    }

    /// The diagnosis as pretty JSON.
    #[must_use]
    pub fn to_json(&self) -> String {
        serde_json::to_string_pretty(self).expect("because a diagnosis has only string keys")
    }
}

impl Measured {
    pub(super) fn new(what: impl Into<String>, value: f64, unit: Unit) -> Self {
        Self {
            what: what.into(),
            value,
            unit,
        }
    }

    pub(super) fn count(what: impl Into<String>, value: u64) -> Self {
        Self::new(what, value as f64, Unit::Count)
    }

    pub(super) fn share(what: impl Into<String>, value: f64) -> Self {
        Self::new(what, value, Unit::Share)
    }

    pub(super) fn time(what: impl Into<String>, ns: u64) -> Self {
        Self::new(what, ns as f64, Unit::Nanoseconds)
    }

    pub(super) fn bytes(what: impl Into<String>, bytes: u64) -> Self {
        Self::new(what, bytes as f64, Unit::Bytes)
    }
}

impl fmt::Display for Measured {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (what, value) = (&self.what, self.value);
        match self.unit {
            Unit::Count => write!(f, "{what} {}", grouped(value as u64)),
            // Rounded down, so that 100 % means all.
            Unit::Share => write!(f, "{what} {:.1} %", (value * 1_000.0).floor() / 10.0),
            Unit::Nanoseconds => {
                let time = Duration::from_nanos(value as u64);
                write!(f, "{what} {}", short_duration(time))
            }
            Unit::Bytes => write!(f, "{what} {}", short_size(value as u64)),
            Unit::Mean => write!(f, "{what} {value:.1}"),
            Unit::Times => write!(f, "{what} {value:.2} times"),
            Unit::PerSecond => write!(f, "{what} {value:.1} a second"),
        }
    }
}

/// A value of a setting, in its unit.
pub(super) fn shown(value: u64, unit: Unit) -> String {
    match unit {
        Unit::Bytes => short_size(value),
        Unit::Nanoseconds => short_duration(Duration::from_nanos(value)),
        _ => grouped(value),
    }
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let verb = if self.from < self.to {
            "raise"
        } else {
            "lower"
        };
        let (from, to) = (shown(self.from, self.unit), shown(self.to, self.unit));
        write!(f, "{verb} {} from {from} to {to}", self.setting)
    }
}

impl fmt::Display for Trial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (low, high) = (shown(self.low, self.unit), shown(self.high, self.unit));
        write!(f, "{} from {low} to {high}", self.setting)
    }
}

impl fmt::Display for Replayed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let time = |ns| short_duration(Duration::from_nanos(ns));
        let (before, after) = (&self.before, &self.after);
        let times = (time(before.makespan_ns), time(after.makespan_ns));
        write!(f, "{} become {}", times.0, times.1)?;
        if before.hits != after.hits {
            let of = grouped(before.reads);
            let hits = (grouped(before.hits), grouped(after.hits));
            write!(f, ", {} hits of {of} become {}", hits.0, hits.1)?;
        }
        if before.tokens != after.tokens {
            let tokens = (grouped(before.tokens), grouped(after.tokens));
            write!(f, ", {} tokens become {}", tokens.0, tokens.1)?;
        }
        match self.is_measured {
            true => Ok(()),
            false => write!(f, " (by default costs: these runs do not tell theirs)"),
        }
    }
}
