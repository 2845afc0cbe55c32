//! Evaluations as a table with commas (RFC 4180).

use std::fmt::Write as _;

use autoexec_evolutionary_optimizer::Candidate;

use super::answer::{Failure, Measured};
use super::command::Evaluated;
use super::document::SpaceDocument;
use super::values;

/// What the outcome of an evaluation with an answer is called.
const MEASURED: &str = "measured";

/// An evaluation as it stands in a table.
#[derive(Debug, PartialEq)]
pub(super) struct Row {
    pub(super) trial: u64,
    /// None if it failed.
    pub(super) measured: Option<Measured>,
    pub(super) parameters: Vec<String>,
}

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
            cells.push(MEASURED.into());
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
    cells.extend(parameters(&evaluated.candidate));
    line(cells.iter().map(|cell| quote(cell)))
}

/// The cells of the parameters.
pub(super) fn parameters(candidate: &Candidate) -> Vec<String> {
    values::row(candidate).iter().map(values::text).collect()
}

/// The rows of a table that this module wrote, and how many bytes they and the heads are. What follows the last end of a
/// row was never finished, and is left out.
pub(super) fn rows(bytes: &[u8], document: &SpaceDocument) -> Result<(Vec<Row>, usize), String> {
    let head = head(document);
    if bytes.len() < head.len() && head.as_bytes().starts_with(bytes) {
        return Ok((Vec::new(), 0));
    }
    let rest = bytes.strip_prefix(head.as_bytes());
    let records = records(rest.ok_or("its heads are not those of this search")?);
    let length = head.len() + records.iter().map(|it| it.len()).sum::<usize>();
    let rows = records.into_iter().enumerate().map(|(index, record)| {
        read(record, document).ok_or_else(|| format!("its row {} is none", index + 1))
    });
    Ok((rows.collect::<Result<_, _>>()?, length))
}

fn read(record: &[u8], document: &SpaceDocument) -> Option<Row> {
    let mut cells = cells(std::str::from_utf8(record).ok()?.strip_suffix('\n')?)?;
    let (objectives, constraints) = (document.objectives.len(), document.constraints.len());
    if cells.len() != 3 + objectives + constraints + document.space.len() {
        return None;
    }
    let parameters = cells.split_off(3 + objectives + constraints);
    let numbers = &cells[3..];
    let measured = if cells[1] == MEASURED {
        let numbers = numbers.iter().map(|it| it.parse::<f64>().ok());
        let mut numbers = numbers.collect::<Option<Vec<f64>>>()?;
        let constraints = numbers.split_off(objectives);
        Some((numbers, constraints))
    } else {
        let is_failure = Failure::KINDS.contains(&&*cells[1]);
        if !is_failure || numbers.iter().any(|it| !it.is_empty()) {
            return None;
        }
        None
    };
    Some(Row {
        trial: cells[0].parse().ok()?,
        measured,
        parameters,
    })
}

/// Whole lines; an end between quotes is none.
fn records(bytes: &[u8]) -> Vec<&[u8]> {
    let mut is_quoted = false;
    let records = bytes.split_inclusive(|&byte| {
        is_quoted ^= byte == b'"';
        byte == b'\n' && !is_quoted
    });
    let mut records: Vec<&[u8]> = records.collect();
    if is_quoted || !bytes.ends_with(b"\n") {
        records.pop();
    }
    records
}

/// The cells of a line without its end; none if quotes are not closed.
fn cells(line: &str) -> Option<Vec<String>> {
    let mut is_quoted = false;
    let cells = line.split(|letter| {
        is_quoted ^= letter == '"';
        letter == ',' && !is_quoted
    });
    cells.map(unquote).collect()
}

fn unquote(cell: &str) -> Option<String> {
    match cell.strip_prefix('"') {
        Some(rest) => Some(rest.strip_suffix('"')?.replace("\"\"", "\"")),
        None => Some(cell.to_owned()),
    }
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

#[cfg(test)]
mod tests {
    use super::*;
    use autoexec_evolutionary_optimizer::Optimizer;
    use std::time::Duration;

    #[test]
    fn rows_are_read_as_they_were_written_wherever_the_table_is_cut() {
        let text = "parameters: [{name: 'a,\"b', type: cat, choices: ['x,y', \"line\\nend\", '\"q\"', é, '']}, {name: r, type: real, low: 0, high: 1}]
objectives: [f, g]
constraints: [c]
";
        let document = SpaceDocument::parse("s", text).expect("because it is sound");
        let optimizer = Optimizer::new(&document.space, &document.options);
        let mut optimizer = optimizer.expect("because the options are sound");
        let mut table = head(&document);
        let mut expect = Vec::new();
        let mut ends = vec![table.len()];
        while expect.len() < 20 {
            let trial = optimizer.ask(1).pop().expect("because it is not over");
            let result = match trial.id % 4 {
                0 => Ok((vec![1e-300 / 3.0, -0.0], vec![trial.id as f64])),
                1 => Ok((vec![f64::MAX, 0.1 + 0.2], vec![-1e21])),
                2 => Err(Failure::TimedOut),
                _ => Err(Failure::NoAnswer("a, \"b\"\n".into())),
            };
            optimizer
                .tell(trial.id, &result)
                .expect("because it is open");
            expect.push((trial.id, result.clone().ok(), parameters(&trial.candidate)));
            table += &row(
                &Evaluated {
                    trial: trial.id,
                    candidate: trial.candidate,
                    result,
                    time: Duration::from_millis(5),
                },
                &document,
            );
            ends.push(table.len());
        }
        for cut in 0..=table.len() {
            let whole = ends.iter().filter(|&&end| end <= cut).count();
            let rows = rows(&table.as_bytes()[..cut], &document);
            let (rows, length) = rows.unwrap_or_else(|what| panic!("cut at {cut}: {what}"));
            assert_eq!(length, whole.checked_sub(1).map_or(0, |last| ends[last]));
            let found: Vec<_> = rows
                .iter()
                .map(|it| (it.trial, it.measured.clone(), it.parameters.clone()))
                .collect();
            assert_eq!(found, expect[..whole.saturating_sub(1)], "cut at {cut}");
        }
        let error =
            |table: &str| rows(table.as_bytes(), &document).expect_err("because it is none");
        assert_eq!(error("trial,x\n"), "its heads are not those of this search");
        for wrong in [
            "\n",
            "0,measured,0.1,1,2,3\n",
            "x,measured,0.1,1,2,3,é,0.5\n",
            "0,measured,0.1,1,,3,é,0.5\n",
            "0,tired,0.1,,,,é,0.5\n",
            "0,timed-out,0.1,1,,,é,0.5\n",
        ] {
            assert_eq!(
                error(&format!("{}{wrong}", head(&document))),
                "its row 1 is none"
            );
        }
    }
}
