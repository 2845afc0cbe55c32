//! Problems with constraints (Binh & Korn; Tanaka; Osyczka & Kundu) and with parameters that are not real.

pub(super) fn bnh(x: &[f64], f: &mut [f64]) -> f64 {
    f[0] = 4.0 * x[0] * x[0] + 4.0 * x[1] * x[1];
    f[1] = (x[0] - 5.0).powi(2) + (x[1] - 5.0).powi(2);
    ((x[0] - 5.0).powi(2) + x[1] * x[1] - 25.0).max(0.0)
        + (7.7 - (x[0] - 8.0).powi(2) - (x[1] + 3.0).powi(2)).max(0.0)
}

pub(super) fn tnk(x: &[f64], f: &mut [f64]) -> f64 {
    f.copy_from_slice(&x[..2]);
    let wave = 0.1 * (16.0 * (x[0]).atan2(x[1])).cos();
    (1.0 + wave - x[0] * x[0] - x[1] * x[1]).max(0.0)
        + ((x[0] - 0.5).powi(2) + (x[1] - 0.5).powi(2) - 0.5).max(0.0)
}

pub(super) fn osy(x: &[f64], f: &mut [f64]) -> f64 {
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
pub(super) fn blocks(x: &[f64], f: &mut [f64]) -> f64 {
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
pub(super) fn knapsack(x: &[f64], f: &mut [f64]) -> f64 {
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
pub(super) fn mixed(x: &[f64], f: &mut [f64]) -> f64 {
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
