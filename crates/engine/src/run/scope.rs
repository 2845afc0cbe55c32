//! What expressions see: inputs, environment, and the steps that are done.

use std::collections::BTreeMap;
use std::collections::HashMap;
use std::sync::{Arc, OnceLock};

use minijinja::value::{Enumerator, Object, Serde, Value};

use crate::report::StepOutcome;
use crate::workflow::expression::FAILED;

use super::output::Output;

/// What is known of a step that is done.
#[derive(Debug)]
pub(crate) struct StepState {
    pub(crate) outcome: StepOutcome,
    /// Whether it counts as failed for those that need it.
    pub(crate) is_failure: bool,
    pub(crate) outputs: Vec<Output>,
    /// What expressions see; made once, when the first one asks.
    pub(crate) value: OnceLock<Value>,
    pub(crate) error: Option<String>,
    pub(crate) is_wide: bool,
}

/// The steps of a run, each set once it is done.
#[derive(Debug)]
pub(crate) struct Steps {
    pub(crate) index: HashMap<String, usize>,
    pub(crate) states: Vec<OnceLock<StepState>>,
}

impl Steps {
    pub(crate) fn new<'a>(ids: impl Iterator<Item = &'a str>) -> Self {
        let index: HashMap<String, usize> =
            ids.enumerate().map(|(i, id)| (id.to_owned(), i)).collect();
        let states = (0..index.len()).map(|_| OnceLock::new()).collect();
        Self { index, states }
    }

    pub(crate) fn state(&self, id: &str) -> Option<&StepState> {
        self.states.get(*self.index.get(id)?)?.get()
    }
}

impl Object for Steps {
    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        let state = self.state(key.as_str()?)?;
        Some(state.value.get_or_init(|| step_value(state)).clone())
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::NonEnumerable
    }
}

fn step_value(state: &StepState) -> Value {
    let mut fields: BTreeMap<String, Value> = BTreeMap::new();
    if state.is_wide {
        let items: Vec<Value> = state
            .outputs
            .iter()
            .map(|o| Value::from(Serde(o)))
            .collect();
        fields.insert("items".into(), Value::from(items));
    } else if let Some(output) = state.outputs.first() {
        let value = Value::from(Serde(output));
        for key in value.try_iter().into_iter().flatten() {
            if let (Some(name), Ok(inner)) = (key.as_str(), value.get_item(&key)) {
                fields.insert(name.to_owned(), inner);
            }
        }
    }
    let outcome = match state.outcome {
        StepOutcome::Succeeded => "succeeded",
        StepOutcome::Failed => "failed",
        StepOutcome::Skipped => "skipped",
        StepOutcome::Cancelled => "cancelled",
    };
    fields.insert("outcome".into(), Value::from(outcome));
    fields.insert("error".into(), Value::from(state.error.clone()));
    Value::from(fields)
}

/// The names of one evaluation.
#[derive(Debug, Clone)]
pub(crate) struct Scope {
    pub(crate) inputs: Value,
    pub(crate) env: Value,
    pub(crate) steps: Value,
    pub(crate) run: Value,
    pub(crate) workflow: Value,
    pub(crate) item: Option<(Value, u32)>,
    pub(crate) failed: bool,
}

impl Scope {
    pub(crate) fn value(&self) -> Value {
        Value::from_object(self.clone())
    }
}

impl Object for Scope {
    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        match key.as_str()? {
            "inputs" => Some(self.inputs.clone()),
            "env" => Some(self.env.clone()),
            "steps" => Some(self.steps.clone()),
            "run" => Some(self.run.clone()),
            "workflow" => Some(self.workflow.clone()),
            "item" => self.item.as_ref().map(|(item, _)| item.clone()),
            "index" => self.item.as_ref().map(|(_, index)| Value::from(*index)),
            FAILED => Some(Value::from(self.failed)),
            _ => None,
        }
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::NonEnumerable
    }
}
