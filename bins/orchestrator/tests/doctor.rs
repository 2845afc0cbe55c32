//! `orchestrator doctor`, on what runs leave.
#![cfg(unix)]

mod support;

use autoexec_tests::Folder;
use support::run;

/// Files that are read and searched twice, and a question about them.
fn workflow(settings: &str) -> Folder {
    let steps = "name: look
steps:
  - {id: r, read: 'd/*.txt'}
  - {id: s, search: {in: r, pattern: a}}
  - {id: t, search: {in: r, pattern: b}}
  - {id: q, ask: {prompt: What?, context: [s]}}
";
    let folder = Folder::with(&[("w.yaml", steps), ("autoexec.toml", settings)]);
    for n in 0..200 {
        folder.write(&format!("d/{n}.txt"), b"a word");
    }
    folder
}

#[test]
fn a_cache_that_is_much_too_small_is_named() {
    let folder = workflow("[files]\nentries = 16\n");
    assert_eq!(run(&folder, &["run", "w.yaml", "-q"]).0, Some(0));
    let (code, out, err) = run(&folder, &["doctor"]);
    assert_eq!((code, err.as_str()), (Some(0), ""));
    assert!(out.starts_with("look: 1 run, "), "{out}");
    assert!(
        out.contains("speed  the file cache is too small\n"),
        "{out}"
    );
    assert!(out.contains("raise files.entries from 16 to 256"), "{out}");
    assert!(
        out.contains("would try files.entries from 16 to 512"),
        "{out}"
    );
    assert!(out.contains("\nnot looked at ("), "{out}");
    assert!(!out.contains('\x1b'), "{out}");
    let (_, out, _) = run(&folder, &["doctor", "--color", "always"]);
    assert!(out.contains('\x1b'));

    let (_, out, _) = run(&folder, &["doctor", "--json"]);
    let json: serde_json::Value = serde_json::from_str(&out).expect("JSON");
    let finding = &json["findings"][0];
    assert_eq!(
        (json["format"].as_u64(), finding["topic"].as_str()),
        (Some(1), Some("low-hit-rate"))
    );
    let change =
        serde_json::json!({"setting": "files.entries", "from": 16, "to": 256, "unit": "count"});
    assert_eq!(finding["changes"][0], change);
    assert_eq!(
        finding["evidence"][1],
        serde_json::json!({"what": "reads", "value": 600.0, "unit": "count"})
    );

    // With the advice followed the old run is only compared with.
    folder.write("autoexec.toml", b"[files]\nentries = 256\n");
    assert_eq!(run(&folder, &["run", "w.yaml", "-q"]).0, Some(0));
    let (code, out, _) = run(&folder, &["doctor", "--fail"]);
    assert_eq!(code, Some(0), "{out}");
    assert!(out.contains("1 run of another version"), "{out}");
    assert!(!out.contains("too small"), "{out}");
    assert!(out.contains("nothing is wrong by these rules"), "{out}");
}

#[test]
fn a_warning_fails_where_it_is_to() {
    let folder = workflow("[caches]\nprompts = 0\n");
    let (code, ..) = run(&folder, &["run", "w.yaml", "-q", "--repeat", "2"]);
    assert_eq!(code, Some(0));
    let (code, out, _) = run(&folder, &["doctor"]);
    assert_eq!(code, Some(0));
    assert!(
        out.contains("warning  tokens  the same seems to be asked again"),
        "{out}"
    );
    let (code, failed, _) = run(&folder, &["doctor", "--fail"]);
    assert_eq!((code, failed), (Some(1), out));
    // The newest run alone asks once.
    let (code, out, _) = run(&folder, &["doctor", "--fail", "--last", "1"]);
    assert_eq!(code, Some(0), "{out}");
    assert!(out.starts_with("look: 1 run, "), "{out}");
}

#[test]
fn what_cannot_be_read_is_left_out_and_nothing_is_an_error() {
    let folder = workflow("");
    for arguments in [
        &["doctor"][..],
        &["doctor", "d"],
        &["doctor", "w.yaml"],
        &["doctor", "none.trace"],
    ] {
        let (code, out, err) = run(&folder, arguments);
        assert_eq!((code, out.as_str()), (Some(2), ""), "{arguments:?}: {err}");
        assert!(err.contains("there is no trace to look at in"), "{err}");
        assert!(err.contains("run a workflow"), "{err}");
    }
    run(&folder, &["run", "w.yaml", "-q", "--trace", "one.trace"]);
    let bytes = std::fs::read(folder.join("one.trace")).expect("read");
    folder.write("t/a.trace", &bytes);
    folder.write("t/b.trace", &bytes[..bytes.len() - 5]);
    let mut other = bytes;
    other[8] = 77;
    folder.write("t/c.trace", &other);
    let (code, out, err) = run(&folder, &["doctor", "t"]);
    assert_eq!(code, Some(0), "{err}");
    assert!(out.starts_with("look: 2 runs, "), "{out}");
    assert!(
        err.contains("t/c.trace is left out: is a trace of version 77"),
        "{err}"
    );
    assert!(err.contains("t/b.trace is cut off or broken"), "{err}");
    assert!(out.contains("1 run cut off"), "{out}");
    // What is left out does not count.
    let (_, out, _) = run(&folder, &["doctor", "t", "--last", "1"]);
    assert!(out.starts_with("look: 1 run, "), "{out}");
    folder.write("autoexec.toml", b"[trace]\nenabled = false\n");
    let (code, _, err) = run(&folder, &["doctor"]);
    assert_eq!(code, Some(2));
    assert!(err.contains("`[trace] enabled = false`"), "{err}");
}
