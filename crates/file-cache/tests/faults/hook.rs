//! Openers that have something happen at the very moment, and a clock that is set by hand.

use autoexec_file_cache::{Clock, Opener};
use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};
use std::time::Duration;

/// Opens as the system does; the hooks are called with the path, before or after.
pub(crate) struct Hook<'a> {
    pub(crate) before_file: &'a (dyn Fn(&Path) + Sync),
    pub(crate) after_file: &'a (dyn Fn(&Path) + Sync),
    /// Says whether a directory may be opened at all.
    pub(crate) after_directory: &'a (dyn Fn(&Path) -> bool + Sync),
}

impl Default for Hook<'_> {
    fn default() -> Self {
        Self {
            before_file: &|_| {},
            after_file: &|_| {},
            after_directory: &|_| true,
        }
    }
}

impl Opener for Hook<'_> {
    fn open_file(&self, path: &Path) -> io::Result<File> {
        (self.before_file)(path);
        let nonblock = rustix::fs::OFlags::NONBLOCK.bits() as i32;
        let file = OpenOptions::new()
            .read(true)
            .custom_flags(nonblock)
            .open(path);
        (self.after_file)(path);
        file
    }

    fn open_directory(&self, path: &Path) -> io::Result<File> {
        let directory = File::open(path)?;
        if (self.after_directory)(path) {
            Ok(directory)
        } else {
            Err(io::Error::from(io::ErrorKind::PermissionDenied))
        }
    }
}

/// Stands still unless it is set forward, by whole seconds.
#[derive(Debug, Default)]
pub(crate) struct Manual(AtomicU64);

impl Clock for Manual {
    fn now(&self) -> Duration {
        Duration::from_secs(self.0.load(SeqCst))
    }
}

impl Manual {
    pub(crate) fn advance(&self, by: Duration) {
        self.0.fetch_add(by.as_secs(), SeqCst);
    }
}
