//! Confinement of paths to one directory.

use crate::error::{Error, ErrorKind};
use crate::normalize;
use std::fs;
use std::path::{Component, Path, PathBuf};

/// A directory that paths from strangers may not leave.
///
/// ```
/// use autoexec_path_cache::{ErrorKind, Root};
/// use std::path::Path;
///
/// let dir = tempfile::tempdir()?;
/// let root = Root::new(dir.path())?;
/// let report = root.resolve_new(Path::new("report.md"))?;
/// assert!(root.contains(&report));
/// assert_eq!(root.resolve_new(Path::new("../report.md")).unwrap_err().kind(), ErrorKind::Escapes);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Limitation
///
/// The answer is true when it is given. Someone who may write inside the root can swap a directory for a
/// symbolic link between this check and the use of the path; against such a neighbour, open files relative to a
/// directory descriptor instead.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Root {
    real: PathBuf,
    given: PathBuf,
}

impl Root {
    /// Confines to the absolute directory `dir`, whose own symbolic links are followed once, now.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NotAbsolute`], [`ErrorKind::NotADirectory`], or what the file system said.
    pub fn new(dir: &Path) -> Result<Self, Error> {
        if !dir.is_absolute() {
            return Err(Error::new(ErrorKind::NotAbsolute, dir));
        }
        let real = fs::canonicalize(dir).map_err(|source| Error::io(dir, source))?;
        let metadata = fs::metadata(&real).map_err(|source| Error::io(dir, source))?;
        if !metadata.is_dir() {
            return Err(Error::new(ErrorKind::NotADirectory, dir));
        }
        Ok(Self {
            given: spelling(dir, &real),
            real,
        })
    }

    /// The real path of the directory.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.real
    }

    /// Whether a real path lies in the root or is the root, compared name by name: `/application` is not under
    /// `/app`. A path with `..` in it is not a real path and never lies inside. Asks no file system.
    #[must_use]
    pub fn contains(&self, real: &Path) -> bool {
        let climbs = real.components().any(|part| part == Component::ParentDir);
        !climbs && real.starts_with(&self.real)
    }

    /// The real path of something that exists, given relative to the root or absolute.
    ///
    /// Links are followed and `..` means what the file system says it means, so `link/../name` may well be
    /// inside; what counts is where the path ends.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Escapes`] when it ends outside, or cannot be followed and already its text points outside
    /// (so a stranger learns nothing about files out there, unless a link in the root leads to them); otherwise
    /// what the file system said.
    pub fn resolve(&self, path: &Path) -> Result<PathBuf, Error> {
        let joined = self.real.join(path);
        match fs::canonicalize(&joined) {
            Ok(real) => self.keep_inside(real, path),
            Err(_) if !self.text_is_inside(&joined) => Err(self.refuse(ErrorKind::Escapes, path)),
            Err(source) => Err(Error::io(path, source).in_root(&self.real)),
        }
    }

    /// The real path for a file that is to be created or replaced.
    ///
    /// Its parent must exist inside the root, and it must end in an ordinary name. Where a symbolic link has
    /// that name already, the answer is the link's target, which must exist inside too.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Escapes`] when `..` climbs out as text (decided before the file system is asked) or the
    /// parent or the target lies outside; [`ErrorKind::NotAName`] when the path ends in `/`, `.` or `..`;
    /// [`ErrorKind::NotADirectory`] when the parent is a file; otherwise what the file system said (a link that
    /// dangles is [`ErrorKind::NotFound`]).
    pub fn resolve_new(&self, path: &Path) -> Result<PathBuf, Error> {
        let joined = self.real.join(path);
        if !self.text_is_inside(&joined) {
            return Err(self.refuse(ErrorKind::Escapes, path));
        }
        let (parent, name) =
            split_name(&joined).ok_or_else(|| self.refuse(ErrorKind::NotAName, path))?;
        let failed = |source| Error::io(path, source).in_root(&self.real);
        let parent = self.keep_inside(fs::canonicalize(parent).map_err(failed)?, path)?;
        if !fs::metadata(&parent).map_err(failed)?.is_dir() {
            return Err(self.refuse(ErrorKind::NotADirectory, path));
        }
        let target = parent.join(name);
        match fs::symlink_metadata(&target) {
            Ok(found) if found.is_symlink() => {
                self.keep_inside(fs::canonicalize(&target).map_err(failed)?, path)
            }
            Ok(_) => Ok(target),
            Err(source) if source.kind() == std::io::ErrorKind::NotFound => Ok(target),
            Err(source) => Err(failed(source)),
        }
    }

    /// Whether the path points inside by its text, under the root's real name or the one it was opened by.
    fn text_is_inside(&self, joined: &Path) -> bool {
        let clean = normalize(joined);
        clean.starts_with(&self.real) || clean.starts_with(&self.given)
    }

    fn keep_inside(&self, real: PathBuf, asked: &Path) -> Result<PathBuf, Error> {
        if self.contains(&real) {
            Ok(real)
        } else {
            Err(self.refuse(ErrorKind::Escapes, asked))
        }
    }

    fn refuse(&self, kind: ErrorKind, path: &Path) -> Error {
        Error::new(kind, path).in_root(&self.real)
    }
}

/// Cuts off the last name by text alone. `Path::file_name` would look through a trailing `/` or `/.`, and a
/// name that must be a directory is not the name of a new file.
fn split_name(path: &Path) -> Option<(&Path, &std::ffi::OsStr)> {
    let bytes = path.as_os_str().as_encoded_bytes();
    let name = path.file_name()?;
    bytes
        .ends_with(name.as_encoded_bytes())
        .then_some((path.parent()?, name))
}

/// The cleaned spelling of a root as it was given, or its real path where cleaning `link/..` changed what it names.
fn spelling(given: &Path, real: &Path) -> PathBuf {
    let clean = normalize(given);
    match fs::canonicalize(&clean) {
        Ok(same) if same == real => clean.into_owned(),
        _ => real.to_path_buf(),
    }
}
