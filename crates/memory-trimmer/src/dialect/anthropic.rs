//! Anthropic's messages: content is a list of typed blocks, and the system prompt stands apart.

use serde_json::{Value, json};

use super::content::{self, Form};
use super::extra::Kept;
use super::json::{
    Object, add, add_within, kind, object, parse_object, set, str_of, take_if_string, take_string,
    text_of,
};
use super::{Dialect, Place, ReadError, role};
use crate::{Block, Image, ImageSource, Message, Reasoning, Role, Text, ToolCall, ToolResult};

const ANTHROPIC: Dialect = Dialect::Anthropic;

/// The only field of an `input` that stands for arguments which are no JSON object.
const RAW: &str = "__raw_arguments";

pub(super) fn message(value: Value, place: &Place) -> Result<Message, ReadError> {
    let mut fields = object(value, place)?;
    let name = take_string(&mut fields, "role", place)?;
    let role = role::of_anthropic(&name, &place.key("role"))?;
    let mut kept = Kept::default();
    if role == Role::System {
        kept.note("place", "messages");
    }
    let value = fields.remove("content");
    let content = content::read(value, &place.key("content"), false, block)?;
    content.note("content", Form::List, ANTHROPIC, &mut kept);
    kept.rest = fields;
    Ok(Message::new(role, content.blocks).with_extra(kept.pack(ANTHROPIC)))
}

/// Reads the system prompt: a string or a list of blocks, not empty.
pub(super) fn system(value: Value, place: &Place) -> Result<Message, ReadError> {
    let mut kept = Kept::default();
    let content = content::read(Some(value), place, false, block)?;
    content.note("content", Form::List, ANTHROPIC, &mut kept);
    Ok(Message::new(Role::System, content.blocks).with_extra(kept.pack(ANTHROPIC)))
}

fn block(value: Value, place: &Place) -> Result<Block, ReadError> {
    let mut fields = object(value, place)?;
    let name = take_string(&mut fields, "type", place)?;
    match name.as_str() {
        "text" => {
            let text = take_string(&mut fields, "text", place)?;
            let extra = Kept::of(fields).pack(ANTHROPIC);
            Ok(Block::Text(Text { text, extra }))
        }
        "tool_use" => tool_use(fields, place),
        "tool_result" => tool_result(fields, place),
        "thinking" => thinking(fields, place),
        "redacted_thinking" => {
            let data = take_string(&mut fields, "data", place)?;
            let mut kept = Kept::of(fields);
            kept.note("type", name);
            Ok(Block::Reasoning(Reasoning {
                text: String::new(),
                opaque: Some(data.into_boxed_str()),
                extra: kept.pack(ANTHROPIC),
            }))
        }
        _ => {
            let image = match name.as_str() {
                "image" => image(&mut fields),
                _ => None,
            };
            Ok(image.unwrap_or_else(|| {
                set(&mut fields, "type", name.as_str());
                content::other(&name, &fields, ANTHROPIC)
            }))
        }
    }
}

fn tool_use(mut fields: Object, place: &Place) -> Result<Block, ReadError> {
    let id = take_string(&mut fields, "id", place)?;
    let name = take_string(&mut fields, "name", place)?;
    let input = match fields.remove("input") {
        Some(Value::Object(input)) => input,
        found => {
            let found = found.as_ref().map_or("nothing", kind);
            return Err(place.key("input").expected("an object", found));
        }
    };
    let raw = str_of(&input, RAW).filter(|raw| input.len() == 1 && !is_input(raw));
    let arguments = raw.map_or_else(|| text_of(&input), str::to_owned);
    let mut call = ToolCall::new(id, name, arguments);
    call.extra = Kept::of(fields).pack(ANTHROPIC);
    Ok(Block::ToolCall(call))
}

/// Whether arguments can be an `input`; none at all are an empty one.
fn is_input(arguments: &str) -> bool {
    arguments.trim().is_empty() || parse_object(arguments).is_some()
}

fn tool_result(mut fields: Object, place: &Place) -> Result<Block, ReadError> {
    let call_id = take_string(&mut fields, "tool_use_id", place)?;
    let value = fields.remove("content");
    let content = content::read(value, &place.key("content"), false, block)?;
    let is_error = fields.get("is_error") == Some(&Value::Bool(true));
    if is_error {
        fields.remove("is_error");
    }
    let mut kept = Kept::default();
    content.note("content", Form::Absent, ANTHROPIC, &mut kept);
    kept.rest = fields;
    Ok(Block::ToolResult(ToolResult {
        call_id: call_id.into_boxed_str(),
        content: content.blocks,
        is_error,
        extra: kept.pack(ANTHROPIC),
    }))
}

fn thinking(mut fields: Object, place: &Place) -> Result<Block, ReadError> {
    let text = take_string(&mut fields, "thinking", place)?;
    let opaque = take_if_string(&mut fields, "signature");
    let mut kept = Kept::of(fields);
    kept.own = true;
    Ok(Block::Reasoning(Reasoning {
        text,
        opaque: opaque.map(String::into_boxed_str),
        extra: kept.pack(ANTHROPIC),
    }))
}

/// The image, where its source is of a known kind.
fn image(fields: &mut Object) -> Option<Block> {
    let source = fields.get("source")?.as_object()?;
    let keys: &[&str] = match str_of(source, "type")? {
        "base64" => &["media_type", "data"],
        "url" => &["url"],
        "file" => &["file_id"],
        _ => return None,
    };
    if !keys.iter().all(|key| str_of(source, key).is_some()) {
        return None;
    }
    let Some(Value::Object(mut source)) = fields.remove("source") else {
        return None;
    };
    source.remove("type");
    let mut take = |key: &str| take_if_string(&mut source, key).unwrap_or_default();
    let from = match keys {
        ["url"] => ImageSource::Url(take("url")),
        ["file_id"] => ImageSource::File(take("file_id").into_boxed_str()),
        _ => ImageSource::Base64 {
            media_type: take("media_type").into_boxed_str(),
            data: take("data"),
        },
    };
    if !source.is_empty() {
        set(fields, "source", source);
    }
    let rest = std::mem::take(fields);
    Some(content::image_of(from, Kept::of(rest), ANTHROPIC))
}

/// Messages as they are written, and the parts of the system prompt.
#[derive(Default)]
pub(super) struct Writer {
    pub(super) messages: Vec<Value>,
    system: Vec<(Vec<Block>, Kept)>,
    /// The message before was the tool's, so that the next one joins it.
    tool: bool,
}

impl Writer {
    /// Writes a message; the user's joins the results before it if `join` says so.
    pub(super) fn message(&mut self, message: &Message, join: bool) {
        let kept = Kept::unpack(message.extra(), ANTHROPIC);
        let tool = std::mem::replace(&mut self.tool, message.role() == Role::Tool);
        let role = match message.role() {
            Role::System if kept.noted("place").is_none() => {
                self.system.push((message.blocks().to_vec(), kept));
                return;
            }
            Role::System => "system",
            Role::User | Role::Tool => "user",
            Role::Assistant => "assistant",
        };
        let joins = message.role() == Role::Tool || (join && tool && role == "user");
        if joins && let Some(blocks) = self.results() {
            let behind = blocks.iter().rposition(is_result).map_or(0, |at| at + 1);
            let at = if message.role() == Role::Tool {
                behind
            } else {
                blocks.len()
            };
            blocks.splice(at..at, message.blocks().iter().filter_map(write_block));
            return;
        }
        let mut fields = Object::new();
        set(&mut fields, "role", role);
        let noted = content::noted(&kept, "content");
        let blocks: Vec<&Block> = message.blocks().iter().collect();
        if let Some(value) = content::write(&blocks, noted, Form::List, ANTHROPIC, write_block) {
            set(&mut fields, "content", value);
        }
        add(&mut fields, kept.rest);
        self.messages.push(fields.into());
    }

    /// The blocks of the last message, if there are results among them.
    fn results(&mut self) -> Option<&mut Vec<Value>> {
        let blocks = self
            .messages
            .last_mut()?
            .get_mut("content")?
            .as_array_mut()?;
        blocks.iter().any(is_result).then_some(blocks)
    }

    /// The system prompt, if there is one.
    pub(super) fn system(&self) -> Option<Value> {
        let (_, kept) = self.system.first()?;
        let blocks: Vec<&Block> = self.system.iter().flat_map(|(blocks, _)| blocks).collect();
        let noted = content::noted(kept, "content");
        content::write(&blocks, noted, Form::List, ANTHROPIC, write_block)
    }
}

fn is_result(block: &Value) -> bool {
    block.get("type").is_some_and(|name| name == "tool_result")
}

fn write_block(block: &Block) -> Option<Value> {
    let (mut fields, extra) = match block {
        Block::Text(text) => {
            let fields = json!({"type": "text", "text": text.text});
            (fields, &text.extra)
        }
        Block::ToolCall(call) => {
            let input = input_of(&call.arguments);
            let fields = json!({
                "type": "tool_use", "id": &*call.id, "name": &*call.name, "input": null,
            });
            (with(fields, "input", input.into()), &call.extra)
        }
        Block::ToolResult(result) => (write_result(result), &result.extra),
        Block::Image(image) => {
            let source = write_source(image);
            (
                with(json!({"type": "image"}), "source", source),
                &image.extra,
            )
        }
        Block::Reasoning(thought) => (write_thought(thought), &thought.extra),
        Block::Other(other) => return content::of_other(other, ANTHROPIC),
    };
    let mut kept = Kept::unpack(extra.as_deref(), ANTHROPIC);
    if let Value::Object(fields) = &mut fields {
        add_within(fields, &mut kept.rest, "source");
        add(fields, kept.rest);
    }
    Some(fields)
}

fn with(mut fields: Value, key: &str, value: Value) -> Value {
    if let Value::Object(fields) = &mut fields {
        set(fields, key, value);
    }
    fields
}

fn input_of(arguments: &str) -> Object {
    if arguments.trim().is_empty() {
        return Object::new();
    }
    parse_object(arguments).unwrap_or_else(|| {
        let mut raw = Object::new();
        set(&mut raw, RAW, arguments);
        raw
    })
}

fn write_result(result: &ToolResult) -> Value {
    let kept = Kept::unpack(result.extra.as_deref(), ANTHROPIC);
    let mut fields = Object::new();
    set(&mut fields, "type", "tool_result");
    set(&mut fields, "tool_use_id", &*result.call_id);
    let noted = content::noted(&kept, "content");
    let blocks: Vec<&Block> = result.content.iter().collect();
    if let Some(value) = content::write(&blocks, noted, Form::Absent, ANTHROPIC, write_block) {
        set(&mut fields, "content", value);
    }
    if result.is_error {
        set(&mut fields, "is_error", true);
    }
    fields.into()
}

fn write_source(image: &Image) -> Value {
    match &image.source {
        ImageSource::Url(url) => json!({"type": "url", "url": url}),
        ImageSource::File(id) => json!({"type": "file", "file_id": &**id}),
        ImageSource::Base64 { media_type, data } => {
            json!({"type": "base64", "media_type": &**media_type, "data": data})
        }
    }
}

fn write_thought(thought: &Reasoning) -> Value {
    let kept = Kept::unpack(thought.extra.as_deref(), ANTHROPIC);
    let opaque = thought.opaque.as_deref();
    if kept.noted("type") == Some("redacted_thinking") {
        return json!({"type": "redacted_thinking", "data": opaque.unwrap_or_default()});
    }
    let mut fields = Object::new();
    set(&mut fields, "type", "thinking");
    set(&mut fields, "thinking", thought.text.as_str());
    if let Some(signature) = opaque {
        set(&mut fields, "signature", signature);
    }
    fields.into()
}
