//! What one thread recorded into one series: counts of buckets, written by that thread alone.
//!
//! One writer means that a count is a load, an addition and a store, without a locked instruction, while
//! others may read at any time. The writer stores sum, least and greatest *before* the count, with release;
//! a reader loads them *after* it, with acquire. So what is counted is always within them too.

use std::sync::OnceLock;
use std::sync::atomic::Ordering::{Acquire, Relaxed, Release};
use std::sync::atomic::{AtomicU64, AtomicUsize, fence};

use crate::layout::{self, CHUNK, CHUNKS};
use crate::packed::{Packed, Packer};

/// How many bytes may still be allocated for chunks, by all cells of a recorder.
pub(crate) struct Budget(AtomicUsize);

impl Budget {
    pub(crate) fn new(bytes: usize) -> Self {
        Self(AtomicUsize::new(bytes))
    }

    fn chunk(&self) -> Option<Box<Chunk>> {
        let less = |left: usize| left.checked_sub(size_of::<Chunk>());
        let taken = self.0.fetch_update(Relaxed, Relaxed, less);
        taken.is_ok().then(Box::default)
    }
}

/// Only one thread at a time may call the methods that write: see [`crate::series`].
#[repr(align(128))]
pub(crate) struct Cell {
    sum: Sum,
    min: AtomicU64,
    max: AtomicU64,
    clamped: AtomicU64,
    /// Allocated when a value first falls into it; `None` when the budget was used up by then.
    chunks: [OnceLock<Option<Box<Chunk>>>; CHUNKS],
    /// How many values fell into each chunk that could not be allocated.
    coarse: [AtomicU64; CHUNKS],
}

/// The buckets of one power of two.
#[repr(align(128))]
struct Chunk {
    /// One bit for each count that is not 0, so that a reader skips the rest.
    used: [AtomicU64; CHUNK / 64],
    counts: [AtomicU64; CHUNK],
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
        let number = index / CHUNK;
        match self.chunks[number].get() {
            Some(Some(chunk)) => chunk.add(index % CHUNK, n),
            _ => self.count_rarely(index, n, budget),
        }
    }

    #[cold]
    fn count_rarely(&self, index: usize, n: u64, budget: &Budget) {
        let number = index / CHUNK;
        match self.chunks[number].get_or_init(|| budget.chunk()) {
            Some(chunk) => chunk.add(index % CHUNK, n),
            None => {
                add(&self.coarse[number], n);
            }
        }
    }
}

impl Default for Chunk {
    fn default() -> Self {
        Self {
            used: [const { AtomicU64::new(0) }; CHUNK / 64],
            counts: [const { AtomicU64::new(0) }; CHUNK],
        }
    }
}

impl Chunk {
    #[inline]
    fn add(&self, at: usize, n: u64) {
        if add(&self.counts[at], n) == 0 {
            let used = &self.used[at / 64];
            used.store(used.load(Relaxed) | 1 << (at % 64), Release);
        }
    }
}

/// Adds to what nobody else writes, and tells what was there. Stops at `u64::MAX`.
#[inline]
pub(crate) fn add(counter: &AtomicU64, n: u64) -> u64 {
    let before = counter.load(Relaxed);
    counter.store(before.saturating_add(n), Release);
    before
}

/// A sum of 128 bits, read as a whole while its one writer adds. Stops at `u128::MAX`.
///
/// Most additions change the lower half alone, in one store. One that carries makes `carries` odd for as long
/// as the halves do not fit together, and a reader tries again when it finds that or a change (a seqlock).
#[derive(Default)]
struct Sum {
    low: AtomicU64,
    high: AtomicU64,
    carries: AtomicU64,
}

impl Sum {
    #[inline]
    fn add(&self, value: u64) {
        match self.low.load(Relaxed).checked_add(value) {
            Some(low) => self.low.store(low, Relaxed),
            None => self.add_wide(u128::from(value)),
        }
    }

    #[cold]
    fn add_wide(&self, value: u128) {
        let (low, high) = (self.low.load(Relaxed), self.high.load(Relaxed));
        let sum = (u128::from(high) << 64 | u128::from(low)).saturating_add(value);
        let carries = self.carries.load(Relaxed);
        self.carries.store(carries.wrapping_add(1), Relaxed);
        fence(Release);
        self.low.store(sum as u64, Relaxed);
        self.high.store((sum >> 64) as u64, Relaxed);
        self.carries.store(carries.wrapping_add(2), Release);
    }

    fn get(&self) -> u128 {
        loop {
            let carries = self.carries.load(Acquire);
            let (low, high) = (self.low.load(Relaxed), self.high.load(Relaxed));
            fence(Acquire);
            if carries.is_multiple_of(2) && carries == self.carries.load(Relaxed) {
                return u128::from(high) << 64 | u128::from(low);
            }
            // The writer was interrupted between two stores; it may need this core to go on.
            std::thread::yield_now();
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
            for word in 0..CHUNK / 64 {
                // Coarse values are counted in the last bucket.
                let beside = if word == CHUNK / 64 - 1 { beside } else { 0 };
                pack(number * CHUNK + word * 64, &chunks, word, beside, packer);
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

/// One word of 64 buckets, from `first` on, and what is counted in the last of them beside.
fn pack(first: usize, chunks: &[&Chunk], word: usize, beside: u64, packer: &mut Packer) {
    let used = chunks.iter().map(|chunk| chunk.used[word].load(Acquire));
    let mut used = used.fold(u64::from(beside > 0) << 63, |all, bits| all | bits);
    while used != 0 {
        let bit = used.trailing_zeros() as usize;
        used &= used - 1;
        let counts = chunks
            .iter()
            .map(|chunk| chunk.counts[word * 64 + bit].load(Acquire));
        let beside = if bit == 63 { beside } else { 0 };
        let count = counts.fold(beside, u64::saturating_add);
        packer.push((first + bit) as u32, count);
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
    fn a_sum_of_two_halves_is_exact() {
        let sum = Sum::default();
        let mut expect = 0u128;
        for value in [u64::MAX, 1, 0, u64::MAX, u64::MAX, 7] {
            sum.add(value);
            expect += u128::from(value);
            assert_eq!(sum.get(), expect);
        }
        sum.add_wide(u128::MAX);
        sum.add(3);
        assert_eq!(sum.get(), u128::MAX, "stops at the top");
    }

    #[test]
    fn a_sum_is_read_whole_while_it_carries() {
        const EACH: u64 = u64::MAX - 1;
        let turns = if cfg!(miri) { 100 } else { 50_000 };
        let sum = Sum::default();
        std::thread::scope(|scope| {
            scope.spawn(|| (0..turns).for_each(|_| sum.add(EACH)));
            let mut last = 0;
            while last < u128::from(EACH) * turns {
                let now = sum.get();
                assert!(now >= last && now % u128::from(EACH) == 0, "torn: {now}");
                last = now;
            }
        });
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
    fn a_chunk_costs_what_the_docs_say() {
        assert_eq!(size_of::<Chunk>(), 8_320);
        assert!(size_of::<Cell>() <= 1_408, "{}", size_of::<Cell>());
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(if cfg!(miri) { 2 } else { 128 }))]

        #[test]
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
