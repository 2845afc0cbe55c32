//! What is particular to English: words without weight, and irregular forms.
//!
//! Messages in other languages lose nothing but what these tables would have added.

use std::borrow::Cow;

use super::stem;

/// What a word says about the one who writes.
pub(super) const FIRST_PERSON: &[&str] = &["i", "me", "my", "our", "we"];

/// Whether a lower-case word carries no weight.
pub(super) fn is_stop_word(word: &str) -> bool {
    STOP_WORDS.binary_search(&word).is_ok()
}

/// Whether a stem belongs to talk about the conversation ("can you remind me what we discussed").
pub(super) fn is_filler(stem: &str) -> bool {
    FILLERS.binary_search(&stem).is_ok()
}

/// The stem under which a lower-case word is indexed.
pub(super) fn stem(word: &str) -> Cow<'_, str> {
    let found = IRREGULAR.binary_search_by_key(&word, |&(form, _)| form);
    match found {
        Ok(at) => stem::porter(IRREGULAR[at].1),
        Err(_) => stem::porter(word),
    }
}

/// Words that say nothing about what a text is about, sorted.
#[rustfmt::skip]
pub(super) const STOP_WORDS: &[&str] = &[
    "a", "about", "after", "again", "also", "am", "an", "and", "are", "aren", "as", "at", "be",
    "been", "before", "being", "between", "but", "by", "can", "could", "couldn", "d", "did", "didn",
    "do", "does", "doesn", "doing", "don", "done", "down", "during", "for", "from", "had", "hadn",
    "has", "hasn", "have", "haven", "having", "he", "her", "here", "hers", "him", "his", "how", "i",
    "if", "in", "into", "is", "isn", "it", "its", "just", "ll", "m", "may", "me", "might", "mine",
    "must", "my", "myself", "no", "not", "of", "off", "on", "or", "our", "ours", "out", "over",
    "re", "s", "shall", "she", "should", "shouldn", "so", "t", "than", "that", "the", "their",
    "theirs", "them", "then", "there", "these", "they", "this", "those", "to", "too", "up", "us",
    "ve", "very", "was", "wasn", "we", "were", "weren", "what", "when", "where", "which", "who",
    "whom", "whose", "why", "will", "with", "won", "would", "wouldn", "you", "your", "yours",
    "yourself",
];

/// Stems of the words with which people refer to a conversation rather than to what was said,
/// sorted.
#[rustfmt::skip]
pub(super) const FILLERS: &[&str] = &[
    "back", "chat", "clarifi", "convers", "discuss", "go", "happen", "kind", "know", "long", "mani",
    "mention", "much", "previou", "previous", "recal", "refer", "rememb", "remind", "sai", "sort",
    "talk", "tell", "think", "wonder",
];

/// Irregular forms and what they are forms of, sorted: no stemmer finds "buy" in "bought".
#[rustfmt::skip]
pub(super) const IRREGULAR: &[(&str, &str)] = &[
    ("ate", "eat"), ("became", "become"), ("began", "begin"), ("begun", "begin"), ("bent", "bend"),
    ("bit", "bite"), ("bitten", "bite"), ("bled", "bleed"), ("blew", "blow"), ("blown", "blow"),
    ("bought", "buy"), ("bred", "breed"), ("broke", "break"), ("broken", "break"),
    ("brought", "bring"), ("built", "build"), ("burnt", "burn"), ("came", "come"),
    ("caught", "catch"), ("children", "child"), ("chose", "choose"), ("chosen", "choose"),
    ("crept", "creep"), ("dealt", "deal"), ("dove", "dive"), ("drank", "drink"), ("drawn", "draw"),
    ("dreamt", "dream"), ("drew", "draw"), ("driven", "drive"), ("drove", "drive"),
    ("drunk", "drink"), ("dug", "dig"), ("eaten", "eat"), ("fallen", "fall"), ("fed", "feed"),
    ("feet", "foot"), ("fell", "fall"), ("felt", "feel"), ("fled", "flee"), ("flew", "fly"),
    ("flown", "fly"), ("forbade", "forbid"), ("forbidden", "forbid"), ("forgave", "forgive"),
    ("forgiven", "forgive"), ("forgot", "forget"), ("forgotten", "forget"), ("fought", "fight"),
    ("found", "find"), ("froze", "freeze"), ("frozen", "freeze"), ("gave", "give"),
    ("given", "give"), ("goes", "go"), ("gone", "go"), ("got", "get"), ("gotten", "get"),
    ("grew", "grow"), ("grown", "grow"), ("halves", "half"), ("heard", "hear"), ("held", "hold"),
    ("hid", "hide"), ("hidden", "hide"), ("hung", "hang"), ("kept", "keep"), ("knelt", "kneel"),
    ("knew", "know"), ("knives", "knife"), ("known", "know"), ("laid", "lay"), ("lain", "lie"),
    ("leant", "lean"), ("leapt", "leap"), ("learnt", "learn"), ("leaves", "leav"), ("led", "lead"),
    ("left", "leave"), ("lent", "lend"), ("lit", "light"), ("lost", "lose"), ("made", "make"),
    ("meant", "mean"), ("men", "man"), ("met", "meet"), ("mice", "mouse"), ("paid", "pay"),
    ("people", "person"), ("ran", "run"), ("rang", "ring"), ("ridden", "ride"), ("risen", "rise"),
    ("rode", "ride"), ("rose", "rise"), ("rung", "ring"), ("said", "say"), ("sang", "sing"),
    ("sank", "sink"), ("sat", "sit"), ("saw", "see"), ("seen", "see"), ("sent", "send"),
    ("sewn", "sew"), ("shaken", "shake"), ("shelves", "shelf"), ("shone", "shine"),
    ("shook", "shake"), ("shot", "shoot"), ("shown", "show"), ("shrank", "shrink"),
    ("slept", "sleep"), ("slid", "slide"), ("sold", "sell"), ("sought", "seek"), ("sped", "speed"),
    ("spent", "spend"), ("spoke", "speak"), ("spoken", "speak"), ("sprang", "spring"),
    ("sprung", "spring"), ("spun", "spin"), ("stole", "steal"), ("stolen", "steal"),
    ("stood", "stand"), ("strove", "strive"), ("struck", "strike"), ("stuck", "stick"),
    ("stung", "sting"), ("sung", "sing"), ("sunk", "sink"), ("swam", "swim"), ("swept", "sweep"),
    ("swore", "swear"), ("sworn", "swear"), ("swum", "swim"), ("swung", "swing"), ("taken", "take"),
    ("taught", "teach"), ("teeth", "tooth"), ("thought", "think"), ("threw", "throw"),
    ("thrown", "throw"), ("told", "tell"), ("took", "take"), ("tore", "tear"), ("torn", "tear"),
    ("understood", "understand"), ("went", "go"), ("wept", "weep"), ("wives", "wife"),
    ("woke", "wake"), ("woken", "wake"), ("women", "woman"), ("wore", "wear"), ("worn", "wear"),
    ("wove", "weave"), ("woven", "weave"), ("written", "write"), ("wrote", "write"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_are_sorted() {
        assert!(STOP_WORDS.is_sorted() && FILLERS.is_sorted() && FIRST_PERSON.is_sorted());
        assert!(IRREGULAR.is_sorted_by_key(|&(form, _)| form));
    }

    #[test]
    fn forms_of_a_word_share_a_stem() {
        let check = |forms: &[&str], expect: &str| {
            for form in forms {
                assert_eq!(stem(form), expect, "{form}");
            }
        };
        check(&["buy", "buys", "buying", "bought"], "bui");
        check(&["write", "writes", "writing", "wrote", "written"], "write");
        check(&["go", "goes", "going", "went", "gone"], "go");
        check(&["child", "children"], "child");
        check(&["größe"], "größe");
    }

    #[test]
    fn fillers_are_stems() {
        for word in ["remind", "conversation", "discussed", "many", "told"] {
            assert!(is_filler(&stem(word)), "{word}");
        }
        assert!(!is_filler(&stem("guitar")));
    }
}
