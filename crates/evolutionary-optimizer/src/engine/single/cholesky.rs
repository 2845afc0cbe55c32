//! Square roots of symmetric matrices.

/// Writes the lower triangle `a` with `a aᵀ = c`, from the lower triangle of `c`; matrices are stored by rows. `false` when
/// `c` is not positive definite: then `a` is of no use. O(n³ / 6).
pub(crate) fn factor(n: usize, c: &[f64], a: &mut [f64]) -> bool {
    for i in 0..n {
        for j in 0..=i {
            let (row_i, row_j) = (&a[i * n..i * n + j], &a[j * n..j * n + j]);
            let dot: f64 = row_i.iter().zip(row_j).map(|(x, y)| x * y).sum();
            let rest = c[i * n + j] - dot;
            if i != j {
                a[i * n + j] = rest / a[j * n + j];
            } else if rest > 0.0 && rest.is_finite() {
                a[i * n + i] = rest.sqrt();
            } else {
                return false;
            }
        }
    }
    true
}

/// Writes `a z`.
#[inline]
pub(crate) fn multiply(n: usize, a: &[f64], z: &[f64], y: &mut [f64]) {
    for (i, out) in y.iter_mut().enumerate() {
        let row = &a[i * n..=i * n + i];
        *out = row.iter().zip(z).map(|(x, z)| x * z).sum();
    }
}

/// Writes the `z` with `a z = y`.
pub(crate) fn solve(n: usize, a: &[f64], y: &[f64], z: &mut [f64]) {
    for i in 0..n {
        let row = &a[i * n..i * n + i];
        let dot: f64 = row.iter().zip(&z[..i]).map(|(x, z)| x * z).sum();
        z[i] = (y[i] - dot) / a[i * n + i];
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::Rng;

    #[test]
    fn the_product_of_the_factor_is_the_matrix() {
        let mut rng = Rng::new(1);
        for n in [1, 2, 5, 17] {
            let g: Vec<f64> = (0..n * n).map(|_| rng.gaussian()).collect();
            let c: Vec<f64> = (0..n * n)
                .map(|at| (0..n).map(|k| g[at / n * n + k] * g[at % n * n + k]).sum())
                .collect();
            let mut a = vec![0.0; n * n];
            assert!(factor(n, &c, &mut a));
            for (i, j) in (0..n).flat_map(|i| (0..=i).map(move |j| (i, j))) {
                let product: f64 = (0..=j).map(|k| a[i * n + k] * a[j * n + k]).sum();
                assert!((product - c[i * n + j]).abs() < 1e-11 * n as f64);
            }
            let z: Vec<f64> = (0..n).map(|_| rng.gaussian()).collect();
            let (mut y, mut back) = (vec![0.0; n], vec![0.0; n]);
            multiply(n, &a, &z, &mut y);
            solve(n, &a, &y, &mut back);
            assert!(z.iter().zip(&back).all(|(z, back)| (z - back).abs() < 1e-6));
        }
    }

    #[test]
    fn what_has_no_root_is_refused() {
        let mut a = [0.0; 4];
        assert!(!factor(2, &[1.0, 0.0, 2.0, 1.0], &mut a));
        assert!(!factor(2, &[f64::NAN, 0.0, 0.0, 1.0], &mut a));
    }
}
