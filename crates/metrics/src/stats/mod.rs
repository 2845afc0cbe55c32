//! Plain statistics on samples, for comparing runs and telling growth from noise.
//!
//! Each answers `None` rather than zero, NaN or a panic when the samples are too few or hold something
//! that is not a number. Nothing here keeps samples: the caller owns and bounds them. Whatever draws
//! at random takes a seed, and gives the same answer for the same seed on every machine.
//!
//! | question | function |
//! |---|---|
//! | where are the samples, how far do they spread | [`median`], [`mad`], [`percentile`], [`mean`], [`std_dev`], [`geometric_mean`], [`rolling_mean`] |
//! | how much did it change | [`relative_change`], [`improvement`], [`ratio`], [`rate_per_second`] |
//! | how sure is a number | [`bootstrap`]; from several processes [`bootstrap_groups`] |
//! | how sure is a change | [`bootstrap_change`] |
//! | do two sets of runs differ | [`mann_whitney`] |
//! | do pairs of runs differ | [`sign_test`], [`permutation_test`] |
//! | does it grow | [`slope`] |
//!
//! ```
//! use autoexec_metrics::stats::{median, slope};
//!
//! let (mut noise, leak) = ([5.0, 7.0, 4.0, 6.0, 5.0, 6.0], [5.0, 6.0, 8.0, 9.0, 11.0, 12.0]);
//! assert_eq!(median(&mut noise), Some(5.5));
//! let grows = |values: &[f64]| {
//!     let points: Vec<_> = values.iter().enumerate().map(|(n, &v)| (n as f64, v)).collect();
//!     slope(&points, 0.99).is_some_and(|slope| slope.interval.low > 0.0)
//! };
//! assert!(grows(&leak) && !grows(&noise));
//! ```

mod bootstrap;
mod change;
mod normal;
mod paired;
mod random;
mod rank;
mod sample;
mod slope;

pub use bootstrap::{Interval, bootstrap, bootstrap_change, bootstrap_groups};
pub use change::{improvement, rate_per_second, ratio, relative_change};
pub use paired::{permutation_test, sign_test};
pub use rank::{MannWhitney, mann_whitney};
pub(crate) use sample::nearest_rank;
pub use sample::{geometric_mean, mad, mean, median, percentile, rolling_mean, std_dev};
pub use slope::{Slope, slope};
