//! Who starts when, and beside whom.

use std::sync::Arc;

use autoexec_scheduler::{GraphBuilder, Node, OnFailure, Options, StepId, run_fn};
use tokio::sync::{Barrier, Notify};
use tokio::time::timeout;

use crate::recorder::{HANG, Item, Plan, Recorder, finish, graph, one_thread, two_threads};

#[test]
fn equal_priorities_are_first_in_first_out() {
    let graph = graph(1, &[5; 1_000], &[]);
    for runtime in [one_thread(), two_threads()] {
        let recording = finish(&runtime, Recorder::idle(&graph).run(Options::default()));
        assert!(recording.started_steps().into_iter().eq(0..1_000));
    }
}

#[test]
fn urgent_steps_overtake_those_that_are_ready() {
    // Step 0 makes 3, which is urgent, ready while 1 and 2 already are.
    let graph = graph(1, &[1, 5, 5, 1, -7], &[(0, 3), (2, 4)]);
    for runtime in [one_thread(), two_threads()] {
        let recording = finish(&runtime, Recorder::idle(&graph).run(Options::default()));
        assert_eq!(recording.started_steps(), [0, 3, 1, 2, 4]);
    }
}

#[test]
fn items_start_by_index_before_steps_that_were_ready_later() {
    let graph = graph(1, &[5, 5, 5], &[]);
    let plans = [3, 1, 2].map(|width| Plan::Run(vec![Item::Succeed; width]));
    let recorder = Recorder::new(&graph, plans.to_vec(), 1);
    let recording = finish(&two_threads(), recorder.run(Options::default()));
    assert_eq!(
        recording.started(),
        [(0, 0), (0, 1), (0, 2), (1, 0), (2, 0), (2, 1)]
    );
}

/// Every step of a class waits until as many as its limit run at once: cpu 2, io 6, memory
/// 1, and none is left out.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn classes_fill_their_limits_and_leave_no_step_out() {
    let limits = [2_usize, 6, 1];
    let mut builder = GraphBuilder::new(limits[0]);
    let classes = [
        Default::default(),
        builder.class(limits[1]),
        builder.class(limits[2]),
    ];
    for (class, count) in classes.into_iter().zip([8, 12, 5]) {
        for _ in 0..count {
            builder.step(Node {
                class,
                ..Node::default()
            });
        }
    }
    let graph = Arc::new(builder.build().unwrap());
    let barriers = Arc::new(limits.map(Barrier::new));
    let class_of = Arc::clone(&graph);
    let run = run_fn(graph, Options::default(), move |task| {
        let (barriers, class) = (Arc::clone(&barriers), class_of.node(task.step).class);
        async move {
            barriers[class.index()].wait().await;
            Ok::<_, ()>(())
        }
    });
    let report = timeout(HANG, run)
        .await
        .expect("all places of a class are used at once");
    assert!(report.is_success());
    assert_eq!(report.stats.tasks_run, 25);
    assert!(report.stats.peak_running <= 9);
}

/// The only place of a class is held by a task that waits for the last task of another class.
#[tokio::test]
async fn a_full_class_does_not_block_another() {
    let mut builder = GraphBuilder::new(1);
    let other = builder.class(1);
    for priority in [0, 1, 2, 3] {
        builder.step(Node {
            priority,
            ..Node::default()
        });
    }
    let last = Node {
        class: other,
        priority: 9,
        ..Node::default()
    };
    let last = [builder.step(last), builder.step(last)][1];
    let gate = Arc::new(Notify::new());
    let graph = Arc::new(builder.build().unwrap());
    let run = run_fn(graph, Options::default(), move |task| {
        let gate = Arc::clone(&gate);
        async move {
            match task.step {
                StepId(0) => gate.notified().await,
                step if step == last => gate.notify_one(),
                _ => {}
            }
            Ok::<_, ()>(())
        }
    });
    let report = timeout(HANG, run)
        .await
        .expect("the other class runs meanwhile");
    assert!(report.is_success());
}

#[tokio::test]
async fn eight_independent_steps_run_at_once() {
    let barrier = Arc::new(Barrier::new(8));
    let run = run_fn(graph(8, &[5; 8], &[]), Options::default(), move |_| {
        let barrier = Arc::clone(&barrier);
        async move {
            barrier.wait().await;
            Ok::<_, ()>(())
        }
    });
    let report = timeout(HANG, run)
        .await
        .expect("all eight wait for each other");
    assert!(report.is_success());
    assert_eq!(report.stats.peak_running, 8);
}

#[test]
fn widths_of_0_1_and_100_keep_their_items_in_order() {
    let graph = graph(7, &[5; 4], &[(0, 1), (1, 2), (2, 3)]);
    let plans = [0, 1, 100, 0].map(|width| Plan::Run(vec![Item::Succeed; width]));
    for runtime in [one_thread(), two_threads()] {
        let recorder = Recorder::new(&graph, plans.to_vec(), 2);
        let options = Options {
            on_failure: OnFailure::Continue,
            ..Options::default()
        };
        let recording = finish(&runtime, recorder.run(options));
        for (step, width) in [(0, 0), (1, 1), (2, 100), (3, 0)] {
            let expect: Vec<_> = (0..width).map(|index| (step, index)).collect();
            assert_eq!(
                *recording.outcome(step),
                autoexec_scheduler::Outcome::Succeeded(expect)
            );
        }
        assert!(recording.running_peak[0] <= 7);
        assert_eq!(recording.report.stats.tasks_run, 101);
    }
}

#[tokio::test]
async fn an_empty_graph_ends_at_once() {
    let recording = Recorder::idle(&graph(1, &[], &[]))
        .run(Options::default())
        .await;
    assert!(recording.report.is_success());
    assert_eq!(recording.report.stats.workers_spawned, 0);
}
