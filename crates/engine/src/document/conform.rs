//! Walks a document against its shape: every error with its place, and the canonical form when there is none.
//!
//! Canonical: short forms written out, single values as lists, keys in the order of the shape, durations and sizes in
//! one spelling, defaults left out. Two documents that mean the same have the same canonical form.

use super::diagnostic::{Diagnostic, suggestion};
use super::shape::{Field, Object, Shape, ShortShape};
use super::template;
use super::units;
use super::yaml::{Key, Node, Value};

/// Checks `node` against `object`.
///
/// Returns the canonical form and all errors, in the order found. With errors the form holds what could be made out,
/// so that later checks can go on and one run reports everything. O(nodes).
pub fn conform(node: &Node, object: &'static Object) -> (Node, Vec<Diagnostic>) {
    let mut walk = Walk {
        errors: Vec::new(),
        step: None,
    };
    let canonical = walk.object(node, object);
    (canonical, walk.errors)
}

struct Walk {
    errors: Vec<Diagnostic>,
    step: Option<String>,
}

impl Walk {
    fn error(&mut self, error: Diagnostic) {
        let error = match &self.step {
            Some(step) => error.in_step(step.clone()),
            None => error,
        };
        self.errors.push(error);
    }

    fn expected(&mut self, what: &str, node: &Node) -> Node {
        self.error(Diagnostic::new(
            format!("expected {what}, found {}", node.describe()),
            node.place,
        ));
        node.clone()
    }

    fn object(&mut self, node: &Node, object: &'static Object) -> Node {
        let Value::Map(entries) = &node.value else {
            return self.short(node, object);
        };
        for (key, value) in entries {
            self.known(key, value, object);
        }
        self.exactly_one(node, entries, object);
        let mut out = Vec::new();
        for field in object.fields {
            match node.entry(field.name) {
                // Its error has been reported.
                Some((_, value)) if value.value == Value::Null || field.reserved.is_some() => {}
                Some((key, value)) => {
                    let value = self.shape(value, field.shape);
                    if !is_default(&value, field) {
                        out.push((key.clone(), value));
                    }
                }
                None if field.required => {
                    let message = format!(
                        "the key `{}` is missing from this {}",
                        field.name, object.name
                    );
                    self.error(Diagnostic::new(message, node.place).help(field.doc));
                }
                None => {}
            }
        }
        Node {
            value: Value::Map(out),
            place: node.place,
        }
    }

    fn known(&mut self, key: &Key, value: &Node, object: &'static Object) {
        match object.field(&key.name) {
            None => {
                let message = format!("unknown key `{}` in this {}", key.name, object.name);
                self.error(
                    Diagnostic::new(message, key.place)
                        .maybe_help(suggestion(&key.name, object.names())),
                );
            }
            Some(Field {
                reserved: Some(why),
                ..
            }) => {
                self.error(Diagnostic::new(
                    format!("`{}` is refused: {why}", key.name),
                    key.place,
                ));
            }
            Some(field) if value.value == Value::Null => {
                let message = format!("the key `{}` has no value", key.name);
                self.error(Diagnostic::new(message, key.place).help(field.doc));
            }
            Some(_) => {}
        }
    }

    fn exactly_one(&mut self, node: &Node, entries: &[(Key, Node)], object: &'static Object) {
        if object.exactly_one.is_empty() {
            return;
        }
        let found: Vec<&Key> = entries
            .iter()
            .map(|(k, _)| k)
            .filter(|k| object.exactly_one.contains(&k.name.as_str()))
            .collect();
        let all: Vec<String> = object
            .exactly_one
            .iter()
            .filter(|n| object.field(n).is_some_and(|f| f.reserved.is_none()))
            .map(|n| format!("`{n}`"))
            .collect();
        match found.as_slice() {
            [_] => {}
            // A misspelt key says it already.
            [] if entries.iter().any(|(k, _)| object.field(&k.name).is_none()) => {}
            [] => {
                let message = format!("this {} has none of {}", object.name, all.join(", "));
                self.error(Diagnostic::new(message, node.place).help("it needs exactly one"));
            }
            [first, second, ..] => {
                let message = format!(
                    "`{}` and `{}` cannot stand in one {}",
                    first.name, second.name, object.name
                );
                self.error(
                    Diagnostic::new(message, second.place).help("it needs exactly one of them"),
                );
            }
        }
    }

    /// A value that stands for a mapping with one key.
    fn short(&mut self, node: &Node, object: &'static Object) -> Node {
        let found = match &node.value {
            Value::List(_) => ShortShape::List,
            Value::String(_) | Value::Integer(_) | Value::Float(..) | Value::Bool(_) => {
                ShortShape::Scalar
            }
            _ => return self.expected(&format!("a mapping ({})", object.name), node),
        };
        let Some(short) = object.short.iter().find(|s| s.shape == found) else {
            return self.expected(&format!("a mapping ({})", object.name), node);
        };
        let key = Key {
            name: short.field.to_owned(),
            place: node.place,
        };
        let long = Node {
            value: Value::Map(vec![(key, node.clone())]),
            place: node.place,
        };
        self.object(&long, object)
    }

    fn shape(&mut self, node: &Node, shape: Shape) -> Node {
        match shape {
            Shape::Any => node.clone(),
            Shape::Text => self.text(node),
            Shape::Template => self.template(node),
            Shape::Name => self.name(node),
            Shape::Expression => self.expression(node),
            Shape::Scalar => {
                let node = self.scalar(node);
                self.canonical_template(node)
            }
            Shape::Literal => self.literal(node),
            Shape::Bool => match node.value {
                Value::Bool(_) => node.clone(),
                _ => self.expected("`true` or `false`", node),
            },
            Shape::Integer { min, max } => self.integer(node, min, max),
            Shape::Number { min, max } => {
                self.number(node, min, max, &format!("a number from {min} to {max}"))
            }
            Shape::BoolOrNumber { .. } if matches!(node.value, Value::Bool(_)) => node.clone(),
            Shape::BoolOrNumber { min, max } => {
                let what = format!("`true`, `false` or a number from {min} to {max}");
                self.number(node, min, max, &what)
            }
            Shape::Duration => self.unit(node, |t| {
                units::parse_duration(t).map(units::format_duration)
            }),
            Shape::Size => self.unit(node, |t| units::parse_size(t).map(units::format_size)),
            Shape::OneOf(words) => self.one_of(node, words),
            Shape::List { of, one } => self.list(node, *of, one),
            Shape::ListOrExpression => match node.value {
                Value::List(_) => self.list(node, Shape::Scalar, false),
                _ => self.expression(node),
            },
            Shape::Map(of) => self.map(node, *of),
            Shape::Object(object) => self.object(node, object),
        }
    }

    fn text(&mut self, node: &Node) -> Node {
        match &node.value {
            Value::String(_) => node.clone(),
            Value::Integer(_) | Value::Float(..) | Value::Bool(_) => {
                let message = format!("expected a string, found {}", node.describe());
                self.error(Diagnostic::new(message, node.place).help("put it in quotes"));
                node.clone()
            }
            _ => self.expected("a string", node),
        }
    }

    fn template(&mut self, node: &Node) -> Node {
        let node = self.text(node);
        self.canonical_template(node)
    }

    fn canonical_template(&mut self, node: Node) -> Node {
        match node.as_str().map(template::canonical) {
            Some(Ok(text)) => Node {
                value: Value::String(text),
                place: node.place,
            },
            Some(Err(why)) => {
                self.error(
                    Diagnostic::new(why, node.place).help("an expression is written `${{ … }}`"),
                );
                node
            }
            None => node,
        }
    }

    fn name(&mut self, node: &Node) -> Node {
        let valid = |s: &str| {
            s.len() <= 128
                && s.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
                && s.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
        };
        match node.as_str() {
            Some(text) if valid(text) => node.clone(),
            Some(text) => {
                let message = format!("`{text}` is not a name");
                let help = "letters, digits and `_`, not starting with a digit, so that expressions can use it";
                self.error(Diagnostic::new(message, node.place).help(help));
                node.clone()
            }
            None => self.expected("a name", node),
        }
    }

    /// `${{ x }}` and `x` mean the same where an expression is expected.
    fn expression(&mut self, node: &Node) -> Node {
        let text = match &node.value {
            Value::Bool(b) => b.to_string(),
            Value::String(s) => s.trim().to_owned(),
            _ => return self.expected("an expression", node),
        };
        let inner = text.strip_prefix("${{").and_then(|t| t.strip_suffix("}}"));
        let bare = match inner {
            Some(inner) if !inner.contains("${{") => inner.trim().to_owned(),
            _ => text,
        };
        Node {
            value: Value::String(bare),
            place: node.place,
        }
    }

    fn scalar(&mut self, node: &Node) -> Node {
        let text = match &node.value {
            Value::String(s) => s.clone(),
            Value::Integer(i) => i.to_string(),
            Value::Bool(b) => b.to_string(),
            Value::Float(_, text) => text.clone(),
            _ => return self.expected("a string, a number or a boolean", node),
        };
        Node {
            value: Value::String(text),
            place: node.place,
        }
    }

    /// Keeps its type. A number whose text says more (`0755`, `1.50`) is that text.
    fn literal(&mut self, node: &Node) -> Node {
        match &node.value {
            Value::Bool(_) | Value::Integer(_) => node.clone(),
            Value::Float(number, text) if number.to_string() == *text => node.clone(),
            Value::String(text) if template::is_template(text) => {
                let message = "this text is taken as it is; it cannot hold an expression";
                self.error(Diagnostic::new(message, node.place));
                node.clone()
            }
            _ => self.scalar(node),
        }
    }

    fn integer(&mut self, node: &Node, min: i64, max: i64) -> Node {
        match node.value {
            Value::Integer(i) if (min..=max).contains(&i) => node.clone(),
            _ => self.expected(&format!("an integer from {min} to {max}"), node),
        }
    }

    fn number(&mut self, node: &Node, min: f64, max: f64, what: &str) -> Node {
        let number = match node.value {
            Value::Integer(i) => i as f64,
            Value::Float(f, _) => f,
            _ => f64::NAN,
        };
        if number >= min && number <= max {
            Node {
                value: Value::Float(number, number.to_string()),
                place: node.place,
            }
        } else {
            self.expected(what, node)
        }
    }

    fn unit(&mut self, node: &Node, canonical: impl Fn(&str) -> Result<String, String>) -> Node {
        let text = match &node.value {
            Value::String(s) => s.clone(),
            Value::Integer(i) => i.to_string(),
            Value::Float(_, text) => text.clone(),
            _ => String::new(),
        };
        match canonical(&text) {
            Ok(text) => Node {
                value: Value::String(text),
                place: node.place,
            },
            Err(what) => self.expected(&what, node),
        }
    }

    fn one_of(&mut self, node: &Node, words: &'static [&'static str]) -> Node {
        match node.as_str() {
            Some(word) if words.contains(&word) => node.clone(),
            other => {
                let message = format!(
                    "expected one of `{}`, found {}",
                    words.join("`, `"),
                    node.describe()
                );
                let help = other.and_then(|w| suggestion(w, words.iter().copied()));
                self.error(Diagnostic::new(message, node.place).maybe_help(help));
                node.clone()
            }
        }
    }

    fn list(&mut self, node: &Node, of: Shape, one: bool) -> Node {
        let value = match &node.value {
            Value::List(items) => {
                let is_step = matches!(of, Shape::Object(o) if o.field("id").is_some());
                items
                    .iter()
                    .map(|item| self.item(item, of, is_step))
                    .collect()
            }
            Value::Null | Value::Map(_) => return self.expected("a list", node),
            _ if one => vec![self.shape(node, of)],
            _ => return self.expected("a list", node),
        };
        Node {
            value: Value::List(value),
            place: node.place,
        }
    }

    /// Errors inside a step name it.
    fn item(&mut self, item: &Node, of: Shape, is_step: bool) -> Node {
        if is_step {
            self.step = item.get("id").and_then(Node::as_str).map(str::to_owned);
        }
        let node = self.shape(item, of);
        if is_step {
            self.step = None;
        }
        node
    }

    fn map(&mut self, node: &Node, of: Shape) -> Node {
        let Value::Map(entries) = &node.value else {
            return self.expected("a mapping", node);
        };
        let mut out: Vec<(Key, Node)> = entries
            .iter()
            .map(|(k, v)| (k.clone(), self.shape(v, of)))
            .collect();
        out.sort_by(|a, b| a.0.name.cmp(&b.0.name));
        Node {
            value: Value::Map(out),
            place: node.place,
        }
    }
}

/// Whether the value says what stands anyway. Empty lists and mappings are the same as absent ones.
fn is_default(node: &Node, field: &Field) -> bool {
    match &node.value {
        Value::List(items) => {
            items.is_empty() && !field.required && matches!(field.shape, Shape::List { .. })
        }
        Value::Map(entries) => entries.is_empty() && matches!(field.shape, Shape::Map(_)),
        Value::String(s) => field.default == Some(s),
        Value::Bool(b) => field.default == Some(if *b { "true" } else { "false" }),
        Value::Integer(i) => field.default.is_some_and(|d| d == i.to_string()),
        Value::Float(_, text) => field.default == Some(text),
        Value::Null => false,
    }
}
