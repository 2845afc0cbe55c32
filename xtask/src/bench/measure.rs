//! Runs bench binaries, pass by pass.

use std::time::Instant;

use super::collect::{self, Sample};
use super::targets::{PATIENCE, Target};
use crate::{out, process};

/// What the passes gave. A benchmark that fails does not keep the others from being measured.
#[derive(Debug, Default)]
pub(crate) struct Measurement {
    pub(crate) passes: Vec<Vec<Sample>>,
    /// The name and what was said, for each benchmark or group that failed.
    pub(crate) failures: Vec<String>,
}

/// Measures the selected benchmarks in interleaved passes: all targets, then all again.
///
/// What slows the machine for a minute then touches one pass of many benchmarks rather than all
/// passes of one. Every other pass goes backwards, so that a steady drift cancels out.
pub(crate) fn measure(targets: &[Target], passes: u32, progress: &dyn Fn(&str)) -> Measurement {
    let mut measurement = Measurement::default();
    let mut failed: Vec<String> = Vec::new();
    for pass in 0..passes {
        let sound = |id: &str| !failed.iter().any(|name| is_of(id, name));
        let mut order: Vec<Target> = targets
            .iter()
            .filter_map(|it| it.narrowed(&sound))
            .collect();
        if pass % 2 == 1 {
            order.reverse();
        }
        let mut samples = Vec::new();
        for target in &order {
            let start = Instant::now();
            let ran = run(target);
            samples.extend(ran.samples);
            failed.extend(ran.failed);
            measurement.failures.extend(ran.failures);
            let took = out::seconds(start.elapsed());
            let (name, count) = (&target.name, target.benchmarks.len());
            progress(&format!(
                "pass {}/{passes}  {name} ({count} benchmarks)  {took}",
                pass + 1
            ));
        }
        measurement.passes.push(samples);
    }
    measurement
}

/// Whether a benchmark is, or belongs to, what has this name.
fn is_of(id: &str, name: &str) -> bool {
    id.strip_prefix(name)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

#[derive(Default)]
struct Ran {
    samples: Vec<Sample>,
    /// Names of benchmarks and groups.
    failed: Vec<String>,
    failures: Vec<String>,
}

/// Measures what is selected of a target, in as many processes as it takes: one that dies takes
/// only the benchmark with it that it was at.
fn run(target: &Target) -> Ran {
    let mut ran = Ran::default();
    let mut left: Vec<&str> = target
        .benchmarks
        .iter()
        .map(|one| one.id.as_str())
        .collect();
    while !left.is_empty() {
        let mut command = target.command();
        command.args(["--bench", "--samples"]).args(&left);
        let output = process::output(&mut command, PATIENCE * (1 + left.len() as u32));
        let (said, why, good) = match output {
            Ok(output) => (
                collect::parse(&target.name, &String::from_utf8_lossy(&output.stdout)),
                format!(
                    "{}\n{}",
                    output.status,
                    String::from_utf8_lossy(&output.stderr)
                ),
                output.status.success(),
            ),
            Err(error) => (collect::Said::default(), format!("{error:#}"), false),
        };
        left.retain(|id| !said.samples.iter().any(|sample| sample.id == *id));
        left.retain(|id| !said.failed.iter().any(|name| is_of(id, name)));
        let mut failed = said.failed;
        // A process that died in the middle names nobody: it was at the first that is missing.
        if !left.is_empty() && (!good || said.samples.is_empty()) {
            failed.push(left.remove(0).to_owned());
        } else if !left.is_empty() {
            failed.extend(left.drain(..).map(str::to_owned));
        }
        if !failed.is_empty() {
            ran.failures.push(format!("{}: {why}", failed.join(", ")));
        }
        ran.failed.extend(failed);
        ran.samples.extend(said.samples);
    }
    ran
}

#[cfg(all(test, unix))]
pub(crate) mod tests {
    use std::fs;
    use std::path::Path;

    use super::super::clock::Clock;
    use super::super::collect::Benchmark;
    use super::*;
    use crate::workspace::BENCHES;

    /// A stand-in for a bench binary.
    ///
    /// Another process writes the script: were the file open for writing here while a test beside
    /// this one forks, running it could fail with "text file busy".
    pub(crate) fn script(folder: &Path, name: &str, body: &str) -> Target {
        let executable = folder.join(name);
        let mut writer = process::command("sh", folder);
        writer.args([
            "-c",
            r#"printf '#!/bin/sh\n%s\n' "$1" > "$0" && chmod +x "$0""#,
            name,
            body,
        ]);
        process::stream(&mut writer).expect("because a temporary folder can be written to");
        let benchmark = |id: &str| Benchmark {
            id: format!("{name}/{id}"),
            clock: Clock::Cpu,
        };
        Target {
            package: BENCHES,
            name: name.to_owned(),
            executable,
            folder: folder.to_owned(),
            benchmarks: ["one", "two", "three"].map(benchmark).to_vec(),
            settings: Vec::new(),
            notes: Vec::new(),
        }
    }

    /// Measures what it is asked for, in order; `two` is answered by `$two`.
    const MEASURES: &str = r#"[ "$1 $2" = "--bench --samples" ] || exit 9
        shift 2
        for id in "$@"; do
            case $id in
                */two) eval "$two" ;;
                *) printf 'sample\t%s\tcpu\t1\t5\t5\t5\n' "$id" ;;
            esac
        done"#;

    fn measured(two: &str) -> (Vec<usize>, Vec<String>) {
        let folder = tempfile::tempdir().expect("because there is room");
        let body = format!("two='{two}'\n{MEASURES}\n[ -z \"$bad\" ]");
        let target = script(folder.path(), "it", &body);
        let measurement = measure(&[target], 2, &|_| {});
        let passes = measurement.passes.iter().map(Vec::len).collect();
        let files = fs::read_dir(folder.path()).expect("because it is there");
        assert_eq!(files.count(), 1);
        (passes, measurement.failures)
    }

    #[test]
    fn all_are_measured_in_each_pass() {
        let good = r#"printf "sample\t%s\tcpu\t1\t5\t5\t5\n" "$id""#;
        assert_eq!(measured(good), (vec![3, 3], vec![]));
    }

    #[test]
    fn one_that_panics_fails_alone_and_once() {
        let (passes, failures) = measured(r#"printf "failed\t%s\n" "$id"; bad=1; echo wrong >&2"#);
        assert_eq!(passes, [2, 2]);
        assert_eq!(failures.len(), 1);
        assert!(failures[0].starts_with("it/two: ") && failures[0].contains("wrong"));
    }

    #[test]
    fn one_that_kills_its_process_fails_alone_and_the_rest_go_on() {
        let (passes, failures) = measured("echo aborting >&2; exit 134");
        assert_eq!(passes, [2, 2]);
        assert_eq!(failures.len(), 1);
        assert!(failures[0].starts_with("it/two: ") && failures[0].contains("aborting"));
    }

    #[test]
    fn a_binary_that_cannot_be_started_fails_with_all_it_holds() {
        let folder = tempfile::tempdir().unwrap();
        let mut target = script(folder.path(), "it", "");
        target.executable = folder.path().join("missing");
        let measurement = measure(&[target], 1, &|_| {});
        assert_eq!(measurement.failures.len(), 3);
    }
}
