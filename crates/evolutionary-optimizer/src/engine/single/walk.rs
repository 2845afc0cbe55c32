//! A search along one numeric axis, from a place that is likely near a better one.

use crate::axis::Axis;
use crate::engine::single::frame::is_discrete;

/// A place on the axis and its cost.
type Place = Option<(f64, f64)>;

/// Goes in the direction that gains, by steps that double, and at last to the vertex of the parabola through the best place
/// and the nearest ones on both sides.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Walk {
    axis: Axis,
    /// Where it began, and with which step.
    from: f64,
    first: f64,
    /// The best place and its cost.
    pub(crate) x: f64,
    pub(crate) cost: f64,
    /// The place whose cost is wanted.
    pub(crate) trial: f64,
    step: f64,
    pub(crate) is_up: bool,
    /// Whether it turned, because the first direction gained nothing.
    is_second: bool,
    is_vertex: bool,
    pub(crate) is_over: bool,
    /// The nearest places below and above whose costs are known: they are not better.
    below: Place,
    above: Place,
}

impl Walk {
    /// Begins at a place, in the direction that gained last.
    pub(crate) fn new(axis: &Axis, x: f64, cost: f64, step: f64, is_up: bool) -> Self {
        let mut walk = Self {
            axis: *axis,
            from: x,
            first: step,
            x,
            cost,
            trial: x,
            step,
            is_up,
            is_second: false,
            is_vertex: false,
            is_over: false,
            below: None,
            above: None,
        };
        walk.is_over = !walk.try_step();
        walk
    }

    pub(crate) fn has_moved(&self) -> bool {
        self.x != self.from
    }

    /// How far it went in all.
    pub(crate) fn moved(&self) -> f64 {
        (self.x - self.from).abs()
    }

    /// Whether it looked no further than at the next values.
    pub(crate) fn is_least(&self) -> bool {
        let is_next = |by: f64| {
            let next = f64::MIN_POSITIVE.copysign(by);
            stepped(&self.axis, self.from, by) == stepped(&self.axis, self.from, next)
        };
        is_discrete(&self.axis) && is_next(self.first) && is_next(-self.first)
    }

    /// Takes the cost of the trial.
    pub(crate) fn tell(&mut self, cost: f64) {
        let is_better = cost < self.cost;
        if is_better {
            self.take(cost);
        } else if self.is_up {
            self.above = Some((self.trial, cost));
        } else {
            self.below = Some((self.trial, cost));
        }
        if self.is_vertex {
            self.is_over = true;
            return;
        }
        let goes_on = if is_better {
            self.step *= 2.0;
            self.try_step()
        } else {
            !self.has_moved() && self.try_other()
        };
        if !goes_on {
            self.is_vertex = true;
            self.is_over = !self.try_vertex();
        }
    }

    fn take(&mut self, cost: f64) {
        let before = Some((self.x, self.cost));
        if self.trial > self.x {
            self.below = before;
        } else {
            self.above = before;
        }
        (self.x, self.cost) = (self.trial, cost);
    }

    /// Sets the trial to the next place, in the other direction if the axis ends; `false` when there is none.
    fn try_step(&mut self) -> bool {
        let by = if self.is_up { self.step } else { -self.step };
        self.trial = stepped(&self.axis, self.x, by);
        self.trial != self.x || !self.has_moved() && self.try_other()
    }

    /// Turns, unless it did.
    fn try_other(&mut self) -> bool {
        if self.is_second {
            return false;
        }
        (self.is_second, self.is_up) = (true, !self.is_up);
        self.try_step()
    }

    /// Sets the trial to the vertex; `false` when there is none, or its cost is known.
    fn try_vertex(&mut self) -> bool {
        let (Some((a, below)), Some((b, above))) = (self.below, self.above) else {
            return false;
        };
        let (down, up) = (self.x - a, b - self.x);
        let (p, q) = ((self.cost - below) / down, (above - self.cost) / up);
        let vertex = self.x - (p * up + q * down) / (2.0 * (q - p));
        // Costs may be infinite.
        if !vertex.is_finite() || q <= p {
            return false;
        }
        self.trial = snap(&self.axis, vertex);
        ![a, self.x, b].contains(&self.trial)
    }
}

/// The middle of the share of a discrete value.
pub(crate) fn snap(axis: &Axis, unit: f64) -> f64 {
    axis.unit(axis.at_unit(unit)).clamp(0.0, 1.0)
}

/// A place away from this one: at least one value away, unless the axis ends there.
fn stepped(axis: &Axis, unit: f64, by: f64) -> f64 {
    let moved = snap(axis, unit + by);
    let gene = axis.at_unit(unit);
    if !is_discrete(axis) || axis.at_unit(moved) != gene {
        return moved;
    }
    let last = axis.at_unit(if by > 0.0 { 1.0 } else { 0.0 });
    if gene == last {
        unit
    } else {
        axis.unit(gene + by.signum())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::space::Parameter;

    /// Walks; the gene it ends at and the number of costs.
    fn walk(axis: &Axis, from: f64, step: f64, f: impl Fn(f64) -> f64) -> (f64, usize) {
        let x = axis.unit(from);
        let mut walk = Walk::new(axis, x, f(from), step, true);
        let mut count = 0;
        while !walk.is_over {
            count += 1;
            assert!(count < 100, "it does not end");
            let cost = f(axis.at_unit(walk.trial));
            walk.tell(cost);
        }
        (axis.at_unit(walk.x), count)
    }

    fn whole(low: i64, high: i64, log: bool) -> Axis {
        Axis::new(&Parameter::Integer { low, high, log })
    }

    #[test]
    fn a_parabola_is_solved_once_it_is_bracketed() {
        let axis = Axis::new(&Parameter::Real {
            low: -5.0,
            high: 5.0,
            log: false,
        });
        for at in [-3.6, -1.0, 0.37, 3.7] {
            let (x, count) = walk(&axis, 0.0, 0.1, |x| (x - at) * (x - at));
            assert!((x - at).abs() < 1e-9 && count <= 6, "{at}: {x} {count}");
        }
        // 901 lies between places at 128 and at 256 values from the beginning.
        let (gene, count) = walk(&whole(0, 1000, false), 700.0, 1e-3, |x| {
            (x - 901.0) * (x - 901.0)
        });
        assert!(gene == 901.0 && count <= 12, "{gene} {count}");
    }

    #[test]
    fn the_least_steps_are_to_the_next_values() {
        for (axis, gene) in [(whole(1, 64, true), 2.0), (whole(0, 15, false), 7.0)] {
            // Only the value beside is better.
            let (low, _) = walk(&axis, gene, 1e-9, |x| f64::from(u8::from(x != gene - 1.0)));
            let (high, _) = walk(&axis, gene, 1e-9, |x| f64::from(u8::from(x != gene + 1.0)));
            assert_eq!((low, high), (gene - 1.0, gene + 1.0));
            let least = |step| Walk::new(&axis, axis.unit(gene), 0.0, step, true).is_least();
            assert!(least(1e-9) && !least(0.3));
        }
    }

    #[test]
    fn ends_and_failures_end_it() {
        let axis = whole(0, 1, false);
        assert_eq!(walk(&axis, 1.0, 0.1, |x| x), (0.0, 1));
        assert_eq!(walk(&axis, 0.0, 0.1, |x| x), (0.0, 1));
        assert_eq!(walk(&axis, 0.0, 0.1, |_| f64::INFINITY), (0.0, 1));
        assert_eq!(
            walk(&whole(0, 9, false), 5.0, 0.2, |_| f64::INFINITY).0,
            5.0
        );
        assert_eq!(walk(&whole(0, 9, false), 5.0, 0.2, |x| -x).0, 9.0);
    }
}
