//! The proof that metrics which are built out cost nothing: the same loop with and without them.

use std::process::Command;

use anyhow::Result;

use super::callgrind::Callgrind;
use crate::program::{Kind, Program};
use crate::workspace::Workspace;
use crate::{Outcome, out};

const TURNS: u64 = 10_000;

/// As users build: what is left of a call that does nothing goes only where crates are optimised together.
const PROGRAM: Program = Program {
    package: "autoexec-metrics",
    name: "disabled",
    kind: Kind::Example,
    profile: "release",
    features: "off",
};

/// Counts the instructions of a turn that records into every kind of handle, with the feature `off`, and of one that does not.
pub(super) fn check(workspace: &Workspace, callgrind: &Callgrind) -> Result<Outcome> {
    let example = PROGRAM.build(workspace)?;
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
