//! Makes a history smaller by strategies, one after the other and only as far as needed.

mod duplicates;
mod extract;
mod relevance;
mod results;
mod shorten;
mod summary;
mod window;

use std::fmt;

use crate::{Archive, History, Message, estimate_tokens};

pub(crate) use duplicates::{reference, what};
pub(crate) use extract::extracted;
pub use relevance::Relevance;
pub use summary::Summarise;

/// Bytes of the longest line that stands for a text: arguments, and the key to recall it by.
const LONGEST_STUB: usize = 2_048;

/// One way to make a history smaller. System messages, pinned ones and, but for
/// [`CutLast`](Strategy::CutLast), the last group stay as they are.
#[non_exhaustive]
pub enum Strategy<'a> {
    /// Keeps so many of the first and of the last messages, as whole groups, and drops what is between
    /// them; applied only when the history is over its budget.
    Window {
        /// Messages at the beginning, system messages not counted.
        first: usize,
        /// Messages at the end.
        last: usize,
    },
    /// Drops the oldest groups, as [`History::fit`] does.
    DropOldest,
    /// Replaces tool results, oldest first, by a line that says what was there and how to get it
    /// again; not those to which a result that stays refers.
    ClearResults {
        /// The last results, which stay.
        keep_last: usize,
        /// Smaller ones stay.
        min_tokens: u32,
    },
    /// Keeps a text that stands several times once, where it came first, and refers to it after;
    /// once more where the same call came to something else in between. When the first goes, or is
    /// shortened, the text comes back to the next. Only messages of one text or result are looked at.
    Duplicates {
        /// Smaller texts stay.
        min_tokens: u32,
    },
    /// Shortens texts, oldest first, to their head and tail, cut at the ends of lines or sentences.
    HeadAndTail {
        /// What is left of a text; smaller ones stay.
        max_tokens: u32,
    },
    /// Reduces texts, oldest first, to the sentences and lines that have most to do with a question,
    /// or, for an empty one, with the text as a whole.
    Extract {
        /// The question.
        query: &'a str,
        /// What is left of a text; smaller ones stay.
        max_tokens: u32,
    },
    /// Shortens the largest texts of the last group, which nothing else touches, to one size, with
    /// their head and tail, such that the history fits; pinned messages stay as they are.
    CutLast,
    /// Keeps the messages that a question needs, and as many as fit.
    Relevance(Relevance<'a>),
    /// Replaces the oldest messages by a summary of them.
    Summarise {
        /// Who writes it; `Box::new(&mut writer)`, for one that writes others too.
        by: Box<dyn Summarise + 'a>,
        /// Messages at the end that stay.
        keep_last: usize,
        /// The longest summary.
        max_tokens: u32,
    },
}

impl Strategy<'_> {
    /// Its name, as [`Step`] shows it.
    pub fn name(&self) -> &'static str {
        match self {
            Strategy::Window { .. } => "window",
            Strategy::DropOldest => "drop oldest",
            Strategy::ClearResults { .. } => "clear results",
            Strategy::Duplicates { .. } => "duplicates",
            Strategy::HeadAndTail { .. } => "head and tail",
            Strategy::Extract { .. } => "extract",
            Strategy::CutLast => "cut last",
            Strategy::Relevance(_) => "relevance",
            Strategy::Summarise { .. } => "summarise",
        }
    }
}

impl fmt::Debug for Strategy<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// What one strategy did.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Step {
    /// The strategy.
    pub strategy: &'static str,
    /// Messages that it took out.
    pub dropped: usize,
    /// Messages that it changed.
    pub changed: usize,
    /// The tokens of the history behind it.
    pub tokens_after: u64,
}

/// What a compaction did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Compacted {
    /// The strategies that were applied, in order; those behind the first that made it fit were not.
    pub steps: Vec<Step>,
    /// The messages that were taken out, oldest first within each step.
    pub dropped: Vec<Message>,
    /// The messages that were changed, as they were before, and those joined with the one before to
    /// keep turns.
    pub originals: Vec<Message>,
    /// Keys by which the archive has what was dropped or changed, in the order in which it was put
    /// there; none without one. What was joined, or is referred to, is not put there: it still stands.
    pub keys: Vec<String>,
    /// What went wrong on the way: a summary that could not be had.
    pub problems: Vec<String>,
    /// Tokens before.
    pub tokens_before: u64,
    /// Tokens after.
    pub tokens_after: u64,
    /// By how many tokens the history is still over its budget.
    pub over_budget: Option<u64>,
}

impl Compacted {
    /// Whether anything was done.
    pub fn changed(&self) -> bool {
        !self.dropped.is_empty() || !self.originals.is_empty()
    }
}

/// How a history is made to fit a budget: strategies, who counts, and where goes what is taken out.
///
/// ```
/// use autoexec_memory_trimmer::{Compaction, History, MemoryArchive, Message, Strategy, ToolCall};
///
/// let mut history = History::new();
/// history.push(Message::user("Which file is the largest?"));
/// for name in ["a.log", "b.log"] {
///     let call = ToolCall::new(name, "read", format!(r#"{{"path":"{name}"}}"#));
///     history.push(Message::assistant_calls("", vec![call]));
///     history.push(Message::tool(name, "one more line of the log\n".repeat(500)));
/// }
/// history.push(Message::assistant("Both have 500 lines."));
///
/// let mut archive = MemoryArchive::new();
/// let done = Compaction::new(4_000)
///     .with(Strategy::ClearResults { keep_last: 1, min_tokens: 100 })
///     .with(Strategy::DropOldest)
///     .archive(&mut archive)
///     .run(&mut history);
///
/// // One result was enough; the calls, and what was said, are still there.
/// assert_eq!((done.steps.len(), done.dropped.len(), history.len()), (1, 0, 6));
/// assert!(history.get(2).is_some_and(|m| m.text().contains("recall: m1")));
/// assert_eq!(archive.recall("m1"), done.originals.first());
/// ```
pub struct Compaction<'a> {
    budget: u64,
    strategies: Vec<Strategy<'a>>,
    count: &'a dyn Fn(&str) -> u32,
    archive: Option<&'a mut dyn Archive>,
}

impl<'a> Compaction<'a> {
    /// To a budget of tokens. Texts are counted by [`estimate_tokens`].
    pub fn new(budget: u64) -> Self {
        Compaction {
            budget,
            strategies: Vec::new(),
            count: &estimate_tokens,
            archive: None,
        }
    }

    /// Adds a strategy, to be applied if those before it were not enough.
    #[must_use]
    pub fn with(mut self, strategy: Strategy<'a>) -> Self {
        self.strategies.push(strategy);
        self
    }

    /// Counts texts that it shortens by this, which gives their tokens.
    #[must_use]
    pub fn count(mut self, count: &'a dyn Fn(&str) -> u32) -> Self {
        self.count = count;
        self
    }

    /// Puts there what it takes out or changes.
    #[must_use]
    pub fn archive(mut self, archive: &'a mut dyn Archive) -> Self {
        self.archive = Some(archive);
        self
    }

    /// Applies the strategies, each only if the history is over the budget, and only as far as needed.
    ///
    /// Never breaks a rule of the history that it kept before. O(messages) for each strategy, and the
    /// texts that it changes.
    pub fn run(self, history: &mut History) -> Compacted {
        let mut work = Work {
            budget: self.budget,
            count: self.count,
            archive: self.archive,
            done: Compacted {
                tokens_before: history.tokens(),
                ..Compacted::default()
            },
        };
        if history.is_broken() && history.tokens() > self.budget {
            let mended = history.mend(crate::Repair::Drop);
            work.drop(mended.dropped);
            for original in mended.originals {
                work.put(&original);
                work.done.originals.push(original);
            }
        }
        for strategy in self.strategies {
            if history.tokens() <= self.budget {
                break;
            }
            work.apply(strategy, history);
        }
        work.done.tokens_after = history.tokens();
        let over = history.tokens().checked_sub(self.budget);
        work.done.over_budget = over.filter(|&over| over > 0);
        work.done
    }
}

/// A compaction at work.
struct Work<'a> {
    budget: u64,
    count: &'a dyn Fn(&str) -> u32,
    archive: Option<&'a mut dyn Archive>,
    done: Compacted,
}

impl Work<'_> {
    fn apply(&mut self, strategy: Strategy<'_>, history: &mut History) {
        let before = (self.done.dropped.len(), self.done.originals.len());
        let name = strategy.name();
        match strategy {
            Strategy::Window { first, last } => self.window(history, first, last),
            Strategy::DropOldest => {
                let trimmed = history.fit(self.budget);
                self.drop(trimmed.dropped);
                self.done.originals.extend(trimmed.originals);
            }
            Strategy::ClearResults {
                keep_last,
                min_tokens,
            } => self.clear_results(history, keep_last, min_tokens),
            Strategy::Duplicates { min_tokens } => self.duplicates(history, min_tokens),
            Strategy::HeadAndTail { max_tokens } => self.head_and_tail(history, max_tokens),
            Strategy::Extract { query, max_tokens } => self.extract(history, query, max_tokens),
            Strategy::CutLast => self.cut_last(history),
            Strategy::Relevance(by) => self.relevance(history, by),
            Strategy::Summarise {
                by,
                keep_last,
                max_tokens,
            } => self.summarise(history, by, keep_last, max_tokens),
        }
        history.keep_turns(&mut self.done.originals);
        self.done.steps.push(Step {
            strategy: name,
            dropped: self.done.dropped.len() - before.0,
            changed: self.done.originals.len() - before.1,
            tokens_after: history.tokens(),
        });
    }

    fn over(&self, history: &History) -> bool {
        history.tokens() > self.budget
    }

    fn count(&self, text: &str) -> u32 {
        (self.count)(text)
    }

    /// Lists messages as dropped, and archives them.
    fn drop(&mut self, messages: Vec<Message>) {
        for message in &messages {
            self.put(message);
        }
        match self.done.dropped.is_empty() {
            true => self.done.dropped = messages,
            false => self.done.dropped.extend(messages),
        }
    }

    /// Archives a message; the key to recall it by.
    fn put(&mut self, message: &Message) -> Option<String> {
        let key = self.archive.as_mut()?.put(message)?;
        self.done.keys.push(key.clone());
        Some(key)
    }
}

/// Whether a text stands for another one already: a reference, or a line for what was cleared.
fn is_stub(text: &str) -> bool {
    let marked = text.starts_with(duplicates::SAME) || text.starts_with(results::MARK);
    marked && text.ends_with(']') && text.len() <= LONGEST_STUB
}

/// How to have something again, for a reader.
fn recall(key: Option<&str>) -> String {
    key.map(|key| format!("; recall: {key}"))
        .unwrap_or_default()
}
