//! A bounded cache of file contents that is validated on every hit.
//!
//! # What it is
//!
//! [`FileCache`] reads whole regular files and keeps their bytes, shared and unchanged, within two hard bounds:
//! a number of entries and a number of bytes. A hit is handed out only after one `stat` has shown that the path
//! still names the same file in the same state (device, inode, size, modification and change time in
//! nanoseconds). However many threads ask for a file at once, it is read once. [`FileCache::read_many`] reads a
//! batch, by several threads above a threshold, with one result per path in the order asked.
//!
//! # When to choose it
//!
//! When the same files are read again and again in one process while others may write them: workflow engines,
//! search and review tools, agents, servers of small files. It is meant to be left on: a caller cannot tell it
//! from reading each time, except by the speed.
//!
//! # When to choose something else
//!
//! When each file is read once, `std::fs::read` is simpler. When files are huge, map or stream them. When what
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
//! # Memory and complexity
//!
//! An entry is charged `len + path length + ENTRY_OVERHEAD` bytes; the sum of the charges never exceeds
//! `max_bytes`, nor the number of entries `max_entries`. A file that is handed out stays in memory until its last
//! clone is dropped, also after the cache let go of it. Beside its entries a cache remembers the paths it loaded in
//! the current run, at most 262,144, in a hash table of at most 35 bytes a path, to tell redundant reads.
//!
//! Every operation on one path takes time independent of the number of entries (amortised over evictions): a hit
//! is a hash of the path's bytes, a lookup under a shared lock, and one `stat`; a load is `open`, `fstat`, `read`,
//! `fstat`, `close`. No lock is held during any of these system calls.
//!
//! ## How two bounds are held at once
//!
//! An entry weighs the larger of its share of `max_entries` and its share of `max_bytes`, and `quick_cache` holds
//! the sum of the weights to 1; so neither sum of shares can exceed 1. The price: with large and small files
//! mixed, an entry may be evicted when neither bound is quite reached. At that moment the two shares in use,
//! including the newcomer's, add up to more than 1.
//!
//! # Limitations
//!
//! - A path is its bytes: `a/b` and `a//b` are two entries. Normalise first where spellings vary.
//! - A change that leaves all five parts of the fingerprint as they were cannot be seen: a store through a
//!   memory map before it is synchronised, and, on kernels whose timestamps are coarser than the time between
//!   two writes (Linux before 6.13), a second write of equal size within one tick of the clock. Likewise a writer
//!   that is in the middle of one `write` call, after its timestamp and before its bytes.
//! - Opening is how a file is found to be irregular. A FIFO or a device is opened without blocking and closed
//!   again; a device that reacts to being opened will react.
//! - A file that says it has a size and yields another, or that is empty on a file system which makes contents up
//!   (`/proc`, `/sys`), is read and handed out, never cached.
//! - A single file charged more than 97 % of `max_bytes` is not cached.
//! - On systems that are not Unix the fingerprint is size, modification and creation time.

mod batch;
mod bytes;
mod cache;
mod clock;
mod error;
mod file;
mod flight;
mod load;
mod open;
mod options;
mod remembered;
mod resident;
mod runs;
mod settle;
mod stats;
#[cfg_attr(unix, path = "sys_unix.rs")]
#[cfg_attr(not(unix), path = "sys_other.rs")]
mod sys;
mod text;
mod wait;
mod watch;

pub use cache::FileCache;
pub use clock::{Clock, SystemClock};
pub use error::{Error, ErrorKind};
pub use file::{File, Read, Source};
pub use open::Opener;
pub use options::{Freshness, Options, ReadManyOptions, ReadOptions, Timestamps};
pub use resident::ENTRY_OVERHEAD;
pub use stats::Stats;
pub use text::{Encoding, Text};
