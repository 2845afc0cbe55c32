//! Making a front smaller by its hypervolume: the row that alone dominates least is taken out, again and again.
//!
//! Contributions only grow when others are taken out, so that what was measured before is a lower bound, and only the row
//! whose bound is the least is measured again, if at all: what it dominates alone has grown only where it has something in
//! common with a row that was taken out, and with no other. With two objectives these are the two neighbours of a row.
//! Source of the selection: Beume, Naujoks & Emmerich (2007); of the bounds: Chen, Ishibuchi & Shang, "Fast greedy subset
//! selection from large candidate solution sets in evolutionary multiobjective optimization", IEEE TEC 26 (2022).

use super::contributions::Contributions;
use super::dominance::{covers, order};
use super::hypervolume::Volume;

/// How far beyond the worst cost of a front its reference point lies, as a share of the front's range.
pub(crate) const MARGIN: f64 = 0.1;

/// What pruning needs besides its result.
#[derive(Clone, Debug, Default)]
pub(crate) struct Pruner {
    volume: Volume,
    contributions: Contributions,
    /// The front scaled by its ideal point and its nadir, in the order of the last cost.
    rows: Vec<f64>,
    order: Vec<u32>,
    alone: Vec<f64>,
    /// The rows that were taken out, and how many of them were when a contribution was measured.
    gone: Vec<f64>,
    measured: Vec<u32>,
    corner: Vec<f64>,
    reference: Vec<f64>,
}

impl Pruner {
    /// Moves `keep` of the listed rows, which are one front, to the beginning of the list. Best given in the order of their
    /// last costs.
    pub(crate) fn prune(
        &mut self,
        costs: &[f64],
        objectives: usize,
        list: &mut [u32],
        keep: usize,
    ) {
        if keep >= list.len() {
            return;
        }
        // Knowing the usual numbers makes the inner loops shorter.
        match objectives {
            2 => self.prune_known(costs, 2, list, keep),
            3 => self.prune_known(costs, 3, list, keep),
            _ => self.prune_known(costs, objectives, list, keep),
        }
        // Those left first; the others are of no use to anyone.
        list[..keep].copy_from_slice(&self.order);
    }

    #[inline(always)]
    fn prune_known(&mut self, costs: &[f64], objectives: usize, list: &[u32], keep: usize) {
        self.sort(costs, objectives, list);
        self.scale(objectives);
        self.measure_all(objectives);
        while self.order.len() > keep {
            let worst = self.least(objectives);
            self.remove(worst, objectives);
        }
    }

    #[inline(always)]
    fn sort(&mut self, costs: &[f64], objectives: usize, list: &[u32]) {
        let row = |row: u32| &costs[row as usize * objectives..][..objectives];
        let last = |index: u32| row(index)[objectives - 1];
        self.order.clear();
        self.order.extend_from_slice(list);
        if !self.order.is_sorted_by(|&a, &b| last(a) <= last(b)) {
            self.order
                .sort_unstable_by(|&a, &b| order(last(a), last(b)).then(a.cmp(&b)));
        }
        self.rows.clear();
        for &index in &self.order {
            self.rows.extend(row(index));
        }
    }

    #[inline(always)]
    fn scale(&mut self, objectives: usize) {
        for objective in 0..objectives {
            let (mut low, mut high) = (f64::INFINITY, f64::NEG_INFINITY);
            for row in self.rows.chunks_exact(objectives) {
                let cost = row[objective];
                low = if cost < low { cost } else { low };
                high = if cost > high { cost } else { high };
            }
            for row in self.rows.chunks_exact_mut(objectives) {
                let scaled = (row[objective] - low) / (high - low);
                // Without a range all are equal there, or not finite.
                row[objective] = if scaled.is_finite() { scaled } else { 0.0 };
            }
        }
        self.reference.clear();
        self.reference.resize(objectives, 1.0 + MARGIN);
    }

    fn row(&self, index: usize, objectives: usize) -> &[f64] {
        &self.rows[index * objectives..][..objectives]
    }

    #[inline(always)]
    fn measure_all(&mut self, objectives: usize) {
        self.gone.clear();
        self.gone.reserve(self.rows.len());
        self.measured.clear();
        self.measured.resize(self.order.len(), 0);
        if let &[right, top, end] = self.reference.as_slice() {
            let reference = [right, top, end];
            self.contributions
                .measure(&self.rows, reference, &mut self.alone);
            return;
        }
        self.alone.clear();
        self.alone.resize(self.order.len(), 0.0);
        for index in 0..self.order.len() {
            self.measure(index, objectives);
        }
    }

    #[inline(always)]
    fn measure(&mut self, index: usize, objectives: usize) {
        self.measured[index] = (self.gone.len() / objectives) as u32;
        self.alone[index] = match objectives {
            2 => self.between(index),
            _ => {
                let at = index * objectives;
                let (before, rest) = self.rows.split_at(at);
                let (own, after) = rest.split_at(objectives);
                self.volume.exclusive(own, [before, after], &self.reference)
            }
        };
    }

    /// With two objectives: the box to both neighbours, the second cost ascending; the ends have infinite boxes.
    fn between(&self, index: usize) -> f64 {
        if index == 0 || index + 1 == self.order.len() {
            return f64::INFINITY;
        }
        let [left, own, right] = [index - 1, index, index + 1].map(|index| self.row(index, 2));
        ((left[0] - own[0]) * (right[1] - own[1])).max(0.0)
    }

    /// The row that alone dominates least; the last among equals.
    #[inline(always)]
    fn least(&mut self, objectives: usize) -> usize {
        loop {
            let least = last_least(&self.alone);
            if objectives == 2 || !self.has_grown(least, objectives) {
                return least;
            }
            self.measure(least, objectives);
        }
    }

    /// Whether a row dominates more alone than when it was measured.
    #[inline(always)]
    fn has_grown(&mut self, index: usize, objectives: usize) -> bool {
        let gone = self.measured[index] as usize * objectives;
        let (before, rest) = self.rows.split_at(index * objectives);
        let (own, after) = rest.split_at(objectives);
        let has_shared = |gone: &[f64]| {
            let corner = own.iter().zip(gone).map(|(own, gone)| own.max(*gone));
            self.corner.clear();
            self.corner.extend(corner);
            let mut below = self.corner.iter().zip(&self.reference);
            below.all(|(cost, end)| cost < end) && !any_covers([before, after], &self.corner)
        };
        let has_grown = self.gone[gone..].chunks_exact(objectives).any(has_shared);
        self.measured[index] = (self.gone.len() / objectives) as u32;
        has_grown
    }

    #[inline(always)]
    fn remove(&mut self, index: usize, objectives: usize) {
        self.order.remove(index);
        self.alone.remove(index);
        self.measured.remove(index);
        let gone = index * objectives..(index + 1) * objectives;
        self.gone.extend(self.rows.drain(gone));
        if objectives == 2 {
            for neighbour in [index.wrapping_sub(1), index] {
                if neighbour < self.order.len() {
                    self.measure(neighbour, objectives);
                }
            }
        }
    }
}

/// Whether a row of two runs is nowhere worse than `corner`. The last costs ascend through both runs; those of the first
/// are no worse than that of the corner.
#[inline]
fn any_covers([before, after]: [&[f64]; 2], corner: &[f64]) -> bool {
    // The rows in the middle first, which are most likely near the corner.
    if let &[x, y, z] = corner {
        let covers = |row: &[f64; 3]| row[0] <= x && row[1] <= y;
        let [before, after] = [before, after].map(|run| run.as_chunks::<3>().0);
        let mut after = after.iter().take_while(|row| row[2] <= z);
        return after.any(covers) || before.iter().rev().any(covers);
    }
    let mut before = before.rchunks_exact(corner.len());
    let mut after = after.chunks_exact(corner.len());
    before.any(|row| covers(row, corner)) || after.any(|row| covers(row, corner))
}

/// The place of the least of some numbers, none of them NaN; the last among equals.
fn last_least(numbers: &[f64]) -> usize {
    // Four at a time, because none of them waits for the others then.
    let lesser = |a: f64, b: f64| if b < a { b } else { a };
    let (fours, rest) = numbers.as_chunks::<4>();
    let mut leasts = [f64::INFINITY; 4];
    for four in fours {
        leasts = std::array::from_fn(|lane| lesser(leasts[lane], four[lane]));
    }
    let least = rest
        .iter()
        .chain(&leasts)
        .copied()
        .fold(f64::INFINITY, lesser);
    let place = numbers.iter().rposition(|&number| number == least);
    place.expect("because one of them is the least")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::Rng;

    /// Rows of a front that is not flat.
    fn front(count: usize, objectives: usize, rng: &mut Rng) -> Vec<f64> {
        let mut costs = Vec::new();
        for _ in 0..count {
            let row: Vec<f64> = (0..objectives).map(|_| rng.unit() + 0.01).collect();
            let length = row.iter().map(|x| x * x).sum::<f64>().sqrt();
            costs.extend(row.iter().map(|x| x / length));
        }
        costs
    }

    /// Takes out the row without which the volume is greatest, measured anew each time. With two objectives the ends stay.
    fn slow(costs: &[f64], objectives: usize, keep: usize) -> Vec<u32> {
        let mut pruner = Pruner::default();
        let list: Vec<u32> = (0..(costs.len() / objectives) as u32).collect();
        pruner.sort(costs, objectives, &list);
        pruner.scale(objectives);
        let mut rows: Vec<(u32, Vec<f64>)> = pruner
            .order
            .iter()
            .copied()
            .zip(pruner.rows.chunks(objectives).map(<[f64]>::to_vec))
            .collect();
        while rows.len() > keep {
            let without = |gone: usize| {
                if objectives == 2 && (gone == 0 || gone + 1 == rows.len()) {
                    return 0.0;
                }
                let left = rows.iter().enumerate().filter(|(index, _)| *index != gone);
                let costs: Vec<f64> = left.flat_map(|(_, (_, row))| row.clone()).collect();
                Volume::default().of(&costs, &vec![1.0 + MARGIN; objectives])
            };
            let worst = (0..rows.len()).max_by(|&a, &b| order(without(a), without(b)));
            rows.remove(worst.unwrap());
        }
        rows.into_iter().map(|(row, _)| row).collect()
    }

    #[test]
    fn takes_out_what_the_volume_misses_least() {
        let mut rng = Rng::new(1);
        for round in 0..30 {
            for objectives in 2..=5 {
                let count = 4 + round % 9;
                let costs = front(count, objectives, &mut rng);
                let keep = 2 + rng.below(count as u64 - 2) as usize;
                let mut list: Vec<u32> = (0..count as u32).collect();
                Pruner::default().prune(&costs, objectives, &mut list, keep);
                let mut ours = list[..keep].to_vec();
                let mut expect = slow(&costs, objectives, keep);
                ours.sort_unstable();
                expect.sort_unstable();
                assert_eq!(ours, expect, "{keep} of {costs:?}");
            }
        }
    }

    /// On a coarse grid rows tie, are equal, and lie on each other's borders: which of several goes is open, but each that
    /// goes dominates no more alone than any other then.
    #[test]
    fn each_that_goes_is_missed_least() {
        let mut rng = Rng::new(2);
        for round in 0..200 {
            for objectives in 3..=4 {
                let count = 3 + round % 30;
                let levels = 2 + rng.below(8);
                let costs: Vec<f64> = (0..count * objectives)
                    .map(|_| rng.below(levels) as f64)
                    .collect();
                let mut list: Vec<u32> = (0..count as u32).collect();
                let mut pruner = Pruner::default();
                pruner.sort(&costs, objectives, &list);
                pruner.scale(objectives);
                let mut rows: Vec<f64> = pruner.rows.clone();
                pruner.prune(&costs, objectives, &mut list, 1);
                assert_eq!(pruner.gone.len(), (count - 1) * objectives);
                for gone in pruner.gone.chunks(objectives) {
                    let reference = vec![1.0 + MARGIN; objectives];
                    let volume = |skip: usize| {
                        let mut others = rows.clone();
                        others.drain(skip * objectives..(skip + 1) * objectives);
                        Volume::default().of(&others, &reference)
                    };
                    let place = rows.chunks(objectives).position(|row| row == gone);
                    let place = place.expect("because it was there");
                    let left = rows.len() / objectives;
                    let best = (0..left).map(volume).fold(0.0, f64::max);
                    assert!(volume(place) > best - 1e-12, "{gone:?} of {rows:?}");
                    rows.drain(place * objectives..(place + 1) * objectives);
                }
            }
        }
    }

    #[test]
    fn the_last_of_the_least_is_found() {
        for count in 1..40 {
            for place in 0..count {
                let mut numbers = vec![2.0; count];
                numbers[place / 2] = 1.0;
                numbers[place] = 1.0;
                assert_eq!(last_least(&numbers), place);
            }
        }
        assert_eq!(last_least(&[f64::INFINITY; 5]), 4);
    }

    #[test]
    fn rows_that_failed_or_are_equal_are_taken_out_too() {
        for value in [1.0, f64::INFINITY] {
            for objectives in 1..=4 {
                let costs = vec![value; 6 * objectives];
                let mut list: Vec<u32> = (0..6).collect();
                Pruner::default().prune(&costs, objectives, &mut list, 2);
                assert!(list[0] != list[1] && list[0] < 6 && list[1] < 6);
            }
        }
    }
}
