//! What may be varied: named parameters with their bounds.

use std::ops::RangeInclusive;
use std::sync::Arc;

use crate::axis::Axis;
use crate::candidate::Candidate;
use crate::error::Error;
use crate::rng::Rng;

/// The largest magnitude of an integer bound: beyond it doubles skip integers.
const INTEGER_LIMIT: i64 = 1 << 53;

/// The most choices or levels of a parameter.
const CHOICES_LIMIT: usize = 1 << 20;

/// The range of one parameter. Bounds are inclusive.
#[derive(Clone, Debug, PartialEq)]
pub enum Parameter {
    /// A real number.
    Real {
        /// The lowest value.
        low: f64,
        /// The highest value.
        high: f64,
        /// Whether equal ratios, rather than equal differences, are equally likely.
        log: bool,
    },
    /// An integer.
    Integer {
        /// The lowest value.
        low: i64,
        /// The highest value.
        high: i64,
        /// Whether equal ratios, rather than equal differences, are equally likely.
        log: bool,
    },
    /// One of several choices without an order.
    Categorical {
        /// How many there are.
        choices: usize,
    },
    /// One of several levels that have an order, such as small, medium and large.
    Ordinal {
        /// How many there are.
        levels: usize,
    },
    /// True or false.
    Boolean,
}

impl Parameter {
    /// Whether `value` is of the right type and within the bounds. [`Value::Absent`] is in none.
    #[must_use]
    pub fn contains(&self, value: &Value) -> bool {
        match (self, value) {
            (Self::Real { low, high, .. }, Value::Real(x)) => (low..=high).contains(&x),
            (Self::Integer { low, high, .. }, Value::Integer(n)) => (low..=high).contains(&n),
            (Self::Categorical { choices }, Value::Choice(index)) => index < choices,
            (Self::Ordinal { levels }, Value::Level(index)) => index < levels,
            (Self::Boolean, Value::Boolean(_)) => true,
            _ => false,
        }
    }

    fn check(&self, name: &str) -> Result<(), Error> {
        let name = || name.to_owned();
        match *self {
            Self::Real { low, high, log } => {
                // A NaN fails both; an infinite bound makes the distance infinite or NaN.
                if !(low <= high && (high - low).is_finite()) {
                    return Err(Error::Bounds {
                        name: name(),
                        low,
                        high,
                    });
                }
                if log && low <= 0.0 {
                    return Err(Error::LogBounds { name: name(), low });
                }
            }
            Self::Integer { low, high, log } => {
                if low > high {
                    return Err(Error::Bounds {
                        name: name(),
                        low: low as f64,
                        high: high as f64,
                    });
                }
                if low < -INTEGER_LIMIT || high > INTEGER_LIMIT {
                    return Err(Error::IntegerBounds {
                        name: name(),
                        low,
                        high,
                    });
                }
                if log && low <= 0 {
                    return Err(Error::LogBounds {
                        name: name(),
                        low: low as f64,
                    });
                }
            }
            Self::Categorical { choices: 0 } | Self::Ordinal { levels: 0 } => {
                return Err(Error::NoChoices { name: name() });
            }
            Self::Categorical { choices: count } | Self::Ordinal { levels: count }
                if count > CHOICES_LIMIT =>
            {
                return Err(Error::TooManyChoices {
                    name: name(),
                    count,
                });
            }
            Self::Categorical { .. } | Self::Ordinal { .. } | Self::Boolean => {}
        }
        Ok(())
    }
}

/// The value of one parameter.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Value {
    /// Of [`Parameter::Real`].
    Real(f64),
    /// Of [`Parameter::Integer`].
    Integer(i64),
    /// Of [`Parameter::Categorical`]: the index of the choice.
    Choice(usize),
    /// Of [`Parameter::Ordinal`]: the index of the level.
    Level(usize),
    /// Of [`Parameter::Boolean`].
    Boolean(bool),
    /// Of a parameter that plays no part, because its condition does not hold.
    Absent,
}

/// When a parameter plays a part: if its parent does, and has one of these values.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Condition {
    parent: usize,
    accepted: Vec<Value>,
}

/// A value as it is named in a condition or in an initial point: choices and levels by name.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Literal {
    /// A choice or a level.
    Name(String),
    /// A switch.
    Boolean(bool),
    /// An integer, or the index of a choice or a level.
    Integer(i64),
    /// A real number.
    Real(f64),
}

impl From<&str> for Literal {
    fn from(name: &str) -> Self {
        Self::Name(name.to_owned())
    }
}

impl From<String> for Literal {
    fn from(name: String) -> Self {
        Self::Name(name)
    }
}

impl From<bool> for Literal {
    fn from(value: bool) -> Self {
        Self::Boolean(value)
    }
}

impl From<i64> for Literal {
    fn from(value: i64) -> Self {
        Self::Integer(value)
    }
}

impl From<f64> for Literal {
    fn from(value: f64) -> Self {
        Self::Real(value)
    }
}

/// The set of all candidates: parameters in the order they were named. Cloning shares it.
#[derive(Clone, Debug)]
pub struct Space(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    parameters: Vec<Named>,
    /// Positions in order of the names, for lookups in O(log n).
    by_name: Vec<usize>,
    axes: Arc<[Axis]>,
    is_conditional: bool,
}

#[derive(Debug)]
struct Named {
    name: String,
    parameter: Parameter,
    /// The names of the choices of a categorical parameter, or of the levels of an ordinal one.
    choices: Vec<String>,
    condition: Option<Condition>,
}

impl Named {
    /// The value that a literal stands for, if it is one of this parameter.
    fn value(&self, literal: &Literal) -> Option<Value> {
        let index = |name: &str| self.choices.iter().position(|choice| choice == name);
        let value = match (&self.parameter, literal) {
            (Parameter::Real { .. }, &Literal::Real(x)) => Value::Real(x),
            (Parameter::Real { .. }, &Literal::Integer(n)) => Value::Real(n as f64),
            (Parameter::Integer { .. }, &Literal::Integer(n)) => Value::Integer(n),
            (Parameter::Integer { .. }, &Literal::Real(x)) if x == x.trunc() => {
                Value::Integer(x as i64)
            }
            (Parameter::Categorical { .. }, Literal::Name(name)) => Value::Choice(index(name)?),
            (Parameter::Ordinal { .. }, Literal::Name(name)) => Value::Level(index(name)?),
            (Parameter::Categorical { .. }, &Literal::Integer(n)) => {
                Value::Choice(usize::try_from(n).ok()?)
            }
            (Parameter::Ordinal { .. }, &Literal::Integer(n)) => {
                Value::Level(usize::try_from(n).ok()?)
            }
            (Parameter::Boolean, &Literal::Boolean(b)) => Value::Boolean(b),
            (Parameter::Boolean, &Literal::Integer(n @ (0 | 1))) => Value::Boolean(n == 1),
            _ => return None,
        };
        self.parameter.contains(&value).then_some(value)
    }
}

impl Space {
    /// Starts to describe a space.
    #[expect(
        clippy::new_ret_no_self,
        reason = "a space is only valid once its builder has checked it"
    )]
    pub fn new() -> SpaceBuilder {
        SpaceBuilder {
            parameters: Vec::new(),
            conditions: Vec::new(),
        }
    }

    /// The number of parameters; at least 1.
    #[must_use]
    #[expect(clippy::len_without_is_empty, reason = "a space is never empty")]
    pub fn len(&self) -> usize {
        self.0.axes.len()
    }

    /// The parameters with their names, in the order they were named.
    pub fn parameters(&self) -> impl ExactSizeIterator<Item = (&str, &Parameter)> {
        self.0
            .parameters
            .iter()
            .map(|named| (named.name.as_str(), &named.parameter))
    }

    /// The position of a parameter among the values of a candidate.
    #[must_use]
    pub fn position(&self, name: &str) -> Option<usize> {
        let parameters = &self.0.parameters;
        let found = self
            .0
            .by_name
            .binary_search_by(|&index| parameters[index].name.as_str().cmp(name));
        found.ok().map(|rank| self.0.by_name[rank])
    }

    /// The names of the choices or levels of the parameter at `position`; empty for the other types and beyond the end.
    #[must_use]
    pub fn choices(&self, position: usize) -> &[String] {
        self.0
            .parameters
            .get(position)
            .map_or(&[], |named| &named.choices)
    }

    /// Whether these values, one for each parameter in order, lie in the space: within their bounds, and absent exactly
    /// where the condition of a parameter does not hold.
    #[must_use]
    pub fn contains(&self, values: &[Value]) -> bool {
        let fits = |(position, value): (usize, &Value)| {
            if self.is_active(position, values) {
                self.0.parameters[position].parameter.contains(value)
            } else {
                *value == Value::Absent
            }
        };
        values.len() == self.len() && values.iter().enumerate().all(fits)
    }

    /// Whether some parameter plays a part only under a condition.
    #[must_use]
    pub fn is_conditional(&self) -> bool {
        self.0.is_conditional
    }

    /// The values of a point by the names of its parameters, for [`Options::initial`](crate::Options::initial).
    /// Parameters that play no part may be left out; what is given for them is ignored.
    ///
    /// # Errors
    ///
    /// [`Error::Point`] if a parameter is unknown, given twice, missing, or has a value that is not in its range.
    pub fn point<N: AsRef<str>, L: Into<Literal>>(
        &self,
        values: impl IntoIterator<Item = (N, L)>,
    ) -> Result<Vec<Value>, Error> {
        let mut given: Vec<Option<Literal>> = vec![None; self.len()];
        for (name, literal) in values {
            let name = name.as_ref();
            let wrong = |what| Error::Point {
                name: name.to_owned(),
                what,
            };
            let position = self
                .position(name)
                .ok_or_else(|| wrong("is not in the space"))?;
            if given[position].replace(literal.into()).is_some() {
                return Err(wrong("is given twice"));
            }
        }
        let mut point = Vec::with_capacity(self.len());
        for (position, named) in self.0.parameters.iter().enumerate() {
            let wrong = |what| Error::Point {
                name: named.name.clone(),
                what,
            };
            let value = if !self.is_active(position, &point) {
                Value::Absent
            } else {
                let literal = given[position]
                    .as_ref()
                    .ok_or_else(|| wrong("is missing"))?;
                named
                    .value(literal)
                    .ok_or_else(|| wrong("has a value outside its range"))?
            };
            point.push(value);
        }
        Ok(point)
    }

    /// The middle of each parameter.
    #[cfg(feature = "serde")]
    pub(crate) fn middle(&self) -> Vec<Literal> {
        let middles = self.0.axes.iter().map(|axis| axis.value(axis.at_unit(0.5)));
        let literal = |value| match value {
            Value::Real(x) => Literal::Real(x),
            Value::Integer(n) => Literal::Integer(n),
            Value::Choice(index) | Value::Level(index) => Literal::Integer(index as i64),
            Value::Boolean(b) => Literal::Boolean(b),
            Value::Absent => unreachable!("because no axis has it"),
        };
        middles.map(literal).collect()
    }

    /// Whether the parameter at `position` plays a part, given the values before it: a parent comes before its children.
    pub(crate) fn is_active(&self, position: usize, values: &[Value]) -> bool {
        let condition = self.0.parameters[position].condition.as_ref();
        condition.is_none_or(|condition| condition.accepted.contains(&values[condition.parent]))
    }

    /// The genes of a point that the space contains. What is absent gets the middle of its axis.
    pub(crate) fn genes(&self, values: &[Value]) -> Vec<f64> {
        let pairs = self.0.axes.iter().zip(values);
        pairs.map(|(axis, value)| axis.gene_of(value)).collect()
    }

    /// Draws `count` independent candidates, uniformly on the scale of each parameter: the random search that an
    /// optimizer has to beat.
    #[must_use]
    pub fn sample(&self, seed: u64, count: usize) -> Vec<Candidate> {
        let mut rng = Rng::new(seed);
        let draw = |_| {
            let genes: Vec<f64> = self
                .axes()
                .iter()
                .map(|axis| axis.sample(&mut rng))
                .collect();
            Candidate::of(self, &genes)
        };
        (0..count).map(draw).collect()
    }

    pub(crate) fn axes(&self) -> &Arc<[Axis]> {
        &self.0.axes
    }
}

/// Collects parameters; [`build`](SpaceBuilder::build) checks them.
#[derive(Debug)]
#[must_use = "a space exists only after `build`"]
pub struct SpaceBuilder {
    parameters: Vec<Named>,
    /// For a parameter, by its position: the name of its parent, and the values that the parent must have.
    conditions: Vec<(usize, String, Vec<Literal>)>,
}

impl SpaceBuilder {
    /// Adds a real number.
    pub fn real(self, name: impl Into<String>, range: RangeInclusive<f64>) -> Self {
        self.parameter(
            name,
            Parameter::Real {
                low: *range.start(),
                high: *range.end(),
                log: false,
            },
        )
    }

    /// Adds a positive real number on a logarithmic scale.
    pub fn log_real(self, name: impl Into<String>, range: RangeInclusive<f64>) -> Self {
        self.parameter(
            name,
            Parameter::Real {
                low: *range.start(),
                high: *range.end(),
                log: true,
            },
        )
    }

    /// Adds an integer, within ±2⁵³.
    pub fn integer(self, name: impl Into<String>, range: RangeInclusive<i64>) -> Self {
        self.parameter(
            name,
            Parameter::Integer {
                low: *range.start(),
                high: *range.end(),
                log: false,
            },
        )
    }

    /// Adds a positive integer on a logarithmic scale, up to 2⁵³.
    pub fn log_integer(self, name: impl Into<String>, range: RangeInclusive<i64>) -> Self {
        self.parameter(
            name,
            Parameter::Integer {
                low: *range.start(),
                high: *range.end(),
                log: true,
            },
        )
    }

    /// Adds a choice between names that have no order.
    pub fn categorical<N: Into<String>>(
        self,
        name: impl Into<String>,
        choices: impl IntoIterator<Item = N>,
    ) -> Self {
        let choices: Vec<String> = choices.into_iter().map(Into::into).collect();
        let parameter = Parameter::Categorical {
            choices: choices.len(),
        };
        self.named(name, parameter, choices)
    }

    /// Adds a choice between levels, named from the lowest to the highest.
    pub fn ordinal<N: Into<String>>(
        self,
        name: impl Into<String>,
        levels: impl IntoIterator<Item = N>,
    ) -> Self {
        let levels: Vec<String> = levels.into_iter().map(Into::into).collect();
        let parameter = Parameter::Ordinal {
            levels: levels.len(),
        };
        self.named(name, parameter, levels)
    }

    /// Lets the parameter that was added last play a part only where `parent`, which was added before it, has one of
    /// these values. Elsewhere its value is [`Value::Absent`].
    pub fn only_if<L: Into<Literal>>(
        mut self,
        parent: impl Into<String>,
        values: impl IntoIterator<Item = L>,
    ) -> Self {
        let values = values.into_iter().map(Into::into).collect();
        let position = self.parameters.len().saturating_sub(1);
        self.conditions.push((position, parent.into(), values));
        self
    }

    /// Adds a switch.
    pub fn boolean(self, name: impl Into<String>) -> Self {
        self.parameter(name, Parameter::Boolean)
    }

    /// Checks the parameters.
    ///
    /// # Errors
    ///
    /// [`Error::EmptySpace`]; the first parameter that is wrong, as [`Error::Bounds`], [`Error::LogBounds`],
    /// [`Error::IntegerBounds`], [`Error::NoChoices`] or [`Error::DuplicateChoice`]; [`Error::DuplicateParameter`]; or
    /// [`Error::Condition`].
    pub fn build(self) -> Result<Space, Error> {
        let (mut parameters, conditions) = (self.parameters, self.conditions);
        if parameters.is_empty() {
            return Err(Error::EmptySpace);
        }
        for named in &parameters {
            named.parameter.check(&named.name)?;
            if let Some(choice) = duplicate(named.choices.iter().map(String::as_str).collect()) {
                return Err(Error::DuplicateChoice {
                    name: named.name.clone(),
                    choice,
                });
            }
        }
        if let Some(name) = duplicate(parameters.iter().map(|named| named.name.as_str()).collect())
        {
            return Err(Error::DuplicateParameter { name });
        }
        let mut by_name: Vec<usize> = (0..parameters.len()).collect();
        by_name.sort_by(|&a, &b| parameters[a].name.cmp(&parameters[b].name));
        for (position, parent, values) in conditions {
            let condition = condition(&parameters, position, &parent, &values)?;
            parameters[position].condition = Some(condition);
        }
        let axes = parameters
            .iter()
            .map(|named| Axis::new(&named.parameter))
            .collect();
        Ok(Space(Arc::new(Inner {
            is_conditional: parameters.iter().any(|named| named.condition.is_some()),
            parameters,
            by_name,
            axes,
        })))
    }

    /// Adds a parameter of any type; choices and levels go by their indices then.
    pub fn parameter(self, name: impl Into<String>, parameter: Parameter) -> Self {
        self.named(name, parameter, Vec::new())
    }

    fn named(self, name: impl Into<String>, parameter: Parameter, choices: Vec<String>) -> Self {
        self.push(Named {
            name: name.into(),
            parameter,
            choices,
            condition: None,
        })
    }

    fn push(mut self, named: Named) -> Self {
        self.parameters.push(named);
        self
    }
}

/// A name that occurs twice.
fn duplicate(mut names: Vec<&str>) -> Option<String> {
    names.sort_unstable();
    names
        .windows(2)
        .find(|pair| pair[0] == pair[1])
        .map(|pair| pair[0].to_owned())
}

/// Checks one condition: the parent comes before, and can have each of the values.
fn condition(
    parameters: &[Named],
    position: usize,
    parent: &str,
    values: &[Literal],
) -> Result<Condition, Error> {
    let wrong = |what| Error::Condition {
        name: parameters[position].name.clone(),
        parent: parent.to_owned(),
        what,
    };
    let found = parameters[..position]
        .iter()
        .position(|named| named.name == parent);
    let found = found.ok_or_else(|| wrong("is not a parameter before it"))?;
    if values.is_empty() {
        return Err(wrong("is given no value to have"));
    }
    let accepted = values
        .iter()
        .map(|literal| parameters[found].value(literal));
    let accepted: Option<Vec<Value>> = accepted.collect();
    Ok(Condition {
        parent: found,
        accepted: accepted.ok_or_else(|| wrong("cannot have one of the values"))?,
    })
}
