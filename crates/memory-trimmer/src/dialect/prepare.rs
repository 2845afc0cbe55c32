//! Messages made fit for the dialect that they are to be written in.

use std::borrow::Cow;
use std::collections::HashSet;

use super::losses::{Verdict, all_stay, foreign_fields, judge};
use super::{Dialect, Loss};
use crate::{Block, Message, Role};

/// What the user says where the assistant begins and an API does not allow it.
const OPENING: &str = "(The assistant begins.)";

/// Messages to be written, each with its number, and what had to go.
pub(super) struct Prepared<'a> {
    pub(super) messages: Vec<(usize, Cow<'a, Message>)>,
    pub(super) losses: Vec<Loss>,
}

impl<'a> Prepared<'a> {
    /// Messages of the dialect itself. Only what came from elsewhere is looked at.
    pub(super) fn as_they_are(messages: &'a [Message], dialect: Dialect) -> Self {
        let mut prepared = Prepared {
            messages: Vec::with_capacity(messages.len()),
            losses: Vec::new(),
        };
        for (at, message) in messages.iter().enumerate() {
            let fitted = prepared.fit(at, message, dialect, false);
            prepared.messages.push((at, fitted));
        }
        prepared
    }

    /// Messages of any dialect, made valid by the rules of this one where they are by their own.
    pub(super) fn converted(messages: &'a [Message], dialect: Dialect) -> Self {
        let rules = dialect.rules();
        let mut prepared = Prepared {
            messages: Vec::with_capacity(messages.len()),
            losses: Vec::new(),
        };
        for (at, message) in messages.iter().enumerate() {
            let fields = foreign_fields(message, dialect);
            fields.into_iter().for_each(|what| prepared.lose(at, what));
            let mut fitted = prepared.fit(at, message, dialect, true);
            if rules.non_blank {
                prepared.remove_blank(at, &mut fitted);
            }
            if rules.results_first {
                put_results_first(&mut fitted);
            }
            let emptied = fitted.blocks().is_empty() && !message.blocks().is_empty();
            if emptied || (rules.non_blank && fitted.is_blank()) {
                prepared.lose(at, "the message, which says nothing");
                continue;
            }
            prepared.messages.push((at, fitted));
        }
        if rules.system_first {
            prepared.hoist_system();
        }
        if !rules.assistant_runs {
            prepared.join_steps();
        }
        if rules.reasoning_followed {
            prepared.drop_last_thoughts();
        }
        if rules.user_first {
            prepared.open_with_user();
        }
        if rules.unique_ids {
            prepared.rename_ids();
        }
        if dialect == Dialect::OpenAiChat {
            prepared.note_order();
        }
        prepared
    }

    fn lose(&mut self, message: usize, what: impl Into<String>) {
        self.losses.push(Loss {
            message: Some(message),
            what: what.into(),
        });
    }

    /// The message without the blocks that the dialect has no place for.
    fn fit(
        &mut self,
        at: usize,
        message: &'a Message,
        dialect: Dialect,
        convert: bool,
    ) -> Cow<'a, Message> {
        let role = message.role();
        if all_stay(message.blocks(), role, dialect, convert) {
            return Cow::Borrowed(message);
        }
        let mut blocks = Vec::with_capacity(message.blocks().len());
        for block in message.blocks() {
            match judge(block, role, dialect, convert) {
                Verdict::Keep => blocks.push(block.clone()),
                Verdict::Drop(reason) => self.lose(at, reason),
                Verdict::Change(block, reasons) => {
                    blocks.push(block);
                    reasons.into_iter().for_each(|reason| self.lose(at, reason));
                }
            }
        }
        let mut fitted = message.clone();
        *fitted.blocks_mut() = blocks;
        Cow::Owned(fitted)
    }

    /// Takes out texts that say nothing, which not every API accepts.
    fn remove_blank(&mut self, at: usize, message: &mut Cow<'a, Message>) {
        let blank = |blocks: &[Block]| blocks.iter().any(Block::is_blank);
        if !blank(message.blocks()) && !message.results().any(|result| blank(&result.content)) {
            return;
        }
        let blocks = message.to_mut().blocks_mut();
        blocks.retain(|block| !block.is_blank());
        for block in blocks {
            if let Block::ToolResult(result) = block {
                result.content.retain(|block| !block.is_blank());
            }
        }
        self.lose(at, "text without a letter");
    }

    fn hoist_system(&mut self) {
        let is_system = |(_, message): &(usize, Cow<Message>)| message.role() == Role::System;
        let head = self
            .messages
            .iter()
            .take_while(|one| is_system(one))
            .count();
        let late = self.messages.split_off(head);
        let (system, rest): (Vec<_>, Vec<_>) = late.into_iter().partition(is_system);
        for (at, _) in &system {
            self.lose(
                *at,
                "the place of a system message, which is at the head now",
            );
        }
        self.messages.extend(system);
        self.messages.extend(rest);
    }

    /// Joins messages of the assistant between which no results come: reasoning with what it led to,
    /// calls with further calls.
    fn join_steps(&mut self) {
        let mut joined: Vec<(usize, Cow<Message>)> = Vec::with_capacity(self.messages.len());
        for (at, message) in self.messages.drain(..) {
            let goes_on = |last: &Message| {
                let calls = last.calls().next().is_some();
                last.role() == Role::Assistant && (calls || last.only_reasons())
            };
            match joined.last_mut().filter(|(_, last)| goes_on(last)) {
                Some((_, last)) if message.role() == Role::Assistant => {
                    last.to_mut().append(message.into_owned());
                }
                _ => joined.push((at, message)),
            }
        }
        self.messages = joined;
    }

    /// Drops reasoning that nothing of the assistant follows.
    fn drop_last_thoughts(&mut self) {
        let mut followed = false;
        let mut lost = Vec::new();
        let is_thought = |block: &Block| matches!(block, Block::Reasoning(_));
        for (at, message) in self.messages.iter_mut().rev() {
            let last = message.blocks().last().is_some_and(is_thought);
            if message.role() == Role::Assistant && last && !followed {
                let blocks = message.to_mut().blocks_mut();
                while blocks.last().is_some_and(is_thought) {
                    blocks.pop();
                }
                lost.push(*at);
            }
            let stays = !message.blocks().is_empty();
            if stays {
                followed = message.role() == Role::Assistant;
            }
        }
        for at in lost.into_iter().rev() {
            self.lose(at, "reasoning that nothing follows");
        }
        let says = |(_, message): &(usize, Cow<Message>)| !message.blocks().is_empty();
        self.messages.retain(says);
    }

    fn open_with_user(&mut self) {
        let roles = self.messages.iter().map(|(_, message)| message.role());
        let head = roles
            .clone()
            .take_while(|role| *role == Role::System)
            .count();
        if let Some((at, message)) = self.messages.get(head)
            && message.role() != Role::User
        {
            let at = *at;
            self.lose(at, "the first word, which goes to the user");
            let opening = Cow::Owned(Message::user(OPENING));
            self.messages.insert(head, (at, opening));
        }
    }

    /// Makes ids unique, and of letters, digits, `_` and `-`.
    fn rename_ids(&mut self) {
        let mut taken: HashSet<Box<str>> = HashSet::new();
        let mut open: Vec<(Box<str>, Box<str>)> = Vec::new();
        let mut lost = Vec::new();
        for (at, message) in &mut self.messages {
            if message.role() != Role::Assistant && !message.brings_results() {
                open.clear();
            }
            let mut renames = Vec::new();
            for (n, block) in message.blocks().iter().enumerate() {
                match block {
                    Block::ToolCall(call) => {
                        let id = free_id(&call.id, &taken);
                        taken.insert(id.clone());
                        open.push((call.id.clone(), id.clone()));
                        renames.extend((id != call.id).then_some((n, id)));
                    }
                    Block::ToolResult(result) => {
                        let called = open.iter().position(|(old, _)| *old == result.call_id);
                        let id = called.map(|at| open.remove(at).1);
                        let id = id.unwrap_or_else(|| valid_id(&result.call_id));
                        renames.extend((id != result.call_id).then_some((n, id)));
                    }
                    _ => {}
                }
            }
            for (n, id) in renames {
                let old = match &mut message.to_mut().blocks_mut()[n] {
                    Block::ToolCall(call) => std::mem::replace(&mut call.id, id.clone()),
                    Block::ToolResult(result) => std::mem::replace(&mut result.call_id, id.clone()),
                    _ => continue,
                };
                lost.push((*at, format!("the id {old:?}, which is {id:?} now")));
            }
        }
        lost.into_iter().for_each(|(at, what)| self.lose(at, what));
    }

    /// Chat has the calls of a message behind all it says.
    fn note_order(&mut self) {
        let is_call = |block: &Block| matches!(block, Block::ToolCall(_));
        let late = |message: &Message| {
            let behind = message.blocks().iter().skip_while(|block| !is_call(block));
            behind.into_iter().any(|block| !is_call(block))
        };
        let steps = self
            .messages
            .iter()
            .filter(|(_, message)| message.role() == Role::Assistant && late(message));
        for at in steps.map(|(at, _)| *at).collect::<Vec<_>>() {
            self.lose(at, "the place of text behind a tool call");
        }
    }
}

fn put_results_first(message: &mut Cow<Message>) {
    if message.role() == Role::User && crate::validate::has_late_result(message.blocks()) {
        let blocks = message.to_mut().blocks_mut();
        blocks.sort_by_key(|block| !matches!(block, Block::ToolResult(_)));
    }
}

fn valid_id(id: &str) -> Box<str> {
    let valid = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
    match id {
        "" => "call".into(),
        id if id.chars().all(valid) => id.into(),
        id => id.replace(|c| !valid(c), "_").into_boxed_str(),
    }
}

/// The id, or the first of `id-2`, `id-3`, … that is free.
fn free_id(id: &str, taken: &HashSet<Box<str>>) -> Box<str> {
    let id = valid_id(id);
    if !taken.contains(&id) {
        return id;
    }
    let numbered = (2u64..).map(|n| format!("{id}-{n}").into_boxed_str());
    numbered
        .into_iter()
        .find(|id| !taken.contains(id))
        .unwrap_or(id)
}
