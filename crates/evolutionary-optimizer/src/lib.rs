//! A seeded, reproducible genetic optimizer with real islands in threads.
//!
//! # What it is
//!
//! Finds a good candidate for a function of which only values are known: parameters may be real, integer (either on a
//! logarithmic scale), categorical or boolean, mixed freely. A genetic algorithm with tournament selection, elitism,
//! simulated binary crossover and polynomial mutation runs in one population or on islands, which evolve in threads of
//! their own and exchange their best members. The same seed gives the same outcome, bit for bit, on one thread or many
//! and on every platform with IEEE 754 doubles, provided that the objective does.
//!
//! # When to choose it
//!
//! - The parameters are of mixed types, or the function has steps, plateaus or many optima.
//! - An evaluation costs a microsecond or more, and thousands of them are affordable.
//! - A result must be reproducible: in a test, a benchmark, a tuned configuration under review.
//!
//! # When to choose something else
//!
//! - Gradients are known: any gradient method is faster by orders of magnitude.
//! - The function is smooth and all parameters are real: CMA-ES needs far fewer evaluations.
//! - There are several objectives, or constraints other than bounds: not in this version.
//! - The objective is noisy: values are never measured twice here, and a lucky one stays an elite.
//! - Evaluations are so dear that only some dozens are possible: Bayesian optimization.
//!
//! # Example
//!
//! ```
//! use autoexec_evolutionary_optimizer::{Islands, Options, Space, optimize};
//!
//! let space = Space::new()
//!     .real("x", -5.0..=5.0)
//!     .log_integer("workers", 1..=64)
//!     .categorical("layout", ["rows", "columns"])
//!     .build()?;
//! let options = Options { islands: Some(Islands::default()), seed: 7, ..Options::default() };
//! let outcome = optimize(&space, &options, |candidate| {
//!     let penalty = if candidate.choice_name("layout") == "rows" { 1.0 } else { 0.0 };
//!     let workers = candidate.integer("workers") as f64;
//!     (candidate.real("x") - 2.0).powi(2) + (workers - 12.0).abs() + penalty
//! })?;
//! assert_eq!(outcome.best.integer("workers"), 12);
//! assert_eq!(outcome.best.choice_name("layout"), "columns");
//! assert!(outcome.value < 0.05);
//! # Ok::<(), autoexec_evolutionary_optimizer::Error>(())
//! ```
//!
//! # Memory and complexity
//!
//! With `i` islands of `n` candidates in `d` parameters: `2 · i · n · (8d + 24)` bytes and a little, plus 8 bytes per
//! generation for the history. A generation costs O(i · n · (d + tournament + log n)) besides the evaluations. The
//! benchmark `evolutionary-optimizer/overhead` measures that cost against the bare evaluations.
//!
//! # Islands and reproducibility
//!
//! Island `k` draws from the xoshiro256++ stream of the seed, advanced by `k` jumps of 2¹²⁸. All islands stop every
//! `interval` generations, whichever thread ran them, and exchange members in the order of their numbers. Elementary
//! functions are made of operations that IEEE 754 defines to the last bit. Targets and stagnation are checked at these
//! stops, and after every generation without islands: up to one interval of evaluations is spent after the target.
//!
//! # Cost of each feature
//!
//! Islands: a thread is started for each at every stop, unless `threads` is 1, which is the better choice when an
//! island's evaluations of one interval cost less than starting a thread. Threads without islands: likewise, at every
//! generation. Logarithmic scales: an exponential per parameter and evaluation. Diversity: a pass over the population
//! per generation.
//!
//! # Limitations
//!
//! Integers reach from −2⁵³ to 2⁵³. The order of parameters, and any change to a range, changes the random draws.
//! Duplicates are recognised between children and their parents, not across the whole population. There is no way to
//! stop from outside, to resume, or to start from given candidates.

mod axis;
mod candidate;
mod elementary;
#[expect(dead_code, reason = "the methods are being moved behind it")]
mod engine;
mod error;
mod island;
mod migration;
mod operators;
mod optimize;
mod options;
mod parallel;
mod population;
mod report;
mod rng;
mod space;

pub use candidate::Candidate;
pub use error::Error;
pub use optimize::{optimize, optimize_with};
pub use options::{Convergence, Goal, Islands, Options, Topology};
pub use report::{Generation, IslandReport, Observer, Outcome, Stop};
pub use space::{Parameter, Space, SpaceBuilder, Value};

/// Runs the example of the README.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
