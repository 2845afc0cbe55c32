//! The built-in provider: ranks sentences of its input and quotes them. It is not a language model and says so.
//!
//! The ranking is the consolidator's [`Summariser`], with the question as its query.

use std::fmt::Write as _;

use autoexec_consolidator::{Budget, Extract, Source, Summariser};
use autoexec_memory_trimmer::estimate_tokens;

use super::{Answer, Question};

/// Tokens kept for the first line and the names of sources.
const FRAME: u32 = 60;
/// Tokens that a quote costs besides its text.
const QUOTE: u32 = 8;

/// Answers by quoting, in at most so many tokens as the question allows, but for a first line of some 25 that says what
/// this is. Tokens are estimates throughout. O(words of the sources + quotes × words).
pub fn answer(question: &Question<'_>) -> Answer {
    let sources: Vec<Source<'_>> = question
        .sources
        .iter()
        .map(|s| Source {
            name: &s.name,
            text: &s.text,
        })
        .collect();
    let cost = |quote: &str| (estimate_tokens(quote) + QUOTE) as usize;
    let most = question.max_tokens.saturating_sub(FRAME) as usize;
    let mut digest = Summariser::new()
        .query(question.prompt)
        .stop_when(question.is_stopped)
        .summarise(&sources, Budget::Tokens(most, &cost));
    let mut text = write(&digest, &sources);
    // Names of sources may take more than was set aside for them: then the last in rank goes.
    while estimate_tokens(&text) > question.max_tokens && digest.quotes.pop().is_some() {
        text = write(&digest, &sources);
    }
    let history: u64 = question.history.iter().map(|m| u64::from(m.tokens())).sum();
    let given: u64 = question
        .sources
        .iter()
        .map(|s| u64::from(estimate_tokens(&s.name)) + u64::from(estimate_tokens(&s.text)))
        .sum();
    Answer {
        input_tokens: history + given,
        output_tokens: u64::from(estimate_tokens(&text)),
        text,
        estimated: true,
    }
}

fn write(digest: &Extract, sources: &[Source<'_>]) -> String {
    let mut out = format!(
        "Extractive digest, no language model: {} of {} sentences from {} source(s), quoted by rank.\n",
        digest.quotes.len(),
        digest.ranked,
        sources.len()
    );
    let mut last = None;
    for (quote, text) in digest.quotes.iter().zip(digest.texts(sources)) {
        if last != Some(quote.source) {
            _ = write!(out, "\n{}:\n\n", sources[quote.source].name);
            last = Some(quote.source);
        }
        let words: Vec<&str> = text.split_whitespace().collect();
        _ = writeln!(out, "> {}\n", words.join(" "));
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

    /// Each source has a name of 60 tokens and more: they count too.
    #[test]
    fn an_answer_is_as_short_as_asked_whatever_its_sources_are_called() {
        let name = |n: usize| format!("{}{n}.md", "a/rather/long/path/".repeat(12));
        let text = |n: usize| format!("The cache number {n} validates its hits with {n} stats.");
        let sources: Vec<(String, String)> = (0..20).map(|n| (name(n), text(n))).collect();
        let sources: Vec<(&str, &str)> = (sources.iter())
            .map(|(name, text)| (name.as_str(), text.as_str()))
            .collect();
        for (max_tokens, quoted) in [(1, false), (100, true), (250, true), (500, true)] {
            let answer = ask("How does the cache validate?", &sources, max_tokens);
            assert_eq!(
                answer.output_tokens,
                u64::from(estimate_tokens(&answer.text))
            );
            let quotes = answer.text.matches("\n> ").count();
            assert!(answer.output_tokens <= u64::from(max_tokens) || quotes == 0);
            assert_eq!(quotes > 0, quoted, "{}", answer.text);
        }
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
