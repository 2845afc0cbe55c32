//! Reports of a [`Snapshot`](crate::Snapshot): pure functions from numbers to text.
//!
//! | method | for | units |
//! |---|---|---|
//! | [`text`](crate::Snapshot::text) | people at a terminal | in the cells |
//! | [`json`](crate::Snapshot::json) | programs | at the end of the keys: `_ns`, `_bytes`, `_tokens` … |
//! | [`openmetrics`](crate::Snapshot::openmetrics) | Prometheus and what reads its format | in the names and as `# UNIT` |
//! | `otlp` (with the feature of that name) | OpenTelemetry collectors | as UCUM codes |
//! | [`html`](crate::Snapshot::html) | people with a browser | in the cells and on the axes |
//!
//! What was not measured is in none of them. Histograms of OpenMetrics and OTLP have the fixed bounds
//! of [`bounds`]; all percentiles come from the whole distribution.

mod cells;
mod family;
pub mod html;
mod json;
mod ladder;
pub mod openmetrics;
#[cfg(feature = "otlp")]
pub mod otlp;
mod text;

pub(crate) use family::described;
pub use ladder::bounds;
