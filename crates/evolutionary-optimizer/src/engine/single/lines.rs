//! Search along each axis for the lowest of many valleys, all axes in the same rounds.
//!
//! On each axis the next point is taken where the easiest parabola fits that would be better than the best one (Langerman,
//! Seront & Bersini, "STEP: the easiest way to optimize a function", 1994), or at the vertex of the parabola through the
//! best point and its neighbours (Pošík & Baudiš, "Dimension selection in axis-parallel Brent-STEP method for black-box
//! optimization of separable continuous functions", 2015). Then the best places of all axes are put together: where the
//! function is a sum over its coordinates, that is its optimum.

use crate::engine::single::stage::{Rows, Stage};

/// A sweep over all axes. A round costs O(m) for each axis with m points so far.
#[derive(Clone, Debug)]
pub(crate) struct Lines {
    context: Vec<f64>,
    cost: f64,
    /// For each axis its places and costs, by place.
    samples: Vec<Vec<(f64, f64)>>,
    is_done: Vec<bool>,
    /// The axes and places that were asked.
    asked: Vec<(usize, f64)>,
    combined: Vec<f64>,
    phase: Phase,
    scope: Scope,
    /// The greatest change of a coordinate by the last sweep.
    pub(crate) moved: f64,
    /// Whether the last sweep gained as much as all axes together.
    pub(crate) is_additive: bool,
    /// The cost at the beginning of the sweep.
    pub(crate) before: f64,
}

/// Where a sweep looks.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Scope {
    /// How far from the point it begins at.
    pub(crate) reach: f64,
    /// How near neighbours of the best place are to come.
    pub(crate) fine: f64,
    /// The number of points of an axis below which it goes on looking elsewhere when that is reached.
    pub(crate) least: usize,
    /// The number of points that an axis may have.
    pub(crate) limit: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Sweep,
    Combine,
    Over,
}

impl Lines {
    pub(crate) fn new(n: usize) -> Self {
        Self {
            context: vec![0.0; n],
            cost: f64::INFINITY,
            samples: vec![Vec::new(); n],
            is_done: vec![true; n],
            asked: Vec::new(),
            combined: vec![0.0; n],
            phase: Phase::Over,
            scope: Scope {
                reach: 1.0,
                fine: 1e-3,
                least: 0,
                limit: 0,
            },
            moved: 0.0,
            is_additive: false,
            before: f64::INFINITY,
        }
    }

    /// Begins at a point whose cost is known and finite.
    pub(crate) fn begin(&mut self, x: &[f64], cost: f64, scope: Scope) {
        self.context.copy_from_slice(x);
        self.cost = cost;
        for (samples, &x) in self.samples.iter_mut().zip(x) {
            samples.clear();
            samples.push((x, cost));
        }
        self.is_additive = false;
        self.again(scope);
    }

    /// Goes on with what is known.
    pub(crate) fn again(&mut self, scope: Scope) {
        self.scope = scope;
        (self.before, self.moved) = (self.cost, 0.0);
        self.is_done.fill(false);
        self.phase = Phase::Sweep;
        self.plan();
    }

    /// Whether what is known reaches from bound to bound.
    pub(crate) fn is_wide(&self) -> bool {
        self.scope.reach >= 1.0
    }

    pub(crate) fn cost(&self) -> f64 {
        self.cost
    }

    /// Notes the places where an axis wants to know the cost; none when it is done.
    fn propose(&mut self, axis: usize) {
        let samples = &self.samples[axis];
        let centre = self.context[axis];
        let ends = [
            (centre - self.scope.reach).max(0.0),
            (centre + self.scope.reach).min(1.0),
        ];
        if samples.len() < 2 {
            let ends = ends.into_iter().filter(|&end| end != centre);
            self.asked.extend(ends.map(|end| (axis, end)));
            return;
        }
        let effort = if self.scope.reach < 1.0 {
            Effort::Valley
        } else if samples.len() < self.scope.least {
            Effort::Everywhere
        } else {
            Effort::Wide
        };
        let place = next(samples, self.scope.fine, effort);
        match place.filter(|_| samples.len() < self.scope.limit) {
            Some(place) => self.asked.push((axis, place)),
            None => self.is_done[axis] = true,
        }
    }

    fn plan(&mut self) {
        self.asked.clear();
        for axis in 0..self.samples.len() {
            if !self.is_done[axis] {
                self.propose(axis);
            }
        }
        if self.asked.is_empty() {
            for (x, samples) in self.combined.iter_mut().zip(&self.samples) {
                *x = samples[lowest(samples)].0;
            }
            self.phase = if self.combined == self.context {
                Phase::Over
            } else {
                Phase::Combine
            };
        }
    }

    fn combine(&mut self, cost: f64) {
        let moves = self.context.iter().zip(&self.combined);
        self.moved = moves.map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
        let gains = self
            .samples
            .iter()
            .map(|samples| self.cost - samples[lowest(samples)].1);
        let gain: f64 = gains.sum();
        let predicted = self.cost - gain;
        let rounding = 1e-13 * (self.cost.abs() + gain.abs());
        self.is_additive = (cost - predicted).abs() <= 1e-9 * gain.abs() + rounding;
        if self.is_additive {
            for (samples, context) in self.samples.iter_mut().zip(&mut self.context) {
                let (place, low) = samples[lowest(samples)];
                *context = place;
                samples.iter_mut().for_each(|sample| sample.1 += cost - low);
            }
            self.cost = cost;
        } else if cost < self.cost {
            self.context.copy_from_slice(&self.combined);
            self.cost = cost;
        }
        self.take_single(cost);
        self.phase = Phase::Over;
    }

    /// Takes the best point of a single axis when that is better than all together.
    fn take_single(&mut self, cost: f64) {
        if self.is_additive {
            return;
        }
        let best = self
            .samples
            .iter()
            .enumerate()
            .map(|(axis, samples)| (axis, samples[lowest(samples)]));
        let best = best.min_by(|a, b| a.1.1.total_cmp(&b.1.1));
        if let Some((axis, (place, low))) = best.filter(|best| best.1.1 < self.cost.min(cost)) {
            self.context[axis] = place;
            self.cost = low;
        }
    }
}

/// The first of the lowest samples.
fn lowest(samples: &[(f64, f64)]) -> usize {
    let costs = samples.iter().enumerate();
    let best = costs.min_by(|a, b| a.1.1.total_cmp(&b.1.1));
    best.map_or(0, |(index, _)| index)
}

/// What an axis is searched for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Effort {
    /// The bottom of the valley of the best place.
    Valley,
    /// A valley that is lower and not narrower as well.
    Wide,
    /// Any lower valley.
    Everywhere,
}

/// The next place to be measured. `None` when the best place is known to within `fine` and nothing else is looked for.
fn next(samples: &[(f64, f64)], fine: f64, effort: Effort) -> Option<f64> {
    let best = lowest(samples);
    let low = samples[best].1;
    let high = samples
        .iter()
        .map(|s| s.1)
        .filter(|f| f.is_finite())
        .fold(low, f64::max);
    // Flat ground: look where nothing is known.
    let margin = 1e-9 * (high - low);
    if !(margin > 0.0 && margin.is_finite()) {
        return widest(samples, 0.1);
    }
    let easiest = if effort == Effort::Valley {
        beside(samples, best, fine)?
    } else {
        easiest(
            samples,
            best,
            low - margin,
            fine,
            effort == Effort::Everywhere,
        )?
    };
    if easiest + 1 != best && easiest != best {
        return Some(0.5 * (samples[easiest].0 + samples[easiest + 1].0));
    }
    Some(refine(samples, best, easiest, fine))
}

/// The interval whose parabola to the level has the least curvature, of those that are wider than `fine`.
fn easiest(
    samples: &[(f64, f64)],
    best: usize,
    level: f64,
    fine: f64,
    explores: bool,
) -> Option<usize> {
    let mut least = (f64::INFINITY, None);
    let (mut known, mut is_known) = (0.0_f64, true);
    for (index, pair) in samples.windows(2).enumerate() {
        let width = pair[1].0 - pair[0].0;
        let difficulty = ((pair[0].1 - level).sqrt() + (pair[1].1 - level).sqrt()) / width;
        if index == best || index + 1 == best {
            known = known.max(difficulty);
            is_known &= width <= fine;
        }
        if width > fine && difficulty < least.0 {
            least = (difficulty, Some(index));
        }
    }
    least
        .1
        .filter(|_| explores || !is_known || least.0 <= known)
}

/// The wider of the two intervals beside the best place, if it is wider than `fine`.
fn beside(samples: &[(f64, f64)], best: usize, fine: f64) -> Option<usize> {
    let width = |&index: &usize| samples[index + 1].0 - samples[index].0;
    let sides = best.saturating_sub(1)..(best + 1).min(samples.len() - 1);
    let wider = sides.max_by(|a, b| width(a).total_cmp(&width(b)))?;
    (width(&wider) > fine).then_some(wider)
}

fn widest(samples: &[(f64, f64)], fine: f64) -> Option<f64> {
    let width = |pair: &[(f64, f64)]| pair[1].0 - pair[0].0;
    let pair = samples
        .windows(2)
        .max_by(|a, b| width(a).total_cmp(&width(b)))?;
    (width(pair) > fine).then_some(0.5 * (pair[0].0 + pair[1].0))
}

/// How much shorter one side of a bracket is than the other when it counts as uneven.
const UNEVEN: f64 = 0.1;

/// A place in an interval beside the best sample.
fn refine(samples: &[(f64, f64)], best: usize, interval: usize, fine: f64) -> f64 {
    let (left, right) = (samples[interval].0, samples[interval + 1].0);
    let middle = 0.5 * (left + right);
    if best == 0 || best + 1 == samples.len() {
        return middle;
    }
    let [(a, fa), (b, fb), (c, fc)] = [samples[best - 1], samples[best], samples[best + 1]];
    let (p, q) = ((fa - fb) / (a - b), (fc - fb) / (c - b));
    let curvature = (p - q) / (a - c);
    let slope = p - curvature * (a - b);
    let shift = -0.5 * slope / curvature;
    let (wide_left, wide_right) = (b - a, c - b);
    if !shift.is_finite() || curvature <= 0.0 {
        return middle;
    }
    let place = b + shift;
    let wider = wide_left.max(wide_right);
    // A bracket that is very uneven does not shrink by its vertex: pass the vertex, towards the far side.
    let narrower = wide_left.min(wide_right);
    if narrower < UNEVEN * wider {
        let step = (2.0 * shift.abs())
            .max(0.5 * (narrower * wider).sqrt())
            .max(0.5 * fine)
            .min(0.5 * wider);
        return if wide_left > wide_right {
            b - step
        } else {
            b + step
        };
    }
    if shift.abs() < 0.4 * fine {
        // The vertex is known; close the bracket on the wider side.
        let side = if wide_left > wide_right { -1.0 } else { 1.0 };
        return b + side * (0.5 * fine).min(0.5 * wide_left.max(wide_right));
    }
    place.clamp(a + 0.02 * wide_left, c - 0.02 * wide_right)
}

impl Stage for Lines {
    fn ask(&mut self, rows: &mut Rows) {
        if self.phase == Phase::Sweep {
            for &(axis, place) in &self.asked {
                rows.push_placed(&self.context, axis, place);
            }
        } else {
            rows.push(&self.combined);
        }
    }

    fn tell(&mut self, costs: &[f64]) {
        if self.phase != Phase::Sweep {
            self.combine(costs[0]);
            return;
        }
        for (&(axis, place), &cost) in self.asked.iter().zip(costs) {
            let samples = &mut self.samples[axis];
            let at = samples.partition_point(|sample| sample.0 < place);
            if samples.get(at).is_some_and(|sample| sample.0 == place) {
                self.is_done[axis] = true;
            } else {
                samples.insert(at, (place, cost));
            }
        }
        self.plan();
    }

    fn is_over(&self) -> bool {
        self.phase == Phase::Over
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The place of the best of `points` samples.
    fn search(f: impl Fn(f64) -> f64, points: usize, fine: f64, effort: Effort) -> f64 {
        let mut samples: Vec<(f64, f64)> = [0.0, 0.41, 1.0].map(|t| (t, f(t))).to_vec();
        while samples.len() < points
            && let Some(place) = next(&samples, fine, effort)
        {
            assert!((0.0..=1.0).contains(&place));
            let at = samples.partition_point(|sample| sample.0 < place);
            samples.insert(at, (place, f(place)));
        }
        samples[lowest(&samples)].0
    }

    #[test]
    fn the_lowest_of_ten_valleys_is_found() {
        let f = |t: f64| {
            let z = 10.24 * (t - 0.737);
            z * z + 10.0 - 10.0 * (std::f64::consts::TAU * z).cos()
        };
        assert!((search(f, 60, 1e-4, Effort::Wide) - 0.737).abs() < 1e-4);
    }

    #[test]
    fn a_kink_is_bracketed_as_a_smooth_valley_is() {
        for exponent in [1, 2, 4] {
            let f = |t: f64| (t - 0.2718).abs().powi(exponent);
            let fine = if exponent == 4 { 1e-2 } else { 1e-6 };
            assert!(
                (search(f, 40, fine, Effort::Valley) - 0.2718).abs() < fine,
                "{exponent}"
            );
        }
    }

    #[test]
    fn flat_ground_and_failures_end() {
        search(|_| 3.0, 1000, 1e-9, Effort::Wide);
        search(|_| f64::INFINITY, 1000, 1e-9, Effort::Wide);
        search(
            |t| if t < 0.7 { f64::INFINITY } else { t },
            1000,
            1e-9,
            Effort::Wide,
        );
    }
}
