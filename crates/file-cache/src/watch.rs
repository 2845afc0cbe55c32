//! The item that a file is for a watcher, and how it is armed.

use crate::sys::{Fingerprint, Handle, Place};
use autoexec_watch::{Begun, Interest, Mark, Refusal, Ticket, Watched, Watcher};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

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

/// A watcher of contents; `None` where there is none to be had.
pub(crate) fn watcher() -> Option<Watcher<Armed>> {
    Watcher::new(Interest::Contents, autoexec_watch::Options::default()).ok()
}
