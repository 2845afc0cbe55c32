//! What must hold of statistics whatever the samples, and how often intervals tell the truth.

use autoexec_metrics::stats::{
    self, Interval, bootstrap, bootstrap_groups, mann_whitney, median, permutation_test, sign_test,
};
use proptest::prelude::*;

fn samples(most: usize) -> impl Strategy<Value = Vec<f64>> {
    prop::collection::vec(-1e6..1e6f64, 1..most)
}

/// Few different values, so that ties are common.
fn tied(most: usize) -> impl Strategy<Value = Vec<f64>> {
    prop::collection::vec((-4..4i32).prop_map(f64::from), 1..most)
}

fn near(a: f64, b: f64) -> bool {
    a == b || (a - b).abs() <= 1e-9 * a.abs().max(b.abs()).max(1.0)
}

/// U by looking at every pair.
fn pairs_won(a: &[f64], b: &[f64]) -> f64 {
    let points = |x: f64, y: f64| {
        if x > y {
            1.0
        } else if x == y {
            0.5
        } else {
            0.0
        }
    };
    a.iter()
        .flat_map(|&x| b.iter().map(move |&y| points(x, y)))
        .sum()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn medians_and_percentiles_are_those_of_a_sort(samples in samples(60), a in 0..=100usize, b in 1..=100usize) {
        let mut sorted = samples.clone();
        sorted.sort_by(f64::total_cmp);
        let n = sorted.len();
        let middle = (sorted[(n - 1) / 2] + sorted[n / 2]) / 2.0;
        prop_assert!(near(median(&mut samples.clone()).unwrap(), middle));
        // In whole numbers, in which a product that is whole is not rounded up.
        let (part, whole) = (a.min(b), a.max(b));
        let rank = (part * n).div_ceil(whole).max(1);
        let fraction = part as f64 / whole as f64;
        prop_assert_eq!(stats::percentile(&mut samples.clone(), fraction), Some(sorted[rank - 1]));
    }

    #[test]
    fn geometric_means_lie_between_and_invert(samples in prop::collection::vec(1e-6..1e6f64, 1..30)) {
        let mean = stats::geometric_mean(&samples).unwrap();
        let least = samples.iter().copied().fold(f64::INFINITY, f64::min);
        let most = samples.iter().copied().fold(0.0, f64::max);
        prop_assert!(mean >= least * (1.0 - 1e-12) && mean <= most * (1.0 + 1e-12));
        let inverse: Vec<f64> = samples.iter().map(|x| 1.0 / x).collect();
        prop_assert!(near(stats::geometric_mean(&inverse).unwrap() * mean, 1.0));
    }

    #[test]
    fn ranks_agree_with_every_pair(a in tied(25), b in tied(25)) {
        let found = mann_whitney(&a, &b).unwrap();
        let other = mann_whitney(&b, &a).unwrap();
        prop_assert_eq!(found.u, pairs_won(&a, &b));
        prop_assert_eq!(found.u + other.u, (a.len() * b.len()) as f64);
        prop_assert!(near(found.p, other.p) && near(found.effect, -other.effect));
        prop_assert!(found.p > 0.0 && found.p <= 1.0 && found.effect.abs() <= 1.0);
    }

    #[test]
    fn exact_ranks_agree_with_every_order(n in 1..5usize, m in 1..5usize, word in any::<u64>()) {
        // Which of the places 0..n+m belong to a, for every choice of n of them.
        let choices: Vec<u32> = (0..1u32 << (n + m)).filter(|w| w.count_ones() as usize == n).collect();
        let sides = |word: u32| -> (Vec<f64>, Vec<f64>) {
            let places = (0..n + m).map(|i| (i as f64, word >> i & 1 == 1));
            let (a, b): (Vec<_>, Vec<_>) = places.partition(|(_, is_a)| *is_a);
            (a.into_iter().map(|x| x.0).collect(), b.into_iter().map(|x| x.0).collect())
        };
        let off = |word: u32| {
            let (a, b) = sides(word);
            (pairs_won(&a, &b) - (n * m) as f64 / 2.0).abs()
        };
        let chosen = choices[(word % choices.len() as u64) as usize];
        let (a, b) = sides(chosen);
        let as_far = choices.iter().filter(|w| off(**w) >= off(chosen)).count();
        let p = mann_whitney(&a, &b).unwrap().p;
        prop_assert!(near(p, as_far as f64 / choices.len() as f64), "{}", p);
    }

    #[test]
    fn paired_tests_do_not_care_about_direction_or_scale(differences in samples(12), scale in 0.1..10.0f64) {
        let turned: Vec<f64> = differences.iter().map(|x| -x * scale).collect();
        prop_assert_eq!(sign_test(&differences), sign_test(&turned));
        let (p, q) = (permutation_test(&differences, 4096, 1), permutation_test(&turned, 4096, 1));
        prop_assert_eq!(p, q);
        // The signs as they are, and all the other way, are as far as they are.
        let least = 2.0 / (1u64 << differences.len()) as f64;
        prop_assert!(p.unwrap() >= least && p.unwrap() <= 1.0);
    }

    #[test]
    fn bootstraps_stay_within_the_samples_and_widen_with_confidence(
        groups in prop::collection::vec(prop::collection::vec(-100.0..100.0f64, 1..12), 1..5),
        seed in any::<u64>(),
    ) {
        let all = groups.concat();
        let ends = Interval {
            low: all.iter().copied().fold(f64::INFINITY, f64::min),
            high: all.iter().copied().fold(f64::NEG_INFINITY, f64::max),
        };
        let (center, wide) = bootstrap_groups(&groups, 0.99, 200, seed).unwrap();
        let (_, narrow) = bootstrap_groups(&groups, 0.8, 200, seed).unwrap();
        prop_assert_eq!(Some(center), median(&mut all.clone()));
        prop_assert!(ends.contains(wide.low) && ends.contains(wide.high));
        prop_assert!(wide.low <= narrow.low && narrow.low <= narrow.high && narrow.high <= wide.high);
        prop_assert_eq!(bootstrap_groups(&groups, 0.99, 200, seed), Some((center, wide)));
        let plain = bootstrap(&all, 0.9, 200, seed, median).unwrap();
        prop_assert!(ends.contains(plain.low) && ends.contains(plain.high) && plain.low <= plain.high);
    }

    #[test]
    fn a_slope_moves_with_its_points(ys in samples(40), tilt in -50.0..50.0f64, lift in -1e3..1e3f64) {
        prop_assume!(ys.len() > 1);
        let at = |f: &dyn Fn(f64, f64) -> f64| -> Vec<(f64, f64)> {
            ys.iter().enumerate().map(|(x, &y)| (x as f64, f(x as f64, y))).collect()
        };
        let plain = stats::slope(&at(&|_, y| y), 0.95).unwrap();
        let moved = stats::slope(&at(&|x, y| y + tilt * x + lift), 0.95).unwrap();
        prop_assert!(near(moved.per_x - tilt, plain.per_x) || (moved.per_x - tilt - plain.per_x).abs() < 1e-6);
        prop_assert!(plain.interval.contains(plain.per_x) && moved.interval.contains(moved.per_x));
        let turned = stats::slope(&at(&|_, y| -y), 0.95).unwrap();
        prop_assert!(near(turned.per_x, -plain.per_x));
        prop_assert!(near(turned.interval.low, -plain.interval.high));
    }
}

/// Numbers that look random, spread evenly over 0..1, the same in every run.
fn noise(seed: u64) -> impl Iterator<Item = f64> {
    let mut state = seed.wrapping_mul(2).wrapping_add(1);
    std::iter::repeat_with(move || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (state >> 40) as f64 / (1u64 << 24) as f64
    })
    .skip(8)
}

#[test]
fn intervals_cover_the_truth_about_as_often_as_they_say() {
    let covers = |seed: u64| {
        let skewed: Vec<f64> = noise(seed).take(40).map(|x| -(1.0 - x).ln()).collect();
        let interval = bootstrap(&skewed, 0.9, 300, seed, median).unwrap();
        interval.contains(std::f64::consts::LN_2)
    };
    let covered = (0..400).filter(|seed| covers(*seed)).count();
    assert!(
        (340..=385).contains(&covered),
        "{covered} of 400, not about 360"
    );
}

#[test]
fn groups_that_differ_widen_the_interval() {
    let group = |n: u32, shift: f64| {
        noise(u64::from(n))
            .take(20)
            .map(|x| x + shift)
            .collect::<Vec<f64>>()
    };
    let alike: Vec<Vec<f64>> = (0..6).map(|n| group(n, 0.0)).collect();
    let apart: Vec<Vec<f64>> = (0..6).map(|n| group(n, f64::from(n))).collect();
    let width = |groups: &[Vec<f64>]| {
        let (_, interval) = bootstrap_groups(groups, 0.95, 1_000, 1).unwrap();
        interval.high - interval.low
    };
    assert!(
        width(&apart) > 4.0 * width(&alike),
        "{} and {}",
        width(&apart),
        width(&alike)
    );
}

#[test]
fn equal_runs_are_rarely_called_different() {
    let p = |seed: u64| {
        let all: Vec<f64> = noise(seed).take(30).collect();
        mann_whitney(&all[..15], &all[15..]).unwrap().p
    };
    let called = (0..500).filter(|seed| p(*seed) < 0.05).count();
    assert!((10..=40).contains(&called), "{called} of 500, not about 25");
}

#[test]
fn what_does_not_grow_is_rarely_said_to() {
    let series = |seed: u64, growth: f64| -> Vec<(f64, f64)> {
        let times = (0u32..60).map(f64::from);
        times
            .zip(noise(seed))
            .map(|(x, y)| (x, y + growth * x))
            .collect()
    };
    let grows = |seed: &u64, growth: f64| {
        let found = stats::slope(&series(*seed, growth), 0.99).expect("because there are points");
        found.interval.low > 0.0
    };
    // Half of the 1 % that the interval misses lie on this side.
    let flat = (0..400).filter(|seed| grows(seed, 0.0)).count();
    assert!(flat <= 8, "{flat} of 400, not about 2");
    // From end to end, by about as much as the noise is wide.
    let growing = (0..400).filter(|seed| grows(seed, 0.015)).count();
    assert!(growing >= 390, "{growing} of 400");
}
