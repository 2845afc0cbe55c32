//! The built-in provider: ranks sentences of its input and quotes them. It is not a language model and says so.
//!
//! Ranking: cosine of each sentence's TF-IDF vector with the centroid of all sentences (Radev et al., "Centroid-based
//! summarization of multiple documents", 2004), plus its overlap with the question's words, plus a bonus for standing
//! early in its source; then greedily by rank, leaving out what repeats a sentence already taken.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fmt::Write as _;

use autoexec_memory_trimmer::estimate_tokens;

use super::sentences::{sentences, words};
use super::{Answer, Question};

/// Sentences looked at, at most; the first ones of each source share this evenly.
const MOST_SENTENCES: usize = 20_000;
/// Weight of the question's words against the centroid.
const QUESTION_WEIGHT: f64 = 0.5;
/// Weight of standing first in a source; halves every ten sentences.
const LEAD_WEIGHT: f64 = 0.15;
/// Two sentences that share this much of their words say the same.
const SAME: f64 = 0.6;

struct Sentence {
    source: usize,
    order: usize,
    text: String,
    words: Vec<u32>,
    /// The different words, sorted.
    set: Vec<u32>,
    score: f64,
}

/// Answers by quoting. O(words of the sources + quoted × sentences).
pub fn answer(question: &Question<'_>) -> Answer {
    let mut all = gather(question);
    let read = all.len();
    all.sort_by(|a, b| {
        b.score
            .total_cmp(&a.score)
            .then(a.source.cmp(&b.source))
            .then(a.order.cmp(&b.order))
    });
    let chosen = choose(all, question);
    let text = write(&chosen, read, question);
    let history: u64 = question.history.iter().map(|m| u64::from(m.tokens())).sum();
    let given: u64 = question
        .sources
        .iter()
        .map(|s| u64::from(estimate_tokens(&s.text)))
        .sum();
    Answer {
        input_tokens: history + given,
        output_tokens: u64::from(estimate_tokens(&text)),
        text,
        estimated: true,
    }
}

/// Numbers words, so that sentences are compared by integers.
#[derive(Default)]
struct Vocabulary {
    numbers: HashMap<String, u32>,
    /// In how many sentences each word stands.
    sentences: Vec<u32>,
}

impl Vocabulary {
    fn number(&mut self, word: String) -> u32 {
        let next = self.sentences.len() as u32;
        let number = *self.numbers.entry(word).or_insert(next);
        if number == next {
            self.sentences.push(0);
        }
        number
    }
}

fn gather(question: &Question<'_>) -> Vec<Sentence> {
    let share = MOST_SENTENCES / question.sources.len().max(1);
    let mut vocabulary = Vocabulary::default();
    let mut all = Vec::new();
    for (source, given) in question.sources.iter().enumerate() {
        if (question.is_stopped)() {
            break;
        }
        for (order, text) in sentences(&given.text)
            .into_iter()
            .take(share.max(1))
            .enumerate()
        {
            let words: Vec<u32> = words(&text).map(|w| vocabulary.number(w)).collect();
            let mut set = words.clone();
            set.sort_unstable();
            set.dedup();
            set.iter()
                .for_each(|w| vocabulary.sentences[*w as usize] += 1);
            all.push(Sentence {
                source,
                order,
                text,
                words,
                set,
                score: 0.0,
            });
        }
    }
    let asked: HashSet<u32> = words(question.prompt)
        .filter_map(|w| vocabulary.numbers.get(&w).copied())
        .collect();
    score(&mut all, &vocabulary, &asked);
    all
}

fn score(all: &mut [Sentence], vocabulary: &Vocabulary, asked: &HashSet<u32>) {
    let total = all.len() as f64;
    let idf: Vec<f64> = vocabulary
        .sentences
        .iter()
        .map(|n| ((total + 1.0) / (f64::from(*n) + 0.5)).ln())
        .collect();
    let mut centroid = vec![0.0; idf.len()];
    for sentence in all.iter() {
        for word in &sentence.words {
            centroid[*word as usize] += idf[*word as usize] / total;
        }
    }
    let length: f64 = centroid
        .iter()
        .map(|w| w * w)
        .sum::<f64>()
        .sqrt()
        .max(f64::MIN_POSITIVE);
    let asked_weight: f64 = asked
        .iter()
        .map(|w| idf[*w as usize])
        .sum::<f64>()
        .max(f64::MIN_POSITIVE);
    for sentence in all.iter_mut() {
        let mut own: BTreeMap<u32, f64> = BTreeMap::new();
        for word in &sentence.words {
            *own.entry(*word).or_default() += idf[*word as usize];
        }
        let dot: f64 = own.iter().map(|(w, v)| v * centroid[*w as usize]).sum();
        let size: f64 = own
            .values()
            .map(|v| v * v)
            .sum::<f64>()
            .sqrt()
            .max(f64::MIN_POSITIVE);
        let hits: f64 = own
            .keys()
            .filter(|w| asked.contains(w))
            .map(|w| idf[*w as usize])
            .sum();
        let lead = LEAD_WEIGHT * 0.5f64.powf(sentence.order as f64 / 10.0);
        sentence.score = dot / (size * length) + QUESTION_WEIGHT * hits / asked_weight + lead;
    }
}

/// The best sentences that fit, in the order of the sources.
fn choose(ranked: Vec<Sentence>, question: &Question<'_>) -> Vec<Sentence> {
    let mut left = question.max_tokens.saturating_sub(60);
    let mut chosen: Vec<Sentence> = Vec::new();
    for sentence in ranked {
        let cost = estimate_tokens(&sentence.text) + 8;
        if cost <= left && !chosen.iter().any(|c| same(&c.set, &sentence.set)) {
            left -= cost;
            chosen.push(sentence);
        }
        if left < 12 || (question.is_stopped)() {
            break;
        }
    }
    chosen.sort_by_key(|s| (s.source, s.order));
    chosen
}

/// Whether two sorted sets share so much that their sentences say the same. O(words of both).
fn same(a: &[u32], b: &[u32]) -> bool {
    let (mut shared, mut rest) = (0usize, b);
    for word in a {
        let at = rest.partition_point(|w| w < word);
        rest = &rest[at..];
        shared += usize::from(rest.first() == Some(word));
    }
    shared as f64 * 2.0 >= SAME * (a.len() + b.len()) as f64
}

fn write(chosen: &[Sentence], read: usize, question: &Question<'_>) -> String {
    let mut out = format!(
        "Extractive digest, no language model: {} of {read} sentences from {} source(s), quoted by rank.\n",
        chosen.len(),
        question.sources.len()
    );
    let mut last = None;
    for sentence in chosen {
        if last != Some(sentence.source) {
            _ = write!(out, "\n{}:\n\n", question.sources[sentence.source].name);
            last = Some(sentence.source);
        }
        _ = writeln!(out, "> {}\n", sentence.text);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::provider::Source;

    fn ask(prompt: &str, sources: &[(&str, &str)], max_tokens: u32) -> Answer {
        let sources: Vec<Source> = sources
            .iter()
            .map(|(name, text)| Source {
                name: (*name).into(),
                text: (*text).into(),
            })
            .collect();
        answer(&Question {
            history: &[],
            prompt,
            sources: &sources,
            max_tokens,
            is_stopped: &|| false,
        })
    }

    #[test]
    fn quotes_what_the_question_is_about_and_says_what_it_is() {
        let filler = "The weather was mild that day. Nobody said very much about it. ".repeat(3);
        let text = format!("{filler}The file cache validates every hit with one stat. {filler}");
        let answer = ask(
            "How does the file cache validate hits?",
            &[("README.md", &text)],
            100,
        );
        assert!(
            answer
                .text
                .starts_with("Extractive digest, no language model"),
            "{}",
            answer.text
        );
        assert!(
            answer
                .text
                .contains("> The file cache validates every hit with one stat."),
            "{}",
            answer.text
        );
        assert!(answer.text.contains("README.md"));
        assert!(answer.estimated && answer.output_tokens <= 100 && answer.input_tokens > 0);
    }

    #[test]
    fn every_quote_stands_in_its_source_and_repeats_are_left_out() {
        let text = "Alpha beta gamma delta runs. Alpha beta gamma delta runs. Epsilon zeta eta theta stops.";
        let answer = ask("alpha", &[("a", text)], 400);
        let quotes: Vec<&str> = answer
            .text
            .lines()
            .filter_map(|l| l.strip_prefix("> "))
            .collect();
        assert_eq!(quotes.len(), 2);
        assert!(quotes.iter().all(|q| text.contains(q)));
    }

    #[test]
    fn nothing_to_quote_is_said() {
        assert!(ask("x", &[], 100).text.contains("0 of 0 sentences"));
        assert!(
            ask("x", &[("e", "")], 100)
                .text
                .contains("0 of 0 sentences")
        );
    }
}
