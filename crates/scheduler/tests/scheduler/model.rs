//! Random graphs with random outcomes, against a model that walks them in order.

use std::collections::HashMap;
use std::sync::Arc;

use autoexec_scheduler::{
    ClassId, Failure, Graph, GraphBuilder, Node, OnFailure, Options, Outcome, Skip, StepId, Trigger,
};
use proptest::prelude::*;

use crate::recorder::{
    Error, Event, Item, Output, Plan, Recorder, Recording, finish, one_thread, two_threads,
};

/// A graph whose edges lead from lower to higher ranks; ids are ranks in another order.
#[derive(Clone, Debug)]
pub(crate) struct Case {
    pub(crate) limits: Vec<usize>,
    pub(crate) nodes: Vec<Node>,
    pub(crate) plans: Vec<Plan>,
    /// The steps so that each comes after what it depends on.
    order: Vec<u32>,
    edges: Vec<(u32, u32)>,
    pub(crate) yields: u32,
    pub(crate) threads: usize,
}

impl Case {
    pub(crate) fn graph(&self) -> Arc<Graph> {
        let mut builder = GraphBuilder::new(self.limits[0]);
        for &limit in &self.limits[1..] {
            builder.class(limit);
        }
        for &node in &self.nodes {
            builder.step(node);
        }
        for &(before, after) in &self.edges {
            builder.edge(StepId(before), StepId(after));
        }
        Arc::new(builder.build().unwrap())
    }

    pub(crate) fn run(&self, on_failure: OnFailure) -> Recording {
        let runtime = if self.threads == 1 {
            one_thread()
        } else {
            two_threads()
        };
        let recorder = Recorder::new(&self.graph(), self.plans.clone(), self.yields);
        let options = Options {
            on_failure,
            ..Options::default()
        };
        finish(&runtime, recorder.run(options))
    }

    fn dependencies(&self, step: u32) -> impl Iterator<Item = u32> {
        self.edges
            .iter()
            .filter(move |edge| edge.1 == step)
            .map(|edge| edge.0)
    }

    /// What becomes of every step when nothing is stopped.
    pub(crate) fn model(&self) -> Vec<Outcome<Output, Error>> {
        let mut outcomes = HashMap::new();
        for &step in &self.order {
            let failed = |other: &u32| -> bool {
                let outcome: &Outcome<Output, Error> = &outcomes[other];
                !outcome.is_success()
            };
            let blocker = self.dependencies(step).filter(failed).min();
            let outcome = match blocker {
                Some(other) if self.nodes[step as usize].trigger == Trigger::AllSucceeded => {
                    Outcome::Skipped(Skip::Dependency(StepId(other)))
                }
                _ => planned(step, &self.plans[step as usize]),
            };
            outcomes.insert(step, outcome);
        }
        (0..self.nodes.len() as u32)
            .map(|step| outcomes.remove(&step).unwrap())
            .collect()
    }
}

/// What becomes of a step that is run.
fn planned(step: u32, plan: &Plan) -> Outcome<Output, Error> {
    let fail = |failure| Outcome::Failed(vec![Some(Err(failure))]);
    let items = match plan {
        Plan::Run(items) => items,
        Plan::Skip => return Outcome::Skipped(Skip::Condition),
        Plan::Fail => return fail(Failure::Error("unprepared")),
        Plan::Panic => return fail(Failure::Panicked(format!("step {step} cannot be prepared"))),
    };
    let mut results = Vec::new();
    for (index, item) in (0..).zip(items) {
        results.push(match item {
            Item::Fail => Err(Failure::Error("failed")),
            Item::Panic => Err(Failure::Panicked(format!("item {index} of step {step}"))),
            Item::Succeed | Item::Cancel => Ok((step, index)),
        });
    }
    if results.iter().all(Result::is_ok) {
        Outcome::Succeeded(results.into_iter().map(Result::unwrap).collect())
    } else {
        Outcome::Failed(results.into_iter().map(Some).collect())
    }
}

fn item(with_cancel: bool) -> impl Strategy<Value = Item> {
    prop_oneof![
        20 => Just(Item::Succeed),
        2 => Just(Item::Fail),
        1 => Just(Item::Panic),
        if with_cancel { 1 } else { 0 } => Just(Item::Cancel),
    ]
}

fn plan(with_cancel: bool) -> impl Strategy<Value = Plan> {
    prop_oneof![
        12 => item(with_cancel).prop_map(|item| Plan::Run(vec![item])),
        6 => prop::collection::vec(item(with_cancel), 0..6).prop_map(Plan::Run),
        1 => Just(Plan::Skip),
        1 => Just(Plan::Fail),
        1 => Just(Plan::Panic),
    ]
}

fn node(classes: usize) -> impl Strategy<Value = Node> {
    let trigger = prop_oneof![4 => Just(Trigger::AllSucceeded), 1 => Just(Trigger::AllDone)];
    (0..classes, 3..6, trigger).prop_map(|(class, priority, trigger)| Node {
        class: ClassId(class as u8),
        priority,
        trigger,
    })
}

pub(crate) fn cases(with_cancel: bool) -> impl Strategy<Value = Case> {
    let size = (1_usize..30, prop::collection::vec(1_usize..5, 1..4));
    size.prop_flat_map(move |(steps, limits)| {
        (
            prop::collection::vec(node(limits.len()), steps),
            prop::collection::vec(plan(with_cancel), steps),
            Just((0..steps as u32).collect::<Vec<_>>()).prop_shuffle(),
            prop::collection::vec((0..steps, 0..steps), 0..2 * steps),
            (0_u32..3, 1_usize..3, Just(limits)),
        )
            .prop_map(|(nodes, plans, order, pairs, (yields, threads, limits))| {
                let upward = |&(a, b): &(usize, usize)| (a != b).then(|| (a.min(b), a.max(b)));
                let edges = pairs.iter().filter_map(upward);
                Case {
                    edges: edges.map(|(a, b)| (order[a], order[b])).collect(),
                    limits,
                    nodes,
                    plans,
                    order,
                    yields,
                    threads,
                }
            })
    })
}

/// What holds however a run goes.
fn check_order(case: &Case, recording: &Recording) {
    for (class, &limit) in case.limits.iter().enumerate() {
        assert!(
            recording.running_peak[class] <= limit,
            "class {class} is over its limit"
        );
    }
    assert_eq!(
        recording.report.stats.tasks_run,
        recording.started().len() as u64
    );
    for step in 0..case.nodes.len() as u32 {
        let count = |event| {
            recording
                .events
                .iter()
                .filter(|&&other| other == event)
                .count()
        };
        assert_eq!(
            count(Event::Completed(step)),
            1,
            "step {step} completes once"
        );
        assert!(
            count(Event::Prepared(step)) <= 1,
            "step {step} is prepared once"
        );
        let completed = recording.at(Event::Completed(step)).unwrap();
        for dependency in case.dependencies(step) {
            let before = recording.at(Event::Completed(dependency)).unwrap();
            assert!(before < completed, "step {step} ends after {dependency}");
            let prepared = recording.at(Event::Prepared(step));
            assert!(
                prepared.is_none_or(|at| before < at),
                "{step} begins after {dependency}"
            );
        }
    }
    for (step, index) in recording.started() {
        let started = recording.at(Event::Started(step, index)).unwrap();
        assert!(recording.at(Event::Prepared(step)).unwrap() < started);
        assert!(started < recording.at(Event::Completed(step)).unwrap());
    }
}

/// What a run that was stopped or cancelled may make of a step that would have ended as `whole`.
fn check_cut_short(recording: &Recording, step: u32, whole: &Outcome<Output, Error>) {
    let outcome = recording.outcome(step);
    match outcome {
        Outcome::Cancelled => {
            assert!(!recording.started_steps().contains(&step));
        }
        Outcome::Skipped(Skip::Dependency(other)) => {
            assert!(!recording.outcome(other.0).is_success());
            assert_eq!(recording.at(Event::Prepared(step)), None);
        }
        Outcome::Failed(items) if outcome != whole => {
            let (Outcome::Failed(_) | Outcome::Succeeded(_)) = whole else {
                panic!("step {step} should have been {whole:?} and is {outcome:?}");
            };
            assert!(
                items.contains(&None),
                "a failure that is no failure was cut short"
            );
            for (index, item) in (0..).zip(items) {
                let started = recording.started().contains(&(step, index));
                assert_eq!(item.is_some(), started);
            }
        }
        _ => assert_eq!(outcome, whole),
    }
}

pub(crate) fn config(cases: u32) -> ProptestConfig {
    ProptestConfig {
        cases,
        failure_persistence: None,
        ..ProptestConfig::default()
    }
}

proptest! {
    #![proptest_config(config(250))]

    #[test]
    fn what_continues_after_failures_ends_as_in_the_model(case in cases(false)) {
        let recording = case.run(OnFailure::Continue);
        check_order(&case, &recording);
        prop_assert_eq!(&recording.report.outcomes, &case.model());
    }

    #[test]
    fn what_stops_at_a_failure_or_is_cancelled_ends_as_in_the_model_or_early(case in cases(true)) {
        let recording = case.run(OnFailure::Stop);
        check_order(&case, &recording);
        let model = case.model();
        for (step, whole) in (0..).zip(&model) {
            check_cut_short(&recording, step, whole);
        }
        let cut_short = recording.report.outcomes != model;
        let failed = |outcome: &Outcome<_, _>| outcome.failure().is_some();
        let has_failed = recording.report.outcomes.iter().any(failed);
        let is_cancel = |plan: &Plan| matches!(plan, Plan::Run(items) if items.contains(&Item::Cancel));
        prop_assert!(!cut_short || has_failed || case.plans.iter().any(is_cancel));
    }

    #[test]
    fn one_place_makes_the_order_exact(case in cases(false)) {
        let mut case = case;
        case.limits = vec![1];
        for (node, plan) in case.nodes.iter_mut().zip(&mut case.plans) {
            node.class = ClassId(0);
            if let Plan::Run(items) = plan {
                items.fill(Item::Succeed);
            } else {
                *plan = Plan::Run(vec![Item::Succeed]);
            }
        }
        let recording = case.run(OnFailure::Stop);
        prop_assert_eq!(recording.started(), order_of(&case));
        prop_assert_eq!(&recording.report.outcomes, &case.model());
    }
}

/// The tasks of a graph with one place in the order in which they must start: of the steps that
/// are ready, always the lowest priority, and of those the first to have become ready.
fn order_of(case: &Case) -> Vec<(u32, u32)> {
    let mut done = Vec::new();
    let mut ready = Vec::new();
    let mut order = Vec::new();
    loop {
        let is_next = |step: &u32| {
            !done.contains(step)
                && !ready.contains(step)
                && case.dependencies(*step).all(|other| done.contains(&other))
        };
        let next: Vec<_> = (0..case.nodes.len() as u32).filter(is_next).collect();
        ready.extend(next);
        let priority = |&at: &usize| case.nodes[ready[at] as usize].priority;
        let Some(best) = (0..ready.len()).min_by_key(priority) else {
            return order;
        };
        let step = ready.remove(best);
        if let Plan::Run(items) = &case.plans[step as usize] {
            order.extend((0..items.len() as u32).map(|index| (step, index)));
        }
        done.push(step);
    }
}
