//! The seven metrics, and the score that they come to. Their formulas stand in `docs/tune.md`.

use std::collections::HashMap;

use serde::Serialize;

use crate::report::RunOutcome;
use crate::trace::Trace;

/// How many metrics there are.
pub(super) const COUNT: usize = 7;
/// Fewest files asked for by a trace for its first tenth to say something.
pub(super) const FEWEST_READS: usize = 20;

/// One metric.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct Metric {
    /// Its name.
    pub name: &'static str,
    /// Its weight in the score; those of all are 1.
    pub weight: f64,
    /// What it is.
    pub doc: &'static str,
    /// Why it is absent, where it is.
    pub absence: &'static str,
}

/// All metrics, in the order in which [`Scores`] has them. Each is from 0 to 1, and more is better.
pub const METRICS: [Metric; COUNT] = [
    Metric {
        name: "completion",
        weight: 0.25,
        doc: "steps that succeeded within their class's time, of those that ran",
        absence: "no step ran",
    },
    Metric {
        name: "recovery",
        weight: 0.15,
        doc: "failed attempts that another one made good, of those that failed",
        absence: "no attempt failed",
    },
    Metric {
        name: "decision quality",
        weight: 0.20,
        doc: "verifications passed at the first attempt",
        absence: "no step is verified yet",
    },
    Metric {
        name: "resource use",
        weight: 0.15,
        doc: "the floor of time x memory over what was used",
        absence: "nothing took any time",
    },
    Metric {
        name: "adaptation",
        weight: 0.10,
        doc: "1 less what the held-out traces are further from their floor than the others",
        absence: "no trace is held out",
    },
    Metric {
        name: "self-correction",
        weight: 0.10,
        doc: "runs after a failed one of the same workflow that succeeded",
        absence: "no workflow was run again after it failed",
    },
    Metric {
        name: "learning",
        weight: 0.05,
        doc: "hits in the last tenth of a trace's reads less those in the first",
        absence: "no trace asked for 20 files",
    },
];

/// What was measured. A metric that traces cannot show is absent, and no part of the score.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize)]
pub struct Scores(pub [Option<f64>; COUNT]);

impl Scores {
    /// The weighted mean of what is there; none if nothing is.
    #[must_use]
    pub fn autonomy(&self) -> Option<f64> {
        let there = self.0.iter().zip(METRICS);
        let there = there.filter_map(|(value, metric)| Some(((*value)?, metric.weight)));
        let (sum, weights) = there.fold((0.0, 0.0), |(sum, weights), (value, weight)| {
            (sum + value * weight, weights + weight)
        });
        (weights > 0.0).then(|| sum / weights)
    }

    /// The weights of what is there, of 1.
    #[must_use]
    pub fn weight(&self) -> f64 {
        let there = self.0.iter().zip(METRICS);
        there
            .filter(|(value, _)| value.is_some())
            .map(|(_, metric)| metric.weight)
            .sum()
    }
}

/// Failed attempts that were made good, of those that failed; none if none failed. Attempts are recorded by step: where some
/// tasks of a step succeeded in the end and others did not, it is not known whose attempts failed, and they are left out.
pub(super) fn recovery<'a>(traces: impl Iterator<Item = &'a Trace>) -> Option<f64> {
    let (mut failed, mut recovered) = (0u64, 0u64);
    for step in traces.flat_map(|it| &it.steps) {
        let tasks = step.tasks.len() as u64;
        let succeeded = step.tasks.iter().filter(|it| it.succeeded).count() as u64;
        let more = u64::from(step.attempts).saturating_sub(succeeded);
        match succeeded {
            n if n == tasks => {
                failed += more;
                recovered += more;
            }
            0 => failed += more,
            _ => {}
        }
    }
    (failed > 0).then(|| recovered as f64 / failed as f64)
}

/// Runs that followed a failed one of the same workflow and succeeded, of all that followed one. Of `traces`, in the order of
/// their beginnings, those count as followers that `counts` says.
pub(super) fn self_correction(traces: &[Trace], counts: impl Fn(usize) -> bool) -> Option<f64> {
    let mut last: HashMap<u64, RunOutcome> = HashMap::new();
    let (mut again, mut succeeded) = (0u64, 0u64);
    for (at, trace) in traces.iter().enumerate() {
        let (workflow, outcome) = (trace.header.workflow_hash, trace.header.outcome);
        let before = last.insert(workflow, outcome);
        if before == Some(RunOutcome::Failed) && counts(at) {
            again += 1;
            succeeded += u64::from(outcome == RunOutcome::Succeeded);
        }
    }
    (again > 0).then(|| succeeded as f64 / again as f64)
}

/// Hits in the last tenth less those in the first, from 0 to 1; none of fewer than 20 reads.
pub(super) fn learning(hits: &[bool]) -> Option<f64> {
    if hits.len() < FEWEST_READS {
        return None;
    }
    let tenth = hits.len() / 10;
    let rate = |part: &[bool]| part.iter().filter(|it| **it).count() as f64 / tenth as f64;
    let gain = rate(&hits[hits.len() - tenth..]) - rate(&hits[..tenth]);
    Some(gain.clamp(0.0, 1.0))
}

/// The mean of what is there.
pub(super) fn mean(values: impl Iterator<Item = f64>) -> Option<f64> {
    let (sum, count) = values.fold((0.0, 0u32), |(sum, count), it| (sum + it, count + 1));
    (count > 0).then(|| sum / f64::from(count))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trace::tests::{sample, step, task};

    #[test]
    fn weights_are_those_of_the_issue_and_absent_metrics_have_none() {
        let sum: f64 = METRICS.iter().map(|it| it.weight).sum();
        assert!((sum - 1.0).abs() < 1e-12);
        let mut scores = Scores::default();
        assert_eq!((scores.autonomy(), scores.weight()), (None, 0.0));
        scores.0[0] = Some(0.8);
        assert_eq!(scores.autonomy(), Some(0.8));
        // 0.25 x 0.8 + 0.15 x 0.4 over 0.4; what is absent is not 0.
        scores.0[3] = Some(0.4);
        let score = scores.autonomy().expect("two");
        assert!((score - 0.65).abs() < 1e-12, "{score}");
    }

    #[test]
    fn attempts_are_told_apart_where_their_step_says_whose_they_were() {
        let attempts = |attempts: u32, succeeded: &[bool]| {
            let tasks = (0..).zip(succeeded).map(|(index, succeeded)| {
                let mut task = task(index, 0, 1);
                task.succeeded = *succeeded;
                task
            });
            let mut step = step("a", &[], tasks.collect());
            step.attempts = attempts;
            step
        };
        let check = |steps: Vec<crate::trace::Step>, expect: Option<f64>| {
            let mut trace = sample();
            trace.steps = steps;
            assert_eq!(recovery([trace].iter()), expect);
        };
        check(vec![attempts(1, &[true])], None);
        check(vec![attempts(0, &[])], None);
        check(vec![attempts(3, &[true])], Some(1.0));
        check(vec![attempts(2, &[false])], Some(0.0));
        check(vec![attempts(3, &[true]), attempts(2, &[false])], Some(0.5));
        check(vec![attempts(9, &[true, false])], None);
    }

    #[test]
    fn a_run_after_a_failed_one_of_its_workflow_corrects_it_or_not() {
        let run = |workflow: u64, outcome| {
            let mut trace = sample();
            trace.header.workflow_hash = workflow;
            trace.header.outcome = outcome;
            trace
        };
        use RunOutcome::{Failed, Succeeded};
        let traces = [
            run(1, Failed),
            run(2, Succeeded),
            run(1, Failed),
            run(1, Succeeded),
            run(1, Succeeded),
        ];
        assert_eq!(self_correction(&traces, |_| true), Some(0.5));
        assert_eq!(self_correction(&traces, |at| at == 3), Some(1.0));
        assert_eq!(self_correction(&traces, |at| at > 3), None);
    }

    #[test]
    fn learning_is_the_gain_from_the_first_tenth_to_the_last() {
        let mut hits = vec![false; 40];
        assert_eq!(learning(&hits), Some(0.0));
        hits[38] = true;
        assert_eq!(learning(&hits), Some(0.25));
        hits[..4].fill(true);
        assert_eq!(learning(&hits), Some(0.0));
        assert_eq!(learning(&[true; 19]), None);
    }
}
