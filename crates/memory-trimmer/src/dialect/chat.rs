//! OpenAI's chat completions: a message is an object with content and, beside it, tool calls.

use serde_json::{Value, json};

use super::content::{self, Form};
use super::extra::Kept;
use super::json::{
    Object, add, add_within, kind, object, parse_object, set, str_of, take_if_string, take_string,
    text_of,
};
use super::{Dialect, Place, ReadError, role};
use crate::{Block, Extra, Message, Reasoning, Role, Text, ToolCall, ToolResult};

const CHAT: Dialect = Dialect::OpenAiChat;

/// Fields in which servers of open models give the reasoning.
const REASONING: [&str; 2] = ["reasoning_content", "reasoning"];

/// Reads the messages of a conversation, one by one.
#[derive(Default)]
pub(super) struct Reader {
    /// Ids given to the calls of functions, which have none, until their results come.
    functions: Vec<(Box<str>, String)>,
    count: usize,
}

impl Reader {
    pub(super) fn message(&mut self, value: Value, place: &Place) -> Result<Message, ReadError> {
        let mut fields = object(value, place)?;
        let name = take_string(&mut fields, "role", place)?;
        let role = role::of_chat(&name, &place.key("role"))?;
        let mut kept = Kept::default();
        if matches!(name.as_str(), "developer" | "function") {
            kept.note("role", name.as_str());
        }
        let value = fields.remove("content");
        let content = content::read(value, &place.key("content"), false, part)?;
        let (before, after) = match role {
            Role::Assistant => self.assistant(&mut fields, place)?,
            _ => Default::default(),
        };
        content.note("content", empty_form(&after), CHAT, &mut kept);
        let mut blocks = content.blocks;
        if role == Role::Tool {
            let call_id = match name.as_str() {
                "function" => self.answered(str_of(&fields, "name")),
                _ => take_string(&mut fields, "tool_call_id", place)?,
            };
            blocks = vec![Block::ToolResult(ToolResult {
                call_id: call_id.into_boxed_str(),
                content: blocks,
                ..ToolResult::default()
            })];
        }
        blocks.splice(0..0, before);
        blocks.extend(after);
        kept.rest = fields;
        Ok(Message::new(role, blocks).with_extra(kept.pack(CHAT)))
    }

    /// What an assistant's message has before and behind its content.
    fn assistant(
        &mut self,
        fields: &mut Object,
        place: &Place,
    ) -> Result<(Vec<Block>, Vec<Block>), ReadError> {
        let thoughts = REASONING.iter().filter_map(|&key| {
            let text = take_if_string(fields, key)?;
            Some(Block::Reasoning(Reasoning {
                text,
                opaque: None,
                extra: field(key),
            }))
        });
        let before = thoughts.collect();
        let mut after = Vec::new();
        if let Some(text) = take_if_string(fields, "refusal") {
            let extra = field("refusal");
            after.push(Block::Text(Text { text, extra }));
        }
        if fields.get("function_call").is_some_and(Value::is_object) {
            let place = place.key("function_call");
            let value = fields.remove("function_call").unwrap_or_default();
            after.push(self.function_call(object(value, &place)?, &place)?);
        }
        let calls = fields.get("tool_calls").and_then(Value::as_array);
        if calls.is_some_and(|calls| !calls.is_empty())
            && let Some(Value::Array(calls)) = fields.remove("tool_calls")
        {
            let place = place.key("tool_calls");
            for (at, value) in calls.into_iter().enumerate() {
                after.push(tool_call(value, &place.index(at))?);
            }
        }
        Ok((before, after))
    }

    fn function_call(&mut self, mut fields: Object, place: &Place) -> Result<Block, ReadError> {
        let name = take_string(&mut fields, "name", place)?;
        let arguments = take_string(&mut fields, "arguments", place)?;
        let id = format!("function_call_{}", self.count);
        self.count += 1;
        self.functions.push((name.as_str().into(), id.clone()));
        let mut kept = Kept::of(fields);
        kept.note("place", "message");
        let mut call = ToolCall::new(id, name, arguments);
        call.extra = kept.pack(CHAT);
        Ok(Block::ToolCall(call))
    }

    /// The id of the call that a function's result answers.
    fn answered(&mut self, name: Option<&str>) -> String {
        let called = |(function, _): &(Box<str>, String)| Some(&**function) == name;
        match self.functions.iter().position(called) {
            Some(at) => self.functions.remove(at).1,
            None => format!("function_call_without_{}", name.unwrap_or("name")),
        }
    }
}

/// An extra that notes which field a block stood in.
fn field(key: &str) -> Extra {
    let mut kept = Kept::default();
    kept.note("field", key);
    kept.pack(CHAT)
}

/// How no content is written: as null beside tool calls.
fn empty_form(beside: &[Block]) -> Form {
    let calls = beside.iter().any(|b| matches!(b, Block::ToolCall(_)));
    if calls { Form::Null } else { Form::Text }
}

fn part(value: Value, place: &Place) -> Result<Block, ReadError> {
    let mut fields = object(value, place)?;
    let name = take_string(&mut fields, "type", place)?;
    match name.as_str() {
        "text" | "refusal" => {
            let text = take_string(&mut fields, &name, place)?;
            let mut kept = Kept::of(fields);
            if name != "text" {
                kept.note("type", name);
            }
            let extra = kept.pack(CHAT);
            Ok(Block::Text(Text { text, extra }))
        }
        "image_url" if fields.get("image_url").is_some_and(has_url) => {
            let mut inner = match fields.remove("image_url") {
                Some(Value::Object(inner)) => inner,
                _ => Object::new(),
            };
            let url = take_if_string(&mut inner, "url").unwrap_or_default();
            if !inner.is_empty() {
                set(&mut fields, "image_url", inner);
            }
            Ok(content::image(url, Kept::of(fields), CHAT))
        }
        _ => {
            set(&mut fields, "type", name.as_str());
            Ok(content::other(&name, &fields, CHAT))
        }
    }
}

fn has_url(value: &Value) -> bool {
    value.get("url").is_some_and(Value::is_string)
}

fn tool_call(value: Value, place: &Place) -> Result<Block, ReadError> {
    let mut fields = object(value, place)?;
    let id = take_string(&mut fields, "id", place)?;
    let name = take_if_string(&mut fields, "type");
    let mut kept = Kept::default();
    if name.as_deref() != Some("function") {
        kept.note("type", name.as_deref().unwrap_or("absent"));
    }
    let (key, input) = match name.as_deref() {
        Some("function") | None => ("function", "arguments"),
        Some("custom") => ("custom", "input"),
        Some(name) => {
            let mut call = ToolCall::new(id, name, text_of(&fields));
            kept.note("whole", true);
            call.extra = kept.pack(CHAT);
            return Ok(Block::ToolCall(call));
        }
    };
    let place = place.key(key);
    let mut inner = match fields.remove(key) {
        Some(value) => object(value, &place)?,
        None => return Err(place.expected("an object", "nothing")),
    };
    let name = take_string(&mut inner, "name", &place)?;
    let arguments = match inner.remove(input) {
        Some(Value::String(text)) => text,
        Some(value @ Value::Object(_)) => {
            kept.note("arguments", "object");
            text_of(&value)
        }
        found => {
            let found = found.as_ref().map_or("nothing", kind);
            return Err(place.key(input).expected("a string", found));
        }
    };
    if !inner.is_empty() {
        set(&mut fields, key, inner);
    }
    kept.rest = fields;
    let mut call = ToolCall::new(id, name, arguments);
    call.extra = kept.pack(CHAT);
    Ok(Block::ToolCall(call))
}

/// Writes a message as one message or, where it brings several results, as more.
pub(super) fn write(message: &Message, out: &mut dyn FnMut(Value)) {
    let kept = Kept::unpack(message.extra(), CHAT);
    let results: Vec<&ToolResult> = message.results().collect();
    let others = message.blocks().iter();
    let others = others.filter(|block| !matches!(block, Block::ToolResult(_)));
    let others: Vec<&Block> = others.collect();
    match message.role() {
        Role::System => {
            let role = kept.noted("role").unwrap_or("system").to_owned();
            out(speech(&role, &others, kept));
        }
        Role::Assistant => out(assistant(&others, kept)),
        Role::Tool if results.len() == 1 => out(result(results[0], kept)),
        Role::User if results.is_empty() => out(speech("user", &others, kept)),
        Role::User | Role::Tool => {
            let results = results.into_iter();
            results.for_each(|one| out(result(one, Kept::default())));
            if message.role() == Role::User && !others.is_empty() {
                out(speech("user", &others, kept));
            }
        }
    }
}

fn speech(role: &str, blocks: &[&Block], kept: Kept) -> Value {
    let mut fields = Object::new();
    set(&mut fields, "role", role);
    set_content(&mut fields, blocks, Form::Text, &kept);
    add(&mut fields, kept.rest);
    fields.into()
}

fn set_content(fields: &mut Object, blocks: &[&Block], empty: Form, kept: &Kept) {
    let noted = content::noted(kept, "content");
    if let Some(value) = content::write(blocks, noted, empty, CHAT, write_part) {
        set(fields, "content", value);
    }
}

fn result(result: &ToolResult, kept: Kept) -> Value {
    let mut fields = Object::new();
    let function = kept.noted("role") == Some("function");
    set(
        &mut fields,
        "role",
        if function { "function" } else { "tool" },
    );
    if !function {
        set(&mut fields, "tool_call_id", &*result.call_id);
    }
    let blocks: Vec<&Block> = result.content.iter().collect();
    set_content(&mut fields, &blocks, Form::Text, &kept);
    add(&mut fields, kept.rest);
    fields.into()
}

fn assistant(blocks: &[&Block], kept: Kept) -> Value {
    let mut fields = Object::new();
    set(&mut fields, "role", "assistant");
    let (mut parts, mut calls, mut called) = (Vec::new(), Vec::new(), false);
    for &block in blocks {
        match block {
            Block::ToolCall(call) => {
                called = true;
                write_call(call, &mut fields, &mut calls);
            }
            Block::Reasoning(Reasoning { text, extra, .. }) => {
                let kept = Kept::unpack(extra.as_deref(), CHAT);
                set(
                    &mut fields,
                    kept.noted("field").unwrap_or(REASONING[0]),
                    &**text,
                );
            }
            Block::Text(Text { text, extra }) => {
                let kept = Kept::unpack(extra.as_deref(), CHAT);
                match kept.noted("field") {
                    Some(key) => set(&mut fields, key, &**text),
                    None => parts.push(block),
                }
            }
            _ => parts.push(block),
        }
    }
    let empty = if called { Form::Null } else { Form::Text };
    set_content(&mut fields, &parts, empty, &kept);
    if !calls.is_empty() {
        set(&mut fields, "tool_calls", calls);
    }
    add(&mut fields, kept.rest);
    fields.into()
}

/// Writes a call into the list, or into the message itself where it was there.
fn write_call(call: &ToolCall, message: &mut Object, calls: &mut Vec<Value>) {
    let mut kept = Kept::unpack(call.extra.as_deref(), CHAT);
    let mut fields = Object::new();
    let name = kept.noted("type").unwrap_or("function").to_owned();
    let arguments = match kept.noted("arguments") {
        Some("object") => parse_object(&call.arguments).map(Value::Object),
        _ => None,
    };
    let arguments = arguments.unwrap_or_else(|| call.arguments.as_str().into());
    if kept.noted("place") == Some("message") {
        set(&mut fields, "name", &*call.name);
        set(&mut fields, "arguments", arguments);
        add(&mut fields, kept.rest);
        set(message, "function_call", fields);
        return;
    }
    set(&mut fields, "id", &*call.id);
    let whole = kept.shape.contains_key("whole");
    if whole || name != "absent" {
        set(&mut fields, "type", name.as_str());
    }
    if whole {
        add(
            &mut fields,
            parse_object(&call.arguments).unwrap_or_default(),
        );
    } else {
        let (key, input) = match name.as_str() {
            "custom" => ("custom", "input"),
            _ => ("function", "arguments"),
        };
        set(
            &mut fields,
            key,
            json!({"name": &*call.name, input: arguments}),
        );
        add_within(&mut fields, &mut kept.rest, key);
    }
    add(&mut fields, kept.rest);
    calls.push(fields.into());
}

fn write_part(block: &Block) -> Option<Value> {
    let (mut fields, mut kept) = match block {
        Block::Text(text) => {
            let kept = Kept::unpack(text.extra.as_deref(), CHAT);
            let name = kept.noted("type").unwrap_or("text");
            let mut fields = Object::new();
            set(&mut fields, "type", name);
            set(&mut fields, name, text.text.as_str());
            (fields, kept)
        }
        Block::Image(image) => {
            let mut fields = Object::new();
            set(&mut fields, "type", "image_url");
            set(
                &mut fields,
                "image_url",
                json!({"url": content::url_of(image)?}),
            );
            (fields, Kept::unpack(image.extra.as_deref(), CHAT))
        }
        Block::Other(other) => return content::of_other(other, CHAT),
        _ => return None,
    };
    add_within(&mut fields, &mut kept.rest, "image_url");
    add(&mut fields, kept.rest);
    Some(fields.into())
}
