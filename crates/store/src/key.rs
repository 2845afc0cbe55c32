//! Keys: bytes in a namespace.

use quick_cache::Equivalent;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

/// The bytes of a key, shared by the table and the indexes.
pub(crate) type KeyBytes = Arc<[u8]>;

/// A key as it stands in a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Key {
    pub(crate) space: u32,
    pub(crate) bytes: KeyBytes,
}

/// A key that is looked for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct KeyRef<'a> {
    pub(crate) space: u32,
    pub(crate) bytes: &'a [u8],
}

impl Hash for Key {
    #[inline]
    fn hash<H: Hasher>(&self, state: &mut H) {
        let (space, bytes) = (self.space, &*self.bytes);
        KeyRef { space, bytes }.hash(state);
    }
}

impl Hash for KeyRef<'_> {
    #[inline]
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write(self.bytes);
        state.write_u32(self.space);
    }
}

impl Equivalent<Key> for KeyRef<'_> {
    #[inline]
    fn equivalent(&self, key: &Key) -> bool {
        self.space == key.space && *self.bytes == *key.bytes
    }
}

/// A key of several parts, in which no two lists of parts are the same bytes: each part stands behind its length.
///
/// A key of the first parts is a prefix of every key that goes on, so that
/// [`remove_prefix`](crate::Namespace::remove_prefix) can drop all answers of a model, and of that model only.
///
/// ```
/// use autoexec_store::KeyParts;
/// let key = KeyParts::new().text("model-a").text("question");
/// assert!(key.as_ref().starts_with(KeyParts::new().text("model-a").as_ref()));
/// assert!(!key.as_ref().starts_with(KeyParts::new().text("model").as_ref()));
/// assert_ne!(KeyParts::new().text("ab").text("c"), KeyParts::new().text("a").text("bc"));
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyParts(Vec<u8>);

impl KeyParts {
    /// A key without parts.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The key followed by bytes.
    #[must_use]
    pub fn bytes(mut self, part: &[u8]) -> Self {
        self.0.reserve(part.len() + 8);
        self.0.extend((part.len() as u64).to_le_bytes());
        self.0.extend(part);
        self
    }

    /// The key followed by a text.
    #[must_use]
    pub fn text(self, part: &str) -> Self {
        self.bytes(part.as_bytes())
    }

    /// The key followed by a number, such that keys sort as their numbers do.
    #[must_use]
    pub fn number(self, part: u64) -> Self {
        self.bytes(&part.to_be_bytes())
    }
}

impl AsRef<[u8]> for KeyParts {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::hash::BuildHasher;

    #[test]
    fn a_key_is_found_by_what_is_looked_for() {
        let hasher = quick_cache::DefaultHashBuilder::default();
        let key = |space, bytes: &[u8]| Key {
            space,
            bytes: bytes.into(),
        };
        let sought = KeyRef {
            space: 3,
            bytes: b"abc",
        };
        assert_eq!(hasher.hash_one(key(3, b"abc")), hasher.hash_one(sought));
        assert!(sought.equivalent(&key(3, b"abc")));
        assert!(!sought.equivalent(&key(2, b"abc")) && !sought.equivalent(&key(3, b"abcd")));
    }
}
