//! What a comparison found: for people, as JSON and as a page with a plot.

use autoexec_metrics::plot::{self, Effect};
use serde::Serialize;

use super::decide::{Change, Verdict};
use crate::bench::clock::Clock;
use crate::bench::host::{Commit, Host};
use crate::bench::show::percent;
use crate::out;

/// Version of `regress.json`.
pub(super) const FORMAT: u32 = 2;

/// The JSON of `target/bench/regress.json`.
#[derive(Debug, Serialize)]
pub(super) struct Report {
    pub(super) format: u32,
    pub(super) date: String,
    /// Compared with this commit.
    pub(super) base: String,
    pub(super) head: Option<Commit>,
    pub(super) host: Host,
    pub(super) filter: Option<String>,
    pub(super) quick: bool,
    /// As a share.
    pub(super) threshold: f64,
    /// Sorted by effect, the slowest first.
    pub(super) findings: Vec<Finding>,
    /// Only in the head, and only in the base.
    pub(super) new: Vec<String>,
    pub(super) removed: Vec<String>,
    /// Bench binaries that are the same to the byte, whose benchmarks need no measuring.
    pub(super) identical: Vec<String>,
    /// What fails in the base alone, and why.
    pub(super) incomparable: Vec<String>,
    pub(super) failures: Vec<String>,
}

/// One benchmark, compared.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Finding {
    pub(super) id: String,
    pub(super) target: String,
    pub(super) clock: Clock,
    /// As a share, and why it is not that of the report.
    pub(super) threshold: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) threshold_reason: Option<&'static str>,
    /// By the clock that decides: the first measurement.
    pub(super) change: Change,
    /// The same turns on the wall, which decides nothing unless it is that clock.
    pub(super) wall: Change,
    /// Of one turn.
    pub(super) iterations: u64,
    pub(super) pairs: usize,
    pub(super) turns: usize,
    /// Measured again with new processes, and then with binaries that were linked anew.
    pub(super) again: Vec<Change>,
    pub(super) verdict: Verdict,
}

impl Report {
    pub(super) fn regressions(&self) -> impl Iterator<Item = &Finding> {
        self.findings
            .iter()
            .filter(|one| one.verdict.is_regression())
    }

    /// A table, sorted by effect.
    pub(super) fn table(&self) -> String {
        out::table(&[vec![HEADS.map(str::to_owned).to_vec()], self.rows()].concat())
    }

    /// What else is to be said, and the names of what regressed.
    pub(super) fn closing(&self) -> String {
        let mut text = String::new();
        let lists = [
            ("new, not in the base", &self.new),
            ("removed, only in the base", &self.removed),
            ("not measured, the binaries are identical", &self.identical),
            ("not compared, fails in the base", &self.incomparable),
        ];
        for (what, names) in lists.into_iter().filter(|(_, names)| !names.is_empty()) {
            text += &format!("{what}: {}\n", names.join(", "));
        }
        for one in self.regressions() {
            let change = signed(one.change.estimate);
            text += &format!("{}: {change}, {}\n", word(one.verdict), one.id);
        }
        let (slower, all) = (self.regressions().count(), self.findings.len());
        text + &format!(
            "{slower} of {all} benchmarks slower; {} is to be found",
            percent(self.threshold)
        )
    }

    /// A page that needs nothing else.
    pub(super) fn html(&self) -> String {
        let effects: Vec<Effect<'_>> = self.findings.iter().map(effect).collect();
        let forest = plot::forest("Head against base", "change of time (%)", &effects);
        let summary = plot::escape(&format!("{}, base {}, {}", self.date, self.base, self.host));
        let closing = plot::escape(&self.closing()).replace('\n', "<br>");
        let body = format!(
            "<p>{summary}</p>\n<p>{closing}</p>\n<p>Intervals of 99 %, from drawing processes anew; \
             what is slower is to the right.</p>\n{forest}\n{}",
            plot::table(&HEADS, &self.rows())
        );
        plot::page("Regressions", &body)
    }

    fn rows(&self) -> Vec<Vec<String>> {
        self.findings.iter().map(row).collect()
    }
}

const HEADS: [&str; 7] = [
    "benchmark",
    "by",
    "change",
    "99 % interval",
    "wall",
    "again",
    "verdict",
];

fn effect(one: &Finding) -> Effect<'_> {
    Effect {
        name: &one.id,
        low: one.change.low * 100.0,
        estimate: one.change.estimate * 100.0,
        high: one.change.high * 100.0,
        highlight: one.verdict.is_regression(),
    }
}

fn row(one: &Finding) -> Vec<String> {
    let again: Vec<String> = one.again.iter().map(|it| signed(it.estimate)).collect();
    vec![
        one.id.clone(),
        one.clock.word().to_owned(),
        signed(one.change.estimate),
        format!("{} to {}", signed(one.change.low), signed(one.change.high)),
        signed(one.wall.estimate),
        again.join(", "),
        word(one.verdict).to_owned(),
    ]
}

pub(super) fn signed(share: f64) -> String {
    format!("{:+.1} %", share * 100.0)
}

fn word(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Steady => "steady",
        Verdict::Faster => "faster",
        Verdict::Cleared => "cleared",
        Verdict::Regressed => "REGRESSION",
        Verdict::Alert => "ALERT",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finding(id: &str, estimate: f64, verdict: Verdict) -> Finding {
        let change = Change {
            low: estimate - 0.01,
            estimate,
            high: estimate + 0.01,
        };
        Finding {
            id: id.to_owned(),
            target: "t".to_owned(),
            clock: Clock::Cpu,
            threshold: 0.05,
            threshold_reason: None,
            change,
            wall: change,
            iterations: 10,
            pairs: 3,
            turns: 60,
            again: vec![change, change],
            verdict,
        }
    }

    fn report() -> Report {
        Report {
            format: FORMAT,
            date: "2026-03-01T12:00:00Z".to_owned(),
            base: "abc".to_owned(),
            head: None,
            host: Host {
                cpu: None,
                cores: 2,
                os: "linux".to_owned(),
                arch: "x86_64".to_owned(),
            },
            filter: None,
            quick: false,
            threshold: 0.05,
            findings: vec![
                finding("g/slow", 0.1, Verdict::Regressed),
                finding("g/<fine>", 0.02, Verdict::Cleared),
            ],
            new: vec!["g/new".to_owned()],
            removed: Vec::new(),
            identical: Vec::new(),
            incomparable: Vec::new(),
            failures: Vec::new(),
        }
    }

    #[test]
    fn the_table_shows_every_figure() {
        let text = report().table();
        let row = text.lines().nth(1).unwrap();
        for cell in [
            "g/slow",
            "cpu",
            "+10.0 %",
            "+9.0 % to +11.0 %",
            "+10.0 %, +10.0 %",
            "REGRESSION",
        ] {
            assert!(row.contains(cell), "{cell} is missing in {row}");
        }
    }

    #[test]
    fn the_closing_lines_name_what_regressed_and_what_is_new() {
        let text = report().closing();
        assert!(text.contains("new, not in the base: g/new\n"), "{text}");
        assert!(text.contains("REGRESSION: +10.0 %, g/slow\n"), "{text}");
        assert!(
            text.ends_with("1 of 2 benchmarks slower; 5.0 % is to be found"),
            "{text}"
        );
    }

    #[test]
    fn the_page_has_the_plot_the_table_and_no_unescaped_name() {
        let page = report().html();
        assert!(page.contains("<svg") && page.contains("<table"));
        assert!(page.contains("g/&lt;fine&gt;") && !page.contains("<fine>"));
        assert!(!page.contains("http://") || page.contains("http://www.w3.org/2000/svg"));
    }

    #[test]
    fn the_json_names_its_format_and_verdicts() {
        let json = serde_json::to_value(report()).unwrap();
        assert_eq!(json["format"], 2);
        assert_eq!(json["findings"][0]["verdict"], "regressed");
        assert_eq!(json["findings"][0]["clock"], "cpu");
    }
}
