//! What a document may hold: one description, from which come the checks, the canonical form and the JSON Schema.

use serde_json::{Value as Json, json};

/// The shape of a value.
#[derive(Debug, Clone, Copy)]
pub enum Shape {
    /// A string; `${{ … }}` is replaced when the step runs.
    Template,
    /// A string taken as it is.
    Text,
    /// A name: letters, digits and `_`, not starting with a digit.
    Name,
    /// An expression, with or without its `${{ }}`.
    Expression,
    /// `true` or `false`.
    Bool,
    /// An integer in a range.
    Integer {
        /// Least.
        min: i64,
        /// Greatest.
        max: i64,
    },
    /// A number in a range.
    Number {
        /// Least.
        min: f64,
        /// Greatest.
        max: f64,
    },
    /// `true`, `false`, or a number in a range.
    BoolOrNumber {
        /// Least.
        min: f64,
        /// Greatest.
        max: f64,
    },
    /// A duration: `500ms`, `1m 30s`.
    Duration,
    /// A size: `64 KiB`.
    Size,
    /// A string, number or boolean, kept as a string with templates (environment values).
    Scalar,
    /// A string, number or boolean that is taken as it is and keeps its type.
    Literal,
    /// One of a few words.
    OneOf(&'static [&'static str]),
    /// A list; with `one`, a single value stands for a list of one.
    List {
        /// The shape of the elements.
        of: &'static Shape,
        /// Whether a single value stands for a list of one.
        one: bool,
    },
    /// A list, or an expression that yields one when the step is ready.
    ListOrExpression,
    /// A mapping from names that the author chooses.
    Map(&'static Shape),
    /// A mapping with known keys.
    Object(&'static Object),
    /// Anything; not looked into.
    Any,
}

/// A mapping with known keys.
#[derive(Debug)]
pub struct Object {
    /// Its name in the JSON Schema.
    pub name: &'static str,
    /// What it is.
    pub doc: &'static str,
    /// Its keys.
    pub fields: &'static [Field],
    /// Values that stand for a mapping with one key: a string for `{shell: …}`.
    pub short: &'static [Short],
    /// Exactly one of these keys must be there (empty: no such rule).
    pub exactly_one: &'static [&'static str],
}

/// A key of an [`Object`].
#[derive(Debug)]
pub struct Field {
    /// The key.
    pub name: &'static str,
    /// Its shape.
    pub shape: Shape,
    /// What it does.
    pub doc: &'static str,
    /// Whether it must be there.
    pub required: bool,
    /// The value that stands when it is absent, in canonical form.
    pub default: Option<&'static str>,
    /// Why it is refused, when it is known but not carried out yet.
    pub reserved: Option<&'static str>,
}

/// A value that stands for `{field: value}`.
#[derive(Debug)]
pub struct Short {
    /// The shape that the value has.
    pub shape: ShortShape,
    /// The key that it stands for.
    pub field: &'static str,
}

/// Which values may be short for a mapping.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ShortShape {
    /// A string or number.
    Scalar,
    /// A list.
    List,
}

impl Field {
    /// An optional key.
    pub const fn new(name: &'static str, shape: Shape, doc: &'static str) -> Self {
        Self {
            name,
            shape,
            doc,
            required: false,
            default: None,
            reserved: None,
        }
    }

    /// Makes the key required.
    pub const fn required(mut self) -> Self {
        self.required = true;
        self
    }

    /// States what stands when the key is absent, in canonical form.
    pub const fn default(mut self, value: &'static str) -> Self {
        self.default = Some(value);
        self
    }

    /// Makes the key known, but refused with this reason.
    pub const fn reserved(mut self, why: &'static str) -> Self {
        self.reserved = Some(why);
        self
    }
}

impl Object {
    /// The field called `name`.
    pub fn field(&self, name: &str) -> Option<&'static Field> {
        self.fields.iter().find(|f| f.name == name)
    }

    /// The names of the keys that are carried out.
    pub fn names(&self) -> impl Iterator<Item = &'static str> + Clone {
        self.fields
            .iter()
            .filter(|f| f.reserved.is_none())
            .map(|f| f.name)
    }
}

/// The JSON Schema (draft 2020-12) of documents of this shape.
pub fn json_schema(root: &'static Object, id: &str) -> Json {
    let mut definitions = serde_json::Map::new();
    let mut schema = object_schema(root, &mut definitions);
    schema["$schema"] = json!("https://json-schema.org/draft/2020-12/schema");
    schema["$id"] = json!(id);
    schema["title"] = json!(root.name);
    schema["$defs"] = Json::Object(definitions);
    schema
}

fn object_schema(object: &'static Object, definitions: &mut serde_json::Map<String, Json>) -> Json {
    let mut properties = serde_json::Map::new();
    for field in object.fields {
        let mut schema = schema_of(field.shape, definitions);
        schema["description"] = match field.reserved {
            Some(why) => json!(format!("{} Reserved: {why}.", field.doc)),
            None => json!(field.doc),
        };
        if let Some(default) = field.default {
            schema["default"] = typed(default, field.shape);
        }
        if field.reserved.is_some() {
            schema["deprecated"] = json!(true);
        }
        properties.insert(field.name.to_owned(), schema);
    }
    let required: Vec<&str> = object
        .fields
        .iter()
        .filter(|f| f.required)
        .map(|f| f.name)
        .collect();
    let mut schema = json!({
        "type": "object",
        "description": object.doc,
        "properties": properties,
        "additionalProperties": false,
    });
    if !required.is_empty() {
        schema["required"] = json!(required);
    }
    if !object.exactly_one.is_empty() {
        let one: Vec<Json> = object
            .exactly_one
            .iter()
            .map(|name| json!({ "required": [name] }))
            .collect();
        schema["oneOf"] = Json::Array(one);
    }
    schema
}

/// A reference to the object's definition, which is added on the way; short forms are alternatives to it.
fn object_reference(
    object: &'static Object,
    definitions: &mut serde_json::Map<String, Json>,
) -> Json {
    if !definitions.contains_key(object.name) {
        definitions.insert(object.name.to_owned(), Json::Null);
        let schema = object_schema(object, definitions);
        definitions.insert(object.name.to_owned(), schema);
    }
    let reference = json!({ "$ref": format!("#/$defs/{}", object.name) });
    if object.short.is_empty() {
        return reference;
    }
    let mut alternatives = vec![reference];
    for short in object.short {
        let field = object
            .field(short.field)
            .expect("because a short form names a key of its object");
        let schema = match (short.shape, field.shape) {
            (ShortShape::Scalar, Shape::List { of, .. }) => schema_of(*of, definitions),
            (_, shape) => schema_of(shape, definitions),
        };
        alternatives.push(schema);
    }
    json!({ "anyOf": alternatives })
}

/// A default in the type that its key has.
fn typed(default: &str, shape: Shape) -> Json {
    match shape {
        Shape::Bool | Shape::Integer { .. } | Shape::Number { .. } | Shape::BoolOrNumber { .. } => {
            serde_json::from_str(default).expect("because defaults are written in canonical form")
        }
        _ => json!(default),
    }
}

fn schema_of(shape: Shape, definitions: &mut serde_json::Map<String, Json>) -> Json {
    match shape {
        Shape::Template | Shape::Text => json!({ "type": "string" }),
        Shape::Expression => json!({ "type": ["string", "boolean"] }),
        Shape::Name => json!({ "type": "string", "pattern": "^[A-Za-z_][A-Za-z0-9_]*$" }),
        Shape::Bool => json!({ "type": "boolean" }),
        Shape::Integer { min, max } => json!({ "type": "integer", "minimum": min, "maximum": max }),
        Shape::Number { min, max } => json!({ "type": "number", "minimum": min, "maximum": max }),
        Shape::BoolOrNumber { min, max } => json!({ "anyOf": [
            { "type": "boolean" },
            { "type": "number", "minimum": min, "maximum": max },
        ] }),
        Shape::Duration => {
            json!({ "type": ["string", "number"], "examples": ["500ms", "30s", "1m 30s"] })
        }
        Shape::Size => json!({ "type": ["string", "integer"], "examples": ["64 KiB", "10 MB"] }),
        Shape::Scalar | Shape::Literal => json!({ "type": ["string", "number", "boolean"] }),
        Shape::OneOf(words) => json!({ "enum": words }),
        Shape::List { of, one } => {
            let item = schema_of(*of, definitions);
            let list = json!({ "type": "array", "items": item });
            if one {
                json!({ "anyOf": [list, item] })
            } else {
                list
            }
        }
        Shape::ListOrExpression => json!({ "anyOf": [{ "type": "array" }, { "type": "string" }] }),
        Shape::Map(of) => {
            json!({ "type": "object", "additionalProperties": schema_of(*of, definitions) })
        }
        Shape::Object(object) => object_reference(object, definitions),
        Shape::Any => json!({}),
    }
}
