//! `report --compare` through the binary.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod support;

use autoexec_tests::Folder;
use serde_json::Value;
use support::run;

/// Runs a workflow that reads one file, and keeps the reports.
fn recorded(folder: &Folder, content: &str, rounds: &str, name: &str) {
    folder.write("text.txt", content.as_bytes());
    folder.write(
        "w.yaml",
        b"steps:\n  - { id: texts, read: { files: [text.txt] } }\n",
    );
    let (code, out, err) = run(folder, &["run", "w.yaml", "--json", "--repeat", rounds]);
    assert_eq!(code, Some(0), "{err}");
    folder.write(name, out.as_bytes());
}

#[test]
fn what_became_larger_is_named_and_fails_when_asked_to() {
    let folder = Folder::with(&[]);
    recorded(&folder, "short", "1", "before.json");
    recorded(
        &folder,
        "a text that is much longer than the one before",
        "1",
        "after.json",
    );
    let compare = ["report", "after.json", "--compare", "before.json"];
    let (code, out, _) = run(&folder, &compare);
    assert_eq!(code, Some(0));
    assert!(out.contains("became worse: bytes read"), "{out}");
    assert!(out.contains("times and memory are not judged"), "{out}");
    let (code, _, _) = run(&folder, &[&compare[..], &["--fail"]].concat());
    assert_eq!(code, Some(1));
    let same = ["report", "after.json", "--compare", "after.json", "--fail"];
    let (code, out, _) = run(&folder, &same);
    assert_eq!(code, Some(0));
    assert!(out.contains("nothing became worse"), "{out}");
}

#[test]
fn with_enough_runs_times_have_an_interval_in_the_json() {
    let folder = Folder::with(&[]);
    recorded(&folder, "text", "5", "five.json");
    let arguments = ["report", "five.json", "--compare", "five.json", "--json"];
    let (code, out, _) = run(&folder, &arguments);
    let comparison: Value = serde_json::from_str(&out).unwrap();
    assert_eq!((code, &comparison["runs"]), (Some(0), &Value::from(5)));
    let rows = comparison["rows"].as_array().unwrap();
    let run = rows.iter().find(|row| row["measure"] == "run").unwrap();
    assert_eq!(
        (&run["change"], &run["verdict"]),
        (&Value::from(0.0), &Value::from("same"))
    );
    assert!(run["interval"].is_array() && run["p"].is_number(), "{run}");
    let bytes = rows
        .iter()
        .find(|row| row["measure"] == "bytes read")
        .unwrap();
    assert!(bytes["interval"].is_null(), "{bytes}");
}

#[test]
fn warm_runs_hide_neither_tokens_nor_bytes() {
    let folder = Folder::with(&[("text.txt", "The shed opens with the brass key.")]);
    folder.write(
        "ask.yaml",
        b"steps:\n\
          - { id: texts, read: { files: [text.txt] } }\n\
          - { id: why, needs: [texts], ask: { prompt: Which key?, context: [texts], provider: extractive } }\n",
    );
    folder.write("off.toml", b"[caches]\nprompts = 0\n");
    let five = ["run", "ask.yaml", "--json", "--repeat", "5"];
    let record = |flags: &[&str], name: &str| {
        let (code, out, err) = run(&folder, &[&five[..], flags].concat());
        assert_eq!(code, Some(0), "{err}");
        folder.write(name, out.as_bytes());
    };
    record(&[], "warm.json");
    record(&["--config", "off.toml"], "asked.json");
    let (_, out, _) = run(&folder, &["run", "ask.yaml", "--json"]);
    folder.write("one.json", out.as_bytes());
    // Times of few runs may differ, and are no matter here: the threshold leaves only what grows from nothing or manifold.
    let compare = |now, then| {
        let flags = ["--compare", then, "--threshold", "100", "--json"];
        let (code, out, err) = run(&folder, &[&["report", now][..], &flags].concat());
        assert_eq!(code, Some(0), "{err}");
        let rows: Value = serde_json::from_str(&out).unwrap();
        let rows = rows["rows"].as_array().unwrap().clone();
        move |measure: &str| {
            let row = rows.iter().find(|row| row["measure"] == measure);
            row.unwrap()["verdict"].clone()
        }
    };
    assert_eq!(compare("asked.json", "warm.json")("tokens in"), "alert");
    let cold = compare("one.json", "warm.json");
    let verdicts = ["bytes read", "tokens in", "steps failed"].map(cold);
    assert_eq!(verdicts, ["same"; 3]);
    let text = ["report", "one.json", "--compare", "warm.json"];
    let (_, out, _) = run(&folder, &text);
    let expect = "tokens, bytes and failed steps are of the first run of each side\n";
    assert!(out.contains(expect), "{out}");
}

#[test]
fn a_journal_is_compared_with_json_and_other_files_are_refused() {
    let folder = Folder::with(&[]);
    recorded(&folder, "text", "1", "one.json");
    let journal = ["run", "w.yaml", "-q", "--journal", "run.journal"];
    assert_eq!(run(&folder, &journal).0, Some(0));
    let compare = |a, b| run(&folder, &["report", a, "--compare", b]);
    assert_eq!(compare("run.journal", "one.json").0, Some(0));
    for (name, content, expect) in [
        ("empty.json", "[]", "holds no run"),
        ("other.json", "{\"a\": 1}", "is no report"),
        (
            "text.txt",
            "hello",
            "is no journal and no report; journals and",
        ),
        (
            "nothing.txt",
            "",
            "is empty; journals and what `run --json` prints",
        ),
        ("blank.txt", "\n ", "is empty; journals and"),
        (
            "half.journal",
            "AEXJ",
            "is a journal that is cut off in its head",
        ),
    ] {
        folder.write(name, content.as_bytes());
        let (code, _, err) = run(&folder, &["report", name]);
        assert_eq!(code, Some(2), "{name}");
        assert!(err.contains(expect) && err.contains(name), "{err}");
        let (code, _, err) = compare("one.json", name);
        assert_eq!(code, Some(2), "{name}");
        assert!(err.contains(expect) && err.contains(name), "{err}");
    }
    assert_eq!(compare("one.json", "none.json").0, Some(2));
    let threshold = ["report", "one.json", "--threshold", "5"];
    assert_eq!(run(&folder, &threshold).0, Some(2), "it needs --compare");
}
