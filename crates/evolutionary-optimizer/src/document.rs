//! A space as a document, for whatever serde reads and writes.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::space::{Literal, Parameter, Space, Value};

/// The type of a parameter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Type {
    /// A real number between `low` and `high`.
    #[serde(rename = "real", alias = "float")]
    Real,
    /// An integer between `low` and `high`.
    #[serde(rename = "int", alias = "integer")]
    Integer,
    /// One of `n` choices, or of those that are named.
    #[serde(rename = "cat", alias = "categorical")]
    Categorical,
    /// One of `n` levels from the lowest on, or of those that are named.
    #[serde(rename = "ord", alias = "ordinal")]
    Ordinal,
    /// True or false.
    #[serde(rename = "bool", alias = "boolean")]
    Boolean,
}

/// A text, number or switch.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Scalar {
    /// True or false.
    Boolean(bool),
    /// A whole number.
    Integer(i64),
    /// Any number.
    Real(f64),
    /// A text.
    Text(String),
}

impl Scalar {
    fn name(&self) -> String {
        match self {
            Self::Boolean(b) => b.to_string(),
            Self::Integer(n) => n.to_string(),
            Self::Real(x) => x.to_string(),
            Self::Text(text) => text.clone(),
        }
    }
}

/// One parameter.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ParameterDocument {
    /// Its name; `x` and its position when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Its type.
    #[serde(rename = "type")]
    pub kind: Type,
    /// The lowest value of a number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub low: Option<f64>,
    /// The highest value of a number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub high: Option<f64>,
    /// Whether a number has a logarithmic scale.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub log: bool,
    /// The number of choices or levels, where they have no names.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub n: Option<u64>,
    /// The names of choices, or of levels from the lowest on.
    #[serde(default, alias = "levels", skip_serializing_if = "Vec::is_empty")]
    pub choices: Vec<Scalar>,
    /// The parameter that this one depends on, and the values that it must have.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub only_if: BTreeMap<String, Vec<Scalar>>,
    /// The value of a first point to evaluate.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub initial: Option<Scalar>,
}

impl Space {
    /// The space that a document describes.
    ///
    /// # Errors
    ///
    /// [`Error::Document`] for what a parameter lacks or has too much, and as
    /// [`SpaceBuilder::build`](crate::SpaceBuilder::build).
    pub fn from_document(parameters: &[ParameterDocument]) -> Result<Self, Error> {
        let mut builder = Self::new();
        for (position, parameter) in parameters.iter().enumerate() {
            let name = parameter.name_at(position);
            let wrong = |what| Error::Document {
                name: name.clone(),
                what,
            };
            let names = parameter.choices.iter().map(Scalar::name);
            builder = match (parameter.kind, parameter.choices.is_empty()) {
                (Type::Categorical, false) => builder.categorical(name.clone(), names),
                (Type::Ordinal, false) => builder.ordinal(name.clone(), names),
                _ => builder.parameter(name.clone(), parameter.plain().map_err(wrong)?),
            };
            parameter.check_foreign().map_err(wrong)?;
            let mut conditions = parameter.only_if.iter();
            if let Some((parent, values)) = conditions.next() {
                let of_parent = |value| match parent_of(parameters, parent) {
                    Some(parent) => parent.name_of(literal(value)),
                    None => literal(value),
                };
                builder = builder.only_if(parent, values.iter().map(of_parent));
            }
            if conditions.next().is_some() {
                return Err(wrong("may depend on one other only"));
            }
        }
        builder.build()
    }

    /// The point that a document gives as the first to evaluate: the `initial` of each parameter, and the middle of those
    /// that have none. `None` if no parameter has one.
    ///
    /// # Errors
    ///
    /// [`Error::Point`] if one of its values is not in its range.
    pub fn initial_of(
        &self,
        parameters: &[ParameterDocument],
    ) -> Result<Option<Vec<Value>>, Error> {
        if parameters.iter().all(|it| it.initial.is_none()) {
            return Ok(None);
        }
        let middle = self.middle();
        let mut given = Vec::new();
        for (position, parameter) in parameters.iter().enumerate() {
            let literal = match &parameter.initial {
                Some(initial) => parameter.name_of(literal(initial)),
                None => middle[position].clone(),
            };
            given.push((parameter.name_at(position), literal));
        }
        self.point(given).map(Some)
    }
}

impl ParameterDocument {
    fn name_at(&self, position: usize) -> String {
        self.name.clone().unwrap_or_else(|| format!("x{position}"))
    }

    /// Choices that are named go by name, whatever their names look like.
    fn name_of(&self, literal: Literal) -> Literal {
        match literal {
            _ if self.choices.is_empty() => literal,
            Literal::Integer(n) => Literal::Name(n.to_string()),
            Literal::Real(x) => Literal::Name(x.to_string()),
            Literal::Boolean(b) => Literal::Name(b.to_string()),
            named => named,
        }
    }

    /// The parameter, where choices have no names.
    fn plain(&self) -> Result<Parameter, &'static str> {
        let low = self.low.ok_or("needs `low`");
        let high = self.high.ok_or("needs `high`");
        let count = || {
            let count = self.n.ok_or("needs `n`, or the names of its `choices`")?;
            Ok(usize::try_from(count).unwrap_or(usize::MAX))
        };
        Ok(match self.kind {
            Type::Real => Parameter::Real {
                low: low?,
                high: high?,
                log: self.log,
            },
            Type::Integer => Parameter::Integer {
                low: whole(low?)?,
                high: whole(high?)?,
                log: self.log,
            },
            Type::Categorical => Parameter::Categorical { choices: count()? },
            Type::Ordinal => Parameter::Ordinal { levels: count()? },
            Type::Boolean => Parameter::Boolean,
        })
    }

    /// Refuses what parameters of this type do not have.
    fn check_foreign(&self) -> Result<(), &'static str> {
        let is_number = matches!(self.kind, Type::Real | Type::Integer);
        let is_choice = matches!(self.kind, Type::Categorical | Type::Ordinal);
        let has_bounds = self.low.is_some() || self.high.is_some() || self.log;
        if has_bounds && !is_number {
            return Err("has bounds or a scale, which only numbers have");
        }
        let has_choices = self.n.is_some() || !self.choices.is_empty();
        if has_choices && !is_choice {
            return Err("has `n` or `choices`, which only categorical and ordinal parameters have");
        }
        match self.n {
            Some(n) if !self.choices.is_empty() && n != self.choices.len() as u64 => {
                Err("has an `n` that is not the number of its `choices`")
            }
            _ => Ok(()),
        }
    }
}

fn whole(bound: f64) -> Result<i64, &'static str> {
    match bound == bound.trunc() && bound.abs() < 1e18 {
        true => Ok(bound as i64),
        false => Err("has a bound that is no integer"),
    }
}

fn literal(scalar: &Scalar) -> Literal {
    match scalar {
        Scalar::Boolean(b) => Literal::Boolean(*b),
        Scalar::Integer(n) => Literal::Integer(*n),
        Scalar::Real(x) => Literal::Real(*x),
        Scalar::Text(text) => Literal::Name(text.clone()),
    }
}

fn parent_of<'a>(parameters: &'a [ParameterDocument], name: &str) -> Option<&'a ParameterDocument> {
    let mut all = parameters.iter().enumerate();
    let found = all.find(|(position, it)| it.name_at(*position) == name);
    found.map(|(_, parent)| parent)
}
