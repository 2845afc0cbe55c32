//! Runs every example program of every package, with the features that it requires.

use std::time::Instant;

use anyhow::{Context, Result};

use super::Gate;
use crate::{out, process};

pub(super) fn run(gate: &mut Gate) -> Result<()> {
    for package in gate.workspace.members() {
        for example in package.targets.iter().filter(|target| target.is_example()) {
            let start = Instant::now();
            let mut cargo = process::cargo(gate.root());
            cargo.args([
                "run",
                "-q",
                "-p",
                package.name.as_str(),
                "--example",
                &example.name,
            ]);
            if !example.required_features.is_empty() {
                cargo.args(["--features", &example.required_features.join(",")]);
            }
            process::capture(&mut cargo)
                .with_context(|| format!("example `{}` of {}", example.name, package.name))?;
            out::line(&format!(
                "ok {:>9}  {} {}",
                out::seconds(start.elapsed()),
                package.name,
                example.name
            ));
        }
    }
    Ok(())
}
