//! Errors, panics, skips, and what they mean for the rest.

use std::future::Future;
use std::sync::Arc;

use autoexec_scheduler::{
    Failure, Graph, GraphBuilder, Node, OnFailure, Options, Outcome, Prepare, Runner, Skip, StepId,
    Task, Trigger, run, run_fn,
};
use tokio::sync::Barrier;

use crate::recorder::{Event, Item, Plan, Recorder, finish, graph, one_thread, two_threads};

const ALL_DONE: Node = Node {
    class: autoexec_scheduler::ClassId(0),
    priority: Node::DEFAULT_PRIORITY,
    trigger: Trigger::AllDone,
};

fn keep_going() -> Options {
    Options {
        on_failure: OnFailure::Continue,
        ..Options::default()
    }
}

fn failed<T>(message: &'static str) -> Outcome<T, &'static str> {
    Outcome::Failed(vec![Some(Err(Failure::Error(message)))])
}

/// 0 fails while 1 runs; 2 waits for a place, 3 needs 0, 4 needs 3, 5 cleans up after all.
fn fail_fast_graph() -> Arc<Graph> {
    let mut builder = GraphBuilder::new(2);
    let steps = [Node::default(); 5].map(|node| builder.step(node));
    let clean_up = builder.step(ALL_DONE);
    builder.edge(steps[0], steps[3]);
    builder.edge(steps[3], steps[4]);
    for step in steps {
        builder.edge(step, clean_up);
    }
    Arc::new(builder.build().unwrap())
}

#[test]
fn the_first_failure_stops_what_has_not_started_and_tells_what_has() {
    for runtime in [one_thread(), two_threads()] {
        let both_run = Arc::new(Barrier::new(2));
        let run = run_fn(fail_fast_graph(), Options::default(), move |task: Task| {
            let both_run = Arc::clone(&both_run);
            async move {
                match task.step.0 {
                    0 => {
                        both_run.wait().await;
                        Err("broken")
                    }
                    1 => {
                        both_run.wait().await;
                        task.cancel.cancelled().await;
                        Ok("obeyed")
                    }
                    5 if !task.cancel.is_cancelled() => Ok("cleaned up"),
                    step => panic!("step {step} has no business here"),
                }
            }
        });
        let report = finish(&runtime, run);
        let expect = [
            failed("broken"),
            Outcome::Succeeded(vec!["obeyed"]),
            Outcome::Cancelled,
            Outcome::Skipped(Skip::Dependency(StepId(0))),
            Outcome::Skipped(Skip::Dependency(StepId(3))),
            Outcome::Succeeded(vec!["cleaned up"]),
        ];
        assert_eq!(report.outcomes, expect);
    }
}

#[test]
fn independent_branches_go_on_if_told_to() {
    let graph = graph(2, &[5; 6], &[(0, 2), (1, 3), (2, 4), (3, 4), (3, 5)]);
    let items = [
        Item::Fail,
        Item::Succeed,
        Item::Succeed,
        Item::Succeed,
        Item::Succeed,
        Item::Fail,
    ];
    let recording = finish(
        &two_threads(),
        Recorder::of_items(&graph, &items).run(keep_going()),
    );
    let expect = [
        failed("failed"),
        Outcome::Succeeded(vec![(1, 0)]),
        Outcome::Skipped(Skip::Dependency(StepId(0))),
        Outcome::Succeeded(vec![(3, 0)]),
        Outcome::Skipped(Skip::Dependency(StepId(2))),
        failed("failed"),
    ];
    assert_eq!(recording.report.outcomes, expect);
    assert_eq!(recording.at(Event::Prepared(2)), None);
}

/// One step of four items, the second of which fails, in a class with one place.
fn run_wide(options: Options) -> Outcome<(u32, u32), &'static str> {
    let items = vec![Item::Succeed, Item::Fail, Item::Succeed, Item::Succeed];
    let recorder = Recorder::new(&graph(1, &[5], &[]), vec![Plan::Run(items)], 1);
    finish(&two_threads(), recorder.run(options))
        .report
        .outcomes
        .remove(0)
}

#[test]
fn a_failing_item_stops_or_leaves_alone_the_items_after_it() {
    let error = || Some(Err(Failure::Error("failed")));
    let stopped = vec![Some(Ok((0, 0))), error(), None, None];
    assert_eq!(run_wide(Options::default()), Outcome::Failed(stopped));
    let whole = vec![
        Some(Ok((0, 0))),
        error(),
        Some(Ok((0, 2))),
        Some(Ok((0, 3))),
    ];
    assert_eq!(run_wide(keep_going()), Outcome::Failed(whole));
}

/// Step 0 fails as soon as the first item of step 1 runs; the items have one place.
#[test]
fn a_step_cut_short_by_another_has_no_failure_of_its_own() {
    let mut builder = GraphBuilder::new(1);
    let class = builder.class(1);
    let steps = [
        builder.step(Node::default()),
        builder.step(Node {
            class,
            ..Node::default()
        }),
    ];
    struct Cut(Barrier);
    impl Runner for Cut {
        type Output = u32;
        type Error = ();
        fn prepare(&self, step: StepId) -> Prepare<()> {
            Prepare::Run {
                width: 1 + 2 * step.0,
            }
        }
        async fn run(&self, task: Task) -> Result<u32, ()> {
            self.0.wait().await;
            if task.step.0 == 0 {
                return Err(());
            }
            task.cancel.cancelled().await;
            Ok(task.index)
        }
    }
    let graph = Arc::new(builder.build().unwrap());
    for runtime in [one_thread(), two_threads()] {
        let cut = Arc::new(Cut(Barrier::new(2)));
        let report = finish(&runtime, run(Arc::clone(&graph), cut, Options::default()));
        let outcome = report.outcome(steps[1]);
        assert_eq!(*outcome, Outcome::Failed(vec![Some(Ok(0)), None, None]));
        assert_eq!(outcome.failure(), None);
        assert!(report.outcome(steps[0]).failure().is_some());
    }
}

/// Panics in each place where the caller's code runs.
struct Panicky;

impl Runner for Panicky {
    type Output = ();
    type Error = ();

    fn prepare(&self, step: StepId) -> Prepare<()> {
        assert!(step.0 != 0, "in prepare");
        Prepare::Run { width: 1 }
    }

    fn started(&self, step: StepId, _: u32) {
        assert!(step.0 != 1, "in {}", "started");
    }

    fn run(&self, task: Task) -> impl Future<Output = Result<(), ()>> + Send {
        assert!(task.step.0 != 2, "in run");
        async move {
            tokio::task::yield_now().await;
            match task.step.0 {
                3 => panic!("in the future"),
                4 => std::panic::panic_any(4),
                _ => Ok(()),
            }
        }
    }
}

#[test]
fn a_panic_anywhere_is_a_failure_of_that_step_alone() {
    let graph = graph(3, &[5; 6], &[]);
    for runtime in [one_thread(), two_threads()] {
        let report = finish(
            &runtime,
            run(Arc::clone(&graph), Arc::new(Panicky), keep_going()),
        );
        let messages = [
            "in prepare",
            "in started",
            "in run",
            "in the future",
            "a panic without a message",
        ];
        for (outcome, message) in report.outcomes.iter().zip(messages) {
            let expect = Failure::Panicked(message.to_owned());
            assert_eq!(outcome.failure(), Some((0, &expect)));
        }
        assert_eq!(report.outcomes[5], Outcome::Succeeded(vec![()]));
    }
}

struct PanickyObserver;

impl Runner for PanickyObserver {
    type Output = ();
    type Error = ();

    async fn run(&self, _: Task) -> Result<(), ()> {
        Ok(())
    }

    fn completed(&self, step: StepId, _: &Outcome<(), ()>) {
        assert!(step.0 != 2, "the observer fell over");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[should_panic(expected = "the observer fell over")]
async fn a_panic_of_the_observer_is_raised_by_run() {
    let graph = graph(1, &[5; 5], &[(0, 4)]);
    run(graph, Arc::new(PanickyObserver), Options::default()).await;
}

#[test]
fn all_done_steps_run_whatever_happened_before_them() {
    // Steps 0 to 3 end in four ways; 5 needs the success of 4, which only waits for them to end.
    let mut builder = GraphBuilder::new(4);
    let steps = [Node::default(); 4].map(|node| builder.step(node));
    let all_done = builder.step(ALL_DONE);
    let last = builder.step(Node::default());
    for step in steps {
        builder.edge(step, all_done);
    }
    builder.edge(all_done, last);
    let graph = Arc::new(builder.build().unwrap());
    let run = |item| Plan::Run(vec![item]);
    let plans = vec![
        run(Item::Succeed),
        run(Item::Panic),
        Plan::Skip,
        Plan::Fail,
        run(Item::Succeed),
        run(Item::Succeed),
    ];
    let recording = finish(
        &two_threads(),
        Recorder::new(&graph, plans, 1).run(keep_going()),
    );
    assert_eq!(*recording.outcome(2), Outcome::Skipped(Skip::Condition));
    assert_eq!(*recording.outcome(3), failed("unprepared"));
    assert_eq!(*recording.outcome(4), Outcome::Succeeded(vec![(4, 0)]));
    assert_eq!(*recording.outcome(5), Outcome::Succeeded(vec![(5, 0)]));
}

#[test]
fn the_blocker_that_is_named_is_the_lowest() {
    let graph = graph(1, &[9, 5, 1, 5], &[(0, 3), (1, 3), (2, 3)]);
    let items = [Item::Fail, Item::Succeed, Item::Fail, Item::Succeed];
    let recording = finish(
        &one_thread(),
        Recorder::of_items(&graph, &items).run(keep_going()),
    );
    assert_eq!(recording.started_steps(), [2, 1, 0]);
    assert_eq!(
        *recording.outcome(3),
        Outcome::Skipped(Skip::Dependency(StepId(0)))
    );
}
