//! OpenAI's responses: messages, reasoning, calls and their outputs are items side by side.

use std::collections::{HashMap, HashSet};

use serde_json::Value;

use super::content::{self, Form};
use super::extra::Kept;
use super::items;
use super::json::{Object, kind, object, set, str_of, take_string};
use super::{Dialect, Place, ReadError, role};
use crate::{Block, Message, Role, ToolResult};

pub(super) const RESPONSES: Dialect = Dialect::OpenAiResponses;

/// Calls that the client answers, whether it has done so or not.
const CLIENT_CALLS: [&str; 4] = [
    "computer_call",
    "local_shell_call",
    "shell_call",
    "apply_patch_call",
];

/// What stands for all that came before it; it stays like a system message.
const COMPACTIONS: [&str; 2] = ["compaction", "compaction_summary"];

/// Reads the items of a conversation. What the assistant says, thinks and calls in one step becomes one
/// message, so that the results stand right behind the message with their calls.
#[derive(Default)]
struct Reader {
    messages: Vec<Message>,
    /// Blocks of the assistant's message that is not complete.
    step: Vec<Block>,
    /// Ids of calls, and whether they are of functions.
    calls: HashMap<String, bool>,
    /// Ids of calls that the client answers for sure; they pair with no call of an unknown type.
    named: HashSet<String>,
    /// Ids that outputs answer.
    outputs: HashSet<String>,
}

/// Reads the items.
pub(super) fn read(items: Vec<Value>, place: &Place) -> Result<Vec<Message>, ReadError> {
    let mut reader = Reader::default();
    items.iter().for_each(|item| reader.note_pair(item));
    for (at, item) in items.into_iter().enumerate() {
        reader.item(item, &place.index(at))?;
    }
    reader.end_step();
    Ok(reader.messages)
}

/// The key of the id that makes a pair of a call and its output.
fn pair_key(fields: &Object) -> Option<&'static str> {
    let key = match str_of(fields, "type")? {
        "mcp_approval_request" => "id",
        "mcp_approval_response" => "approval_request_id",
        "local_shell_call_output" if str_of(fields, "call_id").is_none() => "id",
        name if name.ends_with("_call") || name.ends_with("_output") => "call_id",
        _ => return None,
    };
    str_of(fields, key).map(|_| key)
}

fn is_output(name: &str) -> bool {
    name.ends_with("_output") || name == "mcp_approval_response"
}

impl Reader {
    fn note_pair(&mut self, item: &Value) {
        let Some(fields) = item.as_object() else {
            return;
        };
        let id = pair_key(fields).and_then(|key| str_of(fields, key));
        let (Some(id), Some(name)) = (id, str_of(fields, "type")) else {
            return;
        };
        if is_output(name) {
            self.outputs.insert(id.to_owned());
        } else {
            let named = matches!(name, "function_call" | "custom_tool_call");
            if named || CLIENT_CALLS.contains(&name) {
                self.named.insert(id.to_owned());
            }
            *self.calls.entry(id.to_owned()).or_insert(true) &= name == "function_call";
        }
    }

    fn item(&mut self, value: Value, place: &Place) -> Result<(), ReadError> {
        let fields = object(value, place)?;
        let name = match fields.get("type") {
            Some(Value::String(name)) => name.as_str(),
            None | Some(Value::Null) if fields.contains_key("role") => "message",
            None | Some(Value::Null) if fields.contains_key("id") => "item_reference",
            other => {
                let found = other.map_or("nothing", kind);
                return Err(place.key("type").expected("a string", found));
            }
        };
        match name {
            "message" => return self.message(fields, place),
            "function_call_output" | "custom_tool_call_output" => {
                return self.output(fields, "call_id", place);
            }
            "reasoning" => {
                let thinks = |block: &Block| matches!(block, Block::Reasoning(_));
                if !self.step.iter().all(thinks) && !self.has_calls() {
                    self.end_step();
                }
                self.step.push(items::reasoning(fields));
            }
            "function_call" | "custom_tool_call" => {
                self.step.push(items::function_call(fields, place)?);
            }
            name if COMPACTIONS.contains(&name) => {
                self.end_step();
                let block = content::other(name, &fields, RESPONSES);
                self.messages.push(Message::new(Role::System, vec![block]));
            }
            name => match self.pair(name, &fields) {
                Some(key) if is_output(name) => return self.output(fields, key, place),
                Some(key) => self.step.push(items::whole_call(fields, key)),
                None => self.step.push(content::other(name, &fields, RESPONSES)),
            },
        }
        Ok(())
    }

    /// The key of the id that an item shares with another one, or will.
    fn pair(&self, name: &str, fields: &Object) -> Option<&'static str> {
        let key = pair_key(fields)?;
        let id = str_of(fields, key)?;
        let paired = match is_output(name) {
            true => self.calls.contains_key(id),
            false if CLIENT_CALLS.contains(&name) => true,
            false => self.outputs.contains(id) && !self.named.contains(id),
        };
        paired.then_some(key)
    }

    fn has_calls(&self) -> bool {
        let calls = |block: &Block| matches!(block, Block::ToolCall(_));
        self.step.iter().any(calls)
    }

    fn end_step(&mut self) {
        if !self.step.is_empty() {
            let blocks = std::mem::take(&mut self.step);
            self.messages.push(Message::new(Role::Assistant, blocks));
        }
    }

    fn message(&mut self, mut fields: Object, place: &Place) -> Result<(), ReadError> {
        let name = take_string(&mut fields, "role", place)?;
        let role = role::of_responses(&name, &place.key("role"))?;
        if role == Role::Assistant && !items::is_all_known(fields.get("content")) {
            set(&mut fields, "role", name);
            self.begin_speech();
            self.step
                .push(content::other("message", &fields, RESPONSES));
            return Ok(());
        }
        let natural = items::natural_type(role);
        let value = fields.remove("content");
        let mut kept = Kept::default();
        let read = |value, place: &Place<'_>| items::part(value, natural, place);
        let content = content::read(value, &place.key("content"), false, read)?;
        content.note("content", Form::Text, RESPONSES, &mut kept);
        if role == Role::Assistant {
            self.speech(content.blocks, fields, kept);
            return Ok(());
        }
        if name == "developer" {
            kept.note("role", name);
        }
        kept.rest = fields;
        self.end_step();
        let message = Message::new(role, content.blocks);
        self.messages.push(message.with_extra(kept.pack(RESPONSES)));
        Ok(())
    }

    /// The assistant speaks: it goes on with a step that has calls or says nothing so far.
    fn begin_speech(&mut self) {
        if self.step.iter().any(items::is_content) && !self.has_calls() {
            self.end_step();
        }
    }

    /// An item of what the assistant says. Its fields stay with its first block.
    fn speech(&mut self, mut blocks: Vec<Block>, fields: Object, mut kept: Kept) {
        self.begin_speech();
        let behind = self.step.last().is_some_and(items::is_content);
        if behind || !fields.is_empty() || !kept.is_empty() {
            kept.item = Some(fields);
            if let Some(first) = blocks.first_mut() {
                items::keep(first, kept);
            }
        }
        self.step.extend(blocks);
    }

    fn output(&mut self, mut fields: Object, key: &str, place: &Place) -> Result<(), ReadError> {
        let name = take_string(&mut fields, "type", place)?;
        let call_id = take_string(&mut fields, key, place)?;
        let mut kept = Kept::default();
        if name != "function_call_output" || self.calls.get(&call_id) == Some(&false) {
            kept.note("type", name.as_str());
        }
        if key != "call_id" {
            kept.note("key", key);
        }
        // Outputs of functions have content; what others have is kept where it is none.
        let function = matches!(
            name.as_str(),
            "function_call_output" | "custom_tool_call_output"
        );
        let value = match function || items::is_content_value(fields.get("output")) {
            true => fields.remove("output"),
            false => None,
        };
        let content = content::read(value, &place.key("output"), true, items::output_part)?;
        content.note("output", Form::Text, RESPONSES, &mut kept);
        kept.rest = fields;
        let result = ToolResult {
            call_id: call_id.into_boxed_str(),
            content: content.blocks,
            extra: kept.pack(RESPONSES),
            ..ToolResult::default()
        };
        self.end_step();
        let blocks = vec![Block::ToolResult(result)];
        self.messages.push(Message::new(Role::Tool, blocks));
        Ok(())
    }
}

/// Items as they are written.
#[derive(Default)]
pub(super) struct Writer {
    pub(super) items: Vec<Value>,
    /// The types of calls that are not of functions, by their ids.
    types: HashMap<Box<str>, String>,
}

impl Writer {
    pub(super) fn message(&mut self, message: &Message) {
        if message.role() == Role::Assistant {
            self.step(message.blocks());
            return;
        }
        for result in message.results() {
            let kind = self.types.get(&result.call_id).map(String::as_str);
            self.items.push(items::write_output(result, kind));
        }
        let (mut parts, mut others) = (Vec::new(), 0);
        for block in message.blocks() {
            match block {
                Block::ToolResult(_) => others += 1,
                Block::Other(other) if is_compaction(&other.kind) => {
                    others += 1;
                    self.items.extend(content::of_other(other, RESPONSES));
                }
                part => parts.push(part),
            }
        }
        if message.role() != Role::Tool && (others == 0 || !parts.is_empty()) {
            self.items.push(items::write_message(message, &parts));
        }
    }

    /// What the assistant does in one step, item by item.
    fn step(&mut self, blocks: &[Block]) {
        let mut speech: Vec<&Block> = Vec::new();
        for block in blocks {
            if !items::is_content(block) || items::begins(block) {
                self.end_speech(&mut speech);
            }
            match block {
                Block::Text(_) | Block::Image(_) => speech.push(block),
                Block::Reasoning(thought) => self.items.push(items::write_reasoning(thought)),
                Block::Other(other) => self.items.extend(content::of_other(other, RESPONSES)),
                Block::ToolCall(call) => {
                    let item = items::write_call(call);
                    let kind = item.get("type").and_then(Value::as_str);
                    if let Some(kind) = kind.filter(|kind| *kind != "function_call") {
                        self.types.insert(call.id.clone(), kind.to_owned());
                    }
                    self.items.push(item);
                }
                Block::ToolResult(_) => {}
            }
        }
        self.end_speech(&mut speech);
    }

    fn end_speech(&mut self, speech: &mut Vec<&Block>) {
        if !speech.is_empty() {
            self.items.push(items::write_speech(speech));
            speech.clear();
        }
    }
}

fn is_compaction(kind: &str) -> bool {
    let name = kind.split_once(':').map_or("", |(_, name)| name);
    COMPACTIONS.contains(&name)
}
