//! The workflow engine of autoexec: a YAML workflow in, a report out.
//!
//! # What it is
//!
//! A workflow is a graph of steps; each reads files, searches them, runs a command, asks a provider, consolidates
//! findings, or runs another workflow. The engine checks the file and reports every error with its place, runs each
//! step as soon as those it needs are done, keeps it inside its limits, and measures it. Its caches outlive a run.
//!
//! # When to choose it
//!
//! When work on a code base is a graph of reads, commands and questions that should run at once where they can, be
//! confined to a folder, be stopped as a whole, and be reported in numbers that were measured.
//!
//! # When to choose something else
//!
//! - For a build system, with outputs that are fresher than inputs: ninja, make, bazel.
//! - To run one graph of futures without files or YAML: `autoexec-scheduler` alone.
//! - To cache files, paths, or trim a history: the leaf crates alone; none of them needs this one.
//!
//! # Example
//!
//! ```
//! use std::sync::Arc;
//! use autoexec_engine::{Engine, RunOptions, Settings, parse};
//!
//! let document = parse("greet.yaml", "
//! inputs: { who: world }
//! steps:
//!   - { id: greet, run: [echo, '${{ inputs.who }}'] }
//! outputs: { said: '${{ steps.greet.stdout | trim }}' }
//! ").map_err(|errors| errors.to_string())?;
//!
//! let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
//! let engine = Engine::new(Settings::default());
//! let report = runtime.block_on(engine.run(Arc::new(document), RunOptions::new(std::env::temp_dir())))?;
//! assert_eq!(report.outputs["said"], "world");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Memory and complexity
//!
//! Checking is O(bytes of the document). A run holds one report per step, the outputs of all steps (lists of files, kept
//! findings, kept output of commands: each bounded by its step's limit), and the caches, bounded by
//! [`settings::Settings`]. File contents live in the cache only. Starting a step costs the scheduler's constant, its
//! expressions, and three events.
//!
//! # Limitations
//!
//! - `call` and `plan`, and the options `complexity`, `verify`, `budget` and `confidence`, are parsed and refused.
//! - Answers are held in memory, by the whole of the question: what asks for a sixteenth of the cache and more is not held.
//! - The only provider is `extractive`: it ranks and quotes sentences, and is not a language model. Tokens are estimates.
//! - Where an output goes is resolved before it is written; whoever can swap folders for links in between can lead it astray.
//! - A command's child that makes a session of its own leaves the process group and outlives a timeout.
//! - The limits of a nested workflow are its own: its steps do not count against the caller's.
//! - A replay knows what a trace tells, and no more: see [`replay`].
//! - Built and tested on Linux only; process groups and signals are those of Unix.

pub mod caches;
pub mod catalogue;
pub mod compare;
pub mod doctor;
pub mod document;
mod engine;
mod error;
pub mod event;
mod format;
pub mod journal;
mod output;
pub mod provider;
pub mod replay;
pub mod report;
mod run;
pub mod runs;
pub mod settings;
mod telemetry;
pub mod trace;
pub mod trim;
pub mod tune;
pub mod workflow;

pub use document::diagnostic::{Diagnostic, Diagnostics};
pub use engine::{Engine, RunOptions};
pub use error::Error;
pub use event::{Event, Subscriber};
pub use report::RunReport;
pub use settings::Settings;
pub use telemetry::{MetricsFormat, key_figures};
pub use workflow::{Document, load, parse};
