//! What came of all rounds, for people, as JSON and for the documentation.

use std::collections::BTreeMap;

use anyhow::Result;
use autoexec_metrics::stats::percentile;
use serde::Serialize;

use super::super::report::signed;
use super::Judged;
use super::cases::{Case, KINDS, Kind};
use crate::bench::host::{self, Host};
use crate::workspace::Workspace;
use crate::{Outcome, files, marked, out};

/// Where the table stands, below the root, and what the lines around it name.
const DOCUMENT: (&str, &str) = ("docs/development.md", "self-test");
/// Of a hundred comparisons: so many false alarms at most, and so many slowdowns found at least.
const ALARMS_MAX: f64 = 0.01;
const FOUND_MIN: f64 = 0.95;

/// How many equals were called slower, and how many slowdowns found.
pub(super) fn so_far(tally: &BTreeMap<&'static str, Tally>) -> String {
    let of = |slower| {
        let kinds = KINDS.iter().filter(|kind| kind.slower == slower);
        let tallies = kinds.filter_map(|kind| tally.get(kind.name));
        tallies.fold((0, 0), |sum, it| {
            (sum.0 + it.slower, sum.1 + it.comparisons)
        })
    };
    let ((alarms, equals), (found, slower)) = (of(false), of(true));
    format!("{alarms} of {equals} equals called slower, {found} of {slower} slowdowns found")
}

/// What came of the comparisons of one kind.
#[derive(Debug, Default, Serialize)]
pub(super) struct Tally {
    comparisons: u32,
    suspected: u32,
    slower: u32,
    /// The estimates of the first measurements.
    estimates: Vec<f64>,
    /// Whatever was called slower, with its estimates.
    alarms: Vec<(String, f64, Vec<f64>)>,
    by_clock: BTreeMap<&'static str, u32>,
}

impl Tally {
    pub(super) fn add(&mut self, case: &Case, judged: &Judged) {
        self.comparisons += 1;
        self.suspected += u32::from(!judged.again.is_empty());
        self.estimates.push(judged.first.estimate);
        let clock = case.benchmark.clock;
        *self.by_clock.entry(clock.word()).or_default() += 1;
        if judged.verdict.is_regression() {
            self.slower += 1;
            let again = judged.again.iter().map(|change| change.estimate).collect();
            self.alarms
                .push((case.benchmark.id.clone(), judged.first.estimate, again));
        }
    }

    fn share(&self) -> f64 {
        f64::from(self.slower) / f64::from(self.comparisons.max(1))
    }
}

/// The JSON of `target/bench/self-test.json`.
#[derive(Serialize)]
struct Document<'a> {
    format: u32,
    date: String,
    commit: Option<host::Commit>,
    host: Host,
    rounds: u32,
    kinds: &'a BTreeMap<&'static str, Tally>,
    passed: bool,
}

/// Prints and writes it all, the documentation included.
pub(super) fn conclude(
    workspace: &Workspace,
    rounds: u32,
    tally: &BTreeMap<&'static str, Tally>,
) -> Result<Outcome> {
    let passed = KINDS.iter().all(|kind| passes(kind, &tally[kind.name]));
    let document = Document {
        format: 1,
        date: host::date(),
        commit: host::commit(workspace.root()),
        host: Host::current(),
        rounds,
        kinds: tally,
        passed,
    };
    let rows: Vec<Vec<String>> = KINDS
        .iter()
        .map(|kind| row(kind, &tally[kind.name]))
        .collect();
    let heads = HEADS.map(str::to_owned).to_vec();
    out::line(&format!(
        "\n{}",
        out::table(&[vec![heads], rows.clone()].concat())
    ));
    for kind in KINDS.iter().filter(|kind| !kind.slower) {
        for (id, first, again) in &tally[kind.name].alarms {
            out::line(&format!(
                "false alarm, {}: {id} {first:+.3}, again {again:.3?}",
                kind.name
            ));
        }
    }
    let path = workspace.bench_dir().join("self-test.json");
    files::write(&path, &(serde_json::to_string_pretty(&document)? + "\n"))?;
    out::line(&format!("wrote {}", workspace.relative(&path)));
    let text = markdown(&document, &rows);
    marked::replace(&workspace.root().join(DOCUMENT.0), DOCUMENT.1, &text)?;
    out::line(&format!("wrote {}", DOCUMENT.0));
    Ok(if passed { Outcome::Good } else { Outcome::Bad })
}

fn passes(kind: &Kind, tally: &Tally) -> bool {
    if kind.slower {
        tally.share() >= FOUND_MIN
    } else {
        tally.share() <= ALARMS_MAX
    }
}

const HEADS: [&str; 6] = [
    "compared",
    "comparisons",
    "measured again",
    "called slower",
    "should be",
    "estimate",
];

fn row(kind: &Kind, tally: &Tally) -> Vec<String> {
    let mut estimates = tally.estimates.clone();
    let mut at = |share| percentile(&mut estimates, share).unwrap_or(f64::NAN);
    let [low, middle, high] = [0.05, 0.5, 0.95].map(&mut at).map(signed);
    vec![
        kind.name.to_owned(),
        tally.comparisons.to_string(),
        tally.suspected.to_string(),
        tally.slower.to_string(),
        if kind.slower {
            "95 % or more"
        } else {
            "1 % or less"
        }
        .to_owned(),
        format!("{middle} ({low} to {high})"),
    ]
}

fn markdown(document: &Document<'_>, rows: &[Vec<String>]) -> String {
    let commit = document
        .commit
        .as_ref()
        .map_or("an unknown commit", |it| &it.id);
    let mut text = format!(
        "{} rounds, {}, commit {}, on {}; two processes that compute and one that reads files ran beside it. \
        In brackets what 90 % of the first estimates lie between.\n\n| {} |\n|---|--:|--:|--:|--:|--:|\n",
        document.rounds,
        document.date.split('T').next().unwrap_or_default(),
        commit.get(..12).unwrap_or(commit),
        document.host,
        HEADS.join(" | "),
    );
    for row in rows {
        text += &format!("| {} |\n", row.join(" | "));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tally(comparisons: u32, slower: u32) -> Tally {
        Tally {
            comparisons,
            slower,
            ..Tally::default()
        }
    }

    #[test]
    fn one_false_alarm_in_a_hundred_passes_and_two_do_not() {
        assert!(passes(&KINDS[0], &tally(100, 1)) && !passes(&KINDS[0], &tally(100, 2)));
    }

    #[test]
    fn ninety_five_found_in_a_hundred_pass_and_fewer_do_not() {
        assert!(passes(&KINDS[4], &tally(100, 95)) && !passes(&KINDS[4], &tally(100, 94)));
    }
}
