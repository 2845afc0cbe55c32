//! Ask and tell: who evaluates, and in what order, is the caller's business.

use crate::batch::{Batch, Found};
use crate::candidate::Candidate;
use crate::checkpoint::Log;
use crate::engine::{self, Engine, Points, Problem};
use crate::error::Error;
use crate::evaluation::{Measured, Written};
use crate::front::Archive;
use crate::islands::Archipelago;
use crate::memo::Memo;
use crate::operators::mutate;
use crate::options::{Noise, Options};
use crate::record::{Fingerprint, LEADERS, Leaders};
use crate::report::{Generation, Outcome, Solution, Stop};
use crate::rng::Rng;
use crate::space::Space;

/// The share of a noisy search's budget that is kept to evaluate the best again, and its bounds.
const KEPT_SHARE: u64 = 10;
const KEPT_MOST: u64 = 2000;
/// Below this budget nothing is kept.
const KEPT_FROM: u64 = 50;
/// Generations whose best fits without an allocation.
const HISTORY: usize = 4096;
/// How many generations of nothing but known rows are passed over before others are drawn.
const PATIENCE: u32 = 3;
/// How many of them, at most.
const NEIGHBOURS: usize = 20;
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
            is_constrained: options.constraints > 0,
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
            batch: Batch::new(dimensions, objectives),
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

    /// Takes back the trials that were asked and not told, because whoever had them is gone. They are asked again under
    /// other ids; what is told under the old ones is refused.
    pub fn recall(&mut self) {
        let strays = self.strays.len();
        self.strays.retain(|stray| stray.told.is_some());
        self.spent -= self.batch.recall() + (strays - self.strays.len()) as u64;
        self.log.iter_mut().for_each(Log::recalled);
    }

    /// Whether nothing more will be asked.
    #[must_use]
    pub fn is_done(&self) -> bool {
        self.stop.is_some()
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
            violation: points.violation(row),
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

/// Trials, one by one.
impl Optimizer {
    /// The next trial, if there is one: of the generation, or beside it if that is `wanted`.
    pub(crate) fn issue(&mut self, wanted: bool) -> Option<(u64, Place)> {
        if self.batch.is_complete() && !self.is_done() {
            self.begin();
        }
        if self.is_done() || self.spent >= self.limit() {
            return None;
        }
        let id = self.next_id;
        let place = match self.batch.issue(id) {
            Some(trial) => Place::Row(self.batch.row_of(trial)),
            None if wanted && !matches!(self.phase, Phase::Again) => self.stray(id),
            None => return None,
        };
        self.next_id += 1;
        self.spent += 1;
        if self.spent == self.limit() {
            self.batch.cut();
        }
        Some((id, place))
    }

    pub(crate) fn genes(&self, place: Place) -> &[f64] {
        match place {
            Place::Row(row) => self.batch.points.row(row),
            Place::Stray(index) => &self.strays[index].genes,
        }
    }

    /// So many evaluations may be asked now.
    fn limit(&self) -> u64 {
        match self.phase {
            Phase::Search { until } => until,
            Phase::Again => self.options.evaluations.unwrap_or(u64::MAX),
        }
    }

    fn stray(&mut self, id: u64) -> Place {
        let axes = self.space.axes();
        let mut genes = match self.leaders.points.is_empty() {
            true => axes
                .iter()
                .map(|axis| axis.sample(&mut self.stray_rng))
                .collect(),
            false => self.leaders.points.row(0).to_vec(),
        };
        let rate = (1.5 / axes.len() as f64).min(1.0);
        mutate(axes, &mut genes, rate, &mut self.stray_rng);
        self.strays.push(Stray {
            id,
            genes,
            told: None,
        });
        Place::Stray(self.strays.len() - 1)
    }

    /// Refuses an evaluation with the wrong number of numbers.
    pub(crate) fn arity(&self, written: Written) -> Result<(), Error> {
        let Written::Mismatch {
            objectives,
            constraints,
        } = written
        else {
            return Ok(());
        };
        let wanted = self.options.goals.len();
        let (what, expected, found) = if objectives == wanted {
            ("constraints", self.options.constraints, constraints)
        } else {
            ("objectives", wanted, objectives)
        };
        Err(Error::Arity {
            what,
            expected,
            found,
        })
    }

    /// Takes what stands in `objectives` and `constraints` for a trial.
    pub(crate) fn take(&mut self, id: u64, is_failed: bool) -> Result<(), Error> {
        let found = self.batch.find(id);
        let stray = match found {
            Found::Open(_) => None,
            Found::Told => return Err(Error::ToldTwice { id }),
            Found::Nothing => Some(self.find_stray(id)?),
        };
        if let Some(log) = &mut self.log {
            let numbers = (!is_failed).then_some((&*self.objectives, &*self.constraints));
            log.told(id, numbers);
        }
        let violation = self.convert(is_failed);
        self.told += 1;
        match (found, stray) {
            (_, Some(index)) => self.settle_stray(index, violation),
            (Found::Open(trial), None) => {
                self.batch.settle(trial, &self.costs, violation);
                if self.batch.repeats() == 1 {
                    self.leaders.offer(&self.batch.points, trial, id);
                }
                if self.batch.is_complete() {
                    self.complete();
                }
            }
            _ => unreachable!("because what is not in the generation is a stray"),
        }
        Ok(())
    }

    /// Keeps what a stray costs until the generation is complete: then the engine hears of it.
    fn settle_stray(&mut self, index: usize, violation: f64) {
        let stray = &mut self.strays[index];
        let mut one = Points::new(stray.genes.len(), self.costs.len(), 1);
        one.push(&stray.genes);
        one.set(0, &self.costs, violation);
        self.leaders.offer(&one, 0, stray.id);
        stray.told = Some((self.costs.clone(), violation));
    }

    fn find_stray(&self, id: u64) -> Result<usize, Error> {
        if id >= self.next_id {
            return Err(Error::UnknownTrial { id });
        }
        let open = |stray: &Stray| stray.id == id && stray.told.is_none();
        self.strays
            .iter()
            .position(open)
            .ok_or(Error::ToldTwice { id })
    }

    /// Makes costs of what was measured, and returns the violation. Whatever is not finite makes the whole evaluation
    /// the worst: there is no way to be bad in one objective only that an algorithm could learn from.
    fn convert(&mut self, is_failed: bool) -> f64 {
        self.costs.clear();
        let pairs = self.options.goals.iter().zip(&self.objectives);
        self.costs
            .extend(pairs.map(|(goal, &value)| goal.cost(value)));
        let violation: f64 = self
            .constraints
            .iter()
            .map(|&g| if g <= 0.0 { 0.0 } else { g })
            .sum();
        let is_sound = self.costs.iter().all(|cost| cost.is_finite()) && !violation.is_nan();
        if is_failed || !is_sound {
            self.costs.fill(f64::INFINITY);
            // Where there are constraints, a failure is worse than any violation.
            return if self.constraints.is_empty() {
                0.0
            } else {
                f64::INFINITY
            };
        }
        violation
    }
}

/// Generations.
impl Optimizer {
    /// Opens the next generation that has something to evaluate, or ends the search.
    fn begin(&mut self) {
        let mut passed = 0;
        loop {
            self.batch.clear();
            self.is_foreign = passed == PATIENCE;
            if !self.is_foreign {
                self.engine.ask(&mut self.batch.points);
            } else if !self.draw_unknown() {
                self.stop = Some(Stop::Exhausted);
                return;
            }
            self.batch.open(self.options.noise.repeats());
            let Some(memo) = &mut self.memo else { return };
            if memo.is_exhausted() {
                self.stop = Some(Stop::Exhausted);
                return;
            }
            memo.look_up(&mut self.batch);
            if !self.batch.is_complete() {
                return;
            }
            self.batch.finish();
            self.engine.tell(&self.batch.points);
            passed += 1;
        }
    }

    /// Makes a batch of rows that are not known, mutations of the best where there are such; the engine gets them as
    /// migrants. False if none was found.
    fn draw_unknown(&mut self) -> bool {
        let mut genes = vec![0.0; self.space.len()];
        for draw in 0..DRAWS {
            self.draw(draw, &mut genes);
            let memo = self
                .memo
                .as_mut()
                .expect("because only known rows are passed over");
            let rows = &self.batch.points;
            if !memo.knows(&genes) && (0..rows.len()).all(|row| rows.row(row) != genes) {
                self.batch.points.push(&genes);
            }
            if self.batch.points.len() == NEIGHBOURS {
                break;
            }
        }
        !self.batch.points.is_empty()
    }

    /// A mutation of the best: of more genes, the later the draw, and the last ones anywhere.
    fn draw(&mut self, draw: u32, genes: &mut [f64]) {
        let axes = self.space.axes();
        let share = f64::from(draw) / f64::from(DRAWS);
        if self.leaders.points.is_empty() || share > 0.5 {
            let drawn = axes.iter().map(|axis| axis.sample(&mut self.stray_rng));
            genes
                .iter_mut()
                .zip(drawn)
                .for_each(|(gene, drawn)| *gene = drawn);
            return;
        }
        genes.copy_from_slice(self.leaders.points.row(0));
        let rate = (1.5 / axes.len() as f64).max(share).min(1.0);
        mutate(axes, genes, rate, &mut self.stray_rng);
    }

    /// All trials of the generation are told.
    fn complete(&mut self) {
        self.batch.finish();
        if self.phase == Phase::Again {
            self.leaders.clear();
            self.keep_record();
            self.stop = Some(Stop::Evaluations);
            return;
        }
        self.gather_strays();
        self.keep_record();
        if let Some(memo) = &mut self.memo {
            memo.remember(&self.batch.points);
        }
        if self.is_foreign {
            self.engine.immigrate(&self.batch.points);
        } else {
            self.engine.tell(&self.batch.points);
        }
        if !self.arrivals.is_empty() {
            self.engine.immigrate(&self.arrivals);
        }
        self.last = Some(self.describe());
        self.stop = self.stop.or_else(|| self.reason());
        if self.stop.is_none() && self.spent == self.limit() {
            self.begin_again();
        }
    }

    /// Moves the strays that were told to the arrivals, in the order of their ids.
    fn gather_strays(&mut self) {
        self.arrivals.clear();
        for stray in &self.strays {
            if let Some((costs, violation)) = &stray.told {
                self.arrivals.push(&stray.genes);
                let row = self.arrivals.len() - 1;
                self.arrivals.set(row, costs, *violation);
            }
        }
        self.strays.retain(|stray| stray.told.is_none());
    }

    /// Takes the rows of the generation into the fingerprint, the leaders, the front and the history.
    fn keep_record(&mut self) {
        let is_late = self.batch.repeats() > 1;
        for points in [&self.batch.points, &self.arrivals] {
            for row in 0..points.len() {
                self.fingerprint.numbers(points.row(row));
                self.fingerprint.numbers(points.costs(row));
                self.fingerprint.word(points.violation(row).to_bits());
            }
            if let Some(archive) = &mut self.archive {
                archive.insert(points);
            }
        }
        if is_late {
            // Rows of several trials are known only now. Their numbers grow with the evaluations.
            let first = self.told - self.batch.points.len() as u64;
            for row in 0..self.batch.points.len() {
                self.leaders
                    .offer(&self.batch.points, row, first + row as u64);
            }
        }
        self.history.push(self.leaders.best().1);
    }

    fn describe(&self) -> Generation {
        let goal = self.options.goals[0];
        let points = &self.batch.points;
        let finite = (0..points.len())
            .map(|row| points.cost(row))
            .filter(|cost| cost.is_finite());
        let (sum, count) = finite.fold((0.0, 0_u32), |(sum, count), cost| (sum + cost, count + 1));
        Generation {
            number: self.generations().saturating_sub(1),
            best: goal.value(self.leaders.best().1),
            mean: (count > 0).then(|| goal.value(sum / f64::from(count))),
            diversity: self.engine.diversity(),
            immigrants: self.engine.immigrants(),
            evaluations: self.told,
        }
    }

    /// Why the search should end after this generation.
    fn reason(&self) -> Option<Stop> {
        let (violation, cost) = self.leaders.best();
        if violation == 0.0 && self.options.reaches_target(cost) {
            Some(Stop::Target)
        } else if Some(self.spent) == self.options.evaluations {
            Some(Stop::Evaluations)
        } else if self
            .options
            .generations
            .is_some_and(|most| self.generations() > most)
        {
            Some(Stop::Generations)
        } else if self.stagnates() {
            Some(Stop::Stagnation)
        } else {
            None
        }
    }

    fn stagnates(&self) -> bool {
        let Some(stagnation) = self.options.stagnation else {
            return false;
        };
        let window = stagnation.generations as usize;
        if self.history.len() <= window {
            return false;
        }
        let before = self.history[self.history.len() - 1 - window];
        let now = self.history[self.history.len() - 1];
        // Equal first: two infinite costs have no difference.
        before == now || before - now <= stagnation.tolerance
    }

    /// Opens the last generation of a noisy search: the best ever seen, and the best of the last generation, which owe
    /// less to luck. All get an equal share of what was kept, the last one
    /// what is left.
    fn begin_again(&mut self) {
        let mut last = Leaders::new(self.space.len(), 1, LEADERS / 2);
        for row in 0..self.batch.points.len() {
            last.offer(&self.batch.points, row, row as u64);
        }
        let best = self.leaders.points.len().min(LEADERS / 2);
        self.batch.clear();
        for (points, count) in [
            (&self.leaders.points, best),
            (&last.points, last.points.len()),
        ] {
            for row in 0..count {
                let rows = &self.batch.points;
                if (0..rows.len()).all(|known| rows.row(known) != points.row(row)) {
                    self.batch.points.push(points.row(row));
                }
            }
        }
        self.phase = Phase::Again;
        let left = self.limit() - self.spent;
        let rows = self.batch.points.len() as u64;
        self.batch.points.truncate(left.min(rows) as usize);
        let repeats = left.div_ceil(rows);
        self.batch.open(repeats as usize);
    }
}
