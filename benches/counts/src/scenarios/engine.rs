//! A workflow from its text to its report.

use std::path::Path;
use std::sync::Arc;

use autoexec_engine::report::{RunOutcome, RunReport};
use autoexec_engine::{Document, Engine, RunOptions, Settings, parse};
use tokio::runtime::Runtime;

use crate::run::{Run, Scenario};
use crate::text;

pub(super) const SCENARIOS: &[Scenario] = &[
    Scenario {
        id: "engine/check-50",
        times: 5,
        does: "checks a workflow of fifty steps",
        run: check,
    },
    Scenario {
        id: "engine/cold",
        times: 5,
        does: "runs a review of twenty files in a new engine",
        run: cold,
    },
    Scenario {
        id: "engine/warm",
        times: 10,
        does: "runs it again in the same engine",
        run: warm,
    },
    Scenario {
        id: "engine/warm-unmeasured",
        times: 10,
        does: "the same without metrics",
        run: warm_unmeasured,
    },
    Scenario {
        id: "engine/asks-200",
        times: 3,
        does: "runs two hundred questions, all different",
        run: asks,
    },
];

/// Reads, searches, asks and consolidates.
const REVIEW: &str = "
name: review
steps:
  - {id: sources, read: '**/*.rs'}
  - {id: todos, search: {in: sources, pattern: TODO, severity: low}}
  - {id: locks, search: {in: sources, pattern: 'lock|waits'}}
  - {id: digest, ask: {prompt: What is the lock for?, context: [sources]}}
  - {id: all, consolidate: {from: [digest, todos, locks], output: report.md}}
outputs: {todos: '${{ steps.todos.count }}'}
";

/// Questions that need nothing, or the one ten before.
fn questions(count: usize) -> String {
    let mut text = String::from("on_failure: continue\nsteps:\n");
    for n in 0..count {
        let needs = n.checked_sub(10).map(|n| format!("s{n}"));
        let needs = needs.unwrap_or_default();
        text += &format!(
            "  - {{id: s{n}, needs: [{needs}], timeout: 30s, retry: 2, cache: false, ask: 'what is {n}?'}}\n"
        );
    }
    text
}

fn document(text: &str) -> Arc<Document> {
    let parsed = parse("counted.yaml", text);
    Arc::new(parsed.unwrap_or_else(|errors| panic!("because the literal is a workflow: {errors}")))
}

fn runtime() -> Runtime {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .max_blocking_threads(1)
        .build()
        .expect("because one thread is there")
}

/// One thread reads: several would share the work in a way that differs from time to time.
fn engine() -> Engine {
    engine_with("")
}

fn engine_with(more: &str) -> Engine {
    let settings = format!("[files]\nworkers = 1\n[limits]\ncpu = 2\nio = 1\n{more}");
    let settings = Settings::from_toml(&settings);
    Engine::new(settings.expect("because the literal is a file of settings"))
}

fn go(runtime: &Runtime, engine: &Engine, document: &Arc<Document>, folder: &Path) -> RunReport {
    let report = runtime.block_on(engine.run(document.clone(), RunOptions::new(folder)));
    let report = report.expect("because the folder is there");
    assert_eq!(report.outcome, RunOutcome::Succeeded, "{report:#?}");
    report
}

fn counted(run: &mut Run, report: &RunReport) {
    run.count("requests", report.files.requests);
    run.count("hits", report.files.hits);
    run.count("loads", report.files.loads);
    run.count("bytes_read", report.files.bytes_read);
    run.count("path_hits", report.paths.hits);
    run.count("path_requests", report.paths.requests);
    let prompts = report.prompts.unwrap_or_default();
    run.count("answers_from_cache", prompts.hits);
    run.count("answers_asked_for", prompts.misses);
    run.count("tokens", report.tokens.map_or(0, |it| it.input + it.output));
}

fn check(run: &mut Run) {
    let text = questions(50);
    run.repeat(|_| assert_eq!(document(&text).workflow.steps.len(), 50));
}

fn cold(run: &mut Run) {
    let (_folder, root) = text::folder();
    text::tree(&root, 20);
    let (runtime, document) = (runtime(), document(REVIEW));
    // Whatever is made once for the whole process is made now.
    go(&runtime, &engine(), &document, &root);
    let mut reports = Vec::new();
    run.repeat(|_| reports.push(go(&runtime, &engine(), &document, &root)));
    reports.iter().for_each(|report| counted(run, report));
}

fn warm(run: &mut Run) {
    again(run, engine());
}

fn warm_unmeasured(run: &mut Run) {
    again(run, engine_with("[metrics]\nenabled = false\n"));
}

fn again(run: &mut Run, engine: Engine) {
    let (_folder, root) = text::folder();
    text::tree(&root, 20);
    let (runtime, document) = (runtime(), document(REVIEW));
    (0..2).for_each(|_| _ = go(&runtime, &engine, &document, &root));
    let mut reports = Vec::new();
    run.repeat(|_| reports.push(go(&runtime, &engine, &document, &root)));
    reports.iter().for_each(|report| counted(run, report));
}

fn asks(run: &mut Run) {
    let (_folder, root) = text::folder();
    let (runtime, document, engine) = (runtime(), document(&questions(200)), engine());
    go(&runtime, &engine, &document, &root);
    let mut reports = Vec::new();
    run.repeat(|_| reports.push(go(&runtime, &engine, &document, &root)));
    for report in &reports {
        assert_eq!(report.actions["ask"].count, 200);
        counted(run, report);
    }
}
