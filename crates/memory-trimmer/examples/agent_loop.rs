//! An agent's loop under a limit of tokens: what is dropped, and that the history stays valid.
#![allow(clippy::print_stdout, reason = "an example shows its output")]

use autoexec_memory_trimmer::{History, Message, Thresholds, ToolCall};

fn main() {
    let thresholds = Thresholds {
        max_tokens: Some(2_000),
        ..Thresholds::development()
    };
    let mut history = History::with_messages([
        Message::system("You find bugs. Read before you judge."),
        Message::user("Why does the service stop?"),
    ]);
    for n in 1..=40 {
        let id = format!("call-{n}");
        let arguments = format!(r#"{{"path":"src/module_{n}.rs"}}"#);
        let call = ToolCall::new(&id, "read_file", arguments);
        history.push(Message::assistant_calls("", vec![call]));
        history.push(Message::tool(
            id,
            "pub fn run() -> Result<(), Error> {}\n".repeat(n),
        ));

        let trimmed = history.trim(&thresholds);
        if trimmed.changed() {
            println!(
                "after call {n:2}: {} of {} messages dropped, {} tokens left of {}",
                trimmed.dropped.len(),
                trimmed.messages_before,
                trimmed.tokens_after,
                trimmed.tokens_before,
            );
        }
        assert_eq!(history.validate(), Ok(()));
    }
    let task = history
        .get(1)
        .map_or(String::new(), |message| message.text().into_owned());
    println!("the task is still there: {task}");
}
