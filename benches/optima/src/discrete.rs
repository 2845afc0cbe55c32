//! Choices, switches and integers that depend on each other, with known optima.

use std::sync::OnceLock;

use autoexec_evolutionary_optimizer::{Noise, Space};

use crate::mixed::{PLAIN, Problem, built};

pub(crate) const PROBLEMS: [Problem; 18] = [
    Problem {
        name: "OneMax, 100 switches",
        space: || switches(100),
        value: |x| (100.0 - x.iter().sum::<f64>(), [0.0; 2]),
        ..PLAIN
    },
    Problem {
        name: "OneMax, 1000 switches",
        space: || switches(1000),
        value: |x| (1000.0 - x.iter().sum::<f64>(), [0.0; 2]),
        ..PLAIN
    },
    Problem {
        name: "noisy OneMax, 40 switches, amplitude 1",
        noise: Noise::Present,
        amplitude: 1.0,
        space: || switches(40),
        value: |x| (40.0 - x.iter().sum::<f64>(), [0.0; 2]),
        ..PLAIN
    },
    Problem {
        name: "noisy OneMax, 40 switches, amplitude 3",
        budget: 3000,
        noise: Noise::Present,
        amplitude: 3.0,
        space: || switches(40),
        value: |x| (40.0 - x.iter().sum::<f64>(), [0.0; 2]),
        ..PLAIN
    },
    Problem {
        name: "noisy 12 choices of 8, amplitude 1",
        noise: Noise::Present,
        amplitude: 1.0,
        space: || {
            let builder = (0..12).fold(Space::new(), |space, n| {
                space.categorical(format!("c{n}"), ["a", "b", "c", "d", "e", "f", "g", "h"])
            });
            built(builder)
        },
        value: |x| {
            let wrong = |at: &usize| x[*at] != ((at * 5 + 3) % 8) as f64;
            ((0..12).filter(wrong).count() as f64, [0.0; 2])
        },
        ..PLAIN
    },
    Problem {
        name: "integers, steps with valleys every 4",
        space: || whole(6, -50, 50),
        value: |x| {
            let sphere: f64 = x.iter().map(|x| (x - 11.0).powi(2)).sum();
            let waves: f64 = x
                .iter()
                .map(|x| f64::from(u8::from((x - 11.0) % 4.0 != 0.0)))
                .sum();
            (sphere + 50.0 * waves, [0.0; 2])
        },
        ..PLAIN
    },
    Problem {
        name: "integers, Rosenbrock of 5",
        budget: 2000,
        space: || whole(5, -20, 20),
        value: |x| {
            let pairs = x.windows(2);
            let terms = pairs.map(|p| (p[0] * p[0] / 4.0 - p[1]).powi(2) + (p[0] - 4.0).powi(2));
            (terms.sum(), [0.0; 2])
        },
        ..PLAIN
    },
    Problem {
        name: "6 reals rotated, 4 choices that move them",
        budget: 3000,
        space: || {
            let builder = (0..6).fold(Space::new(), |space, n| {
                space.real(format!("x{n}"), -5.0..=5.0)
            });
            built((0..4).fold(builder, |space, n| {
                space.categorical(format!("c{n}"), ["a", "b", "c", "d", "e"])
            }))
        },
        value: |x| {
            let d: Vec<f64> = (0..6).map(|i| x[i] - 0.5 * x[6 + i % 4]).collect();
            let pairs: f64 = d
                .windows(2)
                .map(|pair| 100.0 * (pair[0] + pair[1]).powi(2))
                .sum();
            let squares: f64 = d.iter().map(|d| d * d).sum();
            let wrong: f64 = x[6..].iter().map(|c| f64::from(u8::from(*c != 3.0))).sum();
            (pairs + squares + 2.0 * wrong, [0.0; 2])
        },
        ..PLAIN
    },
    Problem {
        name: "leading ones, 40 switches",
        space: || switches(40),
        value: |x| {
            let leading = x.iter().take_while(|bit| **bit == 1.0).count();
            (40.0 - leading as f64, [0.0; 2])
        },
        ..PLAIN
    },
    Problem {
        name: "traps of 5, 60 switches, scattered",
        budget: 20_000,
        space: || switches(60),
        value: |x| {
            let traps = (0..12).map(|trap| {
                let ones: f64 = (0..5).map(|bit| x[trap + 12 * bit]).sum();
                if ones == 5.0 { 0.0 } else { 1.0 + ones }
            });
            (traps.sum(), [0.0; 2])
        },
        ..PLAIN
    },
    Problem {
        name: "NK landscape, 20 switches, K = 4",
        space: || switches(20),
        value: |x| {
            static LEAST: OnceLock<f64> = OnceLock::new();
            (nk(mask(x)) - LEAST.get_or_init(|| least(20, nk)), [0.0; 2])
        },
        ..PLAIN
    },
    Problem {
        name: "cut of a graph, 20 switches",
        space: || switches(20),
        value: |x| {
            static LEAST: OnceLock<f64> = OnceLock::new();
            (
                cut(mask(x)) - LEAST.get_or_init(|| least(20, cut)),
                [0.0; 2],
            )
        },
        ..PLAIN
    },
    Problem {
        name: "spin glass on a planted 8 by 8 torus",
        budget: 4000,
        space: || switches(64),
        value: |x| (torus(x), [0.0; 2]),
        ..PLAIN
    },
    Problem {
        name: "knapsack of 20 with a constraint",
        constraints: 1,
        space: || switches(20),
        value: |x| {
            static LEAST: OnceLock<f64> = OnceLock::new();
            let packed = |mask| match knapsack(mask) {
                (value, excess) if excess <= 0.0 => value,
                _ => f64::INFINITY,
            };
            let (value, excess) = knapsack(mask(x));
            (
                value - LEAST.get_or_init(|| least(20, packed)),
                [excess, 0.0],
            )
        },
        ..PLAIN
    },
    Problem {
        name: "6 choices of 50, neighbours interact",
        budget: 4000,
        space: || {
            let names: Vec<String> = (0..50).map(|n| format!("v{n}")).collect();
            let builder = (0..6).fold(Space::new(), |space, n| {
                space.categorical(format!("c{n}"), names.iter().map(String::as_str))
            });
            built(builder)
        },
        value: |x| (chain(x), [0.0; 2]),
        ..PLAIN
    },
    Problem {
        name: "8 choices, 4 ordinals, 2 integers",
        space: || {
            let builder = (0..8).fold(Space::new(), |space, n| {
                space.categorical(format!("c{n}"), ["a", "b", "c", "d", "e"])
            });
            let builder = (0..4).fold(builder, |space, n| {
                space.ordinal(format!("o{n}"), ["xs", "s", "m", "l", "xl", "xxl", "3xl"])
            });
            built((0..2).fold(builder, |space, n| space.integer(format!("n{n}"), 0..=1000)))
        },
        value: |x| {
            let wrong = |at: &usize| x[*at] != ((3 * at + 1) % 5) as f64;
            let choices = (0..8).filter(wrong).count() as f64;
            let levels: f64 = x[8..12].iter().map(|level| (level - 4.0).abs()).sum();
            let (a, b) = (x[12] - 321.0, x[13] - 654.0);
            let integers = ((a + b) / 20.0).powi(2) + ((a - b) / 200.0).powi(2);
            (choices * (1.0 + 0.1 * levels) + levels + integers, [0.0; 2])
        },
        ..PLAIN
    },
    Problem {
        name: "needle in 12 switches",
        budget: 3000,
        space: || switches(12),
        value: |x| (f64::from(u8::from(mask(x) != 0b1011_0011_1010)), [0.0; 2]),
        ..PLAIN
    },
    Problem {
        name: "OneMax, 40 switches, budget 15",
        budget: 15,
        space: || switches(40),
        value: |x| (40.0 - x.iter().sum::<f64>(), [0.0; 2]),
        ..PLAIN
    },
];

fn switches(count: usize) -> Space {
    built((0..count).fold(Space::new(), |space, n| space.boolean(format!("b{n}"))))
}

fn whole(count: usize, low: i64, high: i64) -> Space {
    built((0..count).fold(Space::new(), |space, n| {
        space.integer(format!("n{n}"), low..=high)
    }))
}

fn mask(x: &[f64]) -> u64 {
    x.iter()
        .enumerate()
        .fold(0, |mask, (at, bit)| mask | (*bit as u64) << at)
}

/// The least of all values of so many bits.
fn least(bits: u32, value: impl Fn(u64) -> f64) -> f64 {
    (0..1_u64 << bits).map(value).fold(f64::INFINITY, f64::min)
}

/// A number in 0..1 that belongs to these.
fn hash(a: u64, b: u64) -> f64 {
    let mut z = (a << 32 ^ b).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    z = (z ^ z >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ z >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    ((z ^ z >> 31) >> 11) as f64 / (1_u64 << 53) as f64
}

/// Each switch adds a random number that depends on it and on four others.
fn nk(mask: u64) -> f64 {
    let term = |at: u64| {
        let others = (1..5).map(|k| (hash(at, 1000 + k) * 20.0) as u64);
        let key = others.fold(mask >> at & 1, |key, other| key << 1 | mask >> other & 1);
        hash(at, key)
    };
    (0..20).map(term).sum()
}

/// The weights of a random graph of 20 that are not cut.
fn cut(mask: u64) -> f64 {
    let pairs = (0..20).flat_map(|a| (0..a).map(move |b| (a, b)));
    let kept = pairs.filter(|&(a, b)| mask >> a & 1 == mask >> b & 1);
    kept.map(|(a, b)| {
        let weight = hash(a, b + 2000);
        if weight < 0.5 { 0.0 } else { weight }
    })
    .sum()
}

/// Edges to the right and below whose spins disagree with a planted state.
fn torus(x: &[f64]) -> f64 {
    let spin = |row: usize, column: usize| {
        let at = row % 8 * 8 + column % 8;
        (x[at] == 1.0) != (hash(at as u64, 3000) < 0.5)
    };
    let cells = (0..64).map(|at| (at / 8, at % 8));
    let broken = cells.map(|(row, column)| {
        let here = spin(row, column);
        usize::from(here != spin(row + 1, column)) + usize::from(here != spin(row, column + 1))
    });
    broken.sum::<usize>() as f64
}

/// Less the value, and the weight in excess.
fn knapsack(mask: u64) -> (f64, f64) {
    let items = (0..20).filter(|at| mask >> at & 1 == 1);
    let (mut value, mut weight) = (0.0, -450.0);
    for item in items {
        let heavy = (hash(item, 4000) * 90.0).floor() + 10.0;
        weight += heavy;
        value -= heavy + (hash(item, 4001) * 20.0).floor();
    }
    (value, weight)
}

/// Random costs of neighbours, and none where all are as planted.
fn chain(x: &[f64]) -> f64 {
    let planted = |at: usize| ((at * 17 + 5) % 50) as f64;
    let pairs = (0..6).map(|at| {
        let next = (at + 1) % 6;
        match (x[at] == planted(at), x[next] == planted(next)) {
            (true, true) => 0.0,
            (false, false) => 1.0 + hash(at as u64 * 50 + x[at] as u64, 5000 + x[next] as u64),
            _ => 0.9 + 0.2 * hash(at as u64 * 50 + x[at] as u64, 6000 + x[next] as u64),
        }
    });
    pairs.sum()
}
