//! Finding what is unwanted, 64 bytes at a step while there is nothing.

use super::Unwanted;

/// Looked at in one go. The compiler turns the loop over it into vector instructions.
const BLOCK: usize = 64;

/// Calls `each` with the place and the kind of every unwanted character, until it says stop.
///
/// Takes the others off `chars`; returns where the first one is that is too many.
pub(super) fn unwanted(
    text: &str,
    chars: &mut usize,
    mut each: impl FnMut(usize, usize, Unwanted) -> bool,
) -> Option<usize> {
    let bytes = text.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        if let Some(block) = bytes[at..].first_chunk() {
            let (clean, starts) = look(block);
            if clean && starts <= *chars {
                *chars -= starts;
                at += BLOCK;
                continue;
            }
        }
        let end = (at + BLOCK).min(bytes.len());
        // A block may begin within a character, which then was counted and found clean.
        at = text.ceil_char_boundary(at);
        while at < end {
            let length = text[at..].chars().next().map_or(1, char::len_utf8);
            match kind(text, at) {
                Some(what) if !each(at, at + length, what) => return None,
                Some(_) => {}
                None if *chars == 0 => return Some(at),
                None => *chars -= 1,
            }
            at += length;
        }
    }
    None
}

/// Whether nothing unwanted begins in a block, and how many characters do.
///
/// The two bytes behind the block belong to characters that begin in it.
fn look(block: &[u8; BLOCK + 2]) -> (bool, usize) {
    let (mut found, mut starts) = (0_u8, 0_u8);
    for ((&a, &b), &c) in block[..BLOCK].iter().zip(&block[1..]).zip(&block[2..]) {
        found |= u8::from(is_unwanted(a, b, c));
        starts += u8::from((a as i8) >= -0x40);
    }
    (found == 0, usize::from(starts))
}

/// Whether the character that begins with these bytes is unwanted; tags always count as such.
#[inline]
fn is_unwanted(a: u8, b: u8, c: u8) -> bool {
    let in_range = |byte: u8, first: u8, last: u8| byte.wrapping_sub(first) <= last - first;
    // No short circuits: comparisons side by side are what vectors do.
    let control = (a < 0x20) & (a != b'\t') & (a != b'\n') & (a != b'\r') | (a == 0x7F);
    let c1 = (a == 0xC2) & (b < 0xA0);
    let general = (a == 0xE2)
        & ((b == 0x80) & ((c == 0x8B) | in_range(c, 0xAA, 0xAE))
            | (b == 0x81) & in_range(c, 0xA0, 0xAF));
    let specials =
        (a == 0xEF) & ((b == 0xBB) & (c == 0xBF) | (b == 0xBF) & in_range(c, 0xB9, 0xBB));
    let tag = (a == 0xF3) & (b == 0xA0) & in_range(c, 0x80, 0x81);
    control | c1 | general | specials | tag
}

/// What is unwanted about the character at a position, if anything is.
fn kind(text: &str, at: usize) -> Option<Unwanted> {
    match text[at..].chars().next()? {
        '\t' | '\n' | '\r' => None,
        '\0'..'\u{20}' | '\u{7F}'..='\u{9F}' => Some(Unwanted::Control),
        '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}' => Some(Unwanted::Bidi),
        '\u{200B}' | '\u{2060}'..='\u{206F}' | '\u{FEFF}' => Some(Unwanted::Invisible),
        '\u{FFF9}'..='\u{FFFB}' => Some(Unwanted::Annotation),
        '\u{E0000}'..='\u{E007F}' => (!within_flag(text, at)).then_some(Unwanted::Tag),
        _ => None,
    }
}

/// The flags that are spelt by tags behind a black flag; Unicode recommends no others.
const FLAGS: [&str; 3] = [
    "\u{1F3F4}\u{E0067}\u{E0062}\u{E0065}\u{E006E}\u{E0067}\u{E007F}",
    "\u{1F3F4}\u{E0067}\u{E0062}\u{E0073}\u{E0063}\u{E0074}\u{E007F}",
    "\u{1F3F4}\u{E0067}\u{E0062}\u{E0077}\u{E006C}\u{E0073}\u{E007F}",
];

/// Whether the tag at a position is one of a flag: the flag begins one to six characters before,
/// each of four bytes as the tag itself.
fn within_flag(text: &str, at: usize) -> bool {
    let starts = (1..=6).filter_map(|chars| at.checked_sub(chars * 4));
    let flag = |start: usize| {
        let rest = text.get(start..)?;
        FLAGS
            .iter()
            .any(|flag| rest.starts_with(flag))
            .then_some(())
    };
    starts.into_iter().find_map(flag).is_some()
}

/// How many bytes of a text to keep that is cut before `next`: all, or less where that would part
/// an accent from its letter, an emoji joined of several, the two halves of a flag, or a line break.
///
/// The rules are the common ones of Unicode's grapheme clusters (UAX 29), without its tables.
pub(super) fn border(text: &str, next: Option<char>) -> usize {
    const CHARS_MAX: usize = 32;
    let Some(mut next) = next else {
        return text.len();
    };
    for (at, last) in text.char_indices().rev().take(CHARS_MAX) {
        let end = at + last.len_utf8();
        let half = is_half_flag(last) && is_half_flag(next) && halves(&text[..end]) % 2 == 1;
        if !(half || extends(next) || last == '\u{200D}' || (last, next) == ('\r', '\n')) {
            return end;
        }
        next = last;
    }
    // A longer one is no character, or there is no text before it.
    if text.chars().nth(CHARS_MAX).is_some() {
        text.len()
    } else {
        0
    }
}

fn halves(text: &str) -> usize {
    text.chars().rev().take_while(|&c| is_half_flag(c)).count()
}

fn is_half_flag(character: char) -> bool {
    matches!(character, '\u{1F1E6}'..='\u{1F1FF}')
}

/// Accents, joiners, variation selectors, skin tones, tags.
fn extends(character: char) -> bool {
    matches!(character,
        '\u{300}'..='\u{36F}' | '\u{1AB0}'..='\u{1AFF}' | '\u{1DC0}'..='\u{1DFF}'
        | '\u{20D0}'..='\u{20FF}' | '\u{FE20}'..='\u{FE2F}' | '\u{200C}'..='\u{200D}'
        | '\u{FE00}'..='\u{FE0F}' | '\u{E0100}'..='\u{E01EF}' | '\u{1F3FB}'..='\u{1F3FF}'
        | '\u{E0020}'..='\u{E007F}')
}
