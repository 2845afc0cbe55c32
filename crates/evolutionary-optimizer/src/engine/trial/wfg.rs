//! Huband, Hingston, Barone & While, "A review of multiobjective test problems and a scalable test problem toolkit" (2006).

use std::f64::consts::PI;

/// Shapes of WFG: concave in all objectives, scaled 2, 4, 6…
pub(super) fn wfg_concave(t: &[f64], distance: f64, f: &mut [f64]) {
    let m = f.len();
    for (i, f) in f.iter_mut().enumerate() {
        let mut h = 1.0;
        for t in &t[..m - 1 - i] {
            h *= (t * PI / 2.0).sin();
        }
        if i > 0 {
            h *= (t[m - 1 - i] * PI / 2.0).cos();
        }
        *f = distance + 2.0 * (i + 1) as f64 * h;
    }
}

pub(super) fn s_multi(y: f64, a: f64, b: f64, c: f64) -> f64 {
    let u = (y - c).abs() / (2.0 * ((c - y).floor() + c));
    (1.0 + ((4.0 * a + 2.0) * PI * (0.5 - u)).cos() + 4.0 * b * u * u) / (b + 2.0)
}

pub(super) fn means(t: &[f64], k: usize, m: usize) -> (Vec<f64>, f64) {
    let gap = k / (m - 1);
    let mean = |t: &[f64]| t.iter().sum::<f64>() / t.len() as f64;
    (
        (0..m - 1)
            .map(|i| mean(&t[i * gap..(i + 1) * gap]))
            .collect(),
        mean(&t[k..]),
    )
}

pub(super) fn wfg4(x: &[f64], f: &mut [f64]) -> f64 {
    let t: Vec<f64> = x.iter().map(|&x| s_multi(x, 30.0, 10.0, 0.35)).collect();
    let (position, distance) = means(&t, 4, f.len());
    wfg_concave(&position, distance, f);
    0.0
}

/// WFG1 without its dissimilar weights: bias, a flat region, and a mixed front.
pub(super) fn wfg1(x: &[f64], f: &mut [f64]) -> f64 {
    let (m, k) = (f.len(), 4);
    let mut t = x.to_vec();
    for t in &mut t[k..] {
        *t = (*t - 0.35).abs() / ((0.35 - *t).floor() + 0.35).abs();
        let (a, b, c) = (0.8, 0.75, 0.85);
        let low: f64 = (*t - b).floor().min(0.0) * a * (b - *t) / b;
        let up = (c - *t).floor().min(0.0) * (1.0 - a) * (*t - c) / (1.0 - c);
        *t = (a + low - up).clamp(0.0, 1.0);
    }
    for t in &mut t {
        *t = t.powf(0.02);
    }
    let gap = k / (m - 1);
    let mean = |from: usize, to: usize| {
        let weights = (from..to).map(|i| 2.0 * (i + 1) as f64);
        weights
            .clone()
            .zip(&t[from..to])
            .map(|(w, t)| w * t)
            .sum::<f64>()
            / weights.sum::<f64>()
    };
    let position: Vec<f64> = (0..m - 1).map(|i| mean(i * gap, (i + 1) * gap)).collect();
    let distance = mean(k, x.len());
    for (i, f) in f.iter_mut().enumerate() {
        let mut h = 1.0;
        for t in &position[..m - 1 - i] {
            h *= 1.0 - (t * PI / 2.0).cos();
        }
        if i > 0 {
            h *= 1.0 - (position[m - 1 - i] * PI / 2.0).sin();
        }
        if i + 1 == m {
            let t = position[0];
            h = 1.0 - t - (2.0 * 5.0 * PI * t + PI / 2.0).cos() / (2.0 * 5.0 * PI);
        }
        *f = distance + 2.0 * (i + 1) as f64 * h;
    }
    0.0
}

pub(super) fn wfg9(x: &[f64], f: &mut [f64]) -> f64 {
    let (k, n) = (4, x.len());
    let mut t = x.to_vec();
    for i in 0..n - 1 {
        let u = x[i + 1..].iter().sum::<f64>() / (n - i - 1) as f64;
        let (a, b, c) = (0.98 / 49.98, 0.02, 50.0);
        let v = a - (1.0 - 2.0 * u) * ((0.5 - u).floor() + a).abs();
        t[i] = x[i].powf(b + (c - b) * v);
    }
    for t in &mut t[..k] {
        let (a, b, c) = (0.35, 0.001, 0.05);
        let low = (*t - a + b).floor() * (1.0 - c + (a - b) / b) / (a - b);
        let up = (a + b - *t).floor() * (1.0 - c + (1.0 - a - b) / b) / (1.0 - a - b);
        *t = 1.0 + ((*t - a).abs() - b) * (low + up + 1.0 / b);
    }
    for t in &mut t[k..] {
        *t = s_multi(*t, 30.0, 95.0, 0.35);
    }
    let nonsep = |t: &[f64], a: usize| {
        let count = t.len();
        let mut sum = 0.0;
        for j in 0..count {
            sum += t[j];
            for l in 0..a - 1 {
                sum += (t[j] - t[(j + l + 1) % count]).abs();
            }
        }
        let half = (a as f64 / 2.0).ceil();
        sum / (count as f64 / a as f64 * half * (1.0 + 2.0 * a as f64 - 2.0 * half))
    };
    let gap = k / (f.len() - 1);
    let position: Vec<f64> = (0..f.len() - 1)
        .map(|i| nonsep(&t[i * gap..(i + 1) * gap], gap))
        .collect();
    wfg_concave(&position, nonsep(&t[k..], n - k), f);
    0.0
}
