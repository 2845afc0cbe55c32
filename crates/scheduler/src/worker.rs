//! Workers: tokio tasks that run one step after another until nothing is left to start.

use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::task::Poll;

use tokio::sync::oneshot;
use tokio_util::sync::CancellationToken;

use crate::graph::{Graph, StepId, Trigger};
use crate::outcome::{Failure, ItemResult, Outcome, Report};
use crate::run::OnFailure;
use crate::runner::{Prepare, Runner, Task};
use crate::state::{Ended, Job, Mode, News, State};

type TaskResult<R> = Result<<R as Runner>::Output, Failure<<R as Runner>::Error>>;
type StepOutcome<R> = Outcome<<R as Runner>::Output, <R as Runner>::Error>;

/// The report, or what `completed` has panicked with.
pub(crate) type Verdict<R> =
    std::thread::Result<Report<<R as Runner>::Output, <R as Runner>::Error>>;

/// What the workers of one run share. Whoever gives up the last handle sends the report, so
/// the run can neither end while a worker lives nor wait for one that does not.
pub(crate) struct Shared<R: Runner> {
    graph: Arc<Graph>,
    runner: Arc<R>,
    on_failure: OnFailure,
    /// Cancelled with the options' token, and when the run is dropped or `completed` panics.
    root: CancellationToken,
    /// Child of `root`; cancelled also by the first failure, unless the run continues.
    stop: CancellationToken,
    /// Set before a failure cancels `stop`.
    failed: AtomicBool,
    state: Mutex<State<R::Output, R::Error>>,
    verdict: oneshot::Sender<Verdict<R>>,
}

/// How a job ended.
struct Done<T, E> {
    step: StepId,
    /// Whether a task was started.
    ran: bool,
    /// Whether its worker was counted as waiting.
    waited: bool,
    /// What may no longer start because of it.
    halt: Option<Mode>,
    end: End<T, E>,
}

enum End<T, E> {
    Step(Outcome<T, E>),
    Item(u32, ItemResult<T, E>),
}

/// What a worker keeps between its jobs.
struct Seat<T, E> {
    /// The worker's own child of `stop`, so that handing each task a clone of it contends with
    /// nobody.
    stop: CancellationToken,
    ended: Ended<T, E>,
    follow_ups: Ended<T, E>,
}

/// A worker's life. Consuming tokio's budget lets others run after a stretch of steps that
/// never wait.
async fn work<R: Runner>(shared: Arc<Shared<R>>) {
    let mut seat = Seat {
        stop: shared.stop.child_token(),
        ended: Vec::new(),
        follow_ups: Vec::new(),
    };
    let mut job = shared.advance(None, &mut seat);
    while let Some(current) = job {
        tokio::task::consume_budget().await;
        let done = shared.perform(current, &seat.stop).await;
        job = shared.advance(Some(done), &mut seat);
    }
    drop(seat);
    release(shared);
}

/// Spawns a worker that has been hired.
fn spawn<R: Runner>(shared: &Arc<Shared<R>>) {
    tokio::spawn(work(Arc::clone(shared)));
}

/// Gives up a handle; the last one sends the report.
pub(crate) fn release<R: Runner>(shared: Arc<Shared<R>>) {
    if let Some(shared) = Arc::into_inner(shared) {
        shared.finish();
    }
}

impl<R: Runner> Shared<R> {
    pub(crate) fn new(
        graph: Arc<Graph>,
        runner: Arc<R>,
        on_failure: OnFailure,
        root: CancellationToken,
        verdict: oneshot::Sender<Verdict<R>>,
    ) -> Self {
        let threads = tokio::runtime::Handle::current().metrics().num_workers();
        Self {
            state: Mutex::new(State::new(Arc::clone(&graph), threads.max(1))),
            stop: root.child_token(),
            failed: AtomicBool::new(false),
            graph,
            runner,
            on_failure,
            root,
            verdict,
        }
    }

    fn lock(&self) -> MutexGuard<'_, State<R::Output, R::Error>> {
        let state = self.state.lock();
        state.expect("because nothing of the caller's runs under the lock, so nothing panics there")
    }

    /// Spawns the first worker, if there is anything to do.
    pub(crate) fn begin(self: &Arc<Self>) {
        let hired = self.lock().hire();
        if hired {
            spawn(self);
        }
    }

    /// Lets nothing start any more, and ends what has not started.
    pub(crate) fn cancel(&self) {
        let mut ended = Ended::<R::Output, R::Error>::new();
        self.lock().halt(Mode::Cancelled, &mut ended);
        let mut follow_ups = Ended::new();
        while !ended.is_empty() {
            self.observe(&ended);
            let mut state = self.lock();
            for (step, outcome) in ended.drain(..) {
                state.settle(step, outcome, &mut follow_ups);
            }
            drop(state);
            std::mem::swap(&mut ended, &mut follow_ups);
        }
    }

    /// Enters the end of a job and takes the next one, in one critical section unless other
    /// steps end with it: those are told to the runner first, and so on. The job's place is kept
    /// until then, lest a step be started that one made ready by this end has to precede.
    fn advance(
        self: &Arc<Self>,
        done: Option<Done<R::Output, R::Error>>,
        seat: &mut Seat<R::Output, R::Error>,
    ) -> Option<Job> {
        let Seat {
            ended, follow_ups, ..
        } = seat;
        let place = done.as_ref().map(|done| (done.step, done.ran));
        let waited = done.as_ref().is_some_and(|done| done.waited);
        let mut news = News {
            item: None,
            halt: done.as_ref().and_then(|done| done.halt),
        };
        match done.map(|done| (done.step, done.end)) {
            Some((step, End::Step(outcome))) => ended.push((step, outcome)),
            Some((step, End::Item(index, result))) => news.item = Some((step, index, result)),
            None => {}
        }
        loop {
            self.observe(ended);
            let mut state = self.lock();
            state.enter(&mut news, ended, follow_ups);
            let is_last = follow_ups.is_empty();
            let job = is_last.then(|| state.turn_over(place, waited)).flatten();
            let hired = state.hire();
            drop(state);
            if hired {
                self.spawn_elsewhere();
            }
            if is_last {
                return job;
            }
            std::mem::swap(ended, follow_ups);
        }
    }

    /// Spawns a worker for another thread, while this one goes on. tokio keeps the task that a
    /// thread has spawned last for that thread; a second task, which does nothing, takes
    /// that seat and leaves the worker to whichever thread is idle.
    fn spawn_elsewhere(self: &Arc<Self>) {
        spawn(self);
        tokio::spawn(async {});
    }

    /// Tells the runner.
    fn observe(&self, ended: &Ended<R::Output, R::Error>) {
        for (step, outcome) in ended {
            let call = || self.runner.completed(*step, outcome);
            if let Err(payload) = catch_unwind(AssertUnwindSafe(call)) {
                self.lock().keep_panic(payload);
                self.root.cancel();
            }
        }
    }

    /// Does a job: prepares the step if that is still to be done, and runs one task.
    async fn perform(
        self: &Arc<Self>,
        job: Job,
        stop: &CancellationToken,
    ) -> Done<R::Output, R::Error> {
        let (step, index, width) = match job {
            Job::Item { step, index, width } => (step, index, width),
            Job::Step(step) => match self.prepare(step, self.token(step, stop)) {
                Ok(width) => (step, 0, width),
                Err(outcome) => return self.ended_early(step, outcome),
            },
        };
        let cancel = self.token(step, stop).clone();
        if cancel.is_cancelled() {
            return self.refused(step, index, width);
        }
        let task = Task {
            step,
            index,
            width,
            cancel,
        };
        let (result, waited) = self.attempt(task).await;
        Done {
            step,
            ran: true,
            waited,
            halt: result.as_ref().err().and_then(|_| self.fail()),
            end: match width {
                1 => End::Step(Outcome::of_one(result)),
                _ => End::Item(index, Some(result)),
            },
        }
    }

    /// The token that the tasks of `step` see.
    fn token<'a>(&'a self, step: StepId, stop: &'a CancellationToken) -> &'a CancellationToken {
        match self.graph.node(step).trigger {
            Trigger::AllSucceeded => stop,
            Trigger::AllDone => &self.root,
        }
    }

    /// How wide the step is, if it is to run at all; otherwise how it has ended.
    fn prepare(
        self: &Arc<Self>,
        step: StepId,
        cancel: &CancellationToken,
    ) -> Result<u32, StepOutcome<R>> {
        if cancel.is_cancelled() {
            return Err(Outcome::Cancelled);
        }
        match catch_unwind(AssertUnwindSafe(|| self.runner.prepare(step))) {
            Ok(Prepare::Run { width: 0 }) => Err(Outcome::Succeeded(Vec::new())),
            Ok(Prepare::Run { width: 1 }) => Ok(1),
            Ok(Prepare::Run { width }) => self.open_wide(step, width),
            Ok(Prepare::Skip) => Err(Outcome::Skipped(crate::Skip::Condition)),
            Ok(Prepare::Fail(error)) => Err(Outcome::of_one(Err(Failure::Error(error)))),
            Err(payload) => Err(Outcome::of_one(Err(Failure::from_panic(payload)))),
        }
    }

    fn open_wide(self: &Arc<Self>, step: StepId, width: u32) -> Result<u32, StepOutcome<R>> {
        let mut state = self.lock();
        let opened = state.open_wide(step, width);
        let hired = state.hire();
        drop(state);
        if hired {
            self.spawn_elsewhere();
        }
        if opened {
            Ok(width)
        } else {
            Err(Outcome::Cancelled)
        }
    }

    /// The end of a step none of whose tasks was started.
    fn ended_early(&self, step: StepId, outcome: StepOutcome<R>) -> Done<R::Output, R::Error> {
        let halt = match &outcome {
            Outcome::Failed(_) => self.fail(),
            Outcome::Cancelled => Some(self.why_refused()),
            Outcome::Succeeded(_) | Outcome::Skipped(_) => None,
        };
        Done {
            step,
            ran: false,
            waited: false,
            halt,
            end: End::Step(outcome),
        }
    }

    /// The end of an item that may not start any more.
    fn refused(&self, step: StepId, index: u32, width: u32) -> Done<R::Output, R::Error> {
        Done {
            step,
            ran: false,
            waited: false,
            halt: Some(self.why_refused()),
            end: match width {
                1 => End::Step(Outcome::Cancelled),
                _ => End::Item(index, None),
            },
        }
    }

    /// A token found cancelled means the end of the run, unless a failure has cancelled it.
    fn why_refused(&self) -> Mode {
        if self.root.is_cancelled() || !self.failed.load(Ordering::Acquire) {
            Mode::Cancelled
        } else {
            Mode::Stopping
        }
    }

    /// Something has failed. Cancelling before the failure is entered means that no job that is
    /// taken after it was entered can start.
    ///
    /// A task may see that the run was cancelled, and end for it, before the run itself has seen it.
    fn fail(&self) -> Option<Mode> {
        if self.root.is_cancelled() {
            return Some(Mode::Cancelled);
        }
        if self.on_failure == OnFailure::Continue {
            return None;
        }
        self.failed.store(true, Ordering::Release);
        self.stop.cancel();
        Some(Mode::Stopping)
    }

    /// Runs a task to its end, and says whether it had to wait in between. When it first has to,
    /// another worker takes over if there is anything else to start.
    async fn attempt(self: &Arc<Self>, task: Task) -> (TaskResult<R>, bool) {
        let mut future = pin!(async {
            self.runner.started(task.step, task.index);
            self.runner.run(task).await
        });
        let mut waited = false;
        let result = poll_fn(|context| {
            let poll = || future.as_mut().poll(context);
            match catch_unwind(AssertUnwindSafe(poll)) {
                Ok(Poll::Ready(result)) => Poll::Ready(result.map_err(Failure::Error)),
                Err(payload) => Poll::Ready(Err(Failure::from_panic(payload))),
                Ok(Poll::Pending) => {
                    if !std::mem::replace(&mut waited, true) {
                        self.wait();
                    }
                    Poll::Pending
                }
            }
        });
        (result.await, waited)
    }

    /// Hands over to another worker: this one's task waits.
    fn wait(self: &Arc<Self>) {
        let mut state = self.lock();
        state.begin_wait();
        let hired = state.hire();
        drop(state);
        if hired {
            spawn(self);
        }
    }

    /// Sends the report. The runner is let go first: whoever awaits the report may want it back.
    fn finish(self) {
        let Self {
            runner,
            state,
            verdict,
            ..
        } = self;
        drop(runner);
        let state = state.into_inner();
        let state = state.expect("because nothing panics under the lock");
        let report = state
            .into_outcomes()
            .map(|(outcomes, stats)| Report { outcomes, stats });
        // Nobody listens when the run has been dropped.
        let _ = verdict.send(report);
    }
}
