//! What one thread recorded into one series: counts of buckets, written by that thread alone.
//!
//! One writer means that a count is a load, an addition and a store, without a locked instruction, while
//! others may read at any time. The writer stores sum, least and greatest *before* the count, with release;
//! a reader loads them *after* it, with acquire. So what is counted is always within them too.

use std::sync::OnceLock;

use crate::chunk::{Budget, Chunk, add};
use crate::layout::{self, CHUNK, CHUNKS};
use crate::packed::{Packed, Packer};
use crate::sync::AtomicU64;
use crate::sync::Ordering::{Acquire, Relaxed};
use crate::wide_sum::Sum;

/// Only one thread at a time may call the methods that write: see [`crate::series`].
#[repr(align(128))]
pub(crate) struct Cell {
    sum: Sum,
    min: AtomicU64,
    max: AtomicU64,
    clamped: AtomicU64,
    /// Allocated when a value first falls into it; `None` when the budget was used up by then.
    chunks: [OnceLock<Option<Box<Chunk>>>; CHUNKS],
    /// How many values fell into each power of two for which memory could not be had.
    coarse: [AtomicU64; CHUNKS],
}

impl Default for Cell {
    fn default() -> Self {
        Self {
            sum: Sum::default(),
            min: AtomicU64::new(u64::MAX),
            max: AtomicU64::new(0),
            clamped: AtomicU64::new(0),
            chunks: [const { OnceLock::new() }; CHUNKS],
            coarse: [const { AtomicU64::new(0) }; CHUNKS],
        }
    }
}

impl Cell {
    /// O(1); the first value of a power of two allocates its chunk.
    #[inline]
    pub(crate) fn record(&self, value: u64, budget: &Budget) {
        self.reach(value, value);
        self.sum.add(value);
        self.count(layout::index(value), 1, budget);
    }

    /// The same value `n` times. O(1).
    pub(crate) fn record_n(&self, value: u64, n: u64, budget: &Budget) {
        if n > 0 {
            self.reach(value, value);
            self.sum.add_wide(u128::from(value) * u128::from(n));
            self.count(layout::index(value), n, budget);
        }
    }

    /// `last`, `last + step` and so on up to `first`: a whole number of steps, at least one of each.
    /// O(buckets between them), however many values they are.
    pub(crate) fn record_steps(&self, first: u64, last: u64, step: u64, budget: &Budget) {
        debug_assert!(step > 0 && last <= first && (first - last).is_multiple_of(step));
        self.reach(last, first);
        let n = u128::from((first - last) / step) + 1;
        let ends = u128::from(first) + u128::from(last);
        // Of an odd number of terms the ends are an even number of steps apart, so their sum is even.
        let sum = if n.is_multiple_of(2) {
            n / 2 * ends
        } else {
            n * (ends / 2)
        };
        self.sum.add_wide(sum);
        let mut value = first;
        loop {
            let index = layout::index(value);
            let floor = layout::lowest(index).max(last);
            let steps = (value - floor) / step;
            self.count(index, steps.saturating_add(1), budget);
            let next = value - steps * step;
            if next - last < step {
                break;
            }
            value = next - step;
        }
    }

    /// Notes that a value was out of range.
    #[cold]
    pub(crate) fn clamp(&self) {
        add(&self.clamped, 1);
    }

    #[inline]
    fn reach(&self, low: u64, high: u64) {
        if low < self.min.load(Relaxed) {
            self.min.store(low, Relaxed);
        }
        if high > self.max.load(Relaxed) {
            self.max.store(high, Relaxed);
        }
    }

    #[inline]
    fn count(&self, index: usize, n: u64, budget: &Budget) {
        match self.chunks[index / CHUNK].get() {
            Some(Some(chunk)) if chunk.add(index % CHUNK, n) => {}
            _ => self.count_rarely(index, n, budget),
        }
    }

    #[inline(never)]
    fn count_rarely(&self, index: usize, n: u64, budget: &Budget) {
        let number = index / CHUNK;
        let left = match self.chunks[number].get_or_init(|| budget.take()) {
            Some(chunk) => chunk.add_many(index % CHUNK, n, budget),
            None => n,
        };
        if left > 0 {
            add(&self.coarse[number], left);
        }
    }
}

/// The cells of one series put together.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Merged {
    /// By the index of the bucket. Coarse values are in the last bucket of their chunk.
    pub(crate) counts: Packed,
    pub(crate) sum: u128,
    pub(crate) min: u64,
    pub(crate) max: u64,
    pub(crate) clamped: u64,
    pub(crate) coarse: u64,
}

impl Merged {
    /// O(buckets that are not empty × cells). `packer` is scratch.
    pub(crate) fn of(cells: &[&Cell], packer: &mut Packer) -> Self {
        let mut coarse = 0;
        let mut chunks = Vec::with_capacity(cells.len());
        for number in 0..CHUNKS {
            chunks.clear();
            let fine = cells.iter().filter_map(|cell| cell.chunks[number].get());
            chunks.extend(fine.filter_map(Option::as_deref));
            let beside = cells.iter().map(|cell| cell.coarse[number].load(Acquire));
            let beside = beside.fold(0, u64::saturating_add);
            coarse = beside.saturating_add(coarse);
            if beside > 0 || !chunks.is_empty() {
                Chunk::pack(number * CHUNK, &chunks, beside, packer);
            }
        }
        let mut merged = Self {
            counts: packer.take(),
            sum: 0,
            min: u64::MAX,
            max: 0,
            clamped: 0,
            coarse,
        };
        // Only now, as the head of this file says.
        for cell in cells {
            merged.sum = merged.sum.saturating_add(cell.sum.get());
            merged.min = merged.min.min(cell.min.load(Relaxed));
            merged.max = merged.max.max(cell.max.load(Relaxed));
            merged.clamped = merged.clamped.saturating_add(cell.clamped.load(Relaxed));
        }
        merged
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn merged(cell: &Cell) -> Merged {
        Merged::of(&[cell], &mut Packer::default())
    }

    #[test]
    fn without_memory_values_are_counted_by_their_power_of_two() {
        let budget = Budget::new(size_of::<Chunk>());
        let cell = Cell::default();
        cell.record(5, &budget);
        for value in [4_096, 5_000, 8_191, u64::MAX] {
            cell.record(value, &budget);
        }
        let got = merged(&cell);
        let powers = [
            (5, 1),
            (layout::index(8_191) as u32, 3),
            (layout::BUCKETS as u32 - 1, 1),
        ];
        assert_eq!((got.counts, got.coarse), (powers.into_iter().collect(), 4));
        assert_eq!((got.min, got.max), (5, u64::MAX));
        assert_eq!(got.sum, 5 + 4_096 + 5_000 + 8_191 + u128::from(u64::MAX));
    }

    #[test]
    fn a_bucket_counts_on_beyond_its_16_bits() {
        const TOP: u64 = u16::MAX as u64;
        let room = Budget::new(usize::MAX);
        for budget in [&room, &Budget::new(size_of::<Chunk>())] {
            let cell = Cell::default();
            cell.record_n(5, TOP - 2, budget);
            (0..2).for_each(|_| cell.record(5, budget));
            assert_eq!(merged(&cell).counts, [(5, TOP)].into_iter().collect());
            cell.record_n(5, 3, budget);
            cell.record(5, budget);
            cell.record_n(7, TOP + 2, budget);
            let (five, seven, coarse) = match merged(&cell).coarse {
                0 => (TOP + 4, TOP + 2, 0),
                coarse => (TOP, TOP, coarse),
            };
            assert_eq!(coarse, if std::ptr::eq(budget, &room) { 0 } else { 6 });
            let last = (CHUNK as u32 - 1, coarse);
            let expect = [(5, five), (7, seven), last].into_iter().collect();
            assert_eq!(merged(&cell).counts, expect);
            assert_eq!(
                merged(&cell).sum,
                5 * u128::from(TOP + 4) + 7 * u128::from(TOP + 2)
            );
        }
    }

    #[test]
    fn a_value_recorded_no_times_leaves_nothing() {
        let cell = Cell::default();
        cell.record_n(5, 0, &Budget::new(usize::MAX));
        assert_eq!(merged(&cell), merged(&Cell::default()));
    }

    #[test]
    fn a_count_stops_at_the_top() {
        let budget = Budget::new(usize::MAX);
        let cell = Cell::default();
        cell.record_n(5, u64::MAX, &budget);
        cell.record_n(5, u64::MAX, &budget);
        cell.record(5, &budget);
        assert_eq!(merged(&cell).counts, [(5, u64::MAX)].into_iter().collect());
    }

    #[test]
    fn a_cell_costs_what_the_docs_say() {
        assert!(size_of::<Cell>() <= 1_408, "{}", size_of::<Cell>());
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(128))]

        #[test]
        #[cfg_attr(miri, ignore = "thousands of records a case: minutes")]
        fn steps_are_the_values_one_by_one(
            last in prop_oneof![0..3_000u64, 0..1u64 << 40],
            step in prop_oneof![1..50u64, 1..100_000u64, 1..1u64 << 40],
            n in 0..3_000u64,
        ) {
            let budget = Budget::new(usize::MAX);
            let (at_once, singly) = (Cell::default(), Cell::default());
            at_once.record_steps(last + n * step, last, step, &budget);
            (0..=n).for_each(|k| singly.record(last + k * step, &budget));
            prop_assert_eq!(merged(&at_once), merged(&singly));
        }
    }
}
