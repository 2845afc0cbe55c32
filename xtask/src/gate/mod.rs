//! `cargo xtask test`: the whole gate, stage by stage, up to the first that fails.

mod counts;
mod examples;
mod readme;

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::cli::{CountsOptions, StressOptions};
use crate::workspace::{BENCHES, PEERS, Workspace};
use crate::{Outcome, out, process, schema, tidy};
use counts::Counts;

/// What the stages share.
struct Gate {
    workspace: Workspace,
    /// Absent until the tests have run.
    counts: Option<Counts>,
}

impl Gate {
    fn root(&self) -> &Path {
        self.workspace.root()
    }
}

/// What is off by default, and is checked, tested and documented all the same. The README commands build without it.
const FEATURES: &str = "--features=autoexec-file-cache/tokio,autoexec-file-cache/find,\
    autoexec-metrics/alloc,autoexec-metrics/otlp,autoexec-metrics/tracing,\
    autoexec-memory-trimmer/exact,autoexec-memory-trimmer/json,autoexec-evolutionary-optimizer/serde";

type Stage = (&'static str, fn(&mut Gate) -> Result<()>);

/// Quick complaints first: nobody should wait for the tests to hear of a missing blank.
const STAGES: &[Stage] = &[
    ("format", format),
    ("clippy", clippy),
    ("tidy", tidy),
    ("schema", schema),
    ("tests", tests),
    ("benchmarks", benchmarks),
    ("counts", count),
    ("soak", soak),
    ("stress", stress),
    ("docs", docs),
    ("README commands", readme::run),
    ("examples", examples::run),
];

pub(crate) fn run() -> Result<Outcome> {
    let mut gate = Gate {
        workspace: Workspace::load()?,
        counts: None,
    };
    let mut finished = Vec::new();
    let mut failure = None;
    for (index, (name, stage)) in STAGES.iter().enumerate() {
        out::line(&format!("\n=== {}/{} {name}", index + 1, STAGES.len()));
        let start = Instant::now();
        let result = stage(&mut gate);
        let took = start.elapsed();
        finished.push((*name, took));
        if let Err(error) = result {
            failure = Some((*name, error));
            break;
        }
        out::line(&format!("=== {name}: passed in {}", out::seconds(took)));
    }
    summarise(&finished, failure.as_ref().map(|(name, _)| *name));
    Ok(conclude(&gate, failure))
}

fn summarise(finished: &[(&str, Duration)], failed: Option<&str>) {
    let row = |(name, took): &(&str, Duration)| {
        let word = if failed == Some(*name) {
            "FAILED"
        } else {
            "passed"
        };
        vec![(*name).to_owned(), word.to_owned(), out::seconds(*took)]
    };
    let rows: Vec<Vec<String>> = finished.iter().map(row).collect();
    out::line(&format!("\n{}", out::table(&rows).trim_end()));
}

/// The last lines: why the gate failed, and what the tests counted when they ran.
fn conclude(gate: &Gate, failure: Option<(&str, anyhow::Error)>) -> Outcome {
    let outcome = if failure.is_some() {
        Outcome::Bad
    } else {
        Outcome::Good
    };
    if let Some((stage, error)) = failure {
        out::line(&format!("\nthe gate fails at `{stage}`: {error:#}"));
        if gate.counts.is_none() {
            out::line("the tests were not reached");
        }
    }
    if let Some(counts) = gate.counts {
        out::line(&format!("\n{counts}"));
    }
    outcome
}

fn format(gate: &mut Gate) -> Result<()> {
    need_component(gate.root(), "rustfmt", "fmt")?;
    process::stream(process::cargo(gate.root()).args(["fmt", "--all", "--check"]))
        .context("run `cargo fmt --all` to mend it")
}

fn clippy(gate: &mut Gate) -> Result<()> {
    need_component(gate.root(), "clippy", "clippy")?;
    let arguments = [
        "clippy",
        "--workspace",
        "--all-targets",
        FEATURES,
        "--",
        "-D",
        "warnings",
    ];
    process::stream(process::cargo(gate.root()).args(arguments))
}

/// A minimal toolchain lacks these two; rustup can add them, others have to be told.
fn need_component(root: &Path, component: &str, subcommand: &str) -> Result<()> {
    let works = || process::capture(process::cargo(root).args([subcommand, "--version"]));
    if works().is_ok() {
        return Ok(());
    }
    out::line(&format!(
        "`cargo {subcommand}` is missing; asking rustup for {component}"
    ));
    let added =
        process::stream(process::command("rustup", root).args(["component", "add", component]));
    added
        .and_then(|()| works())
        .with_context(|| format!("install the toolchain component `{component}`"))?;
    Ok(())
}

fn tidy(_: &mut Gate) -> Result<()> {
    expect_good(tidy::run()?, "see the lines above")
}

fn schema(gate: &mut Gate) -> Result<()> {
    expect_good(
        schema::check(gate.root())?,
        "the committed schema differs from the engine's",
    )
}

fn expect_good(outcome: Outcome, complaint: &'static str) -> Result<()> {
    match outcome {
        Outcome::Good => Ok(()),
        Outcome::Bad => bail!(complaint),
    }
}

/// Unit, integration and doc tests of everything but the peers, which need optimised builds.
fn tests(gate: &mut Gate) -> Result<()> {
    let mut cargo = process::cargo(gate.root());
    cargo.args(["test", "--workspace", "--no-fail-fast", FEATURES]);
    cargo.arg(format!("--exclude={PEERS}"));
    let (status, output) = process::tee(&mut cargo, &mut std::io::stdout())?;
    let counts = Counts::parse(&output);
    gate.counts = Some(counts);
    if !status.success() {
        bail!("tests failed ({status})");
    }
    if counts.passed == 0 {
        bail!("no test ran");
    }
    Ok(())
}

/// Every benchmark checks its answer and runs once, untimed: one that no longer works would be found by whoever
/// measures next.
fn benchmarks(gate: &mut Gate) -> Result<()> {
    let mut cargo = process::cargo(gate.root());
    cargo.args(["test", "--package", BENCHES, "--benches", "--no-fail-fast"]);
    process::stream(&mut cargo).context("a benchmark fails, see above")
}

fn count(_: &mut Gate) -> Result<()> {
    let all = CountsOptions {
        filter: None,
        bless: false,
    };
    expect_good(crate::counts::run(&all)?, "see the table above")
}

fn soak(gate: &mut Gate) -> Result<()> {
    expect_good(crate::soak::short(gate.root())?, "see the table above")
}

fn stress(_: &mut Gate) -> Result<()> {
    let quick = StressOptions { quick: true };
    expect_good(crate::stress::run(&quick)?, "see the table above")
}

fn docs(gate: &mut Gate) -> Result<()> {
    let mut cargo = process::cargo(gate.root());
    cargo
        .env("RUSTDOCFLAGS", "-D warnings")
        .args(["doc", "--workspace", "--no-deps", FEATURES]);
    process::stream(&mut cargo)
}
