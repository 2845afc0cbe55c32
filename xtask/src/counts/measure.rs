//! Doing each scenario, and not doing it: the difference is what it costs.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};

use super::snapshot::{Counted, Counts};
use super::trace::{self, Traced};
use crate::process;

/// A line of what the program lists.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Scenario {
    pub(crate) id: String,
    /// How often it is to be done.
    pub(crate) times: u64,
}

/// What was counted, by scenario, and why system calls were not.
pub(super) struct Measured {
    pub(super) counted: BTreeMap<String, Counted>,
    pub(super) untraced: Option<String>,
}

/// The scenarios whose id contains the filter.
///
/// # Errors
/// When the program fails or says something else than a list.
pub(crate) fn list(program: &Path, filter: Option<&str>) -> Result<Vec<Scenario>> {
    let said = process::capture(command(program).arg("--list"))?;
    let all: Vec<Scenario> = said.lines().map(parse_line).collect::<Result<_>>()?;
    let wanted = |it: &Scenario| filter.is_none_or(|text| it.id.contains(text));
    Ok(all.into_iter().filter(wanted).collect())
}

fn parse_line(line: &str) -> Result<Scenario> {
    let mut fields = line.split('\t');
    let scenario = match (fields.next(), fields.next().map(str::parse)) {
        (Some(id), Some(Ok(times))) => Scenario {
            id: id.to_owned(),
            times,
        },
        _ => bail!("the program of counts lists `{line}`"),
    };
    Ok(scenario)
}

/// The program, where paths are as long and as deep on every machine: system calls and bytes follow from them.
pub(crate) fn command(program: &Path) -> Command {
    let mut command = process::command(program, Path::new("/"));
    if Path::new("/tmp").is_dir() {
        command.env("TMPDIR", "/tmp");
    }
    command
}

pub(super) fn measure(program: &Path, scenarios: &[Scenario]) -> Result<Measured> {
    let mut measured = Measured {
        counted: BTreeMap::new(),
        untraced: None,
    };
    for scenario in scenarios {
        let mut once = |times| {
            run(program, &scenario.id, times, &mut measured.untraced)
                .with_context(|| format!("scenario `{}`", scenario.id))
        };
        let (none, done) = (once(0)?, once(scenario.times)?);
        let calls = match (done.1, none.1) {
            (Some(done), Some(none)) => Some(difference(done, &none)),
            _ => None,
        };
        let counted = Counted {
            times: scenario.times,
            counts: all(difference(done.0, &none.0), &none.0),
            calls,
        };
        measured.counted.insert(scenario.id.clone(), counted);
    }
    Ok(measured)
}

/// Measures three times, and takes of each count the one in the middle.
pub(super) fn median_of_three(program: &Path, scenarios: &[Scenario]) -> Result<Measured> {
    let mut measured = measure(program, scenarios)?;
    let (second, third) = (
        measure(program, scenarios)?.counted,
        measure(program, scenarios)?.counted,
    );
    for (id, first) in &mut measured.counted {
        let (second, third) = (&second[id], &third[id]);
        first.counts = middle([&first.counts, &second.counts, &third.counts]);
        first.calls = match (&first.calls, &second.calls, &third.calls) {
            (Some(a), Some(b), Some(c)) => {
                let mut calls = middle([a, b, c]);
                calls.retain(|_, count| *count != 0);
                Some(calls)
            }
            _ => None,
        };
    }
    Ok(measured)
}

/// Of each name the value in the middle; where it is missing it is nothing.
fn middle(all: [&Counts; 3]) -> Counts {
    let names = all.iter().flat_map(|counts| counts.keys());
    let of = |name: &String| {
        let mut values = all.map(|counts| counts.get(name).copied().unwrap_or_default());
        values.sort_unstable();
        (name.clone(), values[1])
    };
    names.map(of).collect()
}

/// Does a scenario so often; traces it unless that was refused before.
fn run(
    program: &Path,
    id: &str,
    times: u64,
    untraced: &mut Option<String>,
) -> Result<(Counts, Option<Counts>)> {
    let mut command = command(program);
    command.args([id, &times.to_string()]);
    let mut calls = None;
    let mut said = None;
    if untraced.is_none() {
        match trace::run(&mut command)? {
            Traced::Ran(output, counted) => (said, calls) = (Some(output), Some(counted)),
            Traced::Refused(why) => *untraced = Some(why),
        }
    }
    let said = match said {
        Some(said) => said,
        None => process::capture(&mut command)?,
    };
    let counts = serde_json::from_str(&said)
        .with_context(|| format!("the program of counts said `{}`", said.trim_end()))?;
    Ok((counts, calls))
}

/// What is more in `done`; nothing that is the same is listed.
fn difference(done: Counts, none: &Counts) -> Counts {
    let less = |(name, value): (String, i64)| {
        let base = none.get(&name).copied().unwrap_or_default();
        (name, value - base)
    };
    let more: Counts = done.into_iter().map(less).collect();
    more.into_iter().filter(|(_, value)| *value != 0).collect()
}

/// With a zero for each count that there is but did not change: nothing was allocated is worth saying.
fn all(mut more: Counts, none: &Counts) -> Counts {
    for name in none.keys() {
        more.entry(name.clone()).or_default();
    }
    more
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_the_list_are_read() {
        let line = "watch/refresh\t1000\tproves that nothing changed";
        let scenario = parse_line(line).unwrap();
        assert_eq!(
            (scenario.id.as_str(), scenario.times),
            ("watch/refresh", 1_000)
        );
        assert!(parse_line("watch/refresh").is_err() && parse_line("a\tmany\tb").is_err());
    }

    #[test]
    fn only_what_differs_is_a_cost() {
        let counts = |pairs: &[(&str, i64)]| -> Counts {
            pairs
                .iter()
                .map(|&(name, n)| (name.to_owned(), n))
                .collect()
        };
        let none = counts(&[("read", 3), ("write", 1)]);
        let more = difference(counts(&[("read", 13), ("write", 1), ("stat", 2)]), &none);
        assert_eq!(more, counts(&[("read", 10), ("stat", 2)]));
        assert_eq!(all(more, &none)["write"], 0);
        let [a, b, c] = [3, 9, 4].map(|n| counts(&[("read", n)]));
        assert_eq!(middle([&a, &b, &c]), counts(&[("read", 4)]));
    }
}
