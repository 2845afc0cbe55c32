//! Runs bench binaries, pass by pass.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::{Context, Result};

use super::collect::{Sample, collect};
use super::targets::Target;
use crate::{out, process};

/// What the passes gave. A target that fails does not keep the others from being measured.
#[derive(Debug, Default)]
pub(crate) struct Measurement {
    pub(crate) passes: Vec<Vec<Sample>>,
    /// One line and the output for each target that failed.
    pub(crate) failures: Vec<String>,
}

/// Measures the selected benchmarks in interleaved passes: all targets, then all again.
///
/// What slows the machine for a minute then touches one pass of many benchmarks rather than all
/// passes of one. Every other pass goes backwards, so that a steady drift cancels out.
pub(crate) fn measure(
    targets: &[Target],
    passes: u32,
    scratch: &Path,
    progress: &dyn Fn(&str),
) -> Result<Measurement> {
    let mut measurement = Measurement::default();
    let mut failed: Vec<&str> = Vec::new();
    for pass in 0..passes {
        let mut order: Vec<&Target> = targets
            .iter()
            .filter(|target| !failed.contains(&target.name.as_str()))
            .collect();
        if pass % 2 == 1 {
            order.reverse();
        }
        let mut samples = Vec::new();
        for target in order {
            let start = Instant::now();
            match run(target, scratch)? {
                Ok(found) => samples.extend(found),
                Err(error) => {
                    failed.push(&target.name);
                    measurement
                        .failures
                        .push(format!("{}: {error:#}", target.name));
                }
            }
            let took = out::seconds(start.elapsed());
            progress(&format!(
                "pass {}/{passes}  {} ({} benchmarks)  {took}",
                pass + 1,
                target.name,
                target.ids.len()
            ));
        }
        measurement.passes.push(samples);
    }
    Ok(measurement)
}

/// The outer error is ours (a folder that cannot be written), the inner one the benchmark's.
fn run(target: &Target, scratch: &Path) -> Result<Result<Vec<Sample>>> {
    let home = empty_folder(scratch)?;
    let mut command = target.command();
    command
        .env("CRITERION_HOME", &home)
        .arg("--noplot")
        .args(&target.pattern);
    let result = process::capture(&mut command).and_then(|_| collect(&home, &target.name));
    fs::remove_dir_all(&home).with_context(|| format!("cannot remove {}", home.display()))?;
    Ok(result)
}

/// Criterion compares with and leaves behind older results; an empty folder has none.
fn empty_folder(scratch: &Path) -> Result<PathBuf> {
    let home = scratch.join(format!("criterion-{}", std::process::id()));
    if home.exists() {
        fs::remove_dir_all(&home).with_context(|| format!("cannot remove {}", home.display()))?;
    }
    fs::create_dir_all(&home).with_context(|| format!("cannot create {}", home.display()))?;
    Ok(home)
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use crate::workspace::BENCHES;

    /// Another process writes the script: were the file open for writing here while a test beside
    /// this one forks, running it could fail with "text file busy".
    fn script(folder: &Path, name: &str, body: &str) -> Target {
        let executable = folder.join(name);
        let mut writer = process::command("sh", folder);
        writer.args([
            "-c",
            r#"printf '#!/bin/sh\n%s\n' "$1" > "$0" && chmod +x "$0""#,
            name,
            body,
        ]);
        process::stream(&mut writer).expect("because a temporary folder can be written to");
        Target {
            package: BENCHES,
            name: name.to_owned(),
            executable,
            folder: folder.to_owned(),
            ids: Vec::new(),
            pattern: Some("^x$".to_owned()),
        }
    }

    /// A stand-in for criterion: checks its arguments and leaves one result.
    const GOOD: &str = r#"[ "$*" = "--bench --noplot ^x$" ] || exit 9
        echo ran >> ran.txt
        mkdir -p "$CRITERION_HOME/x/new" && cd "$CRITERION_HOME/x/new"
        echo '{"group_id":"g","function_id":"x","value_str":null,"full_id":"g/x"}' > benchmark.json
        e='{"point_estimate":5.0,"confidence_interval":{"lower_bound":4.0,"upper_bound":6.0}}'
        echo "{\"median\":$e,\"median_abs_dev\":$e}" > estimates.json
        echo '{"iters":[1.0],"times":[5.0]}' > sample.json"#;

    #[test]
    fn a_failing_target_is_reported_once_and_the_others_go_on() {
        let folder = tempfile::tempdir().unwrap();
        let targets = [
            script(folder.path(), "bad", "echo wrong answer >&2; exit 101"),
            script(folder.path(), "good", GOOD),
        ];
        let lines = std::cell::RefCell::new(Vec::new());
        let measurement = measure(&targets, 2, &folder.path().join("scratch"), &|line| {
            lines.borrow_mut().push(line.to_owned())
        })
        .unwrap();
        assert_eq!(
            measurement.passes.iter().map(Vec::len).collect::<Vec<_>>(),
            [1, 1]
        );
        assert_eq!(measurement.failures.len(), 1);
        assert_eq!(lines.borrow().len(), 3, "the failing target runs once");
        assert!(
            measurement.failures[0].starts_with("bad: ")
                && measurement.failures[0].contains("wrong answer")
        );
        assert_eq!(
            fs::read_to_string(folder.path().join("ran.txt")).unwrap(),
            "ran\nran\n"
        );
        assert_eq!(
            fs::read_dir(folder.path().join("scratch")).unwrap().count(),
            0
        );
    }
}
