//! A seeded, reproducible black-box optimizer: one objective or several, parameters of any type, islands in threads.
//!
//! # What it is
//!
//! Finds good candidates for a function of which only values are known. Parameters may be real, integer (either on a
//! logarithmic scale), ordinal, categorical or boolean, mixed freely, and may play a part only under a condition.
//! Constraints are values that must not exceed 0. The same seed gives the same outcome, bit for bit, on one thread or
//! many and on every platform with IEEE 754 doubles, provided that the objective does.
//!
//! [`Algorithm`] lists the methods; [`Algorithm::Auto`] chooses one.
//!
//! # When to choose it
//!
//! - The parameters are of mixed types, or the function has steps, plateaus or many optima.
//! - There are several objectives, and what is wanted is the set of best compromises.
//! - A result must be reproducible: in a test, a benchmark, a tuned configuration under review.
//!
//! # When to choose something else
//!
//! - Gradients are known: any gradient method is faster by orders of magnitude.
//! - Evaluations are so dear that only some dozens are possible: Bayesian optimization.
//! - The problem is linear, convex or combinatorial with a structure that a solver knows.
//!
//! # Example
//!
//! ```
//! use autoexec_evolutionary_optimizer::{Options, Space, optimize};
//!
//! let space = Space::new()
//!     .real("x", -5.0..=5.0)
//!     .log_integer("workers", 1..=64)
//!     .categorical("layout", ["rows", "columns"])
//!     .build()?;
//! let options = Options { seed: 7, evaluations: Some(4000), ..Options::default() };
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
//! Whoever evaluates elsewhere asks and tells:
//!
//! ```
//! use autoexec_evolutionary_optimizer::{Goal, Optimizer, Options, Space};
//!
//! let space = Space::new().real("x", -4.0..=4.0).build()?;
//! let options = Options { evaluations: Some(200), ..Options::default() };
//! let mut optimizer = Optimizer::new(&space, &options)?;
//! while !optimizer.is_done() {
//!     for trial in optimizer.ask(8) {
//!         let x = trial.candidate.real("x");
//!         optimizer.tell(trial.id, (x - 1.0).powi(2))?;
//!     }
//! }
//! let best = optimizer.best().expect("because something was told");
//! assert!((best.candidate.real("x") - 1.0).abs() < 0.1);
//! # Ok::<(), autoexec_evolutionary_optimizer::Error>(())
//! ```
//!
//! # Generations, threads and reproducibility
//!
//! A method asks generations, and hears of them as wholes: what it asks next depends on the values, never on who
//! evaluated them or which came first. Threads and futures therefore wait for the last evaluation of each generation.
//! Elementary functions are made of operations that IEEE 754 defines to the last bit. Targets, stagnation and time are
//! looked at after each generation. [`Outcome::fingerprint`] is equal for equal searches.
//!
//! Island `k` draws from the xoshiro256++ stream of the seed, advanced by 2¹²⁸ draws for each island before it. What an
//! island sends at the end of one interval arrives at the end of the next.
//!
//! # Memory and complexity
//!
//! Populations take some `8 d` bytes a member for `d` parameters. [`Options::resumable`] keeps what was told, some 10
//! bytes an evaluation of one objective; discrete spaces remember up to 2¹⁸ candidates. A generation in steady state
//! allocates nothing; where a method restarts, or in a discrete space learns which parameters belong together, it makes
//! room. The benchmark `evolutionary-optimizer/overhead` measures the cost beside bare evaluations.
//!
//! # Limitations
//!
//! Integers reach from −2⁵³ to 2⁵³. The order of parameters, and any change to a range, changes the random draws. A
//! closure that never returns cannot be ended from outside; give it a time limit of its own.
//! Descents of [`Algorithm::Auto`] ask many of their rows alone, as each depends on the cost before: in mixed spaces the first
//! some dozens of evaluations, and a quarter of the others, keep one thread busy.

mod algorithm;
mod asynchronous;
mod axis;
mod batch;
mod candidate;
mod checkpoint;
#[cfg(feature = "serde")]
mod document;
mod elementary;
mod engine;
mod error;
mod evaluation;
mod front;
mod islands;
mod memo;
mod operators;
mod optimizer;
mod options;
mod pool;
mod population;
mod record;
mod report;
mod rng;
mod run;
mod space;

pub use algorithm::{Algorithm, GeneticOptions};
pub use asynchronous::optimize_async;
pub use candidate::Candidate;
pub use checkpoint::Told;
#[cfg(feature = "serde")]
pub use document::{ParameterDocument, Scalar, Type};
pub use engine::single::cma::{CmaOptions, Restarts};
pub use engine::single::shade::ShadeOptions;
pub use engine::{MoeadOptions, Nsga2Options, Nsga3Options, Replace, SmsEmoaOptions, Variation};
pub use error::Error;
pub use evaluation::{Measured, Numbers, Written};
pub use front::{crowding_distance, hypervolume, non_dominated_sort};
pub use optimizer::{Optimizer, Trial};
pub use options::{Emigrants, Goal, Islands, Noise, Options, Stagnation, Topology};
pub use report::{Generation, IslandReport, Observer, Outcome, Solution, Stop};
pub use run::{optimize, optimize_with};
pub use space::{Literal, Parameter, Space, SpaceBuilder, Value};

/// Runs the example of the README.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
