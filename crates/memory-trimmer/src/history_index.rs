//! The words of a history's messages, kept up to date.

use std::borrow::Cow;

use crate::relevance::{Document, Index, Speaker, Weights};
use crate::{History, Message, Role};

/// What [`Strategy::Relevance`](crate::Strategy::Relevance) looks messages up in: an [`Index`] that
/// follows one history.
///
/// A message is read once, when it is first seen; what is cut out of it later is still found. Bringing
/// it up to date costs O(messages) comparisons of numbers, and O(words) of what is new or gone.
#[derive(Debug, Clone, Default)]
pub struct HistoryIndex {
    index: Index,
    /// The number of the message of each document.
    numbers: Vec<u64>,
}

impl HistoryIndex {
    /// An index of nothing.
    pub fn new() -> Self {
        HistoryIndex::default()
    }

    /// Takes in what is new in a history, and out what is gone; always of the same history.
    pub fn update(&mut self, history: &History) {
        let mut left = history.numbers().peekable();
        let stays = |number: &u64| {
            while left.next_if(|at| at < number).is_some() {}
            left.peek() == Some(number)
        };
        let flags: Vec<bool> = self.numbers.iter().map(stays).collect();
        if flags.contains(&false) {
            self.index.retain(|at| flags[at]);
            let mut flags = flags.into_iter();
            self.numbers.retain(|_| flags.next() == Some(true));
        }
        let known = self.numbers.len();
        for (number, message) in history.numbers().zip(history.messages()).skip(known) {
            self.numbers.push(number);
            self.index.push(document(message, &text(message)));
        }
    }

    /// How much each message of the history last seen has to do with a query: as [`Index::scores`].
    pub fn scores(&self, query: &str, budget: u64, weights: &Weights, scores: &mut Vec<f32>) {
        self.index.scores(query, budget, weights, scores);
    }

    /// The number of messages.
    pub fn len(&self) -> usize {
        self.numbers.len()
    }

    /// Whether there is no message.
    pub fn is_empty(&self) -> bool {
        self.numbers.is_empty()
    }
}

fn document<'a>(message: &Message, text: &'a str) -> Document<'a> {
    Document::new(text, message.tokens()).by(match message.role() {
        Role::User => Speaker::User,
        Role::Assistant => Speaker::Assistant,
        Role::System | Role::Tool => Speaker::Other,
    })
}

/// All that a message says, calls and results included.
fn text(message: &Message) -> Cow<'_, str> {
    let mut all = Cow::Borrowed("");
    message.each_text(|text| match all.is_empty() {
        true => all = Cow::Borrowed(text),
        false => {
            let all = all.to_mut();
            all.push('\n');
            all.push_str(text);
        }
    });
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whatever was pushed and dropped, scores are those of an index made anew.
    #[test]
    fn it_follows_the_history() {
        let say = |n: usize| Message::user(format!("subject{} and {n} more words", n % 7));
        let mut history: History = (0..20).map(say).collect();
        let mut index = HistoryIndex::new();
        let check = |index: &mut HistoryIndex, history: &History| {
            index.update(history);
            let mut fresh = HistoryIndex::new();
            fresh.update(history);
            let scores = |index: &HistoryIndex| {
                let mut scores = Vec::new();
                index.scores("subject3", 100, &Weights::default(), &mut scores);
                scores
            };
            assert_eq!(scores(index), scores(&fresh));
            assert_eq!(index.len(), history.len());
        };
        check(&mut index, &history);
        history.retain_groups(|group| group % 3 > 0);
        history.extend((20..30).map(say));
        check(&mut index, &history);
        history.fit(history.tokens() / 2);
        check(&mut index, &history);
        history.insert_behind_system(Message::user("in front"));
        check(&mut index, &history);
        history.retain_groups(|_| false);
        check(&mut index, &history);
        assert!(index.is_empty());
    }
}
