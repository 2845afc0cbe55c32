//! Rules over the figures of runs: read from the settings, evaluated at the end of each run.

mod evaluation;
mod figure;
mod limit;
mod settings;

pub(crate) use evaluation::evaluate;
pub use limit::Limit;
pub use settings::AlertSettings;
pub(crate) use settings::watched;
