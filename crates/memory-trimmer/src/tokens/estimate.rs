//! An estimate of how many tokens a text has, without a vocabulary.
//!
//! Byte-pair tokenizers first cut a text into pieces: a word with the space before it, up to three
//! digits, a run of punctuation, a run of white space. Common pieces are one token, so counting
//! pieces is most of the answer; what is left is what a piece costs by its length, and by whether it
//! looks like a word at all. The weights were fitted to OpenAI's `o200k_base` on prose, source code,
//! logs and random data.

/// One token, in the units in which costs are added up.
const TOKEN: u64 = 64;

/// What a byte is part of.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Class {
    Lower,
    Upper,
    Digit,
    Punctuation,
    Space,
    Newline,
    /// Starts a character beyond ASCII and the Latin letters.
    Wide,
    /// Continues whatever came before.
    Continued,
}

/// What stands before a word: only a space makes it the common form of the word.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Lead {
    Space,
    Other,
}

static CLASSES: [Class; 256] = classes();

const fn classes() -> [Class; 256] {
    let mut table = [Class::Punctuation; 256];
    let mut byte = 0;
    while byte < 256 {
        table[byte] = match byte as u8 {
            b'a'..=b'z' | 0xC3..=0xC5 => Class::Lower,
            b'A'..=b'Z' => Class::Upper,
            b'0'..=b'9' => Class::Digit,
            b' ' | b'\t' => Class::Space,
            b'\n' | b'\r' => Class::Newline,
            0x80..=0xBF => Class::Continued,
            0xC0..=0xFF => Class::Wide,
            _ => Class::Punctuation,
        };
        byte += 1;
    }
    table
}

/// Estimates the tokens of a text. One pass over its bytes, no allocation; deterministic.
///
/// 0 for an empty text, at least 1 for any other. The error against `o200k_base` is printed and
/// bounded by this crate's test `estimate`.
pub fn estimate_tokens(text: &str) -> u32 {
    let mut scan = Scan {
        bytes: text.as_bytes(),
        at: 0,
        cost: 0,
        lead: Lead::Space,
    };
    while let Some(class) = scan.class() {
        match class {
            Class::Lower | Class::Upper | Class::Digit => scan.word(),
            Class::Punctuation => scan.punctuation(),
            Class::Space | Class::Newline => scan.white_space(),
            Class::Wide => scan.wide(),
            // Only after a wide character, which has paid for it.
            Class::Continued => scan.at += 1,
        }
    }
    let tokens = (scan.cost + TOKEN / 2) / TOKEN;
    let least = u64::from(!text.is_empty());
    u32::try_from(tokens.max(least)).unwrap_or(u32::MAX)
}

struct Scan<'a> {
    bytes: &'a [u8],
    at: usize,
    cost: u64,
    lead: Lead,
}

impl Scan<'_> {
    fn class(&self) -> Option<Class> {
        self.bytes.get(self.at).map(|&b| CLASSES[usize::from(b)])
    }

    /// Passes bytes while they are of the kind asked for, and returns how many.
    fn pass(&mut self, of_kind: impl Fn(Class) -> bool) -> u64 {
        let rest = &self.bytes[self.at..];
        let other = |&b: &u8| !of_kind(CLASSES[usize::from(b)]);
        let count = rest.iter().position(other).unwrap_or(rest.len());
        self.at += count;
        count as u64
    }

    /// A run of letters and digits: `getElementById2`, `deadbeef`.
    fn word(&mut self) {
        let (start, mut pieces, mut digits) = (self.at, 0, 0);
        let (mut common, mut dense) = (0, 0);
        let mut lead = std::mem::replace(&mut self.lead, Lead::Other);
        loop {
            let upper = self.pass(|c| c == Class::Upper);
            let lower = self.pass(|c| matches!(c, Class::Lower | Class::Continued));
            if upper + lower > 0 {
                common += word_cost(upper, lower, lead);
                dense += dense_cost(upper + lower);
                pieces += 1;
            } else {
                let run = self.pass(|c| c == Class::Digit);
                if run == 0 {
                    break;
                }
                common += run.div_ceil(3) * TOKEN;
                dense += run.div_ceil(3) * TOKEN;
                digits += run;
                pieces += 1;
            }
            lead = Lead::Other;
        }
        let length = (self.at - start) as u64;
        // Base64, hashes, keys: digits and changes of case after every other character.
        let random = digits > 0 && length >= 8 && pieces * 5 >= length * 2;
        self.cost += if random { dense } else { common };
    }

    fn punctuation(&mut self) {
        let run = self.pass(|c| c == Class::Punctuation);
        let after_space = std::mem::replace(&mut self.lead, Lead::Other) == Lead::Space;
        let before_word = matches!(self.class(), Some(Class::Lower | Class::Upper));
        if run == 1 && before_word && !after_space {
            return; // Part of the word, as in `.name`.
        }
        self.cost += match run {
            1 | 2 => TOKEN,
            3 => 72,
            4 => 84,
            _ => 100 + (run - 5) * 10,
        };
        self.pass(|c| c == Class::Newline); // Part of the punctuation, as in `;\n`.
    }

    fn white_space(&mut self) {
        let start = self.at;
        self.pass(|c| matches!(c, Class::Space | Class::Newline));
        let run = &self.bytes[start..self.at];
        let newline = run
            .iter()
            .rposition(|&b| CLASSES[usize::from(b)] == Class::Newline);
        let spaces = run.len() - newline.map_or(0, |at| at + 1);
        self.cost += if newline.is_some() { TOKEN } else { 0 };
        self.cost += match (spaces, self.class()) {
            (0, _) => 0,
            (1, Some(Class::Digit) | None) => TOKEN,
            (1, _) => 0, // Part of what follows.
            (_, Some(Class::Digit)) => 2 * TOKEN,
            (_, _) => TOKEN,
        };
        self.lead = if spaces > 0 { Lead::Space } else { Lead::Other };
    }

    fn wide(&mut self) {
        self.cost += wide_cost(self.bytes[self.at]);
        self.at += 1;
        self.lead = Lead::Other;
    }
}

/// The cost of `Word`, `word` or `WORD`, by its length.
fn word_cost(upper: u64, lower: u64, lead: Lead) -> u64 {
    let length = upper + lower;
    match (length, lead) {
        (0..=2, _) => TOKEN,
        _ if lower == 0 => 10 + length * 24,
        (3..=8, Lead::Space) => 66,
        (9..=11, Lead::Space) => 72,
        (12..=15, Lead::Space) => 80,
        (3, Lead::Other) => 67,
        (4, Lead::Other) => 72,
        (5, Lead::Other) => 78,
        (6..=7, Lead::Other) => 92,
        (8..=9, Lead::Other) => 114,
        (10..=15, Lead::Other) => 122,
        _ => 122 + (length - 15) * 16,
    }
}

/// The cost of a piece that is no word, by its length.
fn dense_cost(length: u64) -> u64 {
    match length {
        1 => TOKEN,
        2 => 75,
        _ => 28 + length * 32,
    }
}

/// The cost of a character by its first byte in UTF-8, which tells the script.
fn wide_cost(first: u8) -> u64 {
    match first {
        0xC0..=0xC2 => 48,
        0xC6..=0xDF => 20, // Greek, Cyrillic, Hebrew, Arabic.
        0xE0 => 24,        // Indic scripts, Thai.
        0xE1 => 32,
        0xE2 => 52, // Dashes, quotation marks, arrows, boxes.
        0xE3 => 50, // Kana.
        0xE4..=0xE9 => 46,
        0xEA..=0xED => 42, // Hangul.
        0xEE..=0xEF => 56,
        _ => 120, // Emoji.
    }
}
