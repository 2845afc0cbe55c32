//! The tables of a vocabulary, little-endian.

use std::collections::HashMap;

use super::{hash, trie};

/// An encoding, and what its vocabulary must be.
pub(super) struct Encoding {
    pub(super) name: &'static str,
    tokens: usize,
    /// FNV-1a over every token, each behind its length: another vocabulary shall not pass as this one.
    /// Taken from the file that OpenAI publishes.
    digest: u64,
}

pub(super) const ENCODINGS: [Encoding; 2] = [
    Encoding {
        name: "o200k_base",
        tokens: 199_998,
        digest: 0xC7BA_5F03_2878_1837,
    },
    Encoding {
        name: "cl100k_base",
        tokens: 100_256,
        digest: 0x2DB9_2C64_BF46_2D4A,
    },
];

pub(super) struct Tables {
    /// The tokens as a trie, and the ids that end in its cells: u32.
    pub(super) cells: Vec<u8>,
    pub(super) ids: Vec<u8>,
    /// The bytes of each token, by id: u8.
    pub(super) lengths: Vec<u8>,
    /// The longest other token that each begins with: u32.
    pub(super) shorter: Vec<u8>,
    /// The two tokens that each was merged from, itself twice if none: u32, u32.
    pub(super) splits: Vec<u8>,
    /// A hash table with open addressing of what two tokens are merged to: tags and ids, u32.
    pub(super) merges: Vec<u8>,
}

pub(super) fn tables(encoding: &Encoding) -> Tables {
    let tokenizer = toktok::Tokenizer::builtin(encoding.name).expect("the crate embeds it");
    let token = |id: usize| tokenizer.token_bytes(id as u32).expect("ids have no gaps");
    let tokens: Vec<&[u8]> = (0..tokenizer.vocab_size()).map(token).collect();
    assert_eq!(
        tokens.len(),
        encoding.tokens,
        "{}: other tokens",
        encoding.name
    );
    assert_eq!(
        digest(&tokens),
        encoding.digest,
        "{}: other tokens",
        encoding.name
    );

    let ids: HashMap<&[u8], u32> = tokens.iter().copied().zip(0..).collect();
    let splits: Vec<[u32; 2]> = tokens
        .iter()
        .zip(0..)
        .map(|(token, id)| split(token, id, &ids))
        .collect();
    let (cells, cell_ids) = trie::double_array(&tokens);
    Tables {
        cells: numbers(cells),
        ids: numbers(cell_ids),
        lengths: tokens.iter().map(|token| token.len() as u8).collect(),
        shorter: numbers(tokens.iter().map(|token| shorter(token, &ids))),
        merges: numbers(merges(&splits)),
        splits: numbers(splits.into_iter().flatten()),
    }
}

fn numbers(numbers: impl IntoIterator<Item = u32>) -> Vec<u8> {
    numbers.into_iter().flat_map(u32::to_le_bytes).collect()
}

fn digest(tokens: &[&[u8]]) -> u64 {
    let step = |sum: u64, byte: u8| (sum ^ u64::from(byte)).wrapping_mul(0x0100_0000_01B3);
    tokens.iter().fold(0xCBF2_9CE4_8422_2325, |sum, token| {
        token
            .iter()
            .fold(step(sum, token.len() as u8), |sum, &byte| step(sum, byte))
    })
}

/// The longest other token that one begins with.
fn shorter(token: &[u8], ids: &HashMap<&[u8], u32>) -> u32 {
    let mut prefixes = (1..token.len()).rev().map(|length| &token[..length]);
    prefixes
        .find_map(|prefix| ids.get(prefix).copied())
        .unwrap_or(hash::EMPTY)
}

/// The commonest tokens, which have the lowest ids, get their home slots.
fn merges(splits: &[[u32; 2]]) -> Vec<u32> {
    let size = (splits.len() * 8 / 5).next_power_of_two();
    let mut slots = vec![hash::EMPTY; size];
    for (id, &[left, right]) in (0..).zip(splits).filter(|&(id, &[left, _])| left != id) {
        let mixed = hash::mixed(hash::pair(left, right));
        let mut at = hash::home(mixed, size.ilog2());
        while slots[at] != hash::EMPTY {
            at = (at + 1) & (size - 1);
        }
        slots[at] = hash::tag(mixed) | id;
    }
    slots
}

/// Merges the bytes of a token as the encoding would, up to the last merge.
fn split(token: &[u8], id: u32, ids: &HashMap<&[u8], u32>) -> [u32; 2] {
    let mut cuts: Vec<usize> = (0..=token.len()).collect();
    while cuts.len() > 3 {
        let rank = |at: usize| {
            ids.get(&token[cuts[at]..cuts[at + 2]])
                .filter(|&&rank| rank < id)
        };
        let merges = (0..cuts.len() - 2).filter_map(|at| Some((*rank(at)?, at)));
        let Some((_, at)) = merges.min() else {
            panic!("token {id} is not made of two others");
        };
        cuts.remove(at + 1);
    }
    match cuts[..] {
        [start, cut, end] => [ids[&token[start..cut]], ids[&token[cut..end]]],
        _ => [id, id],
    }
}
