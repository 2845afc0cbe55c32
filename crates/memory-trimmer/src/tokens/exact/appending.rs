//! Counting a text that grows at its end.

use super::{ExactCounter, pieces};

/// The tokens of a text that grows at its end, always those of the whole text so far.
///
/// Adding up the counts of what is appended says too much, for tokens cross the borders. This keeps
/// the end of the text, from where on its cut into pieces may still change, and counts only that
/// again: an append costs O(appended + kept). Kept are a few words, or the run of letters or of
/// white space at the end if that is longer: a run that never ends is counted anew by each append.
///
/// ```
/// use autoexec_memory_trimmer::{Encoding, ExactCounter};
///
/// let counter = ExactCounter::new(Encoding::O200k);
/// let mut text = counter.appending();
/// assert_eq!(text.push("counterfe"), 2);
/// assert_eq!(text.push("it"), 2);
/// ```
#[derive(Debug, Clone)]
pub struct Appending<'a> {
    counter: &'a ExactCounter,
    /// The end of the text that may still be cut otherwise.
    open: String,
    /// The tokens before it.
    closed_tokens: u32,
    tokens: u32,
}

impl<'a> Appending<'a> {
    pub(super) fn new(counter: &'a ExactCounter) -> Self {
        Self {
            counter,
            open: String::new(),
            closed_tokens: 0,
            tokens: 0,
        }
    }

    /// Appends, and returns the tokens of all that has been appended.
    pub fn push(&mut self, text: &str) -> u32 {
        self.open.push_str(text);
        let bytes = self.open.as_bytes();
        let settled = pieces::settled(&self.open);
        let (encoding, tables) = (self.counter.encoding, self.counter.encoding.tables());
        let (mut start, mut closed) = (0, 0);
        let mut tokens = self.closed_tokens;
        self.counter.with_memo(|memo| {
            while start < bytes.len() {
                let end = encoding.piece(bytes, start);
                tokens = tokens.saturating_add(memo.count(tables, bytes, start, end));
                if end <= settled {
                    (closed, self.closed_tokens) = (end, tokens);
                }
                start = end;
            }
        });
        self.open.drain(..closed);
        self.tokens = tokens;
        tokens
    }

    /// The tokens of all that has been appended.
    #[must_use]
    pub fn tokens(&self) -> u32 {
        self.tokens
    }

    /// The bytes at the end of the text that the next append counts again.
    #[must_use]
    pub fn open_bytes(&self) -> usize {
        self.open.len()
    }
}
