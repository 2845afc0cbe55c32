//! Recording from many threads, paced, and within bounds: nothing is lost or counted twice.
#![cfg(not(feature = "off"))]
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use autoexec_metrics::{Distribution, OTHER, Options, Recorder, Snapshot, Unit};
use proptest::prelude::*;

fn with_shards(shards: usize) -> Recorder {
    Recorder::with_options(Options {
        shards,
        ..Options::default()
    })
}

fn counts(distribution: &Distribution) -> BTreeMap<u64, u64> {
    let buckets = distribution.buckets();
    buckets.map(|it| (it.lowest, it.count)).collect()
}

/// A state seen while others record: it fits together, and nothing of the one before is gone.
fn check_state(before: &Snapshot, now: &Snapshot) {
    assert!(now.counters["c"] >= before.counters.get("c").copied().unwrap_or(0));
    let Some(seen) = now.histograms.get("h") else {
        assert!(before.histograms.is_empty());
        return;
    };
    let buckets = counts(seen);
    assert_eq!(seen.count(), buckets.values().sum::<u64>());
    assert!(seen.min().unwrap() <= seen.buckets().next().unwrap().highest);
    assert!(seen.max().unwrap() >= seen.buckets().last().unwrap().lowest);
    let least: u128 = buckets
        .iter()
        .map(|(&v, &n)| u128::from(v) * u128::from(n))
        .sum();
    assert!(seen.sum() >= least, "what is counted is in the sum");
    if let Some(before) = before.histograms.get("h") {
        assert!(seen.sum() >= before.sum() && seen.max() >= before.max());
        for (lowest, count) in counts(before) {
            assert!(buckets[&lowest] >= count, "a count went back");
        }
    }
}

fn values() -> impl Strategy<Value = Vec<u64>> {
    let value = prop_oneof![0..3_000u64, any::<u64>(), Just(u64::MAX)];
    prop::collection::vec(value, 1..400)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn totals_of_eight_threads_add_up(each in prop::collection::vec(values(), 8), shards in 0..12usize) {
        let recorder = with_shards(shards);
        let done = AtomicBool::new(false);
        recorder.counter("c");
        thread::scope(|scope| {
            let watcher = scope.spawn(|| {
                let mut before = Snapshot::default();
                while !done.load(Ordering::Acquire) {
                    let now = recorder.snapshot();
                    check_state(&before, &now);
                    before = now;
                }
            });
            let record = |values: &Vec<u64>| {
                let (histogram, counter) = (recorder.histogram("h"), recorder.counter("c"));
                for &value in values {
                    histogram.record(value);
                    counter.add(value >> 32);
                }
            };
            let workers: Vec<_> = each.iter().map(|values| scope.spawn(move || record(values))).collect();
            workers.into_iter().for_each(|it| it.join().unwrap());
            done.store(true, Ordering::Release);
            watcher.join().unwrap();
        });
        let all = each.concat();
        let snapshot = recorder.snapshot();
        prop_assert_eq!(&snapshot.histograms["h"], &Distribution::of(Unit::Count, &all));
        prop_assert_eq!(snapshot.counters["c"], all.iter().map(|v| v >> 32).sum::<u64>());
    }

    /// `recordValueWithExpectedInterval`, as it is written there.
    #[test]
    fn a_paced_record_is_the_loop_of_hdrhistogram(
        value in prop_oneof![0..5_000u64, 0..1u64 << 34],
        interval in prop_oneof![0..3u64, 1..3_000u64, 1..1u64 << 34],
    ) {
        // The loop is to end within the test.
        let interval = if interval == 0 { 0 } else { interval.max(value / 5_000) };
        let mut expect = vec![value];
        if interval > 0 && value > interval {
            let mut missing = value - interval;
            while missing >= interval {
                expect.push(missing);
                missing -= interval;
            }
        }
        let timer = Recorder::new().timer("t");
        timer.record_paced(Duration::from_nanos(value), Duration::from_nanos(interval));
        let got = timer.distribution().unwrap();
        prop_assert_eq!(got, Distribution::of(Unit::Seconds, &expect));
    }
}

#[test]
fn a_paced_record_of_centuries_ends_soon() {
    let timer = Recorder::new().timer("t");
    timer.record_paced(Duration::from_nanos(u64::MAX), Duration::from_nanos(1));
    timer.record_paced(Duration::MAX, Duration::from_nanos(1));
    let all = timer.summary().unwrap();
    assert_eq!((all.count, all.saturated), (u64::MAX, 1));
    assert_eq!(all.min, Duration::from_nanos(1));
}

#[test]
fn threads_that_come_and_go_leave_their_counts() {
    let recorder = with_shards(2);
    for round in 0..50u64 {
        thread::scope(|scope| {
            for _ in 0..3 {
                scope.spawn(|| {
                    recorder.histogram("h").record_n(round, 2);
                    recorder.counter("c").increment();
                });
            }
        });
    }
    let snapshot = recorder.snapshot();
    assert_eq!(snapshot.counters["c"], 150);
    let all: Vec<u64> = (0..50).flat_map(|n| [n; 6]).collect();
    assert_eq!(
        snapshot.histograms["h"],
        Distribution::of(Unit::Count, &all)
    );
}

#[test]
fn an_end_before_its_start_is_zero_and_said() {
    let timer = Recorder::new().timer("t");
    let (start, later) = (Instant::now(), Instant::now() + Duration::from_secs(3));
    timer.record_between(start, start + Duration::from_nanos(5));
    timer.record_between(later, start);
    let all = timer.summary().unwrap();
    assert_eq!((all.count, all.saturated), (2, 1));
    assert_eq!(
        (all.min, all.sum),
        (Duration::ZERO, Duration::from_nanos(5))
    );
}

#[test]
fn an_explosion_of_labels_from_many_threads_is_bounded_and_loses_nothing() {
    let recorder = Recorder::with_options(Options {
        series_max: 20,
        series_per_name_max: 10,
        ..Options::default()
    });
    thread::scope(|scope| {
        for thread in 0..4 {
            let recorder = &recorder;
            scope.spawn(move || {
                for n in 0..500 {
                    let user = format!("{thread}-{n}");
                    let labels = [("user", user.as_str())];
                    recorder.counter_with("hits", &labels).increment();
                    recorder.timer_with("wait", &labels).record(Duration::ZERO);
                }
            });
        }
    });
    let snapshot = recorder.snapshot();
    assert_eq!((snapshot.counters.len(), snapshot.timers.len()), (11, 11));
    assert_eq!(snapshot.counters.values().sum::<u64>(), 2_000);
    assert_eq!(
        snapshot
            .timers
            .values()
            .map(Distribution::count)
            .sum::<u64>(),
        2_000
    );
    assert_eq!(snapshot.folded_lookups, 2 * 1_990);
    let shared = snapshot
        .counters
        .keys()
        .filter(|key| key.label("series") == Some(OTHER));
    assert_eq!(shared.count(), 1);
}

#[test]
fn without_memory_nothing_is_lost_but_precision() {
    let recorder = Recorder::with_options(Options {
        memory_max: 0,
        ..Options::default()
    });
    let histogram = recorder.histogram("h");
    (0..=10_000).for_each(|value| histogram.record(value));
    let snapshot = recorder.snapshot();
    let all = &snapshot.histograms["h"];
    assert_eq!(
        (all.count(), all.coarse(), all.sum()),
        (10_001, 10_001, 50_005_000)
    );
    assert_eq!((all.min(), all.max()), (Some(0), Some(10_000)));
    let median = all.quantile(0.5).unwrap();
    assert!((5_000..10_000).contains(&median), "{median}");
}

#[test]
fn what_is_cleared_is_gone_and_what_follows_counts() {
    let timer = Recorder::new().timer("t");
    for nanos in [3, 5_000] {
        timer.record(Duration::from_nanos(nanos));
    }
    timer.clear();
    assert_eq!(timer.summary(), None);
    timer.record(Duration::from_nanos(70));
    let rest = timer.summary().unwrap();
    let seventy = Duration::from_nanos(70);
    assert_eq!(
        (rest.count, rest.sum, rest.min, rest.max),
        (1, seventy, seventy, seventy)
    );
}

/// The least of the later values is not known, but it is not above the greatest.
#[test]
fn without_memory_a_mark_tells_ends_in_order() {
    let recorder = Recorder::with_options(Options {
        memory_max: 0,
        ..Options::default()
    });
    let histogram = recorder.histogram("h");
    histogram.record(10);
    let mark = recorder.mark();
    histogram.record(1_100);
    let run = &recorder.since(&mark).histograms["h"];
    assert_eq!((run.min(), run.max()), (Some(1_024), Some(1_100)));
    assert_eq!((run.quantile(0.5), run.coarse()), (Some(1_100), 1));
}
