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

    /// Replaces the values by those of `genes`, in place.
    pub(crate) fn decode(&mut self, genes: &[f64]) {
        for ((value, axis), &gene) in self.values.iter_mut().zip(self.space.axes()).zip(genes) {
            *value = axis.value(gene);
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

    /// The name that a categorical parameter has chosen.
    ///
    /// # Panics
    ///
    /// When the space has no categorical parameter of this name.
    #[must_use]
    #[track_caller]
    pub fn choice_name(&self, name: &str) -> &str {
        let index = self.choice(name);
        let position = self
            .space
            .position(name)
            .expect("because its value was just found");
        &self.space.choices(position)[index]
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

/// Shows names with values, and choices by name.
impl std::fmt::Debug for Candidate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut map = f.debug_map();
        for (position, ((name, _), value)) in self.space.parameters().zip(&self.values).enumerate()
        {
            match *value {
                Value::Real(x) => map.entry(&name, &x),
                Value::Integer(n) => map.entry(&name, &n),
                Value::Choice(index) => map.entry(&name, &self.space.choices(position)[index]),
                Value::Boolean(b) => map.entry(&name, &b),
            };
        }
        map.finish()
    }
}
