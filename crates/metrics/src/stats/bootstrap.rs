//! How sure a number is, by drawing the samples again (Efron 1979).

use super::random::Random;
use super::sample::{median, ordered};

/// From `low` to `high`, both included.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Interval {
    /// The lower end.
    pub low: f64,
    /// The upper end, never below `low`.
    pub high: f64,
}

impl Interval {
    /// Whether it covers `value`.
    pub fn contains(&self, value: f64) -> bool {
        self.low <= value && value <= self.high
    }
}

/// The percentile interval of `statistic` at `confidence` (such as 0.99): the samples are drawn
/// `resamples` times with replacement, and the interval covers that share of what came out.
///
/// `None` without samples or resamples, for a confidence outside 0..1, for a sample that is not a
/// number, and when the statistic has no number for one of the draws. O(resamples × (n + statistic));
/// keeps one number a resample. The statistic may reorder what it is given.
pub fn bootstrap(
    samples: &[f64],
    confidence: f64,
    resamples: usize,
    seed: u64,
    statistic: impl Fn(&mut [f64]) -> Option<f64>,
) -> Option<Interval> {
    ordered(samples)?;
    let mut random = Random::new(seed);
    let mut drawn = vec![0.0; samples.len()];
    let mut draw = || {
        drawn.fill_with(|| samples[random.below(samples.len())]);
        statistic(&mut drawn)
    };
    let outcomes: Option<Vec<f64>> = (0..resamples).map(|_| draw()).collect();
    middle(outcomes?, confidence)
}

/// The percentile interval of the relative change of medians, `current / baseline − 1`, of two
/// independent sets of samples: each is drawn anew by itself.
///
/// `None` where [`bootstrap`] has none, and when a drawn baseline has the median 0.
/// O(resamples × (n + m) × log).
pub fn bootstrap_change(
    baseline: &[f64],
    current: &[f64],
    confidence: f64,
    resamples: usize,
    seed: u64,
) -> Option<Interval> {
    ordered(baseline)?;
    ordered(current)?;
    let mut random = Random::new(seed);
    let (mut before, mut after) = (vec![0.0; baseline.len()], vec![0.0; current.len()]);
    let mut draw = || {
        before.fill_with(|| baseline[random.below(baseline.len())]);
        after.fill_with(|| current[random.below(current.len())]);
        super::relative_change(&mut before, &mut after)
    };
    let outcomes: Option<Vec<f64>> = (0..resamples).map(|_| draw()).collect();
    middle(outcomes?, confidence)
}

/// The median of all samples, and its percentile interval when samples come in groups that differ
/// among themselves, such as turns of several processes: each resample draws as many groups as there
/// are, and within each as many samples as it has (hierarchical bootstrap; Davison and Hinkley 1997,
/// 3.8).
///
/// `None` where [`bootstrap`] has none, and for an empty group. O(n log n + resamples × n), without
/// comparing samples: the draws are counted by rank.
pub fn bootstrap_groups(
    groups: &[Vec<f64>],
    confidence: f64,
    resamples: usize,
    seed: u64,
) -> Option<(f64, Interval)> {
    if groups.iter().any(Vec::is_empty) {
        return None;
    }
    let mut sorted = groups.concat();
    let center = median(&mut sorted)?;
    sorted.sort_unstable_by(f64::total_cmp);
    let ranks = ranks(groups, &sorted);
    let mut random = Random::new(seed);
    let mut counts = vec![0u32; sorted.len()];
    let mut draw = || {
        counts.fill(0);
        let total = draw_groups(&ranks, &mut random, &mut counts);
        median_of_counts(&sorted, &counts, total)
    };
    let medians = (0..resamples).map(|_| draw()).collect();
    Some((center, middle(medians, confidence)?))
}

/// The groups with each sample replaced by its place in the sorted whole.
fn ranks(groups: &[Vec<f64>], sorted: &[f64]) -> Vec<Vec<u32>> {
    let rank = |x: &f64| sorted.partition_point(|y| y.total_cmp(x).is_lt()) as u32;
    let group = |group: &Vec<f64>| group.iter().map(rank).collect();
    groups.iter().map(group).collect()
}

/// Counts how often each rank is drawn; how many were, all together.
fn draw_groups(ranks: &[Vec<u32>], random: &mut Random, counts: &mut [u32]) -> usize {
    let mut total = 0;
    for _ in 0..ranks.len() {
        let group = &ranks[random.below(ranks.len())];
        total += group.len();
        for _ in 0..group.len() {
            counts[group[random.below(group.len())] as usize] += 1;
        }
    }
    total
}

/// The median of samples of which each was drawn so many times, `total` draws in all.
fn median_of_counts(sorted: &[f64], counts: &[u32], total: usize) -> f64 {
    // The draws of these two ranks, counted from 0, are the middle; one and the same if total is odd.
    let (lower, upper) = ((total - 1) / 2, total / 2);
    let mut seen = 0;
    let mut low = None;
    for (&sample, &count) in sorted.iter().zip(counts) {
        seen += count as usize;
        if seen > lower && low.is_none() {
            low = Some(sample);
        }
        if seen > upper {
            return f64::midpoint(low.unwrap_or(sample), sample);
        }
    }
    unreachable!("because the counts add up to the total")
}

/// The ends of the middle `confidence` of all outcomes, between neighbours in proportion.
fn middle(mut outcomes: Vec<f64>, confidence: f64) -> Option<Interval> {
    if !(confidence > 0.0 && confidence < 1.0) {
        return None;
    }
    ordered(&outcomes)?;
    outcomes.sort_unstable_by(f64::total_cmp);
    let last = outcomes.len() - 1;
    let cut = (1.0 - confidence) / 2.0 * last as f64;
    let (whole, part) = (cut as usize, cut.fract());
    let between = |outer: f64, inner: f64| {
        if outer == inner {
            outer
        } else {
            outer + (inner - outer) * part
        }
    };
    Some(Interval {
        low: between(outcomes[whole], outcomes[(whole + 1).min(last)]),
        high: between(
            outcomes[last - whole],
            outcomes[last.saturating_sub(whole + 1)],
        ),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_to_draw_from_has_no_interval() {
        let of = |samples: &[f64], confidence, resamples| {
            let plain = bootstrap(samples, confidence, resamples, 1, median);
            let grouped = bootstrap_groups(&[samples.to_vec()], confidence, resamples, 1);
            assert_eq!(plain.is_none(), grouped.is_none());
            plain
        };
        assert_eq!(of(&[], 0.9, 10), None);
        assert_eq!(of(&[1.0, f64::NAN], 0.9, 10), None);
        assert_eq!(of(&[1.0, 2.0], 0.9, 0), None);
        for confidence in [0.0, 1.0, -0.5, f64::NAN] {
            assert_eq!(of(&[1.0, 2.0], confidence, 10), None);
        }
        assert_eq!(bootstrap_groups(&[], 0.9, 10, 1), None);
        assert_eq!(bootstrap_groups(&[vec![1.0], vec![]], 0.9, 10, 1), None);
        assert_eq!(bootstrap(&[1.0], 0.9, 10, 1, |_| None), None);
    }

    #[test]
    fn a_change_is_that_of_the_medians() {
        let of = |before: &[f64], after: &[f64]| bootstrap_change(before, after, 0.9, 50, 1);
        let expect = Interval {
            low: 0.5,
            high: 0.5,
        };
        assert_eq!(of(&[2.0; 5], &[3.0; 4]), Some(expect));
        assert_eq!(of(&[0.0; 5], &[3.0; 4]), None);
        assert_eq!(of(&[], &[3.0]), None);
        assert_eq!(of(&[1.0], &[f64::NAN]), None);
        let wide = of(&[1.0, 2.0, 3.0, 4.0], &[2.0, 3.0, 4.0, 5.0]).unwrap();
        assert!(wide.low < 0.4 && 0.4 < wide.high);
    }

    #[test]
    fn one_sample_is_sure_of_itself() {
        let point = Interval {
            low: 7.0,
            high: 7.0,
        };
        assert_eq!(bootstrap(&[7.0], 0.99, 3, 1, median), Some(point));
        let grouped = bootstrap_groups(&[vec![7.0], vec![7.0]], 0.99, 1, 1);
        assert_eq!(grouped, Some((7.0, point)));
    }

    #[test]
    fn the_middle_is_taken_in_proportion() {
        let outcomes: Vec<f64> = (0..=100).rev().map(f64::from).collect();
        let check = |confidence, low: f64, high: f64| {
            let found = middle(outcomes.clone(), confidence).unwrap();
            assert!(
                (found.low - low).abs() < 1e-9 && (found.high - high).abs() < 1e-9,
                "{found:?}"
            );
        };
        check(0.9, 5.0, 95.0);
        check(0.99, 0.5, 99.5);
    }

    #[test]
    fn counted_medians_are_those_of_the_draws() {
        let sorted = [1.0, 2.0, 4.0, 8.0];
        assert_eq!(median_of_counts(&sorted, &[1, 0, 2, 0], 3), 4.0);
        assert_eq!(median_of_counts(&sorted, &[1, 1, 1, 1], 4), 3.0);
        assert_eq!(median_of_counts(&sorted, &[0, 2, 0, 2], 4), 5.0);
        assert_eq!(median_of_counts(&sorted, &[0, 0, 0, 5], 5), 8.0);
    }
}
