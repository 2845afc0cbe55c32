//! What each subcommand does; `run` has a file of its own.

use std::path::Path;

use anyhow::{Context, Result};
use autoexec_engine::compare::Comparison;
use autoexec_engine::document::units::many;
use autoexec_engine::workflow::graph;
use autoexec_engine::{Document, RunReport, Settings, journal, load, runs};
use clap::CommandFactory;

use crate::arguments::{Arguments, Check, Command, Graph, Notation, Report};
use crate::exit::Exit;
use crate::report;
use crate::terminal::print;

pub(crate) fn dispatch(arguments: Arguments) -> Result<Exit> {
    // A variable that is set to nothing is as good as not set.
    let config = arguments
        .config
        .as_deref()
        .filter(|p| !p.as_os_str().is_empty());
    match &arguments.command {
        Command::Run(run) => crate::run::run(run, settings(config)?),
        Command::Check(check) => check_workflows(check),
        Command::Graph(graph) => print_graph(graph),
        Command::Report(report) => show_report(report),
        Command::Trace(trace) => crate::trace::trace(trace, &settings(config)?),
        Command::Doctor(doctor) => crate::doctor::doctor(doctor, &settings(config)?),
        Command::Trim(trim) => crate::trim::trim(trim),
        Command::Tune(tune) => crate::tune::tune(tune, config, || settings(config)),
        Command::Schema => {
            let schema = autoexec_engine::workflow::spec::json_schema();
            print(&format!("{}\n", serde_json_pretty(&schema)))
        }
        Command::Config => print(autoexec_engine::settings::DEFAULTS),
        Command::Completions { shell } => {
            let mut out = Vec::new();
            clap_complete::generate(*shell, &mut Arguments::command(), "orchestrator", &mut out);
            print(&String::from_utf8_lossy(&out))
        }
    }
}

fn serde_json_pretty(value: &impl std::fmt::Display) -> String {
    format!("{value:#}")
}

/// Settings from the file named, else from autoexec.toml in the current folder, else the defaults.
fn settings(named: Option<&Path>) -> Result<Settings> {
    let beside = Path::new("autoexec.toml");
    let Some(path) = named.or_else(|| beside.exists().then_some(beside)) else {
        return Ok(Settings::default());
    };
    let text = std::fs::read_to_string(path)
        .with_context(|| format!("cannot read settings from {}", path.display()))?;
    Settings::from_toml(&text).map_err(|e| anyhow::anyhow!("{}: {e}", path.display()))
}

/// The workflow, or nothing after its errors have been printed.
pub(crate) fn loaded(path: &Path) -> Option<Document> {
    load(path)
        .map_err(|errors| report::print_diagnostics(&errors))
        .ok()
}

fn check_workflows(check: &Check) -> Result<Exit> {
    let mut exit = Exit::Success;
    for path in &check.workflows {
        let Some(document) = loaded(path) else {
            exit = Exit::BadInput;
            continue;
        };
        let text = match check.canonical {
            true => format!("{}\n", document.canonical()),
            false => format!(
                "{}: ok, {}\n",
                path.display(),
                many(document.workflow.steps.len() as u64, "step", "steps")
            ),
        };
        print(&text)?;
    }
    Ok(exit)
}

fn print_graph(wanted: &Graph) -> Result<Exit> {
    let Some(document) = loaded(&wanted.workflow) else {
        return Ok(Exit::BadInput);
    };
    print(&match wanted.format {
        Notation::Mermaid => graph::mermaid(&document.workflow),
        Notation::Dot => graph::dot(&document.workflow),
    })
}

/// The whole report, or of a run that never ended the steps that did; or a comparison.
fn show_report(wanted: &Report) -> Result<Exit> {
    if let Some(baseline) = &wanted.compare {
        return compare(wanted, baseline);
    }
    let path = &wanted.run;
    if let Ok(recorded) = journal::read(path)
        && recorded.report.is_none()
        && !wanted.json
    {
        return print(&report::unfinished(&recorded));
    }
    let reports = reports(path)?;
    if wanted.json {
        return print(&report::json(&reports));
    }
    for report in &reports {
        print(&report::text(report))?;
        report::print_failures(report);
    }
    Ok(Exit::Success)
}

fn reports(path: &Path) -> Result<Vec<RunReport>> {
    runs::read(path).with_context(|| format!("{}", path.display()))
}

fn compare(wanted: &Report, baseline: &Path) -> Result<Exit> {
    let (now, then) = (reports(&wanted.run)?, reports(baseline)?);
    let comparison = Comparison::new(&then, &now, wanted.threshold / 100.0);
    print(&match wanted.json {
        true => format!("{}\n", comparison.to_json()),
        false => crate::comparison::text(&comparison),
    })?;
    let is_worse = comparison.worse().next().is_some();
    Ok(if wanted.fail && is_worse {
        Exit::StepFailed
    } else {
        Exit::Success
    })
}
