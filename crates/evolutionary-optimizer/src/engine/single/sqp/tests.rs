use super::*;
use crate::rng::Rng;

type Function = fn(&[f64], &mut [f64]) -> f64;

/// Descends; the point, what it costs and by how much it breaks constraints, and the number of rows.
fn descend(start: &[f64], m: usize, f: Function) -> (Vec<f64>, f64, f64, usize) {
    let mut sqp = Sqp::new(start.len(), m);
    sqp.begin(start, 0.01);
    let (mut rows, mut spent) = (Rows::new(start.len()), 0);
    while !sqp.is_over() {
        rows.clear();
        sqp.ask(&mut rows);
        let (mut costs, mut values) = (Vec::new(), vec![0.0; m * rows.len()]);
        for row in 0..rows.len() {
            costs.push(f(rows.row(row), &mut values[row * m..(row + 1) * m]));
        }
        spent += costs.len();
        assert!(spent < 20_000, "it does not end");
        sqp.tell(&costs, &values);
    }
    let broken = sqp.values.iter().map(|value| value.max(0.0)).sum();
    (sqp.x.clone(), sqp.cost, broken, spent)
}

/// The nearest point to 1, 1, … of a plane, from both of its sides.
#[test]
fn a_plane_takes_few_steps() {
    for start in [[0.2, 0.3, 0.1, 0.2], [0.9, 0.8, 0.9, 0.7]] {
        let (x, cost, broken, spent) = descend(&start, 1, |x, values| {
            values[0] = x.iter().sum::<f64>() - 2.0;
            x.iter().map(|x| (x - 1.0) * (x - 1.0)).sum()
        });
        assert!(x.iter().all(|x| (x - 0.5).abs() < 1e-6), "{x:?}");
        assert!((cost - 1.0).abs() < 1e-9 && broken == 0.0, "{cost}");
        assert!(spent < 100, "{spent}");
    }
}

/// Along a circle a full step to the model's minimum raises both the cost and what is broken: Maratos, "Exact penalty
/// function algorithms for finite dimensional and control optimization problems" (1978).
#[test]
fn a_circle_is_followed() {
    let circle: Function = |x, values| {
        let (a, b) = (2.0 * x[0] - 1.0, 2.0 * x[1] - 1.0);
        let outside = a * a + b * b - 0.25;
        (values[0], values[1]) = (outside, -outside - 1e-3);
        2.0 * outside - a
    };
    let mut rng = Rng::new(5);
    for _ in 0..50 {
        let start = [rng.unit(), rng.unit()];
        let (x, cost, broken, spent) = descend(&start, 2, circle);
        let outside = -1e-3_f64;
        let a = (0.25 + outside).sqrt();
        assert!(broken == 0.0 && spent < 400, "{x:?} {broken} {spent}");
        assert!(cost < 2.0 * outside - a + 1e-7, "{start:?} {x:?} {cost}");
    }
}

#[test]
fn a_corner_of_constraints_and_bounds_is_reached() {
    let (x, _, broken, _) = descend(&[0.5; 3], 2, |x, values| {
        values[0] = x[0] * x[0] + x[1] - 0.75;
        values[1] = 0.2 - x[2] * x[1];
        -(x[0] + 2.0 * x[1] + 0.5 * x[2])
    });
    // With x₁ as much as is allowed and x₂ = 1, what is left is 2 x₀² − x₀ − 2.
    assert!(broken == 0.0 && (x[2] - 1.0).abs() < 1e-9, "{x:?}");
    assert!(
        (x[0] - 0.25).abs() < 1e-4 && (x[1] - 0.6875).abs() < 1e-4,
        "{x:?}"
    );
}

/// Whether the cost is flat everywhere, or just where it begins.
#[test]
fn a_cost_without_a_slope_keeps_nobody_from_what_is_allowed() {
    let (_, _, broken, spent) = descend(&[0.1, 0.2], 1, |x, values| {
        values[0] = 0.8 - x[0] - x[1];
        3.0
    });
    assert!(broken == 0.0 && spent < 100, "{broken} {spent}");
    let (x, _, broken, _) = descend(&[0.5, 0.5], 1, |x, values| {
        values[0] = 0.6 - x[0];
        (x[0] - 0.5) * (x[0] - 0.5) + (x[1] - 0.5) * (x[1] - 0.5)
    });
    assert!(broken == 0.0 && (x[0] - 0.6).abs() < 1e-6, "{x:?}");
}

/// Where nothing is allowed it ends near what breaks least, and goes on for no longer than it must.
#[test]
fn constraints_that_contradict_each_other_end_it() {
    let (x, _, broken, spent) = descend(&[0.9, 0.9], 2, |x, values| {
        (values[0], values[1]) = (x[0] - 0.3, 0.5 - x[0]);
        x[1]
    });
    assert!((broken - 0.2).abs() < 1e-6 && spent < 1_000, "{broken}");
    assert!(x[1] < 1e-6, "{x:?}");
}

#[test]
fn what_cannot_be_descended_ends() {
    let all: [Function; 6] = [
        |_, values| {
            values[0] = 1.0;
            1.0
        },
        |_, _| f64::INFINITY,
        |_, values| {
            values[0] = f64::INFINITY;
            0.0
        },
        |x, values| {
            values[0] = (10.0 * x[0]).floor() - 4.0;
            (10.0 * x[1]).floor()
        },
        |x, values| {
            values[0] = (x[0] - 0.5).abs() - 1e-9;
            x.iter().map(|x| (x - 0.3).abs().sqrt()).sum()
        },
        |x, values| {
            values[0] = if x[0] > 0.4 { f64::NAN } else { -1.0 };
            -1e300 * x[0]
        },
    ];
    for f in all {
        descend(&[0.45, 0.9, 0.1], 1, f);
    }
}
