//! Documents of each dialect, with fields and blocks that nobody knows at every level.

use autoexec_memory_trimmer::{Block, Dialect, Message, Role, Text, ToolCall, ToolResult};
use proptest::collection::{btree_map, vec};
use proptest::prelude::*;
use proptest::strategy::Union;
use serde_json::{Map, Value, json};

type Documents = BoxedStrategy<Value>;

/// Any value, with the numbers that JSON has.
fn value() -> Documents {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        (-1e300..1e300f64).prop_map(Value::from),
        ".{0,8}".prop_map(Value::from),
    ];
    let nested = leaf.prop_recursive(3, 12, 4, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(Value::from),
            btree_map("[a-z]{0,4}|text|type|data|url", inner, 0..4)
                .prop_map(|fields| Value::Object(fields.into_iter().collect())),
        ]
    });
    nested.boxed()
}

/// Fields that a document can have beside those that mean something, under names that mean something
/// elsewhere.
fn extras() -> BoxedStrategy<Vec<(String, Value)>> {
    let names = "x|name|id|status|cache_control|annotations|item|shape|anthropic|place|whole|key\
                 |text|data|detail|file_id|is_error|summary|metadata|output|logprobs|source|function\
                 |custom|image_url|refusal|tool_calls|function_call|index|own|signature";
    let field = (names, value()).prop_map(|(name, value)| match name.as_str() {
        "tool_calls" | "function_call" => (name, Value::Null),
        _ => (name, value),
    });
    let fields = vec(field, 0..3);
    prop_oneof![3 => Just(Vec::new()), 2 => fields].boxed()
}

/// The document with such fields; none that is there is replaced.
fn with_extras(documents: impl Strategy<Value = Value> + 'static) -> Documents {
    let both = (documents, extras());
    both.prop_map(|(mut document, extras)| {
        if let Value::Object(fields) = &mut document {
            for (key, value) in extras {
                fields.entry(key).or_insert(value);
            }
        }
        document
    })
    .boxed()
}

fn text() -> BoxedStrategy<String> {
    prop_oneof![Just(String::new()), Just("\n".to_owned()), "\\PC{1,12}"].boxed()
}

fn id() -> BoxedStrategy<String> {
    "c[0-5]".boxed()
}

fn one_of(options: Vec<Documents>) -> Documents {
    Union::new(options).boxed()
}

fn object(pairs: impl IntoIterator<Item = (&'static str, Option<Value>)>) -> Value {
    let there = pairs
        .into_iter()
        .filter_map(|(key, value)| Some((key.to_owned(), value?)));
    Value::Object(there.collect::<Map<_, _>>())
}

/// A block of a type that nobody knows.
fn unknown() -> Documents {
    let typed = "[a-z]{3}_(thing|call|block)".prop_map(|name| json!({"type": name}));
    with_extras(typed)
}

fn typed_text(types: &'static [&'static str]) -> Documents {
    let texts = (0..types.len(), text()).prop_map(|(at, text)| {
        let key = if types[at] == "refusal" {
            "refusal"
        } else {
            "text"
        };
        json!({"type": types[at], key: text})
    });
    with_extras(texts)
}

/// A string, a list of parts, or what else is allowed.
fn content(part: Documents, others: &'static [Option<Value>]) -> BoxedStrategy<Option<Value>> {
    let list = vec(part, 0..4).prop_map(|parts| Some(Value::from(parts)));
    let string = text().prop_map(|text| Some(Value::from(text)));
    let other = (0..others.len().max(1)).prop_map(|at| others.get(at).cloned().flatten());
    match others.is_empty() {
        true => prop_oneof![list, string].boxed(),
        false => prop_oneof![3 => list, 3 => string, 1 => other].boxed(),
    }
}

const NONE_OR_NULL: &[Option<Value>] = &[None, Some(Value::Null)];

fn url() -> BoxedStrategy<String> {
    let known = [
        "https://a.example/b.png",
        "data:image/png;base64,AAAA",
        "data:,x",
        "data:;base64,A",
    ];
    (0..known.len())
        .prop_map(move |at| known[at].to_owned())
        .boxed()
}

fn body(list: Documents, key: &'static str, more: Documents) -> Documents {
    let whole = (list.clone(), more).prop_map(move |(list, mut body)| {
        body[key] = list;
        body
    });
    prop_oneof![list, with_extras(whole)].boxed()
}

pub(crate) fn chat() -> Documents {
    let url = with_extras(url().prop_map(|url| json!({"url": url})));
    let image = url.prop_map(|url| json!({"type": "image_url", "image_url": url}));
    let odd = value().prop_map(|url| json!({"type": "image_url", "image_url": url}));
    let part = one_of(vec![
        typed_text(&["text", "refusal"]),
        with_extras(image),
        with_extras(odd),
        unknown(),
    ]);
    let inner = |input: &'static str| {
        let named = (text(), text());
        with_extras(named.prop_map(move |(name, text)| json!({"name": name, input: text})))
    };
    let call = one_of(vec![
        (id(), inner("arguments"))
            .prop_map(|(id, f)| json!({"id": id, "type": "function", "function": f}))
            .boxed(),
        (id(), inner("arguments"))
            .prop_map(|(id, f)| json!({"id": id, "function": f}))
            .boxed(),
        (id(), inner("input"))
            .prop_map(|(id, f)| json!({"id": id, "type": "custom", "custom": f}))
            .boxed(),
        (id(), unknown())
            .prop_map(|(id, mut call)| {
                call["id"] = id.into();
                call
            })
            .boxed(),
    ]);
    let calls = proptest::option::of(vec(with_extras(call), 0..3).prop_map(Value::from));
    let function = proptest::option::weighted(0.2, inner("arguments"));
    let thought = proptest::option::weighted(0.2, text().prop_map(Value::from));
    let assistant = (
        content(part.clone(), NONE_OR_NULL),
        calls,
        function,
        thought,
    );
    let assistant = assistant.prop_map(|(content, calls, function, thought)| {
        object([
            ("role", Some("assistant".into())),
            ("content", content),
            ("tool_calls", calls),
            ("function_call", function),
            ("reasoning_content", thought.clone()),
            ("refusal", thought),
        ])
    });
    let others = ["system", "developer", "user", "tool", "function"];
    let other = (
        0..others.len(),
        content(part, NONE_OR_NULL),
        id(),
        proptest::bool::ANY,
    );
    let other = other.prop_map(move |(at, content, id, named)| {
        object([
            ("role", Some(others[at].into())),
            ("content", content),
            (
                "tool_call_id",
                (others[at] == "tool").then(|| id.clone().into()),
            ),
            ("name", named.then(|| id.into())),
        ])
    });
    let message = one_of(vec![with_extras(assistant), with_extras(other)]);
    let list = vec(message, 0..7).prop_map(Value::from).boxed();
    body(list, "messages", Just(json!({"model": "m"})).boxed())
}

pub(crate) fn responses() -> Documents {
    let part = one_of(vec![
        typed_text(&["input_text", "output_text", "text", "refusal"]),
        with_extras((url(), value()).prop_map(
            |(url, file)| json!({"type": "input_image", "image_url": url, "file_id": file}),
        )),
        with_extras(
            value()
                .prop_map(|url| json!({"type": "input_image", "image_url": url, "file_id": "f"})),
        ),
        with_extras(url().prop_map(|url| json!({"type": "computer_screenshot", "image_url": url}))),
        unknown(),
    ]);
    let roles = [
        "system",
        "developer",
        "user",
        "assistant",
        "assistant",
        "assistant",
    ];
    let message = (
        0..roles.len(),
        content(part.clone(), NONE_OR_NULL),
        any::<bool>(),
    );
    let message = message.prop_map(move |(at, content, typed)| {
        object([
            ("role", Some(roles[at].into())),
            ("content", content),
            ("type", typed.then(|| "message".into())),
        ])
    });
    let summary = prop_oneof![
        Just(None),
        value().prop_map(Some),
        vec(typed_text(&["summary_text", "text"]), 0..3).prop_map(|parts| Some(parts.into())),
    ];
    let thought = (summary.clone(), summary, proptest::option::of(value()));
    let thought = thought.prop_map(|(summary, content, opaque)| {
        object([
            ("type", Some("reasoning".into())),
            ("summary", summary),
            ("content", content),
            ("encrypted_content", opaque),
        ])
    });
    let call = (any::<bool>(), id(), text()).prop_map(|(custom, id, text)| match custom {
        true => json!({"type": "custom_tool_call", "call_id": id, "name": "n", "input": text}),
        false => json!({"type": "function_call", "call_id": id, "name": "n", "arguments": text}),
    });
    let kinds = [
        "function",
        "custom_tool",
        "local_shell",
        "shell",
        "computer",
        "new",
    ];
    let built_in = (0..kinds.len() - 2, id(), extras()).prop_map(
        move |(at, id, _)| json!({"type": format!("{}_call", kinds[at + 2]), "call_id": id}),
    );
    let single = with_extras(part.clone()).prop_map(Some);
    let output = prop_oneof![
        3 => content(prop_oneof![part, with_extras(Just(json!({"stdout": "x"})))].boxed(), NONE_OR_NULL),
        1 => single,
    ];
    let output = (0..kinds.len(), id(), output).prop_map(move |(at, id, output)| {
        object([
            ("type", Some(format!("{}_call_output", kinds[at]).into())),
            ("call_id", Some(id.into())),
            // A function's output is demanded; others can have anything there.
            ("output", output.or((at < 2).then_some(Value::Null))),
        ])
    });
    let approval = (any::<bool>(), id()).prop_map(|(asks, id)| match asks {
        true => json!({"type": "mcp_approval_request", "id": id}),
        false => json!({"type": "mcp_approval_response", "approval_request_id": id}),
    });
    let item = one_of(vec![
        with_extras(message.clone()),
        with_extras(message),
        with_extras(thought),
        with_extras(call),
        with_extras(built_in),
        with_extras(output),
        with_extras(approval),
        unknown(),
        with_extras(Just(json!({"type": "compaction"}))),
        with_extras(Just(json!({"id": "msg_1"}))),
    ]);
    let list = vec(item, 0..8).prop_map(Value::from);
    let input = prop_oneof![4 => list, 1 => text().prop_map(Value::from)];
    let more = prop_oneof![value(), text().prop_map(Value::from)];
    let more = more.prop_map(|instructions| json!({"instructions": instructions}));
    let bodies = body(input.boxed(), "input", more.boxed());
    // A string by itself is no document.
    bodies
        .prop_filter("a list or a body", |value| !value.is_string())
        .boxed()
}

fn anthropic_block(results: bool) -> Documents {
    let source = one_of(vec![
        Just(json!({"type": "base64", "media_type": "image/png", "data": "AAAA"})).boxed(),
        Just(json!({"type": "url", "url": "https://a.example/b.png"})).boxed(),
        Just(json!({"type": "file", "file_id": "f"})).boxed(),
        unknown(),
    ]);
    let image = with_extras(source).prop_map(|source| json!({"type": "image", "source": source}));
    let mut blocks = vec![typed_text(&["text"]), with_extras(image), unknown()];
    if results {
        let input = with_extras(Just(json!({})));
        let raw = text().prop_map(|text| json!({"__raw_arguments": text}));
        let input = prop_oneof![3 => input, 1 => raw];
        blocks.push(with_extras((id(), text(), input).prop_map(
            |(id, name, input)| json!({"type": "tool_use", "id": id, "name": name, "input": input}),
        )));
        let failed = proptest::option::of(any::<bool>().prop_map(Value::from));
        let result = (id(), content(anthropic_block(false), NONE_OR_NULL), failed);
        blocks.push(with_extras(result.prop_map(|(id, content, failed)| {
            object([
                ("type", Some("tool_result".into())),
                ("tool_use_id", Some(id.into())),
                ("content", content),
                ("is_error", failed),
            ])
        })));
        let thought = (text(), proptest::option::of(text()));
        blocks.push(with_extras(thought.prop_map(|(text, signature)| {
            object([
                ("type", Some("thinking".into())),
                ("thinking", Some(text.into())),
                ("signature", signature.map(Value::from)),
            ])
        })));
        let redacted = text().prop_map(|data| json!({"type": "redacted_thinking", "data": data}));
        blocks.push(with_extras(redacted));
    }
    one_of(blocks)
}

pub(crate) fn anthropic() -> Documents {
    let message = (any::<bool>(), content(anthropic_block(true), &[]));
    let message = message.prop_map(|(asks, content)| {
        object([
            ("role", Some(if asks { "user" } else { "assistant" }.into())),
            ("content", content),
        ])
    });
    let list = vec(with_extras(message), 0..7)
        .prop_map(Value::from)
        .boxed();
    let system = content(typed_text(&["text"]), NONE_OR_NULL);
    let more = system.prop_map(|system| object([("system", system)]));
    body(list, "messages", more.boxed())
}

pub(crate) fn any_document() -> BoxedStrategy<(Dialect, Value)> {
    prop_oneof![
        chat().prop_map(|document| (Dialect::OpenAiChat, document)),
        responses().prop_map(|document| (Dialect::OpenAiResponses, document)),
        anthropic().prop_map(|document| (Dialect::Anthropic, document)),
    ]
    .boxed()
}

/// Conversations of what every dialect has a place for, valid in all of them.
pub(crate) fn common() -> BoxedStrategy<Vec<Message>> {
    let words = || "[a-zé\"\\\\\n]{0,6}[a-z]";
    let texts = move || vec(words(), 1..3).prop_map(|texts| texts.into_iter().map(Block::text));
    let say = move |role: Role| texts().prop_map(move |t| Message::new(role, t.collect()));
    let calls = vec((words(), value(), vec(words(), 1..3), any::<bool>()), 1..4);
    let step = (proptest::option::of(words()), calls, any::<bool>());
    let turn = (say(Role::User), vec(step, 0..3), say(Role::Assistant));
    let system = proptest::option::of(say(Role::System));
    (system, vec(turn, 1..4))
        .prop_map(|(system, turns)| {
            let mut messages: Vec<Message> = system.into_iter().collect();
            let mut ids = 0..;
            for (question, steps, answer) in turns {
                messages.push(question);
                for (says, calls, _) in steps {
                    push_step(&mut messages, says, calls, &mut ids);
                }
                messages.push(answer);
            }
            messages
        })
        .boxed()
}

type Call = (String, Value, Vec<String>, bool);

fn push_step(
    messages: &mut Vec<Message>,
    says: Option<String>,
    calls: Vec<Call>,
    ids: &mut impl Iterator<Item = u32>,
) {
    let text = says.map(|text| Block::Text(Text { text, extra: None }));
    let mut blocks: Vec<Block> = text.into_iter().collect();
    let mut results = Vec::new();
    for ((name, input, texts, _), id) in calls.into_iter().zip(ids) {
        let id = format!("call_{id}");
        let arguments = json!({"input": input}).to_string();
        blocks.push(Block::ToolCall(ToolCall::new(&id, name, arguments)));
        let mut result = ToolResult::new(id, "");
        result.content = texts.into_iter().map(Block::text).collect();
        results.push(Message::new(Role::Tool, vec![Block::ToolResult(result)]));
    }
    messages.push(Message::new(Role::Assistant, blocks));
    messages.extend(results);
}
