//! Questions about a function that a few rows answer.

use crate::engine::single::frame::draw;
use crate::engine::single::stage::Rows;
use crate::rng::Rng;

/// The rows that [`is_sum`] needs: a point, the point with all coordinates moved, and twice the point with some of them
/// moved and with the others.
pub(crate) fn ask_sum(point: &[f64], rng: &mut Rng, rows: &mut Rows) {
    let n = point.len();
    let away = |&x: &f64| {
        let by = 0.1 + 0.2 * rng.unit();
        if x > 0.5 { x - by } else { x + by }
    };
    let moved: Vec<f64> = point.iter().map(away).collect();
    rows.push(point);
    rows.push(&moved);
    for _ in 0..2 {
        let (mut some, mut others) = (point.to_vec(), moved.clone());
        // Neither may be all or none of the coordinates.
        let always = rng.below(n as u64) as usize;
        for i in 0..n {
            if i == always || (i + 1) % n != always && rng.coin() {
                (some[i], others[i]) = (moved[i], point[i]);
            }
        }
        rows.push(&some);
        rows.push(&others);
    }
}

/// Whether the function is a sum over its coordinates: then what two groups of them change adds up, to the rounding. That
/// it does so by chance, for two splits into groups, is as good as impossible.
pub(crate) fn is_sum(costs: &[f64]) -> bool {
    let scale = costs
        .iter()
        .fold(0.0, |scale: f64, cost| scale.max(cost.abs()));
    let adds_up =
        |some: f64, others: f64| (costs[0] + costs[1] - some - others).abs() <= 1e-12 * scale;
    scale.is_finite() && adds_up(costs[2], costs[3]) && adds_up(costs[4], costs[5])
}

/// How many random points coordinates are compared from: enough for twenty comparisons.
fn contexts(n: usize) -> usize {
    20_usize.div_ceil(n)
}

/// The rows that [`has_order`] needs: from random points each coordinate of this one, and from this one each of theirs.
pub(crate) fn ask_order(point: &[f64], rng: &mut Rng, rows: &mut Rows) {
    let n = point.len();
    let mut context = vec![0.0; n];
    for _ in 0..contexts(n) {
        draw(1.0, rng, &mut context);
        rows.push(&context);
        for i in 0..n {
            rows.push_placed(&context, i, point[i]);
            rows.push_placed(point, i, context[i]);
        }
    }
}

/// Whether a place on an axis is nearly always better than another whatever the other coordinates are: then a sweep along
/// the axes finds what a sum's would. `cost` is that of the point.
pub(crate) fn has_order(n: usize, cost: f64, costs: &[f64]) -> bool {
    let agreed = |costs: &[f64]| {
        let agrees = |i: &usize| (costs[1 + 2 * i] < costs[0]) == (cost < costs[2 + 2 * i]);
        (0..n).filter(agrees).count()
    };
    let agreed: usize = costs.chunks(2 * n + 1).map(agreed).sum();
    10 * agreed >= 8 * n * contexts(n)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answers(f: impl Fn(&[f64]) -> f64, seed: u64) -> (bool, bool) {
        let point = [0.3, 0.7, 0.52, 0.41, 0.66];
        let mut rng = Rng::new(seed);
        let ask =
            |rows: &Rows| -> Vec<f64> { (0..rows.len()).map(|row| f(rows.row(row))).collect() };
        let mut rows = Rows::new(5);
        ask_sum(&point, &mut rng, &mut rows);
        let sum = is_sum(&ask(&rows));
        rows.clear();
        ask_order(&point, &mut rng, &mut rows);
        (sum, has_order(5, f(&point), &ask(&rows)))
    }

    #[test]
    fn sums_and_orders_are_told_from_what_is_coupled() {
        let sum = |x: &[f64]| x.iter().map(|x| (x - 0.37) * (x - 0.37)).sum::<f64>();
        let pairs = |x: &[f64]| {
            x.windows(2)
                .map(|w| (w[0] + w[1] - 1.0) * (w[0] + w[1] - 1.0))
                .sum::<f64>()
        };
        for seed in 0..50 {
            assert_eq!(answers(sum, seed), (true, true));
            assert_eq!(answers(|x| sum(x).sqrt(), seed), (false, true));
            assert!(!answers(|x| 100.0 * pairs(x), seed).0);
        }
        let coupled = (0..50).filter(|&seed| answers(pairs, seed).1).count();
        assert!(coupled < 10, "{coupled}");
    }
}
