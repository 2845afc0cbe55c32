//! What the chat APIs demand of a history, stated once.

use std::fmt;

use crate::{Message, Role, ToolCall};

/// A rule that a history breaks, and the index of the message that breaks it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Violation {
    /// A tool's result that answers no call of the assistant message right before the results.
    OrphanResult {
        /// The result.
        index: usize,
        /// The call it names, if it names one.
        tool_call_id: Option<String>,
    },
    /// A call without a result among the messages right after it.
    UnansweredCall {
        /// The assistant's message.
        index: usize,
        /// The call.
        id: String,
    },
    /// A system message after another role has spoken.
    SystemNotFirst {
        /// The system message.
        index: usize,
    },
    /// The first message that is not the system's is not the user's either.
    FirstNotUser {
        /// That message.
        index: usize,
        /// Whose it is.
        role: Role,
    },
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Violation::OrphanResult {
                index,
                tool_call_id,
            } => write!(
                f,
                "message {index} is the result of tool call {:?}, which is not open",
                tool_call_id.as_deref().unwrap_or_default()
            ),
            Violation::UnansweredCall { index, id } => {
                write!(
                    f,
                    "message {index} makes tool call {id:?}, which has no result"
                )
            }
            Violation::SystemNotFirst { index } => {
                write!(f, "message {index} is the system's, but others have spoken")
            }
            Violation::FirstNotUser { index, role } => write!(
                f,
                "message {index} opens the conversation, but is of role {role:?}, not User"
            ),
        }
    }
}

/// The calls of one assistant message that still wait for a result. Empty it owns no memory.
#[derive(Debug, Clone, Default)]
pub(crate) struct Waiting(Vec<u32>);

impl Waiting {
    /// Waits for these calls, and no longer for any before.
    pub(crate) fn open(&mut self, calls: &[ToolCall]) {
        self.0.clear();
        self.0.extend(0..calls.len() as u32);
    }

    /// Whether a result answers one of the calls that are waited for; each is answered once.
    pub(crate) fn answer(&mut self, calls: &[ToolCall], result: &Message) -> bool {
        let Some(id) = &result.tool_call_id else {
            return false;
        };
        let open = self
            .0
            .iter()
            .position(|&call| calls[call as usize].id == *id);
        open.is_some_and(|at| {
            self.0.remove(at); // Results mostly come in order, and lists of calls are short.
            true
        })
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }

    fn indices(&self) -> impl Iterator<Item = usize> {
        self.0.iter().map(|&call| call as usize)
    }
}

/// Checks a history against the rules of the chat APIs.
///
/// Every tool result stands in the run of results right behind the assistant message with its call;
/// every call has exactly one result; system messages stand at the head; the first other message is
/// the user's. A call at the end whose result is yet to come is a violation too: it cannot be sent.
/// O(messages).
///
/// # Errors
///
/// Every violation, by the order of the messages that show them.
pub fn validate<'a>(messages: impl IntoIterator<Item = &'a Message>) -> Result<(), Vec<Violation>> {
    let mut check = Check::default();
    for (index, message) in messages.into_iter().enumerate() {
        check.next(index, message);
    }
    check.close();
    match check.violations.is_empty() {
        true => Ok(()),
        false => Err(check.violations),
    }
}

#[derive(Default)]
struct Check<'a> {
    /// The assistant message whose results follow.
    caller: Option<(usize, &'a [ToolCall])>,
    waiting: Waiting,
    opened: bool,
    violations: Vec<Violation>,
}

impl<'a> Check<'a> {
    fn next(&mut self, index: usize, message: &'a Message) {
        if message.role == Role::Tool {
            self.result(index, message);
        } else {
            self.close();
        }
        match message.role {
            Role::System if self.opened => {
                self.violations.push(Violation::SystemNotFirst { index });
            }
            Role::System => {}
            role => self.open(index, role),
        }
        if message.role == Role::Assistant {
            self.caller = Some((index, &message.tool_calls));
            self.waiting.open(&message.tool_calls);
        }
    }

    fn open(&mut self, index: usize, role: Role) {
        if !self.opened && role != Role::User {
            (self.violations).push(Violation::FirstNotUser { index, role });
        }
        self.opened = true;
    }

    fn result(&mut self, index: usize, message: &Message) {
        let calls = self.caller.map_or(&[][..], |(_, calls)| calls);
        if !self.waiting.answer(calls, message) {
            self.violations.push(Violation::OrphanResult {
                index,
                tool_call_id: message.tool_call_id.clone(),
            });
        }
    }

    /// No more results follow: what is waited for now stays without.
    fn close(&mut self) {
        if let Some((index, calls)) = self.caller.take() {
            let unanswered = self
                .waiting
                .indices()
                .map(|call| Violation::UnansweredCall {
                    index,
                    id: calls[call].id.clone(),
                });
            self.violations.extend(unanswered);
        }
        self.waiting.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(messages: &[Message], expect: &[&str]) {
        let found: Vec<String> = match validate(messages) {
            Ok(()) => Vec::new(),
            Err(violations) => violations.iter().map(ToString::to_string).collect(),
        };
        assert_eq!(found, expect);
    }

    fn calls(ids: &[&str]) -> Message {
        let call = |id: &&str| ToolCall::new(*id, "read", "{}");
        Message::assistant_calls("", ids.iter().map(call).collect())
    }

    #[test]
    fn sound_histories() {
        check(&[], &[]);
        check(&[Message::system("s")], &[]);
        let sound = [
            Message::system("s"),
            Message::user("u"),
            calls(&["1", "2", "1"]),
            Message::tool("2", "b"),
            Message::tool("1", "a"),
            Message::tool("1", "c"),
            Message::assistant("done"),
        ];
        check(&sound, &[]);
    }

    #[test]
    fn every_violation() {
        let broken = [
            Message::assistant("a"),
            Message::system("s"),
            calls(&["1", "2"]),
            Message::tool("3", "x"),
            Message::tool("1", "y"),
            Message::tool("1", "z"),
            Message::user("u"),
            Message::tool("2", "late"),
            calls(&["4"]),
        ];
        check(
            &broken,
            &[
                "message 0 opens the conversation, but is of role Assistant, not User",
                "message 1 is the system's, but others have spoken",
                "message 3 is the result of tool call \"3\", which is not open",
                "message 5 is the result of tool call \"1\", which is not open",
                "message 2 makes tool call \"2\", which has no result",
                "message 7 is the result of tool call \"2\", which is not open",
                "message 8 makes tool call \"4\", which has no result",
            ],
        );
    }

    #[test]
    fn a_result_without_an_id_is_an_orphan() {
        let mut result = Message::tool("1", "x");
        result.tool_call_id = None;
        check(
            &[Message::user("u"), calls(&["1"]), result],
            &[
                "message 2 is the result of tool call \"\", which is not open",
                "message 1 makes tool call \"1\", which has no result",
            ],
        );
    }
}
