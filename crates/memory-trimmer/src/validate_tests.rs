//! Every rule, kept and broken.

use super::*;
use crate::ToolCall;
use crate::block::{Reasoning, ToolResult};

fn check_by(rules: Rules, messages: &[Message], expect: &[&str]) {
    let found: Vec<String> = match validate_by(&rules, messages) {
        Ok(()) => Vec::new(),
        Err(violations) => violations.iter().map(ToString::to_string).collect(),
    };
    assert_eq!(found, expect);
}

fn check(messages: &[Message], expect: &[&str]) {
    check_by(Rules::STRICT, messages, expect);
}

fn calls(ids: &[&str]) -> Message {
    let call = |id: &&str| ToolCall::new(*id, "read", "{}");
    Message::assistant_calls("", ids.iter().map(call).collect())
}

fn thought() -> Message {
    let thought = Reasoning {
        text: "let me see".into(),
        ..Reasoning::default()
    };
    Message::new(Role::Assistant, vec![Block::Reasoning(thought)])
}

/// The user's message with a result and text in this order, or the other.
fn user_result(id: &str, result_first: bool) -> Message {
    let mut blocks = vec![
        Block::ToolResult(ToolResult::new(id, "r")),
        Block::text("go on"),
    ];
    if !result_first {
        blocks.reverse();
    }
    Message::new(Role::User, blocks)
}

#[test]
fn sound_histories() {
    check(&[], &[]);
    check(&[Message::system("s")], &[]);
    let sound = [
        Message::system("s"),
        Message::user("u"),
        calls(&["1", "2", "1"]),
        Message::tool("2", "b"),
        Message::tool("1", "a"),
        Message::tool("1", "c"),
        thought(),
        calls(&["3"]),
        user_result("3", true),
        Message::assistant("done"),
    ];
    check(&sound, &[]);
}

#[test]
fn every_violation_of_calls_and_results() {
    let broken = [
        Message::assistant("a"),
        Message::system("s"),
        calls(&["1", "2"]),
        Message::tool("3", "x"),
        Message::tool("1", "y"),
        Message::tool("1", "z"),
        Message::user("u"),
        Message::tool("2", "late"),
        calls(&["4"]),
    ];
    check(
        &broken,
        &[
            "message 0 opens the conversation, but is of role Assistant, not User",
            "message 1 is the system's, but others have spoken",
            "message 3 is the result of tool call \"3\", which is not open",
            "message 5 is the result of tool call \"1\", which is not open",
            "message 2 makes tool call \"2\", which has no result",
            "message 7 is the result of tool call \"2\", which is not open",
            "message 8 makes tool call \"4\", which has no result",
        ],
    );
}

#[test]
fn every_violation_of_blocks() {
    let call = Block::ToolCall(ToolCall::new("1", "t", "{}"));
    let broken = [
        Message::user("u"),
        calls(&["1"]),
        user_result("1", false),
        Message::new(Role::User, vec![call]),
        Message::new(Role::Tool, vec![Block::text("no result")]),
        Message::user(" \n"),
        thought(),
        Message::user("v"),
        thought(),
    ];
    check(
        &broken,
        &[
            "message 2 has a tool result behind other content",
            "message 3 has a tool call or result that role User cannot have",
            "message 4 is a tool's, but has no result",
            "message 5 says nothing",
            "message 6 is reasoning that no message of the assistant follows",
            "message 8 is reasoning that no message of the assistant follows",
        ],
    );
    check_by(
        Rules::OPENAI_CHAT,
        &broken,
        &[
            "message 3 has a tool call or result that role User cannot have",
            "message 4 is a tool's, but has no result",
        ],
    );
}

#[test]
fn runs_of_the_assistant_depend_on_the_api() {
    let run = [
        Message::user("u"),
        calls(&["1"]),
        calls(&["2"]),
        Message::tool("1", "a"),
        Message::tool("2", "b"),
    ];
    check_by(Rules::OPENAI_RESPONSES, &run, &[]);
    check_by(Rules::ANTHROPIC, &run, &[]);
    check(
        &run,
        &[
            "message 1 makes tool call \"1\", which has no result",
            "message 3 is the result of tool call \"1\", which is not open",
        ],
    );
    check_by(
        Rules::TURNS,
        &[Message::user("u"), Message::user("v")],
        &["message 1 is of role User, as is the one before it"],
    );
}

#[test]
fn ids_are_unique_where_they_must() {
    let again = [
        Message::user("u"),
        calls(&["1"]),
        Message::tool("1", "a"),
        calls(&["1"]),
        Message::tool("1", "b"),
    ];
    check(&again, &[]);
    check_by(
        Rules::ANTHROPIC,
        &again,
        &["message 3 makes tool call \"1\", an id that was taken before"],
    );
}

#[test]
fn openai_lets_anyone_begin_but_a_tool() {
    let rules = Rules::OPENAI_CHAT;
    check_by(
        rules,
        &[Message::assistant("hello"), Message::system("s")],
        &[],
    );
    check_by(
        rules,
        &[Message::tool("1", "x")],
        &["message 0 is the result of tool call \"1\", which is not open"],
    );
}
