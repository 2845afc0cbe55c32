//! The proof that metrics which are built out cost nothing: the same loop with and without them.

use std::path::PathBuf;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};
use cargo_metadata::Message;

use super::callgrind::Callgrind;
use crate::workspace::Workspace;
use crate::{Outcome, out, process};

const TURNS: u64 = 10_000;

/// As users build: what is left of a call that does nothing goes only where crates are optimised together.
const PROFILE: &str = "release";

/// Counts the instructions of a turn that records into every kind of handle, with the feature `off`, and of one that does not.
pub(super) fn check(workspace: &Workspace, callgrind: &Callgrind) -> Result<Outcome> {
    let example = build(workspace)?;
    let turns = |what: &str| -> Result<u64> {
        let once = |turns: u64| {
            let mut command = Command::new(&example);
            command.args([&turns.to_string(), what]);
            callgrind.count(&command, &format!("disabled-{what}-{turns}"))
        };
        Ok(once(TURNS)?.saturating_sub(once(0)?))
    };
    let (empty, recording) = (turns("empty")?, turns("recorder")?);
    // To print the number of turns takes more where it has more digits; both print the same.
    let more = recording.abs_diff(empty);
    out::line(&format!(
        "metrics that are built out (feature `off`): {TURNS} turns that record take {recording} instructions, \
         {TURNS} that do nothing {empty}"
    ));
    if more < TURNS {
        return Ok(Outcome::Good);
    }
    out::line("metrics that are built out cost instructions in each turn");
    Ok(Outcome::Bad)
}

fn build(workspace: &Workspace) -> Result<PathBuf> {
    let mut cargo = process::cargo(workspace.root());
    cargo.args(["build", "--quiet", "--package", "autoexec-metrics"]);
    cargo.args([
        "--example",
        "disabled",
        "--features",
        "off",
        "--profile",
        PROFILE,
    ]);
    cargo.arg("--message-format=json-render-diagnostics");
    let output = cargo
        .stderr(Stdio::inherit())
        .output()
        .context("cannot start cargo")?;
    if !output.status.success() {
        bail!("the example `disabled` does not build ({})", output.status);
    }
    let built = Message::parse_stream(output.stdout.as_slice())
        .filter_map(Result::ok)
        .find_map(|message| match message {
            Message::CompilerArtifact(it) if it.target.name == "disabled" => it.executable,
            _ => None,
        });
    Ok(built.context("cargo built no example `disabled`")?.into())
}
