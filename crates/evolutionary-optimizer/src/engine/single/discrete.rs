//! What CMA-ES needs where coordinates are not real numbers.

use crate::elementary::{normal_above, normal_below};
use crate::engine::single::frame::{Frame, is_discrete, share};
use crate::engine::single::gaussian::Gaussian;
use crate::rng::Rng;

/// Which coordinates of a frame the normal distribution draws, and how they become coordinates of the cube.
///
/// A discrete coordinate would freeze as soon as the step is shorter than the share of a value. So its probability of
/// another value is kept above a margin by moving its mean and widening its distribution (Hamano, Saito, Nomura &
/// Shirakawa, "CMA-ES with margin", 2022).
#[derive(Clone, Debug)]
pub(crate) struct Numbers {
    /// The coordinates of the frame.
    pub(crate) coordinates: Vec<usize>,
    discrete: Vec<bool>,
    /// How much wider than the normal distribution a coordinate is drawn.
    widths: Vec<f64>,
}

impl Numbers {
    /// All coordinates but those that [`Choices`] takes.
    pub(crate) fn new(frame: &Frame) -> Self {
        let coordinates: Vec<usize> = (0..frame.len()).filter(|&i| !is_choice(frame, i)).collect();
        let discrete: Vec<bool> = coordinates
            .iter()
            .map(|&i| is_discrete(frame.axis(i)))
            .collect();
        Self {
            widths: vec![1.0; coordinates.len()],
            discrete,
            coordinates,
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.coordinates.len()
    }

    /// Whether the coordinate has a finite number of values.
    pub(crate) fn is_discrete(&self, index: usize) -> bool {
        self.discrete[index]
    }

    pub(crate) fn reset(&mut self) {
        self.widths.fill(1.0);
    }

    /// Writes a sample as coordinates of the frame, put onto the bounds where it is beyond them: returns the sum of the
    /// squares of these distances, in standard deviations.
    pub(crate) fn decode(&self, gaussian: &Gaussian, sample: usize, units: &mut [f64]) -> f64 {
        let point = gaussian.point(sample);
        let mut outside = 0.0;
        for (index, &i) in self.coordinates.iter().enumerate() {
            let x = if self.discrete[index] {
                let mean = gaussian.mean[index];
                mean + self.widths[index] * (point[index] - mean)
            } else {
                point[index]
            };
            units[i] = x.clamp(0.0, 1.0);
            if x != units[i] && !self.discrete[index] {
                let distance = (x - units[i]) / gaussian.deviation(index);
                outside += distance * distance;
            }
        }
        outside
    }

    /// Keeps the probability of another value at `alpha` at least, for each discrete coordinate.
    pub(crate) fn keep_alive(&mut self, frame: &Frame, gaussian: &mut Gaussian, alpha: f64) {
        for (index, &i) in self.coordinates.iter().enumerate() {
            if self.discrete[index] {
                let mean = gaussian.mean[index].clamp(0.0, 1.0);
                let bounds = share(frame.axis(i), mean);
                let deviation = gaussian.deviation(index);
                (gaussian.mean[index], self.widths[index]) =
                    widen(mean, self.widths[index], deviation, bounds, alpha);
            }
        }
    }
}

/// The mean and the width that leave `alpha` for values other than that of the share `bounds`.
fn widen(mean: f64, width: f64, deviation: f64, bounds: (f64, f64), alpha: f64) -> (f64, f64) {
    const EDGE: f64 = 1e-9;
    let (low, high) = bounds;
    let reach = normal_above(alpha.min(0.5)) * width * deviation;
    if low <= EDGE * (high - low) {
        return (mean.max(high - reach), width);
    }
    if high >= 1.0 - EDGE * (high - low) {
        return (mean.min(low + reach), width);
    }
    let below = normal_below((low - mean) / (width * deviation));
    let above = normal_below((mean - high) / (width * deviation));
    if below.min(above) >= 0.5 * alpha {
        return (mean, width);
    }
    // What the sides get more is taken from all three in proportion to what they have above the least.
    let within = 1.0 - below - above;
    let (low_side, high_side) = (below.max(0.5 * alpha), above.max(0.5 * alpha));
    let excess = 1.0 - low_side - high_side - within;
    let scale = excess / (low_side + high_side + within - 1.5 * alpha);
    let quantile =
        |side: f64| normal_above((side + scale * (side - 0.5 * alpha)).clamp(0.25 * alpha, 0.5));
    let (to_low, to_high) = (quantile(low_side), quantile(high_side));
    let sum = (to_low + to_high).max(1e-9);
    let mean = (low * to_high + high * to_low) / sum;
    (mean, (high - low) / (deviation * sum))
}

fn is_choice(frame: &Frame, coordinate: usize) -> bool {
    let axis = frame.axis(coordinate);
    !axis.is_numeric() && axis.choices() > 2
}

/// Independent distributions of the choices without an order, with a floor under each probability: the natural gradient
/// of the expected rank moves them towards the choices of good samples (Hamano et al., "CatCMA", 2024).
#[derive(Clone, Debug)]
pub(crate) struct Choices {
    pub(crate) coordinates: Vec<usize>,
    /// Where the probabilities of each coordinate begin; one more than there are coordinates.
    starts: Vec<usize>,
    probabilities: Vec<f64>,
    /// The choices of each sample.
    drawn: Vec<usize>,
}

impl Choices {
    pub(crate) fn new(frame: &Frame) -> Self {
        let coordinates: Vec<usize> = (0..frame.len()).filter(|&i| is_choice(frame, i)).collect();
        let mut starts = vec![0];
        let mut end = 0;
        for &i in &coordinates {
            end += frame.axis(i).choices();
            starts.push(end);
        }
        let mut choices = Self {
            coordinates,
            starts,
            probabilities: vec![0.0; end],
            drawn: Vec::new(),
        };
        choices.reset();
        choices
    }

    pub(crate) fn reset(&mut self) {
        for pair in self.starts.windows(2) {
            self.probabilities[pair[0]..pair[1]].fill(1.0 / (pair[1] - pair[0]) as f64);
        }
    }

    /// Draws the choices of `lambda` samples.
    pub(crate) fn sample(&mut self, lambda: usize, rng: &mut Rng) {
        self.drawn.clear();
        for _ in 0..lambda {
            for pair in self.starts.windows(2) {
                let shares = &self.probabilities[pair[0]..pair[1]];
                let mut draw = rng.unit();
                let choice = shares.iter().position(|share| {
                    draw -= share;
                    draw < 0.0
                });
                self.drawn.push(choice.unwrap_or(shares.len() - 1));
            }
        }
    }

    /// Writes the choices of a sample as coordinates of the frame: the middles of their shares.
    pub(crate) fn decode(&self, sample: usize, units: &mut [f64]) {
        let count = self.coordinates.len();
        let drawn = &self.drawn[sample * count..][..count];
        for ((&i, &choice), pair) in self
            .coordinates
            .iter()
            .zip(drawn)
            .zip(self.starts.windows(2))
        {
            units[i] = (choice as f64 + 0.5) / (pair[1] - pair[0]) as f64;
        }
    }

    /// Replaces the choices of a sample by those of the coordinates.
    pub(crate) fn inject(&mut self, sample: usize, units: &[f64]) {
        let count = self.coordinates.len();
        for (index, &i) in self.coordinates.iter().enumerate() {
            let choices = self.starts[index + 1] - self.starts[index];
            let choice = (units[i] * choices as f64) as usize;
            self.drawn[sample * count + index] = choice.min(choices - 1);
        }
    }

    /// Learns from a generation; `weights` are those of ranks, of which the positive ones count.
    pub(crate) fn update(&mut self, order: &[usize], weights: &[f64], rate: f64, alpha: f64) {
        let count = self.coordinates.len();
        for (index, pair) in self.starts.windows(2).enumerate() {
            let shares = &mut self.probabilities[pair[0]..pair[1]];
            shares.iter_mut().for_each(|share| *share *= 1.0 - rate);
            for (&sample, &weight) in order.iter().zip(weights).take_while(|(_, w)| **w > 0.0) {
                shares[self.drawn[sample * count + index]] += rate * weight;
            }
            let floor = alpha / (shares.len() - 1) as f64;
            shares
                .iter_mut()
                .for_each(|share| *share = share.max(floor));
            let sum: f64 = shares.iter().sum();
            // The surplus comes from what lies above the floor, so that no share falls below it.
            let scale = (sum - 1.0) / (sum - floor * shares.len() as f64).max(1e-300);
            shares
                .iter_mut()
                .for_each(|share| *share -= scale * (*share - floor));
        }
    }

    /// Whether every coordinate nearly always draws the same choice.
    pub(crate) fn is_settled(&self, alpha: f64) -> bool {
        self.starts.windows(2).all(|pair| {
            let shares = &self.probabilities[pair[0]..pair[1]];
            shares.iter().any(|&share| share >= 1.0 - 2.0 * alpha)
        })
    }

    /// The number of parameters that are learnt.
    pub(crate) fn freedom(&self) -> usize {
        self.probabilities.len() - self.coordinates.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tails(mean: f64, deviation: f64, (low, high): (f64, f64)) -> (f64, f64) {
        (
            normal_below((low - mean) / deviation),
            normal_below((mean - high) / deviation),
        )
    }

    #[test]
    fn the_margin_keeps_other_values_likely() {
        let mut rng = Rng::new(1);
        let alpha = 0.01;
        for _ in 0..2000 {
            let mean = 0.3 + 0.1 * rng.unit();
            let deviation = crate::elementary::exp(-12.0 * rng.unit());
            let (moved, width) = widen(mean, 1.0, deviation, (0.3, 0.4), alpha);
            assert!((0.3..=0.4).contains(&moved));
            let (below, above) = tails(moved, width * deviation, (0.3, 0.4));
            assert!(
                below + above >= 0.999 * alpha && below.min(above) >= 0.49 * alpha,
                "{below} {above}"
            );
        }
        for (bounds, mean) in [((0.0, 0.5), 0.1), ((0.5, 1.0), 0.9)] {
            let (moved, width) = widen(mean, 1.0, 1e-3, bounds, alpha);
            let (below, above) = tails(moved, width * 1e-3, bounds);
            let other = if bounds.0 == 0.0 { above } else { below };
            assert!((other / alpha - 1.0).abs() < 1e-3, "{other}");
        }
    }

    #[test]
    fn a_wide_distribution_is_left_alone() {
        assert_eq!(widen(0.33, 1.0, 0.2, (0.3, 0.4), 0.01), (0.33, 1.0));
    }
}
