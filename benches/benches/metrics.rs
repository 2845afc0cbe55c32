//! Metrics: recording against an owned histogram, on one thread and on two, a counter against an addition, a
//! guard against two clock readings, a snapshot against bare quantiles, a disabled recorder against nothing,
//! and resident memory against one `pread`.

use std::cell::Cell;
use std::hint::black_box;
use std::sync::{Arc, Barrier};
use std::thread;
use std::time::{Duration, Instant};

use autoexec_benches::{Group, Harness, Stopwatch, Times, bench_main};
use autoexec_metrics::{MemoryProbe, Recorder};
use hdrhistogram::Histogram;

bench_main!(record, two_threads, counter, guard, snapshot, off_path, rss);

/// Durations of 1 to 128 µs, in an order the branch predictor cannot learn by heart.
fn durations() -> Vec<Duration> {
    let mut state = 1u64;
    let mut next = || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        Duration::from_nanos(1_000 + (state >> 33) % 127_000)
    };
    (0..4_096).map(|_| next()).collect()
}

fn owned() -> Histogram<u64> {
    Histogram::new_with_bounds(1, 3_600_000_000_000, 3).expect("because the bounds are valid")
}

fn record(harness: &mut Harness<'_>) {
    harness.group("metrics/record", |group| {
        let durations = durations();
        record_floor(group, &durations);

        let timer = Recorder::new().timer("t");
        durations.iter().for_each(|&d| timer.record(d));
        let count = timer.summary().map(|summary| summary.count);
        assert_eq!(count, Some(durations.len() as u64), "nothing is lost");
        let mut values = durations.iter().cycle();
        group.bench_function("record", |b| {
            b.iter(|| timer.record(*values.next().expect("because a cycle does not end")));
        });
        let histogram = Recorder::new().histogram("h");
        let mut values = durations.iter().cycle();
        group.bench_function("record-histogram", |b| {
            b.iter(|| {
                let value = values.next().expect("because a cycle does not end");
                histogram.record(u64::from(value.subsec_nanos()));
            });
        });
    });
}

fn record_floor(group: &mut Group<'_, '_>, durations: &[Duration]) {
    let mut histogram = owned();
    let mut values = durations.iter().cycle();
    group.bench_function("floor", |b| {
        b.iter(|| {
            let value = values.next().expect("because a cycle does not end");
            histogram.saturating_record(value.as_nanos() as u64);
        });
    });
}

/// The floor is two threads with a histogram each, which nobody could read.
fn two_threads(harness: &mut Harness<'_>) {
    harness.group("metrics/record-two-threads", |group| {
        let durations = durations();
        let timer = Recorder::new().timer("t");
        let record = || |duration| timer.record(duration);
        on_two_threads(record, &durations, 1_000);
        let count = timer.summary().map(|summary| summary.count);
        assert_eq!(count, Some(2_000), "nothing is lost");

        group.bench_function("floor", |b| {
            let record = || {
                let mut histogram = owned();
                move |value: Duration| histogram.saturating_record(value.as_nanos() as u64)
            };
            b.iter_custom(|records| on_two_threads(record, &durations, records));
        });
        group.bench_function("record", |b| {
            b.iter_custom(|records| on_two_threads(record, &durations, records));
        });
    });
}

/// What the slower of two threads takes for `records` records, both at the same time. Each makes what it
/// records with.
fn on_two_threads<R: FnMut(Duration)>(
    make: impl Fn() -> R + Sync,
    durations: &[Duration],
    records: u64,
) -> Times {
    let ready = Barrier::new(2);
    let work = || {
        let mut record = make();
        let mut values = durations.iter().cycle();
        ready.wait();
        let watch = Stopwatch::start();
        for _ in 0..records {
            record(*values.next().expect("because a cycle does not end"));
        }
        watch.stop()
    };
    thread::scope(|scope| {
        // Both are new threads, so that each has a cell of its own.
        let threads = [scope.spawn(work), scope.spawn(work)];
        let times = threads.map(|t| t.join().expect("because recording does not panic"));
        let slower = times.into_iter().max_by_key(|times| times.thread_ns);
        slower.expect("because there are two")
    })
}

fn counter(harness: &mut Harness<'_>) {
    harness.group("metrics/counter", |group| {
        let counter = Recorder::new().counter("c");
        counter.add(3);
        assert_eq!(counter.get(), 3, "what was added is there");
        let sum = Cell::new(0u64);
        group.bench_function("floor", |b| {
            b.iter(|| sum.set(sum.get().wrapping_add(black_box(1))));
        });
        group.bench_function("counter", |b| b.iter(|| counter.add(black_box(1))));
    });
}

/// A recorder disabled at run time; the feature `off` is counted in instructions by the crate's example.
///
/// What is off takes a cycle or two, as its loop happens to lie: only what takes several is told from that here.
fn off_path(harness: &mut Harness<'_>) {
    harness.group("metrics/off-path", |group| {
        let recorder = Recorder::disabled();
        let (timer, counter) = (recorder.timer("t"), recorder.counter("c"));
        counter.increment();
        assert_eq!(
            (counter.get(), timer.start().stop()),
            (0, None),
            "it is off"
        );
        group.bench_function("floor", |b| b.iter(|| black_box(1)));
        group.bench_function("counter", |b| b.iter(|| counter.add(black_box(1))));
        group.bench_function("scope", |b| b.iter(|| drop(black_box(&timer).scope())));
    });
}

/// The monotonic clock in nanoseconds, as cheaply as it can be had.
#[cfg(target_os = "linux")]
fn clock() -> u64 {
    let now = rustix::time::clock_gettime(rustix::time::ClockId::Monotonic);
    now.tv_sec as u64 * 1_000_000_000 + now.tv_nsec as u64
}

#[cfg(not(target_os = "linux"))]
fn clock() -> u64 {
    use std::sync::LazyLock;
    static START: LazyLock<Instant> = LazyLock::new(Instant::now);
    START.elapsed().as_nanos() as u64
}

fn guard(harness: &mut Harness<'_>) {
    harness.group("metrics/guard", |group| {
        let timer = Recorder::new().timer("t");
        let told = timer.start().stop();
        assert_eq!(
            timer.summary().map(|t| t.max),
            told,
            "what was told was recorded"
        );
        group.bench_function("floor", |b| {
            b.iter(|| {
                let started = Instant::now();
                black_box(Instant::now() - started)
            });
        });
        // The same without what `Instant` checks, as the guards read it.
        group.bench_function("floor-bare", |b| {
            b.iter(|| {
                let started = clock();
                black_box(clock().wrapping_sub(started))
            });
        });
        group.bench_function("guard", |b| b.iter(|| drop(timer.start())));
        // What any guard costs that owns what it records into.
        let shared = Arc::new(0u64);
        group.bench_function("floor-owning", |b| {
            b.iter(|| {
                let (owned, started) = (black_box(Arc::clone(&shared)), Instant::now());
                black_box(Instant::now() - started);
                drop(owned);
            });
        });
        group.bench_function("scope", |b| b.iter(|| drop(timer.scope())));
        group.bench_function("time-fn", |b| b.iter(|| timer.time_fn(|| black_box(()))));
    });
}

/// A hundred histograms of 1,000 values, four percentiles of each.
fn snapshot(harness: &mut Harness<'_>) {
    harness.group("metrics/snapshot-100", |group| {
        let durations = durations();
        let recorder = Recorder::new();
        let mut histograms = vec![owned(); 100];
        for (n, histogram) in histograms.iter_mut().enumerate() {
            let timer = recorder.timer(&format!("timer {n}"));
            for value in durations.iter().skip(n).take(1_000) {
                timer.record(*value);
                histogram.saturating_record(value.as_nanos() as u64);
            }
        }
        let p99 = |n: usize| Duration::from_nanos(histograms[n].value_at_quantile(0.99));
        let ours = recorder
            .snapshot()
            .timer("timer 7")
            .expect("because it was recorded");
        assert_eq!(ours.p99, p99(7).min(ours.max), "the same percentile");

        group.bench_function("floor", |b| {
            let quantiles =
                |h: &Histogram<u64>| [0.5, 0.95, 0.99, 0.999].map(|q| h.value_at_quantile(q));
            b.iter(|| histograms.iter().map(quantiles).collect::<Vec<_>>());
        });
        group.bench_function("snapshot", |b| b.iter(|| recorder.snapshot()));
    });
}

#[cfg(target_os = "linux")]
fn rss(harness: &mut Harness<'_>) {
    harness.group("metrics/rss", |group| {
        use std::os::unix::fs::FileExt;

        let statm = std::fs::File::open("/proc/self/statm").expect("because Linux has it");
        let probe = MemoryProbe::start();
        assert!(
            probe.rss().is_some_and(|bytes| bytes > 100_000),
            "a process holds memory"
        );
        group.bench_function("floor", |b| {
            let mut text = [0; 192];
            b.iter(|| {
                statm
                    .read_at(&mut text, 0)
                    .expect("because it was just opened")
            });
        });
        group.bench_function("rss", |b| b.iter(|| probe.rss()));
    });
}

#[cfg(not(target_os = "linux"))]
fn rss(_: &mut Harness<'_>) {
    // There is nothing to measure memory with.
    let _ = MemoryProbe::start();
}
