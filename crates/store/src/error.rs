//! The one error of this crate.

use std::path::{Path, PathBuf};
use std::{fmt, io};

/// Why a store could not be made, or a snapshot not be opened or written. It reads after "failed to".
///
/// ```
/// use autoexec_store::{NamespaceOptions, Options, Store};
/// let mut options = Options::default();
/// options.namespaces.insert("all".into(), NamespaceOptions { share: Some(1.5), ..Default::default() });
/// let error = Store::new(options).unwrap_err();
/// assert_eq!(error.to_string(), "make a store: the shares of its namespaces must be above 0 and add up to at most 1");
/// ```
#[derive(Debug)]
pub struct Error(Box<Details>);

#[derive(Debug)]
struct Details {
    kind: ErrorKind,
    act: &'static str,
    path: Option<PathBuf>,
    source: Option<io::Error>,
}

/// What went wrong, for callers who branch on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// A share is not above 0, or all together exceed 1.
    Shares,
    /// The snapshot is held by another handle, of the process with this number where that could be read.
    Locked {
        /// The number of the process.
        process: Option<u32>,
    },
    /// Another snapshot saves this namespace.
    SavedElsewhere,
    /// The file is no snapshot. It was left as it is.
    NotASnapshot,
    /// The file is a snapshot of another version. It was left as it is.
    Version {
        /// Its version.
        found: u16,
        /// The version that is read and written.
        supported: u16,
    },
    /// The path names a symbolic link. Compaction would replace the link, not what it leads to.
    SymbolicLink,
    /// The path names a directory, a FIFO or a device.
    NotRegular,
    /// Since it was opened, the file was removed or replaced by somebody else. Nothing was written.
    Replaced,
    /// The disk is full or a quota is used up.
    DiskFull,
    /// Anything else; the source says what.
    Io,
}

impl Error {
    pub(crate) fn shares() -> Self {
        Self(Box::new(Details {
            kind: ErrorKind::Shares,
            act: "make a store",
            path: None,
            source: None,
        }))
    }

    pub(crate) fn new(act: &'static str, path: &Path, kind: ErrorKind) -> Self {
        Self(Box::new(Details {
            kind,
            act,
            path: Some(path.to_owned()),
            source: None,
        }))
    }

    pub(crate) fn io(act: &'static str, path: &Path, source: io::Error) -> Self {
        let kind = match source.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => ErrorKind::DiskFull,
            io::ErrorKind::IsADirectory => ErrorKind::NotRegular,
            _ => ErrorKind::Io,
        };
        let mut error = Self::new(act, path, kind);
        error.0.source = Some(source);
        error
    }

    /// What went wrong.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// The snapshot concerned.
    #[must_use]
    pub fn path(&self) -> Option<&Path> {
        self.0.path.as_deref()
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.act)?;
        if let Some(path) = &self.0.path {
            write!(f, " {}", path.display())?;
        }
        f.write_str(": ")?;
        match self.0.kind {
            ErrorKind::Shares => {
                f.write_str("the shares of its namespaces must be above 0 and add up to at most 1")
            }
            ErrorKind::Locked { process: None } => f.write_str("another handle holds it"),
            ErrorKind::Locked {
                process: Some(process),
            } => write!(f, "process {process} holds it"),
            ErrorKind::SavedElsewhere => f.write_str("another snapshot saves this namespace"),
            ErrorKind::NotASnapshot => f.write_str("it is no snapshot of a store"),
            ErrorKind::Version { found, supported } => {
                write!(
                    f,
                    "it is of version {found}, not {supported}; it was left as it is"
                )
            }
            ErrorKind::SymbolicLink => f.write_str("it is a symbolic link"),
            ErrorKind::NotRegular => f.write_str("it is not a regular file"),
            ErrorKind::Replaced => {
                f.write_str("somebody removed or replaced it since it was opened")
            }
            ErrorKind::DiskFull | ErrorKind::Io => match &self.0.source {
                Some(source) => write!(f, "{source}"),
                None => f.write_str("input/output error"),
            },
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0.source.as_ref().map(|source| source as _)
    }
}
