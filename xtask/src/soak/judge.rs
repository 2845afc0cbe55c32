//! Whether a quantity grows with the iterations.

use autoexec_metrics::stats::{Interval, slope};

use super::Sample;

/// Which share of the samples is warm-up: caches fill up, pools open what they need.
const WARM_UP: f64 = 0.4;
/// Fewer samples than this after the warm-up say nothing.
const LEAST_SAMPLES: usize = 20;
/// Samples remember those before them, so the interval is asked to be wide.
const CONFIDENCE: f64 = 0.999;
/// Growth is told per this many iterations.
pub(super) const PER: f64 = 10_000.0;

/// Something of which a process should not hold more and more.
#[derive(Debug)]
pub(super) struct Quantity {
    pub(super) name: &'static str,
    /// Whether it is shown as bytes.
    pub(super) is_bytes: bool,
    of: fn(&Sample) -> Option<f64>,
    /// Growth in 10,000 iterations that is too much.
    pub(super) limit: f64,
    /// Growth within what was sampled below which nothing is said: pools open one more, an allocator takes a page.
    floor: f64,
}

impl Quantity {
    pub(super) fn value(&self) -> fn(&Sample) -> Option<f64> {
        self.of
    }
}

/// The bound on resident memory is the one that leak checks commonly have, 50 MB in 10,000 iterations, or 10 MB within
/// the run; what our allocator counts is free of what the allocator beneath keeps, and may be held tighter.
pub(super) const QUANTITIES: &[Quantity] = &[
    Quantity {
        name: "heap",
        is_bytes: true,
        of: |it| it.heap_bytes,
        limit: 1e6,
        floor: 64e3,
    },
    Quantity {
        name: "resident memory",
        is_bytes: true,
        of: |it| it.rss_bytes,
        limit: 50e6,
        floor: 10e6,
    },
    Quantity {
        name: "descriptors",
        is_bytes: false,
        of: |it| it.descriptors,
        limit: 20.0,
        floor: 12.0,
    },
    Quantity {
        name: "threads",
        is_bytes: false,
        of: |it| it.threads,
        limit: 20.0,
        floor: 12.0,
    },
    Quantity {
        name: "disk",
        is_bytes: true,
        of: |it| it.disk_bytes,
        limit: 1e6,
        floor: 64e3,
    },
];

/// What was found of one quantity.
#[derive(Debug)]
pub(super) struct Judgement {
    pub(super) quantity: &'static Quantity,
    /// All values, the warm-up included.
    pub(super) values: Vec<f64>,
    /// Growth in 10,000 iterations after the warm-up, and where it lies; absent for too few samples.
    pub(super) growth: Option<(f64, Interval)>,
    /// By how much it grew after the warm-up, along the fitted line.
    rise: f64,
}

impl Judgement {
    /// Surely more than nothing, by more than may be: in the long run, and within this one.
    pub(super) fn grows(&self) -> bool {
        let Some((growth, interval)) = self.growth else {
            return false;
        };
        interval.low > 0.0 && growth > self.quantity.limit && self.rise > self.quantity.floor
    }
}

/// Absent when nothing was sampled.
pub(super) fn judge(quantity: &'static Quantity, points: &[(f64, f64)]) -> Option<Judgement> {
    let warm = (points.len() as f64 * WARM_UP) as usize;
    let after = &points[warm..];
    let (first, last) = (after.first()?, after.last()?);
    let fitted = slope(after, CONFIDENCE).filter(|_| after.len() >= LEAST_SAMPLES);
    let scaled = |it: Interval| Interval {
        low: it.low * PER,
        high: it.high * PER,
    };
    Some(Judgement {
        quantity,
        values: points.iter().map(|it| it.1).collect(),
        growth: fitted.map(|it| (it.per_x * PER, scaled(it.interval))),
        rise: fitted.map_or(0.0, |it| it.per_x * (last.0 - first.0)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Noise between -1 and 1 from a fixed seed.
    fn noise() -> impl FnMut() -> f64 {
        let mut state = 7_u64;
        move || {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            (state >> 33) as f64 / f64::from(1_u32 << 30) - 1.0
        }
    }

    fn heap(value: impl FnMut(f64) -> f64) -> Judgement {
        series(&QUANTITIES[0], value)
    }

    /// Three hundred samples, ten iterations apart.
    fn series(quantity: &'static Quantity, mut value: impl FnMut(f64) -> f64) -> Judgement {
        let points = (0..300).map(|n| f64::from(n) * 10.0);
        let points: Vec<(f64, f64)> = points.map(|x| (x, value(x))).collect();
        judge(quantity, &points).unwrap()
    }

    #[test]
    fn a_kibibyte_each_time_is_found_in_noise() {
        let mut noise = noise();
        let found = heap(|x| 400e3 + 1024.0 * x + 100e3 * noise());
        let (growth, interval) = found.growth.unwrap();
        assert!(found.grows(), "{found:?}");
        assert!((growth - 10.24e6).abs() < 0.5e6 && interval.low < 10.24e6);
    }

    #[test]
    fn flat_noise_and_a_saw_are_no_growth() {
        for seed in 0..50 {
            let mut noise = noise();
            (0..seed * 300).for_each(|_| _ = noise());
            assert!(!heap(|_| 400e3 + 200e3 * noise()).grows(), "seed {seed}");
        }
        assert!(!heap(|x| 400e3 + (x % 470.0) * 500.0).grows());
        assert!(!heap(|_| 400e3).grows());
    }

    #[test]
    fn filling_up_during_the_warm_up_is_no_growth() {
        assert!(!heap(|x| 400e3 + 2e3 * x.min(1_000.0)).grows());
    }

    #[test]
    fn a_step_is_no_growth_but_steps_are() {
        let pools = &QUANTITIES[2];
        assert!(!series(pools, |x| if x > 2_000.0 { 46.0 } else { 42.0 }).grows());
        assert!(series(pools, |x| 42.0 + (x / 100.0).floor()).grows());
    }

    #[test]
    fn slow_growth_within_the_bound_and_shrinking_pass() {
        assert!(!heap(|x| 400e3 + 50.0 * x).grows());
        assert!(!heap(|x| 4e6 - 1024.0 * x).grows());
        // Resident memory has the wider bound of its row.
        assert!(!series(&QUANTITIES[1], |x| 12e6 + 1024.0 * x).grows());
        assert!(series(&QUANTITIES[1], |x| 12e6 + 8.0 * 1024.0 * x).grows());
    }

    #[test]
    fn too_few_samples_say_nothing() {
        let points: Vec<(f64, f64)> = (0..10)
            .map(|n| (f64::from(n), f64::from(n) * 1e6))
            .collect();
        let found = judge(&QUANTITIES[0], &points).unwrap();
        assert!(found.growth.is_none() && !found.grows());
        assert!(judge(&QUANTITIES[0], &[]).is_none());
    }
}
