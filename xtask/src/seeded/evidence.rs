//! What the tools of the gate say about a tree with a seed in it.

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};
use serde::Deserialize;

use super::table::Seed;
use crate::process;

/// Something that was named, and by how much it grew: `+100.0 %`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Named {
    /// A benchmark, or a scenario with its count: `watch/arm: calls/stat`.
    pub(super) id: String,
    pub(super) change: String,
}

/// The tasks of this program, run on the tree.
pub(super) struct Tools {
    pub(super) program: PathBuf,
    pub(super) tree: PathBuf,
    /// The target directory of all seeds: what a seed leaves as it is need not be built again.
    pub(super) target: PathBuf,
    pub(super) commit: String,
    pub(super) quick: bool,
    pub(super) only_counts: bool,
}

impl Tools {
    /// The counts that got worse or became others; absent where the seed names no scenario.
    ///
    /// # Errors
    /// When nothing could be counted.
    pub(super) fn counts(&self, seed: &Seed) -> Result<Option<Vec<Named>>> {
        if seed.scenarios.is_empty() {
            return Ok(None);
        }
        let said = self.run(self.task("counts").arg(format!("{}/", seed.krate)))?;
        Ok(Some(said.lines().filter_map(count_of).collect()))
    }

    /// The benchmarks that became slower; absent where the seed names none, or counts alone are asked for.
    ///
    /// # Errors
    /// When they could not be compared.
    pub(super) fn times(&self, seed: &Seed) -> Result<Option<Vec<Named>>> {
        if self.only_counts || seed.benchmarks.is_empty() {
            return Ok(None);
        }
        let mut task = self.task("regress");
        task.arg(seed.krate.replace('-', "_"));
        task.args(["--base", &self.commit]);
        if self.quick {
            task.arg("--quick");
        }
        let json = self.target.join("bench/regress.json");
        // What is read below is of this comparison, or there is nothing to be read.
        let _ = fs::remove_file(&json);
        self.run(&mut task)?;
        let text =
            fs::read_to_string(&json).with_context(|| format!("cannot read {}", json.display()))?;
        slower(&text).map(Some)
    }

    fn task(&self, name: &str) -> Command {
        let mut command = process::command(&self.program, &self.tree);
        command.arg(name).env("CARGO_TARGET_DIR", &self.target);
        command
    }

    /// What it prints, when all is well and when something was found.
    fn run(&self, task: &mut Command) -> Result<String> {
        let output = task
            .stderr(Stdio::inherit())
            .output()
            .with_context(|| format!("cannot start `{}`", process::shown(task)))?;
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        match output.status.code() {
            Some(0 | 1) => Ok(said),
            _ => bail!(
                "`{}` failed ({})\n{said}",
                process::shown(task),
                output.status
            ),
        }
    }
}

/// A line of the table that `counts` prints, when it is of a count that makes it fail.
fn count_of(line: &str) -> Option<Named> {
    let line = line
        .strip_suffix("WORSE")
        .or_else(|| line.strip_suffix("CHANGED"))?;
    let cells: Vec<&str> = line
        .split("  ")
        .map(str::trim)
        .filter(|it| !it.is_empty())
        .collect();
    match cells[..] {
        [id, before, now, change] => Some(Named {
            id: id.to_owned(),
            change: match change {
                "-" => format!("{before} to {now}"),
                _ => change.to_owned(),
            },
        }),
        _ => None,
    }
}

#[derive(Deserialize)]
struct Compared {
    findings: Vec<Finding>,
}

#[derive(Deserialize)]
struct Finding {
    id: String,
    verdict: String,
    change: Change,
}

#[derive(Deserialize)]
struct Change {
    estimate: f64,
}

fn slower(json: &str) -> Result<Vec<Named>> {
    let compared: Compared =
        serde_json::from_str(json).context("`regress` wrote another format")?;
    let is_slower = |one: &Finding| matches!(one.verdict.as_str(), "regressed" | "alert");
    let named = |one: Finding| Named {
        id: one.id,
        change: format!("{:+.1} %", one.change.estimate * 100.0),
    };
    Ok(compared
        .findings
        .into_iter()
        .filter(is_slower)
        .map(named)
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(id: &str, change: &str) -> Named {
        Named {
            id: id.to_owned(),
            change: change.to_owned(),
        }
    }

    #[test]
    fn only_counts_that_fail_are_named() {
        let said = "scenario: count             snapshot  now    change\n\
            watch/arm: calls/stat             10   20  +100.0 %    WORSE\n\
            watch/arm: watches                 0    3         -  CHANGED\n\
            watch/changed: allocations         9    8   -11.1 %   better\n\
            watch/new                          -    -         -      NEW\n\
            \n3 scenarios, 40 counts compared: 2 to look at\n";
        let counts: Vec<Named> = said.lines().filter_map(count_of).collect();
        assert_eq!(
            counts,
            [
                named("watch/arm: calls/stat", "+100.0 %"),
                named("watch/arm: watches", "0 to 3")
            ]
        );
    }

    #[test]
    fn only_what_regressed_is_slower() {
        let finding = |id, verdict, estimate| serde_json::json!({"id": id, "verdict": verdict, "change": {"low": 0.0, "estimate": estimate}});
        let json = serde_json::json!({"format": 2, "findings": [
            finding("a/b", "regressed", 0.1234),
            finding("a/c", "alert", 0.5),
            finding("a/d", "cleared", 0.2),
            finding("a/e", "steady", 0.0),
        ]});
        let slower = slower(&json.to_string()).unwrap();
        assert_eq!(slower, [named("a/b", "+12.3 %"), named("a/c", "+50.0 %")]);
        assert!(super::slower("{}").is_err());
    }
}
