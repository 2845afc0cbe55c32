//! A bounded cache of file contents whose hits are as fresh as a read.
//!
//! # What it is
//!
//! [`FileCache`] reads whole regular files and keeps their bytes, shared and unchanged, within two hard bounds:
//! a number of entries and a number of bytes. Unless the caller asks for less, a hit is handed out only once it is shown
//! that the path still names the same file in the same state; see [below](#freshness). However many threads ask for a
//! file at once, it is read once. [`FileCache::read_many`] reads a batch, by several threads where that pays, with one
//! result per path in the order asked. [`FileCache::stream`] hands out files of any length in bounded memory.
//! [`FileCache::advise`] says what the counters suggest to change.
//!
//! # When to choose it
//!
//! When the same files are read again and again in one process while others may write them: workflow engines,
//! search and review tools, agents, servers of small files. It is meant to be left on: a caller cannot tell it
//! from reading each time, except by the speed.
//!
//! # When to choose something else
//!
//! When each file is read once, `std::fs::read` is simpler. When huge files are read here and there, map them. When what
//! you keep is computed from files (syntax trees, indexes), cache that instead, in `quick_cache` or `moka`, and
//! use the fingerprint of your build system.
//!
//! # Example
//!
//! ```
//! use autoexec_file_cache::{ErrorKind, FileCache, Options, Source};
//!
//! let dir = tempfile::tempdir()?;
//! let (notes, missing) = (dir.path().join("notes.txt"), dir.path().join("missing.txt"));
//! std::fs::write(&notes, "one\r\n")?;
//!
//! let cache = FileCache::new(Options::default());
//! assert_eq!(cache.read(&notes)?.source, Source::Loaded);
//! let again = cache.read(&notes)?;
//! assert_eq!((again.source, again.file.bytes()), (Source::Hit, &b"one\r\n"[..]));
//!
//! std::fs::write(&notes, "two\r\n")?;
//! assert_eq!(cache.read(&notes)?.file.text()?, "two\r\n");
//!
//! let batch = cache.read_many(&[&notes, &missing, &notes]);
//! assert_eq!(batch[0].as_ref().unwrap().file.len(), 5);
//! assert_eq!(batch[1].as_ref().unwrap_err().kind(), ErrorKind::NotFound);
//! assert_eq!(batch[2].as_ref().unwrap().source, Source::Hit);
//! assert_eq!(cache.stats().loads, 2);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Freshness
//!
//! [`Options::freshness`] says it for the cache, the options of a read for that read.
//!
//! | mode | asks, per hit | what is handed out |
//! |---|---|---|
//! | [`Validate`](Freshness::Validate), the default | one `stat` | was the contents at the moment of the `stat` |
//! | [`Watch`](Freshness::Watch) | one `epoll_wait` per call, be it for a batch | as `Validate`, for changes that the kernel tells of before they return |
//! | [`Ttl`](Freshness::Ttl) | nothing, until the time is over | was the contents at most so long ago |
//! | [`Pinned`](Freshness::Pinned) | nothing | was the contents when it was loaded |
//!
//! The state that a `stat` compares is device, inode, size, and the times of modification and change in nanoseconds.
//! `Watch` needs Linux and a local file system. Files that it cannot follow, and those that something happened to, are
//! validated; so is every file once after notifications were lost ([`Stats::watch_losses`]).
//!
//! # What a load does
//!
//! It asks for the state of the open file, waits until no `write` to it is half done, reads, and asks again
//! (`open`, `fstat`, `lseek`, `read`, `fstat`, `close`). Equal states around the bytes vouch for them:
//! a write sets its time stamp before it copies its first byte. A file that changes meanwhile is read again, for
//! 100 ms and at least four times; then it is handed out as it came, marked [`Source::Uncached`], and not kept.
//!
//! Nor is a file kept whose last change is so young that another could have the same time stamp ([`Stats::racy`]). Where
//! every change gets a new one (Linux from 6.13 on: ext4, xfs, btrfs, tmpfs) that does not happen; elsewhere such a file
//! is loaded anew until the tick of its last change is over, 20 ms or, where nothing is known of the file system,
//! 2 s. [`Options::timestamps`] can say otherwise.
//!
//! When descriptors run out, a load waits for one ([`Options::descriptor_wait`]).
//!
//! # Memory and complexity
//!
//! An entry is charged `len + path length + ENTRY_OVERHEAD` bytes; the sum of the charges never exceeds
//! `max_bytes`, nor the number of entries `max_entries`. A file that is handed out stays in memory until its last
//! clone is dropped, also after the cache let go of it. Beside its entries a cache remembers the paths it loaded in
//! the current run, at most 262,144, in a hash table of at most 35 bytes a path, to tell redundant reads; and at most
//! 1,024 errors, if [`Options::error_ttl`] is set. A stream takes one chunk.
//!
//! Every operation on one path takes time independent of the number of entries (amortised over evictions): a hit
//! is a hash of the path's bytes, a lookup under a shared lock, and what its freshness asks; a load is the six system
//! calls above, and with `Watch` those that arm the file. In a batch, paths in one directory are found from it, without
//! walking the path again. No lock of the table is held during any system call.
//!
//! ## How two bounds are held at once
//!
//! An entry weighs the larger of its share of `max_entries` and its share of `max_bytes`, and `quick_cache` holds
//! the sum of the weights to 1; so neither sum of shares can exceed 1. The price: with large and small files
//! mixed, an entry may be evicted when neither bound is quite reached. At that moment the two shares in use,
//! including the newcomer's, add up to more than 1.
//!
//! A large cache is split into shards, so that threads need not wait for each other: as many as have room for 256 files
//! and for one and a half files of `max_file_bytes` each, and at most four per processor. Each holds an equal part
//! of both bounds, so the fullest evicts a little before the bounds of the whole are reached. With the default bounds
//! there is one.
//!
//! # Features
//!
//! None is on by default.
//!
//! - `tokio`: `SharedFileCache`, whose reads do not block the tasks of a runtime. Adds tokio with `rt` only, two packages.
//! - `find`: `FileCache::read_glob`, files found by globs with ignore files honoured. Adds `ignore` and `globset`,
//!   twelve packages in all.
//!
//! # Limitations
//!
//! - A path is its bytes: `a/b` and `a//b` are two entries. Normalise first where spellings vary.
//! - A change that leaves all parts of the state as they were is not seen by `Validate`: a store through a shared memory
//!   map that is not the first to its page since that was written back. See [`Freshness`] for `Watch`.
//! - A `write` that is half done can be waited for on ext4, xfs, btrfs and tmpfs. Elsewhere a load may fall between its
//!   time stamp and its bytes; it is kept only if the time stamp is two seconds old (20 ms on ramfs, f2fs and bcachefs), so
//!   that a single `write` would have to take longer than that.
//! - Opening is how a file is found to be irregular. A FIFO or a device is opened without blocking and closed
//!   again; a device that reacts to being opened will react.
//! - A file that says it has a size and yields another, or that is empty on a file system which makes contents up
//!   (`/proc`, `/sys`), is read and handed out, never cached.
//! - A single file charged more than 97 % of `max_bytes` is not cached.
//! - On systems that are not Unix the fingerprint is size, modification and creation time, and `Watch` is `Validate`.

mod advise;
mod batch;
mod bytes;
mod cache;
mod clock;
mod error;
mod file;
#[cfg(feature = "find")]
mod find;
mod flight;
mod load;
mod open;
mod options;
mod remembered;
mod resident;
mod runs;
mod settle;
#[cfg(feature = "tokio")]
mod shared;
mod simulation;
mod stats;
mod stream;
#[cfg(not(unix))]
#[path = "sys_other.rs"]
mod sys;
#[cfg(unix)]
#[path = "sys_unix.rs"]
mod sys;
mod text;
mod wait;
mod watch;

pub use advise::{Advice, Change, Severity, Surroundings, Topic, advise};
pub use cache::FileCache;
pub use clock::{Clock, SystemClock};
pub use error::{Error, ErrorKind};
pub use file::{File, Read, Source};
#[cfg(feature = "find")]
pub use find::{FindOptions, Found, FoundFiles};
pub use open::Opener;
pub use options::{Freshness, Options, ReadManyOptions, ReadOptions, Timestamps};
pub use resident::ENTRY_OVERHEAD;
#[cfg(feature = "tokio")]
pub use shared::{SharedFileCache, SharedOpener, SharedReadManyOptions, SharedReadOptions};
pub use simulation::Simulation;
pub use stats::Stats;
pub use stream::{Chunks, StreamOptions};
pub use text::{Encoding, Text};
