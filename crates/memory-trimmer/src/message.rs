//! One message of a conversation.

use std::borrow::Cow;

use crate::block::{Block, Extra, ToolCall, ToolResult, estimate};
use crate::blocks::Blocks;

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

/// One message. Its tokens are estimated when it is made, and kept.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Message {
    blocks: Blocks,
    id: Option<Box<str>>,
    extra: Extra,
    tokens: u32,
    role: Role,
    pinned: bool,
}

impl Message {
    /// Instructions.
    pub fn system(content: impl Into<String>) -> Self {
        Message::of(Role::System, Blocks::One(Block::text(content)))
    }

    /// A question.
    pub fn user(content: impl Into<String>) -> Self {
        Message::of(Role::User, Blocks::One(Block::text(content)))
    }

    /// An answer.
    pub fn assistant(content: impl Into<String>) -> Self {
        Message::of(Role::Assistant, Blocks::One(Block::text(content)))
    }

    /// An answer that calls tools. The content may be empty.
    pub fn assistant_calls(content: impl Into<String>, calls: Vec<ToolCall>) -> Self {
        let content = content.into();
        let text = (!content.is_empty()).then(|| Block::text(content));
        let calls = calls.into_iter().map(Block::ToolCall);
        Message::new(Role::Assistant, text.into_iter().chain(calls).collect())
    }

    /// The result of a tool call.
    pub fn tool(call_id: impl Into<String>, content: impl Into<String>) -> Self {
        let result = Block::ToolResult(ToolResult::new(call_id, content));
        Message::of(Role::Tool, Blocks::One(result))
    }

    /// A message of any blocks. Its tokens are estimated: O(its text).
    pub fn new(role: Role, blocks: Vec<Block>) -> Self {
        Message::of(role, Blocks::new(blocks))
    }

    fn of(role: Role, blocks: Blocks) -> Self {
        let tokens = blocks.as_slice().iter().map(estimate);
        Message {
            tokens: tokens.fold(FRAMING_TOKENS, u32::saturating_add),
            blocks,
            id: None,
            extra: None,
            role,
            pinned: false,
        }
    }

    /// Pins it: a trim never drops it, nor shortens it.
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

    /// Names it.
    #[must_use]
    pub fn with_id(mut self, id: impl Into<String>) -> Self {
        self.id = Some(id.into().into_boxed_str());
        self
    }

    /// Adds what its dialect says besides: a JSON object, given back to that dialect.
    #[must_use]
    pub fn with_extra(mut self, extra: Extra) -> Self {
        self.extra = extra;
        self
    }

    /// Counts its tokens by `count`, which gives those of a text; [`FRAMING_TOKENS`] come on top.
    #[must_use]
    pub fn counted(mut self, count: &dyn Fn(&str) -> u32) -> Self {
        self.recount(count);
        self
    }

    /// Who speaks.
    pub fn role(&self) -> Role {
        self.role
    }

    /// What it is made of.
    pub fn blocks(&self) -> &[Block] {
        self.blocks.as_slice()
    }

    /// Its id, if it has one.
    pub fn id(&self) -> Option<&str> {
        self.id.as_deref()
    }

    /// What its dialect says besides.
    pub fn extra(&self) -> Option<&str> {
        self.extra.as_deref()
    }

    /// Whether it, and the tool calls and results it belongs to, is never dropped.
    pub fn is_pinned(&self) -> bool {
        self.pinned
    }

    /// Its tokens, framing included. O(1).
    pub fn tokens(&self) -> u32 {
        self.tokens
    }

    /// What it says: its text blocks, and for a tool's result the text of that, one line after the
    /// other. Borrowed when there is one.
    pub fn text(&self) -> Cow<'_, str> {
        let mut texts = self.blocks().iter().flat_map(|block| match block {
            Block::ToolResult(result) => result.content.as_slice(),
            block => std::slice::from_ref(block),
        });
        let mut texts = texts.by_ref().filter_map(Block::as_text);
        let Some(first) = texts.next() else {
            return Cow::Borrowed("");
        };
        texts.fold(Cow::Borrowed(first), |all, next| {
            Cow::Owned(format!("{all}\n{next}"))
        })
    }

    /// The calls it makes.
    pub fn calls(&self) -> impl Iterator<Item = &ToolCall> {
        self.blocks().iter().filter_map(|block| match block {
            Block::ToolCall(call) => Some(call),
            _ => None,
        })
    }

    /// The results it brings.
    pub fn results(&self) -> impl Iterator<Item = &ToolResult> {
        self.blocks().iter().filter_map(|block| match block {
            Block::ToolResult(result) => Some(result),
            _ => None,
        })
    }

    /// Whether it answers tool calls: the tool's, or the user's with results in it.
    pub(crate) fn brings_results(&self) -> bool {
        match self.role {
            Role::Tool => true,
            Role::User => self.results().next().is_some(),
            _ => false,
        }
    }

    /// Whether it is the model's reasoning and nothing else, which belongs to what follows.
    pub(crate) fn only_reasons(&self) -> bool {
        let reasons = |block: &Block| matches!(block, Block::Reasoning(_));
        self.role == Role::Assistant
            && !self.blocks().is_empty()
            && self.blocks().iter().all(reasons)
    }

    /// Whether no block says anything.
    pub(crate) fn is_blank(&self) -> bool {
        self.blocks().iter().all(Block::is_blank)
    }

    pub(crate) fn recount(&mut self, count: &dyn Fn(&str) -> u32) {
        let tokens = self.blocks().iter().map(|block| block.tokens(count));
        self.tokens = tokens.fold(FRAMING_TOKENS, u32::saturating_add);
    }

    /// Adds what another message says, its results before what is no result; pinned when either was.
    pub(crate) fn append(&mut self, mut other: Message) {
        let tokens = other.tokens.saturating_sub(FRAMING_TOKENS);
        self.tokens = self.tokens.saturating_add(tokens);
        self.pinned |= other.pinned;
        let blocks = self.blocks.as_mut_vec();
        blocks.append(other.blocks.as_mut_vec());
        blocks.sort_by_key(|block| !matches!(block, Block::ToolResult(_)));
    }

    pub(crate) fn blocks_mut(&mut self) -> &mut Vec<Block> {
        self.blocks.as_mut_vec()
    }

    /// Calls `each` with every text in it that a reader would search.
    pub(crate) fn each_text<'a>(&'a self, mut each: impl FnMut(&'a str)) {
        self.blocks()
            .iter()
            .for_each(|block| block.each_text(&mut each));
    }
}
