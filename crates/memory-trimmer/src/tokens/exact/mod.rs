//! Exact token counts, for `o200k_base` and `cl100k_base`.

mod appending;
mod classes;
mod growing;
mod hash;
mod memo;
mod merge;
mod pieces;
mod tables;

use std::sync::{Mutex, TryLockError};

use super::TokenCounter;
use memo::Memo;
use tables::{TOKEN_BYTES_MAX, Tables};

pub use appending::Appending;

/// A vocabulary of OpenAI's, and the pattern that goes with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Encoding {
    /// `o200k_base`: GPT-4o, GPT-4.1, GPT-5, the o models; `gpt-oss`, but for its special tokens.
    O200k,
    /// `cl100k_base`: GPT-3.5 turbo, GPT-4, `text-embedding-3`.
    Cl100k,
}

impl Encoding {
    fn tables(self) -> &'static Tables {
        match self {
            Encoding::O200k => &tables::O200K,
            Encoding::Cl100k => &tables::CL100K,
        }
    }
}

/// Counts tokens exactly as the encoding's own tokenizer does.
///
/// The vocabulary lies ready in the binary: making a counter costs nothing, and its first count no
/// more than the pages it reads. Special tokens such as `<|endoftext|>` count as the text they
/// are, for in a user's text they are nothing else (`encode_ordinary` of `tiktoken`).
///
/// A counter remembers the pieces it has met, in less than 3 MB however much it counts, allocated by its
/// first counts. (While it counts a piece of over 16 KiB, such as a run of as many letters, it takes up to
/// nine bytes more for each byte of it.) Threads may share one; while one of them counts, the others do
/// without that memory and are slower, so give each thread a clone, which begins with none of it.
///
/// ```
/// use autoexec_memory_trimmer::{Encoding, ExactCounter, TokenCounter};
///
/// let counter = ExactCounter::new(Encoding::O200k);
/// assert_eq!(counter.count("Hello, world!"), 4);
/// assert_eq!(counter.count_up_to("one two three four", 3), None);
/// ```
#[derive(Debug)]
pub struct ExactCounter {
    encoding: Encoding,
    memo: Mutex<Memo>,
}

impl ExactCounter {
    /// A counter that has not counted yet. O(1), allocates nothing.
    #[must_use]
    pub const fn new(encoding: Encoding) -> Self {
        Self {
            encoding,
            memo: Mutex::new(Memo::new()),
        }
    }

    /// What it counts by.
    #[must_use]
    pub fn encoding(&self) -> Encoding {
        self.encoding
    }

    /// The tokens of a text that grows at its end. It starts empty.
    #[must_use]
    pub fn appending(&self) -> Appending<'_> {
        Appending::new(self)
    }

    /// Runs with the counter's memo, or with an empty one while another thread has it.
    fn with_memo<R>(&self, run: impl FnOnce(&mut Memo) -> R) -> R {
        match self.memo.try_lock() {
            Ok(mut memo) => run(&mut memo),
            Err(TryLockError::WouldBlock) => run(&mut Memo::new()),
            // Its entries are whole, whatever happened to the thread that wrote them.
            Err(TryLockError::Poisoned(memo)) => run(&mut memo.into_inner()),
        }
    }
}

impl Clone for ExactCounter {
    fn clone(&self) -> Self {
        Self::new(self.encoding)
    }
}

impl TokenCounter for ExactCounter {
    /// O(bytes). [`u32::MAX`] if there are more.
    fn count(&self, text: &str) -> u32 {
        let (text, tables) = (text.as_bytes(), self.encoding.tables());
        let (mut start, mut tokens) = (0, 0_u32);
        self.with_memo(|memo| {
            while start < text.len() {
                let end = self.encoding.piece(text, start);
                tokens = tokens.saturating_add(memo.count(tables, text, start, end));
                start = end;
            }
        });
        tokens
    }

    /// O(bytes of the first `limit` tokens, and of the piece that exceeds them).
    fn count_up_to(&self, text: &str, limit: u32) -> Option<u32> {
        let (text, tables) = (text.as_bytes(), self.encoding.tables());
        let (mut start, mut tokens) = (0, 0_u32);
        self.with_memo(|memo| {
            while start < text.len() {
                let end = self.encoding.piece(text, start);
                let least = (end - start).div_ceil(TOKEN_BYTES_MAX);
                if least > (limit - tokens) as usize {
                    return None;
                }
                tokens = tokens.saturating_add(memo.count(tables, text, start, end));
                if tokens > limit {
                    return None;
                }
                start = end;
            }
            Some(tokens)
        })
    }
}
