//! What may be varied: named parameters with their bounds.

use std::ops::RangeInclusive;
use std::sync::Arc;

use crate::axis::Axis;
use crate::candidate::Candidate;
use crate::error::Error;
use crate::rng::Rng;

/// The largest magnitude of an integer bound: beyond it doubles skip integers.
const INTEGER_LIMIT: i64 = 1 << 53;

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
    /// True or false.
    Boolean,
}

impl Parameter {
    /// Whether `value` is of the right type and within the bounds.
    #[must_use]
    pub fn contains(&self, value: &Value) -> bool {
        match (self, value) {
            (Self::Real { low, high, .. }, Value::Real(x)) => (low..=high).contains(&x),
            (Self::Integer { low, high, .. }, Value::Integer(n)) => (low..=high).contains(&n),
            (Self::Categorical { choices }, Value::Choice(index)) => index < choices,
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
            Self::Categorical { choices: 0 } => return Err(Error::NoChoices { name: name() }),
            Self::Categorical { .. } | Self::Boolean => {}
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
    /// Of [`Parameter::Boolean`].
    Boolean(bool),
}

/// The set of all candidates: parameters in the order they were named. Cloning shares it.
#[derive(Clone, Debug)]
pub struct Space(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    parameters: Vec<Named>,
    /// Positions in order of the names, for lookups in O(log n).
    by_name: Vec<usize>,
    axes: Vec<Axis>,
}

#[derive(Debug)]
struct Named {
    name: String,
    parameter: Parameter,
    /// The names of the choices of a categorical parameter.
    choices: Vec<String>,
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

    /// The names of the choices of the categorical parameter at `position`; empty for the other types and beyond the end.
    #[must_use]
    pub fn choices(&self, position: usize) -> &[String] {
        self.0
            .parameters
            .get(position)
            .map_or(&[], |named| &named.choices)
    }

    /// Whether these values, one for each parameter in order, lie in the space.
    #[must_use]
    pub fn contains(&self, values: &[Value]) -> bool {
        values.len() == self.len()
            && self
                .0
                .parameters
                .iter()
                .zip(values)
                .all(|(named, value)| named.parameter.contains(value))
    }

    /// Draws `count` independent candidates, uniformly on the scale of each parameter: the random search that an
    /// optimizer has to beat.
    #[must_use]
    pub fn sample(&self, seed: u64, count: usize) -> Vec<Candidate> {
        let mut rng = Rng::new(seed);
        let draw = |_| {
            let values = self
                .axes()
                .iter()
                .map(|axis| axis.value(axis.sample(&mut rng)));
            Candidate::new(self.clone(), values.collect())
        };
        (0..count).map(draw).collect()
    }

    pub(crate) fn axes(&self) -> &[Axis] {
        &self.0.axes
    }
}

/// Collects parameters; [`build`](SpaceBuilder::build) checks them.
#[derive(Debug)]
#[must_use = "a space exists only after `build`"]
pub struct SpaceBuilder {
    parameters: Vec<Named>,
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
        self.push(Named {
            name: name.into(),
            parameter,
            choices,
        })
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
    /// [`Error::IntegerBounds`], [`Error::NoChoices`] or [`Error::DuplicateChoice`]; or [`Error::DuplicateParameter`].
    pub fn build(self) -> Result<Space, Error> {
        let parameters = self.parameters;
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
        let axes = parameters
            .iter()
            .map(|named| Axis::new(&named.parameter))
            .collect();
        Ok(Space(Arc::new(Inner {
            parameters,
            by_name,
            axes,
        })))
    }

    fn parameter(self, name: impl Into<String>, parameter: Parameter) -> Self {
        self.push(Named {
            name: name.into(),
            parameter,
            choices: Vec::new(),
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
