//! One measurement: so many iterations of a routine, of which only the routine is timed.

use std::hint::black_box;

use crate::clock::{Stopwatch, Times};

/// How many inputs are prepared, untimed, before as many iterations are timed together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BatchSize {
    /// 64: what is small does not crowd the processor's cache.
    SmallInput,
    /// 8.
    LargeInput,
    /// One, for what takes far longer than reading the clocks (about a microsecond).
    PerIteration,
}

impl BatchSize {
    fn inputs(self) -> u64 {
        match self {
            Self::SmallInput => 64,
            Self::LargeInput => 8,
            Self::PerIteration => 1,
        }
    }
}

/// Handed to the closure of a benchmark, which calls one of its methods once.
#[derive(Debug)]
pub struct Bencher {
    iterations: u64,
    times: Option<Times>,
}

impl Bencher {
    /// Runs so many iterations of a benchmark; absent when it measured nothing.
    pub(crate) fn run(iterations: u64, benchmark: &mut dyn FnMut(&mut Self)) -> Option<Times> {
        let mut bencher = Self {
            iterations,
            times: None,
        };
        benchmark(&mut bencher);
        bencher.times
    }

    /// Times a routine, and the dropping of what it returns.
    #[inline]
    pub fn iter<O>(&mut self, mut routine: impl FnMut() -> O) {
        let watch = Stopwatch::start();
        for _ in 0..self.iterations {
            black_box(routine());
        }
        self.times = Some(watch.stop());
    }

    /// Times a routine, and drops what it returns untimed. For routines that take many microseconds.
    #[inline]
    pub fn iter_with_large_drop<O>(&mut self, mut routine: impl FnMut() -> O) {
        self.iter_batched(|| (), |()| routine(), BatchSize::PerIteration);
    }

    /// Times a routine on inputs that are made untimed; what it returns is dropped untimed.
    #[inline]
    pub fn iter_batched<I, O>(
        &mut self,
        mut setup: impl FnMut() -> I,
        mut routine: impl FnMut(I) -> O,
        size: BatchSize,
    ) {
        let mut times = Times::default();
        let mut left = self.iterations;
        while left > 0 {
            let count = left.min(size.inputs());
            let inputs: Vec<I> = (0..count).map(|_| setup()).collect();
            let mut outputs = Vec::with_capacity(inputs.len());
            let watch = Stopwatch::start();
            for input in inputs {
                outputs.push(routine(black_box(input)));
            }
            times += watch.stop();
            drop(black_box(outputs));
            left -= count;
        }
        self.times = Some(times);
    }

    /// The same for a routine that changes its input, which is dropped untimed.
    #[inline]
    pub fn iter_batched_ref<I, O>(
        &mut self,
        setup: impl FnMut() -> I,
        mut routine: impl FnMut(&mut I) -> O,
        size: BatchSize,
    ) {
        let changed = |mut input: I| {
            let output = routine(&mut input);
            (input, output)
        };
        self.iter_batched(setup, changed, size);
    }

    /// For work that measures itself: it is told how many iterations, and says how long they took.
    #[inline]
    pub fn iter_custom(&mut self, mut routine: impl FnMut(u64) -> Times) {
        self.times = Some(routine(self.iterations));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_method_runs_as_many_iterations_as_asked() {
        for iterations in [1, 7, 8, 63, 64, 65, 200] {
            let mut counts = [0_u64; 5];
            let [plain, dropped, small, large, custom] = &mut counts;
            let run = |one: &mut dyn FnMut(&mut Bencher)| {
                assert!(Bencher::run(iterations, one).is_some());
            };
            run(&mut |b| b.iter(|| *plain += 1));
            run(&mut |b| b.iter_with_large_drop(|| *dropped += 1));
            run(&mut |b| b.iter_batched(|| 1, |one| *small += one, BatchSize::SmallInput));
            run(&mut |b| b.iter_batched_ref(|| 1, |one| *large += *one, BatchSize::LargeInput));
            run(&mut |b| {
                b.iter_custom(|rounds| {
                    *custom += rounds;
                    Times::default()
                });
            });
            assert_eq!(counts, [iterations; 5]);
        }
    }

    #[test]
    fn a_closure_that_measures_nothing_is_found_out() {
        assert_eq!(Bencher::run(1, &mut |_| {}), None);
    }
}
