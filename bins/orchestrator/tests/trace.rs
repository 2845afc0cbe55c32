//! `orchestrator trace`, and the traces that `run` leaves.
#![cfg(unix)]

mod support;

use autoexec_tests::{Folder, outcome};
use support::run;

fn workflow() -> Folder {
    Folder::with(&[
        (
            "w.yaml",
            "name: look\nsteps: [{id: r, read: 'd/*.txt'}, {id: s, search: {in: r, pattern: a}}, {id: q, ask: {prompt: What?, context: [r]}}]",
        ),
        ("d/a.txt", "a word"),
        ("d/b.txt", "another word"),
    ])
}

fn traces(folder: &Folder) -> Vec<std::path::PathBuf> {
    let entries = std::fs::read_dir(folder.join(".autoexec/traces"));
    let paths = entries
        .into_iter()
        .flatten()
        .map(|it| it.expect("an entry").path());
    let mut traces: Vec<_> = paths
        .filter(|it| it.extension().is_some_and(|it| it == "trace"))
        .collect();
    traces.sort();
    traces
}

#[test]
fn a_run_leaves_a_trace_that_can_be_shown_and_summed_up() {
    let folder = workflow();
    let (code, _, err) = run(&folder, &["run", "w.yaml", "--repeat", "3"]);
    assert_eq!((code, err.as_str()), (Some(0), ""));
    assert_eq!(traces(&folder).len(), 3);
    assert_eq!(
        std::fs::read_to_string(folder.join(".autoexec/.gitignore")).expect("a file"),
        "*\n"
    );

    let (code, out, err) = run(&folder, &["trace", "show"]);
    assert_eq!((code, err.as_str()), (Some(0), ""));
    assert!(
        out.starts_with("look succeeded after ") && out.contains("run 3 of its process"),
        "{out}"
    );
    assert!(out.contains("2 files held at the start"), "{out}");
    let rows: Vec<&str> = out.lines().filter(|it| it.starts_with("s ")).collect();
    assert!(
        rows.len() == 1 && rows[0].contains("search") && rows[0].ends_with(" r"),
        "{out}"
    );
    let first = traces(&folder)[0].display().to_string();
    let (_, out, _) = run(&folder, &["trace", "show", &first, "--accesses"]);
    assert!(out.contains("2 files, 18 B: 0 held, 2 loaded"), "{out}");
    assert!(out.contains("2 files, 18 B: 2 held, 0 loaded"), "{out}");
    let (_, out, _) = run(&folder, &["trace", "show", &first, "--json"]);
    let json: serde_json::Value = serde_json::from_str(&out).expect("JSON");
    assert_eq!(
        (
            json["header"]["round"].as_u64(),
            json["files"][0]["bytes"].as_u64()
        ),
        (Some(1), Some(6))
    );

    let (code, out, _) = run(&folder, &["trace", "stat", ".autoexec/traces"]);
    assert_eq!(code, Some(0));
    assert!(
        out.contains("18 reads of 2 files, 18 B; 16 held (88.8 %), 2 loaded, 0 redundantly"),
        "{out}"
    );
    assert!(
        out.contains("3 questions, 1 different; 2 of 3 answered from the cache"),
        "{out}"
    );
    let (_, out, _) = run(&folder, &["trace", "stat", ".autoexec/traces", "--json"]);
    let json: serde_json::Value = serde_json::from_str(&out).expect("JSON");
    assert_eq!(
        (json["traces"].as_u64(), json["files"]["hits"].as_u64()),
        (Some(3), Some(16))
    );
}

#[test]
fn where_and_whether_is_said_by_flags_and_settings() {
    let folder = workflow();
    let (code, _, err) = run(&folder, &["run", "w.yaml", "--no-trace"]);
    assert_eq!(
        (code, err.as_str(), folder.names()),
        (Some(0), "", vec!["d".into(), "w.yaml".to_owned()])
    );
    let (code, _, err) = run(&folder, &["run", "w.yaml", "--trace", "one.trace"]);
    assert_eq!((code, err.as_str()), (Some(0), ""));
    assert_eq!(
        (traces(&folder).len(), folder.join("one.trace").exists()),
        (0, true)
    );
    folder.write(
        "autoexec.toml",
        b"[trace]\nfolder = \"kept\"\nkeep = 2\nnames = true\n",
    );
    for _ in 0..3 {
        assert_eq!(run(&folder, &["run", "w.yaml", "-q"]).0, Some(0));
    }
    let kept = std::fs::read_dir(folder.join("kept"))
        .expect("a folder")
        .count();
    assert_eq!(kept, 4, "two traces, the salt and .gitignore");
    let (_, out, _) = run(&folder, &["trace", "show", "--json"]);
    assert!(out.contains("\"name\": \"d/a.txt\""), "{out}");
    folder.write(
        "autoexec.toml",
        b"[trace]\nenabled = false\nfolder = \"none\"\n",
    );
    assert_eq!(run(&folder, &["run", "w.yaml", "-q"]).0, Some(0));
    assert!(!folder.join("none").exists());
}

#[test]
fn a_folder_that_cannot_be_written_is_a_warning() {
    let folder = workflow();
    folder.write(".autoexec", b"a file");
    let (code, out, err) = run(&folder, &["run", "w.yaml"]);
    assert_eq!(code, Some(0));
    assert!(out.contains("look succeeded in"), "{out}");
    assert!(
        err.starts_with("warning: no whole trace was written: ") && err.lines().count() == 1,
        "{err}"
    );
}

/// The limit on the size of files stands for a full disk: what was written of the trace goes, the run does not.
#[test]
fn a_trace_that_finds_no_room_costs_the_run_nothing() {
    let folder = workflow();
    for n in 0..200 {
        folder.write(&format!("d/{n}.txt"), b"a word");
    }
    let script = "ulimit -f 1; trap '' XFSZ; exec \"$0\" run w.yaml";
    let mut shell = std::process::Command::new("sh");
    shell
        .args(["-c", script, env!("CARGO_BIN_EXE_orchestrator")])
        .env_remove("AUTOEXEC_CONFIG")
        .env("NO_COLOR", "1")
        .current_dir(folder.path());
    let (code, out, err) = outcome(&shell.output().expect("it runs"));
    assert_eq!(code, Some(0), "{err}");
    assert!(out.contains("look succeeded in"), "{out}");
    assert!(
        err.starts_with("warning: no whole trace was written: ") && err.lines().count() == 1,
        "{err}"
    );
    let left = std::fs::read_dir(folder.join(".autoexec/traces")).expect("a folder");
    let left: Vec<_> = left.map(|it| it.expect("an entry").file_name()).collect();
    assert_eq!(left, ["salt"]);
}

#[test]
fn what_is_no_trace_is_bad_input_and_what_is_cut_is_told() {
    let folder = workflow();
    for arguments in [
        &["trace", "show"][..],
        &["trace", "stat"],
        &["trace", "show", "w.yaml"],
        &["trace", "show", "none.trace"],
        &["trace", "stat", "d"],
        &["run", "w.yaml", "--trace", "a", "--no-trace"],
        &["run", "w.yaml", "--trace", "a", "--repeat", "2"],
    ] {
        let (code, out, err) = run(&folder, arguments);
        assert_eq!((code, out.as_str()), (Some(2), ""), "{arguments:?}: {err}");
        assert!(
            err.contains("error") && !err.contains("panicked"),
            "{arguments:?}: {err}"
        );
    }
    run(&folder, &["run", "w.yaml", "--trace", "one.trace"]);
    let bytes = std::fs::read(folder.join("one.trace")).expect("read");
    folder.write("cut.trace", &bytes[..bytes.len() - 5]);
    let (code, out, err) = run(&folder, &["trace", "stat", "cut.trace"]);
    assert_eq!(code, Some(0));
    assert!(err.contains("cut.trace is cut off or broken"), "{err}");
    assert!(out.contains("1 incomplete"), "{out}");
    let mut other = bytes;
    other[8] = 77;
    folder.write("other.trace", &other);
    let (code, _, err) = run(&folder, &["trace", "show", "other.trace"]);
    assert_eq!(code, Some(2));
    assert!(
        err.contains("other.trace: is a trace of version 77, not 1"),
        "{err}"
    );
}
