//! A JSON writer for flat documents: it knows objects, strings and numbers (RFC 8259).

use std::fmt::{Display, Write};

/// One object under construction.
pub(crate) struct Object(String);

impl Object {
    pub(crate) fn new() -> Self {
        Self(String::from("{"))
    }

    /// Adds a member whose value is JSON already: an integer, `true`, or what [`Self::end`] made.
    pub(crate) fn raw(mut self, key: &str, value: impl Display) -> Self {
        if self.0.len() > 1 {
            self.0.push(',');
        }
        push_string(&mut self.0, key);
        write!(self.0, ":{value}").expect("because writing to a string cannot fail");
        self
    }

    /// Adds a number; one that JSON cannot express is left out.
    pub(crate) fn float(self, key: &str, value: f64) -> Self {
        if value.is_finite() {
            // `Debug` writes 1e300 where `Display` would write three hundred digits.
            self.raw(key, format_args!("{value:?}"))
        } else {
            self
        }
    }

    /// Adds a member if there is something to say.
    pub(crate) fn maybe(self, key: &str, value: Option<impl Display>) -> Self {
        match value {
            Some(value) => self.raw(key, value),
            None => self,
        }
    }

    pub(crate) fn end(mut self) -> String {
        self.0.push('}');
        self.0
    }
}

/// A text as JSON.
#[cfg(feature = "otlp")]
pub(crate) fn string(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    push_string(&mut out, text);
    out
}

/// An array of what is JSON already.
#[cfg(feature = "otlp")]
pub(crate) fn array(items: impl IntoIterator<Item = String>) -> String {
    let items: Vec<String> = items.into_iter().collect();
    format!("[{}]", items.join(","))
}

fn push_string(out: &mut String, text: &str) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            c if c < ' ' => write!(out, "\\u{:04x}", u32::from(c))
                .expect("because writing to a string cannot fail"),
            c => out.push(c),
        }
    }
    out.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_parser_reads_back_every_kind_of_member() {
        let text = Object::new()
            .raw("count", u64::MAX)
            .float("huge", 1e300)
            .float("no number", f64::NAN)
            .maybe("absent", None::<u64>)
            .raw("inner\n\"\\\u{1}é", Object::new().end())
            .end();
        let expect = serde_json::json!({
            "count": u64::MAX, "huge": 1e300, "inner\n\"\\\u{1}é": {}
        });
        assert_eq!(
            serde_json::from_str::<serde_json::Value>(&text).unwrap(),
            expect
        );
    }
}
