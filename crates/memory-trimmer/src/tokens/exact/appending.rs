//! Counting a text that grows at its end.

use super::growing::Growing;
use super::memo::Memo;
use super::{ExactCounter, pieces};

/// The tokens of a text that grows at its end, always those of the whole text so far.
///
/// Adding up the counts of what is appended says too much, for tokens cross the borders. This keeps
/// the end of the text, from where on its cut into pieces may still change: a few words, or the run of
/// letters, signs or white space at the end if that is longer. An append costs O(appended + kept), or
/// O(appended) where it only lengthens such a run: one that never ends is not counted again and again.
/// (Where a run mixes spaces and line breaks, it is.)
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
    /// Where the last piece begins in `open`, and the tokens before it.
    last: usize,
    tokens_before_last: u32,
    /// The last piece, once it has been lengthened.
    growing: Option<Growing>,
}

impl<'a> Appending<'a> {
    pub(super) fn new(counter: &'a ExactCounter) -> Self {
        Self {
            counter,
            open: String::new(),
            closed_tokens: 0,
            tokens: 0,
            last: 0,
            tokens_before_last: 0,
            growing: None,
        }
    }

    /// Appends, and returns the tokens of all that has been appended.
    pub fn push(&mut self, text: &str) -> u32 {
        let counter = self.counter;
        let lengthens = counter.encoding.lengthens(&self.open[self.last..], text);
        counter.with_memo(|memo| match lengthens {
            true => self.lengthen(text, memo),
            false => self.count_again(text, memo),
        });
        self.tokens
    }

    /// Appends what belongs to the last piece.
    fn lengthen(&mut self, text: &str, memo: &mut Memo) {
        let tables = self.counter.encoding.tables();
        let is_new = self.growing.is_none();
        let growing = self.growing.get_or_insert_with(Growing::new);
        let piece = if is_new { &self.open[self.last..] } else { "" };
        for byte in piece.bytes().chain(text.bytes()) {
            growing.push(tables, memo.pairs(), byte);
        }
        self.open.push_str(text);
        self.tokens = self.tokens_before_last.saturating_add(growing.tokens());
    }

    fn count_again(&mut self, text: &str, memo: &mut Memo) {
        self.growing = None;
        self.open.push_str(text);
        let bytes = self.open.as_bytes();
        let settled = pieces::settled(&self.open);
        let (encoding, tables) = (self.counter.encoding, self.counter.encoding.tables());
        let (mut start, mut closed) = (0, 0);
        let mut tokens = self.closed_tokens;
        while start < bytes.len() {
            let end = encoding.piece(bytes, start);
            (self.last, self.tokens_before_last) = (start, tokens);
            tokens = tokens.saturating_add(memo.count(tables, bytes, start, end));
            if end <= settled {
                (closed, self.closed_tokens) = (end, tokens);
            }
            start = end;
        }
        self.open.drain(..closed);
        // The last piece is never closed: it may yet grow.
        self.last -= closed.min(self.last);
        self.tokens = tokens;
    }

    /// The tokens of all that has been appended.
    #[must_use]
    pub fn tokens(&self) -> u32 {
        self.tokens
    }

    /// The bytes at the end of the text that the next append counts again, unless it only lengthens a
    /// run.
    #[must_use]
    pub fn open_bytes(&self) -> usize {
        self.open.len()
    }
}
