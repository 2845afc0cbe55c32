//! A conversation, in groups that are kept or dropped whole.

use std::collections::VecDeque;

use crate::block::Block;
use crate::edit::Links;
use crate::repair::{Case, Repair, mend};
use crate::validate::{has_late_result, is_misplaced};
use crate::waiting::{Place, Waiting, id_of_block};
use crate::{Level, Message, Role, Rules, Thresholds, Violation, validate_by};

/// Messages that are kept or dropped together: an assistant message that calls tools with the
/// results behind it, or a single message.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Group {
    pub(crate) tokens: u64,
    /// The number of its first message, counted from the first that was ever pushed.
    pub(crate) first: u64,
    count: u32,
    /// The role of the first message.
    pub(crate) role: Role,
    pub(crate) pinned: bool,
    /// Breaks a rule by itself, above all by a result that answers nothing, or a call whose result
    /// can no longer come.
    pub(crate) broken: bool,
}

impl Group {
    pub(crate) fn messages(&self) -> usize {
        self.count as usize
    }
}

/// A conversation that can be trimmed.
///
/// See the [crate documentation](crate) for what a trim keeps, costs and an example.
#[derive(Debug, Clone, Default)]
pub struct History {
    messages: VecDeque<Message>,
    groups: VecDeque<Group>,
    rules: Rules,
    /// The number of the next message.
    next: u64,
    tokens: u64,
    /// Groups that the user's messages make.
    users: usize,
    /// Groups that are broken.
    broken: usize,
    /// Calls of the last group without a result so far.
    waiting: Waiting,
    /// Texts that stand once and are referred to.
    pub(crate) links: Links,
}

impl History {
    /// An empty history under the rules that all APIs share.
    pub fn new() -> Self {
        History::default()
    }

    /// An empty history under the rules of one API.
    pub fn with_rules(rules: Rules) -> Self {
        History {
            rules,
            ..History::default()
        }
    }

    /// A history of these messages. O(messages).
    pub fn with_messages(messages: impl IntoIterator<Item = Message>) -> Self {
        messages.into_iter().collect()
    }

    /// Appends a message. O(its blocks).
    pub fn push(&mut self, message: Message) {
        self.tokens += u64::from(message.tokens());
        if message.brings_results() {
            self.push_results(&message);
        } else if self.continues(&message) {
            self.join_last(&message);
        } else {
            self.open_group(&message);
        }
        if self.is_broken_alone(&message) {
            self.break_last();
        }
        self.next += 1;
        self.messages.push_back(message);
    }

    /// The number of messages.
    pub fn len(&self) -> usize {
        self.messages.len()
    }

    /// Whether there is no message.
    pub fn is_empty(&self) -> bool {
        self.messages.is_empty()
    }

    /// The tokens of all messages. O(1).
    pub fn tokens(&self) -> u64 {
        self.tokens
    }

    /// The messages, oldest first.
    pub fn messages(&self) -> impl DoubleEndedIterator<Item = &Message> + ExactSizeIterator {
        self.messages.iter()
    }

    /// The messages as the two slices they are stored in, oldest first.
    pub fn as_slices(&self) -> (&[Message], &[Message]) {
        self.messages.as_slices()
    }

    /// The message at an index, from 0 for the oldest.
    pub fn get(&self, index: usize) -> Option<&Message> {
        self.messages.get(index)
    }

    /// The messages, taken out.
    pub fn into_messages(self) -> Vec<Message> {
        self.messages.into()
    }

    /// The rules that it keeps.
    pub fn rules(&self) -> &Rules {
        &self.rules
    }

    /// Checks the history against its rules: [`validate_by`] of its messages.
    ///
    /// # Errors
    ///
    /// Every violation.
    pub fn validate(&self) -> Result<(), Vec<Violation>> {
        validate_by(&self.rules, &self.messages)
    }

    /// Whether a trim is due, and how urgently. O(1).
    pub fn needs_trim(&self, thresholds: &Thresholds) -> Option<Level> {
        let above = |limit: Option<u64>| limit.is_some_and(|limit| self.tokens > limit);
        if self.len() < thresholds.trigger_messages() && !above(thresholds.max_tokens) {
            return None;
        }
        let emergency =
            self.len() >= thresholds.emergency_messages() || above(thresholds.emergency_tokens());
        Some(match emergency {
            true => Level::Emergency,
            false => Level::Trim,
        })
    }

    pub(crate) fn groups(&self) -> &VecDeque<Group> {
        &self.groups
    }

    pub(crate) fn users(&self) -> usize {
        self.users
    }

    pub(crate) fn is_broken(&self) -> bool {
        self.broken > 0
    }

    /// Takes out the groups before `cut` except those in `keep`, which is sorted.
    /// O(groups before the cut).
    pub(crate) fn take_before(&mut self, cut: usize, keep: &[usize]) -> Vec<Message> {
        let mut count = 0;
        for at in 0..cut {
            let group = self.groups[at];
            count += group.messages();
            self.count_out(&group);
        }
        let mut oldest = self.split_oldest(count);
        let leading = keep
            .iter()
            .enumerate()
            .take_while(|(n, at)| n == *at)
            .count();
        let first: usize = self.groups.range(..leading).map(Group::messages).sum();
        let mut kept: Vec<Message> = oldest.drain(..first).collect();
        let mut oldest = Vec::from(oldest);
        if keep.len() > leading {
            let stays = |at: usize| keep[leading..].binary_search(&at).is_ok();
            let of_group = |at: usize| std::iter::repeat_n(stays(at), self.groups[at].messages());
            let mut flags = (leading..cut).flat_map(of_group);
            kept.extend(oldest.extract_if(.., |_| flags.next() == Some(true)));
        }
        let groups: Vec<Group> = keep.iter().map(|&at| self.groups[at]).collect();
        self.groups.drain(..cut);
        for group in groups.into_iter().rev() {
            self.count_in(&group);
            self.groups.push_front(group);
        }
        (kept.into_iter().rev()).for_each(|message| self.messages.push_front(message));
        oldest
    }

    /// Takes out the groups whose flag is not set. O(messages).
    pub(crate) fn drain_groups(&mut self, keep: &[bool]) -> Vec<Message> {
        let groups = std::mem::take(&mut self.groups);
        let mut messages = std::mem::take(&mut self.messages).into_iter();
        let mut dropped = Vec::new();
        for (group, &stays) in groups.into_iter().zip(keep) {
            let members = messages.by_ref().take(group.messages());
            if stays {
                self.messages.extend(members);
                self.groups.push_back(group);
            } else {
                dropped.extend(members);
                self.count_out(&group);
            }
        }
        if keep.last() == Some(&false) {
            self.waiting.clear();
        }
        dropped
    }

    /// The numbers of the messages, ascending.
    pub(crate) fn numbers(&self) -> impl Iterator<Item = u64> {
        let of_group = |group: &Group| group.first..group.first + u64::from(group.count);
        self.groups.iter().flat_map(of_group)
    }

    pub(crate) fn message(&self, at: usize) -> &Message {
        &self.messages[at]
    }

    /// Puts a message in place of one with the same calls, results and pin.
    pub(crate) fn replace(&mut self, group: usize, at: usize, message: Message) {
        let (old, new) = (self.messages[at].tokens(), message.tokens());
        let group = &mut self.groups[group];
        group.tokens = group.tokens - u64::from(old) + u64::from(new);
        self.tokens = self.tokens - u64::from(old) + u64::from(new);
        self.messages[at] = message;
    }

    /// Gives room back that three quarters of are not used. O(messages left), which are fewer than
    /// those that left the room.
    pub(crate) fn give_back(&mut self) {
        let idle = |len: usize, capacity: usize| capacity > 64 && len < capacity / 4;
        if idle(self.messages.len(), self.messages.capacity()) {
            self.messages.shrink_to(self.messages.len() * 2);
        }
        if idle(self.groups.len(), self.groups.capacity()) {
            self.groups.shrink_to(self.groups.len() * 2);
        }
    }

    /// The oldest messages, split off by moving the smaller side.
    fn split_oldest(&mut self, count: usize) -> VecDeque<Message> {
        if count <= self.messages.len() / 2 {
            return self.messages.drain(..count).collect();
        }
        let newest = self.messages.split_off(count);
        std::mem::replace(&mut self.messages, newest)
    }

    fn count_out(&mut self, group: &Group) {
        self.tokens -= group.tokens;
        self.users -= usize::from(group.role == Role::User);
        self.broken -= usize::from(group.broken);
    }

    fn count_in(&mut self, group: &Group) {
        self.tokens += group.tokens;
        self.users += usize::from(group.role == Role::User);
        self.broken += usize::from(group.broken);
    }

    /// Takes out all messages; the rules stay, and numbers go on from where they were.
    pub(crate) fn take_all(&mut self) -> Vec<Message> {
        self.restore_links();
        let mut empty = History::with_rules(self.rules);
        empty.next = self.next;
        std::mem::replace(self, empty).messages.into()
    }

    /// Mends groups that break a rule by themselves; what is pinned stays as it is. O(messages).
    pub(crate) fn mend(&mut self, how: Repair) -> Mended {
        let rules = self.rules;
        self.restore_links();
        let mut whole = History::with_rules(rules);
        whole.next = self.next;
        std::mem::swap(self, &mut whole);
        let last = whole.groups.len().saturating_sub(1);
        let mut messages = whole.messages.into_iter();
        let mut mended = Mended::default();
        for (at, group) in whole.groups.into_iter().enumerate() {
            let mut members: Vec<Message> = messages.by_ref().take(group.messages()).collect();
            if group.broken {
                let (pinned, last) = (group.pinned, at == last);
                mend(
                    &mut members,
                    &Case {
                        rules,
                        how,
                        pinned,
                        last,
                    },
                    &mut mended,
                );
            }
            members.into_iter().for_each(|message| self.push(message));
        }
        mended
    }

    /// Whether a message of the assistant goes on with the group of the one before it: behind mere
    /// reasoning, or behind calls without results where the rules let the assistant go on.
    fn continues(&self, message: &Message) -> bool {
        let Some(last) = self.messages.back() else {
            return false;
        };
        let open = self.rules.assistant_runs && !self.waiting.is_empty();
        let both = message.role() == Role::Assistant && last.role() == Role::Assistant;
        both && (open || last.only_reasons())
    }

    fn is_broken_alone(&self, message: &Message) -> bool {
        let blocks = message.blocks();
        if let [Block::Text(text)] = blocks {
            return self.rules.non_blank && text.text.trim().is_empty();
        }
        blocks.iter().any(|b| is_misplaced(b, message.role()))
            || (self.rules.results_first && has_late_result(blocks))
            || (self.rules.non_blank && message.is_blank())
    }

    /// A message that neither answers nor goes on ends the group before it.
    fn open_group(&mut self, message: &Message) {
        let reasons = |last: &Message| self.rules.reasoning_followed && last.only_reasons();
        if !self.waiting.is_empty() || self.messages.back().is_some_and(reasons) {
            self.break_last();
        }
        self.waiting.clear();
        if message.role() == Role::Assistant {
            self.waiting.open(0, message.blocks(), |_| "");
        }
        self.users += usize::from(message.role() == Role::User);
        self.groups.push_back(Group {
            count: 1,
            first: self.next,
            tokens: u64::from(message.tokens()),
            role: message.role(),
            pinned: message.is_pinned(),
            broken: false,
        });
    }

    fn join_last(&mut self, message: &Message) {
        let Some(group) = self.groups.back_mut() else {
            return;
        };
        if message.role() == Role::Assistant {
            let members = (self.messages.len() - group.messages(), &self.messages);
            let id = |place| call_id(members, place);
            self.waiting.open(group.messages(), message.blocks(), id);
        }
        group.count += 1;
        group.tokens += u64::from(message.tokens());
        group.pinned |= message.is_pinned();
    }

    fn push_results(&mut self, message: &Message) {
        let joins = |group: &Group| matches!(group.role, Role::Assistant | Role::Tool);
        if !self.groups.back().is_some_and(joins) {
            self.open_group(message);
            // A user's message with results that answer nothing speaks all the same.
            self.break_last();
            return;
        }
        let start = self.messages.len() - self.groups.back().map_or(0, Group::messages);
        let idle = |last: &Message| self.rules.reasoning_followed && last.only_reasons();
        let mut orphan =
            message.results().next().is_none() || self.messages.back().is_some_and(idle);
        for result in message.results() {
            let id = |place| call_id((start, &self.messages), place);
            orphan |= !self.waiting.answer(&result.call_id, id);
        }
        self.join_last(message);
        if orphan {
            self.break_last();
        }
    }

    fn break_last(&mut self) {
        if let Some(group) = self.groups.back_mut().filter(|group| !group.broken) {
            group.broken = true;
            self.broken += 1;
        }
    }
}

impl Extend<Message> for History {
    fn extend<T: IntoIterator<Item = Message>>(&mut self, messages: T) {
        messages.into_iter().for_each(|message| self.push(message));
    }
}

impl FromIterator<Message> for History {
    fn from_iter<T: IntoIterator<Item = Message>>(messages: T) -> Self {
        let mut history = History::new();
        history.extend(messages);
        history
    }
}

/// The id of a call of the group that starts at an index.
fn call_id((start, messages): (usize, &VecDeque<Message>), (member, block): Place) -> &str {
    id_of_block(&messages[start + member as usize].blocks()[block as usize])
}

/// What mending changed.
#[derive(Debug, Default)]
pub(crate) struct Mended {
    /// Messages taken out.
    pub(crate) dropped: Vec<Message>,
    /// Messages that lost blocks or changed their order, as they were.
    pub(crate) originals: Vec<Message>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ToolCall;

    fn calls(ids: &[&str]) -> Message {
        let call = |id: &&str| ToolCall::new(*id, "read", "{}");
        Message::assistant_calls("", ids.iter().map(call).collect())
    }

    /// The number of messages of each group, negative where it is broken.
    fn check(messages: &[Message], expect: &[isize]) {
        let history = History::with_messages(messages.to_vec());
        let shape = |g: &Group| g.count as isize * if g.broken { -1 } else { 1 };
        let shapes: Vec<isize> = history.groups.iter().map(shape).collect();
        assert_eq!(shapes, expect);
        let broken = expect.iter().filter(|&&group| group < 0).count();
        assert_eq!(history.broken, broken);
    }

    #[test]
    fn sizes_are_as_documented() {
        let sizes = (size_of::<Message>(), size_of::<Block>(), size_of::<Group>());
        assert_eq!(sizes, (112, 72, 24));
    }

    #[test]
    fn calls_and_their_results_are_one_group() {
        let [a, b] = ["1", "2"].map(|id| Message::tool(id, "result"));
        check(
            &[Message::user("u"), calls(&["1", "2"]), b.clone(), a.clone()],
            &[1, 3],
        );
        check(
            &[Message::user("u"), calls(&["1", "2"]), b.clone()],
            &[1, 2],
        );
        check(
            &[calls(&["1", "2"]), b.clone(), Message::user("u")],
            &[-2, 1],
        );
        check(
            &[a.clone(), b.clone(), Message::user("u"), a.clone()],
            &[-2, 1, -1],
        );
        check(&[calls(&["1"]), b.clone(), a.clone(), a.clone()], &[-4]);
        check(&[Message::assistant("no call"), a], &[-2]);
    }

    /// After any trim the counts are those of a history built from what is left.
    #[test]
    fn counts_stay_right() {
        let orphan = || Message::tool("1", "orphan");
        let mut history = History::new();
        for n in 0..40 {
            history.push(Message::user("question"));
            history.push(calls(&["1"]));
            history.push(Message::tool("1", "result"));
            history.extend((n % 5 == 0).then(|| orphan().pin()));
            history.extend((n % 7 == 0).then(orphan));
        }
        for max in (0..history.tokens()).rev().step_by(97) {
            history.fit(max);
            let fresh = History::with_messages(history.messages().cloned());
            let counts = |h: &History| (h.tokens, h.users, h.broken, h.groups.len());
            assert_eq!(counts(&history), counts(&fresh), "at {max}");
        }
    }

    #[test]
    fn repair_takes_out_what_is_broken_and_only_that() {
        let [a, b] = ["1", "2"].map(|id| Message::tool(id, "result"));
        let mut history = History::with_messages([
            Message::user("u"),
            calls(&["1"]),
            b.clone(),
            a.clone(),
            calls(&["1", "2"]),
            b.clone(),
            Message::assistant("spoken"),
            a.clone(),
            calls(&["1", "2"]).pin(),
            Message::user("v"),
            b.clone().pin(),
            calls(&["1", "2"]),
            a.clone(),
            a.clone(),
        ]);
        let dropped = history.mend(Repair::Drop).dropped;
        let expect = [
            b.clone(),
            calls(&["1", "2"]),
            b.clone(),
            a.clone(),
            a.clone(),
        ];
        assert_eq!(dropped, expect);
        let left: Vec<Message> = history.messages().cloned().collect();
        let expect = [
            Message::user("u"),
            calls(&["1"]),
            a.clone(),
            Message::assistant("spoken"),
            calls(&["1", "2"]).pin(),
            Message::user("v"),
            b.pin(),
            calls(&["1", "2"]),
            a,
        ];
        assert_eq!(left, expect);
    }
}
