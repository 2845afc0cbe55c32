//! Large texts keep their head and their tail.

use super::{Work, recall};
use crate::block::Block;
use crate::borders::{head, tail};
use crate::{History, Role};

impl Work<'_> {
    pub(super) fn head_and_tail(&mut self, history: &mut History, max_tokens: u32) {
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
                self.shorten(history, group, at, max_tokens);
            }
        }
    }

    fn shorten(&mut self, history: &mut History, group: usize, at: usize, max_tokens: u32) {
        let message = history.message(at).clone();
        let mut large = false;
        for block in message.blocks() {
            each_prose(block, &mut |text| large |= self.count(text) > max_tokens);
        }
        if !large {
            return;
        }
        let key = self.put(&message);
        let count = self.count;
        let original = history.edit(group, at, count, |blocks| {
            for block in blocks {
                each_prose_mut(block, &mut |text| {
                    if let Some(short) = shortened(text, max_tokens, key.as_deref(), count) {
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
