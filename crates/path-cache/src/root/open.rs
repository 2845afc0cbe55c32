//! Opening below a root without a race.

use super::walk::Walk;
use crate::error::{Error, ErrorKind};
use crate::root::Root;
use rustix::fs::{Mode, OFlags};
use rustix::io::Errno;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
#[cfg(target_os = "linux")]
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

/// Opens a directory as a place to start from; where the system can, without the right to list it.
#[cfg(any(target_os = "linux", target_os = "android"))]
pub(super) const DIRECTORY: OFlags = OFlags::PATH.union(OFlags::DIRECTORY).union(OFlags::CLOEXEC);
#[cfg(not(any(target_os = "linux", target_os = "android")))]
pub(super) const DIRECTORY: OFlags = OFlags::RDONLY
    .union(OFlags::DIRECTORY)
    .union(OFlags::CLOEXEC);

/// Opens for reading; a FIFO without a writer does not block, a terminal does not become ours.
const READ: OFlags = OFlags::RDONLY
    .union(OFlags::NONBLOCK)
    .union(OFlags::NOCTTY)
    .union(OFlags::CLOEXEC);

/// The directory itself, whatever its path comes to mean.
#[derive(Debug)]
pub(super) struct Anchor {
    pub(super) directory: OwnedFd,
    /// Whether `openat2` is worth a try: older kernels and some sandboxes do not have it.
    #[cfg(target_os = "linux")]
    kernel: AtomicBool,
}

impl Anchor {
    pub(super) fn open(real: &Path) -> Result<Self, Errno> {
        let directory = rustix::fs::open(real, DIRECTORY | OFlags::NOFOLLOW, Mode::empty())?;
        Ok(Self {
            directory,
            #[cfg(target_os = "linux")]
            kernel: AtomicBool::new(true),
        })
    }

    pub(super) fn forget_the_kernel(&self) {
        #[cfg(target_os = "linux")]
        self.kernel.store(false, Relaxed);
    }
}

/// Why nothing was opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refusal {
    Escapes,
    Loop,
    TooLong,
    System(Errno),
}

impl From<Errno> for Refusal {
    fn from(errno: Errno) -> Self {
        Self::System(errno)
    }
}

impl Root {
    /// Opens what `path` names below the root for reading: [`Root::open`] says how.
    pub(super) fn open_read(&self, path: &Path) -> Result<OwnedFd, Error> {
        self.open_with(path, READ)
    }

    pub(super) fn open_with(&self, path: &Path, flags: OFlags) -> Result<OwnedFd, Error> {
        let text = path.as_os_str().as_bytes();
        let opened = match self.relative(text) {
            _ if text.contains(&0) => Err(Refusal::System(Errno::INVAL)),
            None => Err(Refusal::Escapes),
            Some(relative) => self.open_relative(relative, flags),
        };
        opened.map_err(|refusal| self.explain(refusal, path))
    }

    fn open_relative(&self, relative: &[u8], flags: OFlags) -> Result<OwnedFd, Refusal> {
        #[cfg(target_os = "linux")]
        if self.anchor.kernel.load(Relaxed)
            && let Some(answer) = kernel::open(&self.anchor, relative, flags)
        {
            return answer.map_err(Refusal::System);
        }
        Walk::new(self).open(relative, flags)
    }

    /// The part of `path` below the root: all of a relative one, and what follows the root's real path or the one it
    /// was given by in an absolute one.
    pub(super) fn relative<'p>(&self, path: &'p [u8]) -> Option<&'p [u8]> {
        if path.first() != Some(&b'/') {
            return Some(path);
        }
        let spellings = [&self.real, &self.given];
        let mut rests = spellings
            .map(|root| strip(path, root.as_os_str().as_bytes()))
            .into_iter();
        rests.find_map(|rest| rest)
    }

    fn explain(&self, refusal: Refusal, path: &Path) -> Error {
        let error = match refusal {
            Refusal::Escapes => Error::new(ErrorKind::Escapes, path),
            Refusal::Loop => Error::new(ErrorKind::Loop, path),
            Refusal::TooLong => Error::new(ErrorKind::TooLong, path),
            Refusal::System(errno) => Error::io(path, errno.into()),
        };
        error.in_root(&self.real)
    }
}

/// What follows the names of `root` at the start of `path`, both absolute. `.` and runs of `/` do not count.
fn strip<'p>(mut path: &'p [u8], root: &[u8]) -> Option<&'p [u8]> {
    for name in root
        .split(|&byte| byte == b'/')
        .filter(|name| !name.is_empty())
    {
        let (first, rest) = next_name(path)?;
        if first != name {
            return None;
        }
        path = rest;
    }
    Some(path)
}

/// The first name of a path that is not `.`, and what follows it; `None` when there is no name left.
pub(super) fn next_name(path: &[u8]) -> Option<(&[u8], &[u8])> {
    let mut rest = path;
    loop {
        let begin = rest.iter().position(|&byte| byte != b'/')?;
        rest = &rest[begin..];
        let end = rest
            .iter()
            .position(|&byte| byte == b'/')
            .unwrap_or(rest.len());
        let (name, after) = rest.split_at(end);
        if name != b"." {
            return Some((name, after));
        }
        rest = after;
    }
}

#[cfg(target_os = "linux")]
mod kernel {
    //! One system call that does all of it, since Linux 5.6.

    use super::{Anchor, Relaxed};
    use rustix::fs::{Mode, OFlags, ResolveFlags, openat2};
    use rustix::io::Errno;
    use std::os::fd::OwnedFd;

    /// How often the kernel may say that something was renamed meanwhile before we look for ourselves.
    const ATTEMPTS: usize = 16;

    /// What the kernel decides; `None` for what it leaves to the walk: absolute links (which may well lead inside),
    /// loops and magic links, and everything where it has no `openat2`.
    pub(super) fn open(
        anchor: &Anchor,
        path: &[u8],
        flags: OFlags,
    ) -> Option<Result<OwnedFd, Errno>> {
        let path = match path.iter().position(|&byte| byte != b'/') {
            None => b".",
            Some(begin) => &path[begin..],
        };
        let confined = ResolveFlags::BENEATH | ResolveFlags::NO_MAGICLINKS;
        for _ in 0..ATTEMPTS {
            match openat2(&anchor.directory, path, flags, Mode::empty(), confined) {
                Err(Errno::AGAIN | Errno::INTR) => {}
                Err(Errno::XDEV | Errno::LOOP) => return None,
                Err(Errno::NOSYS | Errno::PERM) => {
                    anchor.kernel.store(false, Relaxed);
                    return None;
                }
                answer => return Some(answer),
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_root_is_stripped_name_by_name() {
        let strip = |path: &'static str, root: &str| {
            strip(path.as_bytes(), root.as_bytes()).map(|rest| str::from_utf8(rest).unwrap())
        };
        assert_eq!(strip("/a/b", "/a/b"), Some(""));
        assert_eq!(strip("//a/./b//c/", "/a/b"), Some("//c/"));
        assert_eq!(strip("/a/b/../c", "/a/b"), Some("/../c"));
        assert_eq!(strip("/a/bc", "/a/b"), None);
        assert_eq!(strip("/a", "/a/b"), None);
        assert_eq!(strip("/a/../a/b", "/a/b"), None);
        assert_eq!(strip("/etc", "/"), Some("/etc"));
    }
}
