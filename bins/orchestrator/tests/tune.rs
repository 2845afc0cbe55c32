//! `orchestrator tune` on the traces that `run` leaves.
#![cfg(unix)]

mod support;

use autoexec_tests::Folder;
use support::run;

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
