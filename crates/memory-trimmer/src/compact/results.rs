//! Tool results give way to a line that says what they were.

use std::ops::Range;

use super::{Work, recall};
use crate::block::{Block, ToolCall, ToolResult};
use crate::{History, Message, Role};

/// How a line begins that stands for a result.
const MARK: &str = "[result cleared";
/// Characters of a call's arguments that the line shows.
const SHOWN: usize = 120;

impl Work<'_> {
    pub(super) fn clear_results(
        &mut self,
        history: &mut History,
        keep_last: usize,
        min_tokens: u32,
    ) {
        let clearable = clearable(history, keep_last, |result| self.worth(result, min_tokens));
        for (group, start, at) in clearable {
            if !self.over(history) {
                return;
            }
            self.clear(history, group, start..at, min_tokens);
        }
    }

    fn worth(&self, result: &ToolResult, min_tokens: u32) -> bool {
        let cleared = result.content.first().and_then(Block::as_text);
        let cleared = cleared.is_some_and(|text| text.starts_with(MARK));
        let tokens = result.content.iter().map(|block| block.tokens(self.count));
        !cleared && tokens.fold(0, u32::saturating_add) >= min_tokens.max(1)
    }

    /// Clears the results of the message behind `before`, which are the others of its group.
    fn clear(
        &mut self,
        history: &mut History,
        group: usize,
        before: Range<usize>,
        min_tokens: u32,
    ) {
        let at = before.end;
        let message = history.message(at).clone();
        let lines = self.lines(history, before, &message, min_tokens);
        if lines.iter().all(Option::is_none) {
            return;
        }
        let key = self.put(&message);
        let mut lines = lines.into_iter();
        let original = history.edit(group, at, self.count, |blocks| {
            for block in blocks {
                let line = lines.next().flatten();
                if let (Block::ToolResult(result), Some(line)) = (block, line) {
                    let line = format!("{line}{}]", recall(key.as_deref()));
                    result.content = vec![Block::text(line)];
                }
            }
        });
        self.done.originals.push(original);
    }

    /// For each block of a message the line that stands for it, if that is shorter.
    fn lines(
        &self,
        history: &History,
        before: Range<usize>,
        message: &Message,
        min_tokens: u32,
    ) -> Vec<Option<String>> {
        let callers = before.map(|at| history.message(at));
        let calls: Vec<&ToolCall> = callers.flat_map(Message::calls).collect();
        let line = |block: &Block| {
            let Block::ToolResult(result) = block else {
                return None;
            };
            let call = calls.iter().find(|call| call.id == result.call_id);
            let (line, tokens) = self.line(result, call.copied());
            let pays = self.count(&line).saturating_add(8) < tokens;
            (pays && self.worth(result, min_tokens)).then_some(line)
        };
        message.blocks().iter().map(line).collect()
    }

    fn line(&self, result: &ToolResult, call: Option<&ToolCall>) -> (String, u32) {
        let tokens = result.content.iter().map(|block| block.tokens(self.count));
        let tokens = tokens.fold(0, u32::saturating_add);
        let mut what = format!("{MARK}: {tokens} tokens");
        if result.is_error {
            what.push_str(", an error");
        }
        if let Some(call) = call {
            let arguments: String = call.arguments.chars().take(SHOWN).collect();
            let more = if arguments.len() < call.arguments.len() {
                "…"
            } else {
                ""
            };
            what.push_str(&format!(" of {} {arguments}{more}", call.name));
        }
        (what, tokens)
    }
}

/// The messages whose results may be cleared, oldest first, but for the last `keep_last` results: of
/// each its group, where that starts, and where it stands itself.
fn clearable(
    history: &History,
    keep_last: usize,
    worth: impl Fn(&ToolResult) -> bool,
) -> Vec<(usize, usize, usize)> {
    let mut found = Vec::new();
    let (mut at, mut results) = (history.len(), 0);
    for (number, group) in history.groups().iter().enumerate().rev() {
        at -= group.messages();
        let last = number + 1 == history.groups().len();
        if group.pinned || group.role != Role::Assistant {
            continue;
        }
        for member in (0..group.messages()).rev() {
            let message = history.message(at + member);
            let any = message.results().any(&worth);
            let kept = results < keep_last;
            results += message.results().count();
            if any && !kept && !last {
                found.push((number, at, at + member));
            }
        }
    }
    found.reverse();
    found
}
