//! Descents to local optima where some coordinates are real and others are not.
//!
//! Sweeps take one axis after the other: numbers walk, with a step that follows what the last sweep moved them, and choices
//! and booleans try their other values. From the third sweep on the real coordinates descend together instead, with the
//! discrete ones as they are, while that ends at the bottom of a smooth valley. A descent is over when no change that it tries
//! of one discrete coordinate gains and nothing is to be gained by real ones. The next one begins at the best point with some of
//! its coordinates moved (Lourenço, Martin & Stützle, "Iterated local search", 2003).

use crate::axis::Axis;
use crate::engine::single::frame::{Frame, is_discrete};
use crate::engine::single::local::Local;
use crate::engine::single::stage::{Rows, Stage};
use crate::engine::single::walk::{Walk, snap};
use crate::rng::Rng;

/// The first step of a number, the longest of later ones, and the shortest of a real number.
const FIRST: f64 = 0.15;
const LONGEST: f64 = 0.3;
const SHORTEST: f64 = 1e-9;
/// The sweeps before the first descent of real coordinates, its rows for each of them, and its widest differences.
const SWEEPS: usize = 3;
const DESCENT: usize = 60;
const WIDEST: f64 = 0.05;
/// Of more values than these a choice tries so many, drawn anew in each sweep.
const SOME: usize = 8;
/// The share of coordinates that are moved before a descent begins again, and how far at most.
const SHAKEN: f64 = 0.3;
const FAR: f64 = 0.5;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// The cost of the point is wanted.
    Start,
    /// What the walk along an axis wants.
    Walk,
    /// The cost of another value of a choice.
    Value,
    /// What the descent of real coordinates wants.
    Descent,
    Over,
}

/// The descents. In n coordinates, r of them real, a row costs O(n), or O(n + r²) while these descend together. Most rows
/// are asked alone, for each says what the next one is.
#[derive(Clone, Debug)]
pub(crate) struct Mixed {
    axes: Vec<Axis>,
    reals: Vec<usize>,
    rng: Rng,
    phase: Phase,
    x: Vec<f64>,
    cost: f64,
    /// The steps of numbers, and the directions in which they gained last.
    steps: Vec<f64>,
    ups: Vec<bool>,
    /// The axes as this sweep takes them, which of them is tried, and how many were tried in vain since something moved.
    order: Vec<usize>,
    at: usize,
    idle: usize,
    sweeps: usize,
    walk: Walk,
    /// The values of a choice that are still to be tried, and the place of the one that is.
    values: Vec<f64>,
    value: f64,
    local: Local,
    real_rows: Rows,
    real_units: Vec<f64>,
    /// Rows of the descent of real coordinates.
    descent: usize,
    /// Whether these are at the bottom of their valley, and whether their valleys are smooth as far as is known.
    is_bottom: bool,
    is_smooth: bool,
}

impl Mixed {
    pub(crate) fn new(frame: &Frame, rng: Rng) -> Self {
        let n = frame.len();
        let axes: Vec<Axis> = (0..n).map(|i| *frame.axis(i)).collect();
        let is_real = |&i: &usize| !is_discrete(&axes[i]);
        let reals: Vec<usize> = (0..n).filter(is_real).collect();
        Self {
            rng,
            phase: Phase::Over,
            x: vec![0.5; n],
            cost: f64::INFINITY,
            steps: vec![FIRST; n],
            ups: vec![true; n],
            order: (0..n).collect(),
            at: 0,
            idle: 0,
            sweeps: 0,
            walk: Walk::new(&axes[0], 0.5, f64::INFINITY, FIRST, true),
            values: Vec::with_capacity(SOME),
            value: 0.5,
            local: Local::new(reals.len()),
            real_rows: Rows::new(reals.len()),
            real_units: vec![0.5; reals.len()],
            descent: 0,
            is_bottom: false,
            is_smooth: true,
            axes,
            reals,
        }
    }

    /// Begins at a point, whose cost is known or infinite.
    pub(crate) fn begin(&mut self, x: &[f64], cost: f64) {
        self.x.copy_from_slice(x);
        self.begin_here(cost);
    }

    /// Begins at a point with some of its coordinates moved, one at least.
    pub(crate) fn begin_beside(&mut self, x: &[f64]) {
        self.x.copy_from_slice(x);
        let always = self.rng.below(x.len() as u64) as usize;
        for (i, unit) in self.x.iter_mut().enumerate() {
            if i == always || self.rng.chance(SHAKEN) {
                *unit = (*unit + FAR * (2.0 * self.rng.unit() - 1.0)).clamp(0.0, 1.0);
            }
        }
        self.begin_here(f64::INFINITY);
    }

    fn begin_here(&mut self, cost: f64) {
        for (i, axis) in self.axes.iter().enumerate() {
            self.ups[i] = self.x[i] < 0.5;
            self.x[i] = snap(axis, self.x[i]);
        }
        self.steps.fill(FIRST);
        (self.cost, self.idle, self.sweeps) = (cost, 0, 0);
        (self.is_bottom, self.is_smooth) = (self.reals.is_empty(), true);
        self.phase = Phase::Start;
        if cost.is_finite() {
            self.begin_sweep();
        }
    }

    fn begin_sweep(&mut self) {
        self.sweeps += 1;
        self.at = 0;
        for last in (1..self.order.len()).rev() {
            let other = self.rng.below(last as u64 + 1) as usize;
            self.order.swap(last, other);
        }
        self.begin_axis();
    }

    /// Goes on with the next axis that has something to try.
    fn begin_axis(&mut self) {
        while self.at < self.order.len() && self.idle < self.order.len() {
            if self.try_axis(self.order[self.at]) {
                return;
            }
            self.idle += 1;
            self.at += 1;
        }
        self.end_sweep();
    }

    fn try_axis(&mut self, i: usize) -> bool {
        let axis = &self.axes[i];
        if !axis.is_numeric() {
            self.draw_values(i);
            return self.try_value();
        }
        if !is_discrete(axis) && self.is_smooth && self.is_bottom {
            return false;
        }
        self.phase = Phase::Walk;
        self.walk = Walk::new(axis, self.x[i], self.cost, self.steps[i], self.ups[i]);
        !self.walk.is_over
    }

    /// Goes on after an axis, which moved, was tried in vain, or has shorter steps to try.
    fn end_axis(&mut self, has_moved: bool, is_vain: bool) {
        self.idle = if is_vain { self.idle + 1 } else { 0 };
        self.is_bottom &= !has_moved || self.reals.is_empty();
        self.at += 1;
        self.begin_axis();
    }

    fn end_sweep(&mut self) {
        if self.sweeps >= SWEEPS && !self.is_bottom && self.is_smooth {
            self.begin_descent();
        } else {
            self.begin_sweep_unless_idle();
        }
    }

    fn begin_sweep_unless_idle(&mut self) {
        if self.idle >= self.order.len() {
            self.phase = Phase::Over;
        } else {
            self.begin_sweep();
        }
    }

    /// Writes the other values of a choice, or some of them.
    fn draw_values(&mut self, i: usize) {
        let count = self.axes[i].choices();
        let own = self.axes[i].at_unit(self.x[i]);
        self.values.clear();
        if count <= SOME + 1 {
            let others = (0..count).map(|value| value as f64);
            self.values.extend(others.filter(|value| *value != own));
            return;
        }
        for _ in 0..SOME {
            // Skipping its own value leaves the others equally likely.
            let other = self.rng.below(count as u64 - 1) as f64;
            let skips = f64::from(u8::from(other >= own));
            if !self.values.contains(&(other + skips)) {
                self.values.push(other + skips);
            }
        }
    }

    fn try_value(&mut self) -> bool {
        let Some(value) = self.values.pop() else {
            return false;
        };
        self.value = self.axes[self.order[self.at]].unit(value);
        self.phase = Phase::Value;
        true
    }

    fn tell_value(&mut self, cost: f64) {
        let is_better = cost < self.cost;
        if is_better {
            let i = self.order[self.at];
            (self.x[i], self.cost) = (self.value, cost);
            (self.idle, self.is_bottom) = (0, self.reals.is_empty());
        }
        if !self.try_value() {
            // Whether it moved or not, the others of these values are known to be worse.
            self.end_axis(false, true);
        }
    }

    fn tell_walk(&mut self, cost: f64) {
        self.walk.tell(cost);
        let i = self.order[self.at];
        (self.x[i], self.cost) = (self.walk.x, self.walk.cost);
        if self.walk.is_over {
            self.end_walk(i);
        }
    }

    /// Chooses the step of the axis for the next sweep.
    fn end_walk(&mut self, i: usize) {
        let step = self.steps[i];
        let has_moved = self.walk.has_moved();
        let next = if has_moved {
            self.ups[i] = self.walk.is_up;
            (0.25 * self.walk.moved()).max(0.15 * step).min(LONGEST)
        } else {
            0.25 * step
        };
        let is_discrete = is_discrete(&self.axes[i]);
        self.steps[i] = if is_discrete {
            next
        } else {
            next.max(SHORTEST)
        };
        let is_least = if is_discrete {
            self.walk.is_least()
        } else {
            step <= SHORTEST || self.is_smooth && self.sweeps >= SWEEPS
        };
        self.end_axis(has_moved, is_least && !has_moved);
    }

    fn begin_descent(&mut self) {
        let steps = self.reals.iter().map(|&i| self.steps[i]);
        let width = steps.fold(1e-4, f64::max).min(WIDEST);
        for (unit, &i) in self.real_units.iter_mut().zip(&self.reals) {
            *unit = self.x[i];
        }
        self.local.begin(&self.real_units, self.cost, width);
        self.descent = 0;
        self.phase = Phase::Descent;
    }

    fn tell_descent(&mut self, costs: &[f64]) {
        self.descent += costs.len();
        self.local.tell(costs);
        if self.local.is_over() || self.descent > DESCENT * self.reals.len() {
            self.end_descent();
        }
    }

    fn end_descent(&mut self) {
        if self.local.cost() < self.cost {
            self.cost = self.local.cost();
            for (&i, &x) in self.reals.iter().zip(self.local.point()) {
                self.steps[i] = (0.5 * (x - self.x[i]).abs()).clamp(SHORTEST, LONGEST);
                self.x[i] = x;
            }
            self.idle = 0;
        }
        (self.is_smooth, self.is_bottom) = (self.local.is_settled, true);
        self.begin_sweep_unless_idle();
    }
}

impl Stage for Mixed {
    fn ask(&mut self, rows: &mut Rows) {
        match self.phase {
            Phase::Start | Phase::Over => rows.push(&self.x),
            Phase::Walk => rows.push_placed(&self.x, self.order[self.at], self.walk.trial),
            Phase::Value => rows.push_placed(&self.x, self.order[self.at], self.value),
            Phase::Descent => {
                self.real_rows.clear();
                self.local.ask(&mut self.real_rows);
                for row in 0..self.real_rows.len() {
                    rows.push_placed_all(&self.x, &self.reals, self.real_rows.row(row));
                }
            }
        }
    }

    fn tell(&mut self, costs: &[f64]) {
        match self.phase {
            Phase::Start => {
                self.cost = costs[0];
                self.begin_sweep();
            }
            Phase::Walk => self.tell_walk(costs[0]),
            Phase::Value => self.tell_value(costs[0]),
            Phase::Descent => self.tell_descent(costs),
            Phase::Over => {}
        }
    }

    fn is_over(&self) -> bool {
        self.phase == Phase::Over
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::single::trials::problem;
    use crate::space::Parameter;

    fn frame() -> Frame {
        let real = Parameter::Real {
            low: 0.0,
            high: 1.0,
            log: false,
        };
        let integer = Parameter::Integer {
            low: 1,
            high: 64,
            log: true,
        };
        let many = Parameter::Categorical { choices: 20 };
        let few = Parameter::Categorical { choices: 4 };
        let space = [real.clone(), real, integer, few, many, Parameter::Boolean];
        Frame::new(&problem(&space, None))
    }

    /// Descends, or for a limited number of rows; genes, their cost and the number of rows.
    fn descend(seed: u64, f: impl Fn(&[f64]) -> f64) -> (Vec<f64>, f64, usize) {
        let frame = frame();
        let genes = |units: &[f64]| -> Vec<f64> {
            (0..6).map(|i| frame.axis(i).at_unit(units[i])).collect()
        };
        let mut mixed = Mixed::new(&frame, Rng::new(seed));
        mixed.begin(&[0.5; 6], f64::INFINITY);
        let (mut rows, mut spent) = (Rows::new(6), 0);
        while !mixed.is_over() {
            rows.clear();
            mixed.ask(&mut rows);
            let costs: Vec<f64> = (0..rows.len())
                .map(|row| f(&genes(rows.row(row))))
                .collect();
            spent += costs.len();
            assert!(spent < 5_000, "it does not end");
            mixed.tell(&costs);
        }
        (genes(&mixed.x), mixed.cost, spent)
    }

    /// The real coordinates depend on each other, and their place on the choice.
    #[test]
    fn it_ends_at_a_local_optimum() {
        let f = |x: &[f64]| {
            let (a, b) = (x[0] - 0.1 * x[3] - 0.2, x[1] - 0.6);
            let wrong = f64::from(u8::from(x[3] != 2.0)) + 1.0 - x[5];
            10.0 * (a + b) * (a + b) + b * b + (x[2] - 37.0).abs() + wrong
        };
        for seed in 0..20 {
            let (x, cost, spent) = descend(seed, f);
            assert_eq!((x[2], x[3], x[5]), (37.0, 2.0, 1.0), "{seed}");
            assert!(cost < 1e-12 && spent <= 130, "{seed}: {cost} {spent}");
        }
    }

    #[test]
    fn what_cannot_be_descended_ends() {
        descend(1, |_| 1.0);
        descend(2, |_| f64::INFINITY);
        descend(3, |x| if x[0] > 0.4 { 1.0 } else { f64::INFINITY });
        descend(4, |x| {
            (10.0 * x[0]).floor() + (x[1] - 0.3).abs().sqrt() - x[2]
        });
        descend(5, |x| -1e300 * x[0]);
    }
}
