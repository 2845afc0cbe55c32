//! Incremental consolidation of step findings into one Markdown document.
//!
//! # What it is
//!
//! A [`Consolidator`] holds numbered [`Step`]s: findings with severity, file and line; files checked
//! and files that matter; a hypothesis and how sure it is. It shows them as one document with a
//! header, a block per step and a summary at the foot. Adding, editing or removing a step costs that
//! step's own text, whatever else is there.
//!
//! # When to choose it
//!
//! For reports that grow while they are read: agent runs, reviews, long investigations, where steps
//! finish in any order and are corrected later. When "did anything change" must be an O(1) question.
//!
//! # When to choose something else
//!
//! For a document that is written once, `write!` is enough. For free text with edits inside a step,
//! use a rope.
//!
//! # Example
//!
//! ```
//! use autoexec_consolidator::{Change, Confidence, Consolidator, Finding, Severity, Step};
//!
//! let mut report = Consolidator::with_title("Review");
//! let step = Step {
//!     title: "Search for unwrap".into(),
//!     findings: vec![
//!         Finding::new("`unwrap` on a lock").at("src/pool.rs", 42).severity(Severity::High),
//!     ],
//!     files_checked: vec!["src/pool.rs".into(), "src/main.rs".into()],
//!     hypothesis: Some("a poisoned lock stops the service".into()),
//!     confidence: Some(Confidence::Medium),
//!     ..Step::default()
//! };
//! assert_eq!(report.set(2, step.clone()), Change::Added);
//! assert_eq!(report.set(2, step), Change::Unchanged);
//!
//! let text = report.text();
//! assert!(text.contains("- **high** `src/pool.rs:42` `unwrap` on a lock"));
//! assert!(text.contains("1 step, 2 files checked, 0 relevant, 1 finding"));
//! assert_eq!(report.full_text(), report.text());
//! ```
//!
//! # Cost
//!
//! | | time |
//! |---|---|
//! | `set`, `remove` | O(length of the step + log steps) |
//! | `text` | O(length of the segments from the first changed step on) |
//! | `text` again, `digest`, `summary` | O(1) |
//! | `write_to` | O(length of the document), with no copy of it |
//!
//! Memory: each step, its rendered segment (about its own length plus 30 bytes for each finding), 32
//! bytes for each distinct file, and, from the first call of [`Consolidator::text`] on, the joined
//! document. Whoever only calls [`Consolidator::write_to`] never pays for the last.
//!
//! # What the text may contain
//!
//! Titles, hypotheses and findings are shown on one line: white space is collapsed, control
//! characters are dropped, HTML tags, backslashes and unclosed backticks appear as they are written;
//! emphasis and code spans stay Markdown. A step's free text is Markdown: its headings move below the
//! step's own, and a code fence or comment left open is closed.
//!
//! From 25 findings on, a step's findings are grouped by file. Lists of files name the first 12 and
//! count the others; [`Consolidator::digest`] covers all of them.
//!
//! # Limitations
//!
//! - One output format, Markdown; the wording is English.
//! - Raw HTML in a step's free text, other than comments, is not inspected; nor are headings
//!   underlined with `===`.
//! - Distinct files are counted by a 128-bit hash that an adversary could collide.
//!
//! It reads no files, no clock and no environment; its one dependency is the hash.

mod block;
mod consolidator;
mod digest;
mod error;
mod inline;
mod render;
mod similar;
mod step;
mod summary;

pub use consolidator::{Change, Consolidator, Stats};
pub use digest::Digest;
pub use error::Error;
pub use similar::{Group, Match, SimilarIndex, SimilarOptions, SimilarStats, similarity};
pub use step::{Confidence, Finding, Severity, Step};
pub use summary::Summary;
