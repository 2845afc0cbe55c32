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
/// or lets that answer go if there is none and it may; not where nobody asks at all. The question that was taken in.
pub(super) fn open_with_user(history: &History, keep: &mut [bool]) -> Option<usize> {
    if !history.rules().user_first || history.users() == 0 {
        return None;
    }
    let groups = history.groups();
    let last = groups.len().saturating_sub(1);
    let mut question = None;
    for (at, group) in groups.iter().enumerate() {
        if group.role == Role::User {
            question = Some(at);
        }
        if !keep[at] || group.role == Role::System {
            continue;
        }
        match question {
            Some(question) if keep[question] => return None,
            Some(question) => {
                keep[question] = true;
                return Some(question);
            }
            None if group.pinned || at == last => return None,
            None => keep[at] = false,
        }
    }
    None
}
