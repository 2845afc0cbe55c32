//! The choices that have defaults.

use std::time::Duration;

use crate::algorithm::Algorithm;
use crate::engine::Replace;
use crate::error::Error;
use crate::space::Value;

/// Whether small or large objectives are better.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Goal {
    /// Smaller is better.
    #[default]
    Minimize,
    /// Larger is better.
    Maximize,
}

impl Goal {
    /// The quantity that is minimised inside: infinite for whatever is not finite, so that it is never a NaN.
    #[inline]
    pub(crate) fn cost(self, value: f64) -> f64 {
        match self {
            _ if !value.is_finite() => f64::INFINITY,
            Self::Minimize => value,
            Self::Maximize => -value,
        }
    }

    /// The objective of a cost.
    #[inline]
    pub(crate) fn value(self, cost: f64) -> f64 {
        match self {
            Self::Minimize => cost,
            Self::Maximize => -cost,
        }
    }
}

/// Whether evaluating a candidate again gives another value.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Noise {
    /// It gives the same. Candidates of discrete spaces are then evaluated once, but for what is asked beside a generation
    /// where little is left to ask.
    #[default]
    None,
    /// It does not. The algorithm is told, and with one objective a tenth of the budget is kept for the end, to evaluate
    /// the best few candidates again: the best mean wins.
    Present,
    /// It does not, and every candidate is evaluated so often; the means are what the algorithm sees.
    Averaged(u32),
}

impl Noise {
    /// How often each candidate is evaluated.
    pub(crate) fn repeats(self) -> usize {
        match self {
            Self::None | Self::Present => 1,
            Self::Averaged(times) => times as usize,
        }
    }
}

/// When the search counts as stagnant: the best value of the first objective improved by no more than `tolerance` over
/// the last `generations` generations, and over ten times as many evaluations: methods that descend ask generations of one.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Stagnation {
    /// The improvement that is still too small, in units of the objective. Default: 0.001.
    pub tolerance: f64,
    /// The length of the window; at least 1. Default: 10.
    pub generations: u32,
}

impl Default for Stagnation {
    fn default() -> Self {
        Self {
            tolerance: 0.001,
            generations: 10,
        }
    }
}

/// Which islands send migrants to which.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Topology {
    /// Each island to the next one, the last to the first.
    #[default]
    Ring,
    /// Each island to every other one.
    Full,
    /// Island 0 to all others, and all others to island 0.
    Star,
    /// Each island to one other, drawn anew for each migration.
    Random,
    /// No migration: independent searches.
    None,
}

/// Which members an island sends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Emigrants {
    /// The best; with several objectives, members that no other dominates.
    #[default]
    Best,
    /// Any.
    Random,
}

/// Several searches that exchange members now and then.
///
/// What an island sends at the end of one interval arrives at the end of the next, so that no island ever waits for what
/// another one is doing.
#[derive(Clone, Debug, PartialEq)]
pub struct Islands {
    /// The number of islands. Default: 4.
    pub count: usize,
    /// The size of each island's population, where its algorithm has one. Default: 25.
    pub population: usize,
    /// The number of generations between two migrations. Default: 10.
    pub interval: u32,
    /// The share of an island that it sends to each neighbour: rounded down, but one member unless it is 0.0.
    /// Default: 0.05.
    pub rate: f64,
    /// Who sends to whom. Default: [`Topology::Ring`].
    pub topology: Topology,
    /// Who is sent. Default: [`Emigrants::Best`].
    pub emigrants: Emigrants,
    /// Who is replaced. Default: [`Replace::Worst`].
    pub replace: Replace,
    /// The algorithms of the islands, in turns; [`Options::algorithm`] where there are none. Default: none.
    pub algorithms: Vec<Algorithm>,
}

impl Default for Islands {
    fn default() -> Self {
        Self {
            count: 4,
            population: 25,
            interval: 10,
            rate: 0.05,
            topology: Topology::Ring,
            emigrants: Emigrants::Best,
            replace: Replace::Worst,
            algorithms: Vec::new(),
        }
    }
}

/// How to search, and for how long.
#[derive(Clone, Debug, PartialEq)]
pub struct Options {
    /// The search method. Default: [`Algorithm::Auto`].
    pub algorithm: Algorithm,
    /// Whether small or large is good, for each objective; at least one. Default: one, to be minimised.
    pub goals: Vec<Goal>,
    /// The number of constraints; each holds where its value is at most 0. Default: none.
    pub constraints: usize,
    /// Whether the objective is noisy. Default: [`Noise::None`].
    pub noise: Noise,
    /// The seed of all random draws. Default: 0.
    pub seed: u64,
    /// The evaluations that may be made. It is a part of the plan: methods spend a known budget better than they would
    /// if they were stopped. Default: 10,000.
    pub evaluations: Option<u64>,
    /// The largest number of generations after the first. Default: none.
    pub generations: Option<u32>,
    /// The time after which no generation is begun, from the start of a runner. It makes an outcome depend on the
    /// machine; ask and tell ignore it. Default: none.
    pub time: Option<Duration>,
    /// The value of the first objective that is good enough. Checked after each generation. Default: none.
    pub target: Option<f64>,
    /// When to give up for lack of progress. Default: never.
    pub stagnation: Option<Stagnation>,
    /// Points to evaluate first, as [`Space::point`](crate::Space::point) makes them. Default: none.
    pub initial: Vec<Vec<Value>>,
    /// Several searches instead of one. Default: none.
    pub islands: Option<Islands>,
    /// The number of threads of a runner, of which the calling one is the first. Never changes the outcome. Default: 1.
    pub threads: usize,
    /// The most solutions of several objectives that the outcome has. Default: 100.
    pub front: usize,
    /// Whether what was told is kept, so that the search can be saved: 8 bytes a number and some 2 an evaluation.
    /// Default: true.
    pub resumable: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            algorithm: Algorithm::Auto,
            goals: vec![Goal::Minimize],
            constraints: 0,
            noise: Noise::None,
            seed: 0,
            evaluations: Some(10_000),
            generations: None,
            time: None,
            target: None,
            stagnation: None,
            initial: Vec::new(),
            islands: None,
            threads: 1,
            front: 100,
            resumable: true,
        }
    }
}

impl Options {
    /// The genetic algorithm as it is often set up: a population of 100, at most 1,000 generations, an end after 10
    /// generations that gained no more than 0.001 together, and no bound on evaluations.
    #[must_use]
    pub fn genetic() -> Self {
        Self {
            algorithm: Algorithm::Genetic(crate::GeneticOptions::default()),
            evaluations: None,
            generations: Some(1000),
            stagnation: Some(Stagnation::default()),
            ..Self::default()
        }
    }

    /// Refuses the first option that is outside its range.
    pub(crate) fn check(&self) -> Result<(), Error> {
        at_least_one("goals", self.goals.len())?;
        self.check_algorithms()?;
        self.check_end()?;
        at_least_one("threads", self.threads)?;
        at_least_one("front", self.front)?;
        if let Noise::Averaged(times) = self.noise {
            at_least_one("noise", times as usize)?;
        }
        if let Some(islands) = &self.islands {
            at_least_one("islands.count", islands.count)?;
            at_least_one("islands.population", islands.population)?;
            at_least_one("islands.interval", islands.interval as usize)?;
            share("islands.rate", islands.rate)?;
            if let Some(limit) = self.evaluations {
                let accepted = "at least the number of islands";
                require(
                    limit >= islands.count as u64,
                    "evaluations",
                    limit,
                    accepted,
                )?;
            }
        }
        Ok(())
    }

    fn check_algorithms(&self) -> Result<(), Error> {
        let of_islands = self.islands.iter().flat_map(|islands| &islands.algorithms);
        std::iter::once(&self.algorithm)
            .chain(of_islands)
            .try_for_each(check_algorithm)
    }

    /// The evaluations, if there is a limit, and the other ends.
    fn check_end(&self) -> Result<(), Error> {
        if let Some(limit) = self.evaluations {
            require(limit > 0, "evaluations", limit, "at least 1")?;
        }
        if let Some(target) = self.target {
            require(target.is_finite(), "target", target, "finite")?;
        }
        if let Some(stagnation) = self.stagnation {
            let tolerance = stagnation.tolerance;
            require(
                tolerance.is_finite() && tolerance >= 0.0,
                "stagnation.tolerance",
                tolerance,
                "finite and not negative",
            )?;
            at_least_one("stagnation.generations", stagnation.generations as usize)?;
        }
        Ok(())
    }

    /// Whether this cost of the first objective is good enough.
    pub(crate) fn reaches_target(&self, cost: f64) -> bool {
        self.target
            .is_some_and(|target| cost <= self.goals[0].cost(target))
    }
}

fn check_algorithm(algorithm: &Algorithm) -> Result<(), Error> {
    let Algorithm::Genetic(genetic) = algorithm else {
        return Ok(());
    };
    at_least_one("population", genetic.population)?;
    at_least_one("tournament", genetic.tournament)?;
    share("mutation", genetic.mutation)?;
    share("crossover", genetic.crossover)?;
    share("elitism", genetic.elitism)?;
    share("diversity_floor", genetic.diversity_floor)
}

/// A share of `count`: rounded down, but at least one unless the share is zero.
pub(crate) fn share_of(count: usize, share: f64) -> usize {
    if share == 0.0 || count == 0 {
        0
    } else {
        ((count as f64 * share) as usize).clamp(1, count)
    }
}

fn at_least_one(option: &'static str, value: usize) -> Result<(), Error> {
    require(value > 0, option, value, "at least 1")
}

fn share(option: &'static str, value: f64) -> Result<(), Error> {
    require(
        (0.0..=1.0).contains(&value),
        option,
        value,
        "within 0.0..=1.0",
    )
}

fn require(
    holds: bool,
    option: &'static str,
    value: impl std::fmt::Debug,
    accepted: &'static str,
) -> Result<(), Error> {
    if holds {
        Ok(())
    } else {
        Err(Error::Option {
            option,
            value: format!("{value:?}"),
            accepted,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_is_not_finite_is_worst() {
        for goal in [Goal::Minimize, Goal::Maximize] {
            for value in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
                assert_eq!(goal.cost(value), f64::INFINITY);
            }
            assert_eq!(goal.value(goal.cost(3.5)), 3.5);
        }
    }

    #[test]
    fn shares_round_down_but_not_to_nothing() {
        assert_eq!(
            [0.0, 0.001, 0.05, 0.1, 1.0].map(|share| share_of(25, share)),
            [0, 1, 1, 2, 25]
        );
    }
}
