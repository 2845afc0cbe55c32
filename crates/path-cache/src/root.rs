//! Confinement of paths to one directory.

#[cfg(unix)]
mod open;
#[cfg(unix)]
mod walk;

use crate::error::{Error, ErrorKind};
use crate::normalize;
use std::fmt;
use std::fs::{self, File};
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
/// # Which call to choose
///
/// To read, [`open`](Self::open): nobody can lead it out, whatever he exchanges while it is under way, as it
/// answers with the file and not with a path. [`resolve`](Self::resolve) and [`resolve_new`](Self::resolve_new)
/// answer with a path, which is true when it is given: someone who may write inside the root can swap a directory
/// for a symbolic link between the answer and its use.
///
/// # Limitations
///
/// - What was inside when `open` came by is inside: a directory that is moved out of the root while `open` is in it
///   may still be read, and so may a hard link or a mount that somebody put inside.
/// - `open` starts from the directory as it was found by [`Root::new`], also when that was renamed since; the
///   other calls start from its path.
/// - On systems that are not Unix, `open` resolves and then opens, with that race.
///
/// Two roots are equal when their paths are.
#[derive(Clone)]
pub struct Root {
    real: PathBuf,
    given: PathBuf,
    #[cfg(unix)]
    anchor: std::sync::Arc<open::Anchor>,
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
            #[cfg(unix)]
            anchor: open::Anchor::open(&real)
                .map_err(|errno| Error::io(dir, errno.into()))?
                .into(),
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

    /// Opens what `path` names below the root for reading, given relative to the root or absolute under the real
    /// path of the root or the one it was opened by.
    ///
    /// Links are followed where they stay inside: relative ones that never climb above the root, and absolute ones
    /// whose text begins with one of the root's two paths. Unlike for [`resolve`](Self::resolve), a way that
    /// leaves the root and comes back (`../root/file`) is refused, as nobody can vouch for what lies out there.
    ///
    /// A trailing slash asks for a directory. The call never waits: a FIFO without a writer is opened and
    /// reads as empty. Directories, FIFOs and devices are opened like files; ask the file's metadata before reading
    /// from paths of strangers.
    ///
    /// # Cost
    ///
    /// On Linux one system call (`openat2`), otherwise and for absolute links one or two for each name, and at a
    /// time one descriptor for each level.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Escapes`] as soon as the way leads out, and what the file system said where it ends before.
    /// [`ErrorKind::Loop`] after 40 links. A NUL byte in the path is [`ErrorKind::Other`].
    pub fn open(&self, path: &Path) -> Result<File, Error> {
        #[cfg(unix)]
        return self.open_read(path).map(File::from);
        #[cfg(not(unix))]
        File::open(self.resolve(path)?)
            .map_err(|source| Error::io(path, source).in_root(&self.real))
    }

    /// Opens a directory below the root, as a place to start from (`O_PATH` on Linux, so that the right to search it
    /// is enough), with the rules of [`open`](Self::open).
    ///
    /// # Errors
    ///
    /// As [`open`](Self::open); [`ErrorKind::NotADirectory`] for anything else.
    #[cfg(unix)]
    pub fn open_dir(&self, path: &Path) -> Result<std::os::fd::OwnedFd, Error> {
        self.open_with(path, open::DIRECTORY)
    }

    /// From now on this root and its clones open as systems without `openat2` do, so that tests reach that code.
    #[doc(hidden)]
    #[cfg(unix)]
    pub fn only_walk(&self) {
        self.anchor.forget_the_kernel();
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

impl PartialEq for Root {
    fn eq(&self, other: &Self) -> bool {
        (&self.real, &self.given) == (&other.real, &other.given)
    }
}

impl Eq for Root {}

impl fmt::Debug for Root {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Root")
            .field("real", &self.real)
            .field("given", &self.given)
            .finish_non_exhaustive()
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
