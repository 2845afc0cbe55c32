//! What traces come to, in figures.

mod critical;
mod distance;

use std::collections::{BTreeMap, HashMap, HashSet};

use serde::Serialize;

use crate::report::{RunOutcome, StepOutcome, rate};
use crate::workflow::model::Class;

use super::model::{FileAnswer, Step, Trace, What};

pub use distance::CurvePoint;

/// What one or several traces come to. Sums are over all of them.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
#[non_exhaustive]
pub struct Figures {
    /// Traces.
    pub traces: u64,
    /// Of these, those that are cut off, broken, or had too much to record.
    pub incomplete: u64,
    /// Runs that did not succeed.
    pub failed: u64,
    /// From start to end of the runs, in nanoseconds.
    pub duration_ns: u64,
    /// The longest chain of steps that need each other, by the longest task of each: no schedule is faster.
    pub critical_path_ns: u64,
    /// Steps by id, in the order of their first trace.
    pub steps: Vec<StepFigures>,
    /// Classes that had steps.
    pub classes: BTreeMap<String, ClassFigures>,
    /// The file cache.
    pub files: FileFigures,
    /// Folders resolved.
    pub path_lookups: u64,
    /// Of these, from the path cache.
    pub path_hits: u64,
    /// Different ones.
    pub paths: u64,
    /// What was asked.
    pub questions: QuestionFigures,
    /// Commands run.
    pub commands: u64,
    /// Time of commands, in nanoseconds.
    pub command_ns: u64,
}

/// A step of all traces that have it.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
#[non_exhaustive]
pub struct StepFigures {
    /// Its id.
    pub id: String,
    /// What it does.
    pub action: String,
    /// The limit it counts against.
    pub class: String,
    /// Tasks that were started.
    pub tasks: u64,
    /// Runs in which it did not succeed, and was not left out by its condition.
    pub failed: u64,
    /// From the start of its first task to the end of its last, in nanoseconds.
    pub span_ns: u64,
    /// Times of its tasks, in nanoseconds.
    pub busy_ns: u64,
    /// Files it asked for.
    pub reads: u64,
    /// Of these, from the cache.
    pub hits: u64,
}

/// The tasks of a class.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
#[non_exhaustive]
pub struct ClassFigures {
    /// Tasks.
    pub tasks: u64,
    /// Their times, in nanoseconds.
    pub busy_ns: u64,
    /// Most at once.
    pub peak: u64,
    /// The limit, of the last trace.
    pub limit: u64,
    /// How many ran on average while any did.
    pub parallelism: f64,
    /// While any did, in nanoseconds.
    #[serde(skip)]
    any_ns: u64,
}

/// What the file cache was asked for.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
#[non_exhaustive]
pub struct FileFigures {
    /// Files asked for.
    pub reads: u64,
    /// Different ones.
    pub distinct: u64,
    /// Bytes of the different ones.
    pub distinct_bytes: u64,
    /// Served from memory.
    pub hits: u64,
    /// Read from disk.
    pub loads: u64,
    /// Of these, not kept.
    pub uncached: u64,
    /// Served by a load of another.
    pub coalesced: u64,
    /// Not read, because too large.
    pub refused: u64,
    /// Not had for another reason.
    pub failed: u64,
    /// Read from disk although the same session had read them before.
    pub redundant_loads: u64,
    /// Bytes read from disk.
    pub bytes_loaded: u64,
    /// Bytes handed out.
    pub bytes_served: u64,
    /// Time of all, in nanoseconds.
    pub ns: u64,
    /// Hits in all reads, as recorded.
    pub hit_rate: Option<f64>,
    /// Hits of a cache of so many entries that drops what was used least recently.
    pub by_entries: Vec<CurvePoint>,
    /// The same by bytes, with what the file cache charges for an entry.
    pub by_bytes: Vec<CurvePoint>,
}

/// What was asked.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
#[non_exhaustive]
pub struct QuestionFigures {
    /// Questions.
    pub asked: u64,
    /// Those that the cache of answers was asked for.
    pub cacheable: u64,
    /// Of these, answered from it.
    pub hits: u64,
    /// Different ones.
    pub distinct: u64,
    /// Tokens in that were spent: of questions that were not answered from the cache.
    pub input_tokens: u64,
    /// Tokens out, likewise.
    pub output_tokens: u64,
    /// Tokens in and out that the cache saved.
    pub saved_tokens: u64,
    /// Messages that conversations dropped.
    pub dropped_messages: u64,
    /// Conversations, by their most tokens.
    pub conversations: ConversationFigures,
    /// Time of all, in nanoseconds.
    pub ns: u64,
}

/// How conversations grew.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
#[non_exhaustive]
pub struct ConversationFigures {
    /// Conversations.
    pub count: u64,
    /// Most questions of one.
    pub questions_max: u64,
    /// Most messages of one, before a trim.
    pub messages_max: u64,
    /// Most tokens of one, before a trim.
    pub tokens_max: u64,
    /// Trims.
    pub trims: u64,
}

impl Figures {
    /// Of these traces. O(accesses × log accesses).
    #[must_use]
    pub fn of(traces: &[Trace]) -> Self {
        let mut figures = Self::default();
        let mut seen = Seen::default();
        for trace in traces {
            figures.add(trace, &mut seen);
        }
        figures.paths = seen.paths.len() as u64;
        figures.questions.distinct = seen.prompts.len() as u64;
        for class in figures.classes.values_mut() {
            class.parallelism = class.busy_ns as f64 / class.any_ns.max(1) as f64;
        }
        let files = &mut figures.files;
        files.hit_rate = rate(files.hits, files.reads);
        files.distinct = seen.files.len() as u64;
        files.distinct_bytes = seen.files.values().sum();
        (files.by_entries, files.by_bytes) = distance::curves(traces);
        figures
    }

    /// The figures as pretty JSON.
    #[must_use]
    pub fn to_json(&self) -> String {
        serde_json::to_string_pretty(self).expect("because figures have only string keys")
    }

    fn add(&mut self, trace: &Trace, seen: &mut Seen) {
        let header = &trace.header;
        self.traces += 1;
        self.incomplete += u64::from(trace.lost_bytes > 0 || header.left_out > 0);
        self.failed += u64::from(header.outcome != RunOutcome::Succeeded);
        self.duration_ns += header.duration_ns;
        self.critical_path_ns += critical::path_ns(&trace.steps);
        let rows: Vec<usize> = trace.steps.iter().map(|it| self.row(it)).collect();
        self.add_classes(trace);
        for access in &trace.accesses {
            match &access.what {
                What::Files(_) => self.add_files(trace, access, rows[access.step as usize], seen),
                What::Paths(lookups) => {
                    self.path_lookups += lookups.len() as u64;
                    self.path_hits += lookups.iter().filter(|it| it.is_hit).count() as u64;
                }
                What::Question(_) => self.add_question(access),
                What::Command { .. } => {
                    self.commands += 1;
                    self.command_ns += access.ns;
                }
                What::Consolidation { .. } => {}
            }
        }
        let identity = |entries: &[super::Entry]| -> Vec<u64> {
            entries.iter().map(|it| it.identity).collect()
        };
        seen.paths.extend(identity(&trace.paths));
        seen.prompts.extend(identity(&trace.prompts));
        for file in &trace.files {
            let known = seen.files.entry(file.identity).or_default();
            *known = (*known).max(file.bytes);
        }
        self.add_conversations(trace);
    }

    /// The row of a step, by its id, with what its tasks add.
    fn row(&mut self, step: &Step) -> usize {
        let known = self.steps.iter().position(|it| it.id == step.id);
        let row = known.unwrap_or_else(|| {
            self.steps.push(StepFigures {
                id: step.id.clone(),
                action: step.action.clone(),
                class: name_of(step.class).to_owned(),
                ..StepFigures::default()
            });
            self.steps.len() - 1
        });
        let figures = &mut self.steps[row];
        figures.tasks += step.tasks.len() as u64;
        let failed = matches!(step.outcome, StepOutcome::Failed | StepOutcome::Cancelled);
        figures.failed += u64::from(failed);
        figures.span_ns += step.span_ns().map_or(0, |(start, end)| end - start);
        figures.busy_ns += step.tasks.iter().map(|it| it.ns).sum::<u64>();
        row
    }

    fn add_classes(&mut self, trace: &Trace) {
        let limits = trace.header.limits(&trace.header.setup);
        for (class, limit) in [Class::Cpu, Class::Io, Class::Memory]
            .into_iter()
            .zip(limits)
        {
            let steps = trace.steps.iter().filter(|it| it.class == class);
            let tasks: Vec<(u64, u64)> = steps
                .flat_map(|it| &it.tasks)
                .map(|it| (it.at_ns, it.at_ns.saturating_add(it.ns)))
                .collect();
            if tasks.is_empty() {
                continue;
            }
            let figures = self.classes.entry(name_of(class).to_owned()).or_default();
            let (peak, any_ns) = critical::at_once(&tasks);
            figures.tasks += tasks.len() as u64;
            figures.busy_ns += tasks.iter().map(|(start, end)| end - start).sum::<u64>();
            figures.peak = figures.peak.max(peak);
            figures.any_ns += any_ns;
            figures.limit = u64::from(limit);
        }
    }

    fn add_files(&mut self, trace: &Trace, access: &super::Access, row: usize, seen: &mut Seen) {
        let What::Files(reads) = &access.what else {
            return;
        };
        let (files, step) = (&mut self.files, &mut self.steps[row]);
        files.ns += access.ns;
        for read in reads {
            files.reads += 1;
            step.reads += 1;
            match read.answer {
                FileAnswer::Hit => {
                    files.hits += 1;
                    step.hits += 1;
                }
                FileAnswer::Loaded => files.loads += 1,
                FileAnswer::Uncached => {
                    files.loads += 1;
                    files.uncached += 1;
                }
                FileAnswer::Coalesced => files.coalesced += 1,
                FileAnswer::Refused => files.refused += 1,
                FileAnswer::Failed => files.failed += 1,
            }
            if read.answer.is_had() {
                files.bytes_served += read.bytes;
            }
            if read.answer.is_load() {
                files.bytes_loaded += read.bytes;
                let identity = trace.files[read.file as usize].identity;
                let is_new = seen.loaded.insert((trace.header.session, identity));
                files.redundant_loads += u64::from(!is_new);
            }
        }
    }

    fn add_question(&mut self, access: &super::Access) {
        let What::Question(question) = &access.what else {
            return;
        };
        let all = &mut self.questions;
        all.asked += 1;
        all.ns += access.ns;
        all.cacheable += u64::from(question.prompt.is_some());
        all.hits += u64::from(question.is_hit);
        if question.is_hit {
            all.saved_tokens += question.input_tokens + question.output_tokens;
        } else {
            all.input_tokens += question.input_tokens;
            all.output_tokens += question.output_tokens;
        }
        let said = &question.conversation;
        let dropped = said.messages.saturating_sub(said.kept_messages);
        all.dropped_messages += u64::from(dropped);
        let grown = &mut all.conversations;
        grown.trims += u64::from(dropped > 0);
        grown.messages_max = grown.messages_max.max(u64::from(said.messages));
        grown.tokens_max = grown.tokens_max.max(said.tokens);
    }

    fn add_conversations(&mut self, trace: &Trace) {
        let mut counts: HashMap<u32, u64> = HashMap::new();
        for access in &trace.accesses {
            if let What::Question(question) = &access.what {
                *counts.entry(question.conversation.number).or_default() += 1;
            }
        }
        let grown = &mut self.questions.conversations;
        grown.count += counts.len() as u64;
        let most = counts.into_values().max().unwrap_or(0);
        grown.questions_max = grown.questions_max.max(most);
    }
}

/// What was seen in the traces so far.
#[derive(Default)]
struct Seen {
    /// Bytes by identity.
    files: HashMap<u64, u64>,
    paths: HashSet<u64>,
    prompts: HashSet<u64>,
    /// Session and identity.
    loaded: HashSet<(u64, u64)>,
}

fn name_of(class: Class) -> &'static str {
    match class {
        Class::Cpu => "cpu",
        Class::Io => "io",
        Class::Memory => "memory",
    }
}
