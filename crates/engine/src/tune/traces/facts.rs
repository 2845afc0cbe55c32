//! What traces ask for, as far as it says which settings can matter.

use std::collections::{HashMap, HashSet};

use crate::trace::{Trace, What};
use crate::workflow::model::Class;

/// What traces ask for.
#[derive(Debug, Default)]
pub(super) struct Facts {
    /// Different files, folders and questions, of all traces.
    pub(super) files: u64,
    pub(super) folders: u64,
    pub(super) prompts: u64,
    /// Whether any of them was asked for twice by a process.
    rereads: bool,
    refolders: bool,
    reasks: bool,
    /// Whether runs with `validate` and with `watch` were recorded.
    pub(super) validates: bool,
    pub(super) watches: bool,
    processors: u32,
    /// Most files of a batch.
    batch: usize,
    /// Whether some run had several tasks of `cpu` and of `io`, and no limit of its own for them.
    classes: [Crowd; 2],
    /// Most questions of a conversation.
    talk: u64,
}

/// Whether a limit of a class can matter.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Crowd {
    /// No trace has two tasks of the class.
    #[default]
    Alone,
    /// Some have, but their workflows set the limit themselves.
    Bound,
    Open,
}

impl Facts {
    /// O(accesses).
    pub(super) fn of(traces: &[Trace]) -> Self {
        let mut facts = Self::default();
        let mut seen = Seen::default();
        for trace in traces {
            facts.add(trace, &mut seen);
        }
        let count = |asked: &HashMap<(u64, u64), u32>| {
            let different: HashSet<u64> = asked.keys().map(|it| it.1).collect();
            (different.len() as u64, asked.values().any(|it| *it > 1))
        };
        (facts.files, facts.rereads) = count(&seen.files);
        (facts.folders, facts.refolders) = count(&seen.folders);
        (facts.prompts, facts.reasks) = count(&seen.prompts);
        facts
    }

    fn add(&mut self, trace: &Trace, seen: &mut Seen) {
        let (header, session) = (&trace.header, trace.header.session);
        self.processors = self.processors.max(header.setup.processors);
        self.watches |= header.setup.files_watch;
        self.validates |= !header.setup.files_watch && header.setup.files_ttl_ns == 0;
        for (at, class) in [Class::Cpu, Class::Io].into_iter().enumerate() {
            let steps = trace.steps.iter().filter(|it| it.class == class);
            let tasks: usize = steps.map(|it| it.tasks.len()).sum();
            let crowd = &mut self.classes[at];
            *crowd = match header.workflow_limits[at] {
                _ if tasks < 2 => *crowd,
                None => Crowd::Open,
                Some(_) if *crowd == Crowd::Open => Crowd::Open,
                Some(_) => Crowd::Bound,
            };
        }
        let mut talks: HashMap<u32, u64> = HashMap::new();
        for access in &trace.accesses {
            match &access.what {
                What::Files(reads) => {
                    self.batch = self.batch.max(reads.len());
                    for read in reads.iter().filter(|it| it.answer.is_had()) {
                        let file = trace.files[read.file as usize].identity;
                        *seen.files.entry((session, file)).or_default() += 1;
                    }
                }
                What::Paths(lookups) => {
                    for lookup in lookups {
                        let path = trace.paths[lookup.path as usize].identity;
                        *seen.folders.entry((session, path)).or_default() += 1;
                    }
                }
                What::Question(question) => {
                    *talks.entry(question.conversation.number).or_default() += 1;
                    if let Some(prompt) = question.prompt {
                        let prompt = trace.prompts[prompt as usize].identity;
                        *seen.prompts.entry((session, prompt)).or_default() += 1;
                    }
                }
                What::Command { .. } | What::Consolidation { .. } => {}
            }
        }
        self.talk = self.talk.max(talks.into_values().max().unwrap_or(0));
    }

    /// Whether a setting can make a difference; else why not.
    pub(super) fn decides(&self, key: &str) -> Result<(), String> {
        let why = match key {
            "files.entries" | "files.bytes" if !self.rereads => "no process read a file twice",
            "files.workers" if self.batch < 4 || self.processors < 2 => {
                "no batch of files was large enough to be read by several threads"
            }
            "files.freshness" if !self.rereads => "no process read a file twice",
            "files.freshness" if !(self.validates && self.watches) => {
                "what proving hits costs is known only of runs that did: record some with \"validate\" and some with \"watch\""
            }
            "paths.entries" if !self.refolders => "no process resolved a folder twice",
            "caches.prompts" | "caches.prompt_bytes" | "caches.prompt_ttl" if !self.reasks => {
                "no process asked the same question twice"
            }
            "limits.cpu" => return self.crowd(0, "cpu"),
            "limits.io" => return self.crowd(1, "io"),
            "history.max_tokens" | "history.trim_threshold" | "history.safe_trim_level"
                if self.talk < 2 =>
            {
                "no conversation had a second question"
            }
            _ => return Ok(()),
        };
        Err(why.to_owned())
    }

    fn crowd(&self, at: usize, name: &str) -> Result<(), String> {
        match self.classes[at] {
            Crowd::Open => Ok(()),
            Crowd::Bound => Err("the workflows set it themselves".to_owned()),
            Crowd::Alone => Err(format!("no run had two tasks of class {name}")),
        }
    }
}

/// How often each process asked for what, by process and identity.
#[derive(Default)]
struct Seen {
    files: HashMap<(u64, u64), u32>,
    folders: HashMap<(u64, u64), u32>,
    prompts: HashMap<(u64, u64), u32>,
}

#[cfg(test)]
impl Facts {
    /// As if every setting mattered.
    pub(super) fn everything() -> Self {
        Self {
            files: 100,
            folders: 100,
            prompts: 100,
            rereads: true,
            refolders: true,
            reasks: true,
            validates: true,
            watches: true,
            processors: 8,
            batch: 512,
            classes: [Crowd::Open; 2],
            talk: 9,
        }
    }
}
