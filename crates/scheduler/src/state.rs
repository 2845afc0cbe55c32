//! The truth about a run: what waits, what is ready, what has ended. It is kept behind one lock,
//! which is taken once a task; everything that is the caller's happens outside it.

use std::any::Any;
use std::collections::HashMap;
use std::sync::Arc;

use crate::graph::{Graph, StepId, Trigger};
use crate::outcome::{ItemResult, Outcome, Skip, Stats};
use crate::queue::ReadyQueue;

/// Marks a step none of whose dependencies has gone wrong.
const NONE: u32 = u32::MAX;

/// Steps that have ended, but that the runner and their dependants have not heard of.
pub(crate) type Ended<T, E> = Vec<(StepId, Outcome<T, E>)>;

/// What may still start. Only ever moves to a later one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Mode {
    /// Everything.
    Running,
    /// After a failure: only steps that run however their dependencies ended.
    Stopping,
    /// Nothing.
    Cancelled,
}

impl Mode {
    fn permits(self, trigger: Trigger) -> bool {
        match self {
            Self::Running => true,
            Self::Stopping => trigger == Trigger::AllDone,
            Self::Cancelled => false,
        }
    }
}

/// What is to be entered beside the ends of steps.
#[derive(Debug)]
pub(crate) struct News<T, E> {
    /// An item of a wide step that has ended.
    pub(crate) item: Option<(StepId, u32, ItemResult<T, E>)>,
    /// What may no longer start.
    pub(crate) halt: Option<Mode>,
}

/// Something for a worker to do; it holds a place in the class of the step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Job {
    /// Prepare the step, and run its first item if it has one.
    Step(StepId),
    /// Run an item of a step that has been prepared.
    Item {
        step: StepId,
        index: u32,
        width: u32,
    },
}

/// What one step waits for.
#[derive(Clone, Debug)]
struct Progress {
    /// Dependencies that have not ended.
    waiting: u32,
    /// The lowest dependency that has ended without success, or [`NONE`].
    blocker: u32,
    /// Whether it has an entry in [`State::wide`].
    wide: bool,
}

/// A step of several items, from its preparation to the end of its last item.
#[derive(Debug)]
struct Wide<T, E> {
    items: Vec<ItemResult<T, E>>,
    /// The next item to start; the width if there is none.
    next: u32,
    /// Items that have neither ended nor been given up.
    open: u32,
}

pub(crate) struct State<T, E> {
    graph: Arc<Graph>,
    mode: Mode,
    ready: ReadyQueue,
    progress: Vec<Progress>,
    wide: HashMap<StepId, Wide<T, E>>,
    /// `None` until the step has ended and the runner has been told.
    outcomes: Vec<Option<Outcome<T, E>>>,
    /// Workers that have been hired and neither left nor wait for their task.
    active: usize,
    /// How many of them can make progress at once: the threads of the runtime.
    threads: usize,
    stats: Stats,
    /// What a call of `completed` has panicked with first.
    panic: Option<Box<dyn Any + Send>>,
}

impl<T, E> State<T, E> {
    pub(crate) fn new(graph: Arc<Graph>, threads: usize) -> Self {
        let progress = |&waiting: &u32| Progress {
            waiting,
            blocker: NONE,
            wide: false,
        };
        let mut state = Self {
            mode: Mode::Running,
            ready: ReadyQueue::new(&graph),
            progress: graph.dependency_counts.iter().map(progress).collect(),
            wide: HashMap::new(),
            outcomes: std::iter::repeat_with(|| None).take(graph.len()).collect(),
            active: 0,
            threads,
            stats: Stats::default(),
            panic: None,
            graph,
        };
        for step in state.graph.steps() {
            if state.graph.dependency_count(step) == 0 {
                state.ready.push(step, state.graph.lane_of[step.index()]);
            }
        }
        state
    }

    fn lane(&self, step: StepId) -> u32 {
        self.graph.lane_of[step.index()]
    }

    /// Enters the end of a step, and what follows from it for the steps that wait for it.
    pub(crate) fn settle(&mut self, step: StepId, outcome: Outcome<T, E>, ended: &mut Ended<T, E>) {
        let success = outcome.is_success();
        let before = self.outcomes[step.index()].replace(outcome);
        assert!(before.is_none(), "a step ends once");
        for edge in self.graph.row(step) {
            let dependant = self.graph.targets[edge];
            let progress = &mut self.progress[dependant.index()];
            if !success {
                progress.blocker = progress.blocker.min(step.0);
            }
            progress.waiting -= 1;
            if progress.waiting == 0 {
                self.dependencies_done(dependant, ended);
            }
        }
    }

    /// Queues a step or ends it without running.
    fn dependencies_done(&mut self, step: StepId, ended: &mut Ended<T, E>) {
        let trigger = self.graph.node(step).trigger;
        let blocker = self.progress[step.index()].blocker;
        if self.mode == Mode::Cancelled {
            ended.push((step, Outcome::Cancelled));
        } else if trigger == Trigger::AllSucceeded && blocker != NONE {
            let skip = Skip::Dependency(StepId(blocker));
            ended.push((step, Outcome::Skipped(skip)));
        } else if !self.mode.permits(trigger) {
            ended.push((step, Outcome::Cancelled));
        } else {
            self.ready.push(step, self.lane(step));
        }
    }

    /// Enters the end of an item, a halt, and the ends of steps; what ends because of them is in
    /// `follow_ups`, to be told to the runner and entered in turn.
    pub(crate) fn enter(
        &mut self,
        news: &mut News<T, E>,
        ended: &mut Ended<T, E>,
        follow_ups: &mut Ended<T, E>,
    ) {
        if let Some((step, index, result)) = news.item.take() {
            self.end_item(step, index, result, follow_ups);
        }
        // Before steps are settled: what waits for them ends as the mode says.
        if let Some(mode) = news.halt.take() {
            self.halt(mode, follow_ups);
        }
        for (step, outcome) in ended.drain(..) {
            self.settle(step, outcome, follow_ups);
        }
    }

    /// Gives back the place of a job that has ended. `ran`: a task was started.
    pub(crate) fn leave(&mut self, step: StepId, ran: bool) {
        self.ready.leave_place(self.graph.node(step).class);
        self.stats.tasks_run += u64::from(ran);
    }

    /// Gives back the place of the job that has ended, if there was one, and takes the next job.
    /// If there is none, the worker that asked leaves. `waited`: it was counted as waiting.
    pub(crate) fn turn_over(&mut self, place: Option<(StepId, bool)>, waited: bool) -> Option<Job> {
        if let Some((step, ran)) = place {
            self.leave(step, ran);
        }
        self.active += usize::from(waited);
        let job = self.take();
        self.active -= usize::from(job.is_none());
        job
    }

    /// The next thing to do, together with a place in its class.
    pub(crate) fn take(&mut self) -> Option<Job> {
        let step = self.ready.take_place()?;
        let lane = self.lane(step);
        if !self.progress[step.index()].wide {
            self.ready.pop(step, lane);
            return Some(Job::Step(step));
        }
        let wide = self.wide.get_mut(&step);
        let wide = wide.expect("because a step marked as wide has an entry until it ends");
        let (index, width) = (wide.next, wide.items.len() as u32);
        wide.next += 1;
        if wide.next == width {
            self.ready.pop(step, lane);
        }
        Some(Job::Item { step, index, width })
    }

    /// Queues the items after the first of a step that has turned out to be wide. Refuses if the
    /// step may not start any more.
    pub(crate) fn open_wide(&mut self, step: StepId, width: u32) -> bool {
        if !self.mode.permits(self.graph.node(step).trigger) {
            return false;
        }
        let wide = Wide {
            items: std::iter::repeat_with(|| None)
                .take(width as usize)
                .collect(),
            next: 1,
            open: width,
        };
        self.wide.insert(step, wide);
        self.progress[step.index()].wide = true;
        self.ready.reinsert(step, self.lane(step));
        true
    }

    /// Enters the end of an item, and of its step if it was the last.
    fn end_item(
        &mut self,
        step: StepId,
        index: u32,
        result: ItemResult<T, E>,
        ended: &mut Ended<T, E>,
    ) {
        let wide = self.wide.get_mut(&step);
        let wide = wide.expect("because a step is open while one of its items runs");
        wide.items[index as usize] = result;
        self.close_items(step, 1, ended);
    }

    /// Counts items as over, and ends their step if they were the last.
    fn close_items(&mut self, step: StepId, count: u32, ended: &mut Ended<T, E>) {
        let Some(wide) = self.wide.get_mut(&step) else {
            return;
        };
        wide.open -= count;
        if wide.open == 0
            && let Some(wide) = self.wide.remove(&step)
        {
            ended.push((step, Outcome::of_many(wide.items)));
        }
    }

    /// Lets less start from now on: takes out of the queues what may not start any more.
    pub(crate) fn halt(&mut self, mode: Mode, ended: &mut Ended<T, E>) {
        if mode <= self.mode {
            return;
        }
        self.mode = mode;
        let graph = &self.graph;
        let keep = |step: StepId| mode.permits(graph.node(step).trigger);
        for step in self.ready.remove_unless(keep) {
            match self.wide.get_mut(&step) {
                None => ended.push((step, Outcome::Cancelled)),
                Some(wide) => {
                    let width = wide.items.len() as u32;
                    let given_up = width - std::mem::replace(&mut wide.next, width);
                    self.close_items(step, given_up, ended);
                }
            }
        }
    }

    /// Whether the caller is to spawn another worker; if so, it is counted as active already.
    ///
    /// Something that can start is always left to a worker that is active. As many of those as
    /// there are threads suffice: each either ends its task and takes the next, or reports that
    /// it has to wait, or keeps its thread busy.
    pub(crate) fn hire(&mut self) -> bool {
        let hire = self.active < self.threads && self.ready.has_runnable();
        self.active += usize::from(hire);
        self.stats.workers_spawned += u64::from(hire);
        hire
    }

    /// A worker's task waits for something, until [`turn_over`](Self::turn_over).
    pub(crate) fn begin_wait(&mut self) {
        self.active -= 1;
    }

    /// Keeps the first panic of `completed`.
    pub(crate) fn keep_panic(&mut self, payload: Box<dyn Any + Send>) {
        self.panic.get_or_insert(payload);
    }

    /// The outcomes of all steps and the counts, or the panic of `completed`.
    pub(crate) fn into_outcomes(self) -> std::thread::Result<(Vec<Outcome<T, E>>, Stats)> {
        if let Some(payload) = self.panic {
            return Err(payload);
        }
        let stats = Stats {
            peak_running: self.ready.running_peak(),
            ..self.stats
        };
        let ended = |outcome: Option<_>| {
            outcome.expect("because the last worker leaves only when every step has ended")
        };
        Ok((self.outcomes.into_iter().map(ended).collect(), stats))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_adds_20_bytes_a_step_to_its_outcome() {
        assert_eq!(size_of::<Progress>() + ReadyQueue::BYTES_A_STEP, 20);
    }
}
