//! Ask and tell: who evaluates, and in what order, is the caller's business.

mod generations;
mod trials;

use crate::batch::Batch;
use crate::candidate::Candidate;
use crate::checkpoint::Log;
use crate::engine::{self, Engine, Points, Problem};
use crate::error::Error;
use crate::evaluation::{Measured, Written};
use crate::front::Archive;
use crate::islands::Archipelago;
use crate::memo::Memo;
use crate::options::{Noise, Options};
use crate::record::{Fingerprint, LEADERS, Leaders};
use crate::report::{Generation, Outcome, Solution, Stop};
use crate::rng::Rng;
use crate::space::Space;

/// The share of a noisy search's budget that is kept to evaluate the best again, and its bounds.
const KEPT_SHARE: u64 = 10;
const KEPT_MOST: u64 = 2000;
/// How many evaluations a candidate gets then, at least, as far as the budget allows.
const MEANS_OF: u64 = 4;
/// Below this budget nothing is kept.
const KEPT_FROM: u64 = 50;
/// Generations whose best fits without an allocation.
const HISTORY: usize = 1024;
/// How many generations of nothing but known rows are passed over before others are drawn.
const PATIENCE: usize = 3;
/// How many of them, at most.
const NEIGHBOURS: usize = 20;
/// The evaluations that count as a generation where progress over some of them is judged: descents ask one at a time.
const FEWEST: u64 = 10;
/// How many draws look for something new to ask beside a generation of a discrete space.
const STRAY_DRAWS: u32 = 20;
/// How many drawn rows must all be known for a space to count as exhausted.
const DRAWS: u32 = 2000;

/// A candidate to be evaluated.
#[derive(Clone, Debug, PartialEq)]
pub struct Trial {
    /// What to tell its result under.
    pub id: u64,
    /// What to evaluate.
    pub candidate: Candidate,
}

/// A search that hands out candidates and is told what they are worth.
///
/// Trials may be told in any order and number; what is asked depends on which trials were told, and when others were
/// asked, but not on the order in which the trials of a generation came back. A generation is asked in as many pieces as
/// the caller likes. When all of it is out and more is asked, what comes beside it are mutations of the best.
pub struct Optimizer {
    pub(crate) space: Space,
    pub(crate) options: Options,
    engine: Box<dyn Engine>,
    pub(crate) batch: Batch,
    /// Candidates that were asked beside a generation.
    strays: Vec<Stray>,
    stray_rng: Rng,
    arrivals: Points,
    memo: Option<Memo>,
    leaders: Leaders,
    /// With several objectives, what none dominates.
    archive: Option<Archive>,
    /// The best cost so far, after each generation.
    history: Vec<f64>,
    /// What the best violated then, and, where stagnation ends the search, how many evaluations were told.
    violations: Vec<f64>,
    told_then: Vec<u64>,
    fingerprint: Fingerprint,
    next_id: u64,
    /// Evaluations that were asked, less those that were recalled.
    spent: u64,
    told: u64,
    phase: Phase,
    /// Whether the batch is a row that the engine did not ask.
    is_foreign: bool,
    stop: Option<Stop>,
    last: Option<Generation>,
    pub(crate) log: Option<Log>,
    pub(crate) costs: Vec<f64>,
    pub(crate) objectives: Vec<f64>,
    pub(crate) constraints: Vec<f64>,
}

#[derive(Debug)]
struct Stray {
    id: u64,
    genes: Vec<f64>,
    /// Costs and violation, once told.
    told: Option<(Vec<f64>, f64)>,
}

impl Stray {
    /// Its genes and what they cost, as one row.
    fn row(&self, costs: &[f64], violation: f64) -> Points {
        let mut row = Points::new(self.genes.len(), costs.len(), 1);
        row.push(&self.genes);
        row.set(0, costs, violation);
        row
    }
}

/// What the budget is being spent on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// The engine's generations, up to so many evaluations.
    Search { until: u64 },
    /// The best few again, with what a noisy search has kept.
    Again,
}

impl std::fmt::Debug for Optimizer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Optimizer")
            .field("space", &self.space)
            .field("options", &self.options)
            .field("evaluations", &self.told)
            .field("stop", &self.stop)
            .finish_non_exhaustive()
    }
}

impl Optimizer {
    /// A search that has asked nothing yet.
    ///
    /// # Errors
    ///
    /// [`Error::Option`] for the first option outside its range, [`Error::Point`] for an initial point that is not in
    /// the space, [`Error::Unsuitable`] if the algorithm cannot solve such a problem.
    pub fn new(space: &Space, options: &Options) -> Result<Self, Error> {
        options.check()?;
        for values in &options.initial {
            if !space.contains(values) {
                return Err(Error::Option {
                    option: "initial",
                    value: format!("{values:?}"),
                    accepted: "a point of the space",
                });
            }
        }
        let objectives = options.goals.len();
        let kept = kept(options);
        let until = options.evaluations.map_or(u64::MAX, |limit| limit - kept);
        let repeats = options.noise.repeats() as u64;
        let problem = Problem {
            axes: space.axes().clone(),
            objectives,
            constraints: options.constraints,
            budget: options
                .evaluations
                .map(|limit| (limit - kept).div_ceil(repeats)),
            is_noisy: options.noise == Noise::Present,
            initial: options
                .initial
                .iter()
                .map(|values| space.genes(values))
                .collect(),
        };
        if let (Some(islands), Some(budget)) = (&options.islands, problem.budget)
            && budget < islands.count as u64
        {
            return Err(Error::Option {
                option: "evaluations",
                value: format!("enough for {budget} candidates"),
                accepted: "at least one candidate for each island",
            });
        }
        let mut rng = Rng::new(options.seed);
        let stray_rng = rng.fork();
        let engine: Box<dyn Engine> = match &options.islands {
            Some(islands) => Box::new(Archipelago::new(
                &options.algorithm,
                islands,
                &problem,
                rng,
            )?),
            None => engine::build(&options.algorithm, &problem, rng)?,
        };
        let is_repeatable = options.noise == Noise::None;
        let dimensions = space.len();
        Ok(Self {
            engine,
            batch: Batch::new(dimensions, objectives, options.constraints),
            strays: Vec::new(),
            stray_rng,
            arrivals: Points::new(dimensions, objectives, 0),
            memo: is_repeatable
                .then(|| Memo::new(space, objectives))
                .flatten(),
            leaders: Leaders::new(
                dimensions,
                objectives,
                if is_repeatable { 1 } else { LEADERS },
            ),
            archive: (objectives > 1).then(|| Archive::new(dimensions, objectives, options.front)),
            history: Vec::with_capacity(HISTORY),
            violations: Vec::with_capacity(HISTORY),
            told_then: Vec::with_capacity(options.stagnation.map_or(0, |_| HISTORY)),
            fingerprint: Fingerprint::default(),
            next_id: 0,
            spent: 0,
            told: 0,
            phase: Phase::Search { until },
            is_foreign: false,
            stop: None,
            last: None,
            log: options.resumable.then(|| Log::new(options)),
            costs: Vec::with_capacity(objectives),
            objectives: vec![f64::NAN; objectives],
            constraints: vec![f64::NAN; options.constraints],
            space: space.clone(),
            options: options.clone(),
        })
    }

    /// Candidates to evaluate: at least one and at most `count`, unless the search is over, `count` is 0, or all of the
    /// budget is being evaluated.
    pub fn ask(&mut self, count: usize) -> Vec<Trial> {
        self.ask_some(count, true)
    }

    /// Like [`ask`](Self::ask), but nothing beside the generation: none while all that is left of it is being evaluated.
    /// What is asked then depends on the values only, and on no order.
    pub fn ask_of_generation(&mut self, count: usize) -> Vec<Trial> {
        self.ask_some(count, false)
    }

    fn ask_some(&mut self, count: usize, or_beside: bool) -> Vec<Trial> {
        let mut trials = Vec::new();
        while trials.len() < count
            && let Some((id, place)) = self.issue(or_beside && trials.is_empty())
        {
            let candidate = Candidate::of(&self.space, self.genes(place));
            trials.push(Trial { id, candidate });
        }
        if let Some(log) = &mut self.log
            && !trials.is_empty()
        {
            log.asked(trials.len() as u64);
        }
        trials
    }

    /// Takes what was measured at a trial.
    ///
    /// # Errors
    ///
    /// [`Error::UnknownTrial`], [`Error::ToldTwice`] or [`Error::Arity`]; nothing has changed then.
    pub fn tell(&mut self, id: u64, measured: impl Measured) -> Result<(), Error> {
        let mut objectives = std::mem::take(&mut self.objectives);
        let mut constraints = std::mem::take(&mut self.constraints);
        let written = measured.write(&mut objectives, &mut constraints);
        (self.objectives, self.constraints) = (objectives, constraints);
        self.arity(written)?;
        self.take(id, written == Written::Failed)
    }

    /// Takes that the evaluation of a trial failed: it counts as the worst.
    ///
    /// # Errors
    ///
    /// [`Error::UnknownTrial`] or [`Error::ToldTwice`]; nothing has changed then.
    pub fn fail(&mut self, id: u64) -> Result<(), Error> {
        self.take(id, true)
    }

    /// Takes back the trials that were asked and not told, because whoever had them is gone; what is told under their ids
    /// is refused from now on. Those of a generation are asked again under other ids, those beside it are dropped.
    pub fn recall(&mut self) {
        let strays = self.strays.len();
        self.strays.retain(|stray| stray.told.is_some());
        self.spent -= self.batch.recall() + (strays - self.strays.len()) as u64;
        self.log.iter_mut().for_each(Log::recalled);
    }

    /// The trials that were asked and neither told nor recalled, by their ids.
    #[must_use]
    pub fn open(&self) -> Vec<Trial> {
        let trial = |id, genes| Trial {
            id,
            candidate: Candidate::of(&self.space, genes),
        };
        let rows = self.batch.issued();
        let rows = rows.map(|(id, row)| trial(id, self.batch.points.row(row)));
        let strays = self.strays.iter().filter(|stray| stray.told.is_none());
        let mut open: Vec<Trial> = rows
            .chain(strays.map(|stray| trial(stray.id, &stray.genes)))
            .collect();
        open.sort_by_key(|trial| trial.id);
        open
    }

    /// The id that the next trial gets; those of all before it are smaller.
    #[must_use]
    pub fn next_id(&self) -> u64 {
        self.next_id
    }

    /// Recalls, if there is anything to recall.
    pub(crate) fn recall_open(&mut self) {
        let is_open = |stray: &Stray| stray.told.is_none();
        if !self.batch.is_complete() || self.strays.iter().any(is_open) {
            self.recall();
        }
    }

    /// Whether nothing more will be asked.
    #[must_use]
    pub fn is_done(&self) -> bool {
        self.stop.is_some()
    }

    /// Whether nothing more will be asked, though what was asked may still be told: the search is over, or all of its
    /// budget is being evaluated.
    #[must_use]
    pub fn is_asked_out(&self) -> bool {
        self.is_done()
            || self
                .options
                .evaluations
                .is_some_and(|limit| self.spent >= limit)
    }

    /// Why the search is over, if it is.
    #[must_use]
    pub fn stop(&self) -> Option<Stop> {
        self.stop
    }

    /// The number of evaluations that were told.
    #[must_use]
    pub fn evaluations(&self) -> u64 {
        self.told
    }

    /// The number of generations that are complete.
    #[must_use]
    pub fn generations(&self) -> u32 {
        self.history.len() as u32
    }

    /// A hash of all genes and costs of complete generations, in the order they were asked.
    #[must_use]
    pub fn fingerprint(&self) -> u64 {
        self.fingerprint.0
    }

    /// The best candidate so far, by violation and then by the first objective; the earliest among equals. `None` until
    /// something was told.
    #[must_use]
    pub fn best(&self) -> Option<Solution> {
        (!self.leaders.points.is_empty()).then(|| self.solution(&self.leaders.points, 0))
    }

    /// The best solutions so far. With several objectives at most `count` that none dominates, spread to cover as much as
    /// they can; with one the best.
    #[must_use]
    pub fn front(&self, count: usize) -> Vec<Solution> {
        let Some(mut archive) = self.archive.clone() else {
            return self.best().into_iter().take(count).collect();
        };
        if self.batch.repeats() == 1 && !self.batch.is_complete() {
            let told = (0..self.batch.points.len()).filter(|&row| self.batch.is_told(row));
            told.for_each(|row| archive.insert_row(&self.batch.points, row));
        }
        for stray in &self.strays {
            if let Some((costs, violation)) = &stray.told {
                archive.insert_row(&stray.row(costs, *violation), 0);
            }
        }
        let front = archive.select(count);
        (0..front.len())
            .map(|row| self.solution(&front, row))
            .collect()
    }

    /// What came out so far; `None` until something was told. The reason for the end is [`Stop::Observer`] where the
    /// search is not over.
    #[must_use]
    pub fn outcome(&self) -> Option<Outcome> {
        let best = self.best()?;
        let goal = self.options.goals[0];
        Some(Outcome {
            value: best.objectives[0],
            best: best.candidate,
            front: self.front(self.options.front),
            generations: self.generations().saturating_sub(1),
            evaluations: self.told,
            stop: self.stop.unwrap_or(Stop::Observer),
            history: self.history.iter().map(|&cost| goal.value(cost)).collect(),
            islands: self.engine.islands(goal),
            fingerprint: self.fingerprint.0,
        })
    }

    /// The state after the last complete generation.
    pub(crate) fn last(&self) -> Option<&Generation> {
        self.last.as_ref()
    }

    pub(crate) fn end(&mut self, stop: Stop) {
        self.stop.get_or_insert(stop);
    }

    fn solution(&self, points: &Points, row: usize) -> Solution {
        let pairs = self.options.goals.iter().zip(points.costs(row));
        Solution {
            candidate: Candidate::of(&self.space, points.row(row)),
            objectives: pairs.map(|(goal, &cost)| goal.value(cost)).collect(),
            // A sum over no constraints is -0.
            violation: points.violation(row) + 0.0,
        }
    }
}

/// What a noisy search keeps of its budget.
fn kept(options: &Options) -> u64 {
    match options.evaluations {
        Some(limit)
            if options.noise == Noise::Present
                && options.goals.len() == 1
                && limit >= KEPT_FROM =>
        {
            (limit / KEPT_SHARE).min(KEPT_MOST)
        }
        _ => 0,
    }
}

/// Where the genes of an issued trial are.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Place {
    /// In this row of the batch.
    Row(usize),
    /// In this stray.
    Stray(usize),
}
