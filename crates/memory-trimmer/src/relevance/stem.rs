//! The stemmer of M. F. Porter, *An algorithm for suffix stripping*, Program 14(3), 1980, for English.

use std::borrow::Cow;

/// The stem of a lower-case word. What is not ASCII, or shorter than three letters, stays as it is.
pub(super) fn porter(word: &str) -> Cow<'_, str> {
    if word.len() <= 2 || !word.is_ascii() {
        return Cow::Borrowed(word);
    }
    let mut stem = Stem {
        word: word.as_bytes().to_vec(),
    };
    stem.plurals();
    stem.past_and_gerund();
    stem.final_y();
    stem.replace_first(DOUBLE_SUFFIXES, 0);
    stem.replace_first(SINGLE_SUFFIXES, 0);
    stem.strip_residual();
    stem.tidy_end();
    Cow::Owned(String::from_utf8(stem.word).expect("because ASCII was cut and appended to ASCII"))
}

/// Step 2.
const DOUBLE_SUFFIXES: &[(&str, &str)] = &[
    ("ational", "ate"),
    ("tional", "tion"),
    ("enci", "ence"),
    ("anci", "ance"),
    ("izer", "ize"),
    ("abli", "able"),
    ("alli", "al"),
    ("entli", "ent"),
    ("eli", "e"),
    ("ousli", "ous"),
    ("ization", "ize"),
    ("ation", "ate"),
    ("ator", "ate"),
    ("alism", "al"),
    ("iveness", "ive"),
    ("fulness", "ful"),
    ("ousness", "ous"),
    ("aliti", "al"),
    ("iviti", "ive"),
    ("biliti", "ble"),
];

/// Step 3.
const SINGLE_SUFFIXES: &[(&str, &str)] = &[
    ("icate", "ic"),
    ("ative", ""),
    ("alize", "al"),
    ("iciti", "ic"),
    ("ical", "ic"),
    ("ful", ""),
    ("ness", ""),
];

/// Step 4, longer ones before those that they end with.
const RESIDUAL_SUFFIXES: &[&str] = &[
    "ement", "ance", "ence", "able", "ible", "ment", "ant", "ent", "ion", "ism", "ate", "iti",
    "ous", "ive", "ize", "al", "er", "ic", "ou",
];

struct Stem {
    word: Vec<u8>,
}

impl Stem {
    fn is_consonant(&self, at: usize) -> bool {
        match self.word[at] {
            b'a' | b'e' | b'i' | b'o' | b'u' => false,
            b'y' => at == 0 || !self.is_consonant(at - 1),
            _ => true,
        }
    }

    fn has_vowel(&self, end: usize) -> bool {
        (0..end).any(|at| !self.is_consonant(at))
    }

    /// How often a consonant follows a vowel in the first `end` letters: Porter's m.
    fn measure(&self, end: usize) -> usize {
        let follows = |at: &usize| self.is_consonant(*at) && !self.is_consonant(at - 1);
        (1..end).filter(follows).count()
    }

    fn ends_double(&self) -> bool {
        let end = self.word.len();
        end >= 2 && self.word[end - 1] == self.word[end - 2] && self.is_consonant(end - 1)
    }

    /// Whether the first `end` letters end in consonant, vowel, consonant, the last none of w, x,
    /// y.
    fn ends_short(&self, end: usize) -> bool {
        end >= 3
            && self.is_consonant(end - 3)
            && !self.is_consonant(end - 2)
            && self.is_consonant(end - 1)
            && !matches!(self.word[end - 1], b'w' | b'x' | b'y')
    }

    /// The length of what comes before `suffix`.
    fn before(&self, suffix: &str) -> Option<usize> {
        (self.word.strip_suffix(suffix.as_bytes())).map(<[u8]>::len)
    }

    fn set_end(&mut self, end: usize, ending: &str) {
        self.word.truncate(end);
        self.word.extend_from_slice(ending.as_bytes());
    }

    fn plurals(&mut self) {
        if let Some(end) = self.before("sses").or(self.before("ies")) {
            self.word
                .truncate(end + if self.word[end] == b's' { 2 } else { 1 });
        } else if self.before("ss").is_none() && self.before("s").is_some() {
            self.word.pop();
        }
    }

    fn past_and_gerund(&mut self) {
        if let Some(end) = self.before("eed") {
            if self.measure(end) > 0 {
                self.word.pop();
            }
            return;
        }
        let Some(end) = self.before("ed").or(self.before("ing")) else {
            return;
        };
        if !self.has_vowel(end) {
            return;
        }
        self.word.truncate(end);
        if ["at", "bl", "iz"].iter().any(|s| self.before(s).is_some()) {
            self.word.push(b'e');
        } else if self.ends_double() && !matches!(self.word[end - 1], b'l' | b's' | b'z') {
            self.word.pop();
        } else if self.measure(end) == 1 && self.ends_short(end) {
            self.word.push(b'e');
        }
    }

    fn final_y(&mut self) {
        if let Some(end) = self.before("y")
            && self.has_vowel(end)
        {
            self.set_end(end, "i");
        }
    }

    /// Replaces the longest of the suffixes that the word ends with, if enough stands before it.
    fn replace_first(&mut self, suffixes: &[(&str, &str)], more_than: usize) {
        let found = suffixes
            .iter()
            .filter_map(|(suffix, ending)| Some((self.before(suffix)?, *ending)))
            .min();
        if let Some((end, ending)) = found
            && self.measure(end) > more_than
        {
            self.set_end(end, ending);
        }
    }

    fn strip_residual(&mut self) {
        let found = RESIDUAL_SUFFIXES
            .iter()
            .find_map(|suffix| Some((suffix, self.before(suffix)?)));
        let Some((&suffix, end)) = found else {
            return;
        };
        let follows = suffix != "ion" || (end > 0 && matches!(self.word[end - 1], b's' | b't'));
        if follows && self.measure(end) > 1 {
            self.word.truncate(end);
        }
    }

    fn tidy_end(&mut self) {
        if let Some(end) = self.before("e") {
            let measure = self.measure(end);
            if measure > 1 || (measure == 1 && !self.ends_short(end)) {
                self.word.pop();
            }
        }
        if self.before("ll").is_some() && self.measure(self.word.len() - 1) > 1 {
            self.word.pop();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn suffixes_go_step_by_step() {
        let check = |word: &str, expect: &str| assert_eq!(porter(word), expect, "{word}");
        for (word, expect) in [
            ("caresses", "caress"),
            ("ponies", "poni"),
            ("ties", "ti"),
            ("cats", "cat"),
            ("feed", "feed"),
            ("agreed", "agre"),
            ("plastered", "plaster"),
            ("bled", "bled"),
            ("motoring", "motor"),
            ("sing", "sing"),
            ("conflated", "conflat"),
            ("troubled", "troubl"),
            ("hopping", "hop"),
            ("falling", "fall"),
            ("hissing", "hiss"),
            ("filing", "file"),
            ("happy", "happi"),
            ("sky", "sky"),
            ("relational", "relat"),
            ("conditional", "condit"),
            ("rational", "ration"),
            ("valenci", "valenc"),
            ("digitizer", "digit"),
            ("vietnamization", "vietnam"),
            ("operator", "oper"),
            ("feudalism", "feudal"),
            ("hopefulness", "hope"),
            ("formaliti", "formal"),
            ("sensibiliti", "sensibl"),
            ("triplicate", "triplic"),
            ("formative", "form"),
            ("electriciti", "electr"),
            ("goodness", "good"),
            ("revival", "reviv"),
            ("allowance", "allow"),
            ("airliner", "airlin"),
            ("replacement", "replac"),
            ("adoption", "adopt"),
            ("communism", "commun"),
            ("effective", "effect"),
            ("probate", "probat"),
            ("rate", "rate"),
            ("cease", "ceas"),
            ("controll", "control"),
            ("roll", "roll"),
            ("yes", "ye"),
            ("2000s", "2000"),
            ("is", "is"),
            ("s", "s"),
            ("straße", "straße"),
            ("ing", "ing"),
            ("eed", "eed"),
            ("sss", "sss"),
        ] {
            check(word, expect);
        }
    }
}
