//! Incremental consolidation of findings into one document: text, Markdown, JSON, SARIF.
//!
//! # What it is
//!
//! A [`Consolidator`] holds numbered [`Step`]s and their [`Finding`]s: kind, severity, text, places, relevant
//! files, hypothesis, confidence, evidence. Steps are set and findings added, replaced and removed in any
//! order. It shows them by step, by severity or by file, as Markdown or plain text, and writes JSON and
//! SARIF 2.1.0. Exact duplicates join with a count and all their places; near ones can be folded. A
//! change costs its own text, whatever else is there.
//!
//! # When to choose it
//!
//! For reports that grow while they are read: agent runs, reviews, long investigations, where steps
//! finish in any order and are corrected later. When "did anything change" must be an O(1) question, and
//! "what is new since last time" a cheap one.
//!
//! # When to choose something else
//!
//! For a document that is written once, `write!` is enough. For free text with edits inside a step,
//! use a rope. For SARIF beyond results and rules (code flows, graphs, fixes), use a crate with the whole
//! object model.
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
//! // Another finds the same: it is counted, not listed twice.
//! let again = report.add(3, Finding::new("`unwrap` on a  lock").at("src/pool.rs", 42));
//! assert_eq!(report.count(again), 2);
//!
//! let text = report.text();
//! assert!(text.contains("- **high** `src/pool.rs:42` `unwrap` on a lock (2 times)"));
//! assert!(text.contains("2 steps, 2 files checked, 0 relevant, 2 findings"));
//! assert_eq!(report.full_text(), report.text());
//! ```
//!
//! # Cost
//!
//! | | time |
//! |---|---|
//! | `set`, `add`, `replace`, `remove_finding` | O(length of what is given and replaced + log findings); formats nothing |
//! | `remove` | O(length of the step + its findings × log findings) |
//! | `text` | formats what changed; copies what stands behind the first change |
//! | `segments`, `write_to` | O(length of what changed + pieces × log parts) amortised, wherever it changed |
//! | `text` again, `summary` | O(1) |
//! | `digest` | O(1); after single findings were replaced or removed, O(findings of their steps) |
//! | `set_view` | O(findings × log findings) if sections change |
//! | `merge`, `unmerge` | O(findings folded + log findings) |
//! | `write_json`, `write_sarif`, `compare` | O(document), streamed |
//! | [`similarity`] | O(bytes of both texts) |
//! | [`SimilarIndex::insert`], [`SimilarIndex::query`] | O(bytes of the text + candidates), the candidates bounded |
//! | [`Summariser::summarise`] | O(bytes read + words × log words + quotes × words), the sentences bounded |
//!
//! At the end of a document shown by step, "behind the first change" is nothing: a step costs the same
//! after 20 others and after 20,000. By severity or by file, a step lands in the middle: use `segments`
//! or `write_to`, which put what changed between long stretches of what did not. Pieces pile up from one
//! call to the next; once there are more than a few times the square root of the parts, the next change
//! puts everything in order, which copies the document.
//!
//! Measured (`cargo bench -p autoexec-benches --bench consolidator`, two shared cores, the quiet runs of several): a step of
//! eight findings of 128 bytes with their files, set at the end, and the document obtained after it take 2.9 µs after 20
//! steps and after 2,000, and 3.3 µs after 20,000, which is three times what `write!` takes for that text (0.9 µs); a step of
//! one finding of 1 KB takes 0.8 µs (0.15 µs). The pieces after a step in the middle take 1.2 µs in 20 steps, 2.4 µs in 2,000
//! and 4.4 µs in 20,000.
//!
//! Memory: 64 bytes for a finding and about 26 for indexes, beyond its text; 53 for a step, and 80 if it says more than its
//! title; 24 for each distinct file, and its name: 90 to 147 bytes a finding with 100 findings a step or one, in 500 files or
//! each in its own (`cargo run --release -p autoexec-consolidator --example overhead` counts). What few findings have (further places,
//! evidence, a hypothesis) is behind one pointer. From the first text on: the document itself, 16 bytes for each finding, 38
//! for each step and, by severity and by file, an index of about 36 bytes. Whoever only writes JSON or SARIF never pays for these.
//!
//! # Near duplicates and digests
//!
//! These work on plain text, with or without a document. [`similarity`] scores two texts, [`SimilarIndex`] finds and groups
//! the near ones among many. Area under the ROC curve, beside word Jaccard on the same pairs, by the example
//! `near_duplicates`: 0.805 (0.762) on 191 pairs from the start of the test set of the Microsoft Research Paraphrase Corpus,
//! on 128 of which the weights were chosen (0.804 and 0.752 on the other 63); 0.982 (0.980) on 46 answers and their sources
//! from the Corpus of Plagiarised Short Answers. So small a sample is good to 0.03.
//!
//! [`Summariser`] quotes the sentences that stand for texts, under a budget of words, sentences or tokens. F1 of ROUGE-1 and
//! ROUGE-2 at the length of the references, beside a TF-IDF centroid that knows no stop words and the first words, by the
//! example `rouge`: 89.6/85.7 (74.2/65.6, 63.8/50.9) on 22 articles of BBC News Summary; 73.1/61.0 (71.2/57.3, 67.4/53.9) on
//! the sentences that the annotators of ACLSum marked in 250 papers; 36.1/10.2 (34.5/7.9, 31.9/7.6) against the abstracts of
//! those papers. In 25 words on six topics of the reviews of Opinosis, against four summaries of each that were written for
//! this measurement: 33.6/12.1 (26.1/8.5, 27.1/6.7). Its weights were chosen on these sets.
//!
//! # Duplicates
//!
//! Findings are exact duplicates if kind, text (white space collapsed), and file and line of the first place
//! are the same, whatever their steps. The first in the order of steps is listed, with a count, places of the
//! others, and the worst severity of all; the others' steps say how many stand elsewhere. Removing one
//! lowers the count. [`Consolidator::merge`] folds one finding into another in the same way, until the other is gone.
//! A [`Fingerprint`] (kind, text, file; no line) tells a finding in the next run; [`Consolidator::compare`] says what is
//! new, known and gone.
//!
//! # What text may contain
//!
//! Titles, hypotheses and findings are shown on one line: white space is collapsed; control
//! characters, and those that turn the direction of text, are dropped; in Markdown, HTML tags, backslashes and
//! unclosed backticks appear as they are written; emphasis and code spans stay Markdown. A step's free text is
//! Markdown: its headings move below the step's own, and a code fence or comment left open is closed.
//! Lists of files name the first 12 and count the others; a finding names up to six further places. JSON and
//! SARIF hold all, as it was given; the digest covers all.
//!
//! # JSON
//!
//! One object: `format` (1), `title`, `summary`, and `steps`, each with `step`, `title`, `omitted`, `findings`, and where
//! there are any `text`, `hypothesis`, `confidence` (a level or a number), `files_checked` and `relevant_files`. A finding has
//! `severity`, `text`, `places` (`file`, `line`, `end_line`, `column`, each if known), `fingerprint`, where there
//! are any `kind`, `hypothesis`, `confidence`, `relevant_files` and `evidence`; and either `count`, or
//! `listed_with`: the step and fingerprint of the finding that it repeats.
//!
//! # Limitations
//!
//! - The wording is English.
//! - Raw HTML in a step's free text, other than comments, is not inspected; nor are headings
//!   underlined with `===`.
//! - A step sees at most 2^32 findings in its life, a document as many at once, and 4 GiB of names of files and
//!   kinds; more panic.
//! - Paths go to SARIF as they are: `..` is not resolved, and what lies outside of the root is not told.
//! - Similarity and digests compare words, not meanings; endings and stop words are known for English only, other scripts
//!   are compared as they are written.
//!
//! It reads no files, no clock and no environment. Its dependencies are the hash and the hash table.

mod compare;
mod confidence;
mod consolidator;
mod digest;
mod edit;
mod error;
mod export;
mod extract;
mod finding;
mod folds;
mod groups;
mod json;
mod model;
mod names;
mod near;
mod pages;
mod record;
mod render;
mod rendered;
mod same;
mod sarif;
mod severity;
mod similar;
mod sorted;
mod spans;
mod stats;
mod step;
mod steps;
mod summary;
mod view;

pub use compare::Comparison;
pub use confidence::{Confidence, Number};
pub use consolidator::{Change, Consolidator};
pub use digest::{Digest, Fingerprint};
pub use error::Error;
pub use extract::{Budget, Extract, Quote, Source, Summariser, Unit, UnitKind, count_words, units};
pub use finding::{Evidence, Finding, Place};
pub use near::Cited;
pub use record::FindingId;
pub use sarif::Tool;
pub use severity::Severity;
pub use similar::{Group, Match, SimilarIndex, SimilarOptions, SimilarStats, similarity};
pub use stats::Stats;
pub use step::Step;
pub use summary::Summary;
pub use view::{By, Format, View};
