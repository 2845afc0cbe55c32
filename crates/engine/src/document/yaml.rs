//! YAML text → nodes that know their place, inside limits that a YAML bomb cannot pass.
//!
//! One document, YAML 1.2 core schema, no tags. Anchors and aliases work; what they expand to is counted.

use std::borrow::Cow;
use std::collections::HashMap;

use saphyr_parser::{Event, Parser, ScalarStyle, Span};

use super::diagnostic::{Diagnostic, Place};

/// Longest document, in bytes.
pub const MAX_BYTES: usize = 16 << 20;
/// Deepest nesting.
pub const MAX_DEPTH: usize = 64;
/// Most nodes, aliases not expanded.
pub const MAX_NODES: usize = 2_000_000;
/// Most nodes that aliases may add.
pub const MAX_ALIAS_NODES: usize = 100_000;
/// Most bytes of text that aliases may add.
pub const MAX_ALIAS_BYTES: usize = MAX_BYTES;

/// A value and where it stands.
#[derive(Debug, Clone, PartialEq)]
pub struct Node {
    /// The value.
    pub value: Value,
    /// Its place.
    pub place: Place,
}

/// What a node holds.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// `null`, `~`, or nothing.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// An integer in the range of `i64`, written the plain way.
    Integer(i64),
    /// Any other number, with the text as written.
    Float(f64, String),
    /// Everything else that is a scalar.
    String(String),
    /// A sequence.
    List(Vec<Node>),
    /// A mapping, in the order written; keys are unique strings.
    Map(Vec<(Key, Node)>),
}

/// A key of a mapping.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key {
    /// Its text.
    pub name: String,
    /// Its place.
    pub place: Place,
}

impl Node {
    /// The value under `key`, if this is a mapping that has it.
    pub fn get(&self, key: &str) -> Option<&Node> {
        self.entry(key).map(|(_, node)| node)
    }

    /// The key and the value under `key`.
    pub fn entry(&self, key: &str) -> Option<&(Key, Node)> {
        match &self.value {
            Value::Map(entries) => entries.iter().find(|(k, _)| k.name == key),
            _ => None,
        }
    }

    /// The elements, if this is a sequence.
    pub fn items(&self) -> &[Node] {
        match &self.value {
            Value::List(items) => items,
            _ => &[],
        }
    }

    /// The text of a string.
    pub fn as_str(&self) -> Option<&str> {
        match &self.value {
            Value::String(text) => Some(text),
            _ => None,
        }
    }

    /// What this is, for messages: "the string `x`", "a list".
    pub fn describe(&self) -> String {
        match &self.value {
            Value::Null => "nothing".into(),
            Value::Bool(b) => format!("the boolean `{b}`"),
            Value::Integer(i) => format!("the integer `{i}`"),
            Value::Float(_, text) => format!("the number `{text}`"),
            Value::String(s) => format!("the string `{}`", shorten(s)),
            Value::List(_) => "a list".into(),
            Value::Map(_) => "a mapping".into(),
        }
    }

    /// The node without its places.
    pub fn to_json(&self) -> serde_json::Value {
        use serde_json::Value as J;
        match &self.value {
            Value::Null => J::Null,
            Value::Bool(b) => J::Bool(*b),
            Value::Integer(i) => J::from(*i),
            Value::Float(f, _) => serde_json::Number::from_f64(*f).map_or(J::Null, J::Number),
            Value::String(s) => J::String(s.clone()),
            Value::List(items) => J::Array(items.iter().map(Node::to_json).collect()),
            Value::Map(entries) => J::Object(
                entries
                    .iter()
                    .map(|(k, v)| (k.name.clone(), v.to_json()))
                    .collect(),
            ),
        }
    }
}

fn shorten(text: &str) -> Cow<'_, str> {
    match text.char_indices().nth(60) {
        Some((end, _)) => Cow::Owned(format!("{}…", &text[..end])),
        None => Cow::Borrowed(text),
    }
}

/// Parses one document.
///
/// # Errors
/// The first thing that is not YAML, or past a limit; an empty document is an error too. O(bytes + expanded nodes).
pub fn parse(text: &str) -> Result<Node, Diagnostic> {
    if text.len() > MAX_BYTES {
        return Err(Diagnostic::whole(format!(
            "the document has {} bytes, more than {MAX_BYTES}",
            text.len()
        )));
    }
    let mut builder = Builder::default();
    let mut parser = Parser::new_from_str(text);
    while let Some(next) = parser.next_event() {
        let (event, span) = next.map_err(|e| {
            let place = Place {
                line: e.marker().line(),
                column: e.marker().col() + 1,
                width: 1,
            };
            Diagnostic::new(format!("not YAML: {}", e.info()), place)
        })?;
        builder.event(event, span)?;
    }
    builder.root.ok_or_else(|| {
        Diagnostic::whole("the document is empty").help("a workflow needs at least `steps:`")
    })
}

/// A collection under construction.
struct Open {
    place: Place,
    anchor: usize,
    items: Vec<Node>,
    entries: Vec<(Key, Node)>,
    names: HashMap<String, Place>,
    key: Option<Key>,
    is_map: bool,
}

#[derive(Default)]
struct Builder {
    root: Option<Node>,
    open: Vec<Open>,
    /// Anchored nodes with their sizes.
    anchors: HashMap<usize, (Node, Size)>,
    nodes: usize,
    added: Size,
    documents: usize,
}

impl Builder {
    fn event(&mut self, event: Event<'_>, span: Span) -> Result<(), Diagnostic> {
        let place = place_of(span);
        match event {
            Event::DocumentStart(_) => {
                self.documents += 1;
                if self.documents > 1 {
                    return Err(Diagnostic::new("a second document starts here", place)
                        .help("one workflow a file"));
                }
            }
            Event::Scalar(text, style, anchor, tag) => {
                refuse_tag(tag.is_some(), place)?;
                let value = scalar(&text, style);
                self.add(Node { value, place }, anchor)?;
            }
            Event::SequenceStart(anchor, tag) => self.start(false, anchor, tag.is_some(), place)?,
            Event::MappingStart(anchor, tag) => self.start(true, anchor, tag.is_some(), place)?,
            Event::SequenceEnd | Event::MappingEnd => self.end()?,
            Event::Alias(anchor) => self.alias(anchor, place)?,
            Event::Nothing | Event::StreamStart | Event::StreamEnd | Event::DocumentEnd => {}
        }
        Ok(())
    }

    fn start(
        &mut self,
        is_map: bool,
        anchor: usize,
        tagged: bool,
        place: Place,
    ) -> Result<(), Diagnostic> {
        refuse_tag(tagged, place)?;
        if self.open.len() >= MAX_DEPTH {
            return Err(Diagnostic::new(
                format!("nested deeper than {MAX_DEPTH} levels"),
                place,
            ));
        }
        self.open.push(Open {
            place,
            anchor,
            items: Vec::new(),
            entries: Vec::new(),
            names: HashMap::new(),
            key: None,
            is_map,
        });
        Ok(())
    }

    fn end(&mut self) -> Result<(), Diagnostic> {
        let open = self
            .open
            .pop()
            .expect("because the parser balances starts and ends");
        let value = if open.is_map {
            Value::Map(open.entries)
        } else {
            Value::List(open.items)
        };
        self.add(
            Node {
                value,
                place: open.place,
            },
            open.anchor,
        )
    }

    fn alias(&mut self, anchor: usize, place: Place) -> Result<(), Diagnostic> {
        let Some((node, size)) = self.anchors.get(&anchor) else {
            return Err(Diagnostic::new(
                "this alias stands inside the value that it names",
                place,
            ));
        };
        let size = *size;
        let copy = node.value.clone();
        self.grow(size, place)?;
        let copy = Node { value: copy, place };
        self.add(copy, 0)
    }

    /// Counts what anchors and aliases copy.
    fn grow(&mut self, by: Size, place: Place) -> Result<(), Diagnostic> {
        self.added = self.added.and(by);
        if self.added.nodes <= MAX_ALIAS_NODES && self.added.bytes <= MAX_ALIAS_BYTES {
            return Ok(());
        }
        let message = format!(
            "aliases expand to more than {MAX_ALIAS_NODES} nodes or {MAX_ALIAS_BYTES} bytes"
        );
        let help = "a document that grows like this is refused as a YAML bomb";
        Err(Diagnostic::new(message, place).help(help))
    }

    fn add(&mut self, node: Node, anchor: usize) -> Result<(), Diagnostic> {
        self.nodes += 1;
        if self.nodes > MAX_NODES {
            return Err(Diagnostic::new(
                format!("more than {MAX_NODES} nodes"),
                node.place,
            ));
        }
        if anchor != 0 {
            // What is kept for aliases is a copy, and counts as one.
            let size = Size::of(&node);
            self.grow(size, node.place)?;
            self.anchors.insert(anchor, (node.clone(), size));
        }
        match self.open.last_mut() {
            None => self.root = (node.value != Value::Null).then_some(node),
            Some(open) if !open.is_map => open.items.push(node),
            Some(open) => match open.key.take() {
                Some(key) => open.entries.push((key, node)),
                None => open.key = Some(unique_key(node, &mut open.names)?),
            },
        }
        Ok(())
    }
}

fn unique_key(node: Node, names: &mut HashMap<String, Place>) -> Result<Key, Diagnostic> {
    let place = node.place;
    let name = match node.value {
        Value::String(s) => s,
        Value::Integer(i) => i.to_string(),
        Value::Bool(b) => b.to_string(),
        _ => return Err(Diagnostic::new("a key must be a plain name", place)),
    };
    if let Some(first) = names.insert(name.clone(), place) {
        let message = format!("the key `{}` stands here a second time", shorten(&name));
        return Err(
            Diagnostic::new(message, place).help(format!("its first place is line {}", first.line))
        );
    }
    Ok(Key { name, place })
}

fn refuse_tag(tagged: bool, place: Place) -> Result<(), Diagnostic> {
    match tagged {
        true => Err(
            Diagnostic::new("YAML tags (`!…`) have no meaning here", place)
                .help("leave the tag out"),
        ),
        false => Ok(()),
    }
}

fn place_of(span: Span) -> Place {
    let (start, end) = (span.start, span.end);
    let width = if end.line() == start.line() {
        end.col().saturating_sub(start.col())
    } else {
        1
    };
    Place {
        line: start.line(),
        column: start.col() + 1,
        width: width.max(1),
    }
}

/// What a node takes.
#[derive(Debug, Clone, Copy, Default)]
struct Size {
    nodes: usize,
    bytes: usize,
}

impl Size {
    fn and(self, other: Self) -> Self {
        Self {
            nodes: self.nodes + other.nodes,
            bytes: self.bytes + other.bytes,
        }
    }

    /// Only ever walks a node that is anchored; the caller bounds how much may be anchored.
    fn of(node: &Node) -> Self {
        let own = |bytes| Self { nodes: 1, bytes };
        match &node.value {
            Value::String(text) | Value::Float(_, text) => own(text.len()),
            Value::List(items) => items.iter().map(Self::of).fold(own(0), Self::and),
            Value::Map(entries) => {
                let sizes = entries
                    .iter()
                    .map(|(k, v)| own(k.name.len()).and(Self::of(v)));
                sizes.fold(own(0), Self::and)
            }
            _ => own(0),
        }
    }
}

/// Resolves a scalar by the core schema of YAML 1.2 (chapter 10.3.2).
fn scalar(text: &str, style: ScalarStyle) -> Value {
    if style != ScalarStyle::Plain {
        return Value::String(text.to_owned());
    }
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return Value::Null,
        "true" | "True" | "TRUE" => return Value::Bool(true),
        "false" | "False" | "FALSE" => return Value::Bool(false),
        _ => {}
    }
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    if !digits.starts_with(|c: char| c.is_ascii_digit() || c == '.') {
        return Value::String(text.to_owned());
    }
    // `0755` and `+49` are numbers whose text says more; they keep it, and are no integers where one is expected.
    if let Ok(integer) = text.parse::<i64>()
        && integer.to_string() == text
    {
        return Value::Integer(integer);
    }
    let is_number = digits
        .bytes()
        .all(|b| b.is_ascii_digit() || matches!(b, b'.' | b'e' | b'E' | b'+' | b'-'));
    match text.parse::<f64>() {
        Ok(number) if is_number && number.is_finite() => Value::Float(number, text.to_owned()),
        _ => Value::String(text.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(text: &str) -> String {
        let e = parse(text).expect_err("an error");
        let place = e
            .place
            .map(|p| format!("{}:{} ", p.line, p.column))
            .unwrap_or_default();
        format!("{place}{}", e.message)
    }

    #[test]
    fn scalars_follow_the_core_schema() {
        let node =
            parse("[~, true, 12, -3, 1.5, 0x1f, yes, '12', 1.2.3, '-', 5s, 99999999999999999999]")
                .expect("yaml");
        let values: Vec<Value> = node.items().iter().map(|n| n.value.clone()).collect();
        let s = |t: &str| Value::String(t.into());
        let expect = vec![
            Value::Null,
            Value::Bool(true),
            Value::Integer(12),
            Value::Integer(-3),
            Value::Float(1.5, "1.5".into()),
            s("0x1f"),
            s("yes"),
            s("12"),
            s("1.2.3"),
        ];
        assert_eq!(values[..9], expect);
        assert_eq!(values[10], s("5s"));
        assert_eq!(
            values[11],
            Value::Float(1e20, "99999999999999999999".into())
        );
    }

    #[test]
    fn places_count_from_one() {
        let node = parse("a:\n  - bc: d\n").expect("yaml");
        let inner = &node.get("a").expect("a").items()[0];
        let (key, value) = inner.entry("bc").expect("bc");
        assert_eq!(
            (key.place.line, key.place.column, key.place.width),
            (2, 5, 2)
        );
        assert_eq!((value.place.line, value.place.column), (2, 9));
    }

    #[test]
    fn a_bomb_of_aliases_is_refused() {
        let mut text = String::from("a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n");
        for i in 1..12 {
            let previous = format!("*a{}", i - 1);
            text += &format!("a{i}: &a{i} [{}]\n", [previous.as_str(); 10].join(","));
        }
        assert!(
            error(&text).contains("aliases expand to more than"),
            "{}",
            error(&text)
        );
        let long = format!(
            "a: &a {}\nb: [{}]\n",
            "x".repeat(1 << 20),
            ["*a"; 40].join(",")
        );
        assert!(error(&long).contains("aliases expand to more than"));
    }

    #[test]
    fn deep_nesting_is_refused_without_recursion() {
        for open in ["[", "{a: ", "- "] {
            let shallow = format!("{}x", open.repeat(MAX_DEPTH - 1));
            assert!(
                parse(&shallow)
                    .err()
                    .is_none_or(|e| !e.message.contains("nested deeper")),
                "{open}"
            );
            let deep = open.repeat(MAX_DEPTH + 1);
            assert!(
                error(&deep).contains("nested deeper"),
                "{open}: {}",
                error(&deep)
            );
            // The parser may have a limit of its own that comes first; it must not run out of stack.
            assert!(!error(&open.repeat(100_000)).is_empty());
        }
    }

    #[test]
    fn what_is_not_one_plain_document_is_refused() {
        assert!(error("").contains("empty"));
        assert!(error("# only a comment\n").contains("empty"));
        assert!(error("a: 1\n---\nb: 2\n").contains("second document"));
        assert!(error("a: !!str 1\n").contains("tags"));
        assert!(
            error("a: [1\n").starts_with("2:1 not YAML"),
            "{}",
            error("a: [1\n")
        );
        assert!(error("? [a]\n: 1\n").contains("plain name"));
        assert!(error("a: 1\nb: 2\na: 3\n").starts_with("3:1 the key `a`"));
        assert!(error("a: &x [*x]\n").contains("inside the value"));
    }
}
