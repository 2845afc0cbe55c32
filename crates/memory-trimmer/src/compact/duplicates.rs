//! A text that stands several times stands once, and is referred to after.

use std::collections::{HashMap, HashSet};

use super::Work;
use crate::block::Block;
use crate::edit::Link;
use crate::{History, Message, Role};

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
        let line = format!("[the same as {}]", again.source.what);
        let before = history.message(again.at).clone();
        if self.count(&line) >= before.blocks().iter().map(|b| b.tokens(self.count)).sum() {
            return;
        }
        self.put(&before);
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
        let target = (history.groups()[again.group].first, again.member);
        self.done.originals.push(original.clone());
        history.link(Link {
            source: again.source.number,
            target,
            original,
        });
    }
}

/// Where a text stands first.
#[derive(Debug, Clone)]
struct Source {
    /// The number of its group.
    number: u64,
    /// What it is, for a reader.
    what: String,
}

/// A message whose text stands in an earlier group.
struct Again {
    source: Source,
    group: usize,
    member: usize,
    at: usize,
}

/// Messages whose one text stands in an earlier group, in order.
fn repeated(history: &History, large: impl Fn(&str) -> bool) -> Vec<Again> {
    let mut first: HashMap<&str, Source> = HashMap::new();
    let mut repeated = Vec::new();
    let linked: HashSet<u64> = history.links.iter().map(|link| link.target.0).collect();
    let (mut at, last) = (0, history.groups().len().saturating_sub(1));
    for (number, group) in history.groups().iter().enumerate() {
        for member in 0..group.messages() {
            let message = history.message(at + member);
            let Some(text) = only_text(message).filter(|text| large(text)) else {
                continue;
            };
            match first.get(text) {
                Some(source) if source.number != group.first => {
                    let stays = group.pinned || number == last || group.role == Role::System;
                    if !stays && !linked.contains(&group.first) {
                        let (source, at) = (source.clone(), at + member);
                        repeated.push(Again {
                            source,
                            group: number,
                            member,
                            at,
                        });
                    }
                }
                Some(_) => {}
                None => {
                    let what = describe(history, at, message);
                    let number = group.first;
                    first.insert(text, Source { number, what });
                }
            }
        }
        at += group.messages();
    }
    repeated
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

fn describe(history: &History, start: usize, message: &Message) -> String {
    let Some(result) = message.results().next() else {
        let opening: String = message.text().chars().take(40).collect();
        return format!("the earlier message that begins {opening:?}");
    };
    let calls = (start..history.len())
        .map_while(|at| history.get(at).filter(|m| m.calls().next().is_some()));
    let call = calls
        .flat_map(Message::calls)
        .find(|call| call.id == result.call_id);
    match call {
        Some(call) => {
            let arguments: String = call.arguments.chars().take(120).collect();
            format!("the earlier result of {} {arguments}", call.name)
        }
        None => format!("the earlier result of call {}", result.call_id),
    }
}
