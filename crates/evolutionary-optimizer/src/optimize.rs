//! The loop: evolve, synchronise, decide, migrate.

use std::sync::atomic::AtomicBool;

use crate::candidate::Candidate;
use crate::error::Error;
use crate::island::{Island, Run};
use crate::migration::migrate;
use crate::options::Options;
use crate::parallel;
use crate::report::{Observer, Outcome, Stop};
use crate::rng::Rng;
use crate::space::Space;

/// Searches `space` for the candidate with the best `objective`.
///
/// The objective is taken to be deterministic: elites, migrants and children equal to a parent keep their value and are
/// not evaluated again. A value that is NaN or infinite, of either sign, counts as the worst.
///
/// The outcome depends on the space, the options other than `threads`, and the objective; never on the machine.
///
/// # Errors
///
/// [`Error::Option`] for the first option outside its range.
///
/// # Panics
///
/// When the objective panics: the other threads finish the call they are in and are joined, then the panic goes on in
/// the caller with its own payload.
pub fn optimize<F>(space: &Space, options: &Options, objective: F) -> Result<Outcome, Error>
where
    F: Fn(&Candidate) -> f64 + Sync,
{
    optimize_with(space, options, objective, &mut ())
}

/// Like [`optimize`], telling an observer about each generation.
///
/// # Errors
///
/// As [`optimize`].
///
/// # Panics
///
/// As [`optimize`], and when the observer does.
pub fn optimize_with<F, O>(
    space: &Space,
    options: &Options,
    objective: F,
    observer: &mut O,
) -> Result<Outcome, Error>
where
    F: Fn(&Candidate) -> f64 + Sync,
    O: Observer + ?Sized,
{
    options.check()?;
    // With islands the threads are shared among them; without, among the evaluations of a generation.
    let count = options.island_count();
    let outer = if options.islands.is_some() {
        options.threads.unwrap_or(count)
    } else {
        1
    };
    let threads = if options.islands.is_some() {
        1
    } else {
        options.threads.unwrap_or(1)
    };
    let run = Run {
        space,
        options,
        objective: &objective,
        threads,
        abort: AtomicBool::new(false),
    };

    let mut search = Search::new(space, options);
    let mut until = 0;
    let stop = loop {
        parallel::for_each(outer, search.islands.iter_mut(), &run.abort, |island| {
            island.advance(&run, until)
        });
        search.synchronise(options, observer);
        if let Some(stop) = search.stop(options) {
            break stop;
        }
        if let Some(islands) = options.islands.as_ref().filter(|_| until > 0) {
            migrate(&mut search.islands, islands);
        }
        let interval = options
            .islands
            .as_ref()
            .map_or(1, |islands| islands.interval);
        until = until.saturating_add(interval).min(options.generations);
    };
    Ok(search.finish(space, options, stop))
}

/// The islands and what is known about all of them together.
struct Search {
    islands: Vec<Island>,
    /// The best cost so far, after each generation.
    history: Vec<f64>,
}

impl Search {
    fn new(space: &Space, options: &Options) -> Self {
        let mut rng = Rng::new(options.seed);
        let island = |index| {
            let island = Island::new(space, options, index, rng.clone());
            rng.jump();
            island
        };
        Self {
            islands: (0..options.island_count()).map(island).collect(),
            history: Vec::new(),
        }
    }

    /// Extends the history by the generations that some island has bred, and tells the observer.
    fn synchronise<O: Observer + ?Sized>(&mut self, options: &Options, observer: &mut O) {
        let recorded = self
            .islands
            .iter()
            .map(|island| island.records.len())
            .max()
            .unwrap_or(0);
        for offset in 0..recorded {
            let so_far = self.history.last().copied().unwrap_or(f64::INFINITY);
            // An island that stopped earlier has no record here; its best is already in the history.
            let records = self
                .islands
                .iter()
                .filter_map(|island| island.records.get(offset));
            let best = records.fold(so_far, |best, record| {
                observer.generation(record);
                best.min(options.goal.cost(record.best))
            });
            self.history.push(best);
        }
        for island in &mut self.islands {
            island.records.clear();
        }
    }

    fn stop(&self, options: &Options) -> Option<Stop> {
        let best = *self
            .history
            .last()
            .expect("because the initial population is recorded");
        if options.reaches_target(best) {
            Some(Stop::Target)
        } else if self.islands.iter().all(Island::is_exhausted) {
            Some(Stop::Evaluations)
        } else if self.history.len() > options.generations as usize {
            Some(Stop::Generations)
        } else if self.stagnates(options) {
            Some(Stop::Stagnation)
        } else {
            None
        }
    }

    fn stagnates(&self, options: &Options) -> bool {
        let window = options.convergence.generations as usize;
        if window == 0 || self.history.len() <= window {
            return false;
        }
        let before = self.history[self.history.len() - 1 - window];
        let now = self.history[self.history.len() - 1];
        // Equal first: two infinite costs have no difference.
        before == now || before - now <= options.convergence.tolerance
    }

    fn finish(self, space: &Space, options: &Options, stop: Stop) -> Outcome {
        let found = self
            .islands
            .iter()
            .filter_map(|island| island.best.as_ref());
        let best = found
            .reduce(|best, other| if other.cost < best.cost { other } else { best })
            .expect("because every island may make at least one evaluation");
        let values = space
            .axes()
            .iter()
            .zip(&best.genes)
            .map(|(axis, &gene)| axis.value(gene));
        Outcome {
            best: Candidate::new(space.clone(), values.collect()),
            value: best.value,
            generations: self
                .islands
                .iter()
                .map(|island| island.generation)
                .max()
                .unwrap_or(0),
            evaluations: self.islands.iter().map(|island| island.evaluations).sum(),
            stop,
            history: self
                .history
                .iter()
                .map(|&cost| options.goal.value(cost))
                .collect(),
            islands: self
                .islands
                .iter()
                .map(|island| island.report(options))
                .collect(),
        }
    }
}
