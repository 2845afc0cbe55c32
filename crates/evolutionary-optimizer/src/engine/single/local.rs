//! Descent into the valley of a point, for smooth functions of real coordinates.
//!
//! A quasi-Newton method with the update of Broyden, Fletcher, Goldfarb & Shanno on gradients from differences. The first
//! differences are wide, as in implicit filtering (Gilmore & Kelley, "An implicit filtering algorithm for optimization of
//! functions with many local minima", 1995), so that ripples do not hide the slope; then they follow the length of the
//! steps. Forward differences serve until their error shows in the gradient, central ones afterwards.

use crate::engine::single::differences::{Differences, Width, offsets, parabola};
use crate::engine::single::stage::{Rows, Stage};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// The cost of the point is wanted.
    Start,
    /// The costs around the point are wanted.
    Gradient(Differences),
    /// The cost at `t` times the step is wanted.
    Trial,
    Over,
}

/// A descent. An iteration costs O(n²) for n coordinates and asks n + 1 rows, or 2 n + 1.
#[derive(Clone, Debug)]
pub(crate) struct Local {
    n: usize,
    phase: Phase,
    x: Vec<f64>,
    cost: f64,
    gradient: Vec<f64>,
    /// The gradient before, valid if `has_step`.
    before: Vec<f64>,
    step: Vec<f64>,
    has_step: bool,
    /// The inverse of the matrix of second derivatives, as far as it is known, and its diagonal as measured.
    inverse: Vec<f64>,
    curvature: Vec<f64>,
    /// The distances of differences, and the widest that they may be.
    widths: Vec<f64>,
    widest: f64,
    direction: Vec<f64>,
    /// The coordinates that stay on their bounds, and the inverse for the others.
    held: Vec<bool>,
    reduced: Vec<f64>,
    /// The slope along the direction.
    slope: f64,
    trial: Vec<f64>,
    t: f64,
    tries: u32,
    /// The best trial of this line: its t and cost.
    reached: Option<(f64, f64)>,
    differences: Differences,
    scratch: Vec<f64>,
    idle: u32,
    iterations: u32,
    /// Point and cost some iterations ago, and how far from one such point to the next the last step of them went.
    anchor: Vec<f64>,
    anchor_cost: f64,
    pub(crate) moved: f64,
    /// Whether it ended because nothing is to be gained, and not because the costs are not smooth.
    pub(crate) is_settled: bool,
}

/// The share of the slope that a step must gain.
const GAIN: f64 = 1e-4;
const TRIES: u32 = 12;
/// The share of the last step that forward differences are wide.
const FORWARD: f64 = 0.0003;
/// The iterations between two looks at how far they went.
const WINDOW: u32 = 10;

impl Local {
    pub(crate) fn new(n: usize) -> Self {
        let zeros = vec![0.0; n];
        Self {
            n,
            phase: Phase::Over,
            x: zeros.clone(),
            cost: f64::INFINITY,
            gradient: zeros.clone(),
            before: zeros.clone(),
            step: zeros.clone(),
            has_step: false,
            inverse: vec![0.0; n * n],
            curvature: zeros.clone(),
            widths: zeros.clone(),
            widest: 0.0,
            direction: zeros.clone(),
            held: vec![false; n],
            reduced: vec![0.0; n * n],
            slope: 0.0,
            trial: zeros.clone(),
            t: 1.0,
            tries: 0,
            reached: None,
            differences: Differences::Central,
            scratch: zeros,
            idle: 0,
            iterations: 0,
            anchor: vec![0.0; n],
            anchor_cost: f64::INFINITY,
            moved: 1.0,
            is_settled: false,
        }
    }

    /// Begins at a point, whose cost is known or infinite, with differences of this width.
    pub(crate) fn begin(&mut self, x: &[f64], cost: f64, width: f64) {
        self.x.copy_from_slice(x);
        self.cost = cost;
        self.has_step = false;
        self.idle = 0;
        (self.iterations, self.moved, self.anchor_cost) = (0, 1.0, f64::INFINITY);
        self.is_settled = false;
        self.curvature.fill(0.0);
        self.widest = width;
        self.phase = Phase::Start;
        self.inverse.fill(0.0);
        if cost.is_finite() {
            self.measure(Differences::Central);
        }
    }

    pub(crate) fn cost(&self) -> f64 {
        self.cost
    }

    /// The point that costs this.
    pub(crate) fn point(&self) -> &[f64] {
        &self.x
    }

    /// What rounding may change in a cost.
    fn noise(&self) -> f64 {
        4.0 * f64::EPSILON * self.cost.abs() + 1e-300
    }

    fn measure(&mut self, differences: Differences) {
        self.set_widths(differences);
        self.differences = differences;
        self.phase = Phase::Gradient(differences);
    }

    fn set_widths(&mut self, differences: Differences) {
        let step = self.has_step.then_some(&self.step[..]);
        let chosen = Width::new(differences, FORWARD, step, self.widest, self.noise());
        for (width, curvature) in self.widths.iter_mut().zip(&self.curvature) {
            *width = chosen.of(*curvature).max(1e-13);
        }
    }

    /// The offsets at which a coordinate is measured.
    fn offsets(&self, i: usize, differences: Differences) -> (f64, f64) {
        offsets(self.x[i], self.widths[i], differences)
    }

    /// Takes the costs around the point; `false` when one of them failed.
    fn differentiate(&mut self, differences: Differences, costs: &[f64]) -> bool {
        std::mem::swap(&mut self.before, &mut self.gradient);
        for i in 0..self.n {
            let (a, b) = self.offsets(i, differences);
            if differences == Differences::Forward {
                self.gradient[i] = (costs[i] - self.cost) / a;
            } else {
                let values = (costs[2 * i], costs[2 * i + 1]);
                (self.gradient[i], self.curvature[i]) = parabola(self.cost, (a, b), values);
            }
        }
        self.gradient
            .iter()
            .chain(&self.curvature)
            .all(|x| x.is_finite())
    }

    /// The square of the error of a gradient by forward differences.
    fn error(&self) -> f64 {
        let noise = self.noise();
        let terms = self
            .widths
            .iter()
            .zip(&self.curvature)
            .map(|(width, curvature)| {
                let error = 0.5 * width * curvature.abs() + noise / width;
                error * error
            });
        terms.sum()
    }

    /// Whether the error of forward differences is too much of the gradient.
    fn is_coarse(&self) -> bool {
        self.error() > 0.01 * self.gradient.iter().map(|g| g * g).sum::<f64>()
    }

    /// Whether the coordinate is on a bound and wants beyond.
    fn is_held(&self, i: usize) -> bool {
        (self.x[i] <= 0.0 && self.gradient[i] > 0.0) || (self.x[i] >= 1.0 && self.gradient[i] < 0.0)
    }

    fn reset_inverse(&mut self) {
        let n = self.n;
        self.inverse.fill(0.0);
        let greatest = self.curvature.iter().fold(0.0, |a: f64, c| a.max(c.abs()));
        for i in 0..n {
            let curvature = self.curvature[i].abs().max(1e-8 * greatest);
            self.inverse[i * n + i] = if curvature > 0.0 {
                1.0 / curvature
            } else {
                1.0
            };
        }
    }

    fn update_inverse(&mut self) {
        let n = self.n;
        let (mut sy, mut yy, mut ss) = (0.0, 0.0, 0.0);
        for i in 0..n {
            let y = self.gradient[i] - self.before[i];
            self.before[i] = y;
            sy += y * self.step[i];
            yy += y * y;
            ss += self.step[i] * self.step[i];
        }
        if sy <= 1e-10 * (yy * ss).sqrt() {
            return;
        }
        let (y, s, hy) = (&self.before, &self.step, &mut self.scratch);
        for (i, hy) in hy.iter_mut().enumerate() {
            *hy = self.inverse[i * n..(i + 1) * n]
                .iter()
                .zip(y)
                .map(|(h, y)| h * y)
                .sum();
        }
        let yhy: f64 = y.iter().zip(&*hy).map(|(y, hy)| y * hy).sum();
        let factor = (1.0 + yhy / sy) / sy;
        for i in 0..n {
            for j in 0..n {
                self.inverse[i * n + j] +=
                    factor * s[i] * s[j] - (hy[i] * s[j] + s[i] * hy[j]) / sy;
            }
        }
    }

    /// Sets the direction; `false` when there is none down.
    fn aim(&mut self) -> bool {
        let n = self.n;
        self.reduced.copy_from_slice(&self.inverse);
        for i in 0..n {
            self.held[i] = self.is_held(i);
            if self.held[i] {
                self.hold(i);
            }
        }
        // What would leave the bounds it is on is held as well.
        while let Some(i) = self.multiply_gradient() {
            self.held[i] = true;
            self.hold(i);
        }
        let longest = self.direction.iter().fold(0.0, |a: f64, d| a.max(d.abs()));
        let limit = if self.has_step { 0.5 } else { 0.3 };
        if longest > limit {
            self.direction
                .iter_mut()
                .for_each(|d| *d *= limit / longest);
        }
        self.slope = self
            .direction
            .iter()
            .zip(&self.gradient)
            .map(|(d, g)| d * g)
            .sum();
        self.slope < 0.0 && self.slope.is_finite()
    }

    /// Takes a coordinate out of the inverse: the others have that of the matrix without it.
    fn hold(&mut self, held: usize) {
        let n = self.n;
        let pivot = self.reduced[held * (n + 1)];
        self.scratch
            .copy_from_slice(&self.reduced[held * n..(held + 1) * n]);
        for i in 0..n {
            let factor = self.scratch[i] / pivot;
            for j in 0..n {
                self.reduced[i * n + j] -= factor * self.scratch[j];
            }
        }
        self.reduced[held * n..(held + 1) * n].fill(0.0);
        (0..n).for_each(|i| self.reduced[i * n + held] = 0.0);
    }

    /// Sets the direction from the reduced inverse; returns a coordinate that is on a bound and would leave it.
    fn multiply_gradient(&mut self) -> Option<usize> {
        let n = self.n;
        for i in 0..n {
            let row = &self.reduced[i * n..(i + 1) * n];
            let dot: f64 = row.iter().zip(&self.gradient).map(|(h, g)| h * g).sum();
            self.direction[i] = if self.held[i] { 0.0 } else { -dot };
        }
        let leaves = |i: usize| {
            (self.x[i] <= 0.0 && self.direction[i] < 0.0)
                || (self.x[i] >= 1.0 && self.direction[i] > 0.0)
        };
        (0..n).find(|&i| !self.held[i] && leaves(i))
    }

    /// How far the direction may be followed before a bound is met.
    fn room(&self) -> f64 {
        let room = |i: usize| {
            let d = self.direction[i];
            if d > 0.0 {
                (1.0 - self.x[i]) / d
            } else if d < 0.0 {
                -self.x[i] / d
            } else {
                f64::INFINITY
            }
        };
        (0..self.n).map(room).fold(f64::INFINITY, f64::min)
    }

    fn descend(&mut self) {
        if !self.aim() {
            self.reset_inverse();
            if !self.aim() {
                self.is_settled = true;
                self.phase = Phase::Over;
                return;
            }
        }
        self.t = 1.0;
        self.tries = 0;
        self.reached = None;
        self.phase = Phase::Trial;
    }

    fn learn(&mut self, differences: Differences, costs: &[f64]) {
        let is_sound = self.differentiate(differences, costs);
        if !is_sound {
            self.phase = Phase::Over;
            return;
        }
        if differences == Differences::Forward && self.is_coarse() {
            std::mem::swap(&mut self.before, &mut self.gradient);
            self.measure(Differences::Central);
            return;
        }
        if self.has_step {
            self.update_inverse();
        } else {
            self.reset_inverse();
        }
        self.descend();
    }

    fn place_trial(&mut self) {
        for i in 0..self.n {
            self.trial[i] = (self.x[i] + self.t * self.direction[i]).clamp(0.0, 1.0);
        }
    }

    /// Goes on along the line, or takes the best trial. As a gradient costs many rows and a trial one, the line is searched
    /// more closely than is usual.
    fn judge(&mut self, cost: f64) {
        self.tries += 1;
        let t = self.t;
        let is_good = cost <= self.cost + GAIN * t * self.slope && cost < self.cost;
        if let Some((_, best)) = self.reached {
            let is_better = cost < best;
            if is_better {
                self.reached = Some((t, cost));
            }
            if !is_better || self.tries > 5 || !self.go_on(t, cost) {
                self.accept();
            }
        } else if is_good {
            self.reached = Some((t, cost));
            if self.tries > 3 || !self.go_on(t, cost) {
                self.accept();
            }
        } else if self.tries < TRIES {
            let vertex = self.vertex(t, cost);
            self.t = if vertex.is_finite() {
                vertex.clamp(0.1 * t, 0.5 * t)
            } else {
                0.1 * t
            };
            let room = self.room();
            if room < t && self.tries == 1 {
                self.t = room.max(1e-3 * t);
            }
        } else {
            self.fail();
        }
    }

    /// Where the parabola with the slope at the beginning and this cost at t has its vertex.
    fn vertex(&self, t: f64, cost: f64) -> f64 {
        let rise = cost - self.cost - t * self.slope;
        if rise > 0.0 {
            -0.5 * self.slope * t * t / rise
        } else {
            f64::INFINITY
        }
    }

    /// Sets the next trial if much more is to be gained there than at `t`.
    fn go_on(&mut self, t: f64, cost: f64) -> bool {
        let vertex = self.vertex(t, cost).min(4.0 * t).min(self.room().max(t));
        let ratio = vertex / t;
        // The parabola gains ratio · (2 − ratio) of what the vertex does, seen from there.
        self.t = vertex;
        !(0.6..=1.5).contains(&ratio)
    }

    fn accept(&mut self) {
        let (t, cost) = self.reached.expect("because a trial was good");
        self.t = t;
        self.place_trial();
        for i in 0..self.n {
            self.step[i] = self.trial[i] - self.x[i];
            self.x[i] = self.trial[i];
        }
        let gain = self.cost - cost;
        self.cost = cost;
        self.has_step = true;
        self.idle = if gain <= self.noise() {
            self.idle + 1
        } else {
            0
        };
        self.iterations += 1;
        if self.idle > 1 {
            self.is_settled = true;
            self.phase = Phase::Over;
        } else if self.iterations.is_multiple_of(WINDOW) && self.is_stuck() {
            self.phase = Phase::Over;
        } else {
            let differences = self.preferred();
            self.measure(differences);
        }
    }

    /// Whether the last iterations neither went far nor gained much: costs have a kink here.
    fn is_stuck(&mut self) -> bool {
        let moves = self.x.iter().zip(&self.anchor);
        self.moved = moves
            .map(|(x, anchor)| (x - anchor).abs())
            .fold(0.0, f64::max);
        let gained = self.anchor_cost - self.cost;
        let is_known = self.anchor_cost.is_finite();
        self.anchor.copy_from_slice(&self.x);
        self.anchor_cost = self.cost;
        is_known && self.moved < 1e-4 && gained < 0.5 * self.cost.abs()
    }

    /// Forward differences, if their error will not be seen.
    fn preferred(&mut self) -> Differences {
        self.set_widths(Differences::Forward);
        if self.error() > 0.002 * self.gradient.iter().map(|g| g * g).sum::<f64>() {
            Differences::Central
        } else {
            Differences::Forward
        }
    }

    /// No trial was better: the gradient is wrong, or there is nothing to gain.
    fn fail(&mut self) {
        let used = self.widths.iter().fold(0.0, |a: f64, w| a.max(*w));
        let little = -self.slope <= 10.0 * self.noise();
        let is_precise = self.differences == Differences::Central;
        if little && is_precise || used < 1e-12 {
            self.is_settled = little && is_precise;
            self.phase = Phase::Over;
            return;
        }
        self.has_step = false;
        self.widest = if self.differences == Differences::Central {
            0.03 * used
        } else {
            self.widest.min(1e-4)
        };
        self.measure(Differences::Central);
    }
}

impl Stage for Local {
    fn ask(&mut self, rows: &mut Rows) {
        match self.phase {
            Phase::Start | Phase::Over => rows.push(&self.x),
            Phase::Trial => {
                self.place_trial();
                rows.push(&self.trial);
            }
            Phase::Gradient(differences) => {
                for i in 0..self.n {
                    let (a, b) = self.offsets(i, differences);
                    rows.push_moved(&self.x, i, a);
                    if differences == Differences::Central {
                        rows.push_moved(&self.x, i, b);
                    }
                }
            }
        }
    }

    fn tell(&mut self, costs: &[f64]) {
        match self.phase {
            Phase::Start if costs[0].is_finite() => {
                self.cost = costs[0];
                self.measure(Differences::Central);
            }
            Phase::Start | Phase::Over => self.phase = Phase::Over,
            Phase::Trial => self.judge(costs[0]),
            Phase::Gradient(differences) => self.learn(differences, costs),
        }
    }

    fn is_over(&self) -> bool {
        self.phase == Phase::Over
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Descends; the point, the cost and the number of rows.
    fn descend(n: usize, start: &[f64], f: impl Fn(&[f64]) -> f64) -> (Vec<f64>, f64, usize) {
        let mut local = Local::new(n);
        local.begin(start, f64::INFINITY, 0.05);
        let (mut rows, mut spent) = (Rows::new(n), 0);
        while !local.is_over() {
            rows.clear();
            local.ask(&mut rows);
            let costs: Vec<f64> = (0..rows.len()).map(|row| f(rows.row(row))).collect();
            spent += costs.len();
            assert!(spent < 20_000, "it does not end");
            local.tell(&costs);
        }
        (local.x.clone(), local.cost(), spent)
    }

    #[test]
    fn a_quadratic_function_takes_few_steps() {
        let f = |x: &[f64]| {
            (0..6)
                .map(|i| (1 + i * i) as f64 * (x[i] - 0.4) * (x[i] - 0.4))
                .sum()
        };
        let (_, cost, spent) = descend(6, &[0.5; 6], f);
        assert!(cost < 1e-20 && spent < 60, "{cost} {spent}");
    }

    /// The best point of a box is where what is free is best given what is held, not where it would be without bounds.
    #[test]
    fn bounds_hold_what_would_leave_them() {
        let f = |x: &[f64]| {
            let (a, b, c) = (x[0] + 0.3, x[1] - 0.4, x[2] - 1.2);
            a * a + b * b + c * c + 1.2 * a * b + 0.9 * b * c
        };
        let (x, ..) = descend(3, &[0.5; 3], f);
        // With x₀ = 0 and x₂ = 1: 2 b + 1.2 · 0.3 − 0.9 · 0.2 = 0.
        assert_eq!((x[0], x[2]), (0.0, 1.0));
        assert!((x[1] - 0.31).abs() < 1e-6, "{x:?}");
    }

    #[test]
    fn what_cannot_be_descended_ends() {
        descend(3, &[0.5; 3], |_| 1.0);
        descend(3, &[0.5; 3], |_| f64::INFINITY);
        descend(
            3,
            &[0.5; 3],
            |x| if x[0] > 0.4 { 1.0 } else { f64::INFINITY },
        );
        descend(3, &[0.5; 3], |x| (10.0 * x[0]).floor() + x[1]);
        descend(3, &[0.5; 3], |x| -1e300 * x[0]);
        descend(3, &[0.0, 1.0, 0.5], |x| {
            x.iter().map(|x| (x - 0.3).abs().sqrt()).sum()
        });
    }
}
