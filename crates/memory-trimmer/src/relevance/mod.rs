//! Which messages does the question at hand need?
//!
//! An [`Index`] holds the words of a conversation's messages. [`Index::scores`] says of each message
//! how much it has to do with a query, and [`select`] chooses what to keep within a budget of tokens.
//! Nothing but words is looked at: no model is needed. Whoever has an embedder joins its similarities
//! with [`fuse`].
//!
//! The score of message *i*, before its length counts:
//!
//! ```text
//! own(i)   = Σ over the query's words t:
//!            filler(t) · idf(t)^rarity · f·(k1 + 1) / (f + k1·(1 − b + b·L/mean L))
//! idf(t)   = ln(1 + (messages − with t + ½) / (with t + ½))
//! near(i)  = own(i) + w·(own(i−1) + own(i+1)) + w·decay·(own(i−2) + own(i+2))
//! w        = neighbour · min(1, budget / mean tokens / neighbour_room)
//! score(i) = near(i) · (1 + name) · (1 + asker or answerer) · (1 + statement) · (1 + number)
//!            · (1 + recency)
//! ```
//!
//! with f how often t is in the message and L the words of the message that are no stop words; the
//! boosts are those of [`Weights`], 0 where their conditions do not hold. The first line is BM25
//! (Robertson and Zaragoza, *The Probabilistic Relevance Framework*, 2009) with a power on the
//! rarity. [`select`] takes messages by score / (tokens + `length_floor`)^`length_power`.
//!
//! # Limitations
//!
//! - Words are compared, not meanings: "car" does not find "vehicle". That is what [`fuse`] is for.
//! - Stems, stop words, fillers and the words behind the boosts are English. Other languages get
//!   words (pairs of characters where a script sets no spaces), neighbours and lengths.
//! - In scripts without spaces a query of one character finds only what stands alone.
//! - Misspelt words find nothing.

mod english;
mod fuse;
mod index;
mod query;
mod select;
mod stem;
mod vocabulary;
mod weights;
mod words;

pub use fuse::fuse;
pub use index::{Document, DocumentId, Index, Speaker};
pub use select::{Item, Selection, select};
pub use weights::Weights;
