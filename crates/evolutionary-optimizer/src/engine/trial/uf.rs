//! UF1 to UF3: Zhang, Zhou, Zhao, Suganthan, Liu & Tiwari, "Multiobjective optimization test instances for the CEC 2009
//! special session and competition" (2009).

use std::f64::consts::PI;

/// The sums of UF1 to UF3 over odd and even variables.
pub(super) fn uf(x: &[f64], f: &mut [f64], y: &dyn Fn(usize) -> f64) {
    let mut sums = [(0.0, 0.0); 2];
    for j in 2..=x.len() {
        let side = &mut sums[j % 2];
        side.0 += y(j).powi(2);
        side.1 += 1.0;
    }
    f[0] = x[0] + 2.0 / sums[1].1 * sums[1].0;
    f[1] = 1.0 - x[0].sqrt() + 2.0 / sums[0].1 * sums[0].0;
}

pub(super) fn uf1(x: &[f64], f: &mut [f64]) -> f64 {
    let n = x.len() as f64;
    uf(x, f, &|j| {
        x[j - 1] - (6.0 * PI * x[0] + j as f64 * PI / n).sin()
    });
    0.0
}

pub(super) fn uf2(x: &[f64], f: &mut [f64]) -> f64 {
    let n = x.len() as f64;
    uf(x, f, &|j| {
        let a = 0.3 * x[0] * x[0] * (24.0 * PI * x[0] + 4.0 * j as f64 * PI / n).cos() + 0.6 * x[0];
        let angle = 6.0 * PI * x[0] + j as f64 * PI / n;
        x[j - 1] - a * if j % 2 == 1 { angle.cos() } else { angle.sin() }
    });
    0.0
}

pub(super) fn uf3(x: &[f64], f: &mut [f64]) -> f64 {
    let n = x.len() as f64;
    let y = |j: usize| x[j - 1] - x[0].powf(0.5 * (1.0 + 3.0 * (j as f64 - 2.0) / (n - 2.0)));
    let mut sums = [(0.0, 1.0, 0.0); 2];
    for j in 2..=x.len() {
        let side = &mut sums[j % 2];
        side.0 += y(j).powi(2);
        side.1 *= (20.0 * y(j) * PI / (j as f64).sqrt()).cos();
        side.2 += 1.0;
    }
    let term =
        |(sum, product, count): (f64, f64, f64)| 2.0 / count * (4.0 * sum - 2.0 * product + 2.0);
    f[0] = x[0] + term(sums[1]);
    f[1] = 1.0 - x[0].sqrt() + term(sums[0]);
    0.0
}
