//! Metrics and alerts through the binary.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod support;

use autoexec_tests::Folder;
use serde_json::Value;
use support::run;

fn folder() -> Folder {
    Folder::with(&[
        (
            "text.txt",
            "The shed opens with the brass key. It hangs by the door.",
        ),
        (
            "w.yaml",
            "steps:\n\
             - { id: texts, read: { files: [text.txt] } }\n\
             - { id: why, needs: [texts], ask: { prompt: Which key?, context: [texts], provider: extractive } }\n",
        ),
    ])
}

#[test]
fn figures_of_all_runs_are_written_in_the_form_that_the_name_says() {
    let folder = folder();
    for name in ["m.json", "m.prom", "m.otlp.json", "m.html", "m.txt"] {
        let (code, _, err) = run(
            &folder,
            &["run", "w.yaml", "-q", "--repeat", "3", "--metrics", name],
        );
        assert_eq!(code, Some(0), "{name}: {err}");
    }
    let read = |name: &str| std::fs::read_to_string(folder.join(name)).unwrap();
    let metrics: Value = serde_json::from_str(&read("m.json")).unwrap();
    let counters = &metrics["counters"];
    assert_eq!(counters["runs{outcome=\"succeeded\"}"], 3);
    assert_eq!(counters["steps{outcome=\"succeeded\"}"], 6);
    // Each run reads the file for the step and for the question; only the first is from disk.
    assert_eq!(
        (&counters["file_loads"], &counters["file_reads"]),
        (&1.into(), &6.into())
    );
    let steps = &metrics["timers"]["step_duration{action=\"ask\",outcome=\"succeeded\"}"];
    assert_eq!(steps["count"], 3);
    // Two of the questions were answered from the cache, and are no calls.
    let call =
        "model_call_duration{model=\"extractive\",operation=\"chat\",provider=\"extractive\"}";
    assert_eq!(metrics["timers"][call]["count"], 1, "{metrics}");
    let text = read("m.prom");
    assert!(
        text.contains("autoexec_runs_total{outcome=\"succeeded\"} 3"),
        "{text}"
    );
    assert!(
        text.contains("# UNIT autoexec_step_duration_seconds seconds"),
        "{text}"
    );
    assert!(text.ends_with("# EOF\n"));
    assert!(read("m.otlp.json").contains("gen_ai.client.operation.duration"));
    assert!(read("m.html").contains("<svg"));
    let text = read("m.txt");
    assert!(
        text.contains("file_hits") && text.contains("success rate          100.0 %"),
        "{text}"
    );
}

#[test]
fn what_cannot_be_written_is_said_before_or_fails_after() {
    let folder = folder();
    let (code, _, err) = run(&folder, &["run", "w.yaml", "-q", "--metrics", "m.yaml"]);
    assert_eq!(
        code,
        Some(2),
        "the form is not known before anything ran: {err}"
    );
    assert!(err.contains("must end in one of"), "{err}");
    folder.write("off.toml", b"[metrics]\nenabled = false\n");
    let off = ["run", "w.yaml", "-q", "--config", "off.toml"];
    assert_eq!(run(&folder, &off).0, Some(0));
    folder.write("ran.yaml", b"steps: [{ id: a, run: touch ran }]\n");
    std::fs::create_dir(folder.join("folder.json")).unwrap();
    for (name, expect) in [
        ("none/m.json", "there is no folder none"),
        ("text.txt/m.json", "there is no folder text.txt"),
        ("folder.json", "exists and is no regular file"),
    ] {
        let (code, _, err) = run(&folder, &["run", "ran.yaml", "-q", "--metrics", name]);
        assert_eq!(code, Some(2), "{name}: {err}");
        assert!(
            err.contains(&format!("--metrics {name}: {expect}")),
            "{err}"
        );
        assert!(!folder.join("ran").exists(), "{name}: it ran");
    }
    // What is asked of metrics that are off cannot be had: neither a file nor an alert.
    for flags in [&["--metrics", "m.json"][..], &["--fail-on-alert=info"]] {
        let off = ["run", "ran.yaml", "-q", "--config", "off.toml"];
        let (code, _, err) = run(&folder, &[&off[..], flags].concat());
        assert_eq!(code, Some(2), "{flags:?}: {err}");
        assert!(err.contains("the settings switch metrics off"), "{err}");
        assert!(!folder.join("ran").exists(), "{flags:?}: it ran");
    }
}

/// A pipe that nobody reads would keep the process for ever: it is opened after the run, and no signal ends that.
#[cfg(target_os = "linux")]
#[test]
fn metrics_go_to_devices_and_to_no_pipe_but_its_own_output() {
    let folder = folder();
    let made = rustix::fs::mkfifoat(
        rustix::fs::CWD,
        folder.join("pipe.txt"),
        rustix::fs::Mode::from_raw_mode(0o600),
    );
    made.unwrap();
    let link = |to: &str, name: &str| std::os::unix::fs::symlink(to, folder.join(name)).unwrap();
    link("pipe.txt", "link.txt");
    link("/dev/null", "null.txt");
    link("/dev/stdout", "out.txt");
    for name in ["pipe.txt", "link.txt"] {
        let (code, _, err) = run(&folder, &["run", "w.yaml", "-q", "--metrics", name]);
        assert_eq!(code, Some(2), "{err}");
        assert!(err.contains("exists and is no regular file"), "{err}");
    }
    let to = |name| run(&folder, &["run", "w.yaml", "-q", "--metrics", name]);
    assert_eq!(to("null.txt"), (Some(0), String::new(), String::new()));
    let (code, out, err) = to("out.txt");
    assert_eq!(code, Some(0), "{err}");
    assert!(out.contains("success rate"), "{out}");
}

#[test]
fn alerts_are_told_counted_and_fail_when_asked_to() {
    let folder = folder();
    folder.write(
        "alerts.toml",
        b"[alerts.any]\nmetric = \"steps\"\nabove = 1\nseverity = \"warning\"\n\
          [alerts.tiny]\nmetric = \"memory_peak\"\nabove = \"1 KiB\"\nseverity = \"info\"\n",
    );
    let alerts = ["run", "w.yaml", "--config", "alerts.toml"];
    let (code, out, _) = run(&folder, &alerts);
    assert_eq!(code, Some(0));
    assert!(
        out.contains("alerts       warning any: steps is 2, above 1\n"),
        "{out}"
    );
    assert!(out.contains("info tiny: memory_peak is "), "{out}");
    let fails = |flags: &[&str]| run(&folder, &[&alerts[..], flags].concat());
    let (code, _, err) = fails(&["-q", "--fail-on-alert"]);
    assert_eq!((code, err.as_str()), (Some(0), ""), "none is critical");
    let expect = "error: --fail-on-alert: any (steps is 2, above 1)\n";
    for how in ["-q", "--json"] {
        let (code, _, err) = fails(&[how, "--fail-on-alert=warning"]);
        assert_eq!((code, err.as_str()), (Some(1), expect));
    }
    let (_, _, err) = fails(&["-q", "--fail-on-alert=info"]);
    assert!(err.contains("above 1), tiny (memory_peak is "), "{err}");
    let (_, out, _) = run(
        &folder,
        &[&alerts[..], &["--json", "--metrics", "m.json"]].concat(),
    );
    let report: Value = serde_json::from_str(&out).unwrap();
    assert_eq!(report["alerts"][0]["rule"], "any");
    assert_eq!(report["alerts"][0]["value"], 2.0);
    let metrics = std::fs::read_to_string(folder.join("m.json")).unwrap();
    let metrics: Value = serde_json::from_str(&metrics).unwrap();
    assert_eq!(metrics["counters"]["alerts{severity=\"warning\"}"], 1);
    folder.write(
        "bad.toml",
        b"[alerts.bad]\nmetric = \"no_such\"\nabove = 1\n",
    );
    let (code, _, err) = run(&folder, &["run", "w.yaml", "--config", "bad.toml"]);
    assert_eq!(code, Some(2));
    assert!(
        err.contains("`alerts.bad`: there is no metric `no_such`"),
        "{err}"
    );
}
