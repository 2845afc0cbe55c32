//! Large texts keep their head and their tail.

use super::{Work, is_stub, recall};
use crate::block::Block;
use crate::borders::{head, tail};
use crate::context::level;
use crate::{History, Message, Role};

/// How often the last group is cut anew where a cut left it over the budget.
const CUTS: usize = 8;

/// Shortens a text, where that pays; the key is that of the message in the archive.
type Shorten<'a> = &'a dyn Fn(&str, Option<&str>) -> Option<String>;

impl Work<'_> {
    pub(super) fn head_and_tail(&mut self, history: &mut History, max_tokens: u32) {
        let count = self.count;
        self.shorten_texts(history, &|text, key| {
            shortened(text, max_tokens, key, count)
        });
    }

    /// Shortens texts, oldest first, until the history fits.
    pub(super) fn shorten_texts(&mut self, history: &mut History, shorten: Shorten<'_>) {
        let last = history.groups().len().saturating_sub(1);
        let starts = history.starts();
        for group in 0..last {
            let shape = history.groups()[group];
            if shape.pinned || shape.role == Role::System {
                continue;
            }
            for member in 0..shape.messages() {
                if !self.over(history) {
                    return;
                }
                let place = (group, starts[group] + member, member);
                self.shorten(history, place, &starts, shorten);
            }
        }
    }

    /// Cuts the texts of the last group to one size, at which all fit: the largest lose most.
    pub(super) fn cut_last(&mut self, history: &mut History) {
        let Some(last) = history.groups().back().copied() else {
            return;
        };
        if last.pinned || last.role == Role::System {
            return;
        }
        let group = history.groups().len() - 1;
        let first = history.len() - last.messages();
        let messages: Vec<Message> = history.messages().skip(first).cloned().collect();
        let mut keys: Vec<Option<Option<String>>> = vec![None; messages.len()];
        let sizes = self.sizes(&messages);
        let mut room: u64 = sizes.iter().sum();
        // Counts do not add up exactly: what is still over is cut off the room.
        for _ in 0..CUTS {
            let over = history.tokens().saturating_sub(self.budget);
            if over == 0 || room == 0 {
                break;
            }
            room = room.saturating_sub(over);
            let max_tokens = u32::try_from(level(sizes.clone(), room)).unwrap_or(u32::MAX);
            for (member, message) in messages.iter().enumerate() {
                let (at, max_tokens) = (first + member, max_tokens.max(1));
                let count = self.count;
                let cut = |text: &str, key: Option<&str>| shortened(text, max_tokens, key, count);
                if !self.would_change(message, &cut) {
                    continue;
                }
                let key = keys[member]
                    .get_or_insert_with(|| self.put(message))
                    .clone();
                history.replace(group, at, message.clone());
                history.edit(group, at, count, |blocks| {
                    change(blocks, &cut, key.as_deref())
                });
            }
        }
        let changed = messages.into_iter().zip(keys);
        let changed = changed.filter_map(|(message, key)| key.map(|_| message));
        self.done.originals.extend(changed);
    }

    /// The tokens of each text of messages that may be shortened.
    fn sizes(&self, messages: &[Message]) -> Vec<u64> {
        let mut sizes = Vec::new();
        for block in messages.iter().flat_map(Message::blocks) {
            each_prose(block, &mut |text| sizes.push(u64::from(self.count(text))));
        }
        sizes
    }

    fn shorten(
        &mut self,
        history: &mut History,
        (group, at, member): (usize, usize, usize),
        starts: &[usize],
        shorten: Shorten<'_>,
    ) {
        let message = history.message(at).clone();
        if !self.would_change(&message, shorten) {
            return;
        }
        history.release(history.spot(group, member), starts);
        let key = self.put(&message);
        let count = self.count;
        let original = history.edit(group, at, count, |blocks| {
            change(blocks, shorten, key.as_deref());
        });
        self.done.originals.push(original);
    }

    /// Whether any text of a message would be shortened.
    fn would_change(&self, message: &Message, shorten: Shorten<'_>) -> bool {
        let mut any = false;
        for block in message.blocks() {
            each_prose(block, &mut |text| {
                any = any || shorten(text, None).is_some()
            });
        }
        any
    }
}

fn change(blocks: &mut [Block], shorten: Shorten<'_>, key: Option<&str>) {
    for block in blocks {
        each_prose_mut(block, &mut |text| {
            if let Some(short) = shorten(text, key) {
                *text = short;
            }
        });
    }
}

/// The head and the tail of a text, two parts to one, around a line that says what is left out; none
/// if it has no more than so many tokens.
pub(crate) fn shortened(
    text: &str,
    max_tokens: u32,
    key: Option<&str>,
    count: &dyn Fn(&str) -> u32,
) -> Option<String> {
    let tokens = count(text);
    if tokens <= max_tokens {
        return None;
    }
    let mark = |left: u32| format!("\n[… {left} tokens left out{} …]\n", recall(key));
    let room = max_tokens.saturating_sub(count(&mark(tokens)).saturating_add(2));
    let first = head(text, room - room / 3, count);
    let then = tail(&text[first.len()..], room / 3, count);
    let left = tokens.saturating_sub(count(first).saturating_add(count(then)));
    let short = format!("{}{}{}", first.trim_end(), mark(left), then);
    match count(&short) <= max_tokens {
        true => Some(short),
        // The line itself does not fit: the head alone does.
        false => Some(head(text, max_tokens, count).to_owned()).filter(|h| !h.trim().is_empty()),
    }
}

/// The texts that may be shortened: not arguments, which are JSON, nor reasoning, which is signed, nor
/// what stands for another text already.
fn each_prose(block: &Block, each: &mut impl FnMut(&str)) {
    match block {
        Block::Text(text) if !is_stub(&text.text) => each(&text.text),
        Block::ToolResult(result) => result.content.iter().for_each(|block| {
            if let Block::Text(text) = block
                && !is_stub(&text.text)
            {
                each(&text.text);
            }
        }),
        _ => {}
    }
}

fn each_prose_mut(block: &mut Block, each: &mut impl FnMut(&mut String)) {
    match block {
        Block::Text(text) if !is_stub(&text.text) => each(&mut text.text),
        Block::ToolResult(result) => result.content.iter_mut().for_each(|block| {
            if let Block::Text(text) = block
                && !is_stub(&text.text)
            {
                each(&mut text.text);
            }
        }),
        _ => {}
    }
}
