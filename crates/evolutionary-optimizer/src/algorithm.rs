//! The search methods by name.

use std::str::FromStr;

use crate::engine::single::cma::CmaOptions;
use crate::engine::single::shade::ShadeOptions;
use crate::engine::{MoeadOptions, Nsga2Options, Nsga3Options, SmsEmoaOptions};
use crate::error::Error;

/// How to search.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub enum Algorithm {
    /// Chosen from the space, the budget and the number of objectives. Its outcomes for a seed change whenever a later
    /// version knows better.
    #[default]
    Auto,
    /// A genetic algorithm for one objective and parameters of any type.
    Genetic(GeneticOptions),
    /// Covariance matrix adaptation, for one objective.
    CmaEs(CmaOptions),
    /// Differential evolution that adapts itself, for one objective.
    LShade(ShadeOptions),
    /// Non-dominated sorting with crowding distances.
    Nsga2(Nsga2Options),
    /// Non-dominated sorting with reference directions: for many objectives.
    Nsga3(Nsga3Options),
    /// Selection by the hypervolume that each member adds.
    SmsEmoa(SmsEmoaOptions),
    /// Decomposition into weighted problems that help each other.
    Moead(MoeadOptions),
    /// Points drawn independently, uniformly on the scale of each parameter.
    Random,
    /// Latin hypercubes: in each hundred points, or as many as the budget has, every parameter takes its values evenly.
    LatinHypercube,
}

/// The names that [`Algorithm::from_str`] knows.
pub(crate) const NAMES: &[&str] = &[
    "auto", "ga", "cma-es", "l-shade", "nsga2", "nsga3", "sms-emoa", "moead", "random", "lhs",
];

impl Algorithm {
    /// The name, as it is given to [`Algorithm::from_str`].
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Genetic(_) => "ga",
            Self::CmaEs(_) => "cma-es",
            Self::LShade(_) => "l-shade",
            Self::Nsga2(_) => "nsga2",
            Self::Nsga3(_) => "nsga3",
            Self::SmsEmoa(_) => "sms-emoa",
            Self::Moead(_) => "moead",
            Self::Random => "random",
            Self::LatinHypercube => "lhs",
        }
    }

    /// The same with another population, where it has one.
    pub(crate) fn with_population(mut self, population: usize) -> Self {
        match &mut self {
            Self::Genetic(options) => options.population = population,
            Self::CmaEs(options) => options.population = Some(population),
            Self::LShade(options) => options.population = Some(population),
            Self::Nsga2(options) => options.population = population,
            Self::SmsEmoa(options) => options.population = population,
            Self::Nsga3(options) => options.population = population,
            Self::Moead(options) => options.population = population,
            Self::Auto | Self::Random | Self::LatinHypercube => {}
        }
        self
    }

    /// All names.
    #[must_use]
    pub fn names() -> &'static [&'static str] {
        NAMES
    }
}

/// The algorithm with its defaults.
impl FromStr for Algorithm {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self, Error> {
        Ok(match name {
            "auto" => Self::Auto,
            "ga" => Self::Genetic(GeneticOptions::default()),
            "cma-es" => Self::CmaEs(CmaOptions::default()),
            "l-shade" => Self::LShade(ShadeOptions::default()),
            "nsga2" => Self::Nsga2(Nsga2Options::default()),
            "nsga3" => Self::Nsga3(Nsga3Options::default()),
            "sms-emoa" => Self::SmsEmoa(SmsEmoaOptions::default()),
            "moead" => Self::Moead(MoeadOptions::default()),
            "random" => Self::Random,
            "lhs" => Self::LatinHypercube,
            _ => {
                return Err(Error::UnknownAlgorithm {
                    name: name.to_owned(),
                });
            }
        })
    }
}

/// The genetic algorithm: tournaments, simulated binary crossover, polynomial mutation, elites, and random immigrants
/// where the population becomes uniform.
#[derive(Clone, Debug, PartialEq)]
pub struct GeneticOptions {
    /// The number of candidates in a generation. Default: 100.
    pub population: usize,
    /// The probability that a child's parameter mutates. Default: 0.1.
    pub mutation: f64,
    /// The probability that two parents are crossed rather than copied. Default: 0.8.
    pub crossover: f64,
    /// The share of the best candidates that survive unchanged: rounded down, but one unless it is 0.0. Default: 0.1.
    pub elitism: f64,
    /// The number of candidates among which a parent is the best. Default: 5.
    pub tournament: usize,
    /// The diversity, as in [`Generation::diversity`](crate::Generation::diversity), below which a tenth of the next
    /// generation is drawn at random. Default: 0.05.
    pub diversity_floor: f64,
}

impl Default for GeneticOptions {
    fn default() -> Self {
        Self {
            population: 100,
            mutation: 0.1,
            crossover: 0.8,
            elitism: 0.1,
            tournament: 5,
            diversity_floor: 0.05,
        }
    }
}
