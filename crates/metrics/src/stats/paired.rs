//! Whether pairs of runs differ, from their differences.

use super::random::Random;

/// How likely so uneven a split of signs is when a difference is as often positive as negative:
/// exact and two-sided. Zeros are dropped, as they say nothing; `None` when nothing is left or
/// something is not a number. O(n).
pub fn sign_test(differences: &[f64]) -> Option<f64> {
    if differences.iter().any(|x| x.is_nan()) {
        return None;
    }
    let positive = differences.iter().filter(|x| **x > 0.0).count();
    let negative = differences.iter().filter(|x| **x < 0.0).count();
    let all = positive + negative;
    (all > 0).then(|| (2.0 * binomial_at_most(positive.min(negative), all)).min(1.0))
}

/// The share of n fair coins' 2ⁿ outcomes with at most k heads, k ≤ n/2. By logarithms, as 2ⁿ
/// overflows; from the greatest term down, until what remains no longer counts.
fn binomial_at_most(k: usize, n: usize) -> f64 {
    let choose = (1..=k).map(|i| ((n - k + i) as f64 / i as f64).ln());
    let greatest = (choose.sum::<f64>() - n as f64 * std::f64::consts::LN_2).exp();
    let (mut term, mut sum) = (1.0, 1.0);
    for i in (1..=k).rev() {
        term *= i as f64 / (n - i + 1) as f64;
        sum += term;
    }
    greatest * sum
}

/// How likely a mean at least this far from zero is when each difference could as well have had the
/// other sign (Fisher 1935): exact over all 2ⁿ signs when those are at most `rounds`, else from
/// `rounds` random draws, where (hits + 1) / (rounds + 1) never claims certainty. Two-sided.
///
/// `None` without differences or rounds, and when their sum is not finite. O(n · rounds).
pub fn permutation_test(differences: &[f64], rounds: usize, seed: u64) -> Option<f64> {
    let reach: f64 = differences.iter().map(|x| x.abs()).sum();
    if differences.is_empty() || rounds == 0 || !reach.is_finite() {
        return None;
    }
    // What is as far but for rounding counts as being as far.
    let observed = differences.iter().sum::<f64>().abs() - reach * 1e-12;
    let is_hit = |signs: &dyn Fn(usize) -> bool| {
        let flipped = |(i, x): (usize, &f64)| if signs(i) { -x } else { *x };
        let sum: f64 = differences.iter().enumerate().map(flipped).sum();
        sum.abs() >= observed
    };
    let n = u32::try_from(differences.len()).unwrap_or(u32::MAX);
    if let Some(all) = 1usize.checked_shl(n).filter(|all| *all <= rounds) {
        let hits = (0..all)
            .filter(|word| is_hit(&|i| word >> i & 1 == 1))
            .count();
        return Some(hits as f64 / all as f64);
    }
    let mut random = Random::new(seed);
    let mut words = vec![0u64; differences.len().div_ceil(64)];
    let mut draw = || {
        words.fill_with(|| random.next());
        is_hit(&|i| words[i / 64] >> (i % 64) & 1 == 1)
    };
    let hits = (0..rounds).filter(|_| draw()).count();
    Some((hits + 1) as f64 / (rounds + 1) as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(positive: usize, negative: usize) -> Vec<f64> {
        [vec![0.5; positive], vec![-2.0; negative], vec![0.0; 3]].concat()
    }

    /// References: scipy 1.17, `binomtest`.
    #[test]
    fn known_splits() {
        let check = |positive, negative, p: f64| {
            let found = sign_test(&split(positive, negative)).unwrap();
            assert!((found / p - 1.0).abs() < 1e-9, "{found}, not {p}");
        };
        check(3, 14, 0.012_725_830_078_125);
        check(14, 3, 0.012_725_830_078_125);
        check(10, 10, 1.0);
        check(480, 620, 2.713_138_109_300_687_8e-5);
        check(900, 2_100, 3.465_152_388_913_141_3e-109);
        check(1, 0, 1.0);
    }

    const DIFFERENCES: [f64; 8] = [1.5, -0.3, 2.2, 0.8, -1.1, 0.9, 1.7, 0.4];

    /// Reference: scipy 1.17, `permutation_test` over all 256 signs.
    #[test]
    fn a_known_permutation() {
        assert_eq!(permutation_test(&DIFFERENCES, 256, 1), Some(0.093_75));
    }

    #[test]
    fn drawn_signs_come_near_all_signs() {
        let many: Vec<f64> = DIFFERENCES.iter().chain(&[0.0; 70]).copied().collect();
        let drawn = permutation_test(&many, 20_000, 7).unwrap();
        assert!((drawn - 0.093_75).abs() < 0.01, "{drawn}");
        assert_eq!(permutation_test(&many, 20_000, 7), Some(drawn));
        // Of draws that never were as far, one in as many and one more is claimed, not certainty.
        assert_eq!(permutation_test(&[1.0; 60], 99, 7), Some(0.01));
    }

    #[test]
    fn nothing_to_flip_has_no_answer() {
        assert_eq!(sign_test(&[]), None);
        assert_eq!(sign_test(&[0.0, -0.0]), None);
        assert_eq!(sign_test(&[1.0, f64::NAN]), None);
        assert_eq!(permutation_test(&[], 100, 1), None);
        assert_eq!(permutation_test(&[1.0], 0, 1), None);
        assert_eq!(permutation_test(&[f64::NAN], 100, 1), None);
        assert_eq!(permutation_test(&[f64::MAX, f64::MAX], 100, 1), None);
        assert_eq!(permutation_test(&[0.0; 5], 100, 1), Some(1.0));
    }
}
