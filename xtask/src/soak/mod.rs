//! `cargo xtask soak`: workflows over and over in one process, and whether anything grows.

mod judge;
mod show;

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use serde::Deserialize;

use crate::cli::SoakOptions;
use crate::program::{Kind, Program};
use crate::workspace::Workspace;
use crate::{Outcome, out, process};
use judge::{Judgement, QUANTITIES, judge};

const PROGRAM: Program = Program {
    package: "autoexec-tests",
    name: "soak",
    kind: Kind::Bin,
    profile: "counts",
    features: "",
};

/// How often a long run says how far it is.
const PROGRESS: Duration = Duration::from_secs(60);

/// How long an iteration may take, with what it waits for.
const PATIENCE: Duration = Duration::from_secs(600);

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
    if let Some(workflow) = &options.workflow {
        // It reads below the folder that it is started in, as `orchestrator run` does.
        let here = std::env::current_dir().context("there is no current directory")?;
        command.current_dir(here).arg(workflow);
    }
    let samples = follow(&mut command)?;
    let judgements = judge_all(&samples);
    out::line(show::report(&samples, &judgements).trim_end());
    outcome(&judgements)
}

/// The short form: twenty seconds that have to be flat, and eight that have to be found to leak.
pub(crate) fn short(root: &Path) -> Result<Outcome> {
    let workspace = Workspace::load()?;
    let program = PROGRAM.build(&workspace)?;
    let go = |arguments: &[&str]| follow(process::command(&program, root).args(arguments));
    let samples = go(&["20"])?;
    let judgements = judge_all(&samples);
    out::line(show::report(&samples, &judgements).trim_end());
    if outcome(&judgements)? == Outcome::Bad {
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

/// # Errors
/// When nothing can be said of something, because it was sampled too seldom.
fn outcome(judgements: &[Judgement]) -> Result<Outcome> {
    if judgements.iter().any(Judgement::grows) {
        return Ok(Outcome::Bad);
    }
    let unjudged = judgements.iter().filter(|it| it.growth.is_none());
    let unjudged: Vec<&str> = unjudged.map(|it| it.quantity.name).collect();
    if judgements.is_empty() || !unjudged.is_empty() {
        bail!(
            "too few samples to say whether anything grows ({}): let it run longer",
            unjudged.join(", ")
        );
    }
    Ok(Outcome::Good)
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
    let (mut samples, mut said) = (Vec::new(), Instant::now());
    let mut take = |line: &str| {
        let sample: Sample =
            serde_json::from_str(line).with_context(|| format!("the soak said `{line}`"))?;
        if said.elapsed() >= PROGRESS {
            said = Instant::now();
            out::error(&show::progress(&sample));
        }
        samples.push(sample);
        Ok(())
    };
    let status = process::lines(command, PATIENCE, &mut take)?;
    if !status.success() {
        bail!("the soak failed ({status})");
    }
    Ok(samples)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn samples(count: u64, grown: f64) -> Vec<Sample> {
        let of = |n: u64| Sample {
            iteration: n,
            seconds: n as f64,
            threads: Some(4.0 + grown * n as f64),
            ..Sample::default()
        };
        (0..count).map(of).collect()
    }

    #[test]
    fn too_few_samples_are_no_verdict() {
        let of = |count, grown| outcome(&judge_all(&samples(count, grown)));
        assert_eq!(of(100, 0.0).unwrap(), Outcome::Good);
        assert_eq!(of(100, 1.0).unwrap(), Outcome::Bad);
        for count in [0, 10] {
            let error = of(count, 1.0).unwrap_err().to_string();
            assert!(error.contains("too few samples"), "{error}");
        }
    }
}
