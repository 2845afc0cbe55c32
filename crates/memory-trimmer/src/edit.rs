//! Changes in the middle of a history: groups taken out, messages edited, and texts that stand once
//! and are referred to.

use std::collections::{HashMap, HashSet};

use crate::block::Block;
use crate::history::History;
use crate::{Message, Role};

/// A message whose text stands in an earlier one, and was replaced by a reference to it.
#[derive(Debug, Clone)]
pub(crate) struct Link {
    /// The number of the first message of the group that has the text.
    pub(crate) source: u64,
    /// That of the group with the reference, and which message of it.
    pub(crate) target: (u64, usize),
    /// The message as it was.
    pub(crate) original: Message,
}

impl History {
    /// Takes out every group that `keep` says no to, and returns their messages, oldest first.
    /// O(messages).
    pub(crate) fn retain_groups(&mut self, mut keep: impl FnMut(usize) -> bool) -> Vec<Message> {
        let flags: Vec<bool> = (0..self.groups().len()).map(&mut keep).collect();
        let dropped = self.drain_groups(&flags);
        self.mend_links();
        self.give_back();
        dropped
    }

    /// Changes the message at an index, of a group, in place, and its tokens in the share by which
    /// `count` says that its text changed; returns it as it was. O(its text).
    pub(crate) fn edit(
        &mut self,
        group: usize,
        at: usize,
        count: &dyn Fn(&str) -> u32,
        change: impl FnOnce(&mut Vec<Block>),
    ) -> Message {
        let mut message = self.message(at).clone();
        let original = message.clone();
        let before = original.clone().counted(count).tokens();
        change(message.blocks_mut());
        message.recount(count);
        let tokens = scaled(original.tokens(), message.tokens(), before);
        self.replace(group, at, message.with_tokens(tokens));
        original
    }

    /// The index of the first message of each group. O(groups).
    pub(crate) fn starts(&self) -> Vec<usize> {
        let starts = self.groups().iter().scan(0, |next, group| {
            let start = *next;
            *next += group.messages();
            Some(start)
        });
        starts.collect()
    }

    /// Notes that a message's text stands in an earlier group.
    pub(crate) fn link(&mut self, link: Link) {
        self.links.push(link);
    }

    /// Gives texts back to messages whose source is gone: the first of them has it from now on, and
    /// the others refer to that. O(links + groups), when there are links.
    pub(crate) fn mend_links(&mut self) {
        if self.links.is_empty() {
            return;
        }
        let alive: HashSet<u64> = self.groups().iter().map(|group| group.first).collect();
        let mut restored = Vec::new();
        // Sources that are gone, and who has their text now.
        let mut heirs: HashMap<u64, u64> = HashMap::new();
        let links = std::mem::take(&mut self.links);
        for mut link in links
            .into_iter()
            .filter(|link| alive.contains(&link.target.0))
        {
            if alive.contains(&link.source) {
                self.links.push(link);
            } else if let Some(&heir) = heirs.get(&link.source) {
                link.source = heir;
                self.links.push(link);
            } else {
                heirs.insert(link.source, link.target.0);
                restored.push(link);
            }
        }
        self.restore(restored);
    }

    /// Gives every text back to the messages that refer to it: before all is numbered anew.
    pub(crate) fn restore_links(&mut self) {
        let links = std::mem::take(&mut self.links);
        self.restore(links);
    }

    fn restore(&mut self, links: Vec<Link>) {
        if links.is_empty() {
            return;
        }
        let starts = self.starts();
        for link in links {
            let (number, member) = link.target;
            let group = (self.groups()).binary_search_by_key(&number, |group| group.first);
            if let Ok(group) = group {
                self.replace(group, starts[group] + member, link.original);
            }
        }
    }

    /// Puts a message behind the system messages at the head.
    pub(crate) fn insert_behind_system(&mut self, message: Message) {
        let head = (self.groups().iter()).take_while(|group| group.role == Role::System);
        let head = head.map(|group| group.messages()).sum();
        let mut messages = self.take_all();
        messages.insert(head, message);
        self.extend(messages);
    }
}

/// `tokens · after / before`, rounded up, and all of `after` when there was nothing before.
fn scaled(tokens: u32, after: u32, before: u32) -> u32 {
    if before == 0 {
        return after;
    }
    let scaled = (u64::from(tokens) * u64::from(after)).div_ceil(u64::from(before));
    u32::try_from(scaled).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::estimate_tokens;

    #[test]
    fn an_edit_changes_the_tokens_in_proportion() {
        let text = "word ".repeat(100);
        let mut history = History::with_messages([
            Message::user("q"),
            Message::assistant(text.clone()).with_tokens(1_040),
        ]);
        let original = history.edit(1, 1, &estimate_tokens, |blocks| {
            blocks[0] = Block::text("word ".repeat(49));
        });
        assert_eq!(original.text(), text);
        let left = history.get(1).map_or(0, Message::tokens);
        assert!((500..560).contains(&left), "{left}");
        let sum: u64 = history.messages().map(|m| u64::from(m.tokens())).sum();
        assert_eq!(history.tokens(), sum);
    }

    /// A reference never outlives the text that it refers to.
    #[test]
    fn the_text_goes_to_the_first_reference_when_its_source_goes() {
        let texts = ["first", "same", "other", "same", "same"];
        let mut history: History = texts.into_iter().map(Message::user).collect();
        for target in [3, 4] {
            let original = history.edit(target, target, &estimate_tokens, |blocks| {
                blocks[0] = Block::text("see above");
            });
            let target = (target as u64, 0);
            history.link(Link {
                source: 1,
                target,
                original,
            });
        }
        let dropped = history.retain_groups(|group| group != 1);
        assert_eq!(dropped.len(), 1);
        let left: Vec<_> = history.messages().map(|m| m.text().into_owned()).collect();
        assert_eq!(left, ["first", "other", "same", "see above"]);
        history.retain_groups(|group| group != 2);
        let left: Vec<_> = history.messages().map(|m| m.text().into_owned()).collect();
        assert_eq!(left, ["first", "other", "same"]);
    }
}
