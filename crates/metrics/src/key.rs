//! What a series is called: a name, and labels.

use std::borrow::{Borrow, Cow};
use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

/// Name and labels of one series. Its text, `name` or `name{label="value",…}`, is its identity: keys
/// compare, hash and are looked up by it, so `snapshot.counters["files"]` and
/// `snapshot.timers[r#"step{action="read"}"#]` work.
///
/// Labels are sorted by name; of two with the same name the later one stands. In the text, a
/// backslash, a quote and a line end of a value are escaped as Prometheus does. The name of a label that
/// has one of these in it, or one of `=,{}`, is escaped likewise and stands in quotes, also as Prometheus
/// does: `step{"a,b"="1"}`.
///
/// So that one text is one key, a brace in a name does not get past the labels: a name that reads as one
/// with labels is that, `Key::from(r#"step{action="read"}"#)`, and an opening brace in a name that labels
/// are given to becomes `_`, which makes it one with the name that has `_` there.
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
        match (labels, name.contains('{')) {
            ([], true) => Self::parse(name).unwrap_or_else(|| Self::of(name, &[])),
            (_, true) => Self::of(&name.replace('{', "_"), labels),
            (_, false) => Self::of(name, labels),
        }
    }

    fn of(name: &str, labels: &[(&str, &str)]) -> Self {
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

    /// The key of a text, its labels in any order: `name`, or `name{label="value",…}` with values and labels
    /// escaped as [`Self::as_str`] escapes them. The name ends at the first brace. `None` when what follows
    /// is not labels.
    pub fn parse(text: &str) -> Option<Self> {
        let Some((name, labels)) = text.split_once('{') else {
            return Some(Self::of(text, &[]));
        };
        let mut rest = labels;
        let mut found = Vec::new();
        loop {
            let (label, quoted) = label_of(rest)?;
            let (value, after) = unescaped(quoted)?;
            found.push((label, value));
            match after {
                "}" => break,
                _ => rest = after.strip_prefix(',')?,
            }
        }
        let labels: Vec<(&str, &str)> = found.iter().map(|(l, v)| (&**l, v.as_str())).collect();
        Some(Self::of(name, &labels))
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
        out.push(if n == 0 { '{' } else { ',' });
        if is_plain(label) {
            out.push_str(label);
        } else {
            push_quoted(&mut out, label);
        }
        out.push('=');
        push_quoted(&mut out, value);
    }
    if !labels.is_empty() {
        out.push('}');
    }
    out
}

/// Whether the name of a label can be told from what is around it without quotes.
fn is_plain(label: &str) -> bool {
    !label.contains(['"', '\\', '\n', '=', ',', '{', '}'])
}

fn push_quoted(out: &mut String, text: &str) {
    out.push('"');
    push_escaped(out, text);
    out.push('"');
}

/// Escapes a backslash, a quote and a line end, as Prometheus does in values of labels.
pub(crate) fn push_escaped(out: &mut String, text: &str) {
    for c in text.chars() {
        match c {
            '\\' => out.push_str("\\\\"),
            '"' => out.push_str("\\\""),
            '\n' => out.push_str("\\n"),
            c => out.push(c),
        }
    }
}

/// The name of a label, and what follows the opening quote of its value.
fn label_of(text: &str) -> Option<(Cow<'_, str>, &str)> {
    if let Some(quoted) = text.strip_prefix('"') {
        let (label, after) = unescaped(quoted)?;
        return Some((label.into(), after.strip_prefix("=\"")?));
    }
    let (label, value) = text.split_once("=\"")?;
    is_plain(label).then_some((label.into(), value))
}

/// What is in quotes up to the closing one, and what follows.
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
            r#"step{a,b="1"}"#,
            r#"step{{a="1"}"#,
            r#"step{"a"}"#,
            r#"step{"a""1"}"#,
            r#"step{"a=1"}"#,
            r#"step{a"b="1"}"#,
        ] {
            assert_eq!(Key::parse(text), None, "{text}");
        }
    }

    #[test]
    fn a_label_that_could_be_taken_for_more_is_in_quotes() {
        let key = Key::new("step", &[("a=\"1\",b", "2")]);
        assert_eq!(key.as_str(), r#"step{"a=\"1\",b"="2"}"#);
        assert_ne!(key, Key::new("step", &[("a", "1"), ("b", "2")]));
        assert_eq!(key.label("a=\"1\",b"), Some("2"));
        let text = |label| Key::new("step", &[(label, "1")]).to_string();
        assert_eq!(text("a\\\n"), r#"step{"a\\\n"="1"}"#);
        for label in ["a=", "=", "a,b", "a{", "}"] {
            assert_eq!(text(label), format!("step{{\"{label}\"=\"1\"}}"));
        }
        for label in ["a", "http.method", "größe", "a b", "a-b:c", "'a'", ""] {
            assert_eq!(text(label), format!("step{{{label}=\"1\"}}"));
        }
        let key = Key::parse(r#"step{"b"="2","a"="1"}"#).expect("labels");
        assert_eq!(key.as_str(), r#"step{a="1",b="2"}"#);
    }

    #[test]
    fn a_brace_in_a_name_does_not_get_past_the_labels() {
        let same = [
            Key::from(r#"step{b="2",a="1"}"#),
            Key::new("step", &[("a", "1"), ("b", "2")]),
        ];
        assert_eq!(same[0], same[1]);
        assert_eq!(same[0].name(), "step");
        assert!(same[0].labels().eq(same[1].labels()));
        let braces = Key::from("step {x}");
        assert_eq!((braces.name(), braces.as_str()), ("step {x}", "step {x}"));
        let labelled = Key::new("step {x}", &[("a", "1")]);
        assert_eq!(labelled.as_str(), r#"step _x}{a="1"}"#);
        assert_eq!(labelled.name(), "step _x}");
        // Both would be the same text.
        let with_none = Key::from(r#"step{{a="1"}"#);
        assert_ne!(with_none, Key::new("step{", &[("a", "1")]));
    }

    /// Of what could be taken for the form itself more than of anything else.
    const ODD: &str = r#"[ab{}=,"\\\n]{0,5}|.{0,4}"#;

    proptest! {
        #[test]
        fn a_key_is_read_as_it_is_written(name in "[^{]{0,6}", labels in prop::collection::vec((ODD, ODD), 0..4)) {
            let labels: Vec<(&str, &str)> = labels.iter().map(|(l, v)| (l.as_str(), v.as_str())).collect();
            let key = Key::new(&name, &labels);
            prop_assert_eq!(key.name(), &name);
            prop_assert!(labels.iter().all(|(label, _)| key.label(label).is_some()));
            prop_assert_eq!(Key::parse(key.as_str()), Some(key));
        }

        /// Name and labels follow from the text, so no two keys share one.
        #[test]
        fn one_text_is_one_key(name in ODD, labels in prop::collection::vec((ODD, ODD), 0..4)) {
            let labels: Vec<(&str, &str)> = labels.iter().map(|(l, v)| (l.as_str(), v.as_str())).collect();
            let key = Key::new(&name, &labels);
            let again = Key::from(key.as_str());
            prop_assert_eq!(again.as_str(), key.as_str());
            prop_assert_eq!(again.name(), key.name());
            prop_assert!(again.labels().eq(key.labels()));
        }
    }
}
