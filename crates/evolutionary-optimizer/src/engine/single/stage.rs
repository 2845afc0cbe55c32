//! Parts of a search that work on coordinates of the unit cube.

/// Points of the unit cube, one after the other.
#[derive(Clone, Debug, Default)]
pub(crate) struct Rows {
    dimensions: usize,
    units: Vec<f64>,
    len: usize,
}

impl Rows {
    pub(crate) fn new(dimensions: usize) -> Self {
        Self {
            dimensions,
            units: Vec::new(),
            len: 0,
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.len
    }

    pub(crate) fn clear(&mut self) {
        self.units.clear();
        self.len = 0;
    }

    pub(crate) fn row(&self, index: usize) -> &[f64] {
        &self.units[index * self.dimensions..][..self.dimensions]
    }

    pub(crate) fn push(&mut self, units: &[f64]) {
        self.units.extend_from_slice(units);
        self.len += 1;
    }

    /// Appends a point with one of its coordinates moved.
    pub(crate) fn push_moved(&mut self, units: &[f64], coordinate: usize, by: f64) {
        self.push_placed(units, coordinate, units[coordinate] + by);
    }

    /// Appends a point with one of its coordinates replaced.
    pub(crate) fn push_placed(&mut self, units: &[f64], coordinate: usize, unit: f64) {
        self.push(units);
        let at = self.units.len() - self.dimensions + coordinate;
        self.units[at] = unit.clamp(0.0, 1.0);
    }

    /// Appends a point with some of its coordinates replaced.
    pub(crate) fn push_placed_all(&mut self, point: &[f64], coordinates: &[usize], units: &[f64]) {
        self.push(point);
        let at = self.units.len() - self.dimensions;
        for (&coordinate, unit) in coordinates.iter().zip(units) {
            self.units[at + coordinate] = unit.clamp(0.0, 1.0);
        }
    }
}

/// A search that may come to an end.
pub(crate) trait Stage {
    /// Appends the points whose costs it wants: at least one.
    fn ask(&mut self, rows: &mut Rows);

    /// Takes the costs of all points it asked, in order.
    fn tell(&mut self, costs: &[f64]);

    /// Whether it has nothing to ask any more; what it asks then is of no use.
    fn is_over(&self) -> bool;
}
