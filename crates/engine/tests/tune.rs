//! Searches in lines, and the files that describe spaces.

use std::path::Path;
use std::time::Duration;

use autoexec_engine::tune::{Session, SpaceDocument};
use serde_json::{Value, json};

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

    // A method whose first generation has several rows.
    let init = INIT.replace("\"seed\":7", "\"seed\":7,\"algorithm\":\"cma-es\"");
    assert_eq!(answer(&mut session, &init)["ok"], true);
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
