//! Mending a history that breaks the rules already.

use std::collections::{HashMap, HashSet, VecDeque};

use crate::block::{Block, ToolResult};
use crate::edit::scaled;
use crate::history::Mended;
use crate::validate::is_misplaced;
use crate::waiting::{Place, Waiting, id_of_block};
use crate::{History, Message, Role, Rules, estimate_tokens};

/// What becomes of calls whose results can no longer come.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum Repair {
    /// They go, with the results that stand beside them.
    #[default]
    Drop,
    /// They get a result that says that there is none.
    Answer,
}

/// What a repair did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Repaired {
    /// Messages taken out, oldest first within each rule.
    pub dropped: Vec<Message>,
    /// Messages that were changed, as they were: results without a call taken out or moved to the
    /// front, ids made unique, joined with the message before.
    pub originals: Vec<Message>,
    /// Results added for calls that had none.
    pub answered: usize,
    /// System messages moved to the head.
    pub moved: usize,
}

impl Repaired {
    /// Whether anything was done.
    pub fn changed(&self) -> bool {
        !self.dropped.is_empty()
            || !self.originals.is_empty()
            || self.answered > 0
            || self.moved > 0
    }
}

/// The text of a result that [`Repair::Answer`] adds.
const NO_RESULT: &str = "[no result: the call was interrupted]";

impl History {
    /// Mends everything that [`validate`](History::validate) would report, except calls at the end
    /// whose results may still come, and what is pinned.
    ///
    /// Results that answer nothing and blank messages go, results move before the text of their
    /// message, calls without results go or are answered, system messages move to the head, what the
    /// assistant says before the first question goes, ids that come again are renamed with their
    /// results, and messages of one speaker in a row are joined: each only where the
    /// [`rules`](History::rules) demand it. O(messages).
    pub fn repair(&mut self, how: Repair) -> Repaired {
        let before = self.len();
        let mended = self.mend(how);
        let mut repaired = Repaired {
            answered: self.len() + mended.dropped.len() - before,
            dropped: mended.dropped,
            originals: mended.originals,
            moved: 0,
        };
        let rules = *self.rules();
        let mut messages = self.take_all();
        if rules.system_first {
            repaired.moved = hoist_system(&mut messages);
        }
        if rules.user_first {
            drop_greeting(&mut messages, &mut repaired.dropped);
        }
        if rules.unique_ids {
            rename_ids(&mut messages, &mut repaired.originals);
        }
        if rules.alternate {
            join_turns(&mut messages, &mut repaired.originals);
        }
        self.extend(messages);
        repaired
    }
}

/// Where a broken group stands.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Case {
    pub(crate) rules: Rules,
    pub(crate) how: Repair,
    pub(crate) pinned: bool,
    /// Its calls may still be answered.
    pub(crate) last: bool,
}

/// Mends the messages of one group: each message, and calls without results. Pinned messages stay.
pub(crate) fn mend(members: &mut Vec<Message>, case: &Case, mended: &mut Mended) {
    let (waiting, orphans) = unmatched(members);
    // Who speaks beside results that answer nothing ends the wait for those that might come.
    let speaks = |at: usize| {
        let is_orphan = |block: usize| orphans.contains(&(at as u32, block as u32));
        members[at].role() == Role::User && only_orphans(&members[at], is_orphan)
    };
    let waits = case.last && !(0..members.len()).any(speaks);
    let alone = case.rules.reasoning_followed && members.iter().all(Message::only_reasons);
    let lost = (!waiting.is_empty() || alone) && !waits && !case.pinned;
    let goes = lost && (alone || case.how == Repair::Drop);
    if case.how == Repair::Answer && !waits {
        answer(members, &waiting);
    }
    let mut at = 0;
    members.retain_mut(|message| {
        let is_result = |block: &Block| matches!(block, Block::ToolResult(_));
        let member = at;
        let is_orphan = |block: usize| orphans.contains(&(member as u32, block as u32));
        at += 1;
        if goes && (message.role() != Role::User || message.blocks().iter().all(is_result)) {
            mended.dropped.push(message.clone());
            return false;
        }
        let bad = |at: usize, block: &Block| is_orphan(at) || (goes && is_result(block));
        message.is_pinned() || mend_message(message, bad, &case.rules, mended)
    });
    // Results come right behind the calls, and then who speaks.
    if !case.pinned {
        members.sort_by_key(|m| match m.role() {
            Role::Assistant => 0,
            _ if m.brings_results() => 1,
            _ => 2,
        });
    }
    if case.rules.reasoning_followed && !case.pinned {
        drop_idle_thoughts(members, waits, &mut mended.dropped);
    }
}

/// Takes out reasoning behind which the assistant says nothing, unless it still may.
fn drop_idle_thoughts(members: &mut Vec<Message>, waits: bool, dropped: &mut Vec<Message>) {
    let spoken = (members.iter().take_while(|m| m.role() == Role::Assistant)).count();
    let idle = members[..spoken]
        .iter()
        .rev()
        .take_while(|m| m.only_reasons());
    let idle = idle.count();
    if !waits || spoken < members.len() {
        dropped.extend(members.drain(spoken - idle..spoken).rev());
    }
}

/// Whether a message has results, all of which answer nothing, and something else.
fn only_orphans(message: &Message, is_orphan: impl Fn(usize) -> bool) -> bool {
    let mut blocks = message.blocks().iter().enumerate();
    let is_result = |block: &Block| matches!(block, Block::ToolResult(_));
    blocks.all(|(at, block)| !is_result(block) || is_orphan(at))
        && !message.blocks().iter().all(is_result)
}

/// The calls without a result, and the results without a call, of one group.
fn unmatched(members: &[Message]) -> (Waiting, HashSet<(u32, u32)>) {
    let (mut waiting, mut orphans) = (Waiting::default(), HashSet::new());
    let id = |place| call_id(members, place);
    for (at, message) in members.iter().enumerate() {
        if message.role() == Role::Assistant {
            waiting.open(at, message.blocks(), id);
            continue;
        }
        for (n, block) in message.blocks().iter().enumerate() {
            let Block::ToolResult(result) = block else {
                continue;
            };
            if !waiting.answer(&result.call_id, id) {
                orphans.insert((at as u32, n as u32));
            }
        }
    }
    (waiting, orphans)
}

/// Adds a result behind the others for each call that waits.
fn answer(members: &mut Vec<Message>, waiting: &Waiting) {
    let result = |place: Place| {
        let mut result = ToolResult::new(call_id(members, place), NO_RESULT);
        result.is_error = true;
        Message::new(Role::Tool, vec![Block::ToolResult(result)])
    };
    let results: Vec<Message> = waiting.places().into_iter().map(result).collect();
    members.extend(results);
}

fn call_id(members: &[Message], (member, block): Place) -> &str {
    id_of_block(&members[member as usize].blocks()[block as usize])
}

/// Takes bad blocks out of a message and puts results first; whether anything is left of it.
fn mend_message(
    message: &mut Message,
    bad: impl Fn(usize, &Block) -> bool,
    rules: &Rules,
    mended: &mut Mended,
) -> bool {
    let role = message.role();
    let is_bad = |(at, block): (usize, &Block)| bad(at, block) || is_misplaced(block, role);
    let late = rules.results_first && crate::validate::has_late_result(message.blocks());
    let any_bad = message.blocks().iter().enumerate().any(is_bad);
    let original = (any_bad || late).then(|| message.clone());
    if original.is_some() {
        let blocks = std::mem::take(message.blocks_mut()).into_iter().enumerate();
        let good = blocks.filter(|(at, block)| !is_bad((*at, block)));
        let good = good.map(|(_, block)| block);
        let (mut first, then): (Vec<Block>, Vec<Block>) = match rules.results_first {
            true => good.partition(|block| matches!(block, Block::ToolResult(_))),
            false => (good.collect(), Vec::new()),
        };
        first.extend(then);
        *message.blocks_mut() = first;
    }
    if let Some(original) = original.as_ref().filter(|_| any_bad) {
        // The tokens may be stated, or counted otherwise: they shrink in proportion.
        let before = original.clone().counted(&estimate_tokens).tokens();
        message.recount(&estimate_tokens);
        let tokens = scaled(original.tokens(), message.tokens(), before);
        *message = message.clone().with_tokens(tokens);
    }
    let no_result = role == Role::Tool && message.results().next().is_none();
    let blank = rules.non_blank && message.is_blank();
    let nothing = any_bad && message.blocks().is_empty();
    if no_result || blank || nothing {
        mended
            .dropped
            .push(original.unwrap_or_else(|| message.clone()));
        return false;
    }
    mended.originals.extend(original);
    true
}

/// Moves system messages to the head, in order; how many were not there.
fn hoist_system(messages: &mut Vec<Message>) -> usize {
    let head = messages.iter().take_while(|m| m.role() == Role::System);
    let head = head.count();
    let late = messages.split_off(head);
    let (system, rest): (Vec<_>, Vec<_>) = late.into_iter().partition(|m| m.role() == Role::System);
    let moved = system.len();
    messages.extend(system);
    messages.extend(rest);
    moved
}

/// Takes out what the assistant says, and does, before the user's first message, unless it is pinned
/// or nobody asks at all.
fn drop_greeting(messages: &mut Vec<Message>, dropped: &mut Vec<Message>) {
    let asks = |m: &Message| m.role() == Role::User && m.results().next().is_none();
    let Some(first) = messages.iter().position(asks) else {
        return;
    };
    let mut at = 0;
    let goes = |message: &mut Message| {
        at += 1;
        at <= first && message.role() != Role::System && !message.is_pinned()
    };
    dropped.extend(messages.extract_if(.., goes));
}

/// Gives every call whose id was taken a new one, and its result too. O(blocks).
fn rename_ids(messages: &mut [Message], originals: &mut Vec<Message>) {
    let mut taken: HashMap<Box<str>, u64> = HashMap::new();
    // The new ids of the calls that may still be answered, by the old ones, in order.
    let mut open: HashMap<Box<str>, VecDeque<Box<str>>> = HashMap::new();
    for message in messages {
        if message.role() != Role::Assistant && !message.brings_results() {
            open = HashMap::new();
        }
        let mut renames: Vec<(usize, Box<str>)> = Vec::new();
        for (at, block) in message.blocks().iter().enumerate() {
            match block {
                Block::ToolCall(call) => {
                    let new = unique(&call.id, &mut taken);
                    open.entry(call.id.clone())
                        .or_default()
                        .push_back(new.clone());
                    renames.extend((new != call.id).then_some((at, new)));
                }
                Block::ToolResult(result) => {
                    let new = open.get_mut(&result.call_id).and_then(VecDeque::pop_front);
                    renames.extend(
                        new.filter(|new| *new != result.call_id)
                            .map(|new| (at, new)),
                    );
                }
                _ => {}
            }
        }
        if !renames.is_empty() {
            originals.push(message.clone());
        }
        for (at, new) in renames {
            match &mut message.blocks_mut()[at] {
                Block::ToolCall(call) => call.id = new,
                Block::ToolResult(result) => result.call_id = new,
                _ => {}
            }
        }
    }
}

/// The id itself, or the first of `id-2`, `id-3`, … that is free; `taken` has the next number to try
/// for each id.
fn unique(id: &str, taken: &mut HashMap<Box<str>, u64>) -> Box<str> {
    let Some(mut number) = taken.get(id).copied() else {
        taken.insert(id.into(), 2);
        return id.into();
    };
    let free = loop {
        let numbered = format!("{id}-{number}").into_boxed_str();
        number += 1;
        if !taken.contains_key(&numbered) {
            break numbered;
        }
    };
    taken.insert(id.into(), number);
    taken.insert(free.clone(), 2);
    free
}

/// Joins messages of the user, and of the assistant, that stand in a row.
pub(crate) fn join_turns(messages: &mut Vec<Message>, originals: &mut Vec<Message>) {
    let mut joined: Vec<Message> = Vec::with_capacity(messages.len());
    for message in messages.drain(..) {
        let role = message.role();
        let turns = matches!(role, Role::User | Role::Assistant);
        match joined
            .last_mut()
            .filter(|last| turns && last.role() == role)
        {
            Some(last) => {
                last.append(message.clone());
                originals.push(message);
            }
            None => joined.push(message),
        }
    }
    *messages = joined;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ToolCall;
    use crate::block::Reasoning;

    #[test]
    fn each_thing_that_was_done_is_a_change() {
        let message = || vec![Message::user("hello")];
        assert!(!Repaired::default().changed());
        let mut each: [Repaired; 4] = Default::default();
        each[0].dropped = message();
        each[1].originals = message();
        each[2].answered = 1;
        each[3].moved = 1;
        assert_eq!(each.map(|repaired| repaired.changed()), [true; 4]);
    }

    #[test]
    fn late_system_messages_come_behind_the_first() {
        let mut messages = vec![
            Message::system("first"),
            Message::user("question"),
            Message::system("late"),
            Message::assistant("answer"),
        ];
        assert_eq!(hoist_system(&mut messages), 1);
        let texts: Vec<_> = messages.iter().map(Message::text).collect();
        assert_eq!(texts, ["first", "late", "question", "answer"]);
        assert_eq!(hoist_system(&mut messages), 0);
    }

    #[test]
    fn an_id_that_comes_again_is_renamed_with_its_result() {
        let mut messages = Vec::new();
        for n in 0..3 {
            let call = ToolCall::new("id", "read", format!("{n}"));
            messages.push(Message::assistant_calls("", vec![call]));
            messages.push(Message::tool("id", format!("text {n}")));
        }
        let mut originals = Vec::new();
        rename_ids(&mut messages, &mut originals);
        let calls = messages.iter().flat_map(Message::calls);
        let results = messages.iter().flat_map(Message::results);
        assert!(calls.map(|call| &*call.id).eq(["id", "id-2", "id-3"]));
        assert!(results.map(|it| &*it.call_id).eq(["id", "id-2", "id-3"]));
        assert_eq!(originals.len(), 4);
    }

    /// What can no longer come is answered; what may still come is waited for, also by who answers.
    #[test]
    fn only_calls_whose_results_cannot_come_are_answered() {
        let call = || vec![ToolCall::new("id", "read", "{}")];
        let mut history = History::with_messages([
            Message::user("question"),
            Message::assistant_calls("", call()),
        ]);
        let before = history.len();
        assert!(!history.repair(Repair::Answer).changed());
        assert_eq!(history.len(), before);
        history.extend([Message::user("never mind")]);
        assert_eq!(history.repair(Repair::Answer).answered, 1);
        let ids: Vec<_> = history.messages().flat_map(Message::results).collect();
        assert_eq!(ids.len(), 1);
        assert_eq!(&*ids[0].call_id, "id");
    }

    #[test]
    fn reasoning_before_a_result_goes_while_others_are_waited_for() {
        let thought = Reasoning {
            text: "let me see".into(),
            ..Reasoning::default()
        };
        let thought = Message::new(Role::Assistant, vec![Block::Reasoning(thought)]);
        let calls = ["1", "2"].map(|id| ToolCall::new(id, "read", "{}"));
        let mut history = History::with_rules(Rules::OPENAI_RESPONSES);
        history.extend([
            Message::user("question"),
            Message::assistant_calls("", calls.to_vec()),
            thought.clone(),
            Message::tool("1", "text"),
        ]);
        assert_eq!(
            history.repair(Repair::Drop).dropped,
            std::slice::from_ref(&thought)
        );
        assert_eq!(history.len(), 3);

        let blank = Message::assistant("");
        let mut history = History::with_messages([Message::user("question"), thought]);
        history.push(blank.clone());
        assert_eq!(history.repair(Repair::Drop).dropped, [blank]);
        assert_eq!(history.len(), 2, "what was reasoned may lead to something");
    }
}
