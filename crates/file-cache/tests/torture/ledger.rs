//! What may be read: the newest version whose writing had returned, the newest whose writing had begun, and when a
//! file was away or half written.
//!
//! A path names a file that may be reached by others too, and what a path leads to may be swapped. Versions grow along
//! each path, whatever is swapped in. So these are enough:
//!
//! - what a call returns is at least as new as what had been finished *at its path* when it began;
//! - and no newer than what had been begun of *the file* when it returned: who opened a file that was then swapped away
//!   may read what is prepared in it for the next swap, as any `read(2)` may;
//! - a missing file, an empty one, and a front of one, are right only if the file was away, or half written, at some
//!   time in the call.

use crate::record::Seen;
use autoexec_file_cache::{ErrorKind, Source};
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering::SeqCst};

/// How often something began, and how often it ended; only one thread writes to it.
#[derive(Debug, Default)]
pub(crate) struct Spells {
    begun: AtomicU64,
    ended: AtomicU64,
}

impl Spells {
    pub(crate) fn begin(&self) {
        self.begun.fetch_add(1, SeqCst);
    }

    pub(crate) fn end(&self) {
        self.ended.fetch_add(1, SeqCst);
    }

    /// Whether there was one since `ended` was noted.
    fn since(&self, ended: u64) -> bool {
        self.begun.load(SeqCst) > ended
    }
}

/// A file, however many paths lead to it.
#[derive(Debug, Default)]
pub(crate) struct Subject {
    /// The newest version whose writing has begun.
    pub(crate) begun: AtomicU64,
    /// Nothing is there.
    pub(crate) away: Spells,
    /// What is there is not whole.
    pub(crate) partial: Spells,
    /// It may not be opened.
    pub(crate) closed: Spells,
    /// What happened last, a number of `Happening`.
    pub(crate) last: AtomicUsize,
}

/// One of the paths that readers ask for.
#[derive(Debug)]
pub(crate) struct Tracked {
    pub(crate) path: PathBuf,
    /// The index of its file, which its contents name.
    pub(crate) file: usize,
    finished: AtomicU64,
    /// As of the last tick of the clock by which times to live are measured.
    ticked: [AtomicU64; 4],
}

/// What was known before a call.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Before {
    finished: u64,
    away: u64,
    partial: u64,
    closed: u64,
}

/// How an answer is right.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Right {
    Whole,
    /// An error, or a part, of a file that was away or half written.
    Passing,
    /// A mixture, marked as one that nothing vouches for.
    AsItCame,
}

/// How an answer is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wrong {
    Stale,
    Impossible,
    Torn,
    Error,
}

impl Tracked {
    pub(crate) fn new(path: PathBuf, file: usize) -> Self {
        Self {
            path,
            file,
            finished: AtomicU64::new(0),
            ticked: Default::default(),
        }
    }

    /// Notes that the path has come to lead to `version`. Versions only grow: the test itself is checked here.
    pub(crate) fn finish(&self, version: u64) {
        let before = self.finished.swap(version, SeqCst);
        assert!(before <= version, "the model: {before} then {version}");
    }

    pub(crate) fn before(&self, subject: &Subject) -> Before {
        Before {
            finished: self.finished.load(SeqCst),
            away: subject.away.ended.load(SeqCst),
            partial: subject.partial.ended.load(SeqCst),
            closed: subject.closed.ended.load(SeqCst),
        }
    }

    /// Makes `before`, noted before the clock was set forward, what holds from now on.
    pub(crate) fn tick(&self, before: Before) {
        let values = [before.finished, before.away, before.partial, before.closed];
        for (field, value) in self.ticked.iter().zip(values) {
            field.store(value, SeqCst);
        }
    }

    /// What was known at the last tick.
    pub(crate) fn before_the_tick(&self) -> Before {
        let [finished, away, partial, closed] = self.ticked.each_ref().map(|it| it.load(SeqCst));
        Before {
            finished,
            away,
            partial,
            closed,
        }
    }
}

impl Before {
    pub(crate) fn finished(&self) -> u64 {
        self.finished
    }
}

/// Judges contents that were read, after the call.
pub(crate) fn judge(
    subject: &Subject,
    before: &Before,
    seen: Seen,
    source: Source,
) -> Result<Right, Wrong> {
    let possible = before.finished..=subject.begun.load(SeqCst);
    let was_partial = subject.partial.since(before.partial);
    match seen {
        Seen::Whole(version) if possible.contains(&version) => Ok(Right::Whole),
        Seen::Whole(version) if version < before.finished => Err(Wrong::Stale),
        Seen::Part(version) if was_partial && possible.contains(&version) => Ok(Right::Passing),
        Seen::Empty if was_partial => Ok(Right::Passing),
        Seen::Part(_) | Seen::Empty | Seen::Torn if source == Source::Uncached => {
            Ok(Right::AsItCame)
        }
        Seen::Part(_) | Seen::Empty | Seen::Torn => Err(Wrong::Torn),
        Seen::Whole(_) | Seen::Foreign(_) => Err(Wrong::Impossible),
    }
}

/// Judges an error, after the call. Errors are not kept, so that `before` is always of the call itself.
pub(crate) fn judge_error(
    subject: &Subject,
    before: &Before,
    kind: ErrorKind,
) -> Result<Right, Wrong> {
    let was = match kind {
        ErrorKind::NotFound => subject.away.since(before.away),
        ErrorKind::PermissionDenied => subject.closed.since(before.closed),
        _ => false,
    };
    if was {
        Ok(Right::Passing)
    } else {
        Err(Wrong::Error)
    }
}
