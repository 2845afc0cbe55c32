//! Large texts keep their head and their tail.

use super::{Work, recall};
use crate::block::Block;
use crate::borders::{head, tail};
use crate::{History, Role};

/// Shortens a text, where that pays; the key is that of the message in the archive.
type Shorten<'a> = &'a dyn Fn(&str, Option<&str>) -> Option<String>;

impl Work<'_> {
    pub(super) fn head_and_tail(&mut self, history: &mut History, max_tokens: u32) {
        let count = self.count;
        self.shorten_texts(history, max_tokens, &|text, key| {
            shortened(text, max_tokens, key, count)
        });
    }

    /// Shortens texts of more than so many tokens, oldest first, until the history fits.
    pub(super) fn shorten_texts(
        &mut self,
        history: &mut History,
        max_tokens: u32,
        shorten: Shorten<'_>,
    ) {
        let last = history.groups().len().saturating_sub(1);
        let mut next = 0;
        for group in 0..last {
            let shape = history.groups()[group];
            let members = next..next + shape.messages();
            next = members.end;
            if shape.pinned || shape.role == Role::System {
                continue;
            }
            for at in members {
                if !self.over(history) {
                    return;
                }
                self.shorten(history, (group, at), max_tokens, shorten);
            }
        }
    }

    pub(super) fn cut_last(&mut self, history: &mut History) {
        let Some(last) = history.groups().back().copied() else {
            return;
        };
        if last.pinned || last.role == Role::System {
            return;
        }
        let group = history.groups().len() - 1;
        let mut members: Vec<usize> = (history.len() - last.messages()..history.len()).collect();
        members.sort_by_key(|&at| std::cmp::Reverse(history.message(at).tokens()));
        for at in members {
            // Counts do not add up exactly: what is still over is cut off the rest.
            for _ in 0..4 {
                let over = history.tokens().saturating_sub(self.budget);
                if over == 0 {
                    return;
                }
                let largest = self.largest(history, at);
                let left = u64::from(largest).saturating_sub(over).max(1);
                let max_tokens = u32::try_from(left).unwrap_or(u32::MAX);
                let count = self.count;
                self.shorten(history, (group, at), max_tokens, &|text, key| {
                    shortened(text, max_tokens, key, count)
                });
            }
        }
    }

    /// The tokens of the largest text of a message.
    fn largest(&self, history: &History, at: usize) -> u32 {
        let mut largest = 0;
        for block in history.message(at).blocks() {
            each_prose(block, &mut |text| largest = largest.max(self.count(text)));
        }
        largest
    }

    fn shorten(
        &mut self,
        history: &mut History,
        (group, at): (usize, usize),
        max_tokens: u32,
        shorten: Shorten<'_>,
    ) {
        let message = history.message(at);
        let mut large = false;
        for block in message.blocks() {
            each_prose(block, &mut |text| large |= self.count(text) > max_tokens);
        }
        if !large {
            return;
        }
        let message = message.clone();
        let key = self.put(&message);
        let original = history.edit(group, at, self.count, |blocks| {
            for block in blocks {
                each_prose_mut(block, &mut |text| {
                    if let Some(short) = shorten(text, key.as_deref()) {
                        *text = short;
                    }
                });
            }
        });
        self.done.originals.push(original);
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

/// The texts that may be shortened: not arguments, which are JSON, nor reasoning, which is signed.
fn each_prose(block: &Block, each: &mut impl FnMut(&str)) {
    match block {
        Block::Text(text) => each(&text.text),
        Block::ToolResult(result) => result.content.iter().for_each(|block| {
            if let Block::Text(text) = block {
                each(&text.text);
            }
        }),
        _ => {}
    }
}

fn each_prose_mut(block: &mut Block, each: &mut impl FnMut(&mut String)) {
    match block {
        Block::Text(text) => each(&mut text.text),
        Block::ToolResult(result) => result.content.iter_mut().for_each(|block| {
            if let Block::Text(text) = block {
                each(&mut text.text);
            }
        }),
        _ => {}
    }
}
