//! How many workers it takes, how they share threads, and how large a graph may be.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::time::Duration;

use autoexec_scheduler::{
    GraphBuilder, Node, OnFailure, Options, Outcome, Skip, StepId, Task, run_fn,
};
use tokio::sync::Barrier;
use tokio::task::yield_now;

use crate::recorder::{Item, Plan, Recorder, finish, graph, one_thread, two_threads};

fn chain(steps: u32) -> Arc<autoexec_scheduler::Graph> {
    let edges: Vec<_> = (1..steps).map(|step| (step - 1, step)).collect();
    graph(8, &vec![5; steps as usize], &edges)
}

#[test]
fn a_fan_that_never_waits_takes_no_more_workers_than_threads() {
    let fan = graph(10_000, &[5; 10_000], &[]);
    for (runtime, threads) in [(one_thread(), 1), (two_threads(), 2)] {
        let recording = finish(&runtime, Recorder::idle(&fan).run(Options::default()));
        assert!(recording.report.is_success());
        assert!(recording.report.stats.workers_spawned <= threads);
    }
}

#[test]
fn a_chain_takes_one_worker_even_if_it_waits() {
    for (runtime, yields) in [(one_thread(), 0), (two_threads(), 0), (two_threads(), 3)] {
        let plans = vec![Plan::Run(vec![Item::Succeed]); 1_000];
        let recorder = Recorder::new(&chain(1_000), plans, yields);
        let recording = finish(&runtime, recorder.run(Options::default()));
        assert!(recording.report.is_success());
        assert_eq!(recording.report.stats.workers_spawned, 1);
        assert_eq!(recording.report.stats.peak_running, 1);
    }
}

/// Counts itself while it lives.
struct Alive(Arc<AtomicUsize>);

impl Alive {
    fn new(count: &Arc<AtomicUsize>, peak: &AtomicUsize) -> Self {
        peak.fetch_max(count.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
        Self(Arc::clone(count))
    }
}

impl Drop for Alive {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

/// 10,000 tasks in a class of ten: ten of their futures exist at once, and never more.
#[test]
fn futures_are_made_when_their_turn_comes() {
    let fan = graph(10, &[5; 10_000], &[]);
    for (runtime, spare) in [(one_thread(), 0), (two_threads(), 2)] {
        let (count, peak) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let (most, ten) = (Arc::clone(&peak), Arc::new(Barrier::new(10)));
        let run = run_fn(Arc::clone(&fan), Options::default(), move |_| {
            let (alive, ten) = (Alive::new(&count, &most), Arc::clone(&ten));
            async move {
                ten.wait().await;
                drop(alive);
                Ok::<_, ()>(())
            }
        });
        let report = finish(&runtime, run);
        assert!(report.is_success());
        assert_eq!(peak.load(Ordering::SeqCst), 10);
        assert!(report.stats.workers_spawned <= 10 + spare);
    }
}

/// Two tasks that block their threads until they have met.
#[test]
fn tasks_that_never_wait_use_all_threads() {
    let graph = graph(8, &[5; 3], &[(0, 1), (0, 2)]);
    let (send_1, receive_1) = mpsc::channel();
    let (send_2, receive_2) = mpsc::channel();
    let ends = [(send_1, receive_2), (send_2, receive_1)];
    let ends = Arc::new(ends.map(|end| Mutex::new(Some(end))));
    let run = run_fn(graph, Options::default(), move |task: Task| {
        let end = task
            .step
            .index()
            .checked_sub(1)
            .and_then(|at| ends[at].lock().unwrap().take());
        async move {
            if let Some((sender, receiver)) = end {
                sender.send(()).map_err(|_| "the other is gone")?;
                let hang = Duration::from_secs(60);
                receiver
                    .recv_timeout(hang)
                    .map_err(|_| "the other did not come")?;
            }
            Ok::<_, &str>(())
        }
    });
    assert!(finish(&two_threads(), run).is_success());
}

/// A stranger on the same thread gets its turns while 100,000 steps run that never wait.
#[test]
fn steps_that_never_wait_do_not_starve_others() {
    one_thread().block_on(async {
        let turns = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&turns);
        let stranger = tokio::spawn(async move {
            loop {
                count.fetch_add(1, Ordering::SeqCst);
                yield_now().await;
            }
        });
        let run = run_fn(chain(100_000), Options::default(), |_| async {
            Ok::<_, ()>(())
        });
        assert!(run.await.is_success());
        stranger.abort();
        assert!(turns.load(Ordering::SeqCst) >= 100);
    });
}

#[test]
fn a_failure_runs_down_a_chain_of_100_000_without_recursion() {
    let options = Options {
        on_failure: OnFailure::Continue,
        ..Options::default()
    };
    let run = run_fn(chain(100_000), options, |_| async { Err::<(), _>("no") });
    let report = finish(&two_threads(), run);
    assert_eq!(report.stats.tasks_run, 1);
    let skipped = |step| Outcome::Skipped(Skip::Dependency(StepId(step)));
    assert!(
        report.outcomes[1..]
            .iter()
            .eq((0..99_999).map(skipped).collect::<Vec<_>>().iter())
    );
}

#[test]
fn a_hundred_thousand_steps_join_in_one_and_fan_out_again() {
    const WIDTH: u32 = 50_000;
    let mut builder = GraphBuilder::new(16);
    for _ in 0..=2 * WIDTH {
        builder.step(Node::default());
    }
    for step in 0..WIDTH {
        builder.edge(StepId(step), StepId(WIDTH));
        builder.edge(StepId(WIDTH), StepId(WIDTH + 1 + step));
    }
    let graph = Arc::new(builder.build().unwrap());
    assert_eq!(graph.dependency_count(StepId(WIDTH)), WIDTH as usize);
    let recording = finish(
        &two_threads(),
        Recorder::idle(&graph).run(Options::default()),
    );
    assert!(recording.report.is_success());
    let started = recording.started_steps();
    assert_eq!(started[WIDTH as usize], WIDTH);
    assert_eq!(started.len(), graph.len());
}

/// Diamonds in a row: workers come and go at every join, and the run always ends.
#[test]
fn workers_that_come_and_go_leave_nothing_behind() {
    const DIAMONDS: u32 = 2_000;
    let mut edges = Vec::new();
    for top in (0..DIAMONDS).map(|diamond| 4 * diamond) {
        edges.extend([
            (top, top + 1),
            (top, top + 2),
            (top + 1, top + 3),
            (top + 2, top + 3),
        ]);
        if top > 0 {
            edges.push((top - 1, top));
        }
    }
    let steps = 4 * DIAMONDS as usize;
    let graph = graph(2, &vec![5; steps], &edges);
    for yields in 0..3 {
        let plans = vec![Plan::Run(vec![Item::Succeed]); steps];
        let recorder = Recorder::new(&graph, plans, yields);
        let recording = finish(&two_threads(), recorder.run(Options::default()));
        assert!(recording.report.is_success());
        assert_eq!(recording.report.stats.tasks_run, steps as u64);
    }
}
