//! The choices of asynchronous reads, which own what they hold.

use crate::{Freshness, Opener};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

/// An opener that tasks share.
pub type SharedOpener = Arc<dyn Opener + Send + Sync>;

/// Choices for one [`SharedFileCache::read_with`](crate::SharedFileCache::read_with); see
/// [`ReadOptions`](crate::ReadOptions).
#[derive(Clone, Default)]
pub struct SharedReadOptions {
    /// How it is made sure that a hit is fresh, in place of [`Options::freshness`](crate::Options::freshness).
    pub freshness: Option<Freshness>,
    /// Refuse files longer than this many bytes without reading them. Default: none.
    pub limit: Option<u64>,
    /// Who opens the file. Default: the system, wherever the path leads.
    pub opener: Option<SharedOpener>,
}

/// Choices for one [`SharedFileCache::read_many_with`](crate::SharedFileCache::read_many_with); see
/// [`ReadManyOptions`](crate::ReadManyOptions).
#[derive(Clone, Default)]
pub struct SharedReadManyOptions {
    /// How it is made sure that hits are fresh, in place of [`Options::freshness`](crate::Options::freshness).
    pub freshness: Option<Freshness>,
    /// Most threads for this batch, in place of [`Options::workers`](crate::Options::workers).
    pub workers: Option<usize>,
    /// Refuse files longer than this many bytes without reading them. Default: none.
    pub limit: Option<u64>,
    /// Once this is true, paths that were not begun are given back as cancelled. It is set when the future of the batch
    /// is dropped before its end, so each batch needs one of its own. Default: one that only that sets.
    pub cancel: Option<Arc<AtomicBool>>,
    /// Who opens files and directories. Default: the system, wherever the paths lead.
    pub opener: Option<SharedOpener>,
}
