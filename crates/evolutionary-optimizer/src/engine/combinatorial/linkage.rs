//! Which coordinates depend on each other, learnt from a population.
//!
//! A tree of groups joined by their average distance, where the distance of two coordinates is the share of their joint
//! entropy that they do not have in common. Source: Goldman & Punch, "Parameter-less population pyramid" (2014), after
//! Thierens & Bosman, "Optimal mixing evolutionary algorithms" (2011).

use crate::elementary::ln;
use crate::rng::Rng;

/// Above so many coordinates the matrix of distances is not worth its memory: groups are joined at random.
const MOST: usize = 1000;
/// Joined at this distance, two groups always change together.
const SAME: f64 = 1e-9;

/// Groups of coordinates, small ones first.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tree {
    members: Vec<usize>,
    starts: Vec<usize>,
}

impl Tree {
    /// The number of groups.
    pub(crate) fn len(&self) -> usize {
        self.starts.len().saturating_sub(1)
    }

    pub(crate) fn group(&self, index: usize) -> &[usize] {
        &self.members[self.starts[index]..self.starts[index + 1]]
    }

    /// The tree of `rows`, each of `width` genes, over the coordinates `free`. Takes O(d²) distances of O(rows) each;
    /// beyond 1000 coordinates O(d log d).
    pub(crate) fn learn(rows: &[f64], width: usize, free: &[usize], rng: &mut Rng) -> Self {
        // Ties are broken by the order of coordinates, hence at random.
        let mut order = free.to_vec();
        shuffle(&mut order, rng);
        let joins = if order.len() > MOST {
            halves(order.len())
        } else {
            let distances = distances(rows, width, &order);
            join(distances, order.len())
        };
        Self::from_joins(&order, &joins)
    }

    /// Leaves out the whole, and groups that only ever change with another.
    fn from_joins(order: &[usize], joins: &[Join]) -> Self {
        let mut groups: Vec<Vec<usize>> = order.iter().map(|&i| vec![i]).collect();
        let mut useful = vec![true; order.len()];
        for join in joins {
            let mut both = groups[join.first].clone();
            both.extend_from_slice(&groups[join.second]);
            if join.distance <= SAME {
                (useful[join.first], useful[join.second]) = (false, false);
            }
            useful.push(both.len() < order.len() || order.len() == 1);
            groups.push(both);
        }
        let mut kept: Vec<&Vec<usize>> = groups
            .iter()
            .zip(&useful)
            .filter_map(|(group, &is_useful)| is_useful.then_some(group))
            .collect();
        kept.sort_by_key(|group| group.len());
        let mut tree = Self {
            members: Vec::new(),
            starts: vec![0],
        };
        for group in kept {
            tree.members.extend_from_slice(group);
            tree.starts.push(tree.members.len());
        }
        tree
    }
}

/// Two groups that become one. Groups are numbered: coordinates first, then those that joins make.
#[derive(Clone, Copy, Debug)]
struct Join {
    first: usize,
    second: usize,
    distance: f64,
}

pub(crate) fn shuffle(items: &mut [usize], rng: &mut Rng) {
    for last in (1..items.len()).rev() {
        items.swap(last, rng.below(last as u64 + 1) as usize);
    }
}

/// Pairs of neighbours, pairs of pairs, and so on.
fn halves(count: usize) -> Vec<Join> {
    let mut joins = Vec::with_capacity(count);
    let mut queue: std::collections::VecDeque<usize> = (0..count).collect();
    while let (Some(first), Some(second)) = (queue.pop_front(), queue.pop_front()) {
        queue.push_back(count + joins.len());
        joins.push(Join {
            first,
            second,
            distance: 1.0,
        });
        if queue.len() == 1 {
            break;
        }
    }
    joins
}

/// The distances of all pairs, as a full matrix.
fn distances(rows: &[f64], width: usize, order: &[usize]) -> Vec<f64> {
    let (d, count) = (order.len(), rows.len() / width);
    let terms: Vec<f64> = (0..=count)
        .map(|n| if n == 0 { 0.0 } else { n as f64 * ln(n as f64) })
        .collect();
    let columns: Vec<Column> = order
        .iter()
        .map(|&i| Column::new(rows, width, i, &terms))
        .collect();
    let mut joint = vec![0_usize; count * count];
    let mut matrix = vec![0.0; d * d];
    for a in 0..d {
        for b in 0..a {
            let distance = distance(&columns[a], &columns[b], &terms, &mut joint);
            matrix[a * d + b] = distance;
            matrix[b * d + a] = distance;
        }
    }
    matrix
}

/// The values of one coordinate in all rows, numbered as they appear.
struct Column {
    values: Vec<usize>,
    distinct: usize,
    /// The sum of n ln n over the counts of values.
    sum: f64,
}

impl Column {
    fn new(rows: &[f64], width: usize, i: usize, terms: &[f64]) -> Self {
        let (mut seen, mut counts) = (Vec::new(), Vec::<usize>::new());
        let mut values = Vec::with_capacity(rows.len() / width);
        for row in rows.chunks_exact(width) {
            let known = seen.iter().position(|&gene| gene == row[i]);
            let value = known.unwrap_or_else(|| {
                seen.push(row[i]);
                counts.push(0);
                seen.len() - 1
            });
            counts[value] += 1;
            values.push(value);
        }
        Self {
            values,
            distinct: seen.len(),
            sum: counts.iter().map(|&count| terms[count]).sum(),
        }
    }
}

/// From 0, where one value tells the other, to 1, where it tells nothing. `joint` is zero before and after.
fn distance(a: &Column, b: &Column, terms: &[f64], joint: &mut [usize]) -> f64 {
    let whole = terms[a.values.len()];
    let cells = || a.values.iter().zip(&b.values);
    let mut sum = 0.0;
    for (&x, &y) in cells() {
        let cell = &mut joint[x * b.distinct + y];
        sum += terms[*cell + 1] - terms[*cell];
        *cell += 1;
    }
    cells().for_each(|(&x, &y)| joint[x * b.distinct + y] = 0);
    // Entropies times the number of rows.
    let together = whole - sum;
    let apart = 2.0 * whole - a.sum - b.sum;
    if together > 1e-9 {
        (2.0 - apart / together).clamp(0.0, 1.0)
    } else {
        1.0
    }
}

/// Joins the nearest groups until one is left: chains of nearest neighbours, O(d²) in all.
fn join(mut matrix: Vec<f64>, d: usize) -> Vec<Join> {
    let mut sizes = vec![1.0; d];
    // The number of the group that a place of the matrix stands for; none where it was joined to another.
    let mut names: Vec<Option<usize>> = (0..d).map(Some).collect();
    let (mut joins, mut chain) = (Vec::with_capacity(d), Vec::<usize>::with_capacity(d));
    while joins.len() + 1 < d {
        if chain.is_empty() {
            chain.extend(names.iter().position(Option::is_some));
        }
        let top = chain[chain.len() - 1];
        let before = chain.len().checked_sub(2).map(|at| chain[at]);
        let next = nearest(&matrix[top * d..][..d], &names, top, before);
        if Some(next) != before {
            chain.push(next);
            continue;
        }
        chain.truncate(chain.len() - 2);
        let distance = matrix[top * d + next];
        let (first, second) = (names[top], names[next]);
        for other in 0..d {
            let sum = sizes[top] * matrix[top * d + other] + sizes[next] * matrix[next * d + other];
            let mean = sum / (sizes[top] + sizes[next]);
            matrix[top * d + other] = mean;
            matrix[other * d + top] = mean;
        }
        sizes[top] += sizes[next];
        (names[top], names[next]) = (Some(d + joins.len()), None);
        if let (Some(first), Some(second)) = (first, second) {
            joins.push(Join {
                first,
                second,
                distance,
            });
        }
    }
    joins
}

/// The nearest group; the one before in the chain, if none is nearer, for else a chain might never end.
fn nearest(row: &[f64], names: &[Option<usize>], top: usize, before: Option<usize>) -> usize {
    let mut best = before;
    for (other, name) in names.iter().enumerate() {
        let is_nearer = best.is_none_or(|best| row[other] < row[best]);
        if name.is_some() && other != top && is_nearer {
            best = Some(other);
        }
    }
    best.expect("because two groups are left at least")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn coordinates_that_change_together_are_one_group() {
        let mut rng = Rng::new(1);
        let mut rows = Vec::new();
        for _ in 0..64 {
            let (a, b) = (rng.below(2) as f64, rng.below(5) as f64);
            rows.extend([a, b, 1.0 - a, 7.0, rng.below(2) as f64, 2.0 * b]);
        }
        let tree = Tree::learn(&rows, 6, &[0, 1, 2, 4, 5], &mut rng);
        let mut groups: Vec<Vec<usize>> = (0..tree.len()).map(|i| tree.group(i).to_vec()).collect();
        groups.iter_mut().for_each(|group| group.sort_unstable());
        assert!(groups.contains(&vec![0, 2]) && groups.contains(&vec![1, 5]));
        assert!(groups.contains(&vec![4]) && !groups.contains(&vec![0]));
        assert!(groups.iter().all(|group| group.len() < 5));
    }

    #[test]
    fn many_coordinates_are_grouped_at_random() {
        let free: Vec<usize> = (0..3000).collect();
        let tree = Tree::learn(&[0.0; 6000], 3000, &free, &mut Rng::new(2));
        assert_eq!(tree.len(), 2 * 3000 - 2);
        let singles = (0..tree.len()).filter(|&i| tree.group(i).len() == 1);
        assert_eq!(singles.count(), 3000);
    }
}
