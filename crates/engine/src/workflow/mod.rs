//! The workflow file: what it may hold, its typed form, and the checks that need to see the whole of it.

mod check;
pub mod expression;
pub mod graph;
mod load;
pub mod model;
pub mod spec;

pub use check::needs_of;
pub(crate) use check::{check_pattern, escapes, regex_message};
pub use load::{Document, load, parse};
