//! The tables of a vocabulary, little-endian.

use std::collections::HashMap;

use super::hash;

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
    /// The tokens, one behind the other by id.
    pub(super) bytes: Vec<u8>,
    /// Where each begins, and the end: u32.
    pub(super) starts: Vec<u8>,
    /// A hash table with open addressing of the tokens of up to 8 bytes: they, ids and lengths.
    pub(super) short: Vec<u8>,
    /// Another of the longer ones: tags and ids, u32.
    pub(super) long: Vec<u8>,
    /// The ids of the tokens of two bytes: u32.
    pub(super) pairs: Vec<u8>,
    /// The two tokens that each was merged from, itself twice if none: u32, u32.
    pub(super) splits: Vec<u8>,
    /// Which lengths below six the tokens have that begin with certain three bytes: u8.
    pub(super) brief: Vec<u8>,
    /// Which other lengths those have that begin with certain six bytes: u32.
    pub(super) lengths: Vec<u8>,
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

    let numbers =
        |numbers: &mut dyn Iterator<Item = u32>| numbers.flat_map(u32::to_le_bytes).collect();
    let starts = tokens.iter().scan(0, |at, token| {
        *at += token.len() as u32;
        Some(*at)
    });
    Tables {
        bytes: tokens.concat(),
        starts: numbers(&mut std::iter::once(0).chain(starts)),
        short: short_slots(&tokens),
        long: long_slots(&tokens),
        pairs: numbers(&mut pairs(&tokens).into_iter()),
        splits: numbers(&mut splits(&tokens).into_iter().flatten()),
        brief: brief_lengths(&tokens),
        lengths: numbers(&mut lengths(&tokens).into_iter()),
    }
}

fn digest(tokens: &[&[u8]]) -> u64 {
    let step = |sum: u64, byte: u8| (sum ^ u64::from(byte)).wrapping_mul(0x0100_0000_01B3);
    tokens.iter().fold(0xCBF2_9CE4_8422_2325, |sum, token| {
        token
            .iter()
            .fold(step(sum, token.len() as u8), |sum, &byte| step(sum, byte))
    })
}

/// The commonest tokens, which have the lowest ids, get their home slots.
fn slots(tokens: &[&[u8]], short: bool, hash: impl Fn(&[u8]) -> u64) -> Vec<Option<u32>> {
    let of_kind = |(_, token): &(u32, &&[u8])| (token.len() <= hash::SHORT) == short;
    let ids: Vec<(u32, &&[u8])> = (0..).zip(tokens).filter(of_kind).collect();
    let size = (ids.len() * 8 / 5).next_power_of_two();
    let mut slots = vec![None; size];
    for (id, token) in ids {
        let mut at = hash::home(hash(token), size.ilog2());
        while slots[at].is_some() {
            at = (at + 1) & (size - 1);
        }
        slots[at] = Some(id);
    }
    slots
}

fn long_slots(tokens: &[&[u8]]) -> Vec<u8> {
    let slot = |id: u32| hash::tag(hash::hash_long(tokens[id as usize])) | id;
    let slots = slots(tokens, false, hash::hash_long).into_iter();
    slots
        .flat_map(|id| id.map_or(hash::EMPTY, slot).to_le_bytes())
        .collect()
}

fn short_slots(tokens: &[&[u8]]) -> Vec<u8> {
    let key = |token: &[u8]| hash::key(token) as u64;
    let slot = |id: u32| {
        let token = tokens[id as usize];
        let [key, length] = [
            key(token),
            (token.len() as u64) << hash::ID_BITS | u64::from(id),
        ];
        (u128::from(length) << 64 | u128::from(key)).to_le_bytes()
    };
    let slots = slots(tokens, true, |token| {
        hash::hash_short(key(token), token.len())
    });
    let empty = [0; 16];
    let bytes = |id: Option<u32>| id.map_or(empty, slot).into_iter().take(hash::SHORT_SLOT);
    slots.into_iter().flat_map(bytes).collect()
}

/// The ids of the tokens of two bytes.
fn pairs(tokens: &[&[u8]]) -> Vec<u32> {
    let mut pairs = vec![hash::EMPTY; 1 << 16];
    for (id, token) in (0..).zip(tokens) {
        if let [first, second] = token {
            pairs[usize::from(*first) << 8 | usize::from(*second)] = id;
        }
    }
    pairs
}

fn splits(tokens: &[&[u8]]) -> Vec<[u32; 2]> {
    let ids: HashMap<&[u8], u32> = tokens
        .iter()
        .zip(0..)
        .map(|(&token, id)| (token, id))
        .collect();
    tokens
        .iter()
        .zip(0..)
        .map(|(token, id)| split(token, id, &ids))
        .collect()
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

/// Bit by bit the lengths 3, 4 and 5.
fn brief_lengths(tokens: &[&[u8]]) -> Vec<u8> {
    let mut lengths = vec![0; 1 << hash::BRIEF_BITS];
    for token in tokens.iter().filter(|token| token.len() < 6) {
        if let Some(&first) = token.first_chunk() {
            lengths[hash::brief_at(first)] |= 1 << (token.len() - 3);
        }
    }
    lengths
}

/// Bit by bit the lengths from 6 on; the last bit is all that are very long.
fn lengths(tokens: &[&[u8]]) -> Vec<u32> {
    let mut lengths = vec![0; 1 << hash::LENGTH_BITS];
    for token in tokens.iter().filter(|token| token.len() >= 6) {
        let first = hash::key(&token[..6]) as u64;
        lengths[hash::lengths_at(first)] |= 1 << (token.len().min(hash::VERY_LONG) - 6);
    }
    lengths
}
