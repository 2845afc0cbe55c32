//! A sum of 128 bits that one thread writes and others read.

use crate::sync::Ordering::{Acquire, Relaxed, Release};
use crate::sync::{AtomicU64, fence, yield_now};

/// A sum of 128 bits, read as a whole while its one writer adds. Stops at `u128::MAX`.
///
/// Most additions change the lower half alone, in one store. One that carries makes `carries` odd for as long
/// as the halves do not fit together, and a reader tries again when it finds that or a change (a seqlock).
pub(crate) struct Sum {
    low: AtomicU64,
    high: AtomicU64,
    carries: AtomicU64,
}

impl Default for Sum {
    fn default() -> Self {
        Self {
            low: AtomicU64::new(0),
            high: AtomicU64::new(0),
            carries: AtomicU64::new(0),
        }
    }
}

impl Sum {
    #[inline]
    pub(crate) fn add(&self, value: u64) {
        match self.low.load(Relaxed).checked_add(value) {
            Some(low) => self.low.store(low, Relaxed),
            None => self.add_wide(u128::from(value)),
        }
    }

    #[cold]
    pub(crate) fn add_wide(&self, value: u128) {
        let (low, high) = (self.low.load(Relaxed), self.high.load(Relaxed));
        let sum = (u128::from(high) << 64 | u128::from(low)).saturating_add(value);
        let carries = self.carries.load(Relaxed);
        self.carries.store(carries.wrapping_add(1), Relaxed);
        fence(Release);
        self.low.store(sum as u64, Relaxed);
        self.high.store((sum >> 64) as u64, Relaxed);
        self.carries.store(carries.wrapping_add(2), Release);
    }

    /// Waits for a writer that is between two stores.
    pub(crate) fn get(&self) -> u128 {
        loop {
            let carries = self.carries.load(Acquire);
            let (low, high) = (self.low.load(Relaxed), self.high.load(Relaxed));
            fence(Acquire);
            if carries.is_multiple_of(2) && carries == self.carries.load(Relaxed) {
                return u128::from(high) << 64 | u128::from(low);
            }
            // The writer was interrupted between two stores; it may need this core to go on.
            yield_now();
        }
    }
}

#[cfg(all(test, not(shuttle)))]
mod tests {
    use super::*;

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
}
