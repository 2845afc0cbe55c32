//! How long a run should take: as long as those of its workflow before it.

use std::collections::{HashMap, VecDeque};
use std::time::Duration;

use autoexec_metrics::stats;

/// Runs that the estimate is the mean of, at most.
const RUNS: usize = 10;
/// Fewer say nothing: the first run fills the caches.
const FEWEST: usize = 3;
/// Workflows told apart; durations of further ones are not kept.
const WORKFLOWS: usize = 64;

/// Durations of recent runs that succeeded, by workflow.
#[derive(Debug, Default)]
pub(super) struct Estimates(HashMap<String, VecDeque<f64>>);

impl Estimates {
    /// The duration as a share of the mean of those before; absent with too few of them. Takes note of it.
    pub(super) fn compare(&mut self, workflow: &str, duration: Duration) -> Option<f64> {
        if !self.0.contains_key(workflow) {
            if self.0.len() >= WORKFLOWS {
                return None;
            }
            self.0
                .insert(workflow.to_owned(), VecDeque::with_capacity(RUNS));
        }
        let recent = self.0.get_mut(workflow)?;
        let seconds = duration.as_secs_f64();
        let mean = match recent.len() < FEWEST {
            true => None,
            false => stats::mean(recent.make_contiguous()),
        };
        if recent.len() == RUNS {
            recent.pop_front();
        }
        recent.push_back(seconds);
        stats::ratio(seconds, mean?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_is_compared_with_those_before_it() {
        let mut estimates = Estimates::default();
        let mut check = |workflow: &str, seconds, expect| {
            let share = estimates.compare(workflow, Duration::from_secs(seconds));
            assert_eq!(share, expect, "{workflow} {seconds}");
        };
        for seconds in [9, 2, 4] {
            check("w", seconds, None);
        }
        check("w", 10, Some(2.0));
        check("v", 1, None);
        // Ten later, the first three are forgotten.
        (0..10).for_each(|_| _ = estimates.compare("w", Duration::from_secs(10)));
        assert_eq!(estimates.compare("w", Duration::from_secs(15)), Some(1.5));
    }

    #[test]
    fn what_is_kept_is_bounded() {
        let mut estimates = Estimates::default();
        for n in 0..1_000 {
            _ = estimates.compare(&format!("w{n}"), Duration::from_secs(1));
        }
        (0..100).for_each(|_| _ = estimates.compare("w1", Duration::from_secs(1)));
        assert_eq!(estimates.0.len(), WORKFLOWS);
        assert_eq!(estimates.0["w1"].len(), RUNS);
    }
}
