//! The messages that a question needs.

use super::Work;
use super::window::open_with_user;
use crate::relevance::{Item, Weights, fuse, select};
use crate::{History, HistoryIndex, Message, Role};

/// How similar a message is to the question.
type Similar<'a> = &'a dyn Fn(&Message) -> f32;

/// How messages are chosen for a question.
///
/// ```
/// use autoexec_memory_trimmer::{Compaction, History, Message, Relevance, Strategy};
///
/// let mut history = History::new();
/// history.push(Message::user("My cat is called Minka."));
/// history.push(Message::assistant("A fine name."));
/// for n in 0..50 {
///     history.push(Message::user(format!("What is {n} times {n}?")));
///     history.push(Message::assistant(format!("It is {}.", n * n)));
/// }
/// let by = Relevance::to("What is the name of my cat?");
/// Compaction::new(120).with(Strategy::Relevance(by)).run(&mut history);
/// assert!(history.tokens() <= 120);
/// assert!(history.messages().any(|message| message.text().contains("Minka")));
/// ```
pub struct Relevance<'a> {
    query: &'a str,
    weights: Weights,
    index: Option<&'a mut HistoryIndex>,
    similar: Option<(Similar<'a>, f32)>,
    keep_task: bool,
}

impl<'a> Relevance<'a> {
    /// What has to do with this question.
    pub fn to(query: &'a str) -> Self {
        Relevance {
            query,
            weights: Weights::default(),
            index: None,
            similar: None,
            keep_task: true,
        }
    }

    /// Looks messages up in this index, which is brought up to date; without one they are read anew:
    /// O(all text).
    #[must_use]
    pub fn index(mut self, index: &'a mut HistoryIndex) -> Self {
        self.index = Some(index);
        self
    }

    /// Weighs by these.
    #[must_use]
    pub fn weights(mut self, weights: Weights) -> Self {
        self.weights = weights;
        self
    }

    /// Mixes in, by a weight from 0 to 1, how similar each message is to the question: the cosine of
    /// embeddings, as a rule. See [`fuse`].
    #[must_use]
    pub fn similar(mut self, similar: &'a dyn Fn(&Message) -> f32, weight: f32) -> Self {
        self.similar = Some((similar, weight));
        self
    }

    /// Whether the user's first message, the task, stays if it takes at most half the budget: yes,
    /// unless told otherwise.
    #[must_use]
    pub fn keep_task(mut self, keep: bool) -> Self {
        self.keep_task = keep;
        self
    }

    fn scores(&mut self, history: &History, budget: u64) -> Vec<f32> {
        let mut fresh = HistoryIndex::new();
        let index = match &mut self.index {
            Some(index) => index,
            None => &mut fresh,
        };
        index.update(history);
        let mut scores = Vec::new();
        index.scores(self.query, budget, &self.weights, &mut scores);
        if let Some((similar, weight)) = self.similar {
            let external: Vec<f32> = history.messages().map(similar).collect();
            fuse(&mut scores, &external, weight);
        }
        scores
    }
}

/// How often messages are chosen anew where texts came back to those that referred to them.
const ROUNDS: usize = 8;

impl Work<'_> {
    pub(super) fn relevance(&mut self, history: &mut History, mut by: Relevance<'_>) {
        if history.rules().alternate {
            history.restore_links(); // Joining turns would, behind the choice.
        }
        for round in 0.. {
            let keep = chosen(history, &mut by, self.budget);
            let dropped = history.retain_groups(|group| keep[group]);
            let done = dropped.is_empty();
            self.drop(dropped);
            if done || !self.over(history) {
                return;
            }
            if round == ROUNDS {
                history.restore_links();
            }
        }
    }
}

/// Which groups stay.
fn chosen(history: &History, by: &mut Relevance<'_>, budget: u64) -> Vec<bool> {
    let scores = by.scores(history, budget);
    let mut must: Vec<usize> = Vec::new();
    must.extend(by.keep_task.then(|| task(history, budget)).flatten());
    loop {
        let items = items(history, &scores, &must);
        let mut keep = vec![false; history.groups().len()];
        for at in select(&items, budget, &by.weights).keep {
            if let Some(group) = items[at].group {
                keep[group as usize] = true;
            }
        }
        let opener = open_within(history, &mut keep, budget);
        match opener.filter(|opener| !must.contains(opener)) {
            Some(opener) if tokens(history, &keep) > budget => must.push(opener),
            _ => return keep,
        }
    }
}

/// The tokens of the groups that stay.
fn tokens(history: &History, keep: &[bool]) -> u64 {
    let groups = history.groups().iter().zip(keep);
    let kept = groups.filter(|(_, keep)| **keep);
    kept.map(|(group, _)| group.tokens).sum()
}

/// Each message with its score; groups stay whole, and what must stay does.
fn items(history: &History, scores: &[f32], must: &[usize]) -> Vec<Item> {
    let groups = history.groups();
    let last = groups.len().saturating_sub(1);
    let of_group = groups.iter().enumerate().flat_map(|(at, group)| {
        let stays = group.pinned || group.role == Role::System || at == last || must.contains(&at);
        std::iter::repeat_n((at as u32, stays), group.messages())
    });
    let messages = history.messages().zip(scores).zip(of_group);
    let item = |((message, &score), (group, stays)): ((&Message, &f32), (u32, bool))| {
        let item = Item::new(score, message.tokens()).in_group(group);
        if stays { item.required() } else { item }
    };
    messages.map(item).collect()
}

/// The user's first message, if it leaves room for others.
fn task(history: &History, budget: u64) -> Option<usize> {
    let groups = history.groups();
    let first = groups.iter().position(|group| group.role == Role::User)?;
    (groups[first].tokens <= budget / 2).then_some(first)
}

/// Where the rules want the user to begin: answers before the first question go while the question
/// to them does not fit. The question that came to stay, if one did.
fn open_within(history: &History, keep: &mut [bool], budget: u64) -> Option<usize> {
    if !history.rules().user_first || history.users() == 0 {
        return None;
    }
    let groups = history.groups();
    let mut tokens = tokens(history, keep);
    let last = groups.len().saturating_sub(1);
    let mut question = None;
    for at in 0..groups.len() {
        let group = groups[at];
        if group.role == Role::User {
            question = Some(at);
        }
        if !keep[at] || group.role == Role::System {
            continue;
        }
        let fits = question.is_some_and(|q: usize| tokens + groups[q].tokens <= budget);
        if group.role == Role::User || fits || group.pinned || at == last {
            break;
        }
        keep[at] = false;
        tokens -= group.tokens;
    }
    open_with_user(history, keep)
}
