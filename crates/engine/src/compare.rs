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
    /// Of both sides the first so many, of which tokens, bytes and failed steps are compared.
    pub counted_runs: usize,
    /// A change counts from this share on.
    pub threshold: f64,
    /// One for each measure that either side has: first what became worse most.
    pub rows: Vec<Row>,
}

/// One measure, then and now. Times and memory are medians over the runs; tokens, bytes and failed steps are means over the
/// first [`Comparison::counted_runs`].
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Row {
    /// What was measured, such as `run` or `step digest`.
    pub measure: String,
    /// In what.
    pub unit: Unit,
    /// The baseline's; absent if it has none.
    pub baseline: Option<f64>,
    /// What it is now; absent if it was not measured.
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
    /// of medians. Tokens, bytes and failed steps are judged by their means alone: caches have the first run spend what
    /// the later ones do not, so a median of repeats says nothing of it. It also weighs more among fewer runs, so of the
    /// side with more runs as many are taken as the other has, from the first on. O(rows · resamples · runs).
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
            counted_runs: baseline.len().min(current.len()),
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

/// Samples by measure, in the order of the runs, one a run that has it. Those of exact units have one of each run.
fn measures(runs: &[RunReport]) -> Measures {
    let asks = runs.iter().any(|run| run.tokens.is_some());
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
        if asks {
            // A run whose answers are all from the cache asks no model and has no tokens: it spent none.
            let spent = run.tokens.map_or((0, 0), |it| (it.input, it.output));
            add("tokens in".to_owned(), Unit::Tokens, spent.0 as f64);
            add("tokens out".to_owned(), Unit::Tokens, spent.1 as f64);
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
    let (baseline, current) = match unit.is_exact() {
        true => first_means(&then, &now),
        false => (stats::median(&mut then), stats::median(&mut now)),
    };
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

/// The means of the first samples, of as many as both sides have; with none on one side that of all on the other.
fn first_means(then: &[f64], now: &[f64]) -> (Option<f64>, Option<f64>) {
    let n = match then.len().min(now.len()) {
        0 => usize::MAX,
        n => n,
    };
    let mean = |samples: &[f64]| stats::mean(&samples[..n.min(samples.len())]);
    (mean(then), mean(now))
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
    use crate::report::{RunOutcome, TokensReport};

    /// A run that read so many bytes, and spent so many tokens if it asked a model.
    fn run(bytes_read: u64, tokens: Option<u64>) -> RunReport {
        let mut report = RunReport {
            format: 1,
            workflow: "w".into(),
            file: "w.yaml".into(),
            root: ".".into(),
            outcome: RunOutcome::Succeeded,
            duration: std::time::Duration::from_secs(1),
            steps: Vec::new(),
            actions: Default::default(),
            files: Default::default(),
            paths: Default::default(),
            prompts: None,
            advice: Vec::new(),
            alerts: Vec::new(),
            tokens: tokens.map(|input| TokensReport {
                input,
                output: 10,
                estimated: false,
            }),
            memory: None,
            outputs: Default::default(),
            errors: Vec::new(),
        };
        report.files.bytes_read = bytes_read;
        report
    }

    /// Five runs in one process: the first reads and asks, the caches answer the others.
    fn warm(bytes: u64, tokens: u64) -> Vec<RunReport> {
        let mut runs = vec![run(0, None); 5];
        runs[0] = run(bytes, Some(tokens));
        runs
    }

    /// What is said of a measure: its verdict, and both its numbers.
    fn said(
        then: &[RunReport],
        now: &[RunReport],
        measure: &str,
    ) -> (Verdict, Option<f64>, Option<f64>) {
        let compared = Comparison::new(then, now, 0.05);
        let row = compared.rows.iter().find(|row| row.measure == measure);
        let row = row.expect("measured");
        (row.verdict, row.baseline, row.current)
    }

    #[test]
    fn runs_that_the_cache_answered_spent_no_tokens() {
        let asked = vec![run(0, Some(100)); 5];
        let expect = (Verdict::Alert, Some(20.0), Some(100.0));
        assert_eq!(said(&warm(0, 100), &asked, "tokens in"), expect);
        let same = (Verdict::Same, Some(20.0), Some(20.0));
        assert_eq!(said(&warm(0, 100), &warm(0, 100), "tokens in"), same);
        let none = vec![run(0, None); 5];
        let new = (Verdict::New, None, Some(20.0));
        assert_eq!(said(&none, &warm(0, 100), "tokens in"), new);
    }

    #[test]
    fn what_only_the_first_run_reads_counts() {
        let expect = (Verdict::Alert, Some(200.0), Some(2_000.0));
        let (small, large) = (warm(1_000, 1), warm(10_000, 1));
        assert_eq!(said(&small, &large, "bytes read"), expect);
        let expect = (Verdict::Better, Some(2_000.0), Some(200.0));
        assert_eq!(said(&large, &small, "bytes read"), expect);
    }

    #[test]
    fn one_cold_run_is_like_the_first_of_five() {
        let (one, five) = (warm(1_000, 100)[..1].to_vec(), warm(1_000, 100));
        for (then, now) in [(&one, &five), (&five, &one)] {
            let same = (Verdict::Same, Some(1_000.0), Some(1_000.0));
            assert_eq!(said(then, now, "bytes read"), same);
            assert_eq!(said(then, now, "tokens in").0, Verdict::Same);
            assert_eq!(Comparison::new(then, now, 0.05).counted_runs, 1);
        }
    }

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
