//! The problems with their spaces and true fronts.

use std::f64::consts::PI;

use super::dtlz::*;
use super::other::*;
use super::uf::*;
use super::wfg::*;
use super::zdt::*;
use super::{Case, Function, real};
use crate::space::Parameter;

pub(crate) fn many_cases() -> Vec<Case> {
    vec![
        dtlz("dtlz2 (4)", 13, 4, dtlz2),
        dtlz("dtlz2 (5)", 14, 5, dtlz2),
        dtlz("dtlz2 (8)", 17, 8, dtlz2),
        dtlz("dtlz4 (5)", 14, 5, dtlz4),
        dtlz("dtlz3 (5)", 14, 5, dtlz3),
        dtlz1_case("dtlz1 (5)", 9, 5),
    ]
}

/// Those that the tests of levels need.
pub(crate) fn few_cases() -> Vec<Case> {
    vec![
        zdt("zdt1", 30, (0.0, 1.0), zdt1),
        zdt("zdt4", 10, (-5.0, 5.0), zdt4),
        zdt("zdt1 moved", 30, (0.0, 1.0), zdt1_moved),
        dtlz("dtlz2 (3)", 12, 3, dtlz2),
        dtlz("dtlz2 (5)", 14, 5, dtlz2),
    ]
}

fn curve(points: usize, of: impl Fn(f64) -> [f64; 2]) -> Vec<f64> {
    (0..=points)
        .flat_map(|i| of(i as f64 / points as f64))
        .collect()
}

fn zdt(name: &'static str, n: usize, rest: (f64, f64), function: Function) -> Case {
    let mut parameters = vec![real(0.0, 1.0)];
    parameters.resize(n, real(rest.0, rest.1));
    let front = curve(20_000, |t| {
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

/// The best of a front in each objective alone: enough where the volume has a formula.
fn ends(objectives: usize, best: f64, worst: &dyn Fn(usize) -> f64) -> Vec<f64> {
    let row = |row: usize| (0..objectives).map(move |i| if i == row { worst(i) } else { best });
    (0..objectives).flat_map(row).collect()
}

/// The volume within 1.1 in each objective above an orthant of the unit ball.
fn above_ball(objectives: usize) -> f64 {
    let ball = match objectives {
        2 => PI / 4.0,
        3 => PI / 6.0,
        4 => PI * PI / 32.0,
        5 => PI * PI / 60.0,
        _ => PI.powi(4) / 24.0 / 256.0,
    };
    1.1_f64.powi(objectives as i32) - ball
}

fn dtlz(name: &'static str, n: usize, objectives: usize, function: Function) -> Case {
    let front = ends(objectives, 0.0, &|_| 1.0);
    let mut case = Case::new(name, vec![real(0.0, 1.0); n], objectives, function, front);
    case.volume = above_ball(objectives);
    case
}

fn dtlz1_case(name: &'static str, n: usize, objectives: usize) -> Case {
    let front = ends(objectives, 0.0, &|_| 0.5);
    let mut case = Case::new(name, vec![real(0.0, 1.0); n], objectives, dtlz1, front);
    let below = 1.0 / (1..=objectives).product::<usize>() as f64;
    case.volume = 1.1_f64.powi(objectives as i32) - below;
    case
}

fn wfg(name: &'static str, objectives: usize, function: Function) -> Case {
    let front = ends(objectives, 0.0, &|i| 2.0 * (i + 1) as f64);
    let mut case = Case::new(name, vec![real(0.0, 1.0); 14], objectives, function, front);
    case.volume = above_ball(objectives);
    case
}

fn dtlz7_case(name: &'static str, objectives: usize) -> Case {
    // A point of the front has in each position variable a value at which x (1 + sin 3πx) is greater than ever before.
    let (mut best, mut xs) = (f64::NEG_INFINITY, Vec::new());
    let steps = if objectives == 2 { 20_000 } else { 2_000 };
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
    let root = || curve(20_000, |t| [t, 1.0 - t.sqrt()]);
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
        dtlz1_case("dtlz1 (2)", 6, 2),
        dtlz1_case("dtlz1 (3)", 7, 3),
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
            curve(20_000, |t| {
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
