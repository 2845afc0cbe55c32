//! `cargo xtask regress`: build the base and the working tree, let their benchmarks take turns, decide.

mod build;
mod decide;
mod examine;
mod lanes;
mod load;
mod overrides;
mod pair;
mod random;
mod report;
mod revision;
mod selftest;
mod serve;
mod sides;
mod suspects;

use std::path::PathBuf;
use std::time::Instant;

use anyhow::Result;

use crate::bench::clock::Clock;
use crate::bench::collect::is_any_floor;
use crate::bench::host::{self, Host};
use crate::bench::targets;
use crate::cli::RegressOptions;
use crate::git::Lock;
use crate::workspace::{BENCHES, Workspace};
use crate::{Outcome, files, out};
use build::Source;
use decide::Rule;
use examine::Effort;
use report::{Finding, Report};
use sides::{Compared, Sides};

/// How many benchmarks are measured at a time that use one thread each.
const LANES: usize = 2;

pub(crate) fn run(options: &RegressOptions) -> Result<Outcome> {
    let workspace = Workspace::load()?;
    let _alone = Lock::take(&place(&workspace))?;
    // What another revision left there may not be what this one wants.
    build::forget_shared_files(&place(&workspace))?;
    if options.self_test {
        return selftest::run(&workspace, options.rounds, options.seconds);
    }
    let place = place(&workspace);
    let (root, base) = (workspace.root(), options.base.as_deref());
    let base = revision::check_out(root, base, &place.join("base"))?;
    out::error(&format!("comparing the working tree with {}", base.commit));

    let filter = options.filter.as_deref();
    let only = filter.filter(|name| targets::declares(&workspace, BENCHES, name));
    let sources = Source::sharing_files([
        Source::new("base", &base.folder, &place),
        Source::new("head", root, &place),
    ]);
    let sides = Sides::build(&sources, only)?;
    let mut compared = sides.compare(filter)?;
    // Floors are not our code: they are measured when they are asked for.
    compared.keep(|id| !is_any_floor(id) || filter.is_some_and(|filter| id.contains(filter)));
    let started = Instant::now();
    let mut findings = measure(options, &mut compared);
    suspects::confirm(options, &sources, &mut compared, &mut findings)?;
    findings.sort_by(|a, b| b.change.estimate.total_cmp(&a.change.estimate));
    let report = Report {
        format: report::FORMAT,
        date: host::date(),
        base: base.commit,
        head: host::commit(root),
        host: Host::current(),
        filter: options.filter.clone(),
        quick: options.quick,
        threshold: options.threshold / 100.0,
        findings,
        new: compared.new,
        removed: compared.removed,
        identical: compared.identical,
        incomparable: compared.incomparable,
        failures: compared.failures,
    };
    tell(&workspace, &report, started)
}

fn place(workspace: &Workspace) -> PathBuf {
    workspace
        .metadata
        .target_directory
        .as_std_path()
        .join("regress")
}

/// The first measurement of all that is compared.
fn measure(options: &RegressOptions, compared: &mut Compared) -> Vec<Finding> {
    let effort = Effort::of(options);
    let asked = options.threshold / 100.0;
    // What uses several threads, or the disk, would be in the way of others, and they of it.
    let (alone, together): (Vec<_>, Vec<_>) = std::mem::take(&mut compared.both)
        .into_iter()
        .partition(|one| one.benchmark.clock != Clock::Cpu);
    let one = |one: &sides::Both| {
        let (threshold, threshold_reason) = overrides::threshold(&one.benchmark.id, asked);
        let rule = Rule { threshold };
        let settled = |change, pairs| rule.is_enough(change, pairs, effort.usual_pairs());
        let variants = [one.variant()];
        let measured = examine::examine(&one.benchmark, &variants, effort, &settled, 1)?;
        Ok(Finding {
            id: one.benchmark.id.clone(),
            target: one.base.name.clone(),
            clock: one.benchmark.clock,
            threshold,
            threshold_reason,
            change: measured.change,
            wall: measured.wall,
            iterations: measured.iterations,
            pairs: measured.pairs,
            turns: measured.turns,
            again: Vec::new(),
            verdict: Rule { threshold }.verdict(measured.change, &[]),
        })
    };
    let mut results = lanes::each(LANES, &together, &one);
    results.extend(lanes::each(1, &alone, &one));
    compared.both = together.into_iter().chain(alone).collect();
    let (mut findings, mut failed) = (Vec::new(), Vec::new());
    for (both, result) in compared.both.iter().zip(results) {
        match result {
            Ok(finding) => findings.push(finding),
            Err(error) => failed.push((both.benchmark.id.clone(), error)),
        }
    }
    for (id, error) in failed {
        compared.fail(&id, &error);
    }
    findings
}

/// Prints and writes what was found.
fn tell(workspace: &Workspace, report: &Report, started: Instant) -> Result<Outcome> {
    out::line(&format!("\n{}", report.table()));
    let took = out::seconds(started.elapsed());
    out::line(&format!("{}, measured in {took}", report.closing()));
    let folder = workspace.bench_dir();
    let json = serde_json::to_string_pretty(report)? + "\n";
    for (name, text) in [("regress.json", json), ("regress.html", report.html())] {
        files::write(&folder.join(name), &text)?;
        out::line(&format!("wrote {}", workspace.relative(&folder.join(name))));
    }
    let measured = crate::bench::tell_failures(&report.failures);
    let slower = report.regressions().next().is_some();
    Ok(if slower { Outcome::Bad } else { measured })
}
