//! Each finding from a trace that raises it, and a near miss that does not.

use super::*;
use crate::report::{RunOutcome, StepOutcome};
use crate::trace::tests::{entry, files, header, step, task};
use crate::trace::{Access, Conversation, FileAnswer, PathLookup, Question, Setup, Step, What};

const S: u64 = 1_000_000_000;
const MS: u64 = 1_000_000;

/// A run of 10 s with so many files of 1,000 bytes.
fn run(steps: Vec<Step>, count: u64, accesses: Vec<Access>) -> Trace {
    let mut header = header();
    header.duration_ns = 10 * S;
    header.workflow_limits = [None; 3];
    header.setup = setup();
    Trace {
        header,
        steps,
        files: (0..count).map(|it| entry(it, 1_000)).collect(),
        paths: Vec::new(),
        prompts: Vec::new(),
        accesses,
        lost_bytes: 0,
    }
}

/// The settings by default, on a machine that does not depend on the one that tests.
fn setup() -> Setup {
    let mut setup = Setup::new(&Settings::default());
    (setup.processors, setup.limit_cpu, setup.files_workers) = (4, 4, 1);
    setup
}

fn one(id: &str, needs: &[u32], at_ns: u64, ns: u64) -> Step {
    step(id, needs, vec![task(0, at_ns, ns)])
}

/// Nobody waits, nothing is a chain: two steps beside each other, of which one is idle.
fn calm() -> Vec<Step> {
    vec![one("a", &[], 0, 2 * S), one("b", &[], 0, 2 * S)]
}

fn found(traces: Vec<Trace>) -> Vec<Finding> {
    examine(
        traces,
        &Settings::default(),
        &Machine::with_free_memory(8 << 30),
    )
    .findings
}

/// The finding on this topic that the one trace raises and the other does not.
fn only(topic: Topic, raises: Vec<Trace>, near: Vec<Trace>) -> Finding {
    let of = |traces| found(traces).into_iter().find(|it| it.topic == topic);
    assert_eq!(of(near), None);
    let finding = of(raises).expect("it is raised");
    assert!(!finding.evidence.is_empty() && !finding.remedy.is_empty());
    assert!(finding.evidence.iter().all(|it| it.value.is_finite()));
    finding
}

fn changed(finding: &Finding) -> Vec<(&'static str, u64, u64)> {
    let changes = finding.changes.iter();
    changes.map(|it| (it.setting, it.from, it.to)).collect()
}

fn measured(finding: &Finding, what: &str) -> f64 {
    let it = finding.evidence.iter().find(|it| it.what == what);
    it.unwrap_or_else(|| panic!("{what} in {finding:#?}")).value
}

#[test]
fn steps_that_fail() {
    let with = |failed: usize| {
        let mut steps: Vec<Step> = (0..20)
            .map(|it| one(&format!("s{it}"), &[], 0, S))
            .collect();
        for step in &mut steps[..failed] {
            step.outcome = StepOutcome::Failed;
        }
        vec![run(steps, 0, Vec::new())]
    };
    let finding = only(Topic::ErrorRate, with(2), with(1));
    assert_eq!(measured(&finding, "failed"), 0.1);
    assert_eq!(measured(&finding, "failures of `s1`"), 1.0);
    let kinds = (finding.severity, finding.concern);
    assert_eq!(kinds, (Severity::Warning, Concern::Correctness));
}

#[test]
fn attempts_that_never_help() {
    let with = |attempts: u32, outcome: StepOutcome| {
        let mut steps = calm();
        (steps[0].attempts, steps[0].outcome) = (attempts, outcome);
        vec![run(steps, 0, Vec::new())]
    };
    let raises = with(4, StepOutcome::Failed);
    only(
        Topic::UselessRetries,
        raises.clone(),
        with(3, StepOutcome::Failed),
    );
    only(
        Topic::UselessRetries,
        raises,
        with(4, StepOutcome::Succeeded),
    );
}

fn reading(answers: impl Iterator<Item = (u32, FileAnswer)>, ns: u64) -> Access {
    let reads: Vec<_> = answers
        .map(|(file, answer)| (file, answer, 1_000))
        .collect();
    files(0, 0, ns, &reads)
}

fn all(range: std::ops::Range<u32>, answer: FileAnswer) -> Vec<(u32, FileAnswer)> {
    range.map(|it| (it, answer)).collect()
}

/// Passes over the same files one after the other, each with one answer.
fn passes(count: u32, answers: &[FileAnswer]) -> Trace {
    let pass = |(at, it): (u64, &FileAnswer)| Access {
        at_ns: at * 400 * MS,
        ..reading(all(0..count, *it).into_iter(), 400 * MS)
    };
    let steps = vec![one("a", &[], 0, 2 * S), one("b", &[], 0, MS)];
    run(steps, count.into(), (0..).zip(answers).map(pass).collect())
}

#[test]
fn large_files_that_are_refused() {
    let with = |refused: u32, bytes: u64| {
        let mut reads = vec![(0, FileAnswer::Refused, bytes); refused as usize];
        reads.extend((refused..100).map(|it| (it, FileAnswer::Hit, 1_000)));
        vec![run(calm(), 100, vec![files(0, 0, S, &reads)])]
    };
    let finding = only(Topic::RefusedFiles, with(6, 12 << 20), with(0, 0));
    assert_eq!(finding.severity, Severity::Warning);
    let change = ("files.max_file_size", 10 << 20, 16 << 20);
    assert_eq!(changed(&finding), [change]);
    assert_eq!(found(with(5, 12 << 20))[0].severity, Severity::Hint);
    // The limit of a step, which the settings do not reach.
    let own = only(Topic::RefusedFiles, with(6, 1 << 20), with(0, 0));
    assert!(own.changes.is_empty() && own.remedy.contains("`read` steps"));
}

#[test]
fn a_cache_that_is_too_small() {
    use FileAnswer::{Hit, Loaded};
    let mut small = passes(100, &[Loaded, Loaded, Loaded, Loaded]);
    small.header.setup.files_entries = 64;
    let mut enough = passes(100, &[Loaded, Hit, Loaded, Hit]);
    enough.header.setup.files_entries = 64;
    let finding = only(Topic::LowHitRate, vec![small.clone()], vec![enough]);
    assert_eq!(changed(&finding), [("files.entries", 64, 128)]);
    assert_eq!(
        measured(&finding, "an LRU cache with room for all hits"),
        0.75
    );
    assert_eq!(measured(&finding, "an LRU cache of 64 entries hits"), 0.0);
    let replayed = finding.replayed.expect("replayed");
    assert_eq!((replayed.before.reads, replayed.after.hits), (400, 300));
    assert!(
        replayed.after.makespan_ns < replayed.before.makespan_ns,
        "{replayed:?}"
    );
    // Bytes may be what there is too few of.
    small.header.setup.files_entries = 1_000;
    small.header.setup.files_bytes = 20_000;
    let finding = found(vec![small.clone()]).remove(0);
    assert_eq!(changed(&finding), [("files.bytes", 20_000, 1 << 18)]);
    // What the machine has not got is no advice.
    let machine = Machine::with_free_memory(100_000);
    let diagnosis = examine(vec![small], &Settings::default(), &machine);
    let finding = &diagnosis.findings[0];
    let kinds = (finding.topic, finding.severity);
    assert_eq!(kinds, (Topic::LowHitRate, Severity::Hint));
}

#[test]
fn files_that_are_read_once_need_no_cache() {
    let finding = found(vec![passes(100, &[FileAnswer::Loaded])]).remove(0);
    let kinds = (finding.topic, finding.severity);
    assert_eq!(kinds, (Topic::LowHitRate, Severity::Note));
    assert!(finding.changes.is_empty() && finding.tune.is_empty());
    // Too few to say something of.
    assert_eq!(found(vec![passes(99, &[FileAnswer::Loaded])]), []);
}

#[test]
fn a_cache_with_room_is_not_to_be_raised() {
    let trace = passes(100, &[FileAnswer::Loaded; 4]);
    let findings = found(vec![trace]);
    let kinds: Vec<_> = findings.iter().map(|it| (it.topic, it.severity)).collect();
    assert_eq!(kinds, [(Topic::RedundantLoads, Severity::Warning)]);
    assert!(findings[0].changes.is_empty() && findings[0].remedy.contains("writes"));
    // From run to run files may well change.
    let mut again = passes(100, &[FileAnswer::Loaded]);
    let first = again.clone();
    again.header.round = 2;
    let findings = found(vec![first, again]);
    let kinds: Vec<_> = findings.iter().map(|it| (it.topic, it.severity)).collect();
    assert_eq!(kinds, [(Topic::LowHitRate, Severity::Hint)]);
}

#[test]
fn files_loaded_twice_in_one_run() {
    use FileAnswer::{Hit, Loaded};
    let with = |again: u32| {
        let mut second = all(0..again, Loaded);
        second.extend(all(again..100, Hit));
        let mut trace = passes(100, &[Loaded, Hit, Hit]);
        trace.accesses.push(reading(second.into_iter(), MS));
        trace.header.setup.files_entries = 90;
        vec![trace]
    };
    let finding = only(Topic::RedundantLoads, with(10), with(9));
    assert_eq!(changed(&finding), [("files.entries", 90, 128)]);
    assert_eq!(measured(&finding, "of these again in the same run"), 10.0);
}

#[test]
fn a_path_cache_that_is_too_small() {
    let with = |again: u32| {
        let mut lookups: Vec<(u32, bool)> = (0..80).map(|it| (it, false)).collect();
        lookups.extend((0..20).map(|it| (it, it >= again)));
        let lookups = lookups.into_iter();
        let lookups = lookups.map(|(path, is_hit)| PathLookup { path, is_hit });
        let what = What::Paths(lookups.collect());
        let access = Access {
            what,
            ..files(0, 0, MS, &[])
        };
        let mut trace = run(calm(), 0, vec![access]);
        trace.paths = (0..80).map(|it| entry(it, 0)).collect();
        trace.header.setup.paths_entries = 70;
        vec![trace]
    };
    let finding = only(Topic::PathThrashing, with(11), with(10));
    assert_eq!(changed(&finding), [("paths.entries", 70, 128)]);
    let mut large = with(11);
    large[0].header.setup.paths_entries = 80;
    only(Topic::PathThrashing, with(11), large);
}

#[test]
fn files_that_come_slowly() {
    let with = |ns: u64, bytes: u64, workers: u32| {
        let reads: Vec<_> = (0..10).map(|it| (it, FileAnswer::Loaded, bytes)).collect();
        let mut trace = run(calm(), 10, vec![files(0, 0, ns, &reads)]);
        trace.header.setup.files_workers = workers;
        vec![trace]
    };
    let quick = with(S, 1_000, 1);
    let finding = only(
        Topic::SlowBatches,
        with(S + S / 10, 1_000, 1),
        quick.clone(),
    );
    assert_eq!(changed(&finding), [("files.workers", 1, 4)]);
    assert!(measured(&finding, "files from disk") < 10.0);
    let finding = only(Topic::SlowBatches, with(2 * S, 1_000, 4), quick.clone());
    assert!(finding.changes.is_empty() && finding.title.contains("disk"));
    let finding = only(Topic::SlowBatches, with(2 * S, 1 << 30, 1), quick);
    assert!(finding.changes.is_empty() && finding.title.contains("large"));
}

#[test]
fn large_batches_and_few_threads() {
    let with = |count: u32, processors: u32| {
        let reads: Vec<_> = (0..count)
            .map(|it| (it, FileAnswer::Loaded, 1_000))
            .collect();
        let steps = vec![one("a", &[], 0, 4 * S), one("b", &[], 0, S)];
        let mut trace = run(steps, count.into(), vec![files(0, 0, 4 * S, &reads)]);
        trace.header.setup.processors = processors;
        vec![trace]
    };
    let finding = only(Topic::FewWorkers, with(51, 16), with(50, 16));
    assert_eq!(changed(&finding), [("files.workers", 1, 16)]);
    only(Topic::FewWorkers, with(51, 16), with(51, 8));
}

/// Four commands of 2 s that need nothing, by so many at once.
fn queue(places: u32) -> Trace {
    let steps = (0..4).map(|it| {
        let at = u64::from(it / places) * 2 * S;
        let mut step = one(&format!("c{it}"), &[], at, 2 * S);
        step.action = "run".into();
        step
    });
    let what = What::Command {
        bytes: 0,
        succeeded: true,
    };
    let steps: Vec<Step> = steps.collect();
    let accesses = steps.iter().zip(0..).map(|(step, at)| {
        let access = files(at, step.tasks[0].at_ns, 2 * S, &[]);
        Access {
            what: what.clone(),
            ..access
        }
    });
    let mut trace = run(steps.clone(), 0, accesses.collect());
    trace.header.duration_ns = 8 * S / u64::from(places);
    trace.header.setup.limit_io = places;
    trace
}

#[test]
fn steps_that_wait_for_places() {
    let finding = only(Topic::WaitingSteps, vec![queue(1)], vec![queue(4)]);
    assert_eq!(changed(&finding), [("limits.io", 1, 4)]);
    assert_eq!(measured(&finding, "this time"), (6 * S) as f64);
    let replayed = finding.replayed.expect("replayed");
    let times = (replayed.before.makespan_ns, replayed.after.makespan_ns);
    assert_eq!(times, (8 * S, 2 * S));
    // Where the workflow sets the limit, the settings do not reach it.
    let mut own = queue(1);
    own.header.workflow_limits[1] = Some(1);
    let finding = only(Topic::WaitingSteps, vec![own], vec![queue(4)]);
    assert!(finding.changes.is_empty() && finding.remedy.contains("workflow's own"));
    // Steps that compute gain nothing on one processor.
    let mut busy = queue(1);
    busy.steps
        .iter_mut()
        .for_each(|it| it.action = "search".into());
    busy.accesses.clear();
    busy.header.setup.processors = 1;
    only(Topic::WaitingSteps, vec![queue(1)], vec![busy]);
}

#[test]
fn chains_that_no_setting_shortens() {
    let chained = vec![one("a", &[], 0, 3 * S), one("b", &[0], 3 * S, 7 * S)];
    let beside = vec![one("a", &[], 0, 10 * S), one("b", &[], 0, 10 * S)];
    let near = vec![run(beside, 0, Vec::new())];
    let finding = only(Topic::LongestChain, vec![run(chained, 0, Vec::new())], near);
    assert!(finding.remedy.contains("step `b`"), "{}", finding.remedy);
    assert_eq!(measured(&finding, "`b`"), (7 * S) as f64);
}

#[test]
fn documents_that_take_long() {
    let with = |ns: u64| {
        let mut steps: Vec<Step> = (0..20)
            .map(|it| one(&format!("s{it}"), &[], 0, S))
            .collect();
        let needs: Vec<u32> = (0..20).collect();
        steps.push(one("doc", &needs, S, ns));
        let what = What::Consolidation {
            findings: 9,
            bytes: 900,
        };
        let access = Access {
            what,
            ..files(20, S, ns, &[])
        };
        vec![run(steps, 0, vec![access])]
    };
    only(Topic::SlowConsolidation, with(2_001 * MS), with(2 * S));
}

fn commands(all: &[(u64, bool)]) -> Vec<Trace> {
    let of = |&(ns, succeeded): &(u64, bool)| Access {
        what: What::Command {
            bytes: 1,
            succeeded,
        },
        ..files(0, 0, ns, &[])
    };
    vec![run(calm(), 0, all.iter().map(of).collect())]
}

#[test]
fn many_short_commands() {
    let short = commands(&[(49 * MS, true); 20]);
    let finding = only(
        Topic::ToolThrashing,
        short.clone(),
        commands(&[(49 * MS, true); 19]),
    );
    assert_eq!(measured(&finding, "all of them"), (980 * MS) as f64);
    only(
        Topic::ToolThrashing,
        short,
        commands(&[(50 * MS, true); 20]),
    );
}

#[test]
fn commands_that_fail_and_are_run_again() {
    let with = |failed: usize| {
        let mut all = [(S, true); 10];
        all[..failed].iter_mut().for_each(|it| it.1 = false);
        commands(&all)
    };
    let finding = only(Topic::ToolThrashing, with(4), with(3));
    assert_eq!(finding.severity, Severity::Warning);
}

fn question(at_ns: u64, prompt: Option<u32>, is_hit: bool) -> Access {
    let what = What::Question(Question {
        prompt,
        is_hit,
        answered: true,
        input_tokens: 900,
        output_tokens: 100,
        conversation: Conversation {
            question_tokens: 20,
            kept_tokens: 20,
            ..Conversation::default()
        },
        ..Question::default()
    });
    Access {
        what,
        ..files(0, at_ns, MS, &[])
    }
}

/// Runs of one process that ask these, half an hour apart.
fn asking(rounds: Vec<Vec<Access>>, change: impl Fn(&mut Trace)) -> Vec<Trace> {
    let rounds = rounds.into_iter().zip(1..);
    let rounds = rounds.map(|(accesses, round)| {
        let mut trace = run(calm(), 0, accesses);
        trace.header.round = round;
        trace.header.started_unix_ms += u64::from(round) * 1_800_000;
        trace.prompts = (0..4).map(|it| entry(it, 5_000)).collect();
        change(&mut trace);
        trace
    });
    rounds.collect()
}

#[test]
fn the_same_question_with_the_cache_off() {
    let off = |it: &mut Trace| it.header.setup.prompts = 0;
    let twice = vec![vec![question(0, None, false)]; 2];
    let raises = asking(twice.clone(), off);
    let mut other = twice;
    if let What::Question(it) = &mut other[1][0].what {
        it.input_tokens = 901;
    }
    let finding = only(Topic::RepeatedQuestions, raises.clone(), asking(other, off));
    assert_eq!(changed(&finding), [("caches.prompts", 0, 1_000)]);
    assert_eq!(measured(&finding, "tokens of these"), 1_000.0);
    // Processes share no answers.
    let mut apart = raises.clone();
    apart[1].header.session += 1;
    only(Topic::RepeatedQuestions, raises, apart);
}

#[test]
fn answers_that_do_not_hold_long_enough() {
    let rounds = |is_hit| {
        vec![
            vec![question(0, Some(0), false)],
            vec![question(0, Some(0), is_hit)],
        ]
    };
    let short = |it: &mut Trace| it.header.setup.prompt_ttl_ns = 600 * S;
    let raises = asking(rounds(false), short);
    let finding = only(
        Topic::RepeatedQuestions,
        raises,
        asking(rounds(true), short),
    );
    assert_eq!(
        changed(&finding),
        [("caches.prompt_ttl", 600 * S, 3_600 * S)]
    );
    let replayed = finding.replayed.expect("replayed");
    assert_eq!(
        (replayed.before.tokens, replayed.after.tokens),
        (2_000, 1_000)
    );
}

#[test]
fn answers_that_have_no_room() {
    let round = || {
        (0..4)
            .map(|it| question(u64::from(it) * MS, Some(it), false))
            .collect()
    };
    let few = |it: &mut Trace| it.header.setup.prompts = 2;
    let raises = asking(vec![round(), round()], few);
    let finding = only(Topic::RepeatedQuestions, raises, asking(vec![round()], few));
    assert_eq!(changed(&finding), [("caches.prompts", 2, 8)]);
}

fn talk(kept_tokens: u64, trims: u32) -> Vec<Trace> {
    let turn = |at: u32| {
        let mut access = question(u64::from(at) * MS, None, false);
        if let What::Question(it) = &mut access.what {
            it.input_tokens = kept_tokens + 900;
            it.conversation.kept_tokens = kept_tokens;
            it.conversation.messages = 5;
            it.conversation.kept_messages = 5 - u32::from(at < trims);
        }
        access
    };
    vec![run(calm(), 0, (0..4).map(turn).collect())]
}

#[test]
fn conversations_that_outgrow_their_questions() {
    let finding = only(Topic::ContextBloat, talk(8_000, 0), talk(3_000, 0));
    assert_eq!(changed(&finding), [("history.max_tokens", 100_000, 4_000)]);
    assert!(finding.remedy.contains("relevant"));
    only(Topic::FrequentTrims, talk(900, 3), talk(900, 2));
}

/// Three runs after so many earlier ones, each of its own process.
fn trend(earlier: usize, newest: [f64; 3], apply: impl Fn(&mut Trace, f64)) -> Vec<Trace> {
    let factors = std::iter::repeat_n(1.0, earlier).chain(newest);
    let traces = factors.zip(1u32..).map(|(factor, at)| {
        let mut trace = run(calm(), 0, Vec::new());
        trace.header.started_unix_ms += u64::from(at);
        trace.header.session += u64::from(at);
        apply(&mut trace, factor);
        trace
    });
    traces.collect()
}

#[test]
fn runs_that_become_slower() {
    let slow = |it: &mut Trace, factor: f64| {
        it.header.duration_ns = (10.0 * S as f64 * factor) as u64;
        it.steps[1].tasks[0].ns = (2.0 * S as f64 * factor) as u64;
    };
    let raises = || trend(3, [1.21, 1.3, 1.1], slow);
    let finding = only(Topic::Slower, raises(), trend(3, [1.19, 1.3, 1.1], slow));
    assert_eq!(measured(&finding, "time now"), 1.21);
    assert!(measured(&finding, "step `b` takes longer by") > 0.0);
    only(Topic::Slower, raises(), trend(2, [1.21, 1.3, 1.1], slow));
    // One that is as fast as ever: it may be chance.
    only(Topic::Slower, raises(), trend(3, [1.21, 1.3, 1.0], slow));
    // Runs that failed say nothing of time.
    let mut failed = raises();
    failed[5].header.outcome = RunOutcome::Failed;
    only(Topic::Slower, raises(), failed);
    // Another setting may be why.
    let mut other = raises();
    other[3..]
        .iter_mut()
        .for_each(|it| it.header.setup.files_entries = 7);
    let finding = only(Topic::Slower, other, Vec::new());
    assert!(
        finding.remedy.contains("settings differ"),
        "{}",
        finding.remedy
    );
}

#[test]
fn runs_that_spend_more_tokens() {
    let spend =
        |it: &mut Trace, factor: f64| it.steps[0].tokens = Some(((1_000.0 * factor) as u64, 0));
    let near = trend(3, [1.2, 1.2, 1.2], spend);
    let finding = only(Topic::MoreTokens, trend(3, [1.3, 1.3, 1.3], spend), near);
    assert_eq!(finding.concern, Concern::Tokens);
}

#[test]
fn a_cache_beside_little_memory() {
    let of = |free: u64| {
        let machine = Machine::with_free_memory(free);
        let traces = vec![passes(100, &[FileAnswer::Hit])];
        examine(traces, &Settings::default(), &machine).findings
    };
    assert_eq!(of(600 << 20), []);
    assert_eq!(of(2 << 30), []);
    let finding = of(300 << 20).remove(0);
    assert_eq!(changed(&finding), [("files.bytes", 512 << 20, 40 << 20)]);
    assert_eq!(finding.concern, Concern::Memory);
}

#[test]
fn what_takes_no_time_is_not_worth_any() {
    let mut small = passes(100, &[FileAnswer::Loaded; 4]);
    small.header.setup.files_entries = 64;
    let settings = Settings::from_toml("[files]\nentries = 64\n").expect("valid");
    let kinds = |ns: u64| {
        let mut small = small.clone();
        small.header.duration_ns = ns;
        let findings = examine(vec![small], &settings, &Machine::default()).findings;
        let kinds = findings.iter().map(|it| (it.topic, it.severity));
        kinds.collect::<Vec<_>>()
    };
    let premature = (Topic::Premature, Severity::Note);
    let hint = (Topic::LowHitRate, Severity::Hint);
    assert_eq!(kinds(S - 1), [hint, premature]);
    assert_eq!(kinds(S), [(Topic::LowHitRate, Severity::Warning)]);
}

#[test]
fn what_was_changed_since_is_not_held_against_anybody() {
    let mut small = passes(100, &[FileAnswer::Loaded; 4]);
    small.header.setup.files_entries = 64;
    // The settings in force are those by default, not the 64 of the run.
    let finding = found(vec![small.clone()]).remove(0);
    assert!(
        finding
            .remedy
            .ends_with("the settings now say 65,536: run it again"),
        "{}",
        finding.remedy
    );
    // A newer run by other settings is what counts.
    use FileAnswer::Hit;
    let mut newer = passes(100, &[Hit; 4]);
    newer.header.started_unix_ms += 1;
    let diagnosis = examine(
        vec![newer, small],
        &Settings::default(),
        &Machine::default(),
    );
    assert_eq!(diagnosis.findings, []);
    let looked = &diagnosis.looked_at;
    assert_eq!(
        (looked.traces, looked.superseded, looked.reads),
        (2, 1, 400)
    );
}

#[test]
fn nothing_wrong_says_nothing_and_what_was_left_out() {
    let machine = Machine::default();
    let diagnosis = examine(
        vec![run(calm(), 0, Vec::new())],
        &Settings::default(),
        &machine,
    );
    assert_eq!(diagnosis.findings, []);
    assert!(!diagnosis.has_warnings());
    let topics: Vec<&str> = diagnosis.not_looked_at.iter().map(|it| it.topic).collect();
    for topic in [
        "memory use (above 500 MB)",
        "over-verification",
        "error rate",
        "slower than before",
        "free memory",
    ] {
        assert!(topics.contains(&topic), "{topic} in {topics:?}");
    }
    assert_eq!(
        examine(Vec::new(), &Settings::default(), &machine)
            .looked_at
            .traces,
        0
    );
}

#[test]
fn what_matters_more_comes_first() {
    let mut trace = passes(100, &[FileAnswer::Loaded; 4]);
    trace.header.setup.files_entries = 64;
    let reads = [(0, FileAnswer::Refused, 12 << 20)];
    trace.accesses.push(files(0, 0, MS, &reads));
    let concerns: Vec<_> = found(vec![trace]).iter().map(|it| it.concern).collect();
    assert_eq!(concerns, [Concern::Correctness, Concern::Speed]);
}

#[test]
fn as_json() {
    let diagnosis = examine(vec![queue(1)], &Settings::default(), &Machine::default());
    let json: serde_json::Value = serde_json::from_str(&diagnosis.to_json()).expect("JSON");
    let replay =
        |ns: u64| serde_json::json!({"makespan_ns": ns, "reads": 0, "hits": 0, "tokens": 0});
    let evidence = |what: &str, value: f64, unit: &str| serde_json::json!({"what": what, "value": value, "unit": unit});
    let time = "nanoseconds";
    let expect = serde_json::json!([{
        "topic": "waiting-steps",
        "severity": "hint",
        "concern": "speed",
        "workflow": "w",
        "title": "steps wait for a place in class io",
        "evidence": [
            evidence("of the time somebody waits", 0.75, "share"),
            evidence("this time", 6e9, time),
            evidence("all runs", 8e9, time),
            evidence("longest chains of steps", 2e9, time),
            evidence("places of class io", 1.0, "count"),
            evidence("tasks that ran or waited at once", 4.0, "count"),
            evidence("processors", 4.0, "count"),
        ],
        "rule": {
            "text": "steps wait for a place during more than 20 % of the time, and a replay with more places is 10 % faster",
            "limit": 0.2,
        },
        "remedy": "raise limits.io from 1 to 4; the settings now say 32: run it again",
        "changes": [{"setting": "limits.io", "from": 1, "to": 4, "unit": "count"}],
        "tune": [{"setting": "limits.io", "low": 1, "high": 8, "unit": "count"}],
        "replayed": {"before": replay(8 * S), "after": replay(2 * S), "is_measured": false},
    }]);
    assert_eq!(json["findings"], expect);
    assert_eq!(
        (
            json["format"].as_u64(),
            json["looked_at"]["commands"].as_u64()
        ),
        (Some(1), Some(4))
    );
}

/// One of everything, a file of 1 TiB among it.
#[test]
fn whatever_a_trace_holds_is_looked_at() {
    let sample = crate::trace::tests::sample();
    let diagnosis = examine(
        vec![sample.clone(), sample],
        &Settings::default(),
        &Machine::default(),
    );
    let looked = &diagnosis.looked_at;
    assert_eq!(
        (looked.reads, looked.questions, looked.commands),
        (1_208, 2, 2)
    );
    let change = ("files.max_file_size", 10 << 20, 1 << 40);
    assert_eq!(changed(&diagnosis.findings[0]), [change]);
}
