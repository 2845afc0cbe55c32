//! What a command answers, and why there may be no answer.

use serde_json::Value as Json;

use super::document::SpaceDocument;

/// Characters of an answer that a message shows.
const SHOWN: usize = 120;

/// Objectives and constraints.
pub(super) type Measured = (Vec<f64>, Vec<f64>);

/// Why an evaluation failed.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Failure {
    /// It could not be started.
    NotStarted(String),
    /// It ended with another status than 0; with the last line of its standard error.
    Status(String, String),
    /// It did not end in time.
    TimedOut,
    /// What it printed is no answer.
    NoAnswer(String),
}

impl Failure {
    /// All that [`kind`](Self::kind) may be.
    pub(super) const KINDS: [&str; 4] = ["not-started", "failed", "timed-out", "no-answer"];

    /// In one word.
    pub fn kind(&self) -> &'static str {
        Self::KINDS[match self {
            Self::NotStarted(_) => 0,
            Self::Status(..) => 1,
            Self::TimedOut => 2,
            Self::NoAnswer(_) => 3,
        }]
    }
}

impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::NotStarted(error) => write!(f, "cannot be started: {error}"),
            Self::Status(status, line) if line.is_empty() => write!(f, "{status}"),
            Self::Status(status, line) => write!(f, "{status}: {line}"),
            Self::TimedOut => write!(f, "did not end in time"),
            Self::NoAnswer(what) => write!(f, "{what}"),
        }
    }
}

/// The last line that is not blank.
pub(super) fn last_line(text: &str) -> &str {
    text.lines()
        .map(str::trim)
        .rfind(|line| !line.is_empty())
        .unwrap_or_default()
}

/// The last line of what a command said about its failure, as a message shows it.
pub(super) fn error_line(text: &str) -> String {
    shown(last_line(text))
}

/// The objectives and constraints of an answer.
pub(super) fn answer(line: &str, document: &SpaceDocument) -> Result<Measured, String> {
    if line.is_empty() {
        return Err("printed nothing".into());
    }
    let json: Json = serde_json::from_str(line)
        .map_err(|_| format!("the last line that it printed is no JSON: {}", shown(line)))?;
    let (objectives, constraints) = match &json {
        Json::Number(_) => (numbers(std::slice::from_ref(&json))?, Vec::new()),
        Json::Array(list) => (numbers(list)?, Vec::new()),
        Json::Object(map) if map.contains_key("objectives") => (
            listed(map.get("objectives"))?,
            listed(map.get("constraints"))?,
        ),
        Json::Object(map) => {
            let named = |name: &str| {
                let value = map
                    .get(name)
                    .ok_or_else(|| format!("its answer has no `{name}`"))?;
                number(value)
            };
            let objectives = document.objectives.iter().map(|it| named(&it.name));
            let constraints = document.constraints.iter().map(|name| named(name));
            (
                objectives.collect::<Result<_, _>>()?,
                constraints.collect::<Result<_, _>>()?,
            )
        }
        _ => {
            return Err(format!(
                "its answer is no number, list or object: {}",
                shown(line)
            ));
        }
    };
    let check = |what, found: &[f64], wanted: usize| match found.len() == wanted {
        true => Ok(()),
        false => Err(format!(
            "its answer has {} {what} instead of {wanted}",
            found.len()
        )),
    };
    check("objectives", &objectives, document.objectives.len())?;
    check("constraints", &constraints, document.constraints.len())?;
    Ok((objectives, constraints))
}

/// The beginning of a line.
fn shown(line: &str) -> String {
    line.chars().take(SHOWN).collect()
}

fn listed(value: Option<&Json>) -> Result<Vec<f64>, String> {
    match value {
        None => Ok(Vec::new()),
        Some(Json::Array(list)) => numbers(list),
        Some(one) => Ok(vec![number(one)?]),
    }
}

fn numbers(list: &[Json]) -> Result<Vec<f64>, String> {
    list.iter().map(number).collect()
}

fn number(value: &Json) -> Result<f64, String> {
    let wrong = || format!("its answer has {value} where a number should be");
    value.as_f64().ok_or_else(wrong)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_have_four_forms() {
        let document = SpaceDocument::parse(
            "space.yaml",
            "parameters: [{name: x, type: bool}]\nobjectives: [time, {name: hits, goal: maximize}]\nconstraints: [memory]\n",
        )
        .expect("because it is sound");
        let check = |line: &str| answer(line, &document);
        let expect = (vec![1.5, 2.0], vec![-1.0]);
        assert_eq!(
            check(r#"{"memory": -1, "hits": 2, "time": 1.5, "more": "x"}"#),
            Ok(expect.clone())
        );
        assert_eq!(
            check(r#"{"objectives": [1.5, 2], "constraints": -1}"#),
            Ok(expect)
        );
        let error = |line: &str| check(line).expect_err("because it is no answer");
        assert_eq!(error(""), "printed nothing");
        assert_eq!(
            error("done"),
            "the last line that it printed is no JSON: done"
        );
        assert_eq!(error("3"), "its answer has 1 objectives instead of 2");
        assert_eq!(error("[1, 2]"), "its answer has 0 constraints instead of 1");
        assert_eq!(error(r#"{"time": 1}"#), "its answer has no `hits`");
        assert_eq!(
            error(r#"{"time": "fast", "hits": 1, "memory": 0}"#),
            "its answer has \"fast\" where a number should be"
        );
        assert_eq!(
            error("\"x\""),
            "its answer is no number, list or object: \"x\""
        );
    }
}
