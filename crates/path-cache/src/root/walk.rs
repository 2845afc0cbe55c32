//! Opening below a root name by name, for systems whose kernel does not do it, and for what it declines.
//!
//! The same as `openat2` with `RESOLVE_BENEATH`, in user space, in the manner of the `cap-std` crate: every name is
//! opened relative to the descriptor of the directory before it and never through a link; a link is read and its
//! text walked instead. `..` takes a descriptor off a stack, so the kernel is never asked what is above a directory.
//! Whoever renames directories while we walk can send us to other places below the root, not out of it.

use super::open::{DIRECTORY, Refusal, next_name};
use crate::root::Root;
use rustix::fs::{Mode, OFlags, openat, readlinkat};
use rustix::io::Errno;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

/// Links followed in one path, as many as Linux follows.
const LINKS_MAX: usize = 40;

/// Bytes of a path, with the NUL that ends it, as on Linux.
const PATH_BYTES_MAX: usize = 4096;

/// How often a name is looked at again that was a link for one system call and none for the next.
const ATTEMPTS: usize = 4;

/// A walk costs one or two system calls a name, and one descriptor for each level it is deep at a time.
pub(super) struct Walk<'r> {
    root: &'r Root,
    /// The directories from the root (not among them) down to where we are.
    below: Vec<OwnedFd>,
    /// What is still to be walked: the text of the innermost link first.
    texts: Vec<Text>,
    links: usize,
}

/// A path of which the part from `at` on is still to be walked.
struct Text {
    bytes: Vec<u8>,
    at: usize,
}

/// What a name turned out to be.
enum Found {
    Opened(OwnedFd),
    Link(Vec<u8>),
}

impl<'r> Walk<'r> {
    pub(super) fn new(root: &'r Root) -> Self {
        Self {
            root,
            below: Vec::new(),
            texts: Vec::new(),
            links: 0,
        }
    }

    /// Opens what `path` names with `flags`. `path` begins at the root, with or without slashes.
    pub(super) fn open(mut self, path: &[u8], flags: OFlags) -> Result<OwnedFd, Refusal> {
        self.read_text(path)?;
        while let Some(name) = self.next_name() {
            if name == b".." {
                self.below.pop().ok_or(Refusal::Escapes)?;
                continue;
            }
            let last = self.rest_is(|rest| next_name(rest).is_none());
            let ends_here = self.rest_is(<[u8]>::is_empty);
            let wanted = match (last, ends_here) {
                (true, true) => flags,
                (true, false) => flags | OFlags::DIRECTORY,
                (false, _) => DIRECTORY,
            };
            match look(self.here(), &name, wanted)? {
                Found::Opened(file) if last => return Ok(file),
                Found::Opened(directory) => self.below.push(directory),
                Found::Link(target) => self.follow(&target)?,
            }
        }
        // The path ended in `..`, or had no name in it: it is where we are.
        Ok(openat(
            self.here(),
            ".",
            flags | OFlags::DIRECTORY,
            Mode::empty(),
        )?)
    }

    fn here(&self) -> BorrowedFd<'_> {
        self.below
            .last()
            .map_or(self.root.anchor.directory.as_fd(), AsFd::as_fd)
    }

    /// The next name to walk that is not `.`.
    fn next_name(&mut self) -> Option<Vec<u8>> {
        while let Some(text) = self.texts.last_mut() {
            if let Some((name, rest)) = next_name(&text.bytes[text.at..]) {
                text.at = text.bytes.len() - rest.len();
                return Some(name.to_vec());
            }
            // Slashes and dots are left: what the text named must be a directory. Those who wait below know.
            self.texts.pop();
        }
        None
    }

    fn rest_is(&self, holds: impl Fn(&[u8]) -> bool) -> bool {
        self.texts.iter().all(|text| holds(&text.bytes[text.at..]))
    }

    fn follow(&mut self, target: &[u8]) -> Result<(), Refusal> {
        self.links += 1;
        if self.links > LINKS_MAX {
            return Err(Refusal::Loop);
        }
        if target.is_empty() {
            return Err(Refusal::System(Errno::NOENT));
        }
        if target[0] == b'/' {
            self.below.clear();
        }
        let inside = self.root.relative(target).ok_or(Refusal::Escapes)?;
        self.read_text(inside)
    }

    fn read_text(&mut self, text: &[u8]) -> Result<(), Refusal> {
        if text.len() >= PATH_BYTES_MAX {
            return Err(Refusal::TooLong);
        }
        self.texts.push(Text {
            bytes: text.to_vec(),
            at: 0,
        });
        Ok(())
    }
}

/// Opens `name` in `directory` if it is no link, and reads it if it is one.
fn look(directory: BorrowedFd<'_>, name: &[u8], flags: OFlags) -> Result<Found, Refusal> {
    let mut said = Errno::LOOP;
    for _ in 0..ATTEMPTS {
        said = match openat(directory, name, flags | OFlags::NOFOLLOW, Mode::empty()) {
            Ok(file) => return Ok(Found::Opened(file)),
            Err(Errno::INTR) => continue,
            Err(errno) if !may_be_a_link(errno) => return Err(errno.into()),
            Err(errno) => errno,
        };
        match readlinkat(directory, name, Vec::new()) {
            Ok(target) => return Ok(Found::Link(target.into_bytes())),
            Err(Errno::INVAL) => {} // No link: not a directory, or it was exchanged meanwhile.
            Err(errno) => return Err(errno.into()),
        }
    }
    Err(said.into())
}

/// What systems say to `O_NOFOLLOW` where they find a link: `ELOOP`, FreeBSD `EMLINK`, and with `O_DIRECTORY` often
/// `ENOTDIR`.
fn may_be_a_link(errno: Errno) -> bool {
    matches!(errno, Errno::LOOP | Errno::MLINK | Errno::NOTDIR)
}
