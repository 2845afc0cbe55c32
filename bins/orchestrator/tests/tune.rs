//! `orchestrator tune`: on the traces that `run` leaves, and of commands.
#![cfg(unix)]

mod support;

use autoexec_tests::{Folder, outcome};
use support::{orchestrator, run};

/// Three searches in forty files, of which the settings hold two.
fn workflow() -> Folder {
    let folder = Folder::with(&[
        (
            "w.yaml",
            "name: look\nsteps: [{id: r, read: 'd/*.txt'}, {id: s, search: {in: r, pattern: a}}, {id: t, search: {in: r, pattern: b}}]",
        ),
        (
            "autoexec.toml",
            "# ours\n[files]\nentries = 2  # few\n\n[trace]\nkeep = 9\n",
        ),
    ]);
    std::fs::create_dir(folder.join("d")).expect("a folder");
    for n in 0..40 {
        let name = folder.join(&format!("d/{n}.txt"));
        std::fs::write(name, "a word\n".repeat(100)).expect("written");
    }
    folder
}

#[test]
fn settings_are_tuned_on_what_runs_leave() {
    let folder = workflow();
    for _ in 0..3 {
        let (code, _, err) = run(&folder, &["run", "w.yaml", "--quiet"]);
        assert_eq!((code, err.as_str()), (Some(0), ""));
    }
    std::fs::write(folder.join(".autoexec/traces/9.trace"), "no trace").expect("written");
    let search = ["tune", "--budget", "100", "--plot", "p.svg"];
    let (code, out, err) = run(&folder, &search);
    assert_eq!(code, Some(0), "{err}");
    assert!(err.contains("9.trace is no trace; it is left out"), "{err}");
    assert!(
        out.starts_with("100 replays of 2 traces, 1 more held out"),
        "{out}"
    );
    assert!(out.contains("left out: no step is verified yet"), "{out}");
    assert!(out.contains("-> 66.7 %"), "{out}");
    assert!(out.contains("too few held-out traces"), "{out}");
    for plot in ["p.svg", "p-convergence.svg"] {
        let drawn = std::fs::read_to_string(folder.join(plot)).expect("drawn");
        assert!(drawn.starts_with("<svg"), "{drawn}");
    }
    let (code, out, _) = run(&folder, &["tune", "--budget", "100", "--json"]);
    let json: serde_json::Value = serde_json::from_str(&out).expect("JSON");
    assert_eq!((code, json["verdict"].as_str()), (Some(0), Some("too_few")));

    // What is not shown is not written, unless it is forced; then comments and other keys stay.
    let before = std::fs::read_to_string(folder.join("autoexec.toml")).expect("read");
    let (code, _, err) = run(&folder, &["tune", "--budget", "100", "-q", "--apply"]);
    assert_eq!(code, Some(1));
    assert!(
        err.contains("not applied: fewer than three traces"),
        "{err}"
    );
    let after = || std::fs::read_to_string(folder.join("autoexec.toml")).expect("read");
    assert_eq!(after(), before);
    let (code, _, err) = run(
        &folder,
        &["tune", "--budget", "100", "-q", "--apply", "--force"],
    );
    assert_eq!(code, Some(0));
    assert!(err.contains("written to autoexec.toml"), "{err}");
    let after = after();
    assert!(
        after.starts_with("# ours\n[files]\nentries = 64 # few\n"),
        "{after}"
    );
    assert!(after.contains("[trace]\nkeep = 9\n"), "{after}");
    // Now all is held, and the traces are of other settings.
    let (code, out, err) = run(&folder, &["tune", "--budget", "100"]);
    assert_eq!(code, Some(0));
    assert!(err.contains("recorded by other settings"), "{err}");
    assert!(!out.contains("entries = "), "{out}");
}

#[test]
fn without_traces_it_says_what_to_do() {
    let folder = Folder::with(&[]);
    let (code, _, err) = run(&folder, &["tune"]);
    assert_eq!(code, Some(2));
    assert!(err.contains("there is no trace to tune on in"), "{err}");
    assert!(err.contains("run workflows first"), "{err}");
    std::fs::create_dir(folder.join("empty")).expect("a folder");
    let (code, _, err) = run(&folder, &["tune", "empty"]);
    assert_eq!(code, Some(2));
    assert!(err.contains("in what was given"), "{err}");
    let (code, _, err) = run(
        &folder,
        &["tune", "empty", "--space", "s", "--command", "c"],
    );
    assert_eq!(code, Some(2), "{err}");
    let (code, _, err) = run(&folder, &["tune", "--held-out", "1.5"]);
    assert_eq!(code, Some(2));
    assert!(err.contains("a share from 0 to less than 1"), "{err}");
}

const SPACE: &str = "parameters:
  - {name: x, type: int, low: 0, high: 99, initial: 7}
  - {name: layout, type: cat, choices: [rows, columns]}
  - {name: depth, type: int, low: 1, high: 9, only_if: {layout: rows}}
objectives: [{name: gain, goal: maximize}, cost]
budget: 40
";

/// A search with its files.
fn search<'a>(command: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    let files = ["--table", "all.csv", "--state", "state"];
    plain(command, &[&files[..], more].concat())
}

/// The same without files.
fn plain<'a>(command: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    let tune = ["tune", "--space", "s.yaml", "--command", command];
    [&tune[..], more].concat()
}

/// What the table has without the times, by numbers; each line but the heads must have an end.
fn rows(folder: &Folder) -> Vec<String> {
    let table = std::fs::read_to_string(folder.join("all.csv")).expect("a table");
    assert!(table.starts_with("trial,outcome,seconds,gain,cost,x,layout,depth\n"));
    assert!(table.ends_with('\n'));
    let row = |line: &str| {
        let cells: Vec<&str> = line.split(',').collect();
        [&cells[3..], &cells[..2]].concat().join(",")
    };
    let mut rows: Vec<String> = table.lines().skip(1).map(row).collect();
    rows.sort();
    rows
}

#[test]
fn a_search_that_kills_its_searcher_goes_on_and_loses_nothing() {
    let measure = "echo $TUNE_TRIAL >> ran; echo \"[$PARAM_X, $((PARAM_X * ${PARAM_DEPTH:-2}))]\"";
    let kill = "[ $TUNE_TRIAL = 11 ] && mkdir killed 2> /dev/null && kill -KILL $PPID";
    let deadly = format!("{kill}; {measure}");
    let expect = Folder::with(&[("s.yaml", SPACE)]);
    let (code, found, err) = run(&expect, &search(measure, &[]));
    assert_eq!((code, err.as_str()), (Some(0), ""));
    let folder = Folder::with(&[("s.yaml", SPACE)]);
    let (code, out, _) = run(&folder, &search(&deadly, &[]));
    assert_eq!((code, out.as_str()), (None, ""));
    // All that was measured is there, whether or not the state was written since.
    assert_eq!(rows(&folder).len(), 11);
    let (code, _, err) = run(&folder, &search(&deadly, &[]));
    assert_eq!(code, Some(2));
    assert!(err.contains("the state state is there already"), "{err}");

    let (code, out, err) = run(&folder, &search(&deadly, &["--resume"]));
    assert_eq!((code, err.as_str()), (Some(0), ""));
    assert_eq!(out, found);
    let trial = |row: &String| row.rsplit(',').nth(1).expect("a cell").parse::<u64>();
    let trials: std::collections::BTreeSet<u64> = rows(&folder)
        .iter()
        .map(|it| trial(it).expect("a number"))
        .collect();
    assert_eq!((rows(&folder).len(), trials.len()), (40, 40));
    let measured = |folder: &Folder| -> Vec<String> {
        let rows = rows(folder).into_iter();
        rows.map(|it| it.rsplitn(3, ',').nth(2).expect("cells").to_owned())
            .collect()
    };
    assert_eq!(measured(&folder), measured(&expect));
    // The one that was under way ran again.
    let ran = std::fs::read_to_string(folder.join("ran")).expect("a file");
    assert!([40, 41].contains(&ran.lines().count()), "{ran}");
}

#[test]
fn an_interrupted_search_of_a_command_is_resumed() {
    let folder = Folder::with(&[("s.yaml", SPACE)]);
    let command = "[ $TUNE_TRIAL = 5 ] && kill -INT $PPID && sleep 600; echo \"[$PARAM_X, 1]\"";
    let (code, out, err) = run(&folder, &search(command, &["--json"]));
    assert_eq!(code, Some(130), "{err}");
    let json: serde_json::Value = serde_json::from_str(&out).expect("JSON");
    assert_eq!(
        (&json["evaluations"], &json["stop"]),
        (&5.into(), &().into())
    );
    let (code, _, err) = run(&folder, &search(command, &["--resume", "--seed", "3"]));
    assert_eq!(code, Some(2));
    assert!(err.contains("another space or other options"), "{err}");
    let (code, out, _) = run(
        &folder,
        &search(command, &["--resume", "--plot", "no/p.svg"]),
    );
    assert_eq!((code, out.as_str()), (Some(2), ""));
    let (code, out, _) = run(&folder, &search(command, &["--resume", "--plot", "p.html"]));
    assert_eq!(code, Some(0));
    assert!(
        out.starts_with("40 evaluations, 0 failed\n  gain = "),
        "{out}"
    );
    assert_eq!(rows(&folder).len(), 40);
    assert!(folder.join("p.html").exists());
}

#[test]
fn a_full_disk_ends_a_search_with_what_was_found_and_it_goes_on_when_there_is_room() {
    let long = SPACE
        .replace("rows", &"rows".repeat(20))
        .replace("columns", &"columns".repeat(12));
    let folder = Folder::with(&[("s.yaml", &long)]);
    let command = "echo \"[$PARAM_X, $((PARAM_X * ${PARAM_DEPTH:-2}))]\"";
    // A limit on file sizes fails writes as a full disk does; ignoring the signal turns it into an error.
    let limited = std::process::Command::new("sh")
        .args(["-c", "trap '' XFSZ; ulimit -f 2; exec \"$0\" \"$@\""])
        .arg(orchestrator().get_program())
        .args(search(command, &[]))
        .env("NO_COLOR", "1")
        .current_dir(folder.path())
        .output();
    let (code, out, err) = outcome(&limited.expect("it runs"));
    assert_eq!(code, Some(1), "{err}");
    assert!(err.contains("failed to write the table"), "{err}");
    let (found, _) = out.split_once(' ').expect("a number");
    let found: usize = found.parse().expect("a number");
    assert!((5..40).contains(&found) && out.contains("gain = "), "{out}");
    let torn = std::fs::read_to_string(folder.join("all.csv")).expect("a table");
    assert_eq!(
        (torn.matches('\n').count(), torn.ends_with('\n')),
        (found + 1, false)
    );

    let (code, _, err) = run(&folder, &search(command, &["--resume"]));
    assert_eq!((code, err.as_str()), (Some(0), ""));
    assert_eq!(rows(&folder).len(), 40);
}

#[test]
fn what_a_command_says_of_its_failure_is_told_without_its_colours() {
    let folder = Folder::with(&[("s.yaml", SPACE)]);
    let command =
        "printf '\\033[31mred\\033[0m\\n' >&2; [ $TUNE_TRIAL = 0 ] && exit 3; echo '[0, NaN]'";
    let arguments = plain(command, &["--color", "always"]);
    let (code, out, err) = run(&folder, &arguments);
    assert_eq!(code, Some(1), "{err}");
    let expect = "evaluation 0 exit status: 3: red\n\
        evaluation 1 the last line that it printed is no JSON: [0, NaN]\n";
    assert!(err.starts_with(expect), "{err}");
    assert!(err.contains("no evaluation succeeded"), "{err}");
    assert!(out.contains("40 evaluations\x1b[0m, 40 failed\n"), "{out}");
}

#[test]
fn the_best_in_the_first_objective_comes_first_and_a_lost_plot_takes_nothing_along() {
    let folder = Folder::with(&[("s.yaml", SPACE)]);
    let command = "rm -rf plots; echo \"[$PARAM_X, $PARAM_X]\"";
    std::fs::create_dir(folder.join("plots")).expect("a folder");
    let arguments = plain(command, &["--plot", "plots/p.svg"]);
    let (code, out, err) = run(&folder, &arguments);
    assert_eq!(code, Some(1));
    assert!(err.contains("cannot write plots/p.svg"), "{err}");
    let gain = |line: &str| line.split(['=', ',']).nth(1)?.trim().parse::<f64>().ok();
    let gains: Vec<f64> = out.lines().skip(1).filter_map(gain).collect();
    assert!(gains.len() > 5, "{out}");
    assert!(gains.is_sorted_by(|a, b| a > b), "{out}");
}
