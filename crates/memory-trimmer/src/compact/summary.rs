//! The oldest messages give way to a summary of them.

use super::Work;
use crate::{History, Message, Role};

/// Writes a summary of messages: a model, or whoever can.
pub trait Summarise {
    /// A summary of at most so many tokens.
    ///
    /// # Errors
    ///
    /// Why there is none; the history then stays as it is, and the next strategy has its turn.
    fn summarise(
        &mut self,
        messages: &[&Message],
        max_tokens: u32,
    ) -> Result<String, Box<dyn std::error::Error + Send + Sync>>;
}

impl<S: Summarise + ?Sized> Summarise for &mut S {
    fn summarise(
        &mut self,
        messages: &[&Message],
        max_tokens: u32,
    ) -> Result<String, Box<dyn std::error::Error + Send + Sync>> {
        (**self).summarise(messages, max_tokens)
    }
}

/// How a message begins that is a summary.
const MARK: &str = "[summary of";

impl Work<'_> {
    pub(super) fn summarise(
        &mut self,
        history: &mut History,
        mut by: Box<dyn Summarise + '_>,
        keep_last: usize,
        max_tokens: u32,
    ) {
        let goes = self.to_summarise(history, keep_last, max_tokens);
        let starts = history.starts();
        let members =
            |group: usize| starts[group]..starts[group] + history.groups()[group].messages();
        let indices = (0..goes.len()).filter(|&at| goes[at]).flat_map(members);
        let messages: Vec<&Message> = indices.map(|at| history.message(at)).collect();
        if messages.len() < 2 {
            return;
        }
        let summary = match by.summarise(&messages, max_tokens) {
            Ok(summary) if !summary.trim().is_empty() => summary,
            Ok(_) => return self.problem("the summary is blank"),
            Err(error) => return self.problem(&error.to_string()),
        };
        let tokens: u64 = messages.iter().map(|m| u64::from(m.tokens())).sum();
        let text = format!("{MARK} {} earlier messages]\n{summary}", messages.len());
        let message = Message::user(text).counted(self.count);
        if u64::from(message.tokens()) >= tokens {
            return self.problem("the summary is not shorter than what it sums up");
        }
        let dropped = history.retain_groups(|group| !goes[group]);
        self.drop(dropped);
        history.insert_behind_system(message);
    }

    fn problem(&mut self, what: &str) {
        (self.done.problems).push(format!("failed to summarise: {what}"));
    }

    /// The oldest groups, as many as must go for the rest and a summary to fit; not the last
    /// messages. What follows them begins with the user, where it can.
    fn to_summarise(&self, history: &History, keep_last: usize, max_tokens: u32) -> Vec<bool> {
        let groups = history.groups();
        let mut goes = vec![false; groups.len()];
        let mut left = history.tokens() + u64::from(max_tokens);
        let mut behind = history.len();
        let last = groups.len().saturating_sub(1);
        for (at, group) in groups.iter().enumerate().take(last) {
            behind -= group.messages();
            if behind < keep_last || left <= self.budget {
                break;
            }
            if !group.pinned && group.role != Role::System {
                goes[at] = true;
                left -= group.tokens;
            }
        }
        goes
    }
}
