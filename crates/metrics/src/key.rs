//! What a series is called: a name, and labels.

use std::borrow::Borrow;
use std::cmp::Ordering;
use std::fmt::{self, Write};
use std::hash::{Hash, Hasher};
use std::sync::Arc;

/// Name and labels of one series. Its text, `name` or `name{label="value",…}`, is its identity: keys
/// compare, hash and are looked up by it, so `snapshot.counters["files"]` and
/// `snapshot.timers[r#"step{action="read"}"#]` work.
///
/// Labels are sorted by name; of two with the same name the later one stands. In the text, a
/// backslash, a quote and a line end of a value are escaped as Prometheus does.
///
/// Clones share the text: a snapshot of a thousand series copies none.
#[derive(Clone)]
pub struct Key(Arc<Text>);

struct Text {
    whole: Box<str>,
    name_bytes: usize,
    labels: Box<[(Box<str>, Box<str>)]>,
}

impl Key {
    /// A series of this name with these labels, given in any order.
    pub fn new(name: &str, labels: &[(&str, &str)]) -> Self {
        let mut sorted: Vec<(Box<str>, Box<str>)> = Vec::with_capacity(labels.len());
        for &(label, value) in labels {
            match sorted.binary_search_by(|(known, _)| (**known).cmp(label)) {
                Ok(at) => sorted[at].1 = value.into(),
                Err(at) => sorted.insert(at, (label.into(), value.into())),
            }
        }
        Self(Arc::new(Text {
            whole: text(name, &sorted).into(),
            name_bytes: name.len(),
            labels: sorted.into(),
        }))
    }

    /// The key of a text, its labels in any order: `name`, or `name{label="value",…}` with values escaped
    /// as [`Self::as_str`] escapes them. The name ends at the first brace. `None` when what follows is not
    /// labels.
    pub fn parse(text: &str) -> Option<Self> {
        let Some((name, labels)) = text.split_once('{') else {
            return Some(Self::from(text));
        };
        let mut rest = labels;
        let mut found = Vec::new();
        loop {
            let (label, quoted) = rest.split_once("=\"")?;
            let (value, after) = unescaped(quoted)?;
            found.push((label, value));
            match after {
                "}" => break,
                _ => rest = after.strip_prefix(',')?,
            }
        }
        let labels: Vec<(&str, &str)> = found.iter().map(|(l, v)| (*l, v.as_str())).collect();
        Some(Self::new(name, &labels))
    }

    /// The name without labels.
    pub fn name(&self) -> &str {
        &self.0.whole[..self.0.name_bytes]
    }

    /// The labels, sorted by name, their values as they were given.
    pub fn labels(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0
            .labels
            .iter()
            .map(|(label, value)| (&**label, &**value))
    }

    /// The value of one label.
    pub fn label(&self, name: &str) -> Option<&str> {
        let labels = &self.0.labels;
        let at = labels.binary_search_by(|(known, _)| (**known).cmp(name));
        at.ok().map(|at| &*labels[at].1)
    }

    /// Name and labels as one text.
    pub fn as_str(&self) -> &str {
        &self.0.whole
    }
}

fn text(name: &str, labels: &[(Box<str>, Box<str>)]) -> String {
    let mut out = String::from(name);
    for (n, (label, value)) in labels.iter().enumerate() {
        let open = if n == 0 { '{' } else { ',' };
        write!(out, "{open}{label}=\"").expect("because writing to a string cannot fail");
        for c in value.chars() {
            match c {
                '\\' => out.push_str("\\\\"),
                '"' => out.push_str("\\\""),
                '\n' => out.push_str("\\n"),
                c => out.push(c),
            }
        }
        out.push('"');
    }
    if !labels.is_empty() {
        out.push('}');
    }
    out
}

/// A value up to its closing quote, and what follows.
fn unescaped(quoted: &str) -> Option<(String, &str)> {
    let mut value = String::new();
    let mut chars = quoted.char_indices();
    loop {
        match chars.next()? {
            (at, '"') => return Some((value, &quoted[at + 1..])),
            (_, '\\') => value.push(match chars.next()?.1 {
                'n' => '\n',
                c @ ('\\' | '"') => c,
                _ => return None,
            }),
            (_, c) => value.push(c),
        }
    }
}

impl From<&str> for Key {
    fn from(name: &str) -> Self {
        Self::new(name, &[])
    }
}

impl Borrow<str> for Key {
    fn borrow(&self) -> &str {
        &self.0.whole
    }
}

impl PartialEq for Key {
    fn eq(&self, other: &Self) -> bool {
        self.0.whole == other.0.whole
    }
}

impl Eq for Key {}

impl Hash for Key {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.whole.hash(state);
    }
}

impl PartialOrd for Key {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Key {
    fn cmp(&self, other: &Self) -> Ordering {
        self.0.whole.cmp(&other.0.whole)
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.whole)
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.whole)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn labels_are_sorted_and_the_later_of_two_stands() {
        let key = Key::new("step", &[("b", "2"), ("a", "x\"\\\n"), ("b", "3")]);
        assert_eq!(key.as_str(), r#"step{a="x\"\\\n",b="3"}"#);
        assert_eq!(key.name(), "step");
        assert_eq!(
            key.labels().collect::<Vec<_>>(),
            [("a", "x\"\\\n"), ("b", "3")]
        );
        assert_eq!((key.label("b"), key.label("c")), (Some("3"), None));
        assert_eq!(Key::from("plain").as_str(), "plain");
    }

    #[test]
    fn labels_are_read_in_any_order_and_what_is_none_is_refused() {
        let key = Key::parse(r#"step{b="2",a="x\"\\\n"}"#).expect("labels");
        assert_eq!(key.as_str(), r#"step{a="x\"\\\n",b="2"}"#);
        for text in [
            "step{",
            "step{}",
            "step{a}",
            "step{a=1}",
            r#"step{a="1""#,
            r#"step{a="1"}x"#,
            r#"step{a="1",}"#,
            r#"step{a="\t"}"#,
        ] {
            assert_eq!(Key::parse(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn a_key_is_read_as_it_is_written(name in "[^{]{0,6}", labels in prop::collection::vec(("[a-z]{1,2}", ".{0,4}"), 0..4)) {
            let labels: Vec<(&str, &str)> = labels.iter().map(|(l, v)| (l.as_str(), v.as_str())).collect();
            let key = Key::new(&name, &labels);
            prop_assert_eq!(Key::parse(key.as_str()), Some(key));
        }
    }
}
