//! Two sets of runs side by side: what became slower, dearer or larger, and whether that is more than chance.

use std::collections::BTreeMap;

use autoexec_metrics::stats::{self, Interval};
use serde::Serialize;

use crate::report::{RunReport, StepReport};

/// Runs on each side from which on times are judged; below, two medians are all there is.
pub const RUNS_TO_JUDGE: usize = 5;
/// A change for the worse of more than this share is an alert.
pub const ALERT: f64 = 0.20;

const CONFIDENCE: f64 = 0.99;
const RESAMPLES: usize = 2_000;
/// Any number would do: the same runs give the same intervals.
const SEED: u64 = 5;

/// What two sets of runs come to.
#[derive(Debug, Clone, Serialize)]
#[non_exhaustive]
pub struct Comparison {
    /// The workflow of the runs.
    pub workflow: String,
    /// The workflow of the baseline, if it is another.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub baseline_workflow: Option<String>,
    /// Runs of the baseline.
    pub baseline_runs: usize,
    /// Runs that are compared with it.
    pub runs: usize,
    /// A change counts from this share on.
    pub threshold: f64,
    /// One for each measure that either side has: first what became worse most.
    pub rows: Vec<Row>,
}

/// One measure, then and now. Values are medians over the runs.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Row {
    /// What was measured, such as `run` or `step digest`.
    pub measure: String,
    /// In what.
    pub unit: Unit,
    /// The baseline's median; absent if it has none.
    pub baseline: Option<f64>,
    /// The median now; absent if it was not measured.
    pub current: Option<f64>,
    /// current / baseline − 1; absent without both, and where the baseline is zero.
    pub change: Option<f64>,
    /// 99 % interval of the change, with [`RUNS_TO_JUDGE`] runs on both sides.
    pub interval: Option<(f64, f64)>,
    /// Probability of ranks as different as these among equal runs (Mann–Whitney), with as many runs.
    pub p: Option<f64>,
    /// What to make of it.
    pub verdict: Verdict,
}

/// The unit of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Unit {
    /// Time. Judged by intervals, as it is never the same twice.
    Seconds,
    /// Memory of the process: judged as time is.
    Memory,
    /// Bytes read: the same whenever the work is the same.
    Bytes,
    /// Tokens: likewise.
    Tokens,
    /// Steps: likewise.
    Count,
}

impl Unit {
    /// Whether equal work gives equal numbers, so that one run is enough.
    fn is_exact(self) -> bool {
        matches!(self, Self::Bytes | Self::Tokens | Self::Count)
    }
}

/// What a row says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// More than a fifth worse, and not by chance.
    Alert,
    /// Worse by more than the threshold, and not by chance.
    Worse,
    /// Changed by more than the threshold, but the runs differ among themselves as much, or are too few to tell.
    Unclear,
    /// Better by more than the threshold, and not by chance.
    Better,
    /// Within the threshold.
    Same,
    /// Only measured now.
    New,
    /// Only in the baseline.
    Gone,
}

impl Verdict {
    /// Whether it says that something became worse.
    #[must_use]
    pub fn is_worse(self) -> bool {
        matches!(self, Self::Alert | Self::Worse)
    }
}

impl Comparison {
    /// Compares `current` with `baseline`; a change counts from the share `threshold` on, such as 0.05.
    ///
    /// Times and memory are judged with [`RUNS_TO_JUDGE`] runs on both sides, by the 99 % bootstrap interval of the ratio
    /// of medians; tokens, bytes and failed steps by their medians alone. O(rows · resamples · runs).
    #[must_use]
    pub fn new(baseline: &[RunReport], current: &[RunReport], threshold: f64) -> Self {
        let (before, mut now) = (measures(baseline), measures(current));
        let mut rows: Vec<Row> = Vec::new();
        for (measure, (unit, then)) in before {
            let (_, samples) = now.remove(&measure).unwrap_or((unit, Vec::new()));
            rows.push(row(measure, unit, then, samples, threshold));
        }
        let new = now.into_iter();
        rows.extend(
            new.map(|(measure, (unit, now))| row(measure, unit, Vec::new(), now, threshold)),
        );
        rows.sort_by(|a, b| {
            let change = |row: &Row| row.change.unwrap_or(0.0);
            (a.verdict.cmp(&b.verdict)).then_with(|| change(b).total_cmp(&change(a)))
        });
        let name = |runs: &[RunReport]| runs.first().map(|run| run.workflow.clone());
        let workflow = name(current).unwrap_or_default();
        Self {
            baseline_workflow: name(baseline).filter(|name| *name != workflow),
            workflow,
            baseline_runs: baseline.len(),
            runs: current.len(),
            threshold,
            rows,
        }
    }

    /// Measures that became worse, the worst first.
    pub fn worse(&self) -> impl Iterator<Item = &Row> {
        self.rows.iter().filter(|row| row.verdict.is_worse())
    }

    /// The comparison as pretty JSON.
    #[must_use]
    pub fn to_json(&self) -> String {
        serde_json::to_string_pretty(self).expect("because all keys are strings")
    }
}

type Measures = BTreeMap<String, (Unit, Vec<f64>)>;

/// Samples by measure, one a run that has it.
fn measures(runs: &[RunReport]) -> Measures {
    let mut all = Measures::new();
    let mut add = |measure: String, unit, value: f64| {
        all.entry(measure)
            .or_insert_with(|| (unit, Vec::new()))
            .1
            .push(value);
    };
    for run in runs {
        add("run".to_owned(), Unit::Seconds, run.duration.as_secs_f64());
        add("steps failed".to_owned(), Unit::Count, failed(run));
        add(
            "bytes read".to_owned(),
            Unit::Bytes,
            run.files.bytes_read as f64,
        );
        for step in &run.steps {
            if let Some(duration) = step.duration {
                add(
                    format!("step {}", step.id),
                    Unit::Seconds,
                    duration.as_secs_f64(),
                );
            }
        }
        if let Some(tokens) = run.tokens {
            add("tokens in".to_owned(), Unit::Tokens, tokens.input as f64);
            add("tokens out".to_owned(), Unit::Tokens, tokens.output as f64);
        }
        if let Some(peak) = run.memory.and_then(|memory| memory.peak_bytes) {
            add("memory peak".to_owned(), Unit::Memory, peak as f64);
        }
    }
    all
}

fn failed(run: &RunReport) -> f64 {
    let is_failed = |step: &&StepReport| step.outcome == crate::report::StepOutcome::Failed;
    run.steps.iter().filter(is_failed).count() as f64
}

fn row(measure: String, unit: Unit, mut then: Vec<f64>, mut now: Vec<f64>, threshold: f64) -> Row {
    let (baseline, current) = (stats::median(&mut then), stats::median(&mut now));
    let change = baseline
        .zip(current)
        .and_then(|(before, after)| stats::ratio(after - before, before));
    let enough = then.len().min(now.len()) >= RUNS_TO_JUDGE;
    let judged = !unit.is_exact() && enough;
    let interval = judged
        .then(|| stats::bootstrap_change(&then, &now, CONFIDENCE, RESAMPLES, SEED))
        .flatten();
    let p = judged
        .then(|| stats::mann_whitney(&then, &now))
        .flatten()
        .map(|test| test.p);
    let verdict = match (baseline, current) {
        (None, _) => Verdict::New,
        (_, None) => Verdict::Gone,
        // From nothing to something has no share; it is as much worse as can be.
        (Some(before), Some(after)) if unit.is_exact() && before == 0.0 && after > 0.0 => {
            Verdict::Alert
        }
        _ => verdict(unit, change.unwrap_or(0.0), interval, threshold),
    };
    Row {
        measure,
        unit,
        baseline,
        current,
        change,
        interval: interval.map(|it| (it.low, it.high)),
        p,
        verdict,
    }
}

fn verdict(unit: Unit, change: f64, interval: Option<Interval>, threshold: f64) -> Verdict {
    if change.abs() <= threshold {
        return Verdict::Same;
    }
    let is_certain = unit.is_exact() || interval.is_some_and(|it| it.low > 0.0 || it.high < 0.0);
    match () {
        () if !is_certain => Verdict::Unclear,
        () if change < 0.0 => Verdict::Better,
        () if change > ALERT => Verdict::Alert,
        () => Verdict::Worse,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(unit: Unit, then: &[f64], now: &[f64], expect: Verdict) {
        let row = row("m".to_owned(), unit, then.to_vec(), now.to_vec(), 0.05);
        assert_eq!(row.verdict, expect, "{row:?}");
    }

    #[test]
    fn times_of_few_runs_are_not_judged() {
        check(Unit::Seconds, &[1.0], &[2.0], Verdict::Unclear);
        check(Unit::Seconds, &[1.0; 4], &[2.0; 4], Verdict::Unclear);
        check(Unit::Seconds, &[1.0; 5], &[2.0; 5], Verdict::Alert);
        check(Unit::Seconds, &[1.0], &[1.04], Verdict::Same);
    }

    #[test]
    fn counts_of_one_run_are() {
        check(Unit::Tokens, &[100.0], &[110.0], Verdict::Worse);
        check(Unit::Tokens, &[100.0], &[130.0], Verdict::Alert);
        check(Unit::Bytes, &[100.0], &[50.0], Verdict::Better);
        check(Unit::Count, &[0.0], &[1.0], Verdict::Alert);
        check(Unit::Count, &[0.0], &[0.0], Verdict::Same);
    }

    #[test]
    fn runs_that_differ_among_themselves_prove_nothing() {
        let wild = [1.0, 3.0, 1.2, 2.8, 1.1, 2.9];
        let wilder = [1.3, 3.2, 1.1, 3.1, 1.4, 3.0];
        check(Unit::Seconds, &wild, &wilder, Verdict::Unclear);
        let steady = [1.00, 1.01, 0.99, 1.02, 1.00, 0.98];
        let slower = steady.map(|x| x * 1.1);
        check(Unit::Seconds, &steady, &slower, Verdict::Worse);
        check(Unit::Seconds, &slower, &steady, Verdict::Better);
        let slow = steady.map(|x| x * 1.3);
        check(Unit::Memory, &steady, &slow, Verdict::Alert);
    }

    #[test]
    fn what_one_side_lacks_is_new_or_gone() {
        check(Unit::Seconds, &[], &[1.0], Verdict::New);
        check(Unit::Seconds, &[1.0], &[], Verdict::Gone);
    }
}
