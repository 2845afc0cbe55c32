//! When a change counts. A red gate has to mean a regression, so that three measurements must agree.
//!
//! The threshold is the slowdown that is to be *found*. An estimate of it falls below it half of the
//! time, and the line is therefore drawn lower: an estimate above three fifths of the threshold, with
//! the lower end of its 99 % interval above one fifth. With 5 % that is the rule ">3 %, interval
//! above 1 %". Whatever is suspected is measured again with new processes, and again with binaries
//! that are linked anew, so that neither a bad moment nor where a loop happens to lie can turn the
//! gate red.

use autoexec_metrics::stats::{self, Interval};
use serde::Serialize;

/// How sure the interval is.
const CONFIDENCE: f64 = 0.99;
/// How often processes are drawn anew for it.
const RESAMPLES: usize = 2_000;
/// More than this share is an alert.
const ALERT: f64 = 0.20;

/// A change of time with its interval, as shares: 0.05 is 5 % slower.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub(super) struct Change {
    pub(super) low: f64,
    pub(super) estimate: f64,
    pub(super) high: f64,
}

impl Change {
    /// The median of all turns, and its interval from drawing processes anew. Absent without turns.
    pub(super) fn of(groups: &[Vec<f64>]) -> Option<Self> {
        let (estimate, Interval { low, high, .. }) =
            stats::bootstrap_groups(groups, CONFIDENCE, RESAMPLES, 1)?;
        let [low, estimate, high] = [low, estimate, high].map(f64::exp_m1);
        Some(Self {
            low,
            estimate,
            high,
        })
    }
}

/// What is found of a benchmark.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Verdict {
    /// Nothing that counts.
    Steady,
    /// Faster, by the same rule.
    Faster,
    /// Was suspected, and measured again was not slower.
    Cleared,
    /// Slower in all measurements.
    Regressed,
    /// That, by more than 20 %.
    Alert,
}

impl Verdict {
    pub(super) fn is_regression(self) -> bool {
        matches!(self, Self::Regressed | Self::Alert)
    }
}

/// The rule for one benchmark.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Rule {
    /// The slowdown that is to be found, as a share.
    pub(super) threshold: f64,
}

impl Rule {
    /// Whether it is worth measuring again: two thirds of what counts, however wide the interval. What noise
    /// alone brought here is cleared by the measurements that follow.
    pub(super) fn suspects(self, change: Change) -> bool {
        change.estimate > 0.4 * self.threshold
    }

    /// Whether it is slower.
    pub(super) fn is_slower(self, change: Change) -> bool {
        change.estimate > 0.6 * self.threshold && change.low > 0.2 * self.threshold
    }

    /// Whether more pairs would change nothing: no slowdown that counts is in the interval, or it is
    /// slower already, and hence measured again.
    fn is_settled(self, change: Change) -> bool {
        change.high < 0.6 * self.threshold || self.is_slower(change)
    }

    /// Whether no more pairs are needed: it is settled, or was not in the usual number of them and does not look
    /// serious either. Some processes run at half the speed of others for as long as they live: two pairs of twelve
    /// with one of these can hide any slowdown from the interval, four of twenty-four do not.
    pub(super) fn is_enough(self, change: Change, pairs: usize, usual: usize) -> bool {
        let is_serious = change.estimate > self.threshold;
        self.is_settled(change) || pairs >= usual && !is_serious
    }

    fn is_faster(self, change: Change) -> bool {
        change.estimate < -0.6 * self.threshold && change.high < -0.2 * self.threshold
    }

    /// The verdict on the first measurement and those that followed it, each of which has to be slower.
    pub(super) fn verdict(self, first: Change, again: &[Change]) -> Verdict {
        if !self.suspects(first) || again.is_empty() {
            return if self.is_faster(first) {
                Verdict::Faster
            } else {
                Verdict::Steady
            };
        }
        if !again.iter().all(|change| self.is_slower(*change)) {
            return Verdict::Cleared;
        }
        if again.iter().all(|change| change.estimate > ALERT) {
            Verdict::Alert
        } else {
            Verdict::Regressed
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::random::Random;
    use super::*;

    const RULE: Rule = Rule { threshold: 0.05 };

    /// Turns of processes that each have a bias of their own, around a true change.
    fn turns(change: f64, seed: u64) -> Vec<Vec<f64>> {
        let mut random = Random::new(seed);
        // Thirty coins make a bell of standard deviation 1.
        let mut bell = move || {
            let sum: i32 = (0..30).map(|_| if random.coin() { 1 } else { -1 }).sum();
            f64::from(sum) / 30f64.sqrt()
        };
        let mut process = || {
            let bias = 0.004 * bell();
            (0..15)
                .map(|_| change.ln_1p() + bias + 0.02 * bell())
                .collect()
        };
        (0..6).map(|_| process()).collect()
    }

    /// Pairs that are 80 % slower, and some in which the base happened to be as slow.
    fn with_slow_bases(pairs: usize, slow: usize) -> Change {
        let pair = |n: usize| vec![if n < slow { -0.05 } else { 0.8_f64.ln_1p() }; 50];
        Change::of(&(0..pairs).map(pair).collect::<Vec<_>>()).unwrap()
    }

    #[test]
    fn what_looks_serious_is_measured_until_it_is_clear() {
        let hidden = with_slow_bases(12, 3);
        assert!(
            !RULE.is_slower(hidden) && !RULE.is_enough(hidden, 12, 12),
            "{hidden:?}"
        );
        assert!(RULE.is_slower(with_slow_bases(24, 4)));
        // What does not look serious is left as it is.
        let small = Change {
            low: -0.02,
            estimate: 0.04,
            high: 0.09,
        };
        assert!(!RULE.is_enough(small, 11, 12) && RULE.is_enough(small, 12, 12));
    }

    fn verdict(change: f64, seed: u64) -> Verdict {
        let measured = |part: u64| Change::of(&turns(change, seed * 10 + part)).unwrap();
        RULE.verdict(measured(0), &[measured(1), measured(2)])
    }

    #[test]
    fn nothing_is_found_where_nothing_is() {
        let wrong: Vec<Verdict> = (0..100)
            .map(|seed| verdict(0.0, seed))
            .filter(|it| *it != Verdict::Steady)
            .collect();
        assert!(wrong.iter().all(|it| *it == Verdict::Cleared), "{wrong:?}");
        assert!(wrong.len() < 5, "{wrong:?}");
    }

    #[test]
    fn slowdowns_of_the_threshold_are_found() {
        let found = |change, of| {
            (0..of)
                .filter(|&seed| verdict(change, seed).is_regression())
                .count()
        };
        assert!(found(0.05, 60) >= 57, "{}", found(0.05, 60));
        assert_eq!(found(0.10, 20), 20);
        assert!((0..10).all(|seed| verdict(0.30, seed) == Verdict::Alert));
    }

    #[test]
    fn a_speedup_is_told_and_is_no_regression() {
        assert_eq!(verdict(-0.10, 3), Verdict::Faster);
    }

    #[test]
    fn one_measurement_that_disagrees_clears_a_suspect() {
        let slower = Change {
            low: 0.08,
            estimate: 0.1,
            high: 0.12,
        };
        let unsure = Change { low: 0.0, ..slower };
        let [small, none] = [0.02, 0.0].map(|estimate| Change {
            low: -0.01,
            estimate,
            high: 0.03,
        });
        for other in [unsure, small, none] {
            assert_eq!(RULE.verdict(slower, &[slower, other]), Verdict::Cleared);
        }
        assert_eq!(RULE.verdict(slower, &[slower, slower]), Verdict::Regressed);
        // A suspect that nobody could measure again is no regression.
        assert_eq!(RULE.verdict(slower, &[]), Verdict::Steady);
    }

    #[test]
    fn settled_is_what_cannot_count_any_more() {
        let change = |high: f64| Change {
            low: -high,
            estimate: 0.0,
            high,
        };
        assert!(RULE.is_settled(change(0.029)) && !RULE.is_settled(change(0.031)));
        let slower = Change {
            low: 0.02,
            estimate: 0.05,
            high: 0.09,
        };
        assert!(RULE.is_settled(slower));
    }

    #[test]
    fn no_turns_are_no_change() {
        assert_eq!(Change::of(&[]), None);
        assert_eq!(Change::of(&[vec![]]), None);
    }
}
