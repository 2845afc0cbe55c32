//! The JSON Schema says what the check says.
#![allow(clippy::unwrap_used, reason = "tests")]

use autoexec_engine::document::shape::Shape;
use autoexec_engine::workflow::spec::{ACTIONS, WORKFLOW, json_schema};

#[test]
fn every_key_has_a_description_and_every_reference_a_definition() {
    let schema = json_schema();
    let text = schema.to_string();
    for reference in text.split("\"$ref\":\"#/$defs/").skip(1) {
        let name = reference.split('"').next().unwrap();
        assert!(schema["$defs"][name].is_object(), "{name}");
    }
    for (name, definition) in schema["$defs"].as_object().unwrap() {
        for (key, property) in definition["properties"].as_object().unwrap() {
            assert!(
                property["description"]
                    .as_str()
                    .is_some_and(|d| d.ends_with('.')),
                "{name}.{key}"
            );
        }
        assert_eq!(definition["additionalProperties"], false, "{name}");
    }
}

#[test]
fn a_step_has_all_eight_actions_and_exactly_one_at_a_time() {
    let step = &json_schema()["$defs"]["step"];
    for action in ACTIONS {
        assert!(step["properties"][action].is_object(), "{action}");
    }
    assert_eq!(step["oneOf"].as_array().unwrap().len(), ACTIONS.len());
    let Shape::List {
        of: Shape::Object(object),
        ..
    } = WORKFLOW.field("steps").unwrap().shape
    else {
        panic!("steps are a list of objects");
    };
    assert_eq!(object.exactly_one, ACTIONS);
}
