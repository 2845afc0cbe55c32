//! Words of any script.

/// Calls `each` with the lower-case words of a text, in order.
///
/// A word is a run of letters, digits and underscores. Where a script sets no spaces (Chinese,
/// Japanese, Thai, Lao, Khmer, Burmese), and in Korean, whose words take endings, each pair of
/// neighbouring characters is a word, and a single character between others is one.
pub(super) fn for_each_word(text: &str, mut each: impl FnMut(&str)) {
    let mut word = String::new();
    let mut pair = Pair::default();
    for c in text.chars() {
        let class = class(c);
        if class != Class::Letter && !word.is_empty() {
            each(&word);
            word.clear();
        }
        match class {
            Class::Letter if c.is_ascii() => word.push(c.to_ascii_lowercase()),
            Class::Letter => word.extend(c.to_lowercase()),
            Class::Unspaced => pair.push(c, &mut each),
            Class::Other => {}
        }
        if class != Class::Unspaced {
            pair.end(&mut each);
        }
    }
    pair.end(&mut each);
    if !word.is_empty() {
        each(&word);
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Class {
    Letter,
    Unspaced,
    Other,
}

fn class(c: char) -> Class {
    match c {
        'a'..='z' | 'A'..='Z' | '0'..='9' | '_' => Class::Letter,
        '\0'..='\x7f' => Class::Other,
        _ if !c.is_alphanumeric() => Class::Other,
        _ if is_unspaced(c) => Class::Unspaced,
        _ => Class::Letter,
    }
}

fn is_unspaced(c: char) -> bool {
    matches!(c,
        '\u{0E00}'..='\u{0EFF}' // Thai, Lao
        | '\u{1000}'..='\u{109F}' // Burmese
        | '\u{1100}'..='\u{11FF}' | '\u{AC00}'..='\u{D7AF}' // Hangul
        | '\u{1780}'..='\u{17FF}' // Khmer
        | '\u{3005}'..='\u{3007}' | '\u{3040}'..='\u{30FF}' | '\u{31F0}'..='\u{31FF}' // kana
        | '\u{3400}'..='\u{4DBF}' | '\u{4E00}'..='\u{9FFF}' | '\u{F900}'..='\u{FAFF}' // Han
        | '\u{20000}'..='\u{3FFFF}')
}

/// The last character of a run without spaces, and whether it has been in a pair.
#[derive(Default)]
struct Pair {
    last: Option<char>,
    told: bool,
}

impl Pair {
    fn push(&mut self, c: char, each: &mut impl FnMut(&str)) {
        if let Some(last) = self.last.replace(c) {
            let mut buffer = [0; 8];
            let split = last.encode_utf8(&mut buffer).len();
            let end = split + c.encode_utf8(&mut buffer[split..]).len();
            each(std::str::from_utf8(&buffer[..end]).expect("because two characters were encoded"));
            self.told = true;
        }
    }

    fn end(&mut self, each: &mut impl FnMut(&str)) {
        if let Some(last) = self.last.take()
            && !std::mem::take(&mut self.told)
        {
            each(last.encode_utf8(&mut [0; 4]));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_any_script() {
        let check = |text: &str, expect: &[&str]| {
            let mut words = Vec::new();
            for_each_word(text, |word| words.push(word.to_owned()));
            assert_eq!(words, expect, "{text}");
        };
        check("", &[]);
        check(" -- ?!", &[]);
        check("It's A_B, 3.5 km", &["it", "s", "a_b", "3", "5", "km"]);
        check("Größe ΣΑΣ", &["größe", "σασ"]);
        check("我住在北京", &["我住", "住在", "在北", "北京"]);
        check("猫!犬", &["猫", "犬"]);
        check("東京tower東", &["東京", "tower", "東"]);
        check("สวั", &["สว", "วั"]);
        check("a한국어", &["a", "한국", "국어"]);
        check("東a東京", &["東", "a", "東京"]);
    }
}
