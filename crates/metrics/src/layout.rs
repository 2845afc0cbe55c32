//! Which bucket a value falls into: the layout of HdrHistogram with three significant digits.
//!
//! Source: G. Tene, HdrHistogram (`subBucketCount` 2,048, unit magnitude 0). Values below 2,048 have
//! a bucket each; every further power of two is cut into 1,024 of equal width, so a bucket is at most
//! 0.1 % wide. The whole of `u64` needs [`BUCKETS`] of them.

/// Width of the linear part of a power of two.
const HALF: u64 = 1_024;
const HALF_BITS: u32 = HALF.trailing_zeros();

/// How many buckets there are: 2,048, and 1,024 for each of the powers 11 to 63.
pub(crate) const BUCKETS: usize = 2_048 + 53 * 1_024;
/// Buckets are kept in chunks of so many: one chunk for each power of two from 1,024 on, and one for
/// what is less.
pub(crate) const CHUNK: usize = HALF as usize;
pub(crate) const CHUNKS: usize = BUCKETS / CHUNK;

/// The bucket of a value. O(1), without a branch.
#[inline]
pub(crate) fn index(value: u64) -> usize {
    let shift = (63 - (value | (2 * HALF - 1)).leading_zeros()) - HALF_BITS;
    // Below 2,048 the shift is 0; above, `value >> shift` lies in 1,024..2,048.
    ((u64::from(shift) << HALF_BITS) + (value >> shift)) as usize
}

/// The least value of a bucket.
pub(crate) fn lowest(index: usize) -> u64 {
    let index = index as u64;
    if index < 2 * HALF {
        return index;
    }
    let shift = index / HALF - 1;
    (index % HALF + HALF) << shift
}

/// The greatest value of a bucket.
pub(crate) fn highest(index: usize) -> u64 {
    match lowest(index + 1) {
        // One past the last bucket would be 2^64.
        0 => u64::MAX,
        next => next - 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buckets_tile_all_values() {
        assert_eq!((index(0), index(u64::MAX)), (0, BUCKETS - 1));
        for at in 0..BUCKETS {
            let (low, high) = (lowest(at), highest(at));
            assert_eq!((index(low), index(high)), (at, at));
            assert!(high - low <= low / 1_024, "a bucket is 0.1 % wide at most");
            assert!(at + 1 == BUCKETS || lowest(at + 1) == high + 1);
        }
    }

    #[test]
    fn the_layout_is_that_of_hdrhistogram() {
        let hdr = hdrhistogram::Histogram::<u64>::new_with_bounds(1, u64::MAX / 2, 3)
            .expect("because the bounds are valid");
        for value in (0..63).flat_map(|bits| [1u64 << bits, (1 << bits) + 1, (1 << bits) * 2 - 1]) {
            assert_eq!(
                lowest(index(value)),
                hdr.lowest_equivalent(value),
                "{value}"
            );
            assert_eq!(
                highest(index(value)),
                hdr.highest_equivalent(value),
                "{value}"
            );
        }
    }
}
