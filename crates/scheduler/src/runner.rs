//! What the caller supplies: how a step is prepared, run and told about.

use std::future::Future;

use tokio_util::sync::CancellationToken;

use crate::graph::StepId;
use crate::outcome::Outcome;

/// What to do with a step whose dependencies are done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Prepare<E> {
    /// Run this many tasks with indexes from 0, as an array job in Slurm. A step of width 0
    /// succeeds at once with nothing.
    Run {
        /// How many tasks.
        width: u32,
    },
    /// Skip the step, and with it all that needs its success.
    Skip,
    /// The step fails before its first task.
    Fail(E),
}

/// One task of a step.
#[derive(Clone, Debug)]
pub struct Task {
    /// The step.
    pub step: StepId,
    /// Which of its items.
    pub index: u32,
    /// How many items it has.
    pub width: u32,
    /// Cancelled when the task should end early. The task's future is never dropped for it:
    /// whoever wants to be stopped must look.
    pub cancel: CancellationToken,
}

/// Runs the steps of a graph.
///
/// No function is called under a lock, and several may be called at once from different threads.
pub trait Runner: Send + Sync + 'static {
    /// What a task returns when it succeeds.
    type Output: Send + 'static;
    /// What a task returns when it fails.
    type Error: Send + 'static;

    /// Called at most once a step: when its dependencies are done, its class has a free place and
    /// it is its turn, before its first task. It holds the place while it decides. A panic here
    /// fails the step.
    fn prepare(&self, step: StepId) -> Prepare<Self::Error> {
        let _ = step;
        Prepare::Run { width: 1 }
    }

    /// Runs one task. A panic here fails the task.
    fn run(&self, task: Task) -> impl Future<Output = Result<Self::Output, Self::Error>> + Send;

    /// Called right before a task's future is first polled. A panic here fails the task.
    fn started(&self, step: StepId, index: u32) {
        let _ = (step, index);
    }

    /// Called exactly once a step, before any dependant is prepared. A panic here cancels
    /// the run, and [`run`](crate::run) raises it again once all running tasks have ended.
    fn completed(&self, step: StepId, outcome: &Outcome<Self::Output, Self::Error>) {
        let _ = (step, outcome);
    }
}
