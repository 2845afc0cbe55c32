//! Which dialect a document is of.

use serde_json::Value;

use super::Dialect;
use super::Dialect::{Anthropic, OpenAiChat, OpenAiResponses};

/// Fields of a request that only one dialect has.
const FIELDS: [(&str, Dialect); 10] = [
    ("input", OpenAiResponses),
    ("instructions", OpenAiResponses),
    ("previous_response_id", OpenAiResponses),
    ("system", Anthropic),
    ("anthropic_version", Anthropic),
    ("stop_sequences", Anthropic),
    ("thinking", Anthropic),
    ("max_completion_tokens", OpenAiChat),
    ("response_format", OpenAiChat),
    ("reasoning_effort", OpenAiChat),
];

/// Fields of a message that only one dialect has.
const OF_MESSAGE: [(&str, Dialect); 4] = [
    ("tool_calls", OpenAiChat),
    ("tool_call_id", OpenAiChat),
    ("function_call", OpenAiChat),
    ("refusal", OpenAiChat),
];

/// Types of content that only one dialect has.
const TYPES: [(&str, Dialect); 14] = [
    ("image_url", OpenAiChat),
    ("input_audio", OpenAiChat),
    ("file", OpenAiChat),
    ("input_text", OpenAiResponses),
    ("output_text", OpenAiResponses),
    ("input_image", OpenAiResponses),
    ("input_file", OpenAiResponses),
    ("tool_use", Anthropic),
    ("tool_result", Anthropic),
    ("thinking", Anthropic),
    ("redacted_thinking", Anthropic),
    ("image", Anthropic),
    ("document", Anthropic),
    ("server_tool_use", Anthropic),
];

pub(super) fn detect(document: &Value) -> Option<Dialect> {
    match document {
        Value::Array(items) if items.is_empty() => None,
        Value::Array(items) => of_list(items),
        Value::Object(body) => {
            let field = FIELDS.iter().find(|(key, _)| body.contains_key(*key));
            let response = || {
                let items = body.get("output").is_some_and(Value::is_array);
                items.then_some(OpenAiResponses)
            };
            if let Some(dialect) = field.map(|(_, dialect)| *dialect).or_else(response) {
                return Some(dialect);
            }
            let messages = body.get("messages")?.as_array()?;
            let tool = body.get("tools").and_then(|tools| tools.get(0));
            let schema = tool.is_some_and(|tool| tool.get("input_schema").is_some());
            match schema {
                true => Some(Anthropic),
                false => of_list(messages).or(Some(OpenAiChat)),
            }
        }
        _ => None,
    }
}

fn of_list(items: &[Value]) -> Option<Dialect> {
    let messages = items.iter().all(|item| item.get("role").is_some());
    let default = messages.then_some(OpenAiChat);
    items.iter().find_map(of_message).or(default)
}

fn of_message(message: &Value) -> Option<Dialect> {
    let role = message.get("role").and_then(Value::as_str);
    if message.get("type").is_some_and(Value::is_string) {
        let answered = message.get("stop_reason").is_some();
        return Some(if answered { Anthropic } else { OpenAiResponses });
    }
    if matches!(role, Some("tool" | "function")) {
        return Some(OpenAiChat);
    }
    let field = OF_MESSAGE
        .iter()
        .find(|(key, _)| message.get(key).is_some());
    let blocks = message.get("content").and_then(Value::as_array);
    let by_field = field.map(|(_, dialect)| *dialect);
    by_field.or_else(|| blocks?.iter().find_map(of_part))
}

fn of_part(part: &Value) -> Option<Dialect> {
    let name = part.get("type")?.as_str()?;
    let known = TYPES.iter().find(|(known, _)| *known == name);
    let cached = part.get("cache_control").or(part.get("citations"));
    known
        .map(|(_, dialect)| *dialect)
        .or_else(|| cached.map(|_| Anthropic))
}
