//! Which of the classes that the encodings tell apart each character belongs to.

use regex_syntax::hir::{Class, HirKind};

/// Bit by bit, as `src/tokens/exact/classes.rs` reads them.
const PATTERNS: [&str; 5] = [
    r"\p{L}",
    r"\p{N}",
    r"\s",
    r"[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]",
    r"[\p{Ll}\p{Lm}\p{Lo}\p{M}]",
];

/// Distinct blocks of 256 characters, and for every 256 characters their block.
pub(super) fn tables() -> (Vec<u8>, Vec<u8>) {
    let mut classes = vec![0_u8; 0x11_0000];
    for (bit, pattern) in PATTERNS.iter().enumerate() {
        for (first, last) in ranges(pattern) {
            classes[first as usize..=last as usize]
                .iter_mut()
                .for_each(|class| *class |= 1 << bit);
        }
    }
    let mut blocks: Vec<&[u8]> = Vec::new();
    let mut index = Vec::new();
    for block in classes.chunks(256) {
        let known = blocks.iter().position(|&other| other == block);
        index.push(known.unwrap_or(blocks.len()));
        if known.is_none() {
            blocks.push(block);
        }
    }
    let narrow = |at: usize| u8::try_from(at).expect("fewer than 256 blocks differ");
    (blocks.concat(), index.into_iter().map(narrow).collect())
}

fn ranges(pattern: &str) -> Vec<(char, char)> {
    let hir = regex_syntax::parse(pattern).expect("the pattern is well-formed");
    let HirKind::Class(Class::Unicode(class)) = hir.into_kind() else {
        panic!("{pattern} is a class of characters");
    };
    class
        .ranges()
        .iter()
        .map(|range| (range.start(), range.end()))
        .collect()
}
