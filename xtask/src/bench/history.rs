//! The line that a run adds to the history: what it took, and what it took beside the floors.

use std::collections::BTreeMap;

use anyhow::Result;
use serde::Serialize;

use super::report::Report;

/// Version of a line of the history.
const FORMAT: u32 = 1;

#[derive(Serialize)]
struct Line<'a> {
    format: u32,
    date: &'a str,
    /// Its id, with a `+` behind it where the working tree differed.
    commit: Option<String>,
    host: String,
    kind: &'static str,
    entries: BTreeMap<&'a str, Figures>,
}

/// By the clock that decides.
#[derive(Serialize)]
struct Figures {
    ns: f64,
    /// To the floor; absent for floors and where there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    ratio: Option<f64>,
}

/// One run as one line of JSON, without the line's end.
///
/// # Errors
/// When a figure is no number that JSON can hold.
pub(crate) fn line(report: &Report) -> Result<String> {
    let commit = report.commit.as_ref();
    let figures = |entry: &super::report::Entry| Figures {
        ns: entry.median_ns,
        ratio: entry.floor.as_ref().map(|floor| floor.ratio),
    };
    let entries = report.entries.iter();
    let line = Line {
        format: FORMAT,
        date: &report.date,
        commit: commit.map(|it| format!("{}{}", it.id, if it.modified { "+" } else { "" })),
        host: report.host.to_string(),
        kind: "bench",
        entries: entries.map(|it| (it.id.as_str(), figures(it))).collect(),
    };
    Ok(serde_json::to_string(&line)?)
}

#[cfg(test)]
mod tests {
    use super::super::host::Commit;
    use super::super::report::tests::report;
    use super::*;

    #[test]
    fn a_run_is_one_line_of_this_form() {
        let mut run = report(&[("g", "floor", &[2.0]), ("g", "ours", &[5.0])]);
        run.commit = Some(Commit {
            id: "abc".to_owned(),
            modified: true,
        });
        assert_eq!(
            line(&run).unwrap(),
            r#"{"format":1,"date":"2026-03-01T12:00:00Z","commit":"abc+","host":"test, 2 cores, linux x86_64","kind":"bench","entries":{"g/floor":{"ns":2.0},"g/ours":{"ns":5.0,"ratio":2.5}}}"#
        );
    }
}
