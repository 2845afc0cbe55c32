//! JSON values, and where they stand in a document.

use std::fmt;

use serde_core::de::{Deserialize, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::map::Entry;
use serde_json::{Map, Number, Value};

use super::ReadError;

pub(super) type Object = Map<String, Value>;

/// How deep a document may nest; what `serde_json` reads.
const MAX_DEPTH: usize = 127;

/// Where a value stands, told only when something is wrong with it.
#[derive(Clone, Copy)]
pub(super) enum Place<'a> {
    Root,
    Key(&'a Place<'a>, &'a str),
    Index(&'a Place<'a>, usize),
}

impl<'a> Place<'a> {
    pub(super) fn key(&'a self, key: &'a str) -> Place<'a> {
        Place::Key(self, key)
    }

    pub(super) fn index(&'a self, index: usize) -> Place<'a> {
        Place::Index(self, index)
    }

    /// The error that something else is expected here.
    pub(super) fn expected(
        &self,
        expected: impl Into<String>,
        found: impl Into<String>,
    ) -> ReadError {
        ReadError::Shape {
            path: self.to_string(),
            found: found.into(),
            expected: expected.into(),
        }
    }
}

impl fmt::Display for Place<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Place::Root => Ok(()),
            Place::Key(Place::Root, key) => f.write_str(key),
            Place::Key(parent, key) => write!(f, "{parent}.{key}"),
            Place::Index(parent, index) => write!(f, "{parent}[{index}]"),
        }
    }
}

/// Parses a document. Objects that name a key twice are refused, as one of the values would be lost.
pub(super) fn parse(text: &str) -> Result<Value, ReadError> {
    let parsed: Result<Unique, _> = serde_json::from_str(text);
    parsed.map(|value| value.0).map_err(|error| {
        let (line, column) = (error.line(), error.column());
        let message = error.to_string();
        let end = message.rfind(" at line ").unwrap_or(message.len());
        let message = message[..end].to_owned();
        ReadError::Json {
            line,
            column,
            message,
        }
    })
}

/// Refuses what nests deeper than a parsed document can.
pub(super) fn check_depth(value: &Value) -> Result<(), ReadError> {
    match is_within(value, MAX_DEPTH) {
        true => Ok(()),
        false => Err(Place::Root.expected(
            format!("at most {MAX_DEPTH} levels of nesting"),
            "more of them",
        )),
    }
}

fn is_within(value: &Value, levels: usize) -> bool {
    match value {
        Value::Array(items) => levels > 0 && items.iter().all(|v| is_within(v, levels - 1)),
        Value::Object(fields) => levels > 0 && fields.values().all(|v| is_within(v, levels - 1)),
        _ => true,
    }
}

/// What kind of value it is, for an error.
pub(super) fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    }
}

pub(super) fn object(value: Value, place: &Place) -> Result<Object, ReadError> {
    match value {
        Value::Object(fields) => Ok(fields),
        other => Err(place.expected("an object", kind(&other))),
    }
}

/// Takes a field that must be a string.
pub(super) fn take_string(
    fields: &mut Object,
    key: &str,
    place: &Place,
) -> Result<String, ReadError> {
    match fields.remove(key) {
        Some(Value::String(text)) => Ok(text),
        Some(other) => Err(place.key(key).expected("a string", kind(&other))),
        None => Err(place.key(key).expected("a string", "nothing")),
    }
}

/// Takes a field if it is a string.
pub(super) fn take_if_string(fields: &mut Object, key: &str) -> Option<String> {
    fields.get(key).filter(|value| value.is_string())?;
    match fields.remove(key) {
        Some(Value::String(text)) => Some(text),
        _ => None,
    }
}

/// The field, if it is a string.
pub(super) fn str_of<'a>(fields: &'a Object, key: &str) -> Option<&'a str> {
    fields.get(key).and_then(Value::as_str)
}

/// Sets a field.
pub(super) fn set(fields: &mut Object, key: &str, value: impl Into<Value>) {
    fields.insert(key.to_owned(), value.into());
}

/// Adds the fields that are not there yet.
pub(super) fn add(fields: &mut Object, rest: Object) {
    for (key, value) in rest {
        fields.entry(key).or_insert(value);
    }
}

/// Adds the fields of an object within `rest` to the same one within `fields`.
pub(super) fn add_within(fields: &mut Object, rest: &mut Object, key: &str) {
    let Some(Value::Object(inner)) = fields.get_mut(key) else {
        return;
    };
    if rest.get(key).is_some_and(Value::is_object)
        && let Some(Value::Object(more)) = rest.remove(key)
    {
        add(inner, more);
    }
}

pub(super) fn parse_object(text: &str) -> Option<Object> {
    serde_json::from_str(text).ok()
}

/// The value as text. Values that were parsed always have one.
pub(super) fn text_of(value: &impl serde_core::Serialize) -> String {
    serde_json::to_string(value).unwrap_or_default()
}

/// A value whose objects name no key twice.
struct Unique(Value);

impl<'de> Deserialize<'de> for Unique {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(UniqueVisitor).map(Unique)
    }
}

struct UniqueVisitor;

impl<'de> Visitor<'de> for UniqueVisitor {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(Number::from_f64(value).map_or(Value::Null, Value::Number))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::String(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(Value::String(value))
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<Value, A::Error> {
        let mut items = Vec::new();
        while let Some(Unique(item)) = access.next_element()? {
            items.push(item);
        }
        Ok(Value::Array(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Value, A::Error> {
        let mut fields = Map::new();
        while let Some(key) = access.next_key::<String>()? {
            match fields.entry(key) {
                Entry::Vacant(free) => {
                    let Unique(value) = access.next_value()?;
                    free.insert(value);
                }
                Entry::Occupied(taken) => {
                    let key = taken.key();
                    return Err(A::Error::custom(format_args!("key {key:?} stands twice")));
                }
            }
        }
        Ok(Value::Object(fields))
    }
}
