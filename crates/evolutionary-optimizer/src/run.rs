//! Runners: a closure in this thread or in several.

use std::ops::ControlFlow;
use std::time::Instant;

use crate::candidate::Candidate;
use crate::error::Error;
use crate::evaluation::{Measured, Written};
use crate::optimizer::Optimizer;
use crate::options::Options;
use crate::pool::Pool;
use crate::report::{Observer, Outcome, Stop};
use crate::space::Space;

/// Searches `space` for the candidate with the best `objective`, or with several objectives for those that none
/// dominates.
///
/// A value that is NaN or infinite, of either sign, counts as the worst, as does an evaluation that failed.
///
/// The outcome depends on the space, the options other than `threads` and `time`, and the objective; never on the
/// machine.
///
/// # Errors
///
/// As [`Optimizer::new`], and [`Error::Arity`] if the objective returns another number of objectives or constraints than
/// the options say. [`Error::Option`] if no option puts an end to the search.
///
/// # Panics
///
/// When the objective panics: the other threads finish the call they are in and are joined, then the panic goes on in
/// the caller with its own payload.
pub fn optimize<F, M>(space: &Space, options: &Options, objective: F) -> Result<Outcome, Error>
where
    F: Fn(&Candidate) -> M + Sync,
    M: Measured,
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
pub fn optimize_with<F, M, O>(
    space: &Space,
    options: &Options,
    objective: F,
    observer: &mut O,
) -> Result<Outcome, Error>
where
    F: Fn(&Candidate) -> M + Sync,
    M: Measured,
    O: Observer + ?Sized,
{
    Optimizer::new(space, options)?.run(objective, observer)
}

impl Optimizer {
    /// Evaluates until the search is over; from where it stands, so that one that was loaded goes on. Trials that were
    /// asked and not told are [recalled](Self::recall).
    ///
    /// # Errors
    ///
    /// [`Error::Arity`] and [`Error::Option`] as [`optimize`].
    ///
    /// # Panics
    ///
    /// As [`optimize_with`].
    pub fn run<F, M, O>(&mut self, objective: F, observer: &mut O) -> Result<Outcome, Error>
    where
        F: Fn(&Candidate) -> M + Sync,
        M: Measured,
        O: Observer + ?Sized,
    {
        self.check_end()?;
        self.recall_open();
        let started = Instant::now();
        if self.options.threads > 1 {
            Pool::with(
                self.options.threads,
                &self.space.clone(),
                &objective,
                |pool| self.drive(started, observer, |optimizer| pool.generation(optimizer)),
            )?;
        } else {
            let mut scratch = Candidate::of(&self.space, &vec![0.0; self.space.len()]);
            self.drive(started, observer, |optimizer| {
                optimizer.generation(&mut scratch, &objective)
            })?;
        }
        Ok(self
            .outcome()
            .expect("because a search evaluates at least once"))
    }

    /// Generations until the search is over.
    fn drive<O: Observer + ?Sized>(
        &mut self,
        started: Instant,
        observer: &mut O,
        mut evaluate: impl FnMut(&mut Self) -> Result<(), Error>,
    ) -> Result<(), Error> {
        while !self.is_done() {
            let before = self.generations();
            evaluate(self)?;
            if let Some(generation) = self.last().filter(|_| self.generations() > before) {
                let generation = generation.clone();
                observer.generation(&generation, self);
            }
            if observer.proceed() == ControlFlow::Break(()) {
                self.end(Stop::Observer);
            }
            if self
                .options
                .time
                .is_some_and(|most| started.elapsed() >= most)
            {
                self.end(Stop::Time);
            }
        }
        Ok(())
    }

    /// One generation, one candidate after the other.
    fn generation<F, M>(&mut self, scratch: &mut Candidate, objective: &F) -> Result<(), Error>
    where
        F: Fn(&Candidate) -> M,
        M: Measured,
    {
        let generation = self.generations();
        while generation == self.generations()
            && let Some((id, place)) = self.issue(false)
        {
            scratch.decode(self.genes(place));
            self.log.iter_mut().for_each(|log| log.asked(1));
            let measured = objective(scratch);
            let written = measured.write(&mut self.objectives, &mut self.constraints);
            self.settle(id, written)?;
        }
        Ok(())
    }

    /// A runner that nothing would ever end is refused.
    pub(crate) fn check_end(&self) -> Result<(), Error> {
        let options = &self.options;
        let ends = options.evaluations.is_some()
            || options.generations.is_some()
            || options.time.is_some()
            || options.stagnation.is_some()
            || options.target.is_some();
        if ends {
            return Ok(());
        }
        Err(Error::Option {
            option: "evaluations",
            value: "None".to_owned(),
            accepted: "given, or generations, time, target or stagnation must be",
        })
    }
}

/// One evaluation of a generation that threads share.
#[derive(Debug, Default)]
pub(crate) struct Job {
    pub(crate) id: u64,
    pub(crate) objectives: Vec<f64>,
    pub(crate) constraints: Vec<f64>,
    pub(crate) written: Option<Written>,
}
