//! Runs a graph of steps on tokio: each step when the steps before it are done, urgent ones
//! first, and never more of a class at once than its limit.
//!
//! # What it is
//!
//! A [`Graph`] of dense [`StepId`]s is built once with a [`GraphBuilder`] and run any number of
//! times with [`run`] (a [`Runner`] with hooks) or [`run_fn`] (a closure). The crate knows nothing
//! of what a step does. It promises:
//!
//! - A step starts when its dependencies are done, by [priority](Node::priority), and among equals
//!   in the order of becoming ready.
//! - Every class has a limit on its running tasks. A full class does not hold up another.
//! - A step may be [wide](Prepare::Run): many tasks that count and start one by one.
//! - A failure [stops or does not stop](OnFailure) what is independent of it; every step gets its
//!   own [`Outcome`] either way. A panic is a failure of the step, with its message.
//! - [Cancelling](Options::cancel) starts nothing more, and returns when what runs has ended.
//! - No task is created before its turn. A worker that ends a step takes the next itself, so a
//!   chain runs in one tokio task, and so do 10,000 steps on one thread if they never wait.
//!
//! # When to choose it
//!
//! When steps depend on each other, or compete for places, or are many. When to choose something
//! else: for a handful of independent futures, `tokio::task::JoinSet`; for a stream of work without
//! dependencies, a channel and a semaphore; for steps that find further steps as they run, a queue
//! that grows (a graph here is fixed, though the width of a step is not); for pure
//! computation without a runtime, rayon.
//!
//! # Example
//!
//! ```
//! use std::sync::Arc;
//! use autoexec_scheduler::{GraphBuilder, Node, Options, Outcome, run_fn};
//!
//! let mut builder = GraphBuilder::new(8);
//! let database = builder.class(1);
//! let fetch = builder.step(Node::default());
//! let parse = builder.step(Node { priority: 1, ..Node::default() });
//! let store = builder.step(Node { class: database, ..Node::default() });
//! builder.edge(fetch, parse);
//! builder.edge(parse, store);
//! let graph = Arc::new(builder.build()?);
//!
//! let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
//! let report = runtime.block_on(run_fn(graph, Options::default(), |task| async move {
//!     Ok::<_, std::io::Error>(format!("step {} is done", task.step.0))
//! }));
//! assert!(report.is_success());
//! let Outcome::Succeeded(text) = report.outcome(store) else { panic!("nothing fails here") };
//! assert_eq!(text, &["step 2 is done"]);
//! assert_eq!(report.stats.workers_spawned, 1);
//! # Ok::<(), autoexec_scheduler::Error>(())
//! ```
//!
//! # Memory and complexity
//!
//! For N steps, E edges, T tasks, C classes and P different priorities in a class: building takes
//! O(N log N + E log E); a run takes O(N + E + T × (C + log P)). A graph holds 24 bytes a step and
//! 4 an edge. A run adds 20 bytes a step and its outcome, one result for every item of the wide
//! steps that are in progress, and one future for every task that runs. Nothing is recursive: depth
//! costs no stack.
//!
//! [`simulate`] runs a graph on a virtual clock, by the same queues, limits and rules of failure: for trying
//! limits and priorities on times that are known.
//!
//! One lock guards the state of a run. It is taken once a task, once more when a task first has to
//! wait or a step turns out to be wide, and never while code of the caller runs.
//!
//! # Limitations
//!
//! - Cancelling is cooperative: a task's future is never dropped before it has ended. One that does
//!   not look at [`Task::cancel`] delays the end of the run.
//! - A task that blocks its thread counts as busy, and no more workers are busy at once than the
//!   runtime has threads. So tasks that block, even inside `block_in_place`, run at most as many at
//!   once as there are threads, whatever their class allows. Await `spawn_blocking` instead: then
//!   the worker counts as waiting, and another takes over.
//! - With several places in a class, the first tasks of steps start in order, but the further items
//!   of a wide step queue only when the step has been prepared, and others may start meanwhile.
//! - Lower priorities first means that a steady supply of urgent steps delays the others. A graph
//!   is finite, so it does not delay them for ever.
//!
//! # Features
//!
//! None. Depends on tokio (`rt`, `sync`) and, for cancellation tokens, tokio-util.

mod builder;
mod error;
mod graph;
mod outcome;
mod queue;
mod run;
mod runner;
mod simulation;
mod state;
mod worker;

pub use builder::GraphBuilder;
pub use error::Error;
pub use graph::{ClassId, Graph, Node, StepId, Trigger};
pub use outcome::{Failure, ItemResult, Outcome, Report, Skip, Stats};
pub use run::{OnFailure, Options, run, run_fn};
pub use runner::{Prepare, Runner, Task};
pub use simulation::{Phase, Simulated, Simulation, simulate};
