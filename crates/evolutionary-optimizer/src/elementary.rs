//! Elementary functions from operations that IEEE 754 rounds exactly.
//!
//! `f64::exp`, `ln` and `powf` come from the platform's libm and differ in the last bit between platforms; one bit is
//! enough to send a seeded search another way. These are made of `+ − × ÷ √` in a fixed order instead.

use std::f64::consts::{LN_2, SQRT_2};

/// ln 2 cut to 21 significant bits, so that `k · LN_2_HIGH` is exact for every exponent `k` of a double.
const LN_2_HIGH: f64 = f64::from_bits(LN_2.to_bits() >> 32 << 32);
/// The rest of ln 2: what the cut removed, and what does not fit in a double at all.
const LN_2_LOW: f64 = (LN_2 - LN_2_HIGH) + 2.319_046_813_846_299_6e-17;

/// The exponential, within 2 ulp; `x` must lie within ±745, which every logarithm of a positive double does.
pub(crate) fn exp(x: f64) -> f64 {
    debug_assert!(x.abs() <= 745.2, "outside the logarithms of doubles");
    let k = (x / LN_2).round();
    let r = (x - k * LN_2_HIGH) - k * LN_2_LOW;
    // Taylor's series: |r| ≤ ln 2 / 2, whose 14th power over 14! is below half an ulp.
    let sum = (1..=13)
        .rev()
        .fold(1.0, |sum, n| 1.0 + r / f64::from(n) * sum);
    // Two factors: a subnormal result needs 2^k beyond the range of one.
    let half = k as i64 / 2;
    sum * power_of_two(half) * power_of_two(k as i64 - half)
}

/// The natural logarithm of a positive finite number, within 2 ulp.
pub(crate) fn ln(x: f64) -> f64 {
    debug_assert!(
        x > 0.0 && x.is_finite(),
        "the logarithm of a positive number"
    );
    let (x, shift) = if x < f64::MIN_POSITIVE {
        (x * power_of_two(54), -54)
    } else {
        (x, 0)
    };
    let bits = x.to_bits();
    let mut exponent = (bits >> 52) as i64 - 1023;
    let mut mantissa = f64::from_bits(bits & ((1 << 52) - 1) | 1023 << 52);
    if mantissa > SQRT_2 {
        mantissa *= 0.5;
        exponent += 1;
    }
    let e = (exponent + shift) as f64;
    // ln m = 2 artanh s; |s| ≤ 0.172, whose 23rd power is below the last bit.
    let s = (mantissa - 1.0) / (mantissa + 1.0);
    let square = s * s;
    let series = (0..=10)
        .rev()
        .fold(0.0, |sum, n| sum * square + 1.0 / f64::from(2 * n + 1));
    e * LN_2_HIGH + (2.0 * s * series + e * LN_2_LOW)
}

/// The 16th root of a number that is not negative.
#[inline]
pub(crate) fn root_16(x: f64) -> f64 {
    x.sqrt().sqrt().sqrt().sqrt()
}

/// The 16th power.
#[inline]
pub(crate) fn power_16(x: f64) -> f64 {
    let x = x * x;
    let x = x * x;
    let x = x * x;
    x * x
}

/// A power of a positive number.
pub(crate) fn power(x: f64, exponent: f64) -> f64 {
    exp((exponent * ln(x)).clamp(-745.0, 709.0))
}

/// The probability that a draw from the standard normal distribution is at most `x`, within 1e-12: a series near zero
/// (Marsaglia, "Evaluating the normal distribution", 2004), a continued fraction far from it.
pub(crate) fn normal_below(x: f64) -> f64 {
    const ROOT_2_PI: f64 = 2.506_628_274_631_000_7;
    let square = x * x;
    if square > 1400.0 {
        return if x < 0.0 { 0.0 } else { 1.0 };
    }
    let density = exp(-0.5 * square) / ROOT_2_PI;
    if square < 16.0 {
        let (mut term, mut sum, mut odd) = (x, x, 3.0);
        while term.abs() > 1e-17 * sum.abs() {
            term *= square / odd;
            sum += term;
            odd += 2.0;
        }
        return 0.5 + sum * density;
    }
    let distance = x.abs();
    let fraction = (1..=40)
        .rev()
        .fold(distance, |sum, k| distance + f64::from(k) / sum);
    let tail = density / fraction;
    if x < 0.0 { tail } else { 1.0 - tail }
}

/// The `x` that a draw from the standard normal distribution exceeds with probability `tail`, in 0.0..=0.5, within 1e-6
/// (Wichura, "Algorithm AS 241: the percentage points of the normal distribution", 1988).
pub(crate) fn normal_above(tail: f64) -> f64 {
    let horner = |x: f64, c: &[f64]| c.iter().rev().fold(0.0, |sum, c| sum * x + c);
    let q = 0.5 - tail;
    if q <= 0.425 {
        let r = 0.180625 - q * q;
        let numerator = [
            3.387_132_717_9,
            50.434_271_938,
            159.291_132_02,
            59.109_374_72,
        ];
        let denominator = [1.0, 17.895_169_469, 78.757_757_664, 67.187_563_6];
        return q * horner(r, &numerator) / horner(r, &denominator);
    }
    let r = (-ln(tail.max(f64::MIN_POSITIVE))).sqrt();
    if r <= 5.0 {
        let numerator = [
            1.423_437_277_7,
            2.756_815_39,
            1.306_728_481_6,
            0.170_238_211_03,
        ];
        let denominator = [1.0, 0.737_001_642_5, 0.120_211_329_75];
        horner(r - 1.6, &numerator) / horner(r - 1.6, &denominator)
    } else {
        let numerator = [
            6.657_905_115,
            3.081_226_386,
            0.428_682_943_37,
            0.017_337_203_997,
        ];
        let denominator = [1.0, 0.241_978_942_25, 0.012_258_202_635];
        horner(r - 5.0, &numerator) / horner(r - 5.0, &denominator)
    }
}

/// 2^k for k in −1022..=1023.
fn power_of_two(k: i64) -> f64 {
    f64::from_bits(((k + 1023) as u64) << 52)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::Rng;

    fn check(ours: f64, expect: f64) {
        let error = if expect == 0.0 {
            ours.abs()
        } else {
            ((ours - expect) / expect).abs()
        };
        assert!(
            error <= 6.0 * f64::EPSILON,
            "{ours:e} instead of {expect:e}"
        );
    }

    #[test]
    fn exp_agrees_with_the_platform() {
        let mut rng = Rng::new(1);
        for _ in 0..20_000 {
            let x = rng.unit() * 1400.0 - 700.0;
            check(exp(x), x.exp());
            check(exp(x / 700.0), (x / 700.0).exp());
        }
        assert_eq!(exp(0.0), 1.0);
        assert_eq!(exp(-744.0), (-744.0_f64).exp());
    }

    #[test]
    fn ln_agrees_with_the_platform() {
        let mut rng = Rng::new(2);
        for _ in 0..20_000 {
            let x = f64::from_bits(rng.below(f64::INFINITY.to_bits() - 1) + 1);
            check(ln(x), x.ln());
            let near_one = 0.5 + rng.unit();
            check(ln(near_one), near_one.ln());
        }
        assert_eq!(ln(1.0), 0.0);
        check(ln(f64::from_bits(1)), f64::from_bits(1).ln());
        check(ln(f64::MAX), f64::MAX.ln());
    }

    #[test]
    fn root_16_inverts_power_16() {
        for x in [0.0, 1e-9, 0.3, 1.0, 1.7, 40.0] {
            check(root_16(power_16(x)), x);
        }
    }

    #[test]
    fn normal_tails_agree_with_each_other() {
        // Tabulated: 0.975 at 1.959964, 0.999 at 3.090232.
        assert!((normal_below(1.959_963_985) - 0.975).abs() < 1e-9);
        assert!((normal_below(-3.090_232_306) - 0.001).abs() < 1e-9);
        for tail in [0.5, 0.3, 0.08, 0.07, 1e-3, 1e-6, 1e-11, 1e-15, 1e-40] {
            let back = normal_below(-normal_above(tail));
            assert!((back / tail - 1.0).abs() < 3e-5, "{tail}: {back}");
        }
        for x in [-4.0, 4.0] {
            let (inside, outside) = (normal_below(x * 0.999_999), normal_below(x * 1.000_001));
            assert!((inside - outside).abs() < 1e-8, "{inside} {outside}");
        }
    }

    #[test]
    fn powers_agree_with_the_platform() {
        for (x, exponent) in [(2.0_f64, 0.5_f64), (10.0, -3.5), (0.3, 7.0)] {
            assert!((power(x, exponent) / x.powf(exponent) - 1.0).abs() < 1e-13);
        }
    }
}
