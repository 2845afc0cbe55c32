//! What the actions of a run see of a recording.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::{Duration, Instant};

use autoexec_file_cache::{Error, ErrorKind, Read, Source};

use super::model::{Conversation, FileAnswer, FileRead, PathLookup, Question, What};
use super::record::Recording;

/// The recording as one workflow of the run sees it.
#[derive(Clone)]
pub(crate) struct Tracer {
    recording: Arc<Recording>,
    /// A number of its own for each workflow of the run: conversations of the same name are not the same.
    scope: u32,
    /// The step of the outermost workflow, and which of its tasks, that called this one.
    caller: Option<(u32, u32)>,
}

/// The recording as a task sees it.
#[derive(Clone)]
pub(crate) struct TaskTrace {
    tracer: Tracer,
    place: (u32, u32),
}

/// What became of a question, beside its conversation.
#[derive(Default)]
pub(crate) struct Answered {
    pub(crate) prompt: Option<u32>,
    pub(crate) is_hit: bool,
    pub(crate) answer_bytes: u64,
}

impl Tracer {
    pub(crate) fn new(recording: Arc<Recording>) -> Self {
        Self {
            recording,
            scope: 0,
            caller: None,
        }
    }

    /// When the run began.
    pub(crate) fn started(&self) -> Instant {
        self.recording.started()
    }

    /// For the task of a step.
    pub(crate) fn of(&self, step: usize, task: u32) -> TaskTrace {
        TaskTrace {
            tracer: self.clone(),
            place: self.caller.unwrap_or((step as u32, task)),
        }
    }

    /// A task has ended. Those of a called workflow are part of the task that called it.
    pub(crate) fn task(&self, step: usize, index: u32, started: Instant, succeeded: bool) {
        if self.caller.is_none() {
            self.recording.task(step as u32, index, started, succeeded);
        }
    }
}

impl TaskTrace {
    /// For a workflow that this task calls.
    pub(crate) fn called(&self) -> Tracer {
        Tracer {
            scope: self.tracer.recording.lock().scope(),
            caller: Some(self.place),
            recording: self.tracer.recording.clone(),
        }
    }

    /// A batch of files was asked for.
    pub(crate) fn files<'a>(
        &self,
        started: Instant,
        took: Duration,
        reads: impl ExactSizeIterator<Item = (&'a Path, (FileAnswer, u64))>,
    ) {
        let recording = &self.tracer.recording;
        let time = (started, took);
        recording.access(self.place, time, reads.len(), |state| {
            let read = |(path, (answer, bytes)): (&Path, (FileAnswer, u64))| {
                let name = path.as_os_str().as_encoded_bytes();
                let file = recording.number(&mut state.files, name);
                let known = state.file(file);
                if known.bytes == 0 && answer.is_had() {
                    known.bytes = bytes;
                }
                FileRead {
                    file,
                    answer,
                    bytes,
                }
            };
            What::Files(reads.map(read).collect())
        });
    }

    /// Folders were resolved, each with whether the cache had it.
    fn paths(&self, started: Instant, took: Duration, lookups: &[(PathBuf, bool)]) {
        let recording = &self.tracer.recording;
        let time = (started, took);
        recording.access(self.place, time, lookups.len(), |state| {
            let lookup = |(path, is_hit): &(PathBuf, bool)| PathLookup {
                path: recording.number(&mut state.paths, path.as_os_str().as_encoded_bytes()),
                is_hit: *is_hit,
            };
            What::Paths(lookups.iter().map(lookup).collect())
        });
    }

    /// The number of a question that can stand in the cache of answers.
    pub(crate) fn prompt<'a>(&self, parts: impl Iterator<Item = &'a [u8]>) -> u32 {
        let recording = &self.tracer.recording;
        recording.number_of_question(&mut recording.lock().prompts, parts)
    }

    /// A question was asked, in the conversation of this name.
    pub(crate) fn question(&self, started: Instant, name: &str, mut question: Question) {
        let time = (started, started.elapsed());
        self.tracer.recording.access(self.place, time, 1, |state| {
            question.conversation.number = state.conversation(self.tracer.scope, name);
            What::Question(question)
        });
    }

    /// Something else was done.
    pub(crate) fn other(&self, started: Instant, what: What) {
        let time = (started, started.elapsed());
        (self.tracer.recording).access(self.place, time, 1, |_| what);
    }
}

/// Files that are asked for one by one, told as a batch when it goes.
pub(crate) struct Told<'a> {
    trace: Option<&'a TaskTrace>,
    started: Instant,
    took: Duration,
    files: Vec<(&'a Path, (FileAnswer, u64))>,
}

impl<'a> Told<'a> {
    pub(crate) fn new(trace: Option<&'a TaskTrace>) -> Self {
        Self {
            trace,
            started: Instant::now(),
            took: Duration::ZERO,
            files: Vec::new(),
        }
    }

    /// What `read` yields, taken note of.
    pub(crate) fn of(
        &mut self,
        path: &'a Path,
        read: impl FnOnce() -> Result<Read, Error>,
    ) -> Result<Read, Error> {
        if self.trace.is_none() {
            return read();
        }
        let started = Instant::now();
        let result = read();
        self.took += started.elapsed();
        self.files.push((path, FileAnswer::of(&result)));
        result
    }
}

impl Drop for Told<'_> {
    fn drop(&mut self) {
        if let Some(trace) = self.trace {
            trace.files(self.started, self.took, self.files.drain(..));
        }
    }
}

/// The order in which the places of a batch are answered, by several threads at once.
pub(crate) struct Order {
    next: AtomicUsize,
    places: Vec<AtomicUsize>,
}

impl Order {
    /// Of a batch of so many places.
    pub(crate) fn of(places: usize) -> Self {
        Self {
            next: AtomicUsize::new(0),
            places: (0..places).map(|_| AtomicUsize::new(0)).collect(),
        }
    }

    /// A place is answered; each is told once at most.
    pub(crate) fn tell(&self, place: usize) {
        let at = self.next.fetch_add(1, Relaxed);
        self.places[at].store(place, Relaxed);
    }

    /// Those that were told, once the threads are gone.
    pub(crate) fn told(&self) -> impl ExactSizeIterator<Item = usize> {
        let told = &self.places[..self.next.load(Relaxed)];
        told.iter().map(|it| it.load(Relaxed))
    }
}

/// Folders that are resolved one by one, told together when it goes.
pub(crate) struct ToldPaths<'a> {
    trace: Option<&'a TaskTrace>,
    started: Instant,
    took: Duration,
    lookups: Vec<(PathBuf, bool)>,
}

impl<'a> ToldPaths<'a> {
    pub(crate) fn new(trace: Option<&'a TaskTrace>) -> Self {
        Self {
            trace,
            started: Instant::now(),
            took: Duration::ZERO,
            lookups: Vec::new(),
        }
    }

    /// What `resolve` yields beside whether it was held, taken note of.
    pub(crate) fn of<T>(&mut self, folder: &Path, resolve: impl FnOnce() -> (T, bool)) -> T {
        if self.trace.is_none() {
            return resolve().0;
        }
        let started = Instant::now();
        let (real, is_hit) = resolve();
        self.took += started.elapsed();
        self.lookups.push((folder.to_path_buf(), is_hit));
        real
    }
}

impl Drop for ToldPaths<'_> {
    fn drop(&mut self) {
        if let Some(trace) = self.trace {
            trace.paths(self.started, self.took, &self.lookups);
        }
    }
}

impl Question {
    /// Of what was answered, if it was: tokens in, tokens out, those of the answer as a message.
    pub(crate) fn new(
        answered: &Answered,
        tokens: Option<(u64, u64, u32)>,
        mut conversation: Conversation,
    ) -> Self {
        let (input_tokens, output_tokens, answer_tokens) = tokens.unwrap_or_default();
        conversation.answer_tokens = answer_tokens;
        Self {
            prompt: answered.prompt,
            is_hit: answered.is_hit,
            answered: tokens.is_some(),
            answer_bytes: answered.answer_bytes,
            input_tokens,
            output_tokens,
            conversation,
        }
    }
}

impl FileAnswer {
    /// How the cache answered, and the bytes of the file where they are known.
    pub(crate) fn of(result: &Result<Read, Error>) -> (Self, u64) {
        match result {
            Ok(read) => {
                let answer = match read.source {
                    Source::Hit => Self::Hit,
                    Source::Loaded => Self::Loaded,
                    Source::Coalesced => Self::Coalesced,
                    Source::Uncached => Self::Uncached,
                };
                (answer, read.file.len() as u64)
            }
            Err(error) => match error.kind() {
                ErrorKind::TooLarge { size, .. } => (Self::Refused, size),
                _ => (Self::Failed, 0),
            },
        }
    }
}
