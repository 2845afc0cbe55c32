//! The engine: checking a workflow against parsing its YAML, and running steps that do nothing against the scheduler.

use std::hint::black_box;
use std::sync::Arc;

use autoexec_benches::{Clock, Harness, bench_main};
use autoexec_engine::{Engine, RunOptions, Settings, document::yaml, parse};
use autoexec_scheduler::{GraphBuilder, Node, Options};

/// A workflow of `count` steps, each needing the one ten before it.
fn workflow(count: usize) -> String {
    let mut text = String::from("on_failure: continue\ninputs: {root: .}\nsteps:\n");
    for i in 0..count {
        let needs = if i >= 10 {
            format!("s{}", i - 10)
        } else {
            String::new()
        };
        text += &format!(
            "  - id: s{i}\n    needs: [{needs}]\n    if: inputs.root != 'x{i}'\n    timeout: 30s\n    retry: 2\n    ask: what is ${{{{ inputs.root }}}} {i}?\n"
        );
    }
    text
}

/// `check` of a 50-step workflow; the floor parses the same YAML and looks no further.
fn check(harness: &mut Harness<'_>) {
    harness.group("engine/check-50", |group| {
        let text = workflow(50);
        assert_eq!(parse("w", &text).expect("valid").workflow.steps.len(), 50);
        group.bench_function("floor", |b| {
            b.iter(|| yaml::parse(black_box(&text)).expect("YAML"))
        });
        group.bench_function("check", |b| {
            b.iter(|| parse("w", black_box(&text)).expect("valid"))
        });
    });
}

/// A run of 1,000 `ask` steps; the floor is the same number of empty tasks through the scheduler.
fn run(harness: &mut Harness<'_>) {
    harness.group("engine/run-1000", |group| {
        group.decided_by(Clock::Process);
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .expect("a runtime");
        let document = Arc::new(parse("w", &workflow(1000)).expect("valid"));
        let engine = Engine::new(Settings::default());
        let folder = tempfile::tempdir().expect("a folder");
        group.bench_function("floor", |b| {
            b.iter(|| {
                let mut graph = GraphBuilder::new(32);
                let steps: Vec<_> = (0..1000).map(|_| graph.step(Node::default())).collect();
                steps
                    .iter()
                    .skip(10)
                    .zip(&steps)
                    .for_each(|(after, before)| graph.edge(*before, *after));
                let graph = Arc::new(graph.build().expect("no cycle"));
                runtime.block_on(autoexec_scheduler::run_fn(
                    graph,
                    Options::default(),
                    |_| async { Ok::<_, ()>(()) },
                ))
            });
        });
        group.bench_function("run", |b| {
            b.iter(|| {
                let report = runtime
                    .block_on(engine.run(document.clone(), RunOptions::new(folder.path())))
                    .expect("ran");
                assert_eq!(report.actions["ask"].count, 1000);
            });
        });
    });
}

/// Reads, searches, asks and consolidates, as people do.
const REVIEW: &str = "
steps:
  - {id: sources, read: '**/*.rs'}
  - {id: todos, search: {in: sources, pattern: TODO, severity: low}}
  - {id: locks, search: {in: sources, pattern: 'lock|waits'}}
  - {id: digest, cache: false, ask: {prompt: What is the lock for?, context: [sources]}}
  - {id: all, consolidate: {from: [digest, todos, locks], output: report.md}}
";

/// A review of twenty files with all metrics; the floor is the same without any.
fn metrics(harness: &mut Harness<'_>) {
    harness.group("engine/metrics", |group| {
        group.decided_by(Clock::Process);
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .expect("a runtime");
        let folder = tempfile::tempdir().expect("a folder");
        for n in 0..20 {
            let text = format!("// File {n}: waits for a lock.\nfn f() {{}} // TODO later\n");
            std::fs::write(folder.path().join(format!("{n}.rs")), text.repeat(20))
                .expect("because the folder is ours");
        }
        let document = Arc::new(parse("review", REVIEW).expect("valid"));
        // One thread at a time, so that what differs is not how threads meet.
        let mut review = |name: &str, settings: &str| {
            let settings = format!("[files]\nworkers = 1\n[limits]\ncpu = 1\nio = 1\n{settings}");
            let engine = Engine::new(Settings::from_toml(&settings).expect("valid"));
            let out = tempfile::tempdir().expect("a folder");
            group.bench_function(name, |b| {
                b.iter(|| {
                    let mut options = RunOptions::new(folder.path());
                    options.out = out.path().to_owned();
                    let report = runtime
                        .block_on(engine.run(document.clone(), options))
                        .expect("ran");
                    assert_eq!(report.actions["search"].count, 2);
                });
            });
        };
        review("floor", "[metrics]\nenabled = false\n");
        review("run", "");
    });
}

bench_main!(check, run, metrics);
