//! What the engine measures of itself, over all its runs. The series are those of the [`catalogue`](crate::catalogue).

mod alerts;
mod estimate;
mod figures;
mod format;
mod state;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use autoexec_metrics::{Counter, Gauge, Histogram, Recorder, Timer};

use crate::catalogue;
use crate::event::{Event, Subscriber};
use crate::provider::Answer;
use crate::report::{AlertReport, AlertSeverity, RunOutcome, RunReport, StepOutcome, StepReport};

pub use alerts::{AlertSettings, Limit};
pub(crate) use alerts::{evaluate, watched};
use estimate::Estimates;
pub use figures::key_figures;
pub use format::MetricsFormat;
pub(crate) use state::{Probes, add_run, add_state};

/// Handles to the series of events; whoever sees an event records it through these. Clones share everything.
#[derive(Clone)]
pub(crate) struct Telemetry {
    recorder: Recorder,
    errors: Counter,
    errors_recovered: Counter,
    tokens: [Counter; 2],
    memory_delta: Gauge,
    run_time_use: Gauge,
    /// What is counted by outcome or severity is there from the start, at 0: to Prometheus, a series that comes with its
    /// first event has not grown.
    runs: [Counter; RUN_OUTCOMES.len()],
    alerts: [Counter; SEVERITIES.len()],
    steps_ended: [Counter; OUTCOMES.len()],
    /// By action, then by outcome: a series is looked up in the recorder once.
    steps: Arc<Mutex<HashMap<String, [Option<Step>; OUTCOMES.len()]>>>,
    /// By provider; at most [`PROVIDERS`] of them.
    calls: Arc<Mutex<HashMap<String, Call>>>,
    estimates: Arc<Mutex<Estimates>>,
}

/// Outcomes of steps, and what each is called.
const OUTCOMES: [(StepOutcome, &str); 4] = [
    (StepOutcome::Succeeded, "succeeded"),
    (StepOutcome::Failed, "failed"),
    (StepOutcome::Skipped, "skipped"),
    (StepOutcome::Cancelled, "cancelled"),
];
/// Outcomes of runs, and what each is called.
const RUN_OUTCOMES: [(RunOutcome, &str); 3] = [
    (RunOutcome::Succeeded, "succeeded"),
    (RunOutcome::Failed, "failed"),
    (RunOutcome::Interrupted, "interrupted"),
];
/// Severities of alerts, and what each is called.
const SEVERITIES: [(AlertSeverity, &str); 3] = [
    (AlertSeverity::Info, "info"),
    (AlertSeverity::Warning, "warning"),
    (AlertSeverity::Critical, "critical"),
];
/// The action of steps that call a workflow.
const WORKFLOW: &str = "workflow";
/// Providers whose series are at hand; those of further ones are looked up at each call.
const PROVIDERS: usize = 64;

/// The series of the calls of one provider.
#[derive(Clone)]
struct Call {
    duration: Timer,
    /// In and out.
    tokens: [Histogram; 2],
}

/// The series of one action and outcome.
#[derive(Clone)]
struct Step {
    duration: Timer,
    count: Counter,
}

impl Telemetry {
    /// Records nothing unless `enabled`.
    pub(crate) fn new(enabled: bool) -> Self {
        let recorder = match enabled {
            true => Recorder::new(),
            false => Recorder::disabled(),
        };
        for metric in catalogue::METRICS {
            recorder.describe(metric.name, metric.unit, metric.help);
        }
        let tokens = |kind| recorder.counter_with("tokens", &[("type", kind)]);
        Self {
            errors: recorder.counter("errors"),
            errors_recovered: recorder.counter("errors_recovered"),
            tokens: [tokens("input"), tokens("output")],
            memory_delta: recorder.gauge("memory_delta"),
            run_time_use: recorder.gauge("run_time_use"),
            runs: RUN_OUTCOMES.map(|(_, it)| recorder.counter_with("runs", &[("outcome", it)])),
            alerts: SEVERITIES.map(|(_, it)| recorder.counter_with("alerts", &[("severity", it)])),
            steps_ended: OUTCOMES.map(|(_, it)| recorder.counter_with("steps", &[("outcome", it)])),
            steps: Arc::default(),
            calls: Arc::default(),
            estimates: Arc::default(),
            recorder,
        }
    }

    pub(crate) fn recorder(&self) -> &Recorder {
        &self.recorder
    }

    /// One call of a provider. Calls that were answered from a cache are none.
    pub(crate) fn model_call(&self, provider: &str, took: Duration, answer: &Answer) {
        if !self.recorder.is_enabled() {
            return;
        }
        let call = self.call(provider);
        call.duration.record(took);
        call.tokens[0].record(answer.input_tokens);
        call.tokens[1].record(answer.output_tokens);
    }

    fn call(&self, provider: &str) -> Call {
        let mut known = self.calls.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(call) = known.get(provider) {
            return call.clone();
        }
        let call = self.new_call(provider);
        if known.len() < PROVIDERS {
            known.insert(provider.to_owned(), call.clone());
        }
        call
    }

    fn new_call(&self, provider: &str) -> Call {
        let [by, model] = [("provider", provider), ("model", provider)];
        let labels = [by, model, ("operation", "chat")];
        let tokens = |kind| {
            let labels = [by, model, ("operation", "chat"), ("type", kind)];
            self.recorder.histogram_with("model_call_tokens", &labels)
        };
        Call {
            duration: self.recorder.timer_with("model_call_duration", &labels),
            tokens: [tokens("input"), tokens("output")],
        }
    }

    /// A run that has ended, before anybody is told. Answers its duration as a share of those before it.
    pub(crate) fn run(&self, report: &RunReport) -> Option<f64> {
        if !self.recorder.is_enabled() {
            return None;
        }
        let at = place(&RUN_OUTCOMES, report.outcome);
        self.runs[at].increment();
        let outcome = [("outcome", RUN_OUTCOMES[at].1)];
        self.recorder
            .timer_with("run_duration", &outcome)
            .record(report.duration);
        if let Some(memory) = report.memory {
            self.memory_delta.set(memory.delta_bytes as f64);
        }
        if report.outcome != RunOutcome::Succeeded {
            return None;
        }
        let mut estimates = self
            .estimates
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        // Nothing is set where there is no estimate: the gauge stays absent, or as it was.
        let share = estimates.compare(&report.workflow, report.duration);
        share.inspect(|share| self.run_time_use.set(*share))
    }

    /// Alerts that were raised: counted, and told in the log.
    pub(crate) fn alerts(&self, alerts: &[AlertReport]) {
        for alert in alerts.iter().filter(|alert| alert.is_new) {
            let (rule, why) = (alert.rule.as_str(), alert.message.as_str());
            if !alert.is_raised {
                tracing::info!(rule, why, "alert cleared");
                continue;
            }
            self.alerts[place(&SEVERITIES, alert.severity)].increment();
            match alert.severity {
                AlertSeverity::Info => tracing::info!(rule, why, "alert"),
                AlertSeverity::Warning => tracing::warn!(rule, why, "alert"),
                AlertSeverity::Critical => tracing::error!(rule, why, "alert"),
            }
        }
    }

    fn step_series(&self, action: &str, outcome: StepOutcome) -> Step {
        let mut known = self.steps.lock().unwrap_or_else(PoisonError::into_inner);
        let at = place(&OUTCOMES, outcome);
        if let Some(Some(step)) = known.get(action).map(|series| &series[at]) {
            return step.clone();
        }
        let labels = [("action", action), ("outcome", OUTCOMES[at].1)];
        let step = Step {
            duration: self.recorder.timer_with("step_duration", &labels),
            count: self.steps_ended[at].clone(),
        };
        known.entry(action.to_owned()).or_default()[at] = Some(step.clone());
        step
    }

    fn step(&self, report: &StepReport) {
        let step = self.step_series(&report.action, report.outcome);
        step.count.increment();
        if let Some(duration) = report.duration {
            step.duration.record(duration);
        }
        // Those of a called workflow were counted when its own steps ended.
        if let Some(tokens) = report.tokens.filter(|_| report.action != WORKFLOW) {
            self.tokens[0].add(tokens.input);
            self.tokens[1].add(tokens.output);
        }
    }

    /// Attempts of a task that failed, or a step that none could be made of.
    pub(crate) fn failed(&self, attempts: u64) {
        self.errors.add(attempts);
    }

    /// A task that succeeded after so many attempts that failed.
    pub(crate) fn recovered(&self, attempts: u64) {
        self.errors_recovered.add(attempts);
    }
}

impl Subscriber for Telemetry {
    fn event(&mut self, event: &Event) {
        if let Event::StepEnded { report, .. } = event {
            self.step(report);
        }
    }
}

/// Where something stands in a table that has all of its kind.
fn place<T: Copy + PartialEq>(table: &[(T, &str)], it: T) -> usize {
    let at = table.iter().position(|(other, _)| *other == it);
    at.expect("because all of them are in the table")
}
