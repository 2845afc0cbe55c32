//! Texts → words, for every script.

/// Calls `each` with every word of `text` in lower case, and where it stands.
///
/// A word is a run of letters, digits, `_` and the marks that go with letters. Scripts that are written without spaces
/// (Han, kana, Thai, Lao, Khmer, Burmese) give overlapping pairs of characters instead, which serve the same purpose.
/// O(bytes), and no allocation per word.
pub(crate) fn each_word(text: &str, mut each: impl FnMut(&str, std::ops::Range<usize>)) {
    let mut word = String::new();
    let mut chars = text.char_indices().peekable();
    while let Some((start, c)) = chars.next() {
        if is_unspaced(c) {
            let next = chars.peek().filter(|(_, next)| is_unspaced(*next));
            let follows = start > 0 && text[..start].chars().next_back().is_some_and(is_unspaced);
            if next.is_some() || !follows {
                word.clear();
                word.push(c);
                word.extend(next.map(|(_, next)| *next));
                let end = start + c.len_utf8() + next.map_or(0, |(_, next)| next.len_utf8());
                each(&word, start..end);
            }
        } else if is_in_word(c) {
            word.clear();
            lower(c, &mut word);
            let mut end = start + c.len_utf8();
            while let Some((at, c)) = chars.next_if(|(_, c)| is_in_word(*c) && !is_unspaced(*c)) {
                lower(c, &mut word);
                end = at + c.len_utf8();
            }
            each(&word, start..end);
        }
    }
}

fn lower(c: char, word: &mut String) {
    match c.is_ascii() {
        true => word.push(c.to_ascii_lowercase()),
        false => word.extend(c.to_lowercase()),
    }
}

pub(crate) fn is_in_word(c: char) -> bool {
    match c.is_ascii() {
        true => c.is_ascii_alphanumeric() || c == '_',
        false => c.is_alphanumeric() || is_mark(c),
    }
}

/// Marks that stand inside words: accents on their own, vowel signs and viramas of Indic scripts, Arabic and Hebrew points.
fn is_mark(c: char) -> bool {
    matches!(c,
        '\u{300}'..='\u{36f}' | '\u{591}'..='\u{5c7}' | '\u{610}'..='\u{61a}' | '\u{64b}'..='\u{65f}' | '\u{670}'
        | '\u{900}'..='\u{963}' | '\u{966}'..='\u{dff}' | '\u{200c}' | '\u{200d}')
}

/// Whether `c` belongs to a script that is written without spaces between words.
pub(crate) fn is_unspaced(c: char) -> bool {
    matches!(c,
        '\u{e01}'..='\u{eff}' | '\u{1000}'..='\u{109f}' | '\u{1780}'..='\u{17d3}' | '\u{3005}'..='\u{3007}'
        | '\u{3041}'..='\u{30ff}' | '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}' | '\u{f900}'..='\u{faff}'
        | '\u{20000}'..='\u{3fffd}')
        && c != '\u{30fb}'
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expect: &[&str]) {
        let mut found = Vec::new();
        each_word(text, |word, range| {
            assert_eq!(text[range].to_lowercase(), word);
            found.push(word.to_owned());
        });
        assert_eq!(found, expect, "{text}");
    }

    #[test]
    fn words_of_every_script() {
        check("", &[]);
        check(" -- !? ", &[]);
        check(
            "Hello, foo_bar x-ray 3.5",
            &["hello", "foo_bar", "x", "ray", "3", "5"],
        );
        check("ÉCOLE Straße", &["école", "straße"]);
        check("हिन्दी में", &["हिन्दी", "में"]);
        check("漢字かな x 字", &["漢字", "字か", "かな", "x", "字"]);
        check("abc漢d", &["abc", "漢", "d"]);
        check("한국어 문장", &["한국어", "문장"]);
    }
}
