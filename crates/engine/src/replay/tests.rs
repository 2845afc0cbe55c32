//! Replays of traces made by hand: times and counts worked out beside them.

use super::*;
use crate::report::StepOutcome;
use crate::trace::tests::{entry, files, header, step, task};
use crate::trace::{Access, Conversation, FileAnswer, PathLookup, Question, Step, What};
use crate::workflow::model::Class;

/// A trace of these steps and accesses of so many files of 1,000 bytes.
fn trace(steps: Vec<Step>, file_count: u64, accesses: Vec<Access>) -> Trace {
    let mut header = header();
    header.workflow_limits = [None; 3];
    header.setup.processors = 2;
    header.setup.limit_cpu = 2;
    header.setup.files_workers = 1;
    Trace {
        header,
        steps,
        files: (0..file_count).map(|it| entry(it + 1, 1_000)).collect(),
        paths: (0..9).map(|it| entry(it + 1, 0)).collect(),
        prompts: (0..9).map(|it| entry(it + 1, 2_000)).collect(),
        accesses,
        lost_bytes: 0,
    }
}

fn cpu(step: Step) -> Step {
    Step {
        class: Class::Cpu,
        action: "search".into(),
        ..step
    }
}

/// A step of one task, from `at` for `ns`.
fn one(id: &str, needs: &[u32], at: u64, ns: u64) -> Step {
    cpu(step(id, needs, vec![task(0, at, ns)]))
}

fn as_recorded(trace: &Trace) -> Outcome {
    let setup = trace.header.setup;
    let traces = std::slice::from_ref(trace);
    replay(traces, &setup, &CostModel::default()).expect("no circle")
}

#[test]
fn a_makespan_is_that_of_the_graph_within_its_limits() {
    // a (10), then b (20) and c (30) at once, then d (5): 45 by two processors.
    let steps = vec![
        one("a", &[], 0, 10),
        one("b", &[0], 10, 20),
        one("c", &[0], 10, 30),
        one("d", &[1, 2], 40, 5),
    ];
    let trace = trace(steps, 0, Vec::new());
    let out = as_recorded(&trace);
    assert_eq!(
        (out.makespan_ns, out.steps_succeeded, out.queued_ns),
        (45, 4, 0)
    );
    // With one place they stand in line: 65, of which c waits the 20 of b.
    let mut setup = trace.header.setup;
    setup.limit_cpu = 1;
    let traces = [trace];
    let out = replay(&traces, &setup, &CostModel::default()).expect("no circle");
    assert_eq!((out.makespan_ns, out.queued_ns), (65, 20));
    // With one processor and two places b and c share it: 10 + 40 for both halves of 20, + 10 of c, + 5.
    setup.limit_cpu = 2;
    setup.processors = 1;
    let out = replay(&traces, &setup, &CostModel::default()).expect("no circle");
    assert_eq!((out.makespan_ns, out.queued_ns), (65, 0));
}

/// What was slow because the machine was busy was not much work, and is as slow again only when it is as busy.
#[test]
fn a_busy_machine_is_told_from_much_work() {
    // Three at once on two processors took 30 each: that were 20 of work each.
    let steps = ["a", "b", "c"].map(|id| one(id, &[], 0, 30)).to_vec();
    let mut trace = trace(steps, 0, Vec::new());
    trace.header.setup.limit_cpu = 3;
    assert_eq!(as_recorded(&trace).makespan_ns, 30);
    let mut setup = trace.header.setup;
    setup.limit_cpu = 1;
    let out = replay(&[trace], &setup, &CostModel::default()).expect("no circle");
    assert_eq!(out.makespan_ns, 60);
}

#[test]
fn commands_wait_and_hold_no_processor() {
    let command = |id: &str| Step {
        action: "run".into(),
        ..one(id, &[], 0, 100)
    };
    let mut trace = trace(
        vec![command("a"), command("b"), one("c", &[], 0, 50)],
        0,
        Vec::new(),
    );
    trace.header.setup.processors = 1;
    trace.header.setup.limit_cpu = 3;
    assert_eq!(as_recorded(&trace).makespan_ns, 100);
    trace.header.setup.limit_cpu = 1;
    assert_eq!(as_recorded(&trace).makespan_ns, 250);
}

/// Two passes over four files, the first of which loads.
fn two_passes() -> Trace {
    let pass = |answer| (0..4).map(|it| (it, answer, 1_000)).collect::<Vec<_>>();
    let accesses = vec![
        files(0, 0, 1_000, &pass(FileAnswer::Loaded)),
        files(1, 1_000, 500, &pass(FileAnswer::Hit)),
    ];
    trace(
        vec![one("a", &[], 0, 1_000), one("b", &[0], 1_000, 500)],
        4,
        accesses,
    )
}

#[test]
fn hits_come_from_the_table_and_times_from_the_costs() {
    let trace = two_passes();
    let out = as_recorded(&trace);
    assert_eq!(
        (out.reads, out.hits, out.loads, out.redundant_loads),
        (8, 4, 4, 0)
    );
    assert_eq!((out.bytes_loaded, out.makespan_ns), (4_000, 1_500));
    // Charges: 512 an entry, 20 of the name, 1,000 of contents.
    assert_eq!(out.peak_bytes, 4 * 1_532);
    // Without room the second pass loads again, and takes as much longer as a batch of loads does.
    let mut setup = trace.header.setup;
    setup.files_bytes = 0;
    let cost = CostModel {
        batch_ns: 0.0,
        hit_ns: 10.0,
        load_ns: 30.0,
        load_byte_ns: 0.01,
        ..CostModel::default()
    };
    let out = replay(&[trace], &setup, &cost).expect("no circle");
    assert_eq!((out.hits, out.loads, out.redundant_loads), (0, 8, 4));
    assert_eq!((out.peak_bytes, out.makespan_ns), (0, 1_000 + 500 * 4));
}

#[test]
fn traces_of_a_session_share_their_caches_and_others_do_not() {
    let first = two_passes();
    let mut second = two_passes();
    second.header.round = 2;
    let mut other = two_passes();
    other.header.session += 1;
    let setup = first.header.setup;
    let out = replay(&[first, second, other], &setup, &CostModel::default());
    let out = out.expect("no circle");
    assert_eq!((out.loads, out.hits), (8, 16));
    assert_eq!(out.peak_bytes, 4 * 1_532);
}

#[test]
fn what_a_process_held_before_its_first_trace_is_there() {
    let mut trace = two_passes();
    trace.accesses.remove(0);
    assert_eq!(as_recorded(&trace).hits, 0);
    trace.header.held.files = 4;
    let out = as_recorded(&trace);
    assert_eq!((out.hits, out.loads), (4, 0));
}

#[test]
fn a_smaller_limit_refuses_what_the_settings_let_in() {
    let mut trace = two_passes();
    trace.steps[0].action = "read".into();
    let mut setup = trace.header.setup;
    setup.files_max_file_size = 999;
    let traces = [trace];
    let out = replay(&traces, &setup, &CostModel::default()).expect("no circle");
    // Those that search are not given what was refused.
    assert_eq!((out.reads, out.refused, out.hits, out.loads), (4, 4, 0, 0));
    // A larger one lets in what was refused.
    let [mut trace] = traces;
    trace.header.setup.files_max_file_size = 999;
    let refused: Vec<_> = (0..4).map(|it| (it, FileAnswer::Refused, 1_000)).collect();
    trace.accesses = vec![files(0, 0, 1_000, &refused)];
    assert_eq!(as_recorded(&trace).refused, 4);
    setup.files_max_file_size = 1_000;
    let out = replay(&[trace], &setup, &CostModel::default()).expect("no circle");
    assert_eq!((out.refused, out.loads), (0, 4));
}

fn question(at: u64, prompt: Option<u32>, tokens: u32) -> Access {
    let question = Question {
        prompt,
        answered: true,
        answer_bytes: 400,
        input_tokens: 1_000 + u64::from(tokens),
        output_tokens: 50,
        conversation: Conversation {
            question_tokens: tokens,
            answer_tokens: 50,
            kept_tokens: u64::from(tokens),
            ..Conversation::default()
        },
        ..Question::default()
    };
    Access {
        what: What::Question(question),
        ..files(0, at, 100, &[])
    }
}

#[test]
fn answers_hold_for_their_time_and_conversations_within_their_bounds() {
    // The same question in two runs of a session, an hour apart.
    let ask = |hours: u64| {
        let step = one("a", &[], 0, 100);
        let mut trace = trace(vec![step], 0, vec![question(0, Some(3), 10)]);
        trace.header.started_unix_ms += hours * 3_600_000;
        trace
    };
    let (traces, cost) = ([ask(0), ask(1)], CostModel::default());
    let mut setup = traces[0].header.setup;
    let out = replay(&traces, &setup, &cost).expect("no circle");
    assert_eq!((out.cacheable, out.prompt_hits), (2, 1));
    assert_eq!((out.input_tokens, out.output_tokens), (1_010, 50));
    setup.prompt_ttl_ns = 3_599 * 1_000_000_000;
    let out = replay(&traces, &setup, &cost).expect("no circle");
    assert_eq!((out.prompt_hits, out.input_tokens), (0, 2_020));
    setup.prompts = 0;
    let out = replay(&traces, &setup, &cost).expect("no circle");
    assert_eq!((out.cacheable, out.prompt_hits), (0, 0));

    // One conversation of 40 questions of 100 tokens, each answered with 50.
    let asked = (0..40).map(|it| question(100 * it, None, 100)).collect();
    let trace = trace(vec![one("a", &[], 0, 4_000)], 0, asked);
    let out = as_recorded(&trace);
    assert_eq!((out.trims, out.dropped_messages), (0, 0));
    let sum: u64 = (0..40).map(|it| 100 + it * 150).sum();
    assert_eq!(out.kept_tokens, sum);
    let mut setup = trace.header.setup;
    setup.history_max_tokens = 1_500;
    let out = replay(&[trace], &setup, &cost).expect("no circle");
    assert!(out.trims > 5 && out.dropped_messages > 40, "{out:?}");
    assert!(out.kept_tokens < 40 * 1_500, "{out:?}");
}

#[test]
fn folders_come_from_the_path_cache() {
    let lookup = |path| PathLookup {
        path,
        is_hit: false,
    };
    let access = Access {
        what: What::Paths([0, 1, 0, 2, 0].map(lookup).to_vec()),
        ..files(0, 0, 100, &[])
    };
    let trace = trace(vec![one("a", &[], 0, 100)], 0, vec![access]);
    let out = as_recorded(&trace);
    assert_eq!((out.path_lookups, out.path_hits), (5, 2));
    let mut setup = trace.header.setup;
    setup.paths_entries = 0;
    let out = replay(&[trace], &setup, &CostModel::default()).expect("no circle");
    assert_eq!(out.path_hits, 0);
}

#[test]
fn failures_skips_and_handlers_end_as_they_did() {
    let mut failing = one("a", &[], 0, 10);
    failing.outcome = StepOutcome::Failed;
    failing.tasks[0].succeeded = false;
    let mut dependent = cpu(step("b", &[0], Vec::new()));
    dependent.outcome = StepOutcome::Skipped;
    let mut handler = one("c", &[0], 10, 7);
    handler.after_failure = true;
    let mut unprepared = cpu(step("d", &[], Vec::new()));
    unprepared.outcome = StepOutcome::Failed;
    let mut empty = cpu(step("e", &[], Vec::new()));
    empty.width = 0;
    let mut trace = trace(
        vec![failing, dependent, handler, unprepared, empty],
        0,
        Vec::new(),
    );
    trace.header.keep_going = true;
    let out = as_recorded(&trace);
    assert_eq!(
        (out.steps_run, out.steps_succeeded, out.makespan_ns),
        (3, 2, 17)
    );
}

#[test]
fn a_circle_is_an_error_and_no_trace_is_nothing() {
    let steps = vec![one("a", &[1], 0, 10), one("b", &[0], 10, 20)];
    let trace = trace(steps, 0, Vec::new());
    let setup = trace.header.setup;
    let error = replay(&[trace], &setup, &CostModel::default()).expect_err("a circle");
    assert!(
        error.to_string().starts_with("replay the trace: "),
        "{error}"
    );
    let out = replay(&[], &setup, &CostModel::default()).expect("nothing");
    assert_eq!(out, Outcome::default());
}

/// A trace may say anything: numbers without end, tasks that there cannot be, accesses outside of their tasks.
#[test]
fn nonsense_is_replayed_without_a_panic() {
    let mut trace = crate::trace::tests::sample();
    for step in &mut trace.steps {
        step.tasks.push(task(u32::MAX, u64::MAX - 5, u64::MAX));
        step.width = u32::MAX;
    }
    for access in &mut trace.accesses {
        access.ns = u64::MAX;
        if let What::Question(question) = &mut access.what {
            (question.answer_bytes, question.input_tokens) = (u64::MAX, u64::MAX);
            question.conversation.kept_tokens = u64::MAX;
        }
        if let What::Files(reads) = &mut access.what {
            reads.iter_mut().for_each(|it| it.bytes = u64::MAX);
        }
    }
    trace.prompts[0].bytes = u64::MAX;
    let setup = &mut trace.header.setup;
    (setup.files_entries, setup.files_bytes) = (u64::MAX, u64::MAX);
    (setup.files_max_file_size, setup.paths_entries) = (u64::MAX, u64::MAX);
    (setup.prompts, setup.prompt_bytes, setup.prompt_ttl_ns) = (u64::MAX, u64::MAX, u64::MAX);
    (setup.processors, setup.limit_cpu) = (u32::MAX, 0);
    (setup.history_max_pairs, setup.history_trim_threshold) = (u64::MAX, f64::NAN);
    trace.header.started_unix_ms = u64::MAX;
    let out = as_recorded(&trace);
    assert_eq!(out.reads, 604);
    _ = CostModel::fit(&[trace]);
}

#[test]
fn the_same_comes_out_each_time() {
    let trace = crate::trace::tests::sample();
    let (setup, cost) = (trace.header.setup, CostModel::default());
    let player = Player::new(&[trace.clone(), two_passes()]).expect("no circle");
    let first = player.replay(&setup, &cost);
    for _ in 0..5 {
        assert_eq!(player.replay(&setup, &cost), first);
    }
    let again = Player::new(&[trace, two_passes()]).expect("no circle");
    assert_eq!(again.replay(&setup, &cost), first);
}
