//! What threads share, from one place: that of `std`, or of shuttle, which runs a test through many
//! interleavings of these calls (docs/development.md).

#[cfg(not(all(test, shuttle)))]
pub(crate) use std::sync::atomic::{AtomicU16, AtomicU64, AtomicUsize, Ordering, fence};
#[cfg(not(all(test, shuttle)))]
pub(crate) use std::thread::yield_now;

#[cfg(all(test, shuttle))]
pub(crate) use shuttle::sync::atomic::{AtomicU16, AtomicU64, AtomicUsize, Ordering, fence};
#[cfg(all(test, shuttle))]
pub(crate) use shuttle::thread::yield_now;
