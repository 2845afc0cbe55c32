//! What a message is made of: text, tool calls and results, images, reasoning, and what is none of these.

use crate::estimate_tokens;
use crate::message::FRAMING_TOKENS;

/// Fields that a dialect knows and this crate does not: one JSON object as text, kept as it came and
/// given back to the dialect that it came from.
pub type Extra = Option<Box<str>>;

/// Tokens counted for an image whose size is not known.
pub const IMAGE_TOKENS: u32 = 1_000;

/// A part of a message.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Block {
    /// Text for the reader.
    Text(Text),
    /// A call of a tool, by the assistant.
    ToolCall(ToolCall),
    /// What a tool answered, in a message of the tool or of the user.
    ToolResult(ToolResult),
    /// A picture.
    Image(Image),
    /// What the model thought before it spoke; stays with what it thought of.
    Reasoning(Reasoning),
    /// Anything else, kept as it came: documents, audio, calls that the provider runs itself.
    Other(Other),
}

/// Text.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Text {
    /// The text.
    pub text: String,
    /// What its dialect says besides.
    pub extra: Extra,
}

/// A call of a tool by the assistant.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct ToolCall {
    /// Names the call; the result carries the same id.
    pub id: Box<str>,
    /// The tool.
    pub name: Box<str>,
    /// The arguments, usually JSON.
    pub arguments: String,
    /// What its dialect says besides.
    pub extra: Extra,
}

impl ToolCall {
    /// A call.
    pub fn new(
        id: impl Into<String>,
        name: impl Into<String>,
        arguments: impl Into<String>,
    ) -> Self {
        ToolCall {
            id: id.into().into_boxed_str(),
            name: name.into().into_boxed_str(),
            arguments: arguments.into(),
            extra: None,
        }
    }
}

/// The answer to a tool call.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct ToolResult {
    /// The call that it answers.
    pub call_id: Box<str>,
    /// What the tool said: text, images, or what is none of these.
    pub content: Vec<Block>,
    /// Whether the tool failed.
    pub is_error: bool,
    /// What its dialect says besides.
    pub extra: Extra,
}

impl ToolResult {
    /// An answer of text.
    pub fn new(call_id: impl Into<String>, text: impl Into<String>) -> Self {
        ToolResult {
            call_id: call_id.into().into_boxed_str(),
            content: vec![Block::text(text)],
            ..ToolResult::default()
        }
    }
}

/// A picture.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Image {
    /// Where its bytes are.
    pub source: ImageSource,
    /// Its tokens, where they are known; [`IMAGE_TOKENS`] are counted where not.
    pub tokens: Option<u32>,
    /// What its dialect says besides.
    pub extra: Extra,
}

/// Where the bytes of an [`Image`] are.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum ImageSource {
    /// At an address.
    Url(String),
    /// Here, in base64.
    Base64 {
        /// Such as `image/png`.
        media_type: Box<str>,
        /// The bytes.
        data: String,
    },
    /// With the provider, under an id.
    File(Box<str>),
}

/// What the model thought.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Reasoning {
    /// The thought, or a summary of it; may be empty.
    pub text: String,
    /// The provider's signature of it, or its encrypted form.
    pub opaque: Option<Box<str>>,
    /// What its dialect says besides.
    pub extra: Extra,
}

/// A block of a kind that this crate does not know.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Other {
    /// The kind, as its dialect names it.
    pub kind: Box<str>,
    /// The whole block as JSON.
    pub json: Box<str>,
}

impl Block {
    /// A block of text.
    pub fn text(text: impl Into<String>) -> Self {
        Block::Text(Text {
            text: text.into(),
            extra: None,
        })
    }

    /// Its text, if it is one.
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Block::Text(text) => Some(&text.text),
            _ => None,
        }
    }

    /// Whether it says nothing: text without a letter, or a result of such.
    pub fn is_blank(&self) -> bool {
        match self {
            Block::Text(text) => text.text.trim().is_empty(),
            _ => false,
        }
    }

    /// Its tokens, where `count` counts those of a text.
    pub(crate) fn tokens(&self, count: &dyn Fn(&str) -> u32) -> u32 {
        match self {
            Block::Text(text) => count(&text.text),
            Block::ToolCall(call) => FRAMING_TOKENS
                .saturating_add(count(&call.name))
                .saturating_add(count(&call.arguments)),
            Block::ToolResult(result) => {
                let blocks = result.content.iter().map(|block| block.tokens(count));
                blocks.fold(0, u32::saturating_add)
            }
            Block::Image(image) => image.tokens.unwrap_or(IMAGE_TOKENS),
            Block::Reasoning(thought) => match &thought.opaque {
                // The encrypted form is base64 of about as many bytes as the thought had.
                Some(opaque) if thought.text.is_empty() => (opaque.len() * 3 / 16) as u32,
                _ => count(&thought.text),
            },
            Block::Other(other) => count(&other.json),
        }
    }

    /// Calls `each` with every text in it that a reader would search: not reasoning, not ids.
    pub(crate) fn each_text<'a>(&'a self, each: &mut impl FnMut(&'a str)) {
        match self {
            Block::Text(text) => each(&text.text),
            Block::ToolCall(call) => {
                each(&call.name);
                each(&call.arguments);
            }
            Block::ToolResult(result) => result.content.iter().for_each(|b| b.each_text(each)),
            Block::Reasoning(_) | Block::Image(_) | Block::Other(_) => {}
        }
    }
}

/// The estimate of a block's tokens.
pub(crate) fn estimate(block: &Block) -> u32 {
    block.tokens(&estimate_tokens)
}
