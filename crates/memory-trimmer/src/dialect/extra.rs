//! What a dialect says that the model of this crate has no field for, and how it wrote what there is.

use serde_json::Value;

use super::Dialect;
use super::json::{Object, parse_object, text_of};
use crate::Extra;

/// The parts of an [`Extra`] that belong to one dialect.
///
/// As text it is an object of up to three fields: `anthropic` holds the fields without a place in the
/// model, `anthropic.shape` notes how the others were written, and `anthropic.item` holds the fields
/// of the item that begins with a block. Any other dialect finds nothing in it.
#[derive(Default)]
pub(super) struct Kept {
    pub(super) rest: Object,
    pub(super) shape: Object,
    pub(super) item: Option<Object>,
    /// Only this dialect can use the block, even if nothing else is said.
    pub(super) own: bool,
}

impl Kept {
    pub(super) fn of(rest: Object) -> Self {
        Kept {
            rest,
            ..Kept::default()
        }
    }

    /// Notes how something was written.
    pub(super) fn note(&mut self, key: &str, how: impl Into<Value>) {
        self.shape.insert(key.to_owned(), how.into());
    }

    /// How something was written, where it was noted.
    pub(super) fn noted(&self, key: &str) -> Option<&str> {
        self.shape.get(key).and_then(Value::as_str)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.rest.is_empty() && self.shape.is_empty() && self.item.is_none()
    }

    pub(super) fn pack(self, dialect: Dialect) -> Extra {
        if self.is_empty() && !self.own {
            return None;
        }
        let [rest, shape, item] = keys(dialect);
        let mut fields = Object::new();
        fields.insert(rest.to_owned(), self.rest.into());
        if !self.shape.is_empty() {
            fields.insert(shape.to_owned(), self.shape.into());
        }
        if let Some(of_item) = self.item {
            fields.insert(item.to_owned(), of_item.into());
        }
        Some(text_of(&fields).into_boxed_str())
    }

    pub(super) fn unpack(extra: Option<&str>, dialect: Dialect) -> Self {
        let Some(mut fields) = extra.and_then(parse_object) else {
            return Kept::default();
        };
        let own = fields.contains_key(dialect.name());
        let mut take = |key: &str| match fields.remove(key) {
            Some(Value::Object(fields)) => Some(fields),
            _ => None,
        };
        let [rest, shape, item] = keys(dialect);
        Kept {
            rest: take(rest).unwrap_or_default(),
            shape: take(shape).unwrap_or_default(),
            item: take(item),
            own,
        }
    }
}

fn keys(dialect: Dialect) -> [&'static str; 3] {
    match dialect {
        Dialect::OpenAiChat => ["openai-chat", "openai-chat.shape", "openai-chat.item"],
        Dialect::OpenAiResponses => [
            "openai-responses",
            "openai-responses.shape",
            "openai-responses.item",
        ],
        Dialect::Anthropic => ["anthropic", "anthropic.shape", "anthropic.item"],
    }
}

/// Whether another dialect wrote it, so that ids and signatures mean nothing to this one.
pub(super) fn is_foreign(extra: &Extra, dialect: Dialect) -> bool {
    let fields = extra.as_deref().and_then(parse_object).unwrap_or_default();
    let has = |dialect: &Dialect| fields.contains_key(dialect.name());
    !has(&dialect) && Dialect::ALL.iter().any(has)
}

/// Whether this dialect wrote it.
pub(super) fn is_own(extra: &Extra, dialect: Dialect) -> bool {
    let fields = extra.as_deref().and_then(parse_object);
    fields.is_some_and(|fields| fields.contains_key(dialect.name()))
}
