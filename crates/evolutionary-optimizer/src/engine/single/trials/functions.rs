//! Functions without constraints.

use std::f64::consts::PI;

use crate::rng::Rng;

/// A function of which the optimum, 0, is at a random place, rotated or not.
pub(crate) struct Function {
    name: &'static str,
    half: f64,
    shift: Vec<f64>,
    rotation: Option<Vec<f64>>,
}

/// Names with half of the width of the box.
pub(crate) const NAMES: [(&str, f64, bool); 24] = [
    ("sphere", 5.0, false),
    ("ellipsoid", 5.0, true),
    ("rosenbrock", 5.0, false),
    ("rosenbrock", 5.0, true),
    ("ackley", 32.768, false),
    ("rastrigin", 5.12, false),
    ("rastrigin", 5.12, true),
    ("schwefel", 500.0, false),
    ("ellipsoid", 5.0, false),
    ("discus", 5.0, true),
    ("cigar", 5.0, true),
    ("powers", 5.0, true),
    ("ackley", 32.768, true),
    ("griewank", 600.0, true),
    ("styblinski", 5.0, false),
    ("levy", 10.0, true),
    ("weierstrass", 0.5, true),
    ("step", 5.0, true),
    ("gallagher", 5.0, true),
    ("bueche", 5.0, false),
    ("sharp", 5.0, true),
    ("schaffer", 100.0, true),
    ("schwefel", 500.0, true),
    ("abs", 5.0, false),
];

impl Function {
    pub(crate) fn new(name: &'static str, half: f64, rotated: bool, n: usize, seed: u64) -> Self {
        let mut rng = Rng::new(1000 + seed);
        let share = if name == "schwefel" { 0.0 } else { 0.7 };
        let shift = (0..n)
            .map(|_| share * half * (2.0 * rng.unit() - 1.0))
            .collect();
        let rotation = rotated.then(|| rotation(n, &mut rng));
        Self {
            name,
            half,
            shift,
            rotation,
        }
    }

    fn transform(&self, x: &[f64]) -> Vec<f64> {
        let n = x.len();
        let d: Vec<f64> = x.iter().zip(&self.shift).map(|(x, s)| x - s).collect();
        match &self.rotation {
            Some(r) => (0..n)
                .map(|i| (0..n).map(|j| r[i * n + j] * d[j]).sum())
                .collect(),
            None => d,
        }
    }

    pub(crate) fn value(&self, x: &[f64]) -> f64 {
        let z = self.transform(x);
        let n = z.len() as f64;
        let scale = |i: usize, p: f64| {
            p.powf(if z.len() < 2 {
                0.0
            } else {
                i as f64 / (n - 1.0)
            })
        };
        let sum = |f: &dyn Fn(usize, f64) -> f64| {
            z.iter().enumerate().map(|(i, &z)| f(i, z)).sum::<f64>()
        };
        match self.name {
            "sphere" => sum(&|_, z| z * z),
            "ellipsoid" => sum(&|i, z| scale(i, 1e6) * z * z),
            "discus" => sum(&|i, z| if i == 0 { 1e6 * z * z } else { z * z }),
            "cigar" => sum(&|i, z| if i == 0 { z * z } else { 1e6 * z * z }),
            "powers" => {
                sum(&|i, z| z.abs().powf(2.0 + 4.0 * (i as f64 / (n - 1.0).max(1.0)))).sqrt()
            }
            "sharp" => z[0] * z[0] + 100.0 * z[1..].iter().map(|z| z * z).sum::<f64>().sqrt(),
            "abs" => sum(&|i, z| scale(i, 100.0) * z.abs()),
            "rosenbrock" => {
                let v: Vec<f64> = z.iter().map(|z| z + 1.0).collect();
                v.windows(2)
                    .map(|w| 100.0 * (w[1] - w[0] * w[0]).powi(2) + (1.0 - w[0]).powi(2))
                    .sum()
            }
            "ackley" => {
                -20.0 * (-0.2 * (sum(&|_, z| z * z) / n).sqrt()).exp()
                    - (sum(&|_, z| (2.0 * PI * z).cos()) / n).exp()
                    + 20.0
                    + 1f64.exp()
            }
            "rastrigin" => sum(&|_, z| z * z + 10.0 - 10.0 * (2.0 * PI * z).cos()),
            "bueche" => {
                let f = |i: usize, z: f64| {
                    let s = scale(i, 10.0f64.sqrt())
                        * if z > 0.0 && i.is_multiple_of(2) {
                            10.0
                        } else {
                            1.0
                        };
                    s * z
                };
                sum(&|i, z| f(i, z).powi(2) + 10.0 - 10.0 * (2.0 * PI * f(i, z)).cos())
            }
            "schwefel" => {
                let f = |z: f64| {
                    let over = (z.abs() - 500.0).max(0.0);
                    z.clamp(-500.0, 500.0) * z.abs().min(500.0).sqrt().sin() - over * over * 0.01
                };
                let at = 420.968_746_359_982_f64;
                // A rotation about the optimum.
                if let Some(r) = &self.rotation {
                    let c: Vec<f64> = x.iter().map(|x| x - at * 0.7).collect();
                    let k = c.len();
                    let v = (0..k).map(|i| (0..k).map(|j| r[i * k + j] * c[j]).sum::<f64>() + at);
                    return v.map(|v| at * at.sqrt().sin() - f(v)).sum();
                }
                sum(&|_, z| at * at.sqrt().sin() - f(z))
            }
            "griewank" => {
                1.0 + sum(&|_, z| z * z) / 4000.0
                    - z.iter()
                        .enumerate()
                        .map(|(i, z)| (z / (i as f64 + 1.0).sqrt()).cos())
                        .product::<f64>()
            }
            "styblinski" => sum(&|_, z| {
                let v = z - 2.903_534_027_771_177;
                0.5 * (v.powi(4) - 16.0 * v * v + 5.0 * v) + 39.166_165_703_771_42
            }),
            "levy" => {
                let w: Vec<f64> = z.iter().map(|z| 1.0 + z / 4.0).collect();
                let last = w[w.len() - 1];
                (PI * w[0]).sin().powi(2)
                    + w[..w.len() - 1]
                        .iter()
                        .map(|w| (w - 1.0).powi(2) * (1.0 + 10.0 * (PI * w + 1.0).sin().powi(2)))
                        .sum::<f64>()
                    + (last - 1.0).powi(2) * (1.0 + (2.0 * PI * last).sin().powi(2))
            }
            "weierstrass" => {
                let w = |z: f64| {
                    (0..12)
                        .map(|k| 0.5f64.powi(k) * (2.0 * PI * 3.0f64.powi(k) * (z + 0.5)).cos())
                        .sum::<f64>()
                };
                let f0 = w(0.0);
                10.0 * (sum(&|_, z| w(z) - f0) / n).powi(3) + sum(&|_, z| z * z) / n
            }
            "step" => {
                let step = |z: f64| {
                    if z.abs() > 0.5 {
                        (z + 0.5).floor()
                    } else {
                        (10.0 * z + 0.5).floor() / 10.0
                    }
                };
                sum(&|i, z| scale(i, 100.0) * step(z).powi(2))
            }
            "gallagher" => {
                let mut rng = Rng::new(77 + self.shift[0].to_bits() % 1000);
                let peak = |height: f64, rng: &mut Rng, first: bool| {
                    let mut s = 0.0;
                    for (i, z) in z.iter().enumerate() {
                        let at = if first {
                            0.0
                        } else {
                            self.half * 0.9 * (2.0 * rng.unit() - 1.0)
                        };
                        s += scale(i, 10.0) * (z - at).powi(2);
                    }
                    height * (-s / (2.0 * n)).exp()
                };
                let top = peak(10.0, &mut rng, true);
                let best = (0..30)
                    .map(|k| peak(1.1 + 8.0 * f64::from(k) / 29.0, &mut rng, false))
                    .fold(top, f64::max);
                (10.0 - best).powi(2)
            }
            "schaffer" => {
                let pair = |a: f64, b: f64| (a * a + b * b).sqrt();
                let s: f64 = z
                    .windows(2)
                    .map(|w| {
                        let s = pair(w[0], w[1]);
                        s.sqrt() * (1.0 + (50.0 * s.powf(0.2)).sin().powi(2))
                    })
                    .sum();
                (s / (n - 1.0).max(1.0)).powi(2)
            }
            other => panic!("{other}"),
        }
    }
}

fn rotation(n: usize, rng: &mut Rng) -> Vec<f64> {
    let mut r: Vec<f64> = (0..n * n).map(|_| rng.gaussian()).collect();
    for i in 0..n {
        for j in 0..i {
            let dot: f64 = (0..n).map(|k| r[i * n + k] * r[j * n + k]).sum();
            (0..n).for_each(|k| r[i * n + k] -= dot * r[j * n + k]);
        }
        let length = (0..n).map(|k| r[i * n + k].powi(2)).sum::<f64>().sqrt();
        (0..n).for_each(|k| r[i * n + k] /= length);
    }
    r
}
