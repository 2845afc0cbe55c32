//! Timers on HDR histograms, counters, gauges, and a memory probe one can leave on.
//!
//! # What it is
//! A [`Recorder`] hands out cheap handles: [`Timer`], [`Counter`], [`Gauge`]. Recording through a
//! handle takes a short, almost never contended lock or one atomic addition, and touches no name.
//! [`Recorder::snapshot`] merges what all threads recorded into plain numbers (count, sum, min,
//! max, mean, p50, p95, p99, p99.9) with a text table and a JSON form. A [`MemoryProbe`] tells the
//! resident memory at start and end, and the *true* peak in between, from the kernel's own
//! high-water mark. [`Workflow`] puts these together for one run of a workflow; [`stats`] holds a
//! few plain functions on samples.
//!
//! # When to choose it
//! You want percentiles within 0.1 %, with memory that stays bounded however long the process
//! runs, on several threads, and numbers that are absent rather than zero when nothing was
//! measured.
//!
//! # When to choose something else
//! You want labels, pull or push exporters, or sliding windows: use the `metrics` or `prometheus`
//! crates. You record in one thread only: an `hdrhistogram::Histogram` of your own is cheaper.
//!
//! # Example
//! ```
//! use std::time::Duration;
//! use autoexec_metrics::Recorder;
//!
//! let recorder = Recorder::new();
//! let reads = recorder.timer("read");
//! for millis in 1..=20 {
//!     reads.record(Duration::from_millis(millis));
//! }
//! {
//!     let _guard = recorder.timer("parse").start(); // records when it goes out of scope
//! }
//! recorder.counter("files").add(20);
//!
//! let snapshot = recorder.snapshot();
//! let read = snapshot.timer("read").expect("because it was recorded");
//! assert_eq!(read.count, 20);
//! assert_eq!(read.max, Duration::from_millis(20));
//! // The 19th of 20 values, not the greatest one.
//! assert!(read.p95 >= Duration::from_millis(19) && read.p95 < Duration::from_millis(20));
//! assert!(snapshot.text().contains("parse"));
//! ```
//!
//! # Memory and complexity
//! A timer costs at most 270 KiB for its histogram (33 ranges × 1,024 counters × 8 bytes, made on
//! the first snapshot or after 128 values) and 1 KiB for each of its shards; a counter 128 bytes a
//! shard. The kernel backs only the pages touched as long as the allocator maps the histogram
//! afresh. The number of names is bounded by [`Options::names_max`], per kind; further names share
//! one handle, [`OTHER`]. Recording is O(1); a snapshot is O(names × 34,000) counter reads, and
//! holds a lock that a recorder may wait for during one timer's share of it only.
//!
//! # Limitations
//! - Values beyond [`LONGEST`] (1 hour) enter the percentiles as one hour; they are counted in
//!   [`TimerSummary::saturated`], and sum, mean, min and max stay exact. Durations beyond
//!   `u64::MAX` nanoseconds (584 years) are recorded as that.
//! - A snapshot taken while other threads record holds each value either wholly or not at all, but
//!   different timers are read at slightly different instants.
//! - Memory is measured on Linux only, elsewhere it is absent. The kernel keeps resident memory in
//!   per-CPU counters, so a reading may lag by a few hundred KiB.
//!
//! # Cost of features
//! `alloc`: the module `alloc`, an allocator that counts. Nothing is built or paid for without it.

pub mod alert;
#[cfg(feature = "alloc")]
pub mod alloc;
mod counter;
mod distribution;
mod json;
mod key;
mod layout;
mod level;
mod memory;
pub mod plot;
mod recorder;
pub mod report;
mod shard;
mod snapshot;
pub mod stats;
mod timer;
mod unit;
mod workflow;

pub use counter::{Counter, Gauge};
pub use distribution::{Bucket, Distribution};
pub use key::Key;
pub use level::{Level, LevelThresholds, level_for};
pub use memory::{MemoryProbe, MemoryTargets, MemoryUse};
pub use recorder::{OTHER, Options, Recorder};
pub use shard::LONGEST;
pub use snapshot::Snapshot;
pub use timer::{Timer, TimerGuard, TimerSummary};
pub use unit::{Description, Unit};
pub use workflow::{StepGuard, Workflow, WorkflowGuard, WorkflowSummary};

/// Compiles and runs the example of the README.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
