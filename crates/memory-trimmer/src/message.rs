//! One message of a conversation.

use crate::estimate_tokens;

/// Tokens that an API adds around each message, and that we count for each tool call too.
pub const FRAMING_TOKENS: u32 = 4;

/// Who speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Role {
    /// Instructions, at the head of the history.
    System,
    /// The person, or whoever asks.
    User,
    /// The model.
    Assistant,
    /// The result of a tool call.
    Tool,
}

/// A call of a tool by the assistant.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ToolCall {
    /// Names the call; the result carries the same id.
    pub id: String,
    /// The tool.
    pub name: String,
    /// The arguments, usually JSON.
    pub arguments: String,
}

impl ToolCall {
    /// A call.
    pub fn new(
        id: impl Into<String>,
        name: impl Into<String>,
        arguments: impl Into<String>,
    ) -> Self {
        ToolCall {
            id: id.into(),
            name: name.into(),
            arguments: arguments.into(),
        }
    }

    fn tokens(&self) -> u32 {
        FRAMING_TOKENS
            .saturating_add(estimate_tokens(&self.name))
            .saturating_add(estimate_tokens(&self.arguments))
    }
}

/// One message. Its tokens are estimated when it is made and kept.
///
/// Whoever changes `content` or `tool_calls` afterwards makes the message anew, or states its tokens
/// by [`with_tokens`](Self::with_tokens).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Message {
    /// Who speaks.
    pub role: Role,
    /// What is said, or the tool's result.
    pub content: String,
    /// The calls an assistant makes; empty for other roles.
    pub tool_calls: Vec<ToolCall>,
    /// The call that a tool's result answers; `None` for other roles.
    pub tool_call_id: Option<String>,
    /// Whether it, and the tool calls and results it belongs to, is never dropped.
    pub pinned: bool,
    tokens: u32,
}

impl Message {
    /// Instructions.
    pub fn system(content: impl Into<String>) -> Self {
        Message::new(Role::System, content.into())
    }

    /// A question.
    pub fn user(content: impl Into<String>) -> Self {
        Message::new(Role::User, content.into())
    }

    /// An answer.
    pub fn assistant(content: impl Into<String>) -> Self {
        Message::new(Role::Assistant, content.into())
    }

    /// An answer that calls tools. The content may be empty.
    pub fn assistant_calls(content: impl Into<String>, tool_calls: Vec<ToolCall>) -> Self {
        let mut message = Message::new(Role::Assistant, content.into());
        let calls = tool_calls.iter().map(ToolCall::tokens);
        message.tokens = calls.fold(message.tokens, u32::saturating_add);
        message.tool_calls = tool_calls;
        message
    }

    /// The result of a tool call.
    pub fn tool(call_id: impl Into<String>, content: impl Into<String>) -> Self {
        let mut message = Message::new(Role::Tool, content.into());
        message.tool_call_id = Some(call_id.into());
        message
    }

    fn new(role: Role, content: String) -> Self {
        Message {
            tokens: FRAMING_TOKENS.saturating_add(estimate_tokens(&content)),
            role,
            content,
            tool_calls: Vec::new(),
            tool_call_id: None,
            pinned: false,
        }
    }

    /// Pins it: a trim never drops it.
    #[must_use]
    pub fn pin(mut self) -> Self {
        self.pinned = true;
        self
    }

    /// States its tokens, framing included, where they are known exactly.
    #[must_use]
    pub fn with_tokens(mut self, tokens: u32) -> Self {
        self.tokens = tokens;
        self
    }

    /// Its tokens, framing included. O(1).
    pub fn tokens(&self) -> u32 {
        self.tokens
    }
}
