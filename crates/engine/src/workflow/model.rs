//! A workflow in types. It is read from the canonical form, and written back as it; all defaults are filled in.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::document::units;

/// A checked workflow.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Workflow {
    /// Shown in reports.
    #[serde(default)]
    pub name: String,
    /// What it is for.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub description: String,
    /// Values given at the start.
    #[serde(default)]
    pub inputs: BTreeMap<String, Input>,
    /// Environment of every command, as templates.
    #[serde(default)]
    pub env: BTreeMap<String, String>,
    /// The folder that may be read, as a template.
    #[serde(default = "dot")]
    pub root: String,
    /// Whether independent steps go on after a failure.
    #[serde(default)]
    pub on_failure: OnFailure,
    /// How many steps of a class run at once.
    #[serde(default)]
    pub limits: Limits,
    /// Values handed to a calling workflow, as templates.
    #[serde(default)]
    pub outputs: BTreeMap<String, String>,
    /// The steps, in the order written.
    #[serde(default)]
    pub steps: Vec<Step>,
}

fn dot() -> String {
    ".".into()
}

/// A value given at the start.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Input {
    /// What it is for.
    #[serde(default)]
    pub description: String,
    /// What a given value must be; filled in from the default when not written.
    #[serde(rename = "type", default)]
    pub kind: Option<InputKind>,
    /// Its value when none is given.
    #[serde(default)]
    pub default: Option<serde_json::Value>,
    /// Whether it must be given.
    #[serde(default)]
    pub required: bool,
}

/// The type of an input.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum InputKind {
    /// Any text.
    String,
    /// An integer or a decimal number.
    Number,
    /// `true` or `false`.
    Boolean,
}

impl InputKind {
    /// The type that a value has.
    pub fn of(value: &serde_json::Value) -> Self {
        match value {
            serde_json::Value::Bool(_) => Self::Boolean,
            serde_json::Value::Number(_) => Self::Number,
            _ => Self::String,
        }
    }

    /// Reads a value given as text.
    pub fn read(self, text: &str) -> Option<serde_json::Value> {
        let is_number = text.starts_with(|c: char| c.is_ascii_digit() || "+-.".contains(c));
        match self {
            Self::String => Some(text.into()),
            Self::Boolean => text.parse::<bool>().ok().map(Into::into),
            Self::Number => {
                let integer = text.parse::<i64>().ok().map(serde_json::Value::from);
                let number = || text.parse::<f64>().ok().filter(|_| is_number);
                integer.or_else(|| {
                    number()
                        .and_then(serde_json::Number::from_f64)
                        .map(Into::into)
                })
            }
        }
    }
}

/// Whether independent steps go on after a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum OnFailure {
    /// Nothing new is started.
    #[default]
    Stop,
    /// Steps that do not need the failed one go on.
    Continue,
}

/// How many steps of a class run at once; the settings' value where absent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Limits {
    /// Class `cpu`.
    pub cpu: Option<u32>,
    /// Class `io`.
    pub io: Option<u32>,
    /// Class `memory`.
    pub memory: Option<u32>,
}

/// What a step mostly uses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Class {
    /// Processor time.
    Cpu,
    /// Waiting.
    Io,
    /// Memory.
    Memory,
}

/// One step.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Step {
    /// Its id, unique in the workflow.
    pub id: String,
    /// A title for reports.
    #[serde(default)]
    pub name: String,
    /// All steps that must be done first: written, named by the action, or used in an expression; sorted.
    #[serde(default)]
    pub needs: Vec<String>,
    /// The condition, without `${{ }}`.
    #[serde(rename = "if", default)]
    pub condition: Option<String>,
    /// The elements it runs once for.
    #[serde(default)]
    pub foreach: Option<Foreach>,
    /// The limit it counts against; filled in by action when not written.
    #[serde(default)]
    pub class: Option<Class>,
    /// Lower starts first.
    #[serde(default = "default_priority")]
    pub priority: i32,
    /// Longest time for one attempt.
    #[serde(default, with = "duration")]
    pub timeout: Option<Duration>,
    /// What to do when an attempt fails.
    #[serde(default)]
    pub retry: Retry,
    /// Environment of this step, as templates.
    #[serde(default)]
    pub env: BTreeMap<String, String>,
    /// Whether it may take an earlier answer, if it is an `ask` step; as its provider allows when not written.
    #[serde(default)]
    pub cache: Option<bool>,
    /// What it does.
    #[serde(flatten)]
    pub action: Action,
}

fn default_priority() -> i32 {
    5
}

/// Elements of a wide step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Foreach {
    /// Templates written out.
    List(Vec<String>),
    /// An expression that yields a list.
    Expression(String),
}

/// What to do when an attempt fails.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Retry {
    /// Attempts in all.
    pub attempts: u32,
    /// Pause before the second.
    #[serde(with = "whole_duration")]
    pub backoff: Duration,
    /// Growth of the pause.
    pub factor: f64,
    /// Longest pause.
    #[serde(with = "whole_duration")]
    pub max_backoff: Duration,
}

impl Default for Retry {
    fn default() -> Self {
        Self {
            attempts: 1,
            backoff: Duration::from_secs(1),
            factor: 2.0,
            max_backoff: Duration::from_secs(60),
        }
    }
}

impl Retry {
    /// The pause before attempt `next` (2 is the second).
    pub fn pause(&self, next: u32) -> Duration {
        let grown =
            self.backoff.as_secs_f64() * self.factor.powi(next.saturating_sub(2).min(1000) as i32);
        Duration::try_from_secs_f64(grown)
            .unwrap_or(self.max_backoff)
            .min(self.max_backoff)
    }
}

/// What a step does.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Action {
    /// Read files.
    Read(Read),
    /// Search files that were read.
    Search(Search),
    /// Run a command.
    Run(Run),
    /// Ask a provider.
    Ask(Ask),
    /// Join findings.
    Consolidate(Consolidate),
    /// Run another workflow.
    Workflow(Nested),
}

impl Action {
    /// The key that it is written under.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Read(_) => "read",
            Self::Search(_) => "search",
            Self::Run(_) => "run",
            Self::Ask(_) => "ask",
            Self::Consolidate(_) => "consolidate",
            Self::Workflow(_) => "workflow",
        }
    }

    /// The class it has when none is written.
    pub fn default_class(&self) -> Class {
        match self {
            Self::Read(_) | Self::Ask(_) => Class::Io,
            _ => Class::Cpu,
        }
    }

    /// Steps that the action names, with the key they are named under.
    pub fn sources(&self) -> (&'static str, &[String]) {
        match self {
            Self::Search(s) => ("in", &s.within),
            Self::Ask(a) => ("context", &a.context),
            Self::Consolidate(c) => ("from", &c.from),
            _ => ("", &[]),
        }
    }
}

/// Reads files.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Read {
    /// Paths and globs.
    pub files: Vec<String>,
    /// Globs to leave out.
    #[serde(default)]
    pub exclude: Vec<String>,
    /// Larger files are a problem; bytes.
    #[serde(default, with = "size")]
    pub max_file_size: Option<u64>,
    /// What a file that cannot be read does.
    #[serde(default)]
    pub on_problem: OnProblem,
    /// Whether a pattern may match nothing.
    #[serde(default)]
    pub allow_empty: bool,
    /// Whether .gitignore is honoured.
    #[serde(default = "yes")]
    pub gitignore: bool,
    /// Whether hidden files are read.
    #[serde(default)]
    pub hidden: bool,
}

fn yes() -> bool {
    true
}

/// What a file that cannot be read does to its step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum OnProblem {
    /// Fails it.
    #[default]
    Fail,
    /// Is reported and skipped.
    Skip,
}

/// Searches files.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Search {
    /// The `read` steps.
    #[serde(rename = "in")]
    pub within: Vec<String>,
    /// The regular expression.
    pub pattern: String,
    /// Whether case matters not.
    #[serde(default)]
    pub ignore_case: bool,
    /// Whether the pattern is plain text.
    #[serde(default)]
    pub literal: bool,
    /// Severity of the findings.
    #[serde(default = "info")]
    pub severity: String,
    /// Most findings kept.
    #[serde(default = "thousand")]
    pub limit: u64,
}

fn info() -> String {
    "info".into()
}

fn thousand() -> u64 {
    1000
}

/// Runs a command; either `shell` or `argv` is set.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Run {
    /// A command line for `sh -c`.
    #[serde(default)]
    pub shell: Option<String>,
    /// The program and its arguments.
    #[serde(default)]
    pub argv: Vec<String>,
    /// Working folder below the root.
    #[serde(default = "dot")]
    pub cwd: String,
    /// Text for standard input.
    #[serde(default)]
    pub stdin: Option<String>,
    /// Bytes kept of each stream.
    #[serde(default, with = "size")]
    pub output_limit: Option<u64>,
    /// Exit codes that count as success.
    #[serde(default = "zero")]
    pub success_codes: Vec<i32>,
}

fn zero() -> Vec<i32> {
    vec![0]
}

/// Asks a provider.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ask {
    /// The question.
    pub prompt: String,
    /// Steps whose results are given with it.
    #[serde(default)]
    pub context: Vec<String>,
    /// Who answers.
    #[serde(default = "extractive")]
    pub provider: String,
    /// Longest answer.
    #[serde(default = "five_hundred")]
    pub max_tokens: u32,
    /// The history it belongs to.
    #[serde(default)]
    pub conversation: Option<String>,
}

fn extractive() -> String {
    "extractive".into()
}

fn five_hundred() -> u32 {
    500
}

/// Joins findings.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Consolidate {
    /// The steps.
    pub from: Vec<String>,
    /// The title.
    #[serde(default)]
    pub title: Option<String>,
    /// The file to write.
    #[serde(default)]
    pub output: Option<String>,
    /// How it is written, if not as the end of the file's name says.
    #[serde(default)]
    pub format: Option<String>,
    /// What findings are listed by.
    #[serde(default = "step")]
    pub by: String,
    /// Whether near duplicates are folded.
    #[serde(default)]
    pub similar: Similar,
    /// Most estimated tokens of the sentences that come first.
    #[serde(default)]
    pub brief: Option<u32>,
    /// The file that says what an earlier run found.
    #[serde(default)]
    pub baseline: Option<String>,
    /// The file to write for a later run.
    #[serde(default)]
    pub write_baseline: Option<String>,
}

/// Whether near duplicates are folded.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Similar {
    /// By the default similarity, or not.
    Switch(bool),
    /// From this similarity on.
    From(f64),
}

impl Default for Similar {
    fn default() -> Self {
        Self::Switch(false)
    }
}

fn step() -> String {
    "step".into()
}

/// Runs another workflow.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Nested {
    /// The file.
    pub path: String,
    /// Values of its inputs.
    #[serde(default)]
    pub inputs: BTreeMap<String, String>,
}

mod whole_duration {
    use super::{Duration, units};
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub(super) fn serialize<S: Serializer>(d: &Duration, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_str(&units::format_duration(*d))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(d: D) -> Result<Duration, D::Error> {
        units::parse_duration(&String::deserialize(d)?).map_err(D::Error::custom)
    }
}

mod duration {
    use super::{Duration, units};
    use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};

    pub(super) fn serialize<S: Serializer>(d: &Option<Duration>, s: S) -> Result<S::Ok, S::Error> {
        d.map(units::format_duration).serialize(s)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        d: D,
    ) -> Result<Option<Duration>, D::Error> {
        let text = Option::<String>::deserialize(d)?;
        text.map(|t| units::parse_duration(&t))
            .transpose()
            .map_err(D::Error::custom)
    }
}

mod size {
    use super::units;
    use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};

    pub(super) fn serialize<S: Serializer>(d: &Option<u64>, s: S) -> Result<S::Ok, S::Error> {
        d.map(units::format_size).serialize(s)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(d: D) -> Result<Option<u64>, D::Error> {
        let text = Option::<String>::deserialize(d)?;
        text.map(|t| units::parse_size(&t))
            .transpose()
            .map_err(D::Error::custom)
    }
}
