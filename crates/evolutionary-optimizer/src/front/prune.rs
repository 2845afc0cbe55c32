//! Making a front smaller by its hypervolume: the row that alone dominates least is taken out, again and again.
//!
//! Contributions only grow when others are taken out, so that what was measured before is a lower bound, and only rows
//! whose bound is the least are measured again. With two objectives only the two neighbours of a row change.
//! Source of the selection: Beume, Naujoks & Emmerich (2007); of the bounds: Chen, Ishibuchi & Shang, "Fast greedy subset
//! selection from large candidate solution sets in evolutionary multiobjective optimization", IEEE TEC 26 (2022).

use super::dominance::order;
use super::hypervolume::Volume;

/// How far beyond the worst cost of a front its reference point lies, as a share of the front's range.
pub(crate) const MARGIN: f64 = 0.1;

/// What pruning needs besides its result.
#[derive(Clone, Debug, Default)]
pub(crate) struct Pruner {
    volume: Volume,
    /// The front scaled by its ideal point and its nadir, in the order of the last cost.
    rows: Vec<f64>,
    order: Vec<u32>,
    alone: Vec<f64>,
    /// The number of rows that were left when a contribution was measured.
    measured: Vec<u32>,
    low: Vec<f64>,
    high: Vec<f64>,
    reference: Vec<f64>,
}

impl Pruner {
    /// Moves `keep` of the listed rows, which are one front, to the beginning of the list; returns `keep`.
    pub(crate) fn prune(
        &mut self,
        costs: &[f64],
        objectives: usize,
        list: &mut [u32],
        keep: usize,
    ) -> usize {
        if keep < list.len() {
            self.scale(costs, objectives, list);
            self.measure_all(objectives);
            while self.order.len() > keep {
                let worst = self.least(objectives);
                self.remove(worst, objectives);
            }
            // Those left first; the others are of no use to anyone.
            for (place, &row) in self.order.iter().enumerate() {
                list[place] = row;
            }
        }
        keep
    }

    fn scale(&mut self, costs: &[f64], objectives: usize, list: &[u32]) {
        let cost = |row: u32, objective: usize| costs[row as usize * objectives + objective];
        self.order.clear();
        self.order.extend_from_slice(list);
        let last = objectives - 1;
        self.order
            .sort_unstable_by(|&a, &b| order(cost(a, last), cost(b, last)).then(a.cmp(&b)));
        self.low.clear();
        self.high.clear();
        for objective in 0..objectives {
            let finite = |row: &u32| Some(cost(*row, objective)).filter(|cost| cost.is_finite());
            let values = || list.iter().filter_map(finite);
            self.low.push(values().fold(f64::INFINITY, f64::min));
            self.high.push(values().fold(f64::NEG_INFINITY, f64::max));
        }
        self.rows.clear();
        for &row in &self.order {
            for objective in 0..objectives {
                let range = self.high[objective] - self.low[objective];
                let scaled = (cost(row, objective) - self.low[objective]) / range;
                // Without a range all are equal there, or not finite.
                self.rows
                    .push(if scaled.is_finite() { scaled } else { 0.0 });
            }
        }
        self.reference.clear();
        self.reference.resize(objectives, 1.0 + MARGIN);
    }

    fn row(&self, index: usize, objectives: usize) -> &[f64] {
        &self.rows[index * objectives..][..objectives]
    }

    fn measure_all(&mut self, objectives: usize) {
        self.alone.clear();
        self.alone.resize(self.order.len(), 0.0);
        self.measured.clear();
        self.measured.resize(self.order.len(), 0);
        for index in 0..self.order.len() {
            self.measure(index, objectives);
        }
    }

    fn measure(&mut self, index: usize, objectives: usize) {
        self.measured[index] = self.order.len() as u32;
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
    fn least(&mut self, objectives: usize) -> usize {
        loop {
            let mut least = 0;
            for (index, &alone) in self.alone.iter().enumerate() {
                if alone <= self.alone[least] {
                    least = index;
                }
            }
            if objectives == 2 || self.measured[least] == self.order.len() as u32 {
                return least;
            }
            self.measure(least, objectives);
        }
    }

    fn remove(&mut self, index: usize, objectives: usize) {
        self.order.remove(index);
        self.alone.remove(index);
        self.measured.remove(index);
        self.rows
            .drain(index * objectives..(index + 1) * objectives);
        if objectives == 2 {
            for neighbour in [index.wrapping_sub(1), index] {
                if neighbour < self.order.len() {
                    self.measure(neighbour, objectives);
                }
            }
        }
    }
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
        pruner.scale(costs, objectives, &list);
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

    #[test]
    fn rows_that_failed_or_are_equal_are_taken_out_too() {
        for value in [1.0, f64::INFINITY] {
            for objectives in 1..=4 {
                let costs = vec![value; 6 * objectives];
                let mut list: Vec<u32> = (0..6).collect();
                assert_eq!(Pruner::default().prune(&costs, objectives, &mut list, 2), 2);
                assert!(list[0] != list[1] && list[0] < 6 && list[1] < 6);
            }
        }
    }
}
