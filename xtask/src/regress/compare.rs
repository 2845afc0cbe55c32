//! Compares a run with the baseline. Pure: numbers in, verdicts out.
//!
//! Two figures are compared, both from the fastest sample of each pass, because other processes
//! only ever add time: on two cores under a load of seven, ratios of medians varied by 20 to 95 %
//! from pass to pass, those of fastest samples by 0 to 3 % (benchmarks on one thread).
//!
//! - The ratio to the floor of the same pass, where there is one. A slower machine slows both.
//! - The time, where the baseline comes from the same machine, corrected by its pace. A floor of
//!   several threads may become twice as fast when another process takes a core from it; the time
//!   of what is measured against it then stays as it was.
//!
//! A benchmark is slower only if all the figures it has say so.

use serde::Serialize;

use super::reference::{Figure, Reference, Side};
use crate::bench::Held;
use crate::bench::report::{Entry, Report};
use crate::bench::stats::median;

/// A regression of more than this share is an alert (row 0.25).
const ALERT: f64 = 0.20;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Verdict {
    /// A figure is within the threshold, or the two contradict each other.
    Steady,
    /// Slower or faster by more than the threshold, but not by more than the noise.
    Noise,
    /// Faster by more than the threshold and the noise.
    Faster,
    /// Slower by more than the threshold and the noise, not yet measured again.
    Suspected,
    /// Suspected, but not that slow when measured again.
    Cleared,
    /// Slower every time it was measured.
    Regressed,
    /// The same, by more than a fifth.
    Alert,
}

impl Verdict {
    pub(crate) fn is_regression(self) -> bool {
        matches!(self, Self::Regressed | Self::Alert)
    }
}

/// One figure, then and now.
#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct Change {
    pub(crate) reference: f64,
    pub(crate) measured: f64,
    /// measured / reference − 1: positive is slower.
    pub(crate) share: f64,
    /// How far the passes of both sides lie apart, as a share.
    pub(crate) noise: f64,
    /// What each further measurement has to exceed: the threshold and the reference's own noise.
    pub(crate) bar: f64,
}

/// One benchmark, then and now.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Comparison {
    pub(crate) id: String,
    pub(crate) group: String,
    pub(crate) target: String,
    /// Multiples of the floor; absent where a side has none.
    pub(crate) ratio: Option<Change>,
    /// Nanoseconds; absent where the sides come from different machines.
    pub(crate) time: Option<Change>,
    /// The smaller of the two changes; in the end the median of all measurements of it.
    pub(crate) share: f64,
    pub(crate) verdict: Verdict,
    /// The smaller change each time it was measured again.
    pub(crate) reruns: Vec<f64>,
}

/// Everything a run says against the baseline.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Findings {
    /// The pace of the machine: how much slower it is than it was for the baseline.
    pub(crate) pace: f64,
    /// The largest slowdown first.
    pub(crate) comparisons: Vec<Comparison>,
    /// Measured now, unknown to the baseline.
    pub(crate) new: Vec<String>,
    /// In the baseline, not in the benches any more.
    pub(crate) removed: Vec<String>,
    /// Times of another machine, which say nothing here.
    pub(crate) incomparable: Vec<String>,
}

impl Reference<'_> {
    /// Compares every benchmark of `now` but the floors. `held` is all that was built.
    pub(crate) fn compare(&self, now: &Report, held: &Held) -> Findings {
        let (pace, removed) = (self.pace(now), self.removed(now, held));
        let mut findings = Findings {
            pace,
            removed,
            ..Findings::default()
        };
        for entry in now.entries.iter().filter(|entry| !entry.is_floor) {
            if self.baseline.entry(&entry.id).is_none() {
                findings.new.push(entry.id.clone());
            } else if let Some(comparison) = self.comparison(entry, now, pace) {
                findings.comparisons.push(comparison);
            } else {
                findings.incomparable.push(entry.id.clone());
            }
        }
        findings.sort();
        findings
    }

    fn removed(&self, now: &Report, held: &Held) -> Vec<String> {
        let meant = |entry: &Entry| match &now.filter {
            None => true,
            Some(filter) => {
                held.targets.contains(&entry.target)
                    && (entry.target == *filter || entry.id.contains(filter))
            }
        };
        let missing =
            |entry: &&Entry| !entry.is_floor && !held.ids.contains(&entry.id) && meant(entry);
        self.baseline
            .entries
            .iter()
            .filter(missing)
            .map(|entry| entry.id.clone())
            .collect()
    }

    fn comparison(&self, entry: &Entry, now: &Report, pace: f64) -> Option<Comparison> {
        let change = |figure| {
            let measured = self.measured(&entry.id, figure, now, pace)?;
            Some(self.change(self.side(&entry.id, figure)?, measured))
        };
        let (ratio, time) = (change(Figure::Ratio), change(Figure::Time));
        let changes: Vec<Change> = ratio.into_iter().chain(time).collect();
        Some(Comparison {
            id: entry.id.clone(),
            group: entry.group.clone(),
            target: entry.target.clone(),
            ratio,
            time,
            share: smallest(changes.iter().map(|change| change.share))?,
            verdict: first_verdict(&changes, self.threshold),
            reruns: Vec::new(),
        })
    }

    fn change(&self, reference: Side, measured: Side) -> Change {
        Change {
            reference: reference.value,
            measured: measured.value,
            share: measured.value / reference.value - 1.0,
            noise: measured.noise + reference.noise,
            bar: self.threshold.max(reference.noise),
        }
    }

    /// Takes note of a suspect's further measurement: one figure below its bar clears it.
    pub(crate) fn measured_again(&self, suspect: &mut Comparison, again: &Report, pace: f64) {
        let figures = [(Figure::Ratio, suspect.ratio), (Figure::Time, suspect.time)];
        let share = |(figure, then): (Figure, Option<Change>)| {
            let (then, now) = (then?, self.measured(&suspect.id, figure, again, pace)?);
            Some((now.value / then.reference - 1.0, then.bar))
        };
        let shares: Vec<(f64, f64)> = figures.into_iter().filter_map(share).collect();
        let Some(smallest) = smallest(shares.iter().map(|(share, _)| *share)) else {
            return;
        };
        suspect.reruns.push(smallest);
        if shares.iter().any(|(share, bar)| share <= bar) {
            suspect.verdict = Verdict::Cleared;
        }
    }
}

/// The change closest to none: what all figures agree on.
fn smallest(shares: impl Iterator<Item = f64>) -> Option<f64> {
    shares.min_by(|a, b| a.abs().total_cmp(&b.abs()))
}

fn first_verdict(changes: &[Change], threshold: f64) -> Verdict {
    let all = |holds: &dyn Fn(&Change) -> bool| changes.iter().all(holds);
    let slower = all(&|change| change.share > threshold);
    let faster = all(&|change| change.share < -threshold);
    if !slower && !faster {
        Verdict::Steady
    } else if !all(&|change| change.share.abs() > change.noise) {
        Verdict::Noise
    } else if faster {
        Verdict::Faster
    } else {
        Verdict::Suspected
    }
}

impl Findings {
    fn sort(&mut self) {
        self.comparisons.sort_by(|a, b| b.share.total_cmp(&a.share));
    }

    pub(crate) fn suspects(&self) -> Vec<Comparison> {
        self.comparisons
            .iter()
            .filter(|one| one.verdict == Verdict::Suspected)
            .cloned()
            .collect()
    }

    /// Ends the measuring: suspects that nothing cleared are regressions.
    pub(crate) fn conclude(&mut self) {
        self.comparisons.iter_mut().for_each(Comparison::conclude);
        self.sort();
    }
}

impl Comparison {
    fn conclude(&mut self) {
        if self.verdict != Verdict::Suspected {
            return;
        }
        let all: Vec<f64> = std::iter::once(self.share)
            .chain(self.reruns.iter().copied())
            .collect();
        self.share = median(&all).unwrap_or(self.share);
        self.verdict = if self.share > ALERT {
            Verdict::Alert
        } else {
            Verdict::Regressed
        };
    }
}

#[cfg(test)]
#[path = "compare_tests.rs"]
mod tests;
