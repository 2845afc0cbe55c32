//! Near duplicates among findings, and what stands for all of them.

use std::collections::BTreeMap;

use crate::consolidator::Consolidator;
use crate::extract::{Budget, Source, Summariser};
use crate::record::FindingId;
use crate::similar::{SimilarIndex, SimilarOptions};

/// A sentence that stands for a document, and where it comes from.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Cited {
    /// The step.
    pub step: u32,
    /// The finding; none if it is in the step's free text or its hypothesis.
    pub finding: Option<FindingId>,
    /// The sentence, as it stands there.
    pub text: String,
    /// How well it stands for the whole: about 1 for the best one.
    pub score: f32,
}

impl Consolidator {
    /// Folds findings that say nearly the same into the one that stands for them: [`merge`](Self::merge),
    /// for each group of findings of one kind. Returns how many were folded.
    ///
    /// Findings of one text in different places are folded too: the list of places stays. Deterministic,
    /// whatever the order of insertion. O(text of all findings + findings × candidates).
    ///
    /// ```
    /// use autoexec_consolidator::{Consolidator, Finding, SimilarOptions};
    ///
    /// let mut report = Consolidator::new();
    /// let first = report.add(1, Finding::new("The pool lock is held while the queue is drained").at("pool.rs", 9));
    /// report.add(2, Finding::new("the pool lock is held while the queues are drained.").at("pool.rs", 12));
    /// assert_eq!(report.merge_similar(SimilarOptions::default()), 1);
    /// assert_eq!(report.count(first), 2);
    /// assert!(report.text().contains("pool.rs:12"));
    /// ```
    pub fn merge_similar(&mut self, options: SimilarOptions) -> u64 {
        let mut kinds: BTreeMap<String, SimilarIndex<FindingId>> = BTreeMap::new();
        let leaders: Vec<FindingId> = self
            .findings()
            .filter(|&id| self.leader(id) == Some(id))
            .collect();
        for id in leaders {
            if let Some(finding) = self.finding(id) {
                let index = kinds.entry(finding.kind);
                let index = index.or_insert_with(|| SimilarIndex::with_options(options));
                index.insert(id, &finding.text);
            }
        }
        let mut folded = 0;
        for group in kinds.values().flat_map(SimilarIndex::groups) {
            for id in group.members {
                folded += u64::from(id != group.leader && self.merge(id, group.leader));
            }
        }
        folded
    }

    /// The sentences that stand for the document within a budget, in its order: from findings, each
    /// duplicate once, from the steps' texts and from their hypotheses.
    ///
    /// Deterministic; what [`Summariser`] quotes, it quotes as it is. O(length of the document).
    ///
    /// ```
    /// use autoexec_consolidator::{Budget, Consolidator, Finding, Summariser};
    ///
    /// let mut report = Consolidator::new();
    /// report.add(1, Finding::new("Writers hold the pool lock while the queue is drained."));
    /// report.add(2, Finding::new("Readers of the queue wait for the pool lock."));
    /// report.add(3, Finding::new("The README has a typo."));
    /// let brief = report.brief(&Summariser::new(), Budget::Sentences(1));
    /// assert!(brief.len() == 1 && brief[0].text.contains("the pool lock"));
    /// assert_ne!(brief[0].step, 3);
    /// ```
    pub fn brief(&self, summariser: &Summariser<'_>, budget: Budget<'_>) -> Vec<Cited> {
        let texts = self.all_texts();
        let sources = texts.iter().map(|(_, _, text)| Source { name: "", text });
        let sources: Vec<Source<'_>> = sources.collect();
        let extract = summariser.summarise(&sources, budget);
        let cited = extract.quotes.iter().map(|quote| {
            let (step, finding, text) = &texts[quote.source];
            Cited {
                step: *step,
                finding: *finding,
                text: text[quote.range.clone()].to_owned(),
                score: quote.score,
            }
        });
        cited.collect()
    }

    /// Free texts, hypotheses and findings in the order of steps.
    fn all_texts(&self) -> Vec<(u32, Option<FindingId>, String)> {
        let mut texts = Vec::new();
        for (number, step) in self.steps() {
            let own = [Some(step.text), step.hypothesis].into_iter().flatten();
            texts.extend(
                own.filter(|text| !text.is_empty())
                    .map(|text| (number, None, text)),
            );
            for id in self.findings_of(number) {
                let finding = self.finding(id).filter(|_| self.leader(id) == Some(id));
                texts.extend(finding.map(|finding| (number, Some(id), finding.text)));
            }
        }
        texts
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Finding, Step};

    fn check(findings: &[(&str, &str)], expect: u64, listed: &[u64]) {
        let mut report = Consolidator::new();
        let ids: Vec<FindingId> = (1..)
            .zip(findings)
            .map(|(step, (kind, text))| {
                report.add(step, Finding::new(*text).kind(*kind).at("f", step))
            })
            .collect();
        assert_eq!(report.merge_similar(SimilarOptions::default()), expect);
        assert_eq!(
            report.merge_similar(SimilarOptions::default()),
            0,
            "once is enough"
        );
        let counts = ids.iter().filter(|&&id| report.leader(id) == Some(id));
        let counts: Vec<u64> = counts.map(|&id| report.count(id)).collect();
        assert_eq!(counts, listed);
        assert_eq!(report.full_text(), report.text());
        let text = report.text();
        for step in 1..=findings.len() {
            assert!(
                text.contains(&format!("f:{step}")),
                "a place is lost: {text}"
            );
        }
    }

    #[test]
    fn near_ones_of_one_kind_are_folded() {
        let long = "The connection is closed while the reply is still being written";
        let near = "the connections are closed while the reply is still being written!";
        check(
            &[("", long), ("", near), ("", "Something else entirely")],
            1,
            &[2, 1],
        );
        check(&[("a", long), ("b", near)], 0, &[1, 1]);
        check(&[("a", long), ("a", long), ("a", long)], 2, &[3]);
        check(
            &[("a", "worker 17 timed out"), ("a", "worker 18 timed out")],
            0,
            &[1, 1],
        );
        check(&[], 0, &[]);
    }

    #[test]
    fn a_brief_says_where_its_sentences_stand() {
        let mut report = Consolidator::new();
        let step = Step {
            text: "The parser reads past the end of the buffer. It was a long day.".into(),
            hypothesis: Some("The length of the buffer is read twice by the parser.".into()),
            ..Step::default()
        };
        report.set(4, step);
        let id = report.add(
            7,
            Finding::new("The parser trusts the length of the buffer."),
        );
        let brief = report.brief(&Summariser::new(), Budget::Words(200));
        let places: Vec<_> = brief
            .iter()
            .map(|cited| (cited.step, cited.finding))
            .collect();
        assert!(
            places.contains(&(4, None)) && places.contains(&(7, Some(id))),
            "{brief:?}"
        );
        assert_eq!(report.brief(&Summariser::new(), Budget::Words(0)), []);
    }
}
