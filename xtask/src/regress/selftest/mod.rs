//! `cargo xtask regress --self-test`: does the gate see what is there, and nothing that is not?
//!
//! The working tree is built twice, with layouts that differ. Each round compares builds that do the
//! same, and builds of which one does more work, by the rule and with the effort of a real run, while
//! other processes load both cores.

mod cases;
mod tally;

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::time::Instant;

use anyhow::{Context, Result};

use super::LANES;
use super::decide::{Change, Rule, Verdict};
use super::examine::{self, Effort, Variant};
use super::lanes;
use super::suspects::{PAIRS_AGAIN, PAIRS_PER_LAYOUT};
use crate::workspace::Workspace;
use crate::{Outcome, out};
use cases::{Case, KINDS, Kind, Layouts, RELINKS, SIDE};
use tally::Tally;

/// The slowdown that is to be found, as a share.
const THRESHOLD: f64 = 0.05;

/// Runs so many rounds, or as many as fit into the time; one at least.
pub(super) fn run(workspace: &Workspace, rounds: u32, seconds: Option<u64>) -> Result<Outcome> {
    let mut layouts = Layouts::new(workspace);
    let cases = cases::cases(&layouts.prepare()?);
    let _loads = cases::loads(&mut layouts)?;
    let layouts = Mutex::new(layouts);
    let started = Instant::now();
    let mut tallies: BTreeMap<&'static str, Tally> = BTreeMap::new();
    let mut done = 0;
    for round in 0..rounds {
        if done > 0 && seconds.is_some_and(|limit| started.elapsed().as_secs() >= limit) {
            break;
        }
        let of = |kind: &Kind| {
            let fitting: Vec<&Case> = cases.iter().filter(|case| case.kind == kind.name).collect();
            let case = fitting[round as usize % fitting.len()];
            (case, judge(case, &layouts, u64::from(round)))
        };
        // As many at a time as in a real run.
        for (kind, (case, judged)) in KINDS.iter().zip(lanes::each(LANES, &KINDS, &of)) {
            let judged = judged?;
            if judged.verdict.is_regression() != kind.slower {
                out::error(&judged.describe(case));
            }
            tallies.entry(kind.name).or_default().add(case, &judged);
        }
        done = round + 1;
        if done % 10 == 0 || done == rounds {
            let took = out::seconds(started.elapsed());
            out::error(&format!(
                "{done} of {rounds} rounds, {took}: {}",
                tally::so_far(&tallies)
            ));
        }
    }
    tally::conclude(workspace, done, &tallies)
}

struct Judged {
    first: Change,
    again: Vec<Change>,
    verdict: Verdict,
}

impl Judged {
    /// What was wrongly decided, and by which measurements.
    fn describe(&self, case: &Case) -> String {
        let percent = |change: &Change| {
            let [low, estimate, high] =
                [change.low, change.estimate, change.high].map(|share| share * 100.0);
            format!("{estimate:+.1} % ({low:+.1} to {high:+.1})")
        };
        let measured: Vec<String> = std::iter::once(&self.first)
            .chain(&self.again)
            .map(percent)
            .collect();
        format!(
            "wrong: {}, {}: {:?} by {}",
            case.kind,
            case.benchmark.id,
            self.verdict,
            measured.join(", then ")
        )
    }
}

/// All that a real run would do about this benchmark.
fn judge(case: &Case, layouts: &Mutex<Layouts>, round: u64) -> Result<Judged> {
    let variants_of = |which| {
        let mut layouts = layouts
            .lock()
            .expect("because nobody panics while holding it");
        case.variants(&mut layouts, which)
    };
    let (threshold, _) = super::overrides::threshold(&case.benchmark.id, THRESHOLD);
    let rule = Rule { threshold };
    let measure = |variants: &[Variant], effort: Effort, part: u64| -> Result<Change> {
        let settled = |change, pairs| rule.is_enough(change, pairs, effort.usual_pairs());
        let seed = 1_000 * part + round;
        let measured = examine::examine(&case.benchmark, variants, effort, &settled, seed);
        Ok(measured.with_context(|| case.benchmark.id.clone())?.change)
    };
    let variants = variants_of(0..1)?;
    let first = measure(&variants, Effort::FULL, 0)?;
    let mut again = Vec::new();
    if rule.suspects(first) {
        again.push(measure(&variants, Effort::FULL.again(PAIRS_AGAIN), 1)?);
    }
    if again.iter().any(|change| rule.is_slower(*change)) {
        let relinked = variants_of(1..SIDE as usize)?;
        let effort = Effort::FULL.again(PAIRS_PER_LAYOUT * RELINKS);
        again.push(measure(&relinked, effort, 2)?);
    }
    let verdict = rule.verdict(first, &again);
    Ok(Judged {
        first,
        again,
        verdict,
    })
}
