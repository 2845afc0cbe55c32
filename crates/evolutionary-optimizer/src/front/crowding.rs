//! The crowding distance: how far apart a row's neighbours are.

use super::dominance::order;

/// The crowding distance of each row of `costs`, which has `objectives` columns and is one front: the sum over the
/// objectives of the distance between its two neighbours there, over the range of the front. It is infinite for the
/// first and the last row of any objective. NaN counts as infinite; what has no finite range adds nothing.
///
/// Takes O(m n log n). Source: Deb, Pratap, Agarwal & Meyarivan, "A fast and elitist multiobjective genetic algorithm:
/// NSGA-II", IEEE TEC 6 (2002).
///
/// # Panics
///
/// When `objectives` is 0 or does not divide the number of costs.
#[must_use]
pub fn crowding_distance(costs: &[f64], objectives: usize) -> Vec<f64> {
    let costs = super::checked(costs, objectives);
    let rows: Vec<u32> = (0..(costs.len() / objectives) as u32).collect();
    let mut distances = vec![0.0; rows.len()];
    Crowding::default().measure(&costs, objectives, &rows, &mut distances);
    distances
}

/// What the measure needs besides its result.
#[derive(Clone, Debug, Default)]
pub(crate) struct Crowding {
    sorted: Vec<(f64, u32)>,
}

impl Crowding {
    /// Writes the distances of the listed rows, which are one front, to their places in `distances`.
    pub(crate) fn measure(
        &mut self,
        costs: &[f64],
        objectives: usize,
        rows: &[u32],
        distances: &mut [f64],
    ) {
        for &row in rows {
            distances[row as usize] = 0.0;
        }
        for objective in 0..objectives {
            let cost = |row: u32| costs[row as usize * objectives + objective];
            self.sorted.clear();
            self.sorted.extend(rows.iter().map(|&row| (cost(row), row)));
            self.sorted
                .sort_unstable_by(|a, b| order(a.0, b.0).then(a.1.cmp(&b.1)));
            self.add(distances);
        }
    }

    fn add(&self, distances: &mut [f64]) {
        let (Some(first), Some(last)) = (self.sorted.first(), self.sorted.last()) else {
            return;
        };
        distances[first.1 as usize] = f64::INFINITY;
        distances[last.1 as usize] = f64::INFINITY;
        let range = last.0 - first.0;
        if !(range > 0.0 && range.is_finite()) {
            return;
        }
        for neighbours in self.sorted.windows(3) {
            distances[neighbours[1].1 as usize] += (neighbours[2].0 - neighbours[0].0) / range;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn adds_the_sides_of_the_box_between_neighbours() {
        let costs = [0.0, 10.0, 1.0, 4.0, 3.0, 2.0, 4.0, 0.0];
        let far = f64::INFINITY;
        assert_eq!(
            crowding_distance(&costs, 2),
            [far, 0.75 + 0.8, 0.75 + 0.4, far]
        );
    }

    #[test]
    fn fronts_without_a_range_are_all_alike() {
        assert_eq!(crowding_distance(&[], 2), []);
        assert_eq!(crowding_distance(&[1.0, 1.0], 2), [f64::INFINITY]);
        let alike = crowding_distance(&[1.0; 8], 2);
        assert_eq!(alike[1..3], [0.0, 0.0]);
        let failed = crowding_distance(&[f64::INFINITY; 8], 2);
        assert!(failed.iter().all(|distance| !distance.is_nan()));
    }
}
