//! One run: the graph for the scheduler, the task that collects, the report at the end.

use std::collections::HashMap;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Instant;

use autoexec_metrics::{MemoryProbe, Recorder};
use autoexec_path_cache::Root;
use autoexec_scheduler as scheduler;
use scheduler::{Graph, GraphBuilder, Node, StepId, Trigger};
use tokio_util::sync::CancellationToken;

use crate::engine::Shared;
use crate::event::{Event, Subscriber};
use crate::report::{AlertReport, RunReport, StepReport};
use crate::settings::{Limits, Settings};
use crate::telemetry::{add_run, evaluate};
use crate::trace::Tracer;
use crate::workflow::Document;
use crate::workflow::expression::{Expressions, References};
use crate::workflow::model::{Class, Limits as OwnLimits, OnFailure, Step, Workflow};

use super::collect::{Collected, collect};
use super::prepare::Prepared;
use super::runner::{Progress, Runner};
use super::summary;

/// Version of the report's JSON.
const REPORT_FORMAT: u32 = 1;

pub(crate) struct Execution {
    pub(crate) shared: Arc<Shared>,
    pub(crate) document: Arc<Document>,
    pub(crate) root: Arc<Root>,
    pub(crate) out: Arc<Root>,
    pub(crate) on_failure: OnFailure,
    pub(crate) cancel: CancellationToken,
    pub(crate) subscribers: Vec<Box<dyn Subscriber>>,
    /// The run's recording, if a trace is wanted.
    pub(crate) trace: Option<Tracer>,
    /// Whether no other run called this one: it measures the memory of the process, and advises.
    pub(crate) is_outermost: bool,
}

impl Execution {
    pub(crate) async fn execute(self, prepared: Prepared) -> RunReport {
        // A trace counts from the same moment as the report.
        let of_trace = self.trace.as_ref().filter(|_| self.is_outermost);
        let started = of_trace.map_or_else(Instant::now, Tracer::started);
        let probe = self.is_outermost.then(MemoryProbe::start);
        let (files, paths) = (self.shared.files.stats(), self.shared.paths.stats());
        let prompts = self.shared.prompt_stats();
        let telemetry = &self.shared.telemetry;
        let is_watched = self.is_outermost && telemetry.recorder().is_enabled();
        let mark = is_watched.then(|| telemetry.recorder().mark());
        let workflow = &self.document.workflow;
        let (sender, receiver) = tokio::sync::mpsc::unbounded_channel();
        let names = workflow
            .steps
            .iter()
            .map(|s| (s.id.clone(), s.name.clone()))
            .collect();
        _ = sender.send(Event::RunStarted {
            workflow: workflow.name.clone(),
            steps: names,
        });
        let mut subscribers = self.subscribers;
        if telemetry.recorder().is_enabled() {
            subscribers.push(Box::new(telemetry.clone()));
        }
        let collector = tokio::spawn(collect(receiver, workflow.steps.len(), subscribers));

        let runner = Arc::new(Runner {
            trace: self.trace,
            ..runner(
                &self.shared,
                &self.document,
                &self.root,
                &self.out,
                prepared,
                sender,
            )
        });
        let options = scheduler_options(self.on_failure, self.cancel.clone());
        let graph = Arc::new(graph(workflow, &self.shared.settings));
        scheduler::run(graph, runner.clone(), options).await;
        let (outputs, errors) = summary::outputs(workflow, &runner);

        let recorder = runner.recorder.clone();
        drop(runner);
        let Collected {
            steps,
            mut subscribers,
        } = collector
            .await
            .unwrap_or_else(|e| std::panic::resume_unwind(e.into_panic()));
        let steps: Vec<StepReport> = steps
            .into_iter()
            .map(|s| s.expect("because every step is completed"))
            .collect();
        let memory = probe.and_then(summary::memory);
        // A called workflow shares the cache of its caller, who advises for both.
        let advice = match self.is_outermost {
            true => summary::advice(&self.shared.files, &files, memory.as_ref()),
            false => Vec::new(),
        };
        let mut report = RunReport {
            format: REPORT_FORMAT,
            workflow: workflow.name.clone(),
            file: self.document.file.clone(),
            root: self.root.path().display().to_string(),
            outcome: summary::outcome(&steps, &errors, &self.cancel),
            duration: started.elapsed(),
            actions: summary::actions(&recorder),
            files: summary::files_report(&self.shared.files.stats(), &files),
            paths: summary::paths_report(&self.shared.paths.stats(), &paths),
            prompts: summary::prompts_report(&self.shared.prompt_stats(), &prompts),
            advice,
            alerts: Vec::new(),
            tokens: summary::tokens(&steps),
            memory,
            steps,
            outputs,
            errors,
        };
        if let Some(mark) = mark {
            let share = telemetry.run(&report);
            let mut of_run = telemetry.recorder().since(&mark);
            add_run(&report, share, &mut of_run);
            report.alerts = evaluate(&self.shared.alerts, &of_run);
            telemetry.alerts(&report.alerts);
        }
        let is_news = |alert: &&AlertReport| alert.is_new;
        for alert in report.alerts.iter().filter(is_news).cloned() {
            let event = Event::Alert { alert };
            subscribers.iter_mut().for_each(|s| s.event(&event));
        }
        let ended = Event::RunEnded {
            report: Box::new(report),
        };
        subscribers.iter_mut().for_each(|s| s.event(&ended));
        match ended {
            Event::RunEnded { report } => *report,
            _ => unreachable!("because it was made three lines above"),
        }
    }
}

fn runner(
    shared: &Arc<Shared>,
    document: &Arc<Document>,
    root: &Arc<Root>,
    out: &Arc<Root>,
    prepared: Prepared,
    events: tokio::sync::mpsc::UnboundedSender<Event>,
) -> Runner {
    let below = root.clone();
    Runner {
        shared: shared.clone(),
        run_id: prepared.run_id,
        root: root.clone(),
        out: out.clone(),
        expressions: Arc::new(Expressions::new(move |path| {
            below.resolve(Path::new(path)).is_ok()
        })),
        scope: prepared.scope,
        env: prepared.env,
        seen_env: prepared.seen_env,
        steps: prepared.steps,
        recorder: Recorder::new(),
        conversations: Mutex::new(HashMap::new()),
        events,
        trace: None,
        progress: document
            .workflow
            .steps
            .iter()
            .map(|_| Progress::default())
            .collect(),
        document: document.clone(),
    }
}

fn scheduler_options(on_failure: OnFailure, cancel: CancellationToken) -> scheduler::Options {
    let on_failure = match on_failure {
        OnFailure::Stop => scheduler::OnFailure::Stop,
        OnFailure::Continue => scheduler::OnFailure::Continue,
    };
    scheduler::Options { on_failure, cancel }
}

/// How many steps of each class run at once: as the workflow says, else the settings.
pub(crate) fn limits(own: &OwnLimits, settings: &Settings) -> Limits {
    let processors = std::thread::available_parallelism().map_or(1, usize::from);
    let default_cpu = if settings.limits.cpu == 0 {
        processors
    } else {
        settings.limits.cpu
    };
    let limit = |given: Option<u32>, default: usize| given.map_or(default, |l| l as usize);
    Limits {
        cpu: limit(own.cpu, default_cpu),
        io: limit(own.io, settings.limits.io),
        memory: limit(own.memory, settings.limits.memory),
    }
}

/// The workflow's steps and needs for the scheduler. Ids are indices.
fn graph(workflow: &Workflow, settings: &Settings) -> Graph {
    let limits = limits(&workflow.limits, settings);
    let mut graph = GraphBuilder::new(limits.cpu);
    let io = graph.class(limits.io);
    let memory = graph.class(limits.memory);
    let numbers: HashMap<&str, u32> = workflow
        .steps
        .iter()
        .zip(0..)
        .map(|(s, i)| (s.id.as_str(), i))
        .collect();
    for step in &workflow.steps {
        let class = match step.class.unwrap_or(step.action.default_class()) {
            Class::Cpu => Node::default().class,
            Class::Io => io,
            Class::Memory => memory,
        };
        let trigger = if runs_after_failure(step) {
            Trigger::AllDone
        } else {
            Trigger::AllSucceeded
        };
        graph.step(Node {
            class,
            trigger,
            priority: step.priority,
        });
    }
    for (step, after) in workflow.steps.iter().zip(0..) {
        for need in &step.needs {
            graph.edge(StepId(numbers[need.as_str()]), StepId(after));
        }
    }
    graph
        .build()
        .expect("because the check found no cycle and no unknown step")
}

/// Whether a step runs however those end that it needs.
pub(crate) fn runs_after_failure(step: &Step) -> bool {
    let mut refs = References::default();
    step.condition
        .as_deref()
        .is_some_and(|c| refs.add_expression(c).is_ok() && refs.after_failure)
}
