//! The choices a caller has.

use std::sync::atomic::AtomicBool;

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
    /// Most threads that one [`read_many`](crate::FileCache::read_many) uses, the caller's included; never more
    /// than the machine runs at once. 0 counts as 1. Default 4.
    pub workers: usize,
    /// A batch of more distinct paths than this is read by several threads. Default 3.
    pub parallel_threshold: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            max_entries: 128,
            max_bytes: 64 << 20,
            max_file_bytes: 10 << 20,
            workers: 4,
            parallel_threshold: 3,
        }
    }
}

/// Choices for one [`read_with`](crate::FileCache::read_with).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ReadOptions {
    /// Refuse files longer than this many bytes without reading them. Default: none.
    pub limit: Option<u64>,
}

/// Choices for one [`read_many_with`](crate::FileCache::read_many_with).
#[derive(Debug, Clone, Default)]
pub struct ReadManyOptions<'a> {
    /// Most threads for this batch, in place of [`Options::workers`].
    pub workers: Option<usize>,
    /// Refuse files longer than this many bytes without reading them. Default: none.
    pub limit: Option<u64>,
    /// Once this is true, paths that were not begun are given back as cancelled.
    pub cancel: Option<&'a AtomicBool>,
}
