//! What recording a duration into a held handle costs, on one thread and on two at the same time.
//!
//! A value goes into whatever the peer's documentation shows for latencies; each is checked to have counted all of them.

use std::sync::{Arc, Barrier, Mutex};
use std::thread;
use std::time::Duration;

use autoexec_benches::{Group, Harness, Stopwatch, Times, bench_main};
use autoexec_metrics::Recorder;
use hdrhistogram::Histogram;
use metrics_util::storage::AtomicBucket;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::histogram::{Histogram as Buckets, exponential_buckets};
use prometheus_client::registry::Registry;
use sketches_ddsketch::{Config, DDSketch};

bench_main!(on_one_thread, on_two_threads);

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

fn on_one_thread(harness: &mut Harness<'_>) {
    harness.group("peers/record-1", |group| {
        let durations = durations();
        let mut histogram = owned();
        let mut values = durations.iter().cycle();
        group.bench_function("floor", |b| {
            b.iter(|| {
                let value = values.next().expect("because a cycle does not end");
                histogram.saturating_record(value.as_nanos() as u64);
            });
        });
        everybody(group, &durations, 1);
    });
}

fn on_two_threads(harness: &mut Harness<'_>) {
    harness.group("peers/record-2", |group| everybody(group, &durations(), 2));
}

fn everybody(group: &mut Group<'_, '_>, durations: &[Duration], threads: usize) {
    ours(group, durations, threads);
    prometheus_client(group, durations, threads);
    metrics_facade(group, durations, threads);
    behind_a_mutex(group, durations, threads);
}

fn ours(group: &mut Group<'_, '_>, durations: &[Duration], threads: usize) {
    let recorder = Recorder::new();
    let (timer, histogram) = (recorder.timer("t"), recorder.histogram("h"));
    for &duration in durations {
        timer.record(duration);
        histogram.record(duration.as_nanos() as u64);
    }
    let snapshot = recorder.snapshot();
    let counts = [&snapshot.timers["t"], &snapshot.histograms["h"]].map(|it| it.count());
    assert_eq!(counts, [durations.len() as u64; 2], "nothing is lost");
    contest(
        group,
        "ours",
        durations,
        threads,
        |it| timer.record(it),
        || (),
    );
    let record = |it: Duration| histogram.record(it.as_nanos() as u64);
    contest(group, "ours-histogram", durations, threads, record, || ());
}

/// Ten buckets, as its documentation shows: a quantile is as fine as they are.
fn prometheus_client(group: &mut Group<'_, '_>, durations: &[Duration], threads: usize) {
    let histogram = Buckets::new(exponential_buckets(1e-6, 2.0, 10));
    let mut registry = Registry::default();
    registry.register("t", "Durations", histogram.clone());
    let record = |it: Duration| histogram.observe(it.as_secs_f64());
    durations.iter().for_each(|&it| record(it));
    let mut text = String::new();
    encode(&mut text, &registry).expect("because a string takes all");
    assert!(
        text.contains(&format!("t_count {}", durations.len())),
        "{text}"
    );
    contest(
        group,
        "prometheus-client",
        durations,
        threads,
        record,
        || (),
    );
}

/// A handle on the bucket of its Prometheus exporter, which keeps every value until somebody folds them. That is not
/// timed; the exporter does so every five seconds.
fn metrics_facade(group: &mut Group<'_, '_>, durations: &[Duration], threads: usize) {
    let bucket = Arc::new(AtomicBucket::new());
    let histogram = metrics::Histogram::from_arc(Arc::clone(&bucket));
    let record = |it: Duration| histogram.record(it.as_secs_f64());
    durations.iter().for_each(|&it| record(it));
    assert_eq!(bucket.data().len(), durations.len());
    contest(group, "metrics-bucket", durations, threads, record, || {
        bucket.clear()
    });
}

fn behind_a_mutex(group: &mut Group<'_, '_>, durations: &[Duration], threads: usize) {
    let because = "because recording does not panic";
    let histogram = Mutex::new(owned());
    let record = |it: Duration| {
        let mut histogram = histogram.lock().expect(because);
        histogram.saturating_record(it.as_nanos() as u64);
    };
    durations.iter().for_each(|&it| record(it));
    assert_eq!(
        histogram.lock().expect(because).len(),
        durations.len() as u64
    );
    contest(
        group,
        "mutex-hdrhistogram",
        durations,
        threads,
        record,
        || (),
    );

    let sketch = Mutex::new(DDSketch::new(Config::defaults()));
    let record = |it: Duration| sketch.lock().expect(because).add(it.as_secs_f64());
    durations.iter().for_each(|&it| record(it));
    assert_eq!(sketch.lock().expect(because).count(), durations.len());
    contest(group, "mutex-ddsketch", durations, threads, record, || ());
}

/// Times the recording; `after` is not timed.
fn contest(
    group: &mut Group<'_, '_>,
    name: &str,
    durations: &[Duration],
    threads: usize,
    record: impl Fn(Duration) + Sync,
    after: impl Fn(),
) {
    group.bench_function(name, |b| {
        b.iter_custom(|records| {
            let times = match threads {
                1 => timed(durations, records, &record),
                _ => on_two(durations, records, &record),
            };
            after();
            times
        });
    });
}

fn timed(durations: &[Duration], records: u64, record: &impl Fn(Duration)) -> Times {
    let mut values = durations.iter().cycle();
    let watch = Stopwatch::start();
    for _ in 0..records {
        record(*values.next().expect("because a cycle does not end"));
    }
    watch.stop()
}

/// What the slower of two threads takes for so many records, both at the same time.
fn on_two(durations: &[Duration], records: u64, record: &(impl Fn(Duration) + Sync)) -> Times {
    let ready = Barrier::new(2);
    let work = || {
        ready.wait();
        timed(durations, records, record)
    };
    thread::scope(|scope| {
        let both = [scope.spawn(work), scope.spawn(work)];
        let times = both.map(|it| it.join().expect("because recording does not panic"));
        let slower = times.into_iter().max_by_key(|times| times.thread_ns);
        slower.expect("because there are two")
    })
}
