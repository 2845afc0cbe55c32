//! A runner that does what a plan says and writes down what it is asked to do.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use autoexec_scheduler::{
    Graph, GraphBuilder, Node, Options, Outcome, Prepare, Report, Runner, StepId, Task, run,
};
use tokio::runtime::{Builder, Runtime};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

/// What an item returns: a number that tells it from all others.
pub(crate) type Output = (u32, u32);
pub(crate) type Error = &'static str;

#[derive(Clone, Debug)]
pub(crate) enum Plan {
    Run(Vec<Item>),
    Skip,
    Fail,
    Panic,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Item {
    Succeed,
    Fail,
    Panic,
    /// Cancel the whole run, then succeed.
    Cancel,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Event {
    Prepared(u32),
    Started(u32, u32),
    Completed(u32),
}

pub(crate) struct Recorder {
    graph: Arc<Graph>,
    plans: Vec<Plan>,
    /// How often every task lets others go first.
    yields: u32,
    cancel: CancellationToken,
    running: Vec<AtomicUsize>,
    running_peak: Vec<AtomicUsize>,
    events: Mutex<Vec<Event>>,
}

impl Recorder {
    pub(crate) fn new(graph: &Arc<Graph>, plans: Vec<Plan>, yields: u32) -> Self {
        assert_eq!(graph.len(), plans.len());
        let counters = || {
            (0..graph.class_count())
                .map(|_| AtomicUsize::new(0))
                .collect()
        };
        Self {
            running: counters(),
            running_peak: counters(),
            graph: Arc::clone(graph),
            plans,
            yields,
            cancel: CancellationToken::new(),
            events: Mutex::default(),
        }
    }

    /// A runner of steps with one item each.
    pub(crate) fn of_items(graph: &Arc<Graph>, items: &[Item]) -> Self {
        let plans = items.iter().map(|&item| Plan::Run(vec![item])).collect();
        Self::new(graph, plans, 0)
    }

    /// A runner of steps that all succeed.
    pub(crate) fn idle(graph: &Arc<Graph>) -> Self {
        Self::of_items(graph, &vec![Item::Succeed; graph.len()])
    }

    pub(crate) async fn run(self, options: Options) -> Recording {
        let mut options = options;
        options.cancel = self.cancel.clone();
        let graph = Arc::clone(&self.graph);
        let recorder = Arc::new(self);
        let report = run(Arc::clone(&graph), Arc::clone(&recorder), options).await;
        let recorder = Arc::into_inner(recorder);
        let recorder = recorder.expect("the run gives the runner back before it returns");
        Recording {
            report,
            running_peak: recorder
                .running_peak
                .into_iter()
                .map(AtomicUsize::into_inner)
                .collect(),
            events: recorder.events.into_inner().unwrap(),
        }
    }

    fn log(&self, event: Event) {
        self.events.lock().unwrap().push(event);
    }

    fn enter(&self, step: StepId) -> Running<'_> {
        let class = self.graph.node(step).class.index();
        let running = self.running[class].fetch_add(1, Ordering::SeqCst) + 1;
        self.running_peak[class].fetch_max(running, Ordering::SeqCst);
        Running(&self.running[class])
    }
}

/// Leaves its class when dropped, by a panic too.
struct Running<'a>(&'a AtomicUsize);

impl Drop for Running<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Runner for Recorder {
    type Output = Output;
    type Error = Error;

    fn prepare(&self, step: StepId) -> Prepare<Error> {
        self.log(Event::Prepared(step.0));
        match &self.plans[step.index()] {
            Plan::Run(items) => Prepare::Run {
                width: items.len() as u32,
            },
            Plan::Skip => Prepare::Skip,
            Plan::Fail => Prepare::Fail("unprepared"),
            Plan::Panic => panic!("step {} cannot be prepared", step.0),
        }
    }

    async fn run(&self, task: Task) -> Result<Output, Error> {
        let _running = self.enter(task.step);
        for _ in 0..self.yields {
            tokio::task::yield_now().await;
        }
        let Plan::Run(items) = &self.plans[task.step.index()] else {
            unreachable!("only steps that run have tasks");
        };
        assert_eq!(task.width as usize, items.len());
        match items[task.index as usize] {
            Item::Succeed => {}
            Item::Fail => return Err("failed"),
            Item::Panic => panic!("item {} of step {}", task.index, task.step.0),
            Item::Cancel => self.cancel.cancel(),
        }
        Ok((task.step.0, task.index))
    }

    fn started(&self, step: StepId, index: u32) {
        self.log(Event::Started(step.0, index));
    }

    fn completed(&self, step: StepId, _: &Outcome<Output, Error>) {
        self.log(Event::Completed(step.0));
    }
}

/// What is left of a run.
pub(crate) struct Recording {
    pub(crate) report: Report<Output, Error>,
    pub(crate) running_peak: Vec<usize>,
    pub(crate) events: Vec<Event>,
}

impl Recording {
    /// The tasks in the order in which they started.
    pub(crate) fn started(&self) -> Vec<(u32, u32)> {
        let started = |event: &Event| match *event {
            Event::Started(step, index) => Some((step, index)),
            _ => None,
        };
        self.events.iter().filter_map(started).collect()
    }

    /// The steps of the tasks in the order in which they started.
    pub(crate) fn started_steps(&self) -> Vec<u32> {
        self.started().into_iter().map(|(step, _)| step).collect()
    }

    /// When `event` happened, as an index into the events.
    pub(crate) fn at(&self, event: Event) -> Option<usize> {
        self.events.iter().position(|&other| other == event)
    }

    pub(crate) fn outcome(&self, step: u32) -> &Outcome<Output, Error> {
        self.report.outcome(StepId(step))
    }
}

/// A graph of one class; the steps' priorities, and edges by number.
pub(crate) fn graph(limit: usize, priorities: &[i32], edges: &[(u32, u32)]) -> Arc<Graph> {
    let mut builder = GraphBuilder::new(limit);
    for &priority in priorities {
        builder.step(Node {
            priority,
            ..Node::default()
        });
    }
    for &(before, after) in edges {
        builder.edge(StepId(before), StepId(after));
    }
    Arc::new(builder.build().unwrap())
}

pub(crate) fn two_threads() -> Runtime {
    Builder::new_multi_thread()
        .worker_threads(2)
        .enable_time()
        .build()
        .unwrap()
}

pub(crate) fn one_thread() -> Runtime {
    Builder::new_current_thread().enable_time().build().unwrap()
}

/// Turns a hang into a failure; no test takes a noticeable part of it.
pub(crate) const HANG: Duration = Duration::from_secs(60);

/// Runs to the end on `runtime`.
pub(crate) fn finish<F: Future>(runtime: &Runtime, run: F) -> F::Output {
    runtime.block_on(async { timeout(HANG, run).await.expect("the run ends") })
}
