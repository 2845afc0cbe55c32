//! The automatic method for several objectives: a small population that takes whichever moves help, and a scout that
//! starts anew where the first gets no further.
//!
//! A population much smaller than the set that is asked for converges in a fraction of the evaluations, and the archive
//! keeps what passes through it; the set is chosen from there. Survival is by hypervolume up to three objectives (Beume,
//! Naujoks & Emmerich, 2007) and by shifted distance beyond (Li, Yang & Liu, 2014). A population that hardly comes nearer
//! to the front is at it, or caught before it: from then on every third batch is a scout's, which begins with random points
//! and joins the first population when it is stuck itself, as restarts do (Auger & Hansen, 2005), but without giving up
//! what was found. Each scout is twice as large as the one before.

use super::auto_many_deme::Deme;
use super::auto_many_moves::Mover;
use super::generational::Survival;
use super::shifted::ByShift;
use super::sms_emoa::ByVolume;
use super::variation::{Breeder, Variation};
use super::{Engine, Points, Problem};
use crate::rng::Rng;

/// The number of members, and of children in a batch.
const SIZE: usize = 16;
/// The most members of a scout.
const SIZE_MAX: usize = 64;
/// One of so many batches is a scout's while the population is stuck.
const SCOUTING: u64 = 3;
/// The random points that a population begins with, and the share of the budget that they may take.
const BEGINNING: u64 = 100;
const BEGINNING_SHARE: u64 = 20;

/// The engine.
pub(crate) struct AutoMany {
    problem: Problem,
    breeder: Breeder,
    mover: Mover,
    survival: Box<dyn Survival>,
    /// The population, and the scout.
    demes: [Deme; 2],
    /// Whose batch it is.
    turn: usize,
    batches: u64,
}

impl AutoMany {
    pub(crate) fn new(problem: &Problem, rng: Rng) -> Self {
        let room = BEGINNING as usize + 2 * SIZE_MAX;
        let survival: Box<dyn Survival> = if problem.objectives <= 3 {
            Box::new(ByVolume::default())
        } else {
            Box::new(ByShift::default())
        };
        Self {
            problem: problem.clone(),
            breeder: Breeder::new(problem, &Variation::default(), rng),
            mover: Mover::new(&problem.axes),
            survival,
            demes: [(); 2].map(|()| Deme::new(problem, SIZE, room)),
            turn: 0,
            batches: 0,
        }
    }

    fn begin(&mut self, batch: &mut Points) {
        let budget = self.problem.budget.unwrap_or(u64::MAX);
        let count = (budget / BEGINNING_SHARE).clamp(SIZE as u64, BEGINNING);
        if self.turn == 1 {
            // What the user wanted first was evaluated already.
            self.problem.initial.clear();
        }
        self.breeder.begin(&self.problem, count as usize, batch);
    }

    /// Joins the scout with the population when it is stuck.
    fn join(&mut self) {
        let [main, scout] = &mut self.demes;
        if scout.is_stuck() {
            main.absorb(self.survival.as_mut(), &scout.members);
            main.encourage();
            scout.clear();
            scout.size = (2 * scout.size).min(SIZE_MAX);
        }
    }
}

impl Engine for AutoMany {
    fn ask(&mut self, batch: &mut Points) {
        self.batches += 1;
        let is_turn_of_scout = self.batches.is_multiple_of(SCOUTING) && self.demes[0].is_stuck();
        self.turn = usize::from(is_turn_of_scout);
        let deme = &mut self.demes[self.turn];
        if std::mem::replace(&mut deme.has_begun, true) {
            deme.breed(&mut self.mover, &mut self.breeder, SIZE, batch);
        } else {
            self.begin(batch);
        }
    }

    fn tell(&mut self, batch: &Points) {
        self.demes[self.turn].absorb(self.survival.as_mut(), batch);
        self.join();
    }

    fn immigrate(&mut self, arrivals: &Points) {
        self.demes[0].absorb(self.survival.as_mut(), arrivals);
    }

    fn members(&self) -> Option<&Points> {
        Some(&self.demes[0].members)
    }
}
