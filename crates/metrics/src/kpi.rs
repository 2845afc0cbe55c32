//! Key figures of finished work, from plain counts; and the bands that guides expect them in.
//!
//! ```
//! use autoexec_metrics::kpi::{Kpis, Outcomes};
//!
//! let kpis = Kpis::of(&Outcomes { succeeded: 9, failed: 1, tokens: 4_500, ..Outcomes::default() });
//! assert_eq!((kpis.success_rate, kpis.tokens_per_success), (Some(0.9), Some(500.0)));
//! assert_eq!(kpis.recovery_rate, None, "there was no error to recover from");
//! ```

use std::time::Duration;

use crate::distribution::Distribution;
use crate::stats;

/// What the key figures are made of.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Outcomes {
    /// How long each task took ([`Unit::Seconds`](crate::Unit::Seconds), nanoseconds).
    pub completion: Distribution,
    /// Tasks that reached what they were for.
    pub succeeded: u64,
    /// Tasks that did not.
    pub failed: u64,
    /// Tokens that all of them used, in and out.
    pub tokens: u64,
    /// How long they took together, on the wall.
    pub elapsed: Duration,
    /// Errors on the way.
    pub errors: u64,
    /// Those of them that a further attempt, or another way, made good.
    pub errors_recovered: u64,
    /// Checks of results.
    pub checks: u64,
    /// Those of them that found what was really there.
    pub checks_true_positive: u64,
}

/// Key figures; `None` where nothing was there to divide by.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Kpis {
    /// Half of the tasks took at most so long.
    pub completion_p50: Option<Duration>,
    /// 95 % of them.
    pub completion_p95: Option<Duration>,
    /// 99 % of them.
    pub completion_p99: Option<Duration>,
    /// Tokens of all tasks, for each that succeeded.
    pub tokens_per_success: Option<f64>,
    /// Tokens for each task, whatever came of it.
    pub tokens_per_task: Option<f64>,
    /// Errors recovered / errors.
    pub recovery_rate: Option<f64>,
    /// True positives / checks.
    pub verification_accuracy: Option<f64>,
    /// Succeeded / all tasks.
    pub success_rate: Option<f64>,
    /// Tokens / elapsed.
    pub tokens_per_second: Option<f64>,
}

impl Kpis {
    /// O(buckets of the distribution).
    pub fn of(outcomes: &Outcomes) -> Self {
        let share = |part: u64, whole: u64| stats::ratio(part as f64, whole as f64);
        let tasks = outcomes.succeeded.saturating_add(outcomes.failed);
        let quantile = |fraction| {
            outcomes
                .completion
                .quantile(fraction)
                .map(Duration::from_nanos)
        };
        Self {
            completion_p50: quantile(0.5),
            completion_p95: quantile(0.95),
            completion_p99: quantile(0.99),
            tokens_per_success: share(outcomes.tokens, outcomes.succeeded),
            tokens_per_task: share(outcomes.tokens, tasks),
            recovery_rate: share(outcomes.errors_recovered, outcomes.errors),
            verification_accuracy: share(outcomes.checks_true_positive, outcomes.checks),
            success_rate: share(outcomes.succeeded, tasks),
            tokens_per_second: stats::rate_per_second(outcomes.tokens as f64, outcomes.elapsed),
        }
    }

    /// In what these figures leave `band`; figures that are absent leave nothing.
    pub fn outside(&self, band: &Band) -> Vec<Outside> {
        let seconds = self.completion_p50.map(|time| time.as_secs_f64());
        let (least, most) = band.completion;
        let time = (least.as_secs_f64(), most.as_secs_f64());
        let tokens = (band.tokens.0 as f64, band.tokens.1 as f64);
        let mut found = Vec::new();
        found.extend(outside(Figure::Tokens, self.tokens_per_task, tokens));
        found.extend(outside(Figure::CompletionSeconds, seconds, time));
        // "More than 98 %": the bound itself is outside.
        let success = self
            .success_rate
            .filter(|rate| *rate <= band.success_rate_above);
        found.extend(success.map(|value| Outside {
            figure: Figure::SuccessRate,
            value,
            bound: band.success_rate_above,
        }));
        found
    }
}

fn outside(figure: Figure, value: Option<f64>, (least, most): (f64, f64)) -> Option<Outside> {
    let value = value?;
    let bound = if value < least { least } else { most };
    (value < least || value > most).then_some(Outside {
        figure,
        value,
        bound,
    })
}

/// What tasks of one kind are expected to take, for each task.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct Band {
    /// Least and most tokens.
    pub tokens: (u64, u64),
    /// Least and most of the median time.
    pub completion: (Duration, Duration),
    /// A greater share than this succeeds.
    pub success_rate_above: f64,
}

impl Band {
    /// A single lookup or edit: 200–500 tokens, 0.5–2 s, more than 98 % succeed.
    pub const fn simple() -> Self {
        Self::new((200, 500), (500, 2_000), 0.98)
    }

    /// Several steps: 1,000–3,000 tokens, 5–30 s, more than 95 % succeed.
    pub const fn moderate() -> Self {
        Self::new((1_000, 3_000), (5_000, 30_000), 0.95)
    }

    /// A whole piece of work: 5,000–15,000 tokens, 60–600 s, more than 90 % succeed.
    pub const fn complex() -> Self {
        Self::new((5_000, 15_000), (60_000, 600_000), 0.90)
    }

    /// Least and most, time in milliseconds.
    const fn new(tokens: (u64, u64), millis: (u64, u64), success_rate_above: f64) -> Self {
        let completion = (
            Duration::from_millis(millis.0),
            Duration::from_millis(millis.1),
        );
        Self {
            tokens,
            completion,
            success_rate_above,
        }
    }
}

/// A figure that a [`Band`] bounds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Figure {
    /// [`Kpis::tokens_per_task`].
    Tokens,
    /// [`Kpis::completion_p50`], in seconds.
    CompletionSeconds,
    /// [`Kpis::success_rate`].
    SuccessRate,
}

/// A figure outside its band.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct Outside {
    /// Which.
    pub figure: Figure,
    /// What it is.
    pub value: f64,
    /// The bound that it is beyond.
    pub bound: f64,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::unit::Unit;

    fn outcomes() -> Outcomes {
        let nanos: Vec<u64> = (1..=100).map(|n| n * 10_000_000).collect();
        Outcomes {
            completion: Distribution::of(Unit::Seconds, &nanos),
            succeeded: 99,
            failed: 1,
            tokens: 29_700,
            elapsed: Duration::from_secs(50),
            errors: 4,
            errors_recovered: 3,
            checks: 8,
            checks_true_positive: 6,
        }
    }

    #[test]
    fn figures_are_shares_of_what_they_name() {
        let kpis = Kpis::of(&outcomes());
        let near = |found: Option<Duration>, millis: u64| {
            let found = found.unwrap().as_secs_f64() * 1e3;
            assert!((found / millis as f64 - 1.0).abs() < 0.001, "{found} ms");
        };
        near(kpis.completion_p50, 500);
        near(kpis.completion_p95, 950);
        near(kpis.completion_p99, 990);
        assert_eq!(kpis.tokens_per_success, Some(300.0));
        assert_eq!(kpis.tokens_per_task, Some(297.0));
        assert_eq!(kpis.recovery_rate, Some(0.75));
        assert_eq!(kpis.verification_accuracy, Some(0.75));
        assert_eq!(kpis.success_rate, Some(0.99));
        assert_eq!(kpis.tokens_per_second, Some(594.0));
    }

    #[test]
    fn nothing_done_has_no_figures() {
        assert_eq!(Kpis::of(&Outcomes::default()), Kpis::default());
        let no_time = Outcomes {
            elapsed: Duration::ZERO,
            ..outcomes()
        };
        assert_eq!(Kpis::of(&no_time).tokens_per_second, None);
        let no_success = Outcomes {
            succeeded: 0,
            ..outcomes()
        };
        assert_eq!(Kpis::of(&no_success).tokens_per_success, None);
        assert_eq!(Kpis::of(&no_success).success_rate, Some(0.0));
        for band in [Band::simple(), Band::moderate(), Band::complex()] {
            assert_eq!(Kpis::default().outside(&band), []);
        }
    }

    #[test]
    fn bands_hold_their_ends_but_for_the_success_rate() {
        let kpis = |tokens, millis, rate| Kpis {
            tokens_per_task: Some(tokens),
            completion_p50: Some(Duration::from_millis(millis)),
            success_rate: Some(rate),
            ..Kpis::default()
        };
        let check = |band: Band, kpis: Kpis, expect: &[(Figure, f64)]| {
            let found: Vec<_> = kpis
                .outside(&band)
                .iter()
                .map(|it| (it.figure, it.bound))
                .collect();
            assert_eq!(found, expect);
        };
        use Figure::{CompletionSeconds, SuccessRate, Tokens};
        check(Band::simple(), kpis(200.0, 500, 0.981), &[]);
        check(Band::simple(), kpis(500.0, 2_000, 1.0), &[]);
        check(
            Band::simple(),
            kpis(199.0, 499, 1.0),
            &[(Tokens, 200.0), (CompletionSeconds, 0.5)],
        );
        check(
            Band::simple(),
            kpis(501.0, 2_001, 0.98),
            &[
                (Tokens, 500.0),
                (CompletionSeconds, 2.0),
                (SuccessRate, 0.98),
            ],
        );
        check(Band::moderate(), kpis(1_000.0, 30_000, 0.951), &[]);
        check(
            Band::moderate(),
            kpis(3_001.0, 30_001, 0.95),
            &[
                (Tokens, 3_000.0),
                (CompletionSeconds, 30.0),
                (SuccessRate, 0.95),
            ],
        );
        check(Band::complex(), kpis(15_000.0, 600_000, 0.901), &[]);
        check(
            Band::complex(),
            kpis(4_999.0, 59_999, 0.9),
            &[
                (Tokens, 5_000.0),
                (CompletionSeconds, 60.0),
                (SuccessRate, 0.90),
            ],
        );
    }
}
