//! Where samples lie and how far they spread.

/// The middle sample, or the mean of the two middle ones, which those of −∞ and ∞ do not have. Reorders
/// the slice; O(n).
pub fn median(samples: &mut [f64]) -> Option<f64> {
    ordered(samples)?;
    let middle = samples.len() / 2;
    let odd = samples.len() % 2 == 1;
    let (below, upper, _) = samples.select_nth_unstable_by(middle, f64::total_cmp);
    if odd {
        return Some(*upper);
    }
    let lower = below.iter().copied().max_by(f64::total_cmp)?;
    let middle = f64::midpoint(lower, *upper);
    (!middle.is_nan()).then_some(middle)
}

/// The median absolute deviation from the median, unscaled (× 1.4826 estimates the standard
/// deviation of normal samples). Reorders the slice; O(n).
pub fn mad(samples: &mut [f64]) -> Option<f64> {
    let center = median(samples)?;
    let mut deviations: Vec<f64> = samples.iter().map(|x| (x - center).abs()).collect();
    median(&mut deviations)
}

/// The sample of rank ⌈fraction·n⌉ (nearest rank; the 19th of 20 for 0.95, and the least for 0).
/// `None` for a fraction outside 0..=1. Reorders the slice; O(n).
pub fn percentile(samples: &mut [f64], fraction: f64) -> Option<f64> {
    if !(0.0..=1.0).contains(&fraction) {
        return None;
    }
    ordered(samples)?;
    let at = nearest_rank(fraction, samples.len() as u64) as usize - 1;
    Some(*samples.select_nth_unstable_by(at, f64::total_cmp).1)
}

/// ⌈fraction·count⌉, 1 to count, exact where the product is a whole number that floating point misses.
pub(crate) fn nearest_rank(fraction: f64, count: u64) -> u64 {
    let product = fraction * count as f64;
    let whole = product.round();
    let near = (product - whole).abs() <= whole * 1e-12;
    let rank = if near { whole } else { product.ceil() };
    (rank as u64).clamp(1, count)
}

/// The arithmetic mean.
pub fn mean(samples: &[f64]) -> Option<f64> {
    let mean = samples.iter().sum::<f64>() / samples.len() as f64;
    mean.is_finite().then_some(mean)
}

/// The geometric mean, which suits ratios: that of 2 and ½ is 1. `None` unless all are greater than
/// zero and finite. The mean of the logarithms, so that no product overflows.
pub fn geometric_mean(samples: &[f64]) -> Option<f64> {
    if samples.iter().any(|x| *x <= 0.0) {
        return None;
    }
    let logarithms: f64 = samples.iter().map(|x| x.ln()).sum();
    let mean = (logarithms / samples.len() as f64).exp();
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

/// `None` for no samples and for samples that have no order.
pub(super) fn ordered(samples: &[f64]) -> Option<()> {
    (!samples.is_empty() && samples.iter().all(|x| !x.is_nan())).then_some(())
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
        assert_eq!(geometric_mean(&[]), None);
        assert_eq!(std_dev(&[1.0]), None);
        assert!(rolling_mean(&[1.0], 2).is_empty());
        assert!(rolling_mean(&[1.0], 0).is_empty());
    }

    #[test]
    fn what_is_no_number_has_none_either() {
        assert_eq!(median(&mut [1.0, f64::NAN]), None);
        assert_eq!(median(&mut [f64::NEG_INFINITY, f64::INFINITY]), None);
        assert_eq!(mad(&mut [f64::INFINITY, 1.0, f64::INFINITY]), None);
        assert_eq!(percentile(&mut [f64::NAN], 0.5), None);
        assert_eq!(percentile(&mut [1.0], f64::NAN), None);
        assert_eq!(percentile(&mut [1.0], 1.01), None);
        assert_eq!(mean(&[f64::INFINITY]), None);
        assert_eq!(std_dev(&[f64::NAN, 1.0]), None);
        for bad in [0.0, -1.0, f64::NAN, f64::INFINITY] {
            assert_eq!(geometric_mean(&[1.0, bad]), None, "{bad}");
        }
    }

    #[test]
    fn known_samples() {
        assert_eq!(median(&mut [3.0, 1.0, 2.0]), Some(2.0));
        assert_eq!(median(&mut [4.0, 1.0, 2.0, 3.0]), Some(2.5));
        assert_eq!(mad(&mut [1.0, 1.0, 2.0, 2.0, 4.0, 6.0, 9.0]), Some(1.0));
        assert_eq!(mean(&[1.0, 2.0, 6.0]), Some(3.0));
        assert_eq!(std_dev(&[2.0, 4.0, 6.0]), Some(2.0));
        assert_eq!(rolling_mean(&[1.0, 2.0, 3.0, 6.0], 3), [2.0, 11.0 / 3.0]);
        // Reference: scipy 1.17, `gmean`.
        let geometric = geometric_mean(&[1.0, 2.0, 4.0, 9.5]).unwrap();
        assert!((geometric - 2.952_591_723_737_189_3).abs() < 1e-14);
    }

    #[test]
    fn two_samples_far_from_zero_have_the_spread_of_their_distance() {
        // The difference of squares, which is the same on paper, has lost it to rounding.
        assert_eq!(std_dev(&[1e16, 1e16 + 4.0]), Some(8f64.sqrt()));
    }

    #[test]
    fn the_95th_percentile_of_twenty_is_the_nineteenth() {
        let mut samples: Vec<f64> = (1..=20).map(f64::from).collect();
        assert_eq!(percentile(&mut samples, 0.95), Some(19.0));
        assert_eq!(percentile(&mut samples, 0.0), Some(1.0));
        assert_eq!(percentile(&mut samples, 1.0), Some(20.0));
        // 0.07 · 100 is 7.000000000000001 to a machine.
        let mut samples: Vec<f64> = (1..=100).map(f64::from).collect();
        assert_eq!(percentile(&mut samples, 0.07), Some(7.0));
    }
}
