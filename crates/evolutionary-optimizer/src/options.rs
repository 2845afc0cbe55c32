//! The choices that have defaults.

use crate::error::Error;

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

/// When the search counts as stagnant: the best value improved by no more than `tolerance` over the last
/// `generations` generations.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Convergence {
    /// The improvement that is still too small, in units of the objective. Default: 0.001.
    pub tolerance: f64,
    /// The length of the window; 0 never stops for stagnation. Default: 10.
    pub generations: u32,
}

impl Default for Convergence {
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
    /// No migration: independent searches.
    None,
}

/// Several populations, each evolving by itself, that exchange their best members now and then.
#[derive(Clone, Debug, PartialEq)]
pub struct Islands {
    /// The number of islands. Default: 4.
    pub count: usize,
    /// The size of each island's population, instead of [`Options::population`]. Default: 25.
    pub population: usize,
    /// The number of generations between two migrations. Default: 10.
    pub interval: u32,
    /// The share of an island that it sends to each neighbour: rounded down, but one member unless it is 0.0.
    /// Default: 0.05.
    pub rate: f64,
    /// Who sends to whom. Default: [`Topology::Ring`].
    pub topology: Topology,
}

impl Default for Islands {
    fn default() -> Self {
        Self {
            count: 4,
            population: 25,
            interval: 10,
            rate: 0.05,
            topology: Topology::Ring,
        }
    }
}

/// How to search. The defaults suit objectives of the order of 1 in up to about ten dimensions.
#[derive(Clone, Debug, PartialEq)]
pub struct Options {
    /// The number of candidates in a generation. Default: 100.
    pub population: usize,
    /// The largest number of generations after the initial population. Default: 1000.
    pub generations: u32,
    /// The probability that a child's parameter mutates. Default: 0.1.
    pub mutation: f64,
    /// The probability that two parents are crossed rather than copied. Default: 0.8.
    pub crossover: f64,
    /// The share of the best candidates that survive unchanged: rounded down, but one unless it is 0.0. Default: 0.1.
    pub elitism: f64,
    /// The number of candidates among which a parent is the best. Default: 5.
    pub tournament: usize,
    /// When to give up for lack of progress.
    pub convergence: Convergence,
    /// The diversity, as in [`Generation::diversity`](crate::Generation::diversity), below which a tenth of the next
    /// generation is drawn at random. Default: 0.05.
    pub diversity_floor: f64,
    /// The objective that is good enough. Checked after each generation. Default: none.
    pub target: Option<f64>,
    /// The number of calls of the objective that must not be exceeded; islands share it evenly. Default: none.
    pub max_evaluations: Option<u64>,
    /// The seed of all random draws. Default: 0.
    pub seed: u64,
    /// Whether small or large is good. Default: [`Goal::Minimize`].
    pub goal: Goal,
    /// Several populations instead of one. Default: none.
    pub islands: Option<Islands>,
    /// The number of threads, of which the calling one is the first. Default: one for each island; without islands
    /// one, and if there are more they share the evaluations of each generation. Never changes the result.
    pub threads: Option<usize>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            population: 100,
            generations: 1000,
            mutation: 0.1,
            crossover: 0.8,
            elitism: 0.1,
            tournament: 5,
            convergence: Convergence::default(),
            diversity_floor: 0.05,
            target: None,
            max_evaluations: None,
            seed: 0,
            goal: Goal::Minimize,
            islands: None,
            threads: None,
        }
    }
}

impl Options {
    /// Refuses the first option that is outside its range.
    pub(crate) fn check(&self) -> Result<(), Error> {
        at_least_one("population", self.population)?;
        at_least_one("tournament", self.tournament)?;
        share("mutation", self.mutation)?;
        share("crossover", self.crossover)?;
        share("elitism", self.elitism)?;
        share("diversity_floor", self.diversity_floor)?;
        let tolerance = self.convergence.tolerance;
        require(
            tolerance.is_finite() && tolerance >= 0.0,
            "convergence.tolerance",
            tolerance,
            "finite and not negative",
        )?;
        if let Some(target) = self.target {
            require(target.is_finite(), "target", target, "finite")?;
        }
        if let Some(threads) = self.threads {
            at_least_one("threads", threads)?;
        }
        if let Some(islands) = &self.islands {
            at_least_one("islands.count", islands.count)?;
            at_least_one("islands.population", islands.population)?;
            require(
                islands.interval > 0,
                "islands.interval",
                islands.interval,
                "at least 1",
            )?;
            share("islands.rate", islands.rate)?;
        }
        if let Some(limit) = self.max_evaluations {
            let accepted = "at least 1, and at least the number of islands";
            require(
                limit >= self.island_count() as u64,
                "max_evaluations",
                limit,
                accepted,
            )?;
        }
        Ok(())
    }

    pub(crate) fn island_count(&self) -> usize {
        self.islands.as_ref().map_or(1, |islands| islands.count)
    }

    /// The population of one island.
    pub(crate) fn island_population(&self) -> usize {
        self.islands
            .as_ref()
            .map_or(self.population, |islands| islands.population)
    }

    /// The calls of the objective that island `index` may make: an even share, the first islands taking the rest.
    pub(crate) fn budget(&self, index: usize) -> u64 {
        let count = self.island_count() as u64;
        self.max_evaluations.map_or(u64::MAX, |limit| {
            limit / count + u64::from((index as u64) < limit % count)
        })
    }

    /// Whether this cost is good enough.
    pub(crate) fn reaches_target(&self, cost: f64) -> bool {
        self.target
            .is_some_and(|target| cost <= self.goal.cost(target))
    }
}

/// A share of `count`: rounded down, but at least one unless the share is zero.
pub(crate) fn share_of(count: usize, share: f64) -> usize {
    if share == 0.0 {
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
    fn islands_share_the_whole_budget() {
        let islands = Some(Islands {
            count: 4,
            ..Islands::default()
        });
        let options = Options {
            islands,
            max_evaluations: Some(10),
            ..Options::default()
        };
        assert_eq!(
            [0, 1, 2, 3].map(|index| options.budget(index)),
            [3, 3, 2, 2]
        );
    }

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
