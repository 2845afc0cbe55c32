//! An answer that is remembered, and how it is watched.

use crate::real::{self, Real};
use crate::sys::Identity;
use autoexec_watch::{Begun, Mark, Watched, Watcher};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

/// Where a path leads.
#[derive(Debug, Clone)]
pub(crate) struct Resolved(Arc<Item>);

#[derive(Debug)]
struct Item {
    mark: Mark,
    /// Hits since it became doubtful.
    doubts: AtomicU32,
    real: Arc<Path>,
    identity: Option<Identity>,
}

impl Watched for Resolved {
    #[inline]
    fn mark(&self) -> &Mark {
        &self.0.mark
    }
}

impl Resolved {
    pub(crate) fn new(real: &Real) -> Self {
        Self(Arc::new(Item {
            mark: Mark::new(),
            doubts: AtomicU32::new(0),
            real: real.path.clone(),
            identity: real.identity,
        }))
    }

    pub(crate) fn real(&self) -> &Arc<Path> {
        &self.0.real
    }

    /// Whether `path` still leads here.
    pub(crate) fn still_leads(&self, path: &Path) -> bool {
        real::still_leads(path, &self.0.real, self.0.identity)
    }

    /// Counts a hit on a doubtful answer; says whether this is one at which arming is tried again: the first, the
    /// second, the fourth and so on.
    pub(crate) fn tries_again(&self) -> bool {
        (self.0.doubts.fetch_add(1, Relaxed) + 1).is_power_of_two()
    }

    /// Watches what was just resolved, and the way to it. `false` where it cannot be watched, or has changed.
    pub(crate) fn arm(&self, watcher: &Watcher<Self>, path: &Path, real: &Real) -> bool {
        #[cfg(target_os = "linux")]
        {
            self.try_to_arm(watcher, path, real).unwrap_or(false)
        }
        #[cfg(not(target_os = "linux"))]
        {
            _ = (watcher, path, real);
            false
        }
    }

    #[cfg(target_os = "linux")]
    fn try_to_arm(&self, watcher: &Watcher<Self>, path: &Path, real: &Real) -> Option<bool> {
        use std::os::fd::AsFd;
        let begun = watcher.follow(path).ok()?;
        let file = real.file.as_ref()?.as_fd();
        let device = real.identity?.device;
        let subject = autoexec_watch::Subject { path, file, device };
        let ticket = watcher.arm(&begun, &subject, self).ok()?;
        let armed = self.is_at_the_end(&begun) && watcher.confirm(ticket, self);
        if armed {
            self.0.doubts.store(0, Relaxed);
        }
        Some(armed)
    }

    /// Proves an answer again that nothing happened to but on the way to it.
    pub(crate) fn renew(&self, watcher: &Watcher<Self>, path: &Path) -> bool {
        let Some(seen) = self.0.mark.seen() else {
            return false;
        };
        let Ok(begun) = watcher.follow(path) else {
            return false;
        };
        // Proven or not, it was just found to lead here.
        self.is_at_the_end(&begun) && {
            _ = watcher.renew(&begun, seen, self);
            true
        }
    }

    /// Whether the way that was armed ends at the real path, and the file is still there.
    fn is_at_the_end(&self, begun: &Begun) -> bool {
        begun
            .end()
            .is_some_and(|end| end.as_os_str() == self.0.real.as_os_str())
            && self.0.identity.is_some()
            && crate::sys::identity_of_the_name(&self.0.real) == self.0.identity
    }
}
