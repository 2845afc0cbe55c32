//! Deb, Thiele, Laumanns & Zitzler, "Scalable test problems for evolutionary multiobjective optimization" (2005).

use std::f64::consts::PI;

/// Costs of a spherical front at a distance.
pub(super) fn sphere(x: &[f64], g: f64, power: f64, f: &mut [f64]) {
    let m = f.len();
    for (i, f) in f.iter_mut().enumerate() {
        *f = 1.0 + g;
        for x in &x[..m - 1 - i] {
            *f *= (x.powf(power) * PI / 2.0).cos();
        }
        if i > 0 {
            *f *= (x[m - 1 - i].powf(power) * PI / 2.0).sin();
        }
    }
}

pub(super) fn dtlz2(x: &[f64], f: &mut [f64]) -> f64 {
    let g = x[f.len() - 1..].iter().map(|x| (x - 0.5).powi(2)).sum();
    sphere(x, g, 1.0, f);
    0.0
}

pub(super) fn dtlz3(x: &[f64], f: &mut [f64]) -> f64 {
    sphere(x, rastrigin(&x[f.len() - 1..]), 1.0, f);
    0.0
}

pub(super) fn dtlz4(x: &[f64], f: &mut [f64]) -> f64 {
    let g = x[f.len() - 1..].iter().map(|x| (x - 0.5).powi(2)).sum();
    sphere(x, g, 100.0, f);
    0.0
}

pub(super) fn rastrigin(x: &[f64]) -> f64 {
    100.0
        * (x.len() as f64
            + x.iter()
                .map(|x| (x - 0.5).powi(2) - (20.0 * PI * (x - 0.5)).cos())
                .sum::<f64>())
}

pub(super) fn dtlz1(x: &[f64], f: &mut [f64]) -> f64 {
    let m = f.len();
    let g = rastrigin(&x[m - 1..]);
    for (i, f) in f.iter_mut().enumerate() {
        *f = 0.5 * (1.0 + g) * x[..m - 1 - i].iter().product::<f64>();
        if i > 0 {
            *f *= 1.0 - x[m - 1 - i];
        }
    }
    0.0
}

pub(super) fn dtlz7(x: &[f64], f: &mut [f64]) -> f64 {
    let m = f.len();
    let rest = &x[m - 1..];
    let g = 1.0 + 9.0 * rest.iter().sum::<f64>() / rest.len() as f64;
    f[..m - 1].copy_from_slice(&x[..m - 1]);
    let h = f[..m - 1]
        .iter()
        .map(|f| f / (1.0 + g) * (1.0 + (3.0 * PI * f).sin()))
        .sum::<f64>();
    f[m - 1] = (1.0 + g) * (m as f64 - h);
    0.0
}
