//! Trims conversation histories without ever separating a tool call from its result.
//!
//! # What it is
//!
//! A [`History`] holds the messages of a conversation with a model. When it grows beyond its
//! [`Thresholds`], in messages or in tokens, [`History::trim`] drops the oldest messages and says
//! which; [`History::fit`] does so for a budget of tokens. Whatever is dropped, the chat APIs accept
//! what is left: [`validate`] states their rules.
//!
//! # When to choose it
//!
//! For agents that call tools in loops, where the plain "last N messages" leaves results without
//! their calls, and for long chats whose prompt should stay below a limit.
//!
//! # When to choose something else
//!
//! This crate drops; it neither summarises nor ranks messages by what they say. Exact
//! tokens are those of OpenAI's encodings; for other vocabularies hand counts to
//! [`Message::with_tokens`].
//!
//! # Example
//!
//! ```
//! use autoexec_memory_trimmer::{History, Message, Thresholds, ToolCall};
//!
//! let mut history = History::new();
//! history.push(Message::system("You read files."));
//! history.push(Message::user("What is in a.txt?"));
//! let call = ToolCall::new("call-1", "read", r#"{"path":"a.txt"}"#);
//! history.push(Message::assistant_calls("", vec![call]));
//! history.push(Message::tool("call-1", "a very long file ".repeat(2000)));
//! history.push(Message::assistant("It is very long."));
//!
//! assert!(!history.trim(&Thresholds::default()).changed(), "only five messages");
//! let trimmed = history.fit(100);
//! // The call went with its result; the system message and the question stayed.
//! assert_eq!((trimmed.dropped.len(), history.len()), (2, 3));
//! assert!(history.tokens() <= 100);
//! assert_eq!(history.validate(), Ok(()));
//! ```
//!
//! # What stays
//!
//! A [`Message`] is made of [`Block`]s: text, tool calls, tool results, images, reasoning, and what is
//! none of these. An assistant message with tool calls and the results behind it are one group, with
//! the reasoning before it; every other message is one by itself. Groups are dropped whole, oldest first, until what is left fits. There stay
//!
//! - system messages, unless [`Thresholds::drop_system`] says otherwise;
//! - groups with a pinned message;
//! - the last group, whose calls may still wait for results;
//! - the user's message of the turn in which the cut falls, so that no answer stands without its
//!   question, and the one before a pinned group that would come first otherwise.
//!
//! An assistant message before the first question goes rather than open what is left. If all that
//! must stay exceeds the budget, [`Trimmed::over_budget`] says by how much.
//!
//! [`Rules`] say what the API demands: by default what all of them accept. A history that is broken
//! already, with results that answer nothing or calls whose results can no longer come, is repaired by
//! the next trim that is due: these messages go first, unless they are pinned, and
//! [`Trimmed::repaired`] counts them. [`History::repair`] mends everything that
//! [`validate`](History::validate) reports, at once.
//!
//! # Chat APIs
//!
//! With the feature `json`, `Dialect` reads and writes the messages of OpenAI's chat completions and
//! responses and of Anthropic's messages. What this crate does not know comes back to the same dialect
//! as it was; another one gets a document that is valid by its rules, and says what it has no place for.
//! Reading and writing text took 2.4 to 4.5 times the CPU time in which `serde_json` alone parses and
//! prints it, a sixth of that for the estimate of tokens; `cargo run --release --features json --example
//! convert -- --speed` measures it. The feature brings five packages.
//!
//! # Cost
//!
//! | | time |
//! |---|---|
//! | `push`, `tokens`, `needs_trim` | O(1), and the estimate of tokens when a message is made |
//! | `trim`, `fit` | O(messages dropped, and pinned ones among them) |
//! | `trim` of a broken history, `validate` | O(messages) |
//!
//! Memory: each message is 64 bytes, each of its blocks 72 and its text; each group 24 bytes more.
//!
//! # Estimated tokens
//!
//! [`estimate_tokens`] needs no vocabulary. Against `o200k_base`, as the test `estimate` prints it:
//!
//! | text | error | of a quarter of the characters |
//! |---|---|---|
//! | prose | +1.6 % | +18.4 % |
//! | code | +3.8 % | −2.4 % |
//! | log | +1.4 % | −31.7 % |
//! | JSON | +4.2 % | −23.1 % |
//! | base64 | −11.7 % | −63.4 % |
//! | hashes | +3.2 % | −56.7 % |
//! | Chinese | +3.7 % | −64.5 % |
//! | Japanese | −2.2 % | −68.1 % |
//! | Korean | −10.2 % | −55.3 % |
//! | Russian | +8.2 % | −2.8 % |
//! | German | −10.2 % | +12.3 % |
//!
//! # Exact tokens
//!
//! With the feature `exact` an `ExactCounter` counts as OpenAI's `o200k_base` and `cl100k_base` do.
//! Its tables are written when the crate is built and lie in the binary, 14 MB if both encodings are
//! used: making a counter costs nothing, and no dependency comes with it at run time. It agreed with
//! `tiktoken` 0.14 on 60,341 texts of every script, odd characters and long runs. A count takes
//! linear time; one up to a limit stops there; an `Appending` text counts only the end that a new
//! part may change. Both kinds of counter are a [`TokenCounter`].
//!
//! Images and tool schemas have prices of their own: [`image_tokens`], [`tool_schema_tokens`].
//!
//! # Hygiene
//!
//! [`sanitise`] takes from a user's text what its reader cannot see and a model might obey: control
//! characters, bidirectional overrides, zero-width spaces, tags; it cuts what is too long.
//! [`validate_input`] tells where they are. All that can be seen stays, in every script.
//!
//! # Limitations
//!
//! - A turn longer than the budget loses its middle, not its end: relevance is not looked at.
//! - A trim with many pinned messages walks over them each time.
//! - Keys of JSON objects come back in the order of `serde_json`, and integers beyond 64 bits as floats.
//! - An output whose call is only on the provider's side (`previous_response_id`, an item reference)
//!   answers nothing that this crate sees, and a repair takes it out.
//! - A document of another dialect gets no tools, and no images in the results of OpenAI's chat.
//!
//! - Nobody but the provider knows the tokens of a request to the last one: its framing of messages,
//!   images and tools is documented in part.
//! - The zero-width space goes, though Khmer and Thai may break lines there; so may hidden text be
//!   spelt by the joiners that stay.
//!
//! It reads no clock, no environment and no files, and has no dependencies but those of its features.

mod archive;
mod block;
mod borders;
mod compact;
mod context;
#[cfg(feature = "json")]
mod dialect;
mod edit;
mod error;
mod history;
mod history_index;
mod hygiene;
mod message;
pub mod relevance;
mod repair;
mod rules;
mod thresholds;
mod tokens;
mod trim;
mod validate;
mod waiting;

pub use archive::{Archive, MemoryArchive};
pub use block::{
    Block, Extra, IMAGE_TOKENS, Image, ImageSource, Other, Reasoning, Text, ToolCall, ToolResult,
};
pub use compact::{Compacted, Compaction, Relevance, Step, Strategy, Summarise};
pub use context::{Fitted, Kept, Part, Stage, fit, fit_by};
#[cfg(feature = "json")]
pub use dialect::{Conversation, Dialect, Loss, ReadError};
pub use error::Error;
pub use history::History;
pub use history_index::HistoryIndex;
pub use hygiene::{
    Limits, Problem, Removed, Sanitised, Unwanted, sanitise, sanitise_bytes, validate_input,
};
pub use message::{FRAMING_TOKENS, Message, Role};
pub use repair::{Repair, Repaired};
pub use rules::Rules;
pub use thresholds::{Level, Thresholds, TokenBudgets};
#[cfg(feature = "exact")]
pub use tokens::{Appending, Encoding, ExactCounter};
pub use tokens::{
    Estimate, ImageRule, Parameter, TokenCounter, ToolSchema, estimate_tokens, image_tokens,
    tool_schema_tokens,
};
pub use trim::Trimmed;
pub use validate::{Violation, validate, validate_by};
