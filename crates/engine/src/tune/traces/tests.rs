//! Searches on traces made by hand.

use super::*;
use crate::report::{RunOutcome, StepOutcome};
use crate::settings::Settings;
use crate::trace::tests::{entry, files, header, step, task};
use crate::trace::{Conversation, FileAnswer, Question, Step, What};
use crate::workflow::model::Class;

/// The settings of these traces, on a machine of one processor.
fn settings() -> Setup {
    let mut setup = Setup::new(&Settings::default());
    (setup.processors, setup.limit_cpu, setup.files_workers) = (1, 1, 1);
    setup
}

/// One step after the other, each of which reads these files for the same time.
fn passes(count: u32, reads: &[(u32, FileAnswer, u64)]) -> Trace {
    let mut header = header();
    (header.setup, header.workflow_limits) = (settings(), [None; 3]);
    let distinct = reads.iter().map(|it| it.0 + 1).max().unwrap_or(0);
    let each = 10_000 * reads.len().max(1) as u64;
    let steps = (0..count).map(|n| {
        let needs: &[u32] = if n == 0 { &[] } else { &[n - 1] };
        let at = u64::from(n) * each;
        let mut step = step(&format!("s{n}"), needs, vec![task(0, at, each)]);
        (step.class, step.action) = (Class::Cpu, "search".into());
        step
    });
    let accesses = (0..count).map(|n| files(n, u64::from(n) * each, each, reads));
    Trace {
        header,
        steps: steps.collect(),
        files: (0..distinct)
            .map(|it| entry(u64::from(it) + 1, 1_000))
            .collect(),
        paths: Vec::new(),
        prompts: Vec::new(),
        accesses: accesses.collect(),
        lost_bytes: 0,
    }
}

/// A trace of the n-th process, a second after the one before.
fn at(mut trace: Trace, n: u64) -> Trace {
    trace.header.session = n;
    trace.header.started_unix_ms += 1_000 * n;
    trace
}

/// Processes that go through some 100 files three times with room for 32.
fn thrashing(count: u64) -> (Vec<Trace>, Setup) {
    let mut small = settings();
    small.files_entries = 32;
    let traces = (1..=count).map(|n| {
        // Not all of the same length, as real ones are not.
        let reads = 100 + 2 * n as u32;
        let loads: Vec<_> = (0..reads)
            .map(|it| (it, FileAnswer::Loaded, 1_000))
            .collect();
        let mut trace = passes(3, &loads);
        trace.header.setup = small;
        at(trace, n)
    });
    (traces.collect(), small)
}

fn options(current: Setup) -> TraceOptions {
    let mut options = TraceOptions::new(current);
    options.budget = 200;
    options
}

fn tuned(traces: &[Trace], options: &TraceOptions) -> Tuned {
    tune(traces.to_vec(), options, &mut ()).expect("tuned")
}

#[test]
fn a_cache_that_thrashes_is_made_larger_and_held_out_traces_gain() {
    let (traces, small) = thrashing(12);
    let tuned = tuned(&traces, &options(small));
    assert_eq!((tuned.training_traces, tuned.held_out_traces), (8, 4));
    let keys: Vec<&str> = tuned.changes.iter().map(|it| it.key).collect();
    assert_eq!(keys, ["files.entries"], "{:?}", tuned.changes);
    // Enough for the 116 files of the largest that was searched on, and no more than rounding makes of it.
    let change = &tuned.changes[0];
    assert_eq!((change.from.as_str(), change.to.as_str()), ("32", "128"));
    assert!(change.reason.contains("-> 66.7 %"), "{change:?}");
    assert_eq!(tuned.verdict, Verdict::Gain);
    let (low, high) = tuned.time.interval.expect("four pairs");
    assert!(
        low > 0.2 && high < 0.95 && tuned.time.each.len() == 4,
        "{low} {high}"
    );
    let [before, after] = tuned.held_out.as_ref().expect("held out");
    assert_eq!(after.outcome.hits, 2 * after.outcome.loads);
    assert!(before.outcome.hits < before.outcome.loads);
    assert!(after.autonomy > before.autonomy);
    // What was searched on is not worse in anything.
    let [before, after] = &tuned.training;
    assert!(after.outcome.makespan_ns < before.outcome.makespan_ns);
    let best = tuned.front.iter().map(|it| it.time).fold(1.0, f64::min);
    assert_eq!(tuned.convergence.last().map(|it| it.1), Some(best));
    assert!(
        tuned
            .patch()
            .starts_with("[files]\nentries = 128  # 32 before; alone: hits")
    );
}

#[test]
fn the_same_seed_gives_the_same_on_any_threads() {
    let (traces, small) = thrashing(5);
    let mut options = options(small);
    options.budget = 120;
    let one = tuned(&traces, &options);
    // The order that they are given in does not matter either.
    options.threads = 3;
    let mut turned = traces.clone();
    turned.reverse();
    assert_eq!(tuned(&turned, &options), one);
}

#[test]
fn where_nothing_can_be_gained_nothing_is_changed() {
    // Each file once: there is nothing that a cache could hold.
    let loads: Vec<_> = (0..50).map(|it| (it, FileAnswer::Loaded, 1_000)).collect();
    let traces: Vec<Trace> = (1..=5).map(|n| at(passes(1, &loads), n)).collect();
    let found = tuned(&traces, &options(settings()));
    assert_eq!(
        (found.verdict, found.changes.len()),
        (Verdict::Unchanged, 0)
    );
    assert_eq!((found.patch().as_str(), found.time.mean), ("", Some(1.0)));
    let entries = found.left_out.iter().find(|it| it.0 == "files.entries");
    assert!(entries.is_some_and(|it| it.1.contains("read a file twice")));
    // All that is asked for twice is held already.
    let mut traces = Vec::new();
    for n in 1..=5 {
        let mut trace = passes(2, &loads);
        let What::Files(again) = &mut trace.accesses[1].what else {
            panic!("files")
        };
        again.iter_mut().for_each(|it| it.answer = FileAnswer::Hit);
        traces.push(at(trace, n));
    }
    let found = tuned(&traces, &options(settings()));
    assert!(found.searched.contains(&"files.entries"));
    assert_eq!(
        (found.verdict, found.changes.len()),
        (Verdict::Unchanged, 0)
    );
}

#[test]
fn one_trace_is_not_held_out_and_two_are_too_few() {
    let (traces, small) = thrashing(2);
    let one = tuned(&traces[..1], &options(small));
    assert_eq!((one.verdict, one.held_out_traces), (Verdict::NotHeldOut, 0));
    assert!(one.held_out.is_none() && !one.changes.is_empty());
    assert_eq!(
        one.training[1].scores.0[4], None,
        "nothing shows adaptation"
    );
    let two = tuned(&traces, &options(small));
    assert_eq!((two.verdict, two.time.interval), (Verdict::TooFew, None));
    assert_eq!(two.time.each.len(), 1);
    let mut none = options(small);
    none.held_out = 0.0;
    assert_eq!(tuned(&traces, &none).verdict, Verdict::NotHeldOut);
    let error = tune(Vec::new(), &options(small), &mut ()).expect_err("no trace");
    assert_eq!(error, "tune without a trace");
}

#[test]
fn what_a_trace_cannot_show_is_absent_and_not_zero() {
    let (traces, small) = thrashing(4);
    let tuned = tuned(&traces, &options(small));
    let [before, _] = tuned.held_out.as_ref().expect("held out");
    let there = before.scores.0.map(|it| it.is_some());
    // No attempt failed, nothing is verified, no workflow was run again after a failure.
    assert_eq!(there, [true, false, false, true, true, false, true]);
    let json: serde_json::Value = serde_json::from_str(&tuned.to_json()).expect("JSON");
    assert!(json["held_out"][0]["scores"][1].is_null());
    assert_eq!(json["metrics"][1]["name"], "recovery");
    // They are there where the traces show them.
    let mut traces = traces;
    traces[2].header.outcome = RunOutcome::Failed;
    traces[3].steps[0].attempts = 3;
    let found = super::tune(traces, &options(small), &mut ()).expect("tuned");
    let [before, after] = found.held_out.expect("held out");
    for figures in [before, after] {
        assert_eq!(figures.scores.0[1], Some(1.0));
        assert_eq!(figures.scores.0[5], Some(1.0));
    }
}

/// The held-out runs of a process find what its earlier runs left.
#[test]
fn a_process_that_is_held_out_in_part_keeps_its_caches() {
    let loads: Vec<_> = (0..100).map(|it| (it, FileAnswer::Loaded, 1_000)).collect();
    let mut small = settings();
    small.files_entries = 64;
    let runs = (1..=6).map(|n| {
        let mut trace = at(passes(1, &loads), n);
        (trace.header.session, trace.header.round) = (1, n as u32);
        trace.header.setup = small;
        trace
    });
    let found = tuned(&runs.collect::<Vec<_>>(), &options(small));
    assert_eq!(found.held_out_traces, 2);
    let [_, after] = found.held_out.expect("held out");
    assert_eq!((after.outcome.hits, after.outcome.loads), (200, 0));
}

/// A trim that drops more would cost fewer tokens, and what its answers lose nobody measures.
#[test]
fn conversations_are_not_cut_shorter_for_their_tokens() {
    let ask = |n: u64| crate::trace::Access {
        what: What::Question(Question {
            answered: true,
            input_tokens: 150 * n + 100,
            output_tokens: 50,
            conversation: Conversation {
                question_tokens: 100,
                answer_tokens: 50,
                kept_tokens: 150 * n + 100,
                ..Conversation::default()
            },
            ..Question::default()
        }),
        ..files(0, 1_000 * n, 1_000, &[])
    };
    let talk = |_| {
        let mut trace = passes(1, &[]);
        trace.steps[0].tasks[0].ns = 40_000;
        trace.accesses = (0..40).map(ask).collect();
        trace
    };
    let traces: Vec<Trace> = (1..=5).map(|n| at(talk(n), n)).collect();
    let found = tuned(&traces, &options(settings()));
    assert!(
        found.searched.contains(&"history.max_tokens"),
        "{:?}",
        found.searched
    );
    let [before, after] = &found.training;
    assert_eq!(
        after.outcome.dropped_messages,
        before.outcome.dropped_messages
    );
    assert_eq!(after.outcome.input_tokens, before.outcome.input_tokens);
    assert_eq!(found.verdict, Verdict::Unchanged);
}

#[test]
fn steps_that_failed_or_were_late_are_not_completed() {
    let one = |id: &str, ns: u64| -> Step {
        let mut step = step(id, &[], vec![task(0, 0, ns)]);
        (step.class, step.action) = (Class::Io, "run".into());
        step
    };
    let mut trace = passes(0, &[]);
    // The median is 100, so 150 is in time and 151 is not.
    trace.steps = vec![
        one("a", 100),
        one("b", 150),
        one("c", 151),
        one("d", 90),
        one("e", 80),
    ];
    trace.steps[4].outcome = StepOutcome::Failed;
    trace.steps[4].tasks[0].succeeded = false;
    trace.header.keep_going = true;
    let found = tuned(&[trace], &options(settings()));
    assert_eq!(found.training[0].scores.0[0], Some(0.6));
}

#[test]
fn plots_draw_what_came_out() {
    let (traces, small) = thrashing(3);
    let found = tuned(&traces, &options(small));
    for plot in [found.front_plot(), found.convergence_plot()] {
        assert!(
            plot.starts_with("<svg") && !plot.contains("no data"),
            "{plot}"
        );
    }
    assert!(found.page().contains("Convergence"));
}

/// Whoever wrote it, a trace and settings of numbers without end are no reason to panic.
#[test]
fn nonsense_is_searched_without_a_panic() {
    let mut trace = crate::trace::tests::sample();
    for step in &mut trace.steps {
        step.tasks.push(task(u32::MAX, u64::MAX - 5, u64::MAX));
        (step.width, step.attempts) = (u32::MAX, u32::MAX);
    }
    for access in &mut trace.accesses {
        access.ns = u64::MAX;
        if let What::Files(reads) = &mut access.what {
            reads.iter_mut().for_each(|it| it.bytes = u64::MAX);
        }
    }
    trace.prompts[0].bytes = u64::MAX;
    trace.header.setup.processors = u32::MAX;
    let mut most = settings();
    (most.files_entries, most.files_bytes) = (u64::MAX, u64::MAX);
    (most.paths_entries, most.prompts) = (u64::MAX, 0);
    (most.prompt_ttl_ns, most.history_max_tokens) = (u64::MAX, u64::MAX);
    let mut options = options(most);
    options.budget = 20;
    let traces = [at(trace.clone(), 1), at(trace.clone(), 2), at(trace, 3)];
    let found = tuned(&traces, &options);
    assert_eq!(found.training_traces + found.held_out_traces, 3);
    assert!(!found.to_json().is_empty() && !found.page().is_empty());
}
