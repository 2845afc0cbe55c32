//! Writing JSON to a writer, a buffer at a time.

use std::io::{self, Write};

/// What is gathered before it is written.
const BUFFER: usize = 64 << 10;

/// Writes values one after the other; commas are set where they belong.
pub(crate) struct Json<'w, W> {
    w: &'w mut W,
    buffer: Vec<u8>,
    /// Whether the next value is the first of its container, or follows its key.
    first: bool,
    written: u64,
}

impl<'w, W: Write> Json<'w, W> {
    pub(crate) fn new(w: &'w mut W) -> Self {
        Json {
            w,
            buffer: Vec::with_capacity(BUFFER + BUFFER / 4),
            first: true,
            written: 0,
        }
    }

    /// Ends the last line and returns the bytes written.
    pub(crate) fn finish(mut self) -> io::Result<u64> {
        self.buffer.push(b'\n');
        self.flush()?;
        Ok(self.written)
    }

    /// Writes out what is gathered, if it is enough. Called between items of long lists.
    pub(crate) fn flush_if_full(&mut self) -> io::Result<()> {
        if self.buffer.len() < BUFFER {
            return Ok(());
        }
        self.flush()
    }

    pub(crate) fn open(&mut self, bracket: u8) {
        self.separate();
        self.buffer.push(bracket);
        self.first = true;
    }

    pub(crate) fn close(&mut self, bracket: u8) {
        self.buffer.push(bracket);
        self.first = false;
    }

    /// An object with what `fields` writes.
    pub(crate) fn object(&mut self, fields: impl FnOnce(&mut Self)) {
        self.open(b'{');
        fields(self);
        self.close(b'}');
    }

    /// An array with what `values` writes.
    pub(crate) fn array(&mut self, values: impl FnOnce(&mut Self)) {
        self.open(b'[');
        values(self);
        self.close(b']');
    }

    /// Starts a new line before the next item.
    pub(crate) fn line(&mut self) {
        self.separate();
        self.buffer.push(b'\n');
        self.first = true;
    }

    /// The name of a field; its value follows. Needs no escaping.
    pub(crate) fn key(&mut self, key: &str) -> &mut Self {
        self.separate();
        self.buffer.push(b'"');
        self.buffer.extend_from_slice(key.as_bytes());
        self.buffer.extend_from_slice(b"\":");
        self.first = true;
        self
    }

    pub(crate) fn string(&mut self, text: &str) {
        self.separate();
        self.buffer.push(b'"');
        push_escaped(&mut self.buffer, text);
        self.buffer.push(b'"');
    }

    /// A number, or anything else that prints as JSON.
    pub(crate) fn value(&mut self, value: impl std::fmt::Display) {
        self.separate();
        write!(self.buffer, "{value}").expect("because a vector takes all");
    }

    /// A field with a text.
    pub(crate) fn text(&mut self, key: &str, text: &str) {
        self.key(key).string(text);
    }

    /// A field with a number.
    pub(crate) fn number(&mut self, key: &str, number: impl Into<u64>) {
        self.key(key).value(number.into());
    }

    fn separate(&mut self) {
        if !std::mem::replace(&mut self.first, false) {
            self.buffer.push(b',');
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        self.w.write_all(&self.buffer)?;
        self.written += self.buffer.len() as u64;
        self.buffer.clear();
        Ok(())
    }
}

/// Quotation marks, backslashes and control characters are escaped (RFC 8259, section 7).
fn push_escaped(out: &mut Vec<u8>, text: &str) {
    let bytes = text.as_bytes();
    let special = |b: u8| b < b' ' || b == b'"' || b == b'\\';
    if !bytes.iter().fold(false, |any, &b| any | special(b)) {
        return out.extend_from_slice(bytes);
    }
    let mut from = 0;
    for (at, &byte) in bytes.iter().enumerate().filter(|(_, b)| special(**b)) {
        out.extend_from_slice(&bytes[from..at]);
        from = at + 1;
        match byte {
            b'\n' => out.extend_from_slice(b"\\n"),
            b'\t' => out.extend_from_slice(b"\\t"),
            b'\r' => out.extend_from_slice(b"\\r"),
            b'"' | b'\\' => out.extend_from_slice(&[b'\\', byte]),
            _ => write!(out, "\\u{byte:04x}").expect("because a vector takes all"),
        }
    }
    out.extend_from_slice(&bytes[from..]);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commas_and_escapes() {
        let mut out = Vec::new();
        let mut json = Json::new(&mut out);
        json.object(|json| {
            json.text("a", "x\"\\\n\t\r\u{1b}é");
            json.key("b").array(|json| {
                json.line();
                json.object(|_| {});
                json.line();
                json.value(2);
                json.value(0.5);
            });
            json.key("c").array(|_| {});
            json.number("d", u64::MAX);
        });
        let written = json.finish().unwrap();
        assert_eq!(written, out.len() as u64);
        let expect = "{\"a\":\"x\\\"\\\\\\n\\t\\r\\u001bé\",\"b\":[\n{},\n2,0.5],\"c\":[],\"d\":18446744073709551615}\n";
        assert_eq!(String::from_utf8(out).unwrap(), expect);
    }
}
