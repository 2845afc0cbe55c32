//! The one error of this crate.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::{fmt, io};

/// Why a file could not be read.
///
/// It reads after "failed to": `read /a/b: no such file or directory`. It can be cloned, as all who waited for
/// one load receive its error.
///
/// ```
/// use autoexec_file_cache::{ErrorKind, FileCache, Options};
/// let dir = tempfile::tempdir()?;
/// let error = FileCache::new(Options::default()).read(dir.path()).unwrap_err();
/// assert_eq!(error.kind(), ErrorKind::IsADirectory);
/// assert_eq!(error.to_string(), format!("read {}: is a directory", dir.path().display()));
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct Error(Box<Details>);

#[derive(Debug, Clone)]
struct Details {
    kind: ErrorKind,
    path: PathBuf,
    source: Option<Arc<io::Error>>,
}

/// What went wrong, for callers who branch on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The file, or a directory on the way to it, does not exist.
    NotFound,
    /// The file may not be read, or a directory on the way may not be searched.
    PermissionDenied,
    /// The path names a directory.
    IsADirectory,
    /// The path names a FIFO, a socket or a device.
    NotRegular,
    /// The file is longer than the limit of this call.
    TooLarge {
        /// Its length in bytes.
        size: u64,
        /// The limit in bytes.
        limit: u64,
    },
    /// The batch was cancelled before this path was begun.
    Cancelled,
    /// The file was written to while it was streamed: what was handed out may be of different moments.
    Changed,
    /// Descriptors had run out, and none became free in the time that the cache waits for one.
    NoDescriptors,
    /// Anything else; the source says what.
    Io,
}

impl Error {
    pub(crate) fn new(kind: ErrorKind, path: &Path) -> Self {
        Self::with(kind, path, None)
    }

    pub(crate) fn io(path: &Path, source: io::Error) -> Self {
        let kind = match source.kind() {
            io::ErrorKind::NotFound => ErrorKind::NotFound,
            io::ErrorKind::PermissionDenied => ErrorKind::PermissionDenied,
            io::ErrorKind::IsADirectory => ErrorKind::IsADirectory,
            _ => ErrorKind::Io,
        };
        Self::with(kind, path, Some(source))
    }

    pub(crate) fn with(kind: ErrorKind, path: &Path, source: Option<io::Error>) -> Self {
        Self(Box::new(Details {
            kind,
            path: path.to_owned(),
            source: source.map(Arc::new),
        }))
    }

    /// What went wrong.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// The path as it was asked for.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.0.path
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "read {}: ", self.0.path.display())?;
        match self.0.kind {
            ErrorKind::NotFound => f.write_str("no such file or directory"),
            ErrorKind::PermissionDenied => f.write_str("permission denied"),
            ErrorKind::IsADirectory => f.write_str("is a directory"),
            ErrorKind::NotRegular => f.write_str("not a regular file"),
            ErrorKind::TooLarge { size, limit } => {
                write!(f, "{size} bytes are more than the limit of {limit}")
            }
            ErrorKind::Cancelled => f.write_str("cancelled"),
            ErrorKind::Changed => f.write_str("it changed while it was streamed"),
            ErrorKind::NoDescriptors => f.write_str("no file descriptor became free in time"),
            ErrorKind::Io => match &self.0.source {
                Some(source) => write!(f, "{source}"),
                None => f.write_str("input/output error"),
            },
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0.source.as_deref().map(|source| source as _)
    }
}
