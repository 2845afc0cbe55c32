//! Why a document cannot be read, and what a dialect cannot say.

use std::fmt;

/// Why a document is no conversation.
///
/// Reads after "failed to": `failed to read messages[3].role: expected one of …, found "asistant"`.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ReadError {
    /// It is no JSON, nests too deep, or names a key twice in one object.
    Json {
        /// From 1.
        line: usize,
        /// From 1, in bytes.
        column: usize,
        /// What is wrong there.
        message: String,
    },
    /// Something in it is not what the dialect has there.
    Shape {
        /// Where: `messages[3].content[1].type`; empty for the document itself.
        path: String,
        /// What stands there.
        found: String,
        /// What can stand there.
        expected: String,
    },
}

impl fmt::Display for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ReadError::Json {
                line,
                column,
                message,
            } => write!(f, "read line {line}, column {column}: {message}"),
            ReadError::Shape {
                path,
                found,
                expected,
            } => {
                let path = if path.is_empty() {
                    "the document"
                } else {
                    path
                };
                write!(f, "read {path}: expected {expected}, found {found}")
            }
        }
    }
}

impl std::error::Error for ReadError {}

/// What another dialect has no place for, or has in another place.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Loss {
    /// The message as it was given, counted from 0; none for what belongs to all of them.
    pub message: Option<usize>,
    /// What was lost or changed, and why.
    pub what: String,
}

impl fmt::Display for Loss {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.message {
            Some(index) => write!(f, "message {index}: {}", self.what),
            None => f.write_str(&self.what),
        }
    }
}
