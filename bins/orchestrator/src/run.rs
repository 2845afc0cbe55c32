//! `run`: the workflow, its signals, its reports.

use std::io::IsTerminal;
use std::path::Path;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result};
use autoexec_engine::journal::Journal;
use autoexec_engine::report::{AlertReport, RunOutcome};
use autoexec_engine::trace::TraceOptions;
use autoexec_engine::workflow::model::OnFailure;
use autoexec_engine::{
    Document, Engine, MetricsFormat, RunOptions, RunReport, Settings, Subscriber,
};
use tokio_util::sync::CancellationToken;

use crate::arguments::{Run, When};
use crate::commands::loaded;
use crate::exit::Exit;
use crate::progress::Progress;
use crate::report;
use crate::terminal::{print, tell};

/// Loads and runs a workflow, as often as asked.
pub(crate) fn run(run: &Run, settings: Settings) -> Result<Exit> {
    if let Some(path) = &run.metrics {
        let form = MetricsFormat::of(path);
        form.and_then(|_| writable(path))
            .map_err(|why| anyhow::anyhow!("--metrics {}: {why}", path.display()))?;
    }
    if !settings.metrics.enabled {
        for (flag, is_given) in [
            ("--metrics", run.metrics.is_some()),
            ("--fail-on-alert", run.fail_on_alert.is_some()),
        ] {
            anyhow::ensure!(!is_given, "{flag}: the settings switch metrics off");
        }
    }
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
            // Signals are watched before anything runs.
            biased;
            // A second signal does not wait: what still runs is killed when the runtime goes.
            () = again => Ok(Exit::Interrupted),
            result = run_all(run, Arc::new(document), settings, &cancel) => result,
        }
    });
    runtime.shutdown_timeout(Duration::from_millis(200));
    result
}

/// What makes a file one that could not be written after all was done, or, as with a pipe that nobody reads, would have it
/// wait for ever.
pub(crate) fn writable(path: &Path) -> Result<(), String> {
    let folder = path.parent().filter(|it| !it.as_os_str().is_empty());
    if let Some(folder) = folder
        && !folder.is_dir()
    {
        return Err(format!("there is no folder {}", folder.display()));
    }
    match std::fs::metadata(path) {
        Ok(found) if !found.is_file() && !is_device(&found) => {
            Err("exists and is no regular file".to_owned())
        }
        _ => Ok(()),
    }
}

/// Whether it is a character device, such as a terminal or /dev/null, or what this process prints to.
#[cfg(unix)]
fn is_device(found: &std::fs::Metadata) -> bool {
    use std::os::unix::fs::{FileTypeExt, MetadataExt};
    let is_open = |name| {
        std::fs::metadata(name)
            .is_ok_and(|open| (open.dev(), open.ino()) == (found.dev(), found.ino()))
    };
    found.file_type().is_char_device() || ["/dev/stdout", "/dev/stderr"].into_iter().any(is_open)
}

#[cfg(not(unix))]
fn is_device(_: &std::fs::Metadata) -> bool {
    false
}

async fn run_all(
    run: &Run,
    document: Arc<Document>,
    settings: Settings,
    cancel: &CancellationToken,
) -> Result<Exit> {
    let mut exit = Exit::Success;
    let mut reports = Vec::new();
    let started = unix_nanos();
    let engine = Engine::new(settings.clone());
    for round in 1..=run.repeat {
        let mut options = options(run, round, cancel)?;
        options.trace = trace(run, &settings, &options, started, round);
        let traced = options.trace.as_ref().map(TraceOptions::written);
        let journal = journal(run, &mut options)?;
        let result = engine.run(document.clone(), options).await;
        let report = result.map_err(|e| {
            // Nothing was run: a journal of nothing would only be in the way of the next try.
            run.journal
                .iter()
                .for_each(|path| _ = std::fs::remove_file(path));
            anyhow::anyhow!("failed to {e}")
        })?;
        exit = report.outcome.into();
        if !run.json {
            show(run, round, &report, &mut exit);
        }
        if let Some(why) = journal.as_ref().and_then(|f| f.get()) {
            report::warn(&format!("the journal ends early: {why}"));
        }
        if let Some(Err(why)) = traced.as_ref().and_then(|it| it.get()) {
            report::warn(&format!("no whole trace was written: {why}"));
        }
        let outcome = report.outcome;
        reports.push(report);
        if exit != Exit::Success {
            tell_left(round, run.repeat, outcome);
            break;
        }
    }
    if let Some(path) = &run.metrics {
        write_metrics(path, &engine, started, &mut exit);
    }
    fail_on_alert(run, reports.last(), &mut exit);
    if run.json {
        let text = match reports.as_slice() {
            [one] if run.repeat == 1 => format!("{}\n", one.to_json()),
            all => report::list(all),
        };
        print_or_fail(&text, &mut exit);
    }
    Ok(exit)
}

/// Says that a run is the last one, if more were asked for.
fn tell_left(round: u32, rounds: u32, outcome: RunOutcome) {
    let how = match outcome {
        // Then it was the report that could not be printed.
        RunOutcome::Succeeded => "could not be told",
        RunOutcome::Failed => "failed",
        RunOutcome::Interrupted => "was interrupted",
    };
    let not_made = match rounds - round {
        0 => return,
        1 => "1 was not made".to_owned(),
        n => format!("{n} were not made"),
    };
    report::error(&format!("run {round} of {rounds} {how}; {not_made}"));
}

/// Now, in nanoseconds since 1970; 0 for a clock before that.
fn unix_nanos() -> u64 {
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    u64::try_from(now.as_nanos()).unwrap_or(u64::MAX)
}

/// The workflow has run; that its metrics cannot be written is a failure, not bad input.
fn write_metrics(path: &Path, engine: &Engine, started: u64, exit: &mut Exit) {
    let written = || -> Result<()> {
        let format = MetricsFormat::of(path).map_err(anyhow::Error::msg)?;
        let snapshot = engine
            .metrics()
            .context("the settings switch metrics off")?;
        Ok(std::fs::write(
            path,
            format.render(&snapshot, started, unix_nanos()),
        )?)
    };
    if let Err(e) = written() {
        report::error(&format!(
            "cannot write the metrics {}: {e:#}",
            path.display()
        ));
        fail(exit);
    }
}

fn fail(exit: &mut Exit) {
    if *exit == Exit::Success {
        *exit = Exit::StepFailed;
    }
}

fn fail_on_alert(run: &Run, last: Option<&RunReport>, exit: &mut Exit) {
    let (Some(least), Some(report)) = (run.fail_on_alert, last) else {
        return;
    };
    let counts = |alert: &&AlertReport| alert.is_raised && alert.severity >= least.into();
    let raised = report.alerts.iter().filter(counts);
    let raised: Vec<String> = raised
        .map(|alert| format!("{} ({})", alert.rule, alert.message))
        .collect();
    if !raised.is_empty() {
        // Neither --quiet nor --json leaves the reader without the reason for the exit code.
        report::error(&format!("--fail-on-alert: {}", raised.join(", ")));
        fail(exit);
    }
}

/// The workflow has run; that its report cannot be printed is a failure, not bad input.
fn print_or_fail(text: &str, exit: &mut Exit) {
    if let Err(e) = print(text) {
        report::error(&format!("{e:#}"));
        fail(exit);
    }
}

fn options(run: &Run, round: u32, cancel: &CancellationToken) -> Result<RunOptions> {
    let here = std::env::current_dir().context("there is no current folder")?;
    let mut options = RunOptions::new(&here);
    if let Some(out) = &run.out {
        options.out = here.join(out);
    }
    for (name, value) in &run.inputs {
        if options.inputs.insert(name.clone(), value.clone()).is_some() {
            anyhow::bail!("the input `{name}` is given twice");
        }
    }
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

/// Where the trace of a round goes, if it is to be written. Runs of this process share their caches.
fn trace(
    run: &Run,
    settings: &Settings,
    options: &RunOptions,
    started: u64,
    round: u32,
) -> Option<TraceOptions> {
    let wanted = settings.trace.enabled || run.trace.is_some();
    if run.no_trace || !wanted {
        return None;
    }
    let mut trace = TraceOptions::new(settings.trace.folder_below(&options.base));
    trace.file = run.trace.as_ref().map(|file| options.base.join(file));
    trace.names = settings.trace.names;
    trace.started_unix_ms = unix_nanos() / 1_000_000;
    // No two processes start in one nanosecond with one number.
    trace.session = started.rotate_left(16) ^ u64::from(std::process::id());
    trace.round = round;
    Some(trace)
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

fn show(run: &Run, round: u32, report: &RunReport, exit: &mut Exit) {
    if !run.quiet {
        let title = if run.repeat > 1 {
            format!("Run {round} of {}\n", run.repeat)
        } else {
            String::new()
        };
        print_or_fail(&format!("{title}{}", report::text(report)), exit);
    }
    report::print_failures(report);
}

/// The first SIGINT, SIGTERM or SIGHUP stops the run; the future ends at the second.
pub(crate) async fn watch_signals(cancel: CancellationToken) {
    let Ok(mut signals) = Signals::new() else {
        // Without handlers the signals do what they always did.
        return std::future::pending().await;
    };
    signals.next().await;
    tell("stopping: commands are being ended; once more to kill them at once\n");
    cancel.cancel();
    signals.next().await;
}

#[cfg(unix)]
struct Signals([tokio::signal::unix::Signal; 3]);

#[cfg(unix)]
impl Signals {
    fn new() -> std::io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        let open = |kind| signal(kind);
        Ok(Self([
            open(SignalKind::interrupt())?,
            open(SignalKind::terminate())?,
            open(SignalKind::hangup())?,
        ]))
    }

    async fn next(&mut self) {
        let [interrupt, terminate, hangup] = &mut self.0;
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
            _ = hangup.recv() => {}
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
