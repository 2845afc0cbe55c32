//! The classes of characters that the encodings tell apart.

/// A set of classes, one bit each, in the order of the build script.
pub(super) type Classes = u8;

pub(super) const LETTER: Classes = 1;
pub(super) const NUMBER: Classes = 1 << 1;
pub(super) const SPACE: Classes = 1 << 2;
/// What `o200k_base` takes for the first letters of a word: capitals, letters without case, marks.
pub(super) const UPPER: Classes = 1 << 3;
/// What it takes for the others: small letters, letters without case, marks.
pub(super) const LOWER: Classes = 1 << 4;

static BLOCKS: &[[Classes; 256]] = include_bytes!(concat!(env!("OUT_DIR"), "/classes.blocks"))
    .as_chunks()
    .0;
static INDEX: [u8; 0x1100] = *include_bytes!(concat!(env!("OUT_DIR"), "/classes.index"));
static ASCII: [Classes; 128] = ascii();

const fn ascii() -> [Classes; 128] {
    let mut table = [0; 128];
    let mut byte = 0;
    while byte < 128 {
        table[byte] = match byte as u8 {
            b'a'..=b'z' => LETTER | LOWER,
            b'A'..=b'Z' => LETTER | UPPER,
            b'0'..=b'9' => NUMBER,
            b'\t'..=b'\r' | b' ' => SPACE,
            _ => 0,
        };
        byte += 1;
    }
    table
}

/// The classes of the character at a position, and its length in bytes; no length at the end.
#[inline(always)]
pub(super) fn at(text: &[u8], at: usize) -> (Classes, usize) {
    match text.get(at) {
        None => (0, 0),
        Some(&byte) if byte < 0x80 => (ASCII[usize::from(byte)], 1),
        Some(_) => beyond_ascii(&text[at..]),
    }
}

/// The classes of a character.
pub(super) fn of(character: char) -> Classes {
    let mut buffer = [0; 4];
    at(character.encode_utf8(&mut buffer).as_bytes(), 0).0
}

#[inline(never)]
fn beyond_ascii(text: &[u8]) -> (Classes, usize) {
    wide(text)
}

/// The classes and the length of a character beyond ASCII. The text is known to be UTF-8.
#[inline]
fn wide(text: &[u8]) -> (Classes, usize) {
    let bits = |byte: u8| u32::from(byte & 0x3F);
    let (character, length) = match *text {
        [a @ ..0xE0, b, ..] => (u32::from(a & 0x1F) << 6 | bits(b), 2),
        [a @ ..0xF0, b, c, ..] => (u32::from(a & 0xF) << 12 | bits(b) << 6 | bits(c), 3),
        [a, b, c, d, ..] => {
            let high = u32::from(a & 7) << 18 | bits(b) << 12;
            (high | bits(c) << 6 | bits(d), 4)
        }
        _ => unreachable!("a character is whole in a text"),
    };
    let block = usize::from(INDEX[character as usize >> 8]);
    (BLOCKS[block][character as usize & 0xFF], length)
}

/// The end of the run of characters of a class, to which 26 ASCII letters from `first` on belong and
/// no others, once `fold` is set in them.
#[inline]
pub(super) fn run_of(text: &[u8], mut from: usize, class: Classes, fold: u8, first: u8) -> usize {
    // What is no letter is common, and soon told.
    if text
        .get(from)
        .is_none_or(|byte| byte.is_ascii() && !letter(*byte, fold, first))
    {
        return from;
    }
    loop {
        from = ascii_run(text, from, fold, first);
        let others = from;
        while text.get(from).is_some_and(|&byte| byte >= 0x80) {
            let (classes, length) = wide(&text[from..]);
            if classes & class == 0 {
                return from;
            }
            from += length;
        }
        if from == others {
            return from;
        }
    }
}

/// The end of the ASCII word at a position, `[A-Z]*[a-z]*`, if no other character follows it that
/// may belong to it.
#[inline]
pub(super) fn ascii_word(text: &[u8], from: usize) -> Option<usize> {
    let upper = match text.get(from) {
        Some(b'A'..=b'Z') => ascii_run(text, from + 1, 0, b'A'),
        Some(b'a'..=b'z') => from,
        other => return other.is_none_or(u8::is_ascii).then_some(from),
    };
    let lower = ascii_run(text, upper, 0, b'a');
    text.get(lower).is_none_or(u8::is_ascii).then_some(lower)
}

const LOW: u64 = 0x0101_0101_0101_0101;
const HIGH: u64 = LOW << 7;

/// The end of the run of the 26 ASCII letters from `first` on, eight bytes at a step; `fold` is
/// set in each byte before.
#[inline]
fn ascii_run(text: &[u8], mut from: usize, fold: u8, first: u8) -> usize {
    while let Some(&eight) = text.get(from..).and_then(|rest| rest.first_chunk()) {
        let bytes = u64::from_le_bytes(eight) | (LOW * u64::from(fold));
        let low = bytes & !HIGH;
        let above = low + LOW * u64::from(0x80 - first);
        let beyond = low + LOW * u64::from(0x80 - first - 26);
        let others = !(above & !beyond & !bytes) & HIGH;
        if others != 0 {
            return from + (others.trailing_zeros() / 8) as usize;
        }
        from += 8;
    }
    let letter = |&&byte: &&u8| letter(byte, fold, first);
    from + text[from..].iter().take_while(letter).count()
}

#[inline]
fn letter(byte: u8, fold: u8, first: u8) -> bool {
    (byte | fold).wrapping_sub(first) < 26
}
