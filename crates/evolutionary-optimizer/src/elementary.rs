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
}
