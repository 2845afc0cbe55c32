//! From text to a checked document: YAML with places, shapes, diagnostics.
//!
//! [`yaml`] turns text into nodes that remember where they stood, [`shape`] says what a document may hold, and
//! [`conform`] walks one against the other: it reports every error with its place, and returns the canonical form.

pub mod conform;
pub mod diagnostic;
pub mod shape;
pub mod template;
pub mod units;
pub mod yaml;
