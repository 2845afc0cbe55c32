//! Conversations from and to the JSON of the chat APIs: nothing is lost in one dialect, and what is
//! common to all survives any tour through them.

#[path = "dialects/generate.rs"]
mod generate;

use autoexec_memory_trimmer::{
    Block, Conversation, Dialect, History, Message, Reasoning, Repair, Role, ToolCall, validate_by,
};
use proptest::prelude::*;
use serde_json::{Value, json};

const CHAT: Dialect = Dialect::OpenAiChat;
const RESPONSES: Dialect = Dialect::OpenAiResponses;
const ANTHROPIC: Dialect = Dialect::Anthropic;

const FIXTURES: [(Dialect, &str); 3] = [
    (CHAT, include_str!("dialects/chat.json")),
    (RESPONSES, include_str!("dialects/responses.json")),
    (ANTHROPIC, include_str!("dialects/anthropic.json")),
];

fn fixture(dialect: Dialect) -> Conversation {
    let found = FIXTURES.iter().find(|(of, _)| *of == dialect);
    let (_, text) = found.expect("every dialect has a fixture");
    dialect.read(text).expect("fixtures are sound")
}

/// Reading and writing gives the same value, and nothing to report.
fn check_same(dialect: Dialect, document: &Value) -> Conversation {
    let conversation = dialect.read_value(document.clone());
    let conversation = conversation.expect("the document is sound");
    let (written, losses) = dialect.write(&conversation);
    assert_eq!(&written, document);
    assert_eq!(losses, []);
    let (text, losses) = dialect.write_text(&conversation);
    assert_eq!(
        &serde_json::from_str::<Value>(&text).expect("it is JSON"),
        document
    );
    assert_eq!(losses, []);
    conversation
}

/// The sequence of what is common to all dialects.
fn common(messages: &[Message]) -> Vec<String> {
    let arguments = |text: &str| match serde_json::from_str::<Value>(text) {
        Ok(value) => value.to_string(),
        Err(_) => text.to_owned(),
    };
    let blocks = messages.iter().flat_map(|message| {
        let role = message.role();
        message.blocks().iter().map(move |block| (role, block))
    });
    let said = blocks.filter_map(|(role, block)| match block {
        Block::Text(text) => Some(format!("{role:?} says {}", text.text)),
        Block::ToolCall(call) => {
            let input = arguments(&call.arguments);
            Some(format!("call {} of {}: {input}", call.id, call.name))
        }
        Block::ToolResult(result) => {
            let texts: Vec<&str> = result.content.iter().filter_map(Block::as_text).collect();
            Some(format!("result of {}: {texts:?}", result.call_id))
        }
        Block::Image(image) => Some(format!("{role:?} shows {:?}", image.source)),
        _ => None,
    });
    said.collect()
}

#[test]
fn fixtures_come_back() {
    for (dialect, text) in FIXTURES {
        let document: Value = serde_json::from_str(text).unwrap();
        let conversation = check_same(dialect, &document);
        let rules = dialect.rules();
        assert_eq!(
            validate_by(&rules, &conversation.messages),
            Ok(()),
            "{dialect:?}"
        );
        assert_eq!(Dialect::detect(&document), Some(dialect));
        assert_eq!(Conversation::read(text).unwrap(), conversation);
        // The bare list, too.
        let list = document.get("messages").or(document.get("input")).unwrap();
        check_same(dialect, list);
        assert_eq!(Dialect::detect(list), Some(dialect));
    }
}

#[test]
fn fixtures_are_valid_in_every_dialect() {
    for (from, _) in FIXTURES {
        let conversation = fixture(from);
        for to in Dialect::ALL {
            let (document, losses) = to.write(&conversation);
            let there = to.read_value(document).unwrap();
            let violations = validate_by(&to.rules(), &there.messages);
            assert_eq!(violations, Ok(()), "{from:?} to {to:?}");
            assert_eq!(losses.is_empty(), from == to);
        }
    }
}

#[test]
fn a_step_of_items_is_one_message() {
    let conversation = fixture(RESPONSES);
    let kinds: Vec<(Role, usize)> = conversation.messages[..9]
        .iter()
        .map(|message| (message.role(), message.blocks().len()))
        .collect();
    use Role::{Assistant, System, Tool, User};
    assert_eq!(
        kinds,
        [
            (System, 1),
            (System, 1),
            (System, 1),
            (User, 1),
            (User, 4),
            (Assistant, 4),
            (Tool, 1),
            (Tool, 1),
            (Assistant, 4)
        ]
    );
}

#[test]
fn results_of_one_user_message_become_messages_of_the_tool_and_go_back() {
    let (chat, _) = CHAT.write(&fixture(ANTHROPIC));
    let roles: Vec<&str> = chat["messages"]
        .as_array()
        .unwrap()
        .iter()
        .map(|message| message["role"].as_str().unwrap())
        .collect();
    let expect = [
        "system",
        "user",
        "assistant",
        "tool",
        "tool",
        "tool",
        "user",
        "assistant",
        "user",
        "assistant",
        "tool",
        "assistant",
        "user",
    ];
    assert_eq!(roles, expect);
    let back = CHAT.read_value(chat).unwrap();
    let (anthropic, _) = ANTHROPIC.write(&back);
    let kinds: Vec<&str> = anthropic["messages"][2]["content"]
        .as_array()
        .unwrap()
        .iter()
        .map(|block| block["type"].as_str().unwrap())
        .collect();
    assert_eq!(kinds, ["tool_result", "tool_result", "tool_result", "text"]);
    assert_eq!(
        anthropic["system"][1]["text"],
        "The map of the region follows."
    );
}

#[test]
fn the_system_prompt_goes_to_its_place() {
    let anthropic = json!({"system": "Be brief.", "messages": [{"role": "user", "content": "Hi"}]});
    let responses = json!({
        "instructions": "Be brief.", "input": [{"role": "user", "content": "Hi"}],
    });
    let chat = json!({"messages": [
        {"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hi"},
    ]});
    let documents = [(CHAT, chat), (RESPONSES, responses), (ANTHROPIC, anthropic)];
    for (from, document) in &documents {
        let conversation = check_same(*from, document);
        assert_eq!(conversation.messages[0].text(), "Be brief.");
        for (to, expect) in &documents {
            assert_eq!(to.write(&conversation), (expect.clone(), vec![]));
            assert_eq!(&to.write_messages(&conversation.messages).0, expect);
        }
    }
}

#[test]
fn arguments_that_are_no_object_survive_an_input_that_must_be_one() {
    for (arguments, input) in [
        ("", json!({})),
        ("{\"a\": 1.5}", json!({"a": 1.5})),
        ("[1]", json!({"__raw_arguments": "[1]"})),
        ("select 1", json!({"__raw_arguments": "select 1"})),
    ] {
        let messages = [
            Message::user("go"),
            Message::assistant_calls("", vec![ToolCall::new("1", "run", arguments)]),
            Message::tool("1", "done"),
        ];
        let (document, losses) = ANTHROPIC.write_messages(&messages);
        assert_eq!(document["messages"][1]["content"][0]["input"], input);
        assert_eq!(losses, []);
        let back = ANTHROPIC.read_value(document).unwrap();
        let came = back.messages[1].calls().next().unwrap();
        if !arguments.is_empty() {
            assert_eq!(came.arguments.replace(' ', ""), arguments.replace(' ', ""));
        }
    }
    // An input that only looks like one stays what it is.
    let document = json!([{"role": "user", "content": "go"}, {"role": "assistant", "content": [
        {"type": "tool_use", "id": "1", "name": "run", "input": {"__raw_arguments": "{}"}},
    ]}]);
    check_same(ANTHROPIC, &document);
}

#[test]
fn what_has_no_place_is_told() {
    let told = |from: Dialect, to: Dialect| -> Vec<String> {
        let (_, losses) = to.write(&fixture(from));
        losses.iter().map(ToString::to_string).collect()
    };
    let losses = told(ANTHROPIC, CHAT);
    for expect in [
        "message 0: fields cache_control",
        "message 1: a block of type \"document\"",
        "message 1: an image that only its provider holds",
        "message 2: reasoning of another provider",
        "message 3: that the tool failed, in the result of \"toolu_02\"",
        "message 3: an image in a message of role Tool, of a result",
        "message 4: a block of type \"web_search_tool_result\"",
        "fields of the request: max_tokens, model, thinking, tools",
    ] {
        assert!(
            losses.iter().any(|loss| loss == expect),
            "{expect} in {losses:#?}"
        );
    }
    let losses = told(CHAT, ANTHROPIC);
    for expect in [
        "message 1: a block of type \"input_audio\"",
        "message 2: reasoning of another provider",
        "message 14: the place of a system message, which is at the head now",
    ] {
        assert!(
            losses.iter().any(|loss| loss == expect),
            "{expect} in {losses:#?}"
        );
    }
}

/// A provider refuses reasoning that it did not sign.
#[test]
fn reasoning_goes_to_who_signed_it() {
    let write = |dialect: Dialect, opaque: Option<&str>| {
        let thought = Block::Reasoning(Reasoning {
            text: "so".into(),
            opaque: opaque.map(Into::into),
            ..Reasoning::default()
        });
        let answer = Message::new(Role::Assistant, vec![thought, Block::text("Hi")]);
        let (document, losses) = dialect.write_messages(&[Message::user("go"), answer]);
        let content = document["messages"][1]["content"].clone();
        let losses: Vec<String> = losses.iter().map(ToString::to_string).collect();
        (content, losses)
    };
    let thinking = json!({"type": "thinking", "thinking": "so", "signature": "s"});
    let text = json!({"type": "text", "text": "Hi"});
    let signed = (json!([&thinking, &text]), vec![]);
    assert_eq!(write(ANTHROPIC, Some("s")), signed);
    let (content, losses) = write(ANTHROPIC, None);
    assert_eq!(content, "Hi");
    assert_eq!(losses, ["message 1: reasoning of another provider"]);

    let redacted = json!([{"role": "user", "content": "go"}, {"role": "assistant", "content": [
        {"type": "redacted_thinking", "data": "s"}, {"type": "text", "text": "Hi"},
    ]}]);
    let conversation = check_same(ANTHROPIC, &redacted);
    let block = &conversation.messages[1].blocks()[0];
    assert!(matches!(block, Block::Reasoning(it) if it.opaque.as_deref() == Some("s")));
    let (_, losses) = CHAT.write(&conversation);
    assert_eq!(losses.len(), 1);

    let content = json!([thinking, text]);
    let signed =
        json!([{"role": "user", "content": "go"}, {"role": "assistant", "content": content}]);
    let conversation = check_same(ANTHROPIC, &signed);
    let (document, losses) = RESPONSES.write(&conversation);
    assert!(!document.to_string().contains("encrypted_content"));
    assert_eq!(
        losses[0].to_string(),
        "message 1: the signature of reasoning"
    );
}

#[test]
fn a_message_of_which_nothing_is_left_is_not_written() {
    let thought = Block::Reasoning(Reasoning::default());
    let messages = [
        Message::user("go"),
        Message::new(Role::Assistant, vec![thought]),
        Message::user("on"),
    ];
    let (document, losses) = CHAT.write_messages(&messages);
    assert_eq!(document["messages"].as_array().map(Vec::len), Some(2));
    let losses: Vec<String> = losses.iter().map(ToString::to_string).collect();
    assert!(losses.contains(&"message 1: the message, which says nothing".to_owned()));
}

/// Where the document has it, which is not where system messages go.
#[test]
fn a_system_message_among_the_others_stays_there() {
    let document = json!({"system": "Be brief.", "messages": [
        {"role": "user", "content": "Hi"}, {"role": "system", "content": "Be kind."},
    ]});
    check_same(ANTHROPIC, &document);
}

#[test]
fn an_assistant_that_begins_gets_a_word_of_the_user() {
    let messages = [Message::assistant("Hello!"), Message::user("Hi")];
    let (document, losses) = ANTHROPIC.write_messages(&messages);
    assert_eq!(document["messages"][0]["role"], "user");
    assert_eq!(losses.len(), 1);
    assert_eq!(CHAT.write_messages(&messages).1, []);
}

#[test]
fn ids_become_unique_and_valid_where_they_must() {
    let round = |id: &str| {
        let call = ToolCall::new(id, "read", "{}");
        [
            Message::assistant_calls("", vec![call]),
            Message::tool(id, "r"),
        ]
    };
    let mut messages = vec![Message::user("go")];
    messages.extend(round("a:1"));
    messages.extend(round("a:1"));
    let (document, losses) = ANTHROPIC.write_messages(&messages);
    let ids = [1, 3].map(|at| document["messages"][at]["content"][0]["id"].clone());
    assert_eq!(ids, ["a_1", "a_1-2"]);
    assert_eq!(losses.len(), 4);
    let there = ANTHROPIC.read_value(document).unwrap();
    assert_eq!(validate_by(&ANTHROPIC.rules(), &there.messages), Ok(()));
}

/// Whatever a trim drops, what is left is written as it came.
#[test]
fn what_a_trim_leaves_is_written_as_it_came() {
    for (dialect, text) in FIXTURES {
        let document: Value = serde_json::from_str(text).unwrap();
        let key = if dialect == RESPONSES {
            "input"
        } else {
            "messages"
        };
        let whole = document[key].as_array().unwrap();
        let tokens = History::with_messages(fixture(dialect).messages).tokens();
        for max in (0..=tokens).rev().step_by(25) {
            let mut conversation = fixture(dialect);
            let mut history = History::with_rules(dialect.rules());
            history.extend(std::mem::take(&mut conversation.messages));
            history.fit(max);
            assert_eq!(history.validate(), Ok(()));
            conversation.messages = history.into_messages();
            let (written, losses) = dialect.write(&conversation);
            assert_eq!(losses, []);
            let left = written[key].as_array().unwrap();
            let mut from = whole.iter();
            let in_order = left.iter().all(|item| from.any(|one| one == item));
            assert!(in_order, "{dialect:?} at {max}: {left:#?}");
        }
    }
}

/// New messages of the tool go with the results before them, and as what their call is.
#[test]
fn messages_made_here_join_those_that_were_read() {
    let mut conversation = ANTHROPIC
        .read(
            r#"[{"role":"user","content":"go"},{"role":"assistant","content":[
            {"type":"tool_use","id":"1","name":"a","input":{}},
            {"type":"tool_use","id":"2","name":"b","input":{}}]},
            {"role":"user","content":[{"type":"tool_result","tool_use_id":"1","content":"x"},
            {"type":"text","text":"and?"}]},{"role":"assistant","content":"so"}]"#,
        )
        .unwrap();
    let mut history = History::with_rules(ANTHROPIC.rules());
    history.extend(std::mem::take(&mut conversation.messages));
    history.repair(Repair::Answer);
    history.push(Message::user("go on"));
    conversation.messages = history.into_messages();
    let (written, losses) = ANTHROPIC.write(&conversation);
    let results = written[2]["content"].as_array().unwrap();
    assert_eq!(results[1]["tool_use_id"], "2");
    assert_eq!(
        (&results[2]["text"], written[3]["content"].as_str()),
        (&json!("and?"), Some("so"))
    );
    assert_eq!((written.as_array().unwrap().len(), losses), (5, vec![]));

    let mut conversation = RESPONSES
        .read(r#"[{"type":"custom_tool_call","call_id":"1","name":"sh","input":"ls"}]"#)
        .unwrap();
    conversation.messages.push(Message::tool("1", "a.txt"));
    let (written, _) = RESPONSES.write(&conversation);
    let expect = json!({"type": "custom_tool_call_output", "call_id": "1", "output": "a.txt"});
    assert_eq!(written[1], expect);
}

#[test]
fn mistakes_are_told_with_their_place() {
    let check = |dialect: Dialect, text: &str, expect: &str| {
        assert_eq!(dialect.read(text).unwrap_err().to_string(), expect);
    };
    check(
        CHAT,
        "null",
        "read the document: expected an array of messages or an object with one, found null",
    );
    check(
        CHAT,
        "{}",
        "read messages: expected an array, found nothing",
    );
    check(CHAT, "", "read line 1, column 0: EOF while parsing a value");
    check(
        ANTHROPIC,
        r#"{"messages": {}}"#,
        "read messages: expected an array, found an object",
    );
    check(
        RESPONSES,
        r#"{"input": 5}"#,
        "read input: expected an array, found a number",
    );
    check(
        CHAT,
        r#"{"messages":[{"role":"user","content":"a"},{"role":"asistant","content":"b"}]}"#,
        "read messages[1].role: expected one of system, developer, user, assistant, tool, function, \
         found \"asistant\", did you mean \"assistant\"?",
    );
    check(
        ANTHROPIC,
        r#"{"messages":[{"role":"user","content":[{"type":"text","text":"a"},{"text":"b"}]}]}"#,
        "read messages[0].content[1].type: expected a string, found nothing",
    );
    check(
        CHAT,
        r#"[{"role":"user","content":5}]"#,
        "read [0].content: expected a string or an array, found a number",
    );
    check(
        CHAT,
        r#"[{"role":"tool","content":"x"}]"#,
        "read [0].tool_call_id: expected a string, found nothing",
    );
    check(
        ANTHROPIC,
        r#"[{"role":"assistant","content":[{"type":"tool_use","id":"1","name":"a","input":"{}"}]}]"#,
        "read [0].content[0].input: expected an object, found a string",
    );
    check(
        RESPONSES,
        r#"{"input":[{"content":"a"}]}"#,
        "read input[0].type: expected a string, found nothing",
    );
    check(
        CHAT,
        "[{\"role\":\"user\",\n\"role\":\"user\"}]",
        "read line 2, column 6: key \"role\" stands twice",
    );
    let deep = "[".repeat(100_000);
    check(
        CHAT,
        &deep,
        "read line 1, column 128: recursion limit exceeded",
    );
    for dialect in Dialect::ALL {
        check_same(dialect, &json!([]));
        assert_eq!(dialect.write(&dialect.read("[]").unwrap()).0, json!([]));
    }
    assert_eq!(Dialect::detect(&json!([])), None);
    assert_eq!(Dialect::detect(&Value::Null), None);
}

/// A call of an unknown type is none when its id is that of another call, whatever is answered later.
#[test]
fn an_unknown_call_does_not_take_the_output_of_a_known_one() {
    let call = json!({"type": "function_call", "call_id": "1", "name": "n", "arguments": ""});
    let output = json!({"type": "function_call_output", "call_id": "1", "output": ""});
    let document = json!([{"type": "new_call", "call_id": "1"}, call, output]);
    let conversation = check_same(RESPONSES, &document);
    let calls = conversation.messages[0].calls().count();
    assert_eq!((calls, conversation.messages.len()), (1, 2));
    let rules = RESPONSES.rules();
    assert_eq!(validate_by(&rules, &conversation.messages), Ok(()));
}

/// A value that was built, not parsed, can nest deeper than any document.
#[test]
fn deep_values_are_refused_and_the_deepest_that_parse_come_back() {
    let nested = |depth: usize| (0..depth).fold(Value::Null, |inner, _| json!([inner]));
    let document = |depth| json!([{"role": "user", "content": "a", "x": nested(depth)}]);
    assert!(CHAT.read_value(document(1000)).is_err());
    let text = document(125).to_string();
    for dialect in Dialect::ALL {
        check_same(dialect, &serde_json::from_str(&text).unwrap());
    }
    let item = json!([{"role": "assistant", "content": "a", "x": nested(125)}]);
    check_same(RESPONSES, &serde_json::from_str(&item.to_string()).unwrap());
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_chat_comes_back(document in generate::chat()) {
        check_same(CHAT, &document);
    }

    #[test]
    fn any_responses_come_back(document in generate::responses()) {
        check_same(RESPONSES, &document);
    }

    #[test]
    fn any_anthropic_comes_back(document in generate::anthropic()) {
        check_same(ANTHROPIC, &document);
    }

    /// As text, which is where floats could change.
    #[test]
    fn floats_come_back(number in any::<f64>().prop_filter("finite", |n| n.is_finite())) {
        let text = json!([{"role": "user", "content": "a", "x": number}]).to_string();
        let (written, _) = CHAT.write(&CHAT.read(&text).unwrap());
        prop_assert_eq!(written.to_string(), text);
    }

    /// A → B → C → A.
    #[test]
    fn what_is_common_survives_any_tour(
        messages in generate::common(),
        tour in Just(Dialect::ALL.to_vec()).prop_shuffle(),
    ) {
        let expect = common(&messages);
        let start = tour[0].write_messages(&messages);
        prop_assert_eq!(&start.1, &vec![]);
        let mut conversation = tour[0].read_value(start.0).unwrap();
        for dialect in tour.iter().skip(1).chain(&tour[..1]) {
            let (document, losses) = dialect.write(&conversation);
            prop_assert_eq!(&losses, &vec![], "{:?}", document);
            conversation = dialect.read_value(document).unwrap();
            prop_assert_eq!(validate_by(&dialect.rules(), &conversation.messages), Ok(()));
        }
        prop_assert_eq!(common(&conversation.messages), expect);
    }

    /// What is valid by the rules of one dialect is by those of the other.
    #[test]
    fn what_is_valid_stays_so(
        (from, document) in generate::any_document(),
        to in 0..3usize,
    ) {
        let to = Dialect::ALL[to];
        let conversation = from.read_value(document).unwrap();
        let mut history = History::with_rules(from.rules());
        history.extend(conversation.messages);
        history.repair(Repair::Answer);
        prop_assume!(history.validate().is_ok());
        let (written, _) = to.write_messages(&history.into_messages());
        let there = to.read_value(written.clone()).unwrap();
        prop_assert_eq!(validate_by(&to.rules(), &there.messages), Ok(()), "{:#}", written);
    }
}
