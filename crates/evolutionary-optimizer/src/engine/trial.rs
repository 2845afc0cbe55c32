//! Test problems with several objectives, and a driver that runs an engine on them as the optimizer does.
//!
//! Sources: Zitzler, Deb & Thiele (2000) for ZDT; Deb, Thiele, Laumanns & Zitzler (2005) for DTLZ; Huband, Hingston,
//! Barone & While (2006) for WFG; Zhang, Zhou, Zhao, Suganthan, Liu & Tiwari (2009) for UF.

use std::f64::consts::PI;

use super::{Engine, Points, Problem};
use crate::axis::Axis;
use crate::front::{Archive, Sorter, Volume};
use crate::rng::Rng;
use crate::space::Parameter;

/// What is minimised: genes in, costs out; returns the violation.
type Function = fn(&[f64], &mut [f64]) -> f64;

#[derive(Clone)]
pub(crate) struct Case {
    pub(crate) name: &'static str,
    parameters: Vec<Parameter>,
    pub(crate) objectives: usize,
    function: Function,
    is_constrained: bool,
    /// Rows of costs, a fine sample of the true front, and where there is a formula its exact volume.
    front: Vec<f64>,
    low: Vec<f64>,
    high: Vec<f64>,
    volume: f64,
}

fn real(low: f64, high: f64) -> Parameter {
    Parameter::Real {
        low,
        high,
        log: false,
    }
}

impl Case {
    fn new(
        name: &'static str,
        parameters: Vec<Parameter>,
        objectives: usize,
        function: Function,
        front: Vec<f64>,
    ) -> Self {
        let mut case = Self {
            name,
            parameters,
            objectives,
            function,
            is_constrained: false,
            front,
            low: Vec::new(),
            high: Vec::new(),
            volume: 1.0,
        };
        let mut ranks = Vec::new();
        if objectives == 2 && case.front.len() > 4 {
            Sorter::default().sort(&case.front, objectives, &mut ranks);
            let rows = case.front.chunks(objectives).zip(&ranks);
            case.front = rows
                .filter(|(_, rank)| **rank == 0)
                .flat_map(|(row, _)| row.to_vec())
                .collect();
        }
        for objective in 0..objectives {
            let column = || {
                case.front
                    .iter()
                    .skip(objective)
                    .step_by(objectives)
                    .copied()
            };
            let low = column().fold(f64::INFINITY, f64::min);
            let high = column().fold(f64::NEG_INFINITY, f64::max);
            case.low.push(low);
            case.high.push(high);
        }
        case.volume = case.volume_of(&case.front);
        case
    }

    pub(crate) fn problem(&self, budget: u64) -> Problem {
        Problem {
            axes: self.parameters.iter().map(Axis::new).collect(),
            objectives: self.objectives,
            is_constrained: self.is_constrained,
            budget: Some(budget),
            is_noisy: false,
            initial: Vec::new(),
        }
    }

    fn volume_of(&self, costs: &[f64]) -> f64 {
        let scaled: Vec<f64> = costs
            .chunks(self.objectives)
            .flat_map(|row| {
                row.iter()
                    .enumerate()
                    .map(|(i, cost)| (cost - self.low[i]) / (self.high[i] - self.low[i]))
                    .collect::<Vec<_>>()
            })
            .collect();
        Volume::default().of(&scaled, &vec![1.1; self.objectives])
    }

    /// The volume of some costs over that of the true front.
    pub(crate) fn ratio(&self, costs: &[f64]) -> f64 {
        self.volume_of(costs) / self.volume
    }
}

/// The volumes over the true one, of the population and of 100 rows of the archive; and nanoseconds per evaluation besides
/// the function's own.
pub(crate) struct Trial {
    pub(crate) population: f64,
    pub(crate) archive: f64,
    pub(crate) cost: f64,
}

pub(crate) fn run(
    case: &Case,
    budget: u64,
    make: &dyn Fn(&Problem, Rng) -> Box<dyn Engine>,
    seed: u64,
) -> Trial {
    let problem = case.problem(budget);
    let mut engine = make(&problem, Rng::new(seed));
    let mut archive = Archive::new(problem.axes.len(), case.objectives, 100);
    let mut batch = Points::new(problem.axes.len(), case.objectives, 100);
    let mut costs = vec![0.0; case.objectives];
    let (mut left, mut own) = (budget, 0);
    let start = std::time::Instant::now();
    while left > 0 {
        batch.clear();
        engine.ask(&mut batch);
        batch.truncate(batch.len().min(left as usize));
        let begin = std::time::Instant::now();
        for row in 0..batch.len() {
            let violation = (case.function)(batch.row(row), &mut costs);
            batch.set(row, &costs, violation);
        }
        own += begin.elapsed().as_nanos();
        left -= batch.len() as u64;
        engine.tell(&batch);
        archive.insert(&batch);
    }
    let chosen = archive.select(100);
    let cost = (start.elapsed().as_nanos() - own) as f64 / budget as f64;
    let feasible = |points: &Points| -> Vec<f64> {
        (0..points.len())
            .filter(|&row| points.violation(row) == 0.0)
            .flat_map(|row| points.costs(row).to_vec())
            .collect()
    };
    Trial {
        population: engine
            .members()
            .map_or(0.0, |members| case.ratio(&feasible(members))),
        archive: case.ratio(&feasible(&chosen)),
        cost,
    }
}

fn zdt_g(x: &[f64]) -> f64 {
    1.0 + 9.0 * x[1..].iter().sum::<f64>() / (x.len() - 1) as f64
}

fn zdt1(x: &[f64], f: &mut [f64]) -> f64 {
    let g = zdt_g(x);
    f[0] = x[0];
    f[1] = g * (1.0 - (x[0] / g).sqrt());
    0.0
}

fn zdt2(x: &[f64], f: &mut [f64]) -> f64 {
    let g = zdt_g(x);
    f[0] = x[0];
    f[1] = g * (1.0 - (x[0] / g).powi(2));
    0.0
}

fn zdt3(x: &[f64], f: &mut [f64]) -> f64 {
    let g = zdt_g(x);
    let r = x[0] / g;
    f[0] = x[0];
    f[1] = g * (1.0 - r.sqrt() - r * (10.0 * PI * x[0]).sin());
    0.0
}

fn zdt4(x: &[f64], f: &mut [f64]) -> f64 {
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

fn zdt6(x: &[f64], f: &mut [f64]) -> f64 {
    let g = 1.0 + 9.0 * (x[1..].iter().sum::<f64>() / (x.len() - 1) as f64).powf(0.25);
    f[0] = 1.0 - (-4.0 * x[0]).exp() * (6.0 * PI * x[0]).sin().powi(6);
    f[1] = g * (1.0 - (f[0] / g).powi(2));
    0.0
}

/// Moves the optimum of the distance variables off the bound: each has a place of its own.
fn moved(x: &[f64], low: f64, high: f64, function: Function, f: &mut [f64]) -> f64 {
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

fn zdt1_moved(x: &[f64], f: &mut [f64]) -> f64 {
    moved(x, 0.0, 1.0, zdt1, f)
}

fn zdt4_moved(x: &[f64], f: &mut [f64]) -> f64 {
    // The first variable keeps its place.
    moved(x, -5.0, 5.0, zdt4, f)
}

fn zdt6_moved(x: &[f64], f: &mut [f64]) -> f64 {
    moved(x, 0.0, 1.0, zdt6, f)
}

/// Costs of a spherical front at a distance.
fn sphere(x: &[f64], g: f64, power: f64, f: &mut [f64]) {
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

fn dtlz2(x: &[f64], f: &mut [f64]) -> f64 {
    let g = x[f.len() - 1..].iter().map(|x| (x - 0.5).powi(2)).sum();
    sphere(x, g, 1.0, f);
    0.0
}

fn dtlz3(x: &[f64], f: &mut [f64]) -> f64 {
    sphere(x, rastrigin(&x[f.len() - 1..]), 1.0, f);
    0.0
}

fn dtlz4(x: &[f64], f: &mut [f64]) -> f64 {
    let g = x[f.len() - 1..].iter().map(|x| (x - 0.5).powi(2)).sum();
    sphere(x, g, 100.0, f);
    0.0
}

fn rastrigin(x: &[f64]) -> f64 {
    100.0
        * (x.len() as f64
            + x.iter()
                .map(|x| (x - 0.5).powi(2) - (20.0 * PI * (x - 0.5)).cos())
                .sum::<f64>())
}

fn dtlz1(x: &[f64], f: &mut [f64]) -> f64 {
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

fn dtlz7(x: &[f64], f: &mut [f64]) -> f64 {
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

/// The sums of UF1 to UF3 over odd and even variables.
fn uf(x: &[f64], f: &mut [f64], y: &dyn Fn(usize) -> f64) {
    let mut sums = [(0.0, 0.0); 2];
    for j in 2..=x.len() {
        let side = &mut sums[j % 2];
        side.0 += y(j).powi(2);
        side.1 += 1.0;
    }
    f[0] = x[0] + 2.0 / sums[1].1 * sums[1].0;
    f[1] = 1.0 - x[0].sqrt() + 2.0 / sums[0].1 * sums[0].0;
}

fn uf1(x: &[f64], f: &mut [f64]) -> f64 {
    let n = x.len() as f64;
    uf(x, f, &|j| {
        x[j - 1] - (6.0 * PI * x[0] + j as f64 * PI / n).sin()
    });
    0.0
}

fn uf2(x: &[f64], f: &mut [f64]) -> f64 {
    let n = x.len() as f64;
    uf(x, f, &|j| {
        let a = 0.3 * x[0] * x[0] * (24.0 * PI * x[0] + 4.0 * j as f64 * PI / n).cos() + 0.6 * x[0];
        let angle = 6.0 * PI * x[0] + j as f64 * PI / n;
        x[j - 1] - a * if j % 2 == 1 { angle.cos() } else { angle.sin() }
    });
    0.0
}

fn uf3(x: &[f64], f: &mut [f64]) -> f64 {
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

/// Shapes of WFG: concave in all objectives, scaled 2, 4, 6…
fn wfg_concave(t: &[f64], distance: f64, f: &mut [f64]) {
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

fn s_multi(y: f64, a: f64, b: f64, c: f64) -> f64 {
    let u = (y - c).abs() / (2.0 * ((c - y).floor() + c));
    (1.0 + ((4.0 * a + 2.0) * PI * (0.5 - u)).cos() + 4.0 * b * u * u) / (b + 2.0)
}

fn means(t: &[f64], k: usize, m: usize) -> (Vec<f64>, f64) {
    let gap = k / (m - 1);
    let mean = |t: &[f64]| t.iter().sum::<f64>() / t.len() as f64;
    (
        (0..m - 1)
            .map(|i| mean(&t[i * gap..(i + 1) * gap]))
            .collect(),
        mean(&t[k..]),
    )
}

fn wfg4(x: &[f64], f: &mut [f64]) -> f64 {
    let t: Vec<f64> = x.iter().map(|&x| s_multi(x, 30.0, 10.0, 0.35)).collect();
    let (position, distance) = means(&t, 4, f.len());
    wfg_concave(&position, distance, f);
    0.0
}

/// WFG1 without its dissimilar weights: bias, a flat region, and a mixed front.
fn wfg1(x: &[f64], f: &mut [f64]) -> f64 {
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

fn wfg9(x: &[f64], f: &mut [f64]) -> f64 {
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

fn bnh(x: &[f64], f: &mut [f64]) -> f64 {
    f[0] = 4.0 * x[0] * x[0] + 4.0 * x[1] * x[1];
    f[1] = (x[0] - 5.0).powi(2) + (x[1] - 5.0).powi(2);
    ((x[0] - 5.0).powi(2) + x[1] * x[1] - 25.0).max(0.0)
        + (7.7 - (x[0] - 8.0).powi(2) - (x[1] + 3.0).powi(2)).max(0.0)
}

fn tnk(x: &[f64], f: &mut [f64]) -> f64 {
    f.copy_from_slice(&x[..2]);
    let wave = 0.1 * (16.0 * (x[0]).atan2(x[1])).cos();
    (1.0 + wave - x[0] * x[0] - x[1] * x[1]).max(0.0)
        + ((x[0] - 0.5).powi(2) + (x[1] - 0.5).powi(2) - 0.5).max(0.0)
}

fn osy(x: &[f64], f: &mut [f64]) -> f64 {
    f[0] = -(25.0 * (x[0] - 2.0).powi(2)
        + (x[1] - 2.0).powi(2)
        + (x[2] - 1.0).powi(2)
        + (x[3] - 4.0).powi(2)
        + (x[4] - 1.0).powi(2));
    f[1] = x.iter().map(|x| x * x).sum();
    let over = [
        2.0 - x[0] - x[1],
        x[0] + x[1] - 6.0,
        x[1] - x[0] - 2.0,
        x[0] - 3.0 * x[1] - 2.0,
        (x[2] - 3.0).powi(2) + x[3] - 4.0,
        4.0 - (x[4] - 3.0).powi(2) - x[5],
    ];
    over.iter().map(|over| over.max(0.0)).sum()
}

/// The first objective wants ones, the second zeros, in blocks that count only when whole.
fn blocks(x: &[f64], f: &mut [f64]) -> f64 {
    let count = |bit: f64| -> f64 {
        x.chunks(4)
            .map(|block| {
                let equal = block.iter().filter(|x| **x == bit).count();
                if equal == 4 { 6.0 } else { equal as f64 }
            })
            .sum()
    };
    f[0] = -count(1.0);
    f[1] = -count(0.0);
    0.0
}

/// A knapsack of two profits per item and one weight limit.
fn knapsack(x: &[f64], f: &mut [f64]) -> f64 {
    let (mut weight, mut total) = (0.0, 0.0);
    f.fill(0.0);
    for (i, x) in x.iter().enumerate() {
        let item = |salt: usize| 10.0 + ((i + 1) * salt % 91) as f64;
        f[0] -= x * item(37);
        f[1] -= x * item(53);
        weight += x * item(71);
        total += item(71);
    }
    (weight - 0.5 * total).max(0.0)
}

/// Reals, integers, choices and a switch: the choices and the switch scale and shift the distance.
fn mixed(x: &[f64], f: &mut [f64]) -> f64 {
    let g = 1.0
        + x[1..4].iter().map(|x| (x - 0.3).abs()).sum::<f64>()
        + x[4..7].iter().map(|n| (n - 17.0).abs() / 10.0).sum::<f64>()
        + x[7..10]
            .iter()
            .enumerate()
            .map(|(i, c)| if *c == i as f64 + 1.0 { 0.0 } else { 0.7 })
            .sum::<f64>()
        + x[10];
    f[0] = x[0];
    f[1] = g * (1.0 - (x[0] / g).sqrt());
    0.0
}

pub(crate) fn many_cases() -> Vec<Case> {
    let ball = |objectives: usize, volume: f64, name, distance: usize, function: Function| {
        let mut ends = vec![0.0; objectives];
        ends.extend(vec![1.0; objectives]);
        let mut case = Case::new(
            name,
            vec![real(0.0, 1.0); objectives + distance - 1],
            objectives,
            function,
            ends,
        );
        case.volume = 1.1_f64.powi(objectives as i32) - volume;
        case
    };
    let mut cases = vec![
        ball(4, PI * PI / 32.0, "dtlz2 (4)", 10, dtlz2),
        ball(5, PI * PI / 60.0, "dtlz2 (5)", 10, dtlz2),
        ball(8, PI.powi(4) / 24.0 / 256.0, "dtlz2 (8)", 10, dtlz2),
        ball(5, PI * PI / 60.0, "dtlz4 (5)", 10, dtlz4),
        ball(5, PI * PI / 60.0, "dtlz3 (5)", 10, dtlz3),
        ball(5, 1.0 / 120.0, "dtlz1 (5)", 5, dtlz1),
    ];
    for high in &mut cases[5].high {
        *high = 0.5;
    }
    cases
}

fn curve(points: usize, of: impl Fn(f64) -> [f64; 2]) -> Vec<f64> {
    (0..=points)
        .flat_map(|i| of(i as f64 / points as f64))
        .collect()
}

fn zdt(name: &'static str, n: usize, rest: (f64, f64), function: Function) -> Case {
    let mut parameters = vec![real(0.0, 1.0)];
    parameters.resize(n, real(rest.0, rest.1));
    let front = curve(200_000, |t| {
        let root = |x: f64| 1.0 - x.sqrt();
        let t6 = 0.280_775_319_1 + t * (1.0 - 0.280_775_319_1);
        match name.as_bytes()[3] {
            b'1' | b'4' => [t, root(t)],
            b'2' => [t, 1.0 - t * t],
            b'3' => [t, root(t) - t * (10.0 * PI * t).sin()],
            _ => [t6, 1.0 - t6 * t6],
        }
    });
    Case::new(name, parameters, 2, function, front)
}

fn round(objectives: usize) -> Vec<f64> {
    let steps = if objectives == 2 { 100_000 } else { 800 };
    let mut front = Vec::new();
    for i in 0..=steps {
        if objectives == 2 {
            let a = PI / 2.0 * i as f64 / steps as f64;
            front.extend([a.cos().max(0.0), a.sin()]);
            continue;
        }
        for j in 0..=steps {
            let [a, b] = [i, j].map(|i| PI / 2.0 * i as f64 / steps as f64);
            front.extend([
                (a.cos() * b.cos()).max(0.0),
                (a.cos() * b.sin()).max(0.0),
                a.sin(),
            ]);
        }
    }
    front
}

fn dtlz(name: &'static str, n: usize, objectives: usize, function: Function) -> Case {
    let mut case = Case::new(
        name,
        vec![real(0.0, 1.0); n],
        objectives,
        function,
        round(objectives),
    );
    let end = 1.1_f64.powi(objectives as i32);
    case.volume = end - if objectives == 2 { PI / 4.0 } else { PI / 6.0 };
    case
}

fn dtlz7_case(name: &'static str, objectives: usize) -> Case {
    // A point of the front has in each position variable a value at which x (1 + sin 3πx) is greater than ever before.
    let (mut best, mut xs) = (f64::NEG_INFINITY, Vec::new());
    let steps = if objectives == 2 { 200_000 } else { 2_000 };
    for i in 0..=steps {
        let x = i as f64 / steps as f64;
        let value = x * (1.0 + (3.0 * PI * x).sin());
        if value > best {
            best = value;
            xs.push(x);
        }
    }
    let mut front = Vec::new();
    let mut f = vec![0.0; objectives];
    for &a in &xs {
        for &b in if objectives == 2 { &xs[..1] } else { &xs[..] } {
            let mut x = vec![0.0; objectives + 19];
            x[0] = a;
            if objectives == 3 {
                x[1] = b;
            }
            dtlz7(&x, &mut f);
            front.extend_from_slice(&f);
        }
    }
    Case::new(
        name,
        vec![real(0.0, 1.0); objectives + 19],
        objectives,
        dtlz7,
        front,
    )
}

pub(crate) fn main_cases() -> Vec<Case> {
    vec![
        zdt("zdt1", 30, (0.0, 1.0), zdt1),
        zdt("zdt2", 30, (0.0, 1.0), zdt2),
        zdt("zdt3", 30, (0.0, 1.0), zdt3),
        zdt("zdt4", 10, (-5.0, 5.0), zdt4),
        zdt("zdt6", 10, (0.0, 1.0), zdt6),
        dtlz("dtlz2 (2)", 11, 2, dtlz2),
        dtlz("dtlz2 (3)", 12, 3, dtlz2),
        dtlz7_case("dtlz7 (2)", 2),
        dtlz7_case("dtlz7 (3)", 3),
    ]
}

pub(crate) fn other_cases() -> Vec<Case> {
    let uf_box = |low: f64, high: f64| {
        let mut parameters = vec![real(0.0, 1.0)];
        parameters.resize(30, real(low, high));
        parameters
    };
    let root = || curve(100_000, |t| [t, 1.0 - t.sqrt()]);
    let plane = |objectives: usize| -> Vec<f64> {
        let steps = if objectives == 2 { 1 } else { 300 };
        (0..=steps)
            .flat_map(|i| {
                (0..=steps - i).flat_map(move |j| {
                    let [a, b] = [i, j].map(|i| 0.5 * i as f64 / steps as f64);
                    if objectives == 2 {
                        vec![a, 0.5 - a]
                    } else {
                        vec![a, b, (0.5 - a - b).max(0.0)]
                    }
                })
            })
            .collect()
    };
    let mut dtlz1_2 = Case::new("dtlz1 (2)", vec![real(0.0, 1.0); 6], 2, dtlz1, plane(2));
    dtlz1_2.volume = 1.21 - 0.5;
    let mut dtlz1_3 = Case::new("dtlz1 (3)", vec![real(0.0, 1.0); 7], 3, dtlz1, plane(3));
    dtlz1_3.volume = 1.331 - 1.0 / 6.0;
    let scaled = |objectives| {
        let mut front = round(objectives);
        for row in front.chunks_mut(objectives) {
            row.iter_mut()
                .enumerate()
                .for_each(|(i, f)| *f *= 2.0 * (i + 1) as f64);
        }
        front
    };
    let wfg = |name, objectives: usize, function| {
        let mut case = Case::new(
            name,
            vec![real(0.0, 1.0); 14],
            objectives,
            function,
            scaled(objectives),
        );
        case.volume =
            1.1_f64.powi(objectives as i32) - if objectives == 2 { PI / 4.0 } else { PI / 6.0 };
        case
    };
    let constrained = |mut case: Case, low: [f64; 2], high: [f64; 2], volume: f64| {
        case.is_constrained = true;
        (case.low, case.high, case.volume) = (low.to_vec(), high.to_vec(), volume);
        case
    };
    let zeros = vec![0.0, 1.0, 1.0, 0.0];
    vec![
        zdt("zdt1 moved", 30, (0.0, 1.0), zdt1_moved),
        zdt("zdt4 moved", 10, (-5.0, 5.0), zdt4_moved),
        zdt("zdt6 moved", 10, (0.0, 1.0), zdt6_moved),
        dtlz1_2,
        dtlz1_3,
        dtlz("dtlz3 (2)", 11, 2, dtlz3),
        dtlz("dtlz3 (3)", 12, 3, dtlz3),
        dtlz("dtlz4 (3)", 12, 3, dtlz4),
        Case::new("uf1", uf_box(-1.0, 1.0), 2, uf1, root()),
        Case::new("uf2", uf_box(-1.0, 1.0), 2, uf2, root()),
        Case::new("uf3", uf_box(0.0, 1.0), 2, uf3, root()),
        wfg("wfg4 (2)", 2, wfg4),
        wfg("wfg4 (3)", 3, wfg4),
        wfg("wfg9 (2)", 2, wfg9),
        wfg("wfg9 (3)", 3, wfg9),
        Case::new(
            "wfg1 (2)",
            vec![real(0.0, 1.0); 14],
            2,
            wfg1,
            curve(100_000, |t| {
                [
                    2.0 * (1.0 - (t * PI / 2.0).cos()),
                    4.0 * (1.0 - t - (10.0 * PI * t + PI / 2.0).cos() / (10.0 * PI)),
                ]
            }),
        ),
        constrained(
            Case::new(
                "bnh",
                vec![real(0.0, 5.0), real(0.0, 3.0)],
                2,
                bnh,
                zeros.clone(),
            ),
            [0.0, 4.0],
            [136.0, 50.0],
            1.0,
        ),
        constrained(
            Case::new("tnk", vec![real(0.0, PI); 2], 2, tnk, zeros.clone()),
            [0.04, 0.04],
            [1.04, 1.04],
            1.0,
        ),
        constrained(
            Case::new(
                "osy",
                vec![
                    real(0.0, 10.0),
                    real(0.0, 10.0),
                    real(1.0, 5.0),
                    real(0.0, 6.0),
                    real(1.0, 5.0),
                    real(0.0, 10.0),
                ],
                2,
                osy,
                zeros.clone(),
            ),
            [-274.0, 4.0],
            [-41.8, 76.0],
            1.0,
        ),
        constrained(
            Case::new(
                "blocks",
                vec![Parameter::Boolean; 60],
                2,
                blocks,
                zeros.clone(),
            ),
            [-90.0, -90.0],
            [0.0, 0.0],
            1.0,
        ),
        constrained(
            Case::new(
                "knapsack",
                vec![Parameter::Boolean; 100],
                2,
                knapsack,
                zeros.clone(),
            ),
            [-4500.0, -4500.0],
            [-3000.0, -3000.0],
            1.0,
        ),
        Case::new(
            "mixed",
            [
                vec![real(0.0, 1.0); 4],
                vec![
                    Parameter::Integer {
                        low: 0,
                        high: 100,
                        log: false
                    };
                    3
                ],
                vec![Parameter::Categorical { choices: 6 }; 3],
                vec![Parameter::Boolean],
            ]
            .concat(),
            2,
            mixed,
            root(),
        ),
    ]
}
