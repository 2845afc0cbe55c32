//! Zitzler, Deb & Thiele, "Comparison of multiobjective evolutionary algorithms: empirical results" (2000).

use std::f64::consts::PI;

use super::Function;

pub(super) fn zdt_g(x: &[f64]) -> f64 {
    1.0 + 9.0 * x[1..].iter().sum::<f64>() / (x.len() - 1) as f64
}

pub(super) fn zdt1(x: &[f64], f: &mut [f64]) -> f64 {
    let g = zdt_g(x);
    f[0] = x[0];
    f[1] = g * (1.0 - (x[0] / g).sqrt());
    0.0
}

pub(super) fn zdt2(x: &[f64], f: &mut [f64]) -> f64 {
    let g = zdt_g(x);
    f[0] = x[0];
    f[1] = g * (1.0 - (x[0] / g).powi(2));
    0.0
}

pub(super) fn zdt3(x: &[f64], f: &mut [f64]) -> f64 {
    let g = zdt_g(x);
    let r = x[0] / g;
    f[0] = x[0];
    f[1] = g * (1.0 - r.sqrt() - r * (10.0 * PI * x[0]).sin());
    0.0
}

pub(super) fn zdt4(x: &[f64], f: &mut [f64]) -> f64 {
    let g = 1.0
        + 10.0 * (x.len() - 1) as f64
        + x[1..]
            .iter()
            .map(|x| x * x - 10.0 * (4.0 * PI * x).cos())
            .sum::<f64>();
    f[0] = x[0];
    f[1] = g * (1.0 - (x[0] / g).sqrt());
    0.0
}

pub(super) fn zdt6(x: &[f64], f: &mut [f64]) -> f64 {
    let g = 1.0 + 9.0 * (x[1..].iter().sum::<f64>() / (x.len() - 1) as f64).powf(0.25);
    f[0] = 1.0 - (-4.0 * x[0]).exp() * (6.0 * PI * x[0]).sin().powi(6);
    f[1] = g * (1.0 - (f[0] / g).powi(2));
    0.0
}

/// Moves the optimum of the distance variables off the bound: each has a place of its own.
pub(super) fn moved(x: &[f64], low: f64, high: f64, function: Function, f: &mut [f64]) -> f64 {
    let mut y = x.to_vec();
    for (i, y) in y.iter_mut().enumerate().skip(1) {
        let at = 0.2 + 0.6 * ((i * 7 % 10) as f64 / 10.0);
        let unit = (*y - low) / (high - low);
        *y = if low < 0.0 {
            (unit - at) * (high - low) * 0.8
        } else {
            (unit - at).abs()
        };
    }
    function(&y, f)
}

pub(super) fn zdt1_moved(x: &[f64], f: &mut [f64]) -> f64 {
    moved(x, 0.0, 1.0, zdt1, f)
}

pub(super) fn zdt4_moved(x: &[f64], f: &mut [f64]) -> f64 {
    // The first variable keeps its place.
    moved(x, -5.0, 5.0, zdt4, f)
}

pub(super) fn zdt6_moved(x: &[f64], f: &mut [f64]) -> f64 {
    moved(x, 0.0, 1.0, zdt6, f)
}
