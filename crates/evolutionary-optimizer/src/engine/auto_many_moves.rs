//! The ways in which the automatic method makes a child, and how often it takes each: the more often, the more of its
//! children survive.
//!
//! Sources: the operators of `operators.rs`; differences of members: Storn & Price, "Differential evolution", J. Global
//! Optim. 11 (1997); choosing by success, with a floor for each: Thierens, "An adaptive pursuit strategy for allocating
//! operator probabilities", GECCO 2005, in its simpler form, probability matching.

use super::Points;
use super::generational::Standing;
use super::variation::{Breeder, mutate};
use crate::axis::Axis;
use crate::elementary::exp;
use crate::operators::{Index, cross_with, mutate_gene};
use crate::rng::Rng;

/// How a child comes about from a parent and mates.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Move {
    /// Simulated binary crossover that stays near the parents, and mutation.
    Near,
    /// Simulated binary crossover that goes far, and mutation.
    Far,
    /// Genes of two parents as they are, and mutation.
    Swap,
    /// The parent and a share of the difference between two others.
    Differ,
    /// A few genes by a step of any magnitude, or anew.
    Step,
    /// Along the line from a worse member to a better one.
    Line,
}

const MOVES: [Move; 6] = [
    Move::Near,
    Move::Far,
    Move::Swap,
    Move::Differ,
    Move::Step,
    Move::Line,
];

/// The share of children that each move makes at least.
const FLOOR: f64 = 0.05;
/// The share of children made by steps besides: the only move that finds what no member has.
const STEPS: f64 = 0.15;
/// How much the last child counts against all before it.
const LEARNING: f64 = 0.02;
/// The success of a move of which nothing is known, and the least that it falls to.
const UNKNOWN: f64 = 0.3;
const WORTHLESS: f64 = 1e-4;
/// The share of steps that would leave the range and go halfway to the bound; the others go to the bound itself, where
/// optima often are.
const HALFWAY: f64 = 0.4;

/// How well each move does.
#[derive(Clone, Debug)]
pub(crate) struct Credit([f64; MOVES.len()]);

impl Default for Credit {
    fn default() -> Self {
        Self([UNKNOWN; MOVES.len()])
    }
}

impl Credit {
    pub(crate) fn draw(&self, rng: &mut Rng) -> Move {
        if rng.chance(STEPS) {
            return Move::Step;
        }
        let free = (1.0 - FLOOR * MOVES.len() as f64) / self.0.iter().sum::<f64>();
        let mut draw = rng.unit();
        for (&chosen, success) in MOVES.iter().zip(self.0) {
            draw -= FLOOR + free * success;
            if draw < 0.0 {
                return chosen;
            }
        }
        Move::Near
    }

    /// Notes what a child of a move was worth: 0 if it did not survive.
    pub(crate) fn reward(&mut self, made: Move, worth: f64) {
        let success = &mut self.0[made as usize];
        *success = (*success + LEARNING * (worth - *success)).max(WORTHLESS);
    }
}

/// Makes children; kept to reuse its rows.
#[derive(Debug)]
pub(crate) struct Mover {
    child: Vec<f64>,
    other: Vec<f64>,
    /// The parameters that can change.
    free: Vec<u32>,
    near: Index,
    far: Index,
}

impl Mover {
    pub(crate) fn new(axes: &[Axis]) -> Self {
        let columns = axes.iter().enumerate();
        let free = columns.filter(|(_, axis)| !axis.is_fixed());
        Self {
            child: vec![0.0; axes.len()],
            other: vec![0.0; axes.len()],
            free: free.map(|(column, _)| column as u32).collect(),
            near: Index::default(),
            far: Index::new(3.0),
        }
    }

    /// Appends a child to the batch.
    pub(crate) fn make(
        &mut self,
        chosen: Move,
        breeder: &mut Breeder,
        members: &Points,
        standings: &[Standing],
        batch: &mut Points,
    ) {
        let (axes, rng) = (&breeder.axes[..], &mut breeder.rng);
        let parent = tournament(standings, rng);
        self.child.copy_from_slice(members.row(parent));
        match chosen {
            Move::Near => self.cross(self.near, axes, members, parent, rng),
            Move::Far => self.cross(self.far, axes, members, parent, rng),
            Move::Swap => self.swap(axes, members, parent, rng),
            Move::Differ => self.differ(axes, members, parent, rng),
            Move::Step => self.step(axes, rng),
            Move::Line => self.line(axes, members, standings, parent, rng),
        }
        breeder.renew(&mut self.child);
        batch.push(&self.child);
    }

    fn rate(&self) -> f64 {
        1.0 / self.free.len().max(1) as f64
    }

    fn cross(
        &mut self,
        index: Index,
        axes: &[Axis],
        members: &Points,
        parent: usize,
        rng: &mut Rng,
    ) {
        self.other
            .copy_from_slice(members.row(mate(members, parent, rng)));
        cross_with(index, axes, &mut self.child, &mut self.other, rng);
        if rng.coin() {
            std::mem::swap(&mut self.child, &mut self.other);
        }
        mutate(axes, self.near, self.rate(), &mut self.child, rng);
    }

    fn swap(&mut self, axes: &[Axis], members: &Points, parent: usize, rng: &mut Rng) {
        let other = members.row(mate(members, parent, rng));
        for (gene, &other) in self.child.iter_mut().zip(other) {
            if rng.coin() {
                *gene = other;
            }
        }
        mutate(axes, self.near, self.rate(), &mut self.child, rng);
    }

    fn differ(&mut self, axes: &[Axis], members: &Points, parent: usize, rng: &mut Rng) {
        let [a, b] = [(); 2].map(|()| members.row(mate(members, parent, rng)));
        let share = 0.3 + 0.6 * rng.unit();
        // All genes change together where the problem is not separable, half of them where it may be.
        let is_whole = rng.coin();
        let sure = rng.below(axes.len() as u64) as usize;
        for (column, axis) in axes.iter().enumerate() {
            if !is_whole && column != sure && rng.coin() {
                continue;
            }
            let gene = &mut self.child[column];
            if axis.is_numeric() {
                let step = axis.coordinate(a[column]) - axis.coordinate(b[column]);
                *gene = place(axis, *gene, share * step, rng);
            } else if a[column] != b[column] && rng.chance(share) {
                *gene = a[column];
            }
        }
        if rng.chance(0.2) {
            mutate(axes, self.near, self.rate(), &mut self.child, rng);
        }
    }

    fn step(&mut self, axes: &[Axis], rng: &mut Rng) {
        if self.free.is_empty() {
            return;
        }
        let count = if rng.coin() { 1 } else { 1 + rng.below(3) };
        for _ in 0..count {
            let column = self.free[rng.below(self.free.len() as u64) as usize] as usize;
            let (axis, gene) = (&axes[column], &mut self.child[column]);
            if !axis.is_numeric() {
                mutate_gene(self.near, axis, gene, rng);
            } else if rng.coin() {
                *gene = axis.sample(rng);
            } else {
                // All magnitudes alike, from the whole range down to its hundred-thousandth.
                let size = (axis.to - axis.from) * exp(-11.5 * rng.unit());
                *gene = place(axis, *gene, if rng.coin() { size } else { -size }, rng);
            }
        }
    }

    fn line(
        &mut self,
        axes: &[Axis],
        members: &Points,
        standings: &[Standing],
        parent: usize,
        rng: &mut Rng,
    ) {
        let other = rng.below(members.len() as u64) as usize;
        let is_better = standings[other].rank < standings[parent].rank;
        let (to, from) = if is_better {
            (other, parent)
        } else {
            (parent, other)
        };
        let (to, from) = (members.row(to), members.row(from));
        let reach = 0.5 * (rng.gaussian() + 0.5);
        for (column, axis) in axes.iter().enumerate() {
            self.child[column] = if axis.is_numeric() {
                let step = axis.coordinate(to[column]) - axis.coordinate(from[column]);
                place(axis, to[column], reach * step, rng)
            } else if rng.chance(0.3) {
                from[column]
            } else {
                to[column]
            };
        }
    }
}

/// The better of two members drawn.
fn tournament(standings: &[Standing], rng: &mut Rng) -> usize {
    let [first, second] = [(); 2].map(|()| rng.below(standings.len() as u64) as usize);
    if standings[second].rank < standings[first].rank {
        second
    } else {
        first
    }
}

/// Of two members drawn the one nearer to a member in what they cost: parents from one part of the front have more in
/// common.
fn mate(members: &Points, of: usize, rng: &mut Rng) -> usize {
    let own = members.costs(of);
    let gap = |row: usize| {
        let gaps = own
            .iter()
            .zip(members.costs(row))
            .map(|(a, b)| (a - b).abs());
        if row == of { f64::INFINITY } else { gaps.sum() }
    };
    let [first, second] = [(); 2].map(|()| rng.below(members.len() as u64) as usize);
    if gap(second) < gap(first) {
        second
    } else {
        first
    }
}

/// The gene that lies a step from another.
fn place(axis: &Axis, gene: f64, step: f64, rng: &mut Rng) -> f64 {
    if axis.is_fixed() {
        return gene;
    }
    let from = axis.coordinate(gene);
    let to = from + step;
    let bound = to.clamp(axis.from, axis.to);
    let is_outside = bound != to;
    axis.gene(
        if is_outside && rng.chance(HALFWAY) {
            0.5 * (from + bound)
        } else {
            bound
        },
        rng,
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_succeeds_is_drawn_more_often_and_nothing_never() {
        let mut credit = Credit::default();
        for _ in 0..500 {
            credit.reward(Move::Swap, 1.0);
            credit.reward(Move::Line, 0.0);
        }
        let mut rng = Rng::new(1);
        let mut counts = [0; MOVES.len()];
        for _ in 0..10_000 {
            counts[credit.draw(&mut rng) as usize] += 1;
        }
        let count = |of: Move| counts[of as usize];
        assert!(count(Move::Swap) > 2 * count(Move::Near), "{counts:?}");
        assert!(count(Move::Step) > 1_500, "{counts:?}");
        assert!((350..600).contains(&count(Move::Line)), "{counts:?}");
    }

    #[test]
    fn moves_are_listed_in_their_order() {
        assert!(
            MOVES
                .iter()
                .enumerate()
                .all(|(index, &listed)| listed as usize == index)
        );
    }
}
