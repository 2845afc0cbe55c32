//! The bounds at which exported histograms count.

use crate::distribution::Distribution;
use crate::unit::Unit;

/// 1, 10 and 100 µs, then 1, 2.5 and 5 of each power of ten up to 1,000 s; in nanoseconds.
const SECONDS: [u64; 22] = [
    1_000,
    10_000,
    100_000,
    1_000_000,
    2_500_000,
    5_000_000,
    10_000_000,
    25_000_000,
    50_000_000,
    100_000_000,
    250_000_000,
    500_000_000,
    1_000_000_000,
    2_500_000_000,
    5_000_000_000,
    10_000_000_000,
    25_000_000_000,
    50_000_000_000,
    100_000_000_000,
    250_000_000_000,
    500_000_000_000,
    1_000_000_000_000,
];

/// Powers of four from 64 B to 64 GiB.
const BYTES: [u64; 16] = powers_of_four(64);

/// Powers of four from 1 to 67,108,864, as OpenTelemetry asks for token counts.
const TOKENS: [u64; 14] = powers_of_four(1);

const COUNTS: [u64; 19] = [
    1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000, 20_000, 50_000, 100_000,
    200_000, 500_000, 1_000_000,
];

const RATIOS: [u64; 2] = [0, 1];

const fn powers_of_four<const N: usize>(first: u64) -> [u64; N] {
    let mut bounds = [first; N];
    let mut n = 1;
    while n < N {
        bounds[n] = bounds[n - 1] * 4;
        n += 1;
    }
    bounds
}

/// The upper bounds of the buckets that exported histograms of a unit have, as recorded whole numbers
/// (nanoseconds for time), ascending; beyond the last lies one more bucket. They never change with what
/// is recorded, so that histograms of several processes add up.
///
/// - time: 1, 10 and 100 µs; 1, 2.5 and 5 of each power of ten from 1 ms; up to 1,000 s
/// - bytes: powers of four from 64 B to 64 GiB
/// - tokens: powers of four from 1 to 4¹³
/// - counts: 1, 2 and 5 of each power of ten up to 1,000,000
/// - ratios, which as whole numbers can only be these: 0 and 1
pub fn bounds(unit: Unit) -> &'static [u64] {
    match unit {
        Unit::Seconds => &SECONDS,
        Unit::Bytes => &BYTES,
        Unit::Tokens => &TOKENS,
        Unit::Count => &COUNTS,
        Unit::Ratio => &RATIOS,
    }
}

/// How many values are at most each bound. Values within 0.1 % below a bound may count beyond it: they
/// share a bucket of the layout with it. O(bounds · buckets).
pub(crate) fn cumulative(values: &Distribution, bounds: &[u64]) -> Vec<u64> {
    let counts = bounds.iter().map(|&bound| values.count_at_most(bound));
    counts.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_ascend_and_end_where_the_documentation_says() {
        let units = [
            Unit::Seconds,
            Unit::Bytes,
            Unit::Tokens,
            Unit::Count,
            Unit::Ratio,
        ];
        for unit in units {
            assert!(bounds(unit).is_sorted_by(|a, b| a < b));
        }
        let last = units.map(|unit| *bounds(unit).last().unwrap());
        assert_eq!(
            last,
            [1_000_000_000_000, 64 << 30, 4u64.pow(13), 1_000_000, 1]
        );
    }

    #[test]
    fn counts_at_bounds_grow_up_to_all() {
        let values = Distribution::of(Unit::Count, &[0, 1, 2, 3, 7, 900]);
        assert_eq!(
            cumulative(&values, &[0, 1, 2, 5, 899, 900]),
            [1, 2, 3, 4, 5, 6]
        );
    }
}
