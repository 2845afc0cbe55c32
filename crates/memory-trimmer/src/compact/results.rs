//! Tool results give way to a line that says what they were.

use std::collections::{HashMap, HashSet};

use super::duplicates::calls;
use super::{Work, is_stub, recall};
use crate::block::{Block, ToolCall, ToolResult};
use crate::edit::Spot;
use crate::{History, Message, Role};

/// How a line begins that stands for a result.
pub(super) const MARK: &str = "[result cleared";
/// Characters of a call's arguments that the line shows.
const SHOWN: usize = 120;
/// Tokens that the key to recall a result by is reckoned with.
const KEY_TOKENS: u32 = 8;

impl Work<'_> {
    pub(super) fn clear_results(
        &mut self,
        history: &mut History,
        keep_last: usize,
        min_tokens: u32,
    ) {
        let clearable = clearable(history, keep_last);
        let spots: HashSet<Spot> = match history.links.is_empty() {
            true => HashSet::new(),
            false => clearable.iter().map(|place| place.spot(history)).collect(),
        };
        let starts = history.starts();
        for of_group in clearable.chunk_by(|a, b| a.group == b.group) {
            let group = of_group[0].group;
            let start = starts[group];
            let of_calls = calls(history, start..start + history.groups()[group].messages());
            let lines = |place: &Place| {
                let message = history.message(start + place.member);
                self.lines(message, &of_calls, min_tokens)
            };
            let lines: Vec<_> = of_group.iter().map(lines).collect();
            for (place, lines) in of_group.iter().zip(lines) {
                if !self.over(history) {
                    return;
                }
                let spot = place.spot(history);
                // A result that stays refers to it.
                let needed = (history.links.get(&spot).into_iter().flatten())
                    .any(|(target, _)| !spots.contains(target));
                if !needed && lines.iter().any(Option::is_some) {
                    history.release(spot, &starts);
                    self.clear(history, group, start + place.member, lines);
                }
            }
        }
    }

    /// Clears results of a message of a group, for which there are such lines.
    fn clear(&mut self, history: &mut History, group: usize, at: usize, lines: Vec<Option<Line>>) {
        let message = history.message(at).clone();
        let key = self.put(&message);
        let whole = |line: Line| {
            let text = format!("{}{}]", line.text, recall(key.as_deref()));
            (self.count(&text) < line.tokens).then_some(text)
        };
        let lines: Vec<Option<String>> = lines.into_iter().map(|l| l.and_then(whole)).collect();
        if lines.iter().all(Option::is_none) {
            return;
        }
        let mut lines = lines.into_iter();
        let original = history.edit(group, at, self.count, |blocks| {
            for block in blocks {
                let line = lines.next().flatten();
                if let (Block::ToolResult(result), Some(line)) = (block, line) {
                    result.content = vec![Block::text(line)];
                }
            }
        });
        self.done.originals.push(original);
    }

    /// For each block of a message the line that stands for it, if that is shorter.
    fn lines(
        &self,
        message: &Message,
        calls: &HashMap<&str, &ToolCall>,
        min_tokens: u32,
    ) -> Vec<Option<Line>> {
        let line = |block: &Block| {
            let Block::ToolResult(result) = block else {
                return None;
            };
            let text = result.content.first().and_then(Block::as_text);
            if text.is_some_and(is_stub) {
                return None;
            }
            let line = self.line(result, calls.get(&*result.call_id).copied());
            let pays = self.count(&line.text).saturating_add(KEY_TOKENS) < line.tokens;
            (pays && line.tokens >= min_tokens).then_some(line)
        };
        message.blocks().iter().map(line).collect()
    }

    fn line(&self, result: &ToolResult, call: Option<&ToolCall>) -> Line {
        let tokens = result.content.iter().map(|block| block.tokens(self.count));
        let tokens = tokens.fold(0, u32::saturating_add);
        let mut text = format!("{MARK}: {tokens} tokens");
        if result.is_error {
            text.push_str(", an error");
        }
        if let Some(call) = call {
            let arguments: String = call.arguments.chars().take(SHOWN).collect();
            let more = if arguments.len() < call.arguments.len() {
                "…"
            } else {
                ""
            };
            text.push_str(&format!(" of {} {arguments}{more}", call.name));
        }
        Line { text, tokens }
    }
}

/// What stands for a result, but for the key to recall it by, and the tokens of that result.
struct Line {
    text: String,
    tokens: u32,
}

/// A message with results: its group, and which message of it.
struct Place {
    group: usize,
    member: usize,
}

impl Place {
    fn spot(&self, history: &History) -> Spot {
        history.spot(self.group, self.member)
    }
}

/// The messages whose results may be cleared, oldest first, but for the last `keep_last` results.
fn clearable(history: &History, keep_last: usize) -> Vec<Place> {
    let mut found = Vec::new();
    let (mut at, mut results) = (history.len(), 0);
    for (number, group) in history.groups().iter().enumerate().rev() {
        at -= group.messages();
        let last = number + 1 == history.groups().len();
        if group.pinned || group.role != Role::Assistant {
            continue;
        }
        for member in (0..group.messages()).rev() {
            let count = history.message(at + member).results().count();
            let kept = results < keep_last;
            results += count;
            if count > 0 && !kept && !last {
                let group = number;
                found.push(Place { group, member });
            }
        }
    }
    found.reverse();
    found
}
