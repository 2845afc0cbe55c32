//! The items of OpenAI's responses, and the parts of their content, one by one.

use serde_json::{Value, json};

use super::content::{self, Form};
use super::extra::Kept;
use super::json::{
    Object, add, object, parse_object, set, str_of, take_if_string, take_string, text_of,
};
use super::responses::RESPONSES;
use super::{Place, ReadError};
use crate::{Block, ImageSource, Message, Reasoning, Role, Text, ToolCall, ToolResult};

/// Types of parts that are text. A refusal has it in a field of that name.
const TEXTS: [&str; 4] = ["input_text", "output_text", "text", "refusal"];

/// Types of parts that are images.
const IMAGES: [&str; 2] = ["input_image", "computer_screenshot"];

/// The type that text has in what a role says.
pub(super) fn natural_type(role: Role) -> &'static str {
    match role {
        Role::Assistant => "output_text",
        _ => "input_text",
    }
}

/// Whether a block stands within the assistant's message, not as an item beside it.
pub(super) fn is_content(block: &Block) -> bool {
    matches!(block, Block::Text(_) | Block::Image(_))
}

/// Whether what the assistant says is not empty, and known part by part. What is not is kept whole.
pub(super) fn is_all_known(content: Option<&Value>) -> bool {
    let known = |part: &Value| match part.get("type").and_then(Value::as_str) {
        Some(name) => TEXTS.contains(&name) || is_image(part),
        None => true, // An error, told where it is read.
    };
    match content {
        Some(Value::String(text)) => !text.is_empty(),
        Some(Value::Array(parts)) => !parts.is_empty() && parts.iter().all(known),
        Some(Value::Null) | None => false,
        Some(_) => true,
    }
}

/// Whether a field is content: text, or parts that are what their types say.
pub(super) fn is_content_value(value: Option<&Value>) -> bool {
    let sound = |part: &Value| match part.get("type").and_then(Value::as_str) {
        Some("refusal") => part.get("refusal").is_some_and(Value::is_string),
        Some(name) if TEXTS.contains(&name) => part.get("text").is_some_and(Value::is_string),
        _ => part.is_object(),
    };
    match value {
        None | Some(Value::Null | Value::String(_)) => true,
        Some(Value::Array(parts)) => parts.iter().all(sound),
        Some(one) => sound(one),
    }
}

fn is_image(part: &Value) -> bool {
    let has = |key: &str| part.get(key).is_some_and(Value::is_string);
    let name = part.get("type").and_then(Value::as_str).unwrap_or_default();
    IMAGES.contains(&name) && (has("image_url") || has("file_id"))
}

/// Keeps the fields of an item with its first block.
pub(super) fn keep(first: &mut Block, item: Kept) {
    let extra = match first {
        Block::Text(text) => &mut text.extra,
        Block::Image(image) => &mut image.extra,
        _ => return,
    };
    let mut kept = Kept::unpack(extra.as_deref(), RESPONSES);
    kept.item = item.item;
    kept.shape.extend(item.shape);
    *extra = kept.pack(RESPONSES);
}

fn kept_of(block: &Block) -> Kept {
    let extra = match block {
        Block::Text(text) => &text.extra,
        Block::Image(image) => &image.extra,
        _ => &None,
    };
    Kept::unpack(extra.as_deref(), RESPONSES)
}

/// Whether an item begins with this block.
pub(super) fn begins(block: &Block) -> bool {
    kept_of(block).item.is_some()
}

/// Reads a part of content. Text of the `natural` type needs no note.
pub(super) fn part(value: Value, natural: &str, place: &Place) -> Result<Block, ReadError> {
    let image = is_image(&value);
    let mut fields = object(value, place)?;
    let name = take_string(&mut fields, "type", place)?;
    if TEXTS.contains(&name.as_str()) {
        let key = if name == "refusal" { "refusal" } else { "text" };
        let text = take_string(&mut fields, key, place)?;
        let mut kept = Kept::of(fields);
        if name != natural {
            kept.note("type", name);
        }
        let extra = kept.pack(RESPONSES);
        return Ok(Block::Text(Text { text, extra }));
    }
    if !image {
        set(&mut fields, "type", name.as_str());
        return Ok(content::other(&name, &fields, RESPONSES));
    }
    let url = take_if_string(&mut fields, "image_url");
    let file = match url {
        Some(_) => None,
        None => take_if_string(&mut fields, "file_id"),
    };
    let mut kept = Kept::of(fields);
    if name != IMAGES[0] {
        kept.note("type", name);
    }
    Ok(match (url, file) {
        (None, Some(id)) => {
            content::image_of(ImageSource::File(id.into_boxed_str()), kept, RESPONSES)
        }
        (url, _) => content::image(url.unwrap_or_default(), kept, RESPONSES),
    })
}

/// Reads a part of an output, which may be of no type.
pub(super) fn output_part(value: Value, place: &Place) -> Result<Block, ReadError> {
    let fields = value.as_object();
    match fields.filter(|fields| str_of(fields, "type").is_none()) {
        Some(fields) => Ok(content::other("", fields, RESPONSES)),
        None => part(value, natural_type(Role::Tool), place),
    }
}

pub(super) fn write_part(block: &Block, natural: &str) -> Option<Value> {
    let mut fields = Object::new();
    let kept = kept_of(block);
    match block {
        Block::Text(text) => {
            let name = kept.noted("type").unwrap_or(natural);
            let key = if name == "refusal" { "refusal" } else { "text" };
            set(&mut fields, "type", name);
            set(&mut fields, key, text.text.as_str());
        }
        Block::Image(image) => {
            set(&mut fields, "type", kept.noted("type").unwrap_or(IMAGES[0]));
            match &image.source {
                ImageSource::File(id) => set(&mut fields, "file_id", &**id),
                _ => set(&mut fields, "image_url", content::url_of(image)?),
            }
        }
        Block::Other(other) => return content::of_other(other, RESPONSES),
        _ => return None,
    }
    add(&mut fields, kept.rest);
    Some(fields.into())
}

pub(super) fn function_call(mut fields: Object, place: &Place) -> Result<Block, ReadError> {
    let mut kept = Kept::default();
    let kind = take_string(&mut fields, "type", place)?;
    let id = take_string(&mut fields, "call_id", place)?;
    let name = take_string(&mut fields, "name", place)?;
    let custom = kind == "custom_tool_call";
    let input = if custom { "input" } else { "arguments" };
    let arguments = take_string(&mut fields, input, place)?;
    if custom {
        kept.note("type", kind);
    }
    kept.rest = fields;
    let mut call = ToolCall::new(id, name, arguments);
    call.extra = kept.pack(RESPONSES);
    Ok(Block::ToolCall(call))
}

/// A call of a built-in tool: all its fields are its arguments, except the id, which is under `key`.
pub(super) fn whole_call(mut fields: Object, key: &str) -> Block {
    let name = take_if_string(&mut fields, "type").unwrap_or_default();
    let id = take_if_string(&mut fields, key).unwrap_or_default();
    let mut kept = Kept::default();
    kept.note("whole", key);
    let mut call = ToolCall::new(id, name, text_of(&fields));
    call.extra = kept.pack(RESPONSES);
    Block::ToolCall(call)
}

pub(super) fn write_call(call: &ToolCall) -> Value {
    let kept = Kept::unpack(call.extra.as_deref(), RESPONSES);
    let mut fields = Object::new();
    if let Some(key) = kept.noted("whole") {
        set(&mut fields, "type", &*call.name);
        set(&mut fields, key, &*call.id);
        add(
            &mut fields,
            parse_object(&call.arguments).unwrap_or_default(),
        );
        return fields.into();
    }
    let name = kept.noted("type").unwrap_or("function_call");
    let custom = name == "custom_tool_call";
    let input = if custom { "input" } else { "arguments" };
    set(&mut fields, "type", name);
    set(&mut fields, "call_id", &*call.id);
    set(&mut fields, "name", &*call.name);
    set(&mut fields, input, call.arguments.as_str());
    add(&mut fields, kept.rest);
    fields.into()
}

/// Writes an output; `call` is the type of its call, if that is not a function's.
pub(super) fn write_output(result: &ToolResult, call: Option<&str>) -> Value {
    let kept = Kept::unpack(result.extra.as_deref(), RESPONSES);
    let default = match call {
        Some(call) if call.ends_with("_call") => format!("{call}_output"),
        _ => "function_call_output".to_owned(),
    };
    let mut fields = Object::new();
    set(&mut fields, "type", kept.noted("type").unwrap_or(&default));
    let key = kept.noted("key").unwrap_or("call_id");
    set(&mut fields, key, &*result.call_id);
    let noted = content::noted(&kept, "output");
    let blocks: Vec<&Block> = result.content.iter().collect();
    let part = |block: &Block| write_part(block, natural_type(Role::Tool));
    if let Some(value) = content::write(&blocks, noted, Form::Text, RESPONSES, part) {
        set(&mut fields, "output", value);
    }
    add(&mut fields, kept.rest);
    fields.into()
}

/// Writes a message of the system or the user with these parts.
pub(super) fn write_message(message: &Message, parts: &[&Block]) -> Value {
    let kept = Kept::unpack(message.extra(), RESPONSES);
    let role = match message.role() {
        Role::System => kept.noted("role").unwrap_or("system"),
        _ => "user",
    };
    let mut fields = Object::new();
    set(&mut fields, "role", role);
    let noted = content::noted(&kept, "content");
    let part = |block: &Block| write_part(block, natural_type(message.role()));
    if let Some(value) = content::write(parts, noted, Form::Text, RESPONSES, part) {
        set(&mut fields, "content", value);
    }
    add(&mut fields, kept.rest);
    fields.into()
}

/// Writes one item of what the assistant says.
pub(super) fn write_speech(parts: &[&Block]) -> Value {
    let kept = parts.first().map(|first| kept_of(first));
    let kept = kept.unwrap_or_default();
    let plain = kept.rest.is_empty() && kept.noted("type").is_none();
    let text = match parts {
        [Block::Text(text)] if plain => Some(text.text.as_str()),
        _ => None,
    };
    let mut fields = Object::new();
    set(&mut fields, "role", "assistant");
    let noted = content::noted(&kept, "content");
    let part = |block: &Block| write_part(block, natural_type(Role::Assistant));
    if let Some(value) = content::write_with(text, parts, noted, Form::Text, part) {
        set(&mut fields, "content", value);
    }
    add(&mut fields, kept.item.unwrap_or_default());
    fields.into()
}

/// Reads reasoning. Its text is the summary, or the content where there is no summary.
pub(super) fn reasoning(mut fields: Object) -> Block {
    let opaque = take_if_string(&mut fields, "encrypted_content");
    let summary = fields.get("summary").and_then(texts).unwrap_or_default();
    let thought = fields.get("content").and_then(texts).unwrap_or_default();
    let mut kept = Kept::default();
    fields.remove("type");
    match fields.get("summary") {
        None => kept.note("summary", "absent"),
        Some(value) if *value == natural_summary(&summary) => {
            fields.remove("summary");
        }
        Some(_) => {}
    }
    let by_content = summary.is_empty() && !thought.is_empty();
    if by_content {
        kept.note("text", "content");
    }
    kept.rest = fields;
    kept.own = true;
    Block::Reasoning(Reasoning {
        text: if by_content { thought } else { summary },
        opaque: opaque.map(String::into_boxed_str),
        extra: kept.pack(RESPONSES),
    })
}

/// The texts of a list of parts, joined.
fn texts(parts: &Value) -> Option<String> {
    let texts = parts.as_array()?.iter();
    let texts: Option<Vec<&str>> = texts.map(|part| part.get("text")?.as_str()).collect();
    texts.map(|texts| texts.join("\n\n"))
}

fn natural_summary(text: &str) -> Value {
    match text {
        "" => json!([]),
        text => json!([{"type": "summary_text", "text": text}]),
    }
}

pub(super) fn write_reasoning(thought: &Reasoning) -> Value {
    let mut kept = Kept::unpack(thought.extra.as_deref(), RESPONSES);
    let mut fields = Object::new();
    set(&mut fields, "type", "reasoning");
    if let Some(opaque) = &thought.opaque {
        set(&mut fields, "encrypted_content", &**opaque);
    }
    let text = thought.text.as_str();
    let says = |value: &Value| texts(value).unwrap_or_default() == text;
    let by_content = kept.noted("text") == Some("content");
    if by_content && !kept.rest.get("content").is_some_and(says) {
        let content = json!([{"type": "reasoning_text", "text": text}]);
        set(&mut kept.rest, "content", content);
    }
    // A summary of another form stays as long as it says the same.
    let stays = by_content || kept.rest.get("summary").is_some_and(says);
    let absent = kept.noted("summary") == Some("absent");
    if !(stays && kept.rest.contains_key("summary")) && !(absent && (by_content || text.is_empty()))
    {
        let summary = natural_summary(if by_content { "" } else { text });
        set(&mut fields, "summary", summary);
    }
    add(&mut fields, kept.rest);
    fields.into()
}
