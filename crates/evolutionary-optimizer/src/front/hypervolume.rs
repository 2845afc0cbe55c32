//! Hypervolume: what a front dominates up to a reference point.
//!
//! With two objectives a sweep over the first. With three a sweep over the third, above a staircase in the other two whose
//! area grows by what each row adds (Beume, Fonseca, López-Ibáñez, Paquete & Vahrenhold, "On the complexity of computing
//! the hypervolume indicator", IEEE TEC 13, 2009). With more, rows in the order of their last cost each add what they alone
//! dominate of the other objectives, times what is left of the last; and what a row dominates alone is its box less the
//! volume of the rows before it, each cut to that box (While, Bradstreet & Barone, "A fast way of calculating exact
//! hypervolumes", IEEE TEC 16, 2012, in its sliced form; with four objectives this is the sweep of Guerreiro, Fonseca &
//! Emmerich, "A fast dimension-sweep algorithm for the hypervolume indicator in four dimensions", CCCG 2012, a factor of
//! log n above its O(n²)).

use std::ops::Range;

use super::dominance::{covers, order};

/// The volume of all that rows of `costs` dominate (they are minimised) and that dominates `reference`, which has as many
/// values as a row. Rows that do not lie below the reference in all objectives add nothing, nor do those with NaN. Exact up
/// to rounding for any number of objectives.
///
/// Takes O(n log n) for 1 to 3 objectives, O(n² log n) for 4, and up to O(n^(m−2) log n) for m, mostly far less.
///
/// ```
/// use autoexec_evolutionary_optimizer::hypervolume;
///
/// assert_eq!(hypervolume(&[1.0, 2.0, 2.0, 1.0], &[3.0, 3.0]), 3.0);
/// ```
///
/// # Panics
///
/// When `reference` is empty or its length does not divide the number of costs.
#[must_use]
pub fn hypervolume(costs: &[f64], reference: &[f64]) -> f64 {
    let costs = super::checked(costs, reference.len());
    Volume::default().of(&costs, reference)
}

/// Rows of one level of the recursion, the last cost ascending.
#[derive(Clone, Debug, Default)]
struct Level {
    rows: Vec<f64>,
    /// Rows before the current one that matter in the objectives but the last, ascending in the last of these.
    before: Vec<f64>,
}

/// What computing volumes needs besides the result.
#[derive(Clone, Debug, Default)]
pub(crate) struct Volume {
    order: Vec<u32>,
    stairs: Vec<(f64, f64)>,
    /// One for each number of objectives from four up.
    levels: Vec<Level>,
    rows: Vec<f64>,
}

impl Volume {
    /// The volume below `reference`.
    pub(crate) fn of(&mut self, costs: &[f64], reference: &[f64]) -> f64 {
        let objectives = reference.len();
        let row = |index: u32| &costs[index as usize * objectives..][..objectives];
        self.order.clear();
        self.order
            .extend((0..(costs.len() / objectives) as u32).filter(|&index| {
                row(index)
                    .iter()
                    .zip(reference)
                    .all(|(cost, end)| cost < end)
            }));
        let last = |index: u32| row(index)[objectives - 1];
        self.order
            .sort_unstable_by(|&a, &b| order(last(a), last(b)).then(a.cmp(&b)));
        let mut rows = std::mem::take(&mut self.rows);
        rows.clear();
        for &index in &self.order {
            rows.extend_from_slice(row(index));
        }
        let volume = self.of_sorted(&rows, reference);
        self.rows = rows;
        volume
    }

    /// What the row `own` alone dominates besides `others`, in two runs of rows of as many costs, the last ascending through
    /// both. Those that cover it leave nothing.
    pub(crate) fn exclusive(&mut self, own: &[f64], others: [&[f64]; 2], reference: &[f64]) -> f64 {
        if own.iter().zip(reference).any(|(cost, end)| cost >= end) {
            return 0.0;
        }
        if let (&[x, y, z], &[right, top, end]) = (own, reference) {
            return self.exclusive_3([x, y, z], others, [right, top, end]);
        }
        let rows = others
            .into_iter()
            .flat_map(|run| run.chunks_exact(own.len()));
        let mut cut = std::mem::take(&mut self.rows);
        cut.clear();
        for other in rows {
            if other.iter().zip(reference).all(|(cost, end)| cost < end) {
                cut.extend(own.iter().zip(other).map(|(&a, &b)| a.max(b)));
            }
        }
        let volume = side(own, reference) - self.of_sorted(&cut, reference);
        self.rows = cut;
        volume.max(0.0)
    }

    /// The sweep over the third cost, within the box that rows leave which cover the own one in two of the three.
    fn exclusive_3(&mut self, own: [f64; 3], others: [&[f64]; 2], reference: [f64; 3]) -> f64 {
        let others = others.map(|run| run.as_chunks::<3>().0);
        let [x, y, z] = own;
        let [right, top, end] = bound(own, others, reference);
        if right <= x || top <= y {
            return 0.0;
        }
        self.stairs.clear();
        // Room for the most, because the first fronts need less than later ones.
        self.stairs.reserve(others[0].len() + others[1].len());
        let (mut volume, mut depth) = (0.0, z);
        let mut left = (right - x) * (top - y);
        for run in others {
            // Rows that begin beyond the box come last.
            for &[other_x, other_y, other_z] in run.iter().take_while(|other| other[2] < end) {
                if other_x < right && other_y < top {
                    let next = other_z.max(z);
                    volume += left * (next - depth);
                    depth = next;
                    let cut = (other_x.max(x), other_y.max(y));
                    left -= add_step(&mut self.stairs, cut.0, cut.1, &[right, top]);
                }
            }
        }
        (volume + left * (end - depth)).max(0.0)
    }

    /// The volume of rows that lie below the reference, the last cost ascending.
    fn of_sorted(&mut self, rows: &[f64], reference: &[f64]) -> f64 {
        match reference.len() {
            1 => rows.first().map_or(0.0, |cost| reference[0] - cost),
            2 => sweep_2(rows, reference),
            3 => self.sweep_3(rows, reference),
            objectives => self.sweep(rows, objectives, reference),
        }
    }

    fn sweep_3(&mut self, rows: &[f64], reference: &[f64]) -> f64 {
        self.stairs.clear();
        let (mut volume, mut area, mut depth) = (0.0, 0.0, 0.0);
        for row in rows.chunks_exact(3) {
            volume += area * (row[2] - depth);
            depth = row[2];
            area += add_step(&mut self.stairs, row[0], row[1], reference);
        }
        volume + area * (reference[2] - depth)
    }

    fn sweep(&mut self, rows: &[f64], objectives: usize, reference: &[f64]) -> f64 {
        let level = objectives - 4;
        if self.levels.len() <= level {
            self.levels.resize_with(level + 1, Level::default);
        }
        let mut own = std::mem::take(&mut self.levels[level]);
        own.before.clear();
        let inner = objectives - 1;
        let mut volume = 0.0;
        for row in rows.chunks_exact(objectives) {
            let (row, last) = (&row[..inner], row[inner]);
            let before = own.before.chunks_exact(inner);
            if before.clone().any(|other| covers(other, row)) {
                continue;
            }
            own.rows.clear();
            for other in before {
                own.rows
                    .extend(row.iter().zip(other).map(|(&a, &b)| a.max(b)));
            }
            let alone =
                side(row, &reference[..inner]) - self.of_sorted(&own.rows, &reference[..inner]);
            volume += alone.max(0.0) * (reference[inner] - last);
            insert(&mut own.before, row);
        }
        self.levels[level] = own;
        volume
    }
}

/// Where what a row dominates alone ends in each of three costs at the latest: where another one begins that covers it in
/// both other costs.
fn bound(own: [f64; 3], others: [&[[f64; 3]]; 2], reference: [f64; 3]) -> [f64; 3] {
    let [x, y, z] = own;
    let [mut right, mut top, mut end] = reference;
    for run in others {
        let (below, above) = run.split_at(run.partition_point(|other| other[2] <= z));
        for &[other_x, other_y, _] in below {
            // Without branches, because they would be hard to foresee.
            let at_right = if other_y <= y { other_x } else { right };
            let at_top = if other_x <= x { other_y } else { top };
            right = if at_right < right { at_right } else { right };
            top = if at_top < top { at_top } else { top };
        }
        let cover = above.iter().find(|other| other[0] <= x && other[1] <= y);
        end = cover.map_or(end, |cover| end.min(cover[2]));
    }
    [right, top, end]
}

/// The volume of the box between a row and the reference.
fn side(row: &[f64], reference: &[f64]) -> f64 {
    row.iter()
        .zip(reference)
        .fold(1.0, |product, (cost, end)| product * (end - cost))
}

fn sweep_2(rows: &[f64], reference: &[f64]) -> f64 {
    let (mut area, mut first) = (0.0, reference[0]);
    for row in rows.chunks_exact(2) {
        if row[0] < first {
            area += (first - row[0]) * (reference[1] - row[1]);
            first = row[0];
        }
    }
    area
}

/// Adds a step to a staircase and returns the area that it alone covers: none when some step covers it.
#[inline]
fn add_step(stairs: &mut Vec<(f64, f64)>, x: f64, y: f64, reference: &[f64]) -> f64 {
    // Among few steps looking at each is faster than a search.
    let start = if stairs.len() <= 24 {
        let before = |&(other, _): &(f64, f64)| usize::from(other < x);
        stairs.iter().map(before).sum()
    } else {
        stairs.partition_point(|&(other, _)| other < x)
    };
    if stairs
        .get(start)
        .is_some_and(|&(other, height)| other == x && height <= y)
    {
        return 0.0;
    }
    let mut top = reference[1];
    if start > 0 {
        top = stairs[start - 1].1;
        if top <= y {
            return 0.0;
        }
    }
    let (mut area, mut left, mut end) = (0.0, x, start);
    while let Some(&(other, height)) = stairs.get(end).filter(|step| step.1 >= y) {
        area += (other - left) * (top - y);
        (left, top) = (other, height);
        end += 1;
    }
    let right = stairs.get(end).map_or(reference[0], |step| step.0);
    replace(stairs, start..end, (x, y));
    area + (right - left) * (top - y)
}

/// Puts a step in the place of others.
pub(crate) fn replace<T>(stairs: &mut Vec<T>, range: Range<usize>, step: T) {
    if range.is_empty() {
        stairs.insert(range.start, step);
    } else {
        stairs[range.start] = step;
        if range.len() > 1 {
            stairs.drain(range.start + 1..range.end);
        }
    }
}

/// Puts a row into its place by the last cost, and removes those it covers.
fn insert(rows: &mut Vec<f64>, row: &[f64]) {
    let width = row.len();
    let mut kept = 0;
    for index in 0..rows.len() / width {
        let range = index * width..(index + 1) * width;
        if !covers(row, &rows[range.clone()]) {
            rows.copy_within(range, kept * width);
            kept += 1;
        }
    }
    rows.truncate(kept * width);
    let last = row[width - 1];
    let mut place = kept;
    while place > 0 && rows[place * width - 1] > last {
        place -= 1;
    }
    rows.extend_from_slice(row);
    rows[place * width..].rotate_right(width);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::Rng;

    /// By inclusion and exclusion over all subsets.
    fn slow(costs: &[f64], reference: &[f64]) -> f64 {
        let rows: Vec<&[f64]> = costs.chunks(reference.len()).collect();
        let subsets = 1_u32..1 << rows.len();
        let volume = |subset: u32| {
            let members = rows
                .iter()
                .enumerate()
                .filter(|(index, _)| subset >> index & 1 == 1);
            let mut corner = vec![f64::NEG_INFINITY; reference.len()];
            for (_, row) in members {
                for (corner, &cost) in corner.iter_mut().zip(*row) {
                    *corner = corner.max(cost);
                }
            }
            let sides = corner
                .iter()
                .zip(reference)
                .map(|(cost, end)| (end - cost).max(0.0));
            sides.product::<f64>()
                * if subset.count_ones() % 2 == 1 {
                    1.0
                } else {
                    -1.0
                }
        };
        subsets.map(volume).sum()
    }

    fn random(rows: usize, objectives: usize, round: u64, rng: &mut Rng) -> Vec<f64> {
        let levels = 2 + round % 5;
        let draw = |_| match round % 3 {
            0 => rng.below(levels) as f64 / levels as f64,
            1 if rng.chance(0.02) => f64::INFINITY,
            _ => rng.unit(),
        };
        (0..rows * objectives).map(draw).collect()
    }

    #[test]
    fn agrees_with_inclusion_and_exclusion() {
        let mut rng = Rng::new(1);
        let mut volume = Volume::default();
        for round in 0..300 {
            for objectives in 1..=6 {
                let rows = rng.below(9) as usize;
                let costs = random(rows, objectives, round, &mut rng);
                let reference = vec![0.9; objectives];
                let (ours, expect) = (volume.of(&costs, &reference), slow(&costs, &reference));
                assert!(
                    (ours - expect).abs() < 1e-12,
                    "{ours} instead of {expect}: {costs:?}"
                );
            }
        }
    }

    #[test]
    fn what_a_row_dominates_alone_is_the_difference_it_makes() {
        let mut rng = Rng::new(2);
        let mut volume = Volume::default();
        for round in 0..200 {
            for objectives in 1..=5 {
                let mut costs = random(8, objectives, round, &mut rng);
                let reference = vec![1.0; objectives];
                let own: Vec<f64> = costs.drain(..objectives).collect();
                let mut others: Vec<&[f64]> = costs.chunks(objectives).collect();
                others.sort_by(|a, b| order(a[objectives - 1], b[objectives - 1]));
                let others = others.concat();
                let alone = volume.exclusive(&own, [&others, &[]], &reference);
                let all = [own, others.clone()].concat();
                let expect = volume.of(&all, &reference) - volume.of(&others, &reference);
                assert!(
                    (alone - expect).abs() < 1e-12,
                    "{alone} instead of {expect}"
                );
            }
        }
    }

    #[test]
    fn an_empty_front_has_no_volume() {
        assert_eq!(hypervolume(&[], &[1.0, 1.0]), 0.0);
        assert_eq!(hypervolume(&[f64::NAN, 0.0], &[1.0, 1.0]), 0.0);
    }
}
