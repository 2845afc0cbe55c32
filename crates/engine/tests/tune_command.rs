//! Searches of commands that behave badly, and that are interrupted or killed.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

use autoexec_engine::tune::{
    Command, Evaluated, Failure, Optimizer, SpaceDocument, Tuning, TuningOptions, Watcher,
};
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

/// Remembers what it sees, and what the state would be.
#[derive(Debug, Default)]
struct Seen(Vec<Evaluated>, Vec<Vec<u8>>);

impl Watcher for Seen {
    fn evaluated(&mut self, evaluated: &Evaluated, optimizer: &Optimizer) {
        self.0.push(evaluated.clone());
        self.1
            .push(optimizer.save().expect("because it is resumable"));
    }
}

fn document(budget: u64) -> SpaceDocument {
    let text = format!(
        "parameters:\n  - {{name: x, type: int, low: 0, high: 50, initial: 3}}\n  - {{name: the kind, type: cat, choices: [a, b]}}\n\
         objectives: [loss]\nbudget: {budget}\ntimeout: 1s\n"
    );
    SpaceDocument::parse("space.yaml", &text).expect("because it is sound")
}

fn tune(folder: &Path, script: &str, budget: u64, options: &TuningOptions) -> (Tuning, Seen) {
    let tuning = try_tune(folder, script, &document(budget), options);
    tuning.expect("because the options are sound")
}

fn try_tune(
    folder: &Path,
    script: &str,
    document: &SpaceDocument,
    options: &TuningOptions,
) -> Result<(Tuning, Seen), String> {
    let command = Command {
        argv: ["/bin/sh", "-c", script].map(String::from).to_vec(),
        folder: folder.to_owned(),
    };
    let mut seen = Seen::default();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .expect("because nothing is missing");
    let cancel = CancellationToken::new();
    let tuning = runtime.block_on(command.tune(document, options, &mut seen, &cancel));
    Ok((tuning?, seen))
}

/// The distance from 20, and 10 more for one kind.
const MEASURE: &str = r#"
    d=$((PARAM_X - 20)); d=${d#-}
    [ "$PARAM_THE_KIND" = b ] || d=$((d + 10))
    echo working
    echo "{\"loss\": $d, \"more\": \"$TUNE_TRIAL\"}"
"#;

#[test]
fn a_command_is_tuned_by_its_environment_and_input() {
    let folder = tempfile::tempdir().unwrap();
    let table = folder.path().join("all.csv");
    let options = TuningOptions {
        table: Some(table.clone()),
        ..TuningOptions::default()
    };
    let script = format!("cat >> given.jsonl; {MEASURE}");
    let (tuning, seen) = tune(folder.path(), &script, 60, &options);
    assert_eq!(
        (tuning.evaluations, tuning.failures, seen.0.len()),
        (60, 0, 60)
    );
    assert!(tuning.front[0].objectives[0] <= 2.0, "{:?}", tuning.front);
    let given = std::fs::read_to_string(folder.path().join("given.jsonl")).unwrap();
    let first: Value = serde_json::from_str(given.lines().next().unwrap()).unwrap();
    assert_eq!(first, json!({ "x": 3, "the kind": first["the kind"] }));
    let table = std::fs::read_to_string(table).unwrap();
    let mut lines = table.lines();
    assert_eq!(lines.next(), Some("trial,outcome,seconds,loss,x,the kind"));
    assert_eq!(lines.clone().count(), 60);
    assert!(lines.all(|line| line.split(',').nth(1) == Some("measured")));
}

#[test]
fn workers_change_nothing_but_the_order() {
    let folder = tempfile::tempdir().unwrap();
    let run = |workers| {
        let options = TuningOptions {
            workers,
            ..TuningOptions::default()
        };
        let (tuning, mut seen) = tune(folder.path(), MEASURE, 40, &options);
        seen.0.sort_by_key(|it| it.trial);
        let all: Vec<_> = seen
            .0
            .into_iter()
            .map(|it| (it.candidate, it.result))
            .collect();
        (tuning.front, all)
    };
    assert_eq!(run(1), run(3));
}

#[test]
fn whatever_a_command_does_the_search_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let script = format!(
        r#"case $((TUNE_TRIAL % 6)) in
            0) echo oops >&2; exit 1;;
            1) kill -9 $$;;
            2) echo rubbish;;
            3) exit 0;;
            4) [ $TUNE_TRIAL = 4 ] && sleep 60; echo '[1, 2]';;
            5) {MEASURE};;
        esac"#
    );
    let (tuning, seen) = tune(folder.path(), &script, 12, &TuningOptions::default());
    assert_eq!((tuning.evaluations, tuning.failures), (12, 10));
    let failure = |trial: u64| {
        let found = seen
            .0
            .iter()
            .find(|it| it.trial == trial)
            .expect("because it was run");
        found.result.clone().expect_err("because it fails")
    };
    assert_eq!(
        failure(0),
        Failure::Status("exit status: 1".into(), "oops".into())
    );
    assert!(matches!(failure(1), Failure::Status(status, _) if status.contains("signal: 9")));
    assert_eq!(
        failure(2),
        Failure::NoAnswer("the last line that it printed is no JSON: rubbish".into())
    );
    assert_eq!(failure(3), Failure::NoAnswer("printed nothing".into()));
    assert_eq!(failure(4), Failure::TimedOut);
    assert_eq!(
        failure(10),
        Failure::NoAnswer("its answer has 2 objectives instead of 1".into())
    );
}

#[test]
fn a_command_that_never_succeeds_has_no_best() {
    let folder = tempfile::tempdir().unwrap();
    let (tuning, _) = tune(folder.path(), "exit 3", 10, &TuningOptions::default());
    assert_eq!(
        (tuning.evaluations, tuning.failures, tuning.front.len()),
        (10, 10, 0)
    );
}

#[test]
fn an_interrupted_search_goes_on_where_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let (whole, _) = tune(folder.path(), MEASURE, 40, &TuningOptions::default());
    let options = TuningOptions {
        state: Some(folder.path().join("state")),
        table: Some(folder.path().join("all.csv")),
        ..TuningOptions::default()
    };
    let command = Command {
        argv: ["/bin/sh", "-c", MEASURE].map(String::from).to_vec(),
        folder: folder.path().to_owned(),
    };
    struct Stopper(CancellationToken, u32);
    impl Watcher for Stopper {
        fn evaluated(&mut self, _: &Evaluated, _: &Optimizer) {
            self.1 += 1;
            if self.1 == 15 {
                self.0.cancel();
            }
        }
    }
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .unwrap();
    let cancel = CancellationToken::new();
    let mut stopper = Stopper(cancel.clone(), 0);
    let document = document(40);
    let first = runtime.block_on(command.tune(&document, &options, &mut stopper, &cancel));
    let first = first.unwrap();
    assert_eq!((first.evaluations, first.stop), (15, None));

    let again = runtime.block_on(command.tune(&document, &options, &mut stopper, &cancel));
    assert!(again.unwrap_err().contains("is there already"));
    let options = TuningOptions {
        resume: true,
        ..options
    };
    let (rest, _) = tune(folder.path(), MEASURE, 40, &options);
    assert_eq!((rest.evaluations, &rest.front), (40, &whole.front));
    let table = std::fs::read_to_string(folder.path().join("all.csv")).unwrap();
    assert_eq!(table.lines().count(), 41);
}

/// What a table says of its evaluations: numbers and losses, in ascending order. Each line must be whole.
fn losses(table: &str) -> Vec<(u64, String)> {
    let mut lines = table.lines();
    assert_eq!(lines.next(), Some("trial,outcome,seconds,loss,x,the kind"));
    let mut losses: Vec<_> = lines
        .map(|line| {
            let cells: Vec<&str> = line.split(',').collect();
            assert_eq!(cells.len(), 6, "{table}");
            (cells[0].parse().unwrap(), cells[3].to_owned())
        })
        .collect();
    losses.sort();
    losses
}

/// Some evaluations fail, and some take longer than the next ones.
const SOMETIMES: &str = r#"
    [ $((TUNE_TRIAL % 4)) = 0 ] && sleep 0.02
    echo "$TUNE_TRIAL" >> ran
    [ $((PARAM_X % 4)) = 1 ] && exit 1
    echo $((PARAM_X * 3))
"#;

#[test]
fn a_search_that_was_killed_at_any_moment_goes_on_and_has_every_row_once() {
    let folder = tempfile::tempdir().unwrap();
    let [state, table, ran] = ["state", "all.csv", "ran"].map(|it| folder.path().join(it));
    let options = TuningOptions {
        workers: 3,
        table: Some(table.clone()),
        state: Some(state.clone()),
        resume: false,
    };
    let (whole, seen) = tune(folder.path(), SOMETIMES, 30, &options);
    let written = std::fs::read_to_string(&table).unwrap();
    assert!(whole.failures > 0 && whole.failures < 30);
    let generations = check_agreement(&written, &state, 30).generations();
    assert!(generations > 2, "{generations}");
    let resume = TuningOptions {
        resume: true,
        ..options
    };
    let ends: Vec<usize> = written.match_indices('\n').map(|it| it.0 + 1).collect();
    // The state is as it was after some evaluations, the table as after some more and a piece of the next row.
    for known in (1..30).step_by(7) {
        for rows in BTreeSet::from([known, (known + 30) / 2, known + 1, 30]) {
            for more in [0, 9, usize::MAX] {
                let last = ends.get(rows + 1).copied().unwrap_or(written.len());
                let cut = ends[rows]
                    .saturating_add(more)
                    .min(last - 1)
                    .max(ends[rows]);
                std::fs::write(&state, &seen.1[known - 1]).unwrap();
                std::fs::write(&table, &written[..cut]).unwrap();
                std::fs::write(&ran, "").unwrap();
                let case = format!("{known} known, {rows} written and {more} more bytes");
                let (rest, _) = tune(folder.path(), SOMETIMES, 30, &resume);
                let ran = std::fs::read_to_string(&ran).unwrap().lines().count();
                assert_eq!(ran, 30 - rows, "{case}");
                assert_eq!(
                    (rest.evaluations, rest.failures),
                    (30, whole.failures),
                    "{case}"
                );
                assert_eq!(rest.front, whole.front, "{case}");
                let after = std::fs::read_to_string(&table).unwrap();
                assert!(after.starts_with(&written[..ends[rows]]), "{case}");
                check_agreement(&after, &state, 30);
            }
        }
    }
}

/// The table has what the state knows, and nothing else.
fn check_agreement(table: &str, state: &Path, budget: u64) -> Optimizer {
    let SpaceDocument { space, options, .. } = document(budget);
    let optimizer = Optimizer::load(&space, &options, &std::fs::read(state).unwrap()).unwrap();
    let told = optimizer.told().into_iter().map(|it| {
        let loss = it.measured.map(|it| it.0[0].to_string());
        (it.id, loss.unwrap_or_default())
    });
    let mut told: Vec<_> = told.collect();
    told.sort();
    assert_eq!(losses(table), told);
    optimizer
}

#[test]
fn before_the_first_row_a_killed_search_begins_again() {
    let folder = tempfile::tempdir().unwrap();
    let [state, table] = ["state", "all.csv"].map(|it| folder.path().join(it));
    let options = TuningOptions {
        table: Some(table.clone()),
        state: Some(state.clone()),
        resume: true,
        ..TuningOptions::default()
    };
    let (expect, _) = tune(folder.path(), SOMETIMES, 14, &TuningOptions::default());
    let SpaceDocument {
        space,
        options: how,
        ..
    } = document(14);
    let begun = Optimizer::new(&space, &how).unwrap().save().unwrap();
    for head in [
        None,
        Some(""),
        Some("trial,outc"),
        Some("trial,outcome,seconds,loss,x,the kind\n"),
    ] {
        _ = std::fs::remove_file(&table);
        std::fs::write(&state, &begun).unwrap();
        if let Some(head) = head {
            std::fs::write(&table, head).unwrap();
        }
        let (tuning, _) = tune(folder.path(), SOMETIMES, 14, &options);
        assert_eq!(tuning.front, expect.front);
        check_agreement(&std::fs::read_to_string(&table).unwrap(), &state, 14);
    }
}

#[test]
fn files_of_others_are_refused_and_stay_as_they_are() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str| folder.path().join(name);
    let options = |name: &str| TuningOptions {
        table: Some(file(&format!("{name}.csv"))),
        state: Some(file(&format!("{name}.state"))),
        ..TuningOptions::default()
    };
    let (_, seen) = tune(folder.path(), SOMETIMES, 14, &options("a"));
    tune(folder.path(), "echo $((PARAM_X * 2))", 14, &options("b"));
    let mut other = document(14);
    other.options.seed = 1;
    try_tune(folder.path(), SOMETIMES, &other, &options("c")).unwrap();
    std::fs::write(file("notes.csv"), "when,what\n").unwrap();
    let table = std::fs::read_to_string(file("a.csv")).unwrap();
    std::fs::write(
        file("long.csv"),
        format!("{table}14,measured,0.001,3,1,a\n"),
    )
    .unwrap();
    std::fs::write(file("odd.csv"), format!("{table}and more\n")).unwrap();
    let begun = Optimizer::new(&document(14).space, &document(14).options).unwrap();
    let begun = begun.save().unwrap();
    // Its row 5 was recalled when the search went on without the table.
    std::fs::write(file("state"), &seen.1[4]).unwrap();
    let without = TuningOptions {
        state: Some(file("state")),
        resume: true,
        ..TuningOptions::default()
    };
    tune(folder.path(), "exit 3", 14, &without);
    let went_on = std::fs::read(file("state")).unwrap();
    let strange = "it belongs to another search, or to a later state";
    for (table, state, expect) in [
        ("b.csv", &seen.1[13], strange),
        ("c.csv", &begun, strange),
        ("a.csv", &went_on, strange),
        ("long.csv", &seen.1[13], strange),
        ("odd.csv", &seen.1[13], "its row 15 is none"),
        (
            "notes.csv",
            &begun,
            "its heads are not those of this search",
        ),
    ] {
        std::fs::write(file("state"), state).unwrap();
        let before = std::fs::read(file(table)).unwrap();
        let resume = TuningOptions {
            table: Some(file(table)),
            state: Some(file("state")),
            resume: true,
            ..TuningOptions::default()
        };
        let error = try_tune(folder.path(), SOMETIMES, &document(14), &resume).unwrap_err();
        assert!(error.contains(expect) && error.contains(table), "{error}");
        assert_eq!(std::fs::read(file(table)).unwrap(), before, "{table}");
        assert_eq!(&std::fs::read(file("state")).unwrap(), state, "{table}");
    }
    // A new search overwrites neither.
    for (table, state, expect) in [
        ("new.csv", "a.state", "the state"),
        ("a.csv", "new", "the table"),
    ] {
        let new = TuningOptions {
            table: Some(file(table)),
            state: Some(file(state)),
            ..TuningOptions::default()
        };
        let error = try_tune(folder.path(), SOMETIMES, &document(14), &new).unwrap_err();
        assert!(
            error.contains("is there already") && error.contains(expect),
            "{error}"
        );
        assert!(!file("new.csv").exists() && !file("new").exists());
    }
    let one = TuningOptions {
        table: Some(file("new")),
        state: Some(file("new")),
        ..TuningOptions::default()
    };
    let error = try_tune(folder.path(), SOMETIMES, &document(14), &one).unwrap_err();
    assert!(error.contains("are one file") && !file("new").exists());
}

#[test]
fn what_cannot_be_written_any_more_is_told_with_what_was_found() {
    if !Path::new("/dev/full").exists() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let state = folder.path().join("state");
    // The state is moved away with its folder, and cannot be written when the search ends.
    std::fs::create_dir(folder.path().join("kept")).unwrap();
    let options = TuningOptions {
        state: Some(folder.path().join("kept/state")),
        ..TuningOptions::default()
    };
    let script = "[ $TUNE_TRIAL = 9 ] && mv kept lost; echo $PARAM_X";
    let (tuning, seen) = tune(folder.path(), script, 10, &options);
    // If the state was due while the last one ran, that one was stopped.
    assert!(tuning.evaluations >= 9 && tuning.stop.is_none());
    assert_eq!(tuning.evaluations, seen.0.len() as u64);
    assert_eq!(tuning.front.len(), 1);
    let trouble = tuning.trouble.expect("because the folder is gone");
    assert!(trouble.starts_with("write the state"), "{trouble}");

    let options = TuningOptions {
        table: Some("/dev/full".into()),
        state: Some(state.clone()),
        ..TuningOptions::default()
    };
    let error = try_tune(folder.path(), script, &document(10), &options).unwrap_err();
    assert!(error.starts_with("write the table /dev/full"), "{error}");
}

/// Waits for the end of processes, which follows a kill at once but not at the same moment.
#[cfg(target_os = "linux")]
fn all_ended(pids: &str) -> bool {
    let is_there = |pid: &str| {
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat"));
        // Who is dead and not yet reaped is there no more.
        stat.is_ok_and(|it| !it.contains(") Z ") && !it.contains(") X "))
    };
    (0..500).any(|_| {
        std::thread::sleep(Duration::from_millis(10));
        !pids.lines().any(is_there)
    })
}

#[cfg(target_os = "linux")]
#[test]
fn an_evaluation_is_over_with_its_command_and_what_it_leaves_behind_is_killed() {
    let folder = tempfile::tempdir().unwrap();
    let mut document = document(2);
    document.timeout = Duration::from_secs(60);
    // One holds the output open, and does not listen to SIGTERM; one has closed it.
    for (redirected, expect) in [("", 2), ("> /dev/null 2>&1", 4)] {
        let script = format!(
            "(trap '' TERM; sleep 1000; sleep 1000) {redirected} & echo $! >> pids; echo $PARAM_X"
        );
        let tuned = try_tune(folder.path(), &script, &document, &TuningOptions::default());
        let (tuning, _) = tuned.unwrap();
        assert_eq!((tuning.evaluations, tuning.failures), (2, 0));
        let pids = std::fs::read_to_string(folder.path().join("pids")).unwrap();
        assert_eq!(pids.lines().count(), expect);
        assert!(all_ended(&pids), "{pids}");
    }
}
