//! Whether something grows, such as memory over time.

use super::bootstrap::Interval;
use super::normal;
use super::sample::median;

/// More points than this are thinned out evenly: all pairs of 300 are 44,850 slopes.
const POINTS_MAX: usize = 300;

/// A line through points.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct Slope {
    /// By how much y grows with each x.
    pub per_x: f64,
    /// Where the true slope lies at the confidence that was asked for. An end is infinite when the
    /// points are too few to bound it.
    pub interval: Interval,
    /// y where x is 0.
    pub intercept: f64,
}

/// The median of the slopes between all pairs of points, and Sen's interval for it (Theil 1950, Sen
/// 1968; variance corrected for ties). Up to 29 % of the points may be arbitrarily wrong.
///
/// Of more than 300 points, in the order given, 300 at even distances are taken, so that the work is
/// bounded. The interval takes errors to be independent: of a series that remembers its past, such as
/// memory that grows by steps, sample rarely or ask for more confidence. What grows at first and then stays
/// has a slope too: leave out the warm-up.
///
/// `None` for fewer than two points of different x, when something is not finite, and for a confidence
/// outside 0..1. O(n²) up to 300 points.
pub fn slope(points: &[(f64, f64)], confidence: f64) -> Option<Slope> {
    let usable = points.iter().all(|(x, y)| x.is_finite() && y.is_finite());
    if !(usable && confidence > 0.0 && confidence < 1.0) {
        return None;
    }
    let points = thinned(points);
    let mut slopes = pair_slopes(&points);
    let per_x = median(&mut slopes)?;
    let interval = sen_interval(&points, &mut slopes, confidence);
    let (mut xs, mut ys): (Vec<f64>, Vec<f64>) = points.into_iter().unzip();
    let intercept = median(&mut ys)? - per_x * median(&mut xs)?;
    intercept.is_finite().then_some(Slope {
        per_x,
        interval,
        intercept,
    })
}

/// The first, the last, and others evenly between.
fn thinned(points: &[(f64, f64)]) -> Vec<(f64, f64)> {
    if points.len() <= POINTS_MAX {
        return points.to_vec();
    }
    let last = points.len() - 1;
    (0..POINTS_MAX)
        .map(|i| points[i * last / (POINTS_MAX - 1)])
        .collect()
}

fn pair_slopes(points: &[(f64, f64)]) -> Vec<f64> {
    let mut slopes = Vec::with_capacity(points.len() * points.len() / 2);
    for (n, a) in points.iter().enumerate() {
        let later = points[n + 1..].iter().filter(|b| b.0 != a.0);
        slopes.extend(later.map(|b| (b.1 - a.1) / (b.0 - a.0)));
    }
    slopes
}

/// The slopes so many ranks from the middle that Kendall's S stays within its spread.
fn sen_interval(points: &[(f64, f64)], slopes: &mut [f64], confidence: f64) -> Interval {
    let n = points.len() as f64;
    let variance = spread(n) - ties(points.iter().map(|p| p.0)) - ties(points.iter().map(|p| p.1));
    let reach = normal::z_within(confidence) * variance.max(0.0).sqrt();
    // As many slopes on either side are left out; a negative number says that all are too few.
    let left_out = ((slopes.len() as f64 - reach) / 2.0).round() - 1.0;
    if left_out < 0.0 {
        return Interval {
            low: f64::NEG_INFINITY,
            high: f64::INFINITY,
        };
    }
    let low = (left_out as usize).min((slopes.len() - 1) / 2);
    let high = slopes.len() - 1 - low;
    Interval {
        low: *slopes.select_nth_unstable_by(low, f64::total_cmp).1,
        high: *slopes.select_nth_unstable_by(high, f64::total_cmp).1,
    }
}

/// The variance of Kendall's S for k values, or its share that a run of k equal ones takes away.
fn spread(k: f64) -> f64 {
    k * (k - 1.0) * (2.0 * k + 5.0) / 18.0
}

fn ties(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_unstable_by(f64::total_cmp);
    values
        .chunk_by(|a, b| a == b)
        .map(|run| spread(run.len() as f64))
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    const GROWING: [f64; 12] = [
        10.0, 12.0, 11.0, 15.0, 14.0, 14.0, 18.0, 17.0, 17.0, 21.0, 20.0, 25.0,
    ];

    fn series(ys: impl IntoIterator<Item = f64>) -> Vec<(f64, f64)> {
        ys.into_iter()
            .enumerate()
            .map(|(x, y)| (x as f64, y))
            .collect()
    }

    /// References: scipy 1.17, `theilslopes`.
    #[test]
    fn a_known_line() {
        let check = |confidence, low, high| {
            let found = slope(&series(GROWING), confidence).unwrap();
            let expect = Slope {
                per_x: 1.0625,
                interval: Interval { low, high },
                intercept: 10.156_25,
            };
            assert_eq!(found, expect);
        };
        check(0.95, 5.0 / 6.0, 1.5);
        check(0.99, 2.0 / 3.0, 5.0 / 3.0);
    }

    #[test]
    fn no_line_without_two_places() {
        assert_eq!(slope(&[], 0.95), None);
        assert_eq!(slope(&[(1.0, 1.0)], 0.95), None);
        assert_eq!(slope(&[(1.0, 1.0), (1.0, 2.0)], 0.95), None);
        assert_eq!(slope(&[(1.0, f64::NAN), (2.0, 2.0)], 0.95), None);
        assert_eq!(slope(&[(1.0, f64::INFINITY), (2.0, 2.0)], 0.95), None);
        assert_eq!(slope(&series(GROWING), 1.0), None);
        assert_eq!(slope(&series(GROWING), 0.0), None);
        // Neither would tell in the median of the slopes.
        let (one, two) = ((1.0, 1.0), (2.0, 2.0));
        assert_eq!(slope(&[one, two, (3.0, f64::INFINITY)], 0.95), None);
        assert_eq!(slope(&[one, two, (f64::INFINITY, 3.0)], 0.95), None);
    }

    /// Sen's formula, reckoned apart from this code. Without the ties of either x or y the interval would be
    /// 3/7..=2.
    #[test]
    fn ties_narrow_the_interval() {
        let xs = [0.0, 1.0, 3.0, 7.0].into_iter().flat_map(|x| [x; 3]);
        let ys = [2.0, 0.0, 4.0, 1.0, 7.0, 7.0, 9.0, 9.0, 5.0, 7.0, 13.0, 7.0];
        let points: Vec<_> = xs.zip(ys).collect();
        let found = slope(&points, 0.9).unwrap();
        let expect = Interval {
            low: 0.5,
            high: 13.0 / 7.0,
        };
        assert_eq!((found.per_x, found.interval), (1.0, expect));
    }

    #[test]
    fn few_points_bound_nothing() {
        let found = slope(&series([1.0, 2.0, 3.0, 4.0]), 0.99).unwrap();
        assert_eq!(found.per_x, 1.0);
        assert_eq!(found.interval.low, f64::NEG_INFINITY);
        assert_eq!(found.interval.high, f64::INFINITY);
    }

    #[test]
    fn where_no_slope_is_left_out_the_ends_are_the_extremes() {
        let squares = [0.0, 1.0, 4.0, 9.0, 16.0];
        let found = slope(&series(squares), 0.95).unwrap();
        let all = Interval {
            low: 1.0,
            high: 7.0,
        };
        assert_eq!((found.per_x, found.interval), (4.0, all));
    }

    #[test]
    fn what_stays_the_same_has_no_slope() {
        let found = slope(&series([5.0; 50]), 0.99).unwrap();
        let none = Interval {
            low: 0.0,
            high: 0.0,
        };
        assert_eq!(
            (found.per_x, found.interval, found.intercept),
            (0.0, none, 5.0)
        );
    }

    #[test]
    fn a_fourth_of_outliers_moves_nothing_far() {
        let growing = (0..100).map(|n| if n % 4 == 0 { 1e9 } else { 3.0 * f64::from(n) });
        let found = slope(&series(growing), 0.99).unwrap();
        assert!((2.0..4.0).contains(&found.per_x), "{found:?}");
    }

    #[test]
    fn many_points_are_thinned_with_both_ends_kept() {
        let many = series((0..100_000).map(f64::from));
        let thin = thinned(&many);
        assert_eq!(thin.len(), POINTS_MAX);
        assert_eq!((thin[0], thin[299]), (many[0], many[99_999]));
        assert_eq!(slope(&many, 0.99).unwrap().per_x, 1.0);
    }
}
