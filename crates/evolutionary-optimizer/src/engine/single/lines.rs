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
    /// How many points an axis may have, and how near neighbours of the best one are to come.
    limit: usize,
    fine: f64,
    /// Whether the last sweep gained as much as all axes together.
    pub(crate) is_additive: bool,
    /// The cost at the beginning of the sweep.
    pub(crate) before: f64,
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
            limit: 0,
            fine: 0.0,
            is_additive: false,
            before: f64::INFINITY,
        }
    }

    /// Begins at a point whose cost is known and finite.
    pub(crate) fn begin(&mut self, x: &[f64], cost: f64, fine: f64, limit: usize) {
        self.context.copy_from_slice(x);
        self.cost = cost;
        for (samples, &x) in self.samples.iter_mut().zip(x) {
            samples.clear();
            samples.push((x, cost));
        }
        self.is_additive = false;
        self.again(fine, limit);
    }

    /// Goes on with what is known, more finely.
    pub(crate) fn again(&mut self, fine: f64, limit: usize) {
        (self.fine, self.limit, self.before) = (fine, limit, self.cost);
        self.is_done.fill(false);
        self.phase = Phase::Sweep;
        self.plan();
    }

    pub(crate) fn point(&self) -> &[f64] {
        &self.context
    }

    pub(crate) fn cost(&self) -> f64 {
        self.cost
    }

    /// Notes the places where an axis wants to know the cost; none when it is done.
    fn propose(&mut self, axis: usize) {
        let samples = &self.samples[axis];
        if samples.len() < 3 {
            for bound in [0.0, 1.0] {
                if samples.iter().all(|&(t, _)| t != bound) {
                    self.asked.push((axis, bound));
                }
            }
            return;
        }
        match next(samples, self.fine).filter(|_| samples.len() < self.limit) {
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

/// The next place to be measured; `None` when only places nearer to the best than `fine` are promising.
fn next(samples: &[(f64, f64)], fine: f64) -> Option<f64> {
    let best = lowest(samples);
    let low = samples[best].1;
    if !low.is_finite() {
        return widest(samples, fine);
    }
    let high = samples
        .iter()
        .map(|s| s.1)
        .filter(|f| f.is_finite())
        .fold(low, f64::max);
    // Flat ground: look where nothing is known.
    let margin = 1e-9 * (high - low);
    if margin <= 0.0 {
        return widest(samples, 0.1);
    }
    let easiest = easiest(samples, low - margin, fine)?;
    if easiest + 1 != best && easiest != best {
        return Some(0.5 * (samples[easiest].0 + samples[easiest + 1].0));
    }
    Some(refine(samples, best, easiest, fine))
}

/// The interval whose parabola to the level has the least curvature, of those that are wider than `fine`.
fn easiest(samples: &[(f64, f64)], level: f64, fine: f64) -> Option<usize> {
    let mut least = (f64::INFINITY, None);
    let best = lowest(samples);
    for (index, pair) in samples.windows(2).enumerate() {
        let width = pair[1].0 - pair[0].0;
        let difficulty = ((pair[0].1 - level).sqrt() + (pair[1].1 - level).sqrt()) / width;
        if difficulty < least.0 {
            least = (difficulty, Some((index, width)));
        }
    }
    let (index, width) = least.1?;
    if width > fine {
        return Some(index);
    }
    // Beside the best, narrow: the other side, if that is still wide.
    let other = if index == best {
        best.checked_sub(1)?
    } else {
        best
    };
    (index + 1 == best || index == best).then_some(())?;
    let pair = samples.get(other..other + 2)?;
    (pair[1].0 - pair[0].0 > fine).then_some(other)
}

fn widest(samples: &[(f64, f64)], fine: f64) -> Option<f64> {
    let width = |pair: &[(f64, f64)]| pair[1].0 - pair[0].0;
    let pair = samples
        .windows(2)
        .max_by(|a, b| width(a).total_cmp(&width(b)))?;
    (width(pair) > fine).then_some(0.5 * (pair[0].0 + pair[1].0))
}

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
    if shift.abs() < 0.4 * fine {
        // The vertex is known; close the bracket on the wider side.
        let side = if wide_left > wide_right { -1.0 } else { 1.0 };
        return b + side * (0.5 * fine).min(0.5 * wide_left.max(wide_right));
    }
    let place = b + shift;
    let wider = wide_left.max(wide_right);
    // A bracket that is very uneven does not shrink by its vertex.
    if wide_left.min(wide_right) < 1e-3 * wider && shift.abs() < 1e-2 * wider {
        let step = (shift.abs() * 4.0).max(0.5 * fine);
        return if wide_left > wide_right {
            b - step
        } else {
            b + step
        };
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
