//! Graphs of steps that do nothing, on a runtime of one thread.

use std::sync::Arc;

use autoexec_scheduler::{Graph, GraphBuilder, Node, Options, StepId, run_fn};

use crate::run::{Run, Scenario};

pub(super) const SCENARIOS: &[Scenario] = &[
    Scenario {
        id: "scheduler/build-1000",
        times: 10,
        does: "builds a chain of a thousand steps",
        run: build,
    },
    Scenario {
        id: "scheduler/fan-1000",
        times: 5,
        does: "runs a thousand steps that depend on nothing",
        run: fan,
    },
    Scenario {
        id: "scheduler/chain-1000",
        times: 5,
        does: "runs a thousand steps one after the other",
        run: chain,
    },
];

const STEPS: u32 = 1_000;

fn graph(chained: bool) -> Graph {
    let mut builder = GraphBuilder::new(STEPS as usize);
    (0..STEPS).for_each(|_| _ = builder.step(Node::default()));
    if chained {
        (1..STEPS).for_each(|step| builder.edge(StepId(step - 1), StepId(step)));
    }
    builder.build().expect("because a chain has no cycle")
}

fn build(run: &mut Run) {
    run.repeat(|_| assert_eq!(graph(true).edge_count(), STEPS as usize - 1));
}

fn fan(run: &mut Run) {
    run_graph(run, graph(false));
}

fn chain(run: &mut Run) {
    run_graph(run, graph(true));
}

fn run_graph(run: &mut Run, graph: Graph) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .expect("because one thread is there");
    let graph = Arc::new(graph);
    let (mut tasks, mut workers) = (0, 0);
    run.repeat(|_| {
        let done = run_fn(graph.clone(), Options::default(), |task| async move {
            Ok::<_, ()>(task.step.0)
        });
        let report = runtime.block_on(done);
        assert!(report.is_success());
        tasks += report.stats.tasks_run;
        workers += report.stats.workers_spawned;
    });
    run.count("tasks_run", tasks);
    run.count("workers_spawned", workers);
}
