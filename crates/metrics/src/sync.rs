//! What threads share, from one place: that of `std`, or of shuttle, which runs a test through many
//! interleavings of these calls (docs/development.md).

#[cfg(not(all(test, shuttle)))]
mod real {
    pub(crate) use std::sync::atomic::{AtomicU16, AtomicU64, AtomicUsize, Ordering, fence};
    pub(crate) use std::sync::{Mutex, MutexGuard, RwLock};
    pub(crate) use std::thread::yield_now;
    pub(crate) use std::thread_local;
}

#[cfg(all(test, shuttle))]
mod explored {
    pub(crate) use shuttle::sync::atomic::{AtomicU16, AtomicU64, AtomicUsize, Ordering, fence};
    pub(crate) use shuttle::sync::{Mutex, MutexGuard, RwLock};
    pub(crate) use shuttle::thread::yield_now;
    pub(crate) use shuttle::thread_local;
}

#[cfg(all(test, shuttle))]
pub(crate) use explored::*;
#[cfg(not(all(test, shuttle)))]
pub(crate) use real::*;
