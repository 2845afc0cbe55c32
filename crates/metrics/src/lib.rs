//! Timers on HDR histograms, counters, gauges, and a memory probe one can leave on.
//!
//! # What it is
//! A [`Recorder`] hands out cheap handles: [`Timer`], [`Histogram`], [`Counter`], [`Gauge`], each with
//! labels or without. Each thread records into cells of its own, with plain loads and stores, and touches
//! neither a lock nor a name. [`Recorder::snapshot`] merges what all threads recorded into plain numbers
//! (count, sum, min, max, mean, p50, p95, p99, p99.9) with a text table and a JSON form.
//! [`Recorder::since`] tells the same of one run, and a [`Window`] of the last minute. A
//! [`MemoryProbe`] tells the resident memory at start and end, and the *true* peak in between, from the
//! kernel's own high-water mark. [`Workflow`] puts these together for one run of a workflow. Beside them:
//!
//! | for | there is |
//! |---|---|
//! | processor time, input and output, threads, open files | [`ProcessProbe`]; over time [`Sampler`] |
//! | how often and how much is allocated | `alloc`, with the feature of that name |
//! | being told when a number leaves its bounds | [`alert`]: rules with hysteresis |
//! | figures of finished work, and what is usual | [`kpi`] |
//! | how loudly a duration is to be logged | [`Categories`], [`level_for`] |
//! | text, JSON, OpenMetrics, OTLP, and HTML with plots | [`report`], [`plot`] |
//! | medians, intervals, tests, and growth | [`stats`] |
//!
//! # When to choose it
//! You want percentiles within 0.1 %, with memory that stays bounded whatever is recorded and however
//! long the process runs, on several threads, and numbers that are absent rather than zero when nothing
//! was measured.
//!
//! # When to choose something else
//! Libraries of yours record through the `metrics` facade, or a registry is scraped by machinery that you
//! have: use the `metrics` or `prometheus` crates. You record in one thread only and read it there: an
//! `hdrhistogram::Histogram` of your own needs no handle.
//!
//! There is no attribute macro. [`Timer::time_fn`] takes a closure and [`Timer::time`] a future, which is the
//! body of a function in one more line; they say which recorder is meant, which an attribute could learn
//! from a global one only, and they cost no procedural macro to build.
//!
//! # Example
//! ```
//! use std::time::Duration;
//! use autoexec_metrics::Recorder;
//!
//! # #[cfg(not(feature = "off"))] {
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
//! # }
//! ```
//!
//! # Memory and complexity
//! A timer or histogram costs, for each thread that records into it (at most [`Options::shards`] have a
//! cell of their own, all others share one): 1,408 bytes, and 2,304 bytes for each power of two that values
//! fell into, one for all below 1,024; 8,192 more for one of which a bucket holds more than 65,535. The latter are bounded by [`Options::memory_max`] for the whole
//! recorder; beyond it, values are told apart by their power of two, and [`Distribution::coarse`] says how
//! many. A counter costs 128 bytes × (shards + 1). The number of series is bounded by
//! [`Options::series_max`] per kind and by [`Options::series_per_name_max`] per name; further ones share a
//! handle named [`OTHER`], and [`Snapshot::folded_lookups`] counts how often. So a recorder holds at most
//! memory_max + (series_max + 1) × (shards + 1) × (2 × 1,440 + 128) bytes, and the names themselves, which are as
//! long as the caller makes them. A snapshot or [`Mark`] holds 2 to 3 bytes for each bucket that is not
//! empty, as a rule; a [`Window`] slices + 2 of them.
//!
//! Recording is O(1), [`Timer::record_paced`] O(buckets up to the value). A snapshot is O(buckets that
//! are not empty × threads that filled them), and nobody who records waits for it. A look-up of a name
//! is O(log of the series).
//!
//! # Limitations
//! - Durations beyond [`LONGEST`] (584 years) are recorded as that, and ends before their starts as zero;
//!   [`TimerSummary::saturated`] counts both. Counts stop at `u64::MAX`.
//! - More threads than [`Options::shards`] at a time: the further ones share a cell behind a lock.
//! - A signal handler or a global allocator must not record: it might interrupt a record of its thread.
//! - What a timer forgot ([`Timer::clear`]) is subtracted, so min and max are known within 0.1 % from then on,
//!   as those of [`Recorder::since`] and [`Window`] are.
//! - A snapshot taken while other threads record: what it counts is within its sum, min and max, but these, read
//!   after the counts, may hold values of that moment that are not counted yet; then mean is a little too great.
//!   Different timers are read at slightly different instants. Nothing is lost: the next snapshot counts them.
//! - Memory is measured on Linux only, elsewhere it is absent. The kernel keeps resident memory in
//!   per-CPU counters, so a reading may lag by a few hundred KiB.
//!
//! # Cost of features
//! - `tracing`: `SpanTimers`, a layer that turns spans into timers. Builds
//!   `tracing-subscriber` with its registry, and nothing that prints.
//! - `off`: every call of a handle compiles to nothing, in the whole build; meant for a binary that wants to
//!   know what recording costs. `examples/disabled.rs` counts the instructions. At run time,
//!   [`Recorder::disabled`] costs a branch for each call, and reads no clock.
//! - `alloc`: the module `alloc`, an allocator that counts. Nothing is built or paid for without it.
//! - `otlp`: `Snapshot::otlp`. Code only, no dependency.

pub mod alert;
#[cfg(feature = "alloc")]
pub mod alloc;
mod category;
mod cell;
mod chunk;
mod clock;
mod counter;
mod distribution;
mod histogram;
#[cfg(all(test, shuttle))]
mod interleavings;
mod json;
mod key;
pub mod kpi;
mod layout;
mod level;
mod names;
mod packed;
pub mod plot;
mod probe;
mod recorder;
pub mod report;
mod series;
mod shard;
mod snapshot;
#[cfg(feature = "tracing")]
mod span;
pub mod stats;
mod sync;
mod timer;
mod unit;
mod wide_sum;
mod window;
mod workflow;

pub use category::Categories;
pub use counter::{Counter, Gauge};
pub use distribution::{Bucket, Distribution};
pub use histogram::Histogram;
pub use key::Key;
pub use level::{Level, LevelThresholds, level_for};
pub use probe::{MemoryProbe, MemoryTargets, MemoryUse, ProcessProbe, ProcessUse, Sample, Sampler};
pub use recorder::{OTHER, Options, Recorder};
pub use snapshot::Snapshot;
#[cfg(feature = "tracing")]
pub use span::SpanTimers;
pub use timer::{LONGEST, Timer, TimerGuard, TimerScope, TimerSummary};
pub use unit::{Description, Unit};
pub use window::{Mark, Window};
pub use workflow::{StepGuard, Workflow, WorkflowGuard, WorkflowSummary};

/// Whether anything is recorded at all: the feature `off` makes each call of a handle compile to nothing.
const ENABLED: bool = !cfg!(feature = "off");

/// Compiles and runs the example of the README.
#[cfg(all(doctest, not(feature = "off")))]
#[doc = include_str!("../README.md")]
struct Readme;
