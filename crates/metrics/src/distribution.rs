//! What a timer or histogram recorded, as counts of buckets.

use std::time::Duration;

use hdrhistogram::Histogram;

use crate::layout::{self, CHUNK};
use crate::packed::Packed;
use crate::stats::nearest_rank;
use crate::timer::TimerSummary;
use crate::unit::Unit;

/// Values that were recorded, in the buckets of an HdrHistogram of three significant digits: O(buckets
/// that are not empty) memory, shared by clones.
///
/// Values are whole numbers; those of [`Unit::Seconds`] are nanoseconds. Count, sum, min and max are
/// exact, but that a difference ([`Distribution::since`]) knows min and max within 0.1 % only.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Distribution {
    unit: Unit,
    counts: Packed,
    count: u64,
    sum: u128,
    min: u64,
    max: u64,
    clamped: u64,
    coarse: u64,
}

/// One bucket that holds something: `lowest..=highest`, and how many values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bucket {
    /// The least value that falls into it.
    pub lowest: u64,
    /// The greatest value that falls into it.
    pub highest: u64,
    /// How many values did, more than none.
    pub count: u64,
}

impl Distribution {
    /// From the counts of buckets (by `layout::index`), and what is known exactly.
    pub(crate) fn from_counts(
        unit: Unit,
        counts: Packed,
        sum: u128,
        (min, max): (u64, u64),
        clamped: u64,
    ) -> Self {
        Self {
            unit,
            count: counts.total(),
            counts,
            sum,
            min,
            max,
            clamped,
            coarse: 0,
        }
    }

    /// So many of the values are known no better than by their power of two.
    pub(crate) fn with_coarse(self, coarse: u64) -> Self {
        Self { coarse, ..self }
    }

    /// All of these values. O(n log n).
    pub fn of(unit: Unit, values: &[u64]) -> Self {
        let mut sorted = values.to_vec();
        sorted.sort_unstable();
        let counts = sorted.iter().map(|&value| (layout::index(value) as u32, 1));
        let counts = counts.collect();
        let sum = sorted.iter().map(|&v| u128::from(v)).sum();
        let ends = (sorted.first().copied(), sorted.last().copied());
        let ends = (ends.0.unwrap_or(0), ends.1.unwrap_or(0));
        Self::from_counts(unit, counts, sum, ends, 0)
    }

    /// The unit of the values.
    pub fn unit(&self) -> Unit {
        self.unit
    }

    /// How many values.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// All of them together.
    pub fn sum(&self) -> u128 {
        self.sum
    }

    /// The least; `None` when there is none.
    pub fn min(&self) -> Option<u64> {
        (!self.is_empty()).then_some(self.min)
    }

    /// The greatest.
    pub fn max(&self) -> Option<u64> {
        (!self.is_empty()).then_some(self.max)
    }

    /// The arithmetic mean.
    pub fn mean(&self) -> Option<f64> {
        crate::stats::ratio(self.sum as f64, self.count as f64)
    }

    /// How many values were out of range and recorded as the nearest one in it.
    pub fn clamped(&self) -> u64 {
        self.clamped
    }

    /// How many values were recorded when the memory for buckets was used up
    /// ([`Options::memory_max`](crate::Options::memory_max)). They are in the greatest bucket of their
    /// power of two: a quantile among them may be told up to twice as great as it is, never less.
    pub fn coarse(&self) -> u64 {
        self.coarse
    }

    /// The value of rank ⌈fraction·n⌉ (the 19th of 20 for 0.95, the least for 0), at most 0.1 % above
    /// it and never outside min and max. `None` without values or for a fraction outside 0..=1.
    /// O(buckets).
    pub fn quantile(&self, fraction: f64) -> Option<u64> {
        if self.is_empty() || !(0.0..=1.0).contains(&fraction) {
            return None;
        }
        let rank = nearest_rank(fraction, self.count);
        let mut seen = 0u64;
        for (index, n) in self.counts.iter() {
            seen = seen.saturating_add(n);
            if seen >= rank {
                return Some(layout::highest(index as usize).clamp(self.min, self.max));
            }
        }
        Some(self.max)
    }

    /// How many values are at most this one, counting a bucket when all of it is. O(buckets).
    pub fn count_at_most(&self, value: u64) -> u64 {
        let whole = |&(index, _): &(u32, u64)| {
            value >= self.max || layout::highest(index as usize) <= value
        };
        let counts = self.counts.iter().take_while(whole).map(|(_, n)| n);
        counts.fold(0, u64::saturating_add)
    }

    /// The buckets that hold something, the least values first.
    pub fn buckets(&self) -> impl ExactSizeIterator<Item = Bucket> {
        self.counts.iter().map(|(index, count)| Bucket {
            lowest: layout::lowest(index as usize),
            highest: layout::highest(index as usize),
            count,
        })
    }

    /// What was recorded after `earlier`, an older state of the same series, not cleared since. Min and max
    /// are those of the buckets. O(buckets).
    pub fn since(&self, earlier: &Self) -> Self {
        let mut before = earlier.counts.iter().peekable();
        let rest = self.counts.iter().map(|(index, now)| {
            while before.next_if(|(older, _)| *older < index).is_some() {}
            let then = before.next_if(|(older, _)| *older == index);
            (index, now.saturating_sub(then.map_or(0, |(_, n)| n)))
        });
        let counts: Packed = rest.collect();
        let coarse = self.coarse.saturating_sub(earlier.coarse);
        let mut ends = counts.iter();
        let first = ends.next();
        let last = ends.last().or(first);
        // Of a value that is coarse, the bucket says no more than its power of two.
        let known = |index: usize| {
            if coarse > 0 {
                index / CHUNK * CHUNK
            } else {
                index
            }
        };
        let low = first.map_or(0, |(index, _)| layout::lowest(known(index as usize)));
        let high = last.map_or(0, |(index, _)| layout::highest(index as usize));
        let high = high.min(self.max);
        // If `earlier` is not of this series, whose timer was cleared, the ends need not be in order.
        let ends = (low.max(self.min).min(high), high);
        let sum = self.sum.saturating_sub(earlier.sum);
        Self::from_counts(
            self.unit,
            counts,
            sum,
            ends,
            self.clamped.saturating_sub(earlier.clamped),
        )
        .with_coarse(coarse)
    }

    /// Both together, as if recorded into one. O(buckets of both).
    pub fn merged(&self, other: &Self) -> Self {
        // Two sorted runs, which a stable sort merges in linear time.
        let mut both: Vec<(u32, u64)> = self.counts.iter().chain(other.counts.iter()).collect();
        both.sort_by_key(|(index, _)| *index);
        let counts = both.into_iter().collect();
        let ends = match (self.is_empty(), other.is_empty()) {
            (false, false) => (self.min.min(other.min), self.max.max(other.max)),
            (true, false) => (other.min, other.max),
            _ => (self.min, self.max),
        };
        let clamped = self.clamped.saturating_add(other.clamped);
        Self::from_counts(
            self.unit,
            counts,
            self.sum.saturating_add(other.sum),
            ends,
            clamped,
        )
        .with_coarse(self.coarse.saturating_add(other.coarse))
    }

    /// The same counts as an [`hdrhistogram::Histogram`], for its iterators and serialisations. Values
    /// above `u64::MAX / 2` enter as that.
    pub fn to_hdr(&self) -> Histogram<u64> {
        let mut hdr = Histogram::new(3).expect("because three digits are allowed");
        for bucket in self.buckets() {
            hdr.record_n(bucket.lowest.min(u64::MAX / 2), bucket.count)
                .expect("because the histogram resizes itself");
        }
        hdr
    }

    /// The numbers of a timer; `None` without values.
    pub fn durations(&self) -> Option<TimerSummary> {
        let at = |fraction| Some(Duration::from_nanos(self.quantile(fraction)?));
        Some(TimerSummary {
            count: self.count,
            sum: from_nanos(self.sum),
            min: Duration::from_nanos(self.min),
            max: Duration::from_nanos(self.max),
            mean: from_nanos(self.sum / u128::from(self.count.max(1))),
            p50: at(0.5)?,
            p95: at(0.95)?,
            p99: at(0.99)?,
            p999: at(0.999)?,
            saturated: self.clamped,
        })
    }
}

/// The greatest duration stands for what is greater still.
pub(crate) fn from_nanos(nanos: u128) -> Duration {
    const SECOND: u128 = 1_000_000_000;
    match u64::try_from(nanos / SECOND) {
        Ok(seconds) => {
            let rest = u32::try_from(nanos % SECOND).expect("because the rest is below 10^9");
            Duration::new(seconds, rest)
        }
        Err(_) => Duration::MAX,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn of(values: &[u64]) -> Distribution {
        Distribution::of(Unit::Count, values)
    }

    #[test]
    fn nothing_has_no_numbers() {
        let none = of(&[]);
        assert_eq!(
            (none.min(), none.max(), none.mean(), none.quantile(0.5)),
            (None, None, None, None)
        );
        assert_eq!(none.durations(), None);
        assert_eq!(of(&[1]).quantile(1.5), None);
        assert_eq!(of(&[1]).quantile(f64::NAN), None);
    }

    #[test]
    fn counts_that_have_stopped_at_the_top_do_not_begin_anew() {
        let full = [(1, u64::MAX), (5, 3)].into_iter().collect();
        let full = Distribution::from_counts(Unit::Count, full, 9, (1, 5), 0);
        assert_eq!((full.count(), full.count_at_most(9)), (u64::MAX, u64::MAX));
    }

    #[test]
    fn coarse_values_since_a_mark_have_ends_in_order() {
        let coarse = |values: &[u64]| {
            let last = |v: &u64| (layout::index(*v) / CHUNK * CHUNK + CHUNK - 1) as u32;
            let counts = values.iter().map(|v| (last(v), 1)).collect();
            let ends = (values[0], values[values.len() - 1]);
            Distribution::from_counts(Unit::Count, counts, 0, ends, 0)
                .with_coarse(values.len() as u64)
        };
        for (values, low) in [
            ([10, 1_100], 1_024),
            ([10, 700], 10),
            ([1_500, 9_000], 8_192),
        ] {
            let rest = coarse(&values).since(&coarse(&values[..1]));
            assert_eq!((rest.min(), rest.max()), (Some(low), Some(values[1])));
            assert_eq!(rest.quantile(0.5), Some(values[1]));
        }
        // The earlier one is not of the same series any more: it was cleared, and knew more coarse values.
        let rest = coarse(&[700]).since(&coarse(&[3_000, 3_000]));
        assert_eq!((rest.min(), rest.max()), (Some(700), Some(700)));
        assert_eq!(rest.quantile(0.5), Some(700));
    }

    proptest! {
        #[test]
        fn merging_and_taking_apart_are_inverse(
            a in prop::collection::vec(0..5_000_000u64, 0..60),
            b in prop::collection::vec(0..5_000_000u64, 0..60),
        ) {
            let both = of(&a).merged(&of(&b));
            let all = of(&[a.clone(), b.clone()].concat());
            prop_assert_eq!(&both, &all);
            let rest = both.since(&of(&a));
            prop_assert_eq!(rest.buckets().collect::<Vec<_>>(), of(&b).buckets().collect::<Vec<_>>());
            prop_assert_eq!(rest.sum(), of(&b).sum());
        }

        #[test]
        fn hdrhistogram_tells_the_same_quantiles(values in prop::collection::vec(0..u64::MAX / 4, 1..80)) {
            let (ours, hdr) = (of(&values), of(&values).to_hdr());
            for fraction in [0.1, 0.5, 0.9, 0.95, 0.99, 1.0] {
                let theirs = hdr.value_at_quantile(fraction).clamp(ours.min, ours.max);
                prop_assert_eq!(ours.quantile(fraction), Some(theirs));
            }
        }

        #[test]
        fn counts_at_most_agree_with_a_filter(values in prop::collection::vec(0..3_000u64, 0..60), at in 0..2_048u64) {
            let expect = values.iter().filter(|&&v| v <= at).count() as u64;
            prop_assert_eq!(of(&values).count_at_most(at), expect);
        }
    }
}
