//! How long a digest may be.

use std::fmt;

use crate::similar::{is_in_word, is_unspaced};

/// How long a digest may be; it is never longer.
#[derive(Clone, Copy)]
#[non_exhaustive]
pub enum Budget<'a> {
    /// Words, as [`count_words`] counts them.
    Words(usize),
    /// Sentences.
    Sentences(usize),
    /// Tokens, or whatever else the function counts for one quote. The counts of the quotes are added.
    Tokens(usize, &'a dyn Fn(&str) -> usize),
}

impl fmt::Debug for Budget<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Budget::Words(most) => write!(f, "Words({most})"),
            Budget::Sentences(most) => write!(f, "Sentences({most})"),
            Budget::Tokens(most, _) => write!(f, "Tokens({most})"),
        }
    }
}

impl Budget<'_> {
    pub(super) fn most(&self) -> usize {
        match self {
            Budget::Words(most) | Budget::Sentences(most) | Budget::Tokens(most, _) => *most,
        }
    }

    pub(super) fn cost(&self, quote: &str) -> usize {
        match self {
            Budget::Words(_) => count_words(quote),
            Budget::Sentences(_) => 1,
            Budget::Tokens(_, count) => count(quote),
        }
    }

    /// About how many words fit, for weighing short sentences.
    pub(super) fn words(&self) -> usize {
        match self {
            Budget::Words(most) => *most,
            Budget::Sentences(most) => most.saturating_mul(20),
            Budget::Tokens(most, _) => most / 4 * 3,
        }
    }

    /// The longest beginning of `quote` that ends before white space and costs at most `left`; may be empty.
    pub(super) fn cut<'q>(&self, quote: &'q str, left: usize) -> &'q str {
        if matches!(self, Budget::Sentences(_)) {
            return "";
        }
        let borders: Vec<usize> = quote
            .char_indices()
            .filter(|(at, c)| c.is_whitespace() || (is_unspaced(*c) && *at > 0))
            .map(|(at, _)| at)
            .collect();
        let fits = borders.partition_point(|end| self.cost(&quote[..*end]) <= left);
        let part = quote[..fits.checked_sub(1).map_or(0, |last| borders[last])].trim_end();
        // A count that is not monotonous may have misled the search.
        match self.cost(part) <= left {
            true => part,
            false => "",
        }
    }
}

/// How many words a reader counts: what white space separates and holds a letter or digit, and each character of a
/// script without spaces. O(bytes).
pub fn count_words(text: &str) -> usize {
    let mut count = 0;
    let mut counted = false;
    for c in text.chars() {
        if is_unspaced(c) {
            count += 1;
        } else if c.is_whitespace() {
            counted = false;
        } else if is_in_word(c) && !counted {
            counted = true;
            count += 1;
        }
    }
    count
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_as_a_reader_counts_them() {
        let check = |text, expect| assert_eq!(count_words(text), expect, "{text}");
        check("", 0);
        check(" -- ! ", 0);
        check("state-of-the-art isn't 3.5 !", 3);
        check("漢字かな x 字", 6);
        check("abc漢d", 2);
    }

    #[test]
    fn a_cut_ends_at_a_border_and_fits() {
        let check = |text, left, expect| assert_eq!(Budget::Words(left).cut(text, left), expect);
        check("one two, three", 2, "one two,");
        check("one two", 0, "");
        check("漢字かな", 2, "漢字");
        check("longword", 0, "");
        assert_eq!(Budget::Sentences(9).cut("one two", 9), "");
        let bytes = |text: &str| text.len();
        assert_eq!(Budget::Tokens(9, &bytes).cut("one two three", 9), "one two");
    }
}
