//! The lock-free parts under shuttle, which runs each test through thousands of interleavings of the
//! calls of [`crate::sync`], drawn at random and by priorities that change at random (PCT).
//!
//! Shuttle takes all atomics for sequentially consistent: what weaker orderings allow is proven in
//! words beside them, and tried by miri.

use std::sync::Arc;

use shuttle::scheduler::{PctScheduler, RandomScheduler};
use shuttle::{Config, Runner, thread};

use crate::chunk::Budget;
use crate::distribution::{Bucket, Distribution};
use crate::layout::{self, CHUNK};
use crate::names::Names;
use crate::packed::Packer;
use crate::series::{Counts, Series};
use crate::unit::Unit;
use crate::wide_sum::Sum;

/// Half of them by each way of drawing.
fn explore(interleavings: usize, test: impl Fn() + Copy + Send + Sync + 'static) {
    let mut config = Config::new();
    config.silence_warnings = true;
    // A chunk is made on the stack, of atomics that are larger than real ones.
    config.stack_size = 8 << 20;
    let random = RandomScheduler::new(interleavings / 2);
    Runner::new(random, config.clone()).run(test);
    let by_priority = PctScheduler::new(3, interleavings / 2);
    Runner::new(by_priority, config).run(test);
}

fn all(series: &Series) -> Option<Distribution> {
    series.all(Unit::Count, &mut Packer::default())
}

fn count(distribution: &Option<Distribution>) -> u64 {
    distribution.as_ref().map_or(0, Distribution::count)
}

/// What is counted is within sum, min and max.
fn check_whole(state: &Distribution) {
    let buckets: Vec<_> = state.buckets().collect();
    // Of a value that is coarse, the bucket says no more than its power of two.
    let least = |bucket: &Bucket| match state.coarse() {
        0 => bucket.lowest,
        _ => layout::lowest(layout::index(bucket.lowest) / CHUNK * CHUNK),
    };
    let least_of_all = |bucket: &Bucket| u128::from(least(bucket)) * u128::from(bucket.count);
    assert!(
        state.sum() >= buckets.iter().map(least_of_all).sum(),
        "{state:?}"
    );
    let of_values = "because a state that is told has values";
    assert!(state.min().expect(of_values) <= buckets[0].highest);
    assert!(state.max().expect(of_values) >= least(&buckets[buckets.len() - 1]));
}

#[test]
fn a_sum_is_never_torn() {
    const EACH: u64 = u64::MAX - 1;
    explore(20_000, || {
        let sum = Arc::new(Sum::default());
        let writer = thread::spawn({
            let sum = Arc::clone(&sum);
            move || (0..4).for_each(|_| sum.add(EACH))
        });
        let mut last = 0;
        for _ in 0..3 {
            let now = sum.get();
            assert!(now >= last && now % u128::from(EACH) == 0, "torn: {now}");
            last = now;
        }
        writer.join().unwrap();
        assert_eq!(sum.get(), 4 * u128::from(EACH));
    });
}

fn check_states(series: &Series) {
    let mut before: Option<Distribution> = None;
    for _ in 0..2 {
        let now = all(series);
        assert!(count(&now) >= count(&before));
        if let (Some(now), Some(before)) = (&now, &before) {
            let rest = now.since(before);
            assert_eq!(rest.count(), now.count() - before.count());
            assert!(rest.min() <= rest.max());
        }
        now.iter().for_each(check_whole);
        before = now;
    }
}

/// Also where a count passes 16 bits, and where memory is used up.
#[test]
fn a_state_seen_while_one_records_is_whole_and_only_grows() {
    let test = |chunks: usize| {
        let budget = Arc::new(Budget::new(chunks * size_of::<crate::chunk::Chunk>()));
        let series = Arc::new(Series::new(4, &budget));
        let writer = thread::spawn({
            let series = Arc::clone(&series);
            move || {
                series.record_n(5, u64::from(u16::MAX) - 1);
                [5, 5, 3, 1_500, 4_000]
                    .into_iter()
                    .for_each(|value| series.record(value));
                series.record_paced(9, 3);
            }
        });
        let reader = thread::spawn({
            let series = Arc::clone(&series);
            move || check_states(&series)
        });
        reader.join().unwrap();
        writer.join().unwrap();
        let end = all(&series).unwrap();
        assert_eq!(end.count(), u64::from(u16::MAX) - 1 + 5 + 3);
        assert_eq!(
            end.sum(),
            5 * u128::from(u16::MAX) + 5 + 3 + 1_500 + 4_000 + 9 + 6 + 3
        );
        assert_eq!((end.min(), end.max()), (Some(3), Some(4_000)));
    };
    explore(500, move || test(1));
    explore(500, move || test(2));
}

/// As the limits in the docs of this crate say: it is read after the counts. Each value is 1, so both are equal at rest.
#[test]
fn a_sum_may_be_ahead_of_its_count_and_never_behind() {
    use std::sync::atomic::{AtomicBool, Ordering};
    static AHEAD: AtomicBool = AtomicBool::new(false);
    explore(1_000, || {
        let budget = Arc::new(Budget::new(0));
        let series = Arc::new(Series::new(4, &budget));
        let writer = thread::spawn({
            let series = Arc::clone(&series);
            move || (0..3).for_each(|_| series.record(1))
        });
        let reader = thread::spawn({
            let series = Arc::clone(&series);
            move || {
                let Some(seen) = all(&series) else { return };
                let counted = u128::from(seen.count());
                assert!(seen.sum() >= counted, "{seen:?}");
                AHEAD.fetch_or(seen.sum() > counted, Ordering::Relaxed);
            }
        });
        reader.join().unwrap();
        writer.join().unwrap();
        let end = all(&series).unwrap();
        assert_eq!((end.count(), end.sum()), (3, 3));
    });
    assert!(AHEAD.load(Ordering::Relaxed), "the docs say it may be");
}

/// Three threads at a time and in turn, with no cell of their own, with one and with two.
#[test]
fn threads_that_come_and_go_write_one_cell_each() {
    let test = |shards: usize| {
        let budget = Arc::new(Budget::new(0));
        let shared = Arc::new((Series::new(shards, &budget), Counts::new(shards)));
        let spawn = || {
            let shared = Arc::clone(&shared);
            thread::spawn(move || {
                for value in [1, 2] {
                    shared.0.record(value);
                    shared.1.add(value);
                }
            })
        };
        let (first, second) = (spawn(), spawn());
        first.join().unwrap();
        let third = spawn();
        let seen = (count(&all(&shared.0)), shared.1.get());
        assert!(
            (2..=6).contains(&seen.0) && (3..=9).contains(&seen.1),
            "{seen:?}"
        );
        second.join().unwrap();
        third.join().unwrap();
        let end = all(&shared.0).unwrap();
        assert_eq!((end.count(), end.sum(), shared.1.get()), (6, 9, 9));
    };
    explore(1_000, move || test(0));
    explore(1_000, move || test(1));
    explore(1_000, move || test(2));
}

#[test]
fn what_is_cleared_and_what_stays_is_all() {
    explore(2_000, || {
        let budget = Arc::new(Budget::new(0));
        let series = Arc::new(Series::new(4, &budget));
        let recorder = thread::spawn({
            let series = Arc::clone(&series);
            move || (0..3).for_each(|_| series.record(7))
        });
        series.clear();
        let rest = series.distribution(Unit::Count, &mut Packer::default());
        assert!(count(&rest) <= 3);
        recorder.join().unwrap();
        let later = series.distribution(Unit::Count, &mut Packer::default());
        assert!(count(&later) >= count(&rest), "nothing comes back or goes");
        assert_eq!(count(&all(&series)), 3);
        series.clear();
        assert!(
            series
                .distribution(Unit::Count, &mut Packer::default())
                .is_none()
        );
    });
}

#[test]
fn names_are_bounded_and_each_has_one_handle() {
    explore(4_000, || {
        let names = Arc::new(Names::<Arc<Counts>>::new(1, 1));
        let spawn = |keys: [&'static str; 2]| {
            let names = Arc::clone(&names);
            thread::spawn(move || {
                for key in keys {
                    names
                        .get_or_make(key, &[], || Arc::new(Counts::new(4)))
                        .add(1);
                }
            })
        };
        let threads = [spawn(["a", "b"]), spawn(["b", "a"])];
        threads.into_iter().for_each(|it| it.join().unwrap());
        let handles = names.list();
        assert_eq!(handles.len(), 2, "one, and the one that others share");
        let counts: Vec<u64> = handles.iter().map(|(_, it)| it.get()).collect();
        assert_eq!((counts, names.folded()), (vec![2, 2], 2));
    });
}
