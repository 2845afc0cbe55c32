//! The normal distribution, which std does not have.

use std::f64::consts::TAU;

/// Above this the series for the middle loses digits to cancellation, and the fraction for the tail
/// has converged after few terms.
const TAIL: f64 = 3.0;

/// The share of standard normal values above `z`; relative error below 10⁻¹².
///
/// The middle by the series x + x³/3 + x⁵/(3·5) + … (Marsaglia 2004), the tail by Laplace's continued
/// fraction 1/(x + 1/(x + 2/(x + …))).
pub(super) fn above(z: f64) -> f64 {
    if z < 0.0 {
        return 1.0 - above(-z);
    }
    let density = (-z * z / 2.0).exp() / TAU.sqrt();
    if z < TAIL {
        0.5 - density * series(z)
    } else {
        density / (1..=160).rev().fold(z, |rest, n| z + f64::from(n) / rest)
    }
}

fn series(z: f64) -> f64 {
    let (mut term, mut sum) = (z, z);
    let mut odd = 1.0;
    while term > sum * 1e-17 {
        odd += 2.0;
        term *= z * z / odd;
        sum += term;
    }
    sum
}

/// The z with this share of standard normal values within −z..=z, `share` in 0..1.
pub(super) fn z_within(share: f64) -> f64 {
    let (mut low, mut high) = (0.0f64, 40.0f64);
    for _ in 0..80 {
        let middle = f64::midpoint(low, high);
        if 2.0 * above(middle) > 1.0 - share {
            low = middle;
        } else {
            high = middle;
        }
    }
    high
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(ours: f64, reference: f64) {
        let error = (ours - reference).abs() / reference;
        assert!(error < 1e-11, "{ours} is not {reference}");
    }

    /// References: scipy 1.17, `norm.sf`.
    #[test]
    fn known_tails() {
        close(above(0.5), 0.308_537_538_725_986_9);
        close(above(1.96), 0.024_997_895_148_220_435);
        close(above(2.9), 0.001_865_813_300_384_037_5);
        close(above(3.0), 0.001_349_898_031_630_093_3);
        close(above(3.1), 0.000_967_603_213_218_356_3);
        close(above(4.0), 3.167_124_183_311_986e-5);
        close(above(8.0), 6.220_960_574_271_74e-16);
        close(above(20.0), 2.753_624_118_606_155_6e-89);
        assert_eq!(above(0.0), 0.5);
        close(above(-1.0), 0.841_344_746_068_542_9);
        assert_eq!((above(f64::INFINITY), above(f64::NEG_INFINITY)), (0.0, 1.0));
    }

    /// References: scipy 1.17, `norm.ppf`.
    #[test]
    fn known_quantiles() {
        close(z_within(0.95), 1.959_963_984_540_054);
        close(z_within(0.99), 2.575_829_303_548_900_4);
    }
}
