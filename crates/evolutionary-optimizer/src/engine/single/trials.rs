//! Functions to try methods on, and the tables of what they need.

use std::f64::consts::PI;
use std::sync::Arc;

use crate::axis::Axis;
use crate::engine::single::cma::{Cma, CmaOptions};
use crate::engine::single::shade::{Shade, ShadeOptions};
use crate::engine::{Engine, Points, Problem};
use crate::rng::Rng;
use crate::space::Parameter;

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

pub(crate) fn problem(parameters: &[Parameter], budget: Option<u64>) -> Problem {
    let axes: Arc<[Axis]> = parameters.iter().map(Axis::new).collect();
    Problem {
        axes,
        objectives: 1,
        is_constrained: false,
        budget,
        is_noisy: false,
        initial: Vec::new(),
    }
}

pub(crate) fn cube(half: f64, n: usize, budget: Option<u64>) -> Problem {
    problem(
        &vec![
            Parameter::Real {
                low: -half,
                high: half,
                log: false
            };
            n
        ],
        budget,
    )
}

/// Runs until the budget or the target; the evaluations, the best cost and the number of batches.
pub(crate) fn run(
    engine: &mut dyn Engine,
    problem: &Problem,
    budget: u64,
    target: f64,
    f: &mut dyn FnMut(&[f64]) -> (f64, f64),
) -> (u64, f64, u64) {
    let mut batch = Points::new(problem.axes.len(), 1, 100);
    let (mut spent, mut best, mut batches) = (0, f64::INFINITY, 0);
    while spent < budget {
        batch.clear();
        engine.ask(&mut batch);
        assert!(!batch.is_empty());
        batch.truncate(batch.len().min((budget - spent) as usize));
        batches += 1;
        for row in 0..batch.len() {
            let (cost, violation) = f(batch.row(row));
            batch.set(row, &[cost], violation);
            spent += 1;
            if violation <= 0.0 {
                best = best.min(cost);
            }
            if best <= target {
                return (spent, best, batches);
            }
        }
        engine.tell(&batch);
    }
    (spent, best, batches)
}

pub(crate) fn make(method: &str, problem: &Problem, seed: u64) -> Box<dyn Engine> {
    let rng = Rng::new(seed);
    match method {
        "cma" => Box::new(Cma::new(problem, &CmaOptions::default(), rng)),
        other if other.starts_with("shade:") => {
            let parts: Vec<u64> = other
                .split(':')
                .skip(1)
                .map(|p| p.parse().unwrap())
                .collect();
            let n = problem.axes.len() as u64;
            let options = ShadeOptions {
                population: Some((parts[0] * n) as usize),
                horizon: Some(parts[1] * n),
            };
            Box::new(Shade::new(problem, &options, rng))
        }
        "shade" => Box::new(Shade::new(problem, &ShadeOptions::default(), rng)),
        "random" => Box::new(Draws {
            axes: Arc::clone(&problem.axes),
            rng,
        }),
        "local" => {
            let frame = crate::engine::single::frame::Frame::new(problem);
            let n = frame.len();
            Box::new(Descents {
                frame,
                local: crate::engine::single::local::Local::new(n),
                rows: crate::engine::single::stage::Rows::new(n),
                rng,
                spent: 0,
            })
        }
        "auto" => Box::new(crate::engine::single::auto::AutoSingle::new(problem, rng)),
        other => {
            let lambda: usize = other[3..].parse().unwrap();
            let options = CmaOptions {
                population: Some(lambda),
                restarts: crate::engine::single::cma::Restarts::None,
                ..CmaOptions::default()
            };
            Box::new(Cma::new(problem, &options, rng))
        }
    }
}

/// Descents from random points.
struct Descents {
    frame: crate::engine::single::frame::Frame,
    local: crate::engine::single::local::Local,
    rows: crate::engine::single::stage::Rows,
    rng: Rng,
    spent: u64,
}

impl Engine for Descents {
    fn ask(&mut self, batch: &mut Points) {
        use crate::engine::single::stage::Stage;
        if self.local.is_over() {
            self.spent = 0;
            let mut x = vec![0.0; self.frame.len()];
            crate::engine::single::frame::draw(0.7, &mut self.rng, &mut x);
            self.local.begin(&x, f64::INFINITY, 0.05);
        }
        self.rows.clear();
        self.local.ask(&mut self.rows);
        for row in 0..self.rows.len() {
            self.frame.push(self.rows.row(row), batch);
        }
    }

    fn tell(&mut self, batch: &Points) {
        use crate::engine::single::stage::Stage;
        self.spent += batch.len() as u64;
        if batch.len() < self.rows.len() {
            return;
        }
        let costs: Vec<f64> = (0..batch.len()).map(|row| batch.cost(row)).collect();
        self.local.tell(&costs);
    }

    fn immigrate(&mut self, _: &Points) {}

    fn members(&self) -> Option<&Points> {
        None
    }
}

/// A choice of the tables: the default, unless the build was given another.
fn setting(_name: &str, default: &str) -> String {
    default.to_owned()
}

/// Points drawn uniformly.
struct Draws {
    axes: Arc<[Axis]>,
    rng: Rng,
}

impl Engine for Draws {
    fn ask(&mut self, batch: &mut Points) {
        for _ in 0..10 {
            let Self { axes, rng } = self;
            batch.push_with(axes.iter().map(|axis| axis.sample(rng)));
        }
    }

    fn tell(&mut self, _: &Points) {}

    fn immigrate(&mut self, _: &Points) {}

    fn members(&self) -> Option<&Points> {
        None
    }
}

/// The median of the best costs after few evaluations.
#[test]
#[ignore = "prints a table"]
fn short_budgets() {
    let methods = setting("METHODS", "random,shade,cma,auto");
    let n: usize = setting("N", "10").parse().unwrap();
    for budget in [100, 300, 1000, 3000] {
        println!("{budget} evaluations in {n} dimensions");
        let mut wins = vec![(0, 0.0); methods.split(',').count()];
        for (name, half, rotated) in NAMES {
            print!(
                "{:16}",
                format!("{name}{}", if rotated { "-rot" } else { "" })
            );
            let mut medians = Vec::new();
            for method in methods.split(',') {
                let best = |seed| {
                    let function = Function::new(name, half, rotated, n, seed);
                    let problem = cube(half, n, Some(budget));
                    let mut engine = make(method, &problem, seed);
                    run(&mut *engine, &problem, budget, 1e-8, &mut |x| {
                        (function.value(x), 0.0)
                    })
                    .1
                };
                let mut bests: Vec<f64> = (0..15).map(best).collect();
                bests.sort_unstable_by(f64::total_cmp);
                medians.push(bests[7].max(1e-8));
                print!(" {method} {:9.2e}", bests[7]);
            }
            println!();
            let least = medians.iter().copied().fold(f64::INFINITY, f64::min);
            for (win, median) in wins.iter_mut().zip(&medians) {
                win.0 += u32::from(*median <= least);
                win.1 += (median / least).log10() / NAMES.len() as f64;
            }
        }
        for (method, (count, lost)) in methods.split(',').zip(wins) {
            println!(
                "  {method}: best {count} times, on average {lost:.2} decades behind the best"
            );
        }
    }
}

/// A constrained problem of Koziel & Michalewicz's set: bounds, least cost, cost and violation.
type Constrained = (&'static str, Vec<(f64, f64)>, f64, fn(&[f64]) -> (f64, f64));

fn over(limits: &[f64]) -> f64 {
    limits.iter().map(|g| g.max(0.0)).sum()
}

fn constrained() -> Vec<Constrained> {
    vec![
        (
            "g01",
            [vec![(0.0, 1.0); 9], vec![(0.0, 100.0); 3], vec![(0.0, 1.0)]].concat(),
            -15.0,
            |x| {
                let f = 5.0 * x[..4].iter().sum::<f64>()
                    - 5.0 * x[..4].iter().map(|x| x * x).sum::<f64>()
                    - x[4..].iter().sum::<f64>();
                let g = [
                    2.0 * x[0] + 2.0 * x[1] + x[9] + x[10] - 10.0,
                    2.0 * x[0] + 2.0 * x[2] + x[9] + x[11] - 10.0,
                    2.0 * x[1] + 2.0 * x[2] + x[10] + x[11] - 10.0,
                    -8.0 * x[0] + x[9],
                    -8.0 * x[1] + x[10],
                    -8.0 * x[2] + x[11],
                    -2.0 * x[3] - x[4] + x[9],
                    -2.0 * x[5] - x[6] + x[10],
                    -2.0 * x[7] - x[8] + x[11],
                ];
                (f, over(&g))
            },
        ),
        (
            "g04",
            vec![
                (78.0, 102.0),
                (33.0, 45.0),
                (27.0, 45.0),
                (27.0, 45.0),
                (27.0, 45.0),
            ],
            -30_665.538_671_783,
            |x| {
                let f = 5.357_854_7 * x[2] * x[2] + 0.835_689_1 * x[0] * x[4] + 37.293_239 * x[0]
                    - 40_792.141;
                let a = 85.334_407 + 0.005_685_8 * x[1] * x[4] + 0.000_626_2 * x[0] * x[3]
                    - 0.002_205_3 * x[2] * x[4];
                let b = 80.512_49
                    + 0.007_131_7 * x[1] * x[4]
                    + 0.002_995_5 * x[0] * x[1]
                    + 0.002_181_3 * x[2] * x[2];
                let c = 9.300_961
                    + 0.004_702_6 * x[2] * x[4]
                    + 0.001_254_7 * x[0] * x[2]
                    + 0.001_908_5 * x[2] * x[3];
                (
                    f,
                    over(&[a - 92.0, -a, b - 110.0, 90.0 - b, c - 25.0, 20.0 - c]),
                )
            },
        ),
        (
            "g06",
            vec![(13.0, 100.0), (0.0, 100.0)],
            -6_961.813_875_58,
            |x| {
                let f = (x[0] - 10.0).powi(3) + (x[1] - 20.0).powi(3);
                let g = [
                    100.0 - (x[0] - 5.0).powi(2) - (x[1] - 5.0).powi(2),
                    (x[0] - 6.0).powi(2) + (x[1] - 5.0).powi(2) - 82.81,
                ];
                (f, over(&g))
            },
        ),
        ("g07", vec![(-10.0, 10.0); 10], 24.306_209_068, |x| {
            let f = x[0] * x[0] + x[1] * x[1] + x[0] * x[1] - 14.0 * x[0] - 16.0 * x[1]
                + (x[2] - 10.0).powi(2)
                + 4.0 * (x[3] - 5.0).powi(2)
                + (x[4] - 3.0).powi(2)
                + 2.0 * (x[5] - 1.0).powi(2)
                + 5.0 * x[6] * x[6]
                + 7.0 * (x[7] - 11.0).powi(2)
                + 2.0 * (x[8] - 10.0).powi(2)
                + (x[9] - 7.0).powi(2)
                + 45.0;
            let g = [
                -105.0 + 4.0 * x[0] + 5.0 * x[1] - 3.0 * x[6] + 9.0 * x[7],
                10.0 * x[0] - 8.0 * x[1] - 17.0 * x[6] + 2.0 * x[7],
                -8.0 * x[0] + 2.0 * x[1] + 5.0 * x[8] - 2.0 * x[9] - 12.0,
                3.0 * (x[0] - 2.0).powi(2) + 4.0 * (x[1] - 3.0).powi(2) + 2.0 * x[2] * x[2]
                    - 7.0 * x[3]
                    - 120.0,
                5.0 * x[0] * x[0] + 8.0 * x[1] + (x[2] - 6.0).powi(2) - 2.0 * x[3] - 40.0,
                x[0] * x[0] + 2.0 * (x[1] - 2.0).powi(2) - 2.0 * x[0] * x[1] + 14.0 * x[4]
                    - 6.0 * x[5],
                0.5 * (x[0] - 8.0).powi(2) + 2.0 * (x[1] - 4.0).powi(2) + 3.0 * x[4] * x[4]
                    - x[5]
                    - 30.0,
                -3.0 * x[0] + 6.0 * x[1] + 12.0 * (x[8] - 8.0).powi(2) - 7.0 * x[9],
            ];
            (f, over(&g))
        }),
        ("g09", vec![(-10.0, 10.0); 7], 680.630_057_374, |x| {
            let f = (x[0] - 10.0).powi(2)
                + 5.0 * (x[1] - 12.0).powi(2)
                + x[2].powi(4)
                + 3.0 * (x[3] - 11.0).powi(2)
                + 10.0 * x[4].powi(6)
                + 7.0 * x[5] * x[5]
                + x[6].powi(4)
                - 4.0 * x[5] * x[6]
                - 10.0 * x[5]
                - 8.0 * x[6];
            let g = [
                -127.0
                    + 2.0 * x[0] * x[0]
                    + 3.0 * x[1].powi(4)
                    + x[2]
                    + 4.0 * x[3] * x[3]
                    + 5.0 * x[4],
                -282.0 + 7.0 * x[0] + 3.0 * x[1] + 10.0 * x[2] * x[2] + x[3] - x[4],
                -196.0 + 23.0 * x[0] + x[1] * x[1] + 6.0 * x[5] * x[5] - 8.0 * x[6],
                4.0 * x[0] * x[0] + x[1] * x[1] - 3.0 * x[0] * x[1]
                    + 2.0 * x[2] * x[2]
                    + 5.0 * x[5]
                    - 11.0 * x[6],
            ];
            (f, over(&g))
        }),
        (
            "g10",
            [
                vec![(100.0, 10_000.0)],
                vec![(1_000.0, 10_000.0); 2],
                vec![(10.0, 1_000.0); 5],
            ]
            .concat(),
            7_049.248_020_53,
            |x| {
                let g = [
                    -1.0 + 0.0025 * (x[3] + x[5]),
                    -1.0 + 0.0025 * (x[4] + x[6] - x[3]),
                    -1.0 + 0.01 * (x[7] - x[4]),
                    (-x[0] * x[5] + 833.332_52 * x[3] + 100.0 * x[0] - 83_333.333) * 1e-6,
                    (-x[1] * x[6] + 1_250.0 * x[4] + x[1] * x[3] - 1_250.0 * x[3]) * 1e-6,
                    (-x[2] * x[7] + 1_250_000.0 + x[2] * x[4] - 2_500.0 * x[4]) * 1e-6,
                ];
                (x[0] + x[1] + x[2], over(&g))
            },
        ),
        ("sphere", vec![(-5.0, 5.0); 10], 10.0, |x| {
            (
                x.iter().map(|x| x * x).sum(),
                (10.0 - x.iter().sum::<f64>()).max(0.0),
            )
        }),
    ]
}

/// How near to the least cost of constrained problems.
#[test]
#[ignore = "prints a table"]
fn constraints() {
    let methods = setting("METHODS", "shade,cma,auto");
    for (name, bounds, least, f) in constrained() {
        print!("{name:8}");
        for budget in [5_000, 20_000, 100_000] {
            for method in methods.split(',') {
                let gap = |seed| {
                    let space: Vec<Parameter> = bounds
                        .iter()
                        .map(|&(low, high)| Parameter::Real {
                            low,
                            high,
                            log: false,
                        })
                        .collect();
                    let mut problem = problem(&space, Some(budget));
                    problem.is_constrained = true;
                    let mut engine = make(method, &problem, seed);
                    (run(&mut *engine, &problem, budget, least + 1e-9, &mut |x| f(x)).1 - least)
                        / least.abs()
                };
                let mut gaps: Vec<f64> = (0..11).map(gap).collect();
                gaps.sort_unstable_by(f64::total_cmp);
                print!(" {method} {:8.1e} {:8.1e}", gaps[5], gaps[10]);
            }
            print!(" |");
        }
        println!();
    }
}

/// A function of numbers and choices: the first half of the axes are real.
fn mixed_cost(kind: &str, x: &[f64], shift: &[f64]) -> f64 {
    let n = x.len();
    let z: Vec<f64> = (0..n).map(|i| x[i] - shift[i]).collect();
    match kind {
        "spheres" | "integers" => z.iter().map(|z| z * z).sum(),
        "ellipsoid" => z
            .iter()
            .enumerate()
            .map(|(i, z)| 1e3_f64.powf(i as f64 / (n as f64 - 1.0)) * z * z)
            .sum(),
        "rotated" => {
            let sum: f64 = z.iter().sum();
            z.iter().map(|z| z * z).sum::<f64>() + sum * sum
        }
        "rosenbrock" => z
            .windows(2)
            .map(|w| 10.0 * ((w[1] + 1.0) - (w[0] + 1.0).powi(2)).powi(2) + w[0] * w[0])
            .sum(),
        "rastrigin" => z
            .iter()
            .enumerate()
            .map(|(i, z)| {
                z * z
                    + if i < n / 2 {
                        10.0 - 10.0 * (2.0 * PI * z).cos()
                    } else {
                        0.0
                    }
            })
            .sum(),
        "leading" => n as f64 - x.iter().take_while(|x| **x > 0.5).count() as f64,
        "choices" => {
            let wrong = |i: usize| f64::from(u8::from(z[i] != 0.0));
            (0..n)
                .map(|i| {
                    if i < n / 3 {
                        z[i] * z[i] * (1.0 + wrong(n - 1 - i))
                    } else {
                        wrong(i)
                    }
                })
                .sum()
        }
        "coupled" => {
            // Each choice needs its own place of a number.
            (0..n / 2)
                .map(|i| {
                    (x[i] - 0.8 * (x[n / 2 + i] - 2.0)).powi(2)
                        + 0.2 * (x[n / 2 + i] - shift[n / 2 + i]).abs().min(1.0)
                })
                .sum()
        }
        other => panic!("{other}"),
    }
}

/// How many seeds find the optimum of mixed problems, and their mean evaluations.
#[test]
#[ignore = "prints a table"]
fn mixed() {
    let methods = setting("METHODS", "shade,cma,auto");
    let kinds = [
        "spheres",
        "ellipsoid",
        "rotated",
        "rosenbrock",
        "rastrigin",
        "integers",
        "leading",
        "choices",
        "coupled",
    ];
    for kind in kinds {
        for n in [6, 12] {
            print!("{kind:10} {n:2}");
            for method in methods.split(',') {
                let budget = 30_000;
                let (mut total, mut found) = (0, 0);
                for seed in 0..15 {
                    let mut rng = Rng::new(99 + seed);
                    let space: Vec<Parameter> = (0..n)
                        .map(|i| match kind {
                            "integers" => Parameter::Integer {
                                low: -50,
                                high: 50,
                                log: false,
                            },
                            "leading" => Parameter::Boolean,
                            "choices" if i >= n / 3 => Parameter::Categorical { choices: 6 },
                            "coupled" if i >= n / 2 => Parameter::Categorical { choices: 5 },
                            _ if i < n / 2 => Parameter::Real {
                                low: -5.0,
                                high: 5.0,
                                log: false,
                            },
                            _ => Parameter::Integer {
                                low: -10,
                                high: 10,
                                log: false,
                            },
                        })
                        .collect();
                    let problem = problem(&space, Some(budget));
                    let shift: Vec<f64> = problem
                        .axes
                        .iter()
                        .map(|axis| axis.at_unit(0.15 + 0.7 * rng.unit()))
                        .collect();
                    let mut engine = make(method, &problem, seed);
                    let (spent, best, _) = run(&mut *engine, &problem, budget, 1e-6, &mut |x| {
                        (mixed_cost(kind, x, &shift), 0.0)
                    });
                    total += spent;
                    found += u64::from(best <= 1e-6);
                }
                print!(
                    " | {method} {:7} ({found:2}/15)",
                    total.checked_div(found).unwrap_or(0)
                );
            }
            println!();
        }
    }
}

/// What is asked for functions with noise: the median of true costs, of the best tenth of a run.
#[test]
#[ignore = "prints a table"]
fn noise() {
    let methods = setting("METHODS", "shade,cma,auto");
    for (name, half, rotated, level) in [
        ("sphere", 5.0, false, 0.1),
        ("sphere", 5.0, false, 10.0),
        ("ellipsoid", 5.0, true, 10.0),
        ("rosenbrock", 5.0, false, 1.0),
        ("rastrigin", 5.12, true, 1.0),
    ] {
        print!("{name:12} {level:5}");
        for budget in [1_000, 10_000, 50_000] {
            for method in methods.split(',') {
                let last = |seed| {
                    let function = Function::new(name, half, rotated, 10, seed);
                    let mut problem = cube(half, 10, Some(budget));
                    problem.is_noisy = true;
                    let mut engine = make(method, &problem, seed);
                    let (mut rng, mut all) = (Rng::new(seed), Vec::new());
                    run(
                        &mut *engine,
                        &problem,
                        budget,
                        f64::NEG_INFINITY,
                        &mut |x| {
                            all.push(function.value(x));
                            (all[all.len() - 1] + level * rng.gaussian(), 0.0)
                        },
                    );
                    let tenth = all.len() / 10;
                    let median = |part: &mut [f64]| {
                        part.sort_unstable_by(f64::total_cmp);
                        part[part.len() / 2]
                    };
                    all.chunks_mut(tenth)
                        .map(median)
                        .fold(f64::INFINITY, f64::min)
                };
                let mut lasts: Vec<f64> = (0..11).map(last).collect();
                lasts.sort_unstable_by(f64::total_cmp);
                print!(" {method} {:8.1e}", lasts[5]);
            }
            print!(" |");
        }
        println!();
    }
}

#[test]
#[ignore = "prints a table"]
fn table() {
    let methods = setting("METHODS", "cma,shade");
    let n: usize = setting("N", "10").parse().unwrap();
    let budget: u64 = setting("BUDGET", "200000").parse().unwrap();
    let seeds: u64 = setting("SEEDS", "11").parse().unwrap();
    let only = setting("ONLY", "");
    let mut logs = vec![0.0; methods.split(',').count()];
    let mut functions = 0;
    for (name, half, rotated) in NAMES {
        let label = format!("{name}{}", if rotated { "-rot" } else { "" });
        if !only.is_empty() && !only.split(',').any(|o| o == label) {
            continue;
        }
        print!("{label:16}");
        functions += 1;
        for (index, method) in methods.split(',').enumerate() {
            let mut counts = Vec::new();
            let (mut total, mut rounds, mut bests) = (0, 0, Vec::new());
            let start = std::time::Instant::now();
            for seed in 0..seeds {
                let function = Function::new(name, half, rotated, n, seed);
                let problem = cube(half, n, Some(budget));
                let mut engine = make(method, &problem, seed);
                let (spent, best, batches) = run(&mut *engine, &problem, budget, 1e-8, &mut |x| {
                    (function.value(x), 0.0)
                });
                total += spent;
                rounds += batches;
                bests.push(best);
                if best <= 1e-8 {
                    counts.push(spent);
                }
            }
            counts.sort_unstable();
            bests.sort_unstable_by(f64::total_cmp);
            let ert = if counts.is_empty() {
                f64::INFINITY
            } else {
                total as f64 / counts.len() as f64
            };
            // Where no run succeeds, ten times what all spent.
            logs[index] += if ert.is_finite() {
                ert
            } else {
                10.0 * total as f64
            }
            .ln();
            print!(
                " | {method:6} ert {ert:8.0} ({:2}/{seeds}) min {:6} max {:6} f {:8.1e} rounds {:5} {:5.2}s",
                counts.len(),
                counts.first().copied().unwrap_or(0),
                counts.last().copied().unwrap_or(0),
                bests[bests.len() / 2],
                rounds / seeds,
                start.elapsed().as_secs_f64()
            );
        }
        println!();
    }
    for (method, log) in methods.split(',').zip(logs) {
        println!(
            "geometric mean of {method}: {:.0}",
            (log / f64::from(functions)).exp()
        );
    }
}
