//! A conversation of `ask` steps, and how it is made to fit.

use std::sync::Arc;

use autoexec_memory_trimmer::{
    Archive, Compaction, History, HistoryIndex, Message, Relevance, Strategy, Thresholds,
};

use crate::caches::MessageArchive;
use crate::settings::Keep;
use crate::trace::Conversation;

/// What was said, and the words of it as far as they were needed.
#[derive(Debug, Clone, Default)]
pub(crate) struct Talk {
    pub(super) history: History,
    /// Follows the history from one trim to the next; copied by a trim only.
    index: Arc<HistoryIndex>,
}

/// What a question pushed out of its conversation.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Dropped {
    /// Messages.
    pub(super) count: usize,
    /// Keys by which the archive has them.
    pub(super) keys: Vec<String>,
    /// Messages and tokens with the question, before any were dropped.
    before: (usize, u64),
}

impl Dropped {
    /// What the question did to its conversation, which is `left` now.
    pub(super) fn said(&self, left: &Talk) -> Conversation {
        let count = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
        let question = left.history.messages().next_back();
        Conversation {
            question_tokens: question.map_or(0, Message::tokens),
            messages: count(self.before.0),
            tokens: self.before.1,
            kept_messages: count(left.history.len()),
            kept_tokens: left.history.tokens(),
            ..Conversation::default()
        }
    }
}

/// How conversations are kept in bounds.
pub(super) struct Bounds {
    pub(super) thresholds: Thresholds,
    pub(super) keep: Keep,
    pub(super) archive: Option<MessageArchive>,
}

impl Talk {
    /// Adds the question, and drops what its bounds leave no room for. What is left is in order and valid.
    pub(super) fn ask(&mut self, prompt: &str, mut bounds: Bounds) -> Dropped {
        self.history.push(Message::user(prompt));
        let mut dropped = Dropped {
            before: (self.history.len(), self.history.tokens()),
            ..Dropped::default()
        };
        if self.history.needs_trim(&bounds.thresholds).is_none() {
            return dropped;
        }
        if bounds.keep == Keep::Relevant {
            self.keep_relevant(prompt, &mut bounds, &mut dropped);
        }
        // Where small messages are the relevant ones, they may still be too many.
        let trimmed = self.history.trim(&bounds.thresholds);
        dropped.count += trimmed.dropped.len();
        if let Some(archive) = &mut bounds.archive {
            let gone = trimmed.dropped.iter().chain(&trimmed.originals);
            dropped.keys.extend(gone.filter_map(|it| archive.put(it)));
        }
        dropped
    }

    fn keep_relevant(&mut self, prompt: &str, bounds: &mut Bounds, dropped: &mut Dropped) {
        let by = Relevance::to(prompt).index(Arc::make_mut(&mut self.index));
        let mut compaction = Compaction::new(budget(&self.history, &bounds.thresholds))
            .with(Strategy::Relevance(by));
        if let Some(archive) = &mut bounds.archive {
            compaction = compaction.archive(archive);
        }
        let done = compaction.run(&mut self.history);
        dropped.count += done.dropped.len();
        dropped.keys.extend(done.keys);
    }
}

/// The tokens that a trim leaves: where there are too many messages, in proportion to those that may stay.
fn budget(history: &History, thresholds: &Thresholds) -> u64 {
    let (tokens, messages) = (history.tokens(), history.len());
    let mut budget = tokens;
    if messages >= thresholds.trigger_messages() {
        let share = thresholds.level_messages() as f64 / messages as f64;
        budget = (tokens as f64 * share) as u64;
    }
    if thresholds.max_tokens.is_some_and(|most| tokens > most) {
        budget = budget.min(thresholds.level_tokens().unwrap_or(budget));
    }
    budget
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bounds(keep: Keep, max_tokens: u64, archive: &MessageArchive) -> Bounds {
        let mut thresholds = Thresholds::production();
        thresholds.max_tokens = Some(max_tokens);
        Bounds {
            thresholds,
            keep,
            archive: Some(archive.clone()),
        }
    }

    /// A talk whose second exchange is about a cat, and the question for its name asked after so many others.
    fn asked(keep: Keep, others: usize, max_tokens: u64) -> (Talk, Dropped, MessageArchive) {
        let archive = MessageArchive::new(1 << 20);
        let mut talk = Talk::default();
        let mut say = |question: &str, answer: &str| {
            let dropped = talk.ask(question, bounds(keep, u64::MAX, &archive));
            assert_eq!(dropped.count, 0, "there is room");
            talk.history.push(Message::assistant(answer));
        };
        say("We keep a list of facts.", "Good.");
        say("My cat is called Minka.", "A fine name.");
        for n in 0..others {
            say(
                &format!("What is {n} times {n}?"),
                &format!("It is {}.", n * n),
            );
        }
        let dropped = talk.ask(
            "What is the name of my cat?",
            bounds(keep, max_tokens, &archive),
        );
        (talk, dropped, archive)
    }

    fn check(keep: Keep, others: usize, max_tokens: u64, knows: bool) {
        let (talk, dropped, archive) = asked(keep, others, max_tokens);
        assert_eq!(dropped.count + talk.history.len(), 2 * others + 5);
        assert!(dropped.count > 0 && dropped.keys.len() == dropped.count);
        assert!(dropped.keys.iter().all(|key| archive.recall(key).is_some()));
        assert_eq!(talk.history.validate(), Ok(()));
        assert!(talk.history.tokens() <= max_tokens);
        let texts: Vec<String> = (talk.history.messages()).map(|m| m.text().into()).collect();
        assert_eq!(
            texts.iter().any(|it| it.contains("Minka")),
            knows,
            "{texts:?}"
        );
        assert_eq!(
            texts.last().map(String::as_str),
            Some("What is the name of my cat?")
        );
    }

    #[test]
    fn relevant_keeps_what_the_question_needs_and_recent_what_was_said_last() {
        check(Keep::Recent, 100, 600, false);
        check(Keep::Relevant, 100, 600, true);
        // By the number of messages: 308 are too many, 241 may stay.
        check(Keep::Recent, 152, u64::MAX, false);
        check(Keep::Relevant, 152, u64::MAX, true);
    }

    /// The index follows the history over many trims: what it keeps is what a fresh one would.
    #[test]
    fn the_index_follows_from_trim_to_trim() {
        let archive = MessageArchive::new(1 << 20);
        let mut talk = Talk::default();
        let mut trims = 0;
        for n in 0..300 {
            let question = format!("subject{} and number {n} in some more words", n % 7);
            let mut fresh = Talk {
                history: talk.history.clone(),
                index: Arc::default(),
            };
            let dropped = talk.ask(&question, bounds(Keep::Relevant, 800, &archive));
            let again = fresh.ask(&question, bounds(Keep::Relevant, 800, &archive));
            assert_eq!(dropped.count, again.count);
            assert!(talk.history.messages().eq(fresh.history.messages()));
            trims += usize::from(dropped.count > 0);
            talk.history.push(Message::assistant(format!("answer {n}")));
        }
        assert!(trims > 3, "{trims}");
    }
}
