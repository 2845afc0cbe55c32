//! One replay: the runs of each session after each other, on a virtual clock.

use std::collections::HashMap;
use std::sync::Arc;

use autoexec_scheduler as scheduler;
use scheduler::{Graph, OnFailure, Phase, Prepare, Simulated, StepId, simulate};

use crate::trace::Setup;

use super::Outcome;
use super::caches::{Caches, Talks};
use super::cost::CostModel;
use super::plan::{Player, Preparation, Run, Work};

/// What one run comes to, for who must tell runs and steps apart.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Played {
    /// Of this run; its peak is what the session had held at most when the run ended, and it counts no evictions.
    pub(crate) outcome: Outcome,
    /// Its steps, in the order of the trace.
    pub(crate) steps: Vec<StepPlayed>,
    /// Of each file asked for, in the order of the virtual clock, whether it was held.
    pub(crate) hits: Vec<bool>,
}

/// What became of one step.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct StepPlayed {
    pub(crate) ran: bool,
    pub(crate) succeeded: bool,
    /// Its longest task, from the moment that it had a place.
    pub(crate) longest_ns: u64,
}

/// Tells `each` of every run as it ends.
pub(super) fn play(
    player: &Player,
    setup: &Setup,
    cost: &CostModel,
    each: &mut dyn FnMut(Played),
) -> Outcome {
    let mut out = Outcome::default();
    let mut sessions: HashMap<u64, (Caches, u64)> = HashMap::new();
    for run in &player.runs {
        let (caches, began) = sessions
            .entry(run.session)
            .or_insert_with(|| (Caches::new(player, setup), run.started_ns));
        let base = run.started_ns.saturating_sub(*began);
        caches.warm(player, run, base);
        let limit = |at: usize, own: u32| run.limits[at].unwrap_or(own);
        let limits = [
            limit(0, setup.limit_cpu),
            limit(1, setup.limit_io),
            limit(2, setup.limit_memory),
        ];
        let graph = run.graph(limits);
        let graph = Arc::new(graph.expect("because it was built when the player was made"));
        let mut playing = Playing {
            player,
            run,
            setup,
            cost,
            caches,
            base,
            talks: Talks::new(),
            refused: vec![false; player.files.len()],
            at: HashMap::new(),
            graph: graph.clone(),
            ready_at: vec![0; run.steps.len()],
            steps: vec![StepPlayed::default(); run.steps.len()],
            out: Outcome::default(),
        };
        let on_failure = match run.keep_going {
            true => OnFailure::Continue,
            false => OnFailure::Stop,
        };
        let end = simulate(graph, setup.processors, on_failure, &mut playing);
        let (mut outcome, steps) = (playing.out, playing.steps);
        outcome.makespan_ns = end.makespan_ns;
        out.add(&outcome);
        outcome.peak_bytes = caches.peak_bytes();
        let hits = caches.take_hits();
        each(Played {
            outcome,
            steps,
            hits,
        });
    }
    sessions
        .values()
        .for_each(|(caches, _)| caches.finish(&mut out));
    out
}

/// One run that is being replayed.
struct Playing<'a> {
    player: &'a Player,
    run: &'a Run,
    setup: &'a Setup,
    cost: &'a CostModel,
    caches: &'a mut Caches,
    /// When it began, since its session did.
    base: u64,
    talks: Talks,
    /// Files that its read steps refused last.
    refused: Vec<bool>,
    /// Which stretch each task is at, and when it had a place.
    at: HashMap<(StepId, u32), (usize, u64)>,
    graph: Arc<Graph>,
    /// Of each step, when the last of its needs ended.
    ready_at: Vec<u64>,
    steps: Vec<StepPlayed>,
    out: Outcome,
}

impl Playing<'_> {
    /// What a stretch takes now: the recorded time, as much longer or shorter as the costs say.
    fn work(&mut self, work: &Work, now: u64) -> Phase {
        let (run, cost, moment) = (self.run, self.cost, self.base.saturating_add(now));
        match work {
            &Work::Compute { ns } => compute(1, ns as f64),
            &Work::Wait { ns } => Phase::Wait { ns },
            Work::Files(plan) => {
                let asked = (plan, &run.recorded);
                let out = &mut self.out;
                let batch = self
                    .caches
                    .files(self.player, asked, &mut self.refused, moment, out);
                let ratio = cost.batch(&batch) / cost.batch(&plan.batch).max(1.0);
                let recorded = f64::from(cost.threads(&plan.batch, &run.recorded));
                let ns = plan.ns as f64 * recorded * ratio;
                compute(cost.threads(&batch, self.setup), ns)
            }
            Work::Paths { ns, paths } => {
                let recorded = paths.iter().filter(|(_, is_hit)| *is_hit).count();
                let mut hits = 0;
                for (path, _) in paths {
                    hits += u64::from(self.caches.path(*path));
                }
                self.out.path_lookups += paths.len() as u64;
                self.out.path_hits += hits;
                let all = paths.len() as u64;
                let cost = |hits: u64| cost.paths(hits, all - hits).max(1.0);
                compute(1, *ns as f64 * cost(hits) / cost(recorded as u64))
            }
            Work::Question(plan) => {
                let (talks, out) = (&mut self.talks, &mut self.out);
                let is_hit = self.caches.question(plan, talks, moment, out);
                let question = &plan.question;
                let tokens = question.input_tokens.saturating_add(question.output_tokens);
                let ns = match (question.is_hit, is_hit, plan.asked_ns) {
                    (recorded, now, _) if recorded == now => plan.ns as f64,
                    (true, false, Some(asked)) => asked as f64,
                    _ => cost.question(is_hit, tokens),
                };
                compute(1, ns)
            }
        }
    }
}

fn compute(threads: u32, ns: f64) -> Phase {
    let ns = ns.round() as u64;
    Phase::Compute { threads, ns }
}

impl Simulated for Playing<'_> {
    fn prepare(&mut self, step: StepId, now: u64) -> Prepare<()> {
        let plan = &self.run.steps[step.index()];
        self.out.queued_ns += now - self.ready_at[step.index()];
        match plan.preparation {
            Preparation::Run => {
                self.out.steps_run += 1;
                self.steps[step.index()].ran = true;
                let width = plan.tasks.len() as u32;
                Prepare::Run { width }
            }
            Preparation::Skip => Prepare::Skip,
            Preparation::Fail => Prepare::Fail(()),
        }
    }

    fn next(&mut self, step: StepId, index: u32, now: u64) -> Phase {
        let task = &self.run.steps[step.index()].tasks[index as usize];
        let (at, began) = self.at.entry((step, index)).or_insert((0, now));
        *at += 1;
        match task.works.get(*at - 1) {
            Some(work) => self.work(work, now),
            None => {
                let longest = &mut self.steps[step.index()].longest_ns;
                *longest = (*longest).max(now - *began);
                Phase::End {
                    succeeded: task.succeeded,
                }
            }
        }
    }

    fn completed(&mut self, step: StepId, outcome: &scheduler::Outcome<(), ()>, now: u64) {
        self.out.steps_succeeded += u64::from(outcome.is_success());
        self.steps[step.index()].succeeded = outcome.is_success();
        for after in self.graph.dependants(step) {
            self.ready_at[after.index()] = now;
        }
    }
}

impl Outcome {
    pub(crate) fn add(&mut self, other: &Self) {
        for (sum, more) in [
            (&mut self.makespan_ns, other.makespan_ns),
            (&mut self.reads, other.reads),
            (&mut self.hits, other.hits),
            (&mut self.loads, other.loads),
            (&mut self.redundant_loads, other.redundant_loads),
            (&mut self.refused, other.refused),
            (&mut self.failed, other.failed),
            (&mut self.evictions, other.evictions),
            (&mut self.bytes_loaded, other.bytes_loaded),
            (&mut self.path_lookups, other.path_lookups),
            (&mut self.path_hits, other.path_hits),
            (&mut self.cacheable, other.cacheable),
            (&mut self.prompt_hits, other.prompt_hits),
            (&mut self.input_tokens, other.input_tokens),
            (&mut self.output_tokens, other.output_tokens),
            (&mut self.trims, other.trims),
            (&mut self.dropped_messages, other.dropped_messages),
            (&mut self.kept_tokens, other.kept_tokens),
            (&mut self.steps_succeeded, other.steps_succeeded),
            (&mut self.steps_run, other.steps_run),
            (&mut self.queued_ns, other.queued_ns),
        ] {
            *sum = sum.saturating_add(more);
        }
        self.peak_bytes = self.peak_bytes.max(other.peak_bytes);
    }
}
