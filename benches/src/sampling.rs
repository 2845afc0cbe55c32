//! Measuring a benchmark by itself: how many iterations, how many samples, and what is in their middle.

use crate::bencher::Bencher;
use crate::clock::{Clock, Times};

/// How many samples one pass takes.
const SAMPLES: usize = 20;
/// How long one sample is meant to take, by the deciding clock: 20 of them take 0.4 seconds.
const SAMPLE_NS: u64 = 20_000_000;
/// No sample has more iterations, however little they take.
const ITERATIONS_MAX: u64 = 1 << 40;
/// Samples of a benchmark whose single iteration takes longer than a sample is meant to.
const SAMPLES_OF_LONG: usize = 10;

/// So many samples of so many iterations each.
#[derive(Clone, Debug)]
pub(crate) struct Samples {
    pub(crate) iterations: u64,
    pub(crate) times: Vec<Times>,
}

impl Samples {
    /// The time of one iteration in the middle of the samples, in nanoseconds.
    pub(crate) fn median_ns(&self, clock: Clock) -> f64 {
        median(self.each_ns(clock))
    }

    /// How far samples lie from it in the middle, in nanoseconds.
    pub(crate) fn deviation_ns(&self, clock: Clock) -> f64 {
        let middle = self.median_ns(clock);
        median(
            self.each_ns(clock)
                .into_iter()
                .map(|it| (it - middle).abs())
                .collect(),
        )
    }

    fn each_ns(&self, clock: Clock) -> Vec<f64> {
        let each = |times: &Times| times.by(clock) as f64 / self.iterations as f64;
        self.times.iter().map(each).collect()
    }
}

/// Measures a benchmark, once it is warm. Absent when it measured nothing.
pub(crate) fn measure(clock: Clock, benchmark: &mut dyn FnMut(&mut Bencher)) -> Option<Samples> {
    let iterations = iterations(clock, SAMPLE_NS, benchmark)?;
    let first = Bencher::run(iterations, benchmark)?;
    let count = if first.by(clock) > 2 * SAMPLE_NS {
        SAMPLES_OF_LONG
    } else {
        SAMPLES
    };
    let times = (0..count).map(|_| Bencher::run(iterations, benchmark));
    Some(Samples {
        iterations,
        times: times.collect::<Option<_>>()?,
    })
}

/// How many iterations take about `target_ns` by this clock: at least one.
///
/// Doubles until a tenth of it is reached, which warms up what is to be measured, and then reckons.
pub(crate) fn iterations(
    clock: Clock,
    target_ns: u64,
    benchmark: &mut dyn FnMut(&mut Bencher),
) -> Option<u64> {
    let mut iterations = 1;
    loop {
        let took = Bencher::run(iterations, benchmark)?;
        // What waits uses no processor: the wall must not run away meanwhile.
        let ns = took.by(clock).max(took.wall_ns / 50);
        if ns >= target_ns / 10 || iterations >= ITERATIONS_MAX {
            let share = target_ns as f64 / ns.max(1) as f64;
            return Some(((iterations as f64 * share) as u64).clamp(1, ITERATIONS_MAX));
        }
        iterations *= 2;
    }
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    match values.len() {
        0 => f64::NAN,
        length if length % 2 == 1 => values[middle],
        _ => f64::midpoint(values[middle - 1], values[middle]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A benchmark each of whose iterations claims to take so long.
    fn claim(ns: u64) -> impl FnMut(&mut Bencher) {
        move |b| {
            b.iter_custom(|rounds| Times {
                thread_ns: ns * rounds,
                process_ns: ns * rounds,
                wall_ns: ns * rounds,
            });
        }
    }

    #[test]
    fn iterations_fill_the_time_and_are_never_none() {
        assert_eq!(
            iterations(Clock::Thread, 1_000_000, &mut claim(10)),
            Some(100_000)
        );
        assert_eq!(
            iterations(Clock::Thread, 1_000_000, &mut claim(5_000_000)),
            Some(1)
        );
        assert_eq!(
            iterations(Clock::Thread, 1_000_000, &mut claim(0)),
            Some(ITERATIONS_MAX)
        );
        assert_eq!(iterations(Clock::Thread, 1_000_000, &mut |_| {}), None);
    }

    #[test]
    fn samples_have_a_middle_and_a_deviation() {
        let samples = measure(Clock::Wall, &mut claim(100)).expect("it measured");
        assert_eq!(samples.times.len(), SAMPLES);
        assert_eq!(samples.median_ns(Clock::Wall), 100.0);
        assert_eq!(samples.deviation_ns(Clock::Wall), 0.0);
        let long = measure(Clock::Wall, &mut claim(10 * SAMPLE_NS)).expect("it measured");
        assert_eq!((long.iterations, long.times.len()), (1, SAMPLES_OF_LONG));
    }
}
