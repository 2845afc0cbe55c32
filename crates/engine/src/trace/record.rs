//! Collecting a trace while a run goes on.
//!
//! Tasks tell what they asked for when they know it: a batch of files at once, under one lock. A path costs a hash and a
//! look-up; its keyed hash is made when it is first seen. The times of tasks come from where they run, not from events: a
//! subscriber learns of an event some time after it happened.

use std::collections::HashMap;
use std::collections::hash_map::Entry as Slot;
use std::hash::{BuildHasherDefault, Hasher};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use xxhash_rust::xxh3::{xxh3_64, xxh3_128};

use crate::engine::Shared;
use crate::report::RunReport;
use crate::settings::Settings;
use crate::workflow::Document;
use crate::workflow::model::OnFailure;

use super::folder::Salt;
use super::model::{Access, Entry, Header, Held, Setup, Step, Task, Trace, What};

/// Accesses that are recorded, files of batches counted one by one and others as many: at most 64 MiB.
const MOST_ACCESSES: u64 = 1 << 22;
/// What an access counts as at least, by its bytes in memory beside those of a file.
const LEAST: usize = 8;

/// What a run has told so far.
pub(crate) struct Recording {
    started: Instant,
    held: Held,
    /// Names stand below it: it is not part of what is hashed.
    root: Vec<u8>,
    salt: Salt,
    names: bool,
    state: Mutex<State>,
}

#[derive(Default)]
pub(super) struct State {
    pub(super) files: Table,
    pub(super) paths: Table,
    pub(super) prompts: Table,
    conversations: HashMap<(u32, String), u32>,
    scopes: u32,
    accesses: Vec<Access>,
    tasks: Vec<(u32, Task)>,
    recorded: u64,
    left_out: u64,
}

/// Names in the order of first access.
#[derive(Default)]
pub(super) struct Table {
    numbers: HashMap<u64, u32, BuildHasherDefault<Hashed>>,
    entries: Vec<Entry>,
}

/// The keys are hashes already.
#[derive(Default)]
struct Hashed(u64);

impl Hasher for Hashed {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        self.0 = xxh3_64(bytes);
    }

    fn write_u64(&mut self, hash: u64) {
        self.0 = hash;
    }
}

impl Recording {
    pub(crate) fn new(shared: &Shared, root: &std::path::Path, salt: Salt, names: bool) -> Self {
        let files = shared.files.stats();
        Self {
            started: Instant::now(),
            held: Held {
                files: files.resident_entries,
                file_bytes: files.resident_bytes,
                paths: shared.paths.stats().entries,
                prompts: shared.prompt_stats().entries,
            },
            root: root.as_os_str().as_encoded_bytes().to_vec(),
            salt,
            names,
            state: Mutex::default(),
        }
    }

    pub(super) fn started(&self) -> Instant {
        self.started
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Nanoseconds from the start of the run to `moment`.
    fn since_start(&self, moment: Instant) -> u64 {
        nanoseconds(moment.saturating_duration_since(self.started))
    }

    pub(crate) fn task(&self, step: u32, index: u32, started: Instant, succeeded: bool) {
        let task = Task {
            index,
            at_ns: self.since_start(started),
            ns: nanoseconds(started.elapsed()),
            succeeded,
        };
        self.lock().tasks.push((step, task));
    }

    /// Adds what `what` makes, of which there are `count`.
    pub(super) fn access(
        &self,
        (step, task): (u32, u32),
        (started, took): (Instant, Duration),
        count: usize,
        what: impl FnOnce(&mut State) -> What,
    ) {
        let at_ns = self.since_start(started);
        let mut state = self.lock();
        state.recorded += count.max(LEAST) as u64;
        if state.recorded > MOST_ACCESSES {
            state.left_out += count as u64;
            return;
        }
        let what = what(&mut state);
        state.accesses.push(Access {
            at_ns,
            ns: nanoseconds(took),
            step,
            task,
            what,
        });
    }

    /// The number of what is called so below the root.
    pub(super) fn number(&self, table: &mut Table, name: &[u8]) -> u32 {
        let below = name.strip_prefix(&*self.root).unwrap_or(name);
        let fast = xxh3_64(below);
        match table.numbers.entry(fast) {
            Slot::Occupied(known) => *known.get(),
            Slot::Vacant(new) => {
                let below = below.strip_prefix(b"/").unwrap_or(below);
                table.entries.push(Entry {
                    identity: self.salt.hash(below),
                    bytes: 0,
                    name_bytes: name.len() as u32,
                    name: self
                        .names
                        .then(|| String::from_utf8_lossy(below).into_owned()),
                });
                *new.insert(table.entries.len() as u32 - 1)
            }
        }
    }

    /// The number of a question, whose parts never stand in the trace.
    pub(super) fn number_of_question<'a>(
        &self,
        table: &mut Table,
        parts: impl Iterator<Item = &'a [u8]>,
    ) -> u32 {
        // Contexts are long, and the keyed hash is some twenty times slower.
        let (mut hashes, mut bytes) = (Vec::new(), 0);
        for part in parts {
            hashes.extend(xxh3_128(part).to_le_bytes());
            // In the key each part stands behind its length.
            bytes += part.len() as u64 + 8;
        }
        let identity = self.salt.hash(&hashes);
        match table.numbers.entry(identity) {
            Slot::Occupied(known) => *known.get(),
            Slot::Vacant(new) => {
                table.entries.push(Entry {
                    identity,
                    bytes,
                    name_bytes: 0,
                    name: None,
                });
                *new.insert(table.entries.len() as u32 - 1)
            }
        }
    }

    /// The trace of the run, which has ended.
    pub(crate) fn finish(&self, told: &Told<'_>) -> Trace {
        let mut state = std::mem::take(&mut *self.lock());
        state.accesses.sort_by_key(|access| access.at_ns);
        let mut steps = steps(told.document, told.report);
        state.tasks.sort_by_key(|(_, task)| task.at_ns);
        for (step, task) in state.tasks {
            steps[step as usize].tasks.push(task);
        }
        let workflow = &told.document.workflow;
        Trace {
            header: Header {
                program: env!("CARGO_PKG_VERSION").to_owned(),
                workflow: workflow.name.clone(),
                workflow_hash: xxh3_64(&told.document.canonical_bytes()),
                started_unix_ms: told.started_unix_ms,
                session: told.session,
                round: told.round,
                duration_ns: nanoseconds(told.report.duration),
                outcome: told.report.outcome,
                keep_going: told.on_failure == OnFailure::Continue,
                setup: Setup::new(told.settings),
                workflow_limits: [
                    workflow.limits.cpu,
                    workflow.limits.io,
                    workflow.limits.memory,
                ],
                held: self.held,
                left_out: state.left_out,
            },
            steps,
            files: state.files.entries,
            paths: state.paths.entries,
            prompts: state.prompts.entries,
            accesses: state.accesses,
            lost_bytes: 0,
        }
    }
}

/// What a recording does not know by itself.
pub(crate) struct Told<'a> {
    pub(crate) document: &'a Document,
    pub(crate) report: &'a RunReport,
    pub(crate) settings: &'a Settings,
    pub(crate) on_failure: OnFailure,
    pub(crate) started_unix_ms: u64,
    pub(crate) session: u64,
    pub(crate) round: u32,
}

impl State {
    /// The entry of a file, to be told its size.
    pub(super) fn file(&mut self, number: u32) -> &mut Entry {
        &mut self.files.entries[number as usize]
    }

    /// The number of a conversation.
    pub(super) fn conversation(&mut self, scope: u32, name: &str) -> u32 {
        let next = self.conversations.len() as u32;
        *self
            .conversations
            .entry((scope, name.to_owned()))
            .or_insert(next)
    }

    /// A number of its own for a called workflow.
    pub(super) fn scope(&mut self) -> u32 {
        self.scopes += 1;
        self.scopes
    }
}

fn steps(document: &Document, report: &RunReport) -> Vec<Step> {
    let steps = &document.workflow.steps;
    let number: HashMap<&str, u32> = steps.iter().map(|s| s.id.as_str()).zip(0..).collect();
    let step = |(step, report): (&crate::workflow::model::Step, &crate::report::StepReport)| Step {
        id: step.id.clone(),
        action: step.action.name().to_owned(),
        class: step.class.unwrap_or(step.action.default_class()),
        priority: step.priority,
        after_failure: crate::run::execution::runs_after_failure(step),
        needs: step.needs.iter().map(|id| number[id.as_str()]).collect(),
        width: report.tasks,
        attempts: report.attempts,
        outcome: report.outcome,
        tokens: report.tokens.map(|t| (t.input, t.output)),
        tasks: Vec::new(),
    };
    steps.iter().zip(&report.steps).map(step).collect()
}

impl Setup {
    /// As settings say, on this machine.
    #[must_use]
    pub fn new(settings: &Settings) -> Self {
        use autoexec_file_cache::Freshness;
        let limits = crate::run::execution::limits(&Default::default(), settings);
        let (files, history) = (&settings.files, &settings.history);
        Self {
            processors: std::thread::available_parallelism().map_or(1, usize::from) as u32,
            files_entries: files.entries as u64,
            files_bytes: files.bytes,
            files_max_file_size: files.max_file_size,
            files_workers: files.workers as u32,
            files_ttl_ns: match files.freshness {
                Freshness::Ttl(ttl) => nanoseconds(ttl),
                Freshness::Pinned => u64::MAX,
                _ => 0,
            },
            files_watch: files.freshness == Freshness::Watch,
            paths_entries: settings.paths.entries as u64,
            prompts: settings.caches.prompts as u64,
            prompt_bytes: settings.caches.prompt_bytes,
            prompt_ttl_ns: nanoseconds(settings.caches.prompt_ttl),
            limit_cpu: limits.cpu as u32,
            limit_io: limits.io as u32,
            limit_memory: limits.memory as u32,
            history_max_pairs: history.max_pairs as u64,
            history_trim_threshold: history.trim_threshold,
            history_safe_trim_level: history.safe_trim_level,
            history_emergency: history.emergency,
            history_max_tokens: history.max_tokens,
            history_keeps_relevant: history.keep == crate::settings::Keep::Relevant,
        }
    }
}

/// Nanoseconds, as far as they go: 584 years.
pub(super) fn nanoseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}
