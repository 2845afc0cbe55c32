//! Quadratic programs with limits that may be broken at a price.

use crate::engine::single::cholesky;

/// Minimises `g·d + ½ dᵀ B d + price · Σ max(0, a_j·d − b_j)` within bounds on each `d`, which always has a solution: the
/// exact penalty subproblem of Fletcher, "Practical methods of optimization" (1987), chapter 14. It is solved by its dual,
/// which has only bounds, with the active set method of Stark & Parker, "Bounded-variable least-squares: an algorithm and
/// applications" (1995).
#[derive(Clone, Debug, Default)]
pub(crate) struct Quadratic {
    n: usize,
    /// The limits: `n` factors for each, its right side, and what a unit beyond it costs.
    normals: Vec<f64>,
    sides: Vec<f64>,
    prices: Vec<f64>,
    /// The inverse of B, and its product with each normal.
    inverse: Vec<f64>,
    images: Vec<f64>,
    /// The multiplier of each limit, and whether it is neither at 0 nor at its price.
    pub(crate) multipliers: Vec<f64>,
    free: Vec<usize>,
    /// Limits that were found to be sums of active ones.
    refused: Vec<bool>,
    pub(crate) solution: Vec<f64>,
    factor: Vec<f64>,
    system: Vec<f64>,
    right: Vec<f64>,
    change: Vec<f64>,
}

/// What keeps systems of limits that depend on each other solvable, as a share of their diagonal.
const RIDGE: f64 = 1e-13;
/// What counts as broken, as a share of what the limit's terms amount to.
const TOLERANCE: f64 = 1e-12;

impl Quadratic {
    /// Begins a program in `n` unknowns, with the lower triangle of B; `false` when it is not positive definite. O(n³).
    pub(crate) fn begin(&mut self, n: usize, b: &[f64]) -> bool {
        self.n = n;
        self.factor.clear();
        self.factor.resize(n * n, 0.0);
        if !cholesky::factor(n, b, &mut self.factor) {
            return false;
        }
        self.inverse.clear();
        self.inverse.resize(n * n, 0.0);
        for i in 0..n {
            let column = &mut self.inverse[i * n..(i + 1) * n];
            column[i] = 1.0;
            solve_both(n, &self.factor, column);
        }
        self.forget_limits();
        true
    }

    pub(crate) fn forget_limits(&mut self) {
        self.normals.clear();
        self.sides.clear();
        self.images.clear();
        self.prices.clear();
    }

    /// Wants `normal · d <= side`, or else pays `price` for each unit beyond. O(n²).
    pub(crate) fn limit(&mut self, normal: impl Iterator<Item = f64>, side: f64, price: f64) {
        let (n, first) = (self.n, self.normals.len());
        self.normals.extend(normal);
        self.sides.push(side);
        self.prices.push(price);
        for i in 0..n {
            let row = &self.inverse[i * n..(i + 1) * n];
            self.images.push(dot(row, &self.normals[first..]));
        }
    }

    /// Keeps `d` at index `i` between `-below` and `above`, two limits without a price. O(n).
    pub(crate) fn bound(&mut self, i: usize, below: f64, above: f64) {
        for (sign, side) in [(1.0, above), (-1.0, below)] {
            let first = self.normals.len();
            self.normals.resize(first + self.n, 0.0);
            self.normals[first + i] = sign;
            self.sides.push(side);
            self.prices.push(f64::INFINITY);
            let column = &self.inverse[i * self.n..(i + 1) * self.n];
            self.images.extend(column.iter().map(|x| sign * x));
        }
    }

    /// Finds `solution` and `multipliers`. With k limits a step of the method costs O(k n + p³), p of them being active,
    /// and it takes about as many steps as limits become active.
    pub(crate) fn solve(&mut self, gradient: &[f64]) {
        let (n, k) = (self.n, self.sides.len());
        self.multipliers.clear();
        self.multipliers.resize(k, 0.0);
        self.solution.clear();
        self.solution.resize(n, 0.0);
        self.free.clear();
        self.refused.clear();
        self.refused.resize(k, false);
        for _ in 0..4 * (k + n) {
            self.place(gradient);
            let Some(entering) = self.most_broken() else {
                return;
            };
            self.free.push(entering);
            while !self.free.is_empty() && !self.advance(gradient) {}
        }
    }

    /// Sets the solution from the multipliers.
    fn place(&mut self, gradient: &[f64]) {
        let n = self.n;
        for i in 0..n {
            self.solution[i] = -dot(&self.inverse[i * n..(i + 1) * n], gradient);
        }
        for (j, &multiplier) in self.multipliers.iter().enumerate() {
            if multiplier != 0.0 {
                let image = &self.images[j * n..(j + 1) * n];
                self.solution
                    .iter_mut()
                    .zip(image)
                    .for_each(|(d, image)| *d -= multiplier * image);
            }
        }
    }

    /// How far the solution is beyond a limit, and what is lost in rounding.
    fn excess(&self, limit: usize) -> (f64, f64) {
        let normal = &self.normals[limit * self.n..(limit + 1) * self.n];
        let terms = normal.iter().zip(&self.solution);
        let (sum, size) = terms.fold((0.0, 0.0), |(sum, size): (f64, f64), (a, d)| {
            (sum + a * d, size + (a * d).abs())
        });
        let side = self.sides[limit];
        (sum - side, TOLERANCE * (size + side.abs()))
    }

    /// The limit at a bound of its multiplier which should leave that most.
    fn most_broken(&self) -> Option<usize> {
        let n = self.n;
        let mut most = (0.0, None);
        for limit in 0..self.sides.len() {
            let (excess, tolerance) = self.excess(limit);
            let multiplier = self.multipliers[limit];
            let is_wanted = if multiplier <= 0.0 {
                excess > tolerance
            } else {
                multiplier >= self.prices[limit] && excess < -tolerance
            };
            if !is_wanted || self.refused[limit] || self.free.contains(&limit) {
                continue;
            }
            let range = limit * n..(limit + 1) * n;
            let length = dot(&self.normals[range.clone()], &self.images[range]);
            let gain = excess * excess / length.max(f64::MIN_POSITIVE);
            if gain > most.0 {
                most = (gain, Some(limit));
            }
        }
        most.1
    }

    /// Moves the free multipliers to where their limits are met, or until one of them comes to a bound; whether they came
    /// there.
    fn advance(&mut self, gradient: &[f64]) -> bool {
        self.place(gradient);
        let (n, p) = (self.n, self.free.len());
        self.system.clear();
        self.right.clear();
        for &a in &self.free {
            let normal = &self.normals[a * n..(a + 1) * n];
            for &b in &self.free {
                self.system
                    .push(dot(normal, &self.images[b * n..(b + 1) * n]));
            }
            self.right.push(self.excess(a).0);
        }
        (0..p).for_each(|i| self.system[i * (p + 1)] *= 1.0 + RIDGE);
        self.factor.clear();
        self.factor.resize(p * p, 0.0);
        if !cholesky::factor(p, &self.system, &mut self.factor) {
            // The last one is a sum of the others.
            let last = self.free.pop();
            last.into_iter()
                .for_each(|limit| self.refused[limit] = true);
            return true;
        }
        self.change.clear();
        self.change.extend_from_slice(&self.right);
        solve_both(p, &self.factor, &mut self.change);
        let (mut share, mut blocking) = (1.0, None);
        for (place, (&limit, &change)) in self.free.iter().zip(&self.change).enumerate() {
            let now = self.multipliers[limit];
            let room = if change < 0.0 {
                -now
            } else {
                self.prices[limit] - now
            };
            if change != 0.0 && room / change < share {
                (share, blocking) = ((room / change).max(0.0), Some(place));
            }
        }
        for (&limit, &change) in self.free.iter().zip(&self.change) {
            self.multipliers[limit] =
                (self.multipliers[limit] + share * change).clamp(0.0, self.prices[limit]);
        }
        if let Some(place) = blocking {
            let limit = self.free.remove(place);
            let is_down = self.change[place] < 0.0;
            self.multipliers[limit] = if is_down { 0.0 } else { self.prices[limit] };
        }
        if share > 0.0 {
            self.refused.fill(false);
        }
        blocking.is_none()
    }
}

pub(crate) fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// Replaces `y` by the `x` with `a aᵀ x = y`.
fn solve_both(n: usize, a: &[f64], y: &mut [f64]) {
    for i in 0..n {
        let known = dot(&a[i * n..i * n + i], &y[..i]);
        y[i] = (y[i] - known) / a[i * n + i];
    }
    for i in (0..n).rev() {
        let known: f64 = (i + 1..n).map(|k| a[k * n + i] * y[k]).sum();
        y[i] = (y[i] - known) / a[i * n + i];
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::Rng;

    struct Case {
        n: usize,
        b: Vec<f64>,
        gradient: Vec<f64>,
        limits: Vec<(Vec<f64>, f64, f64)>,
        bounds: Vec<(f64, f64)>,
    }

    fn case(rng: &mut Rng) -> Case {
        let n = 1 + rng.below(6) as usize;
        let root: Vec<f64> = (0..n * n).map(|_| rng.gaussian()).collect();
        let b = (0..n * n)
            .map(|at| {
                let (i, j) = (at / n, at % n);
                let sum = dot(&root[i * n..(i + 1) * n], &root[j * n..(j + 1) * n]);
                sum + if i == j { 0.1 } else { 0.0 }
            })
            .collect();
        let mut limits: Vec<(Vec<f64>, f64, f64)> = (0..rng.below(8))
            .map(|_| {
                let normal = (0..n).map(|_| rng.gaussian()).collect();
                let side = rng.gaussian();
                (normal, side, if rng.coin() { 3.0 } else { 50.0 })
            })
            .collect();
        if let Some(first) = limits.first().cloned() {
            // Twice the same limit.
            limits.push(first);
        }
        let gradient = (0..n).map(|_| 3.0 * rng.gaussian()).collect();
        Case {
            n,
            b,
            gradient,
            limits,
            bounds: (0..n).map(|_| (0.3 + rng.unit(), rng.unit())).collect(),
        }
    }

    fn value(case: &Case, d: &[f64]) -> f64 {
        let n = case.n;
        let is_beyond =
            |(d, bound): (&f64, &(f64, f64))| *d < -bound.0 - 1e-9 || *d > bound.1 + 1e-9;
        if d.iter().zip(&case.bounds).any(is_beyond) {
            return f64::INFINITY;
        }
        let bend: f64 = (0..n)
            .map(|i| d[i] * dot(&case.b[i * n..(i + 1) * n], d))
            .sum();
        let broken = case.limits.iter().map(|(normal, side, price)| {
            let excess = dot(normal, d) - side;
            if excess > 1e-9 { price * excess } else { 0.0 }
        });
        dot(&case.gradient, d) + 0.5 * bend + broken.sum::<f64>()
    }

    #[test]
    fn nothing_near_a_solution_is_better() {
        let mut rng = Rng::new(3);
        let mut program = Quadratic::default();
        for _ in 0..2_000 {
            let case = case(&mut rng);
            assert!(program.begin(case.n, &case.b));
            for (normal, side, price) in &case.limits {
                program.limit(normal.iter().copied(), *side, *price);
            }
            for (i, bound) in case.bounds.iter().enumerate() {
                program.bound(i, bound.0, bound.1);
            }
            program.solve(&case.gradient);
            let least = value(&case, &program.solution);
            assert!(least.is_finite(), "a bound is broken");
            for _ in 0..100 {
                let by = 10_f64.powf(-4.0 * rng.unit());
                let near: Vec<f64> = program
                    .solution
                    .iter()
                    .map(|d| d + by * rng.gaussian())
                    .collect();
                let there = value(&case, &near);
                assert!(there > least - 1e-7, "{there} < {least}");
            }
        }
    }

    #[test]
    fn what_bends_down_is_refused() {
        assert!(!Quadratic::default().begin(2, &[1.0, 0.0, 0.0, -1.0]));
    }
}
