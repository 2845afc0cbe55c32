//! A piece that grows at its end.

use super::memo::Pairs;
use super::tables::{TOKEN_BYTES_MAX, Tables};

/// Positions in the piece that a token which ends now may begin at, and the end.
const ENDS: usize = 2 * TOKEN_BYTES_MAX;

/// The tokens of a piece, by one step for every byte of it.
///
/// Of every sequence of tokens that no merge would change, each beginning is such a sequence, too.
/// Thus the last token of the piece is the one that may follow the last token of what lies before it.
/// (The `bpe` crate's way of appending.) A step costs as many looks at the trie as there are tokens that
/// may yet come of the last bytes, at most [`TOKEN_BYTES_MAX`]. Its size does not depend on the piece's.
#[derive(Debug, Clone)]
pub(super) struct Growing {
    bytes: usize,
    tokens: u32,
    /// By position, for the last of them: the token that ends there, and the tokens up to there.
    ends: Vec<(u32, u32)>,
    /// What may become a token: where it began, and its cell of the trie.
    begun: Vec<(usize, u32)>,
}

impl Growing {
    pub(super) fn new() -> Self {
        Self {
            bytes: 0,
            tokens: 0,
            ends: vec![(0, 0); ENDS],
            begun: Vec::new(),
        }
    }

    /// The tokens of the piece so far.
    pub(super) fn tokens(&self) -> u32 {
        self.tokens
    }

    pub(super) fn push(&mut self, tables: &Tables, pairs: &mut Pairs, byte: u8) {
        let ends = &mut self.ends;
        let end = (self.bytes + 1) % ENDS;
        let mut ended = |start: usize, token: u32| {
            let (last, tokens) = ends[start % ENDS];
            if start == 0 || pairs.valid(tables, [last, token]) {
                ends[end] = (token, tokens + 1);
            }
        };
        self.begun.retain_mut(|(start, cell)| {
            let Some((child, token)) = tables.child(*cell, byte) else {
                return false;
            };
            if let Some(token) = token {
                ended(*start, token);
            }
            *cell = child;
            true
        });
        let (cell, token) = tables.first(byte);
        ended(self.bytes, token);
        self.begun.push((self.bytes, cell));
        self.bytes += 1;
        self.tokens = ends[end].1;
    }
}
