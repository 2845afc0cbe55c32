//! The public type, the same on all systems.

use crate::mark::{Proof, Seen, Ticket, Watched};
use crate::system::Inner;
use crate::{Error, Refusal};
use std::path::Path;
use std::sync::Arc;

/// An open file, as the system sees it.
#[cfg(unix)]
pub type Descriptor<'a> = std::os::fd::BorrowedFd<'a>;
/// An open file, as the system sees it.
#[cfg(not(unix))]
pub type Descriptor<'a> = &'a std::fs::File;

/// What about an item matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Interest {
    /// What is in the file, and that the path leads to it.
    Contents,
    /// That the path leads to it.
    Place,
}

/// Choices for a [`Watcher`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// Most inodes watched: files, and directories and links on the way to them. Each costs the kernel about a
    /// kilobyte. Default 2¹⁷; the system's own limit (`fs.inotify.max_user_watches`) holds beside it.
    pub max_watches: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            max_watches: 1 << 17,
        }
    }
}

/// A way that is armed; see [`Watcher::begin`].
#[derive(Debug, Clone)]
pub struct Begun {
    pub(crate) epoch: u64,
    pub(crate) end: Option<Arc<Path>>,
}

impl Begun {
    /// Where the item is: the path itself, or the end that its links lead to. It is this that has to be looked at
    /// (without following a link) before the item is confirmed.
    #[must_use]
    pub fn place<'a>(&'a self, path: &'a Path) -> &'a Path {
        self.end.as_deref().unwrap_or(path)
    }

    /// The real path, when the way was [followed](Watcher::follow).
    #[must_use]
    pub fn end(&self) -> Option<&Arc<Path>> {
        self.end.as_ref()
    }
}

/// What an item is, for [`Watcher::arm`].
#[derive(Debug, Clone, Copy)]
pub struct Subject<'a> {
    /// The path, absolute.
    pub path: &'a Path,
    /// The file, open for reading only (`O_PATH` is enough for [`Interest::Place`]).
    pub file: Descriptor<'a>,
    /// Its device, from `fstat`.
    pub device: u64,
}

/// What a [`Watcher`] did so far.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Stats {
    /// Inodes watched now.
    pub watches: u64,
    /// Looks into the queue: one system call each, and another where something waited.
    pub refreshes: u64,
    /// Notifications read.
    pub notifications: u64,
    /// Times that a path may have led elsewhere, which leaves all items to be renewed.
    pub path_changes: u64,
    /// Times that notifications were lost, which leaves all items to be armed again.
    pub losses: u64,
    /// Times that a way or an item was refused.
    pub refusals: u64,
}

/// Watches items, and tells by one system call that none of them has changed. Share it by reference.
///
/// # The protocol
///
/// 1. [`begin`](Self::begin) (or [`follow`](Self::follow)) arms the way to the item: what replaces a directory or a
///    link from now on is told of.
/// 2. Open the item, and [`arm`](Self::arm) it: what happens to it from now on is told of.
/// 3. Read the item. Then look at its [place](Begun::place), without following links: if it is still the file that was
///    opened, in the state in which it was read, [`confirm`](Self::confirm).
/// 4. From then on, each [`refresh`](Self::refresh) gives a proof. If it [covers](Proof::covers) the mark of the
///    item, the item was at that moment as it had been read.
/// 5. If it does not, look at the item anew. [Renew](Self::renew) it if [nothing touched the item itself](crate::Mark::seen) and its
///    place is unchanged; go through 1 to 3 otherwise.
/// 6. [`release`](Self::release) the item when it is no longer needed: until then, the watcher holds a handle of it.
///
/// # What a proof means
///
/// The kernel queues a notification before the system call that causes it returns. So every change whose system call
/// had returned when the refresh began has been told of. A change whose system call is still under way may or may not
/// be seen: it takes effect, for whoever relies on proofs, when it is told of.
#[derive(Debug)]
pub struct Watcher<T> {
    inner: Inner<T>,
}

impl<T: Watched> Watcher<T> {
    /// A watcher of nothing yet.
    ///
    /// # Errors
    ///
    /// Where the system has no notifications, no more instances of them (`fs.inotify.max_user_instances`), or no
    /// `/proc`, which tells of mounts.
    pub fn new(interest: Interest, options: Options) -> Result<Self, Error> {
        Inner::new(interest, options).map(|inner| Self { inner })
    }

    /// Takes in what has happened: one system call when nothing has. Threads that ask at the same time share it.
    #[inline]
    pub fn refresh(&self) -> Proof {
        self.inner.refresh()
    }

    /// Arms the way to a directory, the parent of an item whose last name is not a link. Costs a look-up in a table
    /// where the way is known, three system calls for each further directory otherwise.
    ///
    /// # Errors
    ///
    /// A [`Refusal`]; the item is then not to be armed.
    pub fn begin(&self, parent: &Path) -> Result<Begun, Refusal> {
        self.inner.begin(parent)
    }

    /// Arms the way to whatever `path` leads to, and every link there is; the result knows the
    /// [real path](Begun::end).
    ///
    /// # Errors
    ///
    /// A [`Refusal`]; the item is then not to be armed.
    pub fn follow(&self, path: &Path) -> Result<Begun, Refusal> {
        self.inner.follow(path)
    }

    /// Arms an item that has just been opened.
    ///
    /// # Errors
    ///
    /// A [`Refusal`]; the item proves nothing then, and is to be [released](Self::release).
    pub fn arm(&self, begun: &Begun, subject: &Subject<'_>, item: &T) -> Result<Ticket, Refusal> {
        self.inner.arm(begun, subject, item)
    }

    /// Confirms an armed item: the caller has seen that its place is unchanged. `false` when something happened to it, or
    /// to the way to it, since that was begun.
    ///
    /// The way counts because the item is watched by its path: were a directory exchanged for another before, and back
    /// after, a file of the other directory would be watched in its stead. Costs a [`refresh`](Self::refresh).
    #[must_use = "the item may not be proven"]
    #[allow(
        clippy::needless_pass_by_value,
        reason = "a ticket is good for one entry"
    )]
    pub fn confirm(&self, ticket: Ticket, item: &T) -> bool {
        self.refresh().epoch == ticket.epoch && item.mark().advance(ticket.number, ticket.epoch)
    }

    /// Proves an item again that nothing has touched itself: the caller has seen, after the way was armed anew, that
    /// its place is unchanged. `false` when an event came first, or notifications were lost.
    #[must_use = "the item may not be proven"]
    pub fn renew(&self, begun: &Begun, seen: Seen, item: &T) -> bool {
        self.inner.renew(begun, seen.epoch, item)
    }

    /// Lets go of an item.
    pub fn release(&self, item: &T) {
        self.inner.release(item);
    }

    /// The counters now.
    #[must_use]
    pub fn stats(&self) -> Stats {
        self.inner.stats()
    }
}
