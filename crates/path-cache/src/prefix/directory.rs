//! One side of a pair: a directory, and how its system writes paths.

use crate::normalize::{Syntax, normalize_bytes};
use std::fmt;

/// The directory under which one system sees files that another sees elsewhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Prefix {
    /// Clean, and as it was given but for that.
    path: Vec<u8>,
    syntax: Syntax,
}

impl Prefix {
    /// An absolute directory. Whether it is one is said by [`PrefixMap::new`](crate::PrefixMap::new).
    pub fn new(path: impl AsRef<[u8]>, syntax: Syntax) -> Self {
        let path = path.as_ref();
        let clean = if path.is_empty() {
            Vec::new()
        } else {
            normalize_bytes(path, syntax).into_owned()
        };
        Self {
            path: clean,
            syntax,
        }
    }

    /// A directory as POSIX writes it: `/work`.
    pub fn posix(path: impl AsRef<[u8]>) -> Self {
        Self::new(path, Syntax::Posix)
    }

    /// A directory as Windows writes it: `E:\work`.
    pub fn windows(path: impl AsRef<[u8]>) -> Self {
        Self::new(path, Syntax::Windows)
    }

    /// Whether it is absolute, and says more than `\\`: that is the beginning of a volume, not one.
    pub(super) fn is_usable(&self) -> bool {
        self.syntax.is_absolute(&self.path)
            && (self.syntax == Syntax::Posix || !self.names().is_empty())
    }

    pub(super) fn is_empty(&self) -> bool {
        self.path.is_empty()
    }

    pub(super) fn syntax(&self) -> Syntax {
        self.syntax
    }

    /// The names, without the separator that ends `/` and `C:\`.
    pub(super) fn names(&self) -> &[u8] {
        let separator = self.syntax.separator();
        let end = self.path.iter().rposition(|&byte| byte != separator);
        &self.path[..end.map_or(0, |last| last + 1)]
    }

    /// What follows the prefix in a clean path of the same syntax: nothing, or a separator and names.
    pub(super) fn strip<'p>(&self, clean: &'p [u8]) -> Option<&'p [u8]> {
        let names = self.names();
        let (head, rest) = clean.split_at_checked(names.len())?;
        let same = match self.syntax {
            Syntax::Posix => head == names,
            Syntax::Windows => head.eq_ignore_ascii_case(names),
        };
        (same
            && rest
                .first()
                .is_none_or(|&byte| byte == self.syntax.separator()))
        .then_some(rest)
    }

    /// The path that has `rest`, written in the syntax of `from`, under this prefix.
    pub(super) fn join(&self, rest: &[u8], from: Syntax) -> Option<Vec<u8>> {
        let separator = self.syntax.separator();
        if rest.len() <= 1 {
            return Some(self.path.clone());
        }
        // A POSIX name with a `\` in it would be two names on Windows, and might climb.
        if from != self.syntax && rest.contains(&separator) {
            return None;
        }
        let names = self.names();
        let mut out = Vec::with_capacity(names.len() + rest.len());
        out.extend_from_slice(names);
        out.extend(rest.iter().map(|&byte| {
            if byte == from.separator() {
                separator
            } else {
                byte
            }
        }));
        Some(out)
    }

    pub(super) fn is_same_as(&self, other: &Self) -> bool {
        self.syntax == other.syntax && self.strip(&other.path).is_some_and(|rest| rest.len() <= 1)
    }
}

impl fmt::Display for Prefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&String::from_utf8_lossy(&self.path))
    }
}
