//! Runs on a virtual clock: times worked out by hand, and the same order and outcomes as runs in real time.

use std::sync::Arc;

use autoexec_scheduler::{
    ClassId, Graph, GraphBuilder, Node, OnFailure, Outcome, Phase, Prepare, Simulated, Simulation,
    StepId, simulate,
};
use proptest::prelude::*;

use crate::model::{Case, cases, config};
use crate::recorder::{Event, Item, Plan, graph};

/// Steps of one task each with these phases; notes when each ends.
struct Phases {
    left: Vec<Vec<Phase>>,
    ended_at: Vec<u64>,
}

impl Simulated for Phases {
    fn prepare(&mut self, _: StepId, _: u64) -> Prepare<()> {
        Prepare::Run { width: 1 }
    }

    fn next(&mut self, step: StepId, _: u32, _: u64) -> Phase {
        let phases = &mut self.left[step.index()];
        match phases.is_empty() {
            true => Phase::End { succeeded: true },
            false => phases.remove(0),
        }
    }

    fn completed(&mut self, step: StepId, _: &Outcome<(), ()>, now: u64) {
        self.ended_at[step.index()] = now;
    }
}

fn compute(ns: u64) -> Phase {
    Phase::Compute { threads: 1, ns }
}

/// Checks when each step ends on two processors.
fn check(graph: Arc<Graph>, phases: &[&[Phase]], ends: &[u64]) {
    let mut steps = Phases {
        left: phases.iter().map(|it| it.to_vec()).collect(),
        ended_at: vec![0; phases.len()],
    };
    let end = simulate(graph, 2, OnFailure::Stop, &mut steps);
    assert_eq!(steps.ended_at, ends);
    assert_eq!(end.makespan_ns, ends.iter().copied().max().unwrap_or(0));
    assert!(end.report.is_success());
    assert_eq!(end.report.stats.tasks_run, phases.len() as u64);
}

#[test]
fn what_computes_shares_the_processors() {
    let apart = |limit| graph(limit, &[5, 5, 5], &[]);
    let (ten, thirty) = ([compute(10)], [compute(30)]);
    // Two on two processors, then the third.
    check(apart(2), &[&ten, &ten, &ten], &[10, 10, 20]);
    // Three at once get two thirds each.
    check(apart(3), &[&ten, &ten, &ten], &[15, 15, 15]);
    // Until two have ended: 10 in 15, and the other 20 alone.
    check(apart(3), &[&ten, &thirty, &ten], &[15, 35, 15]);
    // Four threads of one and one of another: two fifths each, 20 each take 50; then 10 more at full speed.
    let wide = [Phase::Compute { threads: 4, ns: 80 }];
    check(graph(2, &[5, 5], &[]), &[&wide, &thirty], &[50, 60]);
}

#[test]
fn what_waits_needs_no_processor() {
    let wait = [Phase::Wait { ns: 40 }];
    let both = [compute(10), Phase::Wait { ns: 5 }, compute(10)];
    check(
        graph(4, &[5, 5, 5, 5], &[]),
        &[&wait, &both, &both, &wait],
        &[40, 25, 25, 40],
    );
    // A limit of one holds up what only waits, too; the lower priority goes first.
    check(graph(1, &[5, 4], &[]), &[&wait, &both], &[65, 25]);
}

#[test]
fn what_needs_others_begins_when_they_have_ended() {
    // A diamond: 10, then 20 beside 30 waited, then 5.
    let (ten, twenty, five) = ([compute(10)], [compute(20)], [compute(5)]);
    let wait = [Phase::Wait { ns: 30 }];
    check(
        graph(9, &[5; 4], &[(0, 1), (0, 2), (1, 3), (2, 3)]),
        &[&ten, &twenty, &wait, &five],
        &[10, 30, 40, 45],
    );
    check(graph(9, &[], &[]), &[], &[]);
}

/// Does what a case plans, with phases that its numbers say, and writes down what it is asked to do.
struct Planned<'a> {
    case: &'a Case,
    graph: Arc<Graph>,
    begun: std::collections::HashMap<(u32, u32), u32>,
    running: Vec<usize>,
    events: Vec<Event>,
}

impl Simulated for Planned<'_> {
    fn prepare(&mut self, step: StepId, _: u64) -> Prepare<()> {
        self.events.push(Event::Prepared(step.0));
        match &self.case.plans[step.index()] {
            Plan::Run(items) => Prepare::Run {
                width: items.len() as u32,
            },
            Plan::Skip => Prepare::Skip,
            Plan::Fail | Plan::Panic => Prepare::Fail(()),
        }
    }

    fn next(&mut self, step: StepId, index: u32, _: u64) -> Phase {
        let class = self.graph.node(step).class.index();
        let count = self.begun.entry((step.0, index)).or_default();
        *count += 1;
        let ns = u64::from(step.0 * 31 + index * 17 + *count) % 97;
        match *count {
            1 => {
                self.events.push(Event::Started(step.0, index));
                self.running[class] += 1;
                assert!(self.running[class] <= self.case.limits[class]);
                compute(ns)
            }
            2 => Phase::Wait { ns },
            _ => {
                self.running[class] -= 1;
                let Plan::Run(items) = &self.case.plans[step.index()] else {
                    unreachable!("only steps that run have tasks");
                };
                let succeeded = items[index as usize] == Item::Succeed;
                Phase::End { succeeded }
            }
        }
    }

    fn completed(&mut self, step: StepId, _: &Outcome<(), ()>, _: u64) {
        self.events.push(Event::Completed(step.0));
    }
}

fn simulated(case: &Case, on_failure: OnFailure) -> (Simulation, Vec<Event>) {
    let mut steps = Planned {
        case,
        graph: case.graph(),
        begun: Default::default(),
        running: vec![0; case.limits.len()],
        events: Vec::new(),
    };
    let end = simulate(case.graph(), 2, on_failure, &mut steps);
    (end, steps.events)
}

/// An outcome without what tasks return.
fn bare<T, E>(outcome: &Outcome<T, E>) -> Outcome<(), ()> {
    use autoexec_scheduler::Failure;
    match outcome {
        Outcome::Succeeded(all) => Outcome::Succeeded(vec![(); all.len()]),
        Outcome::Failed(items) => {
            let bare = |it: &Result<T, Failure<E>>| match it {
                Ok(_) => Ok(()),
                Err(_) => Err(Failure::Error(())),
            };
            Outcome::Failed(items.iter().map(|it| it.as_ref().map(bare)).collect())
        }
        Outcome::Skipped(skip) => Outcome::Skipped(*skip),
        Outcome::Cancelled => Outcome::Cancelled,
    }
}

proptest! {
    #![proptest_config(config(250))]

    #[test]
    fn it_ends_as_in_the_model_and_always_the_same(case in cases(false)) {
        let (end, events) = simulated(&case, OnFailure::Continue);
        let model: Vec<_> = case.model().iter().map(bare).collect();
        prop_assert_eq!(&end.report.outcomes, &model);
        prop_assert_eq!(simulated(&case, OnFailure::Continue), (end, events));
    }

    /// With one place there is one order: that of a run in real time, failures and all.
    #[test]
    fn with_one_place_it_asks_as_a_run_does(case in cases(false), stops in any::<bool>()) {
        let mut case = case;
        (case.limits, case.threads, case.yields) = (vec![1], 1, 0);
        case.nodes.iter_mut().for_each(|node: &mut Node| node.class = ClassId(0));
        let on_failure = if stops { OnFailure::Stop } else { OnFailure::Continue };
        let real = case.run(on_failure);
        let (end, events) = simulated(&case, on_failure);
        prop_assert_eq!(events, real.events);
        let outcomes: Vec<_> = real.report.outcomes.iter().map(bare).collect();
        prop_assert_eq!(end.report.outcomes, outcomes);
    }
}

#[test]
fn a_million_nanoseconds_of_many_threads_lose_none() {
    // 23 threads on two processors: shares are no whole parts, and the end is late by less than a millionth.
    let mut builder = GraphBuilder::new(23);
    (0..23).for_each(|_| _ = builder.step(Node::default()));
    let graph = Arc::new(builder.build().unwrap());
    let phases = vec![vec![compute(1_000_000)]; 23];
    let mut steps = Phases {
        left: phases,
        ended_at: vec![0; 23],
    };
    let end = simulate(graph, 2, OnFailure::Stop, &mut steps).makespan_ns;
    assert!((11_500_000..11_500_200).contains(&end), "{end}");
}
