//! The binary: exit codes, streams, signals.
#![cfg(unix)]

mod support;

use std::io::Read;
use std::process::Stdio;
use std::time::Duration;

use autoexec_tests::{Folder, outcome};
use support::{orchestrator, run};

#[test]
fn exit_codes_tell_success_failure_and_bad_input_apart() {
    let folder = Folder::with(&[
        ("ok.yaml", "steps: [{id: a, run: 'true'}]"),
        ("bad.yaml", "\nsteps:\n- id: a\n  run: echo why; exit 7\n"),
        ("wrong.yaml", "stesp: []\n"),
        ("settings.toml", "[files]\nentires = 1\n"),
    ]);
    let (code, out, err) = run(&folder, &["run", "ok.yaml"]);
    assert_eq!((code, err.as_str()), (Some(0), ""));
    assert!(out.contains("ok succeeded in"), "{out}");
    let (code, out, err) = run(&folder, &["run", "bad.yaml"]);
    assert_eq!(code, Some(1));
    assert!(out.contains("bad failed in"), "{out}");
    assert_eq!(
        err,
        "error: bad.yaml:3, step `a`: exit code 7; it said: why\n  │ why\n"
    );
    for arguments in [
        &["run", "wrong.yaml"][..],
        &["check", "wrong.yaml"],
        &["run", "no-such.yaml"],
        &["run", "ok.yaml", "--input", "x=1"],
        &["run", "ok.yaml", "--input", "x"],
        &["run", "ok.yaml", "--config", "settings.toml"],
        &["run", "ok.yaml", "--out", "no-such-folder"],
        &["nonsense"],
        &["report", "ok.yaml"],
    ] {
        let (code, out, err) = run(&folder, arguments);
        assert_eq!(code, Some(2), "{arguments:?}: {err}");
        assert!(
            out.is_empty() && err.contains("error") && !err.contains("panicked"),
            "{arguments:?}: {out}{err}"
        );
    }
    let (_, _, err) = run(&folder, &["check", "wrong.yaml"]);
    assert!(
        err.contains("wrong.yaml:1:1") && err.contains("did you mean `steps`?"),
        "{err}"
    );
}

#[test]
fn json_is_one_document_with_what_the_table_says() {
    let folder = Folder::with(&[(
        "w.yaml",
        "steps: [{id: r, read: w.yaml}, {id: s, search: {in: r, pattern: id}}]",
    )]);
    let (code, out, _) = run(&folder, &["run", "w.yaml", "--json"]);
    let report: serde_json::Value = serde_json::from_str(&out).expect("JSON");
    assert_eq!(
        (code, report["outcome"].as_str()),
        (Some(0), Some("succeeded"))
    );
    assert_eq!(report["files"]["redundant_reads_avoided"], 1);
    assert_eq!(report["steps"][1]["cache"]["hits"], 1);
    assert!(
        report["actions"]["search"]["p99_ms"]
            .as_f64()
            .is_some_and(|ms| ms > 0.0)
    );
    assert!(
        report["tokens"].is_null(),
        "nobody was asked, so there is no count"
    );
    if cfg!(target_os = "linux") {
        assert!(
            report["memory"]["start_bytes"]
                .as_u64()
                .is_some_and(|b| b > 0)
        );
    }
}

#[test]
fn repeating_a_run_reads_no_file_twice_and_says_so() {
    let folder = Folder::with(&[
        ("w.yaml", "steps: [{id: r, read: '*.txt'}]"),
        ("a.txt", "a"),
        ("b.txt", "b"),
    ]);
    let (code, out, _) = run(&folder, &["run", "w.yaml", "--repeat", "2"]);
    assert_eq!(code, Some(0));
    let second = out.split("Run 2 of 2").nth(1).expect("a second run");
    assert!(second.contains("100.0 % hits (2 of 2 reads)"), "{second}");
    assert!(second.contains("0 files, 0 B from disk"), "{second}");
    assert!(second.contains("no file was read twice"), "{second}");
}

#[test]
fn repeating_a_question_takes_the_answer_and_says_so() {
    let workflow = "steps: [{id: r, read: a.md}, {id: q, ask: {prompt: what?, context: [r]}}]";
    let folder = Folder::with(&[("w.yaml", workflow), ("a.md", "What it is: a test.\n")]);
    let (code, out, _) = run(&folder, &["run", "w.yaml", "--repeat", "2"]);
    assert_eq!(code, Some(0));
    let lines: Vec<&str> = out.lines().filter(|l| l.contains("prompt cache")).collect();
    assert_eq!(lines.len(), 2, "{out}");
    assert!(lines[0].ends_with("0.0 % hits (0 of 1 questions)"), "{out}");
    assert!(
        lines[1].ends_with("100.0 % hits (1 of 1 questions)"),
        "{out}"
    );
    assert!(
        out.contains("answered by extractive, from the cache"),
        "{out}"
    );
    let (_, out, _) = run(&folder, &["run", "w.yaml", "--json"]);
    let report: serde_json::Value = serde_json::from_str(&out).expect("JSON");
    assert_eq!(report["prompts"]["misses"], 1);
}

#[test]
fn one_step_is_no_steps() {
    let folder = Folder::with(&[
        ("one.yaml", "steps: [{ id: a, run: 'true' }]\n"),
        (
            "two.yaml",
            "steps: [{ id: a, run: 'true' }, { id: b, run: 'true' }]\n",
        ),
    ]);
    let (code, out, err) = run(&folder, &["check", "one.yaml", "two.yaml"]);
    assert_eq!((code, err.as_str()), (Some(0), ""));
    assert_eq!(out, "one.yaml: ok, 1 step\ntwo.yaml: ok, 2 steps\n");
}

#[test]
fn the_log_warns_of_failures_and_not_of_steps_that_are_left_out() {
    let folder = Folder::with(&[(
        "w.yaml",
        "steps:\n- { id: out, if: false, run: 'true' }\n- { id: bad, run: 'false' }\n- { id: after, needs: [bad], run: 'true' }\n",
    )]);
    let (code, _, err) = run(&folder, &["run", "w.yaml", "-q", "--log", "info"]);
    assert_eq!(code, Some(1), "{err}");
    let warned = err.lines().filter(|line| line.contains("did not succeed"));
    let warned: Vec<&str> = warned.filter(|line| line.contains("WARN")).collect();
    let of = |step: &str| {
        warned
            .iter()
            .any(|line| line.contains(&format!("\"{step}\"")))
    };
    assert_eq!(
        ["out", "bad", "after"].map(of),
        [false, true, true],
        "{err}"
    );
}

#[test]
fn a_repeated_run_that_fails_is_the_last_and_says_so() {
    let folder = Folder::with(&[]);
    folder.write(
        "w.yaml",
        b"steps: [{ id: a, run: 'test ! -e ran && touch ran' }]\n",
    );
    let said = |rounds: &str| {
        _ = std::fs::remove_file(folder.join("ran"));
        let (code, _, err) = run(&folder, &["run", "w.yaml", "-q", "--repeat", rounds]);
        assert_eq!(code, Some(1), "{err}");
        err
    };
    let last = |err: String| err.lines().last().unwrap_or_default().to_owned();
    let expect = "error: run 2 of 4 failed; 2 were not made";
    assert_eq!(last(said("4")), expect);
    let expect = "error: run 2 of 3 failed; 1 was not made";
    assert_eq!(last(said("3")), expect);
    assert!(!said("2").contains("made"));
}

#[test]
fn json_of_repeated_runs_is_one_list() {
    let folder = Folder::with(&[("w.yaml", "steps: [{id: a, run: 'true'}]")]);
    let (_, out, _) = run(&folder, &["run", "w.yaml", "--json", "--repeat", "2"]);
    let reports: serde_json::Value = serde_json::from_str(&out).expect("JSON");
    assert_eq!(reports.as_array().map(Vec::len), Some(2));
}

#[test]
fn a_report_that_cannot_be_printed_is_a_failure_and_not_a_panic() {
    if !std::path::Path::new("/dev/full").exists() {
        return;
    }
    let folder = Folder::with(&[("w.yaml", "steps: [{id: a, run: 'true'}]")]);
    let full = || {
        Stdio::from(
            std::fs::OpenOptions::new()
                .write(true)
                .open("/dev/full")
                .expect("/dev/full"),
        )
    };
    let mut command = orchestrator();
    command.current_dir(folder.path()).args(["run", "w.yaml"]);
    let (code, _, err) = outcome(&command.stdout(full()).output().expect("it runs"));
    assert_eq!(code, Some(1));
    assert!(err.contains("cannot print"), "{err}");
    let mut command = orchestrator();
    command
        .current_dir(folder.path())
        .args(["run", "nope.yaml"]);
    let (code, _, _) = outcome(&command.stderr(full()).output().expect("it runs"));
    assert_eq!(code, Some(2));
}

#[test]
fn bad_input_leaves_no_journal_behind() {
    let folder = Folder::with(&[("w.yaml", "steps: [{id: a, run: 'true'}]")]);
    assert_eq!(
        run(&folder, &["run", "w.yaml", "-i", "x=1", "--journal", "j"]).0,
        Some(2)
    );
    assert_eq!(folder.names(), ["w.yaml"]);
    assert_eq!(
        run(&folder, &["run", "w.yaml", "--journal", "j"]).0,
        Some(0)
    );
    let (code, _, err) = run(&folder, &["run", "w.yaml", "--journal", "j"]);
    assert_eq!(code, Some(2));
    assert!(err.contains("exists"), "{err}");
}

#[test]
fn every_signal_that_ends_a_run_ends_its_children() {
    use rustix::process::{Pid, Signal, kill_process};
    for signal in [Signal::TERM, Signal::HUP] {
        let folder = Folder::with(&[(
            "w.yaml",
            "steps: [{id: a, run: 'touch started; sleep 1.5; touch late'}]",
        )]);
        let mut child = orchestrator()
            .current_dir(folder.path())
            .args(["run", "-q", "w.yaml"])
            .spawn()
            .expect("it runs");
        while !folder.join("started").exists() {
            std::thread::sleep(Duration::from_millis(5));
        }
        kill_process(Pid::from_child(&child), signal).expect("a signal");
        assert_eq!(child.wait().expect("ended").code(), Some(130));
        std::thread::sleep(Duration::from_millis(1600));
        assert!(!folder.join("late").exists(), "{signal:?}");
    }
}

#[test]
fn an_interrupt_ends_children_reports_and_exits_130() {
    let folder = Folder::with(&[(
        "w.yaml",
        "steps:\n- {id: first, run: 'true'}\n- {id: long, needs: first, run: 'touch started; sleep 60; touch late'}\n- {id: never, needs: long, run: 'touch late'}\n",
    )]);
    let mut child = orchestrator()
        .current_dir(folder.path())
        .args(["run", "w.yaml", "--journal", "run.journal"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("it runs");
    while !folder.join("started").exists() {
        assert!(
            child.try_wait().expect("waited").is_none(),
            "it ended too early"
        );
        std::thread::sleep(Duration::from_millis(5));
    }
    let pid = rustix::process::Pid::from_child(&child);
    rustix::process::kill_process(pid, rustix::process::Signal::INT).expect("a signal");
    let mut out = String::new();
    child
        .stdout
        .take()
        .expect("a pipe")
        .read_to_string(&mut out)
        .expect("text");
    assert_eq!(child.wait().expect("ended").code(), Some(130));
    assert!(
        out.contains("interrupted in") && out.contains("1 succeeded, 2 cancelled"),
        "{out}"
    );
    assert!(!folder.join("late").exists());
    let (code, out, _) = run(&folder, &["report", "run.journal"]);
    assert_eq!(code, Some(0));
    assert!(out.contains("interrupted in"), "{out}");
}

#[test]
fn a_killed_run_leaves_a_journal_of_what_finished() {
    let folder = Folder::with(&[(
        "w.yaml",
        "steps:\n- {id: first, run: 'true'}\n- {id: long, needs: first, run: 'touch started; exec sleep 5'}\n",
    )]);
    let mut child = orchestrator()
        .current_dir(folder.path())
        .args(["run", "w.yaml", "-q", "--journal", "run.journal"])
        .spawn()
        .expect("it runs");
    // The journal names all steps first, and a step again when it has ended; it is written beside the run.
    let is_told = || {
        let bytes = std::fs::read(folder.join("run.journal")).unwrap_or_default();
        bytes.windows(5).filter(|name| name == b"first").count() > 1
    };
    while !folder.join("started").exists() || !is_told() {
        std::thread::sleep(Duration::from_millis(5));
    }
    child.kill().expect("killed");
    child.wait().expect("ended");
    let (code, out, err) = run(&folder, &["report", "run.journal"]);
    assert_eq!(code, Some(0), "{err}");
    assert!(
        out.contains("first") && out.contains("1 of 2 steps had"),
        "{out}"
    );
}

#[test]
fn a_full_disk_leaves_no_half_written_file() {
    let text = format!("{}\n", "TODO x".repeat(20_000));
    let folder = Folder::with(&[
        ("big.txt", &text),
        (
            "w.yaml",
            "steps:\n- {id: r, read: big.txt}\n- {id: s, search: {in: r, pattern: TODO}}\n- {id: a, consolidate: {from: [s, r], output: out/report.md}}\n",
        ),
        ("out/report.md", "old"),
        ("many.py", ""),
    ]);
    // A limit on file sizes fails writes as a full disk does; ignoring the signal turns it into an error.
    let many: String = (0..3000)
        .map(|i| format!("TODO number {i} of many\n"))
        .collect();
    folder.write("big.txt", many.as_bytes());
    let script = "trap '' XFSZ; ulimit -f 8; exec \"$0\" run w.yaml";
    let binary = orchestrator().get_program().to_owned();
    let output = std::process::Command::new("sh")
        .arg("-c")
        .arg(script)
        .arg(binary)
        .current_dir(folder.path())
        .output();
    let (code, _, err) = outcome(&output.expect("it runs"));
    assert_eq!(code, Some(1), "{err}");
    assert!(
        err.contains("cannot write") && err.contains("nothing was changed"),
        "{err}"
    );
    assert_eq!(
        std::fs::read_to_string(folder.join("out/report.md")).expect("read"),
        "old"
    );
    assert_eq!(
        std::fs::read_dir(folder.join("out")).expect("list").count(),
        1
    );
}

#[test]
fn nothing_of_the_progress_is_printed_without_a_terminal_and_a_closed_pipe_is_quiet() {
    let folder = Folder::with(&[("w.yaml", "steps: [{id: a, run: 'true'}]")]);
    let (_, out, err) = run(&folder, &["run", "w.yaml"]);
    assert!(
        err.is_empty() && !out.contains('\u{1b}') && !out.contains('\r'),
        "{out}{err}"
    );
    let (code, coloured, _) = run(&folder, &["run", "w.yaml", "--color", "always"]);
    assert!(code == Some(0) && coloured.contains('\u{1b}'));
    let script = "\"$0\" schema | head -c 10 >/dev/null; \"$0\" schema | true";
    let binary = orchestrator().get_program().to_owned();
    let output = std::process::Command::new("sh")
        .arg("-c")
        .arg(script)
        .arg(binary)
        .output()
        .expect("it runs");
    assert!(
        output.stderr.is_empty(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
}

#[test]
fn graph_canonical_config_and_completions() {
    let folder = Folder::with(&[(
        "w.yaml",
        "name: \"q\\\"q\"\nsteps: [{id: a, run: x}, {id: b, needs: a, run: y}]",
    )]);
    let (_, mermaid, _) = run(&folder, &["graph", "w.yaml"]);
    assert_eq!(
        mermaid,
        "flowchart LR\n    s_a[\"a (run)\"]\n    s_b[\"b (run)\"]\n    s_a --> s_b\n"
    );
    let (_, dot, _) = run(&folder, &["graph", "w.yaml", "--format", "dot"]);
    assert!(
        dot.starts_with("digraph \"q\\\"q\" {") && dot.contains("\"a\" -> \"b\";"),
        "{dot}"
    );
    let (_, canonical, _) = run(&folder, &["check", "--canonical", "w.yaml"]);
    assert!(serde_json::from_str::<serde_json::Value>(&canonical).is_ok());
    let (_, config, _) = run(&folder, &["config"]);
    folder.write("defaults.toml", config.as_bytes());
    assert_eq!(
        run(
            &folder,
            &["run", "w.yaml", "--config", "defaults.toml", "-q"]
        )
        .0,
        Some(1)
    );
    for shell in ["bash", "zsh", "fish"] {
        let completions = run(&folder, &["completions", shell]).1;
        for word in ["orchestrator", "trace", "no-trace", "accesses"] {
            assert!(completions.contains(word), "{shell}: {word}");
        }
    }
}
