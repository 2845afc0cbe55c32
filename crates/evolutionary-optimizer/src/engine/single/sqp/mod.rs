//! Descent to the best of what smooth constraints allow, in real coordinates.
//!
//! Sequential quadratic programming (Nocedal & Wright, "Numerical optimization", 2006, chapter 18): a quasi-Newton model of
//! the Lagrangian with the damped update of Powell, "A fast algorithm for nonlinearly constrained optimization
//! calculations" (1978), on gradients from differences; the exact penalty as what steps are judged by, with his weights;
//! and a correction of second order where a step along curved constraints is refused. In the end the point is moved inwards
//! until all constraints hold to the last bit.

#[cfg(test)]
mod tests;

use crate::engine::single::differences::{Differences, Width, offsets, parabola};
use crate::engine::single::quadratic::{Quadratic, dot};
use crate::engine::single::stage::Rows;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// What the point costs is wanted.
    Start,
    /// What points around it cost is wanted.
    Gradient(Differences),
    /// What the point at `t` times the step costs is wanted.
    Trial,
    /// The same, of the corrected step.
    Corrected,
    /// Whether a point a little further inwards is allowed is wanted.
    Inwards,
    Over,
}

/// A descent in n coordinates with m constraints. An iteration asks n + 1 rows, or 2 n + 1, and costs O(n³ + m n²), and what
/// [`Quadratic::solve`] does.
#[derive(Clone, Debug)]
pub(crate) struct Sqp {
    n: usize,
    m: usize,
    phase: Phase,
    x: Vec<f64>,
    cost: f64,
    values: Vec<f64>,
    /// Gradients of the cost and, one after the other, of the constraints.
    gradient: Vec<f64>,
    normals: Vec<f64>,
    /// Second derivatives of all of them along the axes, by the last central differences.
    curvature: Vec<f64>,
    /// The gradient of the Lagrangian at the point before, with the multipliers of now.
    before: Vec<f64>,
    old_gradient: Vec<f64>,
    old_normals: Vec<f64>,
    has_model: bool,
    has_step: bool,
    step: Vec<f64>,
    model: Vec<f64>,
    /// The model before a gradient that may turn out to be too coarse.
    kept: Vec<f64>,
    program: Quadratic,
    multipliers: Vec<f64>,
    weights: Vec<f64>,
    /// What it costs at most to be a unit of distance beyond a constraint.
    price: f64,
    direction: Vec<f64>,
    /// What the first step promises in units of the penalised cost; negative.
    slope: f64,
    trial: Vec<f64>,
    corrected: Vec<f64>,
    t: f64,
    tries: u32,
    widths: Vec<f64>,
    widest: f64,
    differences: Differences,
    scratch: Vec<f64>,
    /// How far a step may go along any axis.
    reach: f64,
    inwards: f64,
    idle: u32,
    /// Central differences in a row after which no trial was better.
    failures: u32,
    /// Whether it ended because nothing is to be gained.
    pub(crate) is_settled: bool,
}

/// The share of what the model promises that a step must gain.
const GAIN: f64 = 1e-4;
const TRIES: u32 = 12;
const FAILURES: u32 = 3;
/// The share of the last step that forward differences are wide.
const FORWARD: f64 = 0.00003;
/// The longest step along any axis, at first and ever.
const REACH: f64 = 0.3;
const LONGEST: f64 = 0.5;
/// The share of the last step that steps keep away from limits.
const SHY: f64 = 1e-8;
/// How far inwards the end is moved at most.
const MARGIN: f64 = 1e-6;

impl Sqp {
    pub(crate) fn new(n: usize, m: usize) -> Self {
        let (zeros, of_constraints) = (vec![0.0; n], vec![0.0; m]);
        Self {
            n,
            m,
            phase: Phase::Over,
            x: zeros.clone(),
            cost: f64::INFINITY,
            values: of_constraints.clone(),
            gradient: zeros.clone(),
            normals: vec![0.0; n * m],
            curvature: vec![0.0; n * (m + 1)],
            before: zeros.clone(),
            old_gradient: zeros.clone(),
            old_normals: vec![0.0; n * m],
            has_model: false,
            has_step: false,
            step: zeros.clone(),
            model: vec![0.0; n * n],
            kept: vec![0.0; n * n],
            program: Quadratic::default(),
            multipliers: of_constraints.clone(),
            weights: of_constraints,
            price: 0.0,
            direction: zeros.clone(),
            slope: 0.0,
            trial: zeros.clone(),
            corrected: zeros.clone(),
            t: 1.0,
            tries: 0,
            widths: zeros.clone(),
            widest: 0.0,
            differences: Differences::Central,
            scratch: zeros,
            reach: REACH,
            inwards: 0.0,
            idle: 0,
            failures: 0,
            is_settled: false,
        }
    }

    /// Begins at a point whose cost is not known, with differences of this width.
    pub(crate) fn begin(&mut self, x: &[f64], width: f64) {
        self.x.copy_from_slice(x);
        self.widest = width;
        self.reach = REACH;
        self.has_model = false;
        self.has_step = false;
        self.idle = 0;
        self.failures = 0;
        self.is_settled = false;
        self.price = 0.0;
        self.multipliers.fill(0.0);
        self.weights.fill(0.0);
        self.phase = Phase::Start;
    }

    pub(crate) fn is_over(&self) -> bool {
        self.phase == Phase::Over
    }

    /// Appends the points whose costs it wants: at least one.
    pub(crate) fn ask(&mut self, rows: &mut Rows) {
        match self.phase {
            Phase::Start | Phase::Over => rows.push(&self.x),
            Phase::Trial => {
                self.place_trial();
                rows.push(&self.trial);
            }
            Phase::Corrected | Phase::Inwards => rows.push(&self.corrected),
            Phase::Gradient(differences) => {
                for i in 0..self.n {
                    let (a, b) = offsets(self.x[i], self.widths[i], differences);
                    rows.push_moved(&self.x, i, a);
                    if differences == Differences::Central {
                        rows.push_moved(&self.x, i, b);
                    }
                }
            }
        }
    }

    /// Takes the costs of all points it asked, in order, and what the constraints gave there, point by point.
    pub(crate) fn tell(&mut self, costs: &[f64], values: &[f64]) {
        match self.phase {
            Phase::Start if costs.iter().chain(values).all(|value| value.is_finite()) => {
                self.cost = costs[0];
                self.values.copy_from_slice(values);
                self.measure(Differences::Central);
            }
            Phase::Start | Phase::Over => self.phase = Phase::Over,
            Phase::Gradient(differences) => {
                let is_sound = costs.iter().chain(values).all(|value| value.is_finite());
                if is_sound && self.differentiate(differences, costs, values) {
                    self.learn(differences);
                } else {
                    self.phase = Phase::Over;
                }
            }
            Phase::Trial => self.judge(costs[0], values),
            Phase::Corrected => self.judge_corrected(costs[0], values),
            Phase::Inwards => self.judge_inwards(costs[0], values),
        }
    }

    fn normal(&self, constraint: usize) -> &[f64] {
        &self.normals[constraint * self.n..(constraint + 1) * self.n]
    }

    /// What rounding may change in the penalised cost.
    fn noise(&self) -> f64 {
        let values = self.weights.iter().zip(&self.values);
        let size: f64 = values.map(|(weight, value)| weight * value.abs()).sum();
        4.0 * f64::EPSILON * (self.cost.abs() + size) + 1e-300
    }

    /// The cost, and what is broken at its price.
    fn merit(&self, cost: f64, values: &[f64]) -> f64 {
        let broken = self.weights.iter().zip(values);
        let penalty: f64 = broken.map(|(weight, value)| weight * value.max(0.0)).sum();
        let merit = cost + penalty;
        if merit.is_nan() { f64::INFINITY } else { merit }
    }

    fn measure(&mut self, differences: Differences) {
        self.set_widths(differences);
        self.differences = differences;
        self.phase = Phase::Gradient(differences);
    }

    fn set_widths(&mut self, differences: Differences) {
        let step = self.has_step.then_some(&self.step[..]);
        let width = Width::new(differences, FORWARD, step, self.widest, self.noise());
        for i in 0..self.n {
            let curvature = if self.has_model {
                self.model[i * (self.n + 1)]
            } else {
                0.0
            };
            self.widths[i] = width.of(curvature).max(1e-12);
        }
    }

    /// Takes the costs around the point; `false` when derivatives make no sense.
    fn differentiate(&mut self, differences: Differences, costs: &[f64], values: &[f64]) -> bool {
        let (n, m) = (self.n, self.m);
        std::mem::swap(&mut self.old_gradient, &mut self.gradient);
        std::mem::swap(&mut self.old_normals, &mut self.normals);
        for i in 0..n {
            let (a, b) = offsets(self.x[i], self.widths[i], differences);
            if differences == Differences::Forward {
                let bend = 0.5 * a;
                self.gradient[i] = (costs[i] - self.cost) / a - bend * self.curvature[i];
                for j in 0..m {
                    let slope = (values[i * m + j] - self.values[j]) / a;
                    self.normals[j * n + i] = slope - bend * self.curvature[(j + 1) * n + i];
                }
                continue;
            }
            let (p, q) = (2 * i, 2 * i + 1);
            (self.gradient[i], self.curvature[i]) =
                parabola(self.cost, (a, b), (costs[p], costs[q]));
            for j in 0..m {
                let at = (values[p * m + j], values[q * m + j]);
                (self.normals[j * n + i], self.curvature[(j + 1) * n + i]) =
                    parabola(self.values[j], (a, b), at);
            }
        }
        let mut all = self.gradient.iter().chain(&self.normals);
        all.all(|x| x.is_finite()) && self.curvature.iter().all(|x| x.is_finite())
    }

    fn learn(&mut self, differences: Differences) {
        let length = dot(&self.gradient, &self.gradient).sqrt();
        let bends = self.curvature[..self.n].iter();
        let bend = bends.fold(0.0, |a: f64, c| a.max(c.abs()));
        self.price = (1e4 * (length + bend)).clamp(self.price, 1e100);
        if self.price == 0.0 {
            // Only constraints matter.
            self.price = 1.0;
        }
        if !self.has_model {
            // Multipliers for the curvature of constraints are known only after a first program.
            self.set_model();
            self.solve();
            self.set_model();
            self.has_model = true;
        } else if self.has_step {
            self.kept.copy_from_slice(&self.model);
            self.update_model();
        }
        if !self.solve() {
            self.set_model();
            if !self.solve() {
                self.phase = Phase::Over;
                return;
            }
        }
        if differences == Differences::Forward && self.is_coarse() {
            std::mem::swap(&mut self.old_gradient, &mut self.gradient);
            std::mem::swap(&mut self.old_normals, &mut self.normals);
            if self.has_step {
                std::mem::swap(&mut self.kept, &mut self.model);
            }
            self.measure(Differences::Central);
            return;
        }
        self.descend();
    }

    /// A model without coupling, from the curvature along the axes.
    fn set_model(&mut self) {
        let n = self.n;
        self.model.fill(0.0);
        for i in 0..n {
            let of_constraints = self.multipliers.iter().enumerate();
            let bend: f64 = of_constraints
                .map(|(j, multiplier)| multiplier * self.curvature[(j + 1) * n + i])
                .sum();
            self.scratch[i] = (self.curvature[i] + bend).abs();
        }
        let greatest = self.scratch.iter().fold(0.0, |a: f64, c| a.max(*c));
        let steepest = self.gradient.iter().fold(0.0, |a: f64, g| a.max(g.abs()));
        // What is linear but for rounding may go as far as a step reaches.
        let steepest = if steepest > 0.0 || greatest > 0.0 {
            steepest
        } else {
            1.0
        };
        let (linear, least) = (1e-7 * steepest, 1e-3 * steepest.max(1e-100));
        let floor = 1e-8 * greatest;
        for i in 0..n {
            let bend = self.scratch[i].max(floor);
            self.model[i * (n + 1)] = if bend > linear { bend } else { least };
        }
    }

    fn add_lagrangian(&self, gradient: &[f64], normals: &[f64], sign: f64, to: &mut [f64]) {
        to.iter_mut()
            .zip(gradient)
            .for_each(|(to, g)| *to += sign * g);
        for (multiplier, normal) in self.multipliers.iter().zip(normals.chunks(self.n)) {
            if *multiplier != 0.0 {
                let pairs = to.iter_mut().zip(normal);
                pairs.for_each(|(to, a)| *to += sign * multiplier * a);
            }
        }
    }

    fn update_model(&mut self) {
        let n = self.n;
        let mut y = std::mem::take(&mut self.before);
        y.fill(0.0);
        self.add_lagrangian(&self.gradient, &self.normals, 1.0, &mut y);
        self.add_lagrangian(&self.old_gradient, &self.old_normals, -1.0, &mut y);
        for i in 0..n {
            self.scratch[i] = dot(&self.model[i * n..(i + 1) * n], &self.step);
        }
        let (bend, turned) = (dot(&self.scratch, &self.step), dot(&y, &self.step));
        if bend > 0.0 && bend.is_finite() && turned.is_finite() {
            let share = if turned < 0.2 * bend {
                0.8 * bend / (bend - turned)
            } else {
                1.0
            };
            for (y, bent) in y.iter_mut().zip(&self.scratch) {
                *y = share * *y + (1.0 - share) * bent;
            }
            let damped = dot(&y, &self.step);
            for i in 0..n {
                for j in 0..n {
                    self.model[i * n + j] +=
                        y[i] * y[j] / damped - self.scratch[i] * self.scratch[j] / bend;
                }
            }
        }
        self.before = y;
    }

    /// States the limits of a step from the point, where constraints have these values, and solves the program.
    fn state(&mut self, values: &[f64], margin: f64) {
        let n = self.n;
        self.program.forget_limits();
        for (j, value) in values.iter().enumerate() {
            let normal = &self.normals[j * n..(j + 1) * n];
            let length = dot(normal, normal).sqrt();
            if length > 0.0 && length.is_finite() {
                // Limits of unit length, so that one price suits all.
                let unit = normal.iter().map(|a| a / length);
                let side = -value / length - margin;
                self.program.limit(unit, side, self.price);
            }
        }
        for (i, x) in self.x.iter().enumerate() {
            self.program
                .bound(i, x.min(self.reach), (1.0 - x).min(self.reach));
        }
        self.program.solve(&self.gradient);
    }

    /// How far inside of what is allowed a step shall end, so that rounding does not break what it meets: little of the step.
    fn margin(&self) -> f64 {
        let last = self.step.iter().fold(0.0, |a: f64, s| a.max(s.abs()));
        SHY * if self.has_step { last } else { self.reach }
    }

    /// Sets direction and multipliers; `false` when the model has no minimum.
    fn solve(&mut self) -> bool {
        if !self.program.begin(self.n, &self.model) {
            return false;
        }
        let values = std::mem::take(&mut self.values);
        self.state(&values, self.margin());
        self.values = values;
        let mut of_limits = self.program.multipliers.iter();
        for j in 0..self.m {
            let length = dot(self.normal(j), self.normal(j)).sqrt();
            self.multipliers[j] = match length > 0.0 && length.is_finite() {
                true => of_limits
                    .next()
                    .map_or(0.0, |multiplier| multiplier / length),
                false => 0.0,
            };
        }
        self.direction.copy_from_slice(&self.program.solution);
        true
    }

    /// Whether the error of forward differences is too much of what the step follows.
    fn is_coarse(&mut self) -> bool {
        let (n, noise) = (self.n, self.noise());
        let (mut error, mut wanted) = (0.0, 0.0);
        for i in 0..n {
            let row = &self.model[i * n..(i + 1) * n];
            let force = dot(row, &self.direction);
            let mistake = 0.5 * self.widths[i] * row[i] + noise / self.widths[i];
            error += mistake * mistake;
            wanted += force * force;
        }
        error > 0.01 * wanted
    }

    fn descend(&mut self) {
        for (weight, &multiplier) in self.weights.iter_mut().zip(&self.multipliers) {
            *weight = multiplier.max(0.5 * (*weight + multiplier));
        }
        let mut slope = dot(&self.gradient, &self.direction);
        for j in 0..self.m {
            let (now, turn) = (self.values[j], dot(self.normal(j), &self.direction));
            slope += self.weights[j] * ((now + turn).max(0.0) - now.max(0.0));
        }
        self.slope = slope;
        if slope.is_nan() || -slope <= self.noise() {
            self.end(self.differences == Differences::Central && !slope.is_nan());
            return;
        }
        (self.t, self.tries) = (1.0, 0);
        self.phase = Phase::Trial;
    }

    fn place_trial(&mut self) {
        for i in 0..self.n {
            self.trial[i] = (self.x[i] + self.t * self.direction[i]).clamp(0.0, 1.0);
        }
    }

    fn is_good(&self, cost: f64, values: &[f64]) -> bool {
        let (now, then) = (
            self.merit(self.cost, &self.values),
            self.merit(cost, values),
        );
        then <= now + GAIN * self.t * self.slope && then < now
    }

    fn judge(&mut self, cost: f64, values: &[f64]) {
        self.tries += 1;
        if self.is_good(cost, values) {
            self.accept(cost, values, false);
        } else if self.tries == 1 && self.correct(values) {
            self.phase = Phase::Corrected;
        } else {
            self.shorten(self.merit(cost, values));
        }
    }

    fn judge_corrected(&mut self, cost: f64, values: &[f64]) {
        if self.is_good(cost, values) {
            self.accept(cost, values, true);
        } else {
            self.phase = Phase::Trial;
            self.shorten(f64::INFINITY);
        }
    }

    /// A step that meets the constraints as they turned out to be at the trial; `false` where they are not what was wrong.
    fn correct(&mut self, values: &[f64]) -> bool {
        let is_broken = values.iter().any(|&value| value > 0.0);
        if !is_broken || values.iter().any(|value| !value.is_finite()) {
            return false;
        }
        let mut shifted = values.to_vec();
        for (j, value) in shifted.iter_mut().enumerate() {
            *value -= dot(self.normal(j), &self.direction);
        }
        self.state(&shifted, self.margin());
        let moved = self.x.iter().zip(&self.program.solution);
        for (to, (x, d)) in self.corrected.iter_mut().zip(moved) {
            *to = (x + d).clamp(0.0, 1.0);
        }
        true
    }

    fn shorten(&mut self, merit: f64) {
        if self.tries >= TRIES {
            self.fail();
            return;
        }
        let rise = merit - self.merit(self.cost, &self.values) - self.t * self.slope;
        let vertex = if rise > 0.0 && rise.is_finite() {
            -0.5 * self.slope * self.t * self.t / rise
        } else {
            0.0
        };
        self.t = vertex.clamp(0.1 * self.t, 0.5 * self.t);
        self.phase = Phase::Trial;
    }

    fn accept(&mut self, cost: f64, values: &[f64], is_corrected: bool) {
        let gain = self.merit(self.cost, &self.values) - self.merit(cost, values);
        let to = if is_corrected {
            &self.corrected
        } else {
            &self.trial
        };
        for ((step, x), to) in self.step.iter_mut().zip(&mut self.x).zip(to) {
            *step = to - *x;
            *x = *to;
        }
        let length = self.step.iter().fold(0.0, |a: f64, s| a.max(s.abs()));
        if self.tries > 1 {
            self.reach = (2.0 * length).max(0.3 * self.reach);
        } else if length > 0.9 * self.reach {
            self.reach = (3.0 * length).min(LONGEST);
        }
        self.cost = cost;
        self.values.copy_from_slice(values);
        self.has_step = true;
        self.failures = 0;
        self.idle = if gain <= self.noise() {
            self.idle + 1
        } else {
            0
        };
        if self.idle > 1 {
            self.end(true);
        } else {
            self.measure(Differences::Forward);
        }
    }

    /// No trial was better: the derivatives are wrong, or there is nothing to gain.
    fn fail(&mut self) {
        let used = self.widths.iter().fold(0.0, |a: f64, w| a.max(*w));
        let is_precise = self.differences == Differences::Central;
        self.failures += u32::from(is_precise);
        let is_little = -self.slope <= 10.0 * self.noise();
        if is_precise && (is_little || used < 1e-11 || self.failures == FAILURES) {
            // What the model promises is of the size of what its derivatives may be wrong by.
            self.end(-self.slope <= 1e6 * self.noise());
        } else {
            self.has_step = false;
            self.widest = if is_precise {
                0.03 * used
            } else {
                self.widest.min(1e-4)
            };
            self.measure(Differences::Central);
        }
    }

    /// Nothing is to be gained by steps. What is broken by rounding is mended.
    fn end(&mut self, is_settled: bool) {
        self.is_settled = is_settled;
        self.inwards = 1e-15;
        self.move_inwards();
    }

    fn move_inwards(&mut self) {
        let is_broken = self.values.iter().any(|&value| value > 0.0);
        if !is_broken || self.inwards > MARGIN {
            self.is_settled &= !is_broken;
            self.phase = Phase::Over;
            return;
        }
        let values = std::mem::take(&mut self.values);
        self.state(&values, self.inwards);
        self.values = values;
        let moved = self.x.iter().zip(&self.program.solution);
        for (to, (x, d)) in self.corrected.iter_mut().zip(moved) {
            *to = (x + d).clamp(0.0, 1.0);
        }
        self.phase = Phase::Inwards;
    }

    fn judge_inwards(&mut self, cost: f64, values: &[f64]) {
        if values.iter().all(|&value| value <= 0.0) {
            self.x.copy_from_slice(&self.corrected);
            self.cost = cost;
            self.values.copy_from_slice(values);
            self.phase = Phase::Over;
        } else {
            self.inwards *= 8.0;
            self.move_inwards();
        }
    }
}
