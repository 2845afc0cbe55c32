//! Changes in the middle of a history: groups taken out, messages edited, and texts that stand once
//! and are referred to.

use std::collections::{BTreeMap, HashMap, HashSet};

use crate::block::Block;
use crate::compact::{reference, what};
use crate::history::History;
use crate::{Message, Role};

/// A message: the number of the first message of its group, and which message of the group it is.
pub(crate) type Spot = (u64, u32);

/// Messages whose text stands in an earlier one, and was replaced by a reference to that: by the spot
/// of the earlier one. Of each its own spot and the message as it was, in order.
pub(crate) type Links = BTreeMap<Spot, Vec<(Spot, Message)>>;

impl History {
    /// Takes out every group that `keep` says no to, and returns their messages, oldest first.
    /// O(messages).
    pub(crate) fn retain_groups(&mut self, mut keep: impl FnMut(usize) -> bool) -> Vec<Message> {
        let flags: Vec<bool> = (0..self.groups().len()).map(&mut keep).collect();
        self.restore_going(|group| !flags[group]);
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

    /// The spot of a member of a group.
    pub(crate) fn spot(&self, group: usize, member: usize) -> Spot {
        (self.groups()[group].first, member as u32)
    }

    /// Notes that the text of a message stands in an earlier one; what it was.
    pub(crate) fn link(&mut self, source: Spot, target: Spot, original: Message) {
        let links = self.links.entry(source).or_default();
        links.push((target, original));
    }

    /// Gives texts back to messages whose source is gone. O(links + groups), when there are links.
    pub(crate) fn mend_links(&mut self) {
        if self.links.is_empty() {
            return;
        }
        let alive: HashSet<u64> = self.groups().iter().map(|group| group.first).collect();
        let starts = self.starts();
        for (source, mut links) in std::mem::take(&mut self.links) {
            links.retain(|(target, _)| alive.contains(&target.0));
            if !alive.contains(&source.0) {
                self.bequeath(links, &starts);
            } else if !links.is_empty() {
                self.links.insert(source, links);
            }
        }
    }

    /// Gives the text of a message that is about to lose it to those that refer to it.
    pub(crate) fn release(&mut self, source: Spot, starts: &[usize]) {
        if let Some(links) = self.links.remove(&source) {
            self.bequeath(links, starts);
        }
    }

    /// Gives a text to the first message that refers to it, and to each whose reference does not
    /// name that one; the others refer to it from now on.
    fn bequeath(&mut self, links: Vec<(Spot, Message)>, starts: &[usize]) {
        let mut heirs: HashMap<String, Spot> = HashMap::new();
        for (target, original) in links {
            let Some((group, at)) = self.find(target, starts) else {
                continue;
            };
            let line = self.message(at).text();
            if let Some(&heir) = heirs.get(&*line) {
                self.link(heir, target, original);
                continue;
            }
            self.replace(group, at, original);
            let own = reference(&what(self, starts[group], self.message(at)));
            heirs.entry(own).or_insert(target);
        }
    }

    /// The group and the index of a spot.
    fn find(&self, (number, member): Spot, starts: &[usize]) -> Option<(usize, usize)> {
        let group = (self.groups()).binary_search_by_key(&number, |group| group.first);
        let group = group.ok()?;
        Some((group, starts[group] + member as usize))
    }

    /// Gives every text back to the messages that refer to it: before all is numbered anew.
    pub(crate) fn restore_links(&mut self) {
        if self.links.is_empty() {
            return;
        }
        let starts = self.starts();
        for (target, original) in std::mem::take(&mut self.links).into_values().flatten() {
            if let Some((group, at)) = self.find(target, &starts) {
                self.replace(group, at, original);
            }
        }
    }

    /// Gives their texts back to messages of groups that are about to go: whoever gets them gets them
    /// whole. O(links + groups), when there are links.
    pub(crate) fn restore_going(&mut self, goes: impl Fn(usize) -> bool) {
        if self.links.is_empty() {
            return;
        }
        let starts = self.starts();
        let mut links = std::mem::take(&mut self.links);
        let going = |target: Spot| {
            self.find(target, &starts)
                .is_some_and(|(group, _)| goes(group))
        };
        let going = links
            .values_mut()
            .flat_map(|links| links.extract_if(.., |(target, _)| going(*target)));
        for (target, original) in going.collect::<Vec<_>>() {
            if let Some((group, at)) = self.find(target, &starts) {
                self.replace(group, at, original);
            }
        }
        links.retain(|_, links| !links.is_empty());
        self.links = links;
    }

    /// Puts a message behind the system messages at the head. O(messages).
    pub(crate) fn insert_behind_system(&mut self, message: Message) {
        let head = (self.groups().iter()).take_while(|group| group.role == Role::System);
        let head: usize = head.map(|group| group.messages()).sum();
        let starts = self.starts();
        let links = std::mem::take(&mut self.links);
        // Where they will be, as all is numbered anew.
        let index = |spot| self.find(spot, &starts).map_or(0, |(_, at)| at + 1);
        let links: Vec<(usize, usize, Message)> = (links.into_iter())
            .flat_map(|(source, links)| links.into_iter().map(move |link| (source, link)))
            .map(|(source, (target, original))| (index(source), index(target), original))
            .collect();
        let mut messages = self.take_all();
        messages.insert(head, message);
        self.extend(messages);
        let starts = self.starts();
        for (source, target, original) in links {
            let [source, target] = [source, target].map(|at| self.spot_at(at, &starts));
            self.link(source, target, original);
        }
    }

    /// The spot of the message at an index.
    fn spot_at(&self, at: usize, starts: &[usize]) -> Spot {
        let group = starts
            .partition_point(|&start| start <= at)
            .saturating_sub(1);
        self.spot(group, at - starts[group])
    }
}

/// `tokens · after / before`, rounded up, and all of `after` when there was nothing before.
pub(crate) fn scaled(tokens: u32, after: u32, before: u32) -> u32 {
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

    /// A text goes back to who refers to it, wherever that came to stand.
    #[test]
    fn references_hold_when_a_message_comes_before_them() {
        let mut history = History::with_messages([
            Message::system("rules"),
            Message::user("question"),
            Message::assistant("text"),
            Message::user("again"),
            Message::assistant("the same"),
            Message::user("and?"),
        ]);
        let (source, target) = (history.spot(2, 0), history.spot(4, 0));
        history.link(source, target, Message::assistant("text"));
        history.insert_behind_system(Message::user("summary"));
        history.retain_groups(|group| group != 3);
        let texts = history.messages().map(Message::text);
        assert!(texts.eq(["rules", "summary", "question", "again", "text", "and?"]));
    }
}
