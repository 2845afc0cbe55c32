//! Traces made ready to be replayed many times: graphs, tasks as sequences of work, files numbered across traces.

use std::collections::HashMap;

use autoexec_scheduler::{Graph, GraphBuilder, Node, StepId, Trigger};

use crate::error::Error;
use crate::report::StepOutcome;
use crate::trace::{Access, Conversation, FileAnswer, Question, Setup, Step, Task, Trace, What};
use crate::workflow::model::Class;

use super::Outcome;
use super::cost::{Batch, CostModel};
use super::play::Played;
use super::service::Service;

/// Traces that can be replayed. Making one costs O(accesses × log accesses), a replay O(accesses).
#[derive(Debug, Clone)]
pub struct Player {
    pub(super) runs: Vec<Run>,
    /// Identities of files, by the numbers that runs use; of those that differ in bytes of their names the first counts.
    pub(super) files: Vec<(u64, u32)>,
}

/// One trace.
#[derive(Debug, Clone)]
pub(super) struct Run {
    pub(super) session: u64,
    pub(super) started_ns: u64,
    pub(super) keep_going: bool,
    pub(super) recorded: Setup,
    pub(super) limits: [Option<u32>; 3],
    /// Files and folders that the caches held at the start, by what was found in them; where this is the first of its
    /// session.
    pub(super) warm_files: Vec<(u32, u64)>,
    pub(super) warm_paths: Vec<u64>,
    pub(super) steps: Vec<StepPlan>,
}

/// One step.
#[derive(Debug, Clone)]
pub(super) struct StepPlan {
    pub(super) class: Class,
    pub(super) node: Node,
    pub(super) needs: Vec<u32>,
    pub(super) preparation: Preparation,
    /// Those that started, by index: of a step that was cut short no others are known.
    pub(super) tasks: Vec<TaskPlan>,
}

/// What became of a step before its first task.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Preparation {
    Run,
    Skip,
    Fail,
}

#[derive(Debug, Clone, Default)]
pub(super) struct TaskPlan {
    pub(super) succeeded: bool,
    pub(super) works: Vec<Work>,
}

/// A stretch of a task. Nanoseconds are those of all its threads, as if it had had the machine for itself.
#[derive(Debug, Clone)]
pub(super) enum Work {
    Compute { ns: u64 },
    Wait { ns: u64 },
    Files(FilesPlan),
    Paths { ns: u64, paths: Vec<(u64, bool)> },
    Question(QuestionPlan),
}

#[derive(Debug, Clone)]
pub(super) struct FilesPlan {
    /// Of each of its threads.
    pub(super) ns: u64,
    /// What it was by the record.
    pub(super) batch: Batch,
    pub(super) reads: Vec<ReadPlan>,
    /// Whether files over the limit of the settings are refused.
    pub(super) is_limited: bool,
}

#[derive(Debug, Clone, Copy)]
pub(super) struct ReadPlan {
    pub(super) file: u32,
    pub(super) bytes: u64,
    pub(super) answer: FileAnswer,
}

#[derive(Debug, Clone)]
pub(super) struct QuestionPlan {
    pub(super) ns: u64,
    pub(super) question: Question,
    pub(super) identity: u64,
    pub(super) key_bytes: u64,
    /// What asking it took, or the same question in another place; none if it was never asked.
    pub(super) asked_ns: Option<u64>,
}

impl Player {
    /// Makes traces ready.
    ///
    /// # Errors
    /// The steps of a trace need each other in a circle.
    pub fn new(traces: &[Trace]) -> Result<Self, Error> {
        let mut numbers = Numbers::default();
        let mut asked: HashMap<u64, u64> = HashMap::new();
        let mut runs: Vec<Run> = Vec::new();
        for trace in traces {
            let is_first = !runs.iter().any(|it| it.session == trace.header.session);
            runs.push(Run::new(trace, is_first, &mut numbers));
            runs.last().map(|it| it.graph([1, 1, 1])).transpose()?;
            asked.extend(asked_of(trace));
        }
        for question in runs.iter_mut().flat_map(Run::questions) {
            if question.asked_ns.is_none() {
                question.asked_ns = asked.get(&question.identity).copied();
            }
        }
        Ok(Self {
            runs,
            files: numbers.files,
        })
    }

    /// Replays all traces in their order.
    #[must_use]
    pub fn replay(&self, setup: &Setup, cost: &CostModel) -> Outcome {
        super::play::play(self, setup, cost, &mut |_| {})
    }

    /// The same, with what each trace comes to.
    pub(crate) fn replay_each(&self, setup: &Setup, cost: &CostModel) -> Vec<Played> {
        let mut all = Vec::with_capacity(self.runs.len());
        _ = super::play::play(self, setup, cost, &mut |played| all.push(played));
        all
    }
}

/// What asking each question took that was asked.
fn asked_of(trace: &Trace) -> impl Iterator<Item = (u64, u64)> + '_ {
    trace
        .accesses
        .iter()
        .filter_map(|access| match &access.what {
            What::Question(it) if it.answered && !it.is_hit => {
                let prompt = trace.prompts.get(it.prompt? as usize)?;
                Some((prompt.identity, access.ns))
            }
            _ => None,
        })
}

/// Numbers of files across traces.
#[derive(Default)]
pub(super) struct Numbers {
    known: HashMap<u64, u32>,
    files: Vec<(u64, u32)>,
}

impl Numbers {
    fn of(&mut self, identity: u64, name_bytes: u32) -> u32 {
        *self.known.entry(identity).or_insert_with(|| {
            self.files.push((identity, name_bytes));
            self.files.len() as u32 - 1
        })
    }
}

impl Run {
    fn new(trace: &Trace, is_first: bool, numbers: &mut Numbers) -> Self {
        let files: Vec<u32> = (trace.files.iter())
            .map(|it| numbers.of(it.identity, it.name_bytes))
            .collect();
        let header = &trace.header;
        let mut run = Self {
            session: header.session,
            started_ns: header.started_unix_ms.saturating_mul(1_000_000),
            keep_going: header.keep_going,
            recorded: header.setup,
            limits: header.workflow_limits,
            warm_files: Vec::new(),
            warm_paths: Vec::new(),
            steps: trace.steps.iter().map(StepPlan::new).collect(),
        };
        if is_first && header.held.files > 0 {
            run.warm_files = warm_files(trace, &files);
        }
        if is_first && header.held.paths > 0 {
            run.warm_paths = warm_paths(trace);
        }
        let service = Service::new(trace);
        let mut by_task: HashMap<(u32, u32), Vec<&Access>> = HashMap::new();
        for access in &trace.accesses {
            by_task
                .entry((access.step, access.task))
                .or_default()
                .push(access);
        }
        for (number, (step, plan)) in trace.steps.iter().zip(&mut run.steps).enumerate() {
            let mut tasks: Vec<&Task> = step.tasks.iter().collect();
            tasks.sort_by_key(|it| it.index);
            plan.tasks.extend(tasks.into_iter().map(|task| {
                let accesses = by_task
                    .remove(&(number as u32, task.index))
                    .unwrap_or_default();
                TaskPlan {
                    succeeded: task.succeeded,
                    works: works(trace, step, task, &accesses, &service, &files),
                }
            }));
        }
        run
    }

    /// The graph with these limits for `cpu`, `io` and `memory`.
    pub(super) fn graph(&self, limits: [u32; 3]) -> Result<Graph, Error> {
        let mut graph = GraphBuilder::new(limits[0].max(1) as usize);
        let io = graph.class(limits[1].max(1) as usize);
        let memory = graph.class(limits[2].max(1) as usize);
        for step in &self.steps {
            let class = match step.class {
                Class::Cpu => step.node.class,
                Class::Io => io,
                Class::Memory => memory,
            };
            graph.step(Node { class, ..step.node });
        }
        for (after, step) in (0..).zip(&self.steps) {
            for &need in &step.needs {
                graph.edge(StepId(need), StepId(after));
            }
        }
        graph.build().map_err(|e| Error::Trace(e.to_string()))
    }

    fn questions(&mut self) -> impl Iterator<Item = &mut QuestionPlan> {
        let tasks = self.steps.iter_mut().flat_map(|it| &mut it.tasks);
        tasks
            .flat_map(|it| &mut it.works)
            .filter_map(|it| match it {
                Work::Question(question) => Some(question),
                _ => None,
            })
    }
}

impl StepPlan {
    fn new(step: &Step) -> Self {
        let trigger = match step.after_failure {
            true => Trigger::AllDone,
            false => Trigger::AllSucceeded,
        };
        let preparation = match step.outcome {
            _ if !step.tasks.is_empty() => Preparation::Run,
            StepOutcome::Succeeded => Preparation::Run,
            StepOutcome::Failed => Preparation::Fail,
            StepOutcome::Skipped | StepOutcome::Cancelled => Preparation::Skip,
        };
        Self {
            class: step.class,
            node: Node {
                priority: step.priority,
                trigger,
                ..Node::default()
            },
            needs: step.needs.clone(),
            preparation,
            tasks: Vec::new(),
        }
    }
}

/// What the file cache must have held at the start: what was a hit when it was first asked for.
fn warm_files(trace: &Trace, numbers: &[u32]) -> Vec<(u32, u64)> {
    let mut seen = vec![false; trace.files.len()];
    let mut warm = Vec::new();
    for access in &trace.accesses {
        let What::Files(reads) = &access.what else {
            continue;
        };
        for read in reads {
            let is_first = !std::mem::replace(&mut seen[read.file as usize], true);
            if is_first && read.answer == FileAnswer::Hit {
                warm.push((numbers[read.file as usize], read.bytes));
            }
        }
    }
    warm
}

fn warm_paths(trace: &Trace) -> Vec<u64> {
    let mut seen = vec![false; trace.paths.len()];
    let mut warm = Vec::new();
    for access in &trace.accesses {
        let What::Paths(lookups) = &access.what else {
            continue;
        };
        for lookup in lookups {
            let is_first = !std::mem::replace(&mut seen[lookup.path as usize], true);
            if is_first && lookup.is_hit {
                warm.push(trace.paths[lookup.path as usize].identity);
            }
        }
    }
    warm
}

/// The task as a sequence: what it asked for, and what it did in between.
fn works(
    trace: &Trace,
    step: &Step,
    task: &Task,
    accesses: &[&Access],
    service: &Service,
    files: &[u32],
) -> Vec<Work> {
    let end = task.at_ns.saturating_add(task.ns);
    let (mut now, mut works) = (task.at_ns, Vec::new());
    let waits = step.action == "run";
    let between = |from: u64, to: u64| match waits {
        true => Work::Wait { ns: to - from },
        false => Work::Compute {
            ns: service.between(from, to),
        },
    };
    for access in accesses {
        // What a called workflow asked for may overlap: it counts from where the last one ended.
        let from = access.at_ns.clamp(now, end.max(now));
        let to = access
            .at_ns
            .saturating_add(access.ns)
            .clamp(from, end.max(from));
        if from > now {
            works.push(between(now, from));
        }
        works.push(work(trace, step, access, (from, to), service, files));
        now = to;
    }
    if end > now {
        works.push(between(now, end));
    }
    works
}

fn work(
    trace: &Trace,
    step: &Step,
    access: &Access,
    (from, to): (u64, u64),
    service: &Service,
    files: &[u32],
) -> Work {
    let setup = &trace.header.setup;
    let ns = service.between(from, to);
    match &access.what {
        What::Files(reads) => {
            let mut batch = Batch::default();
            let read = |read: &crate::trace::FileRead| {
                batch.add_recorded(read.answer, read.bytes, setup);
                ReadPlan {
                    file: files[read.file as usize],
                    bytes: read.bytes,
                    answer: read.answer,
                }
            };
            let reads = reads.iter().map(read).collect();
            Work::Files(FilesPlan {
                ns,
                batch,
                reads,
                is_limited: step.action == "read",
            })
        }
        What::Paths(lookups) => {
            let path =
                |it: &crate::trace::PathLookup| (trace.paths[it.path as usize].identity, it.is_hit);
            let paths = lookups.iter().map(path).collect();
            Work::Paths { ns, paths }
        }
        What::Question(question) => {
            let prompt = question.prompt.map(|it| &trace.prompts[it as usize]);
            let was_asked = question.answered && !question.is_hit;
            Work::Question(QuestionPlan {
                ns,
                question: *question,
                identity: prompt.map_or(0, |it| it.identity),
                key_bytes: prompt.map_or(0, |it| it.bytes),
                asked_ns: was_asked.then_some(ns),
            })
        }
        What::Command { .. } => Work::Wait { ns: to - from },
        _ => Work::Compute { ns },
    }
}

impl QuestionPlan {
    pub(super) fn said(&self) -> &Conversation {
        &self.question.conversation
    }
}
