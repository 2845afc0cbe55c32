//! The first and the last messages.

use super::Work;
use crate::{History, Role};

impl Work<'_> {
    pub(super) fn window(&mut self, history: &mut History, first: usize, last: usize) {
        let keep = windowed(history, first, last);
        let dropped = history.retain_groups(|group| keep[group]);
        self.drop(dropped);
    }
}

/// Which groups stay: system messages, pinned ones, so many messages at both ends, and for the end to
/// begin with a question that question.
fn windowed(history: &History, first: usize, last: usize) -> Vec<bool> {
    let groups = history.groups();
    let mut keep: Vec<bool> = groups
        .iter()
        .map(|group| group.pinned || group.role == Role::System)
        .collect();
    let mut left = first;
    for (at, group) in groups.iter().enumerate() {
        if group.role == Role::System {
            continue;
        }
        if group.messages() > left {
            break;
        }
        left -= group.messages();
        keep[at] = true;
    }
    let mut left = last;
    for (at, group) in groups.iter().enumerate().rev() {
        let newest = at + 1 == groups.len();
        if group.messages() > left && !newest {
            break;
        }
        left = left.saturating_sub(group.messages());
        keep[at] = true;
    }
    open_with_user(history, &mut keep);
    keep
}

/// Where the rules want the user to begin: takes in the question before the first answer that stays,
/// or lets that answer go if there is none and it may.
pub(super) fn open_with_user(history: &History, keep: &mut [bool]) {
    if !history.rules().user_first {
        return;
    }
    let groups = history.groups();
    let speaks = |at: &usize| groups[*at].role != Role::System;
    let last = groups.len().saturating_sub(1);
    while let Some(first) = (0..groups.len()).filter(speaks).find(|&at| keep[at]) {
        if groups[first].role == Role::User {
            return;
        }
        let question = (0..first).rev().find(|&at| groups[at].role == Role::User);
        match question {
            Some(question) => keep[question] = true,
            None if groups[first].pinned || first == last => return,
            None => keep[first] = false,
        }
    }
}
