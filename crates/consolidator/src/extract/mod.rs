//! Extractive digests: the sentences that stand for a text, quoted, under a budget.

mod budget;
mod choose;
mod ends;
mod queue;
mod rank;
mod sentences;
mod summariser;

pub use budget::{Budget, count_words};
pub use sentences::{Unit, UnitKind, units};
pub use summariser::{Extract, Quote, Source, Summariser};
