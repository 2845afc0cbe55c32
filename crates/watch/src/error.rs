//! Why there is no watcher, and why an item is not watched.

use std::{fmt, io};

/// Why a [`Watcher`](crate::Watcher) could not be made. It reads after "failed to".
///
/// ```
/// # use autoexec_watch::Error;
/// fn explain(error: &Error) -> String {
///     format!("failed to {error}; every hit is validated instead")
/// }
/// ```
#[derive(Debug)]
#[non_exhaustive]
pub struct Error {
    what: &'static str,
    source: Option<io::Error>,
}

/// Why an item is not watched. The caller goes on as if there were no watcher, for this item.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Refusal {
    /// The path is relative: what it means depends on the current directory, which nobody notifies of.
    Relative,
    /// The file system, or that of a directory on the way, may change without a notification.
    FileSystem,
    /// No more watches are to be had, from the system or by the caller's own limit.
    Limit,
    /// Somebody has the file open for writing, or whether somebody has cannot be told: a store through a memory map
    /// would come without a notification.
    Writer,
    /// The path changed while it was armed.
    Changed,
    /// A directory on the way cannot be watched (it may not be read, say), or there are too many links.
    Unreachable,
}

impl Error {
    #[cfg_attr(
        target_os = "linux",
        allow(dead_code, reason = "Linux has notifications")
    )]
    pub(crate) fn unsupported() -> Self {
        Self {
            what: "watch files: this system is not supported",
            source: None,
        }
    }

    #[cfg(target_os = "linux")]
    pub(crate) fn io(what: &'static str, source: io::Error) -> Self {
        Self {
            what,
            source: Some(source),
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.source {
            Some(source) => write!(f, "{}: {source}", self.what),
            None => f.write_str(self.what),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.source.as_ref().map(|source| source as _)
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Relative => "the path is relative",
            Self::FileSystem => "the file system does not tell of every change",
            Self::Limit => "there are no more watches",
            Self::Writer => "somebody may have the file open for writing",
            Self::Changed => "the path changed meanwhile",
            Self::Unreachable => "a directory on the way cannot be watched",
        })
    }
}
