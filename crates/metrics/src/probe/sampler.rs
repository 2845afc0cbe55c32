//! A series of readings over time, for plots and for finding leaks, in bounded memory.

use std::time::{Duration, Instant};

use super::memory::MemoryProbe;
use super::process::ProcessProbe;

/// Readings of the process at the times when its owner asks for one.
///
/// When `capacity` samples are kept, neighbours are joined two by two, and from then on each sample
/// stands for twice as many readings: the series always covers the whole time, in 96 bytes a sample.
///
/// ```
/// use std::time::{Duration, Instant};
/// use autoexec_metrics::Sampler;
///
/// let (mut sampler, start) = (Sampler::new(4), Instant::now());
/// for second in 0..6 {
///     sampler.sample(start + Duration::from_secs(second));
/// }
/// let seconds: Vec<u64> = sampler.samples().map(|it| it.at.as_secs()).collect();
/// assert_eq!((seconds, sampler.readings_per_sample()), (vec![1, 3, 5], 2));
/// ```
#[derive(Debug)]
pub struct Sampler {
    memory: MemoryProbe,
    process: ProcessProbe,
    started: Option<Instant>,
    series: Series,
}

/// One reading, or several that were joined.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Sample {
    /// When it was taken, since the first one; of joined readings the last. Never decreases.
    pub at: Duration,
    /// Resident memory; of joined readings the most.
    pub rss_bytes: Option<u64>,
    /// Processor time since the sampler was made, of all threads.
    pub cpu: Option<Duration>,
    /// Bytes that calls such as read returned since the sampler was made.
    pub read_bytes: Option<u64>,
    /// Bytes that calls such as write took since the sampler was made.
    pub written_bytes: Option<u64>,
    /// Open descriptors; of joined readings the most.
    pub descriptors: Option<u64>,
    /// Threads alive; of joined readings the most.
    pub threads: Option<u64>,
}

impl Sampler {
    /// Keeps at most `capacity` samples, made even and 2 at least. Sets the kernel's high-water mark of
    /// memory back, as [`MemoryProbe::start`] does.
    pub fn new(capacity: usize) -> Self {
        Self {
            memory: MemoryProbe::start(),
            process: ProcessProbe::start(),
            started: None,
            series: Series::new(capacity),
        }
    }

    /// Takes a reading, of five system calls. A clock that went backwards counts as standing still.
    pub fn sample(&mut self, now: Instant) {
        let started = *self.started.get_or_insert(now);
        let used = self.process.finish();
        self.series.push(Sample {
            at: now.saturating_duration_since(started),
            rss_bytes: self.memory.rss(),
            cpu: used.cpu(),
            read_bytes: used.read_bytes,
            written_bytes: used.written_bytes,
            descriptors: used.descriptors,
            threads: used.threads,
        });
    }

    /// All samples, the oldest first.
    pub fn samples(&self) -> impl Iterator<Item = &Sample> {
        self.series.samples.iter().chain(&self.series.partial)
    }

    /// Seconds and a number of each sample that has it, as [`slope`](crate::stats::slope) takes them.
    pub fn points(&self, number: impl Fn(&Sample) -> Option<f64>) -> Vec<(f64, f64)> {
        let point = |sample: &Sample| Some((sample.at.as_secs_f64(), number(sample)?));
        self.samples().filter_map(point).collect()
    }

    /// How many readings a sample stands for; a power of two.
    pub fn readings_per_sample(&self) -> u64 {
        self.series.stride
    }
}

#[derive(Debug)]
struct Series {
    capacity: usize,
    /// Of `stride` readings each.
    samples: Vec<Sample>,
    stride: u64,
    /// The sample that is not complete yet, of so many readings.
    partial: Option<Sample>,
    partial_readings: u64,
}

impl Series {
    fn new(capacity: usize) -> Self {
        let capacity = capacity
            .max(2)
            .checked_next_multiple_of(2)
            .unwrap_or(usize::MAX - 1);
        Self {
            capacity,
            samples: Vec::new(),
            stride: 1,
            partial: None,
            partial_readings: 0,
        }
    }

    fn push(&mut self, reading: Sample) {
        let before = self.partial.as_ref().or(self.samples.last());
        let at = reading
            .at
            .max(before.map_or(Duration::ZERO, |sample| sample.at));
        let reading = Sample { at, ..reading };
        let joined = self
            .partial
            .map_or(reading, |partial| partial.joined(&reading));
        self.partial = Some(joined);
        self.partial_readings += 1;
        if self.partial_readings < self.stride {
            return;
        }
        self.samples.extend(self.partial.take());
        self.partial_readings = 0;
        if self.samples.len() == self.capacity {
            self.halve();
        }
    }

    fn halve(&mut self) {
        let half = self.samples.len() / 2;
        for n in 0..half {
            self.samples[n] = self.samples[2 * n].joined(&self.samples[2 * n + 1]);
        }
        self.samples.truncate(half);
        self.stride = self.stride.saturating_mul(2);
    }
}

impl Sample {
    fn joined(&self, later: &Self) -> Self {
        Self {
            rss_bytes: self.rss_bytes.max(later.rss_bytes),
            descriptors: self.descriptors.max(later.descriptors),
            threads: self.threads.max(later.threads),
            ..*later
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn reading(n: usize, rss: u64) -> Sample {
        Sample {
            at: Duration::from_secs(n as u64),
            rss_bytes: Some(rss),
            cpu: Some(Duration::from_millis(n as u64)),
            descriptors: Some(rss % 10),
            threads: Some(rss % 7),
            ..Sample::default()
        }
    }

    proptest! {
        #[test]
        fn the_series_covers_all_readings_in_chunks(
            rss in prop::collection::vec(0..1_000u64, 0..300),
            capacity in 0..20usize,
        ) {
            let readings: Vec<Sample> = rss.iter().enumerate().map(|(n, rss)| reading(n, *rss)).collect();
            let mut series = Series::new(capacity);
            readings.iter().for_each(|reading| series.push(*reading));
            let found: Vec<Sample> = series.samples.iter().chain(&series.partial).copied().collect();
            let chunks = readings.chunks(series.stride as usize);
            let most = |chunk: &[Sample], of: fn(&Sample) -> Option<u64>| chunk.iter().filter_map(of).max();
            let expect: Vec<Sample> = chunks
                .map(|chunk| Sample {
                    rss_bytes: most(chunk, |sample| sample.rss_bytes),
                    descriptors: most(chunk, |sample| sample.descriptors),
                    threads: most(chunk, |sample| sample.threads),
                    ..chunk[chunk.len() - 1]
                })
                .collect();
            prop_assert_eq!(found, expect);
            prop_assert!(series.samples.len() < capacity.max(2) + 1);
            prop_assert!(readings.len() < 4 || series.samples.len() * 4 >= capacity.min(readings.len()));
        }
    }

    #[test]
    fn a_clock_that_goes_backwards_stands_still() {
        let mut series = Series::new(10);
        for n in [3, 1, 4] {
            series.push(reading(n, 0));
        }
        let at: Vec<u64> = series
            .samples
            .iter()
            .map(|sample| sample.at.as_secs())
            .collect();
        assert_eq!(at, [3, 3, 4]);
    }
}
