//! Whether held-out traces show a gain.

use serde::Serialize;

/// Fewest pairs that an interval is given for.
const FEWEST: usize = 3;
/// How sure the interval is.
pub(super) const CONFIDENCE: f64 = 0.95;

/// Quantiles of Student's t for 97.5 %, by degrees of freedom from 1; beyond, those of the last are on the safe side.
const T: [f64; 30] = [
    12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.160,
    2.145, 2.131, 2.120, 2.110, 2.101, 2.093, 2.086, 2.080, 2.074, 2.069, 2.064, 2.060, 2.056,
    2.052, 2.048, 2.045, 2.042,
];

/// How the same traces fare after and before.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Ratio {
    /// After over before, of each trace that had anything before.
    pub each: Vec<f64>,
    /// Their geometric mean; none if there are no pairs, or one fell to nothing.
    pub mean: Option<f64>,
    /// Where it lies with 95 % confidence, by Student's t on logarithms; none of fewer than three pairs.
    pub interval: Option<(f64, f64)>,
}

impl Ratio {
    /// Of pairs, in their order.
    pub(super) fn of(after: &[f64], before: &[f64]) -> Self {
        let pairs = after.iter().zip(before).filter(|it| *it.1 > 0.0);
        let each: Vec<f64> = pairs.map(|(after, before)| after / before).collect();
        let logs: Vec<f64> = each.iter().map(|it| it.ln()).collect();
        let count = logs.len();
        let mean = logs.iter().sum::<f64>() / count as f64;
        let is_sound = count > 0 && mean.is_finite();
        let interval = (is_sound && count >= FEWEST).then(|| {
            let squares: f64 = logs.iter().map(|it| (it - mean) * (it - mean)).sum();
            let error = (squares / (count - 1) as f64 / count as f64).sqrt();
            let reach = T[(count - 2).min(T.len() - 1)] * error;
            ((mean - reach).exp(), (mean + reach).exp())
        });
        Self {
            mean: is_sound.then(|| mean.exp()),
            each,
            interval,
        }
    }
}

/// What may be claimed of a proposal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Verdict {
    /// Nothing is to be changed.
    Unchanged,
    /// The held-out traces take less time, or fewer tokens, with 95 % confidence, and not more of the other.
    Gain,
    /// They do not show it.
    NoGain,
    /// There are too few for an interval.
    TooFew,
    /// None is held out.
    NotHeldOut,
}

impl Verdict {
    /// Of a proposal that changes something. Tokens are those of all held-out traces, after and before.
    pub(super) fn of(time: &Ratio, tokens: &Ratio, sums: (f64, f64)) -> Self {
        let Some((low, high)) = time.interval else {
            return match time.each.is_empty() {
                true => Self::NotHeldOut,
                false => Self::TooFew,
            };
        };
        let is_faster = high < 1.0 && sums.0 <= sums.1;
        let is_cheaper = sums.0 < sums.1 && tokens.interval.is_some_and(|it| it.1 < 1.0);
        match is_faster || (is_cheaper && low <= 1.0) {
            true => Self::Gain,
            false => Self::NoGain,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn intervals_are_those_of_student() {
        // ln 0.5, ln 0.25, ln 1: mean ln 0.5, deviation ln 2, error ln 2 / sqrt 3, t 4.303.
        let ratio = Ratio::of(&[5.0, 2.0, 3.0], &[10.0, 8.0, 3.0]);
        assert_eq!(ratio.each, [0.5, 0.25, 1.0]);
        assert!((ratio.mean.expect("three") - 0.5).abs() < 1e-12);
        let (low, high) = ratio.interval.expect("three");
        let reach = (4.303 * std::f64::consts::LN_2 / 3f64.sqrt()).exp();
        assert!((low - 0.5 / reach).abs() < 1e-9 && (high - 0.5 * reach).abs() < 1e-9);
        assert_eq!(Ratio::of(&[1.0, 1.0], &[2.0, 2.0]).interval, None);
        assert_eq!(Ratio::of(&[], &[]).mean, None);
        assert_eq!(Ratio::of(&[0.0; 3], &[1.0; 3]).interval, None);
    }

    #[test]
    fn a_gain_is_claimed_only_where_it_is_shown() {
        let same = Ratio::of(&[1.0; 4], &[1.0; 4]);
        let check = |after: &[f64], tokens: &Ratio, sums, expect| {
            let before = vec![1.0; after.len()];
            assert_eq!(
                Verdict::of(&Ratio::of(after, &before), tokens, sums),
                expect
            );
        };
        check(&[0.8, 0.81, 0.79, 0.8], &same, (4.0, 4.0), Verdict::Gain);
        check(&[0.8, 0.81, 0.79, 0.8], &same, (5.0, 4.0), Verdict::NoGain);
        check(&[0.5, 1.3, 0.9, 1.1], &same, (4.0, 4.0), Verdict::NoGain);
        check(&[1.0; 4], &same, (4.0, 4.0), Verdict::NoGain);
        check(&[0.5, 0.5], &same, (4.0, 4.0), Verdict::TooFew);
        check(&[], &same, (4.0, 4.0), Verdict::NotHeldOut);
        let fewer = Ratio::of(&[0.5; 4], &[1.0; 4]);
        check(&[1.0; 4], &fewer, (2.0, 4.0), Verdict::Gain);
        check(&[1.1, 1.1, 1.1, 1.1], &fewer, (2.0, 4.0), Verdict::NoGain);
    }
}
