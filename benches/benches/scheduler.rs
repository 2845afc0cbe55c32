//! What the scheduler costs a step, beside plain tokio tasks on the same runtime.

use std::hint::black_box;
use std::sync::Arc;

use autoexec_benches::{Clock, Harness, bench_main};
use autoexec_scheduler::{Graph, GraphBuilder, Node, OnFailure, Options, Report, StepId, run_fn};
use tokio::runtime::{Builder, Runtime};
use tokio::task::yield_now;

const FAN: u32 = 10_000;
const CHAIN: u32 = 1_000;

fn runtime() -> Runtime {
    let runtime = Builder::new_multi_thread().worker_threads(2).build();
    runtime.expect("because two threads can be had")
}

/// Steps that depend on nothing, all of which may run at once.
fn fan() -> Graph {
    let mut builder = GraphBuilder::new(FAN as usize);
    for _ in 0..FAN {
        builder.step(Node::default());
    }
    builder.build().expect("because there are no edges")
}

/// Steps each of which waits for the one before.
fn chain(steps: u32) -> Graph {
    let mut builder = GraphBuilder::new(steps as usize);
    for _ in 0..steps {
        builder.step(Node::default());
    }
    for step in 1..steps {
        builder.edge(StepId(step - 1), StepId(step));
    }
    builder.build().expect("because a chain has no cycle")
}

async fn run_idle(graph: &Arc<Graph>) -> Report<u32, ()> {
    let options = Options {
        on_failure: OnFailure::Continue,
        ..Options::default()
    };
    run_fn(
        Arc::clone(graph),
        options,
        |task| async move { Ok(task.step.0) },
    )
    .await
}

/// Runs steps that each let the others go first once.
async fn run_waiting(graph: &Arc<Graph>) -> Report<u32, ()> {
    let options = Options::default();
    run_fn(Arc::clone(graph), options, |task| async move {
        Ok(waiting(task.step.0).await)
    })
    .await
}

fn check(report: &Report<u32, ()>, steps: u32) {
    assert!(report.is_success());
    assert_eq!(report.outcomes.len(), steps as usize);
    assert_eq!(report.stats.tasks_run, u64::from(steps));
}

/// Spawns all, then joins all in order.
async fn spawn_fan<F: Future<Output = u32> + Send + 'static>(task: fn(u32) -> F) -> u64 {
    let tasks: Vec<_> = (0..FAN).map(|step| tokio::spawn(task(step))).collect();
    let mut sum = 0;
    for task in tasks {
        sum += u64::from(task.await.expect("because the task does not panic"));
    }
    sum
}

async fn idle(step: u32) -> u32 {
    step
}

async fn waiting(step: u32) -> u32 {
    yield_now().await;
    step
}

/// Spawns and joins one after another, from inside the runtime.
async fn spawn_chain() -> u64 {
    let walk = async {
        let mut sum = 0;
        for step in 0..CHAIN {
            let task = tokio::spawn(async move { step });
            sum += u64::from(task.await.expect("because the task does not panic"));
        }
        sum
    };
    tokio::spawn(walk)
        .await
        .expect("because the walk does not panic")
}

fn fan_of_10_000(harness: &mut Harness<'_>) {
    harness.group("scheduler/fan-10000", |group| {
        group.decided_by(Clock::Process);
        let (runtime, graph) = (runtime(), Arc::new(fan()));
        check(&runtime.block_on(run_idle(&graph)), FAN);
        assert_eq!(
            runtime.block_on(spawn_fan(idle)),
            u64::from(FAN) * u64::from(FAN - 1) / 2
        );
        group.bench_function("floor", |b| b.iter(|| runtime.block_on(spawn_fan(idle))));
        group.bench_function("run", |b| b.iter(|| runtime.block_on(run_idle(&graph))));
    });
}

fn waiting_fan_of_10_000(harness: &mut Harness<'_>) {
    harness.group("scheduler/waiting-fan-10000", |group| {
        group.decided_by(Clock::Process);
        let (runtime, graph) = (runtime(), Arc::new(fan()));
        check(&runtime.block_on(run_waiting(&graph)), FAN);
        group.bench_function("floor", |b| b.iter(|| runtime.block_on(spawn_fan(waiting))));
        group.bench_function("run", |b| b.iter(|| runtime.block_on(run_waiting(&graph))));
    });
}

fn chain_of_1_000(harness: &mut Harness<'_>) {
    harness.group("scheduler/chain-1000", |group| {
        group.decided_by(Clock::Process);
        let (runtime, graph) = (runtime(), Arc::new(chain(CHAIN)));
        let report = runtime.block_on(run_idle(&graph));
        check(&report, CHAIN);
        assert_eq!(report.stats.workers_spawned, 1);
        assert_eq!(
            runtime.block_on(spawn_chain()),
            u64::from(CHAIN) * u64::from(CHAIN - 1) / 2
        );
        group.bench_function("floor", |b| b.iter(|| runtime.block_on(spawn_chain())));
        group.bench_function("run", |b| b.iter(|| runtime.block_on(run_idle(&graph))));
    });
}

/// The floor writes the same ids into plain vectors of successors.
fn build_10_000(harness: &mut Harness<'_>) {
    harness.group("scheduler/build-10000", |group| {
        assert_eq!(chain(FAN).edge_count(), FAN as usize - 1);
        group.bench_function("floor", |b| {
            b.iter(|| {
                let mut successors = vec![Vec::new(); FAN as usize];
                for step in 1..black_box(FAN) {
                    successors[step as usize - 1].push(StepId(step));
                }
                successors
            });
        });
        group.bench_function("chain", |b| b.iter(|| chain(black_box(FAN))));
    });
}

bench_main!(
    fan_of_10_000,
    waiting_fan_of_10_000,
    chain_of_1_000,
    build_10_000
);
