//! Starts a run and waits for its end.

use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::sync::Arc;

use tokio::sync::oneshot;
use tokio_util::sync::CancellationToken;

use crate::graph::Graph;
use crate::outcome::Report;
use crate::runner::{Runner, Task};
use crate::worker::{Shared, release};

/// What a failure means for the steps that do not depend on it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum OnFailure {
    /// Start no further task, except those of [`AllDone`](crate::Trigger::AllDone) steps, and
    /// cancel the tokens of the running ones.
    #[default]
    Stop,
    /// Run everything that does not need the success of what has failed.
    Continue,
}

/// The choices of a run. Name those you make, and take the rest from `Options::default()`.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// What a failure means for the rest. Default: [`OnFailure::Stop`].
    pub on_failure: OnFailure,
    /// Cancel it to end the run early: nothing more starts, running tasks see it through their
    /// own tokens, and the run returns when they have ended.
    pub cancel: CancellationToken,
}

/// Runs every step of `graph` that can be run, on the tokio runtime of the caller.
///
/// Returns when every step has ended and every task that was started is over; all references
/// to `runner` but the caller's have been given up by then. Costs O(steps + edges + tasks) in all,
/// times the number of classes, and O(log n) a task for n different priorities.
///
/// Dropping the returned future is like cancelling [`Options::cancel`] without waiting:
/// nothing more starts, and the running tasks see it but end by themselves.
///
/// # Panics
///
/// If there is no tokio runtime, if [`Runner::completed`] has panicked, or if the
/// runtime was shut down while tasks were running.
pub async fn run<R: Runner>(
    graph: Arc<Graph>,
    runner: Arc<R>,
    options: Options,
) -> Report<R::Output, R::Error> {
    let root = options.cancel.child_token();
    let dropped = root.clone().drop_guard();
    let (sender, mut verdict) = oneshot::channel();
    let shared = Shared::new(graph, runner, options.on_failure, root.clone(), sender);
    let shared = Arc::new(shared);
    // The workers' handles are what keeps the run going, so this one must not.
    let weak = Arc::downgrade(&shared);
    if !root.is_cancelled() {
        shared.begin();
    }
    let mut cancelled = pin!(root.cancelled());
    let mut has_cancelled = root.is_cancelled();
    if has_cancelled {
        shared.cancel();
    }
    release(shared);
    let verdict = poll_fn(|context| {
        if !has_cancelled && cancelled.as_mut().poll(context).is_ready() {
            has_cancelled = true;
            if let Some(shared) = weak.upgrade() {
                shared.cancel();
                release(shared);
            }
        }
        Pin::new(&mut verdict).poll(context)
    });
    let verdict = verdict.await;
    dropped.disarm();
    match verdict.expect("because the runtime outlives the run and no destructor of a task panics")
    {
        Ok(report) => report,
        Err(payload) => std::panic::resume_unwind(payload),
    }
}

/// [`run`] for steps that are all run by one closure, one task each.
///
/// # Panics
///
/// As [`run`].
pub async fn run_fn<F, Fut, T, E>(graph: Arc<Graph>, options: Options, run_task: F) -> Report<T, E>
where
    F: Fn(Task) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Result<T, E>> + Send + 'static,
    T: Send + 'static,
    E: Send + 'static,
{
    run(graph, Arc::new(RunFn(run_task)), options).await
}

struct RunFn<F>(F);

impl<F, Fut, T, E> Runner for RunFn<F>
where
    F: Fn(Task) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Result<T, E>> + Send + 'static,
    T: Send + 'static,
    E: Send + 'static,
{
    type Output = T;
    type Error = E;

    fn run(&self, task: Task) -> impl Future<Output = Result<T, E>> + Send {
        (self.0)(task)
    }
}
