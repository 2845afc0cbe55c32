//! One dimension of a space, as the operators see it: a gene is a plain `f64`.

use crate::elementary::{exp, ln};
use crate::rng::Rng;
use crate::space::{Parameter, Value};

/// What the gene of an axis stands for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Kind {
    /// The gene is the value.
    Real,
    /// The gene is the logarithm of the value.
    LogReal,
    /// The gene is the integer.
    Integer,
    /// The gene is the integer, searched by its logarithm.
    LogInteger,
    /// The gene is the index of the choice.
    Choice,
    /// The gene is the index of the level: an integer that has a name.
    Level,
    /// The gene is 0 or 1.
    Boolean,
}

/// A parameter with its bounds in values and in search coordinates.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Axis {
    pub(crate) kind: Kind,
    /// Bounds of the value.
    low: f64,
    high: f64,
    /// Bounds of the search coordinate: logarithms on a logarithmic scale.
    pub(crate) from: f64,
    pub(crate) to: f64,
}

impl Axis {
    /// The axis of a parameter whose bounds have been checked.
    pub(crate) fn new(parameter: &Parameter) -> Self {
        let (kind, low, high) = match *parameter {
            Parameter::Real {
                low,
                high,
                log: false,
            } => (Kind::Real, low, high),
            Parameter::Real {
                low,
                high,
                log: true,
            } => (Kind::LogReal, low, high),
            Parameter::Integer {
                low,
                high,
                log: false,
            } => (Kind::Integer, low as f64, high as f64),
            Parameter::Integer {
                low,
                high,
                log: true,
            } => (Kind::LogInteger, low as f64, high as f64),
            Parameter::Categorical { choices } => (Kind::Choice, 0.0, (choices - 1) as f64),
            Parameter::Ordinal { levels } => (Kind::Level, 0.0, (levels - 1) as f64),
            Parameter::Boolean => (Kind::Boolean, 0.0, 1.0),
        };
        let logarithmic = matches!(kind, Kind::LogReal | Kind::LogInteger);
        let (from, to) = if logarithmic {
            (ln(low), ln(high))
        } else {
            (low, high)
        };
        Self {
            kind,
            low,
            high,
            from,
            to,
        }
    }

    /// Whether order and distance mean something on this axis.
    #[inline]
    pub(crate) fn is_numeric(&self) -> bool {
        !matches!(self.kind, Kind::Choice | Kind::Boolean)
    }

    /// Whether only one value is possible.
    #[inline]
    pub(crate) fn is_fixed(&self) -> bool {
        self.low >= self.high
    }

    /// The number of choices of an axis that is not numeric.
    #[inline]
    pub(crate) fn choices(&self) -> usize {
        self.high as usize + 1
    }

    /// A gene drawn uniformly on the scale of the axis.
    pub(crate) fn sample(&self, rng: &mut Rng) -> f64 {
        match self.kind {
            Kind::Real | Kind::LogReal => {
                (self.from + rng.unit() * (self.to - self.from)).min(self.to)
            }
            Kind::LogInteger => {
                // Up to the logarithm of high + 1: each integer n owns the interval ln n .. ln (n + 1).
                let end = ln(self.high + 1.0);
                exp(self.from + rng.unit() * (end - self.from))
                    .floor()
                    .clamp(self.low, self.high)
            }
            Kind::Integer | Kind::Level | Kind::Choice | Kind::Boolean => {
                self.low + rng.below((self.high - self.low) as u64 + 1) as f64
            }
        }
    }

    /// The search coordinate of a gene, within `from..=to`.
    #[inline]
    pub(crate) fn coordinate(&self, gene: f64) -> f64 {
        if self.kind == Kind::LogInteger {
            ln(gene)
        } else {
            gene
        }
    }

    /// The gene of a search coordinate: clamped, and for integers rounded up with the probability of the fraction, so
    /// that a step shorter than one still moves some children (rounding to the nearest would freeze them).
    #[inline]
    pub(crate) fn gene(&self, coordinate: f64, rng: &mut Rng) -> f64 {
        match self.kind {
            Kind::Integer | Kind::Level => self.round(coordinate, rng),
            Kind::LogInteger => self.round(exp(coordinate.clamp(self.from, self.to)), rng),
            _ => coordinate.clamp(self.from, self.to),
        }
    }

    /// The place of a gene in the unit interval: on the scale of the axis for reals, the middle of its share for what is
    /// discrete. A fixed axis has 0.5.
    pub(crate) fn unit(&self, gene: f64) -> f64 {
        if self.is_fixed() {
            return 0.5;
        }
        match self.kind {
            Kind::Real | Kind::LogReal => (gene - self.from) / (self.to - self.from),
            Kind::LogInteger => {
                let end = ln(self.high + 1.0);
                (0.5 * (ln(gene) + ln(gene + 1.0)) - self.from) / (end - self.from)
            }
            Kind::Integer | Kind::Level | Kind::Choice | Kind::Boolean => {
                (gene - self.low + 0.5) / (self.high - self.low + 1.0)
            }
        }
    }

    /// The gene at a place of the unit interval, which is cut to it first. What is discrete has shares of the interval:
    /// equal ones, or on a logarithmic scale from ln n to ln (n + 1).
    pub(crate) fn at_unit(&self, unit: f64) -> f64 {
        let unit = unit.clamp(0.0, 1.0);
        match self.kind {
            Kind::Real | Kind::LogReal => {
                (self.from + unit * (self.to - self.from)).clamp(self.from, self.to)
            }
            Kind::LogInteger => {
                let end = ln(self.high + 1.0);
                exp(self.from + unit * (end - self.from))
                    .floor()
                    .clamp(self.low, self.high)
            }
            Kind::Integer | Kind::Level | Kind::Choice | Kind::Boolean => (self.low
                + (unit * (self.high - self.low + 1.0)).floor())
            .clamp(self.low, self.high),
        }
    }

    fn round(&self, value: f64, rng: &mut Rng) -> f64 {
        let floor = value.floor();
        let up = rng.chance(value - floor);
        (floor + f64::from(u8::from(up))).clamp(self.low, self.high)
    }

    /// The value that a gene stands for.
    #[inline]
    pub(crate) fn value(&self, gene: f64) -> Value {
        match self.kind {
            Kind::Real => Value::Real(gene),
            Kind::LogReal => Value::Real(exp(gene).clamp(self.low, self.high)),
            Kind::Integer | Kind::LogInteger => Value::Integer(gene as i64),
            Kind::Choice => Value::Choice(gene as usize),
            Kind::Level => Value::Level(gene as usize),
            Kind::Boolean => Value::Boolean(gene != 0.0),
        }
    }
}

impl Axis {
    /// The gene that stands for a value of this axis; the middle where the value is absent.
    pub(crate) fn gene_of(&self, value: &Value) -> f64 {
        match *value {
            Value::Real(x) if self.kind == Kind::LogReal => ln(x),
            Value::Real(x) => x,
            Value::Integer(n) => n as f64,
            Value::Choice(index) | Value::Level(index) => index as f64,
            Value::Boolean(b) => f64::from(u8::from(b)),
            Value::Absent => self.at_unit(0.5),
        }
    }

    /// The number of values of an axis that is discrete.
    pub(crate) fn values(&self) -> Option<f64> {
        match self.kind {
            Kind::Real | Kind::LogReal if !self.is_fixed() => None,
            Kind::Real | Kind::LogReal => Some(1.0),
            _ => Some(self.high - self.low + 1.0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn log_reals_spread_evenly_over_decades() {
        let axis = Axis::new(&Parameter::Real {
            low: 1e-4,
            high: 1.0,
            log: true,
        });
        let mut rng = Rng::new(1);
        let below = (0..4000)
            .filter(|_| matches!(axis.value(axis.sample(&mut rng)), Value::Real(x) if x < 1e-2));
        let count = below.count();
        assert!((1850..2150).contains(&count), "{count}");
    }

    #[test]
    fn log_integers_reach_both_ends() {
        let axis = Axis::new(&Parameter::Integer {
            low: 1,
            high: 8,
            log: true,
        });
        let mut rng = Rng::new(2);
        let mut counts = [0; 9];
        for _ in 0..10_000 {
            counts[axis.sample(&mut rng) as usize] += 1;
        }
        assert_eq!(counts[0], 0);
        assert!(
            counts[1] > counts[2] && counts[2] > counts[8] && counts[8] > 0,
            "{counts:?}"
        );
    }

    #[test]
    fn genes_survive_the_way_through_the_unit_interval() {
        let whole = |low, high, log| Axis::new(&Parameter::Integer { low, high, log });
        for axis in [
            whole(-3, 9, false),
            whole(1, 64, true),
            Axis::new(&Parameter::Categorical { choices: 5 }),
            Axis::new(&Parameter::Boolean),
        ] {
            let mut gene = axis.low;
            while gene <= axis.high {
                assert_eq!(axis.at_unit(axis.unit(gene)), gene, "{axis:?}");
                gene += 1.0;
            }
            assert_eq!(
                [0.0, 1.0].map(|end| axis.at_unit(end)),
                [axis.low, axis.high]
            );
        }
        let axis = Axis::new(&Parameter::Real {
            low: 1e-4,
            high: 1.0,
            log: true,
        });
        assert!((axis.unit(axis.at_unit(0.3)) - 0.3).abs() < 1e-12);
    }

    #[test]
    fn stochastic_rounding_keeps_the_mean() {
        let axis = Axis::new(&Parameter::Integer {
            low: 0,
            high: 10,
            log: false,
        });
        let mut rng = Rng::new(3);
        let genes: Vec<f64> = (0..10_000).map(|_| axis.gene(4.2, &mut rng)).collect();
        assert!(genes.iter().all(|gene| [4.0, 5.0].contains(gene)));
        let sum: f64 = genes.iter().sum();
        assert!((41_500.0..42_500.0).contains(&sum), "{sum}");
        assert_eq!(axis.gene(99.0, &mut rng), 10.0);
        assert_eq!(axis.gene(-99.0, &mut rng), 0.0);
    }

    #[test]
    fn a_boolean_is_true_when_its_gene_is_one() {
        let axis = Axis::new(&Parameter::Boolean);
        assert_eq!(axis.value(0.0), Value::Boolean(false));
        assert_eq!(axis.value(1.0), Value::Boolean(true));
    }

    #[test]
    fn the_widest_integers_stay_exact() {
        let bound = 1_i64 << 53;
        let axis = Axis::new(&Parameter::Integer {
            low: -bound,
            high: bound,
            log: false,
        });
        let mut rng = Rng::new(4);
        for _ in 0..1000 {
            let Value::Integer(n) = axis.value(axis.sample(&mut rng)) else {
                panic!("an integer axis")
            };
            assert!((-bound..=bound).contains(&n));
        }
    }
}
