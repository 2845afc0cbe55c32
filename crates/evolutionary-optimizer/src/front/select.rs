//! Choosing a few rows that stand for a front.
//!
//! Two objectives: the subset of greatest hypervolume, by dynamic programming over the front from left to right, in which
//! the best predecessor is the greatest of lines that are met in order: O(n k) for k of n (Bringmann, Friedrich & Klitzke,
//! "Two-dimensional subset selection for hypervolume and epsilon-indicator", GECCO 2014); greedily, as with three, where the
//! table of n times k would be too large. Three and four: greedily, the row that adds most comes next; what a row adds only
//! shrinks, so that a bound measured earlier often spares measuring again (Chen, Ishibuchi & Shang, IEEE TEC 26, 2022).
//! More: the farthest from all chosen so far comes next (Singh, Bhattacharjee & Ray, "Distance-based subset selection for
//! benchmarking in evolutionary multi/many-objective optimization", IEEE TEC 23, 2019).

use std::cmp::Ordering;

use super::dominance::order;
use super::hypervolume::Volume;
use super::prune::MARGIN;
use super::scale::Scale;
use crate::engine::Points;

/// The most entries of the table that the exact choice makes, 4 bytes each; beyond it the choice is greedy.
const TABLE: usize = 1 << 23;

/// What selecting needs, and its result.
#[derive(Clone, Debug, Default)]
pub(crate) struct Selector {
    chosen: Vec<u32>,
    /// Scaled costs of the candidates.
    scaled: Vec<f64>,
    volume: Volume,
}

impl Selector {
    /// Chooses up to `count` of the rows in `candidates`, which do not dominate each other and are in lexicographic order
    /// of their finite costs.
    pub(crate) fn select(&mut self, rows: &Points, candidates: &[u32], count: usize) -> &[u32] {
        self.chosen.clear();
        if candidates.len() <= count || count == 0 {
            self.chosen.extend(candidates.iter().take(count));
            return &self.chosen;
        }
        let scale = Scale::of(rows);
        self.scaled.clear();
        for &row in candidates {
            self.scaled.extend(scale.apply(rows.costs(row as usize)));
        }
        match rows.objectives() {
            2 if candidates.len() * count <= TABLE => self.exactly(count),
            2..=4 => self.greedily(rows.objectives(), count),
            objectives => self.apart(objectives, count),
        }
        for index in &mut self.chosen {
            *index = candidates[*index as usize];
        }
        &self.chosen
    }

    fn exactly(&mut self, count: usize) {
        let rows: Vec<(f64, f64)> = self
            .scaled
            .chunks_exact(2)
            .map(|row| (row[0], row[1]))
            .collect();
        let end = 1.0 + MARGIN;
        // Of subsets of one more row than the layer's number that end in a row: the best area, and the row before.
        let mut areas: Vec<f64> = rows.iter().map(|(x, y)| (end - x) * (end - y)).collect();
        let mut before: Vec<Vec<u32>> = Vec::with_capacity(count);
        let mut hull = Vec::with_capacity(rows.len());
        for _ in 1..count {
            let mut next = vec![f64::NEG_INFINITY; rows.len()];
            let mut from = vec![0; rows.len()];
            hull.clear();
            let mut head = 0;
            for (index, &(x, y)) in rows.iter().enumerate() {
                let at = |line: u32| (end - x) * rows[line as usize].1 + areas[line as usize];
                while head + 1 < hull.len() && at(hull[head + 1]) >= at(hull[head]) {
                    head += 1;
                }
                if let Some(&best) = hull.get(head) {
                    next[index] = at(best) - (end - x) * y;
                    from[index] = best;
                }
                add_line(&mut hull, head, index as u32, &rows, &areas);
            }
            areas = next;
            before.push(from);
        }
        let greatest = (0..rows.len()).max_by(|&a, &b| order(areas[a], areas[b]));
        let mut row = greatest.expect("because there are more candidates than wanted") as u32;
        self.chosen.push(row);
        for layer in before.iter().rev() {
            row = layer[row as usize];
            self.chosen.push(row);
        }
        self.chosen.reverse();
    }

    fn greedily(&mut self, objectives: usize, count: usize) {
        let reference = vec![1.0 + MARGIN; objectives];
        let row = |index: u32| &self.scaled[index as usize * objectives..][..objectives];
        let mut heap: std::collections::BinaryHeap<Bound> = (0..(self.scaled.len() / objectives)
            as u32)
            .map(|index| Bound {
                adds: self.volume.exclusive(row(index), [&[], &[]], &reference),
                index,
                chosen: 0,
            })
            .collect();
        // The chosen rows, the last cost ascending.
        let mut others: Vec<f64> = Vec::with_capacity(count * objectives);
        while self.chosen.len() < count {
            let Some(mut top) = heap.pop() else { break };
            if top.chosen < self.chosen.len() {
                top.adds = self
                    .volume
                    .exclusive(row(top.index), [&others, &[]], &reference);
                top.chosen = self.chosen.len();
                heap.push(top);
                continue;
            }
            let last = row(top.index)[objectives - 1];
            let after = others
                .chunks_exact(objectives)
                .filter(|other| other[objectives - 1] > last);
            let place = others.len() - after.count() * objectives;
            others.splice(place..place, row(top.index).iter().copied());
            self.chosen.push(top.index);
        }
    }

    fn apart(&mut self, objectives: usize, count: usize) {
        let row = |index: u32| &self.scaled[index as usize * objectives..][..objectives];
        let total = (self.scaled.len() / objectives) as u32;
        let mut distances = vec![f64::INFINITY; total as usize];
        // The best in each objective first, then whatever is farthest.
        while self.chosen.len() < count {
            let next = if self.chosen.len() < objectives {
                let cost = |index: &u32| row(*index)[self.chosen.len()];
                (0..total).min_by(|a, b| order(cost(a), cost(b)))
            } else {
                let distance = |index: &u32| distances[*index as usize];
                (0..total).max_by(|a, b| order(distance(a), distance(b)))
            };
            let next = next.expect("because there are more candidates than wanted");
            if self.chosen.len() >= objectives || distances[next as usize] > 0.0 {
                self.chosen.push(next);
            } else {
                // The best in an objective may be the best in another: then any that is far.
                let distance = |index: &u32| distances[*index as usize];
                let far = (0..total).max_by(|a, b| order(distance(a), distance(b)));
                self.chosen.push(far.expect("because there are candidates"));
            }
            let added = row(*self.chosen.last().expect("because one was pushed"));
            for (index, distance) in distances.iter_mut().enumerate() {
                let gaps = row(index as u32)
                    .iter()
                    .zip(added)
                    .map(|(a, b)| (a - b) * (a - b));
                *distance = distance.min(gaps.sum());
            }
        }
    }
}

/// Adds the line of a row as a predecessor: its slope is the row's second cost, less than that of all lines before. Lines
/// below the others everywhere are removed, but none before `head`.
fn add_line(hull: &mut Vec<u32>, head: usize, index: u32, rows: &[(f64, f64)], areas: &[f64]) {
    if areas[index as usize] == f64::NEG_INFINITY {
        return;
    }
    let line = |index: u32| (rows[index as usize].1, areas[index as usize]);
    let (slope, height) = line(index);
    while hull.len() >= head + 2 {
        let [(slope_a, height_a), (slope_b, height_b)] =
            [2, 1].map(|back| line(hull[hull.len() - back]));
        // Where a meets the new line it is above b already: b is never the greatest.
        if (height - height_a) * (slope_a - slope_b) < (height_b - height_a) * (slope_a - slope) {
            break;
        }
        hull.pop();
    }
    hull.push(index);
}

/// A candidate by what it added at most when it was measured.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Bound {
    adds: f64,
    index: u32,
    /// The number of rows that were chosen then.
    chosen: usize,
}

impl Eq for Bound {}

impl Ord for Bound {
    fn cmp(&self, other: &Self) -> Ordering {
        order(self.adds, other.adds).then(other.index.cmp(&self.index))
    }
}

impl PartialOrd for Bound {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::Rng;

    fn front(count: usize, objectives: usize, rng: &mut Rng) -> Points {
        let mut points = Points::new(1, objectives, count);
        for _ in 0..count {
            let mut costs: Vec<f64> = (0..objectives).map(|_| rng.unit() + 0.05).collect();
            let length = costs.iter().map(|cost| cost * cost).sum::<f64>().sqrt();
            costs.iter_mut().for_each(|cost| *cost /= length);
            points.push(&[0.0]);
            points.set(points.len() - 1, &costs, 0.0);
        }
        points
    }

    fn volume(points: &Points, rows: &[u32]) -> f64 {
        let scale = Scale::of(points);
        let costs: Vec<f64> = rows
            .iter()
            .flat_map(|&row| scale.apply(points.costs(row as usize)).collect::<Vec<_>>())
            .collect();
        Volume::default().of(&costs, &vec![1.0 + MARGIN; points.objectives()])
    }

    fn candidates(points: &Points) -> Vec<u32> {
        let mut rows: Vec<u32> = (0..points.len() as u32).collect();
        rows.sort_by(|&a, &b| order(points.cost(a as usize), points.cost(b as usize)));
        rows
    }

    /// All subsets of `count` rows.
    fn best(points: &Points, count: usize) -> f64 {
        (0_u32..1 << points.len())
            .filter(|subset| subset.count_ones() as usize == count)
            .map(|subset| {
                let rows: Vec<u32> = (0..points.len() as u32)
                    .filter(|row| subset >> row & 1 == 1)
                    .collect();
                volume(points, &rows)
            })
            .fold(0.0, f64::max)
    }

    #[test]
    fn of_two_objectives_the_best_subset_is_chosen() {
        let mut rng = Rng::new(1);
        for round in 0..60 {
            let points = front(3 + round % 8, 2, &mut rng);
            let candidates = candidates(&points);
            for count in 0..points.len() {
                let mut selector = Selector::default();
                let chosen = selector.select(&points, &candidates, count);
                assert_eq!(chosen.len(), count);
                let (ours, expect) = (volume(&points, chosen), best(&points, count));
                assert!((ours - expect).abs() < 1e-12, "{ours} instead of {expect}");
                // Where the table would be too large.
                selector.chosen.clear();
                selector.greedily(2, count);
                let chosen: Vec<u32> = selector
                    .chosen
                    .iter()
                    .map(|&index| candidates[index as usize])
                    .collect();
                assert_eq!(chosen.len(), count);
                assert!(volume(&points, &chosen) >= 0.85 * expect);
            }
        }
    }

    /// A greedy choice of a submodular measure has at least 1 − 1/e of the best; here it has nearly all.
    #[test]
    fn of_more_objectives_a_good_subset_is_chosen() {
        let mut rng = Rng::new(2);
        for objectives in 3..=4 {
            for _ in 0..10 {
                let points = front(10, objectives, &mut rng);
                let mut selector = Selector::default();
                let chosen = selector.select(&points, &candidates(&points), 4);
                let (ours, best) = (volume(&points, chosen), best(&points, 4));
                assert!(ours > 0.93 * best, "{ours} of {best}");
            }
        }
    }

    #[test]
    fn of_many_objectives_distant_rows_are_chosen() {
        let mut rng = Rng::new(3);
        let points = front(500, 6, &mut rng);
        let mut selector = Selector::default();
        let chosen = selector.select(&points, &candidates(&points), 20).to_vec();
        let mut distinct = chosen.clone();
        distinct.sort_unstable();
        distinct.dedup();
        assert_eq!(distinct.len(), 20);
    }
}
