//! What steps yield, and how expressions, providers and the consolidator see it.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use autoexec_consolidator::Severity;
use serde::ser::{SerializeSeq, Serializer};
use serde::{Deserialize, Serialize};

use crate::report::{RunReport, TokensReport};

/// A file that a `read` step found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct FileEntry {
    /// Its path below the root, `/` between components; not UTF-8 is replaced.
    pub(crate) name: String,
    /// Its path in the file system.
    pub(crate) path: PathBuf,
}

/// Something that went wrong with a part of a step's work and was left out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Problem {
    /// What it is about: a file.
    pub subject: String,
    /// What is wrong.
    pub message: String,
}

impl Problem {
    pub(crate) fn new(subject: impl Into<String>, message: impl ToString) -> Self {
        Self {
            subject: subject.into(),
            message: message.to_string(),
        }
    }
}

/// What one task of a step yields.
#[derive(Debug, Clone, Serialize)]
#[serde(untagged)]
pub(crate) enum Output {
    Read(ReadOutput),
    Search(SearchOutput),
    Run(RunOutput),
    Ask(AskOutput),
    Consolidate(ConsolidateOutput),
    Workflow(WorkflowOutput),
}

#[derive(Debug, Clone, Serialize)]
pub(crate) struct ReadOutput {
    #[serde(serialize_with = "names")]
    pub(crate) files: Arc<Vec<FileEntry>>,
    pub(crate) count: usize,
    pub(crate) bytes: u64,
    pub(crate) problems: Vec<Problem>,
}

fn names<S: Serializer>(files: &Arc<Vec<FileEntry>>, s: S) -> Result<S::Ok, S::Error> {
    let mut seq = s.serialize_seq(Some(files.len()))?;
    for file in files.iter() {
        seq.serialize_element(&file.name)?;
    }
    seq.end()
}

/// A line that matched.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Match {
    pub(crate) file: String,
    pub(crate) line: u64,
    pub(crate) column: u64,
    pub(crate) text: String,
}

#[derive(Debug, Clone, Serialize)]
pub(crate) struct SearchOutput {
    pub(crate) pattern: String,
    #[serde(skip)]
    pub(crate) files: Arc<Vec<FileEntry>>,
    #[serde(serialize_with = "severity")]
    pub(crate) severity: Severity,
    pub(crate) findings: Vec<Match>,
    /// Matching lines in all; those past the limit are only counted.
    pub(crate) count: u64,
    pub(crate) files_searched: usize,
    pub(crate) files_matched: usize,
    pub(crate) problems: Vec<Problem>,
}

fn severity<S: Serializer>(severity: &Severity, s: S) -> Result<S::Ok, S::Error> {
    s.collect_str(severity)
}

#[derive(Debug, Clone, Serialize)]
pub(crate) struct RunOutput {
    pub(crate) command: String,
    pub(crate) exit_code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
    pub(crate) stdout_bytes: u64,
    pub(crate) stderr_bytes: u64,
    pub(crate) truncated: bool,
}

#[derive(Debug, Clone, Serialize)]
pub(crate) struct AskOutput {
    pub(crate) text: String,
    pub(crate) provider: String,
    pub(crate) input_tokens: u64,
    pub(crate) output_tokens: u64,
    pub(crate) estimated: bool,
    /// Whether the answer was given before, or to another who asked the same at the same time.
    pub(crate) cached: bool,
    /// Messages of the conversation that were dropped to make room for the question.
    pub(crate) dropped: usize,
    /// Keys of what was dropped or shortened, for `Engine::recall`.
    pub(crate) recall: Vec<String>,
}

#[derive(Debug, Clone, Serialize)]
pub(crate) struct ConsolidateOutput {
    /// What changed since the baseline, if one was named.
    #[serde(flatten)]
    pub(crate) since: Option<Since>,
    pub(crate) text: String,
    pub(crate) path: Option<String>,
    pub(crate) steps: usize,
    pub(crate) findings: u64,
    pub(crate) digest: String,
    /// Near duplicates that are listed with others.
    pub(crate) folded: u64,
    /// The sentences that stand for the whole.
    pub(crate) brief: Vec<String>,
}

/// What changed since the run that wrote a baseline.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub(crate) struct Since {
    /// Findings that it did not have.
    pub(crate) new: usize,
    /// Findings that it had too.
    pub(crate) known: usize,
    /// Its findings that are no more.
    pub(crate) gone: usize,
}

impl std::fmt::Display for Since {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "{} new, {} known, {} gone",
            self.new, self.known, self.gone
        )
    }
}

#[derive(Debug, Clone, Serialize)]
pub(crate) struct WorkflowOutput {
    pub(crate) outputs: BTreeMap<String, String>,
    pub(crate) report: Box<RunReport>,
}

impl RunOutput {
    /// The last lines of both streams, what stands in standard error behind the rest.
    pub(crate) fn last_lines(&self) -> String {
        const LINES: usize = 40;
        const LINE_CHARS: usize = 500;
        let lines: Vec<&str> = self.stdout.lines().chain(self.stderr.lines()).collect();
        let shown = &lines[lines.len().saturating_sub(LINES)..];
        let cut = |line: &&str| line.chars().take(LINE_CHARS).collect::<String>();
        shown.iter().map(cut).collect::<Vec<_>>().join("\n")
    }
}

impl Output {
    pub(crate) fn problems(&self) -> Vec<Problem> {
        match self {
            Self::Read(r) => r.problems.clone(),
            Self::Search(s) => s.problems.clone(),
            Self::Workflow(w) => w
                .report
                .steps
                .iter()
                .flat_map(|s| s.problems.clone())
                .collect(),
            _ => Vec::new(),
        }
    }

    /// Tokens in and out, if this asked somebody; what was taken from the cache cost none.
    pub(crate) fn tokens(&self) -> Option<TokensReport> {
        match self {
            Self::Ask(a) if a.cached => None,
            Self::Ask(a) => Some(TokensReport {
                input: a.input_tokens,
                output: a.output_tokens,
                estimated: a.estimated,
            }),
            Self::Workflow(w) => w.report.tokens,
            _ => None,
        }
    }

    /// One line for the table.
    pub(crate) fn summary(&self) -> String {
        use crate::document::units::{grouped, many, short_size};
        match self {
            Self::Read(r) => format!(
                "{}, {}",
                many(r.count as u64, "file", "files"),
                short_size(r.bytes)
            ),
            Self::Search(s) => format!(
                "{} in {} of {}",
                many(s.count, "match", "matches"),
                grouped(s.files_matched as u64),
                many(s.files_searched as u64, "file", "files")
            ),
            Self::Run(r) => format!(
                "exit {}, {} out",
                r.exit_code.unwrap_or(-1),
                short_size(r.stdout_bytes)
            ),
            Self::Ask(a) => {
                let cached = if a.cached { ", from the cache" } else { "" };
                let dropped = match a.dropped as u64 {
                    0 => String::new(),
                    n => format!("; {} dropped", many(n, "message", "messages")),
                };
                format!("answered by {}{cached}{dropped}", a.provider)
            }
            Self::Consolidate(c) => {
                let file = c
                    .path
                    .as_ref()
                    .map(|p| format!(" → {p}"))
                    .unwrap_or_default();
                let since = c.since.map(|s| format!(" ({s})")).unwrap_or_default();
                format!(
                    "{}{since} of {}{file}",
                    many(c.findings, "finding", "findings"),
                    many(c.steps as u64, "step", "steps")
                )
            }
            Self::Workflow(w) => format!("{}: {} steps", w.report.workflow, w.report.steps.len()),
        }
    }
}
