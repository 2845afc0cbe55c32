//! Crossover and mutation of genes.
//!
//! Simulated binary crossover: Deb & Agrawal, "Simulated binary crossover for continuous search space", Complex
//! Systems 9 (1995), in the form that respects bounds. Polynomial mutation: Deb & Goyal, "A combined genetic adaptive
//! search (GeneAS) for engineering design" (1996), likewise. Both have a distribution index of 15 unless another is asked
//! for, within the usual 10–20, because the roots they need are then 16th roots: four square roots, which every platform
//! rounds alike.

use crate::axis::Axis;
use crate::elementary::{exp, ln, power_16, root_16};
use crate::rng::Rng;

/// The distribution index of an operator, as the power it stands for: one more. The greater it is, the nearer children
/// are to their parents. Powers of two cost square roots, others an exponential and a logarithm.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Index {
    power: f64,
    /// The number of square roots that make the root, where they do.
    roots: Option<u32>,
}

impl Index {
    pub(crate) fn new(index: f64) -> Self {
        let power = index + 1.0;
        let roots = (0..=10).find(|&roots| f64::from(1_u32 << roots) == power);
        Self { power, roots }
    }

    #[inline]
    fn raise(self, x: f64) -> f64 {
        match self.roots {
            Some(4) => power_16(x),
            Some(roots) => (0..roots).fold(x, |x, _| x * x),
            None if x > 0.0 => exp((self.power * ln(x)).clamp(-700.0, 700.0)),
            None => 0.0,
        }
    }

    #[inline]
    fn root(self, x: f64) -> f64 {
        match self.roots {
            Some(4) => root_16(x),
            Some(roots) => (0..roots).fold(x, |x, _| x.sqrt()),
            None if x > 0.0 => exp(ln(x) / self.power),
            None => 0.0,
        }
    }
}

/// Two at a time: square roots take long, and those of two numbers at once no longer.
impl Index {
    #[inline]
    fn raise_both(self, both: [f64; 2]) -> [f64; 2] {
        match self.roots {
            Some(roots) => (0..roots).fold(both, |both, _| both.map(|x| x * x)),
            None => both.map(|x| self.raise(x)),
        }
    }

    #[inline]
    fn root_both(self, both: [f64; 2]) -> [f64; 2] {
        match self.roots {
            Some(roots) => (0..roots).fold(both, |both, _| both.map(f64::sqrt)),
            None => both.map(|x| self.root(x)),
        }
    }
}

impl Default for Index {
    fn default() -> Self {
        Self::new(15.0)
    }
}

/// Parents closer than this share of the range are not crossed: their children would be themselves.
const NEARLY_EQUAL: f64 = 1e-14;

/// Mixes two children in place: on each axis, with probability one half, numbers by simulated binary crossover and
/// choices by a swap.
pub(crate) fn cross(axes: &[Axis], first: &mut [f64], second: &mut [f64], rng: &mut Rng) {
    cross_with(Index::default(), axes, first, second, rng);
}

/// Like [`cross`], with another distribution index.
pub(crate) fn cross_with(
    index: Index,
    axes: &[Axis],
    first: &mut [f64],
    second: &mut [f64],
    rng: &mut Rng,
) {
    for ((axis, a), b) in axes.iter().zip(first).zip(second) {
        if rng.coin() {
            continue;
        }
        if axis.is_numeric() {
            cross_numbers(index, axis, a, b, rng);
        } else {
            std::mem::swap(a, b);
        }
    }
}

fn cross_numbers(index: Index, axis: &Axis, a: &mut f64, b: &mut f64, rng: &mut Rng) {
    let (x, y) = (axis.coordinate(*a), axis.coordinate(*b));
    let (low, high) = if x < y { (x, y) } else { (y, x) };
    let distance = high - low;
    if distance <= NEARLY_EQUAL * (axis.to - axis.from) {
        return;
    }
    let draw = rng.unit();
    let centre = 0.5 * (low + high);
    let rooms = [low - axis.from, axis.to - high].map(|room| room / distance);
    let [down, up] = spreads(index, draw, rooms);
    let below = axis.gene(centre - 0.5 * down * distance, rng);
    let above = axis.gene(centre + 0.5 * up * distance, rng);
    (*a, *b) = if rng.coin() {
        (below, above)
    } else {
        (above, below)
    };
}

/// The distance of the children over that of the parents, below and above, for a uniform `draw`; `rooms` are the
/// distances from the outer parents to their bounds over that of the parents, and the children stay within them.
#[inline]
fn spreads(index: Index, draw: f64, rooms: [f64; 2]) -> [f64; 2] {
    let alphas = index
        .raise_both(rooms.map(|room| 1.0 + 2.0 * room))
        .map(|power| 2.0 - 1.0 / power);
    index.root_both(alphas.map(|alpha| {
        let u = draw * alpha;
        if u <= 1.0 { u } else { 1.0 / (2.0 - u) }
    }))
}

/// Mutates each gene in place with probability `rate`: numbers by polynomial mutation, choices to another choice.
pub(crate) fn mutate(axes: &[Axis], genes: &mut [f64], rate: f64, rng: &mut Rng) {
    mutate_with(Index::default(), axes, genes, rate, rng);
}

/// Like [`mutate`], with another distribution index.
pub(crate) fn mutate_with(
    index: Index,
    axes: &[Axis],
    genes: &mut [f64],
    rate: f64,
    rng: &mut Rng,
) {
    for (axis, gene) in axes.iter().zip(genes) {
        if !rng.chance(rate) || axis.is_fixed() {
            continue;
        }
        mutate_gene(index, axis, gene, rng);
    }
}

/// Mutates one gene of an axis that is not fixed.
pub(crate) fn mutate_gene(index: Index, axis: &Axis, gene: &mut f64, rng: &mut Rng) {
    if axis.is_numeric() {
        mutate_number(index, axis, gene, rng);
    } else {
        // Skipping its own index leaves the others equally likely.
        let other = rng.below(axis.choices() as u64 - 1) as f64;
        *gene = if other < *gene { other } else { other + 1.0 };
    }
}

fn mutate_number(index: Index, axis: &Axis, gene: &mut f64, rng: &mut Rng) {
    let range = axis.to - axis.from;
    let x = axis.coordinate(*gene);
    let draw = rng.unit();
    let step = if draw < 0.5 {
        let room = index.raise(((axis.to - x) / range).clamp(0.0, 1.0));
        index.root(2.0 * draw + (1.0 - 2.0 * draw) * room) - 1.0
    } else {
        let room = index.raise(((x - axis.from) / range).clamp(0.0, 1.0));
        1.0 - index.root(2.0 * (1.0 - draw) + (2.0 * draw - 1.0) * room)
    };
    *gene = axis.gene(x + step * range, rng);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::space::Parameter;

    fn real(low: f64, high: f64) -> Axis {
        Axis::new(&Parameter::Real {
            low,
            high,
            log: false,
        })
    }

    /// Children that left the bounds would be put onto them, and gather there.
    #[test]
    fn children_of_parents_on_a_bound_do_not_gather_there() {
        let axis = real(1.0, 2.0);
        let mut rng = Rng::new(1);
        for parents in [(1.0, 1.05), (1.95, 2.0)] {
            let on_a_bound = (0..1_000).filter(|_| {
                let (mut a, mut b) = parents;
                cross_numbers(Index::default(), &axis, &mut a, &mut b, &mut rng);
                [a, b].iter().any(|gene| [1.0, 2.0].contains(gene))
            });
            assert_eq!(on_a_bound.count(), 0, "of {parents:?}");
        }
    }

    /// Their distance is what is divided by.
    #[test]
    fn parents_that_are_nearly_equal_are_not_crossed() {
        let mut rng = Rng::new(1);
        for (low, high) in [(-10.0, -6.0), (-2.0, 2.0), (6.0, 10.0)] {
            let axis = real(low, high);
            let middle = 0.5 * (low + high);
            for (x, y) in [(middle, middle), (middle, middle + 1e-14)] {
                let (mut a, mut b) = (x, y);
                cross_numbers(Index::default(), &axis, &mut a, &mut b, &mut rng);
                assert_eq!((a, b), (x, y));
            }
        }
    }

    #[test]
    fn crossover_of_numbers_keeps_bounds_and_on_average_the_mean() {
        let axes = [real(-5.0, 5.0)];
        let mut rng = Rng::new(1);
        let mut sum = 0.0;
        for _ in 0..10_000 {
            let (mut a, mut b) = ([-1.0], [2.0]);
            cross(&axes, &mut a, &mut b, &mut rng);
            assert!(a[0].abs() <= 5.0 && b[0].abs() <= 5.0);
            sum += a[0] + b[0];
        }
        assert!((sum / 10_000.0 - 1.0).abs() < 0.02, "{sum}");
    }

    #[test]
    fn children_spread_in_proportion_to_their_parents() {
        let axes = [real(-5.0, 5.0)];
        let mean_step = |gap: f64| {
            let mut rng = Rng::new(2);
            let mut step = 0.0;
            for _ in 0..4000 {
                let (mut a, mut b) = ([0.0], [gap]);
                cross(&axes, &mut a, &mut b, &mut rng);
                step += a[0].abs().min((a[0] - gap).abs());
            }
            step / 4000.0
        };
        let ratio = mean_step(1.0) / mean_step(0.01);
        assert!((80.0..120.0).contains(&ratio), "{ratio}");
    }

    #[test]
    fn mutation_stays_in_bounds_from_the_bounds() {
        let axes = [real(-1.0, 3.0)];
        let mut rng = Rng::new(3);
        for start in [-1.0, 0.0, 3.0] {
            let mut moved = 0;
            for _ in 0..1000 {
                let mut genes = [start];
                mutate(&axes, &mut genes, 1.0, &mut rng);
                assert!((-1.0..=3.0).contains(&genes[0]));
                moved += u32::from(genes[0] != start);
            }
            assert!(moved > 400, "from {start} only {moved} moved");
        }
    }

    /// Three square roots by one way, an exponential by the other.
    #[test]
    fn an_index_may_be_any() {
        for x in [0.0, 1e-12, 0.25, 1.0, 3.5] {
            let (eight, near) = (Index::new(7.0), Index::new(7.0 + 1e-12));
            assert!((eight.raise(x) - near.raise(x)).abs() <= 1e-9 * eight.raise(x));
            assert!((eight.root(x) - near.root(x)).abs() <= 1e-9);
        }
        let mean_step = |index| {
            let mut rng = Rng::new(6);
            let step = |_| {
                let mut genes = [0.0];
                mutate_with(
                    Index::new(index),
                    &[real(-1.0, 1.0)],
                    &mut genes,
                    1.0,
                    &mut rng,
                );
                genes[0].abs()
            };
            (0..4000).map(step).sum::<f64>() / 4000.0
        };
        assert!(mean_step(5.0) > 2.0 * mean_step(20.0));
    }

    #[test]
    fn mutation_of_a_choice_is_another_one() {
        let axes = [
            Axis::new(&Parameter::Categorical { choices: 4 }),
            Axis::new(&Parameter::Boolean),
        ];
        let mut rng = Rng::new(4);
        let mut counts = [0; 4];
        for _ in 0..3000 {
            let mut genes = [2.0, 1.0];
            mutate(&axes, &mut genes, 1.0, &mut rng);
            counts[genes[0] as usize] += 1;
            assert_eq!(genes[1], 0.0);
        }
        assert_eq!(counts[2], 0);
        assert!(
            [0, 1, 3].iter().all(|&index| counts[index] > 900),
            "{counts:?}"
        );
    }

    #[test]
    fn a_fixed_axis_never_moves() {
        let axes = [
            real(2.0, 2.0),
            Axis::new(&Parameter::Categorical { choices: 1 }),
            Axis::new(&Parameter::Integer {
                low: 7,
                high: 7,
                log: true,
            }),
        ];
        let (mut a, mut b) = ([2.0, 0.0, 7.0], [2.0, 0.0, 7.0]);
        let mut rng = Rng::new(5);
        for _ in 0..100 {
            cross(&axes, &mut a, &mut b, &mut rng);
            mutate(&axes, &mut a, 1.0, &mut rng);
        }
        assert_eq!(a, [2.0, 0.0, 7.0]);
        assert_eq!(b, a);
    }
}
