//! Evaluations as a table with commas (RFC 4180).

use std::fmt::Write as _;

use autoexec_evolutionary_optimizer::{Candidate, Space};

use super::command::Evaluated;
use super::document::SpaceDocument;
use super::values;

/// The line of heads, with its end.
pub(super) fn head(document: &SpaceDocument) -> String {
    let parameters = document.space.parameters().map(|(name, _)| name);
    let measured = document.objectives.iter().map(|it| it.name.as_str());
    let constraints = document.constraints.iter().map(String::as_str);
    let all = ["trial", "outcome", "seconds"].into_iter();
    let all = all.chain(measured).chain(constraints).chain(parameters);
    line(all.map(quote))
}

/// One evaluation as a line, with its end.
pub(super) fn row(evaluated: &Evaluated, document: &SpaceDocument) -> String {
    let mut cells = vec![evaluated.trial.to_string()];
    let numbers = document.objectives.len() + document.constraints.len();
    match &evaluated.result {
        Ok((objectives, constraints)) => {
            cells.push("measured".into());
            cells.push(format!("{:.3}", evaluated.time.as_secs_f64()));
            let measured = objectives.iter().chain(constraints);
            cells.extend(measured.map(ToString::to_string));
        }
        Err(failure) => {
            cells.push(failure.kind().into());
            cells.push(format!("{:.3}", evaluated.time.as_secs_f64()));
            cells.extend(std::iter::repeat_n(String::new(), numbers));
        }
    }
    cells.extend(parameters(&document.space, &evaluated.candidate));
    line(cells.iter().map(|cell| quote(cell)))
}

fn parameters(space: &Space, candidate: &Candidate) -> Vec<String> {
    let values = candidate.values().iter().enumerate();
    let texts = values.map(|(at, value)| values::text(&values::to_json(space, at, value)));
    texts.collect()
}

fn line(cells: impl Iterator<Item = String>) -> String {
    let mut line = String::new();
    for (index, cell) in cells.enumerate() {
        let comma = if index > 0 { "," } else { "" };
        _ = write!(line, "{comma}{cell}");
    }
    line.push('\n');
    line
}

fn quote(cell: &str) -> String {
    if cell.contains([',', '"', '\n', '\r']) {
        format!("\"{}\"", cell.replace('"', "\"\""))
    } else {
        cell.to_owned()
    }
}
