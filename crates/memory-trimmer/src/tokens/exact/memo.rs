//! What is remembered of pieces and pairs: texts repeat their words.

use super::hash;
use super::merge::{self, Work};
use super::tables::Tables;

/// Counts pieces; allocated by its first use.
#[derive(Debug, Default)]
pub(super) struct Memo {
    words: Words,
    phrases: Phrases,
    pairs: Pairs,
    work: Work,
}

impl Memo {
    pub(super) const fn new() -> Self {
        Self {
            words: Words(Vec::new()),
            phrases: Phrases(Vec::new()),
            pairs: Pairs(Vec::new()),
            work: Work::new(),
        }
    }

    /// What is remembered of pairs.
    pub(super) fn pairs(&mut self) -> &mut Pairs {
        &mut self.pairs
    }

    /// The tokens of a piece of a text.
    #[inline(always)]
    pub(super) fn count(&mut self, tables: &Tables, text: &[u8], start: usize, end: usize) -> u32 {
        if end - start > WORD_BYTES_MAX {
            return self.count_phrase(tables, &text[start..end]);
        }
        let word = Words::word(text, start, end);
        let set_at = Words::home(word);
        match self.words.get(set_at, word) {
            Some(tokens) => tokens,
            None => self.count_word(tables, &text[start..end], set_at, word),
        }
    }

    #[inline(never)]
    fn count_word(&mut self, tables: &Tables, piece: &[u8], set_at: usize, word: Word) -> u32 {
        let tokens = merge::count(tables, piece, &mut self.work, &mut self.pairs);
        self.words.put(set_at, word, tokens);
        tokens
    }

    #[inline(never)]
    fn count_phrase(&mut self, tables: &Tables, phrase: &[u8]) -> u32 {
        let Self {
            phrases,
            pairs,
            work,
            ..
        } = self;
        if phrase.len() > WORK_BYTES_MAX {
            return merge::count(tables, phrase, &mut Work::new(), pairs);
        }
        match phrases.slot(phrase) {
            None => merge::count(tables, phrase, work, pairs),
            Some(slot) => slot.count(phrase, || merge::count(tables, phrase, work, pairs)),
        }
    }
}

/// What merging a longer piece takes is not kept.
const WORK_BYTES_MAX: usize = 1 << 14;

/// All that is kept; a token of a piece and a bit for each of its bytes are the work.
const BYTES_MAX: usize = (size_of::<[Word; 2]>() << WORD_BITS)
    + (size_of::<Phrase>() << PHRASE_BITS)
    + (size_of::<u32>() << PAIR_HOME_BITS)
    + size_of::<u32>() * WORK_BYTES_MAX
    + WORK_BYTES_MAX / 8
    + size_of::<u64>();
// As documented at the counter.
const _: () = assert!(BYTES_MAX < 3_000_000);

/// Pieces up to this length are words: their bytes, their length and their tokens take 16 bytes.
const WORD_BYTES_MAX: usize = 15;
const WORD_BITS: u32 = 16;

/// The first eight bytes of a word; the others, and above them four bits each of its length and of
/// its tokens.
type Word = [u64; 2];
const LENGTH_SHIFT: u32 = 56;
const TOKENS_SHIFT: u32 = 60;

/// By the length of a word the bits of its bytes.
static OF_LENGTH: [Word; WORD_BYTES_MAX + 1] = {
    let mut table = [[0; 2]; WORD_BYTES_MAX + 1];
    let mut length = 1;
    while length <= WORD_BYTES_MAX {
        let bits = u128::MAX >> (128 - 8 * length);
        table[length] = [bits as u64, (bits >> 64) as u64];
        length += 1;
    }
    table
};

/// Sets of two words, the newer first.
#[derive(Debug, Default)]
struct Words(Vec<[Word; 2]>);

impl Words {
    /// A word without its tokens.
    #[inline(always)]
    fn word(text: &[u8], start: usize, end: usize) -> Word {
        let length = (end - start) & WORD_BYTES_MAX;
        let bytes = match text[start..].first_chunk() {
            Some(&bytes) => bytes,
            None => {
                let mut bytes = [0; 16];
                bytes[..length].copy_from_slice(&text[start..end]);
                bytes
            }
        };
        let [a, b, c, d, e, f, g, h, others @ ..] = bytes;
        let [first, others] = [[a, b, c, d, e, f, g, h], others].map(u64::from_le_bytes);
        let [of_first, of_others] = OF_LENGTH[length];
        let length = (length as u64) << LENGTH_SHIFT;
        [first & of_first, others & of_others | length]
    }

    #[inline(always)]
    fn home([first, others]: Word) -> usize {
        let first = first.wrapping_mul(0x9E37_79B9_7F4A_7C15);
        let others = others.wrapping_mul(0xC2B2_AE3D_27D4_EB4F);
        ((first ^ others) >> (64 - WORD_BITS)) as usize
    }

    #[inline(always)]
    fn get(&self, set_at: usize, word: Word) -> Option<u32> {
        let [newer, older] = self.0.get(set_at)?;
        let same = |known: &Word| {
            let above = u64::BITS - TOKENS_SHIFT;
            (known[0] ^ word[0]) | (known[1] ^ word[1]) << above == 0
        };
        if same(newer) {
            return Some((newer[1] >> TOKENS_SHIFT) as u32);
        }
        same(older).then_some((older[1] >> TOKENS_SHIFT) as u32)
    }

    /// At most 15 bytes are at most 15 tokens.
    fn put(&mut self, set_at: usize, [first, others]: Word, tokens: u32) {
        if self.0.is_empty() {
            self.0 = vec![[[0; 2]; 2]; 1 << WORD_BITS];
        }
        let set = &mut self.0[set_at];
        *set = [[first, others | u64::from(tokens) << TOKENS_SHIFT], set[0]];
    }
}

/// Pieces up to this length are phrases, such as clauses in scripts that write no spaces.
const PHRASE_BYTES_MAX: usize = 126;
const PHRASE_BITS: u32 = 12;

#[derive(Debug, Default)]
struct Phrases(Vec<Phrase>);

/// Its length, its tokens, and its bytes.
#[derive(Debug, Clone, Copy)]
struct Phrase([u8; PHRASE_BYTES_MAX + 2]);

impl Phrases {
    /// The one place for a phrase of more than eight bytes, unless it is too long.
    fn slot(&mut self, phrase: &[u8]) -> Option<&mut Phrase> {
        if phrase.len() > PHRASE_BYTES_MAX {
            return None;
        }
        if self.0.is_empty() {
            self.0 = vec![Phrase([0; PHRASE_BYTES_MAX + 2]); 1 << PHRASE_BITS];
        }
        let mix = |sum: u64, &bytes: &[u8; 8]| {
            (sum.rotate_left(23) ^ u64::from_le_bytes(bytes)).wrapping_mul(0x9E37_79B9_7F4A_7C15)
        };
        let (chunks, _) = phrase.as_chunks();
        let hash = chunks.iter().fold(phrase.len() as u64, mix);
        let hash = mix(hash, phrase.last_chunk()?);
        self.0.get_mut((hash >> (64 - PHRASE_BITS)) as usize)
    }
}

impl Phrase {
    fn count(&mut self, phrase: &[u8], count: impl FnOnce() -> u32) -> u32 {
        let [length, tokens, bytes @ ..] = &mut self.0;
        let bytes = &mut bytes[..phrase.len()];
        if usize::from(*length) != phrase.len() || bytes != phrase {
            // At most 126 bytes are at most 126 tokens.
            *tokens = count() as u8;
            *length = phrase.len() as u8;
            bytes.copy_from_slice(phrase);
        }
        u32::from(*tokens)
    }
}

/// Of a mixed pair, these bits say where it is remembered; the others are in the entry.
const PAIR_HOME_BITS: u32 = 16;
const PAIR_TAG_BITS: u32 = hash::PAIR_BITS - PAIR_HOME_BITS;
const PAIR_USED: u32 = 1 << 31;

/// Which tokens may follow each other. An entry is what is left of the pair, and the answer as its
/// lowest bit.
#[derive(Debug, Default)]
pub(super) struct Pairs(Vec<u32>);

impl Pairs {
    /// Whether merging may leave the two tokens beside each other.
    #[inline]
    pub(super) fn valid(&mut self, tables: &Tables, pair: [u32; 2]) -> bool {
        let mixed = hash::mixed(hash::pair(pair[0], pair[1]));
        let home = hash::home(mixed, PAIR_HOME_BITS);
        let tag = PAIR_USED | (mixed as u32 & ((1 << PAIR_TAG_BITS) - 1)) << 1;
        match self.0.get(home) {
            Some(entry) if entry & !1 == tag => entry & 1 != 0,
            _ => self.decide(tables, pair, home, tag),
        }
    }

    #[inline(never)]
    fn decide(&mut self, tables: &Tables, pair: [u32; 2], home: usize, tag: u32) -> bool {
        if self.0.is_empty() {
            self.0 = vec![0; 1 << PAIR_HOME_BITS];
        }
        let valid = merge::are_neighbours(tables, pair);
        self.0[home] = tag | u32::from(valid);
        valid
    }
}
