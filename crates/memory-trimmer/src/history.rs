//! A conversation, in groups that are kept or dropped whole.

use std::collections::VecDeque;

use crate::validate::Waiting;
use crate::{Level, Message, Role, Thresholds, Violation, validate};

/// Messages that are kept or dropped together: an assistant message that calls tools with the
/// results behind it, or a single message.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Group {
    pub(crate) tokens: u64,
    count: u32,
    /// The role of the first message.
    pub(crate) role: Role,
    pub(crate) pinned: bool,
    /// Holds a result that answers nothing, or a call whose result can no longer come.
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
    tokens: u64,
    /// Groups that the user's messages make.
    users: usize,
    /// Groups that are broken.
    broken: usize,
    /// Calls of the last group's first message without a result so far.
    waiting: Waiting,
}

impl History {
    /// An empty history.
    pub fn new() -> Self {
        History::default()
    }

    /// A history of these messages. O(messages).
    pub fn with_messages(messages: impl IntoIterator<Item = Message>) -> Self {
        messages.into_iter().collect()
    }

    /// Appends a message. O(1); a tool's result costs the number of calls that it is one of.
    pub fn push(&mut self, message: Message) {
        self.tokens += u64::from(message.tokens());
        match message.role {
            Role::Tool => self.push_result(&message),
            _ => self.open_group(&message),
        }
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

    /// Checks the history against the rules of the chat APIs: [`validate`] of its messages.
    ///
    /// # Errors
    ///
    /// Every violation.
    pub fn validate(&self) -> Result<(), Vec<Violation>> {
        validate(&self.messages)
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

    /// Takes out results that answer nothing, and calls whose results can no longer come together
    /// with the results they have. What is pinned stays as it is. O(messages).
    pub(crate) fn repair(&mut self) -> Vec<Message> {
        let whole = std::mem::take(self);
        let last = whole.groups.len().saturating_sub(1);
        let mut messages = whole.messages.into_iter();
        let mut dropped = Vec::new();
        for (at, group) in whole.groups.into_iter().enumerate() {
            let mut members: Vec<Message> = messages.by_ref().take(group.messages()).collect();
            if group.broken {
                dropped.extend(repaired(&mut members, group.pinned, at == last));
            }
            members.into_iter().for_each(|message| self.push(message));
        }
        dropped
    }

    /// A message that is no tool's result ends the group before it.
    fn open_group(&mut self, message: &Message) {
        let unanswered = !self.waiting.is_empty();
        if let Some(last) = self
            .groups
            .back_mut()
            .filter(|last| unanswered && !last.broken)
        {
            last.broken = true;
            self.broken += 1;
        }
        match message.role {
            Role::Assistant => self.waiting.open(&message.tool_calls),
            _ => self.waiting.clear(),
        }
        self.users += usize::from(message.role == Role::User);
        self.groups.push_back(Group {
            count: 1,
            tokens: u64::from(message.tokens()),
            role: message.role,
            pinned: message.pinned,
            broken: false,
        });
    }

    fn push_result(&mut self, message: &Message) {
        let joins = |group: &&mut Group| matches!(group.role, Role::Assistant | Role::Tool);
        let Some(group) = self.groups.back_mut().filter(joins) else {
            self.open_group(message);
            self.break_last();
            return;
        };
        let caller = &self.messages[self.messages.len() - group.messages()];
        let orphan = !self.waiting.answer(&caller.tool_calls, message);
        group.count += 1;
        group.tokens += u64::from(message.tokens());
        group.pinned |= message.pinned;
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

/// Takes what is broken out of the messages of one group, and returns it. The last group's calls may
/// still be answered.
fn repaired(members: &mut Vec<Message>, pinned: bool, last: bool) -> Vec<Message> {
    let calls = members[0].tool_calls.clone();
    let mut waiting = Waiting::default();
    let is_call = members[0].role == Role::Assistant;
    if is_call {
        waiting.open(&calls);
    }
    let mut first = is_call;
    let is_orphan = |message: &Message| {
        let caller = std::mem::take(&mut first);
        !caller && !waiting.answer(&calls, message)
    };
    let orphans: Vec<bool> = members.iter().map(is_orphan).collect();
    if !waiting.is_empty() && !last && !pinned {
        return std::mem::take(members);
    }
    let mut orphans = orphans.into_iter();
    let drops = |message: &mut Message| orphans.next() == Some(true) && !message.pinned;
    members.extract_if(.., drops).collect()
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
        assert_eq!((size_of::<Message>(), size_of::<Group>()), (80, 16));
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
        let dropped = history.repair();
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
