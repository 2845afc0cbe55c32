//! The one error of this crate.

use std::path::{Path, PathBuf};
use std::{fmt, io};

/// Why a path could not be resolved, or opened below a root.
///
/// It reads after "failed to": `resolve /a/b: no such file or directory`.
///
/// ```
/// use autoexec_path_cache::{ErrorKind, Options, PathCache};
/// let error = PathCache::new(Options::default()).resolve("relative".as_ref()).unwrap_err();
/// assert_eq!(error.kind(), ErrorKind::NotAbsolute);
/// assert_eq!(error.to_string(), "resolve relative: the path is not absolute");
/// ```
#[derive(Debug)]
#[non_exhaustive]
pub struct Error {
    kind: ErrorKind,
    path: PathBuf,
    root: Option<PathBuf>,
    source: Option<io::Error>,
}

/// What went wrong, for callers who branch on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The path, or a directory on the way to it, does not exist; or a symbolic link dangles.
    NotFound,
    /// A directory on the way may not be searched, or a file not read.
    PermissionDenied,
    /// The path leads out of the [`Root`](crate::Root).
    Escapes,
    /// Symbolic links lead in a circle, or there are too many of them.
    Loop,
    /// The path or one of its names is longer than the system allows.
    TooLong,
    /// The path is relative where an absolute one is required.
    NotAbsolute,
    /// A name used as a directory is something else. A slash at the end uses it so.
    NotADirectory,
    /// A path for a new file does not end in a name (but in `/`, `.` or `..`).
    NotAName,
    /// Anything else; the source says what.
    Other,
}

impl Error {
    pub(crate) fn new(kind: ErrorKind, path: &Path) -> Self {
        Self {
            kind,
            path: path.to_owned(),
            root: None,
            source: None,
        }
    }

    pub(crate) fn io(path: &Path, source: io::Error) -> Self {
        Self {
            source: Some(source),
            ..Self::new(ErrorKind::Other, path)
        }
        .classified()
    }

    pub(crate) fn in_root(mut self, root: &Path) -> Self {
        self.root = Some(root.to_owned());
        self
    }

    fn classified(mut self) -> Self {
        if let Some(source) = &self.source {
            self.kind = crate::sys::classify(source);
        }
        self
    }

    /// What went wrong.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// The path that was asked for.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The root it was to stay in, where there was one.
    #[must_use]
    pub fn root(&self) -> Option<&Path> {
        self.root.as_deref()
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "resolve {}", self.path.display())?;
        if let Some(root) = &self.root {
            write!(f, " inside {}", root.display())?;
        }
        match self.kind {
            ErrorKind::NotFound => f.write_str(": no such file or directory"),
            ErrorKind::PermissionDenied => f.write_str(": permission denied"),
            ErrorKind::Escapes => f.write_str(": the path leads out of the root"),
            ErrorKind::Loop => f.write_str(": too many symbolic links"),
            ErrorKind::TooLong => f.write_str(": the path is too long"),
            ErrorKind::NotAbsolute => f.write_str(": the path is not absolute"),
            ErrorKind::NotADirectory => f.write_str(": not a directory"),
            ErrorKind::NotAName => f.write_str(": the path does not end in a file name"),
            ErrorKind::Other => self
                .source
                .as_ref()
                .map_or(Ok(()), |source| write!(f, ": {source}")),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.source.as_ref().map(|source| source as _)
    }
}
