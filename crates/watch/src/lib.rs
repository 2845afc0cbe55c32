//! Proves with one system call that watched files, and the paths to them, have not changed.
//!
//! # What it is
//!
//! [`Watcher`] turns notifications (inotify, on Linux) from a stream of events into an answer: is what I read still
//! what is there? It follows the files themselves, through whatever hard link they are written; every directory and
//! symbolic link that the resolution of their paths goes through; mounts; and whether somebody opened a file and
//! could since write to it through a memory map, which no notification tells of.
//!
//! # When to choose it
//!
//! When many results that were computed from files are to be handed out only while they hold, and asking for each of
//! them with `stat` is too slow: file and path caches, build tools, servers. Thousands of items are proven by one
//! system call.
//!
//! # When to choose something else
//!
//! To be woken when something changes, `notify` is the crate. When a handful of files is asked for now and then, `stat`
//! is simpler and sees as much.
//!
//! # Example
//!
//! ```
//! # #[cfg(target_os = "linux")] {
//! use autoexec_watch::{Interest, Mark, Options, Subject, Watched, Watcher};
//! use std::os::fd::AsFd;
//! use std::os::unix::fs::MetadataExt;
//! use std::sync::Arc;
//!
//! struct Note { text: String, mark: Mark }
//! #[derive(Clone)]
//! struct Handle(Arc<Note>);
//! impl Watched for Handle {
//!     fn mark(&self) -> &Mark { &self.0.mark }
//! }
//!
//! let dir = tempfile::tempdir()?;
//! let path = dir.path().canonicalize()?.join("note");
//! std::fs::write(&path, "one")?;
//! let watcher = match Watcher::new(Interest::Contents, Options::default()) {
//!     Ok(watcher) => watcher,
//!     Err(_) => return Ok(()), // Validate by stat instead.
//! };
//!
//! let Ok(begun) = watcher.begin(dir.path()) else { return Ok(()) };
//! let file = std::fs::File::open(&path)?;
//! let device = file.metadata()?.dev();
//! let note = Handle(Arc::new(Note { text: std::fs::read_to_string(&path)?, mark: Mark::new() }));
//! # let note = Handle(Arc::new(Note { text: std::io::read_to_string(&file)?, mark: Mark::new() }));
//! let subject = Subject { path: &path, file: file.as_fd(), device };
//! let Ok(ticket) = watcher.arm(&begun, &subject, &note) else { return Ok(()) };
//! let place = std::fs::symlink_metadata(begun.place(&path))?;
//! assert_eq!((place.ino(), place.ctime_nsec()), (file.metadata()?.ino(), file.metadata()?.ctime_nsec()));
//! assert!(watcher.confirm(ticket, &note));
//!
//! assert!(watcher.refresh().covers(note.mark()));
//! std::fs::write(&path, "two")?;
//! assert!(!watcher.refresh().covers(note.mark()));
//! # assert_eq!(note.0.text, "one");
//! # }
//! # Ok::<(), std::io::Error>(())
//! ```
//!
//! # Memory and complexity
//!
//! A watched item costs a [`Mark`] of 16 bytes, some 100 bytes of tables, and about a kilobyte of kernel memory, which
//! also keeps the inode in memory. A watcher holds an inotify instance, and two descriptors more for each thread that
//! refreshes at a time, at most nine pairs. A refresh is one `epoll_wait` whatever the number of items, and one `read` more for
//! some hundred notifications. A change of a path on the way leaves all items to be renewed, each by one `lstat`.
//!
//! # Limitations
//!
//! - Linux only; [`Watcher::new`] fails elsewhere.
//! - Only local file systems that tell of every change are watched: ext2 to ext4, xfs, btrfs, f2fs, bcachefs, tmpfs,
//!   ramfs. Items on others (network, FUSE, overlay), or reached through a directory on one, are refused.
//! - Files of other users are refused unless the process has `CAP_LEASE`: whether somebody has them open for writing
//!   cannot be told. So are files that somebody does have open for writing.
//! - To arm a file, a read lease is taken on it and given back at once. Whoever opens it for writing in that moment is held
//!   up for it, or is told to try again if he asked not to wait (`O_NONBLOCK`), and this process is sent a `SIGURG`, which does
//!   nothing unless it is handled.
//! - A change takes effect when it is told of; see [`Watcher`].
//! - Whoever opens a watched file, if only to read, makes its item doubtful: the kernel does not say what for.
//! - A write through the block device behind a file system is not seen, nor what is done below an overlay; on kernels
//!   before 6.6 neither is what an overlay writes to its upper layer, if a file there is watched by its path in that layer.
//! - Directories on the way stay watched, also when the items beyond them are released, until paths change twice.

mod error;
mod mark;
mod watcher;

#[cfg(not(target_os = "linux"))]
#[path = "elsewhere.rs"]
mod system;
#[cfg(target_os = "linux")]
#[path = "linux/mod.rs"]
mod system;

pub use error::{Error, Refusal};
pub use mark::{Mark, Proof, Seen, Ticket, Watched};
pub use watcher::{Begun, Descriptor, Interest, Options, Stats, Subject, Watcher};
