//! `cargo xtask regress`: measure anew, compare, measure suspects again, decide.

mod compare;
mod reference;
mod show;

use anyhow::{Context, Result};
use serde::Serialize;

use crate::bench::host::{Commit, Host};
use crate::bench::report::Report;
use crate::bench::store::Store;
use crate::bench::targets::Target;
use crate::bench::{self, measure};
use crate::cli::RegressOptions;
use crate::workspace::{BENCHES, Workspace};
use crate::{Outcome, files, out};
use compare::{Comparison, Findings, Verdict};
use reference::Reference;

/// How often a suspect is measured again before it counts as a regression.
const RERUNS: u32 = 3;
/// Version of `regress.json`.
const FORMAT: u32 = 1;

pub(crate) fn run(options: &RegressOptions) -> Result<Outcome> {
    let workspace = Workspace::load()?;
    let store = Store::new(workspace.bench_dir());
    let baseline = store.baseline()?.context(
        "there is no baseline; make one with `cargo xtask bench` on the code to compare with",
    )?;
    let runs = store.runs()?;
    let reference = Reference {
        baseline: &baseline,
        runs: &runs,
        threshold: options.threshold / 100.0,
    };

    let mut selected = bench::select(&workspace, &[BENCHES], options.filter.as_deref())?;
    let measurement = measure::measure(
        &selected.targets,
        options.passes,
        &workspace.bench_dir(),
        &out::error,
    )?;
    selected
        .failures
        .extend(measurement.failures.iter().cloned());
    let now = bench::report(
        &workspace,
        &measurement,
        options.passes,
        options.filter.clone(),
    );
    let mut findings = reference.compare(&now, &selected.held);
    confirm(
        &workspace,
        &reference,
        &selected.targets,
        &mut findings,
        &mut selected.failures,
    )?;

    out::line(&format!("\n{}", show::table(&findings.comparisons)));
    out::line(&show::closing(&findings, reference.threshold));
    write(&workspace, &reference, &now, &findings, &selected.failures)?;
    let measured = bench::tell_failures(&selected.failures);
    let slower = show::regressions(&findings).next().is_some();
    Ok(if slower { Outcome::Bad } else { measured })
}

/// Measures the groups of the suspects again, up to [`RERUNS`] times or until none is left.
fn confirm(
    workspace: &Workspace,
    reference: &Reference<'_>,
    targets: &[Target],
    findings: &mut Findings,
    failures: &mut Vec<String>,
) -> Result<()> {
    for round in 1..=RERUNS {
        let suspects = findings.suspects();
        if suspects.is_empty() {
            break;
        }
        out::error(&format!(
            "{} suspected; measuring again, {round} of {RERUNS}",
            suspects.len()
        ));
        let narrowed: Vec<Target> = targets
            .iter()
            .filter_map(|target| narrow(target, &suspects))
            .collect();
        let measurement = measure::measure(&narrowed, 1, &workspace.bench_dir(), &out::error)?;
        let again = bench::report(workspace, &measurement, 1, None);
        failures.extend(measurement.failures);
        // So few floors say nothing of the machine's pace; within minutes it stays as it was.
        let pace = findings.pace;
        let suspects = findings
            .comparisons
            .iter_mut()
            .filter(|one| one.verdict == Verdict::Suspected);
        suspects.for_each(|suspect| reference.measured_again(suspect, &again, pace));
    }
    findings.conclude();
    Ok(())
}

/// What of a target has to be measured again: the groups of the suspects, for their floors.
fn narrow(target: &Target, suspects: &[Comparison]) -> Option<Target> {
    let meant = |id: &str, suspect: &Comparison| {
        let in_group = id
            .strip_prefix(&suspect.group)
            .is_some_and(|rest| rest.starts_with('/'));
        suspect.target == target.name && (id == suspect.id || in_group)
    };
    target.narrowed(&|id| suspects.iter().any(|suspect| meant(id, suspect)))
}

/// The JSON of `target/bench/regress.json`.
#[derive(Serialize)]
struct Document<'a> {
    format: u32,
    date: &'a str,
    commit: Option<&'a Commit>,
    host: &'a Host,
    baseline_date: &'a str,
    baseline_commit: Option<&'a Commit>,
    /// As a share.
    threshold: f64,
    passes: u32,
    regressions: Vec<&'a str>,
    failures: &'a [String],
    #[serde(flatten)]
    findings: &'a Findings,
}

fn write(
    workspace: &Workspace,
    reference: &Reference<'_>,
    now: &Report,
    findings: &Findings,
    failures: &[String],
) -> Result<()> {
    let document = Document {
        format: FORMAT,
        date: &now.date,
        commit: now.commit.as_ref(),
        host: &now.host,
        baseline_date: &reference.baseline.date,
        baseline_commit: reference.baseline.commit.as_ref(),
        threshold: reference.threshold,
        passes: now.passes,
        regressions: show::regressions(findings)
            .map(|comparison| comparison.id.as_str())
            .collect(),
        failures,
        findings,
    };
    let path = workspace.bench_dir().join("regress.json");
    files::write(&path, &(serde_json::to_string_pretty(&document)? + "\n"))?;
    out::line(&format!("wrote {}", workspace.relative(&path)));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn suspect(target: &str) -> Comparison {
        Comparison {
            id: "g/ours".to_owned(),
            group: "g".to_owned(),
            target: target.to_owned(),
            ratio: None,
            time: None,
            share: 1.0,
            verdict: Verdict::Suspected,
            reruns: Vec::new(),
        }
    }

    #[test]
    fn only_the_groups_of_suspects_are_measured_again() {
        let ids = ["g/floor", "g/ours", "gg/floor", "gg/ours"]
            .map(str::to_owned)
            .to_vec();
        let target = Target {
            package: BENCHES,
            name: "t".to_owned(),
            executable: "x".into(),
            folder: "x".into(),
            ids,
            pattern: None,
        };
        assert_eq!(
            narrow(&target, &[suspect("t")]).unwrap().ids,
            ["g/floor", "g/ours"]
        );
        assert!(narrow(&target, &[suspect("other")]).is_none());
        assert!(narrow(&target, &[]).is_none());
    }
}
