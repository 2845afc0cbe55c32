//! Conversations from one chat API to another: `convert anthropic < chat.json`. Without arguments it
//! shows a small one in every dialect; `--speed` measures beside `serde_json` alone.
#![allow(clippy::print_stdout, reason = "an example shows its output")]

use std::error::Error;
use std::io::Read as _;
use std::time::{Duration, Instant};

use autoexec_memory_trimmer::{Conversation, Dialect};
use serde_json::{Value, json};

const SMALL: &str = r#"{"model": "m", "messages": [
    {"role": "system", "content": "You find bugs."},
    {"role": "user", "content": "Why does the service stop?"},
    {"role": "assistant", "content": null, "tool_calls": [
        {"id": "c1", "type": "function", "function": {"name": "read", "arguments": "{\"path\":\"a.rs\"}"}},
        {"id": "c2", "type": "function", "function": {"name": "read", "arguments": "{\"path\":\"b.rs\"}"}}]},
    {"role": "tool", "tool_call_id": "c1", "content": "fn a() {}"},
    {"role": "tool", "tool_call_id": "c2", "content": "fn b() { loop {} }"},
    {"role": "assistant", "content": "It loops in b.rs."}]}"#;

fn main() -> Result<(), Box<dyn Error>> {
    match std::env::args().nth(1).as_deref() {
        None => Dialect::ALL.into_iter().try_for_each(|to| print(SMALL, to)),
        Some("--speed") => speed(),
        Some(name) => {
            let known = Dialect::ALL.into_iter().find(|to| to.name() == name);
            let names = Dialect::ALL.map(Dialect::name).join(", ");
            let to = known.ok_or_else(|| format!("expected one of {names}, found {name:?}"))?;
            let mut text = String::new();
            std::io::stdin().read_to_string(&mut text)?;
            print(&text, to)
        }
    }
}

fn print(text: &str, to: Dialect) -> Result<(), Box<dyn Error>> {
    let conversation = Conversation::read(text)?;
    let (document, losses) = to.write(&conversation);
    println!("{}: {document:#}", to.name());
    losses.iter().for_each(|loss| println!("no place: {loss}"));
    Ok(())
}

/// Reads and writes 10 MB of each dialect: the best of five runs, and as often as long as parsing and
/// printing alone.
fn speed() -> Result<(), Box<dyn Error>> {
    for dialect in Dialect::ALL {
        let text = large(dialect).to_string();
        let bare = best(|| {
            let value: Value = serde_json::from_str(&text)?;
            Ok(value.to_string().len())
        })?;
        let read = best(|| Ok(dialect.read(&text)?.messages.len()))?;
        let conversation = dialect.read(&text)?;
        let write = best(|| Ok(dialect.write_text(&conversation).0.len()))?;
        let ours = best(|| {
            let (written, _) = dialect.write_text(&dialect.read(&text)?);
            assert_eq!(written.len(), text.len());
            Ok(written.len())
        })?;
        println!(
            "{:16} {:5.1} MB: serde_json {:5.1} ms, read {:5.1} ms, write {:5.1} ms, both {:5.1} ms: {:.2} times",
            dialect.name(),
            text.len() as f64 / 1e6,
            bare.as_secs_f64() * 1e3,
            read.as_secs_f64() * 1e3,
            write.as_secs_f64() * 1e3,
            ours.as_secs_f64() * 1e3,
            ours.as_secs_f64() / bare.as_secs_f64(),
        );
    }
    Ok(())
}

fn best(
    mut run: impl FnMut() -> Result<usize, Box<dyn Error>>,
) -> Result<Duration, Box<dyn Error>> {
    let mut best = Duration::MAX;
    for _ in 0..5 {
        let start = Instant::now();
        std::hint::black_box(run()?);
        best = best.min(start.elapsed());
    }
    Ok(best)
}

/// An agent's loop of 10 MB with the fields that the API adds: calls with results of 2 KB, and answers.
fn large(dialect: Dialect) -> Value {
    let output = "error[E0502]: cannot borrow `x` as mutable\n  --> src/main.rs:7:9\n".repeat(32);
    let rounds = 0..3_500;
    let each = |list: &mut Vec<Value>, n: usize| {
        let (id, say) = (
            format!("call_{n}"),
            "The next file tells more about the borrow.",
        );
        let path = format!("src/module_{n}.rs");
        let arguments = json!({"path": path, "lines": [1, 400]});
        let items = match dialect {
            Dialect::OpenAiChat => vec![
                json!({"role": "assistant", "content": say, "refusal": null, "tool_calls": [
                    {"id": id, "type": "function", "function": {
                        "name": "read", "arguments": arguments.to_string()}}]}),
                json!({"role": "tool", "tool_call_id": id, "content": output}),
            ],
            Dialect::OpenAiResponses => vec![
                json!({"type": "message", "id": format!("msg_{n}"), "status": "completed",
                    "role": "assistant", "content": [
                        {"type": "output_text", "text": say, "annotations": []}]}),
                json!({"type": "function_call", "id": format!("fc_{n}"), "call_id": id,
                    "name": "read", "arguments": arguments.to_string(), "status": "completed"}),
                json!({"type": "function_call_output", "call_id": id, "output": output}),
            ],
            Dialect::Anthropic => vec![
                json!({"role": "assistant", "content": [
                    {"type": "text", "text": say},
                    {"type": "tool_use", "id": id, "name": "read", "input": arguments}]}),
                json!({"role": "user", "content": [
                    {"type": "tool_result", "tool_use_id": id, "content": output}]}),
            ],
        };
        list.extend(items);
    };
    let mut list = vec![json!({"role": "user", "content": "Find the bug."})];
    rounds.for_each(|n| each(&mut list, n));
    match dialect {
        Dialect::OpenAiResponses => json!({"model": "m", "input": list}),
        _ => json!({"model": "m", "messages": list}),
    }
}
