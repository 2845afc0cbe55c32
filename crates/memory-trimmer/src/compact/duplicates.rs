//! A text that stands several times stands once, and is referred to after.

use std::collections::HashMap;
use std::ops::Range;

use super::Work;
use crate::block::{Block, ToolCall, ToolResult};
use crate::edit::Spot;
use crate::{History, Message, Role};

/// How a reference begins.
pub(super) const SAME: &str = "[the same as ";
/// Characters of a call's arguments, and of a message, that a reference shows.
const ARGUMENTS: usize = 120;
const OPENING: usize = 40;

impl Work<'_> {
    pub(super) fn duplicates(&mut self, history: &mut History, min_tokens: u32) {
        for again in repeated(history, |text| self.count(text) >= min_tokens) {
            if !self.over(history) {
                return;
            }
            self.refer(history, again);
        }
    }

    fn refer(&mut self, history: &mut History, again: Again) {
        let line = reference(&again.what);
        let before = history.message(again.at).clone();
        if self.count(&line) >= before.blocks().iter().map(|b| b.tokens(self.count)).sum() {
            return;
        }
        let original = history.edit(again.group, again.at, self.count, |blocks| {
            let Some(block) = blocks.first_mut() else {
                return;
            };
            match block {
                Block::Text(text) => text.text = line,
                Block::ToolResult(result) => result.content = vec![Block::text(line)],
                _ => {}
            }
        });
        let target = history.spot(again.group, again.member);
        self.done.originals.push(original.clone());
        history.link(again.source, target, original);
    }
}

/// A reference to what stands earlier.
pub(crate) fn reference(what: &str) -> String {
    format!("{SAME}{what}]")
}

/// What a message is, for a reader, whose group starts at an index. O(calls of the group).
pub(crate) fn what(history: &History, start: usize, message: &Message) -> String {
    let callers = (start..history.len()).map_while(|at| history.get(at));
    let callers = callers.take_while(|m| m.role() == Role::Assistant);
    let call = |id: &str| {
        callers
            .clone()
            .flat_map(Message::calls)
            .find(|call| *call.id == *id)
    };
    match message.results().next() {
        Some(result) => what_result(result, call(&result.call_id)),
        None => what_text(message),
    }
}

fn what_text(message: &Message) -> String {
    let opening: String = message.text().chars().take(OPENING).collect();
    format!("the earlier message that begins {opening:?}")
}

fn what_result(result: &ToolResult, call: Option<&ToolCall>) -> String {
    match call {
        Some(call) => {
            let arguments: String = call.arguments.chars().take(ARGUMENTS).collect();
            format!("the earlier result of {} {arguments}", call.name)
        }
        None => format!("the earlier result of call {}", result.call_id),
    }
}

/// A message whose text stands in an earlier group.
struct Again {
    source: Spot,
    /// What the source is, for a reader.
    what: String,
    group: usize,
    member: usize,
    at: usize,
}

/// Where a text stands.
struct Source {
    spot: Spot,
    what: String,
}

/// Messages whose one text stands in an earlier group, in order. O(messages).
///
/// Where something else came from the same call in between, a reference to "the earlier result" of it
/// would be to that; the text then stands once more.
fn repeated(history: &History, large: impl Fn(&str) -> bool) -> Vec<Again> {
    let mut sources: HashMap<&str, Source> = HashMap::new();
    // The last text, if it is large, of each description.
    let mut latest: HashMap<String, Option<&str>> = HashMap::new();
    let mut repeated = Vec::new();
    let links = history.links.values().flatten();
    let linked: HashMap<Spot, &Message> = links.map(|(spot, message)| (*spot, message)).collect();
    let (mut at, last) = (0, history.groups().len().saturating_sub(1));
    for (number, group) in history.groups().iter().enumerate() {
        let stays = group.pinned || number == last || group.role == Role::System;
        let calls = calls(history, at..at + group.messages());
        for member in 0..group.messages() {
            let (spot, message) = (history.spot(number, member), history.message(at + member));
            let link = linked.get(&spot).copied();
            let text = only_text(link.unwrap_or(message)).filter(|text| large(text));
            let results = message.results();
            let results = results.map(|r| what_result(r, calls.get(&*r.call_id).copied()));
            let mut all: Vec<String> = results.collect();
            let own = all.pop().unwrap_or_else(|| what_text(message));
            let Some(text) = text else {
                latest.extend(all.into_iter().chain([own]).map(|what| (what, None)));
                continue;
            };
            let source = sources.get(text);
            let clear = source.is_some_and(|s| latest.get(&s.what) == Some(&Some(text)));
            match source {
                _ if link.is_some() => {}
                Some(source) if source.spot.0 == spot.0 => {}
                Some(source) if clear && !stays => repeated.push(Again {
                    source: source.spot,
                    what: source.what.clone(),
                    group: number,
                    member,
                    at: at + member,
                }),
                Some(_) if clear => {}
                _ => {
                    let what = own.clone();
                    sources.insert(text, Source { spot, what });
                }
            }
            latest.insert(own, Some(text));
        }
        at += group.messages();
    }
    repeated
}

/// The calls of the messages of a group, by their ids.
pub(super) fn calls(history: &History, members: Range<usize>) -> HashMap<&str, &ToolCall> {
    let callers = members.map(|at| history.message(at));
    let mut calls = HashMap::new();
    for call in callers.flat_map(Message::calls) {
        calls.entry(&*call.id).or_insert(call);
    }
    calls
}

/// The text of a message that is one block of text, or one result of one.
fn only_text(message: &Message) -> Option<&str> {
    match message.blocks() {
        [Block::Text(text)] => Some(&text.text),
        [Block::ToolResult(result)] => match result.content.as_slice() {
            [Block::Text(text)] => Some(&text.text),
            _ => None,
        },
        _ => None,
    }
}
