//! Points of the search and what is known of them, in rows.

/// Rows of genes with their costs; columns of objectives are minimised. A row that was not evaluated has infinite costs.
#[derive(Clone, Debug, Default)]
pub(crate) struct Points {
    dimensions: usize,
    objectives: usize,
    genes: Vec<f64>,
    /// `objectives` for each row; never NaN. All infinite for an evaluation that failed.
    costs: Vec<f64>,
    /// For each row the sum of what exceeds a constraint; 0 where all hold, never negative nor NaN.
    violations: Vec<f64>,
    /// The constraints of which each value is known, and the values of each row: infinite where it was not evaluated.
    constraints: usize,
    values: Vec<f64>,
}

impl Points {
    /// Room for `capacity` rows, and none yet.
    pub(crate) fn new(dimensions: usize, objectives: usize, capacity: usize) -> Self {
        Self {
            dimensions,
            objectives,
            genes: Vec::with_capacity(dimensions * capacity),
            costs: Vec::with_capacity(objectives * capacity),
            violations: Vec::with_capacity(capacity),
            constraints: 0,
            values: Vec::new(),
        }
    }

    /// The same, for rows of which the value of each constraint is kept beside the sum of what exceeds them.
    pub(crate) fn with_constraints(self, constraints: usize) -> Self {
        debug_assert!(self.is_empty(), "there are no rows yet");
        Self {
            constraints,
            ..self
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.violations.len()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.violations.is_empty()
    }

    pub(crate) fn dimensions(&self) -> usize {
        self.dimensions
    }

    pub(crate) fn objectives(&self) -> usize {
        self.objectives
    }

    /// The genes of a row.
    #[inline]
    pub(crate) fn row(&self, index: usize) -> &[f64] {
        &self.genes[index * self.dimensions..][..self.dimensions]
    }

    #[inline]
    pub(crate) fn row_mut(&mut self, index: usize) -> &mut [f64] {
        &mut self.genes[index * self.dimensions..][..self.dimensions]
    }

    /// Two neighbouring rows to be changed together.
    pub(crate) fn pair_mut(&mut self, index: usize) -> (&mut [f64], &mut [f64]) {
        self.genes[index * self.dimensions..][..2 * self.dimensions].split_at_mut(self.dimensions)
    }

    /// All costs of a row.
    #[inline]
    pub(crate) fn costs(&self, index: usize) -> &[f64] {
        &self.costs[index * self.objectives..][..self.objectives]
    }

    /// The costs of all rows, one after the other.
    pub(crate) fn all_costs(&self) -> &[f64] {
        &self.costs
    }

    /// The first cost of a row: the only one where there is one objective.
    #[inline]
    pub(crate) fn cost(&self, index: usize) -> f64 {
        self.costs[index * self.objectives]
    }

    /// The value of each constraint of a row, which holds where that is at most 0. None where values are not kept.
    pub(crate) fn constraints(&self, index: usize) -> &[f64] {
        &self.values[index * self.constraints..][..self.constraints]
    }

    /// The values of the constraints of all rows, one row after the other.
    pub(crate) fn all_constraints(&self) -> &[f64] {
        &self.values
    }

    /// Says what the constraints of a row gave.
    pub(crate) fn set_constraints(&mut self, index: usize, values: &[f64]) {
        let range = index * self.constraints..(index + 1) * self.constraints;
        self.values[range].copy_from_slice(values);
    }

    #[inline]
    pub(crate) fn violation(&self, index: usize) -> f64 {
        self.violations[index]
    }

    /// Appends a row that was not evaluated.
    pub(crate) fn push(&mut self, genes: &[f64]) {
        debug_assert_eq!(genes.len(), self.dimensions, "a gene for each parameter");
        self.genes.extend_from_slice(genes);
        self.push_unknown();
    }

    /// Appends a row of genes that an iterator makes, not evaluated.
    pub(crate) fn push_with(&mut self, genes: impl IntoIterator<Item = f64>) {
        self.genes.extend(genes);
        self.push_unknown();
        debug_assert_eq!(
            self.genes.len(),
            self.len() * self.dimensions,
            "a gene for each parameter"
        );
    }

    fn push_unknown(&mut self) {
        self.costs
            .resize(self.costs.len() + self.objectives, f64::INFINITY);
        self.violations.push(f64::INFINITY);
        self.fill_values();
    }

    fn fill_values(&mut self) {
        self.values
            .resize(self.constraints * self.violations.len(), f64::INFINITY);
    }

    /// Appends a copy of a row of `other`, with what is known of it.
    pub(crate) fn push_from(&mut self, other: &Self, index: usize) {
        self.genes.extend_from_slice(other.row(index));
        self.costs.extend_from_slice(other.costs(index));
        self.violations.push(other.violations[index]);
        if self.constraints == other.constraints {
            self.values.extend_from_slice(other.constraints(index));
        } else {
            self.fill_values();
        }
    }

    /// Inserts a copy of a row of `other` before row `index`.
    pub(crate) fn insert_from(&mut self, index: usize, other: &Self, source: usize) {
        self.push_from(other, source);
        self.genes[index * self.dimensions..].rotate_right(self.dimensions);
        self.costs[index * self.objectives..].rotate_right(self.objectives);
        self.violations[index..].rotate_right(1);
        self.values[index * self.constraints..].rotate_right(self.constraints);
    }

    /// Replaces a row by a copy of a row of `other`.
    pub(crate) fn replace(&mut self, index: usize, other: &Self, source: usize) {
        self.row_mut(index).copy_from_slice(other.row(source));
        let costs = index * self.objectives..(index + 1) * self.objectives;
        self.costs[costs].copy_from_slice(other.costs(source));
        self.violations[index] = other.violations[source];
        if self.constraints == other.constraints {
            self.set_constraints(index, other.constraints(source));
        }
    }

    /// Says what a row costs: NaN, infinite and missing costs were made infinite before.
    pub(crate) fn set(&mut self, index: usize, costs: &[f64], violation: f64) {
        debug_assert!(
            costs.iter().all(|cost| !cost.is_nan()) && violation >= 0.0,
            "costs are ordered"
        );
        let range = index * self.objectives..(index + 1) * self.objectives;
        self.costs[range].copy_from_slice(costs);
        self.violations[index] = violation;
    }

    pub(crate) fn costs_mut(&mut self, index: usize) -> &mut [f64] {
        &mut self.costs[index * self.objectives..][..self.objectives]
    }

    pub(crate) fn set_violation(&mut self, index: usize, violation: f64) {
        self.violations[index] = violation;
    }

    /// Gives a row the costs of another one.
    pub(crate) fn copy_costs(&mut self, index: usize, source: usize) {
        let m = self.objectives;
        self.costs
            .copy_within(source * m..(source + 1) * m, index * m);
        self.violations[index] = self.violations[source];
        let (k, from) = (self.constraints, source * self.constraints);
        self.values.copy_within(from..from + k, index * k);
    }

    /// Moves the last row into the place of this one.
    pub(crate) fn swap_remove(&mut self, index: usize) {
        let last = self.len() - 1;
        if index != last {
            let (d, m) = (self.dimensions, self.objectives);
            self.genes.copy_within(last * d..(last + 1) * d, index * d);
            self.costs.copy_within(last * m..(last + 1) * m, index * m);
            self.violations[index] = self.violations[last];
            let k = self.constraints;
            self.values.copy_within(last * k..(last + 1) * k, index * k);
        }
        self.truncate(last);
    }

    pub(crate) fn truncate(&mut self, len: usize) {
        self.genes.truncate(len * self.dimensions);
        self.costs.truncate(len * self.objectives);
        self.violations.truncate(len);
        self.values.truncate(len * self.constraints);
    }

    pub(crate) fn clear(&mut self) {
        self.truncate(0);
    }

    /// Whether row `a` is nowhere worse than row `b` and somewhere better; less violation counts before costs.
    pub(crate) fn dominates(&self, a: usize, b: usize) -> bool {
        let (one, other) = (self.violations[a], self.violations[b]);
        if one != other {
            return one < other;
        }
        let (one, other) = (self.costs(a), self.costs(b));
        one != other && one.iter().zip(other).all(|(a, b)| a <= b)
    }
}
