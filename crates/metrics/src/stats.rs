//! Plain statistics on samples, for comparing runs.
//!
//! Each answers `None` rather than zero or a panic when the samples are too few or hold something
//! that is not a number. Nothing here keeps samples: the caller owns and bounds them.

use std::time::Duration;

/// The middle sample, or the mean of the two middle ones. Sorts the slice; O(n log n).
pub fn median(samples: &mut [f64]) -> Option<f64> {
    sort(samples)?;
    let middle = samples.len() / 2;
    Some(if samples.len() % 2 == 1 {
        samples[middle]
    } else {
        f64::midpoint(samples[middle - 1], samples[middle])
    })
}

/// The median absolute deviation from the median, unscaled (× 1.4826 estimates the standard
/// deviation of normal samples). Sorts the slice; O(n log n).
pub fn mad(samples: &mut [f64]) -> Option<f64> {
    let center = median(samples)?;
    let mut deviations: Vec<f64> = samples.iter().map(|x| (x - center).abs()).collect();
    median(&mut deviations)
}

/// The sample of rank ⌈fraction·n⌉ (nearest rank; the 19th of 20 for 0.95, and the least for 0).
/// `None` for a fraction outside 0..=1. Sorts the slice; O(n log n).
pub fn percentile(samples: &mut [f64], fraction: f64) -> Option<f64> {
    if !(0.0..=1.0).contains(&fraction) {
        return None;
    }
    sort(samples)?;
    let rank = (fraction * samples.len() as f64).ceil() as usize;
    Some(samples[rank.clamp(1, samples.len()) - 1])
}

/// The arithmetic mean.
pub fn mean(samples: &[f64]) -> Option<f64> {
    let mean = samples.iter().sum::<f64>() / samples.len() as f64;
    mean.is_finite().then_some(mean)
}

/// The standard deviation of the population they were drawn from (divides by n − 1): two samples
/// at least.
pub fn std_dev(samples: &[f64]) -> Option<f64> {
    if samples.len() < 2 {
        return None;
    }
    let center = mean(samples)?;
    let squares = samples.iter().map(|x| (x - center) * (x - center));
    let deviation = (squares.sum::<f64>() / (samples.len() - 1) as f64).sqrt();
    deviation.is_finite().then_some(deviation)
}

/// The mean of each `window` neighbouring samples, in order: `n − window + 1` of them, none when
/// the window is 0 or longer than the samples. Each window is summed anew, so that errors do not
/// add up; O(n · window).
pub fn rolling_mean(samples: &[f64], window: usize) -> Vec<f64> {
    if window == 0 {
        return Vec::new();
    }
    let windows = samples.windows(window);
    windows
        .map(|w| w.iter().sum::<f64>() / window as f64)
        .collect()
}

/// By which share the median of `current` lies above (positive) or below (negative) that of
/// `baseline`: 0.1 is 10 % more. `None` when the baseline's median is zero. Sorts both.
pub fn relative_change(baseline: &mut [f64], current: &mut [f64]) -> Option<f64> {
    let (before, after) = (median(baseline)?, median(current)?);
    ratio(after - before, before.abs())
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

/// `None` for no samples and for samples that have no order.
fn sort(samples: &mut [f64]) -> Option<()> {
    if samples.is_empty() || samples.iter().any(|x| x.is_nan()) {
        return None;
    }
    samples.sort_unstable_by(f64::total_cmp);
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn too_few_samples_have_no_statistics() {
        assert_eq!(median(&mut []), None);
        assert_eq!(mad(&mut []), None);
        assert_eq!(percentile(&mut [], 0.5), None);
        assert_eq!(mean(&[]), None);
        assert_eq!(std_dev(&[1.0]), None);
        assert!(rolling_mean(&[1.0], 2).is_empty());
        assert!(rolling_mean(&[1.0], 0).is_empty());
        assert_eq!(relative_change(&mut [], &mut [1.0]), None);
    }

    #[test]
    fn what_is_no_number_has_none_either() {
        assert_eq!(median(&mut [1.0, f64::NAN]), None);
        assert_eq!(percentile(&mut [f64::NAN], 0.5), None);
        assert_eq!(percentile(&mut [1.0], f64::NAN), None);
        assert_eq!(percentile(&mut [1.0], 1.01), None);
        assert_eq!(mean(&[f64::INFINITY]), None);
        assert_eq!(std_dev(&[f64::NAN, 1.0]), None);
    }

    #[test]
    fn no_time_has_no_rate() {
        assert_eq!(rate_per_second(100.0, Duration::ZERO), None);
        assert_eq!(rate_per_second(0.0, Duration::ZERO), None);
        assert_eq!(
            rate_per_second(100.0, Duration::from_millis(500)),
            Some(200.0)
        );
        assert_eq!(ratio(0.0, 0.0), None);
        assert_eq!(relative_change(&mut [0.0], &mut [1.0]), None);
    }

    #[test]
    fn known_samples() {
        assert_eq!(median(&mut [3.0, 1.0, 2.0]), Some(2.0));
        assert_eq!(median(&mut [4.0, 1.0, 2.0, 3.0]), Some(2.5));
        assert_eq!(mad(&mut [1.0, 1.0, 2.0, 2.0, 4.0, 6.0, 9.0]), Some(1.0));
        assert_eq!(mean(&[1.0, 2.0, 6.0]), Some(3.0));
        assert_eq!(std_dev(&[2.0, 4.0, 6.0]), Some(2.0));
        assert_eq!(rolling_mean(&[1.0, 2.0, 3.0, 6.0], 3), [2.0, 11.0 / 3.0]);
        assert_eq!(relative_change(&mut [10.0], &mut [9.0]), Some(-0.1));
    }

    #[test]
    fn the_95th_percentile_of_twenty_is_the_nineteenth() {
        let mut samples: Vec<f64> = (1..=20).map(f64::from).collect();
        assert_eq!(percentile(&mut samples, 0.95), Some(19.0));
        assert_eq!(percentile(&mut samples, 0.0), Some(1.0));
        assert_eq!(percentile(&mut samples, 1.0), Some(20.0));
    }
}
