//! What sweeps along the axes do after one another.

use crate::engine::single::lines::{Lines, Scope};
use crate::engine::single::stage::{Rows, Stage};

/// What follows the end of a sweep.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Follow {
    /// Another sweep, which has begun.
    Sweep,
    /// A descent from the best point.
    Descent,
    /// Something else.
    Other,
}

/// A sweep over everything that stops when what is left would be narrow, and the ones that come after it.
const FIRST: Scope = Scope {
    reach: 1.0,
    fine: 1e-3,
    least: 0,
    limit: 40,
};
const AGAIN: Scope = Scope { limit: 80, ..FIRST };
/// A sweep that looks for narrow valleys too.
const EVERYWHERE: Scope = Scope {
    reach: 1.0,
    fine: 1e-4,
    least: 60,
    limit: 80,
};
/// How finely the neighbourhood of a point is swept at last, and how many points of an axis are explored at most.
const FINEST: f64 = 1e-11;
const EXPLORED: usize = 2_000;
const SWEEPS: usize = 12;

/// Sweeps, one after the other.
#[derive(Clone, Debug)]
pub(crate) struct Sweeps {
    lines: Lines,
    count: usize,
    fine: f64,
    /// The cost at which the neighbourhood was swept.
    near: f64,
    /// The points of each axis that exploration goes on to.
    least: usize,
    /// What the last two sweeps gained, and whether none gained anything since the last descent.
    gained: (f64, f64),
    is_stale: bool,
    /// Whether the function is a sum over its coordinates.
    pub(crate) is_sum: bool,
    /// Whether the last descent ended at the bottom of a smooth valley.
    was_settled: bool,
}

impl Sweeps {
    pub(crate) fn new(n: usize) -> Self {
        Self {
            lines: Lines::new(n),
            count: 0,
            fine: FIRST.fine,
            near: f64::INFINITY,
            least: EVERYWHERE.least,
            gained: (0.0, 0.0),
            is_stale: true,
            is_sum: false,
            was_settled: true,
        }
    }

    /// Begins with a first sweep; `false` when it has nothing to ask.
    pub(crate) fn begin(&mut self, best: &[f64], cost: f64) -> bool {
        self.sweep(best, cost, FIRST)
    }

    /// Takes note of a descent; `true` when a sweep follows it.
    pub(crate) fn follow_descent(
        &mut self,
        best: &[f64],
        cost: f64,
        is_from_best: bool,
        is_settled: bool,
    ) -> bool {
        self.was_settled = is_settled;
        self.is_stale = true;
        if !is_from_best || self.count == 0 {
            return false;
        }
        if !is_settled && self.may_near(cost) {
            return self.sweep_near(best, cost);
        }
        let is_worth = self.gained.1 > 0.3 * self.gained.0;
        !self.is_sum && self.count < 4 && is_worth && self.sweep(best, cost, AGAIN)
    }

    /// Whether a sum is to be explored further.
    pub(crate) fn may_explore(&self) -> bool {
        self.is_sum && self.least < EXPLORED
    }

    /// Looks for narrower valleys of a sum: each axis has so few places that this finds more than any search in the whole
    /// space. `false` when there is nothing to ask.
    pub(crate) fn explore(&mut self, best: &[f64], cost: f64) -> bool {
        self.count += 1;
        self.least *= 2;
        self.fine = FIRST.fine;
        let scope = Scope {
            least: self.least,
            limit: self.least + 40,
            ..EVERYWHERE
        };
        if self.lines.cost() <= cost && self.lines.is_wide() {
            self.lines.again(scope);
        } else {
            self.lines.begin(best, cost, scope);
        }
        !self.lines.is_over()
    }

    pub(crate) fn ask(&mut self, rows: &mut Rows) {
        self.lines.ask(rows);
    }

    /// Takes costs; says what follows when the sweep has ended.
    pub(crate) fn tell(&mut self, costs: &[f64], best: &[f64], cost: f64) -> Follow {
        self.lines.tell(costs);
        if !self.lines.is_over() {
            return Follow::Sweep;
        }
        let gained = self.lines.before - self.lines.cost();
        self.gained = (self.gained.1, gained);
        self.is_stale &= gained <= 0.0;
        let follows = if self.fine < FIRST.fine {
            self.follow_near(best, cost, gained > 0.0 || self.is_sum)
        } else if self.is_sum && self.count < 2 {
            self.count += 1;
            self.lines.again(EVERYWHERE);
            self.is_stale = false;
            !self.lines.is_over()
        } else {
            !self.is_sum && self.count < 2 && gained > 0.0 && self.sweep(best, cost, AGAIN)
        };
        if follows {
            return Follow::Sweep;
        }
        if self.fine >= FIRST.fine && !self.is_stale {
            return Follow::Descent;
        }
        let is_kinked = self.is_sum && !self.was_settled && self.may_near(cost);
        if is_kinked && self.fine >= FIRST.fine && self.sweep_near(best, cost) {
            Follow::Sweep
        } else {
            Follow::Other
        }
    }

    fn sweep(&mut self, best: &[f64], cost: f64, scope: Scope) -> bool {
        self.count += 1;
        self.lines.begin(best, cost, scope);
        !self.lines.is_over()
    }

    /// Whether the neighbourhood was not yet swept in vain at this cost.
    fn may_near(&self, cost: f64) -> bool {
        self.fine > FINEST && cost < 0.99 * self.near
    }

    /// A sweep around the best point, for kinks that a descent cannot follow.
    fn sweep_near(&mut self, best: &[f64], cost: f64) -> bool {
        self.near = cost;
        let reach = 10.0 * self.fine;
        self.fine = (1e-3 * self.fine).max(FINEST);
        self.sweep(
            best,
            cost,
            Scope {
                reach,
                fine: self.fine,
                ..FIRST
            },
        )
    }

    /// After a sweep around the best point: another one if it paid.
    fn follow_near(&mut self, best: &[f64], cost: f64, has_paid: bool) -> bool {
        if !has_paid || self.count >= SWEEPS {
            false
        } else if self.lines.moved > 10.0 * self.fine {
            let scope = Scope {
                reach: 10.0 * self.lines.moved,
                fine: self.fine,
                ..FIRST
            };
            self.sweep(best, cost, scope)
        } else {
            self.fine > FINEST && self.sweep_near(best, cost)
        }
    }
}
