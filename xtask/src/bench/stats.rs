//! The few statistics that benchmarks need. All answers are absent rather than wrong for no samples.

/// Turns a median absolute deviation into what a standard deviation would be for normal samples.
const NORMAL: f64 = 1.4826;

/// The middle of the samples; the mean of the two middle ones when their number is even. O(n log n).
pub(crate) fn median(samples: &[f64]) -> Option<f64> {
    let mut sorted = samples.to_vec();
    sorted.sort_by(f64::total_cmp);
    let middle = sorted.len() / 2;
    match sorted.len() {
        0 => None,
        length if length % 2 == 1 => Some(sorted[middle]),
        _ => Some(f64::midpoint(sorted[middle - 1], sorted[middle])),
    }
}

/// How far the extremes lie apart, as a share of the median. Absent for fewer than two samples.
pub(crate) fn spread(samples: &[f64]) -> Option<f64> {
    let middle = median(samples).filter(|_| samples.len() > 1)?;
    let least = samples.iter().copied().fold(f64::INFINITY, f64::min);
    let most = samples.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    Some((most - least) / middle)
}

/// The scaled median absolute deviation as a share of the median: a spread that one outlier in
/// three cannot move. Absent for fewer than three samples.
pub(crate) fn robust_spread(samples: &[f64]) -> Option<f64> {
    let middle = median(samples).filter(|_| samples.len() > 2)?;
    let distances: Vec<f64> = samples
        .iter()
        .map(|sample| (sample - middle).abs())
        .collect();
    Some(NORMAL * median(&distances)? / middle)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn median_of_odd_even_and_none() {
        assert_eq!(median(&[3.0, 1.0, 2.0]), Some(2.0));
        assert_eq!(median(&[4.0, 1.0, 2.0, 3.0]), Some(2.5));
        assert_eq!(median(&[]), None);
    }

    #[test]
    fn spread_is_a_share_of_the_median() {
        assert_eq!(spread(&[90.0, 100.0, 130.0]), Some(0.4));
        assert_eq!(spread(&[5.0]), None);
    }

    #[test]
    fn robust_spread_ignores_one_outlier() {
        assert_eq!(robust_spread(&[100.0, 100.0, 900.0]), Some(0.0));
        let spread = robust_spread(&[90.0, 100.0, 900.0]).unwrap();
        assert!((spread - NORMAL * 0.1).abs() < 1e-12, "{spread}");
        assert_eq!(robust_spread(&[1.0, 2.0]), None);
    }
}
