//! Who answers `ask` steps.

pub mod extractive;

use autoexec_memory_trimmer::Message;
use serde::{Deserialize, Serialize};

/// The providers that there are.
pub const NAMES: [&str; 1] = ["extractive"];

/// A text given with a question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// Where it comes from: a file, a step.
    pub name: String,
    /// The text.
    pub text: String,
}

/// A question.
pub struct Question<'a> {
    /// What was said before in the conversation, the question itself last.
    pub history: &'a [Message],
    /// The question.
    pub prompt: &'a str,
    /// What it is about.
    pub sources: &'a [Source],
    /// Longest answer, in tokens.
    pub max_tokens: u32,
    /// Asked now and then: whether nobody waits for the answer any more.
    pub is_stopped: &'a dyn Fn() -> bool,
}

/// An answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Answer {
    /// Its text.
    pub text: String,
    /// Tokens of the question and its context.
    pub input_tokens: u64,
    /// Tokens of the answer.
    pub output_tokens: u64,
    /// Whether the token counts are estimates.
    pub estimated: bool,
}

/// Whether the provider called `name` gives the same answer whenever it is asked the same.
pub fn is_deterministic(name: &str) -> bool {
    name == "extractive"
}

/// Asks the provider called `name`.
///
/// # Errors
/// A sentence, when there is no such provider.
pub fn ask(name: &str, question: &Question<'_>) -> Result<Answer, String> {
    match name {
        "extractive" => Ok(extractive::answer(question)),
        _ => Err(format!("there is no provider `{name}`")),
    }
}
