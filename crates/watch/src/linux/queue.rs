//! The descriptors: notifications and mounts behind one system call.

use crate::Error;
use rustix::event::Timespec;
use rustix::event::epoll::{self, CreateFlags, EventData, EventFlags};
use rustix::fs::inotify::{self, ReadFlags, WatchFlags};
use rustix::fs::{Mode, OFlags};
use rustix::io::Errno;
use std::ffi::{OsStr, OsString};
use std::io;
use std::mem::MaybeUninit;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

const NOTIFICATIONS: u64 = 0;
const MOUNTS: u64 = 1;

/// Room for some hundred notifications without names.
const BUFFER: usize = 16 << 10;

/// The queue of the kernel.
pub(super) struct Queue {
    notifications: OwnedFd,
}

/// Tells by one system call whether notifications wait, and whether mounts have changed since it was last asked. It must
/// not be asked by two threads at once: the one would take the change of mounts from the other.
pub(super) struct Poll {
    both: OwnedFd,
    _mounts: OwnedFd,
}

/// What waits.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Pending {
    pub(super) notifications: bool,
    pub(super) mounts: bool,
}

/// One notification.
#[derive(Debug)]
pub(super) struct Event {
    pub(super) watch: i32,
    pub(super) what: ReadFlags,
    /// Of a child of the watched directory; absent when it is about the watched inode itself.
    pub(super) name: Option<OsString>,
}

impl Queue {
    pub(super) fn new() -> Result<Self, Error> {
        let flags = inotify::CreateFlags::NONBLOCK | inotify::CreateFlags::CLOEXEC;
        let notifications = inotify::init(flags).map_err(|errno| {
            Error::io(
                "watch files: no inotify instance is to be had",
                errno.into(),
            )
        })?;
        Ok(Self { notifications })
    }

    pub(super) fn poll(&self) -> Result<Poll, Error> {
        let failed = |what| move |errno: Errno| Error::io(what, errno.into());
        let flags = OFlags::RDONLY | OFlags::CLOEXEC;
        let mounts = rustix::fs::open("/proc/self/mountinfo", flags, Mode::empty())
            .map_err(failed("watch files: changes of mounts cannot be followed"))?;
        let both = epoll::create(CreateFlags::CLOEXEC).map_err(failed("watch files"))?;
        let add = |descriptor: &OwnedFd, which, flags| {
            epoll::add(&both, descriptor, EventData::new_u64(which), flags)
        };
        add(&self.notifications, NOTIFICATIONS, EventFlags::IN).map_err(failed("watch files"))?;
        // A change of mounts is an exceptional condition (proc_pid_mountinfo(5)); the file itself is always readable.
        add(&mounts, MOUNTS, EventFlags::PRI).map_err(failed("watch files"))?;
        Ok(Poll {
            both,
            _mounts: mounts,
        })
    }

    /// Takes all notifications out of the queue. An error means that some may be lost.
    pub(super) fn read(&self, mut each: impl FnMut(Event)) -> io::Result<()> {
        let mut buffer = [MaybeUninit::uninit(); BUFFER];
        let mut reader = inotify::Reader::new(&self.notifications, &mut buffer);
        loop {
            match reader.next() {
                Ok(event) => each(Event {
                    watch: event.wd(),
                    what: event.events(),
                    name: event
                        .file_name()
                        .map(|name| OsStr::from_bytes(name.to_bytes()).to_owned()),
                }),
                Err(Errno::AGAIN) => return Ok(()),
                Err(Errno::INTR) => {}
                Err(errno) => return Err(errno.into()),
            }
        }
    }

    pub(super) fn add(&self, path: &Path, what: WatchFlags) -> Result<i32, Errno> {
        inotify::add_watch(&self.notifications, path, what)
    }

    pub(super) fn remove(&self, watch: i32) {
        // It fails when the inode went and took its watch along.
        _ = inotify::remove_watch(&self.notifications, watch);
    }
}

impl Poll {
    /// What waits: one system call that does not block. Notifications wait until they are read.
    pub(super) fn pending(&self) -> Pending {
        let mut events = [MaybeUninit::uninit(); 2];
        let now = Timespec {
            tv_sec: 0,
            tv_nsec: 0,
        };
        loop {
            match epoll::wait(&self.both, &mut events, Some(&now)) {
                Ok((events, _)) => return Pending::from(events),
                Err(Errno::INTR) => {}
                // Nothing is known: let both be looked at.
                Err(_) => {
                    return Pending {
                        notifications: true,
                        mounts: true,
                    };
                }
            }
        }
    }
}

impl Pending {
    fn from(events: &[epoll::Event]) -> Self {
        let mut pending = Self::default();
        for event in events {
            match event.data.u64() {
                MOUNTS => pending.mounts = true,
                _ => pending.notifications = true,
            }
        }
        pending
    }

    pub(super) fn any(self) -> bool {
        self.notifications || self.mounts
    }
}

impl std::fmt::Debug for Queue {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Queue").finish_non_exhaustive()
    }
}

impl std::fmt::Debug for Poll {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Poll").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustix::io::{FdFlags, fcntl_getfd};

    #[test]
    fn no_descriptor_is_left_to_children() {
        let queue = Queue::new().unwrap();
        let poll = queue.poll().unwrap();
        for descriptor in [&queue.notifications, &poll.both, &poll._mounts] {
            assert!(fcntl_getfd(descriptor).unwrap().contains(FdFlags::CLOEXEC));
        }
    }
}
