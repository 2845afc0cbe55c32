//! Replays of real runs: by the settings of the run they come out as the run did.

use autoexec_engine::replay::{CostModel, Outcome, Player, replay};
use autoexec_engine::report::RunReport;
use autoexec_engine::trace::{Figures, Folder as Traces, Trace, TraceOptions, read};
use autoexec_engine::{Engine, RunOptions, Settings};
use autoexec_tests::{Folder, run_with};

/// Steps one after the other, that read the same files in several orders; questions in a conversation that is trimmed.
const CHAIN: &str = "
steps:
  - {id: all, read: '**/*.txt'}
  - {id: s1, search: {in: all, pattern: word}}
  - {id: some, needs: [s1], read: 'd1/**/*.txt'}
  - {id: s2, search: {in: some, pattern: word}}
  - {id: s3, needs: [s2], search: {in: all, pattern: other}}
  - {id: q1, needs: [s3], ask: {prompt: What is there in these many files that are here?, context: [some], conversation: c}}
  - {id: q2, needs: [q1], ask: {prompt: And what else is in them? Tell me more about all of it., conversation: c}}
  - {id: q3, needs: [q2], ask: {prompt: And what else is in them? Tell me more about all of it., conversation: c}}
  - {id: q4, needs: [q3], ask: {prompt: What is there?, context: [some]}}
  - {id: q5, needs: [q4], ask: {prompt: What is there?, context: [some]}}
  - {id: s4, needs: [q5], search: {in: all, pattern: third}}
";

/// Files whose folders stand between them when they are sorted.
fn sources() -> Folder {
    let folder = Folder::with(&[]);
    for n in 0..90 {
        let text = format!(
            "A word of file number {n}. {}\n",
            "It has sentences. ".repeat(n % 13)
        );
        let name = match n % 3 {
            0 => format!("d{}/f{n}.txt", n % 5),
            1 => format!("d{}/e/f{n}.txt", n % 5),
            _ => format!("d{}/z{n}.txt", n % 5),
        };
        folder.write(&name, text.as_bytes());
    }
    folder
}

fn traced(engine: &Engine, folder: &Folder, workflow: &str, round: u32) -> (RunReport, Trace) {
    let mut options = RunOptions::new(folder.path());
    let mut trace = TraceOptions::new(Traces::new(folder.join(".autoexec/traces")));
    (trace.session, trace.round) = (7, round);
    trace.started_unix_ms = 1_700_000_000_000 + u64::from(round);
    let written = trace.written();
    options.trace = Some(trace);
    let report = run_with(engine, workflow, options);
    let path = written.get().expect("said").clone().expect("written");
    (report, read(&path).expect("read"))
}

fn as_recorded(traces: &[Trace]) -> Outcome {
    replay(traces, &traces[0].header.setup, &CostModel::default()).expect("no circle")
}

/// Checks a replay against the reports of the runs.
fn check(reports: &[RunReport], traces: &[Trace]) {
    let out = as_recorded(traces);
    let sum = |of: &dyn Fn(&RunReport) -> u64| reports.iter().map(of).sum::<u64>();
    assert_eq!(out.reads, sum(&|it| it.files.requests));
    assert_eq!(out.hits, sum(&|it| it.files.hits));
    assert_eq!(out.loads, sum(&|it| it.files.loads));
    assert_eq!(out.evictions, sum(&|it| it.files.evictions));
    assert_eq!(out.bytes_loaded, sum(&|it| it.files.bytes_read));
    assert_eq!(out.path_lookups, sum(&|it| it.paths.requests));
    assert_eq!(out.path_hits, sum(&|it| it.paths.hits));
    let prompts = |it: &RunReport| it.prompts.unwrap_or_default();
    assert_eq!(out.cacheable, sum(&|it| prompts(it).requests));
    assert_eq!(out.prompt_hits, sum(&|it| prompts(it).hits));
    let tokens = |it: &RunReport| it.tokens.map_or((0, 0), |it| (it.input, it.output));
    assert_eq!(out.input_tokens, sum(&|it| tokens(it).0));
    assert_eq!(out.output_tokens, sum(&|it| tokens(it).1));
    let figures = Figures::of(traces);
    assert_eq!(out.dropped_messages, figures.questions.dropped_messages);
    assert_eq!(out.trims, figures.questions.conversations.trims);
}

/// Every bound on its own, and a cache with room for all.
#[test]
fn a_run_of_one_step_at_a_time_is_reproduced_hit_by_hit() {
    for settings in [
        "[files]\nworkers = 1\n",
        "[files]\nworkers = 1\nentries = 7\n",
        "[files]\nworkers = 1\nentries = 60\n",
        "[files]\nworkers = 1\nentries = 85\n",
        "[files]\nworkers = 1\nbytes = \"30 KiB\"\n[paths]\nentries = 3\n",
        "[files]\nworkers = 1\nfreshness = \"watch\"\n",
        "[files]\nworkers = 1\nentries = 30\nfreshness = \"pinned\"\n",
        "[files]\nworkers = 1\nentries = 30\nfreshness = \"1h\"\n",
        "[files]\nworkers = 1\nmax_file_size = \"100 B\"\n",
        "[caches]\nprompts = 0\n[files]\nworkers = 1\n",
        "[caches]\nprompts = 1\n[files]\nworkers = 1\n[history]\nmax_tokens = 60\n",
    ] {
        let workflow = match settings.contains("max_file_size") {
            true => CHAIN
                .replace(
                    "read: '**/*.txt'",
                    "read: {files: '**/*.txt', on_problem: skip}",
                )
                .replace(
                    "read: 'd1/**/*.txt'",
                    "read: {files: 'd1/**/*.txt', on_problem: skip}",
                ),
            false => CHAIN.to_owned(),
        };
        let folder = sources();
        let engine = Engine::new(Settings::from_toml(settings).expect("settings"));
        let (reports, traces): (Vec<_>, Vec<_>) = (1..=3)
            .map(|round| traced(&engine, &folder, &workflow, round))
            .unzip();
        println!("{settings}{:?}", as_recorded(&traces));
        check(&reports[..1], &traces[..1]);
        check(&reports, &traces);
    }
}

/// The replay takes as long as the tasks did, for one step at a time: nothing is lost, and nothing counted twice.
#[test]
fn a_run_of_one_step_at_a_time_takes_as_long_as_its_tasks() {
    let folder = sources();
    let (_, trace) = traced(&Engine::new(Settings::default()), &folder, CHAIN, 1);
    let tasks: u64 = trace
        .steps
        .iter()
        .flat_map(|it| &it.tasks)
        .map(|it| it.ns)
        .sum();
    let works = (trace.accesses.len() + trace.steps.len()) as u64 * 2;
    let out = as_recorded(std::slice::from_ref(&trace));
    assert!(
        out.makespan_ns.abs_diff(tasks) <= works,
        "{} of {tasks}",
        out.makespan_ns
    );
    assert!(out.makespan_ns <= trace.header.duration_ns + works);
}

#[test]
fn steps_at_once_load_the_same_and_share_as_hits() {
    let wide = "
steps:
  - {id: all, read: '**/*.txt'}
  - {id: again, read: '**/*.txt'}
  - {id: a, search: {in: all, pattern: word}}
  - {id: b, search: {in: all, pattern: other}}
  - {id: c, search: {in: again, pattern: third}}
";
    let folder = sources();
    let engine = Engine::new(Settings::default());
    let (report, trace) = traced(&engine, &folder, wide, 1);
    let out = as_recorded(std::slice::from_ref(&trace));
    assert_eq!(
        (out.reads, out.loads),
        (report.files.requests, report.files.loads)
    );
    let coalesced = Figures::of(&[trace]).files.coalesced;
    assert_eq!(out.hits, report.files.hits + coalesced);
}

#[test]
fn what_was_held_before_the_first_trace_is_held_in_its_replay() {
    let folder = sources();
    let engine = Engine::new(Settings::default());
    traced(&engine, &folder, CHAIN, 1);
    let (report, trace) = traced(&engine, &folder, CHAIN, 2);
    assert_eq!(report.files.loads, 0);
    let out = as_recorded(&[trace]);
    assert_eq!((out.hits, out.loads), (report.files.hits, 0));
    assert_eq!(out.path_hits, report.paths.hits);
}

/// More room never made this run load more, and no room makes it load all; the same comes out each time.
#[test]
fn other_settings_move_what_they_should() {
    let folder = sources();
    let (report, trace) = traced(&Engine::new(Settings::default()), &folder, CHAIN, 1);
    let cost = CostModel::fit(std::slice::from_ref(&trace));
    let player = Player::new(std::slice::from_ref(&trace)).expect("no circle");
    let with = |change: &dyn Fn(&mut autoexec_engine::trace::Setup)| {
        let mut setup = trace.header.setup;
        change(&mut setup);
        let out = player.replay(&setup, &cost);
        assert_eq!(player.replay(&setup, &cost), out);
        out
    };
    let all = with(&|_| {});
    assert_eq!(all.loads, report.files.loads);
    let none = with(&|it| it.files_entries = 0);
    assert_eq!((none.hits, none.loads), (0, all.reads));
    assert!(none.makespan_ns > all.makespan_ns);
    let most = with(&|it| it.files_entries = 90);
    assert_eq!((most.loads, most.evictions), (90, 0));
    let few = with(&|it| it.files_entries = 20);
    assert!(few.loads > most.loads && few.peak_bytes < most.peak_bytes);
    let asked = with(&|it| it.prompts = 0);
    assert!(asked.input_tokens > all.input_tokens);
    let trimmed = with(&|it| it.history_max_tokens = 40);
    assert!(trimmed.trims > 0 && trimmed.kept_tokens < all.kept_tokens);
}
