//! What is evaluated before any step runs: inputs, environment, root.

use std::collections::BTreeMap;
use std::sync::Arc;

use minijinja::value::{Serde, Value};
use serde_json::Value as Json;

use crate::document::diagnostic::suggestion;
use crate::error::Error;
use crate::workflow::expression::Expressions;
use crate::workflow::model::{InputKind, Workflow};

use super::scope::{Scope, Steps};

/// The value of every input, given or default.
pub(crate) fn inputs(
    workflow: &Workflow,
    mut given: BTreeMap<String, String>,
) -> Result<BTreeMap<String, Json>, Error> {
    let mut all = BTreeMap::new();
    for (name, input) in &workflow.inputs {
        let kind = input.kind.unwrap_or(InputKind::String);
        let value = match given.remove(name) {
            Some(text) => kind.read(&text).ok_or_else(|| Error::InputType {
                name: name.clone(),
                value: text,
                kind,
            })?,
            None => match &input.default {
                Some(default) => default.clone(),
                None if input.required => {
                    let description = input.description.clone();
                    return Err(Error::MissingInput {
                        name: name.clone(),
                        description,
                    });
                }
                None => Json::String(String::new()),
            },
        };
        all.insert(name.clone(), value);
    }
    match given.into_keys().next() {
        Some(name) => {
            let help = suggestion(&name, workflow.inputs.keys().map(String::as_str));
            Err(Error::UnknownInput { name, help })
        }
        None => Ok(all),
    }
}

/// What is evaluated before any step runs.
pub(crate) struct Prepared {
    pub(crate) scope: Scope,
    pub(crate) env: BTreeMap<String, String>,
    pub(crate) seen_env: BTreeMap<String, String>,
    pub(crate) root: String,
    pub(crate) steps: Arc<Steps>,
    pub(crate) run_id: String,
}

impl Prepared {
    pub(crate) fn new(
        workflow: &Workflow,
        inputs: BTreeMap<String, Json>,
        given_env: BTreeMap<String, String>,
        inherited: &BTreeMap<String, String>,
        run_id: &str,
    ) -> Result<Self, Error> {
        let steps = Arc::new(Steps::new(workflow.steps.iter().map(|s| s.id.as_str())));
        let mut scope = Scope {
            inputs: Value::from(Serde(&inputs)),
            env: Value::from(Serde(&given_env)),
            steps: Value::from_dyn_object(steps.clone()),
            run: Value::from(BTreeMap::from([("id", Value::from(run_id))])),
            workflow: Value::from(BTreeMap::from([(
                "name",
                Value::from(workflow.name.clone()),
            )])),
            item: None,
            failed: false,
        };
        let expressions = Expressions::new(|_| false);
        let render = |key: &str, text: &str, scope: &Scope| {
            let value = expressions.render(text, &scope.value());
            value.map_err(|why| Error::Expression {
                key: key.to_owned(),
                why,
            })
        };
        let mut env = inherited.clone();
        for (key, text) in &workflow.env {
            env.insert(key.clone(), render(&format!("env.{key}"), text, &scope)?);
        }
        let mut seen = given_env;
        seen.extend(env.clone());
        scope.env = Value::from(Serde(&seen));
        let root = render("root", &workflow.root, &scope)?;
        if root.trim().is_empty() {
            let why = "it is empty; write `.` for the current folder".into();
            return Err(Error::Folder {
                role: "root",
                path: root,
                why,
            });
        }
        Ok(Self {
            scope,
            env,
            seen_env: seen,
            root,
            steps,
            run_id: run_id.to_owned(),
        })
    }
}
