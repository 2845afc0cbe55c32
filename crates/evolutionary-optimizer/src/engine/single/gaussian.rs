//! The normal distribution that CMA-ES searches with, and its adaptation.
//!
//! Source: Hansen, "The CMA evolution strategy: a tutorial" (2016), with negative weights. Instead of the symmetric root of
//! the covariance matrix this takes its triangular one, as Krause, Arbonès & Igel, "CMA-ES with optimal covariance update
//! and storage complexity" (2016), do: it costs a thirtieth, so that it can be made anew in every generation.

use crate::elementary::ln;
use crate::engine::single::cholesky;
use crate::rng::Rng;

/// A distribution N(mean, step² C) with all that a generation needs.
#[derive(Clone, Debug)]
pub(crate) struct Gaussian {
    n: usize,
    lambda: usize,
    rates: Rates,
    pub(crate) mean: Vec<f64>,
    pub(crate) step: f64,
    /// The covariance matrix: its lower triangle, by rows.
    pub(crate) covariance: Vec<f64>,
    root: Vec<f64>,
    path_covariance: Vec<f64>,
    path_step: Vec<f64>,
    /// (1 − c_σ)^(2 g) for generation g.
    path_bias: f64,
    /// For each sample its draws from N(0, I), its steps from N(0, C), and its points.
    z: Vec<f64>,
    y: Vec<f64>,
    x: Vec<f64>,
    mean_z: Vec<f64>,
    mean_y: Vec<f64>,
}

/// Weights and learning rates; they depend on the dimension and the number of samples only.
#[derive(Clone, Debug)]
struct Rates {
    /// For each rank; the positive ones sum to 1.
    weights: Vec<f64>,
    mu_eff: f64,
    c_step: f64,
    damping: f64,
    c_path: f64,
    c_one: f64,
    c_mu: f64,
    /// The expected length of a draw from N(0, I).
    chi: f64,
}

impl Rates {
    fn new(dimensions: usize, lambda: usize) -> Self {
        let n = dimensions.max(1) as f64;
        let half = ln((lambda as f64 + 1.0) / 2.0);
        let mut weights: Vec<f64> = (1..=lambda).map(|i| half - ln(i as f64)).collect();
        let (positive, negative) = weights.split_at(lambda / 2);
        let effective = |w: &[f64]| {
            let (sum, squares) = (w.iter().sum::<f64>(), w.iter().map(|w| w * w).sum::<f64>());
            sum * sum / squares.max(f64::MIN_POSITIVE)
        };
        let (mu_eff, mu_eff_negative) = (effective(positive), effective(negative));
        let c_one = 2.0 / ((n + 1.3) * (n + 1.3) + mu_eff);
        let c_mu = (2.0 * (0.25 + mu_eff - 2.0 + 1.0 / mu_eff) / ((n + 2.0) * (n + 2.0) + mu_eff))
            .min(1.0 - c_one);
        let greatest = (1.0 + c_one / c_mu)
            .min(1.0 + 2.0 * mu_eff_negative / (mu_eff + 2.0))
            .min((1.0 - c_one - c_mu) / (n * c_mu));
        let sum = |w: &[f64]| w.iter().filter(|w| **w > 0.0).sum::<f64>();
        let positive = sum(&weights);
        let negative = positive - weights.iter().sum::<f64>();
        for weight in &mut weights {
            *weight *= if *weight > 0.0 {
                1.0 / positive
            } else {
                greatest / negative
            };
        }
        let c_step = (mu_eff + 2.0) / (n + mu_eff + 5.0);
        Self {
            weights,
            mu_eff,
            c_step,
            damping: 1.0 + 2.0 * (((mu_eff - 1.0) / (n + 1.0)).sqrt() - 1.0).max(0.0) + c_step,
            c_path: (4.0 + mu_eff / n) / (n + 4.0 + 2.0 * mu_eff / n),
            c_one,
            c_mu,
            chi: n.sqrt() * (1.0 - 1.0 / (4.0 * n) + 1.0 / (21.0 * n * n)),
        }
    }
}

/// The number of samples that suits a dimension: 4 + 3 ln n.
pub(crate) fn samples(dimensions: usize) -> usize {
    4 + (3.0 * ln(dimensions.max(1) as f64)) as usize
}

impl Gaussian {
    /// `lambda` is at least 4.
    pub(crate) fn new(mean: &[f64], step: f64, lambda: usize) -> Self {
        let n = mean.len();
        let mut identity = vec![0.0; n * n];
        (0..n).for_each(|i| identity[i * n + i] = 1.0);
        Self {
            n,
            lambda,
            rates: Rates::new(n, lambda),
            mean: mean.to_vec(),
            step,
            root: identity.clone(),
            covariance: identity,
            path_covariance: vec![0.0; n],
            path_step: vec![0.0; n],
            path_bias: 1.0,
            z: vec![0.0; lambda * n],
            y: vec![0.0; lambda * n],
            x: vec![0.0; lambda * n],
            mean_z: vec![0.0; n],
            mean_y: vec![0.0; n],
        }
    }

    pub(crate) fn lambda(&self) -> usize {
        self.lambda
    }

    pub(crate) fn weights(&self) -> &[f64] {
        &self.rates.weights
    }

    pub(crate) fn mu_eff(&self) -> f64 {
        self.rates.mu_eff
    }

    /// A sample of this generation.
    #[inline]
    pub(crate) fn point(&self, sample: usize) -> &[f64] {
        &self.x[sample * self.n..][..self.n]
    }

    /// The standard deviation along a coordinate.
    #[inline]
    pub(crate) fn deviation(&self, coordinate: usize) -> f64 {
        self.step * self.covariance[coordinate * (self.n + 1)].sqrt()
    }

    /// A lower bound of the ratio of the longest to the shortest axis, squared.
    pub(crate) fn condition(&self) -> f64 {
        let diagonal = || self.root.iter().step_by(self.n + 1);
        let longest = diagonal().fold(0.0, |a: f64, &b| a.max(b));
        let shortest = diagonal().fold(f64::INFINITY, |a: f64, &b| a.min(b));
        (longest / shortest) * (longest / shortest)
    }

    /// Draws all samples of a generation.
    pub(crate) fn sample(&mut self, rng: &mut Rng) {
        self.z.iter_mut().for_each(|z| *z = rng.gaussian());
        for k in 0..self.lambda {
            let rows = k * self.n..(k + 1) * self.n;
            let y = &mut self.y[rows.clone()];
            cholesky::multiply(self.n, &self.root, &self.z[rows.clone()], y);
            for ((x, y), mean) in self.x[rows].iter_mut().zip(y).zip(&self.mean) {
                *x = mean + self.step * *y;
            }
        }
    }

    /// Replaces a sample by one from elsewhere, brought as near as samples usually are (Hansen, "Injecting external
    /// solutions into CMA-ES", 2011).
    pub(crate) fn inject(&mut self, sample: usize, point: &[f64]) {
        let n = self.n as f64;
        let rows = sample * self.n..(sample + 1) * self.n;
        let (y, z) = (&mut self.y[rows.clone()], &mut self.z[rows.clone()]);
        for ((y, x), mean) in y.iter_mut().zip(point).zip(&self.mean) {
            *y = (x - mean) / self.step;
        }
        cholesky::solve(self.n, &self.root, y, z);
        let length = z.iter().map(|z| z * z).sum::<f64>().sqrt();
        let scale = ((n.sqrt() + 2.0 * n / (n + 2.0)) / length.max(1e-300)).min(1.0);
        z.iter_mut().for_each(|z| *z *= scale);
        y.iter_mut().for_each(|y| *y *= scale);
        for ((x, y), mean) in self.x[rows].iter_mut().zip(y).zip(&self.mean) {
            *x = mean + self.step * *y;
        }
    }

    /// Learns from a generation; `order` has its samples from best to worst. `false` when the distribution has
    /// degenerated and the run must end.
    pub(crate) fn update(&mut self, order: &[usize]) -> bool {
        self.recombine(order);
        let is_short = self.lengthen_paths();
        self.learn_covariance(order, is_short);
        let rates = &self.rates;
        let length = norm(&self.path_step);
        let change = rates.c_step / rates.damping * (length / rates.chi - 1.0);
        self.step *= crate::elementary::exp(change.clamp(-1.0, 1.0));
        self.step.is_normal()
            && self.mean.iter().all(|x| x.is_finite())
            && cholesky::factor(self.n, &self.covariance, &mut self.root)
    }

    fn recombine(&mut self, order: &[usize]) {
        let n = self.n;
        self.mean_z.fill(0.0);
        self.mean_y.fill(0.0);
        for (&weight, &k) in self.rates.weights.iter().zip(order) {
            if weight <= 0.0 {
                break;
            }
            for i in 0..n {
                self.mean_z[i] += weight * self.z[k * n + i];
                self.mean_y[i] += weight * self.y[k * n + i];
            }
        }
        for (mean, y) in self.mean.iter_mut().zip(&self.mean_y) {
            *mean += self.step * y;
        }
    }

    /// Whether the path of the step is no longer than chance makes it; else the covariance must not learn from it.
    fn lengthen_paths(&mut self) -> bool {
        let rates = &self.rates;
        let (keep, gain) = (
            1.0 - rates.c_step,
            (rates.c_step * (2.0 - rates.c_step) * rates.mu_eff).sqrt(),
        );
        for (path, z) in self.path_step.iter_mut().zip(&self.mean_z) {
            *path = keep * *path + gain * z;
        }
        self.path_bias *= keep * keep;
        let usual = (1.4 + 2.0 / (self.n as f64 + 1.0)) * rates.chi;
        let is_short = norm(&self.path_step) / (1.0 - self.path_bias).sqrt() < usual;
        let (keep, gain) = (
            1.0 - rates.c_path,
            (rates.c_path * (2.0 - rates.c_path) * rates.mu_eff).sqrt(),
        );
        let gain = if is_short { gain } else { 0.0 };
        for (path, y) in self.path_covariance.iter_mut().zip(&self.mean_y) {
            *path = keep * *path + gain * y;
        }
        is_short
    }

    fn learn_covariance(&mut self, order: &[usize], is_short: bool) {
        let (n, rates) = (self.n, &self.rates);
        let lost = if is_short {
            0.0
        } else {
            rates.c_one * rates.c_path * (2.0 - rates.c_path)
        };
        let sum: f64 = rates.weights.iter().sum();
        let keep = 1.0 + lost - rates.c_one - rates.c_mu * sum;
        for i in 0..n {
            for j in 0..=i {
                let path = self.path_covariance[i] * self.path_covariance[j];
                let c = &mut self.covariance[i * n + j];
                *c = keep * *c + rates.c_one * path;
            }
        }
        for (&weight, &k) in rates.weights.iter().zip(order) {
            let (y, z) = (&self.y[k * n..][..n], &self.z[k * n..][..n]);
            let mut weight = rates.c_mu * weight;
            if weight < 0.0 {
                // A long step down would make the matrix indefinite.
                weight *= n as f64 / z.iter().map(|z| z * z).sum::<f64>().max(1e-300);
            }
            for i in 0..n {
                let scaled = weight * y[i];
                for (c, y) in self.covariance[i * n..=i * n + i].iter_mut().zip(y) {
                    *c += scaled * y;
                }
            }
        }
    }
}

fn norm(vector: &[f64]) -> f64 {
    vector.iter().map(|x| x * x).sum::<f64>().sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ranked(gaussian: &Gaussian, f: impl Fn(&[f64]) -> f64) -> Vec<usize> {
        let mut order: Vec<usize> = (0..gaussian.lambda()).collect();
        order.sort_by(|&a, &b| f(gaussian.point(a)).total_cmp(&f(gaussian.point(b))));
        order
    }

    #[test]
    fn weights_have_the_sums_that_the_tutorial_gives() {
        for (n, lambda) in [(1, 4), (2, 6), (10, 10), (10, 200), (40, 15)] {
            let rates = Rates::new(n, lambda);
            let positive: f64 = rates.weights.iter().filter(|w| **w > 0.0).sum();
            assert!((positive - 1.0).abs() < 1e-12);
            assert!(
                rates.weights.is_sorted_by(|a, b| a > b),
                "better ranks weigh more"
            );
            assert!(rates.c_one > 0.0 && rates.c_mu > 0.0 && rates.c_one + rates.c_mu <= 1.0);
            // Negative weights must not take all that the covariance has.
            let negative = positive - rates.weights.iter().sum::<f64>();
            assert!(rates.c_mu * n as f64 * negative <= 1.0 - rates.c_one - rates.c_mu + 1e-12);
        }
    }

    #[test]
    fn the_mean_is_the_weighted_mean_of_the_best() {
        let mut rng = Rng::new(3);
        let mut gaussian = Gaussian::new(&[0.4, 0.5, 0.6], 0.1, 8);
        for _ in 0..20 {
            gaussian.sample(&mut rng);
            let order = ranked(&gaussian, |x| x.iter().map(|x| x * x).sum());
            let expect: Vec<f64> = (0..3)
                .map(|i| {
                    (0..4)
                        .map(|rank| gaussian.weights()[rank] * gaussian.point(order[rank])[i])
                        .sum()
                })
                .collect();
            assert!(gaussian.update(&order));
            let near = gaussian
                .mean
                .iter()
                .zip(&expect)
                .all(|(a, b)| (a - b).abs() < 1e-12);
            assert!(near, "{:?} {expect:?}", gaussian.mean);
        }
    }

    #[test]
    fn the_covariance_takes_the_shape_of_the_valley() {
        let mut rng = Rng::new(4);
        let mut gaussian = Gaussian::new(&[0.4, 0.6], 0.3, 12);
        for _ in 0..120 {
            gaussian.sample(&mut rng);
            let order = ranked(&gaussian, |x| {
                let (along, across) = (x[0] + x[1], x[0] - x[1]);
                along * along + 1e4 * across * across
            });
            assert!(gaussian.update(&order));
        }
        let c = &gaussian.covariance;
        let (along, across) = (c[0] + 2.0 * c[2] + c[3], c[0] - 2.0 * c[2] + c[3]);
        let ratio = (along / across).sqrt();
        assert!((30.0..300.0).contains(&ratio), "{ratio}");
    }

    #[test]
    fn what_is_injected_is_brought_near() {
        let mut rng = Rng::new(5);
        let mut gaussian = Gaussian::new(&[0.5; 4], 0.01, 8);
        gaussian.sample(&mut rng);
        gaussian.inject(2, &[0.501, 0.5, 0.5, 0.5]);
        assert!(
            (gaussian.point(2)[0] - 0.501).abs() < 1e-12,
            "near enough as it is"
        );
        gaussian.inject(3, &[0.9; 4]);
        assert!(gaussian.point(3)[0] > 0.5 && gaussian.point(3)[0] < 0.55);
    }
}
