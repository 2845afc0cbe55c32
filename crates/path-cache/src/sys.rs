//! What the operating system is asked: who a file is, and what an error means.

use crate::ErrorKind;
use std::io;
use std::path::Path;

/// Tells files apart for as long as they exist.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Identity {
    pub(crate) device: u64,
    inode: u64,
}

#[cfg(unix)]
impl Identity {
    pub(crate) fn of(stat: &rustix::fs::Stat) -> Self {
        // The width and sign of both fields differ between systems; any lossless image of them will do.
        #[allow(clippy::unnecessary_cast, reason = "the types differ between systems")]
        Self {
            device: stat.st_dev as u64,
            inode: stat.st_ino as u64,
        }
    }
}

/// One `stat` that follows symbolic links; `None` when the path leads nowhere.
#[cfg(unix)]
pub(crate) fn identity(path: &Path) -> Option<Identity> {
    rustix::fs::stat(path).ok().map(|stat| Identity::of(&stat))
}

/// One `stat` that does not follow a symbolic link of the last name.
#[cfg(unix)]
pub(crate) fn identity_of_the_name(path: &Path) -> Option<Identity> {
    rustix::fs::lstat(path).ok().map(|stat| Identity::of(&stat))
}

/// Without an identity nothing can be watched.
#[cfg(not(unix))]
pub(crate) fn identity_of_the_name(_path: &Path) -> Option<Identity> {
    None
}

/// Without an identity nothing can be validated, so nothing is cached.
#[cfg(not(unix))]
pub(crate) fn identity(_path: &Path) -> Option<Identity> {
    None
}

pub(crate) fn classify(error: &io::Error) -> ErrorKind {
    match error.kind() {
        io::ErrorKind::NotFound => ErrorKind::NotFound,
        io::ErrorKind::PermissionDenied => ErrorKind::PermissionDenied,
        io::ErrorKind::NotADirectory => ErrorKind::NotADirectory,
        _ => classify_raw(error),
    }
}

#[cfg(unix)]
fn classify_raw(error: &io::Error) -> ErrorKind {
    use rustix::io::Errno;
    match Errno::from_io_error(error) {
        Some(Errno::LOOP) => ErrorKind::Loop,
        Some(Errno::NAMETOOLONG) => ErrorKind::TooLong,
        _ => ErrorKind::Other,
    }
}

#[cfg(not(unix))]
fn classify_raw(_error: &io::Error) -> ErrorKind {
    ErrorKind::Other
}
