//! The engine: caches and settings that outlive a run, and the run itself.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use autoexec_file_cache::{FileCache, Freshness, Options as FileOptions};
use autoexec_memory_trimmer::Message;
use autoexec_metrics::alert::Alerts;
use autoexec_metrics::{LevelThresholds, Snapshot};
use autoexec_path_cache::{Freshness as PathFreshness, Options as PathOptions, PathCache, Root};
use tokio_util::sync::CancellationToken;

use crate::caches::{MessageArchive, PromptCache, PromptCacheOptions};
use crate::error::Error;
use crate::event::Subscriber;
use crate::report::RunReport;
use crate::run::execution::Execution;
use crate::run::prepare::{Prepared, inputs};
use crate::run::runner::Runner;
use crate::settings::{Caches, Settings};
use crate::telemetry::{self, Probes, Telemetry};
use crate::trace::record::{Recording, Told};
use crate::trace::{TaskTrace, TraceOptions, Tracer};
use crate::workflow::Document;
use crate::workflow::model::OnFailure;

/// Runs workflows. Its caches are shared by all runs, so that a second run reads nothing twice.
#[derive(Clone)]
pub struct Engine {
    shared: Arc<Shared>,
}

/// What outlives a run.
pub(crate) struct Shared {
    pub(crate) settings: Settings,
    pub(crate) files: FileCache,
    pub(crate) paths: PathCache,
    /// Answers; none if the settings want no cache.
    pub(crate) prompts: Option<PromptCache>,
    /// Messages that were dropped; none if the settings want none kept.
    pub(crate) archive: Option<MessageArchive>,
    pub(crate) levels: LevelThresholds,
    pub(crate) telemetry: Telemetry,
    pub(crate) alerts: Mutex<Alerts>,
    pub(crate) probes: Probes,
}

impl Shared {
    /// All zero if there is no cache of answers.
    pub(crate) fn prompt_stats(&self) -> autoexec_store::Stats {
        self.prompts
            .as_ref()
            .map(PromptCache::stats)
            .unwrap_or_default()
    }
}

/// What a run is given.
#[derive(Default)]
#[non_exhaustive]
pub struct RunOptions {
    /// What expressions see as `run.id`.
    pub run_id: String,
    /// Values of the workflow's inputs.
    pub inputs: BTreeMap<String, String>,
    /// What expressions see as `env` under what the workflow sets; commands inherit the process's environment anyway.
    pub env: BTreeMap<String, String>,
    /// The folder that a relative root is relative to; absolute.
    pub base: PathBuf,
    /// The folder that outputs are written below; absolute.
    pub out: PathBuf,
    /// Whether independent steps go on after a failure; the workflow's choice when absent.
    pub on_failure: Option<OnFailure>,
    /// Cancelling it stops the run: commands are ended, and what finished is reported.
    pub cancel: CancellationToken,
    /// Who sees the events.
    pub subscribers: Vec<Box<dyn Subscriber>>,
    /// Whether and where a trace of the run is written; none unless asked for. That it could not be written is no error
    /// of the run: [`TraceOptions::written`] says it.
    pub trace: Option<TraceOptions>,
}

impl RunOptions {
    /// Options of a run that reads and writes below `base`, an absolute folder.
    pub fn new(base: impl Into<PathBuf>) -> Self {
        let base = base.into();
        Self {
            out: base.clone(),
            base,
            ..Self::default()
        }
    }
}

impl std::fmt::Debug for Engine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Engine")
            .field("settings", &self.shared.settings)
            .finish_non_exhaustive()
    }
}

impl Engine {
    /// An engine with empty caches.
    pub fn new(settings: Settings) -> Self {
        let mut files = FileOptions::default();
        files.max_entries = settings.files.entries;
        files.max_bytes = settings.files.bytes;
        files.max_file_bytes = settings.files.max_file_size.max(files.max_file_bytes);
        files.workers = settings.files.workers;
        files.freshness = settings.files.freshness;
        let mut paths = PathOptions::default();
        paths.capacity = settings.paths.entries;
        // A folder is looked up once for each step: watching it pays only where files are watched too.
        paths.freshness = match settings.files.freshness {
            Freshness::Watch => PathFreshness::Watch,
            _ => PathFreshness::Validate,
        };
        let levels = LevelThresholds {
            info: settings.log.info_after,
            warn: settings.log.warn_after,
        };
        let (files, paths) = (FileCache::new(files), PathCache::new(paths));
        let archive = settings.history.archive;
        // Rules are checked where settings are read; whoever changed them since by hand has none.
        let alerts = telemetry::watched(&settings.alerts).or_else(|_| Alerts::new(Vec::new()));
        Self {
            shared: Arc::new(Shared {
                prompts: prompts(&settings.caches),
                archive: (archive > 0).then(|| MessageArchive::new(archive)),
                telemetry: Telemetry::new(settings.metrics.enabled),
                alerts: Mutex::new(alerts.expect("because no rules are no wrong rules")),
                probes: Probes::start(),
                settings,
                files,
                paths,
                levels,
            }),
        }
    }

    /// A message that was dropped from a conversation, or shortened, as it was: by a key of the step's `recall`. None if
    /// it had to give way to later ones, or if the settings keep none. O(its length).
    #[must_use]
    pub fn recall(&self, key: &str) -> Option<Message> {
        self.shared.archive.as_ref()?.recall(key)
    }

    /// The figures of all runs so far, of the caches and of the process: the metrics of the
    /// [`catalogue`](crate::catalogue), those that were measured. None if the settings switch them off.
    #[must_use]
    pub fn metrics(&self) -> Option<Snapshot> {
        let recorder = self.shared.telemetry.recorder();
        recorder.is_enabled().then(|| {
            let mut snapshot = recorder.snapshot();
            telemetry::add_state(&self.shared, &mut snapshot);
            snapshot
        })
    }

    /// Runs a workflow to its end, or until `options.cancel`. Needs a tokio runtime with time and I/O.
    ///
    /// # Errors
    /// Bad input, before any step has run. A failing step is not an error of this function: the report says it.
    pub async fn run(
        &self,
        document: Arc<Document>,
        options: RunOptions,
    ) -> Result<RunReport, Error> {
        let out = folder("output", &options.out)?;
        let inputs = inputs(&document.workflow, options.inputs)?;
        let prepared = Prepared::new(
            &document.workflow,
            inputs,
            options.env,
            &BTreeMap::new(),
            &options.run_id,
        )?;
        let root = folder("root", &options.base.join(&prepared.root))?;
        self.shared.files.begin_run();
        let on_failure = options.on_failure.unwrap_or(document.workflow.on_failure);
        let recording = options.trace.map(|wanted| {
            let recording = Recording::new(&self.shared, root.path(), wanted.salt(), wanted.names);
            (wanted, Arc::new(recording))
        });
        let run = Execution {
            shared: self.shared.clone(),
            on_failure,
            document: document.clone(),
            trace: recording.as_ref().map(|it| Tracer::new(it.1.clone())),
            root: Arc::new(root),
            out: Arc::new(out),
            cancel: options.cancel,
            subscribers: options.subscribers,
            is_outermost: true,
        };
        let report = run.execute(prepared).await;
        if let Some((wanted, recording)) = recording {
            let told = Told {
                document: &document,
                report: &report,
                settings: &self.shared.settings,
                on_failure,
                started_unix_ms: wanted.started_unix_ms,
                session: wanted.session,
                round: wanted.round,
            };
            wanted.put(&recording.finish(&told), &options.run_id);
        }
        Ok(report)
    }
}

/// The cache of answers, unless one of its bounds is 0.
fn prompts(caches: &Caches) -> Option<PromptCache> {
    let is_off = caches.prompts == 0 || caches.prompt_bytes == 0 || caches.prompt_ttl.is_zero();
    let options = PromptCacheOptions {
        max_entries: caches.prompts,
        max_bytes: caches.prompt_bytes,
        ttl: Some(caches.prompt_ttl),
    };
    (!is_off).then(|| PromptCache::new(&options))
}

/// Runs a workflow as a step of another: same caches, same output folder, a root below the caller's.
pub(crate) async fn run_nested(
    caller: &Runner,
    document: Arc<Document>,
    given: BTreeMap<String, String>,
    step_env: BTreeMap<String, String>,
    cancel: CancellationToken,
    trace: Option<TaskTrace>,
) -> Result<RunReport, Error> {
    let inputs = inputs(&document.workflow, given)?;
    let (mut env, mut seen) = (caller.env.clone(), caller.seen_env.clone());
    env.extend(step_env.clone());
    seen.extend(step_env);
    let prepared = Prepared::new(&document.workflow, inputs, seen, &env, &caller.run_id)?;
    let real = caller.root.resolve(Path::new(&prepared.root));
    let real = real.map_err(|e| Error::Folder {
        role: "root",
        path: prepared.root.clone(),
        why: e.to_string(),
    })?;
    let run = Execution {
        shared: caller.shared.clone(),
        on_failure: document.workflow.on_failure,
        document,
        root: Arc::new(folder("root", &real)?),
        out: caller.out.clone(),
        cancel,
        subscribers: Vec::new(),
        trace: trace.map(|it| it.called()),
        is_outermost: false,
    };
    // A workflow may call workflows: the future must have a size.
    Ok(Box::pin(run.execute(prepared)).await)
}

fn folder(role: &'static str, path: &Path) -> Result<Root, Error> {
    Root::new(path).map_err(|e| Error::Folder {
        role,
        path: path.display().to_string(),
        why: e.to_string(),
    })
}
