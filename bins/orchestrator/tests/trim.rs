//! `orchestrator trim`, from the outside: what goes in, what comes out, where, and with which exit code.

use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Output, Stdio};

use serde_json::{Value, json};

fn trim(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_orchestrator"));
    command
        .arg("trim")
        .args(arguments)
        .env("NO_COLOR", "1")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

fn run(arguments: &[&str], input: &str) -> Output {
    let mut child = trim(arguments).spawn().expect("the binary");
    let mut stdin = child.stdin.take().expect("a pipe");
    // It may end before it has read everything.
    _ = stdin.write_all(input.as_bytes());
    drop(stdin);
    child.wait_with_output().expect("an end")
}

/// A chat with a tool, in which the answer to the question stands early.
fn chat() -> Value {
    let turn = |n: usize| {
        let id = format!("call_{n}");
        [
            json!({"role": "user", "content": format!("Read file number {n}.")}),
            json!({"role": "assistant", "content": null, "tool_calls": [{"id": id, "type": "function",
                "function": {"name": "read", "arguments": format!("{{\"n\":{n}}}")}}]}),
            json!({"role": "tool", "tool_call_id": id, "content": "a line of text\n".repeat(20)}),
            json!({"role": "assistant", "content": format!("File {n} is of no interest.")}),
        ]
    };
    let mut messages = vec![
        json!({"role": "system", "content": "You read files."}),
        json!({"role": "user", "content": "The password of the vault is kumquat."}),
        json!({"role": "assistant", "content": "I shall remember it."}),
    ];
    messages.extend((0..20).flat_map(turn));
    json!({"model": "any", "temperature": 0.5, "messages": messages})
}

fn messages(output: &Output) -> Vec<Value> {
    let body: Value = serde_json::from_slice(&output.stdout).expect("JSON on standard output");
    body["messages"].as_array().expect("messages").clone()
}

/// Every call has its result behind it, and every result its call before it.
fn check_pairs(messages: &[Value]) {
    let mut open: Vec<&str> = Vec::new();
    for message in messages {
        match message["role"].as_str() {
            Some("tool") => {
                let id = message["tool_call_id"].as_str().expect("an id");
                let at = open.iter().position(|open| *open == id);
                open.remove(at.expect("the call stands before it"));
            }
            _ => assert_eq!(open, [""; 0], "a call has no result"),
        }
        let calls = message["tool_calls"].as_array().into_iter().flatten();
        open.extend(calls.filter_map(|call| call["id"].as_str()));
    }
}

#[test]
fn a_question_keeps_its_answer_within_the_budget() {
    let output = run(
        &[
            "--budget",
            "300",
            "--query",
            "What is the password of the vault?",
        ],
        &chat().to_string(),
    );
    let (said, kept) = (String::from_utf8_lossy(&output.stderr), messages(&output));
    assert_eq!(output.status.code(), Some(0), "{said}");
    assert!(said.starts_with("openai-chat: kept "), "{said}");
    assert!(said.contains("of 83 messages"), "{said}");
    assert!(kept.len() < 20);
    assert!(
        kept.iter()
            .any(|m| m["content"] == "The password of the vault is kumquat.")
    );
    assert_eq!(kept[0]["role"], "system");
    check_pairs(&kept);
    let body: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(
        (&body["model"], &body["temperature"]),
        (&json!("any"), &json!(0.5))
    );
}

#[test]
fn every_way_gives_a_valid_conversation() {
    for way in [
        "duplicates",
        "clear-results",
        "head-and-tail",
        "extract",
        "relevance",
        "oldest",
    ] {
        for budget in ["0", "1", "100", "1000", "100000"] {
            let output = run(
                &["--budget", budget, "--by", way, "--quiet"],
                &chat().to_string(),
            );
            check_pairs(&messages(&output));
            assert_eq!(output.stderr, b"", "{way} to {budget}");
            assert!(matches!(output.status.code(), Some(0 | 1)));
        }
    }
}

#[test]
fn what_was_dropped_is_kept_in_a_file() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("gone.json");
    let arguments = [
        "--budget",
        "500",
        "--dropped",
        file.to_str().expect("a name"),
    ];
    let output = run(&arguments, &chat().to_string());
    assert_eq!(output.status.code(), Some(0));
    let gone = std::fs::read_to_string(file).expect("the file");
    let gone: Value = serde_json::from_str(&gone).expect("JSON");
    let gone = gone.as_array().expect("a list").len();
    assert!(gone > 0 && gone + messages(&output).len() >= 83, "{gone}");
}

#[test]
fn another_form_is_written_and_says_what_it_lost() {
    let arguments = ["--budget", "100000", "--to", "anthropic"];
    let output = run(&arguments, &chat().to_string());
    let body: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(body["system"], "You read files.");
    assert_eq!(body["messages"][0]["role"], "user");
    assert!(String::from_utf8_lossy(&output.stderr).contains("lost: "));
}

#[test]
fn what_cannot_fit_is_a_failure_with_an_answer() {
    let output = run(
        &["--budget", "3"],
        r#"[{"role":"system","content":"Be brief and kind."}]"#,
    );
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stderr).contains("tokens over the budget"));
    assert!(!output.stdout.is_empty());
}

#[test]
fn bad_input_is_told_with_its_place() {
    let deep = "[".repeat(100_000);
    for (input, expect) in [
        ("", "line 1"),
        ("null", "expected an array of messages"),
        (r#"{"model":"m"}"#, "messages"),
        (r#"[{"role":"usr","content":"x"}]"#, "user"),
        ("[{\"role\":\"user\",\"content\":", "line 1"),
        (deep.as_str(), "read line 1"),
    ] {
        let output = run(&["--budget", "10"], input);
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{said}");
        assert!(said.contains(expect), "{said}");
        assert_eq!(output.stdout, b"");
    }
    let output = run(&["--query", "x"], "[]");
    assert_eq!(output.status.code(), Some(2), "a budget is required");
}

/// The other side waits for each reply before it asks again.
#[test]
fn lines_are_answered_one_by_one() {
    let mut child = trim(&["--jsonl"]).spawn().expect("the binary");
    let mut stdin = child.stdin.take().expect("a pipe");
    let mut stdout = BufReader::new(child.stdout.take().expect("a pipe"));
    let mut ask = |request: Value| {
        writeln!(stdin, "{request}").expect("it reads");
        let mut reply = String::new();
        stdout.read_line(&mut reply).expect("it answers");
        serde_json::from_str::<Value>(&reply).expect("JSON")
    };
    let said = json!([
        {"role": "user", "content": "My bicycle is green.", "tokens": 10},
        {"role": "assistant", "content": "Nice.", "tokens": 5},
        {"role": "user", "content": "It rains.", "tokens": 8}
    ]);
    let query = "What colour is my bicycle?";
    let first = ask(json!({"conv": "a", "messages": said, "query": query, "budget": 10}));
    assert_eq!(first, json!({"keep": [0]}));
    let again = ask(json!({"conv": "a", "query": "Does it rain?", "budget": 8}));
    assert_eq!(again, json!({"keep": [2]}));
    let unknown = ask(json!({"conv": "b", "query": "?", "budget": 8}));
    assert!(unknown["error"].is_string());
    drop(stdin);
    assert_eq!(child.wait().expect("an end").code(), Some(0));
}
