//! `cargo xtask soak`: workflows over and over in one process, and whether anything grows.

mod judge;
mod show;

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use serde::Deserialize;

use crate::cli::SoakOptions;
use crate::program::Program;
use crate::workspace::Workspace;
use crate::{Outcome, out, process};
use judge::{Judgement, QUANTITIES, judge};

const PROGRAM: Program = Program {
    package: "autoexec-tests",
    name: "soak",
    profile: "counts",
    features: "",
};

/// How often a long run says how far it is.
const PROGRESS: Duration = Duration::from_secs(60);

/// A line of what the program says; absent is what the platform does not tell.
#[derive(Clone, Debug, Default, Deserialize)]
pub(super) struct Sample {
    iteration: u64,
    seconds: f64,
    heap_bytes: Option<f64>,
    rss_bytes: Option<f64>,
    descriptors: Option<f64>,
    threads: Option<f64>,
    disk_bytes: Option<f64>,
}

pub(crate) fn run(options: &SoakOptions) -> Result<Outcome> {
    let workspace = Workspace::load()?;
    let program = PROGRAM.build(&workspace)?;
    let mut command = process::command(&program, workspace.root());
    command.arg(options.seconds.to_string());
    if let Some(kind) = &options.leak {
        command.args(["--leak", kind]);
    }
    command.args(&options.workflow);
    let samples = follow(&mut command)?;
    let judgements = judge_all(&samples);
    out::line(show::report(&samples, &judgements).trim_end());
    Ok(outcome(&judgements))
}

/// The short form: twenty seconds that have to be flat, and eight that have to be found to leak.
pub(crate) fn short(root: &Path) -> Result<Outcome> {
    let workspace = Workspace::load()?;
    let program = PROGRAM.build(&workspace)?;
    let go = |arguments: &[&str]| follow(process::command(&program, root).args(arguments));
    let samples = go(&["20"])?;
    let judgements = judge_all(&samples);
    out::line(show::report(&samples, &judgements).trim_end());
    if outcome(&judgements) == Outcome::Bad {
        return Ok(Outcome::Bad);
    }
    let leaking = judge_all(&go(&["8", "--leak", "descriptor"])?);
    let is_found = |it: &Judgement| it.quantity.name == "descriptors" && it.grows();
    if !leaking.iter().any(is_found) {
        bail!("a descriptor that is lost in each iteration was not found: the soak is blind");
    }
    out::line("a descriptor lost in each iteration, on purpose, is found");
    Ok(Outcome::Good)
}

fn outcome(judgements: &[Judgement]) -> Outcome {
    if judgements.iter().any(Judgement::grows) {
        Outcome::Bad
    } else {
        Outcome::Good
    }
}

fn judge_all(samples: &[Sample]) -> Vec<Judgement> {
    let of = |quantity| {
        let value: fn(&Sample) -> Option<f64> = judge::Quantity::value(quantity);
        let points: Vec<(f64, f64)> = samples
            .iter()
            .filter_map(|it| Some((it.iteration as f64, value(it)?)))
            .collect();
        judge(quantity, &points)
    };
    QUANTITIES.iter().filter_map(of).collect()
}

/// The samples of a run of the program, which says what goes wrong on standard error.
fn follow(command: &mut Command) -> Result<Vec<Sample>> {
    let mut child = command
        .stdout(Stdio::piped())
        .spawn()
        .context("cannot start the soak")?;
    let pipe = child
        .stdout
        .take()
        .expect("because it was asked to be piped");
    let (mut samples, mut said) = (Vec::new(), Instant::now());
    for line in BufReader::new(pipe).lines() {
        let line = line.context("cannot read from the soak")?;
        let sample: Sample =
            serde_json::from_str(&line).with_context(|| format!("the soak said `{line}`"))?;
        if said.elapsed() >= PROGRESS {
            said = Instant::now();
            out::error(&show::progress(&sample));
        }
        samples.push(sample);
    }
    let status = child.wait().context("cannot wait for the soak")?;
    if !status.success() {
        bail!("the soak failed ({status})");
    }
    Ok(samples)
}
