//! Plots as SVG, pages as HTML, and sparklines for terminals: pure functions from numbers to text.
//!
//! The same input gives the same text, on every machine. Points that are no finite number are left
//! out and what is then empty says so; names are escaped, so they may be made of data. Colours are
//! those of Okabe and Ito, which colour-blind people tell apart, and further series are dashed. Each
//! SVG carries its own style for light and dark, so it serves as a file as well as inside a
//! [`page`]. Nothing refers to anything outside the text, and nothing needs a script.
//!
//! ```
//! use autoexec_metrics::plot::{Series, lines, page};
//!
//! let memory = [(0.0, 12.5), (1.0, 13.0), (2.0, 12.8)];
//! let svg = lines("Memory", "time (s)", "MB", &[Series { name: "resident", points: &memory }]);
//! let html = page("A run", &svg);
//! assert!(html.starts_with("<!doctype html>"));
//! ```
//!
//! Source of the colours: M. Okabe and K. Ito, *Color universal design* (2002). Of the ticks: P. Heckbert,
//! *Nice numbers for graph labels*, Graphics Gems (1990).

mod axis;
mod bars;
mod distribution;
mod forest;
mod frame;
mod lines;
mod page;
mod sparkline;
mod svg;

pub use bars::bars;
pub use distribution::{Bin, histogram, quantiles};
pub use forest::{Effect, forest};
pub use lines::{Series, lines};
pub use page::{page, table};
pub use sparkline::sparkline;
pub use svg::escape;
