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
//! | [`similarity`] | O(bytes of both texts) |
//! | [`SimilarIndex::insert`], [`SimilarIndex::query`] | O(bytes of the text + candidates), the candidates bounded |
//! | [`Summariser::summarise`] | O(bytes read + words × log words + quotes × words), the sentences bounded |
//!
//! Memory: each step, its rendered segment (about its own length plus 30 bytes for each finding), 32
//! bytes for each distinct file, and, from the first call of [`Consolidator::text`] on, the joined
//! document. Whoever only calls [`Consolidator::write_to`] never pays for the last.
//!
//! # Near duplicates and digests
//!
//! These work on plain text, with or without a document. [`similarity`] scores two texts, [`SimilarIndex`] finds and groups
//! the near ones among many. Area under the ROC curve, beside word Jaccard on the same pairs, by the example
//! `near_duplicates`: 0.805 (0.762) on 191 pairs from the start of the test set of the Microsoft Research Paraphrase Corpus,
//! on 128 of which the weights were chosen (0.804 and 0.752 on the other 63); 0.971 (0.971) on 27 pairs of the Corpus of
//! Plagiarised Short Answers. So small a sample is good to 0.03.
//!
//! [`Summariser`] quotes the sentences that stand for texts, under a budget of words, sentences or tokens. F1 of ROUGE-1 and
//! ROUGE-2 at the length of the references, beside a TF-IDF centroid that knows no stop words and the first words, by the
//! example `rouge`: 86.4/82.3 (69.2/58.3, 64.1/52.0) on 13 articles of BBC News Summary; 73.2/61.2 (71.2/57.3, 67.4/53.9) on
//! the sentences that the annotators of ACLSum marked in 250 papers; 34.7/9.5 (34.5/7.9, 31.9/7.6) against the abstracts of
//! those papers. Its weights were chosen on these sets.
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
//! - Similarity and digests compare words, not meanings; endings and stop words are known for English only, other scripts
//!   are compared as they are written.
//! - Distinct files are counted by a 128-bit hash that an adversary could collide.
//!
//! It reads no files, no clock and no environment; its one dependency is the hash.

mod block;
mod consolidator;
mod digest;
mod error;
mod extract;
mod inline;
mod render;
mod similar;
mod step;
mod summary;

pub use consolidator::{Change, Consolidator, Stats};
pub use digest::Digest;
pub use error::Error;
pub use extract::{Budget, Extract, Quote, Source, Summariser, Unit, UnitKind, count_words, units};
pub use similar::{Group, Match, SimilarIndex, SimilarOptions, SimilarStats, similarity};
pub use step::{Confidence, Finding, Severity, Step};
pub use summary::Summary;
