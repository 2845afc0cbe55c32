//! The item that a file is for a watcher, and how it is armed.

use crate::sys::{Fingerprint, Handle, Place};
use autoexec_watch::{Begun, Interest, Mark, Refusal, Ticket, Watched, Watcher};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};

/// What stands for a file in the tables of the watcher. It is no part of the file because it has to be there before
/// the bytes are.
#[derive(Debug, Clone)]
pub(crate) struct Armed(Arc<Item>);

#[derive(Debug, Default)]
struct Item {
    mark: Mark,
    /// Whether the last name of the path is a link.
    linked: AtomicBool,
}

impl Watched for Armed {
    #[inline]
    fn mark(&self) -> &Mark {
        &self.0.mark
    }
}

impl Armed {
    pub(crate) fn new() -> Self {
        Self(Arc::default())
    }

    /// Arms the way to `path`.
    pub(crate) fn begin(&self, watcher: &Watcher<Self>, path: &Path) -> Result<Begun, Refusal> {
        match path.parent() {
            Some(parent) if !self.0.linked.load(Relaxed) => watcher.begin(parent),
            _ => watcher.follow(path),
        }
    }

    /// Arms an open file in this state.
    pub(crate) fn arm(
        &self,
        watcher: &Watcher<Self>,
        begun: &Begun,
        path: &Path,
        handle: &Handle,
        state: &Fingerprint,
    ) -> Result<Ticket, Refusal> {
        #[cfg(unix)]
        {
            let subject = autoexec_watch::Subject {
                path,
                file: handle.descriptor(),
                device: state.device,
            };
            watcher.arm(begun, &subject, self)
        }
        #[cfg(not(unix))]
        {
            _ = (watcher, begun, path, handle, state);
            Err(Refusal::FileSystem)
        }
    }

    /// Whether the place that the way leads to still holds the file, in this state. Notes when it holds another,
    /// which most often is a link to it.
    pub(crate) fn is_unchanged(&self, begun: &Begun, path: &Path, state: &Fingerprint) -> bool {
        let Ok(now) = Place::stat_of_the_name(begun.place(path)) else {
            return false;
        };
        if !now.is_same_file(state) {
            self.0.linked.store(true, Relaxed);
        }
        now == *state
    }

    /// The whole of it for a file that was read before: opens it, arms it, and looks at it once more.
    pub(crate) fn arm_again(
        &self,
        watcher: &Watcher<Self>,
        place: Place<'_>,
        state: &Fingerprint,
    ) -> bool {
        let armed = self.try_again(watcher, place, state).unwrap_or(false);
        if !armed {
            watcher.release(self);
        }
        armed
    }

    fn try_again(
        &self,
        watcher: &Watcher<Self>,
        place: Place<'_>,
        state: &Fingerprint,
    ) -> Option<bool> {
        let begun = self.begin(watcher, place.path).ok()?;
        let handle = place.open().ok()?;
        if handle.stat().ok()?.1 != *state {
            return None;
        }
        let ticket = self.arm(watcher, &begun, place.path, &handle, state).ok()?;
        Some(self.is_unchanged(&begun, place.path, state) && watcher.confirm(ticket, self))
    }
}

/// Whether watching pays: it costs as much as some ten validations to arm a file, so one that leaves the cache before it
/// was proven that often would better not have been watched.
#[derive(Debug, Default)]
pub(crate) struct Worth {
    /// Armed files that have left the cache.
    departures: AtomicU64,
    /// Proven hits when the last window of departures ended.
    proven: AtomicU64,
    does_not_pay: AtomicBool,
    asked: AtomicU64,
}

/// Departures after which it is decided anew.
const WINDOW: u64 = 256;
/// Proven hits per departure that pay for the arming.
const HITS_TO_PAY: u64 = 10;
/// While it does not pay, one in so many files is armed all the same, to see whether it would.
const PROBE: u64 = 64;

impl Worth {
    /// Whether the next file is to be armed.
    pub(crate) fn pays(&self) -> bool {
        !self.does_not_pay.load(Relaxed) || self.asked.fetch_add(1, Relaxed).is_multiple_of(PROBE)
    }

    /// Notes that armed files have left the cache; `proven` counts the proven hits so far.
    pub(crate) fn note_departures(&self, count: u64, proven: impl FnOnce() -> u64) {
        let before = self.departures.fetch_add(count, Relaxed);
        if (before + count) / WINDOW == before / WINDOW {
            return;
        }
        let proven = proven();
        let gained = proven.saturating_sub(self.proven.swap(proven, Relaxed));
        self.does_not_pay
            .store(gained < HITS_TO_PAY * WINDOW, Relaxed);
    }
}

/// A watcher of contents; `None` where there is none to be had.
pub(crate) fn watcher() -> Option<Watcher<Armed>> {
    Watcher::new(Interest::Contents, autoexec_watch::Options::default()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn watching_stops_where_files_leave_too_soon_and_begins_again_where_they_stay() {
        let (worth, mut proven) = (Worth::default(), 0);
        let mut leave = |hits: u64| {
            (0..WINDOW).for_each(|_| {
                proven += hits;
                worth.note_departures(1, || proven);
            });
            (0..640).filter(|_| worth.pays()).count()
        };
        assert_eq!([leave(20), leave(1), leave(0)], [640, 10, 10]);
        assert_eq!([leave(20), leave(9), leave(10)], [640, 10, 640]);
    }
}
