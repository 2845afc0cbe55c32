//! What proposes points: the search methods, behind one trait.
//!
//! An engine knows axes, genes and costs. It knows nothing of candidates, ids, budgets, threads or the order in which
//! evaluations ended: the optimizer gives it whole generations.

mod auto_many;
mod auto_many_deme;
mod auto_many_moves;
mod combinatorial;
#[cfg(test)]
mod contract;
#[cfg(test)]
mod experiment;
mod generational;
mod genetic;
#[cfg(test)]
mod levels;
mod moead;
mod nsga2;
mod nsga3;
mod points;
mod sampling;
mod shifted;
pub(crate) mod single;
mod sms_emoa;
#[cfg(test)]
mod trial;
mod variation;

use std::sync::Arc;

use combinatorial::Combinatorial;
use genetic::GeneticEngine;
pub use moead::MoeadOptions;
pub use nsga2::Nsga2Options;
pub use nsga3::Nsga3Options;
pub(crate) use points::Points;
use sampling::Sampling;
use single::Kind;
use single::auto::AutoSingle;
use single::cma::Cma;
use single::shade::{Shade, ShadeOptions};
pub use sms_emoa::SmsEmoaOptions;
pub use variation::Variation;

use crate::algorithm::Algorithm;
use crate::axis::Axis;
use crate::error::Error;
use crate::options::Goal;
use crate::report::IslandReport;
use crate::rng::Rng;

/// What an engine is to solve.
#[derive(Clone, Debug)]
pub(crate) struct Problem {
    pub(crate) axes: Arc<[Axis]>,
    /// The number of objectives; at least 1. All are minimised.
    pub(crate) objectives: usize,
    /// The number of constraints that rows may violate.
    pub(crate) constraints: usize,
    /// The evaluations that will be made in all, where that is known.
    pub(crate) budget: Option<u64>,
    /// Whether evaluating a point again gives another cost.
    pub(crate) is_noisy: bool,
    /// Genes of points that the user wants evaluated first; may be empty.
    pub(crate) initial: Vec<Vec<f64>>,
}

/// A search method. It owns its random stream: what it asks depends on its constructor's arguments and on what it was
/// told, and on nothing else.
pub(crate) trait Engine: Send {
    /// Appends the next generation to `batch`, which is empty: at least one row. Called only after all rows of the
    /// batch before were told.
    fn ask(&mut self, batch: &mut Points);

    /// Takes the rows of the last batch with their costs, in the order they were asked. Only the last batch of a search
    /// may be shorter than what was asked.
    fn tell(&mut self, batch: &Points);

    /// Takes rows that were evaluated elsewhere: migrants, and points that were asked beside a generation. It may ignore
    /// them.
    fn immigrate(&mut self, arrivals: &Points);

    /// Likewise, with a wish whom to replace.
    fn immigrate_by(&mut self, arrivals: &Points, replace: Replace) {
        let _ = replace;
        self.immigrate(arrivals);
    }

    /// The members that a generation stands on, with their costs: what emigrants are chosen from. `None` for a method
    /// that has no population.
    fn members(&self) -> Option<&Points>;

    /// How much the members vary, from 0 to 1, where that is known.
    fn diversity(&self) -> Option<f64> {
        None
    }

    /// What each island did; none for an engine that has no islands.
    fn islands(&self, goal: Goal) -> Vec<IslandReport> {
        let _ = goal;
        Vec::new()
    }

    /// How many rows of the last batch were drawn at random to restore diversity.
    fn immigrants(&self) -> usize {
        0
    }
}

/// Which members make room for migrants.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Replace {
    /// The worst.
    #[default]
    Worst,
    /// Any but the best.
    Random,
}

/// The engine of an algorithm for a problem.
pub(crate) fn build(
    algorithm: &Algorithm,
    problem: &Problem,
    rng: Rng,
) -> Result<Box<dyn Engine>, Error> {
    let needs_one = || match problem.objectives {
        1 => Ok(()),
        _ => Err(Error::Unsuitable {
            algorithm: algorithm.name(),
            what: "several objectives",
        }),
    };
    Ok(match algorithm {
        Algorithm::Auto if problem.objectives > 1 => {
            Box::new(auto_many::AutoMany::new(problem, rng))
        }
        Algorithm::Auto => match single::choose(problem) {
            Kind::Portfolio => Box::new(AutoSingle::new(problem, rng)),
            Kind::Shade => Box::new(Shade::new(problem, &ShadeOptions::default(), rng)),
            Kind::Combinatorial => Box::new(Combinatorial::new(problem, rng)),
        },
        Algorithm::Genetic(options) => {
            needs_one()?;
            Box::new(GeneticEngine::new(problem, options, rng))
        }
        Algorithm::CmaEs(options) => {
            needs_one()?;
            Box::new(Cma::new(problem, options, rng))
        }
        Algorithm::LShade(options) => {
            needs_one()?;
            Box::new(Shade::new(problem, options, rng))
        }
        Algorithm::Nsga2(options) => Box::new(nsga2::Nsga2::new(problem, options, rng)),
        Algorithm::SmsEmoa(options) => Box::new(sms_emoa::SmsEmoa::new(problem, options, rng)),
        Algorithm::Nsga3(options) => Box::new(nsga3::Nsga3::new(problem, options, rng)),
        // One objective leaves one direction, and with it one member.
        Algorithm::Moead(_) if problem.objectives == 1 => {
            return Err(Error::Unsuitable {
                algorithm: algorithm.name(),
                what: "one objective",
            });
        }
        Algorithm::Moead(options) => Box::new(moead::Moead::new(problem, options, rng)),
        Algorithm::Random => Box::new(Sampling::random(problem, rng)),
        Algorithm::LatinHypercube => Box::new(Sampling::latin_hypercube(problem, rng)),
    })
}
