//! Values of parameters as JSON and as text.

use autoexec_evolutionary_optimizer::{Candidate, Space, Value};
use serde_json::{Map, Value as Json, json};

/// The value of the parameter at `position`: choices and levels by name where they have names, by index where not; null
/// where the parameter plays no part.
pub(super) fn to_json(space: &Space, position: usize, value: &Value) -> Json {
    match *value {
        Value::Real(x) => json!(x),
        Value::Integer(n) => json!(n),
        Value::Choice(index) | Value::Level(index) => match space.choices(position).get(index) {
            Some(name) => json!(name),
            None => json!(index),
        },
        Value::Boolean(b) => json!(b),
        Value::Absent => Json::Null,
    }
}

/// All values in order.
pub(super) fn row(candidate: &Candidate) -> Vec<Json> {
    let values = candidate.values().iter().enumerate();
    values
        .map(|(position, value)| to_json(candidate.space(), position, value))
        .collect()
}

/// The values that play a part, by name.
pub(super) fn map(candidate: &Candidate) -> Map<String, Json> {
    let names = candidate.space().parameters().map(|(name, _)| name);
    let pairs = names.zip(row(candidate));
    pairs
        .filter(|(_, value)| !value.is_null())
        .map(|(name, value)| (name.to_owned(), value))
        .collect()
}

/// As in an environment variable or a table: without quotes.
pub(super) fn text(value: &Json) -> String {
    match value {
        Json::Null => String::new(),
        Json::String(text) => text.clone(),
        other => other.to_string(),
    }
}
