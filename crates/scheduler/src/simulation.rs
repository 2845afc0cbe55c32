//! A run on a virtual clock: the same graph, queues, limits and rules of failure, and no runtime.
//!
//! What takes time are phases, which the caller supplies. Those that compute share the processors evenly: while threads of
//! theirs are more than there are processors, each gets its part (processor sharing; Kleinrock: "Time-shared systems", 1967).
//! That needs one number, the service that a thread has had so far, and a heap of the services at which phases end.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::sync::Arc;

use crate::graph::{Graph, StepId};
use crate::outcome::{Failure, Outcome, Report, Skip};
use crate::run::OnFailure;
use crate::runner::Prepare;
use crate::state::{Ended, Job, Mode, News, State};

/// Nanoseconds are split into so many parts, so that shares among up to 16 threads are whole numbers of them.
const PARTS: u128 = 720_720;

/// What a task does next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// Computes in so many threads, at least 1, for so many nanoseconds of all of them together.
    Compute {
        /// Threads.
        threads: u32,
        /// Nanoseconds of processors.
        ns: u64,
    },
    /// Needs no processor for so many nanoseconds.
    Wait {
        /// Nanoseconds.
        ns: u64,
    },
    /// It has ended.
    End {
        /// Whether as it should.
        succeeded: bool,
    },
}

/// Says what steps do, as [`Runner`](crate::Runner) does for a run in real time. Times are nanoseconds since the run began.
pub trait Simulated {
    /// As [`Runner::prepare`](crate::Runner::prepare).
    fn prepare(&mut self, step: StepId, now: u64) -> Prepare<()>;

    /// What a task does next: asked when it starts, and whenever a phase is over, until it has ended.
    fn next(&mut self, step: StepId, index: u32, now: u64) -> Phase;

    /// As [`Runner::completed`](crate::Runner::completed).
    fn completed(&mut self, step: StepId, outcome: &Outcome<(), ()>, now: u64) {
        let _ = (step, outcome, now);
    }
}

/// The end of a simulated run.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Simulation {
    /// Outcomes and counts.
    pub report: Report<(), ()>,
    /// When the last step ended, in nanoseconds.
    pub makespan_ns: u64,
}

/// Runs every step of `graph` that can be run, on so many `processors`, at least 1, of a machine that does nothing else.
///
/// The order in which steps start is that of [`run`](crate::run) with tasks that wait, which hold up no thread. Steps that
/// become ready at the same moment stand in the order of the ends that made them so; phases that end at the same moment
/// end in the order in which they began. The same calls with the same answers give the same result. O(steps + edges +
/// phases × log tasks at once).
pub fn simulate(
    graph: Arc<Graph>,
    processors: u32,
    on_failure: OnFailure,
    steps: &mut impl Simulated,
) -> Simulation {
    let mut world = World {
        state: State::new(graph, usize::MAX),
        on_failure,
        clock: Clock::new(processors),
        steps,
    };
    world.start_all();
    while let Some(task) = world.clock.advance() {
        world.go_on(task);
        world.start_all();
    }
    let makespan_ns = world.clock.now();
    let (outcomes, stats) = match world.state.into_outcomes() {
        Ok(ended) => ended,
        Err(panic) => std::panic::resume_unwind(panic),
    };
    Simulation {
        report: Report { outcomes, stats },
        makespan_ns,
    }
}

/// A task that runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Running {
    step: StepId,
    index: u32,
    width: u32,
}

struct World<'a, S> {
    state: State<(), ()>,
    on_failure: OnFailure,
    clock: Clock,
    steps: &'a mut S,
}

impl<S: Simulated> World<'_, S> {
    /// Starts what can start now.
    fn start_all(&mut self) {
        while let Some(job) = self.state.take() {
            match job {
                Job::Step(step) => self.prepare(step),
                Job::Item { step, index, width } => self.go_on(Running { step, index, width }),
            }
        }
    }

    fn prepare(&mut self, step: StepId) {
        let early = match self.steps.prepare(step, self.clock.now()) {
            Prepare::Run { width: 0 } => Outcome::Succeeded(Vec::new()),
            Prepare::Run { width } => {
                if width > 1 {
                    let opened = self.state.open_wide(step, width);
                    debug_assert!(
                        opened,
                        "nothing fails between the taking of a step and this"
                    );
                }
                let (index, width) = (0, width);
                return self.go_on(Running { step, index, width });
            }
            Prepare::Skip => Outcome::Skipped(Skip::Condition),
            Prepare::Fail(()) => Outcome::of_one(Err(Failure::Error(()))),
        };
        let halt = match early {
            Outcome::Failed(_) => self.halt(),
            _ => None,
        };
        let news = News { item: None, halt };
        self.end(step, false, news, vec![(step, early)]);
    }

    /// Begins the next phase of a task, or ends it.
    fn go_on(&mut self, task: Running) {
        let succeeded = match self.steps.next(task.step, task.index, self.clock.now()) {
            Phase::Compute { threads, ns } => return self.clock.compute(task, threads, ns),
            Phase::Wait { ns } => return self.clock.wait(task, ns),
            Phase::End { succeeded } => succeeded,
        };
        let result = match succeeded {
            true => Ok(()),
            false => Err(Failure::Error(())),
        };
        let halt = if succeeded { None } else { self.halt() };
        let (step, index) = (task.step, task.index);
        match task.width {
            1 => {
                let news = News { item: None, halt };
                self.end(step, true, news, vec![(step, Outcome::of_one(result))]);
            }
            _ => {
                let item = Some((step, index, Some(result)));
                self.end(step, true, News { item, halt }, Ended::new());
            }
        }
    }

    fn halt(&self) -> Option<Mode> {
        match self.on_failure {
            OnFailure::Stop => Some(Mode::Stopping),
            OnFailure::Continue => None,
        }
    }

    /// Enters an end and all that follows from it, and gives the place back.
    fn end(&mut self, step: StepId, ran: bool, mut news: News<(), ()>, mut ended: Ended<(), ()>) {
        loop {
            for (step, outcome) in &ended {
                self.steps.completed(*step, outcome, self.clock.now());
            }
            let mut follow_ups = Ended::new();
            self.state.enter(&mut news, &mut ended, &mut follow_ups);
            if follow_ups.is_empty() {
                return self.state.leave(step, ran);
            }
            ended = follow_ups;
        }
    }
}

/// The virtual clock, with the phases that are under way.
struct Clock {
    now: u64,
    processors: u128,
    /// Parts of nanoseconds that every thread that computes has had since the beginning.
    service: u128,
    /// Threads that compute.
    threads: u128,
    /// Numbers phases, so that of those that end together the first comes first.
    turn: u64,
    /// By the service at which they end.
    computing: BinaryHeap<Reverse<(u128, u64, u32, Running)>>,
    /// By the time at which they end.
    waiting: BinaryHeap<Reverse<(u64, u64, Running)>>,
}

impl Clock {
    fn new(processors: u32) -> Self {
        Self {
            now: 0,
            processors: u128::from(processors.max(1)),
            service: 0,
            threads: 0,
            turn: 0,
            computing: BinaryHeap::new(),
            waiting: BinaryHeap::new(),
        }
    }

    fn now(&self) -> u64 {
        self.now
    }

    fn turn(&mut self) -> u64 {
        self.turn += 1;
        self.turn
    }

    fn compute(&mut self, task: Running, threads: u32, ns: u64) {
        let threads = threads.max(1);
        let each = (u128::from(ns) * PARTS).div_ceil(u128::from(threads));
        let (end, turn) = (self.service + each, self.turn());
        self.threads += u128::from(threads);
        self.computing.push(Reverse((end, turn, threads, task)));
    }

    fn wait(&mut self, task: Running, ns: u64) {
        let (end, turn) = (self.now.saturating_add(ns), self.turn());
        self.waiting.push(Reverse((end, turn, task)));
    }

    /// The parts of a nanosecond that each thread gets now: all, or its share.
    fn rate(&self) -> u128 {
        match self.threads > self.processors {
            true => (PARTS * self.processors / self.threads).max(1),
            false => PARTS,
        }
    }

    /// When the next phase that computes is over, if nothing changes.
    fn next_computed(&self) -> Option<(u64, u64)> {
        let Reverse((end, turn, ..)) = self.computing.peek()?;
        let left = end.saturating_sub(self.service).div_ceil(self.rate());
        let left = u64::try_from(left).unwrap_or(u64::MAX);
        Some((self.now.saturating_add(left), *turn))
    }

    /// Moves on to the end of the next phase, and says whose it was; none if there is none.
    fn advance(&mut self) -> Option<Running> {
        let waited = self
            .waiting
            .peek()
            .map(|Reverse((end, turn, _))| (*end, *turn));
        let computed = self.next_computed();
        let is_computed = match (computed, waited) {
            (Some(computed), Some(waited)) => computed < waited,
            (computed, _) => computed.is_some(),
        };
        let (at, _) = if is_computed { computed } else { waited }?;
        self.service += u128::from(at - self.now) * self.rate();
        self.now = at;
        if !is_computed {
            return self.waiting.pop().map(|Reverse((.., task))| task);
        }
        let Reverse((.., threads, task)) = self.computing.pop()?;
        self.threads -= u128::from(threads);
        Some(task)
    }
}
