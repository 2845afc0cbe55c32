//! Ending a run from outside, from inside, and by dropping it.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use autoexec_scheduler::{OnFailure, Options, Outcome, Prepare, Runner, StepId, Task, run};
use tokio::sync::{Barrier, Notify, oneshot};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use crate::recorder::{Event, HANG, Item, Recorder, finish, graph, one_thread, two_threads};

#[test]
fn a_run_that_is_cancelled_before_it_begins_does_nothing() {
    let graph = graph(2, &[5; 4], &[(0, 1), (2, 3)]);
    for runtime in [one_thread(), two_threads()] {
        let options = Options::default();
        options.cancel.cancel();
        let never = |_| async { Ok::<(), ()>(()) };
        let report = finish(
            &runtime,
            autoexec_scheduler::run_fn(Arc::clone(&graph), options, never),
        );
        assert_eq!(report.outcomes, vec![Outcome::Cancelled; 4]);
        assert_eq!(report.stats.workers_spawned, 0);
    }
}

#[test]
fn nothing_starts_after_a_task_has_cancelled_the_run() {
    let graph = graph(1, &[5; 5], &[(0, 3), (1, 4)]);
    let items = [
        Item::Succeed,
        Item::Cancel,
        Item::Succeed,
        Item::Succeed,
        Item::Succeed,
    ];
    for runtime in [one_thread(), two_threads()] {
        let recording = finish(
            &runtime,
            Recorder::of_items(&graph, &items).run(Options::default()),
        );
        assert_eq!(recording.started_steps(), [0, 1]);
        assert_eq!(recording.at(Event::Prepared(2)), None);
        for step in [2, 3, 4] {
            assert_eq!(*recording.outcome(step), Outcome::Cancelled);
        }
        assert_eq!(*recording.outcome(1), Outcome::Succeeded(vec![(1, 0)]));
    }
}

#[test]
fn a_task_that_fails_because_the_run_was_cancelled_is_no_failure_to_those_that_wait() {
    let graph = graph(2, &[5; 3], &[(0, 1), (1, 2)]);
    for runtime in [one_thread(), two_threads()] {
        for on_failure in [OnFailure::Stop, OnFailure::Continue] {
            let options = Options {
                on_failure,
                ..Options::default()
            };
            let cancel = options.cancel.clone();
            let fail = move |_| {
                // The task is faster than the run itself in seeing that the run was cancelled.
                cancel.cancel();
                async { Err::<(), &str>("stopped") }
            };
            let graph = Arc::clone(&graph);
            let report = finish(&runtime, autoexec_scheduler::run_fn(graph, options, fail));
            assert!(matches!(report.outcomes[0], Outcome::Failed(_)));
            assert_eq!(
                report.outcomes[1..],
                [Outcome::Cancelled, Outcome::Cancelled]
            );
        }
    }
}

/// One step of six items; when four of them have met, one of those cancels the run.
struct Met {
    four: Barrier,
    cancel: CancellationToken,
}

impl Runner for Met {
    type Output = u32;
    type Error = ();

    fn prepare(&self, _: StepId) -> Prepare<()> {
        Prepare::Run { width: 6 }
    }

    async fn run(&self, task: Task) -> Result<u32, ()> {
        if self.four.wait().await.is_leader() {
            self.cancel.cancel();
        }
        task.cancel.cancelled().await;
        Ok(task.index)
    }
}

#[test]
fn items_that_wait_are_woken_and_those_that_wait_for_a_place_are_given_up() {
    let graph = graph(4, &[5], &[]);
    for runtime in [one_thread(), two_threads()] {
        let options = Options::default();
        let met = Met {
            four: Barrier::new(4),
            cancel: options.cancel.clone(),
        };
        let report = finish(&runtime, run(Arc::clone(&graph), Arc::new(met), options));
        let items = vec![
            Some(Ok(0)),
            Some(Ok(1)),
            Some(Ok(2)),
            Some(Ok(3)),
            None,
            None,
        ];
        assert_eq!(report.outcomes, [Outcome::Failed(items)]);
    }
}

/// Tells when its first task runs, and holds it until it is let go.
#[derive(Default)]
struct Held {
    running: Notify,
    let_go: Notify,
    queued_is_told: Notify,
    completed: Mutex<Vec<u32>>,
}

impl Runner for Held {
    type Output = bool;
    type Error = ();

    async fn run(&self, task: Task) -> Result<bool, ()> {
        self.running.notify_one();
        self.let_go.notified().await;
        Ok(task.cancel.is_cancelled())
    }

    fn completed(&self, step: StepId, _: &Outcome<bool, ()>) {
        self.completed.lock().unwrap().push(step.0);
        if step.0 == 1 {
            self.queued_is_told.notify_one();
        }
    }
}

/// The only running task does not listen to its token: what is queued ends without it, what
/// depends on it and the run itself do not.
#[tokio::test]
async fn cancelling_from_outside_reaches_the_queue_before_the_running_task_ends() {
    let held = Arc::new(Held::default());
    let options = Options::default();
    let cancel = options.cancel.clone();
    let graph = graph(1, &[5; 3], &[(0, 2)]);
    let run = tokio::spawn(run(graph, Arc::clone(&held), options));
    held.running.notified().await;
    cancel.cancel();
    timeout(HANG, held.queued_is_told.notified())
        .await
        .expect("step 1 ends at once");
    assert_eq!(*held.completed.lock().unwrap(), [1]);
    assert!(!run.is_finished());
    held.let_go.notify_one();
    let report = run.await.unwrap();
    let expect = [
        Outcome::Succeeded(vec![true]),
        Outcome::Cancelled,
        Outcome::Cancelled,
    ];
    assert_eq!(report.outcomes, expect);
}

/// Sends when its only task has seen that it is cancelled.
struct Dropped {
    running: Arc<Notify>,
    started: Arc<AtomicUsize>,
    seen: Mutex<Option<oneshot::Sender<CancellationToken>>>,
}

impl Runner for Dropped {
    type Output = ();
    type Error = ();

    async fn run(&self, task: Task) -> Result<(), ()> {
        self.started.fetch_add(1, Ordering::SeqCst);
        self.running.notify_one();
        task.cancel.cancelled().await;
        let seen = self.seen.lock().unwrap().take();
        let _ = seen.unwrap().send(task.cancel.clone());
        Ok(())
    }
}

#[test]
fn dropping_the_run_cancels_its_tasks_and_starts_no_other() {
    for runtime in [one_thread(), two_threads()] {
        runtime.block_on(async {
            let (sender, seen) = oneshot::channel();
            let (running, started) = (Arc::new(Notify::new()), Arc::new(AtomicUsize::new(0)));
            let dropped = Arc::new(Dropped {
                running: Arc::clone(&running),
                started: Arc::clone(&started),
                seen: Mutex::new(Some(sender)),
            });
            let alive = Arc::downgrade(&dropped);
            let options = Options::default();
            let cancel = options.cancel.clone();
            tokio::select! {
                _ = run(graph(1, &[5; 3], &[]), dropped, options) => panic!("the task waits"),
                () = running.notified() => {}
            }
            assert!(
                timeout(HANG, seen)
                    .await
                    .expect("the task is told")
                    .unwrap()
                    .is_cancelled()
            );
            while alive.strong_count() > 0 {
                tokio::task::yield_now().await;
            }
            assert_eq!(started.load(Ordering::SeqCst), 1);
            assert!(
                !cancel.is_cancelled(),
                "the caller's own token is left alone"
            );
        });
    }
}
