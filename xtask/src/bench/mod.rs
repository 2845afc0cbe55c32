//! `cargo xtask bench`: measure, show, keep.

pub(crate) mod collect;
pub(crate) mod host;
pub(crate) mod measure;
pub(crate) mod report;
pub(crate) mod show;
pub(crate) mod stats;
pub(crate) mod store;
pub(crate) mod summary;
pub(crate) mod targets;

use std::collections::BTreeSet;

use anyhow::{Result, bail};

use crate::cli::BenchOptions;
use crate::workspace::Workspace;
use crate::{Outcome, files, out};
use measure::Measurement;
use report::Report;
use store::Store;
use targets::Target;

pub(crate) fn run(options: &BenchOptions) -> Result<Outcome> {
    let workspace = Workspace::load()?;
    let store = Store::new(workspace.bench_dir());
    let mut selected = select(&workspace, options.filter.as_deref())?;
    let mut measurement = measure::measure(
        &selected.targets,
        options.passes(),
        &workspace.bench_dir(),
        &out::error,
    )?;
    selected.failures.append(&mut measurement.failures);
    let report = report(
        &workspace,
        &measurement,
        options.passes(),
        options.filter.clone(),
    );
    out::line(&format!("\n{}", show::table(&report)));
    keep(&workspace, &store, &report, options)?;
    Ok(tell_failures(&selected.failures))
}

/// The benchmarks that are to be measured.
pub(crate) struct Selected {
    pub(crate) targets: Vec<Target>,
    /// All that was built, selected or not.
    pub(crate) held: Held,
    /// Targets that could not even say what they hold.
    pub(crate) failures: Vec<String>,
}

/// What the benches hold.
#[derive(Debug, Default)]
pub(crate) struct Held {
    pub(crate) targets: BTreeSet<String>,
    pub(crate) ids: BTreeSet<String>,
}

/// Builds the benches and applies the filter.
///
/// # Errors
/// When they do not build, or nothing matches.
pub(crate) fn select(workspace: &Workspace, filter: Option<&str>) -> Result<Selected> {
    let built = targets::build(workspace, filter)?;
    let held = Held {
        targets: built
            .targets
            .iter()
            .map(|target| target.name.clone())
            .collect(),
        ids: built
            .targets
            .iter()
            .flat_map(|target| target.ids.clone())
            .collect(),
    };
    let targets = targets::select(built.targets, filter);
    if targets.is_empty() && built.failures.is_empty() {
        let names = held.targets.iter().cloned().collect::<Vec<_>>().join(", ");
        match filter {
            Some(filter) => bail!("no benchmark matches `{filter}`; the bench targets are {names}"),
            None => bail!("the bench targets hold no benchmark: {names}"),
        }
    }
    Ok(Selected {
        targets,
        held,
        failures: built.failures,
    })
}

pub(crate) fn report(
    workspace: &Workspace,
    measurement: &Measurement,
    passes: u32,
    filter: Option<String>,
) -> Report {
    Report {
        format: report::FORMAT,
        date: host::date(),
        commit: host::commit(workspace.root()),
        host: host::Host::current(),
        passes,
        filter,
        entries: summary::entries(&measurement.passes),
    }
}

/// Prints what failed.
pub(crate) fn tell_failures(failures: &[String]) -> Outcome {
    for failure in failures {
        out::error(&format!("FAILED {}", failure.trim_end()));
    }
    if failures.is_empty() {
        Outcome::Good
    } else {
        Outcome::Bad
    }
}

fn keep(
    workspace: &Workspace,
    store: &Store,
    report: &Report,
    options: &BenchOptions,
) -> Result<()> {
    if let Some(path) = &options.out {
        files::write(path, &(serde_json::to_string_pretty(report)? + "\n"))?;
        out::line(&format!("wrote {}", path.display()));
    }
    // A run that measured nothing says nothing about the code: it displaces no other.
    if report.entries.is_empty() {
        return Ok(());
    }
    store.save_latest(report)?;
    out::line(&format!(
        "wrote {}",
        workspace.relative(&store.latest_path())
    ));
    if let Some(message) = store.update_baseline(report, options.save_baseline)? {
        out::line(&format!(
            "{message}: {}",
            workspace.relative(&store.baseline_path())
        ));
    }
    Ok(())
}
