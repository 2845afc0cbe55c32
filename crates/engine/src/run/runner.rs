//! The scheduler's view of a workflow: conditions, widths, attempts, timeouts; what each step yielded.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::{Duration, Instant};

use autoexec_metrics::Recorder;
use autoexec_path_cache::Root;
use autoexec_scheduler as scheduler;
use minijinja::value::Value;
use scheduler::{Failure, Outcome, Prepare, Skip, StepId, Task};
use tokio::sync::mpsc::UnboundedSender;

use crate::engine::Shared;
use crate::error::StepError;
use crate::event::Event;
use crate::report::{StepCache, StepOutcome, StepReport, TokensReport};
use crate::trace::Tracer;
use crate::workflow::Document;
use crate::workflow::expression::Expressions;
use crate::workflow::model::{Foreach, Step};

use super::conversation::Talk;
use super::output::{Output, Problem, RunOutput};
use super::scope::{Scope, StepState, Steps};

/// Most elements of a `foreach`.
const MAX_WIDTH: usize = 100_000;

/// One run of one workflow.
pub(crate) struct Runner {
    pub(crate) shared: Arc<Shared>,
    pub(crate) run_id: String,
    pub(crate) document: Arc<Document>,
    pub(crate) root: Arc<Root>,
    pub(crate) out: Arc<Root>,
    pub(crate) steps: Arc<Steps>,
    pub(crate) expressions: Arc<Expressions>,
    /// The names of expressions, without `item`.
    pub(crate) scope: Scope,
    /// The environment of commands: the callers' and the workflow's.
    pub(crate) env: BTreeMap<String, String>,
    /// What expressions see as `env`.
    pub(crate) seen_env: BTreeMap<String, String>,
    /// Durations by action.
    pub(crate) recorder: Recorder,
    pub(crate) conversations: Mutex<HashMap<String, Arc<tokio::sync::Mutex<Talk>>>>,
    pub(crate) events: UnboundedSender<Event>,
    pub(crate) trace: Option<Tracer>,
    pub(crate) progress: Vec<Progress>,
}

/// What happens to a step while it runs.
#[derive(Default)]
pub(crate) struct Progress {
    started: OnceLock<Instant>,
    items: OnceLock<Vec<Value>>,
    attempts: std::sync::atomic::AtomicU32,
}

/// What one task leaves behind.
pub(crate) struct Done {
    pub(crate) output: Output,
    pub(crate) cache: Option<StepCache>,
}

impl Runner {
    pub(crate) fn step(&self, id: StepId) -> &Step {
        &self.document.workflow.steps[id.index()]
    }

    /// The scope of a task, or of a step's condition.
    pub(crate) fn scope_of(&self, step: &Step, item: Option<(Value, u32)>) -> Value {
        let failed = step
            .needs
            .iter()
            .any(|id| self.steps.state(id).is_some_and(|s| s.is_failure));
        Scope {
            item,
            failed,
            ..self.scope.clone()
        }
        .value()
    }

    fn prepared(&self, id: StepId) -> Result<Option<u32>, StepError> {
        let step = self.step(id);
        let scope = self.scope_of(step, None);
        if let Some(condition) = &step.condition
            && !self
                .expressions
                .holds(condition, &scope)
                .map_err(StepError::Invalid)?
        {
            return Ok(None);
        }
        let Some(foreach) = &step.foreach else {
            return Ok(Some(1));
        };
        let items = self.items(foreach, &scope).map_err(StepError::Invalid)?;
        if items.len() > MAX_WIDTH {
            return Err(StepError::Invalid(format!(
                "`foreach` yields {} elements, more than {MAX_WIDTH}",
                items.len()
            )));
        }
        let width = items.len() as u32;
        _ = self.progress[id.index()].items.set(items);
        Ok(Some(width))
    }

    fn items(&self, foreach: &Foreach, scope: &Value) -> Result<Vec<Value>, String> {
        match foreach {
            Foreach::List(list) => list
                .iter()
                .map(|t| self.expressions.render(t, scope).map(Value::from))
                .collect(),
            Foreach::Expression(expression) => {
                let value = self.expressions.value(expression, scope)?;
                if !matches!(
                    value.kind(),
                    minijinja::value::ValueKind::Seq | minijinja::value::ValueKind::Iterable
                ) {
                    return Err(format!(
                        "`foreach: {expression}` yields a {}, not a list",
                        value.kind()
                    ));
                }
                Ok(value
                    .try_iter()
                    .map_err(|e| e.to_string())?
                    .take(MAX_WIDTH + 1)
                    .collect())
            }
        }
    }

    /// Attempts until one succeeds, none is left, or the run is stopped.
    async fn attempts(&self, task: &Task) -> Result<Done, StepError> {
        let step = self.step(task.step);
        let item = self.progress[task.step.index()]
            .items
            .get()
            .and_then(|i| i.get(task.index as usize));
        let scope = self.scope_of(step, item.map(|v| (v.clone(), task.index)));
        let mut attempt = 1;
        loop {
            self.progress[task.step.index()]
                .attempts
                .fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            let result = self.attempt(step, task, &scope).await;
            self.count(attempt, &result);
            let error = match result {
                Ok(done) => return Ok(done),
                Err(
                    e @ (StepError::Failed(_) | StepError::Problems(_) | StepError::Command(..)),
                ) if attempt < step.retry.attempts && !task.cancel.is_cancelled() => e.to_string(),
                Err(e) => return Err(e),
            };
            attempt += 1;
            let (step_index, index) = (task.step.index(), task.index);
            self.emit(Event::Retrying {
                step: step_index,
                index,
                attempt,
                error,
            });
            tokio::select! {
                () = tokio::time::sleep(step.retry.pause(attempt)) => {}
                () = task.cancel.cancelled() => return Err(StepError::Stopped),
            }
        }
    }

    /// Takes note of how an attempt ended. All those of its task before it have failed.
    fn count(&self, attempt: u32, result: &Result<Done, StepError>) {
        match result {
            Ok(_) => self.shared.telemetry.recovered(u64::from(attempt - 1)),
            Err(StepError::Stopped) => {}
            Err(_) => self.shared.telemetry.failed(1),
        }
    }

    /// One attempt. At the timeout the action is told to stop, and awaited: it ends what it started.
    async fn attempt(&self, step: &Step, task: &Task, scope: &Value) -> Result<Done, StepError> {
        let stop = task.cancel.child_token();
        let action = super::actions::carry_out(self, step, task.index, scope, &stop);
        let Some(timeout) = step.timeout else {
            return action.await;
        };
        tokio::pin!(action);
        tokio::select! {
            result = &mut action => result,
            () = tokio::time::sleep(timeout) => {
                stop.cancel();
                _ = action.await;
                let limit = crate::document::units::format_duration(timeout);
                Err(StepError::Failed(format!("timed out after {limit}")))
            }
        }
    }

    pub(crate) fn emit(&self, event: Event) {
        // Without a receiver nobody is interested any more.
        _ = self.events.send(event);
    }

    /// Whether a step counts as failed for those that need it: also if it never ran because of a failure.
    fn is_failure(&self, outcome: &Outcome<Done, StepError>) -> bool {
        match outcome {
            Outcome::Failed(_) | Outcome::Cancelled => true,
            Outcome::Skipped(Skip::Dependency(id)) => self
                .steps
                .state(&self.step(*id).id)
                .is_some_and(|s| s.is_failure),
            Outcome::Succeeded(_) | Outcome::Skipped(Skip::Condition) => false,
        }
    }

    fn report(&self, id: StepId, outcome: &Outcome<Done, StepError>) -> (StepState, StepReport) {
        let step = self.step(id);
        let progress = &self.progress[id.index()];
        let (kind, error) = verdict(outcome, |id| self.step(id).id.clone());
        let done: Vec<&Done> = match outcome {
            Outcome::Succeeded(all) => all.iter().collect(),
            Outcome::Failed(results) => results.iter().flatten().flatten().collect(),
            _ => Vec::new(),
        };
        let report = StepReport {
            id: step.id.clone(),
            name: step.name.clone(),
            action: step.action.name().to_owned(),
            line: self.document.lines[id.index()],
            outcome: kind,
            duration: progress.started.get().map(Instant::elapsed),
            tasks: progress.items.get().map_or(1, |i| i.len() as u32),
            attempts: progress.attempts.load(std::sync::atomic::Ordering::Relaxed),
            tokens: TokensReport::sum(done.iter().filter_map(|d| d.output.tokens())),
            cache: StepCache::sum(done.iter().filter_map(|d| d.cache)),
            summary: summary(&done),
            error: error.clone(),
            problems: problems(outcome, &done),
            exit_code: failed_command(outcome).and_then(|c| c.exit_code),
            said: failed_command(outcome).map(RunOutput::last_lines),
        };
        let mut outputs: Vec<Output> = done.iter().map(|d| d.output.clone()).collect();
        if step.foreach.is_none() {
            // Handlers of the failure can see what the command said.
            outputs.extend(failed_command(outcome).cloned().map(Output::Run));
        }
        let is_wide = step.foreach.is_some();
        (
            StepState {
                outcome: kind,
                is_failure: self.is_failure(outcome),
                outputs,
                value: OnceLock::new(),
                error,
                is_wide,
            },
            report,
        )
    }
}

impl scheduler::Runner for Runner {
    type Output = Done;
    type Error = StepError;

    fn prepare(&self, step: StepId) -> Prepare<StepError> {
        match self.prepared(step) {
            Ok(Some(width)) => Prepare::Run { width },
            Ok(None) => Prepare::Skip,
            Err(e) => Prepare::Fail(e),
        }
    }

    async fn run(&self, task: Task) -> Result<Done, StepError> {
        let started = Instant::now();
        let result = self.attempts(&task).await;
        if let Some(trace) = &self.trace {
            trace.task(task.step.index(), task.index, started, result.is_ok());
        }
        self.recorder
            .timer(self.step(task.step).action.name())
            .record(started.elapsed());
        self.emit(Event::TaskEnded {
            step: task.step.index(),
            index: task.index,
        });
        result
    }

    fn started(&self, step: StepId, index: u32) {
        let progress = &self.progress[step.index()];
        progress.started.get_or_init(Instant::now);
        let width = progress.items.get().map_or(1, |i| i.len() as u32);
        self.emit(Event::TaskStarted {
            step: step.index(),
            index,
            width,
        });
    }

    fn completed(&self, step: StepId, outcome: &Outcome<Done, StepError>) {
        let (state, report) = self.report(step, outcome);
        self.shared
            .telemetry
            .failed(failed_uncounted(outcome, report.attempts));
        let set = self.steps.states[step.index()].set(state);
        debug_assert!(set.is_ok(), "the scheduler completes a step once");
        let is_unwanted = matches!(outcome, Outcome::Skipped(Skip::Condition));
        self.log(&report, is_unwanted);
        self.emit(Event::StepEnded {
            step: step.index(),
            report: Box::new(report),
        });
    }
}

impl Runner {
    /// One log line per step, its level by the step's duration; formatted only if somebody listens.
    /// A step that its condition leaves out is as it should be, which is no warning.
    fn log(&self, report: &StepReport, is_unwanted: bool) {
        use autoexec_metrics::Level;
        let duration = report.duration.unwrap_or(Duration::ZERO);
        let (id, outcome) = (report.id.as_str(), &report.outcome);
        match self.shared.levels.level_for(duration) {
            Level::Debug => tracing::debug!(step = id, ?outcome, ?duration, "step ended"),
            Level::Info => tracing::info!(step = id, ?outcome, ?duration, "step ended"),
            Level::Warn => tracing::warn!(step = id, ?outcome, ?duration, "step ended"),
        }
        if let Some(error) = &report.error
            && !is_unwanted
        {
            tracing::warn!(step = id, error, "step did not succeed");
        }
    }
}

/// How a step ended, and why if not as it should.
fn verdict(
    outcome: &Outcome<Done, StepError>,
    name: impl Fn(StepId) -> String,
) -> (StepOutcome, Option<String>) {
    match outcome {
        Outcome::Succeeded(_) => (StepOutcome::Succeeded, None),
        Outcome::Skipped(Skip::Condition) => (
            StepOutcome::Skipped,
            Some("its condition does not hold".into()),
        ),
        Outcome::Skipped(Skip::Dependency(id)) => (
            StepOutcome::Skipped,
            Some(format!("it needs `{}`, which did not succeed", name(*id))),
        ),
        Outcome::Cancelled => (StepOutcome::Cancelled, Some("the run was stopped".into())),
        Outcome::Failed(results) => failed(results),
    }
}

type TaskResult = Option<Result<Done, Failure<StepError>>>;

fn failed(results: &[TaskResult]) -> (StepOutcome, Option<String>) {
    let errors: Vec<(usize, &Failure<StepError>)> = results
        .iter()
        .enumerate()
        .filter_map(|(i, r)| r.as_ref().and_then(|r| r.as_ref().err()).map(|e| (i, e)))
        .collect();
    let real: Vec<_> = errors
        .iter()
        .filter(|(_, e)| !matches!(e, Failure::Error(StepError::Stopped)))
        .collect();
    let Some((index, first)) = real.first() else {
        return (StepOutcome::Cancelled, Some("the run was stopped".into()));
    };
    let why = match first {
        Failure::Error(e) => e.to_string(),
        Failure::Panicked(message) => format!("internal error: {message}"),
    };
    let message = match results.len() {
        1 => why,
        n => format!("{} of {n} tasks failed; task {index}: {why}", real.len()),
    };
    (StepOutcome::Failed, Some(message))
}

/// Failures that ended no attempt: those of a preparation, and panics.
fn failed_uncounted(outcome: &Outcome<Done, StepError>, attempts: u32) -> u64 {
    let Outcome::Failed(results) = outcome else {
        return 0;
    };
    let failures = results.iter().flatten().filter_map(|r| r.as_ref().err());
    let uncounted = failures.filter(|e| attempts == 0 || matches!(e, Failure::Panicked(_)));
    uncounted.count() as u64
}

/// The command that made a step fail, if one did; of several the first.
fn failed_command(outcome: &Outcome<Done, StepError>) -> Option<&RunOutput> {
    let Outcome::Failed(results) = outcome else {
        return None;
    };
    results.iter().flatten().find_map(|result| match result {
        Err(Failure::Error(StepError::Command(_, output))) => Some(output.as_ref()),
        _ => None,
    })
}

/// What was left out, by tasks that succeeded and by those that failed for it.
fn problems(outcome: &Outcome<Done, StepError>, done: &[&Done]) -> Vec<Problem> {
    let mut all: Vec<Problem> = done.iter().flat_map(|d| d.output.problems()).collect();
    if let Outcome::Failed(results) = outcome {
        for result in results.iter().flatten() {
            if let Err(Failure::Error(StepError::Problems(problems))) = result {
                all.extend(problems.iter().cloned());
            }
        }
    }
    all
}

fn summary(done: &[&Done]) -> String {
    match done {
        [] => String::new(),
        [one] => one.output.summary(),
        [first, ..] => format!(
            "{} tasks; the first: {}",
            done.len(),
            first.output.summary()
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failures_that_end_no_attempt_are_those_of_preparations_and_panics() {
        let check = |results: Vec<TaskResult>, attempts, expect| {
            let told = format!("{} results of {attempts} attempts", results.len());
            let outcome = Outcome::Failed(results);
            assert_eq!(failed_uncounted(&outcome, attempts), expect, "{told}");
        };
        let error = || Some(Err(Failure::Error(StepError::Failed("no".to_owned()))));
        let panicked = || Some(Err(Failure::Panicked("oh".to_owned())));
        check(vec![error()], 0, 1);
        check(vec![error(), None], 3, 0);
        check(vec![panicked(), error(), panicked()], 3, 2);
        assert_eq!(failed_uncounted(&Outcome::Cancelled, 0), 0);
    }
}
