//! `cargo xtask bench`: measure, show, keep.

pub(crate) mod clock;
pub(crate) mod collect;
mod history;
pub(crate) mod host;
pub(crate) mod measure;
mod peers;
pub(crate) mod report;
mod rolling;
pub(crate) mod show;
mod store;
mod summary;
pub(crate) mod targets;

use std::path::Path;

use anyhow::{Result, bail};

use crate::cli::BenchOptions;
use crate::workspace::{PEERS, Workspace};
use crate::{Outcome, files, out};
use measure::Measurement;
use report::{Entry, Report};
use store::Store;
use targets::Target;

pub(crate) fn run(options: &BenchOptions) -> Result<Outcome> {
    let workspace = Workspace::load()?;
    let filter = options.filter.as_deref();
    let declares = |package: &str, name: &str| targets::declares(&workspace, package, name);
    let packages = peers::packages(filter, options.peers, &declares);
    let selected = select(&workspace, &packages, filter)?;
    let is_peer = |target: &Target| target.package == PEERS;
    let (peers, ours): (Vec<Target>, Vec<Target>) = selected.targets.into_iter().partition(is_peer);
    let mut bench = Bench {
        store: Store::new(workspace.bench_dir()),
        workspace,
        options,
        failures: selected.failures,
        entries: Vec::new(),
    };
    if !ours.is_empty() {
        bench.measure_ours(&ours)?;
    }
    if !peers.is_empty() {
        bench.measure_peers(&peers)?;
    }
    bench.write_out()?;
    Ok(tell_failures(&bench.failures))
}

/// One run of the task.
struct Bench<'a> {
    workspace: Workspace,
    store: Store,
    options: &'a BenchOptions,
    failures: Vec<String>,
    /// All that was measured, for `--out`.
    entries: Vec<Entry>,
}

impl Bench<'_> {
    fn measure_ours(&mut self, targets: &[Target]) -> Result<()> {
        let report = self.measure(targets);
        self.keep(&report)
    }

    fn measure_peers(&mut self, targets: &[Target]) -> Result<()> {
        let report = self.measure(targets);
        let notes: Vec<&str> = targets
            .iter()
            .flat_map(|target| target.notes.iter().map(String::as_str))
            .collect();
        notes.iter().for_each(|note| out::line(note));
        let rates = match peers::hit_rates(&self.workspace, targets) {
            Ok(table) => table,
            Err(error) => {
                self.failures.push(format!("{error:#}"));
                None
            }
        };
        rates.iter().for_each(|table| out::line(table));
        if report.entries.is_empty() {
            return Ok(());
        }
        self.store.save_peers(&report)?;
        self.tell_written(&self.store.peers_path());
        // A table of some of them would stand there as if it were all.
        if report.filter.is_none() && self.failures.is_empty() {
            peers::document(&self.workspace, &report, rates.as_deref(), &notes)?;
            self.tell_written(&self.workspace.root().join(peers::DOCUMENT));
        }
        Ok(())
    }

    /// Measures and shows.
    fn measure(&mut self, targets: &[Target]) -> Report {
        let mut measurement = measure::measure(targets, self.options.passes(), &out::error);
        self.failures.append(&mut measurement.failures);
        let report = self.report(&measurement);
        out::line(&format!("\n{}", show::table(&report)));
        self.entries.extend(report.entries.iter().cloned());
        report
    }

    fn report(&self, measurement: &Measurement) -> Report {
        let filter = self.options.filter.clone();
        report(&self.workspace, measurement, self.options.passes(), filter)
    }

    /// Keeps a run of our benches.
    fn keep(&self, report: &Report) -> Result<()> {
        // A run that measured nothing says nothing about the code: it displaces no other.
        if report.entries.is_empty() {
            return Ok(());
        }
        self.store.save_latest(report)?;
        self.tell_written(&self.store.latest_path());
        if report.filter.is_none() {
            let before = self.store.history()?;
            rolling::alerts(report, &before)
                .iter()
                .for_each(|alert| out::line(alert));
            self.store.append_history(report)?;
            self.tell_written(&self.store.history_path());
        }
        Ok(())
    }

    fn tell_written(&self, path: &Path) {
        out::line(&format!("wrote {}", self.workspace.relative(path)));
    }

    /// Writes what was measured, ours and peers, to where `--out` says.
    fn write_out(&self) -> Result<()> {
        let Some(path) = &self.options.out else {
            return Ok(());
        };
        let mut report = self.report(&Measurement::default());
        report.entries.clone_from(&self.entries);
        files::write(path, &(serde_json::to_string_pretty(&report)? + "\n"))?;
        out::line(&format!("wrote {}", path.display()));
        Ok(())
    }
}

/// The benchmarks that are to be measured.
struct Selected {
    targets: Vec<Target>,
    /// What could not even say what it holds.
    failures: Vec<String>,
}

/// Builds the benches of these packages and applies the filter.
///
/// # Errors
/// When they do not build, or nothing matches.
fn select(
    workspace: &Workspace,
    packages: &[&'static str],
    filter: Option<&str>,
) -> Result<Selected> {
    let built = targets::build(workspace, packages, filter)?;
    let names: Vec<String> = built.targets.iter().map(|it| it.name.clone()).collect();
    let targets = targets::select(built.targets, filter);
    if targets.is_empty() && built.failures.is_empty() {
        let names = names.join(", ");
        match filter {
            Some(filter) => bail!("no benchmark matches `{filter}`; the bench targets are {names}"),
            None => bail!("the bench targets hold no benchmark: {names}"),
        }
    }
    Ok(Selected {
        targets,
        failures: built.failures,
    })
}

fn report(
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
