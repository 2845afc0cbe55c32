//! What each action does, between its expressions and its output.
//!
//! The shared part, and the short actions; the others have files of their own.

use std::collections::BTreeMap;
use std::sync::Arc;

use minijinja::value::Value;
use tokio_util::sync::CancellationToken;

use crate::engine;
use crate::error::StepError;
use crate::report::{RunOutcome, StepCache, StepOutcome};
use crate::trace::TaskTrace;
use crate::workflow::model::{Action, Nested, Read, Search, Step};

use super::output::{FileEntry, Output, WorkflowOutput};
use super::read::Reader;
use super::runner::{Done, Runner};
use super::search::Files;

/// Carries out the action of `step` once. It ends soon after `stop` is cancelled.
pub(super) async fn carry_out(
    runner: &Runner,
    step: &Step,
    index: u32,
    scope: &Value,
    stop: &CancellationToken,
) -> Result<Done, StepError> {
    if stop.is_cancelled() {
        return Err(StepError::Stopped);
    }
    let number = runner.steps.index.get(&step.id).copied();
    let one = One {
        runner,
        step,
        index,
        scope,
        stop,
        trace: number
            .zip(runner.trace.as_ref())
            .map(|(step, trace)| trace.of(step, index)),
    };
    match &step.action {
        Action::Read(read) => one.read(read).await,
        Action::Search(search) => one.search(search).await,
        Action::Run(run) => one.run(run).await.map(plain),
        Action::Ask(ask) => one.ask(ask).await,
        Action::Consolidate(consolidate) => one.consolidate(consolidate).await.map(plain),
        Action::Workflow(nested) => one.nested(nested).await,
    }
}

fn plain(output: Output) -> Done {
    Done {
        output,
        cache: None,
    }
}

pub(super) struct One<'a> {
    pub(super) runner: &'a Runner,
    pub(super) step: &'a Step,
    /// Which task of the step.
    pub(super) index: u32,
    scope: &'a Value,
    pub(super) stop: &'a CancellationToken,
    /// Where it tells what it asks for, if a trace is wanted.
    pub(super) trace: Option<TaskTrace>,
}

impl One<'_> {
    pub(super) fn render(&self, template: &str) -> Result<String, StepError> {
        self.runner
            .expressions
            .render(template, self.scope)
            .map_err(StepError::Invalid)
    }

    pub(super) fn render_all(&self, templates: &[String]) -> Result<Vec<String>, StepError> {
        templates.iter().map(|t| self.render(t)).collect()
    }

    pub(super) fn render_map(
        &self,
        map: &BTreeMap<String, String>,
    ) -> Result<BTreeMap<String, String>, StepError> {
        map.iter()
            .map(|(k, t)| Ok((k.clone(), self.render(t)?)))
            .collect()
    }

    /// Runs blocking work where it holds up nobody.
    pub(super) async fn blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, StepError> + Send + 'static,
    ) -> Result<T, StepError> {
        tokio::task::spawn_blocking(work)
            .await
            .unwrap_or_else(|e| match e.try_into_panic() {
                Ok(panic) => std::panic::resume_unwind(panic),
                Err(_) => Err(StepError::Stopped),
            })
    }

    async fn read(&self, read: &Read) -> Result<Done, StepError> {
        let (patterns, exclude) = (
            self.render_all(&read.files)?,
            self.render_all(&read.exclude)?,
        );
        let (shared, root, read, stop, trace) = (
            self.runner.shared.clone(),
            self.runner.root.clone(),
            read.clone(),
            self.stop.clone(),
            self.trace.clone(),
        );
        let (output, cache) = self
            .blocking(move || {
                let reader = Reader {
                    files: &shared.files,
                    paths: &shared.paths,
                    root: &root,
                    max_file_size: read
                        .max_file_size
                        .unwrap_or(shared.settings.files.max_file_size),
                    workers: shared.settings.files.workers,
                    stop: &stop,
                    trace: trace.as_ref(),
                };
                reader.read(&read, &patterns, &exclude)
            })
            .await?;
        Ok(Done {
            output: Output::Read(output),
            cache: Some(cache),
        })
    }

    /// The files of `read` steps, in the order named, each once.
    fn files_of(&self, ids: &[String]) -> Vec<FileEntry> {
        let mut files: Vec<FileEntry> = Vec::new();
        for output in ids.iter().flat_map(|id| self.outputs(id)) {
            if let Output::Read(read) = output {
                files.extend(read.files.iter().cloned());
            }
        }
        let mut seen = std::collections::HashSet::new();
        files.retain(|f| seen.insert(f.path.clone()));
        files
    }

    pub(super) fn outputs(&self, id: &str) -> &[Output] {
        self.runner
            .steps
            .state(id)
            .map(|s| s.outputs.as_slice())
            .unwrap_or_default()
    }

    async fn search(&self, search: &Search) -> Result<Done, StepError> {
        let pattern = self.render(&search.pattern)?;
        let files = Arc::new(self.files_of(&search.within));
        let (shared, root, search, stop, trace) = (
            self.runner.shared.clone(),
            self.runner.root.clone(),
            search.clone(),
            self.stop.clone(),
            self.trace.clone(),
        );
        let (output, cache) = self
            .blocking(move || {
                let from = Files {
                    cache: &shared.files,
                    root: &root,
                    trace: trace.as_ref(),
                };
                super::search::search(&search, &pattern, &files, &from, &stop)
            })
            .await?;
        Ok(Done {
            output: Output::Search(output),
            cache: Some(cache),
        })
    }

    /// The title of a step.
    pub(super) fn title(&self, id: &str) -> String {
        let steps = &self.runner.document.workflow.steps;
        steps
            .iter()
            .find(|s| s.id == id)
            .map_or_else(|| id.to_owned(), |s| s.name.clone())
    }

    async fn nested(&self, nested: &Nested) -> Result<Done, StepError> {
        let called = self
            .runner
            .document
            .nested
            .get(&nested.path)
            .ok_or_else(|| {
                StepError::Invalid(format!("the workflow `{}` was not loaded", nested.path))
            })?;
        let inputs = self.render_map(&nested.inputs)?;
        let env = self.render_map(&self.step.env)?;
        let (stop, trace) = (self.stop.clone(), self.trace.clone());
        let report = engine::run_nested(self.runner, called.clone(), inputs, env, stop, trace);
        let report = report
            .await
            .map_err(|e| StepError::Invalid(format!("`{}`: failed to {e}", nested.path)))?;
        match report.outcome {
            RunOutcome::Interrupted => Err(StepError::Stopped),
            RunOutcome::Failed => {
                let first = report
                    .steps
                    .iter()
                    .find(|s| s.outcome == StepOutcome::Failed);
                let why = first.map(|s| {
                    let error = s.error.clone().unwrap_or_default();
                    format!("{}:{}, step `{}`: {error}", report.file, s.line, s.id)
                });
                let why = why.or(report.errors.first().cloned()).unwrap_or_default();
                Err(StepError::Failed(format!(
                    "`{}` failed: {why}",
                    nested.path
                )))
            }
            RunOutcome::Succeeded => {
                let cache = StepCache::sum(report.steps.iter().filter_map(|s| s.cache));
                let output = WorkflowOutput {
                    outputs: report.outputs.clone(),
                    report: Box::new(report),
                };
                Ok(Done {
                    output: Output::Workflow(output),
                    cache,
                })
            }
        }
    }
}
