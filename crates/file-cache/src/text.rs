//! Contents as text, with word of how they were decoded.

use crate::File;
use std::borrow::Cow;
use std::str::Utf8Error;

/// A file's contents as text, and how they became it. The file itself keeps its bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Text<'a> {
    /// The text, without the byte order mark. Borrowed when the file is UTF-8.
    pub text: Cow<'a, str>,
    /// What the bytes were taken for.
    pub encoding: Encoding,
    /// Whether a byte order mark stood in front.
    pub has_bom: bool,
    /// How many code units could not be decoded; U+FFFD stands for each in the text. Always 0 for UTF-8 and Latin-1.
    pub replaced: usize,
}

/// An encoding of text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Encoding {
    /// UTF-8.
    Utf8,
    /// UTF-16, low byte first; known by its byte order mark only.
    Utf16Le,
    /// UTF-16, high byte first; known by its byte order mark only.
    Utf16Be,
    /// ISO 8859-1, in which every byte is a character: taken when nothing else fits.
    Latin1,
}

impl File {
    /// The contents as text. Checks all bytes each time it is called.
    ///
    /// # Errors
    ///
    /// Says where the first bytes stand that are not UTF-8.
    pub fn text(&self) -> Result<&str, Utf8Error> {
        std::str::from_utf8(self.bytes())
    }

    /// The contents as text, with U+FFFD in place of what is not UTF-8; borrowed when everything is.
    #[must_use]
    pub fn text_lossy(&self) -> Cow<'_, str> {
        String::from_utf8_lossy(self.bytes())
    }

    /// The contents as text, whatever they are: UTF-8, UTF-16 where a byte order mark says so, else Latin-1. Line ends
    /// stay as they are.
    ///
    /// ```
    /// use autoexec_file_cache::{Encoding, FileCache, Options};
    /// let dir = tempfile::tempdir()?;
    /// let path = dir.path().join("menu");
    /// std::fs::write(&path, b"caf\xe9\r\n")?;
    /// let file = FileCache::new(Options::default()).read(&path)?.file;
    /// let text = file.decode();
    /// assert_eq!((&*text.text, text.encoding), ("café\r\n", Encoding::Latin1));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn decode(&self) -> Text<'_> {
        match self.bytes() {
            [0xef, 0xbb, 0xbf, rest @ ..] if std::str::from_utf8(rest).is_ok() => Text {
                has_bom: true,
                ..utf8_or_latin1(rest)
            },
            [0xff, 0xfe, rest @ ..] => utf16(rest, Encoding::Utf16Le, u16::from_le_bytes),
            [0xfe, 0xff, rest @ ..] => utf16(rest, Encoding::Utf16Be, u16::from_be_bytes),
            bytes => utf8_or_latin1(bytes),
        }
    }
}

fn utf8_or_latin1(bytes: &[u8]) -> Text<'_> {
    let (text, encoding) = match std::str::from_utf8(bytes) {
        Ok(text) => (Cow::Borrowed(text), Encoding::Utf8),
        Err(_) => (
            Cow::Owned(bytes.iter().map(|&byte| char::from(byte)).collect()),
            Encoding::Latin1,
        ),
    };
    Text {
        text,
        encoding,
        has_bom: false,
        replaced: 0,
    }
}

fn utf16(bytes: &[u8], encoding: Encoding, unit: fn([u8; 2]) -> u16) -> Text<'static> {
    let (pairs, odd) = bytes.as_chunks::<2>();
    let mut replaced = odd.len();
    let mut text = String::with_capacity(bytes.len());
    for decoded in char::decode_utf16(pairs.iter().map(|&pair| unit(pair))) {
        text.push(decoded.unwrap_or_else(|_| {
            replaced += 1;
            char::REPLACEMENT_CHARACTER
        }));
    }
    text.extend(odd.iter().map(|_| char::REPLACEMENT_CHARACTER));
    Text {
        text: Cow::Owned(text),
        encoding,
        has_bom: true,
        replaced,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::file::tests::file_charged;

    #[test]
    fn says_how_it_decoded() {
        let check = |bytes: &[u8], text: &str, encoding, has_bom, replaced| {
            let file = file_charged(bytes, 0);
            let decoded = file.decode();
            assert_eq!(
                decoded,
                Text {
                    text: Cow::Borrowed(text),
                    encoding,
                    has_bom,
                    replaced
                },
                "{bytes:?}"
            );
            assert_eq!(file.bytes(), bytes, "the bytes are left alone");
        };
        check(b"a\r\nb", "a\r\nb", Encoding::Utf8, false, 0);
        check(b"\xef\xbb\xbfa", "a", Encoding::Utf8, true, 0);
        check(b"", "", Encoding::Utf8, false, 0);
        check(b"caf\xe9", "caf\u{e9}", Encoding::Latin1, false, 0);
        check(b"\xff\xfea\0\xe9\0", "a\u{e9}", Encoding::Utf16Le, true, 0);
        check(
            b"\xfe\xff\0a\xd8\x3d\xde\0",
            "a\u{1f600}",
            Encoding::Utf16Be,
            true,
            0,
        );
        check(
            b"\xff\xfe\0\xd8a\0x",
            "\u{fffd}a\u{fffd}",
            Encoding::Utf16Le,
            true,
            2,
        );
        check(
            b"\xef\xbb\xbf\xff",
            "\u{ef}\u{bb}\u{bf}\u{ff}",
            Encoding::Latin1,
            false,
            0,
        );
    }
}
