//! One computation per key, whatever becomes of it.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use autoexec_store::{Entry, Fingerprint, Namespace, Options, Store};
use std::sync::Barrier;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::sync::mpsc::channel;
use std::time::Duration;
use std::{future, panic, thread};

fn space() -> Namespace {
    Store::new(Options::default()).unwrap().namespace("s")
}

/// So many threads have missed, and computed or wait; who waits cannot be asked, so that this gives them time.
fn settle() {
    thread::sleep(Duration::from_millis(30));
}

#[test]
fn many_threads_compute_once() {
    let (space, computed, barrier) = (space(), AtomicUsize::new(0), Barrier::new(16));
    let ask = || {
        barrier.wait();
        space.get_or_compute("key", || {
            computed.fetch_add(1, SeqCst);
            settle();
            Ok::<_, ()>("value")
        })
    };
    thread::scope(|scope| {
        let threads: Vec<_> = (0..16).map(|_| scope.spawn(ask)).collect();
        for thread in threads {
            assert_eq!(thread.join().unwrap().unwrap(), "value");
        }
    });
    let stats = space.stats();
    assert_eq!(
        (computed.into_inner(), stats.loads, stats.entries),
        (1, 1, 1)
    );
    assert_eq!(
        (stats.hits + stats.misses, stats.misses - stats.coalesced),
        (16, 1)
    );
}

/// How the first computation ends, while three others wait for it.
fn check_takeover(fail: fn() -> Result<&'static str, &'static str>) {
    let (space, computed) = (space(), AtomicUsize::new(0));
    let (begun, wait) = channel();
    thread::scope(|scope| {
        let (space, computed) = (&space, &computed);
        let first = scope.spawn(move || {
            space.get_or_compute("key", || {
                begun.send(()).unwrap();
                settle();
                fail()
            })
        });
        wait.recv().unwrap();
        let others: Vec<_> = (0..3)
            .map(|_| {
                scope.spawn(|| {
                    space.get_or_compute("key", || {
                        computed.fetch_add(1, SeqCst);
                        Ok::<_, ()>("value")
                    })
                })
            })
            .collect();
        assert!(!matches!(first.join(), Ok(Ok(_))), "the first has failed");
        for other in others {
            assert_eq!(other.join().unwrap().unwrap(), "value");
        }
    });
    let stats = space.stats();
    assert_eq!(
        (computed.into_inner(), stats.loads, stats.load_failures),
        (1, 1, 1)
    );
}

#[test]
fn who_waits_takes_over_from_a_failure() {
    check_takeover(|| Err("no answer"));
}

#[test]
fn who_waits_takes_over_from_a_panic() {
    check_takeover(|| panic!("on purpose"));
}

#[test]
fn a_failure_is_not_remembered_and_is_only_its_callers() {
    let space = space();
    assert_eq!(
        space
            .get_or_compute("key", || Err::<&str, _>("no"))
            .unwrap_err(),
        "no"
    );
    assert!(space.get("key").is_none());
    assert_eq!(
        space.get_or_compute("key", || Ok::<_, ()>("yes")).unwrap(),
        "yes"
    );
}

#[test]
fn asking_for_its_own_key_is_refused_and_leaves_the_key_free() {
    let space = space();
    let ask = || {
        space.get_or_compute("key", || {
            space
                .get_or_compute("key", || Ok::<_, ()>("v"))
                .map(|it| it.to_vec())
        })
    };
    let panicked = panic::catch_unwind(panic::AssertUnwindSafe(ask)).unwrap_err();
    assert_eq!(
        *panicked.downcast_ref::<&str>().unwrap(),
        "a computation asked for its own key"
    );
    assert_eq!(
        space.get_or_compute("key", || Ok::<_, ()>("v")).unwrap(),
        "v"
    );
    let other = space.get_or_compute("one", || {
        space
            .get_or_compute("two", || Ok::<_, ()>("v"))
            .map(|it| it.to_vec())
    });
    assert_eq!(other.unwrap(), "v");
}

/// What `happens` while a value is computed; whether the value is kept.
fn check_kept(happens: impl Fn(&Namespace), keeps: bool) {
    let space = space();
    let entry = || {
        Entry::new("old")
            .with_tag("t")
            .with_file("a.rs", Fingerprint(1))
    };
    let value = space.get_or_compute("key", || {
        happens(&space);
        Ok::<_, ()>(entry())
    });
    assert_eq!(value.unwrap(), "old", "who asked before gets it");
    assert_eq!(space.peek("key").is_some_and(|it| it == "old"), keeps);
}

#[test]
fn what_was_invalidated_while_it_was_computed_is_not_kept() {
    check_kept(|_| {}, true);
    check_kept(|space| _ = space.remove("key"), false);
    check_kept(|space| _ = space.remove("other"), true);
    check_kept(|space| _ = space.remove_prefix("ke"), false);
    check_kept(|space| _ = space.remove_prefix("x"), true);
    check_kept(|space| _ = space.remove_tag("t"), false);
    check_kept(|space| _ = space.remove_tag("u"), true);
    check_kept(
        |space| {
            ["u", "t"]
                .into_iter()
                .for_each(|tag| _ = space.remove_tag(tag))
        },
        false,
    );
    check_kept(|space| _ = space.clear(), false);
    check_kept(
        |space| _ = space.file_changed("a.rs", Some(Fingerprint(2))),
        false,
    );
    check_kept(|space| _ = space.file_changed("a.rs", None), false);
    check_kept(
        |space| _ = space.file_changed("a.rs", Some(Fingerprint(1))),
        true,
    );
    check_kept(|space| _ = space.file_changed("b.rs", None), true);
    check_kept(|space| _ = space.insert("key", "new"), false);
    check_kept(
        |space| (0..5_000).for_each(|i| _ = space.file_changed(i.to_string(), None)),
        false,
    );
}

/// Whoever asks after a file has changed waits for a computation from before; then all is cleared. What was computed is
/// for those only who asked before the change.
#[test]
fn clearing_does_not_make_what_is_outdated_good_for_those_who_wait() {
    let space = space();
    let (begun, go_on) = (Barrier::new(2), Barrier::new(2));
    thread::scope(|scope| {
        let old = scope.spawn(|| {
            space.get_or_compute("key", || {
                begun.wait();
                go_on.wait();
                Ok::<_, ()>(Entry::new("old").with_file("f", Fingerprint(1)))
            })
        });
        begun.wait();
        space.file_changed("f", Some(Fingerprint(2)));
        let asked = space.get_or_compute_async("key", async { Ok::<_, ()>("new") });
        let mut asked = std::pin::pin!(asked);
        let mut context = std::task::Context::from_waker(std::task::Waker::noop());
        assert!(
            asked.as_mut().poll(&mut context).is_pending(),
            "it waits for the other"
        );
        space.clear();
        go_on.wait();
        assert_eq!(old.join().unwrap().unwrap(), "old");
        let std::task::Poll::Ready(value) = asked.as_mut().poll(&mut context) else {
            panic!("the other has landed");
        };
        assert_eq!(value.unwrap(), "new");
    });
}

#[test]
fn an_insert_meanwhile_is_not_overwritten() {
    let space = space();
    let value = space.get_or_compute("key", || {
        space.insert("key", "new");
        Ok::<_, ()>("old")
    });
    assert_eq!(value.unwrap(), "old");
    assert_eq!(space.get("key").unwrap(), "new");
}

/// A truth that changes, and is invalidated after each change, while threads compute from it, fail and panic. What is
/// handed out is not older than the last change that had been invalidated when it was asked for.
fn check_staleness(invalidate: impl Fn(&Namespace, usize)) {
    let (space, stop) = (space(), AtomicBool::new(false));
    let (truth, invalidated) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let compute = |dice: u64| {
        let now = truth.load(SeqCst);
        match dice % 8 {
            0 => return Err(()),
            1 => panic::resume_unwind(Box::new(())),
            2 | 3 => thread::yield_now(),
            _ => {}
        }
        let entry = Entry::new(now.to_le_bytes().to_vec());
        Ok(entry.with_tag("t").with_file("f", Fingerprint(now as u128)))
    };
    let ask = |seed: u64| {
        let mut dice = seed;
        while !stop.load(SeqCst) {
            dice = dice
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(seed | 1);
            let before = invalidated.load(SeqCst);
            let ask = || space.get_or_compute("key", || compute(dice >> 33));
            if let Ok(Ok(value)) = panic::catch_unwind(panic::AssertUnwindSafe(ask)) {
                let value = usize::from_le_bytes(value[..].try_into().unwrap());
                assert!(value >= before, "{value} is older than {before}");
            }
        }
    };
    thread::scope(|scope| {
        let ask = &ask;
        let threads: Vec<_> = (0..4).map(|seed| scope.spawn(move || ask(seed))).collect();
        for turn in 1..400 {
            truth.store(turn, SeqCst);
            invalidate(&space, turn);
            invalidated.store(turn, SeqCst);
            if turn % 4 == 0 {
                thread::yield_now();
            }
        }
        // Some that were found and some that were not, however the threads were scheduled.
        while space.stats().hits < 50 || space.stats().load_failures < 50 {
            space.clear();
            thread::yield_now();
        }
        stop.store(true, SeqCst);
        threads
            .into_iter()
            .for_each(|thread| thread.join().unwrap());
    });
}

#[test]
fn nothing_is_handed_out_that_was_invalidated_before_it_was_asked_for() {
    check_staleness(|space, _| _ = space.remove("key"));
    check_staleness(|space, _| _ = space.remove_tag("t"));
    check_staleness(|space, turn| _ = space.file_changed("f", Some(Fingerprint(turn as u128))));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_tasks_compute_once() {
    let space = space();
    let computed = std::sync::Arc::new(AtomicUsize::new(0));
    let tasks: Vec<_> = (0..100)
        .map(|_| {
            let (space, computed) = (space.clone(), computed.clone());
            tokio::spawn(async move {
                let compute = async {
                    computed.fetch_add(1, SeqCst);
                    tokio::time::sleep(Duration::from_millis(20)).await;
                    Ok::<_, ()>("value")
                };
                space.get_or_compute_async("key", compute).await
            })
        })
        .collect();
    for task in tasks {
        assert_eq!(task.await.unwrap().unwrap(), "value");
    }
    assert_eq!((computed.load(SeqCst), space.stats().loads), (1, 1));
}

#[tokio::test]
async fn a_task_that_is_dropped_hands_over() {
    let space = space();
    let never = {
        let space = space.clone();
        tokio::spawn(async move {
            let compute = future::pending::<Result<&str, ()>>();
            space.get_or_compute_async("key", compute).await
        })
    };
    tokio::task::yield_now().await;
    let other = {
        let space = space.clone();
        tokio::spawn(async move {
            space
                .get_or_compute_async("key", async { Ok::<_, ()>("value") })
                .await
        })
    };
    tokio::task::yield_now().await;
    assert!(!other.is_finished(), "it waits");
    never.abort();
    assert_eq!(other.await.unwrap().unwrap(), "value");
    let stats = space.stats();
    assert_eq!((stats.loads, stats.load_failures), (1, 1));
}

#[tokio::test]
async fn tasks_and_threads_share_a_computation() {
    let space = space();
    let (begun, wait) = channel();
    let thread = {
        let space = space.clone();
        thread::spawn(move || {
            space.get_or_compute("key", || {
                begun.send(()).unwrap();
                settle();
                Ok::<_, ()>("of the thread")
            })
        })
    };
    wait.recv().unwrap();
    let compute = async { Ok::<_, ()>("of the task") };
    let value = space.get_or_compute_async("key", compute).await.unwrap();
    assert_eq!(value, "of the thread");
    assert!(thread.join().unwrap().is_ok());
    assert_eq!(space.stats().coalesced, 1);
}
