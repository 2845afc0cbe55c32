//! Problems with constraints.

use crate::engine::single::trials::{make, problem, run};
use crate::space::Parameter;

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
    let methods = "shade,cma,auto";
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
