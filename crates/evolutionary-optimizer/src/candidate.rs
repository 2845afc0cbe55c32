//! One point of a space, as the objective receives it.

use crate::space::{Space, Value};

/// A value for each parameter of a space.
///
/// The typed accessors behave like indexing: they panic when the name is not a parameter of that type, because that is
/// a mistake in the program and not in the data. [`get`](Candidate::get) does not panic. A lookup by name is a binary
/// search; an objective that must not pay for it takes [`values`](Candidate::values).
#[derive(Clone)]
pub struct Candidate {
    space: Space,
    values: Vec<Value>,
}

impl Candidate {
    pub(crate) fn new(space: Space, values: Vec<Value>) -> Self {
        debug_assert_eq!(space.len(), values.len(), "one value for each parameter");
        Self { space, values }
    }

    /// The point that `genes` stand for.
    pub(crate) fn of(space: &Space, genes: &[f64]) -> Self {
        let mut candidate = Self::new(space.clone(), vec![Value::Absent; space.len()]);
        candidate.decode(genes);
        candidate
    }

    /// Replaces the values by those of `genes`, in place.
    pub(crate) fn decode(&mut self, genes: &[f64]) {
        for ((value, axis), &gene) in self
            .values
            .iter_mut()
            .zip(self.space.axes().iter())
            .zip(genes)
        {
            *value = axis.value(gene);
        }
        if self.space.is_conditional() {
            for position in 0..self.values.len() {
                if !self.space.is_active(position, &self.values) {
                    self.values[position] = Value::Absent;
                }
            }
        }
    }

    /// The values in the order the parameters were named.
    #[must_use]
    pub fn values(&self) -> &[Value] {
        &self.values
    }

    /// The space that this is a point of.
    #[must_use]
    pub fn space(&self) -> &Space {
        &self.space
    }

    /// The value of a parameter.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.space
            .position(name)
            .map(|position| &self.values[position])
    }

    /// The value of a real parameter.
    ///
    /// # Panics
    ///
    /// When the space has no real parameter of this name.
    #[must_use]
    #[track_caller]
    pub fn real(&self, name: &str) -> f64 {
        match self.get(name) {
            Some(&Value::Real(x)) => x,
            other => mismatch("real", name, other),
        }
    }

    /// The value of an integer parameter.
    ///
    /// # Panics
    ///
    /// When the space has no integer parameter of this name.
    #[must_use]
    #[track_caller]
    pub fn integer(&self, name: &str) -> i64 {
        match self.get(name) {
            Some(&Value::Integer(n)) => n,
            other => mismatch("integer", name, other),
        }
    }

    /// The index that a categorical parameter has chosen.
    ///
    /// # Panics
    ///
    /// When the space has no categorical parameter of this name.
    #[must_use]
    #[track_caller]
    pub fn choice(&self, name: &str) -> usize {
        match self.get(name) {
            Some(&Value::Choice(index)) => index,
            other => mismatch("categorical", name, other),
        }
    }

    /// The name that a categorical parameter has chosen, or that the level of an ordinal one has.
    ///
    /// # Panics
    ///
    /// When the space has no such parameter of this name, or it was given without names.
    #[must_use]
    #[track_caller]
    pub fn choice_name(&self, name: &str) -> &str {
        let index = match self.get(name) {
            Some(&Value::Choice(index) | &Value::Level(index)) => index,
            other => mismatch("categorical or ordinal", name, other),
        };
        let position = self
            .space
            .position(name)
            .expect("because its value was just found");
        &self.space.choices(position)[index]
    }

    /// The index of the level of an ordinal parameter; 0 is the lowest.
    ///
    /// # Panics
    ///
    /// When the space has no ordinal parameter of this name.
    #[must_use]
    #[track_caller]
    pub fn level(&self, name: &str) -> usize {
        match self.get(name) {
            Some(&Value::Level(index)) => index,
            other => mismatch("ordinal", name, other),
        }
    }

    /// Whether a parameter plays a part here: false for one whose condition does not hold.
    ///
    /// # Panics
    ///
    /// When the space has no parameter of this name.
    #[must_use]
    #[track_caller]
    pub fn has(&self, name: &str) -> bool {
        match self.get(name) {
            Some(value) => *value != Value::Absent,
            None => mismatch("known", name, None),
        }
    }

    /// The value of a boolean parameter.
    ///
    /// # Panics
    ///
    /// When the space has no boolean parameter of this name.
    #[must_use]
    #[track_caller]
    pub fn boolean(&self, name: &str) -> bool {
        match self.get(name) {
            Some(&Value::Boolean(b)) => b,
            other => mismatch("boolean", name, other),
        }
    }
}

#[track_caller]
fn mismatch(wanted: &str, name: &str, found: Option<&Value>) -> ! {
    match found {
        Some(value) => panic!("parameter `{name}` is not {wanted}: its value is {value:?}"),
        None => panic!("the space has no parameter `{name}`"),
    }
}

/// Equal when all values are; the spaces are not compared.
impl PartialEq for Candidate {
    fn eq(&self, other: &Self) -> bool {
        self.values == other.values
    }
}

/// Shows names with values, and choices by name; leaves out what plays no part.
impl std::fmt::Debug for Candidate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut map = f.debug_map();
        for (position, ((name, _), value)) in self.space.parameters().zip(&self.values).enumerate()
        {
            match *value {
                Value::Real(x) => map.entry(&name, &x),
                Value::Integer(n) => map.entry(&name, &n),
                Value::Choice(index) | Value::Level(index) => {
                    match self.space.choices(position).get(index) {
                        Some(choice) => map.entry(&name, choice),
                        None => map.entry(&name, &index),
                    }
                }
                Value::Absent => &mut map,
                Value::Boolean(b) => map.entry(&name, &b),
            };
        }
        map.finish()
    }
}
