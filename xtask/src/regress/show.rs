//! The table and the closing lines of `cargo xtask regress`.

use super::compare::{Change, Comparison, Findings, Verdict};
use crate::bench::show::{percent, time, times};
use crate::out;

pub(super) fn table(comparisons: &[Comparison]) -> String {
    let header = [
        "benchmark",
        "to floor",
        "now",
        "change",
        "noise",
        "time",
        "now",
        "change",
        "noise",
        "again",
        "verdict",
    ];
    let mut rows = vec![header.map(str::to_owned).to_vec()];
    rows.extend(comparisons.iter().map(row));
    out::table(&rows)
}

fn row(comparison: &Comparison) -> Vec<String> {
    let again: Vec<String> = comparison
        .reruns
        .iter()
        .map(|share| signed(*share))
        .collect();
    let mut row = vec![comparison.id.clone()];
    row.extend(cells(comparison.ratio.as_ref(), times));
    row.extend(cells(comparison.time.as_ref(), time));
    row.extend([again.join(", "), word(comparison.verdict).to_owned()]);
    row
}

fn cells(change: Option<&Change>, figure: fn(f64) -> String) -> [String; 4] {
    let Some(change) = change else {
        return ["–"; 4].map(str::to_owned);
    };
    [
        figure(change.reference),
        figure(change.measured),
        signed(change.share),
        format!("± {}", percent(change.noise)),
    ]
}

fn signed(share: f64) -> String {
    format!("{:+.1} %", share * 100.0)
}

fn word(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Steady => "steady",
        Verdict::Noise => "within the noise",
        Verdict::Faster => "faster",
        Verdict::Suspected => "suspected",
        Verdict::Cleared => "cleared",
        Verdict::Regressed => "REGRESSION",
        Verdict::Alert => "ALERT",
    }
}

/// Benchmarks that cannot be compared, and the names of what got slower.
pub(super) fn closing(findings: &Findings, threshold: f64) -> String {
    let mut text = String::new();
    let slower_within_noise = |one: &&Comparison| one.verdict == Verdict::Noise && one.share > 0.0;
    let unclear = findings
        .comparisons
        .iter()
        .filter(slower_within_noise)
        .map(|one| one.id.clone())
        .collect();
    let lists = [
        ("new, not in the baseline", &findings.new),
        ("removed, only in the baseline", &findings.removed),
        (
            "not compared: a time of another machine, without a floor",
            &findings.incomparable,
        ),
        ("slower, but within the noise; more --passes tell", &unclear),
    ];
    for (what, ids) in lists.into_iter().filter(|(_, ids)| !ids.is_empty()) {
        text += &format!("{what}: {}\n", ids.join(", "));
    }
    let slower: Vec<&Comparison> = regressions(findings).collect();
    for comparison in &slower {
        text += &format!(
            "{}: {} slower, {}\n",
            word(comparison.verdict),
            signed(comparison.share),
            comparison.id
        );
    }
    let compared = findings.comparisons.len();
    text + &format!(
        "{} of {compared} benchmarks slower by more than {}",
        slower.len(),
        percent(threshold)
    )
}

pub(super) fn regressions(findings: &Findings) -> impl Iterator<Item = &Comparison> {
    findings
        .comparisons
        .iter()
        .filter(|comparison| comparison.verdict.is_regression())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn comparison(id: &str, verdict: Verdict) -> Comparison {
        Comparison {
            id: id.to_owned(),
            group: "g".to_owned(),
            target: "t".to_owned(),
            ratio: Some(Change {
                reference: 2.0,
                measured: 2.6,
                share: 0.3,
                noise: 0.021,
                bar: 0.1,
            }),
            time: None,
            share: 0.3,
            verdict,
            reruns: vec![0.29, 0.31],
        }
    }

    #[test]
    fn table_shows_every_figure() {
        let text = table(&[comparison("g/ours", Verdict::Alert)]);
        let row = text.lines().nth(1).unwrap();
        for cell in [
            "g/ours",
            "2.00×",
            "2.60×",
            "+30.0 %",
            "± 2.1 %",
            "–",
            "+29.0 %, +31.0 %",
            "ALERT",
        ] {
            assert!(row.contains(cell), "{cell} is missing in {row}");
        }
    }

    #[test]
    fn closing_names_what_regressed_and_what_was_not_compared() {
        let findings = Findings {
            comparisons: vec![
                comparison("g/slow", Verdict::Regressed),
                comparison("g/fine", Verdict::Cleared),
                comparison("g/wild", Verdict::Noise),
            ],
            new: vec!["g/new".to_owned()],
            ..Findings::default()
        };
        let text = closing(&findings, 0.1);
        assert_eq!(
            text,
            "new, not in the baseline: g/new\nslower, but within the noise; more --passes tell: g/wild\nREGRESSION: +30.0 % slower, g/slow\n1 of 3 benchmarks slower by more than 10.0 %"
        );
    }
}
