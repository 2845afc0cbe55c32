//! `cargo xtask torture`: the torture test of the file cache, optimised, with its table.

use std::process::Command;

use anyhow::{Context, Result};

use crate::cli::TortureOptions;
use crate::workspace::Workspace;
use crate::{Outcome, out, process};

/// The package and its test target.
const PACKAGE: &str = "autoexec-file-cache";
const TARGET: &str = "torture";

pub(crate) fn run(options: &TortureOptions) -> Result<Outcome> {
    let workspace = Workspace::load()?;
    let mut build = test(process::cargo(workspace.root()));
    build.arg("--no-run");
    process::stream(&mut build).context("the torture test does not build")?;
    let mut cargo = test(process::cargo(workspace.root()));
    cargo.args(["--", "--nocapture"]).envs(settings(options));
    match process::stream(&mut cargo) {
        Ok(()) => Ok(Outcome::Good),
        Err(error) => {
            out::error(&format!("{error:#}"));
            Ok(Outcome::Bad)
        }
    }
}

fn test(mut cargo: Command) -> Command {
    cargo.args(["test", "--release", "-p", PACKAGE, "--test", TARGET]);
    cargo
}

/// What the test reads from its environment; what is not given is left as it is there.
fn settings(options: &TortureOptions) -> impl Iterator<Item = (&'static str, String)> {
    let all = [
        ("AUTOEXEC_TORTURE_READS", options.reads),
        ("AUTOEXEC_TORTURE_SEED", options.seed),
        ("AUTOEXEC_TORTURE_SECONDS", options.seconds),
    ];
    all.into_iter()
        .filter_map(|(name, value)| Some((name, value?.to_string())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_was_asked_for_is_passed_on() {
        let options = |reads, seed, seconds| TortureOptions {
            reads,
            seed,
            seconds,
        };
        assert_eq!(settings(&options(None, None, None)).count(), 0);
        let passed: Vec<_> = settings(&options(Some(7), None, Some(9))).collect();
        let expect = [
            ("AUTOEXEC_TORTURE_READS", "7".to_owned()),
            ("AUTOEXEC_TORTURE_SECONDS", "9".to_owned()),
        ];
        assert_eq!(passed, expect);
    }
}
