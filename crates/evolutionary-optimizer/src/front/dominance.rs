//! Which of two rows is better in all objectives.

use std::cmp::Ordering;

/// Whether `a` is nowhere worse than `b` and somewhere better. Neither may hold NaN.
#[inline]
pub(crate) fn dominates(a: &[f64], b: &[f64]) -> bool {
    let mut better = false;
    for (a, b) in a.iter().zip(b) {
        if a > b {
            return false;
        }
        better |= a < b;
    }
    better
}

/// Whether `a` is nowhere worse than `b`.
#[inline]
pub(crate) fn covers(a: &[f64], b: &[f64]) -> bool {
    a.iter().zip(b).all(|(a, b)| a <= b)
}

/// The order of two costs. Unlike `total_cmp` it takes −0.0 and 0.0 for equal, as dominance does.
#[inline]
pub(crate) fn order(a: f64, b: f64) -> Ordering {
    if a < b {
        Ordering::Less
    } else if a > b {
        Ordering::Greater
    } else {
        Ordering::Equal
    }
}

/// Numbers in the [`order`] of costs.
#[inline]
pub(crate) fn order_key(cost: f64) -> u64 {
    // Negative numbers descend by their bits.
    let bits = (cost + 0.0).to_bits();
    let is_negative = bits >> 63;
    bits ^ (is_negative.wrapping_neg() | 1 << 63)
}

/// The order of two rows by their last objective, then by the one before it, and so on.
#[inline]
pub(crate) fn colexicographic(a: &[f64], b: &[f64]) -> Ordering {
    let pairs = a.iter().rev().zip(b.iter().rev());
    pairs
        .map(|(&a, &b)| order(a, b))
        .find(|ordering| ordering.is_ne())
        .unwrap_or(Ordering::Equal)
}

/// The order of two rows by their first objective, then by their second, and so on.
#[inline]
pub(crate) fn lexicographic(a: &[f64], b: &[f64]) -> Ordering {
    for (&a, &b) in a.iter().zip(b) {
        let ordering = order(a, b);
        if ordering != Ordering::Equal {
            return ordering;
        }
    }
    Ordering::Equal
}
