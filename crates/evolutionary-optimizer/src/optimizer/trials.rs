//! Trials, one by one: issued, found again, and told.

use super::{Optimizer, Phase, Place, STRAY_DRAWS, Stray};
use crate::batch::Found;
use crate::error::Error;
use crate::evaluation::Written;
use crate::operators::mutate;
use crate::options::Noise;

impl Optimizer {
    /// The next trial, if there is one: of the generation, or beside it if that is `wanted`.
    pub(crate) fn issue(&mut self, wanted: bool) -> Option<(u64, Place)> {
        if self.batch.is_complete() && !self.is_done() {
            self.begin();
        }
        if self.is_asked_out() {
            return None;
        }
        let id = self.next_id;
        let is_open = self.spent < self.limit() || self.batch.is_cut();
        let trial = is_open.then(|| self.batch.issue(id)).flatten();
        let place = match trial {
            Some(trial) => Place::Row(self.batch.row_of(trial)),
            // In a noisy search from what is kept for the end.
            None if wanted && self.options.noise.repeats() == 1 => self.stray(id),
            None => return None,
        };
        self.next_id += 1;
        self.spent += 1;
        if self.spent >= self.limit() && !self.batch.is_cut() {
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
    pub(super) fn limit(&self) -> u64 {
        match self.phase {
            Phase::Search { until } => until,
            Phase::Again => self.options.evaluations.unwrap_or(u64::MAX),
        }
    }

    /// A mutation of the best, and in a discrete space one that is not known, if a few draws find one.
    fn stray(&mut self, id: u64) -> Place {
        let mut genes = self.draw_stray();
        for _ in 0..STRAY_DRAWS {
            let memo = self.memo.as_mut();
            if !memo.is_some_and(|memo| memo.knows(&genes)) {
                break;
            }
            genes = self.draw_stray();
        }
        self.strays.push(Stray {
            id,
            genes,
            told: None,
        });
        Place::Stray(self.strays.len() - 1)
    }

    fn draw_stray(&mut self) -> Vec<f64> {
        let axes = self.space.axes();
        let rng = &mut self.stray_rng;
        let mut genes = match self.leaders.points.is_empty() {
            true => axes.iter().map(|axis| axis.sample(rng)).collect(),
            false => self.leaders.points.row(0).to_vec(),
        };
        let rate = (1.5 / axes.len() as f64).min(1.0);
        mutate(axes, &mut genes, rate, rng);
        genes
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
                self.batch.constrain(trial, &self.constraints);
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

    /// Keeps what a stray costs until the generation is complete: then the engine hears of it. In the end of a noisy search
    /// one value is nothing beside means.
    fn settle_stray(&mut self, index: usize, violation: f64) {
        let is_final = self.phase == Phase::Again || self.is_done();
        let stray = &mut self.strays[index];
        if !(is_final && self.options.noise == Noise::Present) {
            let row = stray.row(&self.costs, violation);
            self.leaders.offer(&row, 0, stray.id);
        }
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
            // What stands there is of another trial.
            self.constraints.fill(f64::INFINITY);
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
