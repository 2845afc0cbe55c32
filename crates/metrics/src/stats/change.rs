//! Shares and rates, absent where there is nothing to divide by.

use std::time::Duration;

use super::sample::median;

/// By which share the median of `current` lies above (positive) or below (negative) that of
/// `baseline`: 0.1 is 10 % more. `None` when the baseline's median is zero. Reorders both; O(n).
pub fn relative_change(baseline: &mut [f64], current: &mut [f64]) -> Option<f64> {
    let (before, after) = (median(baseline)?, median(current)?);
    ratio(after - before, before.abs())
}

/// By which share `current` is better than `baseline` where less is better, as of time or memory:
/// 0.25 is a quarter less, negative is worse. [`relative_change`] with the other sign.
pub fn improvement(baseline: &mut [f64], current: &mut [f64]) -> Option<f64> {
    // Not the negation, which would make a zero of "no change" negative.
    relative_change(baseline, current).map(|change| 0.0 - change)
}

/// `amount` per second; `None` when no time has passed.
pub fn rate_per_second(amount: f64, elapsed: Duration) -> Option<f64> {
    ratio(amount, elapsed.as_secs_f64())
}

/// `part / whole`; `None` when that is not a finite number, as when `whole` is zero.
pub fn ratio(part: f64, whole: f64) -> Option<f64> {
    let ratio = part / whole;
    ratio.is_finite().then_some(ratio)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_time_has_no_rate() {
        assert_eq!(rate_per_second(100.0, Duration::ZERO), None);
        assert_eq!(rate_per_second(0.0, Duration::ZERO), None);
        let half = Duration::from_millis(500);
        assert_eq!(rate_per_second(100.0, half), Some(200.0));
        assert_eq!(ratio(0.0, 0.0), None);
    }

    #[test]
    fn a_baseline_of_zero_has_no_change() {
        assert_eq!(relative_change(&mut [0.0], &mut [1.0]), None);
        assert_eq!(relative_change(&mut [], &mut [1.0]), None);
        assert_eq!(improvement(&mut [0.0], &mut [1.0]), None);
    }

    #[test]
    fn less_is_an_improvement() {
        assert_eq!(relative_change(&mut [10.0], &mut [9.0]), Some(-0.1));
        assert_eq!(improvement(&mut [10.0], &mut [9.0]), Some(0.1));
        assert_eq!(improvement(&mut [-10.0], &mut [-9.0]), Some(-0.1));
        assert_eq!(improvement(&mut [3.0], &mut [3.0]).unwrap().to_bits(), 0);
    }
}
