//! The free axes of a space as coordinates of the unit cube.

use std::sync::Arc;

use crate::axis::{Axis, Kind};
use crate::engine::{Points, Problem};
use crate::rng::Rng;

/// Maps coordinates, one in `0..=1` for each axis that is not fixed, to genes and back.
#[derive(Clone, Debug)]
pub(crate) struct Frame {
    axes: Arc<[Axis]>,
    /// The axes that are not fixed.
    free: Vec<usize>,
    /// Genes of a row; those of fixed axes never change.
    genes: Vec<f64>,
}

impl Frame {
    pub(crate) fn new(problem: &Problem) -> Self {
        let axes = Arc::clone(&problem.axes);
        let free = (0..axes.len()).filter(|&i| !axes[i].is_fixed()).collect();
        let genes = axes.iter().map(|axis| axis.at_unit(0.5)).collect();
        Self { axes, free, genes }
    }

    /// The number of free axes.
    pub(crate) fn len(&self) -> usize {
        self.free.len()
    }

    pub(crate) fn axis(&self, coordinate: usize) -> &Axis {
        &self.axes[self.free[coordinate]]
    }

    /// Whether all coordinates are real numbers, so that differences mean something however small they are.
    pub(crate) fn is_real(&self) -> bool {
        let real = |&axis: &usize| matches!(self.axes[axis].kind, Kind::Real | Kind::LogReal);
        self.free.iter().all(real)
    }

    /// Appends the row of these coordinates.
    pub(crate) fn push(&mut self, units: &[f64], batch: &mut Points) {
        for (&axis, &unit) in self.free.iter().zip(units) {
            self.genes[axis] = self.axes[axis].at_unit(unit);
        }
        batch.push(&self.genes);
    }

    /// Writes the coordinates of a row of genes.
    pub(crate) fn units(&self, genes: &[f64], units: &mut [f64]) {
        for (&axis, unit) in self.free.iter().zip(units) {
            *unit = self.axes[axis].unit(genes[axis]).clamp(0.0, 1.0);
        }
    }
}

/// Coordinates drawn uniformly from the middle `share` of the unit cube.
pub(crate) fn draw(share: f64, rng: &mut Rng, units: &mut [f64]) {
    for unit in units {
        *unit = 0.5 + share * (rng.unit() - 0.5);
    }
}

/// Whether the axis has a finite number of values.
pub(crate) fn is_discrete(axis: &Axis) -> bool {
    !matches!(axis.kind, Kind::Real | Kind::LogReal)
}

/// The share of the unit interval that belongs to the value at `unit` of a discrete axis.
pub(crate) fn share(axis: &Axis, unit: f64) -> (f64, f64) {
    use crate::elementary::ln;
    let gene = axis.at_unit(unit);
    let (first, last) = (axis.at_unit(0.0), axis.at_unit(1.0));
    if axis.kind == Kind::LogInteger {
        let scale = 1.0 / (ln(last + 1.0) - ln(first));
        let place = |value: f64| (ln(value) - ln(first)) * scale;
        (place(gene), place(gene + 1.0))
    } else {
        let scale = 1.0 / (last - first + 1.0);
        ((gene - first) * scale, (gene - first + 1.0) * scale)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::space::Parameter;

    #[test]
    fn shares_are_where_values_change() {
        for (low, high, log) in [(3, 9, false), (1, 64, true), (0, 1, false)] {
            let axis = Axis::new(&Parameter::Integer { low, high, log });
            let mut rng = Rng::new(1);
            for _ in 0..200 {
                let unit = rng.unit();
                let (from, to) = share(&axis, unit);
                assert!(from <= unit + 1e-9 && unit <= to + 1e-9);
                let gene = axis.at_unit(unit);
                assert_eq!(axis.at_unit(from + 1e-9), gene);
                assert_eq!(axis.at_unit(to - 1e-9), gene);
            }
        }
    }
}
