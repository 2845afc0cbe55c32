//! Searches in lines, and of commands that behave badly.

use std::path::Path;
use std::time::Duration;

use autoexec_engine::tune::{
    Command, Evaluated, Failure, Optimizer, Session, SpaceDocument, Tuning, TuningOptions, Watcher,
};
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

const INIT: &str = r#"{"init":{"proto":1,"seed":7,"budget":300,"objectives":1,"constraints":0,"noisy":false,"params":[
{"name":"x0","type":"real","low":0,"high":1},{"type":"int","low":1,"high":64,"log":true},{"type":"cat","n":5}]}}"#;

fn answer(session: &mut Session, line: &str) -> Value {
    let reply = session
        .answer(&line.replace('\n', " "))
        .expect("because the line is not blank");
    assert!(!reply.contains('\n'), "one line");
    serde_json::from_str(&reply).expect("because every reply is JSON")
}

fn check_error(session: &mut Session, line: &str, expect: &str) {
    let reply = answer(session, line);
    let error = reply["error"]
        .as_str()
        .unwrap_or_else(|| panic!("{line} got {reply}"));
    assert!(error.contains(expect), "{error}");
}

/// Evaluates all that is asked until the search is done; returns every reply to `ask`.
fn drive(session: &mut Session, piece: usize) -> Vec<Value> {
    let mut replies = Vec::new();
    loop {
        let asked = answer(session, &json!({ "ask": piece }).to_string());
        let done = asked["done"] == true;
        let xs = asked["xs"]
            .as_array()
            .expect("because it is a list")
            .clone();
        assert_eq!(xs.is_empty(), done);
        let fs: Vec<f64> = xs.iter().map(value).collect();
        let tell = json!({ "tell": { "ids": asked["ids"], "fs": fs } });
        replies.push(asked);
        if done {
            return replies;
        }
        assert_eq!(answer(session, &tell.to_string()), json!({ "ok": true }));
    }
}

fn value(x: &Value) -> f64 {
    let number = |at: usize| x[at].as_f64().expect("because it is a number");
    (number(0) - 0.25).powi(2) + (number(1) - 20.0).abs() + number(2)
}

#[test]
fn a_search_in_lines_finds_the_optimum() {
    let mut session = Session::new();
    let reply = answer(&mut session, INIT);
    assert_eq!(reply["ok"], true);
    assert!(reply["name"].as_str().unwrap().starts_with("autoexec"));
    let replies = drive(&mut session, 40);
    let asked: usize = replies
        .iter()
        .map(|it| it["ids"].as_array().unwrap().len())
        .sum();
    assert_eq!(asked, 300);
    let best = answer(&mut session, r#"{"best":100}"#);
    assert_eq!(best["xs"].as_array().unwrap().len(), 1);
    let best = &best["xs"][0];
    assert_eq!((&best[1], &best[2]), (&json!(20), &json!(0)), "{best}");
    assert_eq!(
        answer(&mut session, r#"{"quit":true}"#),
        json!({ "ok": true })
    );
    assert!(session.is_over());
}

#[test]
fn bad_lines_get_an_error_and_change_nothing() {
    let mut session = Session::new();
    check_error(&mut session, r#"{"ask":1}"#, "no `init` yet");
    let init = |params: &str| {
        format!(r#"{{"init":{{"proto":1,"budget":10,"objectives":1,"params":{params}}}}}"#)
    };
    for (params, expect) in [
        ("[]", "it has no parameter"),
        (
            r#"[{"type":"real","low":2,"high":1}]"#,
            "must be finite, in order",
        ),
        (
            r#"[{"type":"real","low":0,"high":1,"log":true}]"#,
            "only starts above zero",
        ),
        (r#"[{"type":"complex"}]"#, "unknown variant `complex`"),
        (r#"[{"type":"int","low":1}]"#, "needs `high`"),
    ] {
        check_error(&mut session, &init(params), expect);
    }
    let sound = r#"[{"type":"bool"}]"#;
    check_error(
        &mut session,
        &init(sound).replace("\"proto\":1", "\"proto\":2"),
        "protocol is 1, not 2",
    );
    check_error(
        &mut session,
        &init(sound).replace(":10", ":0"),
        "`evaluations` is 0",
    );
    check_error(
        &mut session,
        &init(sound).replace("objectives\":1", "objectives\":0"),
        "`goals` is 0",
    );

    assert_eq!(answer(&mut session, INIT)["ok"], true);
    let asked = answer(&mut session, r#"{"ask":3}"#);
    assert_eq!(asked["ids"], json!([0, 1, 2]));
    for (line, expect) in [
        ("", ""),
        ("rubbish", "failed to read"),
        ("{}", "failed to read"),
        ("[1]", "failed to read"),
        (r#"{"ask":-1}"#, "failed to read"),
        (r#"{"ask":0}"#, "between 1 and"),
        (r#"{"ask":18446744073709551615}"#, "between 1 and"),
        (r#"{"best":0}"#, "between 1 and"),
        (r#"{"tell":{"ids":[0],"fs":[]}}"#, "1 ids and 0 fs"),
        (
            r#"{"tell":{"ids":[0],"fs":[1],"gs":[[],[]]}}"#,
            "1 ids and 2 gs",
        ),
        (
            r#"{"tell":{"ids":[0],"fs":[[1,2]]}}"#,
            "2 objectives, and the options say 1",
        ),
        (
            r#"{"tell":{"ids":[0],"fs":[[1]],"gs":[[1]]}}"#,
            "1 constraints, and the options say 0",
        ),
        (
            r#"{"tell":{"ids":[99],"fs":[1]}}"#,
            "no trial has the id 99",
        ),
        (r#"{"tell":{"ids":[0],"fs":["a"]}}"#, "failed to read"),
        (r#"{"load":"/nowhere/at/all"}"#, "failed to load"),
        (r#"{"save":"/nowhere/at/all"}"#, "failed to save"),
    ] {
        if line.is_empty() {
            assert_eq!(session.answer(line), None);
        } else {
            check_error(&mut session, line, expect);
        }
    }
    let tell = r#"{"tell":{"ids":[2,0],"fs":[[NaN],null],"gs":[[],[]]}}"#;
    assert_eq!(answer(&mut session, tell), json!({ "ok": true }));
    check_error(
        &mut session,
        r#"{"tell":{"ids":[2],"fs":[1]}}"#,
        "told already",
    );
    let xs = &asked["xs"][1];
    let tell = json!({ "tell": { "ids": [1], "fs": [value(xs)] } });
    assert_eq!(
        answer(&mut session, &tell.to_string()),
        json!({ "ok": true })
    );
    let best = answer(&mut session, r#"{"best":5}"#);
    assert_eq!(best["xs"], json!([xs]));
}

#[test]
fn a_saved_session_goes_on_exactly() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("session");
    let mut whole = Session::new();
    answer(&mut whole, INIT);
    let expect = drive(&mut whole, 10);

    let mut first = Session::new();
    answer(&mut first, INIT);
    let mut replies = Vec::new();
    for _ in 0..12 {
        let asked = answer(&mut first, r#"{"ask":10}"#);
        let fs: Vec<f64> = asked["xs"].as_array().unwrap().iter().map(value).collect();
        let tell = json!({ "tell": { "ids": asked["ids"], "fs": fs } });
        answer(&mut first, &tell.to_string());
        replies.push(asked["xs"].clone());
    }
    let save = json!({ "save": path }).to_string();
    assert_eq!(answer(&mut first, &save), json!({ "ok": true }));
    let mut second = Session::new();
    let load = json!({ "load": path }).to_string();
    assert_eq!(answer(&mut second, &load), json!({ "ok": true }));
    replies.extend(
        drive(&mut second, 10)
            .into_iter()
            .map(|it| it["xs"].clone()),
    );
    let expect: Vec<Value> = expect.into_iter().map(|it| it["xs"].clone()).collect();
    assert_eq!(replies, expect);

    let bytes = std::fs::read(&path).unwrap();
    for length in 0..bytes.len() {
        std::fs::write(&path, &bytes[..length]).unwrap();
        let reply = answer(&mut second, &load);
        assert!(reply["error"].is_string(), "cut at {length}: {reply}");
    }
}

/// Remembers what it sees.
#[derive(Default)]
struct Seen(Vec<Evaluated>);

impl Watcher for Seen {
    fn evaluated(&mut self, evaluated: &Evaluated, _: &Optimizer) {
        self.0.push(evaluated.clone());
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
    let command = Command {
        argv: ["/bin/sh", "-c", script].map(String::from).to_vec(),
        folder: folder.to_owned(),
    };
    let mut seen = Seen::default();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .expect("because nothing is missing");
    let (document, cancel) = (document(budget), CancellationToken::new());
    let tuning = runtime.block_on(command.tune(&document, options, &mut seen, &cancel));
    (tuning.expect("because the options are sound"), seen)
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

#[test]
fn a_space_file_is_checked_with_places() {
    let check = |text: &str, line: usize, expect: &str| {
        let errors = SpaceDocument::parse("space.yaml", text).expect_err("because it is wrong");
        let first = &errors.errors[0];
        assert!(first.message.contains(expect), "{}", first.message);
        assert_eq!(first.place.map(|place| place.line), Some(line), "{text}");
    };
    let head = "parameters:\n  - {name: x, type: int, low: 1, high: 5}\n";
    assert!(SpaceDocument::parse("space.yaml", head).is_ok());
    check(
        "parameters:\n  - {name: a, type: bool}\n  - {name: x, type: int, low: 9, high: 5}\n",
        3,
        "must be finite, in order",
    );
    check("parameters:\n  - {name: x, typ: int}\n", 2, "typ");
    check(
        &format!("{head}algorithm: magic\n"),
        3,
        "no algorithm is named `magic`",
    );
    check(&format!("{head}budget: 0\n"), 3, "1");
    check(&format!("{head}timeout: soon\n"), 3, "soon");
    let clash = "parameters:\n  - {name: a-b, type: bool}\n  - {name: A_B, type: bool}\n";
    check(clash, 1, "would both be in the variable PARAM_A_B");
    check(
        &format!("{head}objectives: [a, a]\n"),
        1,
        "two measured values are named `a`",
    );
    let fine = format!("{head}timeout: 3s\nobjectives: a\nseed: 4\nnoisy: true\n");
    let document = SpaceDocument::parse("space.yaml", &fine).unwrap();
    assert_eq!(document.timeout, Duration::from_secs(3));
    assert_eq!(document.objectives.len(), 1);
}

#[test]
fn the_space_files_of_docs_and_examples_are_sound() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let docs = std::fs::read_to_string(root.join("docs/tune.md")).unwrap();
    let (_, block) = docs.split_once("```yaml\n").unwrap();
    let (block, _) = block.split_once("```").unwrap();
    let document = SpaceDocument::parse("docs/tune.md", block).unwrap_or_else(|e| panic!("{e:?}"));
    assert_eq!((document.space.len(), document.constraints.len()), (6, 1));
    let example = SpaceDocument::load(&root.join("examples/tune/space.yaml"));
    assert_eq!(example.unwrap().objectives.len(), 2);
}
