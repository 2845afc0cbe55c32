//! What the chat APIs demand of a history, stated once.

use std::collections::HashSet;
use std::fmt;

use crate::block::Block;
use crate::waiting::{Place, Waiting, id_of_block};
use crate::{Message, Role, Rules};

/// A rule that a history breaks, and the index of the message that breaks it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Violation {
    /// A tool's result that answers no call of the assistant right before the results.
    OrphanResult {
        /// The message with the result.
        index: usize,
        /// The call that it names.
        call_id: Box<str>,
    },
    /// A call without a result among the messages right after it.
    UnansweredCall {
        /// The assistant's message.
        index: usize,
        /// The call.
        id: Box<str>,
    },
    /// A call whose id another call before it has.
    DuplicateCall {
        /// The assistant's message.
        index: usize,
        /// The call.
        id: Box<str>,
    },
    /// A call that is not the assistant's, or a result that is neither the tool's nor the user's.
    Misplaced {
        /// The message.
        index: usize,
        /// Whose it is.
        role: Role,
    },
    /// A tool's message without any result.
    NoResult {
        /// The message.
        index: usize,
    },
    /// A result behind something else in the same message.
    ResultNotFirst {
        /// The message.
        index: usize,
    },
    /// A message that says nothing.
    Blank {
        /// The message.
        index: usize,
    },
    /// Reasoning that no message of the assistant follows.
    ReasoningAlone {
        /// The message.
        index: usize,
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
    /// The user or the assistant speaks twice in a row.
    NoTurn {
        /// The second message.
        index: usize,
        /// Whose it is.
        role: Role,
    },
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Violation::OrphanResult { index, call_id } => write!(
                f,
                "message {index} is the result of tool call {call_id:?}, which is not open"
            ),
            Violation::UnansweredCall { index, id } => write!(
                f,
                "message {index} makes tool call {id:?}, which has no result"
            ),
            Violation::DuplicateCall { index, id } => write!(
                f,
                "message {index} makes tool call {id:?}, an id that was taken before"
            ),
            Violation::Misplaced { index, role } => write!(
                f,
                "message {index} has a tool call or result that role {role:?} cannot have"
            ),
            Violation::NoResult { index } => {
                write!(f, "message {index} is a tool's, but has no result")
            }
            Violation::ResultNotFirst { index } => {
                write!(f, "message {index} has a tool result behind other content")
            }
            Violation::Blank { index } => write!(f, "message {index} says nothing"),
            Violation::ReasoningAlone { index } => write!(
                f,
                "message {index} is reasoning that no message of the assistant follows"
            ),
            Violation::SystemNotFirst { index } => {
                write!(f, "message {index} is the system's, but others have spoken")
            }
            Violation::FirstNotUser { index, role } => write!(
                f,
                "message {index} opens the conversation, but is of role {role:?}, not User"
            ),
            Violation::NoTurn { index, role } => write!(
                f,
                "message {index} is of role {role:?}, as is the one before it"
            ),
        }
    }
}

/// Checks a history against the rules that all chat APIs share: [`Rules::STRICT`].
///
/// A call at the end whose result is yet to come is a violation too: it cannot be sent. O(messages).
///
/// # Errors
///
/// Every violation, by the order of the messages that show them.
pub fn validate<'a>(messages: impl IntoIterator<Item = &'a Message>) -> Result<(), Vec<Violation>> {
    validate_by(&Rules::STRICT, messages)
}

/// Checks a history against rules. O(blocks).
///
/// # Errors
///
/// Every violation, by the order of the messages that show them.
pub fn validate_by<'a>(
    rules: &Rules,
    messages: impl IntoIterator<Item = &'a Message>,
) -> Result<(), Vec<Violation>> {
    let mut check = Check {
        rules: *rules,
        callers: Vec::new(),
        open: Waiting::default(),
        ids: HashSet::new(),
        last: None,
        opened: false,
        violations: Vec::new(),
    };
    let mut count = 0;
    for (index, message) in messages.into_iter().enumerate() {
        check.next(index, message);
        count = index + 1;
    }
    check.close();
    check.reasoning(count, None);
    match check.violations.is_empty() {
        true => Ok(()),
        false => Err(check.violations),
    }
}

/// Whether a block cannot stand in a message of a role.
pub(crate) fn is_misplaced(block: &Block, role: Role) -> bool {
    match block {
        Block::ToolCall(_) => role != Role::Assistant,
        Block::ToolResult(_) => !matches!(role, Role::Tool | Role::User),
        _ => false,
    }
}

/// Whether a result stands behind something else.
pub(crate) fn has_late_result(blocks: &[Block]) -> bool {
    let is_result = |block: &Block| matches!(block, Block::ToolResult(_));
    blocks.iter().skip_while(|b| is_result(b)).any(is_result)
}

struct Check<'a> {
    rules: Rules,
    /// The messages of the assistant that results may answer, with their indices.
    callers: Vec<(usize, &'a Message)>,
    /// Their calls without a result so far.
    open: Waiting,
    ids: HashSet<&'a str>,
    /// The message before, for turns and for what results can answer.
    last: Option<&'a Message>,
    opened: bool,
    violations: Vec<Violation>,
}

impl<'a> Check<'a> {
    fn next(&mut self, index: usize, message: &'a Message) {
        self.alone(index, message);
        let role = message.role();
        if message.brings_results() {
            self.results(index, message);
        } else if !self.joins(role) {
            self.close();
        }
        self.reasoning(index, Some(role));
        match role {
            Role::System if self.opened && self.rules.system_first => {
                self.violations.push(Violation::SystemNotFirst { index });
            }
            Role::System => {}
            role => self.open(index, role),
        }
        if role == Role::Assistant {
            self.calls(index, message);
        }
        self.last = Some(message);
    }

    /// What a message breaks by itself.
    fn alone(&mut self, index: usize, message: &Message) {
        let role = message.role();
        let mut found = |broken: bool, violation: Violation| {
            if broken {
                self.violations.push(violation);
            }
        };
        let misplaced = message.blocks().iter().any(|b| is_misplaced(b, role));
        found(misplaced, Violation::Misplaced { index, role });
        let no_result = role == Role::Tool && message.results().next().is_none();
        found(no_result, Violation::NoResult { index });
        let late = self.rules.results_first && has_late_result(message.blocks());
        found(late, Violation::ResultNotFirst { index });
        let blank = self.rules.non_blank && message.is_blank();
        found(blank, Violation::Blank { index });
    }

    /// Whether the assistant goes on before the results.
    fn joins(&self, role: Role) -> bool {
        let last = self.last.map(Message::role);
        self.rules.assistant_runs && role == Role::Assistant && last == Some(Role::Assistant)
    }

    fn open(&mut self, index: usize, role: Role) {
        if !self.opened && role != Role::User && self.rules.user_first {
            (self.violations).push(Violation::FirstNotUser { index, role });
        }
        let again = self.opened && self.last.map(Message::role) == Some(role);
        if again && self.rules.alternate && matches!(role, Role::User | Role::Assistant) {
            self.violations.push(Violation::NoTurn { index, role });
        }
        self.opened = true;
    }

    fn calls(&mut self, index: usize, message: &'a Message) {
        for call in message.calls() {
            if !self.ids.insert(&call.id) && self.rules.unique_ids {
                let id = call.id.clone();
                self.violations.push(Violation::DuplicateCall { index, id });
            }
        }
        let id = |place| call_id(&self.callers, place);
        (self.open).open(self.callers.len(), message.blocks(), id);
        self.callers.push((index, message));
    }

    fn results(&mut self, index: usize, message: &Message) {
        for result in message.results() {
            let id = |place| call_id(&self.callers, place);
            if !self.open.answer(&result.call_id, id) {
                let call_id = result.call_id.clone();
                (self.violations).push(Violation::OrphanResult { index, call_id });
            }
        }
    }

    /// No more results follow: what is waited for now stays without.
    fn close(&mut self) {
        let unanswered = self.open.places().into_iter().map(|place| {
            let index = self.callers[place.0 as usize].0;
            let id = call_id(&self.callers, place).into();
            Violation::UnansweredCall { index, id }
        });
        self.violations.extend(unanswered);
        self.open.clear();
        self.callers.clear();
    }

    /// Whether the message before `index` reasons, and nothing of the assistant's follows it.
    fn reasoning(&mut self, index: usize, next: Option<Role>) {
        let alone = self.last.is_some_and(Message::only_reasons) && next != Some(Role::Assistant);
        if alone && self.rules.reasoning_followed {
            let index = index - 1;
            self.violations.push(Violation::ReasoningAlone { index });
        }
    }
}

fn call_id<'a>(callers: &[(usize, &'a Message)], (caller, block): Place) -> &'a str {
    id_of_block(&callers[caller as usize].1.blocks()[block as usize])
}

#[cfg(test)]
#[path = "validate_tests.rs"]
mod tests;
