//! The choices a caller has.

use crate::Opener;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

/// How it is made sure that a hit is fresh.
///
/// # What no cache can see
///
/// A store through a shared memory map is told of to nobody, and changes time stamps only when it is the first to its page
/// since that was last written back (on tmpfs, the first through this map). `Validate` does not see the others, also when the
/// map is gone. `Watch` does not rely on a file while anybody has it open for writing: it validates it, and reads it once more
/// when nobody has. Direct I/O (`O_DIRECT`) past the page cache, and changes made on the device or below a network or overlay
/// file system, are beyond both, unless time stamps tell.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Freshness {
    /// One `stat` for each hit: the path must still name the same file in the same state (device, inode, size,
    /// modification and change time in nanoseconds). What is handed out was the contents at the moment of the `stat`.
    #[default]
    Validate,
    /// One system call for each call of the cache, be it for a thousand paths: nothing that could have changed a watched file has
    /// been told of (see [`autoexec_watch`]). A change counts from the moment it is told of, which is before the system
    /// call that makes it returns. Files that cannot be watched, and those that something happened to, are validated.
    /// Where the system has no such notifications, it is `Validate`.
    ///
    /// To watch a file costs as much as some ten validations. Where files leave the cache before that has paid, most are
    /// not watched for a while, but validated.
    Watch,
    /// Nothing is asked for as long as this after the file was last loaded or validated; then as `Validate`. What is
    /// handed out may be that old.
    Ttl(Duration),
    /// Nothing is ever asked: what was loaded once stays, until it is evicted or invalidated.
    Pinned,
}

/// How finely the file system tells times.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Timestamps {
    /// Found out, per file system: where every change gets a new time stamp (Linux from 6.13 on: ext4, xfs, btrfs, tmpfs), a file
    /// is kept at once; elsewhere once the clock has left the tick of its last change, 20 ms or, where nothing is
    /// known, 2 s.
    #[default]
    Detect,
    /// Two changes within this time may have the same time stamp.
    Coarse(Duration),
}

/// Choices for a [`FileCache`](crate::FileCache).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// Most files kept. 0 keeps none. Default 128; more than 2²⁴ counts as 2²⁴.
    pub max_entries: usize,
    /// Most bytes kept, including [`ENTRY_OVERHEAD`](crate::ENTRY_OVERHEAD) and the path of each entry.
    /// 0 keeps none. Default 64 MiB; more than 2³⁸ counts as 2³⁸.
    pub max_bytes: u64,
    /// Files longer than this many bytes are read but not kept. Default 10 MiB.
    pub max_file_bytes: u64,
    /// How it is made sure that a hit is fresh, where a read does not say otherwise. Default: `Validate`.
    pub freshness: Freshness,
    /// How finely the file system tells times. Default: `Detect`.
    pub timestamps: Timestamps,
    /// For how long an error is given out again without asking the file system; those of an [`Opener`] never are.
    /// Default: `None`, errors are not kept.
    pub error_ttl: Option<Duration>,
    /// How long a read waits for a file descriptor when they have run out. Default 10 s.
    pub descriptor_wait: Duration,
    /// Most threads that one [`read_many`](crate::FileCache::read_many) uses, the caller's included; never more
    /// than the machine runs at once. 0 counts as 1. Default 4.
    pub workers: usize,
    /// A batch in which more distinct paths than this need the file system may be read by several threads. Default 3.
    pub parallel_threshold: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            max_entries: 128,
            max_bytes: 64 << 20,
            max_file_bytes: 10 << 20,
            freshness: Freshness::Validate,
            timestamps: Timestamps::Detect,
            error_ttl: None,
            descriptor_wait: Duration::from_secs(10),
            workers: 4,
            parallel_threshold: 3,
        }
    }
}

/// Choices for one [`read_with`](crate::FileCache::read_with).
#[derive(Clone, Copy, Default)]
pub struct ReadOptions<'a> {
    /// How it is made sure that a hit is fresh, in place of [`Options::freshness`].
    pub freshness: Option<Freshness>,
    /// Refuse files longer than this many bytes without reading them. Default: none.
    pub limit: Option<u64>,
    /// Who opens the file. Default: the system, wherever the path leads.
    pub opener: Option<&'a dyn Opener>,
}

/// Choices for one [`read_many_with`](crate::FileCache::read_many_with).
#[derive(Clone, Copy, Default)]
pub struct ReadManyOptions<'a> {
    /// How it is made sure that hits are fresh, in place of [`Options::freshness`].
    pub freshness: Option<Freshness>,
    /// Most threads for this batch, in place of [`Options::workers`].
    pub workers: Option<usize>,
    /// Refuse files longer than this many bytes without reading them. Default: none.
    pub limit: Option<u64>,
    /// Once this is true, paths that were not begun are given back as cancelled.
    pub cancel: Option<&'a AtomicBool>,
    /// Who opens files and directories. Default: the system, wherever the paths lead.
    pub opener: Option<&'a dyn Opener>,
    /// Called with the place of each path in the batch when it is answered, by whichever thread answers it: for whoever
    /// keeps a record of the order. Further places of a path are not told.
    pub told: Option<&'a (dyn Fn(usize) + Sync)>,
}
