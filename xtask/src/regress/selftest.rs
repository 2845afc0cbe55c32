//! `cargo xtask regress --self-test`: does the gate see what is there, and nothing that is not?
//!
//! The working tree is built twice, with layouts that differ. Each round compares builds that do the
//! same, and builds of which one does more work, by the rule and with the effort of a real run, while
//! other processes load both cores.

use std::collections::BTreeMap;
use std::time::Instant;

use anyhow::{Context, Result};
use serde::Serialize;

use super::build::Source;
use super::decide::{Change, Rule, Verdict};
use super::examine::{self, Binary, Effort, Variant};
use super::load::Load;
use super::suspects::{PAIRS_AGAIN, PAIRS_PER_LAYOUT};
use crate::bench::clock::Clock;
use crate::bench::collect::{Benchmark, is_floor};
use crate::bench::host::{self, Host};
use crate::bench::targets::Target;
use crate::workspace::Workspace;
use crate::{Outcome, files, marked, out};

/// The bench target of the self-test, and its benchmarks.
const OWN: &str = "selftest";
const HASH: &str = "selftest/hash";
const READ: &str = "selftest/read-1000-files";
/// What tells a benchmark of the self-test how much of its work to do.
const PERCENT: &str = "AUTOEXEC_SELFTEST_PERCENT";
/// Layouts that are linked anew for a suspect, of either side.
const RELINKS: u32 = 2;
/// Where the table stands, below the root, and what the lines around it name.
const DOCUMENT: (&str, &str) = ("docs/development.md", "self-test");
const THRESHOLD: f64 = 0.05;
/// Of a hundred comparisons: so many false alarms at most, and so many slowdowns found at least.
const ALARMS_MAX: f64 = 0.01;
const FOUND_MIN: f64 = 0.95;

/// Runs so many rounds, or as many as fit into the time; one at least.
pub(super) fn run(workspace: &Workspace, rounds: u32, seconds: Option<u64>) -> Result<Outcome> {
    let mut layouts = Layouts::new(workspace);
    let cases = cases(&layouts.prepare()?);
    let _loads = loads(&mut layouts)?;
    let started = Instant::now();
    let mut tally: BTreeMap<&'static str, Tally> = BTreeMap::new();
    let mut done = 0;
    for round in 0..rounds {
        if done > 0 && seconds.is_some_and(|limit| started.elapsed().as_secs() >= limit) {
            break;
        }
        for kind in KINDS {
            let fitting: Vec<&Case> = cases.iter().filter(|case| case.kind == kind.name).collect();
            let case = fitting[round as usize % fitting.len()];
            let judged = judge(case, &mut layouts, u64::from(round))?;
            let tally = tally.entry(kind.name).or_default();
            tally.add(case, &judged);
        }
        done = round + 1;
        if done % 10 == 0 || done == rounds {
            let took = out::seconds(started.elapsed());
            out::error(&format!(
                "{done} of {rounds} rounds, {took}: {}",
                so_far(&tally)
            ));
        }
    }
    conclude(workspace, done, &tally)
}

/// How many equals were called slower, and how many slowdowns found.
fn so_far(tally: &BTreeMap<&'static str, Tally>) -> String {
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

/// What is compared with what, and what should come of it.
struct Kind {
    name: &'static str,
    slower: bool,
}

const KINDS: [Kind; 6] = [
    Kind {
        name: "same build, hash or files",
        slower: false,
    },
    Kind {
        name: "same build, a benchmark of ours",
        slower: false,
    },
    Kind {
        name: "other layout, hash or files",
        slower: false,
    },
    Kind {
        name: "other layout, a benchmark of ours",
        slower: false,
    },
    Kind {
        name: "5 % more bytes hashed",
        slower: true,
    },
    Kind {
        name: "10 % more files read",
        slower: true,
    },
];

/// One comparison.
struct Case {
    kind: &'static str,
    target: String,
    benchmark: Benchmark,
    /// Layouts of base and head, the first measured first and the others after linking anew.
    layouts: Vec<(u32, u32)>,
    /// How much of its work the head does, in percent.
    percent: &'static str,
}

impl Case {
    fn variants(
        &self,
        layouts: &mut Layouts,
        which: std::ops::Range<usize>,
    ) -> Result<Vec<Variant>> {
        let variant = |&(base, head): &(u32, u32)| {
            let head = layouts
                .binary(&self.target, head)?
                .with(PERCENT, self.percent);
            Ok((layouts.binary(&self.target, base)?, head))
        };
        self.layouts[which].iter().map(variant).collect()
    }
}

/// The bench binaries of the working tree in `2 × SIDE` layouts: those of the bases, then the heads'.
struct Layouts {
    source: Source,
    known: BTreeMap<(String, u32), Binary>,
}

/// Layouts of a side: the one that is built at once, and those that are linked anew.
const SIDE: u32 = 1 + RELINKS;

impl Layouts {
    fn new(workspace: &Workspace) -> Self {
        let place = super::place(workspace);
        Self {
            source: Source::new("head", workspace.root(), &place),
            known: BTreeMap::new(),
        }
    }

    /// Builds what is always needed, and answers with what there is to compare.
    fn prepare(&mut self) -> Result<Vec<Target>> {
        let mut targets = self.build(0, None)?;
        self.build(SIDE, None)?;
        for layout in (0..2 * SIDE).filter(|layout| layout % SIDE != 0) {
            self.build(layout, Some(OWN))?;
        }
        for target in &mut targets {
            for failure in target.list() {
                out::error(&failure);
            }
        }
        Ok(targets)
    }

    fn build(&mut self, layout: u32, only: Option<&str>) -> Result<Vec<Target>> {
        out::error(&format!(
            "building layout {layout} of {}",
            only.unwrap_or("all")
        ));
        let targets = self.source.build(layout, only)?;
        let known = targets
            .iter()
            .map(|it| ((it.name.clone(), layout), Binary::of(it)));
        self.known.extend(known);
        Ok(targets)
    }

    /// A bench binary, linked now if it was not needed before.
    fn binary(&mut self, target: &str, layout: u32) -> Result<Binary> {
        let name = (target.to_owned(), layout);
        if !self.known.contains_key(&name) {
            self.build(layout, Some(target))?;
        }
        let missing = || format!("there is no bench binary `{target}`");
        self.known.get(&name).cloned().with_context(missing)
    }
}

fn cases(targets: &[Target]) -> Vec<Case> {
    let mut cases = Vec::new();
    for target in targets {
        for benchmark in target.benchmarks.iter().filter(|one| !is_floor(&one.id)) {
            let mut add = |kind: &Kind, apart: u32, percent| {
                cases.push(Case {
                    kind: kind.name,
                    target: target.name.clone(),
                    benchmark: benchmark.clone(),
                    layouts: (0..SIDE).map(|it| (it, it + apart)).collect(),
                    percent,
                });
            };
            let kinds = if target.name == OWN { [0, 2] } else { [1, 3] };
            add(&KINDS[kinds[0]], 0, "100");
            add(&KINDS[kinds[1]], SIDE, "100");
            match benchmark.id.as_str() {
                HASH => add(&KINDS[4], 0, "105"),
                READ => add(&KINDS[5], 0, "110"),
                _ => {}
            }
        }
    }
    cases
}

/// Two that compute, and one that reads files.
fn loads(layouts: &mut Layouts) -> Result<[Load; 3]> {
    let binary = layouts.binary(OWN, 0)?;
    Ok([
        Load::start(&binary, HASH, 100_000)?,
        Load::start(&binary, HASH, 100_000)?,
        Load::start(&binary, READ, 20)?,
    ])
}

struct Judged {
    first: Change,
    again: Vec<Change>,
    verdict: Verdict,
}

/// All that a real run would do about this benchmark.
fn judge(case: &Case, layouts: &mut Layouts, round: u64) -> Result<Judged> {
    let (threshold, _) = super::overrides::threshold(&case.benchmark.id, THRESHOLD);
    let rule = Rule { threshold };
    let measure = |variants: &[Variant], effort: Effort, part: u64| -> Result<Change> {
        let settled = |change| part == 0 && rule.is_settled(change);
        let seed = 1_000 * part + round;
        let measured = examine::examine(&case.benchmark, variants, effort, &settled, seed);
        Ok(measured.with_context(|| case.benchmark.id.clone())?.change)
    };
    let variants = case.variants(layouts, 0..1)?;
    let first = measure(&variants, Effort::FULL, 0)?;
    let mut again = Vec::new();
    if rule.suspects(first) {
        again.push(measure(&variants, Effort::FULL.exactly(PAIRS_AGAIN), 1)?);
    }
    if again.iter().any(|change| rule.is_slower(*change)) {
        let relinked = case.variants(layouts, 1..SIDE as usize)?;
        let effort = Effort::FULL.exactly(PAIRS_PER_LAYOUT * RELINKS);
        again.push(measure(&relinked, effort, 2)?);
    }
    let verdict = rule.verdict(first, &again);
    Ok(Judged {
        first,
        again,
        verdict,
    })
}

/// What came of the comparisons of one kind.
#[derive(Debug, Default, Serialize)]
struct Tally {
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
    fn add(&mut self, case: &Case, judged: &Judged) {
        self.comparisons += 1;
        self.suspected += u32::from(!judged.again.is_empty());
        self.estimates.push(judged.first.estimate);
        let clock: Clock = case.benchmark.clock;
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

fn conclude(
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
    let mut at =
        |share| autoexec_metrics::stats::percentile(&mut estimates, share).unwrap_or(f64::NAN);
    let [low, middle, high] = [0.05, 0.5, 0.95].map(&mut at).map(super::report::signed);
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
