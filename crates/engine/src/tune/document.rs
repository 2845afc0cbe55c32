//! The file that says what a command may be given and what it answers.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::time::Duration;

use autoexec_evolutionary_optimizer::{
    Algorithm, Error, Goal, Noise, Options, ParameterDocument, Space,
};
use serde::Deserialize;

use super::command::variable;
use crate::document::conform::conform;
use crate::document::diagnostic::{Diagnostic, Diagnostics};
use crate::document::shape::{Field, Object, Shape, Short, ShortShape};
use crate::document::units::parse_duration;
use crate::document::yaml::{self, Node};

/// A bound of a number: any that a double has.
const NUMBER: Shape = Shape::Number {
    min: f64::MIN,
    max: f64::MAX,
};
const LITERALS: Shape = Shape::List {
    of: &Shape::Literal,
    one: true,
};
const NAMES: Shape = Shape::List {
    of: &Shape::Text,
    one: true,
};

/// A file for `orchestrator tune --space`.
pub static SPACE: Object = Object {
    name: "space",
    doc: "What a command may be given, and what it answers.",
    short: &[],
    exactly_one: &[],
    fields: &[
        Field::new(
            "parameters",
            Shape::List {
                of: &Shape::Object(&PARAMETER),
                one: false,
            },
            "The parameters.",
        )
        .required(),
        Field::new(
            "objectives",
            Shape::List {
                of: &Shape::Object(&OBJECTIVE),
                one: true,
            },
            "What the command measures; one value to be minimised when absent.",
        ),
        Field::new(
            "constraints",
            NAMES,
            "Further values that the command measures; each holds where it is at most 0.",
        ),
        Field::new(
            "budget",
            Shape::Integer {
                min: 1,
                max: 1 << 40,
            },
            "How often the command is run.",
        )
        .default("100"),
        Field::new("algorithm", Shape::Text, "How to search.").default("auto"),
        Field::new(
            "seed",
            Shape::Integer {
                min: 0,
                max: i64::MAX,
            },
            "The seed of all random draws.",
        )
        .default("0"),
        Field::new(
            "repeats",
            Shape::Integer { min: 1, max: 1000 },
            "How often each point is measured; the means count.",
        )
        .default("1"),
        Field::new(
            "noisy",
            Shape::Bool,
            "Whether measuring again gives another value.",
        )
        .default("false"),
        Field::new(
            "timeout",
            Shape::Duration,
            "The time after which a run of the command counts as failed.",
        )
        .default("10m"),
    ],
};

static PARAMETER: Object = Object {
    name: "parameter",
    doc: "Something that may be varied.",
    short: &[],
    exactly_one: &[],
    fields: &[
        Field::new("name", Shape::Text, "Its name.").required(),
        Field::new(
            "type",
            Shape::OneOf(&["real", "int", "cat", "ord", "bool"]),
            "Its type: a real number, an integer, a choice, an ordered choice, a switch.",
        )
        .required(),
        Field::new("low", NUMBER, "The lowest value of a number."),
        Field::new("high", NUMBER, "The highest value of a number."),
        Field::new(
            "log",
            Shape::Bool,
            "Whether equal ratios, rather than equal differences, matter equally.",
        )
        .default("false"),
        Field::new(
            "choices",
            LITERALS,
            "The choices; of an ordered choice from the lowest on.",
        ),
        Field::new(
            "n",
            Shape::Integer {
                min: 1,
                max: 1 << 20,
            },
            "The number of choices, where they have no names.",
        ),
        Field::new(
            "only_if",
            Shape::Map(&LITERALS),
            "The parameter before this one that it depends on, and the values that it must have.",
        ),
        Field::new(
            "initial",
            Shape::Literal,
            "The value of the first point, which is tried first.",
        ),
    ],
};

static OBJECTIVE: Object = Object {
    name: "objective",
    doc: "A value that the command measures.",
    short: &[Short {
        shape: ShortShape::Scalar,
        field: "name",
    }],
    exactly_one: &[],
    fields: &[
        Field::new("name", Shape::Text, "Its name in the command's answer.").required(),
        Field::new(
            "goal",
            Shape::OneOf(&["minimize", "maximize"]),
            "Whether small or large is good.",
        )
        .default("minimize"),
    ],
};

/// A value that the command measures.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Objective {
    /// Its name in the command's answer.
    pub name: String,
    /// Whether small or large is good.
    pub goal: Goal,
}

/// A file for `orchestrator tune --space`, checked.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct SpaceDocument {
    /// What may be varied.
    pub space: Space,
    /// What is measured; at least one.
    pub objectives: Vec<Objective>,
    /// The names of what must be at most 0.
    pub constraints: Vec<String>,
    /// How to search.
    pub options: Options,
    /// The time after which a run of the command counts as failed.
    pub timeout: Duration,
}

/// As the canonical form has it.
#[derive(Debug, Deserialize)]
struct Raw {
    parameters: Vec<ParameterDocument>,
    #[serde(default)]
    objectives: Vec<RawObjective>,
    #[serde(default)]
    constraints: Vec<String>,
    budget: Option<u64>,
    algorithm: Option<String>,
    seed: Option<u64>,
    repeats: Option<u32>,
    #[serde(default)]
    noisy: bool,
    timeout: Option<String>,
}

#[derive(Debug, Deserialize)]
struct RawObjective {
    name: String,
    goal: Option<String>,
}

impl SpaceDocument {
    /// Reads and checks a file.
    ///
    /// # Errors
    /// Every error found, each with its place.
    pub fn load(path: &Path) -> Result<Self, Diagnostics> {
        let file = path.display().to_string();
        let text = std::fs::read_to_string(path).map_err(|error| {
            let what = Diagnostic::whole(format!("cannot be read: {error}"));
            Diagnostics::single(&file, "", what)
        })?;
        Self::parse(&file, &text)
    }

    /// Checks a document; `file` is what messages call it.
    ///
    /// # Errors
    /// Every error found, each with its place.
    pub fn parse(file: &str, text: &str) -> Result<Self, Diagnostics> {
        let single = |error| Diagnostics::single(file, text, error);
        let node = yaml::parse(text).map_err(single)?;
        let (canonical, errors) = conform(&node, &SPACE);
        if !errors.is_empty() {
            return Err(Diagnostics::many(file, text, errors));
        }
        let raw: Raw = serde_json::from_value(canonical.to_json())
            .map_err(|error| single(Diagnostic::whole(error.to_string())))?;
        raw.check(&node).map_err(single)
    }
}

impl Raw {
    fn check(self, node: &Node) -> Result<SpaceDocument, Diagnostic> {
        let at = |error: Error| {
            let place = place_of(&error, node);
            Diagnostic::new(format!("failed to {error}"), place)
        };
        let space = Space::from_document(&self.parameters).map_err(at)?;
        let initial = space.initial_of(&self.parameters).map_err(at)?;
        let objectives = self.objectives();
        self.check_names(&objectives)
            .map_err(|what| Diagnostic::new(what, node.place))?;
        let algorithm = self.algorithm.as_deref().unwrap_or("auto");
        let algorithm: Algorithm = algorithm.parse().map_err(|error| {
            let place = node.get("algorithm").map_or(node.place, |node| node.place);
            Diagnostic::new(format!("failed to {error}"), place)
        })?;
        let noise = match self.repeats {
            Some(times @ 2..) => Noise::Averaged(times),
            _ if self.noisy => Noise::Present,
            _ => Noise::None,
        };
        let timeout = self.timeout.as_deref().map(parse_duration).transpose();
        Ok(SpaceDocument {
            options: Options {
                algorithm,
                goals: objectives.iter().map(|it| it.goal).collect(),
                constraints: self.constraints.len(),
                noise,
                seed: self.seed.unwrap_or(0),
                evaluations: Some(self.budget.unwrap_or(100)),
                initial: initial.into_iter().collect(),
                ..Options::default()
            },
            space,
            objectives,
            constraints: self.constraints,
            timeout: timeout
                .map_err(|error| Diagnostic::new(error, node.place))?
                .unwrap_or(Duration::from_secs(600)),
        })
    }

    /// Refuses names that the command could not tell apart.
    fn check_names(&self, objectives: &[Objective]) -> Result<(), String> {
        let names = self.parameters.iter().filter_map(|it| it.name.as_deref());
        let mut seen = BTreeMap::new();
        for name in names {
            if let Some(other) = seen.insert(variable(name), name) {
                let shared = variable(name);
                return Err(format!(
                    "`{other}` and `{name}` would both be in the variable {shared}"
                ));
            }
        }
        let measured = objectives.iter().map(|it| it.name.as_str());
        let mut seen = BTreeSet::new();
        for name in measured.chain(self.constraints.iter().map(String::as_str)) {
            if !seen.insert(name) {
                return Err(format!("two measured values are named `{name}`"));
            }
        }
        Ok(())
    }

    fn objectives(&self) -> Vec<Objective> {
        let named = self.objectives.iter().map(|raw| Objective {
            name: raw.name.clone(),
            goal: match raw.goal.as_deref() {
                Some("maximize") => Goal::Maximize,
                _ => Goal::Minimize,
            },
        });
        let named: Vec<Objective> = named.collect();
        if named.is_empty() {
            return vec![Objective {
                name: "value".into(),
                goal: Goal::Minimize,
            }];
        }
        named
    }
}

/// Where the parameter stands that an error is about.
fn place_of(error: &Error, node: &Node) -> crate::document::diagnostic::Place {
    let text = error.to_string();
    let parameters = node.get("parameters").map(Node::items).unwrap_or_default();
    let named = parameters.iter().find(|it| {
        let name = it.get("name").and_then(Node::as_str);
        name.is_some_and(|name| text.contains(&format!("`{name}`")))
    });
    named.or(node.get("parameters")).unwrap_or(node).place
}
