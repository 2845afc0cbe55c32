//! A thousand steps that do nothing, all at once and one after the other: our scheduler beside LangGraph, where Python has it.

use std::sync::Arc;

use autoexec_benches::{Clock, Group, Harness, bench_main};
use autoexec_peers::Python;
use autoexec_scheduler::{Graph, GraphBuilder, Node, Options, StepId, run_fn};
use tokio::runtime::{Builder, Runtime};

bench_main!(fan, chain);

/// As many as LangGraph runs in half a second.
const STEPS: u32 = 1_000;
/// Runs the same graphs in LangGraph, and times itself.
const SCRIPT: &str = "langgraph_steps.py";

fn graph(is_chain: bool) -> Arc<Graph> {
    let mut builder = GraphBuilder::new(STEPS as usize);
    (0..STEPS).for_each(|_| _ = builder.step(Node::default()));
    if is_chain {
        (1..STEPS).for_each(|step| builder.edge(StepId(step - 1), StepId(step)));
    }
    Arc::new(builder.build().expect("because there is no cycle"))
}

/// Adds one a step, as the peer does, and answers how many ran.
fn run(runtime: &Runtime, graph: &Arc<Graph>) -> u64 {
    let step = |_| async { Ok::<_, ()>(1_u64) };
    let report = runtime.block_on(run_fn(Arc::clone(graph), Options::default(), step));
    assert!(report.is_success());
    report.stats.tasks_run
}

fn contest(group: &mut Group<'_, '_>, kind: &str) {
    group.decided_by(Clock::Process);
    let runtime = Builder::new_multi_thread().worker_threads(2).build();
    let runtime = runtime.expect("because two threads can be had");
    let graph = graph(kind == "chain");
    assert_eq!(run(&runtime, &graph), u64::from(STEPS));
    group.bench_function("ours", |b| b.iter(|| run(&runtime, &graph)));
    let Some(python) = Python::with("langgraph") else {
        eprintln!(
            "peers/{kind}-{STEPS}/langgraph is absent: {} has no langgraph",
            Python::program()
        );
        return;
    };
    let mut peer = None;
    group.bench_function("langgraph", |b| {
        let start = || python.start(SCRIPT, &[kind, &STEPS.to_string()]);
        let peer = peer.get_or_insert_with(start);
        b.iter_custom(|rounds| peer.turn(rounds));
    });
}

fn fan(harness: &mut Harness<'_>) {
    harness.group(format!("peers/fan-{STEPS}"), |group| contest(group, "fan"));
}

fn chain(harness: &mut Harness<'_>) {
    harness.group(format!("peers/chain-{STEPS}"), |group| {
        contest(group, "chain")
    });
}
