//! How many tokens a text has: estimated, or counted exactly.

mod estimate;
#[cfg(feature = "exact")]
mod exact;
mod overhead;

use std::sync::Arc;

pub use estimate::estimate_tokens;
#[cfg(feature = "exact")]
pub use exact::{Appending, Encoding, ExactCounter};
pub use overhead::{ImageRule, Parameter, ToolSchema, image_tokens, tool_schema_tokens};

/// Says how many tokens a text has.
pub trait TokenCounter {
    /// The tokens of a text.
    fn count(&self, text: &str) -> u32;

    /// The tokens of a text, or `None` if there are more than `limit`.
    ///
    /// Counters that can stop early do.
    fn count_up_to(&self, text: &str, limit: u32) -> Option<u32> {
        Some(self.count(text)).filter(|&tokens| tokens <= limit)
    }
}

/// [`estimate_tokens`] as a [`TokenCounter`].
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Estimate;

impl TokenCounter for Estimate {
    fn count(&self, text: &str) -> u32 {
        estimate_tokens(text)
    }
}

impl<T: TokenCounter + ?Sized> TokenCounter for &T {
    fn count(&self, text: &str) -> u32 {
        (**self).count(text)
    }

    fn count_up_to(&self, text: &str, limit: u32) -> Option<u32> {
        (**self).count_up_to(text, limit)
    }
}

impl<T: TokenCounter + ?Sized> TokenCounter for Arc<T> {
    fn count(&self, text: &str) -> u32 {
        (**self).count(text)
    }

    fn count_up_to(&self, text: &str, limit: u32) -> Option<u32> {
        (**self).count_up_to(text, limit)
    }
}
