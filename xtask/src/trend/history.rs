//! The lines of the history, and what they say of each benchmark.

use std::collections::BTreeMap;

use serde::Deserialize;

/// Lines of other formats are not read.
const FORMAT: u32 = 1;
/// How many lines that cannot be read are named.
const NAMED: usize = 5;

/// One run; what else a line holds is of no interest here.
#[derive(Debug, Deserialize)]
struct Run {
    format: u32,
    /// Whatever it is: runs with the same are of the same machine.
    #[serde(default)]
    host: serde_json::Value,
    entries: BTreeMap<String, Entry>,
}

#[derive(Clone, Copy, Debug, Deserialize)]
struct Entry {
    #[serde(default)]
    ns: Option<f64>,
    #[serde(default)]
    ratio: Option<f64>,
}

#[derive(Debug, Default)]
pub(super) struct History {
    /// In the order of the file, with their places among the runs.
    runs: Vec<Run>,
    /// Line and reason of each that is no run.
    bad: Vec<(usize, String)>,
}

/// What is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unit {
    /// Multiples of the floor, of whatever machine.
    Ratio,
    /// Nanoseconds on one machine.
    Nanoseconds,
}

/// A benchmark from run to run.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Course {
    pub(super) name: String,
    pub(super) unit: Unit,
    /// Number of the run, counted from 1, and value.
    pub(super) points: Vec<(f64, f64)>,
}

impl Course {
    /// The last value beside the median of those before it, as a share; absent for a single one.
    pub(super) fn change(&self) -> Option<f64> {
        let (last, before) = self.points.split_last()?;
        let mut before: Vec<f64> = before.iter().map(|it| it.1).collect();
        let median = autoexec_metrics::stats::median(&mut before)?;
        (median > 0.0).then(|| last.1 / median - 1.0)
    }
}

impl History {
    /// Takes the lines that are runs, and remembers the others.
    pub(super) fn parse(text: &str) -> Self {
        let mut history = Self::default();
        let lines = text.lines().enumerate();
        for (index, line) in lines.filter(|it| !it.1.trim().is_empty()) {
            match serde_json::from_str::<Run>(line) {
                Ok(run) if run.format == FORMAT => history.runs.push(run),
                Ok(run) => history
                    .bad
                    .push((index + 1, format!("format {}", run.format))),
                Err(error) => history.bad.push((index + 1, error.to_string())),
            }
        }
        history
    }

    pub(super) fn runs(&self) -> usize {
        self.runs.len()
    }

    /// Which lines are no runs, if there are any.
    pub(super) fn complaint(&self) -> Option<String> {
        if self.bad.is_empty() {
            return None;
        }
        let named: Vec<String> = self
            .bad
            .iter()
            .take(NAMED)
            .map(|(line, why)| format!("line {line} ({why})"))
            .collect();
        let more = match self.bad.len() - named.len() {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        Some(format!(
            "{} lines of the history are not read: {}{more}",
            self.bad.len(),
            named.join(", ")
        ))
    }

    /// One course for each benchmark that is measured beside a floor, by ratio; of each other one for each machine, by time.
    /// The greatest change for the worse first.
    pub(super) fn courses(&self, filter: Option<&str>) -> Vec<Course> {
        let mut ratios: BTreeMap<&str, Vec<(f64, f64)>> = BTreeMap::new();
        let mut times: BTreeMap<(&str, String), Vec<(f64, f64)>> = BTreeMap::new();
        for (index, run) in self.runs.iter().enumerate() {
            let x = index as f64 + 1.0;
            let wanted = |id: &str| filter.is_none_or(|text| id.contains(text));
            for (id, entry) in run.entries.iter().filter(|it| wanted(it.0)) {
                if let Some(ratio) = entry.ratio {
                    ratios.entry(id).or_default().push((x, ratio));
                } else if let Some(ns) = entry.ns {
                    let key = (id.as_str(), host(&run.host));
                    times.entry(key).or_default().push((x, ns));
                }
            }
        }
        times.retain(|(id, _), _| !ratios.contains_key(id));
        let mut courses = joined(ratios, times);
        let key = |it: &Course| it.change().unwrap_or(f64::NEG_INFINITY);
        courses.sort_by(|a, b| key(b).total_cmp(&key(a)).then_with(|| a.name.cmp(&b.name)));
        courses
    }
}

fn joined(
    ratios: BTreeMap<&str, Vec<(f64, f64)>>,
    times: BTreeMap<(&str, String), Vec<(f64, f64)>>,
) -> Vec<Course> {
    let ratios = ratios.into_iter().map(|(id, points)| Course {
        name: id.to_owned(),
        unit: Unit::Ratio,
        points,
    });
    let times = times.into_iter().map(|((id, host), points)| Course {
        name: format!("{id} on {host}"),
        unit: Unit::Nanoseconds,
        points,
    });
    ratios.chain(times).collect()
}

fn host(value: &serde_json::Value) -> String {
    match value {
        serde_json::Value::String(text) => text.clone(),
        serde_json::Value::Null => "an unnamed machine".to_owned(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(host: &str, entries: &str) -> String {
        format!(
            "{{\"format\":1,\"date\":\"d\",\"commit\":null,\"host\":\"{host}\",\"kind\":\"bench\",\"entries\":{{{entries}}}}}\n"
        )
    }

    #[test]
    fn ratios_join_machines_and_times_do_not() {
        let text = run("one", r#""g/floor":{"ns":10},"g/ours":{"ns":20,"ratio":2}"#)
            + &run("two", r#""g/floor":{"ns":30},"g/ours":{"ns":90,"ratio":3}"#);
        let courses = History::parse(&text).courses(None);
        let ours = &courses[0];
        assert_eq!((ours.name.as_str(), ours.unit), ("g/ours", Unit::Ratio));
        assert_eq!(ours.points, [(1.0, 2.0), (2.0, 3.0)]);
        assert_eq!(ours.change(), Some(0.5));
        let names: Vec<&str> = courses[1..].iter().map(|it| it.name.as_str()).collect();
        assert_eq!(names, ["g/floor on one", "g/floor on two"]);
        assert_eq!(courses[1].change(), None);
        assert_eq!(History::parse(&text).courses(Some("ours")).len(), 1);
    }

    #[test]
    fn lines_that_are_no_runs_are_counted_and_named() {
        let text = run("one", r#""a":{"ns":1}"#)
            + "{\n\nnull\n{\"format\":9,\"entries\":{}}\n"
            + &run("one", r#""a":{"ns":2}"#)
            + "\u{fffd}\n[]\n1\n\"x\"\n";
        let history = History::parse(&text);
        assert_eq!((history.runs(), history.bad.len()), (2, 7));
        let complaint = history.complaint().unwrap();
        assert!(
            complaint.starts_with("7 lines of the history are not read: line 2 ("),
            "{complaint}"
        );
        assert!(
            complaint.contains("line 5 (format 9)") && complaint.ends_with("and 2 more"),
            "{complaint}"
        );
        assert_eq!(history.courses(None)[0].points, [(1.0, 1.0), (2.0, 2.0)]);
        assert_eq!(History::parse("").complaint(), None);
    }

    #[test]
    fn the_greatest_change_for_the_worse_comes_first() {
        let text = run("m", r#""a":{"ratio":1},"b":{"ratio":1},"c":{"ratio":1}"#)
            + &run(
                "m",
                r#""a":{"ratio":0.5},"b":{"ratio":2},"c":{"ratio":1.1}"#,
            );
        let courses = History::parse(&text).courses(None);
        let names: Vec<&str> = courses.iter().map(|it| it.name.as_str()).collect();
        assert_eq!(names, ["b", "c", "a"]);
    }
}
