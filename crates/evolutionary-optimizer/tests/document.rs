//! Spaces from documents.

use autoexec_evolutionary_optimizer::{Parameter, ParameterDocument, Space, Value};

fn read(json: &str) -> Vec<ParameterDocument> {
    serde_json::from_str(json).expect("because the document is sound")
}

fn check_error(json: &str, expect: &str) {
    let error = Space::from_document(&read(json)).expect_err("because the space is wrong");
    assert_eq!(error.to_string(), format!("build a space: {expect}"));
}

const ALL: &str = r#"[
    {"name": "rate", "type": "real", "low": 1e-6, "high": 1, "log": true, "initial": 0.01},
    {"type": "int", "low": 1, "high": 64, "log": true},
    {"name": "kind", "type": "cat", "choices": ["tree", "net"], "initial": "net"},
    {"name": "size", "type": "ord", "levels": [16, 32, 64], "initial": 32},
    {"name": "c", "type": "categorical", "n": 5, "initial": 4},
    {"name": "depth", "type": "int", "low": 1, "high": 9, "only_if": {"kind": ["tree"]}},
    {"name": "fast", "type": "bool", "initial": true}
]"#;

#[test]
fn a_document_says_what_the_builder_says() {
    let document = read(ALL);
    let space = Space::from_document(&document).unwrap();
    let built = Space::new()
        .log_real("rate", 1e-6..=1.0)
        .log_integer("x1", 1..=64)
        .categorical("kind", ["tree", "net"])
        .ordinal("size", ["16", "32", "64"])
        .parameter("c", Parameter::Categorical { choices: 5 })
        .integer("depth", 1..=9)
        .only_if("kind", ["tree"])
        .boolean("fast")
        .build()
        .unwrap();
    assert_eq!(format!("{space:?}"), format!("{built:?}"));
    let initial = space.initial_of(&document).unwrap().unwrap();
    assert_eq!(
        initial,
        [
            Value::Real(0.01),
            // The middle of 1 to 65 on a logarithmic scale.
            Value::Integer(8),
            Value::Choice(1),
            Value::Level(1),
            Value::Choice(4),
            Value::Absent,
            Value::Boolean(true),
        ]
    );
    let written = serde_json::to_string(&document).unwrap();
    assert_eq!(read(&written), document);
}

#[test]
fn what_is_wrong_is_said() {
    check_error("[]", "it has no parameter");
    check_error(
        r#"[{"type": "real", "high": 1}]"#,
        "parameter `x0` needs `low`",
    );
    check_error(
        r#"[{"type": "int", "low": 0.5, "high": 1}]"#,
        "parameter `x0` has a bound that is no integer",
    );
    check_error(
        r#"[{"name": "c", "type": "cat"}]"#,
        "parameter `c` needs `n`, or the names of its `choices`",
    );
    check_error(
        r#"[{"type": "cat", "n": 3, "choices": ["a"]}]"#,
        "parameter `x0` has an `n` that is not the number of its `choices`",
    );
    check_error(
        r#"[{"type": "bool", "low": 0}]"#,
        "parameter `x0` has bounds or a scale, which only numbers have",
    );
    check_error(
        r#"[{"type": "real", "low": 0, "high": 1, "n": 4}]"#,
        "parameter `x0` has `n` or `choices`, which only categorical and ordinal parameters have",
    );
    check_error(
        r#"[{"type": "real", "low": 0, "high": 1, "log": true}]"#,
        "parameter `x0` starts at 0.0, and a logarithmic scale only starts above zero",
    );
    check_error(
        r#"[{"type": "bool"}, {"type": "bool"}, {"type": "bool", "only_if": {"x0": [true], "x1": [true]}}]"#,
        "parameter `x2` may depend on one other only",
    );
    check_error(
        r#"[{"type": "cat", "n": 18446744073709551615}]"#,
        "parameter `x0` offers 18446744073709551615 choices, and 1048576 are the most",
    );
    assert!(serde_json::from_str::<ParameterDocument>(r#"{"type": "real", "lo": 1}"#).is_err());
    assert!(serde_json::from_str::<ParameterDocument>(r#"{"type": "complex"}"#).is_err());
}

/// Choices may look like numbers and switches: in conditions, too, they go by name.
#[test]
fn conditions_name_choices_that_look_like_numbers() {
    let document = read(
        r#"[{"name": "t", "type": "cat", "choices": [1, 2, 4]}, {"name": "u", "type": "cat", "choices": [true, false]},
            {"name": "y", "type": "bool", "only_if": {"t": [2]}}, {"name": "z", "type": "bool", "only_if": {"u": [true]}}]"#,
    );
    let space = Space::from_document(&document).unwrap();
    for candidate in space.sample(1, 50) {
        assert_eq!(candidate.has("y"), candidate.choice_name("t") == "2");
        assert_eq!(candidate.has("z"), candidate.choice_name("u") == "true");
    }
}
