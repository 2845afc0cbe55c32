//! Content that is a string in one document and a list of parts in another, and what stands in it.

use serde_json::Value;

use super::Dialect;
use super::extra::Kept;
use super::json::{Object, kind, parse_object, text_of};
use super::{Place, ReadError};
use crate::{Block, Image, ImageSource, Other};

/// How content is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    Absent,
    Null,
    Text,
    List,
    /// One part that is no list.
    One,
}

const FORMS: [(Form, &str); 5] = [
    (Form::Absent, "absent"),
    (Form::Null, "null"),
    (Form::Text, "text"),
    (Form::List, "list"),
    (Form::One, "one"),
];

/// Content as it was read: its blocks, and its form.
pub(super) struct Content {
    pub(super) blocks: Vec<Block>,
    pub(super) form: Form,
}

/// Reads content; `part` reads one of its parts. An object counts as the only part if `one` says so.
pub(super) fn read(
    value: Option<Value>,
    place: &Place,
    one: bool,
    mut part: impl FnMut(Value, &Place) -> Result<Block, ReadError>,
) -> Result<Content, ReadError> {
    let (blocks, form) = match value {
        None => (Vec::new(), Form::Absent),
        Some(Value::Null) => (Vec::new(), Form::Null),
        Some(Value::String(text)) if text.is_empty() => (Vec::new(), Form::Text),
        Some(Value::String(text)) => (vec![Block::text(text)], Form::Text),
        Some(Value::Array(parts)) => {
            let parts = parts.into_iter().enumerate();
            let blocks = parts.map(|(at, value)| part(value, &place.index(at)));
            (blocks.collect::<Result<_, _>>()?, Form::List)
        }
        Some(value @ Value::Object(_)) if one => (vec![part(value, place)?], Form::One),
        Some(other) => return Err(place.expected("a string or an array", kind(&other))),
    };
    Ok(Content { blocks, form })
}

impl Content {
    /// Notes the form where [`write`] would choose another one.
    pub(super) fn note(&self, key: &str, empty: Form, dialect: Dialect, kept: &mut Kept) {
        let natural = match self.blocks.as_slice() {
            [] => empty,
            [block] if plain(block, dialect).is_some() => Form::Text,
            _ => Form::List,
        };
        let name = FORMS.iter().find(|(form, _)| *form == self.form);
        if let Some((_, name)) = name.filter(|_| self.form != natural) {
            kept.note(key, *name);
        }
    }
}

/// The form that was noted.
pub(super) fn noted(kept: &Kept, key: &str) -> Option<Form> {
    let name = kept.noted(key)?;
    let known = FORMS.iter().find(|(_, known)| *known == name);
    known.map(|(form, _)| *form)
}

/// Writes content: a string where one plain text is all there is, else a list of parts, unless another
/// form was noted and still fits. `empty` is the form of nothing; `part` writes one part.
pub(super) fn write(
    blocks: &[&Block],
    noted: Option<Form>,
    empty: Form,
    dialect: Dialect,
    part: impl Fn(&Block) -> Option<Value>,
) -> Option<Value> {
    let text = match blocks {
        [block] => plain(block, dialect),
        _ => None,
    };
    write_with(text, blocks, noted, empty, part)
}

/// Writes content whose only part is plain if `text` is there.
pub(super) fn write_with(
    text: Option<&str>,
    blocks: &[&Block],
    noted: Option<Form>,
    empty: Form,
    part: impl Fn(&Block) -> Option<Value>,
) -> Option<Value> {
    if let Some(text) = text.filter(|_| !matches!(noted, Some(Form::List | Form::One))) {
        return Some(text.into());
    }
    let form = noted.filter(|form| blocks.is_empty() || matches!(form, Form::One | Form::List));
    let default = if blocks.is_empty() { empty } else { Form::List };
    let mut parts: Vec<Value> = blocks.iter().filter_map(|block| part(block)).collect();
    match form.unwrap_or(default) {
        Form::Absent => None,
        Form::Null => Some(Value::Null),
        Form::Text => Some("".into()),
        Form::One if parts.len() == 1 => parts.pop(),
        Form::One | Form::List => Some(parts.into()),
    }
}

/// The text of a block that is nothing but text to this dialect.
pub(super) fn plain(block: &Block, dialect: Dialect) -> Option<&str> {
    let Block::Text(text) = block else {
        return None;
    };
    let plain = text.extra.is_none() || Kept::unpack(text.extra.as_deref(), dialect).is_empty();
    plain.then_some(&text.text)
}

/// A block that only its dialect knows.
pub(super) fn other(kind: &str, fields: &Object, dialect: Dialect) -> Block {
    Block::Other(Other {
        kind: format!("{}:{kind}", dialect.name()).into_boxed_str(),
        json: text_of(fields).into_boxed_str(),
    })
}

/// The JSON of a block that only this dialect knows.
pub(super) fn of_other(other: &Other, dialect: Dialect) -> Option<Value> {
    let (name, _) = other.kind.split_once(':')?;
    if name != dialect.name() {
        return None;
    }
    parse_object(&other.json).map(Value::Object)
}

/// An image by its address, which may hold it.
pub(super) fn image(url: String, kept: Kept, dialect: Dialect) -> Block {
    let source = match split_data_url(&url) {
        Some((media_type, data)) => ImageSource::Base64 {
            media_type: media_type.into(),
            data: data.to_owned(),
        },
        None => ImageSource::Url(url),
    };
    image_of(source, kept, dialect)
}

/// An image from its source. Ids of files are the dialect's own.
pub(super) fn image_of(source: ImageSource, mut kept: Kept, dialect: Dialect) -> Block {
    kept.own = matches!(source, ImageSource::File(_));
    Block::Image(Image {
        source,
        tokens: None,
        extra: kept.pack(dialect),
    })
}

fn split_data_url(url: &str) -> Option<(&str, &str)> {
    let (media_type, data) = url.strip_prefix("data:")?.split_once(";base64,")?;
    (!media_type.is_empty()).then_some((media_type, data))
}

/// The address of an image, if it is not a file of the provider.
pub(super) fn url_of(image: &Image) -> Option<String> {
    match &image.source {
        ImageSource::Url(url) => Some(url.clone()),
        ImageSource::Base64 { media_type, data } => {
            Some(format!("data:{media_type};base64,{data}"))
        }
        ImageSource::File(_) => None,
    }
}
