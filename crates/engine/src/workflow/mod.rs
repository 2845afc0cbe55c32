//! The workflow file: what it may hold, its typed form, and the checks that need to see the whole of it.

mod check;
pub mod expression;
pub mod graph;
mod load;
pub mod model;
mod rules;
pub mod spec;
mod texts;

pub use load::{Document, load, parse};
pub(crate) use rules::{check_pattern, escapes, regex_message};
pub use texts::needs_of;
