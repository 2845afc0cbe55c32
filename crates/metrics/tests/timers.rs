//! Timers through the public API: against a naive model, from many threads, and with guards that
//! end in every way.
#![allow(clippy::unwrap_used, reason = "a test may panic")]
#![cfg(not(feature = "off"))]

use std::pin::pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Waker};
use std::thread;
use std::time::Duration;

use autoexec_metrics::{LONGEST, Recorder, Timer, TimerSummary};
use proptest::prelude::*;

fn nanos(n: u64) -> Duration {
    Duration::from_nanos(n)
}

fn recorded(values: impl IntoIterator<Item = u64>) -> TimerSummary {
    let timer = Recorder::new().timer("t");
    values.into_iter().for_each(|n| timer.record(nanos(n)));
    timer.summary().unwrap()
}

/// The value of rank ⌈permille·n/1000⌉ in a sorted list, in whole numbers.
fn naive(sorted: &[u64], permille: usize) -> u64 {
    let rank = (sorted.len() * permille).div_ceil(1000).max(1);
    sorted[rank - 1]
}

fn nanos_of(d: Duration) -> u64 {
    u64::try_from(d.as_nanos()).unwrap()
}

/// Never below the true value, and at most 0.1 % (and a nanosecond of rounding) above.
fn check_close(got: Duration, expect: u64, what: &str) {
    let got = nanos_of(got);
    assert!(
        got >= expect && got - expect <= expect / 1000,
        "{what}: got {got}, the model says {expect}"
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn agrees_with_a_sorted_list(
        mut values in prop::collection::vec(
            prop_oneof![
                Just(0u64),
                0..5_000u64,
                0..4_000_000_000u64,
                0..7_200_000_000_000u64,
                0..u64::MAX / 2_000,
            ],
            1..1_500,
        )
    ) {
        let summary = recorded(values.iter().copied());
        values.sort_unstable();
        let sum: u64 = values.iter().sum();
        prop_assert_eq!(summary.count, values.len() as u64);
        prop_assert_eq!(summary.sum, nanos(sum));
        prop_assert_eq!(summary.mean, nanos(sum / values.len() as u64));
        prop_assert_eq!(summary.min, nanos(values[0]));
        prop_assert_eq!(summary.max, nanos(values[values.len() - 1]));
        prop_assert_eq!(summary.saturated, 0);
        check_close(summary.p50, naive(&values, 500), "p50");
        check_close(summary.p95, naive(&values, 950), "p95");
        check_close(summary.p99, naive(&values, 990), "p99");
        check_close(summary.p999, naive(&values, 999), "p99.9");
    }
}

/// `sorted[int(n * 0.95)]` answers the 20th of 20, and of one sample would be out of range for 1.0.
#[test]
fn p95_is_the_nineteenth_of_twenty() {
    assert_eq!(recorded(1..=20).p95, nanos(19));
    assert_eq!(recorded(1..=100).p95, nanos(95));
    assert_eq!(recorded(1..=100).p99, nanos(99));
    assert_eq!(recorded(1..=1000).p999, nanos(999));
    let one = recorded([7]);
    assert_eq!([one.p50, one.p95, one.p99, one.p999], [nanos(7); 4]);
}

#[test]
fn ranks_are_right_for_every_small_count() {
    for n in 1..=1_200u64 {
        let sorted: Vec<u64> = (1..=n).collect();
        let summary = recorded(1..=n);
        // Values below 2,048 have a bucket of their own, so the answers are exact.
        assert_eq!(summary.p95, nanos(naive(&sorted, 950)), "p95 of {n}");
        assert_eq!(summary.p99, nanos(naive(&sorted, 990)), "p99 of {n}");
    }
}

#[test]
fn zero_is_a_duration_like_any_other() {
    let summary = recorded([0, 0, 0]);
    assert_eq!((summary.count, summary.sum), (3, Duration::ZERO));
    assert_eq!((summary.min, summary.max, summary.p99), Default::default());
}

#[test]
fn what_is_out_of_range_is_counted_not_lost() {
    let timer = Recorder::new().timer("t");
    timer.record(LONGEST);
    timer.record(LONGEST + nanos(1));
    timer.record(Duration::MAX);
    timer.record(Duration::MAX);
    let summary = timer.summary().unwrap();
    assert_eq!((summary.count, summary.saturated), (4, 3));
    assert_eq!((summary.min, summary.max), (LONGEST, LONGEST));
    assert_eq!(summary.sum, 4 * LONGEST);
}

#[test]
fn a_timer_without_records_is_absent() {
    let recorder = Recorder::new();
    let timer = recorder.timer("t");
    assert_eq!(timer.summary(), None);
    timer.start().discard();
    assert!(recorder.snapshot().timers.is_empty());
    timer.record(Duration::ZERO);
    assert_eq!(recorder.snapshot().timers.len(), 1);
    timer.clear();
    assert_eq!(timer.summary(), None);
    assert!(recorder.snapshot().timers.is_empty());
}

#[test]
fn counts_from_eight_threads_add_up() {
    const THREADS: u64 = 8;
    const EACH: u64 = 20_000;
    let recorder = Recorder::new();
    let done = AtomicBool::new(false);
    thread::scope(|scope| {
        // Snapshots taken meanwhile may see any part, but never more, and never go back.
        let watcher = scope.spawn(|| {
            let mut last = 0;
            while !done.load(Ordering::Acquire) {
                let count = recorder.snapshot().timer("t").map_or(0, |t| t.count);
                assert!(last <= count && count <= THREADS * EACH);
                last = count;
            }
        });
        let workers: Vec<_> = (0..THREADS)
            .map(|thread| {
                scope.spawn({
                    let recorder = &recorder;
                    move || {
                        let (timer, counter) = (recorder.timer("t"), recorder.counter("c"));
                        for n in 0..EACH {
                            timer.record(nanos(thread * EACH + n));
                            counter.add(2);
                        }
                    }
                })
            })
            .collect();
        workers
            .into_iter()
            .for_each(|worker| worker.join().unwrap());
        done.store(true, Ordering::Release);
        watcher.join().unwrap();
    });
    let snapshot = recorder.snapshot();
    let all = THREADS * EACH;
    assert_eq!(snapshot.timer("t").unwrap().count, all);
    assert_eq!(snapshot.timer("t").unwrap().sum, nanos(all * (all - 1) / 2));
    assert_eq!(snapshot.timer("t").unwrap().max, nanos(all - 1));
    assert_eq!(snapshot.counters["c"], 2 * all);
}

/// `get_all_metrics` called the locking `get_metric_summary` with its own lock held.
#[test]
fn a_snapshot_may_be_taken_while_guards_are_alive() {
    let recorder = Recorder::new();
    let timer = recorder.timer("t");
    let guard = timer.start();
    let inner = timer.time_fn(|| {
        recorder.counter("c").increment();
        recorder.snapshot()
    });
    assert!(inner.timers.is_empty());
    assert_eq!(guard.stop(), recorder.snapshot().timer("t").map(|t| t.max));
}

#[test]
fn a_guard_records_once_however_it_ends() {
    let timer = Recorder::new().timer("t");
    let count = |timer: &Timer| timer.summary().map_or(0, |t| t.count);

    let early = |timer: &Timer, leave: bool| -> Option<()> {
        let _guard = timer.start();
        leave.then_some(())
    };
    early(&timer, true);
    early(&timer, false);
    assert_eq!(count(&timer), 2);

    timer.start().stop();
    assert_eq!(count(&timer), 3);

    for panicking in [
        || timer_panics(|t| drop((t.start(), panic_now()))),
        || timer_panics(|t| t.time_fn(panic_now)),
    ] {
        assert_eq!(panicking(), 1);
    }
}

fn panic_now() {
    panic!("on purpose, with a guard alive");
}

fn timer_panics(work: fn(&Timer)) -> u64 {
    let timer = Recorder::new().timer("t");
    let caught = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| work(&timer)));
    assert!(caught.is_err());
    timer.summary().map_or(0, |t| t.count)
}

/// Pending at the first poll, ready at the second.
async fn in_two_polls() -> u32 {
    let mut polled = false;
    std::future::poll_fn(|_| match std::mem::replace(&mut polled, true) {
        false => Poll::Pending,
        true => Poll::Ready(42),
    })
    .await
}

#[test]
fn async_code_is_timed_over_all_its_polls() {
    let timer = Recorder::new().timer("t");
    let mut context = Context::from_waker(Waker::noop());
    let mut future = pin!(timer.time(in_two_polls()));
    assert_eq!(future.as_mut().poll(&mut context), Poll::Pending);
    assert_eq!(timer.summary(), None, "not yet finished");
    assert_eq!(future.as_mut().poll(&mut context), Poll::Ready(42));
    assert_eq!(timer.summary().unwrap().count, 1);
}

#[test]
fn a_future_given_up_is_recorded_if_it_ever_ran() {
    let timer = Recorder::new().timer("t");
    drop(timer.time(in_two_polls()));
    assert_eq!(timer.summary(), None);

    let mut future = Box::pin(timer.time(in_two_polls()));
    let mut context = Context::from_waker(Waker::noop());
    assert_eq!(future.as_mut().poll(&mut context), Poll::Pending);
    drop(future);
    assert_eq!(timer.summary().unwrap().count, 1);
}

#[test]
fn a_guard_moves_into_a_task_and_handles_cross_threads() {
    fn is_static_and_sends<T: Send + Sync + 'static>(value: T) -> T {
        value
    }
    let recorder = is_static_and_sends(Recorder::new());
    let guard = is_static_and_sends(recorder.timer("t").start());
    thread::spawn(move || drop(guard)).join().unwrap();
    assert_eq!(recorder.snapshot().timer("t").unwrap().count, 1);
}
