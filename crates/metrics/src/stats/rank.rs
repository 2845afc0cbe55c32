//! Whether two sets of runs differ, by ranks: no assumption on how they are distributed.

use super::normal;
use super::sample::ordered;

/// Up to this many pairs, p is counted exactly: the counts then stay whole in floating point.
const EXACT_PAIRS: usize = 400;

/// What [`mann_whitney`] found.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct MannWhitney {
    /// Of all pairs of one sample each, in how many that of `a` is the greater; ties count half.
    pub u: f64,
    /// How likely a difference at least this great is when both come from one distribution;
    /// two-sided.
    pub p: f64,
    /// The rank-biserial correlation (Cliff's delta): 1 when every sample of `a` is greater than
    /// every one of `b`, −1 when every one is less, 0 when neither tends to be greater.
    pub effect: f64,
}

/// Compares two unpaired sets of samples (Mann and Whitney 1947).
///
/// Without ties and up to 400 pairs (20 × 20) `p` is exact, else from the normal distribution with
/// corrections for ties and continuity. `None` when a side is empty or holds something that is not a
/// number. O(n log n), exact O(pairs · min(n)).
pub fn mann_whitney(a: &[f64], b: &[f64]) -> Option<MannWhitney> {
    ordered(a).and(ordered(b))?;
    let (u, ties) = u_and_ties(a, b);
    let pairs = a.len() * b.len();
    let p = if ties == 0.0 && pairs <= EXACT_PAIRS {
        exact(u, a.len(), b.len())
    } else {
        approximate(u, a.len() as f64, b.len() as f64, ties)
    };
    let effect = 2.0 * u / pairs as f64 - 1.0;
    Some(MannWhitney { u, p, effect })
}

/// U of `a`, and the sum of t³ − t over all runs of t equal samples.
fn u_and_ties(a: &[f64], b: &[f64]) -> (f64, f64) {
    let from = |samples: &[f64], is_a: bool| -> Vec<(f64, bool)> {
        samples.iter().map(|&x| (x, is_a)).collect()
    };
    let mut all = [from(a, true), from(b, false)].concat();
    all.sort_unstable_by(|x, y| x.0.total_cmp(&y.0));
    let (mut u, mut ties, mut less_b) = (0.0, 0.0, 0.0);
    for equal in all.chunk_by(|x, y| x.0 == y.0) {
        let of_a = equal.iter().filter(|(_, is_a)| *is_a).count() as f64;
        let (t, of_b) = (equal.len() as f64, equal.len() as f64 - of_a);
        u += of_a * (less_b + of_b / 2.0);
        ties += t * t * t - t;
        less_b += of_b;
    }
    (u, ties)
}

/// Twice the share of all orders whose U is at most the lesser of both U.
fn exact(u: f64, n: usize, m: usize) -> f64 {
    let ways = ways(n, m);
    let least = u.min((n * m) as f64 - u) as usize;
    let extreme: f64 = ways[..=least].iter().sum();
    (2.0 * extreme / ways.iter().sum::<f64>()).min(1.0)
}

/// In how many orders of n and m distinct samples U is 0, 1, …, n·m: the coefficients of the
/// Gaussian binomial ∏ (1 − qⁿ⁺ⁱ) / (1 − qⁱ), i from 1 to m.
fn ways(n: usize, m: usize) -> Vec<f64> {
    let (n, m) = (n.max(m), n.min(m));
    let mut ways = vec![0.0; n * m + 1];
    ways[0] = 1.0;
    for i in 1..=m {
        for u in (n + i..ways.len()).rev() {
            ways[u] -= ways[u - n - i];
        }
        for u in i..ways.len() {
            ways[u] += ways[u - i];
        }
    }
    ways
}

fn approximate(u: f64, n: f64, m: f64, ties: f64) -> f64 {
    let (all, mean) = (n + m, n * m / 2.0);
    let variance = n * m / 12.0 * (all + 1.0 - ties / (all * (all - 1.0)));
    if variance <= 0.0 {
        return 1.0; // All samples are equal.
    }
    let distance = ((u - mean).abs() - 0.5).max(0.0);
    (2.0 * normal::above(distance / variance.sqrt())).min(1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(a: &[f64], b: &[f64], u: f64, p: f64) {
        let found = mann_whitney(a, b).unwrap();
        assert_eq!(found.u, u);
        assert!((found.p / p - 1.0).abs() < 1e-11, "{found:?}, not {p}");
    }

    /// References: scipy 1.17, `mannwhitneyu`.
    #[test]
    fn known_samples() {
        let a = [1.83, 0.50, 1.62, 2.48, 1.68, 1.88, 1.55, 3.06, 1.30];
        let distinct = [0.878, 0.647, 0.598, 2.05, 1.06, 1.295, 1.065, 3.13, 1.29];
        check(&a, &distinct, 58.0, 0.135_911_147_675_855_53);
        let tied = [0.878, 0.647, 0.598, 2.05, 1.06, 1.29, 1.06, 3.13, 1.29];
        check(&a, &tied, 58.0, 0.132_919_458_185_318_92);
        let twenty: Vec<f64> = (0..20).map(f64::from).collect();
        let later: Vec<f64> = twenty.iter().map(|x| x + 4.5).collect();
        check(&twenty, &later, 120.0, 0.030_411_256_038_764_864);
        let c: Vec<f64> = (0..30)
            .map(|i| f64::from(i * 37 % 101) / 10.0 + 0.01)
            .collect();
        let d: Vec<f64> = (0..25)
            .map(|i| f64::from(i * 53 % 97) / 10.0 + 1.004)
            .collect();
        check(&c, &d, 349.0, 0.666_447_524_317_362);
    }

    #[test]
    fn an_empty_side_or_no_number_has_no_answer() {
        assert_eq!(mann_whitney(&[], &[1.0]), None);
        assert_eq!(mann_whitney(&[1.0], &[]), None);
        assert_eq!(mann_whitney(&[1.0], &[f64::NAN]), None);
    }

    #[test]
    fn the_ends_of_the_effect() {
        let effect = |a: &[f64], b: &[f64]| mann_whitney(a, b).unwrap().effect;
        assert_eq!(effect(&[3.0, 4.0], &[1.0, 2.0]), 1.0);
        assert_eq!(effect(&[1.0], &[2.0, 3.0, 4.0]), -1.0);
        assert_eq!(effect(&[1.0, 1.0], &[1.0]), 0.0);
        assert_eq!(mann_whitney(&[1.0; 40], &[1.0; 40]).unwrap().p, 1.0);
        // A zero has two signs, which are no difference.
        assert_eq!(effect(&[0.0], &[-0.0]), 0.0);
    }

    #[test]
    fn the_ways_are_all_orders() {
        assert_eq!(ways(2, 2), [1.0, 1.0, 2.0, 1.0, 1.0]);
        assert_eq!(ways(1, 3), [1.0; 4]);
        assert_eq!(ways(20, 20).iter().sum::<f64>(), 137_846_528_820.0);
    }
}
