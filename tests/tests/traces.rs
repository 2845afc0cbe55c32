//! Traces through the engine: they say what the reports say, hold no contents, and never disturb a run.

use std::path::PathBuf;

use autoexec_engine::report::{RunOutcome, RunReport, StepOutcome};
use autoexec_engine::trace::{
    Figures, FileAnswer, Folder as Traces, Trace, TraceOptions, What, read,
};
use autoexec_engine::{Engine, RunOptions, Settings};
use autoexec_tests::{Folder, run_with, settings};

const WORKFLOW: &str = "
name: review
steps:
  - {id: sources, read: 'src/**/*.rs'}
  - {id: todos, search: {in: sources, pattern: TODO}}
  - {id: digest, ask: {prompt: What does it count?, context: [sources], conversation: c}}
  - {id: again, needs: [digest], ask: {prompt: And what else?, context: [sources], conversation: c}}
  - {id: said, run: [echo, hello], foreach: [a, b]}
  - {id: all, consolidate: {from: [digest, todos], output: out/report.md}}
  - {id: never, if: 'false', run: [echo, no]}
";

fn sources() -> Folder {
    Folder::with(&[
        ("src/a.rs", "fn a() {\n    // TODO: write it\n}\n"),
        (
            "src/deep/secret.rs",
            "// It counts the sheep of the shepherd. TODO\n",
        ),
    ])
}

/// A run with a trace beside `folder`.
fn traced(
    engine: &Engine,
    folder: &Folder,
    workflow: &str,
    names: bool,
) -> (RunReport, Trace, PathBuf) {
    let mut options = RunOptions::new(folder.path());
    let mut trace = TraceOptions::new(Traces::new(folder.join(".autoexec/traces")));
    trace.names = names;
    let written = trace.written();
    options.trace = Some(trace);
    let report = run_with(engine, workflow, options);
    let path = written.get().expect("said").clone().expect("written");
    let trace = read(&path).expect("read");
    (report, trace, path)
}

#[test]
fn a_trace_says_what_the_report_says() {
    let folder = sources();
    let engine = Engine::new(settings());
    let (report, trace, _) = traced(&engine, &folder, WORKFLOW, false);
    assert_eq!(report.outcome, RunOutcome::Succeeded, "{report:#?}");
    assert_eq!(trace.lost_bytes, 0);
    let figures = Figures::of(std::slice::from_ref(&trace));
    let (files, said) = (&report.files, &figures.files);
    assert_eq!(
        (said.reads, said.hits, said.loads),
        (files.requests, files.hits, files.loads)
    );
    assert_eq!(
        (said.bytes_loaded, said.bytes_served),
        (files.bytes_read, files.bytes_served)
    );
    assert_eq!(
        (figures.path_lookups, figures.path_hits),
        (report.paths.requests, report.paths.hits)
    );
    let (prompts, asked) = (report.prompts.expect("asked"), &figures.questions);
    assert_eq!(
        (asked.cacheable, asked.hits),
        (prompts.requests, prompts.hits)
    );
    let tokens = report.tokens.expect("asked");
    assert_eq!(
        (asked.input_tokens, asked.output_tokens),
        (tokens.input, tokens.output)
    );
    assert_eq!(asked.conversations.count, 1);
    assert_eq!(asked.conversations.messages_max, 3);
    assert_eq!(figures.commands, 2);

    assert_eq!(trace.steps.len(), report.steps.len());
    for (step, told) in trace.steps.iter().zip(&report.steps) {
        assert_eq!(
            (&step.id, &step.action, step.outcome),
            (&told.id, &told.action, told.outcome)
        );
        assert_eq!(step.attempts, told.attempts);
        for task in &step.tasks {
            assert!(task.at_ns + task.ns <= trace.header.duration_ns, "{step:?}");
        }
        for need in &step.needs {
            let ended = trace.steps[*need as usize].span_ns().expect("it ran").1;
            let began = step.span_ns().map_or(u64::MAX, |it| it.0);
            assert!(
                began >= ended,
                "{} began before its needs had ended",
                step.id
            );
        }
    }
    assert_eq!(trace.steps[4].tasks.len(), 2);
    assert_eq!(
        (trace.steps[6].outcome, trace.steps[6].tasks.len()),
        (StepOutcome::Skipped, 0)
    );
    assert!(trace.accesses.is_sorted_by_key(|it| it.at_ns));
}

#[test]
fn names_stand_in_it_only_when_asked_for_and_contents_never() {
    let folder = sources();
    let engine = Engine::new(settings());
    let (_, hidden, path) = traced(&engine, &folder, WORKFLOW, false);
    let bytes = std::fs::read(path).expect("read");
    let holds =
        |bytes: &[u8], text: &str| bytes.windows(text.len()).any(|it| it == text.as_bytes());
    for text in ["secret", "a.rs", "sheep", "What does", "hello", "TODO"] {
        assert!(!holds(&bytes, text), "{text}");
    }
    assert!(hidden.files.iter().all(|it| it.name.is_none()));
    let (_, named, path) = traced(&engine, &folder, WORKFLOW, true);
    let bytes = std::fs::read(path).expect("read");
    assert!(holds(&bytes, "src/deep/secret.rs"));
    assert!(!holds(&bytes, "sheep") && !holds(&bytes, "What does"));
    // The same files are the same in both.
    let identities = |trace: &Trace| {
        let mut all: Vec<u64> = trace.files.iter().map(|it| it.identity).collect();
        all.sort_unstable();
        all
    };
    assert_eq!(identities(&hidden), identities(&named));
    assert_eq!(named.header.held.files, 2);
    assert_eq!(Figures::of(&[named]).files.loads, 0);
}

#[test]
fn runs_leave_no_trace_unless_asked_to() {
    let folder = sources();
    run_with(
        &Engine::new(settings()),
        WORKFLOW,
        RunOptions::new(folder.path()),
    );
    assert_eq!(folder.names(), ["out", "src"]);
}

#[test]
fn failed_and_interrupted_runs_leave_theirs() {
    let folder = sources();
    let failing = "steps: [{id: a, run: 'exit 3'}, {id: b, needs: [a], run: 'true'}]";
    let (_, trace, _) = traced(&Engine::new(settings()), &folder, failing, false);
    assert_eq!(trace.header.outcome, RunOutcome::Failed);
    let outcomes: Vec<StepOutcome> = trace.steps.iter().map(|it| it.outcome).collect();
    assert_eq!(outcomes, [StepOutcome::Failed, StepOutcome::Skipped]);
    assert!(!trace.steps[0].tasks[0].succeeded);
    let failed = |it: &&autoexec_engine::trace::Access| {
        matches!(
            it.what,
            What::Command {
                succeeded: false,
                ..
            }
        )
    };
    assert_eq!(trace.accesses.iter().filter(failed).count(), 1);

    let mut options = RunOptions::new(folder.path());
    let trace = TraceOptions::new(Traces::new(folder.join(".autoexec/traces")));
    let written = trace.written();
    options.trace = Some(trace);
    options.cancel.cancel();
    let report = run_with(&Engine::new(settings()), WORKFLOW, options);
    assert_eq!(report.outcome, RunOutcome::Interrupted);
    let path = written.get().expect("said").clone().expect("written");
    assert_eq!(
        read(&path).expect("read").header.outcome,
        RunOutcome::Interrupted
    );
}

#[test]
fn what_a_called_workflow_reads_belongs_to_its_caller() {
    let folder = sources();
    folder.write(
        "called.yaml",
        b"root: src\nsteps: [{id: r, read: '**/*.rs'}, {id: s, search: {in: r, pattern: x}}]\n",
    );
    folder.write(
        "caller.yaml",
        b"steps: [{id: first, read: 'src/**/*.rs'}, {id: call, needs: [first], workflow: called.yaml}]\n",
    );
    let document = autoexec_engine::load(&folder.join("caller.yaml")).expect("a workflow");
    let mut options = RunOptions::new(folder.path());
    let trace = TraceOptions::new(Traces::new(folder.join("traces")));
    let written = trace.written();
    options.trace = Some(trace);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    let engine = Engine::new(settings());
    let report = runtime
        .block_on(engine.run(document.into(), options))
        .expect("it runs");
    let trace = read(written.get().expect("said").as_ref().expect("written")).expect("read");
    // They are the same two files, whatever the root.
    assert_eq!(trace.files.len(), 2);
    let of = |step: u32| {
        trace
            .accesses
            .iter()
            .filter(|it| it.step == step)
            .filter_map(|it| match &it.what {
                What::Files(reads) => Some(reads.len()),
                _ => None,
            })
            .sum::<usize>()
    };
    assert_eq!((of(0), of(1)), (2, 4));
    assert_eq!(trace.steps[1].tasks.len(), 1);
    assert_eq!(Figures::of(&[trace]).files.hits, report.files.hits);
}

#[test]
fn a_file_too_large_and_a_file_not_kept_are_told_apart() {
    let folder = Folder::with(&[("big.txt", &"x".repeat(5_000)), ("small.txt", "x")]);
    let settings = Settings::from_toml("[files]\nmax_file_size = \"1 KiB\"\n").expect("settings");
    let workflow = "steps: [{id: r, read: {files: '*.txt', on_problem: skip}}]";
    let (_, trace, _) = traced(&Engine::new(settings), &folder, workflow, false);
    let What::Files(reads) = &trace
        .accesses
        .iter()
        .find(|it| matches!(it.what, What::Files(_)))
        .expect("reads")
        .what
    else {
        unreachable!()
    };
    let told: Vec<(FileAnswer, u64)> = reads.iter().map(|it| (it.answer, it.bytes)).collect();
    assert_eq!(
        told,
        [(FileAnswer::Refused, 5_000), (FileAnswer::Loaded, 1)]
    );
}

/// No room on the disk: the run goes on, says so, and leaves no half a trace.
#[test]
#[cfg(target_os = "linux")]
fn a_full_disk_costs_the_trace_and_nothing_else() {
    let folder = sources();
    let mut options = RunOptions::new(folder.path());
    let mut trace = TraceOptions::new(Traces::new(folder.join("traces")));
    trace.file = Some("/dev/full/no.trace".into());
    let written = trace.written();
    options.trace = Some(trace);
    let report = run_with(&Engine::new(settings()), WORKFLOW, options);
    assert_eq!(report.outcome, RunOutcome::Succeeded);
    let why = written
        .get()
        .expect("said")
        .clone()
        .expect_err("it cannot be written");
    assert!(why.contains("/dev/full"), "{why}");
}
