//! A small population of the automatic method: it knows which moves help it, and whether it still gets anywhere.

use super::auto_many_moves::{Credit, Move, Mover};
use super::generational::{Standing, Survival};
use super::variation::Breeder;
use super::{Points, Problem};
use crate::front::{Scale, dominates};

/// What a child is worth besides surviving, for each member that it dominates, of which so many count.
const WIN: f64 = 0.3;
const WINS: usize = 3;
/// The batches over which progress is measured.
const WINDOW: f64 = 50.0;
/// The share of the costs' range by which members must have come nearer to the front meanwhile.
const PROGRESS: f64 = 2e-4;

/// Members with what is known of them.
#[derive(Debug)]
pub(crate) struct Deme {
    pub(crate) size: usize,
    /// Whether its first points were asked; migrants may come before.
    pub(crate) has_begun: bool,
    pub(crate) members: Points,
    standings: Vec<Standing>,
    credit: Credit,
    /// The moves that made the rows of the batch.
    made: Vec<Move>,
    /// How far members got towards the front within the window, as a share of their range.
    progress: f64,
    batches: u32,
    scale: Scale,
}

impl Deme {
    /// Room for `room` rows, those of a batch among them.
    pub(crate) fn new(problem: &Problem, size: usize, room: usize) -> Self {
        Self {
            size,
            has_begun: false,
            members: Points::new(problem.axes.len(), problem.objectives, room),
            standings: Vec::with_capacity(room),
            credit: Credit::default(),
            made: Vec::with_capacity(room),
            progress: 0.0,
            batches: 0,
            scale: Scale::default(),
        }
    }

    /// Starts anew, and remembers nothing.
    pub(crate) fn clear(&mut self) {
        self.has_begun = false;
        self.members.clear();
        self.standings.clear();
        self.made.clear();
        self.credit = Credit::default();
        self.batches = 0;
    }

    /// Forgets that it got nowhere.
    pub(crate) fn encourage(&mut self) {
        self.batches = 0;
    }

    /// Whether members hardly come nearer to the front.
    pub(crate) fn is_stuck(&self) -> bool {
        f64::from(self.batches) > WINDOW && self.progress < PROGRESS
    }

    pub(crate) fn breed(
        &mut self,
        mover: &mut Mover,
        breeder: &mut Breeder,
        count: usize,
        batch: &mut Points,
    ) {
        self.made.clear();
        while batch.len() < count {
            let chosen = self.credit.draw(&mut breeder.rng);
            mover.make(chosen, breeder, &self.members, &self.standings, batch);
            self.made.push(chosen);
        }
    }

    /// Takes rows in, and lets as many survive as there is room for.
    pub(crate) fn absorb(&mut self, survival: &mut dyn Survival, arrivals: &Points) {
        let before = self.members.len();
        for row in 0..arrivals.len() {
            self.members.push_from(arrivals, row);
        }
        self.standings
            .resize(self.members.len(), Standing::default());
        if self.members.len() > self.size {
            survival.judge(&self.members, self.size, &mut self.standings);
            self.learn(before);
            for row in (0..self.members.len()).rev() {
                if !self.standings[row].is_kept {
                    self.members.swap_remove(row);
                    self.standings.swap_remove(row);
                }
            }
        }
        self.made.clear();
    }

    /// Rewards the moves that made the rows from `before` on.
    fn learn(&mut self, before: usize) {
        if self.made.is_empty() {
            return;
        }
        self.scale.fit_all(&self.members, before);
        let mut gain = 0.0;
        for (child, &made) in (before..self.members.len()).zip(&self.made) {
            let mut worth = 0.0;
            if self.standings[child].is_kept {
                let (wins, gained) = self.wins(child, before);
                worth = 1.0 + WIN * wins.min(WINS) as f64;
                gain += gained;
            }
            self.credit.reward(made, worth);
        }
        self.batches = self.batches.saturating_add(1);
        self.progress += gain / before as f64 - self.progress / WINDOW;
    }

    /// How many of the first rows a child dominates, and by which share of their range on average.
    fn wins(&self, child: usize, before: usize) -> (usize, f64) {
        let (mut wins, mut gained) = (0, 0.0);
        let own = self.members.costs(child);
        for member in 0..before {
            let costs = self.members.costs(member);
            if self.members.violation(member) > 0.0 {
                // Far from anywhere: whoever survives beside it gets on.
                gained += 1.0;
            } else if dominates(own, costs) {
                wins += 1;
                let gap = self
                    .scale
                    .apply(costs)
                    .zip(self.scale.apply(own))
                    .map(|(a, b)| a - b);
                let gap = gap.sum::<f64>() / own.len() as f64;
                gained += if gap.is_finite() { gap } else { 1.0 };
            }
        }
        (wins, gained)
    }
}
