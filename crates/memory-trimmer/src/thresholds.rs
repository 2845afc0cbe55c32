//! When a history is trimmed, and how far.

use crate::Error;

/// Messages beyond the pairs that are always safe: the system message and a turn in flight.
const SPARE_MESSAGES: usize = 5;

/// How urgent a trim is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// Trim at the next good moment, such as the end of a turn.
    Trim,
    /// Trim before the next request.
    Emergency,
}

/// When a history is trimmed, and how far. The default is [`production`](Self::production).
///
/// Counted in messages, a history of `s = 2·max_pairs + 5` messages is safe, one of more than
/// `s·trim_threshold` is trimmed, and a trim keeps at most the system message and
/// `max_pairs·safe_trim_level` pairs. Counted in tokens, one of more than `max_tokens` is trimmed to
/// `max_tokens·safe_trim_level / trim_threshold`, so that the distance is the same. The distance
/// makes trims rare and deep: providers cache the head of a prompt, and each trim changes it.
#[derive(Debug, Clone, PartialEq)]
pub struct Thresholds {
    /// Pairs of question and answer that should stay.
    pub max_pairs: usize,
    /// Times the safe number of messages at which a trim is due.
    pub trim_threshold: f64,
    /// Times `max_pairs` that a trim keeps.
    pub safe_trim_level: f64,
    /// Times the safe number of messages at which a trim cannot wait.
    pub emergency: f64,
    /// Tokens above which a trim is due; `None` for no limit.
    pub max_tokens: Option<u64>,
    /// Whether system messages may be dropped like any other.
    pub drop_system: bool,
}

impl Default for Thresholds {
    fn default() -> Self {
        Thresholds::production()
    }
}

impl Thresholds {
    /// 100 pairs, trimmed at 308 messages to 241.
    pub fn production() -> Self {
        Thresholds::preset(100, 1.5, 1.2)
    }

    /// 20 pairs, trimmed at 91 messages to 61.
    pub fn development() -> Self {
        Thresholds::preset(20, 2.0, 1.5)
    }

    /// 50 pairs, trimmed at 137 messages to 111.
    pub fn high_throughput() -> Self {
        Thresholds::preset(50, 1.3, 1.1)
    }

    fn preset(max_pairs: usize, trim_threshold: f64, safe_trim_level: f64) -> Self {
        Thresholds {
            max_pairs,
            trim_threshold,
            safe_trim_level,
            emergency: 2.0,
            max_tokens: None,
            drop_system: false,
        }
    }

    /// The number of messages that is always safe: `2·max_pairs + 5`.
    pub fn safe_messages(&self) -> usize {
        self.max_pairs
            .saturating_mul(2)
            .saturating_add(SPARE_MESSAGES)
    }

    /// The smallest number of messages at which a trim is due.
    pub fn trigger_messages(&self) -> usize {
        scaled(self.safe_messages(), self.trim_threshold).saturating_add(1)
    }

    /// The smallest number of messages at which a trim cannot wait.
    pub fn emergency_messages(&self) -> usize {
        scaled(self.safe_messages(), self.emergency).saturating_add(1)
    }

    /// The most messages that a trim keeps: the system message and `max_pairs·safe_trim_level` pairs.
    pub fn level_messages(&self) -> usize {
        let pairs = scaled(self.max_pairs, self.safe_trim_level);
        pairs.saturating_mul(2).saturating_add(1)
    }

    /// The most tokens that a trim keeps once it is due for its tokens; `None` for no limit.
    pub fn level_tokens(&self) -> Option<u64> {
        let share = self.safe_trim_level / self.trim_threshold;
        self.max_tokens.map(|max| share_of(max, share).min(max))
    }

    /// Tokens above which a trim cannot wait; `None` for no limit.
    pub fn emergency_tokens(&self) -> Option<u64> {
        let share = self.emergency / self.trim_threshold;
        self.max_tokens.map(|max| share_of(max, share).max(max))
    }

    /// Refuses what cannot work: factors that are not finite or too small, a level that is not below
    /// the trigger, an emergency before it, no tokens at all.
    ///
    /// A history trims by nonsense without panicking; a factor that is not a number never triggers.
    ///
    /// # Errors
    ///
    /// The first field that cannot work, with its value.
    pub fn validate(&self) -> Result<(), Error> {
        for (name, value, min) in [
            ("trim_threshold", self.trim_threshold, 1.0),
            ("safe_trim_level", self.safe_trim_level, 0.0),
            ("emergency", self.emergency, 1.0),
        ] {
            if !value.is_finite() || value < min {
                return Err(Error::Factor { name, value, min });
            }
        }
        let (level, trigger) = (self.level_messages(), self.trigger_messages());
        if self.safe_trim_level > self.trim_threshold || level >= trigger {
            return Err(Error::LevelAboveTrigger { level, trigger });
        }
        if self.emergency < self.trim_threshold {
            return Err(Error::EmergencyBelowTrigger {
                emergency: self.emergency,
                trigger: self.trim_threshold,
            });
        }
        match self.max_tokens {
            Some(0) => Err(Error::NoTokens),
            _ => Ok(()),
        }
    }
}

/// `count·factor` rounded down, where `1.15·100` is 115 although the product is 114.99…; never
/// reached when the factor is not a number.
fn scaled(count: usize, factor: f64) -> usize {
    if factor.is_nan() {
        return usize::MAX;
    }
    (count as f64 * factor + 1e-6) as usize // The conversion rounds down, and saturates.
}

/// `max·share` rounded down; all of it when the share is not a number.
fn share_of(max: u64, share: f64) -> u64 {
    if share.is_nan() {
        return max;
    }
    (max as f64 * share + 1e-6) as u64
}

/// Token budgets by how complex a task is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct TokenBudgets {
    /// For a task of one step.
    pub simple: u64,
    /// For a task of a few steps.
    pub moderate: u64,
    /// For everything else.
    pub complex: u64,
}

impl Default for TokenBudgets {
    /// 500, 2,000 and 8,000 tokens.
    fn default() -> Self {
        TokenBudgets {
            simple: 500,
            moderate: 2_000,
            complex: 8_000,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Safe, trigger, emergency and level, in messages.
    fn check(thresholds: Thresholds, expect: [usize; 4]) {
        let numbers = [
            thresholds.safe_messages(),
            thresholds.trigger_messages(),
            thresholds.emergency_messages(),
            thresholds.level_messages(),
        ];
        assert_eq!(numbers, expect, "{thresholds:?}");
        assert_eq!(thresholds.validate(), Ok(()));
    }

    #[test]
    fn presets_give_the_numbers_of_the_guide() {
        check(Thresholds::default(), [205, 308, 411, 241]);
        check(Thresholds::development(), [45, 91, 91, 61]);
        check(Thresholds::high_throughput(), [105, 137, 211, 111]);
        let none = Thresholds {
            max_pairs: 0,
            ..Thresholds::default()
        };
        check(none, [5, 8, 11, 1]);
    }

    #[test]
    fn decimal_factors_are_meant_as_written() {
        let thresholds = Thresholds {
            safe_trim_level: 1.15,
            ..Thresholds::default()
        };
        assert_eq!(thresholds.level_messages(), 1 + 2 * 115);
    }

    #[test]
    fn tokens_keep_the_same_distance() {
        let thresholds = Thresholds {
            max_tokens: Some(10_000),
            ..Thresholds::default()
        };
        assert_eq!(thresholds.level_tokens(), Some(8_000));
        assert_eq!(thresholds.emergency_tokens(), Some(13_333));
    }

    fn refused(change: impl Fn(&mut Thresholds), expect: &str) {
        let mut thresholds = Thresholds::default();
        change(&mut thresholds);
        assert_eq!(thresholds.validate().unwrap_err().to_string(), expect);
    }

    #[test]
    fn nonsense_is_refused() {
        let factor = "use trim_threshold NaN: expected a finite number from 1";
        refused(|t| t.trim_threshold = f64::NAN, factor);
        refused(
            |t| t.safe_trim_level = -1.0,
            "use safe_trim_level -1: expected a finite number from 0",
        );
        refused(
            |t| t.emergency = f64::INFINITY,
            "use emergency inf: expected a finite number from 1",
        );
        refused(
            |t| t.safe_trim_level = 1.6,
            "use a level of 321 messages: expected less than the trigger, 308",
        );
        refused(
            |t| t.emergency = 1.4,
            "use emergency 1.4: expected at least trim_threshold, 1.5",
        );
        refused(
            |t| t.max_tokens = Some(0),
            "use max_tokens 0: no message fits",
        );
    }

    #[test]
    fn what_is_not_a_number_never_triggers() {
        let thresholds = Thresholds {
            max_pairs: usize::MAX,
            trim_threshold: f64::NAN,
            safe_trim_level: f64::NAN,
            emergency: f64::NAN,
            max_tokens: Some(7),
            drop_system: false,
        };
        assert_eq!(thresholds.trigger_messages(), usize::MAX);
        assert_eq!(thresholds.level_messages(), usize::MAX);
        assert_eq!(thresholds.level_tokens(), Some(7));
        assert_eq!(thresholds.emergency_tokens(), Some(7));
    }
}
