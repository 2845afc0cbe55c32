//! What each subcommand does.

use std::io::{IsTerminal, Write};
use std::path::Path;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use anyhow::{Context, Result};
use autoexec_engine::journal::{self, Journal};
use autoexec_engine::workflow::graph;
use autoexec_engine::workflow::model::OnFailure;
use autoexec_engine::{Document, Engine, RunOptions, RunReport, Settings, Subscriber, load};
use clap::CommandFactory;
use tokio_util::sync::CancellationToken;

use crate::arguments::{Arguments, Check, Command, Graph, Notation, Report, Run, When};
use crate::exit::Exit;
use crate::progress::Progress;
use crate::report;

pub(crate) fn dispatch(arguments: Arguments) -> Result<Exit> {
    let config = arguments.config.as_deref();
    match &arguments.command {
        Command::Run(run) => run_workflow(run, settings(config)?),
        Command::Check(check) => check_workflows(check),
        Command::Graph(graph) => print_graph(graph),
        Command::Report(report) => show_journal(report),
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

/// A closed pipe (`| head`) is not an error.
fn print(text: &str) -> Result<Exit> {
    match anstream::stdout().write_all(text.as_bytes()) {
        Err(e) if e.kind() != std::io::ErrorKind::BrokenPipe => Err(e).context("standard output"),
        _ => Ok(Exit::Success),
    }
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
fn loaded(path: &Path) -> Option<Document> {
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
                "{}: ok, {} steps\n",
                path.display(),
                document.workflow.steps.len()
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

fn run_workflow(run: &Run, settings: Settings) -> Result<Exit> {
    let Some(document) = loaded(&run.workflow) else {
        return Ok(Exit::BadInput);
    };
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .context("cannot start the runtime")?;
    let cancel = CancellationToken::new();
    let result = runtime.block_on(async {
        let again = watch_signals(cancel.clone());
        tokio::select! {
            result = run_all(run, Arc::new(document), Engine::new(settings), &cancel) => result,
            // A second signal does not wait: what still runs is killed when the runtime goes.
            () = again => Ok(Exit::Interrupted),
        }
    });
    runtime.shutdown_timeout(Duration::from_millis(200));
    result
}

async fn run_all(
    run: &Run,
    document: Arc<Document>,
    engine: Engine,
    cancel: &CancellationToken,
) -> Result<Exit> {
    let mut exit = Exit::Success;
    for round in 1..=run.repeat {
        let mut options = options(run, round, cancel)?;
        let journal = journal(run, &mut options)?;
        let report = engine
            .run(document.clone(), options)
            .await
            .map_err(|e| anyhow::anyhow!("failed to {e}"))?;
        exit = show(run, round, &report)?;
        if let Some(why) = journal.as_ref().and_then(|f| f.get()) {
            report::warn(&format!("the journal ends early: {why}"));
        }
        if exit != Exit::Success {
            break;
        }
    }
    Ok(exit)
}

fn options(run: &Run, round: u32, cancel: &CancellationToken) -> Result<RunOptions> {
    let here = std::env::current_dir().context("there is no current folder")?;
    let mut options = RunOptions::new(&here);
    if let Some(out) = &run.out {
        options.out = here.join(out);
    }
    options.inputs = run.inputs.iter().cloned().collect();
    // Variables that are not UTF-8 cannot stand in expressions; commands inherit them all the same.
    options.env = std::env::vars_os()
        .filter_map(|(k, v)| Some((k.into_string().ok()?, v.into_string().ok()?)))
        .collect();
    options.run_id = format!("{}-{round}", std::process::id());
    options.cancel = cancel.clone();
    options.on_failure = match (run.keep_going, run.fail_fast) {
        (true, _) => Some(OnFailure::Continue),
        (_, true) => Some(OnFailure::Stop),
        _ => None,
    };
    if shows_progress(run) {
        let progress: Box<dyn Subscriber> = Box::new(Progress::new());
        options.subscribers.push(progress);
    }
    Ok(options)
}

/// The journal that was asked for becomes a subscriber; what is returned will tell whether it is whole.
fn journal(run: &Run, options: &mut RunOptions) -> Result<Option<Arc<OnceLock<String>>>> {
    let Some(path) = &run.journal else {
        return Ok(None);
    };
    let file = run.workflow.display().to_string();
    let journal = Journal::create(path, &file)
        .with_context(|| format!("cannot write the journal {}", path.display()))?;
    let failure = journal.failure();
    options.subscribers.push(Box::new(journal));
    Ok(Some(failure))
}

fn shows_progress(run: &Run) -> bool {
    match run.progress {
        When::Always => true,
        When::Never => false,
        When::Auto => std::io::stderr().is_terminal() && !run.quiet,
    }
}

fn show(run: &Run, round: u32, report: &RunReport) -> Result<Exit> {
    if run.json {
        print(&format!("{}\n", report.to_json()))?;
    } else if !run.quiet {
        if run.repeat > 1 {
            print(&format!("Run {round} of {}\n", run.repeat))?;
        }
        print(&report::text(report))?;
    }
    if !run.json {
        report::print_failures(report);
    }
    Ok(report.outcome.into())
}

/// The whole report, or of a run that never ended the steps that did.
fn show_journal(wanted: &Report) -> Result<Exit> {
    let recorded =
        journal::read(&wanted.journal).with_context(|| format!("{}", wanted.journal.display()))?;
    match &recorded.report {
        Some(report) if wanted.json => print(&format!("{}\n", report.to_json())),
        Some(report) => print(&report::text(report)),
        None if wanted.json => anyhow::bail!(
            "{}: the run never ended, so there is no report",
            wanted.journal.display()
        ),
        None => print(&report::unfinished(&recorded)),
    }
}

/// The first SIGINT or SIGTERM stops the run; the future ends at the second.
async fn watch_signals(cancel: CancellationToken) {
    let Ok(mut signals) = Signals::new() else {
        // Without handlers the signals do what they always did.
        return std::future::pending().await;
    };
    signals.next().await;
    anstream::eprintln!("stopping: commands are being ended; once more to kill them at once");
    cancel.cancel();
    signals.next().await;
}

#[cfg(unix)]
struct Signals(tokio::signal::unix::Signal, tokio::signal::unix::Signal);

#[cfg(unix)]
impl Signals {
    fn new() -> std::io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self(
            signal(SignalKind::interrupt())?,
            signal(SignalKind::terminate())?,
        ))
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.0.recv() => {}
            _ = self.1.recv() => {}
        }
    }
}

#[cfg(not(unix))]
struct Signals;

#[cfg(not(unix))]
impl Signals {
    fn new() -> std::io::Result<Self> {
        Ok(Self)
    }

    async fn next(&mut self) {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}
