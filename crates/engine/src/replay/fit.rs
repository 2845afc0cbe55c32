//! Costs measured from traces, by robust least squares.
//!
//! Rows are weighted by the inverse of what they took, as errors grow with it, and those that lie far off count less (Huber:
//! "Robust estimation of a location parameter", 1964; by reweighting). No cost is below 0: a column that would be is left out.

use crate::trace::{FileRead, Trace, What};

use super::cost::{Batch, CostModel};
use super::service::Service;

/// Rounds of reweighting; more change nothing that matters.
const ROUNDS: usize = 20;
/// Fewest rows that say something about a column.
const FEWEST: usize = 5;
/// From so many deviations on a row counts less (95 % as good as least squares where errors are normal).
const HUBER: f64 = 1.345;

/// What was counted, and what it took in nanoseconds.
type Row<const N: usize> = ([f64; N], f64);

impl CostModel {
    /// Measured from traces; what they do not tell is as by default. O(accesses × log accesses).
    #[must_use]
    pub fn fit(traces: &[Trace]) -> Self {
        let mut cost = Self::default();
        let mut rows = Rows::default();
        for trace in traces {
            rows.add(trace);
        }
        let mut files = [
            cost.batch_ns,
            cost.hit_ns,
            cost.hit_unasked_ns,
            cost.load_ns,
            cost.load_byte_ns,
            cost.watch_ns,
        ];
        solve(&rows.files, &mut files);
        [
            cost.batch_ns,
            cost.hit_ns,
            cost.hit_unasked_ns,
            cost.load_ns,
            cost.load_byte_ns,
            cost.watch_ns,
        ] = files;
        let mut paths = [cost.path_hit_ns, cost.path_miss_ns];
        solve(&rows.paths, &mut paths);
        [cost.path_hit_ns, cost.path_miss_ns] = paths;
        let mut hits = [cost.answer_hit_ns];
        solve(&rows.answer_hits, &mut hits);
        [cost.answer_hit_ns] = hits;
        let mut asked = [cost.ask_ns, cost.ask_token_ns];
        solve(&rows.asked, &mut asked);
        [cost.ask_ns, cost.ask_token_ns] = asked;
        cost
    }
}

#[derive(Default)]
struct Rows {
    files: Vec<Row<6>>,
    paths: Vec<Row<2>>,
    answer_hits: Vec<Row<1>>,
    asked: Vec<Row<2>>,
}

impl Rows {
    fn add(&mut self, trace: &Trace) {
        let service = Service::new(trace);
        for access in &trace.accesses {
            let end = access.at_ns.saturating_add(access.ns);
            let took = service.between(access.at_ns, end) as f64;
            match &access.what {
                What::Files(reads) => self.files.push(files_row(trace, reads, took)),
                What::Paths(lookups) => {
                    let hits = lookups.iter().filter(|it| it.is_hit).count();
                    let counts = [hits as f64, (lookups.len() - hits) as f64];
                    self.paths.push((counts, took));
                }
                What::Question(it) if it.is_hit => self.answer_hits.push(([1.0], took)),
                What::Question(it) if it.answered => {
                    let tokens = it.input_tokens as f64 + it.output_tokens as f64;
                    self.asked.push(([1.0, tokens], took));
                }
                _ => {}
            }
        }
    }
}

fn files_row(trace: &Trace, reads: &[FileRead], took: f64) -> Row<6> {
    let (setup, mut batch) = (&trace.header.setup, Batch::default());
    let mut had = reads.iter().filter(|it| it.answer.is_had());
    had.by_ref()
        .for_each(|it| batch.add_recorded(it.answer, it.bytes, setup));
    let threads = CostModel::default().threads(&batch, setup);
    let counts = [
        1.0,
        batch.validated as f64,
        batch.unasked as f64,
        batch.loads as f64,
        batch.bytes_loaded as f64,
        batch.watched as f64,
    ];
    (counts, took * f64::from(threads))
}

/// Replaces the values of those columns that the rows tell.
fn solve<const N: usize>(rows: &[Row<N>], values: &mut [f64; N]) {
    // Of columns that are the same, as loads and watched loads where all runs watched, the first is told.
    let is_same = |a: usize, b: usize| rows.iter().all(|it| it.0[a] == it.0[b]);
    let told = |column: usize| {
        rows.iter().filter(|it| it.0[column] > 0.0).count() >= FEWEST
            && !(0..column).any(|it| is_same(it, column))
    };
    let mut columns: Vec<usize> = (0..N).filter(|it| told(*it)).collect();
    let rows: Vec<Row<N>> = rows.iter().filter(|it| it.1 > 0.0).copied().collect();
    // What is not told costs what it did; the rest has to explain what is left.
    let known: [f64; N] = std::array::from_fn(|it| match columns.contains(&it) {
        true => 0.0,
        false => values[it],
    });
    let left = |row: &Row<N>| row.1 - dot(&row.0, &known);
    while !columns.is_empty() {
        let Some(found) = reweighted(&rows, &columns, left) else {
            return;
        };
        let below = (0..columns.len()).filter(|it| found[*it] < 0.0);
        let Some(worst) = below.min_by(|a, b| found[*a].total_cmp(&found[*b])) else {
            for (column, value) in columns.iter().zip(found) {
                values[*column] = value;
            }
            return;
        };
        values[columns.remove(worst)] = 0.0;
    }
}

fn dot<const N: usize>(a: &[f64; N], b: &[f64; N]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// Least squares over these columns, reweighted; none if they do not tell each other apart.
fn reweighted<const N: usize>(
    rows: &[Row<N>],
    columns: &[usize],
    left: impl Fn(&Row<N>) -> f64,
) -> Option<Vec<f64>> {
    let base: Vec<f64> = rows.iter().map(|row| 1.0 / row.1.max(1_000.0)).collect();
    let mut weights: Vec<f64> = base.iter().map(|it| it * it).collect();
    let mut found = Vec::new();
    for _ in 0..ROUNDS {
        found = least_squares(rows, columns, &weights, &left)?;
        let misses: Vec<f64> = rows
            .iter()
            .zip(&base)
            .map(|(row, base)| {
                let sum: f64 = columns.iter().zip(&found).map(|(c, f)| row.0[*c] * f).sum();
                (left(row) - sum).abs() * base
            })
            .collect();
        let limit = HUBER * median(&misses) / 0.6745;
        for ((weight, base), miss) in weights.iter_mut().zip(&base).zip(&misses) {
            let less = if *miss > limit { limit / miss } else { 1.0 };
            *weight = base * base * less;
        }
    }
    Some(found)
}

fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted.get(sorted.len() / 2).copied().unwrap_or(0.0)
}

/// The normal equations, by elimination with pivots. Columns are scaled first: bytes are a million times as many as batches.
fn least_squares<const N: usize>(
    rows: &[Row<N>],
    columns: &[usize],
    weights: &[f64],
    left: impl Fn(&Row<N>) -> f64,
) -> Option<Vec<f64>> {
    let n = columns.len();
    let scale: Vec<f64> = columns
        .iter()
        .map(|c| {
            let squares = rows
                .iter()
                .zip(weights)
                .map(|(row, w)| w * row.0[*c] * row.0[*c]);
            squares.sum::<f64>().sqrt().max(f64::MIN_POSITIVE)
        })
        .collect();
    let mut system = vec![vec![0.0; n + 1]; n];
    for (row, weight) in rows.iter().zip(weights) {
        for i in 0..n {
            let x = row.0[columns[i]] / scale[i] * weight;
            for j in 0..n {
                system[i][j] += x * row.0[columns[j]] / scale[j];
            }
            system[i][n] += x * left(row);
        }
    }
    let solved = eliminate(system)?;
    Some(solved.iter().zip(&scale).map(|(x, s)| x / s).collect())
}

fn eliminate(mut system: Vec<Vec<f64>>) -> Option<Vec<f64>> {
    let n = system.len();
    for column in 0..n {
        let largest = |a: &usize, b: &usize| {
            let (a, b) = (system[*a][column].abs(), system[*b][column].abs());
            a.total_cmp(&b)
        };
        let pivot = (column..n).max_by(largest)?;
        system.swap(column, pivot);
        if system[column][column].abs() < 1e-9 {
            return None;
        }
        let pivot = system[column].clone();
        for (at, row) in system.iter_mut().enumerate() {
            if at != column {
                let factor = row[column] / pivot[column];
                row.iter_mut()
                    .zip(&pivot)
                    .for_each(|(x, p)| *x -= factor * p);
            }
        }
    }
    Some((0..n).map(|it| system[it][n] / system[it][it]).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_costs_that_made_the_rows_are_found_among_outliers() {
        let truth = [20_000.0, 1_500.0, 150.0, 12_000.0, 0.25];
        let mut rows: Vec<Row<5>> = (1..200u32)
            .map(|n| {
                let f = |m: u32| f64::from(n * 7_919 % m);
                let counts = [1.0, f(97), f(13), f(53), f(8_009) * 50.0];
                (counts, dot(&counts, &truth))
            })
            .collect();
        rows.iter_mut().step_by(20).for_each(|it| it.1 *= 9.0);
        let mut values = [0.0; 5];
        solve(&rows, &mut values);
        for (found, truth) in values.iter().zip(truth) {
            assert!((found / truth - 1.0).abs() < 0.02, "{values:?}");
        }
    }

    /// What a watch costs is told by runs with watches beside runs without; by runs with watches alone it is not.
    #[test]
    fn a_watch_is_told_from_a_load_where_both_are_there() {
        let row = |n: u32, is_watched: bool| {
            let loads = f64::from(n);
            let watched = if is_watched { loads } else { 0.0 };
            ([loads, watched], 10_000.0 * loads + 7_000.0 * watched)
        };
        let mut rows: Vec<Row<2>> = (1..40).map(|n| row(n, true)).collect();
        let mut values = [1.0, 2_000.0];
        solve(&rows, &mut values);
        assert!(
            (values[0] - 15_000.0).abs() < 1.0 && values[1] == 2_000.0,
            "{values:?}"
        );
        rows.extend((1..40).map(|n| row(n, false)));
        solve(&rows, &mut values);
        assert!((values[0] - 10_000.0).abs() < 1.0, "{values:?}");
        assert!((values[1] - 7_000.0).abs() < 1.0, "{values:?}");
    }

    #[test]
    fn what_rows_do_not_tell_stays_and_nothing_is_below_nought() {
        // Batches of hits only, that take less the more is in them.
        let rows: Vec<Row<5>> = (1..50)
            .map(|n| ([1.0, f64::from(n), 0.0, 0.0, 0.0], 9_000.0 - f64::from(n)))
            .collect();
        let mut values = [1.0, 2.0, 3.0, 4.0, 5.0];
        solve(&rows, &mut values);
        assert_eq!(values[1..], [0.0, 3.0, 4.0, 5.0]);
        assert!((8_900.0..9_000.0).contains(&values[0]), "{values:?}");
        let mut values = [7.0];
        solve(&[([1.0], 5.0)], &mut values);
        assert_eq!(values, [7.0], "one row says nothing");
    }
}
