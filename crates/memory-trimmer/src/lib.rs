//! Fits conversation histories and contexts to a budget: what matters stays, and the chat APIs accept it.
//!
//! # What it is
//!
//! A [`History`] holds the messages of a conversation with a model. When it grows beyond its
//! [`Thresholds`], in messages or in tokens, [`History::trim`] drops the oldest messages and says which.
//! A [`Compaction`] goes by other ways, one after the other and only as far as needed: what a question
//! needs ([`Strategy::Relevance`]), results cleared, duplicates once, texts cut or reduced to what they
//! say, a summary by a model. Whatever is dropped, the chat APIs accept what is left: [`Rules`] are theirs,
//! and [`validate_by`] checks them. [`fit`] does the same for the parts of a context, [`relevance`] stands
//! alone for any texts, and tokens are [estimated](estimate_tokens) or counted.
//!
//! # When to choose it
//!
//! For agents that call tools in loops, where the plain "last N messages" leaves results without their
//! calls; for long chats whose prompt should stay below a limit, and in which an early message may be the
//! one that is asked for.
//!
//! # When to choose something else
//!
//! Relevance goes by words: where a question shares none with its answer, mix in an embedder
//! ([`Relevance::similar`]), or use a vector index. Summaries are written by whoever implements
//! [`Summarise`]. Exact tokens are those of OpenAI's encodings; for other vocabularies hand counts to
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
//! the reasoning before it; every other message is one by itself. Groups are dropped whole, oldest
//! first, until what is left fits. There stay
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
//! # Ways to make it smaller
//!
//! Each [`Strategy`] stops as soon as the history fits. [`Compacted`] lists what was dropped and what was
//! changed, as it was; an [`Archive`] keeps it, and the line that stands for a cleared result names the key
//! to recall it by. A reference to a text that stands earlier never outlives that text.
//!
//! [`Strategy::Relevance`] looks messages up in a [`HistoryIndex`], which reads each message once. Evidence
//! kept for a question, percent at 500 / 2,000 / 8,000 tokens, as the example `evidence` prints it on a
//! sample of two public sets of long dialogues:
//!
//! | | LoCoMo (231 questions) | LongMemEval-S (24) |
//! |---|---|---|
//! | the last messages | 0.9 / 12.6 / 43.9 | 0.0 / 0.0 / 10.4 |
//! | plain BM25 | 64.9 / 78.1 / 91.1 | 74.3 / 85.8 / 92.0 |
//! | [`relevance`] | 79.5 / 90.8 / 97.6 | 84.0 / 97.9 / 100 |
//!
//! The weights were chosen on this sample.
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
//! | `trim` of a broken history, `validate`, `repair` | O(messages) |
//! | a compaction | O(messages) for each strategy that is needed, and the texts that it changes |
//! | [`HistoryIndex::update`] | O(words of new messages), and a look at each number |
//! | [`fit`] | O(words of all parts); O(their tokens' count) if they fit |
//!
//! Memory: each message is 112 bytes and its text, where it has several blocks 72 for each; each group
//! 24 bytes more. Of
//! 5,000 messages of 90 characters, 1.5 MB by the allocator's counts, a trim to a tenth leaves 0.16 MB
//! (example `memory`); an index of them takes 0.5 MB.
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
//! Its tables are written when the crate is built and lie in the binary, 12.5 MB if both encodings are
//! used: making a counter costs nothing, and no dependency comes with it at run time. Its
//! counts are those of `tiktoken` 0.14 (the test `tokens` holds some) and of two other crates beside which
//! the benchmark `peers_tokens` puts it. A count takes
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
//! - [`History::trim`] and [`History::fit`] go by age alone; relevance is a [`Compaction`]'s.
//! - A trim with many pinned messages walks over them each time.
//! - Rules that demand turns ([`Rules::TURNS`]) join messages, which reads all of them.
//! - Keys of JSON objects come back in the order of `serde_json`, and integers beyond 64 bits as floats.
//! - An output whose call is only on the provider's side (`previous_response_id`, an item reference)
//!   answers nothing that this crate sees, and a repair takes it out.
//! - A document of another dialect gets no tools, and no images in the results of OpenAI's chat.
//! - Nobody but the provider knows the tokens of a request to the last one: its framing of messages,
//!   images and tools is documented in part.
//! - The zero-width space goes, though Khmer and Thai may break lines there; so may hidden text be
//!   spelt by the joiners that stay.
//!
//! It reads no clock, no environment and no files, and has no dependencies but those of its features.

mod archive;
mod block;
mod blocks;
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
