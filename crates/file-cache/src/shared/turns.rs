//! One look at a path for all tasks that ask for it, until the look begins.

use super::answer::{Answer, Asker};
use super::jobs::Jobs;
use super::{SharedOpener, SharedReadOptions, guarded, runtime_ended};
use crate::{Error, FileCache, Freshness, Read, ReadOptions};
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::ffi::OsString;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::runtime::Handle;

type Outcome = Result<Read, Error>;

/// What is asked for. Tasks that ask for the same share an answer.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Want {
    path: OsString,
    freshness: Option<Freshness>,
    limit: Option<u64>,
    /// The address of the opener, which whoever asks keeps alive.
    opener: Option<usize>,
}

/// What is asked for now.
pub(super) struct Turns {
    cache: Arc<FileCache>,
    jobs: Arc<Jobs>,
    open: Mutex<HashMap<Want, Queue>>,
}

/// Those who ask for the same.
enum Queue {
    /// A job is to begin; whoever asks until then joins.
    Waiting(Arc<Answer<Outcome>>),
    /// A job looks at the path. Whoever asks now gets the next answer: this one may be older than their question.
    Looking(Option<Arc<Answer<Outcome>>>),
}

/// The job of one want.
struct Turn {
    turns: Arc<Turns>,
    want: Want,
    opener: Option<SharedOpener>,
    runtime: Handle,
    /// Whether another turn has taken over, or none is needed.
    over: bool,
}

impl Turns {
    pub(super) fn new(cache: Arc<FileCache>, jobs: Arc<Jobs>) -> Arc<Self> {
        Arc::new(Self {
            cache,
            jobs,
            open: Mutex::default(),
        })
    }

    /// Asks for a path, alone or with others.
    pub(super) fn ask(
        self: &Arc<Self>,
        path: &Path,
        options: &SharedReadOptions,
        runtime: Handle,
    ) -> Asker<Outcome> {
        let opener = options.opener.clone();
        let want = Want {
            path: path.as_os_str().to_owned(),
            freshness: options.freshness,
            limit: options.limit,
            opener: opener.as_ref().map(|it| Arc::as_ptr(it).addr()),
        };
        let mut open = self.lock();
        match open.entry(want) {
            Entry::Occupied(mut entry) => match entry.get_mut() {
                Queue::Waiting(answer) => answer.ask(),
                Queue::Looking(next) => next.get_or_insert_with(Answer::new).ask(),
            },
            Entry::Vacant(vacant) => {
                let turn = Turn {
                    turns: self.clone(),
                    want: vacant.key().clone(),
                    opener,
                    runtime,
                    over: false,
                };
                let answer = Answer::new();
                let asker = answer.ask();
                vacant.insert(Queue::Waiting(answer));
                drop(open);
                turn.submit();
                asker
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Want, Queue>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Turn {
    fn submit(self) {
        let (jobs, runtime) = (self.turns.jobs.clone(), self.runtime.clone());
        jobs.submit(&runtime, Box::new(move || self.run()));
    }

    fn run(mut self) {
        let Some(answer) = self.begin() else { return };
        let path = Path::new(&self.want.path);
        let options = ReadOptions {
            freshness: self.want.freshness,
            limit: self.want.limit,
            opener: self.opener.as_deref().map(|opener| opener as _),
        };
        let cache = &self.turns.cache;
        let outcome = guarded(|| cache.read_with(path, &options))
            .unwrap_or_else(|source| cache.account(path, Err(Error::io(path, source))));
        answer.land(outcome);
        if self.end() {
            // Not at once, so that others have their turn.
            self.over = true;
            let next = Self {
                turns: self.turns.clone(),
                want: self.want.clone(),
                opener: self.opener.clone(),
                runtime: self.runtime.clone(),
                over: false,
            };
            next.submit();
        }
    }

    /// Lets nobody join from now on. `None` when nobody waits any more.
    fn begin(&mut self) -> Option<Arc<Answer<Outcome>>> {
        let mut open = self.turns.lock();
        let Some(Queue::Waiting(answer)) = open.remove(&self.want) else {
            unreachable!("because only this turn takes its answer out");
        };
        if !answer.is_wanted() {
            self.over = true;
            return None;
        }
        open.insert(self.want.clone(), Queue::Looking(None));
        Some(answer)
    }

    /// Whether somebody has asked meanwhile.
    fn end(&mut self) -> bool {
        let mut open = self.turns.lock();
        match open.remove(&self.want) {
            Some(Queue::Looking(Some(next))) => {
                open.insert(self.want.clone(), Queue::Waiting(next));
                true
            }
            _ => {
                self.over = true;
                false
            }
        }
    }
}

impl Drop for Turn {
    /// A turn that never came, because the runtime ended.
    fn drop(&mut self) {
        if self.over {
            return;
        }
        let waiting = match self.turns.lock().remove(&self.want) {
            Some(Queue::Waiting(answer)) => Some(answer),
            Some(Queue::Looking(next)) => next,
            None => None,
        };
        let path = Path::new(&self.want.path);
        if let Some(answer) = waiting.filter(|answer| answer.is_wanted()) {
            let error = Error::io(path, runtime_ended());
            answer.land(self.turns.cache.account(path, Err(error)));
        }
    }
}
